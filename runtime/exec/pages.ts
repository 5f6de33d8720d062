/**
 * Pages of native memory: plain ones for data, and ones for code that are either writable or executable, never both.
 *
 * Code is written while the pages are writable, then {@linkcode CodePages.seal} makes them executable; there is no way back, a
 * new version of some code gets new pages. Addresses are JavaScript numbers: user space ends at 2^47.
 *
 * @module
 */
import { libc } from "./libc.ts";

const PAGE = 4096;
const PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4;
/** `MAP_PRIVATE | MAP_ANONYMOUS`. */
const MAP_PRIVATE_ANONYMOUS = 0x22;

/** Anonymous memory, zeroed, readable and writable, on page boundaries. */
export interface Mapping {
  /** Of the first byte. */
  readonly address: number;
  /** Whole pages. */
  readonly length: number;
  /** The memory itself. Must not be touched after {@linkcode unmapPages} or sealing. */
  readonly bytes: Uint8Array;
}

/** Maps zeroed pages; `length` in bytes is rounded up. @throws {Error} If the kernel has no memory to give. */
export function mapPages(length: number): Mapping {
  const rounded = Math.max(PAGE, Math.ceil(length / PAGE) * PAGE);
  const pointer = libc().mmap(0n, BigInt(rounded), PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0n);
  const address = pointer === null ? 0 : Number(Deno.UnsafePointer.value(pointer));
  // MAP_FAILED is all ones, which no number represents exactly but which lies above any address of user space.
  if (pointer === null || address >= 2 ** 47) throw new Error(`Cannot map ${rounded} bytes: mmap failed`);
  const bytes = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, rounded));
  return { address, length: rounded, bytes };
}

/** Gives pages back. Nothing may refer to them any more. */
export function unmapPages(mapping: { readonly address: number; readonly length: number }): void {
  libc().munmap(BigInt(mapping.address), BigInt(mapping.length));
}

/** Pages for code. */
export class CodePages implements Disposable {
  readonly #mapping: Mapping;
  #state: "writable" | "executable" | "gone" = "writable";

  /** @param length In bytes; rounded up to whole pages. */
  constructor(length: number) {
    this.#mapping = mapPages(length);
  }

  /** Of the first byte. */
  get address(): number {
    return this.#mapping.address;
  }

  /** The memory, as long as it is writable. @throws {Error} Once sealed. */
  get bytes(): Uint8Array {
    if (this.#state !== "writable") throw new Error(`Cannot write code: its pages are ${this.#state}`);
    return this.#mapping.bytes;
  }

  /** Makes the pages executable and no longer writable. @throws {Error} If the system forbids it. */
  seal(): void {
    if (this.#state !== "writable") throw new Error(`Cannot seal code: its pages are ${this.#state}`);
    const { address, length } = this.#mapping;
    if (libc().mprotect(BigInt(address), BigInt(length), PROT_READ | PROT_EXEC) !== 0) {
      throw new Error("Cannot make code executable: mprotect failed");
    }
    this.#state = "executable";
  }

  /** Unmaps the pages; calling into them afterwards ends the process. */
  [Symbol.dispose](): void {
    if (this.#state === "gone") return;
    this.#state = "gone";
    unmapPages(this.#mapping);
  }
}

/**
 * Runs compiled code as it is, for benchmarks and tests of back ends: pages, relocations, a control block, and nothing of the runtime around it.
 *
 * @module
 */
import { CONTROL, type MachineCode, type Symbol as CodeSymbol } from "../abi/machine_code.ts";
import { FEATURE_PROBE, type Features, featuresOf } from "../passes/jit/x86_64/features.ts";
import { nativeUnavailable } from "../runtime/exec/libc.ts";
import { CodePages } from "../runtime/exec/pages.ts";
import { trampoline } from "../runtime/exec/trampoline.ts";

export { nativeUnavailable };

/** Machine code of the caller's own that stands behind the program's. */
export interface Extra {
  readonly bytes: Uint8Array;
  /** Where the 64-bit addresses of the control block go, in bytes. */
  readonly control: readonly number[];
}

/** Compiled code in executable pages, ready to be called. */
export class NativeCode implements Disposable {
  readonly #pages: CodePages;
  readonly #control = new BigInt64Array(CONTROL.size / 8);
  /** Address of the entry. */
  readonly entry: number;

  /** `resolve` gives the addresses of symbols, from where `extra` begins; the control block is known. */
  constructor(
    code: MachineCode,
    options: { extra?: Extra; resolve?: (symbol: CodeSymbol, extra: bigint) => bigint } = {},
  ) {
    const extraAt = (code.bytes.length + 15) & ~15;
    this.#pages = new CodePages(extraAt + (options.extra?.bytes.length ?? 0));
    const bytes = this.#pages.bytes;
    bytes.set(code.bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const control = BigInt(addressOf(new Uint8Array(this.#control.buffer)));
    if (options.extra !== undefined) {
      bytes.set(options.extra.bytes, extraAt);
      for (const offset of options.extra.control) view.setBigUint64(extraAt + offset, control, true);
    }
    for (const { offset, symbol, addend } of code.relocations) {
      const address = symbol.kind === "control"
        ? control
        : options.resolve?.(symbol, BigInt(this.#pages.address + extraAt));
      if (address === undefined) throw new Error(`Cannot link: nobody knows ${symbol.kind}`);
      view.setBigUint64(offset, address + BigInt(addend), true);
    }
    this.#pages.seal();
    this.entry = this.#pages.address + code.entry;
  }

  /** Sets the fuel and takes back an abort. */
  reset(fuel: number): void {
    this.#control[CONTROL.abort / 8] = 0n;
    this.#control[CONTROL.fuel / 8] = BigInt(fuel);
  }

  /** The abort word. */
  get abort(): number {
    return Number(this.#control[CONTROL.abort / 8] & 0xffff_ffffn);
  }

  /** Calls the entry; r0 as unsigned 64 bits. */
  call(r1: number | bigint, r2: number | bigint): bigint {
    return BigInt.asUintN(64, BigInt(trampoline().call2(this.entry, r1, r2)));
  }

  /** Unmaps the code. */
  [Symbol.dispose](): void {
    this.#pages[Symbol.dispose]();
  }
}

/** Where an array's bytes lie, as long as the array lives; 0 if it has none. */
export function addressOf(bytes: Uint8Array<ArrayBuffer>): number {
  return bytes.length === 0 ? 0 : Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
}

/** What this machine's processor has. */
export function hostFeatures(): Features {
  using pages = new CodePages(FEATURE_PROBE.length);
  pages.bytes.set(FEATURE_PROBE);
  pages.seal();
  return featuresOf(BigInt.asUintN(64, BigInt(trampoline().call2(pages.address, 0, 0))));
}

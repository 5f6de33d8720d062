/**
 * An address space of this process: blocks that compiled code reads and writes at their real addresses.
 *
 * @module
 */
import type { AddressSpace, Block } from "../memory.ts";
import { libc } from "./libc.ts";
import { mapPages, type Mapping, unmapPages } from "./pages.ts";

/** Small blocks share mappings of this size, in bytes; larger ones get their own. */
const CHUNK = 1 << 20;

/** Real memory. Disposing it unmaps every block: nothing that refers to one may run afterwards. */
export class NativeSpace implements AddressSpace, Disposable {
  readonly kind = "native";
  readonly #mappings: Mapping[] = [];
  #current: Mapping | undefined;
  #used = 0;

  allocate(size: number, options: { name: string }): Block {
    const rounded = Math.max(16, (size + 15) & ~15);
    let mapping = this.#current;
    let offset = this.#used;
    if (rounded > CHUNK / 4) {
      mapping = mapPages(rounded);
      this.#mappings.push(mapping);
      offset = 0;
    } else {
      if (mapping === undefined || offset + rounded > mapping.length) {
        mapping = mapPages(CHUNK);
        this.#mappings.push(mapping);
        this.#current = mapping;
        offset = 0;
      }
      // Hot blocks do not share cache lines with their neighbours.
      this.#used = (offset + rounded + 63) & ~63;
    }
    const bytes = new Uint8Array(mapping.bytes.buffer as ArrayBuffer, offset, size);
    const view = new DataView(bytes.buffer, offset, size);
    return { name: options.name, address: mapping.address + offset, bytes, view };
  }

  at(address: bigint, size: number): Uint8Array {
    const number = Number(address);
    for (const mapping of this.#mappings) {
      const offset = number - mapping.address;
      if (offset >= 0 && offset + size <= mapping.length) {
        return mapping.bytes.subarray(offset, offset + size);
      }
    }
    // A stack, most likely: verification vouches for the pointer.
    const pointer = Deno.UnsafePointer.create(address);
    if (pointer === null) throw new RangeError(`Cannot read ${size} bytes at NULL`);
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
  }

  probe(address: bigint, size: number): Uint8Array | undefined {
    const bytes = new Uint8Array(size);
    if (size === 0) return bytes;
    // `struct iovec`: where to, and where from.
    const to = BigUint64Array.of(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)), BigInt(size));
    const from = BigUint64Array.of(address, BigInt(size));
    const read = libc().process_vm_readv(Deno.pid, to, 1n, from, 1n, 0n);
    return Number(read) === size ? bytes : undefined;
  }

  [Symbol.dispose](): void {
    for (const mapping of this.#mappings.splice(0)) unmapPages(mapping);
    this.#current = undefined;
  }
}

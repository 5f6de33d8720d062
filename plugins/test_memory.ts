/**
 * Random kernel structures for the tests of bodies: each in a region of its own, so that an access beyond it fails.
 *
 * @module
 */
import { fieldOf, layoutOf } from "../abi/layouts.ts";
import type { Region } from "../ir/interpret.ts";

/** Numbers that only the seed decides (xorshift32). */
export function randomNumbers(seed: number): () => number {
  let x = seed | 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** One of a list. */
export function pick<T>(next: () => number, list: readonly T[]): T {
  return list[next() % list.length];
}

/** Structures and buffers at addresses of their own. */
export class TestMemory {
  readonly regions: Region[] = [];
  #next = 0x10_0000_0000n;

  /** Bytes at a fresh address. */
  buffer(name: string, bytes: Uint8Array): bigint {
    const base = this.#next;
    this.#next += 0x10_0000n;
    this.regions.push({ name, base, bytes, writable: true });
    return base;
  }

  /** A structure of the runtime with some fields set; what is left out is zero. */
  struct(name: string, fields: Readonly<Record<string, number | bigint>>): bigint {
    const bytes = new Uint8Array(layoutOf(name).size);
    for (const [path, value] of Object.entries(fields)) {
      const { offset, size } = fieldOf(name, path);
      for (let i = 0; i < size; i++) bytes[offset + i] = Number(BigInt(value) >> BigInt(8 * i) & 0xffn);
    }
    return this.buffer(name, bytes);
  }
}

/**
 * Checked memory for the interpreter: a list of regions, each a run of bytes at a 64-bit address.
 *
 * Slow and obvious on purpose. An access lies inside one region as a whole or it fails; nothing is ever aligned, wrapped or
 * rounded. What lies at which address, and who may write it, is the caller's affair.
 *
 * @module
 */
import type { Size } from "./insn.ts";

/** A run of bytes at an address. `bytes` is used in place: what a program stores is seen by whoever holds the array. */
export interface Region {
  /** For messages: `stack`, `packet`, `map values`. */
  readonly name: string;
  /** Address of the first byte, unsigned 64 bits. */
  readonly base: bigint;
  /** The bytes themselves, not a copy. */
  readonly bytes: Uint8Array;
  /** Whether programs may store to it. */
  readonly writable: boolean;
  /** Called after every store of the program, for bytes that stand for something else. */
  readonly stored?: () => void;
}

/** An access outside every region, or a store to a region that may only be read. */
export class MemoryError extends RangeError {
  /** For telling errors apart. */
  override readonly name = "MemoryError";
  /** Unsigned 64 bits. */
  readonly address: bigint;
  /** Bytes. */
  readonly size: number;
  /** `what` begins the message, e.g. `Cannot load`; size and address are added to it. */
  constructor(what: string, options: { address: bigint; size: number }) {
    super(`${what} ${options.size} bytes at 0x${options.address.toString(16)}`);
    this.address = options.address;
    this.size = options.size;
  }
}

/** The regions a run may touch. */
export class Memory {
  readonly #regions: Region[] = [];
  /** Found last, and tried first: accesses come in flocks. */
  #last: Region | undefined;

  /** A memory of these regions; more can be added. */
  constructor(regions: Iterable<Region> = []) {
    for (const region of regions) this.add(region);
  }

  /** The regions, in the order they were added. */
  get regions(): readonly Region[] {
    return this.#regions;
  }

  /** Adds a region. @throws {RangeError} If it overlaps another one. */
  add(region: Region): void {
    const end = region.base + BigInt(region.bytes.length);
    for (const other of this.#regions) {
      const otherEnd = other.base + BigInt(other.bytes.length);
      if (region.base < otherEnd && other.base < end) {
        throw new RangeError(`Cannot add region ${region.name}: it overlaps ${other.name}`);
      }
    }
    this.#regions.push(region);
  }

  /** Removes a region that was added. @throws {RangeError} If it was not. */
  remove(region: Region): void {
    const at = this.#regions.lastIndexOf(region);
    if (at < 0) throw new RangeError(`Cannot remove region ${region.name}: not part of this memory`);
    this.#regions.splice(at, 1);
    this.#last = undefined;
  }

  /** The region that holds all of `size` bytes at `address`, and where in it; undefined if none does. */
  find(address: bigint, size: number): { region: Region; at: number } | undefined {
    if (this.#last !== undefined) {
      const at = Number(address - this.#last.base);
      if (at >= 0 && at + size <= this.#last.bytes.length) return { region: this.#last, at };
    }
    for (const region of this.#regions) {
      const at = address - region.base;
      if (at >= 0n && at + BigInt(size) <= BigInt(region.bytes.length)) {
        this.#last = region;
        return { region, at: Number(at) };
      }
    }
    return undefined;
  }

  /** The little-endian value of `size` bytes, zero-extended to 64 bits. @throws {MemoryError} */
  load(address: bigint, size: Size): bigint {
    const found = this.find(address, size);
    if (found === undefined) throw new MemoryError("Cannot load", { address, size });
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = value << 8n | BigInt(found.region.bytes[found.at + i]);
    return value;
  }

  /** Stores the low `size` bytes of `value`, little-endian. @throws {MemoryError} */
  store(address: bigint, size: Size, value: bigint): void {
    const found = this.find(address, size);
    if (found === undefined) throw new MemoryError("Cannot store", { address, size });
    if (!found.region.writable) {
      throw new MemoryError(`Cannot store to read-only ${found.region.name},`, { address, size });
    }
    for (let i = 0; i < size; i++) found.region.bytes[found.at + i] = Number(value >> BigInt(8 * i) & 0xffn);
    found.region.stored?.();
  }
}

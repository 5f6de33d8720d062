/**
 * Where a run's data lies: blocks of memory at addresses that programs see.
 *
 * There are two kinds of address space with one interface, so that maps, contexts and helpers are written once: the virtual one
 * here, whose addresses are made up and checked by the interpreter, and the native one in `exec/native_space.ts`.
 *
 * @module
 */
import { Memory } from "../ir/memory.ts";

/** A run of bytes at an address. */
export interface Block {
  /** For messages. */
  readonly name: string;
  /** Of the first byte, below 2^47. Multiple of 16. */
  readonly address: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes; offsets count from the block's start. */
  readonly view: DataView;
}

/** Hands out blocks, and finds bytes by address. Blocks live as long as the space. */
export interface AddressSpace {
  readonly kind: "native" | "virtual";
  /** A zeroed block of `size` bytes. Programs may not store to it where `writable` is false and addresses are checked. */
  allocate(size: number, options: { name: string; writable?: boolean }): Block;
  /** The `size` bytes at an address that a program handed out, in place. @throws {RangeError} If they are known not to be there. */
  at(address: bigint, size: number): Uint8Array;
  /** A copy of the `size` bytes at any address, whoever made it up; undefined if they cannot be read. */
  probe(address: bigint, size: number): Uint8Array | undefined;
}

/** Blocks start here, and stay below 4 GiB: 32-bit context fields (`xdp_md.data`) can then hold addresses as they are. */
const FIRST_ADDRESS = 0x1000_0000;
const LAST_ADDRESS = 0xf000_0000;
/** Kept free between blocks, so that an access one off meets nothing. */
const GAP = 4096;

/** Made-up addresses over ordinary arrays: what the interpreter runs on. */
export class VirtualSpace implements AddressSpace {
  readonly kind = "virtual";
  /** For the interpreter. */
  readonly memory: Memory = new Memory();
  #next: number;

  /** @param shift Bytes by which everything lies further up, a multiple of 16. */
  constructor(shift: number = 0) {
    this.#next = FIRST_ADDRESS + shift;
  }

  allocate(size: number, options: { name: string; writable?: boolean; stored?: () => void }): Block {
    const address = this.#next;
    this.#next += Math.ceil(size / GAP) * GAP + GAP;
    if (this.#next > LAST_ADDRESS) {
      throw new RangeError(`Cannot allocate ${size} bytes for ${options.name}: the space is full`);
    }
    const bytes = new Uint8Array(size);
    this.memory.add({
      name: options.name,
      base: BigInt(address),
      bytes,
      writable: options.writable ?? true,
      stored: options.stored,
    });
    return { name: options.name, address, bytes, view: new DataView(bytes.buffer) };
  }

  at(address: bigint, size: number): Uint8Array {
    const found = this.memory.find(address, size);
    if (found === undefined) {
      throw new RangeError(`Cannot read ${size} bytes at 0x${address.toString(16)}: nothing is there`);
    }
    return found.region.bytes.subarray(found.at, found.at + size);
  }

  probe(address: bigint, size: number): Uint8Array | undefined {
    const found = this.memory.find(address, size);
    return found?.region.bytes.slice(found.at, found.at + size);
  }
}

/**
 * Reads and writes the runtime's structures by field name.
 *
 * @module
 */
import { type Field, fieldOf, layoutOf } from "../abi/layouts.ts";
import type { AddressSpace, Block } from "./memory.ts";

/** One structure in memory. Fields are named by paths, as {@linkcode fieldOf} takes them. */
export class StructView {
  /** Of the structure's first byte. */
  readonly address: number;
  /** Its structure's name. */
  readonly structure: string;
  readonly #view: DataView;
  readonly #base: number;

  /** @param base Bytes from the block's start. */
  constructor(structure: string, block: Block, base: number = 0) {
    this.structure = structure;
    this.address = block.address + base;
    this.#view = block.view;
    this.#base = base;
  }

  /** The field's unsigned value; exact up to 2^53. */
  get(path: string): number {
    return Number(this.get64(path));
  }

  /** The field's unsigned value, 64 bits. */
  get64(path: string): bigint {
    const { offset, size } = this.#scalar(path);
    const at = this.#base + offset;
    switch (size) {
      case 1:
        return BigInt(this.#view.getUint8(at));
      case 2:
        return BigInt(this.#view.getUint16(at, true));
      case 4:
        return BigInt(this.#view.getUint32(at, true));
      default:
        return this.#view.getBigUint64(at, true);
    }
  }

  /** Writes the field; higher bits than it has are cut off. */
  set(path: string, value: number | bigint): this {
    const { offset, size } = this.#scalar(path);
    const at = this.#base + offset;
    const bits = BigInt.asUintN(size * 8, BigInt(value));
    for (let i = 0; i < size; i++) this.#view.setUint8(at + i, Number(bits >> BigInt(8 * i) & 0xffn));
    return this;
  }

  /** Writes several fields. */
  assign(values: Readonly<Record<string, number | bigint>>): this {
    for (const [path, value] of Object.entries(values)) this.set(path, value);
    return this;
  }

  /** The field's bytes, in place: for arrays and embedded structures. */
  bytes(path: string): Uint8Array {
    const { offset, size } = fieldOf(this.structure, path);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#base + offset, size);
  }

  /** The address of a field. */
  addressOf(path: string): number {
    return this.address + fieldOf(this.structure, path).offset;
  }

  #scalar(path: string): Field {
    const field = fieldOf(this.structure, path);
    if (![1, 2, 4, 8].includes(field.size)) {
      throw new RangeError(`Cannot access ${this.structure}.${path} as a number: it has ${field.size} bytes`);
    }
    return field;
  }
}

/** A new, zeroed structure, with `extra` bytes behind it. */
export function allocateStruct(
  space: AddressSpace,
  structure: string,
  options: { name?: string; extra?: number } = {},
): StructView {
  const size = layoutOf(structure).size + (options.extra ?? 0);
  return new StructView(structure, space.allocate(size, { name: options.name ?? structure }));
}

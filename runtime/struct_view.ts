/**
 * Reads and writes the runtime's structures by field name.
 *
 * @module
 */
import { type Field, fieldOf, layoutOf } from "../abi/layouts.ts";
import type { AddressSpace, Block } from "./memory.ts";

/** Scalar fields found before, by structure and path: runs of programs fill the same fields over and over. */
const known = new Map<string, Map<string, Field>>();

function scalarOf(structure: string, path: string): Field {
  let fields = known.get(structure);
  if (fields === undefined) known.set(structure, fields = new Map());
  let field = fields.get(path);
  if (field === undefined) {
    field = fieldOf(structure, path);
    if (![1, 2, 4, 8].includes(field.size)) {
      throw new RangeError(`Cannot access ${structure}.${path} as a number: it has ${field.size} bytes`);
    }
    fields.set(path, field);
  }
  return field;
}

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
    const { offset, size } = scalarOf(this.structure, path);
    const at = this.#base + offset;
    switch (size) {
      case 1:
        return this.#view.getUint8(at);
      case 2:
        return this.#view.getUint16(at, true);
      case 4:
        return this.#view.getUint32(at, true);
      default:
        return this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
    }
  }

  /** The field's unsigned value, 64 bits. */
  get64(path: string): bigint {
    const { offset, size } = scalarOf(this.structure, path);
    return size === 8 ? this.#view.getBigUint64(this.#base + offset, true) : BigInt(this.get(path));
  }

  /** Writes the field; higher bits than it has are cut off. */
  set(path: string, value: number | bigint): this {
    const { offset, size } = scalarOf(this.structure, path);
    const at = this.#base + offset;
    if (size === 8) this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    else {
      const low = typeof value === "bigint" ? Number(value & 0xffff_ffffn) : value;
      if (size === 4) this.#view.setUint32(at, low, true);
      else if (size === 2) this.#view.setUint16(at, low, true);
      else this.#view.setUint8(at, low);
    }
    return this;
  }

  /** Writes several fields. */
  assign(values: Readonly<Record<string, number | bigint>>): this {
    for (const path in values) this.set(path, values[path]);
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

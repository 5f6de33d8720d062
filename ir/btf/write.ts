/**
 * Writes BTF: builds small type informations, such as a runtime's layouts or what a kernel wants beside a program.
 *
 * The inverse of `read.ts`: any type that reads back can be added. It checks nothing but ids, and deduplicates nothing but
 * names.
 *
 * @module
 */
import type { Btf, BtfMember, BtfType } from "./btf.ts";
import { KINDS, openBtf } from "./read.ts";

const LINKAGE_NUMBERS = { static: 0, global: 1, extern: 2 } as const;

/**
 * Collects types and gives them ids in the order of adding, from 1. An id may be used before its type exists, as recursive
 * structures must: {@linkcode BtfBuilder.nextId} tells it.
 *
 * @example
 * ```ts
 * import { BtfBuilder } from "./write.ts";
 * const b = new BtfBuilder();
 * const u32 = b.int("u32", 4);
 * const node = b.nextId;
 * b.struct("node", 16, [
 *   { name: "value", type: u32, bitOffset: 0, bitSize: 0 },
 *   { name: "next", type: node + 1, bitOffset: 64, bitSize: 0 },
 * ]);
 * b.ptr(node);
 * console.log(b.build().sizeOf(node)); // 16
 * ```
 */
export class BtfBuilder {
  readonly #types: BtfType[] = [];

  /** The id that the next type will get. */
  get nextId(): number {
    return this.#types.length + 1;
  }

  /** Adds any type. Returns its id. */
  add(type: BtfType): number {
    this.#types.push(type);
    return this.#types.length;
  }

  /** Adds an integer of `size` bytes. Returns its id. */
  int(
    name: string,
    size: number,
    options: { signed?: boolean; char?: boolean; bool?: boolean } = {},
  ): number {
    return this.add({
      kind: "int",
      name,
      size,
      signed: options.signed ?? false,
      char: options.char ?? false,
      bool: options.bool ?? false,
      bitOffset: 0,
      bits: size * 8,
    });
  }

  /** Adds a pointer. Returns its id. */
  ptr(type: number): number {
    return this.add({ kind: "ptr", type });
  }

  /** Adds an array of `count` elements, indexed by the type `index`. Returns its id. */
  array(type: number, count: number, options: { index: number }): number {
    return this.add({ kind: "array", type, index: options.index, count });
  }

  /** Adds a structure of `size` bytes. Returns its id. */
  struct(name: string, size: number, members: readonly BtfMember[]): number {
    return this.add({ kind: "struct", name, size, members });
  }

  /** Adds a union of `size` bytes. Returns its id. */
  union(name: string, size: number, members: readonly BtfMember[]): number {
    return this.add({ kind: "union", name, size, members });
  }

  /** Adds a function's prototype. Returns its id. */
  funcProto(ret: number, params: readonly { readonly name: string; readonly type: number }[]): number {
    return this.add({ kind: "func_proto", ret, params, variadic: false });
  }

  /** Adds a function. Returns its id. */
  func(name: string, type: number, options: { linkage?: "static" | "global" | "extern" } = {}): number {
    return this.add({ kind: "func", name, type, linkage: options.linkage ?? "global" });
  }

  /** The binary form: little-endian, header, types, strings. @throws {RangeError} If a list is longer than BTF can say (65535). */
  bytes(): Uint8Array {
    return encodeBtf(this.#types);
  }

  /** The types, readable. */
  build(): Btf {
    return openBtf(this.bytes());
  }
}

/**
 * The binary form of types with the ids 1, 2, …, in order.
 *
 * @throws {RangeError} If a type has more than 65535 elements.
 */
export function encodeBtf(types: readonly BtfType[]): Uint8Array {
  const texts = new Texts();
  const words: number[] = [];
  for (const type of types) pushType(words, texts, type);
  return assembleBtf(Int32Array.from(words), texts.bytes());
}

/** A BTF file of a type section and a string section. */
export function assembleBtf(types: Int32Array, strings: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24 + types.byteLength + strings.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, 24, true);
  view.setUint32(8, 0, true);
  view.setUint32(12, types.byteLength, true);
  view.setUint32(16, types.byteLength, true);
  view.setUint32(20, strings.length, true);
  new Int32Array(bytes.buffer, 24, types.length).set(types);
  bytes.set(strings, 24 + types.byteLength);
  return bytes;
}

/** A string section, each text once. */
class Texts {
  readonly #offsets = new Map<string, number>([["", 0]]);
  readonly #parts: Uint8Array[] = [new Uint8Array(1)];
  #length = 1;

  offset(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const part = new TextEncoder().encode(text + "\0");
    const offset = this.#length;
    this.#offsets.set(text, offset);
    this.#parts.push(part);
    this.#length += part.length;
    return offset;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

/** Appends a type's words: name, info, size or type, then what its kind adds. */
function pushType(words: number[], texts: Texts, type: BtfType): void {
  const head = (name: string, third: number, vlen = 0, flag = false) => {
    if (vlen > 0xffff) {
      throw new RangeError(`Cannot write ${type.kind} "${name}": ${vlen} elements, BTF holds 65535`);
    }
    words.push(texts.offset(name), (KINDS.indexOf(type.kind) << 24) | vlen | (flag ? 1 << 31 : 0), third);
  };
  switch (type.kind) {
    case "void":
      throw new RangeError("Cannot write void: it is id 0 of every BTF");
    case "int":
      head(type.name, type.size);
      words.push(
        (type.signed ? 1 << 24 : 0) | (type.char ? 2 << 24 : 0) | (type.bool ? 4 << 24 : 0) |
          (type.bitOffset << 16) | type.bits,
      );
      return;
    case "ptr":
    case "volatile":
    case "const":
    case "restrict":
      return head("", type.type);
    case "array":
      head("", 0);
      words.push(type.type, type.index, type.count);
      return;
    case "struct":
    case "union": {
      const bitFields = type.members.some((member) => member.bitSize > 0);
      head(type.name, type.size, type.members.length, bitFields);
      for (const member of type.members) {
        const place = bitFields ? (member.bitSize << 24) | member.bitOffset : member.bitOffset;
        words.push(texts.offset(member.name), member.type, place);
      }
      return;
    }
    case "enum":
      head(type.name, type.size, type.values.length, type.signed);
      for (const { name, value } of type.values) words.push(texts.offset(name), value | 0);
      return;
    case "enum64":
      head(type.name, type.size, type.values.length, type.signed);
      for (const { name, value } of type.values) {
        words.push(
          texts.offset(name),
          Number(BigInt.asIntN(32, value)),
          Number(BigInt.asIntN(32, value >> 32n)),
        );
      }
      return;
    case "fwd":
      return head(type.name, 0, 0, type.union);
    case "typedef":
      return head(type.name, type.type);
    case "type_tag":
      return head(type.name, type.type, 0, type.attribute === true);
    case "func":
      return head(type.name, type.type, LINKAGE_NUMBERS[type.linkage]);
    case "func_proto":
      head("", type.ret, type.params.length + (type.variadic ? 1 : 0));
      for (const param of type.params) words.push(texts.offset(param.name), param.type);
      if (type.variadic) words.push(0, 0);
      return;
    case "var":
      head(type.name, type.type);
      words.push(LINKAGE_NUMBERS[type.linkage]);
      return;
    case "datasec":
      head(type.name, type.size, type.vars.length);
      for (const variable of type.vars) words.push(variable.type, variable.offset, variable.size);
      return;
    case "float":
      return head(type.name, type.size);
    case "decl_tag":
      head(type.name, type.type);
      words.push(type.component);
      return;
  }
}

/**
 * Reads BTF from its binary form (Documentation/bpf/btf.rst; `include/uapi/linux/btf.h`).
 *
 * Opening indexes where each type begins and checks every type's extent, names and references, so that nothing read later can
 * lie outside the file; type objects are made when first asked for. Names are indexed by a hash of their part before a flavour
 * suffix (`___`), built at the first search, which serves plain searches and CO-RE's alike. All fields of BTF are
 * 32-bit words: a file in the other byte order is swapped once, and `bytes` is always little-endian.
 *
 * It knows nothing of what types mean to a program; the C spelling of types is in `print.ts`, writing in `write.ts`.
 *
 * @module
 */
import { MalformedError } from "../diagnostic.ts";
import { MAX_TEXT, Reader, textAt } from "../elf/reader.ts";
import type { Btf, BtfMember, BtfType } from "./btf.ts";

/** `BTF_KIND_*` by number. */
export const KINDS = [
  "void",
  "int",
  "ptr",
  "array",
  "struct",
  "union",
  "enum",
  "fwd",
  "typedef",
  "volatile",
  "const",
  "restrict",
  "func",
  "func_proto",
  "var",
  "datasec",
  "float",
  "decl_tag",
  "type_tag",
  "enum64",
] as const;

/** Words that follow a type's three, per kind: so many for each of its `vlen` elements, and so many once. */
const WORDS_EACH = [0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3];
const WORDS_ONCE = [0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0];
/** Kinds whose third word is a type, not a size: ptr, typedef, volatile, const, restrict, func, func_proto, var, decl_tag, type_tag. */
const REFERS = [0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0];
/** Where in each element a name and a type stand; -1 if none: structures, enumerations, parameters, variables, 64-bit enumerations. */
const NAMES_AT = [-1, -1, -1, -1, 0, 0, 0, -1, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1, 0];
const TYPES_AT = [-1, -1, -1, -1, 1, 1, -1, -1, -1, -1, -1, -1, -1, 1, -1, 0, -1, -1, -1, -1];
const KIND_ARRAY = 3;

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
const LINKAGES = ["static", "global", "extern"] as const;

/** No chain of modifiers is longer in the kernel's own resolver (`MAX_RESOLVE_DEPTH`, kernel/bpf/btf.c); a longer one is a loop. */
const MAX_CHAIN = 64;

/** {@link Btf} with the search that CO-RE needs. */
export interface IndexedBtf extends Btf {
  /** Ids of named types whose name without flavour suffix equals this one's without its own, ascending. */
  candidates(name: string): readonly number[];
  /** A text of the string section, which split BTF shares with its base. @throws {MalformedError} If there is none at the offset. */
  text(offset: number): string;
  /** The base of split BTF. */
  readonly base?: Btf;
  /** Where a type of this file begins in `bytes`, in bytes: for patching a copy. @throws {RangeError} If it is not in this file. */
  offsetOf(id: number): number;
  /** Where the string section begins in `bytes`, in bytes. */
  readonly stringsAt: number;
  /** How long the string section is in bytes, its base's included: where a split BTF's own strings begin. */
  readonly stringLength: number;
}

/**
 * The length of a name without its flavour suffix: `task_struct___old` is a flavour of `task_struct`, the local name of a type
 * that the target calls by the plain one. (`bpf_core_essential_name_len`, tools/lib/bpf/relo_core.h)
 */
export function essentialLength(name: string): number {
  for (let i = name.length - 5; i >= 0; i--) {
    if (name.startsWith("___", i + 1) && name[i] !== "_" && name[i + 4] !== "_") return i + 1;
  }
  return name.length;
}

/** A name without its flavour suffix. */
export function essentialName(name: string): string {
  return name.slice(0, essentialLength(name));
}

const UNDERSCORE = 0x5f;

/** FNV-1a of the text's essential part: the hash before the last separator, which is exactly three underscores inside the text. */
function hashEssential(bytes: Uint8Array, start: number): number {
  let hash = 0x811c9dc5, beforeRun = 0, run = 0, essential = 0, found = false;
  for (let i = start; bytes[i] !== 0; i++) {
    const byte = bytes[i];
    if (byte === UNDERSCORE) {
      if (run === 0) beforeRun = hash;
      run++;
    } else {
      if (run === 3 && i - start > 3) {
        essential = beforeRun;
        found = true;
      }
      run = 0;
    }
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (found ? essential : hash) >>> 0;
}

class BinaryBtf implements IndexedBtf {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly base?: IndexedBtf;
  /** The first id of this file: 1, or the base's count. */
  readonly #first: number;
  /** The type section, in words. */
  readonly #words: Int32Array;
  /** By id minus first: index of the type's first word. */
  readonly #at: Int32Array;
  readonly #typesAt: number;
  readonly stringsAt: number;
  readonly #strings: Uint8Array;
  /** Name offsets below this belong to the base. */
  readonly #stringBase: number;
  readonly #types: BtfType[] = [];
  readonly #texts = new Map<number, string>();
  #textBytes = 0;
  #heads: Int32Array | undefined;
  #next: Int32Array | undefined;
  #tags: Map<number, number[]> | undefined;

  constructor(bytes: Uint8Array, what: string, base: Btf | undefined) {
    this.base = base as IndexedBtf | undefined;
    const file = wordsOf(bytes, what);
    this.bytes = file.bytes;
    this.#words = file.types;
    this.#strings = file.strings;
    this.#typesAt = file.typesAt;
    this.stringsAt = file.stringsAt;
    this.#stringBase = base === undefined ? 0 : stringLength(base);
    this.#first = base === undefined ? 1 : base.count;
    this.#at = this.#index(file.typesAt, what);
    this.count = this.#first + this.#at.length;
  }

  get stringLength(): number {
    return this.#stringBase + this.#strings.length;
  }

  /**
   * Where each type begins; refuses unknown kinds, types that end behind the section, and references to what does not exist. Only
   * the highest reference is kept while running, since a kernel's BTF is read whole here: the culprit is sought when there is one.
   */
  #index(typesAt: number, what: string): Int32Array {
    const words = this.#words, length = words.length;
    const at = new Int32Array(Math.floor(length / 3));
    let count = 0, topName = 0, topType = 0;
    for (let i = 0; i < length;) {
      const info = words[i + 1];
      const kind = (info >>> 24) & 0x1f, vlen = info & 0xffff;
      if (i + 3 > length || kind === 0 || kind >= KINDS.length) {
        const problem = i + 3 > length ? "is cut off" : `has the unknown kind ${kind}`;
        throw malformed(`Type ${this.#first + count} ${problem}`, what, typesAt + i * 4);
      }
      const rest = i + 3, each = WORDS_EACH[kind];
      const end = rest + WORDS_ONCE[kind] + each * vlen;
      if (end > length) throw malformed(`Type ${this.#first + count} is cut off`, what, typesAt + i * 4);
      topName = Math.max(topName, words[i] >>> 0);
      if (REFERS[kind] === 1) topType = Math.max(topType, words[i + 2] >>> 0);
      if (kind === KIND_ARRAY) topType = Math.max(topType, words[rest] >>> 0, words[rest + 1] >>> 0);
      const namesAt = NAMES_AT[kind], typesIn = TYPES_AT[kind];
      if (namesAt >= 0) {
        for (let j = rest + namesAt; j < end; j += each) topName = Math.max(topName, words[j] >>> 0);
      }
      if (typesIn >= 0) {
        for (let j = rest + typesIn; j < end; j += each) topType = Math.max(topType, words[j] >>> 0);
      }
      at[count++] = i;
      i = end;
    }
    if (topName >= Math.max(1, this.stringLength) || topType >= this.#first + count) {
      throw this.#culprit(at.subarray(0, count), { typesAt, what });
    }
    return at.slice(0, count);
  }

  /** The error about the first type that refers to what does not exist. */
  #culprit(at: Int32Array, place: { typesAt: number; what: string }): MalformedError {
    const words = this.#words, count = this.#first + at.length, names = Math.max(1, this.stringLength);
    const index = at.findIndex((i, index) => {
      const info = words[i + 1], kind = (info >>> 24) & 0x1f, each = WORDS_EACH[kind], rest = i + 3;
      const end = index + 1 < at.length ? at[index + 1] : words.length;
      if ((words[i] >>> 0) >= names || (REFERS[kind] === 1 && (words[i + 2] >>> 0) >= count)) return true;
      if (kind === KIND_ARRAY) return (words[rest] >>> 0) >= count || (words[rest + 1] >>> 0) >= count;
      for (let j = rest; each > 0 && j < end; j += each) {
        if (NAMES_AT[kind] >= 0 && (words[j + NAMES_AT[kind]] >>> 0) >= names) return true;
        if (TYPES_AT[kind] >= 0 && (words[j + TYPES_AT[kind]] >>> 0) >= count) return true;
      }
      return false;
    });
    const kind = KINDS[(words[at[index] + 1] >>> 24) & 0x1f];
    const message = `Type ${this.#first + index} (${kind}) refers to a type or name that does not exist`;
    return malformed(message, place.what, place.typesAt + at[index] * 4);
  }

  type(id: number): BtfType {
    if (id === 0) return VOID;
    if (id < this.#first && this.base !== undefined) return this.base.type(id);
    const index = id - this.#first;
    if (!(index >= 0 && index < this.#at.length)) {
      throw new RangeError(`Cannot read type ${id}: the BTF has types below ${this.count}`);
    }
    return this.#types[index] ??= this.#make(this.#at[index]);
  }

  offsetOf(id: number): number {
    const index = id - this.#first;
    if (!(index >= 0 && index < this.#at.length)) throw new RangeError(`Cannot find type ${id} in this file`);
    return this.#typesAt + this.#at[index] * 4;
  }

  name(id: number): string {
    if (id < this.#first) return id === 0 || this.base === undefined ? "" : this.base.name(id);
    const index = id - this.#first;
    return index < this.#at.length ? this.text(this.#words[this.#at[index]] >>> 0) : "";
  }

  text(offset: number): string {
    if (offset < this.#stringBase) return (this.base as IndexedBtf).text(offset);
    let text = this.#texts.get(offset);
    if (text === undefined) {
      const start = offset - this.#stringBase;
      if (start >= this.#strings.length) {
        throw new MalformedError(`There is no text at ${offset}`, "BTF strings");
      }
      text = textAt(this.#strings, start, Math.min(this.#strings.length, start + MAX_TEXT));
      // Compilers let one text be the end of another; a hostile file could let all be the end of one.
      this.#textBytes += text.length;
      if (this.#textBytes > 16 * this.#strings.length + (1 << 20)) {
        throw new MalformedError("The texts overlap more than any compiler lets them", "BTF strings");
      }
      this.#texts.set(offset, text);
    }
    return text;
  }

  find(name: string, kind: BtfType["kind"]): number {
    const fromBase = this.base?.find(name, kind) ?? 0;
    if (fromBase !== 0) return fromBase;
    const wanted = KINDS.indexOf(kind);
    for (let index = this.#chain(name); index >= 0; index = this.#next![index]) {
      if (this.#kindOf(index) === wanted && this.name(index + this.#first) === name) {
        return index + this.#first;
      }
    }
    return 0;
  }

  findAll(name: string, kind: BtfType["kind"]): readonly number[] {
    const found = this.base === undefined ? [] : [...this.base.findAll(name, kind)];
    const wanted = KINDS.indexOf(kind);
    for (let index = this.#chain(name); index >= 0; index = this.#next![index]) {
      if (this.#kindOf(index) === wanted && this.name(index + this.#first) === name) {
        found.push(index + this.#first);
      }
    }
    return found;
  }

  candidates(name: string): readonly number[] {
    const found = this.base === undefined ? [] : [...this.base.candidates(name)];
    const essential = essentialName(name);
    for (let index = this.#chain(name); index >= 0; index = this.#next![index]) {
      const own = this.name(index + this.#first);
      if (own.startsWith(essential) && essentialLength(own) === essential.length) {
        found.push(index + this.#first);
      }
    }
    return found;
  }

  resolve(id: number): number {
    for (let steps = 0; steps < MAX_CHAIN; steps++) {
      if (id < this.#first) return id === 0 || this.base === undefined ? 0 : this.base.resolve(id);
      const index = id - this.#first;
      if (index >= this.#at.length) throw new RangeError(`Cannot resolve type ${id}: it does not exist`);
      const kind = this.#kindOf(index);
      // typedef, volatile, const, restrict, type_tag
      if (!((kind >= 8 && kind <= 11) || kind === 18)) return id;
      id = this.#words[this.#at[index] + 2] >>> 0;
    }
    throw new MalformedError(`The modifiers of type ${id} never end`, "BTF");
  }

  sizeOf(id: number): number {
    let elements = 1;
    for (let steps = 0; steps < MAX_CHAIN; steps++) {
      const type = this.type(this.resolve(id));
      switch (type.kind) {
        case "int":
        case "struct":
        case "union":
        case "enum":
        case "enum64":
        case "float":
        case "datasec":
          return bounded(elements * type.size, id);
        case "ptr":
          return bounded(elements * 8, id);
        case "array":
          elements *= type.count;
          id = type.type;
          break;
        case "var":
          id = type.type;
          break;
        case "void":
        case "fwd":
        case "func":
        case "func_proto":
        case "decl_tag":
        case "typedef":
        case "volatile":
        case "const":
        case "restrict":
        case "type_tag":
          throw new RangeError(`Type ${id} (${type.kind}) has no size`);
      }
    }
    throw new MalformedError(`The arrays of type ${id} never end`, "BTF");
  }

  tags(id: number, component = -1): readonly string[] {
    const found = this.base === undefined ? [] : [...this.base.tags(id, component)];
    if (this.#tags === undefined) {
      this.#tags = new Map();
      for (let index = 0; index < this.#at.length; index++) {
        if (this.#kindOf(index) !== 17) continue;
        const target = this.#words[this.#at[index] + 2] >>> 0;
        const list = this.#tags.get(target);
        if (list === undefined) this.#tags.set(target, [index]);
        else list.push(index);
      }
    }
    for (const index of this.#tags.get(id) ?? []) {
      if (this.#words[this.#at[index] + 3] === component) found.push(this.name(index + this.#first));
    }
    return found;
  }

  #kindOf(index: number): number {
    return (this.#words[this.#at[index] + 1] >>> 24) & 0x1f;
  }

  /** The first own type whose essential name hashes like this one's; -1 if none. Chains run in ascending order. */
  #chain(name: string): number {
    if (this.#heads === undefined) this.#buildIndex();
    const heads = this.#heads!;
    const key = new TextEncoder().encode(name + "\0");
    return heads[hashEssential(key, 0) & (heads.length - 1)];
  }

  #buildIndex(): void {
    const count = this.#at.length;
    const heads = new Int32Array(1 << Math.max(4, 32 - Math.clz32(count))).fill(-1);
    const next = new Int32Array(count);
    for (let index = count - 1; index >= 0; index--) {
      const start = (this.#words[this.#at[index]] >>> 0) - this.#stringBase;
      if (start < 0 || this.#strings[start] === 0) {
        // Anonymous, or named by a text of the base: the latter is rare enough to spell out.
        const text = start < 0 ? this.name(index + this.#first) : "";
        if (text === "") continue;
        const slot = hashEssential(new TextEncoder().encode(text + "\0"), 0) & (heads.length - 1);
        next[index] = heads[slot];
        heads[slot] = index;
        continue;
      }
      const slot = hashEssential(this.#strings, start) & (heads.length - 1);
      next[index] = heads[slot];
      heads[slot] = index;
    }
    this.#heads = heads;
    this.#next = next;
  }

  /** The type whose first word is at `i`. Extents and references were checked when the file was opened. */
  #make(i: number): BtfType {
    const words = this.#words;
    const info = words[i + 1], vlen = info & 0xffff, flag = info < 0;
    const third = words[i + 2] >>> 0, rest = i + 3;
    const name = this.text(words[i] >>> 0);
    const kind = KINDS[(info >>> 24) & 0x1f];
    switch (kind) {
      case "void":
        return VOID;
      case "int": {
        const encoding = words[rest];
        return {
          kind,
          name,
          size: third,
          signed: (encoding & 0x01000000) !== 0,
          char: (encoding & 0x02000000) !== 0,
          bool: (encoding & 0x04000000) !== 0,
          bitOffset: (encoding >>> 16) & 0xff,
          bits: encoding & 0xff,
        };
      }
      case "ptr":
      case "volatile":
      case "const":
      case "restrict":
        return { kind, type: third };
      case "array":
        return { kind, type: words[rest] >>> 0, index: words[rest + 1] >>> 0, count: words[rest + 2] >>> 0 };
      case "struct":
      case "union": {
        const members: BtfMember[] = [];
        for (let j = rest; j < rest + vlen * 3; j += 3) {
          const place = words[j + 2] >>> 0;
          members.push({
            name: this.text(words[j] >>> 0),
            type: words[j + 1] >>> 0,
            bitOffset: flag ? place & 0xffffff : place,
            bitSize: flag ? place >>> 24 : 0,
          });
        }
        return { kind, name, size: third, members };
      }
      case "enum": {
        const values: { name: string; value: number }[] = [];
        for (let j = rest; j < rest + vlen * 2; j += 2) {
          values.push({ name: this.text(words[j] >>> 0), value: flag ? words[j + 1] : words[j + 1] >>> 0 });
        }
        return { kind, name, size: third, signed: flag, values };
      }
      case "enum64": {
        const values: { name: string; value: bigint }[] = [];
        for (let j = rest; j < rest + vlen * 3; j += 3) {
          const value = (BigInt(words[j + 2] >>> 0) << 32n) | BigInt(words[j + 1] >>> 0);
          values.push({ name: this.text(words[j] >>> 0), value: flag ? BigInt.asIntN(64, value) : value });
        }
        return { kind, name, size: third, signed: flag, values };
      }
      case "fwd":
        return { kind, name, union: flag };
      case "typedef":
        return { kind, name, type: third };
      case "type_tag":
        return { kind, name, type: third, ...(flag ? { attribute: true } : {}) };
      case "func":
        return { kind, name, type: third, linkage: LINKAGES[vlen] ?? "extern" };
      case "func_proto": {
        const params: { name: string; type: number }[] = [];
        for (let j = rest; j < rest + vlen * 2; j += 2) {
          params.push({ name: this.text(words[j] >>> 0), type: words[j + 1] >>> 0 });
        }
        // A last parameter without name and type stands for `...`.
        const last = params.at(-1);
        const variadic = last !== undefined && last.type === 0 && last.name === "";
        if (variadic) params.pop();
        return { kind, ret: third, params, variadic };
      }
      case "var":
        return { kind, name, type: third, linkage: LINKAGES[words[rest]] ?? "extern" };
      case "datasec": {
        const vars: { type: number; offset: number; size: number }[] = [];
        for (let j = rest; j < rest + vlen * 3; j += 3) {
          vars.push({ type: words[j] >>> 0, offset: words[j + 1] >>> 0, size: words[j + 2] >>> 0 });
        }
        return { kind, name, size: third, vars };
      }
      case "float":
        return { kind, name, size: third };
      case "decl_tag":
        return { kind, name, type: third, component: words[rest] };
    }
  }
}

const VOID: BtfType = { kind: "void" };

/** BTF's own sizes have 32 bits. */
function bounded(size: number, id: number): number {
  if (size > 0xffffffff) {
    throw new RangeError(`Type ${id} is larger than 4 GiB: an array of more than it may have`);
  }
  return size;
}

/** Whether data begins with BTF's magic number, in either byte order. */
export function beginsAsBtf(bytes: Uint8Array): boolean {
  const number = bytes[0] | bytes[1] << 8;
  return number === MAGIC || number === (MAGIC >> 8 | (MAGIC & 0xff) << 8);
}

function malformed(message: string, what: string, offset: number): MalformedError {
  return new MalformedError(message, `${what}, offset 0x${offset.toString(16)}`);
}

function stringLength(base: Btf): number {
  if (!("stringLength" in base)) {
    throw new TypeError("Cannot split BTF from a base that openBtf did not read");
  }
  return (base as IndexedBtf).stringLength;
}

/** The file's two sections after its header, in little-endian words; a big-endian file is swapped into a copy. */
function wordsOf(
  bytes: Uint8Array,
  what: string,
): { bytes: Uint8Array; types: Int32Array; typesAt: number; strings: Uint8Array; stringsAt: number } {
  if (bytes.length < HEADER_SIZE) {
    throw malformed(`A BTF header needs ${HEADER_SIZE} bytes`, what, bytes.length);
  }
  const little = bytes[0] === (MAGIC & 0xff);
  if (!beginsAsBtf(bytes)) {
    throw malformed("The data does not begin with BTF's magic 0xeb9f", what, 0);
  }
  const header = new Reader(bytes, what, little);
  const version = header.u8(2), headerSize = header.u32(4);
  if (version !== 1) throw header.malformed(`BTF version ${version} is unknown`, 2);
  if (headerSize < HEADER_SIZE || headerSize > bytes.length) {
    throw header.malformed(`A header of ${headerSize} bytes`, 4);
  }
  const typesAt = headerSize + header.u32(8), typesSize = header.u32(12);
  const stringsAt = headerSize + header.u32(16), stringsSize = header.u32(20);
  if (typesAt % 4 !== 0 || typesSize % 4 !== 0) {
    throw header.malformed("The types are not aligned to 4 bytes", 8);
  }
  header.need(typesAt, typesSize);
  header.need(stringsAt, stringsSize);
  if (stringsSize > 0 && bytes[stringsAt + stringsSize - 1] !== 0) {
    throw header.malformed("The last string is not terminated", stringsAt + stringsSize - 1);
  }
  if (little && (bytes.byteOffset + typesAt) % 4 === 0) {
    return {
      bytes,
      types: new Int32Array(bytes.buffer, bytes.byteOffset + typesAt, typesSize / 4),
      typesAt,
      stringsAt,
      strings: bytes.subarray(stringsAt, stringsAt + stringsSize),
    };
  }
  const copy = bytes.slice();
  if (!little) swapToLittle(copy, header, { typesAt, typesSize, headerSize });
  return {
    bytes: copy,
    types: new Int32Array(copy.buffer, typesAt, typesSize / 4),
    typesAt,
    stringsAt,
    strings: copy.subarray(stringsAt, stringsAt + stringsSize),
  };
}

function swapToLittle(
  copy: Uint8Array,
  header: Reader,
  parts: { typesAt: number; typesSize: number; headerSize: number },
): void {
  const view = new DataView(copy.buffer);
  view.setUint16(0, MAGIC, true);
  for (let at = 4; at < HEADER_SIZE; at += 4) view.setUint32(at, header.u32(at), true);
  for (let at = parts.typesAt; at < parts.typesAt + parts.typesSize; at += 4) {
    view.setUint32(at, header.u32(at), true);
  }
}

/**
 * Opens BTF. `bytes` is referred to where its byte order and alignment allow, and must not change.
 *
 * @param options `base`: what split BTF continues (opened by this function). `what`: how messages call the data, `BTF` if left out.
 * @throws {MalformedError} If a header, type, name or reference is not well-formed.
 *
 * @example
 * ```ts
 * import { openBtf } from "./read.ts";
 * import { BtfBuilder } from "./write.ts";
 * const builder = new BtfBuilder();
 * builder.int("int", 4, { signed: true });
 * const btf = openBtf(builder.bytes());
 * console.log(btf.sizeOf(btf.find("int", "int"))); // 4
 * ```
 */
export function openBtf(bytes: Uint8Array, options: { base?: Btf; what?: string } = {}): IndexedBtf {
  return new BinaryBtf(bytes, options.what ?? "BTF", options.base);
}

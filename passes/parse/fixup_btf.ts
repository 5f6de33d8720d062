/**
 * Completes the object's BTF as a loader must before a kernel takes it: sizes and offsets of variables that only the ELF knows,
 * linkage of hidden symbols, externs as variables.
 *
 * Works on a copy, in place: type ids and texts stay where they are. Mirrors libbpf's `bpf_object_fixup_btf`,
 * `bpf_object__collect_externs` and the `mark_btf_static` step.
 *
 * @module
 */
import type { BtfType } from "../../ir/btf/btf.ts";
import type { IndexedBtf } from "../../ir/btf/read.ts";
import { openBtf } from "../../ir/btf/read.ts";
import { assembleBtf } from "../../ir/btf/write.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { ElfSymbol } from "../../ir/elf/elf.ts";
import type { ObjectExtern } from "./externs.ts";
import type { ObjectParts } from "./object.ts";

const LINKAGE_STATIC = 0, LINKAGE_GLOBAL = 1;
const KIND_VAR_INFO = 14 << 24;
const KIND_FUNC_INFO = 12 << 24;

/** The variable that stands for extern functions in `.ksyms`, whose DATASEC may list variables only. */
const DUMMY_NAME = "dummy_ksym";

/** The completed BTF. Ids are those of `btf`; at most one variable is added behind them. */
export function fixupBtf(btf: IndexedBtf, object: ObjectParts, externs: readonly ObjectExtern[]): IndexedBtf {
  const lost = neverLinked(btf, object, externs);
  const needsDummy = lost.length > 0 || externs.some((extern) => extern.kind === "kfunc");
  const patch = new Patch(btf, needsDummy);
  const symbols = new Map<string, ElfSymbol>();
  for (const symbol of object.elf.symbols) {
    const global = symbol.binding === "global" || symbol.binding === "weak";
    if (symbol.type === "object" && global && !symbols.has(symbol.name)) symbols.set(symbol.name, symbol);
  }
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if (type.kind !== "datasec") continue;
    if (type.name === ".ksyms") fixKsyms(patch, btf, { id, type });
    else if (type.name === ".kconfig") fixKconfig(patch, btf, { id, type, externs });
    else fixVariables(patch, btf, { id, type, object, symbols });
  }
  for (const { id, proto } of lost) {
    patch.info(id, KIND_FUNC_INFO | LINKAGE_GLOBAL);
    patch.nameParameters(proto);
  }
  for (const func of object.functions) {
    if (func.entry || !func.hidden) continue;
    const id = btf.find(func.name, "func");
    if (id !== 0) patch.info(id, KIND_FUNC_INFO | LINKAGE_STATIC);
  }
  return patch.finish();
}

/** Functions of objects that were never linked: nothing but these says that they exist. */
function neverLinked(
  btf: IndexedBtf,
  object: ObjectParts,
  externs: readonly ObjectExtern[],
): readonly { readonly id: number; readonly proto: number }[] {
  const known = new Set(externs.map((extern) => extern.typeId));
  return object.elf.symbols.flatMap((symbol) => {
    if (symbol.section !== 0 || symbol.name === "") return [];
    const id = btf.find(symbol.name, "func"), type = btf.type(id);
    return type.kind === "func" && type.linkage === "extern" && !known.has(id)
      ? [{ id, proto: type.type }]
      : [];
  });
}

type Datasec = BtfType & { readonly kind: "datasec" };

/** Compilers leave size and offsets at zero; the symbols know the offsets. */
function fixVariables(
  patch: Patch,
  btf: IndexedBtf,
  at: { id: number; type: Datasec; object: ObjectParts; symbols: ReadonlyMap<string, ElfSymbol> },
): void {
  let fixOffsets = false;
  if (at.type.size === 0) {
    const size = at.object.section(at.type.name)?.size ?? 0;
    // A section that holds nothing here, such as one of another object's externs: left as it is.
    if (size === 0 || size > 0xffffffff) return;
    patch.size(at.id, size);
    fixOffsets = true;
  }
  const offsets = at.type.vars.map((entry) => entry.offset);
  at.type.vars.forEach((entry, i) => {
    const variable = btf.type(entry.type);
    if (variable.kind !== "var") {
      throw new MalformedError(
        `Section ${at.type.name} lists type ${entry.type}, which is no variable`,
        "section .BTF",
      );
    }
    if (variable.linkage !== "global") return;
    const symbol = at.symbols.get(variable.name);
    if (symbol === undefined) return;
    if (fixOffsets) offsets[i] = symbol.value;
    if (symbol.hidden) patch.linkage(entry.type, LINKAGE_STATIC);
  });
  patch.variables(at.id, at.type.vars.map((entry, i) => ({ ...entry, offset: offsets[i] })));
}

/** Externs become allocated integers of four bytes, one behind the other: a kernel knows no others. */
function fixKsyms(patch: Patch, btf: IndexedBtf, at: { id: number; type: Datasec }): void {
  const int = firstInt(btf);
  const vars = at.type.vars.map((entry, i) => {
    const type = btf.type(entry.type);
    let variable = entry.type;
    if (type.kind === "func") {
      patch.info(entry.type, KIND_FUNC_INFO | LINKAGE_GLOBAL);
      patch.nameParameters(type.type);
      variable = patch.dummy;
    } else if (type.kind === "var") {
      patch.linkage(entry.type, LINKAGE_GLOBAL);
      patch.refer(entry.type, int);
    }
    return { type: variable, offset: i * 4, size: 4 };
  });
  patch.variables(at.id, vars);
  patch.size(at.id, vars.length * 4);
}

function fixKconfig(
  patch: Patch,
  btf: IndexedBtf,
  at: { id: number; type: Datasec; externs: readonly ObjectExtern[] },
): void {
  let size = 0;
  const byId = new Map(at.externs.map((extern) => [extern.typeId, extern]));
  for (const extern of at.externs) if (extern.kind === "kconfig") size = extern.offset + extern.size;
  const vars = at.type.vars.map((entry) => {
    if (btf.type(entry.type).kind === "var") patch.linkage(entry.type, LINKAGE_GLOBAL);
    return { ...entry, offset: byId.get(entry.type)?.offset ?? 0 };
  });
  patch.variables(at.id, vars);
  patch.size(at.id, size);
}

function firstInt(btf: IndexedBtf): number {
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if (type.kind === "int" && type.bits === 32) return id;
  }
  return 0;
}

/** Edits a copy of a BTF file word by word. */
class Patch {
  readonly #btf: IndexedBtf;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** The id of the added variable; 0 if none was asked for. */
  readonly dummy: number;
  readonly #dummyName: number;
  /** How far the copy's types lie from where the original has them, in bytes. */
  readonly #shift: number;

  constructor(btf: IndexedBtf, withDummy: boolean) {
    this.#btf = btf;
    let bytes: Uint8Array = btf.bytes.slice(), shift = 0;
    const header = new DataView(bytes.buffer, bytes.byteOffset);
    const typesSize = header.getUint32(12, true), stringsSize = header.getUint32(20, true);
    const typesAt = header.getUint32(4, true) + header.getUint32(8, true);
    this.dummy = withDummy ? btf.count : 0;
    this.#dummyName = withDummy ? stringsSize : 0;
    if (withDummy) {
      const types = new Int32Array(typesSize / 4 + 4);
      types.set(new Int32Array(bytes.slice(typesAt, typesAt + typesSize).buffer));
      types.set([this.#dummyName, KIND_VAR_INFO, firstInt(btf), LINKAGE_GLOBAL], typesSize / 4);
      const text = new TextEncoder().encode(DUMMY_NAME + "\0");
      const strings = new Uint8Array(stringsSize + text.length);
      strings.set(bytes.subarray(btf.stringsAt, btf.stringsAt + stringsSize));
      strings.set(text, stringsSize);
      bytes = assembleBtf(types, strings);
      // The copy begins with the shortest header; what was behind a longer one has moved forward.
      shift = 24 - typesAt;
    }
    this.#shift = shift;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset);
  }

  #at(id: number, word: number): number {
    return this.#btf.offsetOf(id) + this.#shift + word * 4;
  }

  /** The info word: kind and count, or for functions kind and linkage. */
  info(id: number, info: number): void {
    this.#view.setInt32(this.#at(id, 1), info, true);
  }

  size(id: number, size: number): void {
    this.#view.setUint32(this.#at(id, 2), size, true);
  }

  refer(id: number, type: number): void {
    this.#view.setUint32(this.#at(id, 2), type, true);
  }

  /** Of a variable. */
  linkage(id: number, linkage: number): void {
    this.#view.setUint32(this.#at(id, 3), linkage, true);
  }

  /** Of a DATASEC, sorted by offset, as a kernel demands. */
  variables(
    id: number,
    vars: readonly { readonly type: number; readonly offset: number; readonly size: number }[],
  ): void {
    const sorted = [...vars].sort((a, b) => a.offset - b.offset);
    sorted.forEach((entry, i) => {
      this.#view.setUint32(this.#at(id, 3 + i * 3), entry.type, true);
      this.#view.setUint32(this.#at(id, 4 + i * 3), entry.offset, true);
      this.#view.setUint32(this.#at(id, 5 + i * 3), entry.size, true);
    });
  }

  /** Parameters without a name get the dummy's: a kernel wants global functions to name theirs. */
  nameParameters(proto: number): void {
    const type = this.#btf.type(proto);
    if (type.kind !== "func_proto") return;
    type.params.forEach((param, i) => {
      if (param.type !== 0 && param.name === "") {
        this.#view.setUint32(this.#at(proto, 3 + i * 2), this.#dummyName, true);
      }
    });
  }

  finish(): IndexedBtf {
    return openBtf(this.#bytes, { what: "section .BTF" });
  }
}

/**
 * The parts of an object file before anything is linked: its functions with their own bytes, and what other sections hold.
 *
 * Follows libbpf (`bpf_object__elf_collect`): every FUNC symbol of an executable section is a function; those of `.text` are
 * subprograms, the others are entry points. Beyond libbpf, a local function beside an entry point in the same section is a
 * subprogram too; where it begins a section without a global one it is the entry point, and so are the global functions of `.text`
 * if there is no other code: older loaders took sections for programs. Instructions are brought to little-endian order here, so nothing behind this file knows the object's.
 *
 * @module
 */
import { MalformedError } from "../../ir/diagnostic.ts";
import type { Elf, ElfRelocation, ElfSection, ElfSymbol } from "../../ir/elf/elf.ts";
import { SHT } from "../../ir/elf/elf.ts";
import { functionSymbols, isCode } from "./function_symbols.ts";

/** A function's code, not yet linked with others. */
export interface ObjectFunction {
  /** The symbol's name. */
  readonly name: string;
  /** Where its code lies. */
  readonly section: ElfSection;
  /** Its first slot, counted from the start of the section. */
  readonly start: number;
  /** Slots. */
  readonly count: number;
  /** `count` × 8 bytes, little-endian. Own copy: relocation patches it. */
  readonly bytes: Uint8Array;
  /** Seen by other objects. */
  readonly global: boolean;
  /** Global in the file, but not for others: verified as if it were static. */
  readonly hidden: boolean;
  /** Loaded by itself, not only as a part of others. */
  readonly entry: boolean;
  /** By slot within the function. */
  readonly relocations: Map<number, ElfRelocation>;
}

/** What an object file consists of. */
export interface ObjectParts {
  /** The file itself. */
  readonly elf: Elf;
  /** By section, then by place in it. */
  readonly functions: readonly ObjectFunction[];
  /** Empty if there is none. */
  readonly license: string;
  /** 0 if there is none. */
  readonly version: number;
  /** The section with this name, or undefined. */
  section(name: string): ElfSection | undefined;
  /** The relocations that apply to a section. */
  relocationsOf(section: ElfSection): readonly ElfRelocation[];
  /** The function that holds a slot of a section. */
  functionAt(section: number, slot: number): ObjectFunction | undefined;
}

/** `e_machine` of BPF. */
const EM_BPF = 247;

/** Instructions of one object; the kernel's own limit for one program is a million. A bound for hostile symbol tables. */
const MAX_SLOTS = 1 << 24;

/** Sorts out an object's sections. @throws {MalformedError} If functions or their sections contradict each other. */
export function readObject(elf: Elf): ObjectParts {
  if (elf.machine !== EM_BPF && elf.machine !== 0) {
    throw new MalformedError(
      `The object is for machine ${elf.machine}, not for BPF (247)`,
      "ELF header, offset 0x12",
    );
  }
  const relocations = collectRelocations(elf);
  const functions = collectFunctions(elf);
  const bySection = new Map<number, ObjectFunction[]>();
  for (const func of functions) {
    const list = bySection.get(func.section.index);
    if (list === undefined) bySection.set(func.section.index, [func]);
    else list.push(func);
  }
  const byName = new Map<string, ElfSection>();
  for (const section of elf.sections) if (!byName.has(section.name)) byName.set(section.name, section);
  for (const [section, list] of relocations) {
    for (const relocation of list) {
      const func = functionAt(bySection.get(section) ?? [], Math.floor(relocation.offset / 8));
      if (func === undefined) continue;
      if (relocation.offset % 8 !== 0) {
        throw new MalformedError(
          "A relocation lies inside an instruction",
          `section ${func.section.name}, offset 0x${relocation.offset.toString(16)}`,
        );
      }
      func.relocations.set(relocation.offset / 8 - func.start, relocation);
    }
  }
  // Aliases stand side by side; whichever was found passes its relocations on to both sides.
  for (let i = 1; i < functions.length; i++) inherit(functions[i], functions[i - 1]);
  for (let i = functions.length - 2; i >= 0; i--) inherit(functions[i], functions[i + 1]);
  return {
    elf,
    functions,
    license: textOf(elf, "license"),
    version: versionOf(elf),
    section: (name) => byName.get(name),
    relocationsOf: (section) => relocations.get(section.index) ?? [],
    functionAt: (section, slot) => functionAt(bySection.get(section) ?? [], slot),
  };
}

function functionAt(sorted: readonly ObjectFunction[], slot: number): ObjectFunction | undefined {
  let low = 0, high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const func = sorted[middle];
    if (slot < func.start) high = middle - 1;
    else if (slot >= func.start + func.count) low = middle + 1;
    else return func;
  }
  return undefined;
}

/** By the section they apply to. Debug and BTF sections need none: their addends already stand in the bytes. */
function collectRelocations(elf: Elf): Map<number, ElfRelocation[]> {
  const found = new Map<number, ElfRelocation[]>();
  for (const section of elf.sections) {
    if (section.type !== SHT.REL && section.type !== SHT.RELA) continue;
    if (section.info >= elf.sections.length) {
      throw new MalformedError(
        `Relocations for section ${section.info}, which does not exist`,
        `section ${section.name}`,
      );
    }
    const target = elf.sections[section.info];
    if (target.name.startsWith(".debug_") || target.name.startsWith(".BTF")) continue;
    const list = found.get(target.index) ?? [];
    for (const relocation of elf.relocations(section)) {
      if (relocation.symbol >= elf.symbols.length) {
        throw new MalformedError(
          `A relocation refers to symbol ${relocation.symbol}, which does not exist`,
          `section ${section.name}`,
        );
      }
      list.push(relocation);
    }
    found.set(target.index, list);
  }
  return found;
}

function collectFunctions(elf: Elf): ObjectFunction[] {
  const functions: ObjectFunction[] = [];
  let slots = 0;
  // Where all code is in .text, that is where somebody loads programs from.
  const onlyText = elf.sections.every((section) =>
    !isCode(section) || section.size === 0 || section.name === ".text"
  );
  const symbols = functionSymbols(elf);
  const withGlobal = new Set(symbols.filter(isGlobal).map((symbol) => symbol.section));
  for (const symbol of symbols) {
    slots += symbol.size / 8;
    if (slots > MAX_SLOTS) {
      throw new MalformedError("The functions are larger than any program", "symbol table");
    }
    const section = elf.sections[symbol.section];
    const entry = section.name === ".text"
      ? onlyText && isGlobal(symbol)
      : isGlobal(symbol) || (symbol.value === 0 && !withGlobal.has(section.index));
    functions.push(readFunction(elf, symbol, { section, entry }));
  }
  functions.sort((a, b) => a.section.index - b.section.index || a.start - b.start);
  for (let i = 1; i < functions.length; i++) {
    const before = functions[i - 1], func = functions[i];
    if (
      before.section === func.section && !isAlias(before, func) && before.start + before.count > func.start
    ) {
      throw new MalformedError(
        `Functions "${before.name}" and "${func.name}" overlap`,
        `section ${func.section.name}, offset 0x${(func.start * 8).toString(16)}`,
      );
    }
  }
  return functions;
}

/** Two names for one function: either may be found where one is called. */
function isAlias(a: ObjectFunction, b: ObjectFunction): boolean {
  return a.section === b.section && a.start === b.start && a.count === b.count;
}

function inherit(func: ObjectFunction, from: ObjectFunction): void {
  if (!isAlias(func, from)) return;
  for (const [slot, relocation] of from.relocations) func.relocations.set(slot, relocation);
}

function isGlobal(symbol: ElfSymbol): boolean {
  return symbol.binding === "global" || symbol.binding === "weak";
}

function readFunction(
  elf: Elf,
  symbol: ElfSymbol,
  place: { section: ElfSection; entry: boolean },
): ObjectFunction {
  const { section, entry } = place;
  const where = `section ${section.name}, offset 0x${symbol.value.toString(16)}`;
  if (symbol.size === 0 || symbol.size % 8 !== 0 || symbol.value % 8 !== 0) {
    throw new MalformedError(
      `Function "${symbol.name}" is not made of whole instructions: ${symbol.size} bytes`,
      where,
    );
  }
  if (symbol.value + symbol.size > section.size) {
    throw new MalformedError(`Function "${symbol.name}" ends behind its section`, where);
  }
  const bytes = elf.data(section).slice(symbol.value, symbol.value + symbol.size);
  if (!elf.littleEndian) swapInstructions(bytes);
  checkEnd(bytes, symbol.name, where);
  const global = isGlobal(symbol);
  return {
    name: symbol.name,
    section,
    start: symbol.value / 8,
    count: symbol.size / 8,
    bytes,
    global,
    hidden: global && symbol.hidden,
    entry,
    relocations: new Map(),
  };
}

/** A 16-byte load cut by the function's end would swallow the first instruction of whatever is linked behind it. */
function checkEnd(bytes: Uint8Array, name: string, where: string): void {
  let at = 0;
  while (at < bytes.length) at += bytes[at] === 0x18 ? 16 : 8;
  if (at > bytes.length) throw new MalformedError(`Function "${name}" ends inside a 16-byte load`, where);
}

/** Big-endian instructions to little-endian, in place: registers swap their half of the byte, offset and immediate their bytes. */
export function swapInstructions(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 8) {
    bytes[at + 1] = (bytes[at + 1] >> 4) | ((bytes[at + 1] & 15) << 4);
    view.setInt16(at + 2, view.getInt16(at + 2, false), true);
    view.setInt32(at + 4, view.getInt32(at + 4, false), true);
  }
}

function textOf(elf: Elf, name: string): string {
  const section = elf.sections.find((candidate) => candidate.name === name);
  if (section === undefined) return "";
  const data = elf.data(section);
  const end = data.indexOf(0);
  return new TextDecoder().decode(data.subarray(0, Math.min(end < 0 ? data.length : end, 63)));
}

function versionOf(elf: Elf): number {
  const section = elf.sections.find((candidate) => candidate.name === "version");
  if (section === undefined) return 0;
  const data = elf.data(section);
  if (data.length !== 4) {
    throw new MalformedError(`The version is ${data.length} bytes, not 4`, "section version");
  }
  return new DataView(data.buffer, data.byteOffset, 4).getUint32(0, elf.littleEndian);
}

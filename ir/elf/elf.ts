/**
 * ELF: reads the relocatable 64-bit objects that compilers make for BPF, in either byte order.
 *
 * Gives sections, symbols and relocations as they are in the file; what they mean to BPF is `passes/parse`'s business. Reads
 * lazily where a section's bytes would cost, and never trusts an offset or a size: whatever the file says, the work is
 * bounded by the file's length and every complaint is a `MalformedError`.
 *
 * @module
 */
import { MalformedError } from "../diagnostic.ts";
import { Reader } from "./reader.ts";

/** `sh_type` values that matter to BPF (System V ABI, chapter 4). */
export const SHT = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  NOBITS: 8,
  REL: 9,
  LLVM_ADDRSIG: 0x6fff4c03,
} as const;

/** `sh_flags` bit: the section holds instructions. */
export const SHF_EXECINSTR = 4;

/** Special section numbers. */
export const SHN = { UNDEF: 0, LORESERVE: 0xff00, ABS: 0xfff1, COMMON: 0xfff2 } as const;

/** A symbol's kind (`STT_*`) where BPF cares. */
export type SymbolType = "notype" | "object" | "func" | "section" | "file" | "other";

/** A symbol. */
export interface ElfSymbol {
  /** Its number in the symbol table: what relocations refer to. */
  readonly index: number;
  /** Empty for section symbols. */
  readonly name: string;
  /** What it names. */
  readonly type: SymbolType;
  /** Who sees it. */
  readonly binding: "local" | "global" | "weak" | "other";
  /** Hidden or internal visibility: not for other objects. */
  readonly hidden: boolean;
  /** The section it lies in, or one of {@linkcode SHN}. */
  readonly section: number;
  /** Offset in its section, in bytes. */
  readonly value: number;
  /** In bytes; 0 if unknown. */
  readonly size: number;
}

/** A relocation. */
export interface ElfRelocation {
  /** In the section it applies to, in bytes. */
  readonly offset: number;
  /** `R_BPF_*`. */
  readonly type: number;
  /** The symbol's number. */
  readonly symbol: number;
  /** What `RELA` states; absent for `REL`, where the addend is in the patched bytes. */
  readonly addend?: number;
}

/** A section's header. */
export interface ElfSection {
  /** Its number in the file: what symbols and relocations refer to. */
  readonly index: number;
  /** Empty for the first. */
  readonly name: string;
  /** `sh_type`, see {@linkcode SHT}. */
  readonly type: number;
  /** The low 32 bits of `sh_flags`. */
  readonly flags: number;
  /** In the file, in bytes. */
  readonly offset: number;
  /** In bytes; for `NOBITS` nothing in the file stands behind it. */
  readonly size: number;
  /** `sh_link`: for symbols, the section of their names. */
  readonly link: number;
  /** `sh_info`: for relocations, the section they apply to. */
  readonly info: number;
  /** Bytes of one entry, where the section is a table. */
  readonly entrySize: number;
}

/** An ELF file. */
export interface Elf {
  /** Whether multi-byte values are stored low byte first. */
  readonly littleEndian: boolean;
  /** `e_machine`: 247 is BPF, 0 is what old compilers wrote. */
  readonly machine: number;
  /** By number; the first is empty. */
  readonly sections: readonly ElfSection[];
  /** By number; the first is empty. */
  readonly symbols: readonly ElfSymbol[];
  /** A section's bytes as they are in the file; empty for `NOBITS`. */
  data(section: ElfSection): Uint8Array;
  /** The relocations in a `REL` or `RELA` section. @throws {MalformedError} If they cannot be read. */
  relocations(section: ElfSection): readonly ElfRelocation[];
}

/** `e_type` of what compilers make. */
const ET_REL = 1;
const HEADER_SIZE = 64;
const SECTION_HEADER_SIZE = 64;
const SYMBOL_SIZE = 24;

const SYMBOL_TYPES: readonly SymbolType[] = ["notype", "object", "func", "section", "file"];
const BINDINGS = ["local", "global", "weak"] as const;

/** `"LE"` or `"BE"`, or an error if the file is no 64-bit ELF object for BPF. */
function identify(bytes: Uint8Array): "LE" | "BE" {
  const ident = new Reader(bytes, "ELF header", true);
  if (ident.length < 4 || ident.u32(0) !== 0x464c457f) {
    throw new MalformedError(
      "The file is not an ELF object: it does not begin with 7f 45 4c 46",
      "ELF header, offset 0x0",
    );
  }
  ident.need(0, HEADER_SIZE);
  if (ident.u8(4) !== 2) throw ident.malformed("The ELF file is not 64-bit: BPF objects are", 4);
  const order = ident.u8(5);
  if (order !== 1 && order !== 2) {
    throw ident.malformed(`The byte order ${order} is neither little (1) nor big (2)`, 5);
  }
  return order === 1 ? "LE" : "BE";
}

function readSections(file: Reader): ElfSection[] {
  const at = file.u64(0x28);
  if (at === 0) return [];
  const entrySize = file.u16(0x3a);
  if (entrySize !== SECTION_HEADER_SIZE) {
    throw file.malformed(`Section headers of ${entrySize} bytes, expected ${SECTION_HEADER_SIZE}`, 0x3a);
  }
  file.need(at, SECTION_HEADER_SIZE);
  // Above 0xff00 sections the counts move into the first header (System V ABI, "Special Section Indexes").
  const count = file.u16(0x3c) || file.u64(at + 0x20);
  const namesAt = file.u16(0x3e) === 0xffff ? file.u32(at + 0x28) : file.u16(0x3e);
  file.need(at, count * SECTION_HEADER_SIZE);
  if (count === 0) return [];
  if (namesAt >= count) {
    throw file.malformed(`The section of section names, ${namesAt}, does not exist`, 0x3e);
  }

  const headers: Omit<ElfSection, "name">[] = [];
  for (let index = 0; index < count; index++) {
    const header = at + index * SECTION_HEADER_SIZE;
    const type = file.u32(header + 4);
    const offset = file.u64(header + 0x18);
    const size = file.u64(header + 0x20);
    if (index > 0 && type !== SHT.NOBITS && type !== SHT.NULL && offset + size > file.length) {
      throw file.malformed(
        `Section ${index} ends at 0x${(offset + size).toString(16)}, behind the end of the file`,
        header,
      );
    }
    const flags = file.u32(header + (file.littleEndian ? 8 : 12));
    headers.push({
      index,
      type,
      flags,
      offset,
      size,
      link: file.u32(header + 0x28),
      info: file.u32(header + 0x2c),
      entrySize: file.u64(header + 0x38),
    });
  }
  const names = stringTable(file, headers[namesAt], "section names");
  return headers.map((header, index) => ({
    ...header,
    name: index === 0 ? "" : names.text(file.u32(at + index * SECTION_HEADER_SIZE)),
  }));
}

function stringTable(file: Reader, section: Omit<ElfSection, "name">, what: string): Reader {
  if (section.type !== SHT.STRTAB) {
    throw new MalformedError(`The ${what} are not in a string table`, `section ${section.index}`);
  }
  return new Reader(
    file.bytes.subarray(section.offset, section.offset + section.size),
    what,
    file.littleEndian,
  );
}

function readSymbols(file: Reader, sections: readonly ElfSection[]): ElfSymbol[] {
  const tables = sections.filter((section) => section.type === SHT.SYMTAB);
  if (tables.length === 0) return [];
  if (tables.length > 1) {
    throw new MalformedError("There is more than one symbol table", `section ${tables[1].index}`);
  }
  const table = tables[0];
  const where = `section ${table.name}`;
  if (table.entrySize !== SYMBOL_SIZE || table.size % SYMBOL_SIZE !== 0) {
    throw new MalformedError(`The symbol table does not consist of entries of ${SYMBOL_SIZE} bytes`, where);
  }
  if (table.link === 0 || table.link >= sections.length) {
    throw new MalformedError(`The symbol table's string table, section ${table.link}, does not exist`, where);
  }
  const names = stringTable(file, sections[table.link], "symbol names");
  const symbols: ElfSymbol[] = [];
  const count = table.size / SYMBOL_SIZE;
  for (let index = 0; index < count; index++) {
    const at = table.offset + index * SYMBOL_SIZE;
    const info = file.u8(at + 4);
    const visibility = file.u8(at + 5) & 3;
    const section = file.u16(at + 6);
    if (section < SHN.LORESERVE && section >= sections.length) {
      throw new MalformedError(`Symbol ${index} lies in section ${section}, which does not exist`, where);
    }
    const nameAt = file.u32(at);
    symbols.push({
      index,
      name: nameAt === 0 ? "" : names.text(nameAt),
      type: SYMBOL_TYPES[info & 0xf] ?? "other",
      binding: BINDINGS[info >> 4] ?? "other",
      hidden: visibility === 1 || visibility === 2,
      section,
      value: file.u64(at + 8),
      size: file.u64(at + 16),
    });
  }
  return symbols;
}

function readRelocations(file: Reader, section: ElfSection): ElfRelocation[] {
  const withAddend = section.type === SHT.RELA;
  const entrySize = withAddend ? 24 : 16;
  const where = `section ${section.name}`;
  if (section.type !== SHT.REL && !withAddend) {
    throw new MalformedError("The section holds no relocations", where);
  }
  if (section.entrySize !== entrySize || section.size % entrySize !== 0) {
    throw new MalformedError(`The relocations are not entries of ${entrySize} bytes`, where);
  }
  const relocations: ElfRelocation[] = [];
  for (let at = section.offset; at < section.offset + section.size; at += entrySize) {
    // r_info is one 64-bit number, symbol above type: its halves swap places with the byte order.
    const type = file.u32(at + (file.littleEndian ? 8 : 12));
    const symbol = file.u32(at + (file.littleEndian ? 12 : 8));
    const offset = file.u64(at);
    relocations.push(
      withAddend ? { offset, type, symbol, addend: file.s64(at + 16) } : { offset, type, symbol },
    );
  }
  return relocations;
}

/**
 * Reads an ELF object. `bytes` is referred to, not copied, and must not change.
 *
 * @throws {MalformedError} If the file is no 64-bit ELF object, or its tables contradict each other.
 *
 * @example
 * ```ts
 * import { readElf } from "./elf.ts";
 * try {
 *   readElf(new TextEncoder().encode("#!/bin/sh"));
 * } catch (error) {
 *   console.log((error as Error).message); // The file is not an ELF object: …
 * }
 * ```
 */
export function readElf(bytes: Uint8Array): Elf {
  const littleEndian = identify(bytes) === "LE";
  const file = new Reader(bytes, "ELF file", littleEndian);
  if (file.u16(0x10) !== ET_REL) {
    throw file.malformed(`An ELF file of type ${file.u16(0x10)}, not a relocatable object (1)`, 0x10);
  }
  const sections = readSections(file);
  const symbols = readSymbols(file, sections);
  return {
    littleEndian,
    machine: file.u16(0x12),
    sections,
    symbols,
    data: (section) =>
      section.type === SHT.NOBITS || section.type === SHT.NULL
        ? new Uint8Array(0)
        : bytes.subarray(section.offset, section.offset + section.size),
    relocations: (section) => readRelocations(file, section),
  };
}

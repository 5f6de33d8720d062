/**
 * Writes small relocatable objects, for tests: what compilers of today do not make any more.
 *
 * @module
 */
import { SHF_EXECINSTR, SHT } from "../../../ir/elf/elf.ts";
import { encode } from "../../../ir/encode.ts";
import { parseText } from "../../../ir/parse_text.ts";

/** A symbol as tests state it. */
export interface SymbolSpec {
  readonly name: string;
  /** In its section, in bytes. */
  readonly value?: number;
  /** Bytes; 0, as old compilers had it, if left out. */
  readonly size?: number;
  /** `notype`, as old compilers had it, if left out. */
  readonly type?: "notype" | "object" | "func";
  readonly local?: boolean;
}

/** A section with what lies in it. */
export interface SectionSpec {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** It holds instructions. */
  readonly code?: boolean;
  readonly symbols?: readonly SymbolSpec[];
  /** By offset in bytes: the symbol it is to become; of undefined ones, too. */
  readonly relocations?: Readonly<Record<number, string>>;
}

const SYMBOL = 24, HEADER = 64;
const TYPES = { notype: 0, object: 1, func: 2 } as const;

/** Instructions as text, one a line, as bytes. */
export function code(lines: string): Uint8Array {
  return encode(parseText(`type socket_filter\nfunc main:\n${lines}`).programs[0]).slice();
}

/** Numbers of 32 bits, little-endian. */
export function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

/** A section with a text. */
export function text(name: string, value: string): SectionSpec {
  return { name, bytes: new TextEncoder().encode(value + "\0") };
}

/** A little-endian BPF object. Symbols that relocations name and no section has are undefined. */
export function writeElf(sections: readonly SectionSpec[]): Uint8Array {
  const names = new Texts();
  const symbols: { spec: SymbolSpec; section: number }[] = [];
  sections.forEach(({ symbols: own }, i) => own?.forEach((spec) => symbols.push({ spec, section: i + 1 })));
  const numbers = new Map(symbols.map(({ spec }, i) => [spec.name, i + 1]));
  for (const name of sections.flatMap(({ relocations }) => Object.values(relocations ?? {}))) {
    if (numbers.has(name)) continue;
    symbols.push({ spec: { name }, section: 0 });
    numbers.set(name, symbols.length);
  }
  const table = new DataView(new ArrayBuffer(SYMBOL * (symbols.length + 1)));
  symbols.forEach(({ spec, section }, i) => {
    const at = SYMBOL * (i + 1);
    table.setUint32(at, names.add(spec.name), true);
    table.setUint8(at + 4, (spec.local ? 0 : 16) | TYPES[spec.type ?? "notype"]);
    table.setUint16(at + 6, section, true);
    table.setBigUint64(at + 8, BigInt(spec.value ?? 0), true);
    table.setBigUint64(at + 16, BigInt(spec.size ?? 0), true);
  });
  const count = sections.length;
  const all: { name: string; type: number; flags: number; link: number; info: number; bytes: Uint8Array }[] =
    sections.map(({ name, bytes, code }) => (
      { name, type: SHT.PROGBITS, flags: code ? SHF_EXECINSTR : 0, link: 0, info: 0, bytes }
    ));
  all.push({
    name: ".symtab",
    type: SHT.SYMTAB,
    flags: 0,
    link: count + 2,
    info: 1,
    bytes: new Uint8Array(table.buffer),
  });
  all.push({ name: ".strtab", type: SHT.STRTAB, flags: 0, link: 0, info: 0, bytes: new Uint8Array(0) });
  sections.forEach(({ name, relocations }, i) => {
    if (relocations === undefined) return;
    const entries = Object.entries(relocations).flatMap(([offset, symbol]) => [
      BigInt(offset),
      BigInt(numbers.get(symbol)!) << 32n | 1n,
    ]);
    const bytes = new Uint8Array(BigUint64Array.from(entries).buffer);
    all.push({ name: `.rel${name}`, type: SHT.REL, flags: 0, link: count + 1, info: i + 1, bytes });
  });
  const nameAt = all.map(({ name }) => names.add(name));
  all[count + 1].bytes = names.bytes();
  return assemble(all, nameAt);
}

function assemble(
  sections: readonly { type: number; flags: number; link: number; info: number; bytes: Uint8Array }[],
  nameAt: readonly number[],
): Uint8Array {
  const starts: number[] = [];
  let end = HEADER;
  for (const { bytes } of sections) {
    starts.push(end);
    end += Math.ceil(bytes.length / 8) * 8;
  }
  const file = new Uint8Array(end + HEADER * (sections.length + 1));
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(0x10, 1, true);
  view.setUint16(0x12, 247, true);
  view.setBigUint64(0x28, BigInt(end), true);
  view.setUint16(0x3a, HEADER, true);
  view.setUint16(0x3c, sections.length + 1, true);
  view.setUint16(0x3e, sections.findIndex(({ type }) => type === SHT.STRTAB) + 1, true);
  sections.forEach(({ type, flags, link, info, bytes }, i) => {
    file.set(bytes, starts[i]);
    const at = end + HEADER * (i + 1);
    view.setUint32(at, nameAt[i], true);
    view.setUint32(at + 4, type, true);
    view.setUint32(at + 8, flags, true);
    view.setBigUint64(at + 0x18, BigInt(starts[i]), true);
    view.setBigUint64(at + 0x20, BigInt(bytes.length), true);
    view.setUint32(at + 0x28, link, true);
    view.setUint32(at + 0x2c, info, true);
    view.setBigUint64(at + 0x38, type === SHT.SYMTAB ? BigInt(SYMBOL) : type === SHT.REL ? 16n : 0n, true);
  });
  return file;
}

/** A string table under construction. */
class Texts {
  #all = "\0";

  add(value: string): number {
    const at = this.#all.length;
    this.#all += value + "\0";
    return at;
  }

  bytes(): Uint8Array {
    return new TextEncoder().encode(this.#all);
  }
}

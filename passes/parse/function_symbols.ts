/**
 * The symbols that are functions, also in objects whose compiler did not say so.
 *
 * Clang before version 9 gave symbols of BPF code neither a type nor a size, and wrote its labels into the symbol table beside
 * them. Loaders of that time took a section for one program, from its start to its end. Here a section without any FUNC symbol is
 * divided at its global symbols, and at local ones where no code runs into them; what stands at its start is always one.
 * Labels, whose names begin with `L` or `.L` and a capital or digit, are none.
 *
 * @module
 */
import type { Elf, ElfSection, ElfSymbol } from "../../ir/elf/elf.ts";
import { SHF_EXECINSTR, SHT } from "../../ir/elf/elf.ts";

const LABEL = /^\.?L[A-Z0-9]/;

/** Opcodes behind which nothing goes on: `exit`, `goto`, `gotol`. */
const ENDS: ReadonlySet<number> = new Set([0x95, 0x05, 0x06]);

/** Whether a section holds instructions. */
export function isCode(section: ElfSection): boolean {
  return section.type === SHT.PROGBITS && (section.flags & SHF_EXECINSTR) !== 0;
}

/**
 * All functions as FUNC symbols of known size, in the symbol table's order. One that had to be made up counts as global at the
 * start of its section, which is where a program begins.
 */
export function functionSymbols(elf: Elf): readonly ElfSymbol[] {
  const stated: ElfSymbol[] = [];
  const bySection = new Map<number, ElfSymbol[]>();
  for (const symbol of elf.symbols) {
    if (symbol.section === 0 || symbol.section >= elf.sections.length) continue;
    if (!isCode(elf.sections[symbol.section])) continue;
    if (symbol.type === "func") stated.push(symbol);
    if (symbol.type !== "func" && symbol.type !== "notype") continue;
    const list = bySection.get(symbol.section);
    if (list === undefined) bySection.set(symbol.section, [symbol]);
    else list.push(symbol);
  }
  const divided = elf.sections.flatMap((section) => {
    if (!isCode(section) || section.size === 0) return [];
    const symbols = bySection.get(section.index) ?? [];
    return symbols.some(({ type }) => type === "func") ? [] : divide(elf, section, symbols);
  });
  return [...stated, ...divided];
}

/** The functions of a section whose symbols have no type. */
function divide(elf: Elf, section: ElfSection, symbols: readonly ElfSymbol[]): ElfSymbol[] {
  const code = elf.data(section);
  const named = symbols.filter(({ name, value }) =>
    name !== "" && !LABEL.test(name) && value % 8 === 0 && value < section.size
  );
  const starts = new Map<number, ElfSymbol>();
  const isGlobal = ({ binding }: ElfSymbol) => binding === "global" || binding === "weak";
  for (const symbol of [...named.filter(isGlobal), ...named.filter((symbol) => !isGlobal(symbol))]) {
    const entered = symbol.value === 0 || isGlobal(symbol) || ENDS.has(code[symbol.value - 8]);
    if (entered && !starts.has(symbol.value)) starts.set(symbol.value, symbol);
  }
  // A section of which no symbol tells is still what somebody loads by the section's name.
  if (!starts.has(0) && symbols.length > 0) starts.set(0, { ...symbols[0], name: section.name, value: 0 });
  const sorted = [...starts].sort(([a], [b]) => a - b);
  return sorted.map(([value, symbol], i) => ({
    ...symbol,
    type: "func",
    binding: value === 0 ? "global" : symbol.binding,
    size: (sorted[i + 1]?.[0] ?? section.size) - value,
  }));
}

/**
 * A program as text that `parseText` reads back: a header for what bytes cannot say, one `func` per subprogram, labels,
 * and facts in the margin.
 *
 * Types and their ids mean something only together with the unit's BTF, which the text does not hold.
 *
 * @module
 */
import type { AnyFact, FactNames } from "./fact.ts";
import type { SubprogId } from "./insn.ts";
import { printExtern, printMap } from "./map_text.ts";
import { type HelperNames, nameText, printInsn, type PrintNames } from "./print_insn.ts";
import { type Program, PROGRAM_SCOPE } from "./program.ts";
import { targetOf } from "./references.ts";
import type { Unit } from "./unit.ts";

/** What {@linkcode printProgram} prints. */
export interface PrintOptions {
  /** Facts that differ from their initial values, in the margin. Off by default. */
  readonly facts?: boolean;
  /** The header: type, maps and the rest that is not code. On by default. */
  readonly header?: boolean;
  /** Helpers by name; without it they print as `helper#181`. */
  readonly helpers?: Pick<HelperNames, "helperName">;
}

/** The column at which margins begin. */
const MARGIN = 44;

/**
 * The program as text.
 *
 * @example
 * ```ts
 * import { parseText } from "./parse_text.ts";
 * import { printProgram } from "./print_text.ts";
 * const [program] = parseText("type xdp\n\nfunc main:\n  w0 = 2\n  exit\n").programs;
 * printProgram(program); // "type xdp\n\nfunc main:\n    w0 = 2\n    exit\n"
 * ```
 */
export function printProgram(program: Program, options: PrintOptions = {}): string {
  const names = subprogNames(program);
  const labels = labelsOf(program);
  const factNames: FactNames = {
    nameOf: (id) => names.get(id) ?? "",
    subprogNamed: () => undefined,
  };
  const margin = (id: number, scope: AnyFact["scope"]): string =>
    options.facts ? factsOf(program, { id, scope, factNames }) : "";
  const printNames: PrintNames<number, SubprogId> = {
    target: (id) => labels.get(id) ?? `#${id}`,
    subprog: (id) => nameText(names.get(id) ?? `subprog#${id}`),
    map: (map) => mapName(program.unit, map),
    helper: (id) => helperText(id, names, options.helpers),
  };

  const lines: string[] = [];
  if (options.header !== false) lines.push(...header(program));
  const facts = margin(PROGRAM_SCOPE, "program");
  if (facts !== "") lines.push(`facts ${facts}`);
  const starts = program.starts;
  program.subprogs.forEach((subprog, index) => {
    if (lines.length > 0) lines.push("");
    const words = ["func", nameText(names.get(subprog.id)!)];
    if (subprog.linkage !== (index === 0 ? "global" : "static")) words.push(subprog.linkage);
    if (subprog.hidden) words.push("hidden");
    if (subprog.btfId !== 0) words.push(`btf=${subprog.btfId}`);
    const call = subprog.instanceOf === undefined ? undefined : labels.get(subprog.instanceOf);
    if (call !== undefined) words.push(`instance_of=${call}`);
    lines.push(withMargin(`${words.join(" ")}:`, margin(subprog.id, "subprog")));
    for (let i = starts[index]; i < starts[index + 1]; i++) {
      const id = program.code.ids[i];
      const label = labels.get(id);
      if (label !== undefined) lines.push(`  ${label}:`);
      lines.push(withMargin(`    ${printInsn(program.code.insns[i], printNames)}`, margin(id, "insn")));
    }
  });
  return lines.join("\n") + "\n";
}

function withMargin(text: string, margin: string): string {
  return margin === "" ? text : `${text.padEnd(MARGIN)} ; ${margin}`;
}

/** Names by subprogram, told apart where two share one. */
function subprogNames(program: Program): Map<SubprogId, string> {
  const names = new Map<SubprogId, string>();
  const taken = new Set<string>();
  for (const subprog of program.subprogs) {
    let name = subprog.name === "" ? `subprog_${subprog.id}` : subprog.name;
    for (let n = 2; taken.has(name); n++) name = `${subprog.name}.${n}`;
    taken.add(name);
    names.set(subprog.id, name);
  }
  return names;
}

/** Labels by instruction id, numbered in layout order. */
function labelsOf(program: Program): Map<number, string> {
  const targets = new Set<number>();
  for (const insn of program.code.insns) {
    const target = targetOf(insn);
    if (target !== undefined) targets.add(target);
  }
  for (const { instanceOf } of program.subprogs) if (instanceOf !== undefined) targets.add(instanceOf);
  const labels = new Map<number, string>();
  for (const id of program.code.ids) {
    if (targets.has(id)) labels.set(id, `L${labels.size + 1}`);
  }
  return labels;
}

function helperText(
  id: number,
  subprogs: ReadonlyMap<SubprogId, string>,
  helpers: Pick<HelperNames, "helperName"> | undefined,
): string {
  const name = helpers?.helperName(id);
  if (name === undefined) return `helper#${id}`;
  for (const taken of subprogs.values()) if (taken === name) return `${name}#${id}`;
  return name;
}

/** A map by its name, or by its index where the unit has no such map or two of that name. */
function mapName(unit: Unit, map: number): string {
  const name = unit.maps[map]?.name;
  if (name === undefined || unit.maps.findIndex((def) => def.name === name) !== map) return `#${map}`;
  return nameText(name);
}

interface FactPlace {
  /** An instruction's or subprogram's id, by `scope`. */
  readonly id: number;
  readonly scope: AnyFact["scope"];
  readonly factNames: FactNames;
}

/** `{name: value, …}` of what was written about an id and differs from the initial value; empty if nothing does. */
function factsOf(program: Program, place: FactPlace): string {
  const parts: string[] = [];
  for (const [fact, values] of program.facts) {
    if (fact.scope !== place.scope || !values.has(place.id)) continue;
    const text = fact.text.print(values.get(place.id), place.factNames);
    if (text !== fact.text.print(fact.initial, place.factNames)) parts.push(`${fact.name}: ${text}`);
  }
  return parts.length === 0 ? "" : `{${parts.sort().join(", ")}}`;
}

function header(program: Program): string[] {
  const { attrs, unit } = program;
  const lines = [`type ${attrs.type}`];
  if (attrs.name !== program.subprogs[0].name) lines.push(`program ${nameText(attrs.name)}`);
  if (attrs.section !== "") lines.push(`section ${nameText(attrs.section)}`);
  if (attrs.attachType !== 0) lines.push(`attach ${attrs.attachType}`);
  if (attrs.attachTarget !== undefined) lines.push(`target ${nameText(attrs.attachTarget)}`);
  if (attrs.attachBtfId !== 0) lines.push(`target_btf_id ${attrs.attachBtfId}`);
  if (attrs.flags !== 0) lines.push(`flags ${attrs.flags}`);
  if (attrs.device !== undefined) lines.push(`device ${nameText(attrs.device)}`);
  if (attrs.optional === true) lines.push("optional");
  if (unit.license !== "GPL") lines.push(`license ${JSON.stringify(unit.license)}`);
  if (unit.version !== 0) lines.push(`version ${unit.version}`);
  for (const map of unit.maps) lines.push(`map ${printMap(map)}`);
  for (const extern of unit.externs) lines.push(`extern ${printExtern(extern)}`);
  return lines;
}

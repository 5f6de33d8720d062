/**
 * An explanation as text for a terminal: about twenty lines, no colours of its own.
 *
 * @module
 */
import type { ExplainedStep, Explanation } from "./explain.ts";
import type { Place } from "./path.ts";

/** How text is emphasised, if at all. */
export interface Paint {
  /** The text, bold. */
  readonly bold: (text: string) => string;
  /** The text, less prominent. */
  readonly dim: (text: string) => string;
}

const PLAIN: Paint = { bold: (text) => text, dim: (text) => text };

/** `parse.c:23`. */
function where(place: Place): string {
  const { source } = place;
  return source === undefined
    ? `insn ${place.insn}`
    : `${source.file.slice(source.file.lastIndexOf("/") + 1)}:${source.line}`;
}

/** Characters of a source line that are shown. */
const SOURCE_WIDTH = 72;

function sourceText(place: Place): string {
  const text = place.source?.text.trim().replace(/\s+/g, " ") ?? "";
  return text.length > SOURCE_WIDTH ? `${text.slice(0, SOURCE_WIDTH - 1)}…` : text;
}

/** A place over one or two lines: the source, and the instruction under it. */
function placeLines(place: Place, says: string): string[] {
  const source = sourceText(place);
  const insn = `insn ${place.insn}: ${place.text}`;
  if (source === "") return [`${insn}   ${says}`];
  return [`${where(place)}  ${source}`, `    ${insn}   ${says}`];
}

function originLines(steps: readonly ExplainedStep[]): string[] {
  let last = "";
  return steps.flatMap(({ place, says }) => {
    if (place === undefined) return [says];
    const lines = placeLines(place, says);
    if (lines.length === 1) return lines;
    const same = lines[0] === last;
    last = lines[0];
    return same ? lines.slice(1) : lines;
  });
}

/** Lines of text, without indentation before the first level. */
export function explanationLines(explanation: Explanation, paint: Paint = PLAIN): string[] {
  const { at, register, origin, notes, branches } = explanation;
  const out = [`${paint.bold(explanation.code)}: ${explanation.summary}`];
  if (at !== undefined) {
    const source = sourceText(at);
    if (source !== "") out.push(`  at ${where(at)}  ${source}`);
    out.push(`  ${source === "" ? "at" : "  "} insn ${at.insn}: ${at.text}`);
  }
  if (register !== undefined) {
    out.push(
      `  r${register.number} is ${register.words} ${paint.dim(`[R${register.number}=${register.kernel}]`)}`,
    );
  }
  if (origin.length > 0) {
    out.push(
      "  where it came from:",
      ...originLines(origin).map((line) => `    ${line}`),
    );
  }
  for (const note of notes) out.push(`  note: ${note}`);
  out.push(`  ${paint.bold("help:")} ${explanation.remedy}`);
  if (branches.length > 0) out.push(`  path: ${pathText(explanation)}`);
  else if (explanation.reached) out.push("  path: straight from the entry");
  if (explanation.message !== "") out.push(paint.dim(`  kernel: ${explanation.message.replace(/\n/g, " ")}`));
  return out;
}

/** The branches on one line, equal ones in a row counted. */
function pathText({ branches, branchesBefore }: Explanation): string {
  const parts: { text: string; times: number }[] = [];
  for (const { place, taken } of branches) {
    const line = place.source === undefined ? "" : `line ${place.source.line}, `;
    const text = `${line}insn ${place.insn} ${taken ? "taken" : "not taken"}`;
    const last = parts[parts.length - 1];
    if (last?.text === text) last.times++;
    else parts.push({ text, times: 1 });
  }
  const texts = parts.map(({ text, times }) => times === 1 ? text : `${text} (${times} times)`);
  return `${branchesBefore > 0 ? `… ${branchesBefore} branches, ` : ""}${texts.join("; ")}`;
}

/** The same as notes of a diagnostic, which has the code, the place and the kernel's words itself. */
export function explanationNotes({ summary, register, origin, notes, remedy }: Explanation): string[] {
  const out = [summary.charAt(0).toUpperCase() + summary.slice(1)];
  if (register !== undefined) out.push(`r${register.number} is ${register.words}`);
  for (const { place, says } of origin) out.push(place === undefined ? says : `${placeText(place)}: ${says}`);
  return [...out, ...notes, `Help: ${remedy}`];
}

function placeText(place: Place): string {
  return place.source === undefined ? `insn ${place.insn}` : `${where(place)} (insn ${place.insn})`;
}

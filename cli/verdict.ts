/**
 * What is said of one program by `verify` and `kernel verify`: the same fields, so that both can be compared.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import type { UnreadableProgram } from "../ir/unit.ts";
import type { Explanation } from "../passes/verify/explain/explain.ts";
import { explanationLines } from "../passes/verify/explain/text.ts";
import { bold, dim, green, red, yellow } from "./terminal.ts";

/** As `--json` prints it. */
export interface Verdict {
  readonly object: string;
  readonly section: string;
  readonly program: string;
  readonly type: string;
  readonly verdict: "accept" | "reject" | "unsupported" | "error";
  /** The kernel's, positive; 0 if there is none. */
  readonly errno: number;
  /** What kind of rejection it is, as in `docs/diagnostics.md`; empty if accepted, absent where a kernel judged. */
  readonly code?: string;
  /** The log's last line; empty if accepted. */
  readonly message: string;
  readonly processed: number;
  readonly total_states: number;
  readonly peak_states: number;
  /** Bytes by subprogram, joined by `+`, as the kernel prints it. */
  readonly stack_depth: string;
  /** Microseconds of the walk and the checks after it, without reading the file. */
  readonly usec: number;
  readonly log?: string;
  /** Why it was refused, if that was asked for. */
  readonly explanation?: Explanation;
}

/** The fields that say which program it is. */
export function headOf(
  program: Program,
  object: string,
): Pick<Verdict, "object" | "section" | "program" | "type"> {
  const { attrs } = program;
  return { object, section: attrs.section, program: attrs.name, type: attrs.type };
}

/** The figures of a program that was not walked. */
export const NO_FIGURES = {
  errno: 0,
  processed: 0,
  total_states: 0,
  peak_states: 0,
  stack_depth: "",
  usec: 0,
} as const;

/** Why nothing can be said of a program whose type is open; undefined if it is not. */
export function openType(program: Program): string | undefined {
  const { section, type } = program.attrs;
  if (type !== "unspec") return undefined;
  return `not supported: the type of a program in section "${section}": neither that name nor what the program does tells; --type TYPE does`;
}

/** What is said of a program that cannot be linked. */
export function unreadableVerdict(program: UnreadableProgram, object: string): Verdict {
  const { section, name, message } = program;
  return {
    object,
    section,
    program: name,
    type: "unspec",
    ...NO_FIGURES,
    verdict: "unsupported",
    message: `cannot be linked: ${message}`,
  };
}

const PAINT = { accept: green, reject: red, unsupported: yellow, error: red } as const;

/** A line for people; for a rejection also what led to it, and the whole log if one was asked for. */
export function describeVerdict(verdict: Verdict, logLevel: number): string {
  const name = `${verdict.object}: ${verdict.section}/${verdict.program}`;
  const line = `${PAINT[verdict.verdict](verdict.verdict.padEnd(11))} ${bold(name)}`;
  const log = verdict.log ?? "";
  switch (verdict.verdict) {
    case "accept": {
      const figures = `${verdict.processed} insns, ${verdict.total_states} states, ${verdict.usec} µs`;
      return `${line} ${dim(figures)}${logLevel > 0 ? `\n${log.trimEnd()}` : ""}`;
    }
    case "reject": {
      const { explanation, code } = verdict, tail = logLevel > 0 ? `\n${log.trimEnd()}` : "";
      if (explanation !== undefined) {
        return [line, ...explanationLines(explanation, { bold, dim }).map((l) => `  ${l}`)].join("\n") + tail;
      }
      if (logLevel > 0) return `${line}${tail}`;
      const lines = log === "" ? [verdict.message] : whatMatters(log);
      const kind = code === undefined || code === "" ? "" : ` ${dim(code)}`;
      return [`${line}${kind}`, ...lines.map((l) => `    ${l}`)].join("\n");
    }
    case "unsupported":
    case "error":
      return `${line}\n    ${verdict.message}`;
  }
}

/** The end of a log: from the last source line on, with the registers before the instruction that was refused. */
function whatMatters(log: string): readonly string[] {
  const lines = log.trimEnd().split("\n").filter((line) => !/^processed \d+ insns/.test(line));
  let from = lines.length - 1;
  while (from > 0 && !lines[from].startsWith("; ")) from--;
  const most = 12;
  return lines.slice(Math.max(from, lines.length - most));
}

/**
 * Where our verdict or our instructions differ from the running kernel's, as data.
 *
 * @module
 */
import type { Columns } from "../ir/columns.ts";
import { columnsOf } from "../ir/columns.ts";
import { disasmSlot } from "../ir/disasm.ts";
import type { Program } from "../ir/program.ts";
import type { KernelVerdict } from "./prog_load.ts";

/** Our side of a comparison. */
export interface OwnVerdict {
  /** What we say. */
  readonly verdict: "accept" | "reject" | "unsupported";
  /** The log's last line; empty if accepted. */
  readonly message: string;
  /** Instructions walked. */
  readonly processed?: number;
  /** States stored. */
  readonly totalStates?: number;
  /** States held at one time. */
  readonly peakStates?: number;
}

/** How two verdicts relate. */
export interface VerdictDiff {
  /** `wrong-accept` is the one that must not happen: we accept what the kernel refuses. */
  readonly outcome: "agree" | "wrong-accept" | "wrong-reject" | "undecided";
  /** What else differs: `message`, `processed`, `total_states`, `peak_states`. */
  readonly differences: readonly { readonly what: string; readonly ours: string; readonly kernel: string }[];
}

/** Compares verdicts, last lines and figures. */
export function diffVerdict(ours: OwnVerdict, kernel: KernelVerdict): VerdictDiff {
  const differences: { what: string; ours: string; kernel: string }[] = [];
  const compare = (what: string, own: string | number | undefined, theirs: string | number | undefined) => {
    if (own !== undefined && theirs !== undefined && own !== theirs) {
      differences.push({ what, ours: String(own), kernel: String(theirs) });
    }
  };
  if (ours.verdict === "unsupported") return { outcome: "undecided", differences };
  if ((ours.verdict === "accept") !== kernel.accepted) {
    compare("message", ours.message, kernel.message);
    return { outcome: kernel.accepted ? "wrong-reject" : "wrong-accept", differences };
  }
  compare("message", ours.message, kernel.message);
  compare("processed", ours.processed, kernel.stats.processed);
  compare("total_states", ours.totalStates, kernel.stats.totalStates);
  compare("peak_states", ours.peakStates, kernel.stats.peakStates);
  return { outcome: "agree", differences };
}

/** A line that only one side has, or that both have (`same`). */
export interface LineDiff {
  /** Who has it. */
  readonly side: "same" | "ours" | "kernel";
  /** The line. */
  readonly text: string;
}

const LDDW = 0x18, CALL = 0x85, MAP_SOURCES = 2, FUNC_SOURCE = 4;

/**
 * The program as lines to compare: what a dump of a loaded program cannot hold is left out (numbers of helpers, descriptors of
 * maps, the addresses of functions).
 */
export function comparableLines(program: Program): string[] {
  return lines(columnsOf(program));
}

/** The same for a kernel's dump. */
export function comparableDump(xlated: Uint8Array): string[] {
  return lines(columnsOfDump(xlated));
}

/** The shortest edit between two lists of lines; both sides of a change are listed, ours first. */
export function diffLines(ours: readonly string[], kernel: readonly string[]): LineDiff[] {
  // Prefix and suffix are equal as a rule, so the table covers only what changed.
  let start = 0;
  while (start < ours.length && start < kernel.length && ours[start] === kernel[start]) start++;
  let endOurs = ours.length, endKernel = kernel.length;
  while (endOurs > start && endKernel > start && ours[endOurs - 1] === kernel[endKernel - 1]) {
    endOurs--;
    endKernel--;
  }
  const same = (text: string): LineDiff => ({ side: "same", text });
  return [
    ...ours.slice(0, start).map(same),
    ...diffMiddle(ours.slice(start, endOurs), kernel.slice(start, endKernel)),
    ...ours.slice(endOurs).map(same),
  ];
}

/** Cells of the table of common subsequences; beyond it, all of ours and then all of theirs. */
const LARGEST_TABLE = 4_000_000;

function diffMiddle(ours: readonly string[], kernel: readonly string[]): LineDiff[] {
  const n = ours.length, m = kernel.length;
  const own = (text: string): LineDiff => ({ side: "ours", text });
  const theirs = (text: string): LineDiff => ({ side: "kernel", text });
  if ((n + 1) * (m + 1) > LARGEST_TABLE) return [...ours.map(own), ...kernel.map(theirs)];
  // common[i][j]: how many lines the rests from i and j share, in order.
  const common = new Int32Array((n + 1) * (m + 1));
  const at = (i: number, j: number) => i * (m + 1) + j;
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      common[at(i, j)] = ours[i] === kernel[j]
        ? common[at(i + 1, j + 1)] + 1
        : Math.max(common[at(i + 1, j)], common[at(i, j + 1)]);
    }
  }
  const result: LineDiff[] = [];
  let i = 0, j = 0;
  while (i < n && j < m) {
    if (ours[i] === kernel[j]) {
      result.push({ side: "same", text: ours[i] });
      i++;
      j++;
    } else if (common[at(i + 1, j)] >= common[at(i, j + 1)]) result.push(own(ours[i++]));
    else result.push(theirs(kernel[j++]));
  }
  return [...result, ...ours.slice(i).map(own), ...kernel.slice(j).map(theirs)];
}

function lines(columns: Columns): string[] {
  const result: string[] = [];
  for (let slot = 0; slot < columns.count; slot++) {
    if (columns.code[slot] === CALL && columns.src[slot] !== 1) {
      result.push(columns.src[slot] === 0 ? "(85) call helper" : "(85) call kfunc");
      continue;
    }
    result.push(disasmSlot(columns, slot, { imm64: (first) => imm64Text(columns, first) }));
    if (columns.code[slot] === LDDW) slot++;
  }
  return result;
}

function imm64Text(columns: Columns, slot: number): string | undefined {
  const source = columns.src[slot];
  if (source >= 1 && source <= MAP_SOURCES) {
    return source === 1 ? "map" : `map value+${columns.imm[slot + 1]}`;
  }
  return source === FUNC_SOURCE ? "func" : undefined;
}

/** Columns of a dump, without the JIT's mark: it moves the distance of a bpf2bpf call into the offset. */
function columnsOfDump(bytes: Uint8Array): Columns {
  const count = bytes.length / 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const column = (read: (at: number) => number) =>
    Int32Array.from({ length: count }, (_, slot) => read(slot * 8));
  const code = column((at) => view.getUint8(at));
  const src = column((at) => view.getUint8(at + 1) >> 4);
  const off = column((at) => view.getInt16(at + 2, true));
  const imm = column((at) => view.getInt32(at + 4, true));
  for (let slot = 0; slot < count; slot++) {
    if (code[slot] === CALL && src[slot] === 1 && off[slot] !== 0) {
      imm[slot] = off[slot];
      off[slot] = 0;
    }
  }
  const none = new Int32Array(0);
  return {
    count,
    code,
    dst: column((at) => view.getUint8(at + 1) & 15),
    src,
    off,
    imm,
    target: none,
    position: none,
    slot: none,
    subprogStart: none,
    subprogOf: none,
  };
}

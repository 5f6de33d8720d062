/**
 * Explains what is wrong with the flow of control: loops that do not end, programs that are too complex, code that is not reached,
 * frames that are too many.
 *
 * @module
 */
import type { Event } from "./origin.ts";
import { type Case, placeWords, type Reason } from "./reason.ts";

/** A loop that came back to where it was. */
export function explainLoop(c: Case): Reason {
  const { path } = c, slot = c.slot;
  let first = -1;
  for (let i = path.length - 1; i >= 0 && first < 0; i--) if (path.slot(i) === slot) first = i;
  if (first < 0) return { summary: "a loop came back to a state it had been in" };
  const events: Event[] = [], notes: string[] = [], last = path.length - 1;
  const slots = new Set<number>();
  for (let i = first; i <= last; i++) slots.add(path.slot(i));
  const branches: number[] = [];
  for (let i = first; i <= last; i++) {
    const { kind } = path.insn(i);
    if (kind === "branch" || kind === "may_goto") branches.push(i);
  }
  for (const step of branches.slice(-4).reverse()) {
    const insn = path.insn(step);
    if (insn.kind !== "branch") continue;
    const left = path.value(step, insn.left);
    const changes = changedBy(c, { from: first, to: last, reg: insn.left });
    events.push({
      step,
      kind: "check",
      says: `r${insn.left} is ${left?.words ?? "unknown"} here in every round: ${
        changes === undefined ? "nothing in the loop changes it" : `${changes} changes it, to nothing new`
      }`,
    });
  }
  if (branches.length === 0) notes.push("there is no branch in the loop: nothing can end it");
  const range = [...slots].sort((a, b) => a - b);
  return {
    summary: `the loop of ${slots.size} instruction${slots.size === 1 ? "" : "s"} at insns ${range[0]} to ${
      range[range.length - 1]
    } came back to a state it had been in: it may never end`,
    reg: -1,
    events,
    notes,
    remedy: branches.length === 0
      ? "give the loop a condition that ends it"
      : "let a counter that is known when the loop begins change in each round and decide when it ends; or use bpf_loop, bpf_for or may_goto",
  };
}

/** The place that writes a register on a stretch of the path. */
function changedBy(c: Case, stretch: { from: number; to: number; reg: number }): string | undefined {
  const { path } = c;
  for (let i = stretch.to; i >= stretch.from; i--) {
    const insn = path.insn(i);
    const writes =
      (insn.kind === "alu" || insn.kind === "load" || insn.kind === "imm64") && insn.dst === stretch.reg ||
      insn.kind === "call" && stretch.reg <= 5;
    if (writes) return `\`${path.place(path.slot(i)).text}\` (${placeWords(path, i)})`;
  }
  return undefined;
}

/** More instructions or waiting paths than the kernel spends. */
export function explainComplexity(c: Case): Reason {
  const { path } = c, { counts } = path.recorder, total = counts.reduce((a, b) => a + b, 0);
  const lines = new Map<string, { count: number; slot: number; insns: number; visits: number }>();
  counts.forEach((count, slot) => {
    if (count === 0) return;
    const { source } = path.place(slot),
      key = source === undefined ? `insn ${slot}` : `${source.file}:${source.line}`;
    const line = lines.get(key) ?? { count: 0, slot, insns: 0, visits: 0 };
    line.count += count;
    line.insns++;
    if (count > line.visits) Object.assign(line, { visits: count, slot });
    lines.set(key, line);
  });
  const top = [...lines.values()].sort((a, b) => b.count - a.count).slice(0, 4);
  const jumps = /jumps/.test(c.message);
  const notes = top.slice(0, jumps ? 2 : 4).map(({ count, slot, visits }) => {
    const { source, text } = path.place(slot), share = Math.round(100 * count / total);
    const what = source === undefined
      ? `insn ${slot}: ${text}`
      : `line ${source.line}: ${source.text.trim()}`;
    return `${share}% of the instructions (passed ${visits} times): ${what}`;
  });
  const branch = busiestBranch(c);
  if (branch !== undefined) notes.push(branch);
  return {
    summary: jumps
      ? `${c.env.pending.count} paths wait to be explored at the same time: every branch in a loop adds one per round`
      : `${c.env.processed} instructions were verified without an end: every path through each round of a loop counts`,
    reg: -1,
    notes,
    remedy:
      "bound the loop lower; put its body into a global function or bpf_loop, which are verified once; and compute without branches inside of it",
  };
}

/** What a branch compared when the path passed it last. */
function lastTime(c: Case, slot: number): string {
  const { path } = c, insn = path.insnAt(slot);
  for (let step = path.length - 1; insn.kind === "branch" && step >= 0; step--) {
    if (path.slot(step) !== slot) continue;
    const value = path.value(step, insn.left);
    return value === undefined ? "" : `, the last time with r${insn.left} being ${value.words}`;
  }
  return "";
}

/** The branch that was passed most often, which is where paths multiply. */
function busiestBranch(c: Case): string | undefined {
  const { path } = c, { counts } = path.recorder;
  let best = -1;
  counts.forEach((count, slot) => {
    const forks = (c.env.aux[slot] & 0x180) === 0x180;
    if (forks && (best < 0 || count > counts[best])) best = slot;
  });
  if (best < 0) return undefined;
  const { source, text } = path.place(best);
  const where = source === undefined ? `insn ${best}` : `line ${source.line} (insn ${best})`;
  return `the busiest branch is \`${text}\` at ${where}: ${counts[best]} times${lastTime(c, best)}`;
}

/** Instructions that nothing reaches. */
export function explainUnreachable(c: Case): Reason {
  const slot = Number(/insn (\d+)/.exec(c.message)?.[1] ?? -1);
  if (slot < 0) return { summary: "instructions that no path reaches" };
  const { text } = c.path.place(slot), before = slot > 0 ? c.path.place(slot - 1) : undefined;
  return {
    summary: `insn ${slot}, \`${text}\`, cannot be reached from the program's entry`,
    slot,
    ...(before === undefined
      ? {}
      : { notes: [`the instruction before it is \`${before.text}\`, which does not go on to it`] }),
  };
}

/** Frames that are too large together. */
export function explainStackDepth(c: Case): Reason {
  const { env } = c, { subprogs } = env.program;
  const frames = [...env.stackDepth].map((depth, i) => ({ name: subprogs[i].name, depth })).filter((f) =>
    f.depth > 0
  );
  frames.sort((a, b) => b.depth - a.depth);
  return {
    summary: `a chain of calls needs more stack than there is (512 bytes): ${c.message}`,
    reg: -1,
    notes: [`frames: ${frames.slice(0, 6).map((f) => `${f.name} ${f.depth}`).join(", ")} bytes`],
  };
}

/** What is wrong with the bytecode itself. */
export function explainBytecode(c: Case): Reason {
  const named = /insn (\d+)/.exec(c.message);
  if (named === null) return { summary: "" };
  return { summary: "", slot: Number(named[1]) };
}

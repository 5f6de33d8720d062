/**
 * Branches, and loops of all kinds: counted, left by `may_goto`, and over iterators.
 *
 * @module
 */
import type { Builder, Kind } from "./builder.ts";
import { arithmetic, condition } from "./numbers.ts";

/** A branch with one arm or two. */
export function branch(g: Builder): void {
  const end = g.label();
  const test = condition(g);
  if (g.random(3) === 0) {
    const other = g.label(), kinds = [...g.frame.kinds], slots = [...g.frame.slots];
    g.put(`${test} goto ${other}`);
    g.statements(g.random(3));
    g.put(`${g.random(6) === 0 ? "gotol" : "goto"} ${end}`, `${other}:`);
    const left = g.frame.kinds, leftSlots = g.frame.slots;
    g.frame.kinds = kinds;
    g.frame.slots = slots;
    g.statements(1 + g.random(2));
    g.meet(left, leftSlots);
  } else {
    g.put(`${test} goto ${end}`);
    g.maybe(() => g.statements(1 + g.random(3)));
  }
  g.put(`${end}:`);
}

/** What may run again: whatever a register holds at the beginning it holds at the end. */
function round(g: Builder, body: () => void): void {
  const { frame } = g;
  const before = new Set(frame.locked);
  // Registers that calls take are mostly given up, so that there can be calls.
  if (g.random(3) !== 0) {
    frame.kinds = frame.kinds.map((kind, r) => r < 6 && kind !== "num" && !before.has(r) ? "none" : kind);
  }
  // What is no number at the beginning stays what it is.
  frame.kinds.forEach((kind, r) => kind !== "num" && kind !== "none" && frame.locked.add(r));
  const kinds = [...frame.kinds], slots = [...frame.slots];
  frame.depth++;
  body();
  frame.depth--;
  kinds.forEach((kind, r) => {
    if (kind === frame.kinds[r]) return;
    // A call may have taken a pointer: the loop is then none that anybody accepts.
    if (kind === "num") g.put(`r${r} = ${g.constant()}`);
    frame.kinds[r] = kind === "num" ? "num" : "none";
  });
  frame.slots = frame.slots.map((kind, i) => kind === slots[i] ? kind : "none");
  for (const r of frame.locked) if (!before.has(r)) frame.locked.delete(r);
}

/** Loops in loops multiply: few of them are enough. */
function tooDeep(g: Builder): boolean {
  return g.frame.depth > 1 || (g.frame.depth === 1 && g.random(3) !== 0);
}

/** A loop that a register counts, or a slot of the frame. */
export function countedLoop(g: Builder): void {
  if (tooDeep(g)) return arithmetic(g);
  const counter = g.changeable(), top = g.label(), count = 1 + g.random(7);
  const wide = g.random(2) === 0 ? "r" : "w";
  if (g.random(3) !== 0) {
    const kept = counter > 5 ? counter : g.saved() ?? counter;
    g.put(`r${kept} = ${g.random(2)}`);
    g.set(kept, "num");
    g.locking([kept], () => {
      g.put(`${top}:`);
      round(g, () => g.statements(1 + g.random(3)));
      g.put(`${wide}${kept} += ${1 + g.random(2)}`);
      g.put(`if ${wide}${kept} ${g.of(["<", "s<", "<="])} ${count} goto ${top}`);
    });
  } else {
    const at = 8 * (1 + g.random(8)), r = g.changeable();
    g.put(`*(u64 *)(r10 -${at}) = 0`, `${top}:`);
    round(g, () => g.statements(1 + g.random(3)));
    g.put(`r${r} = *(u64 *)(r10 -${at})`, `r${r} += 1`);
    g.set(r, "num");
    g.put(`*(u64 *)(r10 -${at}) = r${r}`, `if r${r} < ${count} goto ${top}`);
  }
}

/** A loop that the budget of `may_goto` ends, or a test in the midst of it. */
export function budgetLoop(g: Builder): void {
  if (tooDeep(g)) return arithmetic(g);
  const top = g.label(), out = g.label();
  const atEnd = g.random(3) === 0;
  const kept = g.saved();
  if (kept === undefined) return arithmetic(g);
  g.put(`r${kept} = ${g.random(3)}`);
  g.set(kept, "num");
  g.locking([kept], () => {
    g.put(`${top}:`);
    if (!atEnd) g.put(`may_goto ${out}`);
    round(g, () => g.statements(1 + g.random(3)));
    g.put(`r${kept} += ${g.of([1, 1, 2, -1])}`);
    // Nearly nobody wants eight million rounds; the count is not what the verifier relies on.
    if (!atEnd) {
      g.put(`if r${kept} ${g.of([">", ">=", "s>"])} ${2 + g.random(10)} goto ${out}`, `goto ${top}`);
    } else g.put(`if r${kept} > ${2 + g.random(10)} goto ${out}`, `may_goto ${out}`, `goto ${top}`);
    g.put(`${out}:`);
  });
}

const ITERATORS = {
  num: { bytes: 8, make: (g: Builder) => [`r2 = ${g.random(4)}`, `r3 = ${g.random(9)}`] },
  bits: { bytes: 16, make: (g: Builder) => ["r2 = map_value a+0 ll", `r3 = ${1 + g.random(3)}`] },
} as const;

/** A loop over an iterator. */
export function iteratorLoop(g: Builder): void {
  if (!g.callable() || tooDeep(g)) return arithmetic(g);
  const kind = g.random(4) === 0 ? "bits" : "num", { bytes, make } = ITERATORS[kind];
  const place = g.reserve(bytes);
  if (place === undefined) return arithmetic(g);
  const address = ["r1 = r10", `r1 += ${place}`];
  const top = g.label(), out = g.label();
  g.put(...address, ...make(g), `call kfunc bpf_iter_${kind}_new`);
  g.clobber();
  const leaks = g.fault() && g.fault();
  g.frame.held++;
  g.put(`${top}:`, ...address, `call kfunc bpf_iter_${kind}_next`);
  g.clobber("none");
  g.put(`if r0 ${g.fault() && g.fault() ? "!=" : "=="} 0 goto ${out}`);
  g.maybe(() => {
    const keep = g.random(2) === 0 ? g.saved() : undefined;
    if (keep !== undefined) {
      const before: Kind = g.kind(keep);
      g.put(`r${keep} = *(u32 *)(r0 +0)`);
      round(g, () => {
        g.set(0, "item");
        g.set(keep, "num");
        g.statements(1 + g.random(3));
        g.set(keep, before === "num" ? "num" : "none");
      });
      g.set(keep, before === "num" ? "num" : "none");
    } else {
      round(g, () => {
        g.set(0, "item");
        g.statements(1 + g.random(3));
      });
    }
    if (g.random(3) === 0) g.put(`${condition(g)} goto ${out}`);
    g.put(`goto ${top}`);
  });
  g.put(`${out}:`);
  g.frame.held--;
  g.clobber("none");
  if (!leaks) g.put(...address, `call kfunc bpf_iter_${kind}_destroy`);
  g.clobber("none");
  g.giveBack(bytes);
}

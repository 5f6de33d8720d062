/**
 * Which registers may still be read: before each instruction, the registers that some path reads before it writes them.
 *
 * The static register liveness of Linux 6.18 (`compute_live_registers`), which its state comparison trusts: imprecise
 * in the same places, so that the same states compare as equal. A call destroys r0 to r5 and reads as many arguments as
 * its prototype says, a bpf2bpf call all five; `exit` reads r0. What the stack holds is no part of it.
 *
 * @module
 */
import { words } from "./words.ts";
import { type Cfg, cfgOf, slotsAt } from "./cfg.ts";
import type { Columns } from "./columns.ts";
import { type CallArity, defsAt, usesAt } from "./effects.ts";

/** What {@linkcode liveRegisters} can be told. */
export interface LivenessOptions {
  /** How many arguments a helper or kfunc call reads; five for all where it is left out. */
  readonly arity?: CallArity;
}

/**
 * By slot: the mask of the registers live before it, bit n for register n. The second slot of a 16-byte load has 0, and
 * so has what its subprogram's entry does not reach.
 *
 * @example
 * ```ts
 * import { columnsOf } from "./columns.ts";
 * import { liveRegisters } from "./liveness.ts";
 * import { parseText } from "./parse_text.ts";
 * const [program] = parseText("func main:\n  r0 = r1\n  r0 += r2\n  exit\n").programs;
 * liveRegisters(columnsOf(program)); // 0b110, 0b101, 0b001
 * ```
 */
export function liveRegisters(columns: Columns, options: LivenessOptions = {}): Int32Array {
  const { count } = columns;
  const cfg = cfgOf(columns);
  const uses = words(count);
  const keeps = words(count);
  for (let slot = 0; slot < count; slot += slotsAt(columns, slot)) {
    uses[slot] = usesAt(columns, slot, options.arity);
    keeps[slot] = ~defsAt(columns, slot);
  }
  const before = liveBefore(cfg, uses, keeps);

  const live = words(count);
  for (let i = 0; i < cfg.postorder.length; i++) {
    const block = cfg.postorder[i];
    let mask = liveAfter(cfg, before, block);
    for (let slot = cfg.start[block + 1] - 1; slot >= cfg.start[block]; slot--) {
      if (isSecondSlot(columns, slot)) continue;
      mask = mask & keeps[slot] | uses[slot];
      live[slot] = mask;
    }
  }
  return live;
}

/** By block: what is live before it. Each mask can grow eleven times at most, so the time is linear in the edges. */
function liveBefore(cfg: Cfg, uses: Int32Array, keeps: Int32Array): Int32Array {
  const blocks = cfg.last.length;
  const use = words(blocks);
  const keep = words(blocks).fill(-1);
  for (let block = 0; block < blocks; block++) {
    for (let slot = cfg.start[block + 1] - 1; slot >= cfg.start[block]; slot--) {
      if (isSecondSlot(cfg.columns, slot)) continue;
      use[block] = use[block] & keeps[slot] | uses[slot];
      keep[block] &= keeps[slot];
    }
  }
  const before = words(blocks);
  // A ring of the blocks still to be looked at; successors first.
  const ring = words(blocks + 1);
  const waiting = words(blocks);
  let head = 0, tail = 0;
  for (let i = 0; i < cfg.postorder.length; i++) {
    waiting[cfg.postorder[i]] = 1;
    ring[tail++] = cfg.postorder[i];
  }
  while (head !== tail) {
    const block = ring[head];
    head = head === blocks ? 0 : head + 1;
    waiting[block] = 0;
    const mask = liveAfter(cfg, before, block) & keep[block] | use[block];
    if (mask === before[block]) continue;
    before[block] = mask;
    for (let i = cfg.predStart[block]; i < cfg.predStart[block + 1]; i++) {
      const pred = cfg.preds[i];
      if (waiting[pred] || !cfg.reachable[pred]) continue;
      waiting[pred] = 1;
      ring[tail] = pred;
      tail = tail === blocks ? 0 : tail + 1;
    }
  }
  return before;
}

function liveAfter(cfg: Cfg, before: Int32Array, block: number): number {
  const fall = cfg.fall[block], jump = cfg.jump[block];
  return (fall < 0 ? 0 : before[fall]) | (jump < 0 ? 0 : before[jump]);
}

function isSecondSlot(columns: Columns, slot: number): boolean {
  return slot > 0 && columns.position[slot] === columns.position[slot - 1];
}

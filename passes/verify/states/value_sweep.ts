/**
 * Forgets register values that no state holds any more, where a verification made very many: a counter has a new one each time.
 *
 * What holds values: the states listed for comparison, those the path under exploration and the waiting ones continue, and ends of
 * paths kept for loops. The path itself gets new ids when it is saved next.
 *
 * @module
 */
import { W } from "./arena.ts";
import type { Env } from "../env.ts";
import { setForms } from "../memo/forms.ts";
import {
  CUR,
  F_REGS,
  F_SPILLS,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  FRAME_WORDS,
  MAX_FRAMES,
  REG_WORDS,
  SCRATCH,
  VID,
} from "./layout.ts";
import { beginRun } from "../memo/outcomes.ts";
import { savedFrame, SFR_NSLOTS, SFR_REGS, SFR_SLOTS, ST_CURFRAME, ST_EQUAL, ST_PARENT } from "./states.ts";
import { keepValues, valueCount, valueMarks } from "./values.ts";

/** Values from which on a sweep is worth its while (144 MiB of them); tests make it less. */
export const sweeping: { from: number } = { from: 1_500_000 };

/** What the states of a verification are asked for by. */
export interface StateHolder {
  /** Calls `visit` with the word of each state held; one may come more than once. */
  eachState(visit: (state: number) => void): void;
}

/** The number of values at which to sweep next. */
let next: number = sweeping.from;

/** A verification begins. */
export function beginSweeps(): void {
  next = sweeping.from;
}

/** Sweeps if there are very many values; to be called between two instructions. */
export function maybeSweep(env: Env, holders: readonly StateHolder[]): void {
  // Who watches keeps states of his own.
  if (valueCount() < next || env.observer !== undefined) return;
  sweep(env, holders);
  next = Math.max(sweeping.from, 2 * valueCount());
}

/** Forgets all values that neither the holders' states nor those before them hold. */
export function sweep(env: Env, holders: readonly StateHolder[]): void {
  const marks = valueMarks(), seen = new Set<number>();
  const mark = (from: number): void => {
    for (let s = from; s !== 0 && !seen.has(s); s = W[s + ST_PARENT]) {
      seen.add(s);
      markValues(s, marks);
      if (W[s + ST_EQUAL] !== 0) mark(W[s + ST_EQUAL]);
    }
  };
  mark(env.parent);
  for (const holder of holders) holder.eachState(mark);
  forgetIds();
  beginRun(keepValues(marks));
  setForms(env);
}

function markValues(state: number, marks: Int32Array): void {
  for (let f = 0; f <= W[state + ST_CURFRAME]; f++) {
    const frame = savedFrame(state, f), slots = W[frame + SFR_NSLOTS];
    for (let r = 0; r < FRAME_REG_COUNT; r++) marks[W[frame + SFR_REGS + r]] = 1;
    for (let i = 0; i < slots; i++) marks[W[frame + SFR_SLOTS + slots + i]] = 1;
  }
}

/** Takes their value ids from all registers of the path and from scratch ones. */
function forgetIds(): void {
  for (let o = SCRATCH; o + REG_WORDS <= CUR; o += REG_WORDS) W[o + VID] = 0;
  for (let f = 0; f < MAX_FRAMES; f++) {
    const frame = CUR + f * FRAME_WORDS;
    for (let r = 0; r < FRAME_REG_COUNT; r++) W[frame + F_REGS + r * REG_WORDS + VID] = 0;
    for (let i = 0; i < FRAME_SLOTS; i++) W[frame + F_SPILLS + i * REG_WORDS + VID] = 0;
  }
}

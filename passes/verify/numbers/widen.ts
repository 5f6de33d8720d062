/**
 * Widening: where a callback or a `may_goto` loop comes round again, scalars that changed since and that no verdict depended on
 * become unknown, so that the next rounds converge.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { regsExact, resetIds } from "../states/compare.ts";
import { type Env, frameAt, isSpilled, slotTypesAt, spillAt } from "../env.ts";
import { F_NSLOTS, F_REGS, FRAME_REG_COUNT, REG_WORDS, SCALAR_VALUE, TYPE } from "../states/layout.ts";
import { markUnknown } from "./scalar.ts";
import {
  savedFrame,
  savedReg,
  savedSlotTypes,
  savedSpill,
  SFR_NSLOTS,
  SFR_PRECISE_REGS,
  SFR_PRECISE_SLOTS,
  ST_CURFRAME,
} from "../states/states.ts";

function widenReg(old: number, now: number, precise: boolean): void {
  if (W[old + TYPE] !== SCALAR_VALUE || W[now + TYPE] !== SCALAR_VALUE || precise) return;
  if (!regsExact(old, now)) markUnknown(now);
}

/** Widens the path under exploration against a state it came through. Mirrors `widen_imprecise_scalars`. */
export function widenScalars(env: Env, old: number): void {
  resetIds(env);
  for (let f = W[old + ST_CURFRAME]; f >= 0; f--) {
    const was = savedFrame(old, f), now = frameAt(f);
    for (let r = 0; r < FRAME_REG_COUNT; r++) {
      const precise = (W[was + SFR_PRECISE_REGS] & (1 << r)) !== 0;
      widenReg(savedReg(was, r), now + F_REGS + r * REG_WORDS, precise);
    }
    const slots = Math.min(W[was + SFR_NSLOTS], W[now + F_NSLOTS]);
    for (let i = 0; i < slots; i++) {
      if (!isSpilled(savedSlotTypes(was, i)) || !isSpilled(W[slotTypesAt(now, i)])) continue;
      const precise = (W[was + SFR_PRECISE_SLOTS + (i >>> 5)] & (1 << (i & 31))) !== 0;
      widenReg(savedSpill(was, i), spillAt(now, i), precise);
    }
  }
}

/**
 * What two scalars' numbers become when a comparison between them is known to hold (`regs_refine_cond_op` of Linux 6.18).
 *
 * Works on the words of two registers, which may be one register twice. Neither syncs nor checks: see `branch_refine.ts`.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import {
  flipOp,
  JEQ,
  JGE,
  JGT,
  JLE,
  JLT,
  JNE,
  JSET,
  JSGE,
  JSGT,
  JSLE,
  JSLT,
  NOT_SET,
} from "../insns/branch_predict.ts";
import { S32MAX, S32MIN, SMAX, SMIN, TMASK, TVAL, U32MAX, U32MIN, UMAX, UMIN } from "../states/layout.ts";
import { isConst, isConst32, slt64, ult64, umax32, umin32, unbound } from "./scalar.ts";

/** The comparison that holds where `op` does not. */
export function negateOp(op: number): number {
  switch (op) {
    case JEQ:
      return JNE;
    case JNE:
      return JEQ;
    case JSET:
      return NOT_SET;
    case JGE:
      return JLT;
    case JGT:
      return JLE;
    case JLE:
      return JGT;
    case JLT:
      return JGE;
    case JSGE:
      return JSLT;
    case JSGT:
      return JSLE;
    case JSLE:
      return JSGT;
    default:
      return JSGE;
  }
}

/** Narrows the registers at `a` and `b` by `a op b`, compared as 32 bits if `narrow`. */
export function refine(a: number, b: number, op: number, narrow: boolean): void {
  switch (op) {
    case JGE:
    case JGT:
    case JSGE:
    case JSGT:
      return refineLess(b, a, flipOp(op), narrow);
    case JLE:
    case JLT:
    case JSLE:
    case JSLT:
      return refineLess(a, b, op, narrow);
    case JEQ:
      return narrow ? refineEqual32(a, b) : refineEqual64(a, b);
    case JNE:
    case JSET:
    case NOT_SET: {
      if (!(narrow ? isConst32(b) : isConst(b))) {
        if (!(narrow ? isConst32(a) : isConst(a))) return;
        const swapped = a;
        a = b;
        b = swapped;
      }
      const lo = W[b + TVAL], hi = narrow ? 0 : W[b + TVAL + 1];
      if (op === JNE) refineUnequal(a, lo, hi, narrow);
      else if (op === JSET) refineSet(a, lo, hi);
      else refineClear(a, lo, hi);
    }
  }
}

function refineEqual32(a: number, b: number): void {
  W[a + U32MIN] = W[b + U32MIN] = umax32(W[a + U32MIN], W[b + U32MIN]);
  W[a + U32MAX] = W[b + U32MAX] = umin32(W[a + U32MAX], W[b + U32MAX]);
  W[a + S32MIN] = W[b + S32MIN] = Math.max(W[a + S32MIN], W[b + S32MIN]);
  W[a + S32MAX] = W[b + S32MAX] = Math.min(W[a + S32MAX], W[b + S32MAX]);
  const mask = W[a + TMASK] & W[b + TMASK];
  W[a + TVAL] = W[b + TVAL] = (W[a + TVAL] | W[b + TVAL]) & ~mask;
  W[a + TMASK] = W[b + TMASK] = mask;
}

function refineEqual64(a: number, b: number): void {
  raiseUnsigned(a + UMIN, W[b + UMIN], W[b + UMIN + 1]);
  lowerUnsigned(a + UMAX, W[b + UMAX], W[b + UMAX + 1]);
  raiseSigned(a + SMIN, W[b + SMIN], W[b + SMIN + 1]);
  lowerSigned(a + SMAX, W[b + SMAX], W[b + SMAX + 1]);
  for (let i = 0; i < 8; i++) W[b + i] = W[a + i];
  for (let i = 0; i < 2; i++) {
    const mask = W[a + TMASK + i] & W[b + TMASK + i];
    W[a + TVAL + i] = W[b + TVAL + i] = (W[a + TVAL + i] | W[b + TVAL + i]) & ~mask;
    W[a + TMASK + i] = W[b + TMASK + i] = mask;
  }
}

/** A bound that is exactly the excluded value moves by one. */
function refineUnequal(a: number, lo: number, hi: number, narrow: boolean): void {
  if (narrow) {
    if (W[a + U32MIN] === lo) W[a + U32MIN]++;
    if (W[a + U32MAX] === lo) W[a + U32MAX]--;
    if (W[a + S32MIN] === lo) W[a + S32MIN]++;
    if (W[a + S32MAX] === lo) W[a + S32MAX]--;
    return;
  }
  for (let bound = 0; bound < 8; bound += 2) {
    const at = a + bound;
    if (W[at] !== lo || W[at + 1] !== hi) continue;
    if (bound === SMIN || bound === UMIN) {
      W[at] = lo + 1;
      if (lo === -1) W[at + 1]++;
    } else {
      W[at] = lo - 1;
      if (lo === 0) W[at + 1]--;
    }
  }
}

/** Some of the bits is set: it is known which only if there is one. */
function refineSet(a: number, lo: number, hi: number): void {
  const single = lo === 0 ? hi !== 0 && (hi & (hi - 1)) === 0 : hi === 0 && (lo & (lo - 1)) === 0;
  if (!single) return;
  W[a + TVAL] |= lo;
  W[a + TVAL + 1] |= hi;
  W[a + TMASK] &= ~lo;
  W[a + TMASK + 1] &= ~hi;
}

/** None of the bits is set. The bounds are forgotten first: on a dead path they could contradict what the bits say. */
function refineClear(a: number, lo: number, hi: number): void {
  unbound(a);
  W[a + TVAL] &= ~lo;
  W[a + TVAL + 1] &= ~hi;
  W[a + TMASK] &= ~lo;
  W[a + TMASK + 1] &= ~hi;
}

function refineLess(a: number, b: number, op: number, narrow: boolean): void {
  const strict = op === JLT || op === JSLT ? 1 : 0;
  if (op === JLE || op === JLT) {
    if (narrow) {
      W[a + U32MAX] = umin32(W[a + U32MAX], (W[b + U32MAX] - strict) | 0);
      W[b + U32MIN] = umax32((W[a + U32MIN] + strict) | 0, W[b + U32MIN]);
      return;
    }
    const xl = W[b + UMAX], nl = W[a + UMIN];
    lowerUnsigned(a + UMAX, (xl - strict) | 0, xl === 0 ? (W[b + UMAX + 1] - strict) | 0 : W[b + UMAX + 1]);
    raiseUnsigned(b + UMIN, (nl + strict) | 0, nl === -1 ? (W[a + UMIN + 1] + strict) | 0 : W[a + UMIN + 1]);
    return;
  }
  if (narrow) {
    W[a + S32MAX] = Math.min(W[a + S32MAX], (W[b + S32MAX] - strict) | 0);
    W[b + S32MIN] = Math.max((W[a + S32MIN] + strict) | 0, W[b + S32MIN]);
    return;
  }
  const xl = W[b + SMAX], nl = W[a + SMIN];
  lowerSigned(a + SMAX, (xl - strict) | 0, xl === 0 ? (W[b + SMAX + 1] - strict) | 0 : W[b + SMAX + 1]);
  raiseSigned(b + SMIN, (nl + strict) | 0, nl === -1 ? (W[a + SMIN + 1] + strict) | 0 : W[a + SMIN + 1]);
}

function raiseUnsigned(at: number, lo: number, hi: number): void {
  if (ult64(W[at], W[at + 1], lo, hi)) {
    W[at] = lo;
    W[at + 1] = hi;
  }
}

function lowerUnsigned(at: number, lo: number, hi: number): void {
  if (ult64(lo, hi, W[at], W[at + 1])) {
    W[at] = lo;
    W[at + 1] = hi;
  }
}

function raiseSigned(at: number, lo: number, hi: number): void {
  if (slt64(W[at], W[at + 1], lo, hi)) {
    W[at] = lo;
    W[at + 1] = hi;
  }
}

function lowerSigned(at: number, lo: number, hi: number): void {
  if (slt64(lo, hi, W[at], W[at + 1])) {
    W[at] = lo;
    W[at + 1] = hi;
  }
}

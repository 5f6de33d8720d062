/**
 * The sixteen number words of a register: signed and unsigned 64-bit bounds, a tnum, unsigned and signed 32-bit bounds; how
 * they inform each other, how they are set, cut and extended.
 *
 * A bound is valid on its own: a concrete value lies within all of them at once, so each can tighten the others
 * ({@linkcode boundsSync}). Bounds that contradict each other (min above max) mean a path no execution takes; nothing here
 * relies on their absence, and {@linkcode boundsViolation} tells of them. The rules are those of the
 * stable Linux 6.18.44 to the bit, because logs print them and verdicts depend on them. No BigInt, no allocation; offsets
 * into the arena. Functions named mark… and {@linkcode boundsSync} void the register's value id; whoever uses the others does.
 *
 * Binary operations are in `scalar_ops.ts`.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { smear, STEP_RESULT, tnumCast, tnumStep } from "./tnum.ts";
import {
  AUX1,
  AUX2,
  FRAMENO,
  ID,
  OFF,
  REF_ID,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SMAX,
  SMIN,
  TMASK,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VID,
} from "../states/layout.ts";

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;

/** a < b, unsigned 64 bits. */
export function ult64(alo: number, ahi: number, blo: number, bhi: number): boolean {
  return ahi === bhi ? (alo >>> 0) < (blo >>> 0) : (ahi >>> 0) < (bhi >>> 0);
}

/** a < b, signed 64 bits. */
export function slt64(alo: number, ahi: number, blo: number, bhi: number): boolean {
  return ahi === bhi ? (alo >>> 0) < (blo >>> 0) : ahi < bhi;
}

/** The larger of two 32-bit words, unsigned, as the word it came in. */
export function umax32(a: number, b: number): number {
  return (a >>> 0) > (b >>> 0) ? a : b;
}

/** The smaller of two 32-bit words, unsigned, as the word it came in. */
export function umin32(a: number, b: number): number {
  return (a >>> 0) < (b >>> 0) ? a : b;
}

/** A 64-bit word pair as a signed Number: exact within ±2^53, else rounded. */
export function toNumber(lo: number, hi: number): number {
  return hi * 0x100000000 + (lo >>> 0);
}

/** Forgets the 64-bit bounds. */
export function unbound64(o: number): void {
  W[o + SMIN] = 0;
  W[o + SMIN + 1] = INT_MIN;
  W[o + SMAX] = -1;
  W[o + SMAX + 1] = INT_MAX;
  W[o + UMIN] = 0;
  W[o + UMIN + 1] = 0;
  W[o + UMAX] = -1;
  W[o + UMAX + 1] = -1;
}

/** Forgets the 32-bit bounds. */
export function unbound32(o: number): void {
  W[o + U32MIN] = 0;
  W[o + U32MAX] = -1;
  W[o + S32MIN] = INT_MIN;
  W[o + S32MAX] = INT_MAX;
}

/** Forgets all bounds; the tnum stays. */
export function unbound(o: number): void {
  unbound64(o);
  unbound32(o);
}

/** Sets all sixteen words to one value; nothing else of the register changes. */
export function setKnown(o: number, lo: number, hi: number): void {
  W[o + SMIN] = lo;
  W[o + SMIN + 1] = hi;
  W[o + SMAX] = lo;
  W[o + SMAX + 1] = hi;
  W[o + UMIN] = lo;
  W[o + UMIN + 1] = hi;
  W[o + UMAX] = lo;
  W[o + UMAX + 1] = hi;
  W[o + TVAL] = lo;
  W[o + TVAL + 1] = hi;
  W[o + TMASK] = 0;
  W[o + TMASK + 1] = 0;
  W[o + U32MIN] = lo;
  W[o + U32MAX] = lo;
  W[o + S32MIN] = lo;
  W[o + S32MAX] = lo;
}

/** Sets the number to one value and forgets offset, type-specific words and ids; the type stays. */
export function markKnown(o: number, lo: number, hi: number): void {
  setKnown(o, lo, hi);
  W[o + OFF] = 0;
  W[o + AUX1] = 0;
  W[o + AUX2] = 0;
  W[o + ID] = 0;
  W[o + REF_ID] = 0;
  W[o + VID] = 0;
}

/** Sets the low 32 bits to one value; the 64-bit bounds stay as they are. */
export function setKnown32(o: number, lo: number): void {
  W[o + TVAL] = lo;
  W[o + TMASK] = 0;
  W[o + U32MIN] = lo;
  W[o + U32MAX] = lo;
  W[o + S32MIN] = lo;
  W[o + S32MAX] = lo;
}

/** Makes the register a scalar of which nothing is known. */
export function markUnknown(o: number): void {
  unbound(o);
  W[o + TVAL] = 0;
  W[o + TVAL + 1] = 0;
  W[o + TMASK] = -1;
  W[o + TMASK + 1] = -1;
  W[o + TYPE] = SCALAR_VALUE;
  W[o + OFF] = 0;
  W[o + AUX1] = 0;
  W[o + AUX2] = 0;
  W[o + ID] = 0;
  W[o + REF_ID] = 0;
  W[o + VID] = 0;
  W[o + FRAMENO] = 0;
}

/** Makes the register a scalar with a known value. */
export function markConst(o: number, lo: number, hi: number): void {
  markKnown(o, lo, hi);
  W[o + TYPE] = SCALAR_VALUE;
  W[o + FRAMENO] = 0;
}

/** Whether all 64 bits are known. */
export function isConst(o: number): boolean {
  return (W[o + TMASK] | W[o + TMASK + 1]) === 0;
}

/** Whether all 64 bits are known to be 0. */
export function isConstZero(o: number): boolean {
  return (W[o + TVAL] | W[o + TVAL + 1] | W[o + TMASK] | W[o + TMASK + 1]) === 0;
}

/** Whether the low 32 bits are known. */
export function isConst32(o: number): boolean {
  return W[o + TMASK] === 0;
}

/** How many low bits a scalar may use, by its unsigned maximum: 0 to 64. */
export function widthOf(o: number): number {
  const hi = W[o + UMAX + 1];
  return hi !== 0 ? 64 - Math.clz32(hi) : 32 - Math.clz32(W[o + UMAX]);
}

/** Tightens the 32-bit bounds by the tnum. */
export function updateBounds32(o: number): void {
  const v = W[o + TVAL], m = W[o + TMASK];
  const smin = v | (m & INT_MIN), smax = v | (m & INT_MAX);
  if (smin > W[o + S32MIN]) W[o + S32MIN] = smin;
  if (smax < W[o + S32MAX]) W[o + S32MAX] = smax;
  if ((v >>> 0) > (W[o + U32MIN] >>> 0)) W[o + U32MIN] = v;
  if (((v | m) >>> 0) < (W[o + U32MAX] >>> 0)) W[o + U32MAX] = v | m;
}

/** Tightens the 64-bit bounds by the tnum. */
export function updateBounds64(o: number): void {
  const vl = W[o + TVAL], vh = W[o + TVAL + 1], ml = W[o + TMASK], mh = W[o + TMASK + 1];
  const topMin = vh | (mh & INT_MIN), topMax = vh | (mh & INT_MAX);
  if (slt64(W[o + SMIN], W[o + SMIN + 1], vl, topMin)) {
    W[o + SMIN] = vl;
    W[o + SMIN + 1] = topMin;
  }
  if (slt64(vl | ml, topMax, W[o + SMAX], W[o + SMAX + 1])) {
    W[o + SMAX] = vl | ml;
    W[o + SMAX + 1] = topMax;
  }
  if (ult64(W[o + UMIN], W[o + UMIN + 1], vl, vh)) {
    W[o + UMIN] = vl;
    W[o + UMIN + 1] = vh;
  }
  if (ult64(vl | ml, vh | mh, W[o + UMAX], W[o + UMAX + 1])) {
    W[o + UMAX] = vl | ml;
    W[o + UMAX + 1] = vh | mh;
  }
  findOnlyValue(o);
}

/** If just one member of the tnum lies within the unsigned bounds, that is the value. */
function findOnlyValue(o: number): void {
  const lo = W[o + UMIN], hi = W[o + UMIN + 1], ml = W[o + TMASK], mh = W[o + TMASK + 1];
  const xl = W[o + UMAX], xh = W[o + UMAX + 1];
  const isMember = (lo & ~ml) === W[o + TVAL] && (hi & ~mh) === W[o + TVAL + 1];
  // The commonest case: the number after the least one is a member, too.
  if (isMember && (ml & ~lo & 1) !== 0 && ult64(lo, hi, xl, xh)) return;
  tnumStep(o + TVAL, lo, hi);
  const nl = W[STEP_RESULT], nh = W[STEP_RESULT + 1];
  if (isMember) {
    if (ult64(xl, xh, nl, nh)) setKnown(o, lo, hi);
    return;
  }
  if (nl === (W[o + TVAL] | ml) && nh === (W[o + TVAL + 1] | mh)) {
    setKnown(o, nl, nh);
  } else if (!ult64(xl, xh, nl, nh)) {
    tnumStep(o + TVAL, nl, nh);
    if (ult64(xl, xh, W[STEP_RESULT], W[STEP_RESULT + 1])) setKnown(o, nl, nh);
  }
}

/** Tightens all bounds by the tnum. */
export function updateBounds(o: number): void {
  updateBounds32(o);
  updateBounds64(o);
}

/**
 * Lets the bounds tighten each other, up to three rounds (as 6.18; a round that changes nothing ends it, since a round is a
 * function of the bounds alone).
 *
 * Each rule intersects with a range that every value already allowed lies in, so none can lose a value.
 */
function deduceBounds(o: number): void {
  for (let round = 0; round < 3; round++) {
    let sml = W[o + SMIN], smh = W[o + SMIN + 1], sxl = W[o + SMAX], sxh = W[o + SMAX + 1];
    let uml = W[o + UMIN], umh = W[o + UMIN + 1], uxl = W[o + UMAX], uxh = W[o + UMAX + 1];
    let um = W[o + U32MIN], ux = W[o + U32MAX], sm = W[o + S32MIN], sx = W[o + S32MAX];

    // 32 bits from 64: where the high half is the same throughout, the low halves form a range.
    if (umh === uxh) {
      um = umax32(um, uml);
      ux = umin32(ux, uxl);
      if (uml <= uxl) {
        if (uml > sm) sm = uml;
        if (uxl < sx) sx = uxl;
      }
    }
    if (smh === sxh) {
      if ((sml >>> 0) <= (sxl >>> 0)) {
        um = umax32(um, sml);
        ux = umin32(ux, sxl);
      }
      if (sml <= sxl) {
        if (sml > sm) sm = sml;
        if (sxl < sx) sx = sxl;
      }
    }
    // Two adjacent high halves, low halves going from negative to non-negative: one signed 32-bit range.
    if (((umh + 1) | 0) === uxh && uml < 0 && uxl >= 0) {
      if (uml > sm) sm = uml;
      if (uxl < sx) sx = uxl;
    }
    if (((smh + 1) | 0) === sxh && sml < 0 && sxl >= 0) {
      if (sml > sm) sm = sml;
      if (sxl < sx) sx = sxl;
    }
    // Signed from unsigned and back, where the range does not cross the sign.
    if (um <= ux) {
      if (um > sm) sm = um;
      if (ux < sx) sx = ux;
    }
    if ((sm >>> 0) <= (sx >>> 0)) {
      um = umax32(um, sm);
      ux = umin32(ux, sx);
    } else if ((ux >>> 0) < (sm >>> 0)) {
      // The signed range wraps around the unsigned circle's ends; the unsigned one meets only its non-negative part …
      sm = um;
      ux = umin32(ux, sx);
    } else if ((sx >>> 0) < (um >>> 0)) {
      // … or only its negative part.
      sx = ux;
      um = umax32(um, sm);
    }

    // The same for 64 bits.
    if (!slt64(uxl, uxh, uml, umh)) {
      if (slt64(sml, smh, uml, umh)) {
        sml = uml;
        smh = umh;
      }
      if (slt64(uxl, uxh, sxl, sxh)) {
        sxl = uxl;
        sxh = uxh;
      }
    }
    if (!ult64(sxl, sxh, sml, smh)) {
      if (ult64(uml, umh, sml, smh)) {
        uml = sml;
        umh = smh;
      }
      if (ult64(sxl, sxh, uxl, uxh)) {
        uxl = sxl;
        uxh = sxh;
      }
    } else if (ult64(uxl, uxh, sml, smh)) {
      // As above, the non-negative part …
      sml = uml;
      smh = umh;
      if (ult64(sxl, sxh, uxl, uxh)) {
        uxl = sxl;
        uxh = sxh;
      }
    } else if (ult64(sxl, sxh, uml, umh)) {
      // … or the negative part.
      sxl = uxl;
      sxh = uxh;
      if (ult64(uml, umh, sml, smh)) {
        uml = sml;
        umh = smh;
      }
    }

    // 64 bits from 32: the low half of a bound cannot be outside of the unsigned 32-bit range.
    uml = umax32(uml, um);
    uxl = umin32(uxl, ux);
    sml = umax32(sml, um);
    sxl = umin32(sxl, ux);
    // A 32-bit range sign-extended, whose low half is known not to be negative: the high half is 0.
    if (sm >= 0 && (smh >= 0 || (smh === -1 && sml < 0)) && (sxh < 0 || (sxh === 0 && sxl >= 0))) {
      const top = sx >> 31;
      sml = uml = sm;
      smh = umh = 0;
      sxl = uxl = sx;
      sxh = uxh = top;
      const deltaH = smear(smh ^ sxh), deltaL = deltaH !== 0 ? -1 : smear(sml ^ sxl);
      const ml = W[o + TMASK] & deltaL, mh = W[o + TMASK + 1] & deltaH;
      W[o + TVAL] = (W[o + TVAL] | (sml & ~deltaL)) & ~ml;
      W[o + TVAL + 1] = (W[o + TVAL + 1] | (smh & ~deltaH)) & ~mh;
      W[o + TMASK] = ml;
      W[o + TMASK + 1] = mh;
    }

    const changed = (sml ^ W[o + SMIN]) | (smh ^ W[o + SMIN + 1]) | (sxl ^ W[o + SMAX]) |
      (sxh ^ W[o + SMAX + 1]) |
      (uml ^ W[o + UMIN]) | (umh ^ W[o + UMIN + 1]) | (uxl ^ W[o + UMAX]) | (uxh ^ W[o + UMAX + 1]) |
      (um ^ W[o + U32MIN]) | (ux ^ W[o + U32MAX]) | (sm ^ W[o + S32MIN]) | (sx ^ W[o + S32MAX]);
    if (changed === 0) return;
    W[o + SMIN] = sml;
    W[o + SMIN + 1] = smh;
    W[o + SMAX] = sxl;
    W[o + SMAX + 1] = sxh;
    W[o + UMIN] = uml;
    W[o + UMIN + 1] = umh;
    W[o + UMAX] = uxl;
    W[o + UMAX + 1] = uxh;
    W[o + U32MIN] = um;
    W[o + U32MAX] = ux;
    W[o + S32MIN] = sm;
    W[o + S32MAX] = sx;
  }
}

/** Tightens the tnum by the unsigned bounds: bits above the highest one in which the bounds differ are known. */
function boundOffset(o: number): void {
  const uml = W[o + UMIN], umh = W[o + UMIN + 1];
  const deltaH = smear(umh ^ W[o + UMAX + 1]), deltaL = deltaH !== 0 ? -1 : smear(uml ^ W[o + UMAX]);
  const ml = W[o + TMASK] & deltaL, mh = W[o + TMASK + 1] & deltaH;
  const vl = (W[o + TVAL] | (uml & ~deltaL)) & ~ml;
  const um = W[o + U32MIN], delta = smear(um ^ W[o + U32MAX]);
  const m = ml & delta;
  W[o + TVAL] = (vl | (um & ~delta)) & ~m;
  W[o + TVAL + 1] = (W[o + TVAL + 1] | (umh & ~deltaH)) & ~mh;
  W[o + TMASK] = m;
  W[o + TMASK + 1] = mh;
}

/** Whether all 64 bits, or the low 32 of them with zeros above, are unknown and the bounds say just that: a fixed point, too. */
function isWide(o: number): boolean {
  const anyLow = W[o + TMASK] === -1 && W[o + U32MAX] === -1 && W[o + UMAX] === -1 && W[o + SMAX] === -1 &&
    W[o + S32MIN] === INT_MIN && W[o + S32MAX] === INT_MAX &&
    (W[o + U32MIN] | W[o + UMIN] | W[o + UMIN + 1] | W[o + SMIN]) === 0;
  if (!anyLow) return false;
  const high = W[o + TMASK + 1];
  if (high === -1) {
    return W[o + UMAX + 1] === -1 && W[o + SMIN + 1] === INT_MIN && W[o + SMAX + 1] === INT_MAX;
  }
  return (high | W[o + TVAL + 1] | W[o + UMAX + 1] | W[o + SMIN + 1] | W[o + SMAX + 1]) === 0;
}

/** Whether the number is known to the bit and all bounds say so: a fixed point of every rule, and the commonest case by far. */
export function isExact(o: number): boolean {
  if ((W[o + TMASK] | W[o + TMASK + 1]) !== 0) return false;
  const lo = W[o + TVAL], hi = W[o + TVAL + 1];
  const differs = (lo ^ W[o + SMIN]) | (hi ^ W[o + SMIN + 1]) | (lo ^ W[o + SMAX]) | (hi ^ W[o + SMAX + 1]) |
    (lo ^ W[o + UMIN]) | (hi ^ W[o + UMIN + 1]) | (lo ^ W[o + UMAX]) | (hi ^ W[o + UMAX + 1]) |
    (lo ^ W[o + U32MIN]) | (lo ^ W[o + U32MAX]) | (lo ^ W[o + S32MIN]) | (lo ^ W[o + S32MAX]);
  return differs === 0;
}

/** Lets tnum and bounds tighten each other, in the kernel's order (`reg_bounds_sync`). */
export function boundsSync(o: number): void {
  if (isExact(o) || isWide(o)) return;
  W[o + VID] = 0;
  updateBounds(o);
  deduceBounds(o);
  boundOffset(o);
  updateBounds(o);
}

/**
 * What contradicts itself in the number words, as the kernel's invariant check names it: 0 nothing, 1 "range bounds
 * violation", 2 "const tnum out of sync with range bounds", 3 "const subreg tnum out of sync with range bounds".
 */
export function boundsViolation(o: number): 0 | 1 | 2 | 3 {
  if (
    ult64(W[o + UMAX], W[o + UMAX + 1], W[o + UMIN], W[o + UMIN + 1]) ||
    slt64(W[o + SMAX], W[o + SMAX + 1], W[o + SMIN], W[o + SMIN + 1]) ||
    (W[o + U32MAX] >>> 0) < (W[o + U32MIN] >>> 0) || W[o + S32MAX] < W[o + S32MIN]
  ) return 1;
  const lo = W[o + TVAL], hi = W[o + TVAL + 1];
  if (W[o + TMASK] !== 0) return 0;
  if (W[o + TMASK + 1] === 0) {
    const differs = (lo ^ W[o + UMIN]) | (hi ^ W[o + UMIN + 1]) | (lo ^ W[o + UMAX]) |
      (hi ^ W[o + UMAX + 1]) |
      (lo ^ W[o + SMIN]) | (hi ^ W[o + SMIN + 1]) | (lo ^ W[o + SMAX]) | (hi ^ W[o + SMAX + 1]);
    if (differs !== 0) return 2;
  }
  const differs32 = (lo ^ W[o + U32MIN]) | (lo ^ W[o + U32MAX]) | (lo ^ W[o + S32MIN]) | (lo ^ W[o + S32MAX]);
  return differs32 !== 0 ? 3 : 0;
}

/** Zero-extends the low 32 bits: what every 32-bit operation does to its result. The tnum and bounds are not synced. */
export function zext32(o: number): void {
  W[o + TVAL + 1] = 0;
  W[o + TMASK + 1] = 0;
  W[o + UMIN] = W[o + U32MIN];
  W[o + UMIN + 1] = 0;
  W[o + UMAX] = W[o + U32MAX];
  W[o + UMAX + 1] = 0;
  const smin = W[o + S32MIN], smax = W[o + S32MAX];
  const positive = smin >= 0 && smax >= 0;
  W[o + SMIN] = positive ? smin : 0;
  W[o + SMIN + 1] = 0;
  W[o + SMAX] = positive ? smax : -1;
  W[o + SMAX + 1] = 0;
}

/** Cuts a scalar to its low `size` bytes, 1, 2 or 4, zero-extending: what a narrow load does. */
export function truncate(o: number, size: number): void {
  tnumCast(o + TVAL, o + TVAL, size);
  const mask = size === 4 ? -1 : (1 << (size * 8)) - 1;
  const above = W[o + UMIN + 1] === W[o + UMAX + 1] && (W[o + UMIN] & ~mask) === (W[o + UMAX] & ~mask);
  const umin = above ? W[o + UMIN] & mask : 0, umax = above ? W[o + UMAX] & mask : mask;
  W[o + UMIN] = umin;
  W[o + UMIN + 1] = 0;
  W[o + UMAX] = umax;
  W[o + UMAX + 1] = 0;
  W[o + SMIN] = umin;
  W[o + SMIN + 1] = 0;
  W[o + SMAX] = umax;
  W[o + SMAX + 1] = 0;
  if (size < 4) unbound32(o);
  boundsSync(o);
}

/** The low `size` bytes of a word, sign-extended to 32 bits. */
function sext(value: number, size: number): number {
  return size === 1 ? (value << 24) >> 24 : size === 2 ? (value << 16) >> 16 : value;
}

/** Cuts a scalar to its low `size` bytes, 1, 2 or 4, and sign-extends them to 64 bits. */
export function signExtend(o: number, size: number): void {
  if (isConst(o)) {
    const lo = sext(W[o + TVAL], size);
    setKnown(o, lo, lo >> 31);
    return;
  }
  const shift = size * 8;
  const sameTop = W[o + SMIN + 1] === W[o + SMAX + 1] &&
    (size === 4 || (W[o + SMIN] >> shift) === (W[o + SMAX] >> shift));
  if (sameTop) {
    const a = sext(W[o + SMIN], size), b = sext(W[o + SMAX], size);
    // One sign throughout: the cut range is contiguous, and as an unsigned one too.
    if ((a ^ b) >= 0) {
      const min = a < b ? a : b, max = a < b ? b : a, top = min >> 31;
      setRange(o, min, max, top);
      const delta = smear(min ^ max);
      W[o + TVAL] = min & ~delta;
      W[o + TVAL + 1] = top;
      W[o + TMASK] = delta;
      W[o + TMASK + 1] = 0;
      return;
    }
  }
  const min = size === 1 ? -0x80 : size === 2 ? -0x8000 : INT_MIN;
  const max = size === 1 ? 0x7f : size === 2 ? 0x7fff : INT_MAX;
  W[o + SMIN] = min;
  W[o + SMIN + 1] = -1;
  W[o + SMAX] = max;
  W[o + SMAX + 1] = 0;
  W[o + UMIN] = 0;
  W[o + UMIN + 1] = 0;
  W[o + UMAX] = -1;
  W[o + UMAX + 1] = -1;
  W[o + U32MIN] = 0;
  W[o + U32MAX] = -1;
  W[o + S32MIN] = min;
  W[o + S32MAX] = max;
  W[o + TVAL] = 0;
  W[o + TVAL + 1] = 0;
  W[o + TMASK] = -1;
  W[o + TMASK + 1] = -1;
}

/** Sets all bounds to `min` … `max` (32 bits signed, same sign), whose high half is `top`. */
function setRange(o: number, min: number, max: number, top: number): void {
  W[o + SMIN] = min;
  W[o + SMIN + 1] = top;
  W[o + SMAX] = max;
  W[o + SMAX + 1] = top;
  W[o + UMIN] = min;
  W[o + UMIN + 1] = top;
  W[o + UMAX] = max;
  W[o + UMAX + 1] = top;
  W[o + U32MIN] = min;
  W[o + U32MAX] = max;
  W[o + S32MIN] = min;
  W[o + S32MAX] = max;
}

/**
 * Cuts a scalar to its low `size` bytes, 1 or 2, and sign-extends them to 32 bits. The caller zero-extends and syncs; until then
 * the 64-bit bounds are those from before.
 */
export function signExtend32(o: number, size: number): void {
  if (isConst(o)) {
    const lo = sext(W[o + TVAL], size);
    setKnown32(o, lo);
    W[o + TVAL + 1] = lo >> 31;
    return;
  }
  W[o + TVAL + 1] = 0;
  W[o + TMASK + 1] = 0;
  const shift = size * 8;
  if ((W[o + S32MAX] >> shift) === (W[o + S32MIN] >> shift)) {
    const a = sext(W[o + S32MAX], size), b = sext(W[o + S32MIN], size);
    if ((a ^ b) >= 0) {
      const min = a < b ? a : b, max = a < b ? b : a, delta = smear(min ^ max);
      W[o + S32MIN] = min;
      W[o + S32MAX] = max;
      W[o + U32MIN] = min;
      W[o + U32MAX] = max;
      W[o + TVAL] = min & ~delta;
      W[o + TMASK] = delta;
      return;
    }
  }
  W[o + S32MIN] = size === 1 ? -0x80 : -0x8000;
  W[o + S32MAX] = size === 1 ? 0x7f : 0x7fff;
  W[o + U32MIN] = 0;
  W[o + U32MAX] = -1;
  W[o + TVAL] = 0;
  W[o + TMASK] = -1;
}

/** Makes the register at `o` a number of 32 bits from `min` to `max`, sign-extended as far as is known (`__mark_reg_s32_range`). */
export function markRange32(o: number, min: number, max: number): void {
  markUnknown(o);
  W[o + S32MIN] = min;
  W[o + S32MAX] = max;
  W[o + SMIN] = min;
  W[o + SMIN + 1] = min >> 31;
  W[o + SMAX] = max;
  W[o + SMAX + 1] = max >> 31;
  boundsSync(o);
}

/**
 * What an arithmetic operation does to the bounds of a scalar: one function per operator and width.
 *
 * `d` is the destination and first operand, `s` the second; they must be different registers (the caller copies). Both widths
 * of add, sub, mul, and, or, xor are computed for every instruction, 32-bit ones included, as in the kernel; shifts have one
 * function per width and take a known count. The tnum of and, or, xor and mul is updated by the caller before, that of add and
 * sub after, again as in the kernel (6.18, `kernel/bpf/verifier.c`, `scalar_min_max_*`): its logs show the difference. Nothing
 * here syncs the bounds or zero-extends; `alu.ts` does.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import {
  S32MAX,
  S32MIN,
  SCRATCH_ALU2,
  SMAX,
  SMIN,
  TMASK,
  TVAL,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
} from "../states/layout.ts";
import {
  isConst,
  isConst32,
  markKnown,
  setKnown32,
  slt64,
  ult64,
  umax32,
  umin32,
  unbound32,
  unbound64,
  updateBounds,
  updateBounds32,
} from "./scalar.ts";
import { mulHigh, tnumArshift32, tnumArshift64, tnumLshift, tnumRshift } from "./tnum.ts";

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;
/** The product of {@linkcode umul64} and {@linkcode smul64}, two words; then four such for the corners of a range. */
const PRODUCT = SCRATCH_ALU2 + 16;

function unboundSigned64(d: number): void {
  W[d + SMIN] = 0;
  W[d + SMIN + 1] = INT_MIN;
  W[d + SMAX] = -1;
  W[d + SMAX + 1] = INT_MAX;
}

function unboundUnsigned64(d: number): void {
  W[d + UMIN] = 0;
  W[d + UMIN + 1] = 0;
  W[d + UMAX] = -1;
  W[d + UMAX + 1] = -1;
}

/** d += s, 32-bit bounds. */
export function addBounds32(d: number, s: number): void {
  const smin = W[d + S32MIN] + W[s + S32MIN], smax = W[d + S32MAX] + W[s + S32MAX];
  const fits = smin >= INT_MIN && smin <= INT_MAX && smax >= INT_MIN && smax <= INT_MAX;
  W[d + S32MIN] = fits ? smin : INT_MIN;
  W[d + S32MAX] = fits ? smax : INT_MAX;
  // If both ends wrap, or neither does, the range is still one piece.
  const umin = (W[d + U32MIN] >>> 0) + (W[s + U32MIN] >>> 0),
    umax = (W[d + U32MAX] >>> 0) + (W[s + U32MAX] >>> 0);
  const torn = umin <= 0xffffffff && umax > 0xffffffff;
  W[d + U32MIN] = torn ? 0 : umin | 0;
  W[d + U32MAX] = torn ? -1 : umax | 0;
}

/** d += s, 64-bit bounds. */
export function addBounds64(d: number, s: number): void {
  const al = W[d + SMIN], ah = W[d + SMIN + 1], bh = W[s + SMIN + 1];
  const nl = (al + W[s + SMIN]) | 0, nh = (ah + bh + ((nl >>> 0) < (al >>> 0) ? 1 : 0)) | 0;
  const cl = W[d + SMAX], ch = W[d + SMAX + 1], eh = W[s + SMAX + 1];
  const xl = (cl + W[s + SMAX]) | 0, xh = (ch + eh + ((xl >>> 0) < (cl >>> 0) ? 1 : 0)) | 0;
  if ((((ah ^ nh) & (bh ^ nh)) | ((ch ^ xh) & (eh ^ xh))) < 0) {
    unboundSigned64(d);
  } else {
    W[d + SMIN] = nl;
    W[d + SMIN + 1] = nh;
    W[d + SMAX] = xl;
    W[d + SMAX + 1] = xh;
  }
  const ul = W[d + UMIN], uh = W[d + UMIN + 1];
  const ml = (ul + W[s + UMIN]) | 0, mh = (uh + W[s + UMIN + 1] + ((ml >>> 0) < (ul >>> 0) ? 1 : 0)) | 0;
  const vl = W[d + UMAX], vh = W[d + UMAX + 1];
  const tl = (vl + W[s + UMAX]) | 0, th = (vh + W[s + UMAX + 1] + ((tl >>> 0) < (vl >>> 0) ? 1 : 0)) | 0;
  if (!ult64(ml, mh, ul, uh) && ult64(tl, th, vl, vh)) {
    unboundUnsigned64(d);
  } else {
    W[d + UMIN] = ml;
    W[d + UMIN + 1] = mh;
    W[d + UMAX] = tl;
    W[d + UMAX + 1] = th;
  }
}

/** d -= s, 32-bit bounds. */
export function subBounds32(d: number, s: number): void {
  const smin = W[d + S32MIN] - W[s + S32MAX], smax = W[d + S32MAX] - W[s + S32MIN];
  const fits = smin >= INT_MIN && smin <= INT_MAX && smax >= INT_MIN && smax <= INT_MAX;
  W[d + S32MIN] = fits ? smin : INT_MIN;
  W[d + S32MAX] = fits ? smax : INT_MAX;
  const umin = (W[d + U32MIN] >>> 0) - (W[s + U32MAX] >>> 0),
    umax = (W[d + U32MAX] >>> 0) - (W[s + U32MIN] >>> 0);
  const torn = umin < 0 && umax >= 0;
  W[d + U32MIN] = torn ? 0 : umin | 0;
  W[d + U32MAX] = torn ? -1 : umax | 0;
}

/** d -= s, 64-bit bounds. */
export function subBounds64(d: number, s: number): void {
  const al = W[d + SMIN], ah = W[d + SMIN + 1], bl = W[s + SMAX], bh = W[s + SMAX + 1];
  const nl = (al - bl) | 0, nh = (ah - bh - ((al >>> 0) < (bl >>> 0) ? 1 : 0)) | 0;
  const cl = W[d + SMAX], ch = W[d + SMAX + 1], el = W[s + SMIN], eh = W[s + SMIN + 1];
  const xl = (cl - el) | 0, xh = (ch - eh - ((cl >>> 0) < (el >>> 0) ? 1 : 0)) | 0;
  if ((((ah ^ bh) & (ah ^ nh)) | ((ch ^ eh) & (ch ^ xh))) < 0) {
    unboundSigned64(d);
  } else {
    W[d + SMIN] = nl;
    W[d + SMIN + 1] = nh;
    W[d + SMAX] = xl;
    W[d + SMAX + 1] = xh;
  }
  const ul = W[d + UMIN], uh = W[d + UMIN + 1], pl = W[s + UMAX], ph = W[s + UMAX + 1];
  const vl = W[d + UMAX], vh = W[d + UMAX + 1], ql = W[s + UMIN], qh = W[s + UMIN + 1];
  if (ult64(ul, uh, pl, ph) && !ult64(vl, vh, ql, qh)) {
    unboundUnsigned64(d);
  } else {
    W[d + UMIN] = (ul - pl) | 0;
    W[d + UMIN + 1] = (uh - ph - ((ul >>> 0) < (pl >>> 0) ? 1 : 0)) | 0;
    W[d + UMAX] = (vl - ql) | 0;
    W[d + UMAX + 1] = (vh - qh - ((vl >>> 0) < (ql >>> 0) ? 1 : 0)) | 0;
  }
}

/** d *= s, 32-bit bounds. */
export function mulBounds32(d: number, s: number): void {
  // Doubles hold these products to within a rounding that never crosses 2^32, and exactly where they fit 32 bits.
  const umax = (W[d + U32MAX] >>> 0) * (W[s + U32MAX] >>> 0),
    umin = (W[d + U32MIN] >>> 0) * (W[s + U32MIN] >>> 0);
  const fits = umax <= 0xffffffff && umin <= 0xffffffff;
  W[d + U32MIN] = fits ? umin | 0 : 0;
  W[d + U32MAX] = fits ? umax | 0 : -1;
  const a = W[d + S32MIN], b = W[d + S32MAX], e = W[s + S32MIN], f = W[s + S32MAX];
  const p = a * e, q = a * f, r = b * e, t = b * f;
  const min = Math.min(p, q, r, t), max = Math.max(p, q, r, t);
  const signedFits = min >= INT_MIN && max <= INT_MAX;
  W[d + S32MIN] = signedFits ? min : INT_MIN;
  W[d + S32MAX] = signedFits ? max : INT_MAX;
}

/** The product of two unsigned 64-bit numbers to `PRODUCT`; whether it does not fit. */
function umul64(al: number, ah: number, bl: number, bh: number): boolean {
  W[PRODUCT] = Math.imul(al, bl);
  if (ah !== 0 && bh !== 0) return true;
  const cross = ah !== 0 ? (ah >>> 0) * (bl >>> 0) : (al >>> 0) * (bh >>> 0);
  if (cross > 0xffffffff) return true;
  const high = (mulHigh(al, bl) >>> 0) + cross;
  W[PRODUCT + 1] = high | 0;
  return high > 0xffffffff;
}

/** The product of two signed 64-bit numbers to the two words at `at`; whether it does not fit. */
function smul64(at: number, al: number, ah: number, bl: number, bh: number): boolean {
  const negative = (ah ^ bh) < 0;
  const nal = ah < 0 ? -al | 0 : al, nah = ah < 0 ? (-ah - (al !== 0 ? 1 : 0)) | 0 : ah;
  const nbl = bh < 0 ? -bl | 0 : bl, nbh = bh < 0 ? (-bh - (bl !== 0 ? 1 : 0)) | 0 : bh;
  if (umul64(nal, nah, nbl, nbh)) return true;
  const lo = W[PRODUCT], hi = W[PRODUCT + 1];
  if (hi < 0 && !(negative && hi === INT_MIN && lo === 0)) return true;
  W[at] = negative ? -lo | 0 : lo;
  W[at + 1] = negative ? (-hi - (lo !== 0 ? 1 : 0)) | 0 : hi;
  return false;
}

/** d *= s, 64-bit bounds. */
export function mulBounds64(d: number, s: number): void {
  const overflow = umul64(W[d + UMAX], W[d + UMAX + 1], W[s + UMAX], W[s + UMAX + 1]);
  const maxLo = W[PRODUCT], maxHi = W[PRODUCT + 1];
  if (overflow || umul64(W[d + UMIN], W[d + UMIN + 1], W[s + UMIN], W[s + UMIN + 1])) {
    unboundUnsigned64(d);
  } else {
    W[d + UMIN] = W[PRODUCT];
    W[d + UMIN + 1] = W[PRODUCT + 1];
    W[d + UMAX] = maxLo;
    W[d + UMAX + 1] = maxHi;
  }
  const al = W[d + SMIN], ah = W[d + SMIN + 1], bl = W[d + SMAX], bh = W[d + SMAX + 1];
  const el = W[s + SMIN], eh = W[s + SMIN + 1], fl = W[s + SMAX], fh = W[s + SMAX + 1];
  const corners = PRODUCT + 2;
  if (
    smul64(corners, al, ah, el, eh) || smul64(corners + 2, al, ah, fl, fh) ||
    smul64(corners + 4, bl, bh, el, eh) || smul64(corners + 6, bl, bh, fl, fh)
  ) {
    unboundSigned64(d);
    return;
  }
  let min = corners, max = corners;
  for (let c = corners + 2; c < corners + 8; c += 2) {
    if (slt64(W[c], W[c + 1], W[min], W[min + 1])) min = c;
    if (slt64(W[max], W[max + 1], W[c], W[c + 1])) max = c;
  }
  W[d + SMIN] = W[min];
  W[d + SMIN + 1] = W[min + 1];
  W[d + SMAX] = W[max];
  W[d + SMAX + 1] = W[max + 1];
}

/** The signed 32-bit bounds from the unsigned ones where these do not cross the sign, else none. */
function signedFromUnsigned32(d: number): void {
  const umin = W[d + U32MIN], umax = W[d + U32MAX], same = umin <= umax;
  W[d + S32MIN] = same ? umin : INT_MIN;
  W[d + S32MAX] = same ? umax : INT_MAX;
}

/** The signed 64-bit bounds from the unsigned ones where these do not cross the sign, else none; then what the tnum says. */
function signedFromUnsigned64(d: number): void {
  if (slt64(W[d + UMAX], W[d + UMAX + 1], W[d + UMIN], W[d + UMIN + 1])) {
    unboundSigned64(d);
  } else {
    W[d + SMIN] = W[d + UMIN];
    W[d + SMIN + 1] = W[d + UMIN + 1];
    W[d + SMAX] = W[d + UMAX];
    W[d + SMAX + 1] = W[d + UMAX + 1];
  }
  updateBounds(d);
}

/** d &= s, 32-bit bounds; d's tnum is the result's already. */
export function andBounds32(d: number, s: number): void {
  if (isConst32(s) && isConst32(d)) {
    setKnown32(d, W[d + TVAL]);
    return;
  }
  W[d + U32MIN] = W[d + TVAL];
  W[d + U32MAX] = umin32(W[d + U32MAX], W[s + U32MAX]);
  signedFromUnsigned32(d);
}

/** d &= s, 64-bit bounds; d's tnum is the result's already. */
export function andBounds64(d: number, s: number): void {
  if (isConst(s) && isConst(d)) {
    markKnown(d, W[d + TVAL], W[d + TVAL + 1]);
    return;
  }
  W[d + UMIN] = W[d + TVAL];
  W[d + UMIN + 1] = W[d + TVAL + 1];
  if (ult64(W[s + UMAX], W[s + UMAX + 1], W[d + UMAX], W[d + UMAX + 1])) {
    W[d + UMAX] = W[s + UMAX];
    W[d + UMAX + 1] = W[s + UMAX + 1];
  }
  signedFromUnsigned64(d);
}

/** d |= s, 32-bit bounds; d's tnum is the result's already. */
export function orBounds32(d: number, s: number): void {
  if (isConst32(s) && isConst32(d)) {
    setKnown32(d, W[d + TVAL]);
    return;
  }
  W[d + U32MIN] = umax32(W[d + U32MIN], W[s + U32MIN]);
  W[d + U32MAX] = W[d + TVAL] | W[d + TMASK];
  signedFromUnsigned32(d);
}

/** d |= s, 64-bit bounds; d's tnum is the result's already. */
export function orBounds64(d: number, s: number): void {
  if (isConst(s) && isConst(d)) {
    markKnown(d, W[d + TVAL], W[d + TVAL + 1]);
    return;
  }
  if (ult64(W[d + UMIN], W[d + UMIN + 1], W[s + UMIN], W[s + UMIN + 1])) {
    W[d + UMIN] = W[s + UMIN];
    W[d + UMIN + 1] = W[s + UMIN + 1];
  }
  W[d + UMAX] = W[d + TVAL] | W[d + TMASK];
  W[d + UMAX + 1] = W[d + TVAL + 1] | W[d + TMASK + 1];
  signedFromUnsigned64(d);
}

/** d ^= s, 32-bit bounds; d's tnum is the result's already. */
export function xorBounds32(d: number, s: number): void {
  if (isConst32(s) && isConst32(d)) {
    setKnown32(d, W[d + TVAL]);
    return;
  }
  W[d + U32MIN] = W[d + TVAL];
  W[d + U32MAX] = W[d + TVAL] | W[d + TMASK];
  signedFromUnsigned32(d);
}

/** d ^= s, 64-bit bounds; d's tnum is the result's already. */
export function xorBounds64(d: number, s: number): void {
  if (isConst(s) && isConst(d)) {
    markKnown(d, W[d + TVAL], W[d + TVAL + 1]);
    return;
  }
  W[d + UMIN] = W[d + TVAL];
  W[d + UMIN + 1] = W[d + TVAL + 1];
  W[d + UMAX] = W[d + TVAL] | W[d + TMASK];
  W[d + UMAX + 1] = W[d + TVAL + 1] | W[d + TMASK + 1];
  signedFromUnsigned64(d);
}

/** The 32-bit bounds of a left shift, of either width; `n` may exceed 31. */
function lshUnsigned32(d: number, n: number): void {
  W[d + S32MIN] = INT_MIN;
  W[d + S32MAX] = INT_MAX;
  // A bit that could be shifted out at the top leaves nothing known.
  if (n > 31 || (W[d + U32MAX] >>> 0) > ((1 << (31 - n)) >>> 0)) {
    W[d + U32MIN] = 0;
    W[d + U32MAX] = -1;
  } else {
    W[d + U32MIN] <<= n;
    W[d + U32MAX] <<= n;
  }
}

/** d <<= n as 32 bits, 0 ≤ n ≤ 31: bounds and tnum. */
export function lsh32(d: number, n: number): void {
  lshUnsigned32(d, n);
  W[d + TVAL] <<= n;
  W[d + TVAL + 1] = 0;
  W[d + TMASK] <<= n;
  W[d + TMASK + 1] = 0;
  unbound64(d);
  updateBounds32(d);
}

/** d <<= n as 64 bits, 0 ≤ n ≤ 63: bounds and tnum. */
export function lsh64(d: number, n: number): void {
  // By 32 it is the first half of a sign extension: the signed 32-bit bounds carry over.
  const smin = W[d + S32MIN], smax = W[d + S32MAX];
  unboundSigned64(d);
  if (n === 32) {
    W[d + SMAX] = 0;
    W[d + SMAX + 1] = smax;
    W[d + SMIN] = 0;
    W[d + SMIN + 1] = smin;
  }
  const top = 63 - n;
  if (ult64(top < 32 ? 1 << top : 0, top < 32 ? 0 : 1 << (top - 32), W[d + UMAX], W[d + UMAX + 1])) {
    unboundUnsigned64(d);
  } else {
    shiftLeft(d + UMIN, n);
    shiftLeft(d + UMAX, n);
  }
  lshUnsigned32(d, n);
  tnumLshift(d + TVAL, d + TVAL, n);
  updateBounds(d);
}

/** Shifts the two words at `at` left. */
function shiftLeft(at: number, n: number): void {
  if (n === 0) return;
  const lo = W[at];
  W[at] = n < 32 ? lo << n : 0;
  W[at + 1] = n < 32 ? (W[at + 1] << n) | (lo >>> (32 - n)) : lo << (n - 32);
}

/** Shifts the two words at `at` right, logically. */
function shiftRight(at: number, n: number): void {
  if (n === 0) return;
  const hi = W[at + 1];
  W[at] = n < 32 ? (W[at] >>> n) | (hi << (32 - n)) : hi >>> (n - 32);
  W[at + 1] = n < 32 ? hi >>> n : 0;
}

/** Shifts the two words at `at` right, arithmetically. */
function shiftRightSigned(at: number, n: number): void {
  if (n === 0) return;
  const hi = W[at + 1];
  W[at] = n < 32 ? (W[at] >>> n) | (hi << (32 - n)) : hi >> (n - 32);
  W[at + 1] = n < 32 ? hi >> n : hi >> 31;
}

/** d >>= n as 32 bits, logically, 0 ≤ n ≤ 31: bounds and tnum. */
export function rsh32(d: number, n: number): void {
  W[d + S32MIN] = INT_MIN;
  W[d + S32MAX] = INT_MAX;
  W[d + TVAL] = W[d + TVAL] >>> n;
  W[d + TVAL + 1] = 0;
  W[d + TMASK] = W[d + TMASK] >>> n;
  W[d + TMASK + 1] = 0;
  W[d + U32MIN] = W[d + U32MIN] >>> n;
  W[d + U32MAX] = W[d + U32MAX] >>> n;
  unbound64(d);
  updateBounds32(d);
}

/** d >>= n as 64 bits, logically, 0 ≤ n ≤ 63: bounds and tnum. */
export function rsh64(d: number, n: number): void {
  unboundSigned64(d);
  tnumRshift(d + TVAL, d + TVAL, n);
  shiftRight(d + UMIN, n);
  shiftRight(d + UMAX, n);
  unbound32(d);
  updateBounds(d);
}

/** d >>= n as 32 bits, arithmetically, 0 ≤ n ≤ 31: bounds and tnum. */
export function arsh32(d: number, n: number): void {
  W[d + S32MIN] >>= n;
  W[d + S32MAX] >>= n;
  tnumArshift32(d + TVAL, d + TVAL, n);
  W[d + U32MIN] = 0;
  W[d + U32MAX] = -1;
  unbound64(d);
  updateBounds32(d);
}

/** d >>= n as 64 bits, arithmetically, 0 ≤ n ≤ 63: bounds and tnum. */
export function arsh64(d: number, n: number): void {
  shiftRightSigned(d + SMIN, n);
  shiftRightSigned(d + SMAX, n);
  tnumArshift64(d + TVAL, d + TVAL, n);
  unboundUnsigned64(d);
  unbound32(d);
  updateBounds(d);
}

/**
 * Tristate numbers: what is known about each bit of a 64-bit value.
 *
 * A tnum is four words of the arena: value low, value high, mask low, mask high. A bit set in the mask is unknown (and clear
 * in the value); any other bit is known to be the value's. Operations take word offsets, read both operands before they write,
 * so that the result may lie on an operand, and allocate nothing. No BigInt: tests compare against one.
 *
 * The kernel's `kernel/bpf/tnum.c` (6.18) gives the algebra; whether an operation may be applied to an instruction at all is
 * decided in `alu.ts`.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { SCRATCH_ALU2 } from "../states/layout.ts";

/** The mask of the bits at and below the highest bit of `x` (32 bits), e.g. 0b0100 → 0b0111; 0 for 0. */
export function smear(x: number): number {
  return x === 0 ? 0 : (-1 >>> Math.clz32(x)) | 0;
}

/** `lo - carry out` of a 32-bit addition whose sum is `sum`: 1 if it wrapped. */
function carry(sum: number, addend: number): number {
  return (sum >>> 0) < (addend >>> 0) ? 1 : 0;
}

/** Sets the tnum at `d` to the constant `hi:lo`. */
export function tnumConst(d: number, lo: number, hi: number): void {
  W[d] = lo;
  W[d + 1] = hi;
  W[d + 2] = 0;
  W[d + 3] = 0;
}

/** Copies the tnum at `a` to `d`. */
export function tnumCopy(d: number, a: number): void {
  W[d] = W[a];
  W[d + 1] = W[a + 1];
  W[d + 2] = W[a + 2];
  W[d + 3] = W[a + 3];
}

/** Whether it is the constant 0. */
export function tnumIsZero(a: number): boolean {
  return (W[a] | W[a + 1] | W[a + 2] | W[a + 3]) === 0;
}

/** Whether every value of `b` is a value of `a`. */
export function tnumIn(a: number, b: number): boolean {
  const lo = W[a + 2], hi = W[a + 3];
  return (W[b + 2] & ~lo) === 0 && (W[b + 3] & ~hi) === 0 && W[a] === (W[b] & ~lo) &&
    W[a + 1] === (W[b + 1] & ~hi);
}

/** Whether some value may belong to both. */
export function tnumOverlap(a: number, b: number): boolean {
  return ((W[a] ^ W[b]) & ~W[a + 2] & ~W[b + 2]) === 0 &&
    ((W[a + 1] ^ W[b + 1]) & ~W[a + 3] & ~W[b + 3]) === 0;
}

/** Whether some value of the low halves may belong to both. */
export function tnumSubregOverlap(a: number, b: number): boolean {
  return ((W[a] ^ W[b]) & ~W[a + 2] & ~W[b + 2]) === 0;
}

/** d = a << shift, 0 ≤ shift ≤ 63. */
export function tnumLshift(d: number, a: number, shift: number): void {
  const vl = W[a], vh = W[a + 1], ml = W[a + 2], mh = W[a + 3];
  if (shift === 0) {
    tnumCopy(d, a);
  } else if (shift < 32) {
    W[d] = vl << shift;
    W[d + 1] = (vh << shift) | (vl >>> (32 - shift));
    W[d + 2] = ml << shift;
    W[d + 3] = (mh << shift) | (ml >>> (32 - shift));
  } else {
    W[d] = 0;
    W[d + 1] = vl << (shift - 32);
    W[d + 2] = 0;
    W[d + 3] = ml << (shift - 32);
  }
}

/** d = a >> shift, logically, 0 ≤ shift ≤ 63. */
export function tnumRshift(d: number, a: number, shift: number): void {
  const vl = W[a], vh = W[a + 1], ml = W[a + 2], mh = W[a + 3];
  if (shift === 0) {
    tnumCopy(d, a);
  } else if (shift < 32) {
    W[d] = (vl >>> shift) | (vh << (32 - shift));
    W[d + 1] = vh >>> shift;
    W[d + 2] = (ml >>> shift) | (mh << (32 - shift));
    W[d + 3] = mh >>> shift;
  } else {
    W[d] = vh >>> (shift - 32);
    W[d + 1] = 0;
    W[d + 2] = mh >>> (shift - 32);
    W[d + 3] = 0;
  }
}

/** d = a >> shift, arithmetically, 0 ≤ shift ≤ 63. An unknown sign bit makes all bits shifted in unknown. */
export function tnumArshift64(d: number, a: number, shift: number): void {
  const vl = W[a], vh = W[a + 1], ml = W[a + 2], mh = W[a + 3];
  if (shift === 0) {
    tnumCopy(d, a);
  } else if (shift < 32) {
    W[d] = (vl >>> shift) | (vh << (32 - shift));
    W[d + 1] = vh >> shift;
    W[d + 2] = (ml >>> shift) | (mh << (32 - shift));
    W[d + 3] = mh >> shift;
  } else {
    W[d] = vh >> (shift - 32);
    W[d + 1] = vh >> 31;
    W[d + 2] = mh >> (shift - 32);
    W[d + 3] = mh >> 31;
  }
}

/** d = the low half of a, shifted right arithmetically as 32 bits, 0 ≤ shift ≤ 31; the high half becomes known 0. */
export function tnumArshift32(d: number, a: number, shift: number): void {
  W[d] = W[a] >> shift;
  W[d + 1] = 0;
  W[d + 2] = W[a + 2] >> shift;
  W[d + 3] = 0;
}

/** d = a + b (mod 2^64). */
export function tnumAdd(d: number, a: number, b: number): void {
  const aml = W[a + 2], amh = W[a + 3], bml = W[b + 2], bmh = W[b + 3];
  const svl = (W[a] + W[b]) | 0;
  const svh = (W[a + 1] + W[b + 1] + carry(svl, W[a])) | 0;
  // Bits that some choice of the unknown ones can change are those in which the greatest and the least sum differ.
  const sml = (aml + bml) | 0;
  const smh = (amh + bmh + carry(sml, aml)) | 0;
  const sigmaL = (sml + svl) | 0;
  const sigmaH = (smh + svh + carry(sigmaL, sml)) | 0;
  const mul = (sigmaL ^ svl) | aml | bml, muh = (sigmaH ^ svh) | amh | bmh;
  W[d] = svl & ~mul;
  W[d + 1] = svh & ~muh;
  W[d + 2] = mul;
  W[d + 3] = muh;
}

/** d = a - b (mod 2^64). */
export function tnumSub(d: number, a: number, b: number): void {
  const al = W[a], bl = W[b], aml = W[a + 2], amh = W[a + 3], bml = W[b + 2], bmh = W[b + 3];
  const dvl = (al - bl) | 0;
  const dvh = (W[a + 1] - W[b + 1] - ((al >>> 0) < (bl >>> 0) ? 1 : 0)) | 0;
  const alphaL = (dvl + aml) | 0;
  const alphaH = (dvh + amh + carry(alphaL, dvl)) | 0;
  const betaL = (dvl - bml) | 0;
  const betaH = (dvh - bmh - ((dvl >>> 0) < (bml >>> 0) ? 1 : 0)) | 0;
  const mul = (alphaL ^ betaL) | aml | bml, muh = (alphaH ^ betaH) | amh | bmh;
  W[d] = dvl & ~mul;
  W[d + 1] = dvh & ~muh;
  W[d + 2] = mul;
  W[d + 3] = muh;
}

/** d = -a (mod 2^64). */
export function tnumNeg(d: number, a: number): void {
  const al = W[a], aml = W[a + 2], amh = W[a + 3];
  const dvl = (-al) | 0;
  const dvh = (-W[a + 1] - (al !== 0 ? 1 : 0)) | 0;
  const betaL = (dvl - aml) | 0;
  const betaH = (dvh - amh - ((dvl >>> 0) < (aml >>> 0) ? 1 : 0)) | 0;
  const mul = (dvl ^ betaL) | aml, muh = (dvh ^ betaH) | amh;
  W[d] = dvl & ~mul;
  W[d + 1] = dvh & ~muh;
  W[d + 2] = mul;
  W[d + 3] = muh;
}

/** d = a & b. */
export function tnumAnd(d: number, a: number, b: number): void {
  const vl = W[a] & W[b], vh = W[a + 1] & W[b + 1];
  const ml = (W[a] | W[a + 2]) & (W[b] | W[b + 2]) & ~vl;
  const mh = (W[a + 1] | W[a + 3]) & (W[b + 1] | W[b + 3]) & ~vh;
  W[d] = vl;
  W[d + 1] = vh;
  W[d + 2] = ml;
  W[d + 3] = mh;
}

/** d = a | b. */
export function tnumOr(d: number, a: number, b: number): void {
  const vl = W[a] | W[b], vh = W[a + 1] | W[b + 1];
  const ml = (W[a + 2] | W[b + 2]) & ~vl, mh = (W[a + 3] | W[b + 3]) & ~vh;
  W[d] = vl;
  W[d + 1] = vh;
  W[d + 2] = ml;
  W[d + 3] = mh;
}

/** d = a ^ b. */
export function tnumXor(d: number, a: number, b: number): void {
  const ml = W[a + 2] | W[b + 2], mh = W[a + 3] | W[b + 3];
  const vl = (W[a] ^ W[b]) & ~ml, vh = (W[a + 1] ^ W[b + 1]) & ~mh;
  W[d] = vl;
  W[d + 1] = vh;
  W[d + 2] = ml;
  W[d + 3] = mh;
}

/** The low 32 bits of the products of two 32-bit words, unsigned, are `Math.imul`; these are the high 32 bits. */
export function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff, a1 = a >>> 16, b0 = b & 0xffff, b1 = b >>> 16;
  const low = Math.imul(a0, b0) >>> 0;
  const middle = a1 * b0 + (low >>> 16);
  const middle2 = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(middle2 / 65536)) | 0;
}

/**
 * d = a * b (mod 2^64), bit by bit of `a`: a known 1 adds the shifted `b`, an unknown bit joins "added" and "not added".
 *
 * The join after every unknown bit is what 6.18 does; 6.12 decomposed values and masks and was less precise.
 */
export function tnumMul(d: number, a: number, b: number): void {
  let avl = W[a], avh = W[a + 1], aml = W[a + 2], amh = W[a + 3];
  if ((aml | amh | W[b + 2] | W[b + 3]) === 0) {
    const bl = W[b], bh = W[b + 1];
    tnumConst(d, Math.imul(avl, bl), (mulHigh(avl, bl) + Math.imul(avh, bl) + Math.imul(avl, bh)) | 0);
    return;
  }
  // Where one side is wholly unknown, the walk below leaves known just the zeros below the other's lowest bit that may be set.
  if ((aml & amh) === -1) return tnumAbove(d, W[b] | W[b + 2], W[b + 1] | W[b + 3]);
  if ((W[b + 2] & W[b + 3]) === -1) return tnumAbove(d, avl | aml, avh | amh);
  const sum = SCRATCH_ALU2, addend = SCRATCH_ALU2 + 4, other = SCRATCH_ALU2 + 8;
  tnumCopy(addend, b);
  tnumConst(sum, 0, 0);
  while ((avl | avh | aml | amh) !== 0) {
    if ((avl & 1) !== 0) {
      tnumAdd(sum, sum, addend);
    } else if ((aml & 1) !== 0) {
      tnumAdd(other, sum, addend);
      tnumUnion(sum, sum, other);
    }
    avl = (avl >>> 1) | (avh << 31);
    avh >>>= 1;
    aml = (aml >>> 1) | (amh << 31);
    amh >>>= 1;
    tnumLshift(addend, addend, 1);
  }
  tnumCopy(d, sum);
}

/** d = known zeros below the lowest set bit of (low, high), all else unknown. */
function tnumAbove(d: number, low: number, high: number): void {
  W[d] = 0;
  W[d + 1] = 0;
  // x | -x has every bit from the lowest set one on.
  W[d + 2] = low | -low;
  W[d + 3] = low !== 0 ? -1 : high | -high;
}

/** d = what holds for both: every value of a and every value of b. */
export function tnumUnion(d: number, a: number, b: number): void {
  const ml = (W[a] ^ W[b]) | W[a + 2] | W[b + 2], mh = (W[a + 1] ^ W[b + 1]) | W[a + 3] | W[b + 3];
  const vl = W[a] & W[b] & ~ml, vh = W[a + 1] & W[b + 1] & ~mh;
  W[d] = vl;
  W[d + 1] = vh;
  W[d + 2] = ml;
  W[d + 3] = mh;
}

/** d = values in both. Where they disagree about a known bit, it becomes a known 1: the caller is on a dead path. */
export function tnumIntersect(d: number, a: number, b: number): void {
  const ml = W[a + 2] & W[b + 2], mh = W[a + 3] & W[b + 3];
  const vl = (W[a] | W[b]) & ~ml, vh = (W[a + 1] | W[b + 1]) & ~mh;
  W[d] = vl;
  W[d + 1] = vh;
  W[d + 2] = ml;
  W[d + 3] = mh;
}

/** d = a cut to its low `size` bytes, 1, 2, 4 or 8. */
export function tnumCast(d: number, a: number, size: number): void {
  if (size === 8) {
    tnumCopy(d, a);
    return;
  }
  const keep = size === 4 ? -1 : (1 << (size * 8)) - 1;
  W[d] = W[a] & keep;
  W[d + 1] = 0;
  W[d + 2] = W[a + 2] & keep;
  W[d + 3] = 0;
}

/** The tnum of the least aligned power-of-two block that holds `min` to `max` (unsigned 64 bits, as hi:lo). */
export function tnumRange(
  d: number,
  minLo: number,
  minHi: number,
  maxLo: number,
  maxHi: number,
): void {
  const deltaH = smear(minHi ^ maxHi), deltaL = deltaH !== 0 ? -1 : smear(minLo ^ maxLo);
  W[d] = minLo & ~deltaL;
  W[d + 1] = minHi & ~deltaH;
  W[d + 2] = deltaL;
  W[d + 3] = deltaH;
}

/** d = the low `bits` bits (16, 32 or 64) of a with their bytes in reverse order; the bits above are known 0. */
export function tnumBswap(d: number, a: number, bits: number): void {
  const vl = swap32(W[a]), ml = swap32(W[a + 2]);
  if (bits === 64) {
    const vh = swap32(W[a + 1]), mh = swap32(W[a + 3]);
    W[d] = vh;
    W[d + 1] = vl;
    W[d + 2] = mh;
    W[d + 3] = ml;
    return;
  }
  W[d] = bits === 32 ? vl : vl >>> 16;
  W[d + 1] = 0;
  W[d + 2] = bits === 32 ? ml : ml >>> 16;
  W[d + 3] = 0;
}

/** A 32-bit word with its bytes in reverse order. */
function swap32(x: number): number {
  return (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);
}

/** Where {@linkcode tnumStep} leaves its result: two words. */
export const STEP_RESULT: number = SCRATCH_ALU2 + 32;

/**
 * The least member of `a` above `hi:lo` (unsigned 64 bits), to {@linkcode STEP_RESULT}; its greatest member if there is none above.
 *
 * What a member above must look like is decided at the highest known bit in which the number differs from all members: unknown
 * bits above it follow the number, those below are as low as possible.
 */
export function tnumStep(a: number, lo: number, hi: number): void {
  const vl = W[a], vh = W[a + 1], ml = W[a + 2], mh = W[a + 3];
  const tl = vl | ml, th = vh | mh;
  if (hi === th ? (lo >>> 0) >= (tl >>> 0) : (hi >>> 0) > (th >>> 0)) {
    W[STEP_RESULT] = tl;
    W[STEP_RESULT + 1] = th;
    return;
  }
  const dl = (lo ^ vl) & ~ml, dh = (hi ^ vh) & ~mh;
  // Bits at and below the highest difference: those are free to be chosen.
  const belowH = smear(dh), belowL = dh !== 0 ? -1 : smear(dl);
  const freeL = ml & ~belowL, freeH = mh & ~belowH;
  const differs = dh !== 0 ? dh & ~(belowH >>> 1) : dl & ~(belowL >>> 1);
  const memberHasIt = differs !== 0 && ((dh !== 0 ? vh : vl) & differs) !== 0;
  let wl = lo & freeL, wh = hi & freeH;
  if (!memberHasIt) {
    // The next choice of the free bits: add one with the others set, so that carries run through them.
    const sum = ((wl | ~freeL) >>> 0) + 1;
    wl = sum & freeL;
    wh = ((wh | ~freeH) + (sum > 0xffffffff ? 1 : 0)) & freeH;
  }
  W[STEP_RESULT] = vl | wl;
  W[STEP_RESULT + 1] = vh | wh;
}

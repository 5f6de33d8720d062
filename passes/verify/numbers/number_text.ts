/**
 * 64-bit words as text. Only for messages and logs: this is where BigInt is allowed.
 *
 * @module
 */
import { W } from "../states/arena.ts";

/** `hi:lo` as an unsigned BigInt. */
export function bigOf(lo: number, hi: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

/** As the kernel prints `%#llx`: `0x1f`, and `0x0` for zero. */
export function hex64(lo: number, hi: number): string {
  return `0x${bigOf(lo, hi).toString(16)}`;
}

/** As C prints `%lld`. */
export function signed64(lo: number, hi: number): string {
  return BigInt.asIntN(64, bigOf(lo, hi)).toString();
}

/** As C prints `%llu`. */
export function unsigned64(lo: number, hi: number): string {
  return bigOf(lo, hi).toString();
}

/** The tnum at word `at` as the kernel prints it: `(0x0; 0xff)`, or a constant, in decimal up to 65535. */
export function tnumText(at: number): string {
  if ((W[at + 2] | W[at + 3]) !== 0) return `(${hex64(W[at], W[at + 1])}; ${hex64(W[at + 2], W[at + 3])})`;
  const value = bigOf(W[at], W[at + 1]);
  return value <= 0xffffn ? value.toString() : `0x${value.toString(16)}`;
}

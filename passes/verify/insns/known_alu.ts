/**
 * Arithmetic on numbers that are known to the bit: what an instruction makes of them is what it computes. `checkAlu` comes to the same
 * by bounds and known bits, in twenty times as many steps.
 *
 * Division is no part of it: the kernel takes its result for unknown whatever it is given.
 *
 * @module
 */
import { ADD, AND, ARSH, LSH, MUL, OR, RSH, SUB, XOR } from "./alu_ops.ts";
import { W } from "../states/arena.ts";
import { TVAL } from "../states/layout.ts";
import { isExact, markConst } from "../numbers/scalar.ts";
import { mulHigh } from "../numbers/tnum.ts";

/**
 * The operator `op` (the high four bits of the opcode) of 64 or 32 bits on register `d` and the number `low`, `high`, if `d` is an exact
 * number and the operator one of those above; `low` of a shift is below its width. False, and nothing done, else. Leaves `d` without a
 * link.
 */
export function stepKnown(d: number, op: number, wide: boolean, low: number, high: number): boolean {
  if (!isExact(d)) return false;
  const a = W[d + TVAL], b = W[d + TVAL + 1];
  let lo = 0, hi = 0;
  switch (op) {
    case ADD:
      lo = (a + low) | 0;
      hi = (b + high + ((lo >>> 0) < (a >>> 0) ? 1 : 0)) | 0;
      break;
    case SUB:
      lo = (a - low) | 0;
      hi = (b - high - ((a >>> 0) < (low >>> 0) ? 1 : 0)) | 0;
      break;
    case MUL:
      lo = Math.imul(a, low);
      hi = wide ? (mulHigh(a, low) + Math.imul(a, high) + Math.imul(b, low)) | 0 : 0;
      break;
    case OR:
      lo = a | low;
      hi = b | high;
      break;
    case AND:
      lo = a & low;
      hi = b & high;
      break;
    case XOR:
      lo = a ^ low;
      hi = b ^ high;
      break;
    case LSH:
      lo = low < 32 ? a << low : 0;
      hi = low === 0 ? b : low < 32 ? b << low | a >>> (32 - low) : a << (low - 32);
      break;
    case RSH:
      if (!wide) lo = a >>> low;
      else {
        lo = low === 0 ? a : low < 32 ? a >>> low | b << (32 - low) : b >>> (low - 32);
        hi = low < 32 ? b >>> low : 0;
      }
      break;
    case ARSH:
      if (!wide) lo = a >> low;
      else {
        lo = low === 0 ? a : low < 32 ? a >>> low | b << (32 - low) : b >> (low - 32);
        hi = low < 32 ? b >> low : b >> 31;
      }
      break;
    default:
      return false;
  }
  markConst(d, lo, wide ? hi : 0);
  return true;
}

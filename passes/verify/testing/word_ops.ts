/**
 * The verifier's arithmetic on two registers' words as `alu.ts` puts it together, by name, and what it is about: the same on numbers.
 *
 * @module
 */
import { TVAL } from "../states/layout.ts";
import * as ops from "../numbers/scalar_ops.ts";
import * as tnum from "../numbers/tnum.ts";
import { load } from "./number_model.ts";

/** Names of the operations; the last three are shifts by a constant. */
export const WORD_OPS = ["add", "sub", "mul", "and", "or", "xor", "lsh", "rsh", "arsh"] as const;

/** The operation on numbers of 32 or 64 bits. */
export function concrete(op: string, width: 32 | 64, a: bigint, b: bigint): bigint {
  const bits = BigInt(width), x = BigInt.asUintN(width, a), y = BigInt.asUintN(width, b);
  const results: Record<string, () => bigint> = {
    add: () => x + y,
    sub: () => x - y,
    mul: () => x * y,
    and: () => x & y,
    or: () => x | y,
    xor: () => x ^ y,
    lsh: () => x << (y % bits),
    rsh: () => x >> (y % bits),
    arsh: () => BigInt.asIntN(width, x) >> (y % bits),
  };
  return BigInt.asUintN(width, results[op]());
}

/** The same on the words of the registers at `a`, which has the result, and `b`; without zero extension and sync. */
export function runWords(op: string, width: 32 | 64, at: { readonly a: number; readonly b: number }): void {
  const { a, b } = at, shift = load(b).value;
  switch (op) {
    case "add":
      ops.addBounds32(a, b);
      ops.addBounds64(a, b);
      tnum.tnumAdd(a + TVAL, a + TVAL, b + TVAL);
      break;
    case "sub":
      ops.subBounds32(a, b);
      ops.subBounds64(a, b);
      tnum.tnumSub(a + TVAL, a + TVAL, b + TVAL);
      break;
    case "mul":
      tnum.tnumMul(a + TVAL, a + TVAL, b + TVAL);
      ops.mulBounds32(a, b);
      ops.mulBounds64(a, b);
      break;
    case "and":
      tnum.tnumAnd(a + TVAL, a + TVAL, b + TVAL);
      ops.andBounds32(a, b);
      ops.andBounds64(a, b);
      break;
    case "or":
      tnum.tnumOr(a + TVAL, a + TVAL, b + TVAL);
      ops.orBounds32(a, b);
      ops.orBounds64(a, b);
      break;
    case "xor":
      tnum.tnumXor(a + TVAL, a + TVAL, b + TVAL);
      ops.xorBounds32(a, b);
      ops.xorBounds64(a, b);
      break;
    default:
      ops[`${op as "lsh" | "rsh" | "arsh"}${width}`](a, Number(shift));
  }
}

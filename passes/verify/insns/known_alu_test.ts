/** Arithmetic on known numbers against the arithmetic of BigInt. */
import { assertEquals } from "@std/assert";
import { W } from "../states/arena.ts";
import { REG_WORDS, SCRATCH_ALU, TMASK, TVAL, UMAX } from "../states/layout.ts";
import { isExact, markConst } from "../numbers/scalar.ts";
import { stepKnown } from "./known_alu.ts";

const d = SCRATCH_ALU;
const NUMBERS = [0n, 1n, 2n, 31n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 0x123456789abcdefn]
  .flatMap(
    (n) => [n, BigInt.asUintN(64, -n), BigInt.asUintN(64, ~n)],
  );

const OPERATORS: readonly [op: number, compute: (a: bigint, b: bigint, bits: number) => bigint][] = [
  [0x00, (a, b) => a + b],
  [0x10, (a, b) => a - b],
  [0x20, (a, b) => a * b],
  [0x40, (a, b) => a | b],
  [0x50, (a, b) => a & b],
  [0xa0, (a, b) => a ^ b],
  [0x60, (a, b) => a << b],
  [0x70, (a, b, bits) => BigInt.asUintN(bits, a) >> b],
  [0xc0, (a, b, bits) => BigInt.asIntN(bits, a) >> b],
];

function set(value: bigint): void {
  markConst(d, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

Deno.test("operations on known numbers compute what the instructions do", () => {
  for (const [op, compute] of OPERATORS) {
    const shift = op === 0x60 || op === 0x70 || op === 0xc0;
    for (const bits of [64, 32]) {
      for (const a of NUMBERS) {
        for (const b of shift ? NUMBERS.filter((n) => n < bits).concat(5n) : NUMBERS) {
          const low = Number(BigInt.asIntN(32, b)), high = Number(BigInt.asIntN(32, b >> 32n));
          set(a);
          assertEquals(stepKnown(d, op, bits === 64, low, high), true);
          const result = W.slice(d, d + REG_WORDS);
          set(BigInt.asUintN(bits, compute(a, b, bits)));
          assertEquals([op, bits, a, b, ...result], [op, bits, a, b, ...W.slice(d, d + REG_WORDS)]);
        }
      }
    }
  }
});

Deno.test("division, and numbers that are not known in every way, are left alone", () => {
  for (const op of [0x30, 0x80, 0x90, 0xd0]) {
    set(12n);
    const before = W.slice(d, d + REG_WORDS);
    assertEquals([stepKnown(d, op, true, 3, 0), W.slice(d, d + REG_WORDS)], [false, before]);
  }
  for (const word of [TMASK, TMASK + 1, TVAL + 1, UMAX]) {
    set(12n);
    W[d + word] ^= 1;
    assertEquals([word, isExact(d), stepKnown(d, 0x00, true, 1, 0)], [word, false, false]);
  }
});

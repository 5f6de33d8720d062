/**
 * What values claim holds of numbers: leaves get random ones, operations are computed beside, and every claim is compared.
 */
import { assertEquals, assertNotEquals } from "@std/assert";
import type { AluOp } from "../../ir/insn.ts";
import { alu } from "../../ir/interpret.ts";
import { Random } from "../../tests/differential/generate.ts";
import { isUnary, Values } from "./values.ts";

const BINARY: readonly AluOp[] = [
  ...[
    "add",
    "sub",
    "mul",
    "div",
    "sdiv",
    "or",
    "and",
    "lsh",
    "rsh",
    "arsh",
    "mod",
    "smod",
    "xor",
    "mov",
  ] as const,
  ...["movsx8", "movsx16", "movsx32"] as const,
];
const UNARY: readonly AluOp[] = [
  "neg",
  "le16",
  "le32",
  "le64",
  "be16",
  "be32",
  "be64",
  "bswap16",
  "bswap32",
  "bswap64",
];
const CONSTANTS = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  63n,
  64n,
  255n,
  65535n,
  0x7fff_ffffn,
  0xffff_ffffn,
  -1n,
  -2n,
  -8n,
  1n << 40n,
];

function one(seed: number): { equal: number } {
  const random = new Random(seed);
  const values = new Values();
  /** By value: the number it stands for in this run. */
  const numbers = new Map<number, bigint>();
  const known: { readonly value: number; readonly number: bigint }[] = [];
  let equal = 0;
  const learn = (value: number, number: bigint): void => {
    const before = numbers.get(value);
    if (before !== undefined) {
      equal++;
      assertEquals(number, before, `seed ${seed}: one value, two numbers`);
    }
    numbers.set(value, number);
    known.push({ value, number });
    const constant = values.constantOf(value);
    if (constant !== undefined) assertEquals(constant, number, `seed ${seed}: a constant`);
    assertEquals(number >> BigInt(values.bitsOf(value)), 0n, `seed ${seed}: bits`);
    const base = numbers.get(values.baseOf(value));
    if (base !== undefined) {
      const sum = BigInt.asUintN(64, base + BigInt(values.distanceOf(value)));
      assertEquals(sum, number, `seed ${seed}: a sum`);
    }
    const wider = numbers.get(values.widerOf(value));
    if (wider !== undefined) assertEquals(BigInt.asUintN(32, wider), number, `seed ${seed}: low bits`);
  };
  for (let leaf = 0; leaf < 3; leaf++) {
    const bits = random.of([8, 16, 32, 64]);
    const number = BigInt.asUintN(bits, BigInt(random.bits()) << 32n ^ BigInt(random.bits()));
    const value = values.leaf(leaf, 0, 0);
    values.describe(value, { bits, outside: false });
    learn(value, number);
  }
  for (let step = 0; step < 40; step++) {
    if (random.below(5) === 0) {
      const constant = random.of(CONSTANTS);
      learn(values.constant(constant), BigInt.asUintN(64, constant));
      continue;
    }
    const dst = random.of(known), src = random.of(known);
    if (random.below(10) === 0) {
      const bits = random.of([8, 16, 32]);
      const low = values.narrow(src.value, bits);
      learn(low, BigInt.asUintN(bits, src.number));
      const mask = (1n << BigInt(bits)) - 1n;
      learn(values.insert(dst.value, low, bits), dst.number & ~mask | src.number & mask);
      continue;
    }
    const op = random.of(random.below(5) === 0 ? UNARY : BINARY);
    const width = isUnary(op) && op !== "neg" ? 64 : random.of([32, 64] as const);
    if (op === "movsx32" && width === 32) continue;
    const value = values.operation(op, width, { dst: dst.value, src: src.value });
    learn(value, alu(op, width, dst.number, src.number));
  }
  return { equal };
}

Deno.test("one value is one number, and what is said of its bits, base and constant is true", () => {
  let equal = 0;
  for (let seed = 1; seed <= 3000; seed++) equal += one(seed).equal;
  // Otherwise nothing was found to be the same.
  assertEquals(equal > 3000, true);
});

Deno.test("what is not the same is not taken for it", () => {
  const values = new Values();
  const a = values.leaf(1, 0, 0),
    b = values.leaf(2, 0, 0),
    memory = values.leaf(3, 0, 0),
    later = values.leaf(4, 0, 0);
  assertNotEquals(
    values.operation("sub", 64, { dst: a, src: b }),
    values.operation("sub", 64, { dst: b, src: a }),
  );
  assertNotEquals(
    values.operation("add", 32, { dst: a, src: b }),
    values.operation("add", 64, { dst: a, src: b }),
  );
  const place = { base: a, distance: 8, memory };
  const word = values.load(place, { size: 4, signed: false });
  assertEquals(values.load(place, { size: 4, signed: false }), word);
  assertNotEquals(values.load(place, { size: 4, signed: true }), word);
  assertNotEquals(values.load(place, { size: 8, signed: false }), word);
  assertNotEquals(values.load({ ...place, distance: 12 }, { size: 4, signed: false }), word);
  assertNotEquals(values.load({ ...place, memory: later }, { size: 4, signed: false }), word);
});

Deno.test("sums of the same two things have one base", () => {
  const values = new Values();
  const a = values.leaf(1, 0, 0), b = values.leaf(2, 0, 0);
  const add = (dst: number, src: number): number => values.operation("add", 64, { dst, src });
  const x = add(add(a, values.constant(3n)), b), y = add(add(b, values.constant(-5n)), a);
  assertEquals(values.baseOf(x), values.baseOf(y));
  assertEquals(values.distanceOf(x) - values.distanceOf(y), 8);
});

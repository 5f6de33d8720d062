/**
 * Soundness of the arithmetic on numbers that are not known, for all small ones: every operation on every pair of tnums of a few bits and
 * of short ranges, at the places where 32 and 64 bits end, against every concrete pair.
 */
import { assert, assertEquals } from "@std/assert";
import { W } from "../states/arena.ts";
import { predictBranch } from "../insns/branch_predict.ts";
import type { Env } from "../env.ts";
import { REG_WORDS, SCALAR_VALUE, SCRATCH_CALL, TYPE, VID } from "../states/layout.ts";
import { negateOp, refine } from "./refine.ts";
import { boundsSync, signExtend, signExtend32, truncate, zext32 } from "./scalar.ts";
import {
  contains,
  load,
  loadTnum,
  type Num,
  store,
  storeTnum,
  type Tnum,
  U64,
  unknown,
} from "../testing/number_model.ts";
import { concrete, runWords, WORD_OPS } from "../testing/word_ops.ts";
import * as tnum from "./tnum.ts";

const A = SCRATCH_CALL, B = SCRATCH_CALL + REG_WORDS;

/** Every tnum whose unknown and set bits are `bits` ones from bit `place` on, with its members. */
function tnums(bits: number, place: number): { readonly t: Tnum; readonly members: readonly bigint[] }[] {
  const out = [];
  for (let mask = 0; mask < 1 << bits; mask++) {
    for (let value = 0; value < 1 << bits; value++) {
      if ((mask & value) !== 0) continue;
      const members: bigint[] = [];
      for (let v = 0; v < 1 << bits; v++) {
        if ((v & ~mask) === value) members.push(BigInt.asUintN(64, BigInt(v) << BigInt(place)));
      }
      const at = (n: number): bigint => BigInt.asUintN(64, BigInt(n) << BigInt(place));
      out.push({ t: { value: at(value), mask: at(mask) }, members });
    }
  }
  return out;
}

function isIn(t: Tnum, v: bigint): boolean {
  return (v & ~t.mask & U64) === t.value;
}

const BINARY: readonly [
  name: string,
  run: (d: number, a: number, b: number) => void,
  of: (x: bigint, y: bigint) => bigint,
][] = [
  ["add", tnum.tnumAdd, (x, y) => x + y],
  ["sub", tnum.tnumSub, (x, y) => x - y],
  ["and", tnum.tnumAnd, (x, y) => x & y],
  ["or", tnum.tnumOr, (x, y) => x | y],
  ["xor", tnum.tnumXor, (x, y) => x ^ y],
  ["mul", tnum.tnumMul, (x, y) => x * y],
];

for (const [bits, place] of [[4, 0], [3, 30], [3, 61]] as const) {
  Deno.test(`tnums of ${bits} bits from bit ${place} on lose no member`, () => {
    const all = tnums(bits, place);
    for (const x of all) {
      for (const y of all) {
        for (const [name, run, of] of BINARY) {
          storeTnum(A, x.t);
          storeTnum(B, y.t);
          run(A, A, B);
          const result = loadTnum(A);
          for (const a of x.members) {
            for (const b of y.members) {
              assert(isIn(result, BigInt.asUintN(64, of(a, b))), `${a} ${name} ${b}`);
            }
          }
        }
        storeTnum(A, x.t);
        storeTnum(B, y.t);
        const both = x.members.filter((v) => y.members.includes(v));
        assertEquals(tnum.tnumOverlap(A, B), both.length > 0);
        assertEquals(tnum.tnumIn(A, B), both.length === y.members.length);
        tnum.tnumUnion(A, A, B);
        for (const v of [...x.members, ...y.members]) assert(isIn(loadTnum(A), v), `${v} in the union`);
        if (both.length === 0) continue;
        storeTnum(A, x.t);
        tnum.tnumIntersect(A, A, B);
        for (const v of both) assert(isIn(loadTnum(A), v), `${v} in both`);
      }
      const one = (name: string, of: (v: bigint) => bigint, run: () => void): void => {
        storeTnum(A, x.t);
        run();
        for (const v of x.members) assert(isIn(loadTnum(A), BigInt.asUintN(64, of(v))), `${name} ${v}`);
      };
      one("-", (v) => -v, () => tnum.tnumNeg(A, A));
      for (const n of [1, 2, 31, 32, 33, 63]) {
        one(`<< ${n}`, (v) => v << BigInt(n), () => tnum.tnumLshift(A, A, n));
        one(`>> ${n}`, (v) => v >> BigInt(n), () => tnum.tnumRshift(A, A, n));
        one(`s>> ${n}`, (v) => BigInt.asIntN(64, v) >> BigInt(n), () => tnum.tnumArshift64(A, A, n));
      }
      for (const size of [1, 2, 4]) {
        one(`cut to ${size}`, (v) => BigInt.asUintN(size * 8, v), () => tnum.tnumCast(A, A, size));
      }
      for (const width of [16, 32, 64]) {
        one(`bswap${width}`, (v) => swapped(v, width), () => tnum.tnumBswap(A, A, width));
      }
      // The least member above a number, for each number near.
      for (let v = -1; v <= 1 << bits; v++) {
        const z = BigInt.asUintN(64, BigInt(v) << BigInt(place));
        storeTnum(A, x.t);
        tnum.tnumStep(A, Number(BigInt.asIntN(32, z)), Number(BigInt.asIntN(32, z >> 32n)));
        const above = x.members.find((m) => m > z) ?? x.members[x.members.length - 1];
        assertEquals(loadTnum(tnum.STEP_RESULT).value, above, `behind ${z} in ${x.members}`);
      }
    }
    for (let lo = 0; lo < 1 << bits; lo++) {
      for (let hi = lo; hi < 1 << bits; hi++) {
        const at = (n: number): bigint => BigInt.asUintN(64, BigInt(n) << BigInt(place));
        const half = (n: number, shift: bigint): number => Number(BigInt.asIntN(32, at(n) >> shift));
        tnum.tnumRange(B, half(lo, 0n), half(lo, 32n), half(hi, 0n), half(hi, 32n));
        for (let v = lo; v <= hi; v++) assert(isIn(loadTnum(B), at(v)), `${v} in ${lo}..${hi}`);
      }
    }
  });
}

/** The low bits with their bytes in reverse order, the others gone. */
function swapped(v: bigint, width: number): bigint {
  let out = 0n;
  for (let at = 0; at < width; at += 8) out = out << 8n | (v >> BigInt(at) & 0xffn);
  return out;
}

/** A short range of numbers, as a register and one by one. */
interface Range {
  readonly num: Num;
  readonly members: readonly bigint[];
}

/** Where ranges are put: around zero, and where signed and unsigned numbers of 32 and 64 bits end. */
const PLACES = [0n, 1n << 31n, 1n << 32n, 1n << 63n, -(1n << 31n)] as const;

/** Ranges from `place - reach` to `place + reach - 1` and within. */
function ranges(place: bigint, reach: number): Range[] {
  const out: Range[] = [];
  for (let lo = -reach; lo < reach; lo++) {
    for (let hi = lo; hi < reach; hi++) {
      const members: bigint[] = [];
      for (let v = lo; v <= hi; v++) members.push(BigInt.asUintN(64, place + BigInt(v)));
      const n = unknown(), first = members[0], last = members[members.length - 1];
      if (first <= last) Object.assign(n, { umin: first, umax: last });
      if (BigInt.asIntN(64, first) <= BigInt.asIntN(64, last)) {
        Object.assign(n, { smin: BigInt.asIntN(64, first), smax: BigInt.asIntN(64, last) });
      }
      store(A, n);
      boundsSync(A);
      const num = load(A);
      for (const v of members) assert(contains(num, v), `${v} in ${lo}..${hi} around ${place}`);
      out.push({ num, members });
    }
  }
  return out;
}

const ALL = PLACES.map((place) => ranges(place, 2)), ZERO = ranges(0n, 2);

for (const op of WORD_OPS) {
  Deno.test(`${op} of short ranges loses no result`, () => {
    for (const width of [64, 32] as const) {
      const rights: readonly Range[] = op.endsWith("sh")
        ? [0n, 1n, 31n, BigInt(width - 1)].map((v) => {
          const num = { ...unknown(), umin: v, umax: v, smin: v, smax: v };
          store(B, num);
          boundsSync(B);
          return { num: load(B), members: [v] };
        })
        : [...ZERO, ...ALL[1], ...ALL[3]];
      for (const left of ALL.flat()) {
        for (const right of rights) {
          store(A, left.num);
          store(B, right.num);
          runWords(op, width, { a: A, b: B });
          if (width === 32) zext32(A);
          boundsSync(A);
          const result = load(A);
          for (const x of left.members) {
            for (const y of right.members) {
              assert(contains(result, concrete(op, width, x, y)), `${x} ${op}${width} ${y}`);
            }
          }
        }
      }
    }
  });
}

Deno.test("a sum beyond the greatest signed number is negative", () => {
  for (const left of ALL[3]) {
    for (const right of ZERO) {
      // Of unsigned bounds nothing is known, so that signed ones speak for themselves.
      for (const [o, { num }] of [[A, left], [B, right]] as const) {
        const { smin, smax } = num;
        store(o, { ...unknown(), smin, smax });
      }
      runWords("add", 64, { a: A, b: B });
      const result = load(A);
      for (const x of left.members) {
        for (const y of right.members) {
          const sum = BigInt.asIntN(64, x + y);
          assert(sum >= result.smin && sum <= result.smax, `${x} + ${y} = ${sum}`);
        }
      }
    }
  }
});

Deno.test("short ranges that are cut or extended lose nothing", () => {
  for (const { num, members } of ALL.flat()) {
    const one = (name: string, of: (v: bigint) => bigint, run: () => void): void => {
      store(A, num);
      run();
      const result = load(A);
      for (const v of members) assert(contains(result, BigInt.asUintN(64, of(v))), `${name} ${v}`);
    };
    for (const size of [1, 2, 4]) {
      const bits = size * 8;
      one(`cut to ${size}`, (v) => BigInt.asUintN(bits, v), () => truncate(A, size));
      one(`extended from ${size}`, (v) => BigInt.asIntN(bits, v), () => signExtend(A, size));
      if (size < 4) {
        const low = (v: bigint): bigint => BigInt.asUintN(32, BigInt.asIntN(bits, v));
        one(`extended in 32 bits from ${size}`, low, () => {
          signExtend32(A, size);
          zext32(A);
        });
      }
    }
  }
});

/** Comparisons by their code, on numbers of a width. */
const COMPARISONS: readonly [op: number, holds: (x: bigint, y: bigint, bits: number) => boolean][] = [
  [0x10, (x, y) => x === y],
  [0x20, (x, y) => x > y],
  [0x30, (x, y) => x >= y],
  [0x40, (x, y) => (x & y) !== 0n],
  [0x50, (x, y) => x !== y],
  [0x60, (x, y, bits) => BigInt.asIntN(bits, x) > BigInt.asIntN(bits, y)],
  [0x70, (x, y, bits) => BigInt.asIntN(bits, x) >= BigInt.asIntN(bits, y)],
  [0xa0, (x, y) => x < y],
  [0xb0, (x, y) => x <= y],
  [0xc0, (x, y, bits) => BigInt.asIntN(bits, x) < BigInt.asIntN(bits, y)],
  [0xd0, (x, y, bits) => BigInt.asIntN(bits, x) <= BigInt.asIntN(bits, y)],
];

Deno.test("what a comparison of short ranges says holds for all it holds for", () => {
  for (const bits of [64, 32]) {
    const narrow = bits === 32;
    for (const left of ALL.flat()) {
      for (const right of [...ZERO, ...ALL[3], left]) {
        for (const [op, holds] of COMPARISONS) {
          const pairs = left.members.flatMap((x) => right.members.map((y) => [x, y] as const));
          const [yes, no] = [true, false].map((way) =>
            pairs.filter(([x, y]) => holds(BigInt.asUintN(bits, x), BigInt.asUintN(bits, y), bits) === way)
          );
          for (const [way, those] of [[op, yes], [negateOp(op), no]] as const) {
            if (those.length === 0) continue;
            store(A, left.num);
            store(B, right.num);
            refine(A, B, way, narrow);
            boundsSync(A);
            boundsSync(B);
            const a = load(A), b = load(B);
            for (const [x, y] of those) {
              assert(contains(a, x) && contains(b, y), `${x} and ${y} by ${way.toString(16)}, ${bits} bits`);
            }
          }
          const predicted = prediction(left.num, right.num, { op, narrow });
          assert(predicted !== 1 || no.length === 0, `always ${op.toString(16)}: but not ${no[0]}`);
          assert(predicted !== 0 || yes.length === 0, `never ${op.toString(16)}: but ${yes[0]}`);
        }
      }
    }
  }
});

/** Which way a comparison of two numbers goes, if that is known. */
function prediction(a: Num, b: Num, how: { readonly op: number; readonly narrow: boolean }): number {
  store(A, a);
  store(B, b);
  for (const o of [A, B]) {
    W[o + TYPE] = SCALAR_VALUE;
    W[o + VID] = 0;
  }
  const env = {
    code: Uint8Array.of(how.op | 8 | (how.narrow ? 6 : 5)),
    dst: Uint8Array.of(0),
    src: Uint8Array.of(1),
    imm: Int32Array.of(0),
    forms: Int32Array.of(0),
    regs: A,
  };
  return predictBranch(env as unknown as Env, 0);
}

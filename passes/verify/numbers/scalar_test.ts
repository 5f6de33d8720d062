import { assert, assertEquals } from "@std/assert";
import { REG_WORDS, SCRATCH_CALL, TVAL } from "../states/layout.ts";
import { boundsSync, boundsViolation, signExtend, signExtend32, truncate, zext32 } from "./scalar.ts";
import * as tnum from "./tnum.ts";
import { subBounds32, subBounds64 } from "./scalar_ops.ts";
import { concrete, runWords } from "../testing/word_ops.ts";
import {
  apply,
  contains,
  known,
  load,
  loadTnum,
  type Num,
  Rng,
  s64,
  store,
  storeTnum,
  sync,
  T,
  U64,
  u64,
  unknown,
  zext,
} from "../testing/number_model.ts";

const A = SCRATCH_CALL, B = SCRATCH_CALL + REG_WORDS;

Deno.test("bounds sync agrees with the rules over BigInt and loses no value", () => {
  const rng = new Rng(1);
  for (let i = 0; i < 4000; i++) {
    const v = rng.value();
    const n = rng.around(v);
    if (rng.below(2)) {
      // Something learnt since the last sync.
      const w = rng.next() >> BigInt(rng.below(64));
      n.umin = u64(v) > w && u64(v) - w > n.umin ? u64(v) - w : n.umin;
      n.smax = s64(v) + w < n.smax ? s64(v) + w : n.smax;
    }
    assert(contains(n, v));
    store(A, n);
    boundsSync(A);
    const expected = sync({ ...n });
    assertEquals(load(A), expected, `case ${i}`);
    assert(contains(expected, v));
    assertEquals(boundsViolation(A) === 1, false);
  }
});

for (const op of ["add", "sub", "mul", "and", "or", "xor", "lsh", "rsh", "arsh"]) {
  for (const width of [64, 32] as const) {
    Deno.test(`${op}${width} agrees with the rules over BigInt and loses no value`, () => {
      const rng = new Rng(op.length * 100 + width + op.charCodeAt(0));
      for (let i = 0; i < 800; i++) {
        const a = rng.value(), shift = op.endsWith("sh");
        const b = shift ? BigInt(rng.below(width)) : rng.value();
        const x = rng.around(a), y = shift ? known(b) : rng.around(b);
        store(A, x);
        store(B, y);
        runWords(op, width, { a: A, b: B });
        apply(x, y, op, width);
        assertEquals(load(A), x, `case ${i} before sync`);
        if (width === 32) {
          zext32(A);
          zext(x);
        }
        boundsSync(A);
        sync(x);
        assertEquals(load(A), x, `case ${i}`);
        const result = concrete(op, width, a, b);
        assert(contains(x, result), `case ${i}: ${a} ${op} ${b} = ${result} not in the result`);
      }
    });
  }
}

Deno.test("negation loses no value", () => {
  const rng = new Rng(7);
  for (let i = 0; i < 800; i++) {
    const a = rng.value(), x = rng.around(a);
    store(A, known(0n));
    store(B, x);
    subBounds32(A, B);
    subBounds64(A, B);
    tnum.tnumNeg(A + TVAL, B + TVAL);
    boundsSync(A);
    assertEquals(loadTnum(A + TVAL).mask & ~T.sub({ value: 0n, mask: 0n }, x).mask & U64, 0n);
    assert(contains(load(A), u64(-a)), `case ${i}`);
  }
});

Deno.test("cutting and extending loses no value", () => {
  const rng = new Rng(3);
  for (let i = 0; i < 2000; i++) {
    const a = rng.value(), x = rng.around(a);
    for (const size of [1, 2, 4]) {
      store(A, x);
      truncate(A, size);
      assert(contains(load(A), BigInt.asUintN(size * 8, a)), `zext ${size} of ${a}`);
      store(A, x);
      signExtend(A, size);
      assert(contains(load(A), u64(BigInt.asIntN(size * 8, a))), `sext ${size} of ${a}`);
      if (size === 4) continue;
      store(A, x);
      signExtend32(A, size);
      zext32(A);
      boundsSync(A);
      assert(contains(load(A), BigInt.asUintN(32, BigInt.asIntN(size * 8, a))), `sext32 ${size} of ${a}`);
    }
  }
});

Deno.test("a byte cut from an unknown value is 0 to 255", () => {
  store(A, unknown());
  truncate(A, 1);
  const n: Num = load(A);
  assertEquals([n.umin, n.umax, n.smin, n.smax, n.value, n.mask], [0n, 255n, 0n, 255n, 0n, 255n]);
  store(A, unknown());
  signExtend(A, 1);
  assertEquals([load(A).smin, load(A).smax], [-128n, 127n]);
});

Deno.test("a contradiction is told by its name", () => {
  store(A, { ...known(5n), umin: 6n });
  assertEquals(boundsViolation(A), 1);
  store(A, { ...known(5n), umin: 4n });
  assertEquals(boundsViolation(A), 2);
  store(A, { ...unknown(), value: 5n, mask: U64 ^ 0xffffffffn });
  assertEquals(boundsViolation(A), 3);
  store(A, unknown());
  assertEquals(boundsViolation(A), 0);
});

Deno.test("tnum operations agree with the rules over BigInt", () => {
  const rng = new Rng(11);
  const table: [keyof typeof T, (d: number, a: number, b: number) => void][] = [
    ["add", tnum.tnumAdd],
    ["sub", tnum.tnumSub],
    ["and", tnum.tnumAnd],
    ["or", tnum.tnumOr],
    ["xor", tnum.tnumXor],
    ["mul", tnum.tnumMul],
    ["union", tnum.tnumUnion],
    ["intersect", tnum.tnumIntersect],
  ];
  for (let i = 0; i < 2000; i++) {
    const x = rng.around(rng.value()), y = rng.around(rng.value());
    const a = { value: x.value, mask: x.mask }, b = { value: y.value, mask: y.mask };
    for (const [name, run] of table) {
      storeTnum(A, a);
      storeTnum(B, b);
      run(A, A, B);
      // deno-lint-ignore no-explicit-any
      assertEquals(loadTnum(A), (T[name] as any)(a, b), `${name} case ${i}`);
    }
    storeTnum(A, a);
    storeTnum(B, b);
    const common = ((a.value ^ b.value) & ~a.mask & ~b.mask & U64) === 0n;
    assertEquals(tnum.tnumOverlap(A, B), common);
    assertEquals(tnum.tnumIn(A, B), (b.mask & ~a.mask & U64) === 0n && a.value === (b.value & ~a.mask & U64));
    for (const n of [0, 1, 31, 32, 33, 63]) {
      tnum.tnumLshift(B, A, n);
      assertEquals(loadTnum(B), T.lsh(a, BigInt(n)));
      tnum.tnumRshift(B, A, n);
      assertEquals(loadTnum(B), T.rsh(a, BigInt(n)));
      tnum.tnumArshift64(B, A, n);
      assertEquals(loadTnum(B), T.arsh(a, BigInt(n), 64));
    }
    const z = rng.below(2) ? rng.value() : (a.value | (rng.next() & a.mask)) ^ (1n << BigInt(rng.below(64)));
    const zw = [Number(BigInt.asIntN(32, z)), Number(BigInt.asIntN(32, z >> 32n))];
    tnum.tnumStep(A, zw[0], zw[1]);
    assertEquals(loadTnum(tnum.STEP_RESULT).value, T.step(a, z), `step ${i}: ${z.toString(2)}`);
    const lo = rng.value(), hi = rng.value();
    store(A, { ...unknown(), umin: lo, umax: hi });
    tnum.tnumRange(
      B,
      Number(BigInt.asIntN(32, lo)),
      Number(BigInt.asIntN(32, lo >> 32n)),
      Number(BigInt.asIntN(32, hi)),
      Number(BigInt.asIntN(32, hi >> 32n)),
    );
    assertEquals(loadTnum(B), T.range(lo, hi));
  }
});

Deno.test("a product with a wholly unknown factor is what the walk over its bits gives", () => {
  const rng = new Rng(12);
  const anything = { value: 0n, mask: U64 };
  for (let i = 0; i < 500; i++) {
    // Trailing zeros matter here, so shift some in.
    const { value, mask } = rng.around(rng.value()), shift = BigInt(rng.below(64));
    const other = { value: (value << shift) & U64, mask: (mask << shift) & U64 };
    for (const [a, b] of [[anything, other], [other, anything]]) {
      storeTnum(A, a);
      storeTnum(B, b);
      tnum.tnumMul(A, A, B);
      assertEquals(loadTnum(A), T.mul(a, b), `case ${i}`);
    }
  }
});

Deno.test("numbers of which 64 or 32 bits are unknown are what the rules leave as they are, and near ones are not", () => {
  const wide = [unknown(), zext(unknown())];
  for (
    const n of [
      ...wide,
      ...wide.flatMap((w) => [{ ...w, umin: 1n }, { ...w, smin: 0n }, { ...w, u32max: 7n }]),
    ]
  ) {
    store(A, n);
    boundsSync(A);
    assertEquals(load(A), sync({ ...n }));
  }
  store(A, wide[0]);
  boundsSync(A);
  assertEquals(load(A), wide[0]);
});

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { copyReg, sameReg, W } from "./arena.ts";
import { CUR, OFF, VID } from "./layout.ts";
import { markConst, markUnknown } from "./scalar.ts";
import { intern, resetValues, UNKNOWN_VALUE, valueAt, valueCount, valueHolds } from "./values.ts";

const A = CUR, B = CUR + 24;

Deno.test("equal registers have one value, others have others", () => {
  resetValues();
  markUnknown(A);
  assertEquals(intern(A), UNKNOWN_VALUE);
  markConst(A, 7, 0);
  markConst(B, 7, 0);
  assertEquals(intern(A), intern(B));
  markConst(B, 8, 0);
  assertNotEquals(intern(A), intern(B));
  assert(sameReg(B, valueAt(intern(B))));
});

Deno.test("a copied register keeps its value, a changed one must give it up", () => {
  resetValues();
  markConst(A, 7, 0);
  const id = intern(A);
  copyReg(B, A);
  assertEquals(W[B + VID], id);
  W[B + OFF] = 4;
  assert(!valueHolds(B));
  W[B + VID] = 0;
  assert(valueHolds(B));
  assertNotEquals(intern(B), id);
});

Deno.test("many values are found again", () => {
  resetValues();
  const ids: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    markConst(A, i, 1);
    ids.push(intern(A));
  }
  const count = valueCount();
  for (let i = 0; i < 20_000; i += 37) {
    markConst(A, i, 1);
    assertEquals(intern(A), ids[i]);
  }
  assertEquals(valueCount(), count);
});

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { copyReg, W } from "./arena.ts";
import { CUR, ID, OFF, UMIN, VID } from "./layout.ts";
import { markConst, markUnknown } from "../numbers/scalar.ts";
import {
  intern,
  internLinked,
  resetValues,
  UNKNOWN_VALUE,
  valueAt,
  valueCount,
  valueHolds,
} from "./values.ts";

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
  assertEquals(W[valueAt(intern(B)) + UMIN], 8);
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

Deno.test("a linked scalar is the same number as an unlinked one, and another value", () => {
  resetValues();
  markUnknown(A);
  markUnknown(B);
  W[B + ID] = 5;
  assertEquals(intern(A), intern(B));
  const linked = internLinked(B);
  assertNotEquals(linked, internLinked(A));
  assertEquals(W[valueAt(linked) + ID], 5);
  assertEquals(W[valueAt(linked) + VID], intern(A));
  assertEquals(internLinked(B), linked);
  W[B + ID] = 6;
  assertNotEquals(internLinked(B), linked);
  assertEquals(W[valueAt(intern(B)) + ID], 0);
});

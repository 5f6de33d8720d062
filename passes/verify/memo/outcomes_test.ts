import { assertEquals, assertNotEquals } from "@std/assert";
import { beginRun, epochBits, findOutcome, OUTCOME, outcomes, rememberOutcome, runBits } from "./outcomes.ts";

let generation = 1000;

Deno.test("an outcome is found by its form, immediate and operands, as long as values keep their ids", () => {
  beginRun(++generation);
  const form = epochBits() | 0x07;
  rememberOutcome(form, 5, 10, 20, 30, 40);
  const at = findOutcome(form, 5, 10, 20);
  assertEquals([outcomes[at + OUTCOME], outcomes[at + OUTCOME + 1]], [30, 40]);
  assertEquals(findOutcome(form | 1 << 16, 5, 10, 20), -1);
  // Some of them belong into the same place of the table.
  for (let i = 21; i < 300_000; i++) {
    const found = findOutcome(form, i, 10, 20) & findOutcome(form, 5, i, 20) & findOutcome(form, 5, 10, i);
    if (found !== -1) throw new Error(`an outcome of other operands was found for ${i}`);
  }
  beginRun(generation);
  assertEquals(findOutcome(epochBits() | 0x07, 5, 10, 20), at);
  beginRun(++generation);
  assertEquals(findOutcome(epochBits() | 0x07, 5, 10, 20), -1);
});

Deno.test("each verification has a number of its own", () => {
  beginRun(++generation);
  const first = runBits();
  beginRun(generation);
  assertNotEquals(runBits(), first);
});

Deno.test("nothing is found of an epoch that comes round again", () => {
  beginRun(++generation);
  const form = epochBits();
  rememberOutcome(form, 1, 2, 3, 4, 5);
  let again = 0;
  for (let i = 0; i < 5000; i++) {
    beginRun(++generation);
    if (epochBits() !== form) continue;
    again++;
    assertEquals(findOutcome(form, 1, 2, 3), -1);
  }
  assertEquals(again > 0, true);
});

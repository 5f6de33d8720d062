import { assertEquals } from "@std/assert";
import { findOutcome, newEpoch, OUTCOME, outcomes, rememberOutcome } from "./outcomes.ts";

Deno.test("an outcome is found by its form, immediate and operands, in its epoch", () => {
  const form = newEpoch() | 0x07;
  rememberOutcome(form, 5, 10, 20, 30, 40);
  const at = findOutcome(form, 5, 10, 20);
  assertEquals([outcomes[at + OUTCOME], outcomes[at + OUTCOME + 1]], [30, 40]);
  assertEquals(findOutcome(form | 1 << 16, 5, 10, 20), -1);
  assertEquals(findOutcome(form, 6, 10, 20), -1);
  assertEquals(findOutcome(form, 5, 11, 20), -1);
  assertEquals(findOutcome(form, 5, 10, 21), -1);
  assertEquals(findOutcome(newEpoch() | 0x07, 5, 10, 20), -1);
});

Deno.test("nothing is found of an epoch that comes round again", () => {
  const form = newEpoch();
  rememberOutcome(form, 1, 2, 3, 4, 5);
  for (let i = 0; i < 5000; i++) {
    const other = newEpoch();
    if (other === form) assertEquals(findOutcome(form, 1, 2, 3), -1);
  }
});

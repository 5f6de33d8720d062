/**
 * The rules of the walk: see `testing/rules.ts`.
 */
import { assert, assertEquals } from "@std/assert";
import { programOf, verdictOf } from "./testing/programs.ts";
import { RULES } from "./testing/rules.ts";
import { paranoia } from "./states/values.ts";

paranoia.on = true;

for (const test of RULES) {
  Deno.test(test.name, () => {
    const program = programOf(test.text, test), result = verdictOf(program);
    assertEquals(result.message, test.message ?? "");
    assertEquals(result.verdict, test.message === undefined ? "accept" : "reject");
    if (test.long) return;
    const logged = verdictOf(program, { logLevel: 2 });
    assertEquals([logged.message, logged.processed], [result.message, result.processed]);
    if (test.message !== undefined) assert(logged.log.includes(test.message + "\n"));
    assertEquals(verdictOf(program, { precision: "everything" }).verdict, result.verdict);
  });
}

Deno.test("a million pending jumps are not kept", () => {
  // Each branch leaves one more path behind, and no state is saved twice in a straight line.
  let text = "func main:\n  r6 = r1\n  r0 = 0\n";
  for (let i = 0; i < 8300; i++) text += "  call bpf_get_prandom_u32#7\n  if r0 == 7 goto out\n";
  const result = verdictOf(programOf(`${text}out:\n  exit\n`));
  assertEquals(result.message, "The sequence of 8193 jumps is too complex.");
  assertEquals(result.errno, 14);
});

Deno.test("states are counted as the kernel counts them", () => {
  const program = programOf(
    "func main:\n  r6 = 0\nloop:\n  r6 += 1\n  if r6 < 100 goto loop\n  r0 = 0\n  exit\n",
  );
  const { processed, totalStates, peakStates } = verdictOf(program);
  assertEquals([processed, totalStates, peakStates], [203, 6, 6]);
});

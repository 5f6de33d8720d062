import { assert, assertEquals } from "@std/assert";
import { programOf, verdictOf } from "../testing/programs.ts";
import { sweeping } from "./value_sweep.ts";
import { paranoia, resetValues, valueCount } from "./values.ts";

/** Two nested loops whose counters, and ranges that move with them, are others each time; the last way out is refused or not. */
function loops(last: string): string {
  return `func test:
    call bpf_get_prandom_u32#7
    r9 = r0
    r9 &= 255
    r6 = 0
  outer:
    r7 = 0
  inner:
    r8 = r9
    r8 *= r7
    r8 += r7
    r8 ^= 5
    *(u64 *)(r10 -8) = r8
    r7 += 1
    r1 = r7
    r1 *= r6
    *(u64 *)(r10 -16) = r1
    if r7 < 300 goto inner
    r6 += 1
    if r6 < 20 goto outer
    r0 = *(u64 *)(r10 -16)
    if r0 == 5700 goto right
    ${last}
  right:
    r0 = 0
    exit`;
}

Deno.test("forgetting values that no state holds changes nothing but how many there are", () => {
  paranoia.on = true;
  const often = sweeping.from;
  for (const last of ["r0 = 1", "r0 = *(u64 *)(r2 +0)"]) {
    const program = programOf(loops(last));
    const results = [often, 1].map((from) => {
      sweeping.from = from;
      resetValues();
      const { verdict, message, processed, totalStates, peakStates } = verdictOf(program);
      return { result: { verdict, message, processed, totalStates, peakStates }, values: valueCount() };
    });
    sweeping.from = often;
    const [kept, swept] = results;
    assertEquals(swept.result, kept.result);
    assert(swept.result.processed > 40_000, `${swept.result.processed} instructions`);
    assert(swept.values < kept.values, `${swept.values} of ${kept.values} values`);
  }
});

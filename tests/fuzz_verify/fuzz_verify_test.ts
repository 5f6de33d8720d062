/**
 * A few hundred generated programs; `deno task fuzz:verify` does as many as one likes.
 */
import { assert, assertEquals } from "@std/assert";
import { kernelUnavailable } from "../../kernel/available.ts";
import { generateText } from "./generate.ts";
import { compareVerdicts, type Difference } from "./kernel.ts";
import { minimise } from "./minimise.ts";
import { checkText, nativeMissing } from "./run.ts";

if (nativeMissing !== undefined) console.log(`skipped: generated programs as machine code: ${nativeMissing}`);
const unavailable = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `its verdicts are those of ${Deno.osRelease()}`);
if (unavailable !== undefined) {
  console.log(`skipped: generated programs in the running kernel: ${unavailable}`);
}

/** Nothing that our verifier must answer for: see `main.ts`. */
const KNOWN = new Set<Difference>([
  "unsupported",
  "too long",
  "kernel fault",
  "atomic fetch",
  "callback rounds",
  "endless loop",
  "null argument",
]);

Deno.test("runs of generated programs stay within the states that verify explored, whatever runs them", () => {
  let accepted = 0, refused = 0, compared = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const outcome = checkText(generateText(seed), { inputs: 2, seed });
    if (outcome.verdict === "accept") accepted++;
    if (outcome.verdict === "reject") refused++;
    compared += outcome.compared;
  }
  assert(
    accepted > 10 && refused > 5 && compared > 3000,
    `${accepted} accepted, ${refused} refused, ${compared} compared`,
  );
});

Deno.test({
  name: "the running kernel says the same of generated programs",
  ignore: unavailable !== undefined,
  fn: () => {
    let accepted = 0, refused = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const { difference, ours, kernels } = compareVerdicts(generateText(seed), {
        allStates: seed % 4 === 0,
      });
      if (KNOWN.has(difference)) continue;
      assertEquals(difference, "none", `seed ${seed}: ${ours}; the kernel: ${kernels}`);
      if (ours.startsWith("accepted")) accepted++;
      else refused++;
    }
    assert(accepted > 30 && refused > 15, `${accepted} accepted, ${refused} refused: too few to tell`);
  },
});

Deno.test("what a callee is sure to write before anybody reads it may hold anything when it begins", () => {
  // The second path is covered at the call, where the slot is dead; in the callee it is alive to verify.
  const text = `type socket_filter
flags 8
func main:
    *(u64 *)(r10 -8) = 1
    call bpf_get_prandom_u32#7
    if r0 s> 0 goto on
    *(u64 *)(r10 -8) = 7
  on:
    r1 = r10
    r1 += -8
    call f
    r0 = *(u64 *)(r10 -8)
    exit
func f:
    r0 = 0
    r0 = 1
    *(u64 *)(r1 +0) = 5
    exit
`;
  const { verdict, compared } = checkText(text, { inputs: 4, seed: 1 });
  assertEquals(verdict, "accept");
  assert(compared > 0);
});

Deno.test("an address that a program returns is another in each run", () => {
  const text = `type sched_cls
map h type=hash key=4 value=16 max=8
func main:
    *(u64 *)(r10 -8) = 0
    r2 = r10
    r2 += -8
    r1 = map h ll
    call bpf_map_lookup_elem#1
    exit
`;
  const { verdict, runs } = checkText(text, { inputs: 2, seed: 1 });
  assertEquals(verdict, "accept");
  // Watched in three ways, and behind passes at least.
  assert(runs > 3);
});

Deno.test("what depends on addresses is not compared", () => {
  const text = `type sched_cls
map a type=array key=4 value=64 max=1
func main:
    r1 = map_value a+0 ll
    *(u64 *)(r1 +0) = r1
    r0 = 0
    exit
`;
  const { verdict, runs } = checkText(text, { inputs: 2, seed: 1 });
  assertEquals([verdict, runs], ["accept", 3]);
});

Deno.test("minimising keeps what shows and drops the rest", () => {
  const text = "a\nif x goto l1\nb\nl1:\nc\nd\n";
  assertEquals(
    minimise(text, (t) => t.includes("b\n") && t.includes("d\n") && t.includes("goto") === t.includes("l1:")),
    "b\nd\n",
  );
});

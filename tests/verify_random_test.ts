/**
 * Random programs: the verifier's long log is the running kernel's to the letter, and precision without backtracking never accepts
 * more. The kernel's part reports a skip where programs cannot be loaded.
 *
 * `deno run -A tests/verify_random_test.ts FROM TO` looks at more of them.
 */
import { assert, assertEquals } from "@std/assert";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { KernelUnit } from "../kernel/load.ts";
import type { VerifyOptions, VerifyResult } from "../passes/verify/verify.ts";
import { programOf, verdictOf } from "../passes/verify/testing/programs.ts";
import { randomProgram } from "../passes/verify/testing/random_program.ts";
import { paranoia } from "../passes/verify/states/values.ts";

/** Every third program has its states saved wherever states are compared (`BPF_F_TEST_STATE_FREQ`). */
function programOfSeed(seed: number): Program {
  return programOf(randomProgram(seed), { type: "sched_cls", flags: seed % 3 === 0 ? 8 : 0 });
}

/** The result, or undefined for a program that takes long. */
function tryVerdict(program: Program, options: Partial<VerifyOptions>): VerifyResult | undefined {
  try {
    return verdictOf(program, { ...options, timeLimit: 300 });
  } catch (error) {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  }
}

/** Without addresses, and without the program's lines, which the kernel is not given. */
function comparable(log: string): string[] {
  return log.replace(/\(18\) (r\d+) = 0x[0-9a-f]+/g, "(18) $1 = address").split("\n")
    .filter((line) => !/ @ test:\d+$/.test(line));
}

/** The first line in which the logs differ, or undefined. */
function difference(seed: number): string | undefined {
  const program = programOfSeed(seed), ours = tryVerdict(program, { logLevel: 2 });
  if (ours === undefined) return undefined;
  using unit = new KernelUnit(program.unit);
  using kernel = unit.load(program, { logLevel: 2, types: false });
  const a = comparable(ours.log), b = comparable(kernel.log);
  const at = a.findIndex((line, i) => line !== b[i]);
  if (at < 0 && a.length === b.length) return undefined;
  return `seed ${seed} line ${at}\n  before ${a[at - 1]}\n  ours   ${a[at]}\n  kernel ${b[at]}`;
}

const why = kernelUnavailable();
if (why !== undefined) console.log(`tests/verify_random_test.ts: skipped the kernel's part: ${why}`);

Deno.test({
  name: "the log of random programs is the kernel's",
  ignore: why !== undefined,
  fn() {
    paranoia.on = true;
    for (let seed = 1; seed <= 120; seed++) assertEquals(difference(seed), undefined);
  },
});

Deno.test("precision without backtracking never accepts more", () => {
  let accepted = 0;
  for (let seed = 1000; seed < 1120; seed++) {
    const program = programOfSeed(seed);
    const coarse = tryVerdict(program, { precision: "everything" });
    if (coarse?.verdict !== "accept") continue;
    accepted++;
    assertEquals(tryVerdict(program, {})?.verdict, "accept", `seed ${seed}`);
  }
  // Or the test says nothing.
  assertEquals(accepted > 20, true, `only ${accepted} programs were accepted`);
});

Deno.test("what was computed and marked before is not done again where nothing is logged, and nothing changes by it", () => {
  paranoia.on = true;
  let loops = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const program = programOfSeed(seed);
    const [short, long] = [0, 2].map((logLevel) => tryVerdict(program, { logLevel }));
    if (short === undefined || long === undefined) continue;
    const of = (r: VerifyResult) => [r.verdict, r.message, r.processed, r.totalStates, r.peakStates];
    assertEquals(of(short), of(long), `seed ${seed}`);
    if (short.processed > 2 * program.code.insns.length) loops++;
  }
  assert(loops > 3, `${loops} programs with loops`);
});

if (import.meta.main) {
  const [from, to] = Deno.args.map(Number);
  let different = 0;
  for (let seed = from; seed < to; seed++) {
    const text = difference(seed);
    if (text === undefined) continue;
    different++;
    if (different <= 5) console.log(text);
  }
  console.log(`${to - from} programs, ${different} different`);
}

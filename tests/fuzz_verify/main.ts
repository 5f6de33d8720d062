/**
 * `deno task fuzz:verify --count N --seed S [--kernel] [--inputs N]`: random programs through verify. What is accepted runs on the
 * interpreter, and every register and stack slot at every instruction must lie in a state that verify explored; every pass and the
 * machine code must give the same results. With `--kernel` the verdicts are compared with the running kernel's instead; with
 * `--as-linux`, those of a verifier that errs where the kernel does, so that verdicts, messages and figures must all be the same.
 *
 * Disagreements are printed, minimised; the exit status is 1 if there are any.
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { kernelUnavailable } from "../../kernel/available.ts";
import { runAsLinux } from "./as_linux.ts";
import { generateText } from "./generate.ts";
import { compareVerdicts, type Comparison, type Difference } from "./kernel.ts";
import { minimise } from "./minimise.ts";
import { checkText, DisagreementError, nativeMissing, notRun } from "./run.ts";

const args = parseArgs(Deno.args, {
  boolean: ["kernel", "as-linux", "patched", "whole"],
  string: ["count", "seed", "inputs"],
  default: { count: "1000", seed: "1", inputs: "2" },
});
const count = Number(args.count), first = Number(args.seed), inputs = Number(args.inputs);
/** Minimising takes a second each; a broken verifier shows in the first ones. */
const MINIMISED = 20;

/** Where the kernel is at fault (docs/kernel_divergences.md), and what says itself what is missing. */
const KNOWN: ReadonlySet<Difference> = new Set<Difference>([
  "kernel fault",
  "atomic fetch",
  "callback rounds",
  "endless loop",
  "null argument",
  "unsupported",
]);

if (args["as-linux"]) Deno.exit(await runAsLinux(["--count", args.count, "--seed", args.seed]));
/** What must not differ between two verifiers that err alike. */
const MUST_AGREE = ["wrong accept", "wrong reject", "message", "processed"] as const;

const failed = args.kernel || args.patched ? againstKernel() : againstRuns();
Deno.exit(failed ? 1 : 0);

function againstRuns(): boolean {
  if (nativeMissing !== undefined) console.log(`machine code is left out: ${nativeMissing}`);
  let accepted = 0, unsupported = 0, runs = 0, compared = 0, processed = 0;
  const faults = new Map<string, number>();
  for (let seed = first; seed < first + count; seed++) {
    const text = generateText(seed);
    try {
      const outcome = checkText(text, { inputs, seed, everyWay: seed % 32 === 0 });
      if (outcome.verdict === "accept") accepted++;
      if (outcome.verdict === "unsupported") unsupported++;
      runs += outcome.runs;
      compared += outcome.compared;
      processed += outcome.processed;
    } catch (error) {
      const kind = kindOf(error);
      faults.set(kind, (faults.get(kind) ?? 0) + 1);
      if (faults.get(kind)! > 1 && total(faults) > MINIMISED) continue;
      console.log(`seed ${seed}: ${messageOf(error)}`);
      const small = args.whole ? text : minimise(text, (shorter) => {
        try {
          checkText(shorter, { inputs, seed });
          return false;
        } catch (again) {
          return kindOf(again) === kind;
        }
      });
      console.log(small);
    }
    progress(seed, faults);
  }
  console.log(
    `${count} programs: ${accepted} accepted, ${count - accepted - unsupported - total(faults)} refused, ` +
      `${unsupported} without a verdict; ${processed} instructions processed`,
  );
  console.log(`${runs} comparisons of runs; ${compared} executed instructions held against states`);
  for (const [what, times] of notRun) console.log(`${times} times not run: ${what}`);
  for (const [kind, times] of faults) console.log(`FAILED ${times} times: ${kind}`);
  // Zero of zero is a failure.
  return faults.size > 0 || accepted === 0 || compared === 0;
}

function againstKernel(): boolean {
  const unavailable = kernelUnavailable();
  if (unavailable !== undefined) {
    console.log(`skipped: ${unavailable}`);
    return true;
  }
  const counts = new Map<Difference, number>();
  const kinds = new Map<string, number>();
  let accepted = 0, shown = 0;
  for (let seed = first; seed < first + count; seed++) {
    const text = generateText(seed), options = { allStates: seed % 4 === 0, asLinux: args.patched };
    const { difference, ...verdicts } = compareVerdicts(text, options);
    counts.set(difference, (counts.get(difference) ?? 0) + 1);
    if (verdicts.accepted) accepted++;
    if (difference !== "none" && difference !== "too long") {
      const kind = `${difference}: ${verdicts.ours} / ${verdicts.kernels}`.replace(
        /-?(0x[0-9a-f]+|[0-9]+)/g,
        "N",
      );
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (!KNOWN.has(difference) && kinds.get(kind)! <= 2 && shown++ < MINIMISED) {
        console.log(`seed ${seed}: ${difference}; ours: ${verdicts.ours}; the kernel's: ${verdicts.kernels}`);
        const small = args.whole ? text : minimise(text, (shorter) => {
          try {
            return kindOfDifference(compareVerdicts(shorter, options)) === kind;
          } catch {
            return false;
          }
        });
        const { ours, kernels } = compareVerdicts(small, options);
        console.log(`${small}; ours: ${ours}; the kernel's: ${kernels}\n`);
      }
    }
    progress(seed, kinds);
  }
  console.log(`${count} programs: ${accepted} accepted by the kernel`);
  for (const [difference, times] of counts) console.log(`${difference}: ${times}`);
  for (const [kind, times] of kinds) console.log(`${times} times ${kind}`);
  const wrong = (args.patched ? MUST_AGREE : ["wrong accept"] as const).some((what) => counts.has(what));
  return wrong || accepted === 0;
}

function kindOfDifference({ difference, ours, kernels }: Comparison): string {
  return `${difference}: ${ours} / ${kernels}`.replace(/-?(0x[0-9a-f]+|[0-9]+)/g, "N");
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, n) => sum + n, 0);
}

function messageOf(error: unknown): string {
  if (!(error instanceof DisagreementError)) {
    return error instanceof Error ? error.stack ?? "" : String(error);
  }
  return error.message.length > 400 ? `${error.message.slice(0, 400)}...` : error.message;
}

/** What is wrong, without the numbers of the case. */
function kindOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/-?(0x[0-9a-f]+|[0-9]+)/g, "N").slice(0, 60);
}

function progress(seed: number, faults: ReadonlyMap<string, number>): void {
  const done = seed - first + 1;
  if (done % 1000 === 0) console.error(`${done} of ${count}, ${total(faults)} disagreements`);
}

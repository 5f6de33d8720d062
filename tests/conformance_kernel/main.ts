/**
 * `deno task conformance:kernel [DIR]`: what verify says of the programs of a corpus that a kernel judged, and how the tests go that
 * the kernel passes.
 *
 * Prints every difference, what is unsupported by kind, and a summary of one line for each. Exit status 1 if a program is accepted
 * that the kernel refuses, if something crashes, or if there is nothing to compare.
 *
 * `deno task conformance:kernel --running DIR…` compares objects of any origin with the running kernel instead, which takes root.
 *
 * - `--only TEXT`: programs and tests whose name contains it
 * - `--verdicts`, `--annotated`, `--legacy`: only this part
 * - `--unsupported`: name every program, not only the kinds
 * - `--counts`: list programs whose counts differ
 * - `--limit MS`: give up on a program after so long; 10000 if left out
 * - `--json`: a line for each decided program
 * - `--running`: with the running kernel; `--type TYPE` and `--license TEXT` where objects do not say, `--logs N` compares the logs of
 *   programs of which at most N instructions are processed
 * - `--paranoid`: check saved values against their registers
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { fromFileUrl } from "@std/path";
import { paranoia } from "../../passes/verify/states/values.ts";
import { Corpus } from "./corpus.ts";
import type { Tally } from "./tally.ts";
import { annotatedTests, legacyTests, type TestScore } from "./tests_held.ts";
import { compareRunning } from "./running.ts";
import { judgeLine, Verdicts } from "./verdicts.ts";
import { kernelUnavailable } from "../../kernel/mod.ts";

interface Options {
  readonly only: string | undefined;
  readonly names: boolean;
  readonly counts: boolean;
  readonly json: boolean;
  readonly limit: number;
}

function list(title: string, items: readonly string[]): void {
  if (items.length === 0) return;
  console.log(`\n${title} (${items.length})`);
  for (const item of items) console.log(`  ${item}`);
}

function listKinds(title: string, tally: Tally, names: boolean): void {
  if (tally.count === 0) return;
  console.log(`\n${title} (${tally.count})`);
  for (const [kind, items] of tally.byCount()) {
    console.log(`  ${items.length} ${kind}`);
    if (names) { for (const item of items) console.log(`      ${item}`); }
  }
}

function compareVerdicts(corpus: Corpus, options: Options): Verdicts {
  const verdicts = new Verdicts();
  for (const line of corpus.lines) {
    if (!line.ground_truth || line.verdict === "prep_fail") continue;
    if (options.only !== undefined && !`${line.obj}/${line.prog}`.includes(options.only)) continue;
    const judged = judgeLine(corpus, line, options.limit);
    verdicts.add(line, judged);
    if (options.json && judged.kind === "decided") {
      const { verdict, processed, usec } = judged.result;
      console.log(
        JSON.stringify({ name: `${line.obj}/${line.prog}`, verdict, kernel: line.verdict, processed, usec }),
      );
    }
  }
  showVerdicts(verdicts, options);
  return verdicts;
}

function showVerdicts(verdicts: Verdicts, options: Options): void {
  list("wrong accepts", verdicts.wrongAccepts);
  list("wrong rejects", verdicts.wrongRejects);
  list("crashes", verdicts.crashes);
  if (options.counts) list("other counts", verdicts.countDifferences);
  list("slow", verdicts.slow);
  listKinds("unsupported", verdicts.unsupported, options.names);
}

/** The same with objects of any origin and the running kernel; gives the exit status. */
function runRunning(
  paths: readonly string[],
  options: Options & { type: string | undefined; license: string | undefined; logs: number },
): number {
  const unavailable = kernelUnavailable();
  if (unavailable !== undefined) {
    console.log(`skipped: ${unavailable}`);
    return 1;
  }
  const running = compareRunning(paths, options);
  const { verdicts } = running;
  showVerdicts(verdicts, options);
  list("other words", running.messages);
  list("other logs", running.logs);
  list("unreadable", running.unreadable);
  listKinds("not for this kernel", running.unjudged, options.names);
  console.log("");
  for (const line of running.summary()) console.log(line);
  return verdicts.wrongAccepts.length + verdicts.crashes.length > 0 || verdicts.decided === 0 ? 1 : 0;
}

function show(title: string, score: TestScore, options: Options): void {
  list(`${title}: failing`, score.failing);
  list(`${title}: crashes`, score.crashes);
  listKinds(`${title}: checked in part`, score.incomplete, options.names);
  listKinds(`${title}: undecided`, score.undecided, options.names);
}

/** Runs what the arguments ask for; gives the exit status. */
export function run(args: readonly string[]): number {
  const parsed = parseArgs([...args], {
    string: ["only", "limit", "type", "license", "logs"],
    boolean: ["running", "verdicts", "annotated", "legacy", "unsupported", "counts", "json", "paranoid"],
  });
  const options: Options = {
    only: parsed.only,
    names: parsed.unsupported,
    counts: parsed.counts,
    json: parsed.json,
    limit: Number(parsed.limit ?? 10_000),
  };
  paranoia.on = parsed.paranoid;
  if (parsed.running) {
    const { type, license } = parsed;
    return runRunning(parsed._.map(String), { ...options, type, license, logs: Number(parsed.logs ?? 0) });
  }
  const folder = parsed._.length > 0
    ? String(parsed._[0])
    : fromFileUrl(new URL("../../../shared/corpus", import.meta.url));
  let corpus: Corpus;
  try {
    corpus = new Corpus(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.log(`skipped: no corpus: ${error.message}`);
    return parsed._.length > 0 ? 1 : 0;
  }
  const all = !parsed.verdicts && !parsed.annotated && !parsed.legacy;
  const summary: string[] = [];
  let compared = 0, bad = 0;
  if (all || parsed.verdicts) {
    const verdicts = compareVerdicts(corpus, options);
    summary.push(...verdicts.summary());
    compared += verdicts.decided;
    bad += verdicts.wrongAccepts.length + verdicts.crashes.length;
  }
  if (all || parsed.annotated) {
    const score = annotatedTests(corpus, options);
    show("annotated tests", score, options);
    summary.push(score.summary());
    compared += score.held;
    bad += score.crashes.length;
  }
  if (all || parsed.legacy) {
    const score = legacyTests(corpus, options);
    if (score === undefined) summary.push("array-style tests: skipped, the corpus has none");
    else {
      show("array-style tests", score, options);
      summary.push(score.summary());
      compared += score.held;
      bad += score.crashes.length;
    }
  }
  console.log("");
  for (const line of summary) console.log(line);
  return bad > 0 || compared === 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(run(Deno.args));

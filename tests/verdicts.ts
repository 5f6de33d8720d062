/**
 * What verify says of the programs the running kernel judged: how many it decides, where it agrees, and every program where it does
 * not. Needs `../shared/corpus`; says "skipped" without it.
 *
 * `deno run -A tests/verdicts.ts [--only TEXT] [--unsupported] [--limit MS] [--json] [--counts] [--paranoid]`
 *
 * @module
 */
import { parseArgs } from "@std/cli";
import { fromFileUrl } from "@std/path";
import { openBtf } from "../ir/btf/read.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { verifyProgram, type VerifyResult } from "../passes/verify/verify.ts";
import { paranoia } from "../passes/verify/values.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";

/** A line of `verdicts.jsonl`. */
interface Verdict {
  readonly obj: string;
  readonly sec: string;
  readonly prog: string;
  readonly type: string;
  readonly attach_type: number;
  readonly verdict: string;
  readonly errno: number;
  readonly processed: number;
  readonly total_states: number;
  readonly peak_states: number;
  readonly stack_depth: string;
  readonly prog_flags: number;
  readonly last?: string;
  readonly verif_usec: number;
  readonly ground_truth: boolean;
}

const corpus = fromFileUrl(new URL("../../shared/corpus", import.meta.url));
const args = parseArgs(Deno.args, {
  string: ["only", "limit"],
  boolean: ["unsupported", "json", "counts", "paranoid"],
});

function lines(): Verdict[] {
  const text = Deno.readTextFileSync(`${corpus}/verdicts.jsonl`);
  return text.trim().split("\n").map((line) => JSON.parse(line) as Verdict);
}

paranoia.on = args.paranoid;

let all: Verdict[];
try {
  all = lines();
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  console.log("skipped: no ../shared/corpus");
  Deno.exit(0);
}

const targetBtf = openBtf(Deno.readFileSync(`${corpus}/vmlinux-6.18.btf`));
const units = new Map<string, Unit | string>();

function unitOf(obj: string): Unit | string {
  let unit = units.get(obj);
  if (unit !== undefined) return unit;
  units.clear();
  try {
    unit = parseObject(Deno.readFileSync(`${corpus}/selftests/${obj}.bpf.o`), { name: obj, targetBtf });
  } catch (error) {
    unit = `parse: ${error instanceof Error ? `${error.name} ${error.message}` : error}`;
  }
  units.set(obj, unit);
  return unit;
}

const counts = { total: 0, decided: 0, agree: 0, sameCounts: 0 };
const unsupported = new Map<string, number>();
const wrongAccepts: string[] = [], wrongRejects: string[] = [], crashes: string[] = [], slow: string[] = [];
const countDiffs: string[] = [];
let processed = 0, usec = 0;

function note(what: string, name: string): void {
  unsupported.set(what, (unsupported.get(what) ?? 0) + 1);
  if (args.unsupported) console.log(`unsupported ${name}: ${what}`);
}

for (const line of all) {
  if (!line.ground_truth || (line.verdict !== "accept" && line.verdict !== "reject")) continue;
  const name = `${line.obj}/${line.prog}`;
  if (args.only !== undefined && !name.includes(args.only)) continue;
  counts.total++;
  const unit = unitOf(line.obj);
  if (typeof unit === "string") {
    note(unit, name);
    continue;
  }
  const parsed = unit.programs.find((p) => p.attrs.name === line.prog);
  if (parsed === undefined) {
    note("parse: program not found", name);
    continue;
  }
  const program = new Program({
    ...parsed,
    unit: parsed.unit,
    attrs: { ...parsed.attrs, type: line.type, attachType: line.attach_type, flags: line.prog_flags },
    code: parsed.code,
    subprogs: parsed.subprogs,
    nextInsnId: parsed.nextInsnId,
    nextSubprogId: parsed.nextSubprogId,
  });
  let result: VerifyResult;
  try {
    result = verifyProgram(program, {
      profile: LINUX_6_18,
      targetBtf,
      timeLimit: Number(args.limit ?? 10_000),
    });
  } catch (error) {
    if (error instanceof UnsupportedError) note(error.what, name);
    else crashes.push(`${name}: ${error instanceof Error ? error.stack : error}`);
    continue;
  }
  counts.decided++;
  processed += result.processed;
  usec += result.usec;
  if (result.usec > 500_000) {
    slow.push(`${name}: ${result.usec} µs, ${result.processed} insns, kernel ${line.verif_usec} µs`);
  }
  if (args.json) {
    console.log(
      JSON.stringify({
        name,
        verdict: result.verdict,
        kernel: line.verdict,
        processed: result.processed,
        usec: result.usec,
      }),
    );
  }
  if (result.verdict === line.verdict) {
    counts.agree++;
    if (result.processed === line.processed && result.totalStates === line.total_states) counts.sameCounts++;
    else if (line.verdict === "accept") {
      countDiffs.push(
        `${name}: processed ${result.processed}/${line.processed} states ${result.totalStates}/${line.total_states} peak ${result.peakStates}/${line.peak_states}`,
      );
    }
  } else if (result.verdict === "accept") {
    wrongAccepts.push(`${name} (${line.type}): kernel ${line.errno} ${line.last ?? ""}`);
  } else wrongRejects.push(`${name} (${line.type}): ${result.errno} ${result.message}`);
}

const list = (title: string, items: readonly string[]): void => {
  if (items.length === 0) return;
  console.log(`\n${title} (${items.length})`);
  for (const item of items) console.log(`  ${item}`);
};
list("wrong accepts", wrongAccepts);
list("wrong rejects", wrongRejects);
list("crashes", crashes);
if (args.counts) list("other counts", countDiffs);
list("slow", slow);
console.log(`\nunsupported (${counts.total - counts.decided - crashes.length})`);
for (const [what, n] of [...unsupported].sort((a, b) => b[1] - a[1])) console.log(`  ${n} ${what}`);
const percent = (a: number, b: number): string => b === 0 ? "-" : `${(100 * a / b).toFixed(1)} %`;
console.log(
  `\n${counts.total} programs, decided ${counts.decided} (${
    percent(counts.decided, counts.total)
  }), agree ${counts.agree} (${
    percent(counts.agree, counts.decided)
  }), same counts ${counts.sameCounts}, wrong accepts ${wrongAccepts.length}, wrong rejects ${wrongRejects.length}, crashes ${crashes.length}`,
);
console.log(
  `${processed} instructions in ${(usec / 1e6).toFixed(2)} s: ${(processed / usec).toFixed(2)} M/s`,
);
if (wrongAccepts.length > 0 || crashes.length > 0) Deno.exitCode = 1;

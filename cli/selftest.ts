/**
 * `inlay selftest`: runs the tests that objects carry in their annotations, and array-style tests.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { nativeUnavailable } from "../runtime/mod.ts";
import { runAnnotated } from "../selftest/annotated.ts";
import { runLegacy } from "../selftest/legacy.ts";
import { type LegacyCase, readLegacy } from "../selftest/legacy_case.ts";
import type { Part, Skipped } from "../selftest/part.ts";
import { type Command, readOptions, UsageError } from "./command.ts";
import { InputError, readTargetBtf, readUnit } from "./inputs.ts";
import { bold, dim, green, Progress, red, yellow } from "./terminal.ts";

/** The command. */
export const command: Command = {
  name: "selftest",
  summary: "runs the tests that objects carry in declaration tags, as the kernel's loader does",
  help: `inlay selftest OBJECT… [--program P] [--btf FILE] [--json]
inlay selftest --legacy FILE [--btf FILE] [--json]

Reads what programs expect of themselves in declaration tags (test_expect_success,
test_expect_failure, test_expect_msg, test_expect_xlated, test_retval, test_log_level,
test_prog_flags, …; {{…}} is a regular expression) and checks it: the verdict, the verifier's log,
the rewritten instructions, and the result of a run on 64 zeros, natively and interpreted.
What cannot be checked here is counted by kind and is never right.

  --program P    only programs of this name
  --legacy FILE  array-style tests instead, one JSON object a line
  --btf FILE     the kernel's BTF (the running kernel's if it can be read, else none)
  --json         one object per part: object, program, test, part, ok, want, got

Exit status: 0 every part is as expected, 1 some are not, or there are none, 2 something cannot be
read.`,
  run(args) {
    const options = readOptions(args, { flags: ["json"], strings: ["program", "btf", "legacy"] });
    const targetBtf = readTargetBtf(options.string("btf"));
    const legacy = options.string("legacy");
    if ((legacy === undefined) === (options.positional.length === 0)) {
      throw new UsageError("takes objects, or a file of array-style tests with --legacy");
    }
    const report = new Report(options.flag("json"));
    if (legacy !== undefined) {
      for (const test of readTests(legacy)) {
        report.add(runLegacy(test, { object: legacy, ...(targetBtf === undefined ? {} : { targetBtf }) }));
      }
    } else runObjects(options.positional, { program: options.string("program"), targetBtf, report });
    return Promise.resolve(report.end());
  },
};

function runObjects(
  paths: readonly string[],
  how: { program: string | undefined; targetBtf: Btf | undefined; report: Report },
): void {
  const progress = new Progress(paths.length);
  for (const [i, object] of paths.entries()) {
    progress.at(i, object);
    const unit = readUnit(object, how.targetBtf);
    progress.end();
    how.report.add(runAnnotated(unit, {
      object,
      ...(how.targetBtf === undefined ? {} : { targetBtf: how.targetBtf }),
      ...(how.program === undefined ? {} : { only: (program) => program.attrs.name === how.program }),
    }));
  }
}

function readTests(path: string): LegacyCase[] {
  try {
    return readLegacy(Deno.readTextFileSync(path));
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

/** Prints results as they come, and counts them. */
class Report {
  readonly #json: boolean;
  readonly #unsupported = new Map<string, number>();
  readonly #skipped = new Map<string, number>();
  #right = 0;
  #wrong = 0;

  constructor(json: boolean) {
    this.#json = json;
  }

  add(results: Iterable<Part | Skipped>): void {
    for (const result of results) {
      if ("skipped" in result) count(this.#skipped, result.skipped);
      else {
        if (result.unsupported !== undefined) count(this.#unsupported, result.unsupported);
        else if (result.ok) this.#right++;
        else this.#wrong++;
        if (this.#json) console.log(JSON.stringify(result));
        else if (!result.ok) console.log(describePart(result));
      }
    }
  }

  /** Says how it went, on stderr if results go to stdout; gives the exit status. */
  end(): number {
    const say = this.#json ? console.error : console.log;
    const undone = [...this.#unsupported.values()].reduce((a, b) => a + b, 0);
    for (const [why, n] of sorted(this.#unsupported)) say(`${String(n).padStart(6)} unsupported: ${why}`);
    for (const [why, n] of sorted(this.#skipped)) say(`${String(n).padStart(6)} skipped: ${why}`);
    const reason = nativeUnavailable();
    if (reason !== undefined) say(`       skipped: runs on x86_64: ${reason}`);
    const line = `${this.#right} parts as expected, ${this.#wrong} not, ${undone} unsupported`;
    say(this.#wrong > 0 ? red(line) : undone > 0 || this.#right === 0 ? yellow(line) : green(line));
    return this.#wrong === 0 && undone === 0 && this.#right > 0 ? 0 : 1;
  }
}

function count(counts: Map<string, number>, kind: string): void {
  counts.set(kind, (counts.get(kind) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function describePart(part: Part): string {
  const paint = part.unsupported === undefined ? red : yellow;
  const head = `${paint(part.part.padEnd(8))} ${bold(`${part.object}: ${part.program}`)} ${dim(part.test)}`;
  const indent = (text: string) => text.replaceAll("\n", "\n         ");
  return `${head}\n    want ${indent(part.want)}\n    got  ${indent(part.got)}`;
}

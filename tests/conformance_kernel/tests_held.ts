/**
 * The tests that a kernel itself passes to the letter, run here.
 *
 * @module
 */
import type { Backend } from "../../compiler/run.ts";
import { runAnnotated } from "../../selftest/annotated.ts";
import { runLegacy } from "../../selftest/legacy.ts";
import { INTERNAL_FAULT, type Part, type Skipped } from "../../selftest/part.ts";
import type { Corpus } from "./corpus.ts";
import { Tally } from "./tally.ts";
import { percent } from "./verdicts.ts";

/** How a set of tests went. */
export class TestScore {
  readonly #title: string;
  /** Tests with a part that is not as expected. */
  readonly failing: string[] = [];
  readonly crashes: string[] = [];
  /** By kind: tests without a verdict. */
  readonly undecided: Tally = new Tally();
  /** By kind: tests with a verdict of which another part cannot be checked, and nothing else is wrong. */
  readonly incomplete: Tally = new Tally();
  total = 0;
  held = 0;

  /** `title`: what the tests are. */
  constructor(title: string) {
    this.#title = title;
  }

  /** Adds a test with its results. */
  add(name: string, run: () => Iterable<Part | Skipped>): void {
    this.total++;
    let parts: Part[];
    try {
      parts = [...run()].filter((result): result is Part => !("skipped" in result));
    } catch (error) {
      this.crashes.push(`${name}: ${error instanceof Error ? error.stack : error}`);
      return;
    }
    const fault = parts.find((part) => part.got.startsWith(INTERNAL_FAULT));
    if (fault !== undefined) {
      this.crashes.push(`${name}: ${fault.got}`);
      return;
    }
    const wrong = parts.find((part) => !part.ok && part.unsupported === undefined);
    const unknown = parts.find((part) => part.unsupported !== undefined);
    if (unknown?.part === "verdict") this.undecided.add(unknown.unsupported!, name);
    else if (wrong !== undefined) {
      this.failing.push(`${name} ${wrong.part}\n    want ${wrong.want}\n    got  ${lastLines(wrong.got)}`);
    } else if (unknown !== undefined) this.incomplete.add(`${unknown.part}: ${unknown.unsupported}`, name);
    else if (parts.length > 0) this.held++;
    else this.failing.push(`${name}: nothing was checked`);
  }

  /** The summary. */
  summary(): string {
    const decided = this.total - this.undecided.count;
    return `${this.#title}: ${this.total} that the kernel passes, decided ${decided}, to the letter ${this.held} (${
      percent(this.held, decided)
    }), failing ${this.failing.length}, checked in part ${this.incomplete.count}, crashes ${this.crashes.length}`;
  }
}

function lastLines(text: string): string {
  const lines = text.split("\n");
  return lines.slice(-4).join("\n         ");
}

/** Which tests are run. */
export interface HeldOptions {
  /** Only tests whose name contains this. */
  readonly only: string | undefined;
  readonly backends?: readonly Backend[];
}

/** Runs the annotated tests that the kernel passes. */
export function annotatedTests(corpus: Corpus, options: HeldOptions): TestScore {
  const score = new TestScore("annotated tests");
  for (const line of corpus.lines) {
    const name = `${line.obj}/${line.prog}`;
    if (line.kernel_holds !== true || (options.only !== undefined && !name.includes(options.only))) continue;
    score.add(name, () => {
      const unit = corpus.unit(line.obj);
      if (typeof unit === "string") throw new Error(unit);
      return runAnnotated(unit, {
        object: `${line.obj}.bpf.o`,
        targetBtf: corpus.targetBtf,
        only: (program) => program.attrs.name === line.prog,
        ...(options.backends === undefined ? {} : { backends: options.backends }),
      });
    });
  }
  return score;
}

/** Runs the array-style tests that the kernel passes; undefined if the corpus has none. */
export function legacyTests(corpus: Corpus, options: HeldOptions): TestScore | undefined {
  const tests = corpus.legacy();
  if (tests === undefined) return undefined;
  const score = new TestScore("array-style tests");
  for (const test of tests) {
    const name = `${test.idx} ${test.name}`;
    if (test.kernel?.status !== "pass") continue;
    if (options.only !== undefined && !name.includes(options.only)) continue;
    score.add(name, () =>
      runLegacy(test, {
        object: "legacy_tests.jsonl",
        targetBtf: corpus.targetBtf,
        ...(options.backends === undefined ? {} : { backends: options.backends }),
      }));
  }
  return score;
}

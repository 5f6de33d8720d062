/**
 * Our verdicts against a kernel's: how many are decided, which differ, how the counts and the times compare.
 *
 * @module
 */
import { knowsVariables } from "../../cli/kconfig.ts";
import { UnsupportedError } from "../../ir/diagnostic.ts";
import { verifyProgram, type VerifyResult } from "../../passes/verify/verify.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import type { Corpus, KernelLine } from "./corpus.ts";
import { Tally } from "./tally.ts";

/** What came of one program. */
export type Judged =
  | { readonly kind: "unsupported"; readonly what: string }
  | { readonly kind: "crash"; readonly what: string }
  | { readonly kind: "decided"; readonly result: VerifyResult };

/** Judges a line's program. `limit`: milliseconds. */
export function judgeLine(corpus: Corpus, line: KernelLine, limit: number): Judged {
  const program = corpus.program(line);
  if (typeof program === "string") return { kind: "unsupported", what: program };
  try {
    const kernelVariables = knowsVariables(program);
    const result = verifyProgram(program, {
      profile: LINUX_6_18,
      ...(kernelVariables === undefined ? {} : { kernelVariables }),
      targetBtf: corpus.targetBtf,
      timeLimit: limit,
    });
    return { kind: "decided", result };
  } catch (error) {
    if (error instanceof UnsupportedError) return { kind: "unsupported", what: error.what };
    return { kind: "crash", what: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
}

/** Gathers what is said of a corpus. */
export class Verdicts {
  readonly wrongAccepts: string[] = [];
  readonly wrongRejects: string[] = [];
  readonly crashes: string[] = [];
  /** Accepted by both, with other counts. */
  readonly countDifferences: string[] = [];
  readonly slow: string[] = [];
  readonly unsupported: Tally = new Tally();
  total = 0;
  decided = 0;
  agreeing = 0;
  #sameCounts = 0;
  #bothAccept = 0;
  /** Of programs that both accept: instructions processed, microseconds. */
  readonly #ours = { processed: 0, usec: 0 };
  readonly #kernel = { processed: 0, usec: 0 };
  /** Of all decided programs. */
  readonly #all = { processed: 0, usec: 0 };

  /** Adds a program. */
  add(line: KernelLine, judged: Judged): void {
    const name = `${line.obj}/${line.prog}`;
    this.total++;
    switch (judged.kind) {
      case "unsupported":
        this.unsupported.add(judged.what, name);
        return;
      case "crash":
        this.crashes.push(`${name}: ${judged.what}`);
        return;
      case "decided":
        this.#decided(name, line, judged.result);
    }
  }

  #decided(name: string, line: KernelLine, result: VerifyResult): void {
    this.decided++;
    this.#all.processed += result.processed;
    this.#all.usec += result.usec;
    if (result.usec > 500_000) {
      this.slow.push(`${name}: ${result.usec} µs, ${result.processed} insns, kernel ${line.verif_usec} µs`);
    }
    if (result.verdict !== line.verdict) {
      if (result.verdict === "accept") {
        this.wrongAccepts.push(`${name} (${line.type}): kernel ${line.errno} ${line.last ?? ""}`);
      } else this.wrongRejects.push(`${name} (${line.type}): ${result.errno} ${result.message}`);
      return;
    }
    this.agreeing++;
    const same = result.processed === line.processed;
    if (same) this.#sameCounts++;
    if (result.verdict !== "accept") return;
    this.#bothAccept++;
    this.#ours.processed += result.processed;
    this.#ours.usec += result.usec;
    this.#kernel.processed += line.processed;
    this.#kernel.usec += line.verif_usec;
    if (!same || result.totalStates !== line.total_states) {
      this.countDifferences.push(
        `${name}: processed ${result.processed}/${line.processed}, states ${result.totalStates}/${line.total_states}, peak ${result.peakStates}/${line.peak_states}`,
      );
    }
  }

  /** The summary, a line each. */
  summary(): string[] {
    const seconds = (usec: number) => `${(usec / 1e6).toFixed(2)} s`;
    const { processed, usec } = this.#all;
    const rate = usec === 0 ? "–" : (processed / usec).toFixed(2);
    return [
      `${this.total} programs, decided ${this.decided} (${
        percent(this.decided, this.total)
      }), agree ${this.agreeing} (${
        percent(this.agreeing, this.decided)
      }), wrong accepts ${this.wrongAccepts.length}, wrong rejects ${this.wrongRejects.length}, crashes ${this.crashes.length}, unsupported ${
        percent(this.unsupported.count, this.total)
      }`,
      `processed counts equal ${this.#sameCounts} (${
        percent(this.#sameCounts, this.agreeing)
      } of those that agree); accepted by both: ${this.#ours.processed} instructions, kernel ${this.#kernel.processed} (${
        percent(this.#ours.processed, this.#kernel.processed)
      })`,
      `${processed} instructions in ${seconds(usec)}: ${rate} M/s; accepted by both: ${
        seconds(this.#ours.usec)
      }, kernel ${seconds(this.#kernel.usec)}`,
    ];
  }
}

/** A share. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? "–" : `${(100 * part / whole).toFixed(1)} %`;
}

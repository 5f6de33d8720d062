/**
 * Measures the variants of a case against each other: in turn, many short rounds, medians. Machines are noisy and drift; ratios
 * within one run hold.
 *
 * @module
 */
import { createRuntime, load } from "../compiler/run.ts";
import type { Program } from "../ir/program.ts";
import type { Observer } from "../passes/mod.ts";
import { kernelTestRun, kernelUnavailable, KernelUnit } from "../kernel/mod.ts";
import { type LoadedProgram, nativeUnavailable, type Runtime, testRun } from "../runtime/mod.ts";
import type { Case, Variant } from "./cases.ts";

/** One line of results. */
export interface Measurement {
  readonly name: string;
  /** `called`, `inlined`, `pruned`, `ideal`, `direct`; on the kernel `kernel_called` and so on. */
  readonly variant: string;
  readonly backend: "x86_64" | "kernel";
  /** Nanoseconds per operation, the median over the rounds. */
  readonly ns: number;
  /** This variant's time divided by another's, on the same back end: below 1 is faster. */
  readonly ratio_to: Readonly<Record<string, number>>;
  /** Instructions of the program as it was run; absent for the kernel. */
  readonly insns?: number;
}

/** How long and how often. */
export interface MeasureOptions {
  /** Rounds of which the median is taken. */
  readonly rounds: number;
  /** How long a round of one variant should take, in milliseconds. */
  readonly roundMs: number;
}

/** What is measured when nobody says otherwise: about a second a case. */
export const THOROUGH: MeasureOptions = { rounds: 25, roundMs: 8 };

/** What a demonstration has time for. */
export const QUICK: MeasureOptions = { rounds: 9, roundMs: 4 };

/** One variant, ready to be run so many times. Gives nanoseconds a run. */
interface Runner {
  readonly variant: string;
  readonly backend: "x86_64" | "kernel";
  readonly insns?: number;
  run(repeat: number): number;
}

/** A frame long enough for a hundred slices, with bytes that are not all alike. */
const PACKET = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);

/** What the device knows about the packet: every read succeeds. */
const METADATA = {
  timestamp: 1_700_000_000_123_456_789n,
  hash: 0x1234_5678,
  vlan: { proto: 0x8100, tci: 42 },
};

/** The program of a variant behind its last pass. */
export function compiled(item: Case, variant: Variant, observers: readonly Observer[] = []): Program {
  const { program, compiler } = item.build(variant, observers);
  const result = compiler.compile(program);
  result.release();
  return result.program;
}

function ownRunner(item: Case, how: { variant: Variant; runtime: Runtime }): Runner {
  const { program, compiler } = item.build(how.variant);
  const loaded: LoadedProgram = load(how.runtime, { compiler, compiled: compiler.compile(program) });
  const device = item.device === undefined ? {} : { device: item.device, metadata: METADATA };
  return {
    variant: how.variant,
    backend: "x86_64",
    insns: loaded.program.length,
    run: (repeat) => testRun(loaded, { data: PACKET, repeat, ...device }).ns,
  };
}

function kernelRunners(item: Case, opened: Disposable[]): Runner[] {
  if (kernelUnavailable() !== undefined) return [];
  const runners: Runner[] = [];
  for (const [variant, program] of Object.entries(item.kernel)) {
    const unit = new KernelUnit(program.unit);
    opened.push(unit);
    const verdict = unit.load(program);
    opened.push(verdict);
    if (!verdict.accepted) continue;
    // The kernel reports whole nanoseconds a run: exact enough for runs of a hundred operations and more.
    const run = (repeat: number): number => kernelTestRun(verdict.fd, { data: PACKET, repeat }).ns;
    runners.push({ variant: `kernel_${variant}`, backend: "kernel", run });
  }
  return runners;
}

/**
 * Measures one case.
 *
 * @throws {Error} If machine code cannot run here.
 */
export function measure(item: Case, options: MeasureOptions): readonly Measurement[] {
  const why = nativeUnavailable();
  if (why !== undefined) throw new Error(`Cannot measure machine code here: ${why}`);
  using runtime = createRuntime("x86_64", { seed: 1n });
  const opened: Disposable[] = [];
  try {
    const runners = [
      ...item.variants.map((variant) => ownRunner(item, { variant, runtime })),
      ...kernelRunners(item, opened),
    ];
    const samples = sample(runners, options);
    const median = new Map(runners.map((runner, i) => [runner.variant, middle(samples[i]) / item.ops]));
    return runners.map((runner) => {
      const ns = median.get(runner.variant)!;
      const prefix = runner.backend === "kernel" ? "kernel_" : "";
      const ratios = ["called", "ideal"].map((v) => prefix + v).filter((v) =>
        median.has(v) && v !== runner.variant
      );
      return {
        name: item.name,
        variant: runner.variant,
        backend: runner.backend,
        ns: round(ns),
        ratio_to: Object.fromEntries(ratios.map((v) => [v, round(ns / median.get(v)!)])),
        ...(runner.insns === undefined ? {} : { insns: runner.insns }),
      };
    });
  } finally {
    for (const resource of opened.reverse()) resource[Symbol.dispose]();
  }
}

/** Nanoseconds a run, by runner and round. All runners take their turn in every round, so that drift touches all alike. */
function sample(runners: readonly Runner[], options: MeasureOptions): number[][] {
  const repeats = runners.map((runner) => {
    runner.run(20);
    const ns = Math.max(runner.run(100), 1);
    return Math.max(1, Math.min(1_000_000, Math.round(options.roundMs * 1e6 / ns)));
  });
  const samples: number[][] = runners.map(() => []);
  for (let round = 0; round < options.rounds; round++) {
    runners.forEach((runner, i) => samples[i].push(runner.run(repeats[i])));
  }
  return samples;
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Four digits that count. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

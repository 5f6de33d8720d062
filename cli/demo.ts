/**
 * `inlay demo`: real programs, compiled by clang from C, taken all the way and measured, in under half a minute.
 *
 * @module
 */
import { type Case, cases } from "../bench/cases.ts";
import { compiled, measure, type Measurement, QUICK } from "../bench/measure.ts";
import { Compiler } from "../compiler/compiler.ts";
import { createRuntime, load } from "../compiler/run.ts";
import { plugin } from "../examples/third_party/plugin.ts";
import type { Program } from "../ir/program.ts";
import { timeObserver } from "../passes/mod.ts";
import { nativeUnavailable, testRun } from "../runtime/mod.ts";
import { type Command, readOptions, UsageError } from "./command.ts";
import { readTargetBtf, readUnit, selectProgram } from "./inputs.ts";
import { bold, dim, green, table } from "./terminal.ts";

/** The command. */
export const command: Command = {
  name: "demo",
  summary: "takes the examples from C to machine code, and measures what each step gains",
  help: `inlay demo

Takes the programs in examples/ (compiled by clang from the C sources beside them) through parse,
verify, inlining, pruning and the x86-64 back end, runs them, and ends in a table: instructions after
each pass, and nanoseconds per operation as calls and inlined, measured in this run.`,
  async run(args) {
    if (readOptions(args, {}).positional.length > 0) throw new UsageError("takes no arguments");
    const why = nativeUnavailable();
    if (why !== undefined) throw new UsageError(`machine code cannot run here: ${why}`);
    const shown = (await cases()).filter((item) => item.name !== "bpf_loop/empty");
    console.log(bold("Inlay, from C to machine code\n"));
    const columns: Column[] = [];
    for (const item of shown) {
      console.log(`${bold(`(${LETTERS[item.name]}) ${item.name}`)}  ${STORIES[item.name]}`);
      const counts = countInsns(item);
      const results = measure(item, QUICK);
      columns.push({ item, counts, results });
      const ns = (variant: string): number => results.find((r) => r.variant === variant)!.ns;
      const gain = (ns("called") / ns("pruned")).toFixed(2);
      console.log(
        dim(`    ${counts.get("parse")} instructions in, ${[...counts.values()].at(-1)} out; `) +
          green(`${ns("called").toFixed(2)} → ${ns("pruned").toFixed(2)} ns/op (×${gain})\n`),
      );
    }
    thirdParty();
    console.log(bold("Instructions after each pass, and what it gains"));
    console.log(table(summary(columns)));
    console.log(
      dim(
        "\ncalled: the function is machine code of its own. pruned: inlined, decided branches and dead code gone.\n" +
          "ideal: a plain loop, or C with the same work inlined by hand. ns/op are medians of this run; trust the ratios.",
      ),
    );
    console.log("\nNext: deno task inlay --help, and README.md");
    return 0;
  },
};

const LETTERS: Readonly<Record<string, string>> = {
  "bpf_loop/sum": "a",
  "dynptr_slice/xdp": "b",
  "dynptr_slice/tc": "b",
  "xdp_metadata/veth": "c",
  "xdp_metadata/mlx5": "c",
};

const STORIES: Readonly<Record<string, string>> = {
  "bpf_loop/sum": "a call of bpf_loop with one known callback becomes a loop",
  "dynptr_slice/xdp":
    "a hundred slices of a packet: the body of bpf_dynptr_slice, pruned at each call to the XDP case",
  "dynptr_slice/tc": "the same C on a socket buffer: the other case is left",
  "xdp_metadata/veth": "metadata kfuncs of a program bound to a veth: that driver's bodies",
  "xdp_metadata/mlx5": "the same program bound to an mlx5: other bodies",
};

interface Column {
  readonly item: Case;
  /** By pass: instructions behind it. */
  readonly counts: ReadonlyMap<string, number>;
  readonly results: readonly Measurement[];
}

/** Instructions behind each pass, `parse` first. */
function countInsns(item: Case): ReadonlyMap<string, number> {
  const times = timeObserver();
  const before: Program = item.build("pruned").program;
  compiled(item, "pruned", [times]);
  return new Map([["parse", before.length], ...times.times.map((t): [string, number] => [t.pass, t.after])]);
}

/** Passes as rows, leaving out those that changed the length of no program; then the times. */
function summary(columns: readonly Column[]): readonly (readonly string[])[] {
  const passes = [...columns[0].counts.keys()];
  const rows: string[][] = [["", ...columns.map((c) => `(${LETTERS[c.item.name]}) ${c.item.name}`)]];
  passes.forEach((pass, i) => {
    const counts = columns.map((c) => c.counts.get(pass) ?? 0);
    const changed = i === 0 || columns.some((c, j) => c.counts.get(passes[i - 1]) !== counts[j]);
    if (changed) rows.push([pass, ...counts.map(String)]);
  });
  const ns = (column: Column, variant: string): number =>
    column.results.find((r) => r.variant === variant)!.ns;
  for (const variant of ["called", "inlined", "pruned", "ideal"]) {
    rows.push([`ns/op ${variant}`, ...columns.map((c) => ns(c, variant).toFixed(2))]);
  }
  rows.push(["gain", ...columns.map((c) => `×${(ns(c, "called") / ns(c, "pruned")).toFixed(2)}`)]);
  return rows;
}

/** Example (d): a plugin that imports only what Inlay exports. */
function thirdParty(): void {
  console.log(
    `${bold("(d) third_party")}  a plugin with its own pass and its own kfuncs, whose bodies are C`,
  );
  const compiler = new Compiler({ plugins: [plugin()], trust: ["flow-hash"] });
  const path = new URL("../examples/third_party/steer.bpf.o", import.meta.url);
  const program = selectProgram(
    readUnit(decodeURIComponent(path.pathname), readTargetBtf(undefined)),
    "steer",
  );
  using runtime = createRuntime("x86_64");
  const result = compiler.compile(program);
  const loaded = load(runtime, { compiler, compiled: result });
  const frame = new Uint8Array(64);
  frame.set([0x08, 0x00, 0x45], 12);
  const queues = [1, 2, 3, 4].map((host) => {
    frame[29] = host;
    return testRun(loaded, { data: frame }).retval - 16;
  });
  console.log(
    dim(`    ${program.length} instructions in, ${result.program.length} out; `) +
      green(`packets from hosts 1 to 4 go to queues ${queues.join(", ")}\n`),
  );
  result.release();
}

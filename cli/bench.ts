/**
 * `inlay bench`: what inlining and pruning gain, measured here and now.
 *
 * @module
 */
import { cases } from "../bench/cases.ts";
import { measure, type Measurement, THOROUGH } from "../bench/measure.ts";
import { kernelUnavailable } from "../kernel/mod.ts";
import { nativeUnavailable } from "../runtime/mod.ts";
import { type Command, readOptions, UsageError } from "./command.ts";
import { bold, Progress, table } from "./terminal.ts";

/** The command. */
export const command: Command = {
  name: "bench",
  summary: "measures calls against inlined, pruned and ideal code",
  help: `inlay bench [NAME…] [--json]

Measures machine code in this process, and the running kernel where bpf(2) can be used. Variants take
turns in many short rounds; the figures are medians, in nanoseconds per operation (an iteration, a
slice, a read of metadata). Trust the ratios: machines are noisy.

  NAME     bpf_loop/empty, bpf_loop/sum, dynptr_slice/xdp, dynptr_slice/tc, xdp_metadata/veth,
           xdp_metadata/mlx5, or the beginning of a name; all of them if none is given
  --json   one object per line: name, variant, backend, ns, ratio_to, insns

Variants: called (machine code, no JavaScript), inlined (no branch decided), pruned (inlined and
pruned), ideal (a plain loop, or C inlined by hand), and kernel_… of the same on the running kernel.`,
  async run(args) {
    const options = readOptions(args, { flags: ["json"] });
    const all = await cases();
    const wanted = options.positional.length === 0
      ? all
      : all.filter((item) => options.positional.some((name) => item.name.startsWith(name)));
    if (wanted.length === 0) {
      throw new UsageError(
        `there is no benchmark "${options.positional[0]}"; there are ${all.map((c) => c.name).join(", ")}`,
      );
    }
    const why = nativeUnavailable();
    if (why !== undefined) throw new UsageError(`machine code cannot run here: ${why}`);
    const progress = new Progress(wanted.length);
    wanted.forEach((item, i) => {
      progress.at(i, item.name);
      const results = measure(item, THOROUGH);
      progress.end();
      if (options.flag("json")) { for (const result of results) console.log(JSON.stringify(result)); }
      else console.log(`${i > 0 ? "\n" : ""}${describe(item.name, results)}`);
    });
    const kernel = kernelUnavailable();
    if (kernel !== undefined && !options.flag("json")) {
      console.log(`\nThe kernel was not measured: ${kernel}`);
    }
    return 0;
  },
};

function describe(name: string, results: readonly Measurement[]): string {
  const rows = results.map((r) => [
    r.variant,
    r.ns.toFixed(2),
    ratio(r.ratio_to, "called"),
    ratio(r.ratio_to, "ideal"),
    r.insns === undefined ? "–" : String(r.insns),
  ]);
  return `${bold(name)}\n${table([["variant", "ns/op", "to called", "to ideal", "insns"], ...rows])}`;
}

function ratio(ratios: Readonly<Record<string, number>>, to: string): string {
  const value = ratios[to] ?? ratios[`kernel_${to}`];
  return value === undefined ? "–" : `×${value.toFixed(2)}`;
}

/**
 * Times the corpus's ten small programs on x86-64, in a repeat loop of machine code, and how long they take to compile.
 *
 * `deno run -A bench/jit.ts [NAME…] [--isa v3]` prints one JSON object per line: nanoseconds per run (the best of several rounds),
 * microseconds to compile (median), bytes of code. Compare ratios within one run: machines are noisy.
 *
 * @module
 */
import { CONTROL } from "../abi/machine_code.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { mapPages } from "../runtime/exec/pages.ts";
import { clockAddress, RUN, trampoline } from "../runtime/exec/trampoline.ts";
import { addressOf, hostFeatures, NativeCode, nativeUnavailable } from "./native_code.ts";
import { jitBenches } from "./jit_programs.ts";

/** Many short rounds: the best one fell between other people's work. */
const ROUNDS = 150;
/** How long a round should take, in nanoseconds. */
const ROUND_NS = 1e6;

/** Nanoseconds per run, the best round. */
function time(native: NativeCode, input: Uint8Array<ArrayBuffer>): number {
  const mapping = mapPages(CONTROL.size + RUN.size);
  const view = new DataView(mapping.bytes.buffer);
  const put = (at: number, value: number): void =>
    view.setBigUint64(CONTROL.size + at, BigInt(Math.floor(value)), true);
  const run = (repeat: number): number => {
    put(RUN.repeat, repeat);
    trampoline().run(mapping.address + CONTROL.size);
    return Number(view.getBigUint64(CONTROL.size + RUN.ns, true)) / repeat;
  };
  put(RUN.code, native.entry);
  put(RUN.r1, addressOf(input));
  put(RUN.r2, input.length);
  put(RUN.control, mapping.address);
  put(RUN.clock, clockAddress());
  const repeat = Math.max(1, Math.min(5e6, ROUND_NS / run(200)));
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, run(Math.floor(repeat)));
  return best;
}

/** Microseconds, the median of several. */
function timeCompile(compile: () => void): number {
  const times: number[] = [];
  for (let i = 0; i < 15; i++) {
    const start = performance.now();
    for (let j = 0; j < 4; j++) compile();
    times.push((performance.now() - start) * 250);
  }
  return times.sort((a, b) => a - b)[7];
}

if (import.meta.main) {
  const isa = Deno.args.includes("--isa") ? Deno.args[Deno.args.indexOf("--isa") + 1] : "v3";
  const names = Deno.args.filter((arg, i) => !arg.startsWith("--") && Deno.args[i - 1] !== "--isa");
  const why = nativeUnavailable();
  const benches = jitBenches();
  if (why !== undefined || benches === undefined) {
    console.error(`Cannot measure: ${why ?? "../shared/corpus is not there"}`);
    Deno.exit(1);
  }
  const features = hostFeatures();
  for (const bench of benches) {
    if (bench.isa !== isa || names.length > 0 && !names.includes(bench.name)) continue;
    const code = compileX86(bench.program, { features });
    using native = new NativeCode(code);
    const ns = time(native, bench.input);
    console.log(JSON.stringify({
      name: `jit/${bench.name}`,
      variant: isa,
      backend: "x86_64",
      ns: Number(ns.toPrecision(4)),
      compile_us: Number(timeCompile(() => compileX86(bench.program, { features })).toPrecision(3)),
      bytes: code.bytes.length,
    }));
  }
}

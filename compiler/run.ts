/**
 * From a compiled program to one that runs in this process: natively, or on the interpreter.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { FEATURE_PROBE, type Features, featuresOf } from "../passes/jit/x86_64/features.ts";
import type { KfuncResolver } from "../passes/kfuncs.ts";
import { callOnce, type LoadedProgram, Runtime } from "../runtime/mod.ts";
import type { Compiled, Compiler } from "./compiler.ts";

/** What runs a program in this process. */
export type Backend = "x86_64" | "interpret";

/** A runtime for a back end. @throws {Error} If machine code cannot run here; ask `nativeUnavailable` first. */
export function createRuntime(backend: Backend, options: { readonly seed?: bigint } = {}): Runtime {
  if (backend === "interpret") return new Runtime(options);
  const features = processorFeatures();
  return new Runtime({ ...options, compile: (program, how) => compileX86(program, { ...how, features }) });
}

let features: Features | undefined;

/** What this processor can do, asked once. */
function processorFeatures(): Features {
  return features ??= featuresOf(callOnce(FEATURE_PROBE));
}

/**
 * Loads what {@linkcode Compiler.compile} gave. Calls of kernel functions that are still there get the registered bodies as
 * functions of their own.
 *
 * @throws {TypeError} If the program has no proof: it was not verified, or an untrusted pass changed it.
 * @throws {UnsupportedError} If it needs something that the runtime does not have.
 *
 * @example
 * ```ts
 * import { parseText } from "../ir/mod.ts";
 * import { testRun } from "../runtime/mod.ts";
 * import { Compiler } from "./compiler.ts";
 * import { createRuntime, load } from "./run.ts";
 * const compiler = new Compiler();
 * const unit = parseText("type xdp\nfunc main:\n    r0 = 2\n    exit\n");
 * using runtime = createRuntime("interpret");
 * const loaded = load(runtime, { compiler, compiled: compiler.compile(unit.programs[0]) });
 * console.log(testRun(loaded).retval); // 2
 * ```
 */
export function load(
  runtime: Runtime,
  what: { readonly compiler: Compiler; readonly compiled: Compiled },
): LoadedProgram {
  const { program, proof } = what.compiled;
  if (proof === undefined) {
    throw new TypeError(
      `Cannot load ${program.attrs.name}: it was not verified, or an untrusted pass changed it`,
    );
  }
  return runtime.load(program, { proof, functions: calledBodies(program, what.compiler.registry) });
}

/** The bodies of the kernel functions that a program calls, and that those call, by the name they are called by. */
function calledBodies(program: Program, kfuncs: KfuncResolver): ReadonlyMap<string, Program> {
  const bodies = new Map<string, Program>();
  const pending = [program];
  for (let caller = pending.pop(); caller !== undefined; caller = pending.pop()) {
    for (const insn of caller.code.insns) {
      if (insn.kind !== "call" || insn.callee.kind !== "kfunc") continue;
      const { func } = insn.callee;
      if (bodies.has(func.name)) continue;
      const resolution = kfuncs.resolve(func, program.attrs);
      if (resolution.kind !== "body") continue;
      bodies.set(func.name, resolution.body.code);
      pending.push(resolution.body.code);
    }
  }
  return bodies;
}

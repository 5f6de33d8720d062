/**
 * Inlay: a compiler pipeline for BPF bytecode.
 *
 * Reads what clang makes, proves it safe as Linux does, takes it through an ordered list of passes that anybody can extend, folds the
 * bodies of kernel functions into the programs that call them, and runs the result natively in this process. The parts have entries of
 * their own: `./ir` (programs and how to change them), `./passes`, `./plugins` (kfunc modules), `./runtime`, `./kernel`.
 *
 * @example Read an object, compile a program, run it
 * ```ts
 * import { Compiler, createRuntime, load, parseObject, testRun } from "./mod.ts";
 *
 * const bytes = Deno.readFileSync(new URL("examples/bpf_loop/bpf_loop.bpf.o", import.meta.url));
 * const unit = parseObject(bytes, { name: "bpf_loop.bpf.o" });
 * const sum = unit.programs.find((program) => program.attrs.name === "sum")!;
 *
 * const compiler = new Compiler();
 * const compiled = compiler.compile(sum); // verified, inlined, pruned
 * using runtime = createRuntime("interpret"); // or "x86_64"
 * const { retval } = testRun(load(runtime, { compiler, compiled }));
 * if (retval !== 499500) throw new Error(`0 + 1 + … + 999 is not ${retval}`);
 * ```
 *
 * @module
 */
export {
  bindTo,
  type Compiled,
  type CompileOptions,
  Compiler,
  type CompilerOptions,
} from "./compiler/compiler.ts";
export { type Backend, createRuntime, load } from "./compiler/run.ts";
export { MalformedError, RejectedError, UnsupportedError } from "./ir/diagnostic.ts";
export { openBtf } from "./ir/btf/read.ts";
export { attachToProgram } from "./passes/parse/attach.ts";
export { parseObject, type ParseOptions } from "./passes/parse/parse.ts";
export {
  type ExplainedStep,
  explainRejection,
  type Explanation,
  type TakenBranch,
} from "./passes/verify/explain/explain.ts";
export type { Place } from "./passes/verify/explain/path.ts";
export { explanationLines, type Paint } from "./passes/verify/explain/text.ts";
export {
  type Demand,
  type DiagnosticCode,
  type RejectionCode,
  type RejectionKind,
  REJECTIONS,
} from "./passes/verify/rejection.ts";
export type { Lockdown } from "./passes/verify/calls/helper_allowed.ts";
export { type VerifyOptions, verifyProgram, type VerifyResult } from "./passes/verify/verify.ts";
export { LINUX_6_18 } from "./profile/linux_6_18/mod.ts";
export { LoadedProgram, Runtime, testRun, type TestRunInput, type TestRunResult } from "./runtime/mod.ts";

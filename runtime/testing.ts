/**
 * For tests of the runtime: programs from text, run in every way there is, all of which must agree.
 *
 * @module
 */
import { issueProof } from "../abi/proof.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { NO_KFUNCS } from "../passes/kfuncs.ts";
import { lowerCalls } from "../passes/lower/calls.ts";
import { lowerContexts } from "../passes/lower/contexts.ts";
import type { PassContext } from "../passes/pass.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { nativeUnavailable } from "./exec/libc.ts";
import { type LoadedProgram, Runtime } from "./runtime.ts";
import { testRun, type TestRunInput, type TestRunResult } from "./test_run.ts";

/** Why nothing runs natively here, or undefined. */
export const unavailable: string | undefined = nativeUnavailable();

/** Reads a program; `@` at a line's end marks an access to the context, helpers are called by name. */
export function program(text: string): Program {
  const marked = text.replaceAll("@", "; {pointer: ctx}")
    .replaceAll(/call bpf_(\w+)/g, (_, name) => `call helper#${LINUX_6_18.helperId(name)}`);
  return parseText(marked).programs[0];
}

/** The program behind the passes that make it fit for the runtime. */
export function lowered(source: Program): Program {
  const context = { kfuncs: NO_KFUNCS } as unknown as PassContext;
  return lowerCalls().run(lowerContexts().run(source, context), context);
}

/** A run and what ran. */
export interface Run extends TestRunResult {
  readonly loaded: LoadedProgram;
}

/** Runs a program, or a text, interpreted as its source is, interpreted when lowered, and natively; all must agree. */
export function everywhere(what: string | Program, input: TestRunInput, look: (run: Run) => void): void {
  const source = typeof what === "string" ? program(what) : what;
  const target = lowered(source);
  const ways: { name: string; program: Program; runtime: Runtime; lowered: boolean }[] = [
    { name: "source", program: source, runtime: new Runtime({ seed: 7n }), lowered: false },
    { name: "lowered", program: target, runtime: new Runtime({ seed: 7n }), lowered: true },
  ];
  if (unavailable === undefined) {
    const compile = compileX86;
    ways.push({
      name: "native",
      program: target,
      runtime: new Runtime({ seed: 7n, compile }),
      lowered: true,
    });
  }
  for (const way of ways) {
    using runtime = way.runtime;
    const proof = issueProof(way.program);
    const loaded = runtime.load(way.program, { proof, lowered: way.lowered });
    try {
      look({ ...testRun(loaded, input), loaded });
    } catch (error) {
      throw new Error(`on the way "${way.name}"`, { cause: error });
    }
  }
}

/** Sixty-four bytes that count up. */
export const PACKET: Uint8Array = Uint8Array.from({ length: 64 }, (_, i) => i);

/** A key of four bytes. */
export function key(n: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(n).buffer);
}

/** A value of eight bytes. */
export function value(n: number): Uint8Array {
  return new Uint8Array(BigUint64Array.of(BigInt(n)).buffer);
}

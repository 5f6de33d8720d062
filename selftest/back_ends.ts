/**
 * Test runs of a program here, on every back end there is: machine code in this process where that is possible, and the interpreter.
 *
 * @module
 */
import { Compiler } from "../compiler/compiler.ts";
import { type Backend, createRuntime, load } from "../compiler/run.ts";
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import { InterpretError } from "../ir/interpret.ts";
import type { Program } from "../ir/program.ts";
import { type LoadedProgram, nativeUnavailable, RunError, type Runtime, testRun } from "../runtime/mod.ts";
import { type Finding, unsupported } from "./part.ts";

/** Instructions after which the interpreter need not go on where machine code has run the program already. */
const SECOND_OPINION = 1_000_000;
/** The result of a run that the interpreter gave up. */
const GIVEN_UP = "failed: too many instructions to interpret";

/** The back ends of this machine. */
export function availableBackends(): readonly Backend[] {
  return nativeUnavailable() === undefined ? ["x86_64", "interpret"] : ["interpret"];
}

/** What to run, and what must come of it. */
export interface RunRequest {
  /** Packets, one after another on the same maps, each with the result it must give: 32 bits signed. */
  readonly runs: readonly { readonly data: Uint8Array; readonly retval: number | "any" }[];
  readonly backends: readonly Backend[];
  /** Programs that have to be loaded before: targets of tail calls. */
  readonly others?: readonly Program[];
  /** Puts values into the maps before the first run. */
  prepare?(runtime: Runtime): void;
}

/** Compiles and runs a program that verifies; what its results are, as one part. */
export function checkRuns(program: Program, request: RunRequest): Finding {
  const want = request.runs.map(({ retval }) => String(retval)).join(", ");
  const got: string[] = [];
  let ok = true, ran = false;
  try {
    const compiler = new Compiler();
    const others = (request.others ?? []).map((other) => compiler.compile(other));
    const compiled = compiler.compile(program);
    for (const backend of request.backends) {
      using runtime = createRuntime(backend, { seed: 1n });
      let loaded: LoadedProgram;
      try {
        for (const other of others) load(runtime, { compiler, compiled: other });
        loaded = load(runtime, { compiler, compiled });
      } catch (error) {
        // What one back end does not run another may: the interpreter checks accesses that machine code would have to trust.
        if (!(error instanceof UnsupportedError) || backend === request.backends.at(-1)) throw error;
        got.push(`not run on ${backend}: ${error.what}`);
        continue;
      }
      request.prepare?.(runtime);
      // Where machine code has given the results, interpreting is a second opinion, and loops may be long.
      const how = backend === "interpret" && ran ? { fuel: SECOND_OPINION } : {};
      const results = request.runs.map(({ data, retval }) => {
        const result = result32(() => testRun(loaded, { data, ...how }).retval);
        if (result === GIVEN_UP && how.fuel !== undefined) {
          return `given up after ${SECOND_OPINION} instructions`;
        }
        ok &&= retval === "any" ? typeof result === "number" : result === retval;
        return String(result);
      });
      got.push(`${backend} ${results.join(", ")}`);
      ran = true;
    }
  } catch (error) {
    if (error instanceof UnsupportedError) return unsupported("retval", want, error.what);
    if (error instanceof RejectedError) {
      return { part: "retval", ok: false, want, got: `rejected: ${error.message}` };
    }
    throw error;
  }
  return { part: "retval", ok: ok && got.length > 0, want, got: got.join("; ") };
}

/** A result as the kernel's tests compare it, or why there is none. */
function result32(run: () => number): number | string {
  try {
    return run() | 0;
  } catch (error) {
    if (error instanceof InterpretError && error.outOfFuel) return GIVEN_UP;
    if (error instanceof UnsupportedError) throw error;
    if (error instanceof RunError) return `errno ${error.errno}`;
    return `failed: ${error instanceof Error ? error.message : error}`;
  }
}

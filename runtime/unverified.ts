/**
 * Loading without a proof, for tests that must run what a verifier refuses.
 *
 * Machine code that nobody verified can do anything to the process it runs in. So this is no part of the package's exports, and
 * its users run it in a child process that is made for the purpose and killed when it takes too long.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import type { LoadedProgram, LoadOptions, Runtime } from "./runtime.ts";

/** Makes any program ready to run. @throws {UnsupportedError} As {@linkcode Runtime.load}. */
export function loadUnverified(
  runtime: Runtime,
  program: Program,
  options: Omit<LoadOptions, "proof"> = {},
): LoadedProgram {
  return runtime.prepare(program, options);
}

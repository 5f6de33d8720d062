/**
 * Test runs of single programs by the running kernel.
 *
 * @module
 */
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import { KernelError, kernelTestRun, kernelUnavailable, KernelUnit } from "../kernel/mod.ts";
import { UsageError } from "./command.ts";
import { hex, type RunOutcome } from "./run_outcome.ts";

/** The kernel can be asked. @throws {UsageError} If it cannot, with the reason. */
export function requireKernel(): void {
  const reason = kernelUnavailable();
  if (reason !== undefined) throw new UsageError(`the running kernel cannot be asked: ${reason}`);
}

/**
 * Loads and test-runs a program.
 *
 * @throws {RejectedError} If the kernel's verifier refuses it. @throws {UnsupportedError} If the kernel cannot test-run its type.
 */
export function runOnKernel(program: Program, input: { data: Uint8Array; repeat: number }): RunOutcome {
  requireKernel();
  using unit = new KernelUnit(program.unit);
  using verdict = unit.load(program);
  if (!verdict.accepted) {
    using again = unit.load(program, { logLevel: 1 });
    throw new RejectedError(again.message, { errno: again.errno, log: again.log });
  }
  try {
    const run = kernelTestRun(verdict.fd, input);
    return { retval: run.retval, data_out: hex(run.dataOut), ns: run.ns, backend: "kernel" };
  } catch (error) {
    if (error instanceof KernelError) {
      throw new UnsupportedError(`test runs of ${program.attrs.type} here: ${error.message}`);
    }
    throw error;
  }
}

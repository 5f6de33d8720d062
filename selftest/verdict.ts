/**
 * The verdict and the log of a program, as a loader that asks for a log level gets them.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import { verifyProgram, type VerifyResult } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import type { Finding } from "./part.ts";
import { unsupported } from "./part.ts";

/** How a program is judged. */
export interface JudgeOptions {
  /** As in `union bpf_attr`. */
  readonly logLevel: number;
  /** Ask again with level 1 if it was refused at level 0, as libbpf does. */
  readonly again: boolean;
  readonly targetBtf?: Btf;
  /** Milliseconds after which to give up; never if left out. */
  readonly timeLimit?: number;
}

/** The verdict, or why there is none. */
export function judge(program: Program, options: JudgeOptions): VerifyResult | UnsupportedError {
  const run = (logLevel: number): VerifyResult =>
    verifyProgram(program, {
      profile: LINUX_6_18,
      logLevel,
      ...(options.targetBtf === undefined ? {} : { targetBtf: options.targetBtf }),
      ...(options.timeLimit === undefined ? {} : { timeLimit: options.timeLimit }),
    });
  try {
    const result = run(options.logLevel);
    return options.again && options.logLevel === 0 && result.verdict === "reject" ? run(1) : result;
  } catch (error) {
    if (error instanceof UnsupportedError) return error;
    throw error;
  }
}

/** The verdict as a part. */
export function verdictPart(
  expects: "success" | "failure",
  result: VerifyResult | UnsupportedError,
): Finding {
  if (result instanceof UnsupportedError) return unsupported("verdict", expects, result.what);
  const accepted = result.verdict === "accept";
  return {
    part: "verdict",
    ok: accepted === (expects === "success"),
    want: expects,
    got: accepted ? "success" : `failure: ${result.message}`,
  };
}

/**
 * Whether the frames of every chain of calls fit the stack, part of the kernel's verdict: measured as stack-check does, with the
 * fastcall spills gone.
 *
 * @module
 */
import { RejectedError } from "../../../ir/diagnostic.ts";
import { checkStackDepth } from "../../stack_check.ts";
import { E2BIG, EACCES, type Env } from "../env.ts";
import { checkThrows } from "../calls/exceptions.ts";
import { programWithDepths } from "../results.ts";

/** Checks a program whose paths are all safe: 0 or `-errno`. */
export function checkCallDepth(env: Env): number {
  // A single frame was found to fit already.
  if (env.program.subprogs.length === 1) return 0;
  const failed = checkThrows(env);
  if (failed < 0) return failed;
  try {
    checkStackDepth(programWithDepths(env), { jit: true });
    return 0;
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    const { errno, message } = error;
    const code = errno === E2BIG ? "call-depth" : errno === EACCES ? "stack-depth" : "callback";
    return message.endsWith("cannot call exception cb directly")
      ? env.failUnterminated(errno, code, message)
      : env.fail(errno, code, message);
  }
}

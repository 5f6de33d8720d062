/**
 * Whether the frames of every chain of calls fit the stack, part of the kernel's verdict: measured as stack-check does, with the
 * fastcall spills gone.
 *
 * @module
 */
import { RejectedError } from "../../ir/diagnostic.ts";
import { Edit } from "../../ir/edit.ts";
import type { Program } from "../../ir/program.ts";
import { fastcallDepth, stackDepth } from "../facts.ts";
import { checkStackDepth } from "../stack_check.ts";
import { E2BIG, EACCES, type Env } from "./env.ts";
import { checkThrows } from "./exceptions.ts";

/** Checks a program that has its facts: 0 or `-errno`. */
export function checkCallDepth(env: Env, program: Program): number {
  const failed = checkThrows(env);
  if (failed < 0) return failed;
  const edit = new Edit(program, { by: "verify" });
  for (const { id } of program.subprogs) {
    const depth = program.get(fastcallDepth, id);
    if (depth !== null) edit.set(stackDepth, id, depth.to);
  }
  try {
    checkStackDepth(edit.commit(), { jit: true });
    return 0;
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    return env.fail(
      error.errno,
      error.errno === E2BIG ? "call-depth" : error.errno === EACCES ? "stack-depth" : "callback",
      error.message,
    );
  }
}

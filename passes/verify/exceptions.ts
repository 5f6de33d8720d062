/**
 * Exceptions: `bpf_throw` ends the program wherever it stands, with all frames, so nothing may be held there, in any of them
 * (`check_kfunc_call`, `check_resource_leak` and `check_max_stack_depth_subprog` of Linux 6.18).
 *
 * Programs with an exception callback of their own are not decided about.
 *
 * @module
 */
import { kfuncName } from "./call_traits.ts";
import { EINVAL, type Env, SUB_CALLBACK } from "./env.ts";
import { checkResourceLeak, checkReturnCode, PATH_ENDS } from "./exits.ts";

const CALL = 0x85, LD_IMM64 = 0x18, PSEUDO_CALL = 1, PSEUDO_KFUNC = 2, PSEUDO_FUNC = 4;
/** The function's name. */
export const THROW = "bpf_throw";

/** Verifies the throw that the current instruction is, after its argument: {@linkcode PATH_ENDS} or `-errno`. */
export function checkThrow(env: Env): number {
  // Nobody catches it: the cookie becomes what the program returns.
  const err = checkReturnCode(env, 1) || checkResourceLeak(env, { locks: true, prefix: THROW, all: true });
  return err < 0 ? err : PATH_ENDS;
}

/** Fails if a callback, or what it calls, throws: the helper that runs it could not be unwound. 0 or `-errno`. */
export function checkThrows(env: Env): number {
  const { cols, code, src, target } = env;
  const inCallback = env.subprogFlags.map((flags) => flags & SUB_CALLBACK);
  for (let again = inCallback.some((flag) => flag !== 0); again;) {
    again = false;
    for (let slot = 0; slot < cols.count; slot++) {
      const calls = (code[slot] === CALL && src[slot] === PSEUDO_CALL) ||
        (code[slot] === LD_IMM64 && src[slot] === PSEUDO_FUNC);
      if (!calls || inCallback[cols.subprogOf[slot]] === 0) continue;
      const callee = cols.subprogOf[target[slot]];
      if (inCallback[callee] !== 0) continue;
      inCallback[callee] = 1;
      again = true;
    }
  }
  for (let slot = 0; slot < cols.count; slot++) {
    if (code[slot] !== CALL || src[slot] !== PSEUDO_KFUNC || kfuncName(env, slot) !== THROW) continue;
    const subprog = cols.subprogOf[slot];
    if (inCallback[subprog] === 0) continue;
    const where = `cannot be called from callback subprog ${subprog}`;
    return env.fail(EINVAL, "exception", `${THROW} kfunc (insn ${slot}) ${where}`);
  }
  return 0;
}

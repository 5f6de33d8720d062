/**
 * Exceptions: `bpf_throw` ends the program wherever it stands, with all frames, so nothing may be held there, in any of them
 * (`check_kfunc_call`, `check_resource_leak` and `check_max_stack_depth_subprog` of Linux 6.18). What the program returns then is
 * said by a global function that a tag of the main function names, if there is one (`bpf_find_exception_callback_insn_off`).
 *
 * @module
 */
import { EXCEPTION_CALLBACK_TAG } from "../../../ir/exception.ts";
import { kfuncName } from "../flow/call_traits.ts";
import {
  EINVAL,
  ENOENT,
  type Env,
  SUB_ASYNC_CALLBACK,
  SUB_CALLBACK,
  SUB_CALLED,
  SUB_EXCEPTION_CALLBACK,
} from "../env.ts";
import { checkResourceLeak, checkReturnCode, PATH_ENDS } from "../exits.ts";

/** `EEXIST`. */
const EEXIST = 17;
const CALL = 0x85, LD_IMM64 = 0x18, PSEUDO_CALL = 1, PSEUDO_KFUNC = 2, PSEUDO_FUNC = 4;
/** The function's name. */
export const THROW = "bpf_throw";

/** Verifies the throw that the current instruction is, after its argument: {@linkcode PATH_ENDS} or `-errno`. */
export function checkThrow(env: Env): number {
  // If nobody catches it, the cookie becomes what the program returns.
  const err = (exceptionCallback(env) > 0 ? 0 : checkReturnCode(env, 1)) ||
    checkResourceLeak(env, { locks: true, prefix: THROW, all: true });
  return err < 0 ? err : PATH_ENDS;
}

/** The subprogram that is called where the program throws; 0 if it has none. */
export function exceptionCallback(env: Env): number {
  return Math.max(0, env.subprogFlags.findIndex((flags) => (flags & SUB_EXCEPTION_CALLBACK) !== 0));
}

/** Finds the callback that a tag of the main function names, and marks it: 0 or `-errno`. */
export function findExceptionCallback(env: Env): number {
  const { btf } = env, { subprogs } = env.program, main = subprogs[0].btfId;
  if (btf === undefined || main === 0) return 0;
  const tags = btf.tags(main).filter((tag) => tag.startsWith(EXCEPTION_CALLBACK_TAG));
  if (tags.length === 0) return 0;
  if (tags.length > 1) {
    return env.fail(EEXIST, "exception", "multiple exception callback tags for main subprog");
  }
  const name = tags[0].slice(EXCEPTION_CALLBACK_TAG.length),
    id = btf.find(name, "func"),
    what = `exception callback '${name}'`;
  if (id === 0) return env.fail(ENOENT, "exception", `${what} could not be found in BTF`);
  const func = btf.type(id);
  if (func.kind !== "func" || func.linkage !== "global") {
    return env.fail(EINVAL, "exception", `${what} must have global linkage`);
  }
  const subprog = subprogs.findLastIndex((s) => s.btfId === id);
  if (subprog < 0) {
    return env.fail(EINVAL, "exception", "exception callback type id not found in func_info");
  }
  if (subprog === 0) {
    return env.fail(EINVAL, "exception", "invalid exception callback insn_off in func_info: 0");
  }
  // It is taken to be called, and never from within a frame of the program.
  env.subprogFlags[subprog] |= SUB_CALLBACK | SUB_ASYNC_CALLBACK | SUB_EXCEPTION_CALLBACK | SUB_CALLED;
  return 0;
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

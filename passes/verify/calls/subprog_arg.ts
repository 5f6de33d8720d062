/**
 * Arguments of global subprograms, which are verified by their prototype: what a caller may pass for each kind of parameter.
 *
 * @module
 */
import { checkArgOffset as checkOffset, checkArgType } from "./call_args.ts";
import { checkOptionalMemory, isNull, relyOnNull } from "./call_memory.ts";
import { checkDynptrArg } from "../objects/dynptr.ts";
import type { Env } from "../env.ts";
import { checkStructFits } from "./kernel_arg.ts";
import { DYNPTR_INVALID, REG_WORDS } from "../states/layout.ts";

/** How an argument of a global subprogram may be offset: as its register's type allows by itself. */
export const ARG_SUBPROG = 0;

/** Whether the offset of register `regno` fits a parameter of a global subprogram: 0 or `-errno`. */
export function checkArgOffset(env: Env, regno: number, _kind: number): number {
  return checkOffset(env, regno, {});
}

/** Whether register `regno` is null or points to `size` bytes that may be read and written: 0 or `-errno`. */
export function checkMemArg(env: Env, regno: number, size: number): number {
  return checkOptionalMemory(env, regno, size);
}

/** Whether register `regno` points to a kernel structure that can be relied on: 0 or `-errno`. */
export function checkSubprogStruct(
  env: Env,
  regno: number,
  arg: { readonly typeId: number; readonly maybeNull: boolean },
): number {
  if (arg.maybeNull && isNull(env.regs + regno * REG_WORDS)) return relyOnNull(env, regno);
  const { maybeNull, typeId } = arg;
  return checkArgType(env, regno, { base: "ARG_PTR_TO_BTF_ID", maybeNull }) ||
    checkStructFits(env, regno, { typeId, maybeNull, strict: false }) ||
    checkOffset(env, regno, {});
}

/** Whether register `regno` points to an initialised dynptr: 0 or `-errno`. */
export function checkSubprogDynptr(env: Env, regno: number): number {
  return checkOffset(env, regno, { dynptr: true }) ||
    checkDynptrArg(env, regno, { kind: DYNPTR_INVALID, uninit: false, rdonly: true, cloneRef: 0 });
}

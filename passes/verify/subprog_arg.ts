/**
 * Arguments of global subprograms, which are verified by their prototype: what a caller may pass for each kind of parameter.
 *
 * @module
 */
import { checkArgOffset as checkOffset } from "./call_args.ts";
import { checkOptionalMemory } from "./call_memory.ts";
import { checkDynptrArg } from "./dynptr.ts";
import type { Env } from "./env.ts";
import { DYNPTR_INVALID } from "./layout.ts";

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

/** Whether register `regno` points to an initialised dynptr: 0 or `-errno`. */
export function checkSubprogDynptr(env: Env, regno: number): number {
  return checkOffset(env, regno, { dynptr: true }) ||
    checkDynptrArg(env, regno, { kind: DYNPTR_INVALID, uninit: false, rdonly: true, cloneRef: 0 });
}

/**
 * Calls of kernel functions.
 *
 * @module
 */
import type { Env } from "./env.ts";

/** Verifies a kfunc call: 0 or `-errno`. */
export function checkKfuncCall(env: Env, slot: number): number {
  return env.unsupported(`kfunc ${env.imm[slot]}`);
}

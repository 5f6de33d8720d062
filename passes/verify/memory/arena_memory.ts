/**
 * Arenas: memory that a program and its user share. A program points into it by addresses that were cast; all arithmetic on them is
 * allowed, and accesses need no bounds, since a wrong address faults harmlessly.
 *
 * @module
 */
import type { Env } from "../env.ts";

const LD_IMM64 = 0x18, MAP_TYPE_ARENA = 33;
/** Immediates of atomic operations: `and`, `or`, `xor`, each with fetch. */
const FETCH_AND = 0x51, FETCH_OR = 0x41, FETCH_XOR = 0xa1;

const known = new WeakMap<Env, boolean>();

/** Whether the program names an arena, reachable or not. */
export function hasArena(env: Env): boolean {
  let found = known.get(env);
  if (found === undefined) known.set(env, found = namesArena(env));
  return found;
}

function namesArena(env: Env): boolean {
  const { code, src, imm, cols } = env;
  for (let slot = 0; slot < cols.count; slot++) {
    if (code[slot] !== LD_IMM64) continue;
    const pseudo = src[slot], named = pseudo === 1 || pseudo === 2 || pseudo === 5 || pseudo === 6;
    if (named && env.maps[imm[slot]]?.type === MAP_TYPE_ARENA) return true;
    slot++;
  }
  return false;
}

/** Whether the kernel's compiler makes code of this atomic operation on an arena (x86-64): loops with a fetch are none. */
export function isAtomicOfArenas(imm: number): boolean {
  return imm !== FETCH_AND && imm !== FETCH_OR && imm !== FETCH_XOR;
}

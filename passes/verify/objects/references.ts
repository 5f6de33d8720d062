/**
 * References a path holds: resources that must be given back before it ends.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { collectRegs, EINVAL, type Env } from "../env.ts";
import { FRAME_REG_COUNT, FRAME_SLOTS, MAX_FRAMES, REF_ID, TYPE } from "../states/layout.ts";
import { isBorrowed } from "../types/records.ts";
import { markUnknown } from "../numbers/scalar.ts";

/** Words of an entry of `env.refs`: kind, id, slot of acquisition, pointer. */
export const REF_WORDS = 4;
/** Kind of an entry: a pointer with a reference (`REF_TYPE_PTR`). */
export const REF_TYPE_PTR = 2;
/** Kind of an entry: interrupts switched off (`REF_TYPE_IRQ`). */
export const REF_TYPE_IRQ = 4;
/** Kind of an entry: a taken spin lock (`REF_TYPE_LOCK`); its id is that of the value it lies in. */
export const REF_TYPE_LOCK = 8;
/** The same of a resilient lock (`REF_TYPE_RES_LOCK`). */
export const REF_TYPE_RES_LOCK = 16;
/** The same of one that was taken together with switching interrupts off (`REF_TYPE_RES_LOCK_IRQ`). */
export const REF_TYPE_RES_LOCK_IRQ = 32;

const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/** Takes a reference at the current instruction and gives its id. @throws {UnsupportedError} For more than 256 at a time. */
export function acquireReference(env: Env): number {
  const id = env.newId();
  pushEntry(env, REF_TYPE_PTR, { id, owner: 0 });
  return id;
}

/** Puts an entry of a kind on the list, made at the current instruction. @throws {UnsupportedError} For more than 256 at a time. */
export function pushEntry(
  env: Env,
  kind: number,
  what: { readonly id: number; readonly owner: number },
): void {
  const at = env.refCount * REF_WORDS;
  if (at >= env.refs.length) return env.unsupported("more than 256 references at a time");
  env.refs[at] = kind;
  env.refs[at + 1] = what.id;
  env.refs[at + 2] = env.insnIdx;
  env.refs[at + 3] = what.owner;
  env.refCount++;
}

/** Strikes the entry at position `i` off the list. The order of the others stays. */
export function removeEntry(env: Env, i: number): void {
  const at = i * REF_WORDS;
  env.refs.copyWithin(at, at + REF_WORDS, env.refCount * REF_WORDS);
  env.refCount--;
}

/** Strikes a reference off the list, whatever registers still have its id; whether it was on it. The order of the others stays. */
export function dropReference(env: Env, id: number): boolean {
  for (let i = 0; i < env.refCount; i++) {
    const at = i * REF_WORDS;
    if (env.refs[at] !== REF_TYPE_PTR || env.refs[at + 1] !== id) continue;
    removeEntry(env, i);
    return true;
  }
  return false;
}

/** Whether the path holds a reference. */
export function holdsReference(env: Env, id: number): boolean {
  for (let at = 0; at < env.refCount * REF_WORDS; at += REF_WORDS) {
    if (env.refs[at] === REF_TYPE_PTR && env.refs[at + 1] === id) return true;
  }
  return false;
}

/** Gives a reference back: every register that came from it holds nothing known any more. 0, or `-EINVAL` if it is not held. */
export function releaseReference(env: Env, id: number): number {
  if (!dropReference(env, id)) return -EINVAL;
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) if (W[all[i] + REF_ID] === id) markUnknown(all[i]);
  return 0;
}

/** When a lock is given back: what was borrowed under it may be gone. */
export function forgetBorrowed(env: Env): void {
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) if (isBorrowed(W[all[i] + TYPE])) markUnknown(all[i]);
}

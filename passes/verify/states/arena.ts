/**
 * The arena: one `Int32Array` that holds every register, frame and state of a verification.
 *
 * It is reserved once per isolate and never grown, so that V8 sees a constant; untouched pages cost nothing. Nobody
 * shares its buffer, but V8 takes the size of any other kind for a reason to collect garbage. A verification is
 * synchronous and has the arena to itself; nothing in it outlives the verification.
 *
 * @module
 */
import { ARENA_WORDS, REG_WORDS } from "./layout.ts";

/** The arena; offsets are in words. See `layout.ts` for what is where. */
export const W: Int32Array = new Int32Array(new SharedArrayBuffer(ARENA_WORDS * 4));

/** Copies the register at word `from` to word `to`, its value id included. */
export function copyReg(to: number, from: number): void {
  for (let i = 0; i < REG_WORDS; i++) W[to + i] = W[from + i];
}

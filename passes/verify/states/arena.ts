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

const ARENA_BYTES = ARENA_WORDS * 4;

/** The arena; offsets are in words. See `layout.ts` for what is where. */
export const W: Int32Array = new Int32Array(
  // Browsers have none where a page does not ask for isolation.
  typeof SharedArrayBuffer === "undefined"
    ? new ArrayBuffer(ARENA_BYTES)
    : new SharedArrayBuffer(ARENA_BYTES),
);

/** Copies the register at word `from` to word `to`, its value id included. */
export function copyReg(to: number, from: number): void {
  for (let i = 0; i < REG_WORDS; i++) W[to + i] = W[from + i];
}

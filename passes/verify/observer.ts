/**
 * A look at what the walk knows while it knows it: for tests that hold its states against what programs really do.
 *
 * Without an observer the walk pays one comparison per instruction. An observer may mark registers of saved states precise, as that
 * can only cost states; it must change nothing else.
 *
 * @module
 */
import type { Env } from "./env.ts";

/** See the module's header. */
export interface Observer {
  /** A verification begins; nothing is known yet. */
  begin?(env: Env): void;
  /** The walk is about to verify the instruction at `slot`; the path's state stands in the arena. */
  step(env: Env, slot: number): void;
  /** The path's state was saved, to be compared with later ones. With an observer, saved states are not freed. */
  saved(env: Env, state: number): void;
  /** A path ended, and what it said of the liveness of stack slots is known; `last`: no other path waits. */
  pathEnded(env: Env, last: boolean): void;
}

/**
 * Paths still to be explored: the other directions of branches, callbacks, further iterations. Last in, first out.
 *
 * @module
 */
import { W } from "./arena.ts";
import { freeBlock } from "./blocks.ts";
import { ENOMEM, type Env } from "../env.ts";
import {
  restoreState,
  saveState,
  ST_BRANCH,
  ST_BRANCHES,
  ST_INSN,
  ST_LOG_END,
  ST_PARENT,
  ST_PREV_INSN,
} from "./states.ts";

/** States of the waiting paths; one verification at a time has them. */
const waiting = new Int32Array(1 << 14);

/** See the module's header. */
export class Pending {
  readonly #env: Env;
  readonly #limit: number;
  /** How many paths wait. */
  count = 0;

  constructor(env: Env) {
    this.#env = env;
    this.#limit = Math.min(env.profile.limits.jumpSequence, waiting.length);
  }

  /**
   * Saves the path under exploration, to be continued at `insn` as if coming from `previous`: word of the saved state, or `-errno`
   * if too many wait. `branch` is the slot of the branch whose jump is still to be taken account of, -1 for none.
   */
  push(insn: number, previous: number, branch: number, errno: number = ENOMEM): number {
    const env = this.#env;
    if (this.count >= this.#limit) {
      return env.fail(errno, "too-complex", `The sequence of ${this.count + 1} jumps is too complex.`);
    }
    const state = saveState(env, insn);
    W[state + ST_PREV_INSN] = previous;
    W[state + ST_LOG_END] = env.log.end;
    W[state + ST_BRANCH] = branch;
    waiting[this.count++] = state;
    if (env.parent !== 0) W[env.parent + ST_BRANCHES]++;
    return state;
  }

  /**
   * Makes the path pushed last the one under exploration: the branch whose jump is to be taken account of (-1 for none), or -2 if no
   * path waits. `env.insnIdx` and `env.prevInsnIdx` are where it goes on and came from.
   */
  pop(): number {
    if (this.count === 0) return -2;
    const env = this.#env, state = waiting[--this.count];
    restoreState(env, state);
    if (env.logLevel !== 0 && (env.logLevel & 2) === 0) env.log.cut(W[state + ST_LOG_END]);
    env.insnIdx = W[state + ST_INSN];
    env.prevInsnIdx = W[state + ST_PREV_INSN];
    env.parent = W[state + ST_PARENT];
    const branch = W[state + ST_BRANCH];
    freeBlock(state);
    return branch;
  }

  /** Calls `visit` with the state of each waiting path. */
  eachState(visit: (state: number) => void): void {
    for (let i = 0; i < this.count; i++) visit(waiting[i]);
  }

  /** Forgets all waiting paths. */
  clear(): void {
    while (this.count > 0) freeBlock(waiting[--this.count]);
  }
}

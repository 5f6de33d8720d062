/**
 * Records the path under exploration: every instruction from the entry to where the walk stands, and what each changed in the
 * registers. What is left when a program is refused is the path that failed.
 *
 * The walk goes into depth first: when a path ends, the newest of those that wait goes on from where it was put off, so the record
 * is a stack that is cut back to that place. It holds the registers of a frame that differ from those at the frame's step before.
 *
 * Used for a second verification of a program that was refused; a program that is accepted never pays for it.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import type { Env } from "../env.ts";
import { CUR, F_REGS, FRAME_REG_COUNT, FRAME_WORDS, MAX_FRAMES, REG_WORDS } from "../states/layout.ts";
import type { Observer } from "../observer.ts";

/** Words of a step before the registers that changed: slot, frame, mask of registers, place of the step before. */
const HEAD = 4;
const FRAME_REGS = FRAME_REG_COUNT * REG_WORDS;
/** Words kept at most (256 MB): of longer paths only the end is known. */
const LIMIT = 1 << 26;

/** See the module's header. */
export class Recorder implements Observer {
  /** The verification that is watched; set when it begins. */
  env: Env | undefined;
  /** By slot: how often it was verified, on all paths. */
  counts: Int32Array = new Int32Array(0);
  /** The path's beginning had to be forgotten. */
  truncated = false;
  #log = new Int32Array(1 << 16);
  /** Where the next step goes; the one before it is at `#last`, -1 if there is none. */
  #end = 0;
  #last = -1;
  /** By path that waits: `#end` and `#last` where it was put off. */
  readonly #marks: number[] = [];
  readonly #regs = new Int32Array(MAX_FRAMES * FRAME_REGS);
  /** Bit n: `#regs` holds what the record says of frame n. */
  #valid = 0;

  /** A verification begins. */
  begin(env: Env): void {
    this.env = env;
    this.counts = new Int32Array(env.cols.count);
  }

  /** The walk is about to verify the instruction at `slot`. */
  step(env: Env, slot: number): void {
    this.counts[slot]++;
    this.#noteWaiting(env);
    this.#reserve(HEAD + FRAME_REGS);
    const at = this.#end, frame = env.curframe, from = CUR + frame * FRAME_WORDS + F_REGS;
    const fresh = (this.#valid & (1 << frame)) === 0;
    let to = at + HEAD, mask = 0;
    for (let r = 0; r < FRAME_REG_COUNT; r++) {
      const o = from + r * REG_WORDS, known = frame * FRAME_REGS + r * REG_WORDS;
      let differs = fresh;
      // The last word is the value's id, which says nothing of the value.
      for (let i = 0; !differs && i < REG_WORDS - 1; i++) differs = W[o + i] !== this.#regs[known + i];
      if (!differs) continue;
      mask |= 1 << r;
      for (let i = 0; i < REG_WORDS; i++) this.#log[to++] = this.#regs[known + i] = W[o + i];
    }
    this.#log[at] = slot;
    this.#log[at + 1] = frame;
    this.#log[at + 2] = mask;
    this.#log[at + 3] = this.#last;
    this.#valid |= 1 << frame;
    this.#last = at;
    this.#end = to;
  }

  /** A state was saved, which is no matter here. */
  saved(): void {}

  /** A path ended: the newest that waits goes on, if there is one. */
  pathEnded(env: Env, last: boolean): void {
    this.#noteWaiting(env);
    this.#valid = 0;
    if (last) {
      this.#marks.length = this.#end = 0;
      this.#last = -1;
      return;
    }
    this.#last = this.#marks.pop()!;
    this.#end = this.#marks.pop()!;
    // What was forgotten meanwhile cannot be continued.
    if (this.#end < 0) {
      this.#end = 0;
      this.#last = -1;
    }
  }

  /** The path that the record holds: places of its steps, oldest first. */
  steps(): number[] {
    const steps: number[] = [];
    for (let at = this.#last; at >= 0; at = this.#log[at + 3]) steps.push(at);
    return steps.reverse();
  }

  /** The slot of the step at a place. */
  slotAt(at: number): number {
    return this.#log[at];
  }

  /** The frame of the step at a place. */
  frameAt(at: number): number {
    return this.#log[at + 1];
  }

  /**
   * Copies a register as it was before the step at a place (one that its frame's steps recorded) to word `to` of the arena; false
   * if nothing is known of it.
   */
  copyReg(at: number, where: { readonly frame: number; readonly reg: number }, to: number): boolean {
    const { frame, reg } = where, bit = 1 << reg;
    for (let i = at; i >= 0; i = this.#log[i + 3]) {
      const mask = this.#log[i + 2];
      if (this.#log[i + 1] !== frame || (mask & bit) === 0) continue;
      let from = i + HEAD;
      for (let r = 0; r < reg; r++) if ((mask & (1 << r)) !== 0) from += REG_WORDS;
      for (let k = 0; k < REG_WORDS; k++) W[to + k] = this.#log[from + k];
      return true;
    }
    return false;
  }

  /** Paths that were put off by the last instruction go on behind it. */
  #noteWaiting(env: Env): void {
    while (this.#marks.length < 2 * env.pending.count) this.#marks.push(this.#end, this.#last);
  }

  #reserve(words: number): void {
    if (this.#end + words <= this.#log.length) return;
    if (this.#log.length < LIMIT) {
      const log = new Int32Array(Math.max(this.#log.length * 2, this.#end + words));
      log.set(this.#log.subarray(0, this.#end));
      this.#log = log;
      return;
    }
    this.truncated = true;
    this.#marks.fill(-1);
    this.#end = 0;
    this.#last = -1;
    this.#valid = 0;
  }
}

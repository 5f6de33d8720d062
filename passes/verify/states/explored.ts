/**
 * The states saved so far, by instruction, and what to do where the path meets them again: end it, because one of them covers it;
 * refuse the program, because it loops for ever; or save the path as a new state.
 *
 * Which states are saved and which are dropped follows Linux 6.18's `is_state_visited` to the count, as `processed` and
 * `total_states` depend on it.
 *
 * @module
 */
import { words } from "../../../ir/words.ts";
import { W } from "./arena.ts";
import { freeBlock } from "./blocks.ts";
import { EXACT, maybeLooping, NOT_EXACT, RANGE_WITHIN, statesEqual, surelyDiffers } from "./compare.ts";
import {
  AUX_CALLS_CALLBACK,
  AUX_CHECKPOINT,
  AUX_ITER_NEXT,
  AUX_JUMP_POINT,
  AUX_MAY_GOTO,
  EINVAL,
  type Env,
  frameAt,
} from "../env.ts";
import { pushHistory } from "./history.ts";
import { F_ASYNC, F_CALLSITE, F_CB_DEPTH, F_MAY_GOTO, FRAME_REG_COUNT, IN_ASYNC_CALLBACK } from "./layout.ts";
import { mayGoOn, roundsDiffer } from "../objects/iterator.ts";
import { printCurrent, printSaved, verboseLine } from "../log/log.ts";
import type { Loops } from "./loops.ts";
import {
  sameCallsites,
  savedFrame,
  savedFrameInsn,
  saveState,
  SF_CLEANED,
  SF_EVICTED,
  SFR_ASYNC,
  SFR_CB_DEPTH,
  SFR_FLAGS,
  SFR_MAY_GOTO,
  SFR_NSLOTS,
  SFR_PRECISE_REGS,
  SFR_PRECISE_SLOTS,
  SFR_REGS,
  SFR_SLOTS,
  ST_BRANCHES,
  ST_CB_UNROLL,
  ST_CURFRAME,
  ST_DFS_DEPTH,
  ST_FLAGS,
  ST_HITS,
  ST_INSN,
  ST_MAY_GOTO,
  ST_MISSES,
  ST_NEXT,
  ST_PARENT,
} from "./states.ts";
import { NOT_INIT_VALUE } from "./values.ts";

/** The path is covered: it ends here. */
export const COVERED = 1;

/** Slots where an open state may mean that something comes round again; elsewhere, only that the path loops for ever. */
const AUX_GOES_ROUND = AUX_ITER_NEXT | AUX_MAY_GOTO | AUX_CALLS_CALLBACK;

/** See the module's header. */
export class Explored {
  readonly #env: Env;
  #loops: Loops;
  /** By hash of slot and call: the newest state. */
  readonly #head: Int32Array;
  /** By hash: {@linkcode #completed} when the list was cleaned last. */
  readonly #cleaned: Int32Array;
  /** The bucket of instruction 0 in a function that nothing called. */
  readonly #last: number;
  /** How often paths through a state, or a loop, were done. */
  #completed = 1;
  #previousJumps = 0;
  #previousProcessed = 0;
  #stored = 0;
  #evicted = 0;
  /** States saved in all. */
  total = 0;
  /** The most states kept at a time. */
  peak = 0;
  /** The longest list met. */
  maxPerInsn = 0;

  constructor(env: Env, loops: Loops) {
    this.#env = env;
    this.#loops = loops;
    this.#head = words(env.cols.count);
    this.#cleaned = words(env.cols.count);
    this.#last = 0xffffffff % this.#head.length;
  }

  /** Forgets all states: another function begins. Counters go on, also that of the states kept, as in the kernel. */
  begin(loops: Loops): void {
    this.#loops = loops;
    this.#head.fill(0);
    this.#cleaned.fill(0);
  }

  /** As the kernel's, since lists of other instructions in the same bucket count: (insn ^ callsite) mod length, unsigned. */
  #bucket(insn: number): number {
    const callsite = W[this.#env.frame + F_CALLSITE], length = this.#head.length;
    if (callsite !== -1) return (insn ^ callsite) % length;
    // -1 - insn as 32 bits, without a division.
    const at = this.#last - insn;
    return at < 0 ? at + length : at;
  }

  /** Calls `visit` with each listed state. */
  eachState(visit: (state: number) => void): void {
    for (const head of this.#head) for (let s = head; s !== 0; s = W[s + ST_NEXT]) visit(s);
    this.#loops.eachState(visit);
  }

  #updatePeak(): void {
    const now = this.#stored + this.#evicted + this.#loops.backedgeCount;
    if (now > this.peak) this.peak = now;
  }

  /** The newest state at `insn` that the path came through by the same calls; 0 if there is none. `depth`: only states less deep. */
  previousEntry(insn: number, depth: number): number {
    for (let s = this.#head[this.#bucket(insn)]; s !== 0; s = W[s + ST_NEXT]) {
      if (
        W[s + ST_INSN] === insn && W[s + ST_BRANCHES] !== 0 && W[s + ST_DFS_DEPTH] < depth &&
        sameCallsites(s, this.#env)
      ) return s;
    }
    return 0;
  }

  /** Whether all paths through a state are explored and all marks of its registers made. */
  isComplete(state: number): boolean {
    return W[state + ST_BRANCHES] === 0 && !this.#loops.isIncomplete(state);
  }

  /** Frees an evicted state whose paths are done. */
  maybeFree(state: number): void {
    if ((W[state + ST_FLAGS] & SF_EVICTED) === 0 || W[state + ST_BRANCHES] !== 0) return;
    if (this.#loops.isIncomplete(state)) return;
    this.#evicted--;
    if (this.#env.observer === undefined) freeBlock(state);
  }

  /** One path through the state the path continues is done; tells its parents. */
  pathDone(): number {
    for (let s = this.#env.parent; s !== 0;) {
      if (--W[s + ST_BRANCHES] !== 0) break;
      this.#completed++;
      const failed = this.#loops.exit(s);
      if (failed < 0) return failed;
      this.#updatePeak();
      const parent = W[s + ST_PARENT];
      this.maybeFree(s);
      s = parent;
    }
    return 0;
  }

  /** Forgets what nobody reads in states whose paths are all done. */
  #cleanStates(insn: number, bucket: number): void {
    if (this.#cleaned[bucket] === this.#completed) return;
    let all = true;
    for (let s = this.#head[bucket]; s !== 0; s = W[s + ST_NEXT]) {
      if (W[s + ST_BRANCHES] !== 0 || (W[s + ST_FLAGS] & SF_CLEANED) !== 0) continue;
      if (W[s + ST_INSN] !== insn || !sameCallsites(s, this.#env)) all = false;
      else if (!this.#loops.isIncomplete(s)) this.#clean(s);
    }
    if (all) this.#cleaned[bucket] = this.#completed;
  }

  #clean(state: number): void {
    const { stackLiveness, liveRegs } = this.#env;
    W[state + ST_FLAGS] |= SF_CLEANED;
    stackLiveness.queryState(state);
    for (let f = 0; f <= W[state + ST_CURFRAME]; f++) {
      const frame = savedFrame(state, f), live = liveRegs[savedFrameInsn(state, f)];
      for (let r = 0; r < FRAME_REG_COUNT - 1; r++) {
        if ((live & (1 << r)) === 0) W[frame + SFR_REGS + r] = NOT_INIT_VALUE;
      }
      W[frame + SFR_PRECISE_REGS] &= live;
      const slots = W[frame + SFR_NSLOTS], types = frame + SFR_SLOTS;
      for (let i = 0; i < slots; i++) {
        if (stackLiveness.isAlive(f, i)) continue;
        W[types + i] = 0;
        W[types + slots + i] = NOT_INIT_VALUE;
        W[frame + SFR_PRECISE_SLOTS + (i >>> 5)] &= ~(1 << (i & 31));
      }
    }
  }

  /** Looks the path up before `insn`: {@linkcode COVERED}, 0 to go on, or `-errno`. */
  visit(insn: number): number {
    const env = this.#env, flags = env.aux[insn];
    const force = env.testStateFreq || (flags & AUX_CHECKPOINT) !== 0 || env.historyCount > 40;
    let add = force ||
      (env.jumpsProcessed - this.#previousJumps >= 2 && env.processed - this.#previousProcessed >= 8);
    const plain = (flags & AUX_GOES_ROUND) === 0;
    const bucket = this.#bucket(insn);
    this.#cleanStates(insn, bucket);
    let count = 0, before = 0;
    for (let s = this.#head[bucket], next = 0; s !== 0; s = next) {
      next = W[s + ST_NEXT];
      count++;
      if (W[s + ST_INSN] !== insn) {
        before = s;
        continue;
      }
      if (W[s + ST_BRANCHES] !== 0) {
        const looping = plain && surelyDiffers(env, s) ? 0 : this.#meetOpen(s, insn);
        if (looping < 0) return looping;
        if (looping > 0) return this.#covered(s, { insn, loop: true });
        if (
          !force && env.jumpsProcessed - this.#previousJumps < 20 &&
          env.processed - this.#previousProcessed < 100
        ) add = false;
      } else {
        const loop = this.#loops.isIncomplete(s);
        if (statesEqual(env, s, loop ? RANGE_WITHIN : NOT_EXACT)) return this.#covered(s, { insn, loop });
      }
      if (add) W[s + ST_MISSES]++;
      const patience = (flags & AUX_CHECKPOINT) !== 0 && W[s + ST_BRANCHES] > 0 ? 64 : 3;
      if (W[s + ST_MISSES] > W[s + ST_HITS] * patience + patience) {
        if (before === 0) this.#head[bucket] = next;
        else W[before + ST_NEXT] = next;
        W[s + ST_FLAGS] |= SF_EVICTED;
        this.#stored--;
        this.#evicted++;
        this.maybeFree(s);
      } else before = s;
    }
    if (count > this.maxPerInsn) this.maxPerInsn = count;
    if (add) this.#add(insn, bucket);
    return 0;
  }

  /**
   * The path meets a state it may itself come from: 0 to go on, 1 if it is covered and closes a loop, or `-errno` if it would loop
   * for ever. That of a callback's rounds is one here; in the kernel it is not, and any loop around what ends by itself passes for
   * rounds of it there (`docs/kernel_divergences.md`).
   */
  #meetOpen(state: number, insn: number): number {
    const env = this.#env, flags = env.aux[insn];
    const frame = savedFrame(state, W[state + ST_CURFRAME]);
    if ((W[frame + SFR_FLAGS] & IN_ASYNC_CALLBACK) !== 0 && W[frame + SFR_ASYNC] !== W[env.frame + F_ASYNC]) {
      return 0;
    }
    const plain = (flags & AUX_GOES_ROUND) === 0, ends = !plain && goesOn(env, state);
    if (ends) {
      if ((flags & AUX_ITER_NEXT) !== 0) return statesEqual(env, state, RANGE_WITHIN) && mayGoOn(env) ? 1 : 0;
      if ((flags & AUX_MAY_GOTO) !== 0) {
        if (W[state + ST_MAY_GOTO] !== env.mayGotoDepth && statesEqual(env, state, RANGE_WITHIN)) return 1;
      }
      if ((flags & AUX_CALLS_CALLBACK) !== 0) return statesEqual(env, state, RANGE_WITHIN) ? 1 : 0;
    }
    if (
      !ends && maybeLooping(env, state) && statesEqual(env, state, EXACT) && !(plain && goesOn(env, state))
    ) {
      verboseLine(env, insn, "; ");
      const failed = env.fail(EINVAL, "infinite-loop", `infinite loop detected at insn ${insn}`);
      if (env.logging) {
        env.verbose("cur state:");
        printCurrent(env, env.curframe);
        env.verbose("old state:");
        printSaved(env, state, env.curframe);
      }
      return failed;
    }
    return 0;
  }

  #covered(state: number, how: { insn: number; loop: boolean }): number {
    const env = this.#env;
    W[state + ST_HITS]++;
    if ((env.aux[env.insnIdx] & AUX_JUMP_POINT) !== 0) pushHistory(env, 0, 0, 0);
    const failed = env.precision.propagate(env, state, 0);
    if (failed < 0) return failed;
    if (how.loop) {
      this.#loops.addBackedge(state, saveState(env, how.insn));
      this.#updatePeak();
    }
    return COVERED;
  }

  #add(insn: number, bucket: number): void {
    const env = this.#env;
    this.total++;
    this.#stored++;
    this.#updatePeak();
    this.#previousJumps = env.jumpsProcessed;
    this.#previousProcessed = env.processed;
    const state = saveState(env, insn);
    if (env.observer !== undefined) env.observer.saved(env, state);
    this.#loops.enter(state);
    env.parent = state;
    env.firstInsnIdx = insn;
    env.dfsDepth++;
    env.history = 0;
    env.historyCount = 0;
    W[state + ST_NEXT] = this.#head[bucket];
    this.#head[bucket] = state;
  }
}

/**
 * Whether something that ends by itself has gone on since the saved state, in a frame that is still there: an iterator, a callback's
 * rounds, `may_goto`. If nothing has, then a way back to that state can be taken any number of times.
 */
function goesOn(env: Env, state: number): boolean {
  if (roundsDiffer(env, state)) return true;
  // Nothing went on anywhere.
  if (W[state + ST_MAY_GOTO] === env.mayGotoDepth && W[state + ST_CB_UNROLL] === env.callbackUnrollDepth) {
    return false;
  }
  for (let f = W[state + ST_CURFRAME]; f >= 0; f--) {
    const was = savedFrame(state, f), frame = frameAt(f);
    if (W[frame + F_CB_DEPTH] > W[was + SFR_CB_DEPTH] || W[frame + F_MAY_GOTO] > W[was + SFR_MAY_GOTO]) {
      return true;
    }
  }
  return false;
}

/**
 * Saved states: a path frozen at an instruction, as ids of register values. Saving, restoring, and reading what was saved.
 *
 * A state is one block: a header, then for each frame a header, eleven value ids, a type word and a value id for each stack slot.
 * "Precise" marks belong to saved states only (the path under exploration needs none, see `precision/`) and are bit masks.
 * Comparing states is in `compare.ts`, the lists they stand in are in `explored.ts`.
 *
 * @module
 */
import { copyReg, W } from "./arena.ts";
import { allocateBlock } from "./blocks.ts";
import { type Env, frameAt } from "../env.ts";
import {
  BASE_TYPE_MASK,
  CUR,
  F_ASYNC,
  F_CALLSITE,
  F_CB_DEPTH,
  F_CB_MAX,
  F_CB_MIN,
  F_FLAGS,
  F_MAY_GOTO,
  F_NSLOTS,
  F_REGS,
  F_SLOT_TYPES,
  F_SPILLS,
  F_SUBPROG,
  FRAME_REG_COUNT,
  FRAME_WORDS,
  ID,
  REG_WORDS,
  STACK_SPILL,
  TYPE,
  VID,
} from "./layout.ts";
import { internLinked, NOT_INIT_VALUE, paranoia, valueAt, valueHolds } from "./values.ts";

// Header of a state. Word 0 is the block's size class.
/** Word: the slot it is the state before. */
export const ST_INSN = 1;
/** Word: the state it continues, 0 = none. */
export const ST_PARENT = 2;
/** Word: the next older state in its list. */
export const ST_NEXT = 3;
/** Word: paths through it that are not explored yet. */
export const ST_BRANCHES = 4;
/** Word: comparisons it failed. */
export const ST_MISSES = 5;
/** Word: comparisons it won. */
export const ST_HITS = 6;
/** Word: {@linkcode SF_CLEANED} and its kin. */
export const ST_FLAGS = 7;
/** Word: first slot of the path since its parent. */
export const ST_FIRST = 8;
/** Word: last slot before it, -1 at an entry. */
export const ST_LAST = 9;
/** Word: newest history entry of the path since its parent. */
export const ST_HISTORY = 10;
/** Word: how many of them. */
export const ST_HISTORY_COUNT = 11;
/** Word: how many states deep. */
export const ST_DFS_DEPTH = 12;
/** Word: callback visits under way. */
export const ST_CB_UNROLL = 13;
/** Word: may_goto iterations under way. */
export const ST_MAY_GOTO = 14;
/** Word: for the end of a back edge, the state it equals. */
export const ST_EQUAL = 15;
/** Word: number of the current frame. */
export const ST_CURFRAME = 16;
/** Word: how many references. */
export const ST_REF_COUNT = 17;
/** Word: where in the block they are (offset from the block's start). */
export const ST_REFS = 18;
/** Words: nestings and ids of locks; in the order of {@linkcode Env}. */
export const ST_LOCKS = 19;
export const ST_PREEMPT = 20;
export const ST_RCU = 21;
export const ST_IRQ_ID = 22;
export const ST_LOCK_ID = 23;
export const ST_LOCK_PTR = 24;
/** Word: 1 + the number of the component visit it belongs to, 0 = none; see `loops.ts`. */
export const ST_VISIT = 25;
/** Word: the register of the current frame by which a comparison failed last; tried first. */
export const ST_HINT = 26;
/** Word of a pending path: the slot executed before its first. */
export const ST_PREV_INSN = 27;
/** Word of a pending path: where the log stood. */
export const ST_LOG_END = 28;
/** Word of a pending path: the branch whose jump it takes, or -1. */
export const ST_BRANCH = 29;
/** Words: offsets of the frames from the block's start. */
export const ST_FRAMES = 32;
const ST_WORDS = 40;

/** In `ST_FLAGS`: registers and slots that nobody reads were forgotten. */
export const SF_CLEANED = 1;
/** In `ST_FLAGS`: not in a list any more; freed when its paths are done. */
export const SF_EVICTED = 2;
/** In `ST_FLAGS`: the program may sleep here. */
export const SF_SLEEPABLE = 4;

// Header of a saved frame.
export const SFR_CALLSITE = 0;
export const SFR_SUBPROG = 1;
export const SFR_FLAGS = 2;
export const SFR_CB_MIN = 3;
export const SFR_CB_MAX = 4;
export const SFR_CB_DEPTH = 5;
export const SFR_NSLOTS = 6;
export const SFR_ASYNC = 7;
/** Word of a saved frame: registers marked precise. */
export const SFR_PRECISE_REGS = 8;
/** Words of a saved frame: slots marked precise. */
export const SFR_PRECISE_SLOTS = 9;
export const SFR_MAY_GOTO = 11;
/** First of a saved frame's eleven value ids. */
export const SFR_REGS = 12;
/** First of a saved frame's type words; the value ids of the slots follow them. */
export const SFR_SLOTS = 23;

/** Word of a saved state's frame `n`. */
export function savedFrame(state: number, n: number): number {
  return state + W[state + ST_FRAMES + n];
}

/** Word of the value of register `r` of a saved frame. */
export function savedReg(frame: number, r: number): number {
  return valueAt(W[frame + SFR_REGS + r]);
}

/** Type word of slot `spi` of a saved frame. */
export function savedSlotTypes(frame: number, spi: number): number {
  return W[frame + SFR_SLOTS + spi];
}

/** Word of the value spilled to slot `spi` of a saved frame. */
export function savedSpill(frame: number, spi: number): number {
  return valueAt(W[frame + SFR_SLOTS + W[frame + SFR_NSLOTS] + spi]);
}

/** Whether a slot of this type word holds a spill, dynptr, iterator or irq flag: something with a value. */
export function slotHasValue(types: number): boolean {
  const top = types >>> 28;
  return top === STACK_SPILL || top > 3;
}

/** Freezes the path under exploration as the state before `insn`. The block's other header words are set to "nothing yet". */
export function saveState(env: Env, insn: number): number {
  const top = env.curframe;
  if (paranoia.on) checkValues(env);
  let words = ST_WORDS + env.refCount * 4;
  for (let f = 0; f <= top; f++) words += SFR_SLOTS + 2 * W[frameAt(f) + F_NSLOTS];
  const s = allocateBlock(words);
  W[s + ST_INSN] = insn;
  W[s + ST_PARENT] = env.parent;
  W[s + ST_NEXT] = 0;
  W[s + ST_BRANCHES] = 1;
  W[s + ST_MISSES] = 0;
  W[s + ST_HITS] = 0;
  W[s + ST_FLAGS] = env.sleepable ? SF_SLEEPABLE : 0;
  W[s + ST_FIRST] = env.firstInsnIdx;
  W[s + ST_LAST] = env.lastInsnIdx;
  W[s + ST_HISTORY] = env.history;
  W[s + ST_HISTORY_COUNT] = env.historyCount;
  W[s + ST_DFS_DEPTH] = env.dfsDepth;
  W[s + ST_CB_UNROLL] = env.callbackUnrollDepth;
  W[s + ST_MAY_GOTO] = env.mayGotoDepth;
  W[s + ST_EQUAL] = 0;
  W[s + ST_CURFRAME] = top;
  W[s + ST_REF_COUNT] = env.refCount;
  W[s + ST_REFS] = ST_WORDS;
  W[s + ST_LOCKS] = env.activeLocks;
  W[s + ST_PREEMPT] = env.preemptLocks;
  W[s + ST_RCU] = env.rcuLocks;
  W[s + ST_IRQ_ID] = env.irqId;
  W[s + ST_LOCK_ID] = env.lockId;
  W[s + ST_LOCK_PTR] = env.lockPtr;
  W[s + ST_VISIT] = 0;
  W[s + ST_HINT] = 0;
  W[s + ST_BRANCH] = -1;
  let at = s + ST_WORDS;
  for (let i = 0; i < env.refCount * 4; i++) W[at++] = env.refs[i];
  for (let f = 0; f <= top; f++) {
    W[s + ST_FRAMES + f] = at - s;
    at = saveFrame(frameAt(f), at);
  }
  return s;
}

function checkValues(env: Env): void {
  for (let f = 0; f <= env.curframe; f++) {
    const frame = frameAt(f);
    for (let r = 0; r < FRAME_REG_COUNT; r++) {
      if (!valueHolds(frame + F_REGS + r * REG_WORDS)) {
        throw new Error(`insn ${env.insnIdx}: r${r} of frame ${f} changed and kept its value id`);
      }
    }
    for (let i = 0; i < W[frame + F_NSLOTS]; i++) {
      if (slotHasValue(W[frame + F_SLOT_TYPES + i]) && !valueHolds(frame + F_SPILLS + i * REG_WORDS)) {
        throw new Error(`insn ${env.insnIdx}: slot ${i} of frame ${f} changed and kept its value id`);
      }
    }
  }
}

function saveFrame(from: number, to: number): number {
  const slots = W[from + F_NSLOTS];
  W[to + SFR_CALLSITE] = W[from + F_CALLSITE];
  W[to + SFR_SUBPROG] = W[from + F_SUBPROG];
  W[to + SFR_FLAGS] = W[from + F_FLAGS];
  W[to + SFR_CB_MIN] = W[from + F_CB_MIN];
  W[to + SFR_CB_MAX] = W[from + F_CB_MAX];
  W[to + SFR_CB_DEPTH] = W[from + F_CB_DEPTH];
  W[to + SFR_NSLOTS] = slots;
  W[to + SFR_ASYNC] = W[from + F_ASYNC];
  W[to + SFR_MAY_GOTO] = W[from + F_MAY_GOTO];
  W[to + SFR_PRECISE_REGS] = 0;
  W[to + SFR_PRECISE_SLOTS] = 0;
  W[to + SFR_PRECISE_SLOTS + 1] = 0;
  for (let r = 0, o = from + F_REGS; r < FRAME_REG_COUNT; r++, o += REG_WORDS) {
    const id = W[o + VID];
    W[to + SFR_REGS + r] = id !== 0 && W[o + ID] === 0 ? id : internLinked(o);
  }
  const types = to + SFR_SLOTS, ids = types + slots;
  for (let i = 0; i < slots; i++) {
    const t = W[from + F_SLOT_TYPES + i];
    W[types + i] = t;
    W[ids + i] = slotHasValue(t) ? internLinked(from + F_SPILLS + i * REG_WORDS) : NOT_INIT_VALUE;
  }
  return ids + slots;
}

function loadReg(o: number, id: number): void {
  // Of linked scalars that have an id, it is another than their value's.
  if (W[o + VID] !== id || W[o + ID] !== 0) copyReg(o, valueAt(id));
}

/** Makes a saved state the path under exploration. What stands at `ST_PARENT` and its like is taken over; the block stays. */
export function restoreState(env: Env, s: number): void {
  // A register that changed and kept its value id would not be loaded.
  if (paranoia.on) checkValues(env);
  const top = W[s + ST_CURFRAME];
  env.parent = W[s + ST_PARENT];
  env.firstInsnIdx = W[s + ST_FIRST];
  env.lastInsnIdx = W[s + ST_LAST];
  env.history = W[s + ST_HISTORY];
  env.historyCount = W[s + ST_HISTORY_COUNT];
  env.dfsDepth = W[s + ST_DFS_DEPTH];
  env.callbackUnrollDepth = W[s + ST_CB_UNROLL];
  env.mayGotoDepth = W[s + ST_MAY_GOTO];
  env.sleepable = (W[s + ST_FLAGS] & SF_SLEEPABLE) !== 0;
  env.refCount = W[s + ST_REF_COUNT];
  env.activeLocks = W[s + ST_LOCKS];
  env.preemptLocks = W[s + ST_PREEMPT];
  env.rcuLocks = W[s + ST_RCU];
  env.irqId = W[s + ST_IRQ_ID];
  env.lockId = W[s + ST_LOCK_ID];
  env.lockPtr = W[s + ST_LOCK_PTR];
  const refs = s + W[s + ST_REFS];
  for (let i = 0; i < env.refCount * 4; i++) env.refs[i] = W[refs + i];
  for (let f = 0; f <= top; f++) {
    const from = s + W[s + ST_FRAMES + f], to = CUR + f * FRAME_WORDS;
    const slots = W[from + SFR_NSLOTS];
    W[to + F_CALLSITE] = W[from + SFR_CALLSITE];
    W[to + F_SUBPROG] = W[from + SFR_SUBPROG];
    W[to + F_FLAGS] = W[from + SFR_FLAGS];
    W[to + F_CB_MIN] = W[from + SFR_CB_MIN];
    W[to + F_CB_MAX] = W[from + SFR_CB_MAX];
    W[to + F_CB_DEPTH] = W[from + SFR_CB_DEPTH];
    W[to + F_NSLOTS] = slots;
    W[to + F_ASYNC] = W[from + SFR_ASYNC];
    W[to + F_MAY_GOTO] = W[from + SFR_MAY_GOTO];
    for (let r = 0; r < FRAME_REG_COUNT; r++) {
      loadReg(to + F_REGS + r * REG_WORDS, W[from + SFR_REGS + r]);
    }
    const types = from + SFR_SLOTS, ids = types + slots;
    for (let i = 0; i < slots; i++) {
      W[to + F_SLOT_TYPES + i] = W[types + i];
      loadReg(to + F_SPILLS + i * REG_WORDS, W[ids + i]);
    }
  }
  env.setFrame(top);
}

/** The slot at which a frame of a saved state stands: the state's own for the current frame, else the call's. */
export function savedFrameInsn(state: number, n: number): number {
  return n === W[state + ST_CURFRAME] ? W[state + ST_INSN] : W[savedFrame(state, n + 1) + SFR_CALLSITE];
}

/** Whether a saved state and the path under exploration came by the same calls. */
export function sameCallsites(state: number, env: Env): boolean {
  if (W[state + ST_CURFRAME] !== env.curframe) return false;
  for (let f = env.curframe; f >= 0; f--) {
    if (W[savedFrame(state, f) + SFR_CALLSITE] !== W[frameAt(f) + F_CALLSITE]) return false;
  }
  return true;
}

/** Whether a value is a scalar. */
export function isScalar(o: number): boolean {
  return (W[o + TYPE] & BASE_TYPE_MASK) === 1;
}

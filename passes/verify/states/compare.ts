/**
 * Whether the path under exploration is covered by a saved state: whatever can happen from here could happen from there, and that
 * was found safe.
 *
 * Three degrees (`enum exact_level` of Linux 6.18): not exact, where scalars that no verdict depended on need not match; range
 * within, where all scalars must lie within the old ones' ranges, because marks may still be missing inside of a loop; and exact,
 * to find endless loops. Ids need not be equal but must relate registers in the same way; the map between old and new ids starts
 * anew with each comparison.
 *
 * @module
 */
import { W } from "./arena.ts";
import { type Env, frameAt } from "../env.ts";
import {
  ADD_CONST,
  ALL_BYTES,
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  F_CALLSITE,
  F_CB_DEPTH,
  F_NSLOTS,
  F_REGS,
  F_SLOT_TYPES,
  F_SPILLS,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  FRAMENO,
  ID,
  MAX_FRAMES,
  NOT_INIT,
  OFF,
  PTR_TO_ARENA,
  PTR_TO_BUF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  REF_ID,
  REG_WORDS,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SMAX,
  SMIN,
  STACK_DYNPTR,
  STACK_INVALID,
  STACK_IRQ_FLAG,
  STACK_ITER,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
  TMASK,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VID,
} from "./layout.ts";
import { slt64, ult64 } from "../numbers/scalar.ts";
import {
  savedFrame,
  savedFrameInsn,
  SF_SLEEPABLE,
  SFR_CALLSITE,
  SFR_CB_DEPTH,
  SFR_NSLOTS,
  SFR_PRECISE_REGS,
  SFR_PRECISE_SLOTS,
  SFR_REGS,
  SFR_SLOTS,
  slotHasValue,
  ST_CURFRAME,
  ST_FLAGS,
  ST_HINT,
  ST_INSN,
  ST_IRQ_ID,
  ST_LOCK_ID,
  ST_LOCK_PTR,
  ST_LOCKS,
  ST_PREEMPT,
  ST_RCU,
  ST_REF_COUNT,
  ST_REFS,
} from "./states.ts";
import { UNKNOWN_VALUE, valueAt } from "./values.ts";

/** Scalars without a precise mark need not match. */
export const NOT_EXACT = 0;
/** Everything must be equal up to ids. */
export const EXACT = 1;
/** Every scalar must lie within the old one's range. */
export const RANGE_WITHIN = 2;

/** Old and new ids in pairs; room for every register and slot. */
const idMap = new Int32Array(2 * (FRAME_REG_COUNT + FRAME_SLOTS) * MAX_FRAMES);
let idCount = 0;
let lastTemporaryId = 0;

/** Begins a comparison: no ids are related yet. */
export function resetIds(env: Env): void {
  idCount = 0;
  lastTemporaryId = env.idGen;
}

/** Whether the ids can stand for each other: none for none, and one for one. */
function sameIds(old: number, now: number): boolean {
  if (old === 0 || now === 0) return old === now;
  for (let i = 0; i < idCount; i += 2) {
    if (idMap[i] === old) return idMap[i + 1] === now;
    if (idMap[i + 1] === now) return false;
  }
  if (idCount >= idMap.length) return false;
  idMap[idCount] = old;
  idMap[idCount + 1] = now;
  idCount += 2;
  return true;
}

/**
 * The same for scalars. A saved value without an id is linked to nothing, so links of the current one only say more; a current
 * value without an id is one that nobody else has.
 */
function sameScalarIds(old: number, now: number): boolean {
  if (old === 0) return true;
  const other = now === 0 ? ++lastTemporaryId : now;
  if (!sameIds(old, other)) return false;
  // Values at a distance from another: what they are distant from must correspond too.
  return (old & ADD_CONST) === 0 || sameIds(old & ~ADD_CONST, other & ~ADD_CONST);
}

/** Whether `now`'s ranges lie within `old`'s. */
function rangeWithin(old: number, now: number): boolean {
  return !ult64(W[now + UMIN], W[now + UMIN + 1], W[old + UMIN], W[old + UMIN + 1]) &&
    !ult64(W[old + UMAX], W[old + UMAX + 1], W[now + UMAX], W[now + UMAX + 1]) &&
    !slt64(W[now + SMIN], W[now + SMIN + 1], W[old + SMIN], W[old + SMIN + 1]) &&
    !slt64(W[old + SMAX], W[old + SMAX + 1], W[now + SMAX], W[now + SMAX + 1]) &&
    (W[old + U32MIN] >>> 0) <= (W[now + U32MIN] >>> 0) &&
    (W[old + U32MAX] >>> 0) >= (W[now + U32MAX] >>> 0) &&
    W[old + S32MIN] <= W[now + S32MIN] && W[old + S32MAX] >= W[now + S32MAX];
}

/** Whether every value `now`'s tnum allows, `old`'s allows too. */
function tnumWithin(old: number, now: number): boolean {
  const ml = W[old + TMASK], mh = W[old + TMASK + 1];
  return (W[now + TMASK] & ~ml) === 0 && (W[now + TMASK + 1] & ~mh) === 0 &&
    (W[now + TVAL] & ~ml) === W[old + TVAL] && (W[now + TVAL + 1] & ~mh) === W[old + TVAL + 1];
}

function sameWords(a: number, b: number, end: number): boolean {
  for (let i = 0; i < end; i++) if (W[a + i] !== W[b + i]) return false;
  return true;
}

function samePointerWords(a: number, b: number): boolean {
  return W[a + TYPE] === W[b + TYPE] && W[a + OFF] === W[b + OFF] && W[a + AUX1] === W[b + AUX1] &&
    W[a + AUX2] === W[b + AUX2];
}

/** Whether two registers are equal up to ids, and their ids relate. */
export function regsExact(old: number, now: number): boolean {
  return sameWords(old, now, ID) && sameIds(W[old + ID], W[now + ID]) &&
    sameIds(W[old + REF_ID], W[now + REF_ID]);
}

/** Whether register `now` of the path is covered by the value `old`; bit 2 of `how` tells that `old` is precise. */
function regSafe(old: number, now: number, how: number): boolean {
  return (how & 4) !== 0 ? coveredBy(old, now, how & 3) : coveredImprecise(old, now, how);
}

function coveredImprecise(old: number, now: number, exact: number): boolean {
  const type = W[old + TYPE];
  if (exact === NOT_EXACT) {
    if (type === NOT_INIT) return true;
    if (type === SCALAR_VALUE) return W[now + TYPE] === SCALAR_VALUE;
  }
  return coveredBy(old, now, exact);
}

/**
 * Whether what was checked of packet data for the old pointer holds for the new one: it must reach as far. At or beyond the packet's
 * end are no distances and must be equal.
 */
function rangeReaches(old: number, now: number): boolean {
  return old < 0 || now < 0 ? old === now : old <= now;
}

function coveredBy(old: number, now: number, exact: number): boolean {
  if (exact === EXACT) return regsExact(old, now);
  const type = W[old + TYPE];
  if (type !== W[now + TYPE]) return false;
  if (type === NOT_INIT) return true;
  switch (type & BASE_TYPE_MASK) {
    case SCALAR_VALUE: {
      const a = W[old + ID], b = W[now + ID];
      if (a !== 0 && ((a ^ b) & ADD_CONST) !== 0) return false;
      if ((a & ADD_CONST) !== 0 && W[old + OFF] !== W[now + OFF]) return false;
      return rangeWithin(old, now) && tnumWithin(old, now) && sameScalarIds(a, b);
    }
    case PTR_TO_MAP_KEY:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case PTR_TO_TP_BUFFER:
      return samePointerWords(old, now) && rangeWithin(old, now) && tnumWithin(old, now) &&
        sameIds(W[old + ID], W[now + ID]) && sameIds(W[old + REF_ID], W[now + REF_ID]);
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
      return rangeReaches(W[old + AUX1], W[now + AUX1]) && W[old + OFF] === W[now + OFF] &&
        sameIds(W[old + ID], W[now + ID]) && rangeWithin(old, now) && tnumWithin(old, now);
    case PTR_TO_STACK:
      return regsExact(old, now) && W[old + FRAMENO] === W[now + FRAMENO];
    case PTR_TO_ARENA:
      return true;
    default:
      return regsExact(old, now);
  }
}

/** Bytes of a slot that read as an unknown scalar: all misc or never written. */
function allMisc(types: number): boolean {
  for (let j = 0; j < 32; j += 4) {
    const t = (types >>> j) & 15;
    if (t !== STACK_MISC && t !== STACK_INVALID) return false;
  }
  return true;
}

/** Word of the scalar that a load of all of a slot gives, or 0 if it gives something else. `o` is what is spilled there. */
function scalarOfSlot(types: number, o: number): number {
  if ((types & 15) === STACK_SPILL && W[o + TYPE] === SCALAR_VALUE) return o;
  return allMisc(types) ? valueAt(UNKNOWN_VALUE) : 0;
}

/** `how`: exactness, with bit 2 set if the old slot's spill is precise. */
function slotSafe(
  old: { types: number; value: number },
  now: { types: number; value: number },
  how: number,
): boolean {
  const exact = how & 3;
  if (exact !== NOT_EXACT && old.types !== now.types) return false;
  for (let j = 0; j < 8; j++) {
    const a = (old.types >>> (4 * j)) & 15, b = (now.types >>> (4 * j)) & 15;
    if (a === STACK_INVALID || a === STACK_MISC) continue;
    if (now.value === 0) return false;
    const oldScalar = scalarOfSlot(old.types, old.value), scalar = scalarOfSlot(now.types, now.value);
    if (oldScalar !== 0 && scalar !== 0) return regSafe(oldScalar, scalar, how);
    if (a !== b) return false;
    if (j < 7) continue;
    switch (a) {
      case STACK_SPILL:
        return regSafe(old.value, now.value, how);
      case STACK_DYNPTR:
        return W[old.value + AUX1] === W[now.value + AUX1] &&
          sameIds(W[old.value + REF_ID], W[now.value + REF_ID]);
      case STACK_ITER:
        // Beyond the kernel: one whose read section has ended is not as good as one whose has not.
        return W[old.value + AUX1] === W[now.value + AUX1] && W[old.value + TYPE] === W[now.value + TYPE] &&
          ((W[old.value + AUX2] ^ W[now.value + AUX2]) & 0xff) === 0 &&
          sameIds(W[old.value + REF_ID], W[now.value + REF_ID]);
      case STACK_IRQ_FLAG:
        return sameIds(W[old.value + REF_ID], W[now.value + REF_ID]) &&
          W[old.value + AUX1] === W[now.value + AUX1];
      case STACK_ZERO:
        break;
      default:
        return false;
    }
  }
  return true;
}

const oldSlot = { types: 0, value: 0 }, nowSlot = { types: 0, value: 0 };

function stackSafe(old: number, now: number, exact: number): boolean {
  const oldSlots = W[old + SFR_NSLOTS], slots = W[now + F_NSLOTS];
  const types = old + SFR_SLOTS, ids = types + oldSlots;
  for (let i = 0; i < oldSlots; i++) {
    const t = W[types + i];
    if (i >= slots) {
      if (exact !== NOT_EXACT) return false;
      if (!allMisc(t)) return false;
      continue;
    }
    const u = W[now + F_SLOT_TYPES + i];
    if (t === u) {
      if (!slotHasValue(t)) continue;
      const o = now + F_SPILLS + i * REG_WORDS;
      if (W[o + VID] === W[ids + i] && W[o + ID] === 0 && W[o + REF_ID] === 0) continue;
    } else if (exact !== NOT_EXACT) return false;
    else if (t === 0 || t === ALL_BYTES * STACK_MISC) continue;
    oldSlot.types = t;
    oldSlot.value = valueAt(W[ids + i]);
    nowSlot.types = u;
    nowSlot.value = now + F_SPILLS + i * REG_WORDS;
    const precise = (W[old + SFR_PRECISE_SLOTS + (i >>> 5)] & (1 << (i & 31))) !== 0 ? 4 : 0;
    if (!slotSafe(oldSlot, nowSlot, exact | precise)) return false;
  }
  return true;
}

function refsSafe(state: number, env: Env): boolean {
  if (
    W[state + ST_REF_COUNT] !== env.refCount || W[state + ST_LOCKS] !== env.activeLocks ||
    W[state + ST_PREEMPT] !== env.preemptLocks || W[state + ST_RCU] !== env.rcuLocks
  ) return false;
  if (!sameIds(W[state + ST_IRQ_ID], env.irqId)) return false;
  if (!sameIds(W[state + ST_LOCK_ID], env.lockId) || W[state + ST_LOCK_PTR] !== env.lockPtr) return false;
  const refs = state + W[state + ST_REFS];
  for (let i = 0; i < env.refCount * 4; i += 4) {
    if (W[refs + i] !== env.refs[i] || W[refs + i + 3] !== env.refs[i + 3]) return false;
    if (!sameIds(W[refs + i + 1], env.refs[i + 1])) return false;
  }
  return true;
}

/** Whether the register that failed last fails again, for a reason that has nothing to do with ids. */
function fails(env: Env, state: number, exact: number): boolean {
  const r = W[state + ST_HINT], bit = 1 << r, frame = savedFrame(state, env.curframe);
  if ((env.liveRegs[W[state + ST_INSN]] & bit) === 0) return false;
  const id = W[frame + SFR_REGS + r], o = env.regs + r * REG_WORDS;
  if (W[o + VID] === id && W[o + ID] === 0) return false;
  const old = valueAt(id), type = W[old + TYPE];
  if (exact === EXACT) return !sameWords(old, o, ID);
  if (type === NOT_INIT) return exact === RANGE_WITHIN && W[o + TYPE] !== NOT_INIT;
  if (type !== W[o + TYPE]) return true;
  if (type !== SCALAR_VALUE || (exact === NOT_EXACT && (W[frame + SFR_PRECISE_REGS] & bit) === 0)) {
    return false;
  }
  return !rangeWithin(old, o);
}

/** Whether the path under exploration is covered by a saved state, to the given degree. */
export function statesEqual(env: Env, state: number, exact: number): boolean {
  const top = W[state + ST_CURFRAME];
  if (top !== env.curframe) return false;
  if (((W[state + ST_FLAGS] & SF_SLEEPABLE) !== 0) !== env.sleepable) return false;
  if (fails(env, state, exact)) return false;
  resetIds(env);
  if (!refsSafe(state, env)) return false;
  for (let f = 0; f <= top; f++) {
    const old = savedFrame(state, f), now = frameAt(f);
    if (W[old + SFR_CALLSITE] !== W[now + F_CALLSITE]) return false;
    if (W[old + SFR_CB_DEPTH] > W[now + F_CB_DEPTH]) return false;
    const live = env.liveRegs[savedFrameInsn(state, f)], precise = W[old + SFR_PRECISE_REGS];
    for (let r = 0; r < FRAME_REG_COUNT; r++) {
      if ((live & (1 << r)) === 0) continue;
      const id = W[old + SFR_REGS + r], o = now + F_REGS + r * REG_WORDS;
      if (W[o + VID] === id && W[o + ID] === 0 && W[o + REF_ID] === 0) continue;
      if (!regSafe(valueAt(id), o, (precise & (1 << r)) !== 0 ? exact | 4 : exact)) {
        if (f === top) W[state + ST_HINT] = r;
        return false;
      }
    }
    if (!stackSafe(old, now, exact)) return false;
  }
  return true;
}

/** The quickest test before an exact comparison: whether the register that differed last differs in its first word. */
export function surelyDiffers(env: Env, state: number): boolean {
  if (W[state + ST_CURFRAME] !== env.curframe) return true;
  const hint = W[state + ST_HINT], id = W[savedFrame(state, env.curframe) + SFR_REGS + hint];
  return W[valueAt(id) + SMIN] !== W[env.regs + hint * REG_WORDS + SMIN];
}

/** A quick test before an exact comparison: the current frame's registers are the same, ids included. */
export function maybeLooping(env: Env, state: number): boolean {
  if (W[state + ST_CURFRAME] !== env.curframe) return false;
  const old = savedFrame(state, env.curframe), hint = W[state + ST_HINT];
  if (!sameRegister(env, old, hint)) return false;
  for (let r = 0; r < FRAME_REG_COUNT; r++) {
    if (sameRegister(env, old, r)) continue;
    W[state + ST_HINT] = r;
    return false;
  }
  return true;
}

function sameRegister(env: Env, frame: number, r: number): boolean {
  const id = W[frame + SFR_REGS + r], o = env.regs + r * REG_WORDS;
  return (W[o + VID] === id && W[o + ID] === 0) || sameWords(valueAt(id), o, FRAMENO);
}

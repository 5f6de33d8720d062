/**
 * Open-coded iterators: stack slots that a new() fills, a next() advances and a destroy() empties (`process_iter_arg` and
 * `process_iter_next_call` of Linux 6.18).
 *
 * An iterator's first slot (the one at the lowest address) holds a reference, so that no path forgets to destroy it. Every slot
 * carries the iterator's type, state and how many rounds it has gone.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { freeBlock } from "../states/blocks.ts";
import { stackObjectSlot } from "./dynptr.ts";
import { EINVAL, type Env, frameAt, slotTypesAt, spillAt } from "../env.ts";
import { markNotInit } from "../states/frames.ts";
import { inRcuSection } from "../types/kernel_ptr.ts";
import type { KfuncProto } from "../kfuncs/kfunc_proto.ts";
import {
  ALL_BYTES,
  AUX1,
  AUX2,
  F_NSLOTS,
  FRAMENO,
  MEM_RCU,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_STACK,
  PTR_UNTRUSTED,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  STACK_ITER,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { acquireReference, releaseReference } from "./references.ts";
import { markKnown } from "../numbers/scalar.ts";
import { checkStackWrite } from "../memory/stack.ts";
import {
  restoreState,
  savedFrame,
  savedSlotTypes,
  savedSpill,
  saveState,
  SFR_NSLOTS,
  ST_CURFRAME,
  ST_DFS_DEPTH,
} from "../states/states.ts";
import { iteratorName } from "../log/type_names.ts";
import { widenScalars } from "../numbers/widen.ts";

/** In the low byte of AUX2 of an iterator's slot; the rounds are above. */
export const ITER_ACTIVE = 1;
/** See {@linkcode ITER_ACTIVE}. */
export const ITER_DRAINED = 2;
/** `EPROTO`. */
const EPROTO = 71;
/** `enum bpf_attach_type`. */
const TRACE_ITER = 28;
/** The type word of an iterator's slots. */
const ITER_SLOT = Math.imul(ALL_BYTES, STACK_ITER);

/** The last iterator that was an argument: where {@linkcode advance} finds it. */
const argument = { frame: 0, spi: 0, slots: 0 };

/** Verifies the iterator passed in register `regno`, and makes or ends it: its reference, or `-errno`. */
export function checkIteratorArg(env: Env, regno: number, proto: KfuncProto): number {
  const o = env.regs + regno * REG_WORDS, pointee = proto.params[regno - 1].pointee;
  if (proto.name === "bpf_iter_css_task_new" && !mayIterateTasksOfCgroups(env)) {
    const where = "only allowed in bpf_lsm, bpf_iter and sleepable progs";
    return env.fail(EINVAL, "kfunc-not-allowed", `css_task_iter is ${where}`);
  }
  if (W[o + TYPE] !== PTR_TO_STACK) {
    return env.fail(EINVAL, "iterator-state", `arg#${regno - 1} expected pointer to an iterator on stack`);
  }
  const btf = env.targetBtf;
  if (btf === undefined || pointee === undefined || pointee.kind !== "struct" || pointee.size % 8 !== 0) {
    return env.fail(EINVAL, "iterator-state", `expected valid iter pointer as arg #${regno - 1}`);
  }
  if (pointee.btf !== 0) return env.unsupported("iterators of kernel modules");
  const type = btf.find(pointee.name, "struct"), slots = pointee.size / 8, name = iteratorName(pointee.name);
  if (proto.flags.has("iter_new")) {
    if (!isFree(env, o, slots)) {
      return env.fail(EINVAL, "iterator-state", `expected uninitialized iter_${name} as arg #${regno - 1}`);
    }
    const protectedByRcu = proto.flags.has("rcu_protected");
    const trust = !protectedByRcu ? 0 : inRcuSection(env) ? MEM_RCU : PTR_UNTRUSTED;
    return make(env, regno, { type, slots, trust });
  }
  const spi = stackObjectSlot(env, o, "iter", slots);
  if (spi >= 0 && isOutdated(W[o + FRAMENO], spi, slots)) {
    return env.fail(EPROTO, "iterator-state", `expected an RCU CS when using ${proto.name}`);
  }
  if (spi < 0 || !isIterator(W[o + FRAMENO], spi, { type, slots })) {
    return env.fail(EINVAL, "iterator-state", `expected an initialized iter_${name} as arg #${regno - 1}`);
  }
  for (let i = 0; i < slots; i++) {
    env.stackLiveness.markRead(W[o + FRAMENO], spi - i);
    scratch(env, spi - i);
  }
  argument.frame = W[o + FRAMENO];
  argument.spi = spi;
  argument.slots = slots;
  const ref = W[spillAt(frameAt(W[o + FRAMENO]), spi) + REF_ID];
  if (proto.flags.has("iter_destroy")) end(env, ref);
  return ref;
}

/** That iterator takes a lock, which may be held where other programs run. */
function mayIterateTasksOfCgroups(env: Env): boolean {
  const { name } = env.rules;
  return name === "lsm" || (name === "tracing" && env.attachType === TRACE_ITER) || env.sleepable;
}

function scratch(env: Env, spi: number): void {
  if (spi < 32) env.scratchedSlotsLo |= 1 << spi;
  else env.scratchedSlotsHi |= 1 << (spi - 32);
}

/** No iterator is where `o` points; the stack there may not even be in use yet. */
function isFree(env: Env, o: number, slots: number): boolean {
  const spi = stackObjectSlot(env, o, "iter", slots);
  if (spi < 0) return spi !== -EINVAL;
  const frame = frameAt(W[o + FRAMENO]);
  for (let i = 0; i < slots; i++) {
    for (let types = W[slotTypesAt(frame, spi - i)], j = 0; j < 8; j++, types >>>= 4) {
      if ((types & 15) === STACK_ITER) return false;
    }
  }
  return true;
}

/** The section in which an iterator was made, and outside of which it is worth nothing, has ended since. */
function isOutdated(frameno: number, spi: number, slots: number): boolean {
  const frame = frameAt(frameno);
  for (let i = 0; i < slots; i++) {
    if (W[slotTypesAt(frame, spi - i)] !== ITER_SLOT) return false;
    if ((W[spillAt(frame, spi - i) + TYPE] & PTR_UNTRUSTED) !== 0) return true;
  }
  return false;
}

function isIterator(frameno: number, spi: number, what: { type: number; slots: number }): boolean {
  const frame = frameAt(frameno);
  for (let i = 0; i < what.slots; i++) {
    if (W[slotTypesAt(frame, spi - i)] !== ITER_SLOT) return false;
    const r = spillAt(frame, spi - i);
    if ((i === 0) !== (W[r + REF_ID] !== 0) || W[r + AUX1] !== what.type) return false;
  }
  return true;
}

function make(env: Env, regno: number, what: { type: number; slots: number; trust: number }): number {
  const o = env.regs + regno * REG_WORDS;
  for (let i = 0; i < what.slots * 8; i += 8) {
    const err = checkStackWrite(env, regno, W[o + OFF] + i, { size: 8, valueRegno: -1 });
    if (err < 0) return err;
  }
  const spi = stackObjectSlot(env, o, "iter", what.slots);
  if (spi < 0) return spi;
  const frameno = W[o + FRAMENO], frame = frameAt(frameno), ref = acquireReference(env);
  for (let i = 0; i < what.slots; i++) {
    const r = spillAt(frame, spi - i);
    markKnown(r, 0, 0);
    W[r + TYPE] = PTR_TO_STACK | what.trust;
    W[r + AUX1] = what.type;
    W[r + AUX2] = ITER_ACTIVE;
    W[r + REF_ID] = i === 0 ? ref : 0;
    W[r + FRAMENO] = 0;
    W[r + VID] = 0;
    W[slotTypesAt(frame, spi - i)] = ITER_SLOT;
    env.stackLiveness.markWrite(frameno, spi - i);
    scratch(env, spi - i);
  }
  return ref;
}

function end(env: Env, ref: number): void {
  const frame = frameAt(argument.frame);
  releaseReference(env, ref);
  for (let i = 0; i < argument.slots; i++) {
    const s = argument.spi - i;
    markNotInit(spillAt(frame, s));
    W[slotTypesAt(frame, s)] = 0;
    env.stackLiveness.markWrite(argument.frame, s);
  }
}

/**
 * The next(): this path goes on as if there was nothing more, another one with an element, round after round. To be called when r0 is
 * what a next() with an element gives, or null: 0 or `-errno`.
 */
export function advance(env: Env, slot: number): number {
  const r = spillAt(frameAt(argument.frame), argument.spi), r0 = env.regs;
  if ((W[r + AUX2] & 0xff) === ITER_ACTIVE) {
    const previous = env.parent === 0 ? 0 : env.explored.previousEntry(slot, W[env.parent + ST_DFS_DEPTH]);
    const here = saveState(env, slot);
    W[r + AUX2] += 1 << 8;
    W[r + VID] = 0;
    if (previous !== 0) widenScalars(env, previous);
    W[r0 + TYPE] &= ~PTR_MAYBE_NULL;
    W[r0 + VID] = 0;
    const going = env.pending.push(slot + 1, slot, -1);
    if (going < 0) return going;
    restoreState(env, here);
    freeBlock(here);
  }
  W[r + AUX2] = (W[r + AUX2] & ~0xff) | ITER_DRAINED;
  W[r + VID] = 0;
  markKnown(r0, 0, 0);
  W[r0 + TYPE] = SCALAR_VALUE;
  return 0;
}

/** Whether the iterator that `r1` points to, before a next(), may have another element. */
export function mayGoOn(env: Env): boolean {
  const o = env.regs + REG_WORDS;
  if (W[o + TYPE] !== PTR_TO_STACK) return false;
  const spi = Math.trunc((-(W[o + OFF] + W[o + TVAL]) - 1) / 8);
  return (W[spillAt(frameAt(W[o + FRAMENO]), spi) + AUX2] & 0xff) === ITER_ACTIVE;
}

/** Whether an iterator has gone more rounds since the saved state, so that meeting that state again is progress; not one made anew. */
export function roundsDiffer(env: Env, state: number): boolean {
  for (let f = Math.min(W[state + ST_CURFRAME], env.curframe); f >= 0; f--) {
    const was = savedFrame(state, f), frame = frameAt(f);
    const slots = Math.min(W[was + SFR_NSLOTS], W[frame + F_NSLOTS]);
    for (let i = 0; i < slots; i++) {
      if ((savedSlotTypes(was, i) & 15) !== STACK_ITER) continue;
      const then = W[savedSpill(was, i) + AUX2];
      if ((then & 0xff) === ITER_ACTIVE && W[spillAt(frame, i) + AUX2] >>> 8 > then >>> 8) return true;
    }
  }
  return false;
}

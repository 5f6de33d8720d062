/**
 * Sections with interrupts switched off: the stack slot that keeps what they were, which a saving function fills and a restoring one
 * empties, in the reverse order.
 *
 * Mirrors `process_irq_flag`, `mark_stack_slot_irq_flag` and `release_irq_state` of Linux 6.18.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { checkArgOffset } from "../calls/call_args.ts";
import { ERANGE, stackObjectSlot } from "./dynptr.ts";
import { EACCES, EINVAL, type Env, frameAt, slotTypesAt, spillAt } from "../env.ts";
import { markNotInit } from "../states/frames.ts";
import {
  ALL_BYTES,
  AUX1,
  AUX2,
  FRAMENO,
  OFF,
  PTR_TO_STACK,
  REF_ID,
  REG_WORDS,
  STACK_IRQ_FLAG,
  TYPE,
  VID,
} from "../states/layout.ts";
import { pushEntry, REF_TYPE_IRQ, REF_WORDS, removeEntry } from "./references.ts";
import { markKnown } from "../numbers/scalar.ts";
import { checkStackWrite } from "../memory/stack.ts";

/** The type word of the slot. */
const FLAG_SLOT = Math.imul(ALL_BYTES, STACK_IRQ_FLAG);
/** In `AUX1` of the slot's register: which functions it belongs to. */
const NATIVE = 0, OF_LOCKS = 1;

/** What a function does with the slot. */
interface FlagFunction {
  readonly saves: boolean;
  readonly owner: typeof NATIVE | typeof OF_LOCKS;
}
const FUNCTIONS: ReadonlyMap<string, FlagFunction> = new Map([
  ["bpf_local_irq_save", { saves: true, owner: NATIVE }],
  ["bpf_local_irq_restore", { saves: false, owner: NATIVE }],
  ["bpf_res_spin_lock_irqsave", { saves: true, owner: OF_LOCKS }],
  ["bpf_res_spin_unlock_irqrestore", { saves: false, owner: OF_LOCKS }],
]);

function scratch(env: Env, spi: number): void {
  if (spi < 32) env.scratchedSlotsLo |= 1 << spi;
  else env.scratchedSlotsHi |= 1 << (spi - 32);
}

/** Verifies the stack slot in register `i + 1`, for a parameter named `__irq_flag`, and fills or empties it: 0 or `-errno`. */
export function checkIrqFlag(env: Env, i: number, func: string): number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS, does = FUNCTIONS.get(func);
  const err = checkArgOffset(env, regno, {});
  if (err < 0) return err;
  if (W[o + TYPE] !== PTR_TO_STACK) {
    return env.fail(EINVAL, "lock-misuse", `arg#${i} doesn't point to an irq flag on stack`);
  }
  if (does === undefined) return env.unsupported(`interrupt flags as arguments of ${func}`);
  return does.saves ? save(env, regno, does.owner) : restore(env, regno, does.owner);
}

function save(env: Env, regno: number, owner: number): number {
  const o = env.regs + regno * REG_WORDS;
  if (!isFree(env, o)) {
    return env.fail(EINVAL, "lock-misuse", `expected uninitialized irq flag as arg#${regno - 1}`);
  }
  const err = checkStackWrite(env, regno, W[o + OFF], { size: 8, valueRegno: -1 });
  if (err < 0) return err;
  const spi = stackObjectSlot(env, o, "irq_flag", 1);
  if (spi < 0) return spi;
  const frameno = W[o + FRAMENO], frame = frameAt(frameno), r = spillAt(frame, spi), id = env.newId();
  pushEntry(env, REF_TYPE_IRQ, { id, owner: 0 });
  env.irqId = id;
  env.stackLiveness.markWrite(frameno, spi);
  markKnown(r, 0, 0);
  W[r + TYPE] = PTR_TO_STACK;
  W[r + AUX1] = owner;
  W[r + AUX2] = 0;
  W[r + REF_ID] = id;
  W[r + FRAMENO] = 0;
  W[r + VID] = 0;
  W[slotTypesAt(frame, spi)] = FLAG_SLOT;
  scratch(env, spi);
  return 0;
}

/** No such flag is where `o` points; the stack there may not even be in use yet. */
function isFree(env: Env, o: number): boolean {
  const spi = stackObjectSlot(env, o, "irq_flag", 1);
  if (spi < 0) return spi === -ERANGE;
  for (let types = W[slotTypesAt(frameAt(W[o + FRAMENO]), spi)], j = 0; j < 8; j++, types >>>= 4) {
    if ((types & 15) === STACK_IRQ_FLAG) return false;
  }
  return true;
}

function restore(env: Env, regno: number, owner: number): number {
  const o = env.regs + regno * REG_WORDS, frameno = W[o + FRAMENO], frame = frameAt(frameno);
  const spi = stackObjectSlot(env, o, "irq_flag", 1);
  if (spi < 0 || W[slotTypesAt(frame, spi)] !== FLAG_SLOT || W[spillAt(frame, spi) + REF_ID] === 0) {
    return env.fail(EINVAL, "lock-misuse", `expected an initialized irq flag as arg#${regno - 1}`);
  }
  env.stackLiveness.markRead(frameno, spi);
  scratch(env, spi);
  const r = spillAt(frame, spi);
  if (W[r + AUX1] !== owner) {
    const text = (of: number): string => of === NATIVE ? "native" : "lock";
    const what = `acquired by ${text(W[r + AUX1])} kfuncs cannot be restored with ${text(owner)} kfuncs`;
    return env.fail(EINVAL, "lock-misuse", `irq flag ${what}`);
  }
  const err = release(env, W[r + REF_ID]);
  if (err < 0) return err;
  markNotInit(r);
  W[slotTypesAt(frame, spi)] = 0;
  env.stackLiveness.markWrite(frameno, spi);
  return 0;
}

/** Takes the section off the list: 0, or `-EACCES` if another one began after it. */
function release(env: Env, id: number): number {
  let outer = 0;
  for (let i = 0; i < env.refCount; i++) {
    const at = i * REF_WORDS;
    if (id !== env.irqId) {
      if (env.refs[at + 1] !== env.irqId) continue;
      const expected = `expected id=${env.irqId} acquired at insn_idx=${env.refs[at + 2]}`;
      return env.fail(EACCES, "lock-misuse", `cannot restore irq state out of order, ${expected}`);
    }
    if (env.refs[at] !== REF_TYPE_IRQ) continue;
    if (env.refs[at + 1] === id) {
      removeEntry(env, i);
      env.irqId = outer;
      return 0;
    }
    outer = env.refs[at + 1];
  }
  return 0;
}

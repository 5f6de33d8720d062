/**
 * Loads and stores that were verified before: where the same instruction met the same pointer, it is allowed again, and what it loads
 * is known (`outcomes.ts`).
 *
 * Only memory whose rules depend on the pointer alone: map values without kernel objects in them, packet data, contexts, memory that a
 * helper gave. Stack accesses change what is known of the stack and are always looked at, kernel structures depend on locks.
 *
 * @module
 */
import { copyReg, W } from "../states/arena.ts";
import type { Env } from "../env.ts";
import {
  AUX1,
  BASE_TYPE_MASK,
  ID,
  PTR_MAYBE_NULL,
  PTR_TO_CTX,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  REG_WORDS,
  SCALAR_VALUE,
  TYPE,
} from "../states/layout.ts";
import { specialFields } from "../memory/map_pointer.ts";
import { checkLoad, checkStore } from "../insns/memory_insn.ts";
import { findOutcome, OUTCOME, outcomes, rememberOutcome, runBits } from "./outcomes.ts";
import { intern, valueAt } from "../states/values.ts";

/** Whether what is allowed through the pointer at `o` depends on its value alone. */
function isSteady(env: Env, o: number): boolean {
  switch (W[o + TYPE]) {
    case PTR_TO_CTX:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      return true;
    case PTR_TO_MAP_VALUE:
      return specialFields(env, W[o + AUX1]).length === 0;
    default:
      return (W[o + TYPE] & (BASE_TYPE_MASK | PTR_MAYBE_NULL)) === PTR_TO_MEM;
  }
}

/** Whether a loaded value is a number or a plain packet pointer: neither linked nor given an id of its own. */
function isUnlinked(o: number): boolean {
  const type = W[o + TYPE];
  return W[o + ID] === 0 &&
    (type === SCALAR_VALUE || type === PTR_TO_PACKET || type === PTR_TO_PACKET_META ||
      type === PTR_TO_PACKET_END);
}

/** The instruction's offset, in this verification: what is allowed there is so for one program. */
function offsetOf(env: Env, slot: number): number {
  return (env.off[slot] & 0xffff) | runBits();
}

/** As {@linkcode checkLoad}, from memory where that is possible: 0 or `-errno`. */
export function stepLoad(env: Env, slot: number): number {
  const form = env.forms[slot], p = env.regs + env.src[slot] * REG_WORDS;
  if (form === 0 || !isSteady(env, p)) return checkLoad(env, slot);
  const offset = offsetOf(env, slot),
    type = W[p + TYPE],
    pointer = intern(p),
    d = env.regs + env.dst[slot] * REG_WORDS;
  if (env.auxPtrType[slot] === type) {
    const at = findOutcome(form, offset, pointer, 0);
    if (at >= 0) {
      copyReg(d, valueAt(outcomes[at + OUTCOME]));
      return 0;
    }
  }
  const ids = env.idGen;
  const result = checkLoad(env, slot);
  if (result === 0 && env.idGen === ids && isUnlinked(d)) {
    rememberOutcome(form, offset, pointer, 0, intern(d), 0);
  }
  return result;
}

/** As {@linkcode checkStore}, from memory where that is possible: 0 or `-errno`. */
export function stepStore(env: Env, slot: number): number {
  const form = env.forms[slot], p = env.regs + env.dst[slot] * REG_WORDS;
  if (form === 0 || !isSteady(env, p) || W[env.regs + env.src[slot] * REG_WORDS + TYPE] !== SCALAR_VALUE) {
    return checkStore(env, slot);
  }
  const offset = offsetOf(env, slot), type = W[p + TYPE], pointer = intern(p);
  if (
    env.auxPtrType[slot] === type && findOutcome(form, offset, pointer, 0) >= 0
  ) return 0;
  const result = checkStore(env, slot);
  if (result === 0) rememberOutcome(form, offset, pointer, 0, 0, 0);
  return result;
}

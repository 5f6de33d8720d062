/**
 * Arithmetic that was done before: an instruction's outcome is a function of the instruction and its operands' values, so it is
 * looked up where both were met already, and copied.
 *
 * Only steps that did nothing but compute are remembered: none that failed, gave out ids, linked registers or left a path to
 * explore. Values stand for their ids (`values.ts`). Copies of whole registers need no looking up, sums of known numbers neither
 * (`known_alu.ts`). Where the log shows every step, every step is made.
 *
 * @module
 */
import { checkAlu, type Fork, linkBeforeCopy } from "../insns/alu.ts";
import { ALU64, ARSH, LSH, RSH } from "../insns/alu_ops.ts";
import { stepKnown } from "../insns/known_alu.ts";
import { isExact, widthOf } from "../numbers/scalar.ts";
import { copyReg, W } from "../states/arena.ts";
import type { Env } from "../env.ts";
import { COPIES, KEEPS_LINK, USES_DST, USES_SRC } from "./forms.ts";
import {
  ADD_CONST,
  BASE_TYPE_MASK,
  ID,
  NOT_INIT,
  PTR_TO_CTX,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  REG_WORDS,
  SCALAR_VALUE,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { findOutcome, OUTCOME, outcomes, rememberOutcome } from "./outcomes.ts";
import { intern, valueAt } from "../states/values.ts";

/** How many more misses than hits an instruction may have before its outcomes are remembered no more. */
const PATIENCE = 1000;

/** Whether arithmetic on a register of this type, once it succeeded, succeeds again with the same values. */
function isSteady(type: number): boolean {
  switch (type & BASE_TYPE_MASK) {
    case SCALAR_VALUE:
    case PTR_TO_STACK:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_CTX:
      return true;
    default:
      return false;
  }
}

/** Computes the result where both operands are known to the bit. The form is that of an operation on register `d`, a scalar. */
function compute(form: number, d: number, s: number, imm: number): boolean {
  const op = form & 0xf0, wide = (form & 7) === ALU64;
  if ((form & USES_SRC) === 0) return stepKnown(d, op, wide, imm, imm >> 31);
  return op !== LSH && op !== RSH && op !== ARSH && W[s + TYPE] === SCALAR_VALUE && isExact(s) &&
    stepKnown(d, op, wide, W[s + TVAL], W[s + TVAL + 1]);
}

/** A copy of a register's low half. It is linked to its source where nothing is cut off. */
function moveLow(env: Env, slot: number, fork: Fork): number {
  const form = env.forms[slot],
    d = env.regs + env.dst[slot] * REG_WORDS,
    s = env.regs + env.src[slot] * REG_WORDS;
  if (W[s + TYPE] !== SCALAR_VALUE || (W[s + ID] & ADD_CONST) !== 0) return checkAlu(env, slot, fork);
  if (W[s + TVAL + 1] === 0 && isExact(s)) {
    copyReg(d, s);
    return 0;
  }
  const value = intern(s), at = findOutcome(form, 0, 0, value);
  if (at >= 0) {
    let link = 0;
    if (outcomes[at + OUTCOME + 1] !== 0) {
      linkBeforeCopy(env, s);
      link = W[s + ID];
    }
    copyReg(d, valueAt(outcomes[at + OUTCOME]));
    W[d + ID] = link;
    return 0;
  }
  if (++env.misses[slot] > PATIENCE) env.forms[slot] = 0;
  const linkable = widthOf(s) <= 32 ? 1 : 0, result = checkAlu(env, slot, fork);
  if (result === 0) rememberOutcome(form, 0, 0, value, intern(d), linkable);
  return result;
}

/** As {@linkcode checkAlu}, from memory where that is possible: 0 or `-errno`. */
export function stepAlu(env: Env, slot: number, fork: Fork): number {
  const form = env.forms[slot];
  if (form === 0) return checkAlu(env, slot, fork);
  const d = env.regs + env.dst[slot] * REG_WORDS, s = env.regs + env.src[slot] * REG_WORDS;
  if ((form & COPIES) !== 0) {
    if (W[s + TYPE] === NOT_INIT) return checkAlu(env, slot, fork);
    linkBeforeCopy(env, s);
    copyReg(d, s);
    return 0;
  }
  if ((form & (USES_DST | USES_SRC)) === USES_SRC) return moveLow(env, slot, fork);
  const imm = env.imm[slot];
  let a = 0, b = 0, pointer = false;
  if ((form & USES_DST) !== 0) {
    const type = W[d + TYPE];
    if (type !== SCALAR_VALUE) {
      if (!isSteady(type)) return checkAlu(env, slot, fork);
      pointer = true;
    } else if ((form & KEEPS_LINK) !== 0 && W[d + ID] !== 0) return checkAlu(env, slot, fork);
    else if (compute(form, d, s, imm)) return 0;
    a = W[d + VID];
    if (a === 0) a = intern(d);
  }
  if ((form & USES_SRC) !== 0) {
    if (W[s + TYPE] !== SCALAR_VALUE) return checkAlu(env, slot, fork);
    b = W[s + VID];
    if (b === 0) b = intern(s);
  }
  const at = findOutcome(form, imm, a, b);
  if (at >= 0) {
    if (env.misses[slot] > 0) env.misses[slot]--;
    if (pointer && b !== 0) {
      // How far a pointer moves must be known exactly.
      const failed = env.precision.markReg(env, env.src[slot]);
      if (failed < 0) return failed;
    }
    copyReg(d, valueAt(outcomes[at + OUTCOME]));
    return 0;
  }
  // A counter has another value each time.
  if (++env.misses[slot] > PATIENCE) env.forms[slot] = 0;
  const ids = env.idGen, waiting = env.pending.count;
  const result = checkAlu(env, slot, fork);
  if (result !== 0 || env.idGen !== ids || env.pending.count !== waiting) return result;
  if (W[d + TYPE] !== SCALAR_VALUE || W[d + ID] === 0) rememberOutcome(form, imm, a, b, intern(d), 0);
  return 0;
}

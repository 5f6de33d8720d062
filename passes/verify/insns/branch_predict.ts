/**
 * Whether a conditional jump can only go one way, by what is known of its operands.
 *
 * A prediction relies on the operands' numbers, so whoever acts on one must mark scalars among them precise.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import type { Env } from "../env.ts";
import { MAX_VAR_OFF } from "./alu_pointer.ts";
import {
  AT_PKT_END,
  AUX1,
  BASE_TYPE_MASK,
  BEYOND_PKT_END,
  CONST_PTR_TO_MAP,
  KERNEL_VALUE,
  MEM_ALLOC,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REF_ID,
  REG_WORDS,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SCRATCH_BRANCH,
  SMAX,
  SMIN,
  TMASK,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VID,
} from "../states/layout.ts";
import { isConst, isConst32, markConst, slt64, toNumber, ult64 } from "../numbers/scalar.ts";
import { findOutcome, OUTCOME, outcomes, rememberOutcome } from "../memo/outcomes.ts";
import { tnumOverlap, tnumSubregOverlap } from "../numbers/tnum.ts";

/** Comparisons: the high four bits of a jump's opcode. {@linkcode NOT_SET} is ours, the negation of {@linkcode JSET}. */
export const JEQ = 0x10,
  JGT = 0x20,
  JGE = 0x30,
  JSET = 0x40,
  JNE = 0x50,
  JSGT = 0x60,
  JSGE = 0x70,
  JLT = 0xa0,
  JLE = 0xb0,
  JSLT = 0xc0,
  JSLE = 0xd0,
  NOT_SET = 0x48;
const JMP32 = 6, SRC_REG = 8;

/** `a op b` as `b op' a`. */
export function flipOp(op: number): number {
  switch (op) {
    case JGE:
      return JLE;
    case JGT:
      return JLT;
    case JLE:
      return JGE;
    case JLT:
      return JGT;
    case JSGE:
      return JSLE;
    case JSGT:
      return JSLT;
    case JSLE:
      return JSGE;
    case JSLT:
      return JSGT;
    default:
      return op;
  }
}

/** Whether a type is `PTR_TO_PACKET`, `PTR_TO_PACKET_META` or `PTR_TO_PACKET_END`. */
export function isPacketAny(type: number): boolean {
  return type === PTR_TO_PACKET || type === PTR_TO_PACKET_META || type === PTR_TO_PACKET_END;
}

/** Word of the branch's second operand: its register, or its immediate made into one. */
export function rightOperand(env: Env, slot: number): number {
  if ((env.code[slot] & SRC_REG) !== 0) return env.regs + env.src[slot] * REG_WORDS;
  const imm = env.imm[slot];
  markConst(SCRATCH_BRANCH, imm, imm >> 31);
  return SCRATCH_BRANCH;
}

/** 1 if the branch in `slot` always jumps, 0 if it never does, -1 if that is not known. */
export function predictBranch(env: Env, slot: number): -1 | 0 | 1 {
  const code = env.code[slot], op = code & 0xf0, narrow = (code & 7) === JMP32;
  const a = env.regs + env.dst[slot] * REG_WORDS, aType = W[a + TYPE];
  const form = env.forms[slot], s = env.regs + env.src[slot] * REG_WORDS, register = (code & SRC_REG) !== 0;
  const av = W[a + VID], bv = register ? W[s + VID] : 0;
  // Numbers that have no id yet are mostly new: comparing them costs less than looking for them.
  if (
    form !== 0 && aType === SCALAR_VALUE && av !== 0 &&
    (!register || (W[s + TYPE] === SCALAR_VALUE && bv !== 0))
  ) {
    const at = findOutcome(form, env.imm[slot], av, bv);
    if (at >= 0) return outcomes[at + OUTCOME] as -1 | 0 | 1;
    const b = rightOperand(env, slot);
    const prediction = narrow ? predictScalars32(a, b, op) : predictScalars64(a, b, op);
    rememberOutcome(form, env.imm[slot], av, bv, prediction, 0);
    return prediction;
  }
  const b = rightOperand(env, slot), bType = W[b + TYPE];
  if (aType === SCALAR_VALUE && bType === SCALAR_VALUE) {
    return narrow ? predictScalars32(a, b, op) : predictScalars64(a, b, op);
  }
  if (aType === KERNEL_VALUE || bType === KERNEL_VALUE) return -1;
  // The low half of a valid address can be anything.
  if (narrow) return -1;
  if (isPacketAny(aType) && isPacketAny(bType)) return predictPacket(a, b, op);
  // What is left to know of pointers is that they are not null.
  if (bType === SCALAR_VALUE && isConst(b)) return predictNull(a, b, op);
  if (aType === SCALAR_VALUE && isConst(a)) return predictNull(b, a, op);
  return -1;
}

function predictNull(pointer: number, constant: number, op: number): -1 | 0 | 1 {
  if ((W[constant + TVAL] | W[constant + TVAL + 1]) !== 0 || !isNotNull(pointer)) return -1;
  return op === JEQ ? 0 : op === JNE ? 1 : -1;
}

/** Whether a pointer is valid for sure, its offset included. */
function isNotNull(o: number): boolean {
  const type = W[o + TYPE];
  if ((type & PTR_MAYBE_NULL) !== 0) return false;
  // The base is valid, but an offset without bounds could wrap the sum to zero.
  if (
    toNumber(W[o + SMIN], W[o + SMIN + 1]) <= -MAX_VAR_OFF ||
    toNumber(W[o + SMAX], W[o + SMAX + 1]) >= MAX_VAR_OFF
  ) return false;
  switch (type & BASE_TYPE_MASK) {
    case PTR_TO_SOCKET:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
    case PTR_TO_BUF:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY:
    case PTR_TO_SOCK_COMMON:
    case CONST_PTR_TO_MAP:
      return true;
    case PTR_TO_MEM:
      return (type & PTR_UNTRUSTED) === 0;
    case PTR_TO_BTF_ID: {
      if (W[o + REF_ID] !== 0) return true;
      const flags = type & ~BASE_TYPE_MASK, trusted = MEM_ALLOC | PTR_TRUSTED;
      return (flags & trusted) !== 0 && (flags & ~trusted) === 0;
    }
    default:
      return false;
  }
}

function predictPacket(a: number, b: number, op: number): -1 | 0 | 1 {
  let packet: number;
  if (W[b + TYPE] === PTR_TO_PACKET_END) {
    packet = a;
  } else if (W[a + TYPE] === PTR_TO_PACKET_END) {
    packet = b;
    op = flipOp(op);
  } else {
    return -1;
  }
  const range = W[packet + AUX1];
  if (range >= 0) return -1;
  switch (op) {
    case JLE:
    case JGT:
      return range === BEYOND_PKT_END ? (op === JGT ? 1 : 0) : -1;
    case JLT:
    case JGE:
      return range === BEYOND_PKT_END || range === AT_PKT_END ? (op === JGE ? 1 : 0) : -1;
    default:
      return -1;
  }
}

/** Whether no value of `a` can equal one of `b`. */
function neverEqual64(a: number, b: number): boolean {
  return !tnumOverlap(a + TVAL, b + TVAL) ||
    ult64(W[b + UMAX], W[b + UMAX + 1], W[a + UMIN], W[a + UMIN + 1]) ||
    ult64(W[a + UMAX], W[a + UMAX + 1], W[b + UMIN], W[b + UMIN + 1]) ||
    slt64(W[b + SMAX], W[b + SMAX + 1], W[a + SMIN], W[a + SMIN + 1]) ||
    slt64(W[a + SMAX], W[a + SMAX + 1], W[b + SMIN], W[b + SMIN + 1]) ||
    apart32(a, b);
}

/** Whether the low halves' bounds do not meet. */
function apart32(a: number, b: number): boolean {
  return (W[a + U32MIN] >>> 0) > (W[b + U32MAX] >>> 0) || (W[a + U32MAX] >>> 0) < (W[b + U32MIN] >>> 0) ||
    W[a + S32MIN] > W[b + S32MAX] || W[a + S32MAX] < W[b + S32MIN];
}

function predictSet(a: number, b: number, narrow: boolean): -1 | 0 | 1 {
  const known = narrow ? isConst32(b) : isConst(b);
  if (!known) {
    if (!(narrow ? isConst32(a) : isConst(a))) return -1;
    const swapped = a;
    a = b;
    b = swapped;
  }
  const lo = W[b + TVAL], hi = narrow ? 0 : W[b + TVAL + 1];
  if ((W[a + TVAL] & lo) !== 0 || (W[a + TVAL + 1] & hi) !== 0) return 1;
  return ((W[a + TVAL] | W[a + TMASK]) & lo) === 0 && ((W[a + TVAL + 1] | W[a + TMASK + 1]) & hi) === 0
    ? 0
    : -1;
}

function predictScalars64(a: number, b: number, op: number): -1 | 0 | 1 {
  switch (op) {
    case JEQ:
    case JNE: {
      const yes = op === JEQ ? 1 : 0;
      if (isConst(a) && isConst(b)) {
        return W[a + TVAL] === W[b + TVAL] && W[a + TVAL + 1] === W[b + TVAL + 1] ? yes : (yes ^ 1) as 0 | 1;
      }
      return neverEqual64(a, b) ? (yes ^ 1) as 0 | 1 : -1;
    }
    case JSET:
      return predictSet(a, b, false);
    case JGT:
    case JLE: {
      const yes = op === JGT ? 1 : 0;
      if (ult64(W[b + UMAX], W[b + UMAX + 1], W[a + UMIN], W[a + UMIN + 1])) return yes;
      return !ult64(W[b + UMIN], W[b + UMIN + 1], W[a + UMAX], W[a + UMAX + 1]) ? (yes ^ 1) as 0 | 1 : -1;
    }
    case JLT:
    case JGE: {
      const yes = op === JLT ? 1 : 0;
      if (ult64(W[a + UMAX], W[a + UMAX + 1], W[b + UMIN], W[b + UMIN + 1])) return yes;
      return !ult64(W[a + UMIN], W[a + UMIN + 1], W[b + UMAX], W[b + UMAX + 1]) ? (yes ^ 1) as 0 | 1 : -1;
    }
    case JSGT:
    case JSLE: {
      const yes = op === JSGT ? 1 : 0;
      if (slt64(W[b + SMAX], W[b + SMAX + 1], W[a + SMIN], W[a + SMIN + 1])) return yes;
      return !slt64(W[b + SMIN], W[b + SMIN + 1], W[a + SMAX], W[a + SMAX + 1]) ? (yes ^ 1) as 0 | 1 : -1;
    }
    case JSLT:
    case JSGE: {
      const yes = op === JSLT ? 1 : 0;
      if (slt64(W[a + SMAX], W[a + SMAX + 1], W[b + SMIN], W[b + SMIN + 1])) return yes;
      return !slt64(W[a + SMIN], W[a + SMIN + 1], W[b + SMAX], W[b + SMAX + 1]) ? (yes ^ 1) as 0 | 1 : -1;
    }
    default:
      return -1;
  }
}

function predictScalars32(a: number, b: number, op: number): -1 | 0 | 1 {
  const amin = W[a + U32MIN] >>> 0,
    amax = W[a + U32MAX] >>> 0,
    bmin = W[b + U32MIN] >>> 0,
    bmax = W[b + U32MAX] >>> 0;
  switch (op) {
    case JEQ:
    case JNE: {
      const yes = op === JEQ ? 1 : 0;
      if (isConst32(a) && isConst32(b)) return W[a + TVAL] === W[b + TVAL] ? yes : (yes ^ 1) as 0 | 1;
      return !tnumSubregOverlap(a + TVAL, b + TVAL) || apart32(a, b) ? (yes ^ 1) as 0 | 1 : -1;
    }
    case JSET:
      return predictSet(a, b, true);
    case JGT:
      return amin > bmax ? 1 : amax <= bmin ? 0 : -1;
    case JLE:
      return amax <= bmin ? 1 : amin > bmax ? 0 : -1;
    case JLT:
      return amax < bmin ? 1 : amin >= bmax ? 0 : -1;
    case JGE:
      return amin >= bmax ? 1 : amax < bmin ? 0 : -1;
    case JSGT:
      return W[a + S32MIN] > W[b + S32MAX] ? 1 : W[a + S32MAX] <= W[b + S32MIN] ? 0 : -1;
    case JSLE:
      return W[a + S32MAX] <= W[b + S32MIN] ? 1 : W[a + S32MIN] > W[b + S32MAX] ? 0 : -1;
    case JSLT:
      return W[a + S32MAX] < W[b + S32MIN] ? 1 : W[a + S32MIN] >= W[b + S32MAX] ? 0 : -1;
    case JSGE:
      return W[a + S32MIN] >= W[b + S32MAX] ? 1 : W[a + S32MAX] < W[b + S32MIN] ? 0 : -1;
    default:
      return -1;
  }
}

/**
 * What the path under exploration learns from a branch it went through in a known direction: about numbers, about everything
 * linked to them, about null pointers, and about how far packet data reaches.
 *
 * The kernel updates both successors at the branch; here each is updated when it is explored, which comes to the same because
 * what a direction teaches depends only on the state before the branch.
 *
 * @module
 */
import { FELL, JUMPED } from "../memo/forms.ts";
import { copyReg, W } from "../states/arena.ts";
import { findOutcome, OUTCOME, outcomes, rememberOutcome } from "../memo/outcomes.ts";
import { intern, valueAt } from "../states/values.ts";
import { JEQ, JGE, JGT, JLE, JLT, JNE, rightOperand } from "./branch_predict.ts";
import { collectRegs, type Env } from "../env.ts";
import {
  AT_PKT_END,
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  BEYOND_PKT_END,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  ID,
  KERNEL_VALUE,
  MAX_FRAMES,
  MEM_ALLOC,
  NON_OWN_REF,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  SCRATCH_BRANCH,
  SMAX,
  SMIN,
  TVAL,
  TYPE,
  UMAX,
  VID,
} from "../states/layout.ts";
import { collectLinked, linkedSize, resetLinked, syncLinked } from "../numbers/linked.ts";
import { becomeNonNull, mayHoldSpinLock } from "../memory/map_pointer.ts";
import { dropReference } from "../objects/references.ts";
import { negateOp, refine } from "../numbers/refine.ts";
import { checkInvariants } from "./reg_arg.ts";
import { boundsSync } from "../numbers/scalar.ts";
import { tnumIsZero } from "../numbers/tnum.ts";

const JMP32 = 6, SRC_REG = 8;
/** `MAX_PACKET_OFF`: offsets beyond it could wrap (bytes). */
const MAX_PACKET_OFF = 0xffff;

/** Every register of the path, for rules that concern all of a kind. */
const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/**
 * Collects what is linked to the operands of the branch in `slot`: how many registers and slots, to be recorded in the jump
 * history if more than one. To be called before the state is saved for the other direction; {@linkcode refineBranch} does it again.
 */
export function linkOperands(env: Env, slot: number): number {
  resetLinked();
  if ((env.code[slot] & SRC_REG) !== 0) {
    const s = env.regs + env.src[slot] * REG_WORDS;
    if (W[s + TYPE] === SCALAR_VALUE && W[s + ID] !== 0) collectLinked(env, slot, W[s + ID]);
  }
  const d = env.regs + env.dst[slot] * REG_WORDS;
  if (W[d + TYPE] === SCALAR_VALUE && W[d + ID] !== 0) collectLinked(env, slot, W[d + ID]);
  return linkedSize();
}

/** What the branch's operands, both scalars, become in one direction; from memory where that was found before. 0 or `-errno`. */
function refineScalars(env: Env, slot: number, jumped: boolean): number {
  const code = env.code[slot], op = code & 0xf0, register = (code & SRC_REG) !== 0;
  const a = env.regs + env.dst[slot] * REG_WORDS, s = env.regs + env.src[slot] * REG_WORDS;
  const form = env.forms[slot] === 0 ? 0 : env.forms[slot] | (jumped ? JUMPED : FELL);
  let av = 0, bv = 0;
  if (form !== 0) {
    av = intern(a);
    if (register) bv = intern(s);
    const at = findOutcome(form, env.imm[slot], av, bv);
    if (at >= 0) {
      becomeNumber(a, outcomes[at + OUTCOME]);
      if (register) becomeNumber(s, outcomes[at + OUTCOME + 1]);
      return 0;
    }
  }
  const b = rightOperand(env, slot);
  W[a + VID] = 0;
  W[b + VID] = 0;
  refine(a, b, jumped ? op : negateOp(op), (code & 7) === JMP32);
  boundsSync(a);
  boundsSync(b);
  const err = checkInvariants(env, a, jumped ? "true_reg1" : "false_reg1") ||
    checkInvariants(env, b, jumped ? "true_reg2" : "false_reg2");
  if (err !== 0) return err;
  if (form !== 0) rememberOutcome(form, env.imm[slot], av, bv, intern(a), register ? intern(b) : 0);
  return 0;
}

/** Gives the scalar at `o` the numbers of a value; its link stays. */
function becomeNumber(o: number, value: number): void {
  if (W[o + VID] === value) return;
  const link = W[o + ID];
  copyReg(o, valueAt(value));
  W[o + ID] = link;
}

/** Takes the branch in `slot` in one direction: 0 or `-errno`. */
export function refineBranch(env: Env, slot: number, jumped: boolean): number {
  const code = env.code[slot],
    op = code & 0xf0,
    narrow = (code & 7) === JMP32,
    register = (code & SRC_REG) !== 0;
  const a = env.regs + env.dst[slot] * REG_WORDS;
  const aType = W[a + TYPE];
  if (
    aType === SCALAR_VALUE && (!register || W[env.regs + env.src[slot] * REG_WORDS + TYPE] === SCALAR_VALUE)
  ) {
    const linked = W[a + ID] !== 0 || register ? linkOperands(env, slot) : 0;
    const b = register ? env.regs + env.src[slot] * REG_WORDS : SCRATCH_BRANCH;
    const err = refineScalars(env, slot, jumped);
    if (err !== 0) return err;
    if (linked > 0) {
      if (register && W[b + ID] !== 0) syncLinked(b);
      if (W[a + ID] !== 0) syncLinked(a);
    }
    return 0;
  }
  if (narrow || aType === KERNEL_VALUE) return 0;
  if (!register) {
    if (env.imm[slot] === 0 && (op === JEQ || op === JNE) && (aType & PTR_MAYBE_NULL) !== 0) {
      markNull(env, a, jumped === (op === JEQ));
    }
    return 0;
  }
  const b = env.regs + env.src[slot] * REG_WORDS, bType = W[b + TYPE];
  if (bType === KERNEL_VALUE) return 0;
  if (aType === SCALAR_VALUE || bType === SCALAR_VALUE) {
    // The scalar may still have equals that it must not lose touch with: nothing is learnt, nothing to tell.
    return 0;
  }
  // Equal to a pointer that is not null. A BTF pointer could be null without saying so.
  if (
    ((aType ^ bType) & PTR_MAYBE_NULL) !== 0 && (aType & BASE_TYPE_MASK) !== PTR_TO_BTF_ID &&
    (bType & BASE_TYPE_MASK) !== PTR_TO_BTF_ID && ((op === JEQ && jumped) || (op === JNE && !jumped))
  ) {
    becomeNonNull(env, (aType & PTR_MAYBE_NULL) !== 0 ? a : b);
  }
  matchPacket(env, slot, jumped);
  return 0;
}

/** The maybe-null pointer at `o`, and all its copies, are null, or are not. */
function markNull(env: Env, o: number, isNull: boolean): void {
  const id = W[o + ID], ref = W[o + REF_ID];
  // No one could have released the reference before the test.
  if (ref !== 0 && ref === id && isNull) dropReference(env, id);
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) {
    const r = all[i], type = W[r + TYPE];
    if ((type & PTR_MAYBE_NULL) === 0 || W[r + ID] !== id) continue;
    // Arithmetic on such pointers is refused, so this cannot be; if it were, believing the test would be wrong.
    if ((W[r + SMIN] | W[r + SMIN + 1] | W[r + SMAX] | W[r + SMAX + 1]) !== 0 || !tnumIsZero(r + TVAL)) {
      continue;
    }
    const owned = (type & BASE_TYPE_MASK) === PTR_TO_BTF_ID && (type & (MEM_ALLOC | NON_OWN_REF)) !== 0;
    if (!owned && W[r + OFF] !== 0) continue;
    W[r + VID] = 0;
    if (isNull) {
      W[r + TYPE] = SCALAR_VALUE;
      W[r + AUX1] = 0;
      W[r + AUX2] = 0;
      W[r + ID] = 0;
      W[r + REF_ID] = 0;
      continue;
    }
    becomeNonNull(env, r);
    if (!mayHoldSpinLock(env, r)) W[r + ID] = 0;
  }
}

/** Whether the register at `o` is packet data as the context gave it, not moved. */
function isPacketStart(o: number): boolean {
  return W[o + TYPE] === PTR_TO_PACKET && W[o + ID] === 0 && W[o + OFF] === 0 && tnumIsZero(o + TVAL);
}

/** Comparisons of packet pointers with the packet's end, and of metadata with packet data, tell how far data reaches. */
function matchPacket(env: Env, slot: number, jumped: boolean): void {
  const op = env.code[slot] & 0xf0;
  const a = env.regs + env.dst[slot] * REG_WORDS, b = env.regs + env.src[slot] * REG_WORDS;
  const aType = W[a + TYPE], bType = W[b + TYPE];
  let pointer: number, below: boolean, equal: boolean;
  const straight = (aType === PTR_TO_PACKET && bType === PTR_TO_PACKET_END) ||
    (aType === PTR_TO_PACKET_META && isPacketStart(b));
  if (straight) pointer = a;
  else if (
    (aType === PTR_TO_PACKET_END && bType === PTR_TO_PACKET) ||
    (isPacketStart(a) && bType === PTR_TO_PACKET_META)
  ) pointer = b;
  else return;
  // As `pointer < end`, `<=`, `>`, `>=`, and what the direction makes of it.
  switch (op) {
    case JLT:
    case JLE:
      below = straight;
      break;
    case JGT:
    case JGE:
      below = !straight;
      break;
    default:
      return;
  }
  equal = op === JLE || op === JGE;
  if (!jumped) {
    below = !below;
    equal = !equal;
  }
  if (below) {
    // pointer < end leaves at least one byte more than pointer <= end.
    extendRange(env, pointer, !equal);
  } else if (W[pointer + TYPE] === PTR_TO_PACKET) {
    W[pointer + AUX1] = equal ? AT_PKT_END : BEYOND_PKT_END;
    W[pointer + VID] = 0;
  }
}

/** All pointers that differ from `pointer` by a constant may read up to it; one byte further if `open`. */
function extendRange(env: Env, pointer: number, open: boolean): void {
  const off = W[pointer + OFF];
  if (off < 0 || (off === 0 && open)) return;
  // Beyond this, "below the end" could be because the sum wrapped.
  if (W[pointer + UMAX + 1] !== 0 || (W[pointer + UMAX] >>> 0) + off > MAX_PACKET_OFF) return;
  const range = open ? off + 1 : off, type = W[pointer + TYPE], id = W[pointer + ID];
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) {
    const r = all[i];
    if (W[r + TYPE] === type && W[r + ID] === id && W[r + AUX1] < range) {
      W[r + AUX1] = range;
      W[r + VID] = 0;
    }
  }
}

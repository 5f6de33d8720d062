/**
 * Forms: what an instruction is known by where its outcomes are remembered (`outcomes.ts`), besides its immediate and its operands'
 * values. Instructions in different slots that do the same have the same form.
 *
 * A form is the opcode in bits 0-7, the offset in bits 8-15 (arithmetic only), what is done with the operands in bits 16-19, and the
 * epoch above. 0 stands for instructions whose outcomes are not remembered: ill-formed ones, atomic ones, stores of constants, calls.
 *
 * @module
 */
import type { Env } from "../env.ts";
import { ADD, ARSH, DIV, LSH, MOD, MOV, NEG, RSH, SUB } from "../insns/alu_ops.ts";
import { epochBits } from "./outcomes.ts";

/** Arithmetic: the outcome depends on the destination. */
export const USES_DST = 1 << 16;
/** Arithmetic: the outcome depends on the source register. */
export const USES_SRC = 1 << 17;
/** Arithmetic: a sum with a constant, which keeps the link of a linked scalar. */
export const KEEPS_LINK = 1 << 18;
/** Arithmetic: a copy of a whole register. */
export const COPIES = 1 << 19;
/** Added to a branch's form: what its operands become if it jumps. */
export const JUMPED = 1 << 16;
/** Added to a branch's form: what its operands become if it does not. */
export const FELL = 1 << 17;

const JA = 0x00, CALL = 0x80, EXIT = 0x90, MAY_GOTO = 0xe0;

/**
 * Fills in the program's forms, by slot. All stay 0 where every step is wanted: the log shows what was computed, and
 * `BPF_F_TEST_REG_INVARIANTS` tests it.
 */
export function setForms(env: Env): void {
  if (env.logging || env.testRegInvariants) return;
  const epoch = epochBits();
  for (let slot = 0; slot < env.cols.count; slot++) env.forms[slot] = formOf(env, slot, epoch);
}

function formOf(env: Env, slot: number, epoch: number): number {
  const code = env.code[slot];
  switch (code & 7) {
    case 1:
      return isPlainLoad(env, slot) ? epoch | code : 0;
    case 3:
      return isPlainStore(env, slot) ? epoch | code : 0;
    case 4:
    case 7:
      return isPlainAlu(env, slot) ? epoch | code | (env.off[slot] & 0xff) << 8 | operandsOf(code) : 0;
    case 5:
    case 6:
      return isPlainBranch(env, slot) ? epoch | code : 0;
    default:
      return 0;
  }
}

/** Whether an arithmetic instruction is well-formed, for sure, and simple enough. */
function isPlainAlu(env: Env, slot: number): boolean {
  const code = env.code[slot], op = code & 0xf0, register = (code & 8) !== 0, wide = (code & 7) === 7;
  const dst = env.dst[slot], src = env.src[slot], off = env.off[slot], imm = env.imm[slot];
  if (dst > 9 || op > ARSH) return false;
  if (op === MOV) return off === 0 && (register ? imm === 0 && src <= (wide ? 10 : 9) : src === 0);
  if (op === NEG) return !register && src === 0 && off === 0 && imm === 0;
  if (off !== 0 && !(off === 1 && (op === DIV || op === MOD))) return false;
  if (register) return imm === 0 && src <= 9;
  if (src !== 0 || ((op === DIV || op === MOD) && imm === 0)) return false;
  return (op !== LSH && op !== RSH && op !== ARSH) || (imm >= 0 && imm < (wide ? 64 : 32));
}

/** Whether a comparison is well-formed, for sure, and compares two things. */
function isPlainBranch(env: Env, slot: number): boolean {
  const code = env.code[slot], op = code & 0xf0, dst = env.dst[slot], src = env.src[slot];
  if (op === JA || op === CALL || op === EXIT || op >= MAY_GOTO || dst > 10) return false;
  return (code & 8) !== 0 ? env.imm[slot] === 0 && src <= 10 && src !== dst : src === 0;
}

/** Whether a load is well-formed, for sure. */
function isPlainLoad(env: Env, slot: number): boolean {
  const code = env.code[slot], mode = code & 0xe0;
  return env.dst[slot] <= 9 && env.src[slot] <= 9 &&
    (mode === 0x60 || (mode === 0x80 && (code & 0x18) !== 0x18));
}

/** Whether a store of a register is well-formed, for sure. */
function isPlainStore(env: Env, slot: number): boolean {
  return env.dst[slot] <= 9 && env.src[slot] <= 9 && (env.code[slot] & 0xe0) === 0x60 && env.imm[slot] === 0;
}

function operandsOf(code: number): number {
  const op = code & 0xf0;
  if (op === MOV) return (code & 8) === 0 ? 0 : (code & 7) === 7 ? COPIES : USES_SRC;
  return USES_DST | ((code & 8) !== 0 ? USES_SRC : 0) | (op === ADD || op === SUB ? KEEPS_LINK : 0);
}

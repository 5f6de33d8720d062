/**
 * Forms: what an instruction is known by where its outcomes are remembered (`outcomes.ts`), besides its immediate and its operands'
 * values. Instructions in different slots that do the same have the same form.
 *
 * A form is the opcode in bits 0-7, the offset in bits 8-15 (arithmetic only), what is done with the operands in bits 16-19, and the
 * epoch above. 0 stands for instructions whose outcomes are not remembered: ill-formed ones, atomic ones, stores of constants, calls.
 *
 * @module
 */
import type { Env } from "./env.ts";
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

const ADD = 0x00,
  SUB = 0x10,
  DIV = 0x30,
  LSH = 0x60,
  RSH = 0x70,
  NEG = 0x80,
  MOD = 0x90,
  MOV = 0xb0,
  ARSH = 0xc0;
const JA = 0x00, CALL = 0x80, EXIT = 0x90, MAY_GOTO = 0xe0;

interface Fields {
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

/**
 * Fills in the program's forms, by slot. All stay 0 where every step is wanted: the log shows what was computed, and `BPF_F_TEST_REG_INVARIANTS` tests it.
 */
export function setForms(env: Env): void {
  const { code, dst, src, off, imm, cols, forms } = env;
  if (env.logging || env.testRegInvariants) return;
  const epoch = epochBits();
  for (let i = 0; i < cols.count; i++) {
    const c = code[i], kind = c & 7, fields = { dst: dst[i], src: src[i], off: off[i], imm: imm[i] };
    if (kind === 4 || kind === 7) {
      if (isPlainAlu(c, fields)) forms[i] = epoch | c | (off[i] & 0xff) << 8 | operandsOf(c);
    } else if (kind === 1 ? isPlainLoad(c, fields) : kind === 3 && isPlainStore(c, fields)) {
      forms[i] = epoch | c;
    } else if ((kind === 5 || kind === 6) && isPlainBranch(c, fields)) forms[i] = epoch | c;
  }
}

/** Whether an arithmetic instruction is well-formed, for sure, and simple enough. */
function isPlainAlu(code: number, { dst, src, off, imm }: Fields): boolean {
  const op = code & 0xf0, register = (code & 8) !== 0, wide = (code & 7) === 7;
  if (dst > 9 || op > ARSH) return false;
  if (op === MOV) return off === 0 && (register ? wide && imm === 0 && src <= 10 : src === 0);
  if (op === NEG) return !register && src === 0 && off === 0 && imm === 0;
  if (off !== 0 && !(off === 1 && (op === DIV || op === MOD))) return false;
  if (register) return imm === 0 && src <= 9;
  if (src !== 0 || ((op === DIV || op === MOD) && imm === 0)) return false;
  return (op !== LSH && op !== RSH && op !== ARSH) || (imm >= 0 && imm < (wide ? 64 : 32));
}

/** Whether a comparison is well-formed, for sure, and compares two things. */
function isPlainBranch(code: number, { dst, src, imm }: Fields): boolean {
  const op = code & 0xf0;
  if (op === JA || op === CALL || op === EXIT || op >= MAY_GOTO || dst > 10) return false;
  return (code & 8) !== 0 ? imm === 0 && src <= 10 && src !== dst : src === 0;
}

/** Whether a load is well-formed, for sure. */
function isPlainLoad(code: number, { dst, src }: Fields): boolean {
  const mode = code & 0xe0;
  return dst <= 9 && src <= 9 && (mode === 0x60 || (mode === 0x80 && (code & 0x18) !== 0x18));
}

/** Whether a store of a register is well-formed, for sure. */
function isPlainStore(code: number, { dst, src, imm }: Fields): boolean {
  return dst <= 9 && src <= 9 && (code & 0xe0) === 0x60 && imm === 0;
}

function operandsOf(code: number): number {
  const op = code & 0xf0;
  if (op === MOV) return (code & 8) !== 0 ? COPIES : 0;
  return USES_DST | ((code & 8) !== 0 ? USES_SRC : 0) | (op === ADD || op === SUB ? KEEPS_LINK : 0);
}

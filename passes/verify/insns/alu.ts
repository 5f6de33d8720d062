/**
 * Arithmetic instructions: what `check_alu_op` of Linux 6.18 demands of them and what they make of their destination.
 *
 * The rules of the stable kernel 6.18.44 where they differ from 6.18.0: byte swaps move known bits, `and`/`or` with a constant
 * of a value that is 0 or -1 forks the path, constants added as 32 bits or negative link registers. The program is taken to be
 * privileged: no rule against leaking pointers, no sanitizing against speculation.
 *
 * @module
 */
import { copyReg, W } from "../states/arena.ts";
import { adjustPointer } from "./alu_pointer.ts";
import {
  ADD,
  ALU64,
  ALU_TEXT,
  AND,
  ARSH,
  DIV,
  END,
  LSH,
  MOD,
  MOV,
  MUL,
  NEG,
  OR,
  RSH,
  SUB,
  XOR,
} from "./alu_ops.ts";
import { hasArena } from "../memory/arena_memory.ts";
import { EACCES, EINVAL, type Env } from "../env.ts";
import {
  ADD_CONST,
  ADD_CONST32,
  ADD_CONST64,
  ID,
  KERNEL_VALUE,
  OFF,
  PTR_TO_ARENA,
  REG_WORDS,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SCRATCH_ALU,
  SCRATCH_ALU2,
  SMAX,
  SMIN,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VID,
} from "../states/layout.ts";
import { checkInvariants, checkRead, checkWrite } from "./reg_arg.ts";
import {
  boundsSync,
  isConst,
  isConst32,
  markConst,
  markKnown,
  markUnknown,
  setKnown32,
  signExtend,
  signExtend32,
  truncate,
  ult64,
  unbound,
  widthOf,
  zext32,
} from "../numbers/scalar.ts";
import {
  addBounds32,
  addBounds64,
  andBounds32,
  andBounds64,
  arsh32,
  arsh64,
  lsh32,
  lsh64,
  mulBounds32,
  mulBounds64,
  orBounds32,
  orBounds64,
  rsh32,
  rsh64,
  subBounds32,
  subBounds64,
  xorBounds32,
  xorBounds64,
} from "../numbers/scalar_ops.ts";
import { tnumAdd, tnumAnd, tnumBswap, tnumMul, tnumNeg, tnumOr, tnumSub, tnumXor } from "../numbers/tnum.ts";

/** Saves the path under exploration to be continued later at the same instruction; 0 or `-errno`. */
export type Fork = (env: Env) => number;

const SRC_REG = 8;

/** Verifies the ALU instruction in `slot`, which is one, and updates its destination: 0 or `-errno`. */
export function checkAlu(env: Env, slot: number, fork: Fork): number {
  const op = env.code[slot] & 0xf0;
  const err = op === MOV
    ? checkMove(env, slot)
    : op === NEG || op === END
    ? checkUnary(env, slot, op)
    : checkBinary(env, slot, fork);
  if (err !== 0) return err;
  return checkInvariants(env, env.regs + env.dst[slot] * REG_WORDS, "alu");
}

/** Negation and byte order. */
function checkUnary(env: Env, slot: number, op: number): number {
  const code = env.code[slot], wide = (code & 7) === ALU64, imm = env.imm[slot];
  if (op === NEG) {
    if (env.src[slot] !== 0 || env.off[slot] !== 0 || imm !== 0) {
      return env.fail(EINVAL, "invalid-instruction", "BPF_NEG uses reserved fields");
    }
  } else if (
    env.src[slot] !== 0 || env.off[slot] !== 0 || (imm !== 16 && imm !== 32 && imm !== 64)
  ) {
    return env.fail(EINVAL, "invalid-instruction", "BPF_END uses reserved fields");
  }
  const dst = env.dst[slot];
  const err = checkRead(env, dst) || checkWrite(env, dst);
  if (err !== 0) return err;
  const d = env.regs + dst * REG_WORDS;
  if (W[d + TYPE] !== SCALAR_VALUE) {
    markUnknown(d);
    return 0;
  }
  W[d + VID] = 0;
  if (op === NEG) {
    copyReg(SCRATCH_ALU, d);
    markKnown(d, 0, 0);
    subBounds32(d, SCRATCH_ALU);
    subBounds64(d, SCRATCH_ALU);
    tnumNeg(d + TVAL, SCRATCH_ALU + TVAL);
    if (!wide) zext32(d);
  } else {
    byteOrder(d, imm, wide || (code & SRC_REG) !== 0);
  }
  boundsSync(d);
  return 0;
}

/** Conversion to `bits` bits in another byte order, or (`swap` false) just to fewer bits; the machine is little-endian. */
function byteOrder(d: number, bits: number, swap: boolean): void {
  if (swap || bits !== 64) unlink(d);
  if (swap) {
    tnumBswap(d + TVAL, d + TVAL, bits);
    unbound(d);
  }
  if (bits !== 64) truncate(d, bits >> 3);
}

/** Takes the register out of its group of equals. */
function unlink(o: number): void {
  W[o + ID] = 0;
  if (W[o + OFF] === 0) return;
  W[o + OFF] = 0;
  W[o + VID] = 0;
}

/** Gives a scalar that is about to be copied an id, so that what is learnt about one copy holds for the other. */
export function linkBeforeCopy(env: Env, o: number): void {
  if (W[o + TYPE] !== SCALAR_VALUE) return;
  // A sum with a constant cannot be the base of another one.
  if ((W[o + ID] & ADD_CONST) !== 0) unlink(o);
  if (W[o + ID] === 0 && !isConst(o)) {
    W[o + ID] = env.newId();
  }
}

function checkMove(env: Env, slot: number): number {
  const code = env.code[slot], wide = (code & 7) === ALU64, off = env.off[slot], imm = env.imm[slot];
  const dst = env.dst[slot], src = env.src[slot], d = env.regs + dst * REG_WORDS;
  if ((code & SRC_REG) === 0) {
    if (src !== 0 || off !== 0) {
      return env.fail(EINVAL, "invalid-instruction", "BPF_MOV uses reserved fields");
    }
    const err = checkWrite(env, dst);
    if (err !== 0) return err;
    markConst(d, imm, wide ? imm >> 31 : 0);
    return 0;
  }
  if (wide && off === 1) {
    if (imm !== 1 && imm !== 1 << 16) {
      return env.fail(
        EINVAL,
        "invalid-instruction",
        "addr_space_cast insn can only convert between address space 1 and 0",
      );
    }
    return castAddressSpace(env, slot);
  }
  if ((off !== 0 && off !== 8 && off !== 16 && !(wide && off === 32)) || imm !== 0) {
    return env.fail(EINVAL, "invalid-instruction", "BPF_MOV uses reserved fields");
  }
  const err = checkRead(env, src) || checkWrite(env, dst);
  if (err !== 0) return err;

  const s = env.regs + src * REG_WORDS;
  if (wide && off === 0) {
    linkBeforeCopy(env, s);
    copyReg(d, s);
    return 0;
  }
  if (W[s + TYPE] !== SCALAR_VALUE) {
    markUnknown(d);
  } else if (off === 0) {
    // Equal to its source, hence linked to it, only if nothing is cut off.
    const whole = widthOf(s) <= 32;
    if (whole) linkBeforeCopy(env, s);
    copyReg(d, s);
    if (!whole) unlink(d);
  } else {
    const same = ult64(W[s + UMAX], W[s + UMAX + 1], off === 32 ? 1 << 31 : 1 << (off - 1), 0);
    if (same) linkBeforeCopy(env, s);
    copyReg(d, s);
    if (!same) unlink(d);
    if (wide) signExtend(d, off >> 3);
    else signExtend32(d, off >> 3);
  }
  W[d + VID] = 0;
  if (!wide) {
    zext32(d);
    boundsSync(d);
  }
  return 0;
}

/** The same memory by its address in the program's address space (1), through which arenas are accessed, or in the user's (0). */
function castAddressSpace(env: Env, slot: number): number {
  if (!hasArena(env)) {
    const what = "addr_space_cast insn can only be used in a program that has an associated arena";
    return env.fail(EINVAL, "invalid-instruction", what);
  }
  const dst = env.dst[slot], d = env.regs + dst * REG_WORDS;
  const err = checkRead(env, env.src[slot]) || checkWrite(env, dst);
  if (err !== 0) return err;
  markUnknown(d);
  if (env.imm[slot] === 1) W[d + TYPE] = PTR_TO_ARENA;
  return 0;
}

function checkBinary(env: Env, slot: number, fork: Fork): number {
  const code = env.code[slot], op = code & 0xf0, wide = (code & 7) === ALU64;
  const dst = env.dst[slot], src = env.src[slot], off = env.off[slot], imm = env.imm[slot];
  const signedForm = off === 0 || (off === 1 && (op === DIV || op === MOD));
  if ((code & SRC_REG) !== 0) {
    if (imm !== 0 || !signedForm) {
      return env.fail(EINVAL, "invalid-instruction", "BPF_ALU uses reserved fields");
    }
    const err = checkRead(env, src);
    if (err !== 0) return err;
  } else if (src !== 0 || !signedForm) {
    return env.fail(EINVAL, "invalid-instruction", "BPF_ALU uses reserved fields");
  }
  let err = checkRead(env, dst);
  if (err !== 0) return err;
  if ((code & SRC_REG) === 0) {
    if ((op === MOD || op === DIV) && imm === 0) return env.fail(EINVAL, "division-by-zero", "div by zero");
    if ((op === LSH || op === RSH || op === ARSH) && (imm < 0 || imm >= (wide ? 64 : 32))) {
      return env.fail(EINVAL, "invalid-shift", `invalid shift ${imm}`);
    }
  }
  err = checkWrite(env, dst);
  if (err !== 0) return err;

  const d = env.regs + dst * REG_WORDS, dstType = W[d + TYPE];
  // Whatever comes of an address in the arena points into it or faults harmlessly.
  if (dstType === PTR_TO_ARENA) return 0;
  W[d + VID] = 0;
  let s = SCRATCH_ALU;
  if ((code & SRC_REG) === 0) {
    if (dstType === KERNEL_VALUE) return 0;
    markConst(s, imm, imm >> 31);
    if (dstType !== SCALAR_VALUE) return adjustPointer(env, slot, d, s);
  } else {
    s = env.regs + src * REG_WORDS;
    const srcType = W[s + TYPE];
    if (srcType === PTR_TO_ARENA) {
      copyReg(d, s);
      return 0;
    }
    if (dstType === KERNEL_VALUE || srcType === KERNEL_VALUE) {
      markUnknown(d);
      markUnknown(s);
      W[d + TYPE] = KERNEL_VALUE;
      W[s + TYPE] = KERNEL_VALUE;
      return 0;
    }
    if (srcType !== SCALAR_VALUE) {
      if (dstType !== SCALAR_VALUE) {
        if (op === SUB) {
          markUnknown(d);
          return 0;
        }
        return env.fail(
          EACCES,
          "pointer-arithmetic",
          `R${dst} pointer ${ALU_TEXT[op >> 4]} pointer prohibited`,
        );
      }
      err = env.precision.markReg(env, dst);
      if (err < 0) return err;
      copyReg(SCRATCH_ALU, d);
      return adjustPointer(env, slot, s, SCRATCH_ALU);
    }
    if (dstType !== SCALAR_VALUE) {
      err = env.precision.markReg(env, src);
      if (err < 0) return err;
      return adjustPointer(env, slot, d, s);
    }
    if (s === d) {
      copyReg(SCRATCH_ALU, d);
      s = SCRATCH_ALU;
    }
  }
  const narrow = widthOf(d) <= 32;
  err = adjustScalar(env, slot, d, s, fork);
  if (err !== 0) return err;

  // Remember a constant distance to the other members of the group of equals, so that what is learnt of one holds for all. Of a
  // number cut to 32 bits the others' high halves say nothing.
  if (
    (op === ADD || op === SUB) && W[d + ID] !== 0 && (wide ? isConst(s) : narrow && isConst32(s)) &&
    !((code & SRC_REG) !== 0 && src === dst) && (W[d + ID] & ADD_CONST) === 0
  ) {
    const value = W[s + TVAL];
    const fits = !wide || W[s + TVAL + 1] === value >> 31;
    const negatable = op === ADD || value !== -0x80000000;
    if (fits && negatable) {
      W[d + ID] |= wide ? ADD_CONST64 : ADD_CONST32;
      W[d + OFF] = op === ADD ? value : -value;
      return 0;
    }
  }
  unlink(d);
  return 0;
}

/** Whether the result's range can be computed: division cannot, shifts only by a known, possible count. */
function isComputable(op: number, wide: boolean, s: number): boolean {
  switch (op) {
    case DIV:
    case MOD:
      return false;
    case LSH:
    case RSH:
    case ARSH: {
      const known = wide
        ? isConst(s) && W[s + SMIN] === W[s + SMAX] && W[s + SMIN + 1] === W[s + SMAX + 1] &&
          W[s + UMIN] === W[s + UMAX] && W[s + UMIN + 1] === W[s + UMAX + 1]
        : isConst32(s) && W[s + S32MIN] === W[s + S32MAX] && W[s + U32MIN] === W[s + U32MAX];
      return known && W[s + UMAX + 1] === 0 && (W[s + UMAX] >>> 0) < (wide ? 64 : 32);
    }
    default:
      return true;
  }
}

/** d = d op s for two scalars, `d` and `s` different registers. */
function adjustScalar(env: Env, slot: number, d: number, s: number, fork: Fork): number {
  const code = env.code[slot], op = code & 0xf0, wide = (code & 7) === ALU64;
  if (!isComputable(op, wide, s)) {
    markUnknown(d);
    return 0;
  }
  const dt = d + TVAL, st = s + TVAL;
  switch (op) {
    case ADD:
      addBounds32(d, s);
      addBounds64(d, s);
      tnumAdd(dt, dt, st);
      break;
    case SUB:
      subBounds32(d, s);
      subBounds64(d, s);
      tnumSub(dt, dt, st);
      break;
    case MUL:
      tnumMul(dt, dt, st);
      mulBounds32(d, s);
      mulBounds64(d, s);
      break;
    case AND: {
      const err = isConst(s) ? forkOnMask(env, d, fork) : 0;
      if (err < 0) return err;
      tnumAnd(dt, dt, st);
      andBounds32(d, s);
      andBounds64(d, s);
      break;
    }
    case OR: {
      const err = isConst(s) ? forkOnMask(env, d, fork) : 0;
      if (err < 0) return err;
      tnumOr(dt, dt, st);
      orBounds32(d, s);
      orBounds64(d, s);
      break;
    }
    case XOR:
      tnumXor(dt, dt, st);
      xorBounds32(d, s);
      xorBounds64(d, s);
      break;
    case LSH:
      if (wide) lsh64(d, W[s + UMIN]);
      else lsh32(d, W[s + U32MIN]);
      break;
    case RSH:
      if (wide) rsh64(d, W[s + UMIN]);
      else rsh32(d, W[s + U32MIN]);
      break;
    case ARSH:
      if (wide) arsh64(d, W[s + UMIN]);
      else arsh32(d, W[s + U32MIN]);
      break;
  }
  if (!wide) zext32(d);
  boundsSync(d);
  return 0;
}

/**
 * A value that is 0 or -1 (what `s>>= 63` leaves) masked with a constant: the compiler's way to choose without branching. The
 * path is continued with -1, and another one is left to explore, with 0, from this instruction on.
 */
function forkOnMask(env: Env, d: number, fork: Fork): number {
  const wide = W[d + SMIN] === -1 && W[d + SMIN + 1] === -1 && W[d + SMAX] === 0 && W[d + SMAX + 1] === 0;
  if (!wide && !(W[d + S32MIN] === -1 && W[d + S32MAX] === 0)) return 0;
  const saved = SCRATCH_ALU2 + 8 * REG_WORDS;
  copyReg(saved, d);
  if (wide) markKnown(d, 0, 0);
  else setKnown32(d, 0);
  W[d + VID] = 0;
  const err = fork(env);
  if (err < 0) return err;
  copyReg(d, saved);
  if (wide) markKnown(d, -1, -1);
  else setKnown32(d, -1);
  W[d + VID] = 0;
  return 0;
}

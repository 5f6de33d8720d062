/**
 * Arithmetic between a pointer and a scalar: which types allow it, how far a pointer may be moved, and what is known of it after.
 *
 * A known scalar moves the fixed offset (`OFF`); an unknown one goes into the pointer's numbers, and a packet pointer then
 * gets a new id, since what was checked of the old one says nothing about it.
 *
 * @module
 */
import { copyReg, W } from "../states/arena.ts";
import { ALU_TEXT } from "./alu_ops.ts";
import { EACCES, EINVAL, type Env } from "../env.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  ID,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  PTR_UNTRUSTED,
  REG_WORDS,
  SMAX,
  SMIN,
  TVAL,
  TYPE,
  UMAX,
  UMIN,
  VID,
} from "../states/layout.ts";
import { signed64 } from "../numbers/number_text.ts";
import { boundsSync, isConst, markUnknown, slt64, toNumber, ult64, unbound32 } from "../numbers/scalar.ts";
import { tnumAdd, tnumSub } from "../numbers/tnum.ts";
import { typeName } from "../log/type_names.ts";

/** `BPF_MAX_VAR_OFF`: offsets at or beyond it, either way, are refused (bytes). */
export const MAX_VAR_OFF: number = 1 << 29;

const ADD = 0x00, SUB = 0x10, OR = 0x40, AND = 0x50, XOR = 0xa0;
const ALU64 = 7;

/** Whether `base` is a type whose pointers can be moved at all. */
function isMovable(base: number, known: boolean, addsZero: boolean): boolean {
  switch (base) {
    case PTR_TO_CTX:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY:
    case PTR_TO_STACK:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET:
    case PTR_TO_TP_BUFFER:
    case PTR_TO_BTF_ID:
    case PTR_TO_MEM:
    case PTR_TO_BUF:
    case PTR_TO_FUNC:
    case CONST_PTR_TO_DYNPTR:
      return true;
    case PTR_TO_FLOW_KEYS:
      return known || addsZero;
    case CONST_PTR_TO_MAP:
      return addsZero;
    default:
      return false;
  }
}

/** Whether a register's offset lies within what pointer arithmetic may produce; 0 or `-errno`. */
function checkSaneOffset(env: Env, o: number, type: number): number {
  const smin = toNumber(W[o + SMIN], W[o + SMIN + 1]);
  if (isConst(o)) {
    const value = toNumber(W[o + TVAL], W[o + TVAL + 1]);
    if (value >= MAX_VAR_OFF || value <= -MAX_VAR_OFF) {
      const text = signed64(W[o + TVAL], W[o + TVAL + 1]);
      return env.fail(
        EINVAL,
        "pointer-offset",
        `math between ${typeName(type)} pointer and ${text} is not allowed`,
      );
    }
  }
  if (W[o + OFF] >= MAX_VAR_OFF || W[o + OFF] <= -MAX_VAR_OFF) {
    return env.fail(
      EINVAL,
      "pointer-offset",
      `${typeName(type)} pointer offset ${W[o + OFF]} is not allowed`,
    );
  }
  if (W[o + SMIN] === 0 && W[o + SMIN + 1] === -0x80000000) {
    const what = `math between ${typeName(type)} pointer and register with unbounded min value`;
    return env.fail(EINVAL, "pointer-offset", `${what} is not allowed`);
  }
  if (smin >= MAX_VAR_OFF || smin <= -MAX_VAR_OFF) {
    const text = signed64(W[o + SMIN], W[o + SMIN + 1]);
    return env.fail(
      EINVAL,
      "pointer-offset",
      `value ${text} makes ${typeName(type)} pointer be out of bounds`,
    );
  }
  return 0;
}

/**
 * dst = ptr ± off, where `ptr` may be the destination and `off` must not: 0 or `-errno`.
 *
 * For `scalar += pointer` the caller passes a copy of the scalar.
 */
export function adjustPointer(env: Env, slot: number, ptr: number, off: number): number {
  const code = env.code[slot], op = code & 0xf0, dst = env.dst[slot], d = env.regs + dst * REG_WORDS;
  const type = W[ptr + TYPE], known = isConst(off);
  const sl = W[off + SMIN], sh = W[off + SMIN + 1], xl = W[off + SMAX], xh = W[off + SMAX + 1];
  const ul = W[off + UMIN], uh = W[off + UMIN + 1], tl = W[off + UMAX], th = W[off + UMAX + 1];
  if (
    (known && (sl !== xl || sh !== xh || ul !== tl || uh !== th)) || slt64(xl, xh, sl, sh) ||
    ult64(tl, th, ul, uh)
  ) {
    // A contradiction: a path that no execution takes.
    markUnknown(d);
    return 0;
  }
  if ((code & 7) !== ALU64) {
    if (op === SUB) {
      markUnknown(d);
      return 0;
    }
    return env.fail(EACCES, "pointer-arithmetic", `R${dst} 32-bit pointer arithmetic prohibited`);
  }
  if ((type & PTR_MAYBE_NULL) !== 0) {
    return env.fail(
      EACCES,
      "nullable",
      `R${dst} pointer arithmetic on ${typeName(type)} prohibited, null-check it first`,
    );
  }
  const base = type & BASE_TYPE_MASK;
  // Such memory is read with a fault handler: nothing to keep track of.
  if (base === PTR_TO_MEM && (type & PTR_UNTRUSTED) !== 0) return 0;
  if (!isMovable(base, known, known && sl === 0 && sh === 0 && op === ADD)) {
    return env.fail(
      EACCES,
      "pointer-arithmetic",
      `R${dst} pointer arithmetic on ${typeName(type)} prohibited`,
    );
  }
  if (d !== ptr) copyReg(d, ptr);
  W[d + VID] = 0;
  const err = checkSaneOffset(env, off, type) || checkSaneOffset(env, ptr, type);
  if (err !== 0) return err;
  unbound32(d);

  const isPacket = base === PTR_TO_PACKET || base === PTR_TO_PACKET_META;
  if (op === ADD) {
    if (known) {
      // Both summands are below 2^29: the sum fits.
      W[d + OFF] += sl;
    } else {
      addRanges(d, off);
      tnumAdd(d + TVAL, d + TVAL, off + TVAL);
      if (isPacket) {
        W[d + ID] = env.newId();
        W[d + AUX1] = 0;
        W[d + AUX2] = 0;
      }
    }
  } else if (op === SUB) {
    if (d !== ptr) {
      return env.fail(EACCES, "pointer-arithmetic", `R${dst} tried to subtract pointer from scalar`);
    }
    if (type === PTR_TO_STACK) {
      return env.fail(EACCES, "pointer-arithmetic", `R${dst} subtraction from stack pointer prohibited`);
    }
    if (known) {
      W[d + OFF] -= sl;
    } else {
      subRanges(d, off);
      tnumSub(d + TVAL, d + TVAL, off + TVAL);
      if (isPacket) {
        W[d + ID] = env.newId();
        // Moving back leaves what was checked ahead of it valid; moving forward does not.
        if (sh < 0) {
          W[d + AUX1] = 0;
          W[d + AUX2] = 0;
        }
      }
    }
  } else if (op === AND || op === OR || op === XOR) {
    return env.fail(
      EACCES,
      "pointer-arithmetic",
      `R${dst} bitwise operator ${ALU_TEXT[op >> 4]} on pointer prohibited`,
    );
  } else {
    return env.fail(
      EACCES,
      "pointer-arithmetic",
      `R${dst} pointer arithmetic with ${ALU_TEXT[op >> 4]} operator prohibited`,
    );
  }
  const sane = checkSaneOffset(env, d, type);
  if (sane !== 0) return sane;
  boundsSync(d);
  return 0;
}

/** The 64-bit bounds of d + s; unlike a scalar's, an unsigned range is given up as soon as either end wraps. */
function addRanges(d: number, s: number): void {
  const al = W[d + SMIN], ah = W[d + SMIN + 1], bh = W[s + SMIN + 1];
  const nl = (al + W[s + SMIN]) | 0, nh = (ah + bh + ((nl >>> 0) < (al >>> 0) ? 1 : 0)) | 0;
  const cl = W[d + SMAX], ch = W[d + SMAX + 1], eh = W[s + SMAX + 1];
  const xl = (cl + W[s + SMAX]) | 0, xh = (ch + eh + ((xl >>> 0) < (cl >>> 0) ? 1 : 0)) | 0;
  setSigned(d, (((ah ^ nh) & (bh ^ nh)) | ((ch ^ xh) & (eh ^ xh))) < 0, nl, nh, xl, xh);
  const ul = W[d + UMIN], uh = W[d + UMIN + 1];
  const ml = (ul + W[s + UMIN]) | 0, mh = (uh + W[s + UMIN + 1] + ((ml >>> 0) < (ul >>> 0) ? 1 : 0)) | 0;
  const vl = W[d + UMAX], vh = W[d + UMAX + 1];
  const tl = (vl + W[s + UMAX]) | 0, th = (vh + W[s + UMAX + 1] + ((tl >>> 0) < (vl >>> 0) ? 1 : 0)) | 0;
  setUnsigned(d, ult64(ml, mh, ul, uh) || ult64(tl, th, vl, vh), ml, mh, tl, th);
}

/** The 64-bit bounds of d - s. */
function subRanges(d: number, s: number): void {
  const al = W[d + SMIN], ah = W[d + SMIN + 1], bl = W[s + SMAX], bh = W[s + SMAX + 1];
  const nl = (al - bl) | 0, nh = (ah - bh - ((al >>> 0) < (bl >>> 0) ? 1 : 0)) | 0;
  const cl = W[d + SMAX], ch = W[d + SMAX + 1], el = W[s + SMIN], eh = W[s + SMIN + 1];
  const xl = (cl - el) | 0, xh = (ch - eh - ((cl >>> 0) < (el >>> 0) ? 1 : 0)) | 0;
  setSigned(d, (((ah ^ bh) & (ah ^ nh)) | ((ch ^ eh) & (ch ^ xh))) < 0, nl, nh, xl, xh);
  const ul = W[d + UMIN], uh = W[d + UMIN + 1], pl = W[s + UMAX], ph = W[s + UMAX + 1];
  const vl = W[d + UMAX], vh = W[d + UMAX + 1], ql = W[s + UMIN], qh = W[s + UMIN + 1];
  const ml = (ul - pl) | 0, mh = (uh - ph - ((ul >>> 0) < (pl >>> 0) ? 1 : 0)) | 0;
  const tl = (vl - ql) | 0, th = (vh - qh - ((vl >>> 0) < (ql >>> 0) ? 1 : 0)) | 0;
  setUnsigned(d, ult64(ul, uh, pl, ph), ml, mh, tl, th);
}

function setSigned(d: number, overflow: boolean, nl: number, nh: number, xl: number, xh: number): void {
  W[d + SMIN] = overflow ? 0 : nl;
  W[d + SMIN + 1] = overflow ? -0x80000000 : nh;
  W[d + SMAX] = overflow ? -1 : xl;
  W[d + SMAX + 1] = overflow ? 0x7fffffff : xh;
}

function setUnsigned(d: number, overflow: boolean, nl: number, nh: number, xl: number, xh: number): void {
  W[d + UMIN] = overflow ? 0 : nl;
  W[d + UMIN + 1] = overflow ? 0 : nh;
  W[d + UMAX] = overflow ? -1 : xl;
  W[d + UMAX + 1] = overflow ? -1 : xh;
}

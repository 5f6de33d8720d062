/**
 * Reads and writes of the stack: spills and fills of registers, in whole or in part, data, zeros, and accesses at a variable
 * offset. What is alive and what is precise hangs on the marks made here.
 *
 * Offsets include the pointer's fixed offset (`OFF`) but not its variable part, as in the kernel's functions of the same names
 * (`check_stack_*` of Linux 6.18's `kernel/bpf/verifier.c`). The program is privileged: slots never written read as anything,
 * pointers may be overwritten in part.
 *
 * @module
 */
import { linkBeforeCopy } from "../insns/alu.ts";
import { copyReg, W } from "../states/arena.ts";
import { destroyDynptr } from "../objects/dynptr.ts";
import {
  EACCES,
  EFAULT,
  EINVAL,
  type Env,
  frameAt,
  isSpilled,
  slotByte,
  slotTypesAt,
  spillAt,
} from "../env.ts";
import { pushHistory, stackAccessFlags } from "../states/history.ts";
import {
  BASE_TYPE_MASK,
  F_NSLOTS,
  F_SLOT_TYPES,
  F_SUBPROG,
  FRAMENO,
  ID,
  KERNEL_VALUE,
  NOT_INIT,
  OFF,
  PTR_TO_STACK,
  PTR_TO_TP_BUFFER,
  REG_WORDS,
  SCALAR_VALUE,
  SCRATCH_CALL,
  SMAX,
  SMIN,
  STACK_DYNPTR,
  STACK_INVALID,
  STACK_MISC,
  STACK_SPILL,
  STACK_ZERO,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { tnumText, verboseLine } from "../log/log.ts";
import { accessMask, bytesMask, isData, isNoObject, isSpecial, scrubbed, withBytes } from "./slot_bytes.ts";
import { isConst, isConstZero, markConst, markUnknown, toNumber, widthOf } from "../numbers/scalar.ts";

const MAX_STACK = 512, MAX_VAR_OFF = 1 << 29;

/** What is accessed. */
export interface StackAccess {
  /** Bytes. */
  readonly size: number;
  /** The register that receives or holds the value; -1 for none. */
  readonly valueRegno: number;
}

function scratchSlot(env: Env, spi: number): void {
  if (spi < 32) env.scratchedSlotsLo |= 1 << spi;
  else env.scratchedSlotsHi |= 1 << (spi - 32);
}

/** Gives the frame at word `frame` at least `bytes` bytes of stack. */
export function growStack(env: Env, frame: number, bytes: number): void {
  const slots = (bytes + 7) >> 3, old = W[frame + F_NSLOTS];
  if (slots <= old) return;
  for (let i = old; i < slots; i++) {
    W[frame + F_SLOT_TYPES + i] = 0;
    const o = spillAt(frame, i);
    W[o + TYPE] = NOT_INIT;
    W[o + VID] = 0;
  }
  W[frame + F_NSLOTS] = slots;
  const subprog = W[frame + F_SUBPROG];
  if (env.stackDepth[subprog] < slots * 8) env.stackDepth[subprog] = slots * 8;
}

/** Whether an access by register `regno` at `off` stays within the stack; makes the stack as deep as the access needs. */
export function checkStackBounds(
  env: Env,
  regno: number,
  off: number,
  access: { size: number; write: boolean },
): number {
  const o = env.regs + regno * REG_WORDS, { size } = access;
  const extra = access.write ? " write to" : " read from";
  let min, max;
  const fixed = isConst(o);
  if (fixed) {
    min = toNumber(W[o + TVAL], W[o + TVAL + 1]) + off;
    max = min + size;
  } else {
    const smin = toNumber(W[o + SMIN], W[o + SMIN + 1]), smax = toNumber(W[o + SMAX], W[o + SMAX + 1]);
    if (smax >= MAX_VAR_OFF || smin <= -MAX_VAR_OFF) {
      const message = `invalid unbounded variable-offset${extra} stack R${regno}`;
      return env.fail(EACCES, "stack-bounds", message, { regno, off, size });
    }
    min = smin + off;
    max = smax + off + size;
  }
  const errno = min < -MAX_STACK || min > -1 ? EACCES : max > 0 ? EINVAL : size < 0 ? EFAULT : 0;
  if (errno !== 0) {
    return env.fail(
      errno,
      "stack-bounds",
      fixed
        ? `invalid${extra} stack R${regno} off=${off} size=${size}`
        : `invalid variable-offset${extra} stack R${regno} var_off=${tnumText(o)} off=${off} size=${size}`,
      { regno, off, size },
    );
  }
  growStack(env, frameAt(W[o + FRAMENO]), -min);
  return 0;
}

/** Whether a register of this type can be spilled and filled without becoming plain data. */
function isSpillable(type: number): boolean {
  const base = type & BASE_TYPE_MASK;
  return base !== NOT_INIT && base !== SCALAR_VALUE && base !== PTR_TO_TP_BUFFER && base <= KERNEL_VALUE &&
    base !== 21;
}

/** Puts register `o` into a slot. A narrow spill leaves the bytes above it as they are where they are zero or unwritten, else misc. */
function saveRegister(frame: number, spi: number, what: { o: number; size: number }): void {
  const at = slotTypesAt(frame, spi);
  copyReg(spillAt(frame, spi), what.o);
  let types = withBytes(W[at], bytesMask(8 - what.size, 7), STACK_SPILL);
  for (let j = 7 - what.size; j >= 0; j--) {
    const was = slotByte(types, j);
    if (was !== STACK_ZERO && was !== STACK_INVALID) types = withBytes(types, bytesMask(j, j), STACK_MISC);
  }
  W[at] = types;
}

/**
 * Writes the stack through register `ptrRegno` at `off`: 0 or `-errno`. The value is that of a register, or of the store's
 * immediate, or (neither) anything.
 */
export function checkStackWrite(env: Env, ptrRegno: number, off: number, access: StackAccess): number {
  const o = env.regs + ptrRegno * REG_WORDS;
  const failed = checkStackBounds(env, ptrRegno, off, { size: access.size, write: true });
  if (failed < 0) return failed;
  if (!isConst(o)) return writeVariable(env, ptrRegno, off, access);
  return writeFixed(env, W[o + FRAMENO], off + W[o + TVAL], access);
}

/** Whether the current instruction stores an immediate, and not for a call's sake. */
function storesImmediate(env: Env): boolean {
  return (env.code[env.insnIdx] & 0xe7) === 0x62;
}

function writeFixed(env: Env, frameno: number, off: number, access: StackAccess): number {
  const { size, valueRegno } = access, frame = frameAt(frameno);
  const slot = -off - 1, spi = slot >> 3, at = slotTypesAt(frame, spi);
  const value = valueRegno >= 0 ? env.regs + valueRegno * REG_WORDS : 0;
  const failed = dropDynptr(env, frameno, spi);
  if (failed < 0) return failed;
  const aligned = (off & 7) === 0;
  if (aligned && size === 8) env.stackLiveness.markWrite(frameno, spi);
  env.fastcall?.touch(W[frame + F_SUBPROG], env.insnIdx, off);
  scratchSlot(env, spi);
  if (value !== 0 && aligned && W[value + TYPE] === SCALAR_VALUE) {
    const fits = widthOf(value) <= 8 * size;
    if (fits) linkBeforeCopy(env, value);
    saveRegister(frame, spi, { o: value, size });
    if (!fits) {
      W[spillAt(frame, spi) + ID] = 0;
      W[spillAt(frame, spi) + VID] = 0;
    }
  } else if (value === 0 && aligned && storesImmediate(env)) {
    const imm = env.imm[env.insnIdx];
    markConst(SCRATCH_CALL, imm, imm >> 31);
    saveRegister(frame, spi, { o: SCRATCH_CALL, size });
  } else if (value !== 0 && isSpillable(W[value + TYPE])) {
    if (size !== 8) {
      verboseLine(env, env.insnIdx, "; ");
      return env.fail(EACCES, "partial-pointer", "invalid size of register spill");
    }
    if (frameno !== env.curframe && W[value + TYPE] === PTR_TO_STACK) {
      return env.fail(
        EINVAL,
        "stack-escape",
        "cannot spill pointers to stack into stack frame of the caller",
      );
    }
    saveRegister(frame, spi, { o: value, size });
  } else {
    let type = STACK_MISC, types = W[at];
    W[spillAt(frame, spi) + TYPE] = NOT_INIT;
    W[spillAt(frame, spi) + VID] = 0;
    if (isSpecial(types)) types = scrubbed(types);
    const zero = value !== 0
      ? W[value + TYPE] === SCALAR_VALUE && isConstZero(value)
      : storesImmediate(env) && env.imm[env.insnIdx] === 0;
    if (zero) {
      if (value !== 0) {
        const marked = env.precision.markReg(env, valueRegno);
        if (marked < 0) return marked;
      }
      type = STACK_ZERO;
    }
    W[at] = withBytes(types, accessMask(slot, size), type);
    return 0;
  }
  pushHistory(env, stackAccessFlags(frameno, spi), 0, 0);
  return 0;
}

/** A dynptr that is overwritten is none any more. */
function dropDynptr(env: Env, frameno: number, spi: number): number {
  return (W[slotTypesAt(frameAt(frameno), spi)] & 15) === STACK_DYNPTR ? destroyDynptr(env, frameno, spi) : 0;
}

/** A helper fills `size` bytes from where register `ptrRegno` points, a known place within the stack: 0 or `-errno`. */
export function fillStack(env: Env, ptrRegno: number, size: number): number {
  const o = env.regs + ptrRegno * REG_WORDS, frameno = W[o + FRAMENO], frame = frameAt(frameno);
  const off = W[o + OFF] + W[o + TVAL], first = -off - 1, last = first - size + 1;
  env.fastcall?.touch(W[frame + F_SUBPROG], env.insnIdx, off);
  for (let spi = first >> 3; spi >= last >> 3; spi--) {
    const failed = dropDynptr(env, frameno, spi);
    if (failed < 0) return failed;
    scratchSlot(env, spi);
    W[spillAt(frame, spi) + TYPE] = NOT_INIT;
    W[spillAt(frame, spi) + VID] = 0;
    const at = slotTypesAt(frame, spi), from = Math.max(last - spi * 8, 0), to = Math.min(first - spi * 8, 7);
    let types = W[at];
    if (isSpecial(types)) types = scrubbed(types);
    W[at] = withBytes(types, bytesMask(from, to), STACK_MISC);
  }
  return 0;
}

/** A write whose place is known as a range only: every slot it may touch may hold the old value or the new. */
function writeVariable(env: Env, ptrRegno: number, off: number, access: StackAccess): number {
  const { size, valueRegno } = access, o = env.regs + ptrRegno * REG_WORDS;
  const frameno = W[o + FRAMENO], frame = frameAt(frameno);
  const min = W[o + SMIN] + off, max = W[o + SMAX] + off + size;
  const value = valueRegno >= 0 ? env.regs + valueRegno * REG_WORDS : 0;
  const zero = value !== 0
    ? W[value + TYPE] === SCALAR_VALUE && isConstZero(value)
    : storesImmediate(env) && env.imm[env.insnIdx] === 0;
  for (let i = min; i < max; i++) {
    const failed = dropDynptr(env, frameno, (-i - 1) >> 3);
    if (failed < 0) return failed;
  }
  env.fastcall?.touch(W[frame + F_SUBPROG], env.insnIdx, min);
  let zeroUsed = false;
  for (let i = min; i < max; i++) {
    const slot = -i - 1, spi = slot >> 3, at = slotTypesAt(frame, spi), spill = spillAt(frame, spi);
    const type = slotByte(W[at], slot & 7);
    scratchSlot(env, spi);
    if (
      zero && type === STACK_SPILL && isSpilled(W[at]) && W[spill + TYPE] === SCALAR_VALUE &&
      isConstZero(spill)
    ) {
      zeroUsed = true;
      continue;
    }
    W[spill + TYPE] = NOT_INIT;
    W[spill + VID] = 0;
    // What is left of a register overwritten in part is none.
    if (isSpecial(W[at])) W[at] = scrubbed(W[at]);
    const keepsZero = zero && type === STACK_ZERO;
    if (keepsZero) zeroUsed = true;
    W[at] = withBytes(W[at], accessMask(slot, 1), keepsZero ? STACK_ZERO : STACK_MISC);
  }
  return zeroUsed && value !== 0 ? env.precision.markReg(env, valueRegno) : 0;
}

/** Reads the stack through register `ptrRegno` at `off` into a register: 0 or `-errno`. Narrow results are not yet cut to size. */
export function checkStackRead(env: Env, ptrRegno: number, off: number, access: StackAccess): number {
  const { size, valueRegno } = access, o = env.regs + ptrRegno * REG_WORDS;
  const failed = checkStackBounds(env, ptrRegno, off, { size, write: false });
  if (failed < 0) return failed;
  if (isConst(o)) return readFixed(env, W[o + FRAMENO], off + W[o + TVAL], access);
  if (valueRegno < 0) {
    return env.fail(
      EACCES,
      "stack-bounds",
      `variable offset stack pointer cannot be passed into helper function; var_off=${
        tnumText(o)
      } off=${off} size=${size}`,
      { regno: ptrRegno, off, size },
    );
  }
  const frame = frameAt(W[o + FRAMENO]), min = W[o + SMIN] + off, max = W[o + SMAX] + off + size;
  const bad = checkStackRange(env, ptrRegno, off, { size, zeroAllowed: false, write: false });
  if (bad < 0) return bad;
  readData(env, frame, { min, max, regno: valueRegno });
  env.fastcall?.touch(W[frame + F_SUBPROG], env.insnIdx, min);
  return 0;
}

function readFixed(env: Env, frameno: number, off: number, access: StackAccess): number {
  const { size, valueRegno } = access, frame = frameAt(frameno);
  const slot = -off - 1, spi = slot >> 3, types = W[slotTypesAt(frame, spi)], spill = spillAt(frame, spi);
  const dst = env.regs + valueRegno * REG_WORDS;
  scratchSlot(env, spi);
  env.fastcall?.touch(W[env.frame + F_SUBPROG], env.insnIdx, off);
  env.stackLiveness.markRead(frameno, spi);
  if (!isSpilled(types)) {
    const bad = checkBytes(env, types, { off, size });
    if (bad < 0) return bad;
    if (valueRegno >= 0) readData(env, frame, { min: off, max: off + size, regno: valueRegno });
    return 0;
  }
  let spilled = 1;
  while (spilled < 8 && slotByte(types, 7 - spilled) === STACK_SPILL) spilled++;
  if (size === 8 && spilled === 8) {
    if (valueRegno >= 0) copyReg(dst, spill);
    pushHistory(env, stackAccessFlags(frameno, spi), 0, 0);
    return 0;
  }
  if (W[spill + TYPE] !== SCALAR_VALUE) {
    verboseLine(env, env.insnIdx, "; ");
    return env.fail(EACCES, "partial-pointer", "invalid size of register fill");
  }
  if (valueRegno < 0) return 0;
  // The low part of a spilled scalar is at the slot's lowest addresses: the machine is little-endian.
  if (size <= spilled && (off & 7) === 0) {
    copyReg(dst, spill);
    if (widthOf(spill) > size * 8) {
      W[dst + ID] = 0;
      W[dst + VID] = 0;
    }
    pushHistory(env, stackAccessFlags(frameno, spi), 0, 0);
    return 0;
  }
  let spills = 0, zeros = 0;
  for (let i = 0; i < size; i++) {
    const type = slotByte(types, (slot - i) & 7);
    if (type === STACK_SPILL) spills++;
    else if (type === STACK_ZERO) zeros++;
    else if (type !== STACK_MISC && type !== STACK_INVALID) {
      const message = `invalid read from stack off ${off}+${i} size ${size}`;
      return env.fail(EACCES, "stack-object", message, { off: off + i, size: 1 });
    }
  }
  if (spills === size && isConstZero(spill)) {
    markConst(dst, 0, 0);
    pushHistory(env, stackAccessFlags(frameno, spi), 0, 0);
  } else if (zeros === size) markConst(dst, 0, 0);
  else markUnknown(dst);
  return 0;
}

function checkBytes(env: Env, types: number, access: { off: number; size: number }): number {
  const { off, size } = access, slot = -off - 1;
  if (isData(types, accessMask(slot, size))) return 0;
  for (let i = 0; i < size; i++) {
    const type = slotByte(types, (slot - i) & 7);
    if (type !== STACK_MISC && type !== STACK_ZERO && type !== STACK_INVALID) {
      const message = `invalid read from stack off ${off}+${i} size ${size}`;
      return env.fail(EACCES, "stack-object", message, { off: off + i, size: 1 });
    }
  }
  return 0;
}

/** A register gets what bytes `min` to `max` hold: zero if all are, else anything. */
function readData(env: Env, frame: number, what: { min: number; max: number; regno: number }): void {
  const dst = env.regs + what.regno * REG_WORDS;
  let zeros = 0;
  for (let i = what.min; i < what.max; i++) {
    const slot = -i - 1;
    scratchSlot(env, slot >> 3);
    if (slotByte(W[slotTypesAt(frame, slot >> 3)], slot & 7) !== STACK_ZERO) break;
    zeros++;
  }
  if (zeros === what.max - what.min) markConst(dst, 0, 0);
  else markUnknown(dst);
}

/** An access to a range of the stack on behalf of a helper, or at a variable offset. */
export interface StackRange {
  /** Bytes. */
  readonly size: number;
  readonly zeroAllowed: boolean;
  /** The range may be written: what it held is no longer known. */
  readonly write: boolean;
  /**
   * If given and the offset is fixed: the range is written before it is read, so nothing is asked of it here; `size` is set and the
   * caller simulates the write.
   */
  readonly raw?: { size: number };
}

/** Checks that a range of the stack may be read (and written): 0 or `-errno`. `off` includes the register's fixed offset. */
export function checkStackRange(env: Env, regno: number, off: number, range: StackRange): number {
  const o = env.regs + regno * REG_WORDS, { size } = range;
  if (size === 0 && !range.zeroAllowed) return env.fail(EACCES, "size-argument", "invalid zero-sized read");
  const failed = checkStackBounds(env, regno, off, range);
  if (failed < 0) return failed;
  const fixed = isConst(o), frameno = W[o + FRAMENO], frame = frameAt(frameno);
  const min = (fixed ? W[o + TVAL] : W[o + SMIN]) + off;
  const max = (fixed ? W[o + TVAL] : W[o + SMAX]) + off + size;
  if (range.raw !== undefined && fixed) {
    for (let i = min, step = 0; i < max; i += step) {
      const slot = -i - 1, types = W[slotTypesAt(frame, slot >> 3)];
      step = Math.min((slot & 7) + 1, max - i);
      if (W[frame + F_NSLOTS] * 8 <= slot || isNoObject(types, accessMask(slot, step))) continue;
      step = 1;
      if (slotByte(types, slot & 7) === STACK_DYNPTR) {
        return env.fail(EACCES, "dynptr-state", `potential write to dynptr at off=${i} disallowed`);
      }
    }
    range.raw.size = size;
    return 0;
  }
  // Slot by slot where there is nothing but data, else byte by byte.
  let marked = -1;
  for (let i = min, step = 0; i < max; i += step) {
    const slot = -i - 1, spi = slot >> 3, at = slotTypesAt(frame, spi);
    step = Math.min((slot & 7) + 1, max - i);
    if (!isData(W[at], accessMask(slot, step))) step = 1;
    const mask = accessMask(slot, step);
    if (isData(W[at], mask)) {
      if (range.write) W[at] = withBytes(W[at], mask, STACK_MISC);
    } else {
      if (!isSpilled(W[at])) {
        return env.fail(
          EACCES,
          "stack-object",
          fixed
            ? `invalid read from stack R${regno} off ${min}+${i - min} size ${size}`
            : `invalid read from stack R${regno} var_off ${tnumText(o)}+${i - min} size ${size}`,
          { regno, off: i, size: 1 },
        );
      }
      if (range.write) {
        markUnknown(spillAt(frame, spi));
        W[at] = scrubbed(W[at]);
      }
    }
    if (spi !== marked) env.stackLiveness.markRead(frameno, spi);
    marked = spi;
  }
  return 0;
}

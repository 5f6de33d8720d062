/**
 * Memory that a function is given: pointer and size, as arguments of helpers, kernel functions and global subprograms
 * (`check_helper_mem_access` and its kin of Linux 6.18).
 *
 * @module
 */
import { copyReg, W } from "../states/arena.ts";
import { checkBuffer } from "../memory/buffer.ts";
import { checkCtxAccess } from "../context/ctx.ts";
import { EACCES, type Env } from "../env.ts";
import { checkKernelAccess } from "../types/kernel_ptr.ts";
import {
  AUX1,
  BASE_TYPE_MASK,
  MEM_RDONLY,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  REG_WORDS,
  SCALAR_VALUE,
  SCRATCH_CALL,
  SMIN,
  TYPE,
  UMAX,
  UMIN,
} from "../states/layout.ts";
import { becomeNonNull, mapOf } from "../memory/map_pointer.ts";
import { checkMapAccess, checkMapFlags } from "../memory/map_value.ts";
import { signed64 } from "../numbers/number_text.ts";
import { hasRawContext } from "../context/raw_context.ts";
import { checkPacket, checkRegion } from "../memory/region.ts";
import { isConst, isConstZero } from "../numbers/scalar.ts";
import { checkStackRange } from "../memory/stack.ts";
import { typeName } from "../log/type_names.ts";

/** `BPF_MAX_VAR_SIZ`: sizes at or beyond it are refused (bytes). */
const MAX_VAR_SIZE = 1 << 29;

/**
 * A null pointer that a call was let through for is one on every way. 6.18 does not look for where it comes from, see
 * `docs/kernel_divergences.md`; nor does its log, which is kept as it is. 0 or `-errno`.
 */
export function relyOnNull(env: Env, regno: number): number {
  const { muted } = env;
  env.muted = true;
  const err = env.precision.markReg(env, regno);
  env.muted = muted;
  return err;
}

/** What a function does with memory. */
export interface MemoryUse {
  readonly write: boolean;
  /** Zero bytes are allowed, also of a null pointer. */
  readonly zeroAllowed: boolean;
  /** Written before it is read: on the stack nothing is asked of it, `size` is set, and the caller simulates the write. */
  readonly raw?: { size: number };
}

/** Whether a register is the number 0, which stands for a null pointer. */
export function isNull(o: number): boolean {
  return W[o + TYPE] === SCALAR_VALUE && isConstZero(o);
}

/** Whether a function may access `size` bytes through register `regno`: 0 or `-errno`. */
export function checkHelperMemory(env: Env, regno: number, size: number, use: MemoryUse): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE], off = W[o + OFF];
  switch (type & BASE_TYPE_MASK) {
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      return checkPacket(env, regno, off, size, use.zeroAllowed);
    case PTR_TO_MAP_KEY:
      if (use.write) return cannotWrite(env, regno, type);
      return checkRegion(env, regno, off, size, mapOf(env, W[o + AUX1]).keySize, false);
    case PTR_TO_MAP_VALUE:
      return checkMapFlags(env, regno, off, size, use.write) ||
        checkMapAccess(env, regno, off, size, false, use.zeroAllowed);
    case PTR_TO_MEM:
      if (use.write && (type & MEM_RDONLY) !== 0) return cannotWrite(env, regno, type);
      return checkRegion(env, regno, off, size, W[o + AUX1], use.zeroAllowed);
    case PTR_TO_BUF:
      if (use.write && (type & MEM_RDONLY) !== 0) return cannotWrite(env, regno, type);
      return checkBuffer(env, regno, off, size);
    case PTR_TO_STACK:
      return checkStackRange(env, regno, off, {
        size,
        zeroAllowed: use.zeroAllowed,
        write: use.write,
        ...(use.raw === undefined ? {} : { raw: use.raw }),
      });
    case PTR_TO_BTF_ID:
      return checkKernelAccess(env, regno, { off, size, write: false, value: -1 });
    case PTR_TO_CTX:
      if (hasRawContext(env.rules.name)) {
        // That there must be something is said of the size.
        if (size === 0) return 0;
        // The last byte decides.
        return checkCtxAccess(env, regno, -1, { off: size - 1, size: 1, write: use.write, signed: false });
      }
  }
  if (use.zeroAllowed && size === 0 && isNull(o)) return 0;
  return env.fail(
    EACCES,
    (type & PTR_MAYBE_NULL) !== 0 ? "nullable" : "argument-type",
    `R${regno} type=${typeName(type)} expected=fp`,
  );
}

function cannotWrite(env: Env, regno: number, type: number): number {
  return env.fail(EACCES, "read-only", `R${regno} cannot write into ${typeName(type)}`, { regno });
}

/**
 * Whether a function may access as many bytes through register `regno - 1` as register `regno` can say: 0 or `-errno`. The size is
 * relied on, hence precise.
 */
export function checkSizedMemory(env: Env, regno: number, use: MemoryUse): number {
  const o = env.regs + regno * REG_WORDS;
  if (W[o + SMIN + 1] < 0) {
    return env.fail(
      EACCES,
      "size-argument",
      `R${regno} min value is negative, either use unsigned or 'var &= const'`,
      { regno },
    );
  }
  if ((W[o + UMIN] | W[o + UMIN + 1]) === 0 && !use.zeroAllowed) {
    const range = `u64=[0,${signed64(W[o + UMAX], W[o + UMAX + 1])}]`;
    return env.fail(EACCES, "size-argument", `R${regno} invalid zero-sized read: ${range}`, {
      regno,
      min: 1,
    });
  }
  if (W[o + UMAX + 1] !== 0 || (W[o + UMAX] >>> 0) >= MAX_VAR_SIZE) {
    const advice = "use 'var &= const' or 'if (var < const)'";
    const message = `R${regno} unbounded memory access, ${advice}`;
    return env.fail(EACCES, "size-argument", message, { regno, max: MAX_VAR_SIZE - 1 });
  }
  // Of a size that is not known nobody can say how much of the memory is written.
  const exact = isConst(o) ? use : { write: use.write, zeroAllowed: use.zeroAllowed };
  const err = checkHelperMemory(env, regno - 1, W[o + UMAX] >>> 0, exact);
  return err !== 0 ? env.blame(err, { sizeRegno: regno }) : env.precision.markReg(env, regno);
}

const saved = SCRATCH_CALL + 4 * REG_WORDS;

/** Whether `size` bytes may be read and written through register `regno`, if it is not null: 0 or `-errno`. */
export function checkOptionalMemory(env: Env, regno: number, size: number): number {
  const o = env.regs + regno * REG_WORDS;
  if (isNull(o)) return relyOnNull(env, regno);
  return assumingNonNull(
    env,
    o,
    () =>
      checkHelperMemory(env, regno, size, { write: false, zeroAllowed: true }) ||
      checkHelperMemory(env, regno, size, { write: true, zeroAllowed: true }),
  );
}

/** The same for as many bytes as register `regno` can say, through the register before it. */
export function checkOptionalSizedMemory(env: Env, regno: number): number {
  return assumingNonNull(
    env,
    env.regs + (regno - 1) * REG_WORDS,
    () =>
      checkSizedMemory(env, regno, { write: false, zeroAllowed: true }) ||
      checkSizedMemory(env, regno, { write: true, zeroAllowed: true }),
  );
}

/** Runs a check with the pointer at `o` taken to be valid; what it is stays. */
function assumingNonNull(env: Env, o: number, check: () => number): number {
  if ((W[o + TYPE] & PTR_MAYBE_NULL) === 0) return check();
  copyReg(saved, o);
  becomeNonNull(env, o);
  const err = check();
  copyReg(o, saved);
  return err;
}

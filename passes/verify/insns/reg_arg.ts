/**
 * Whether an instruction may read or write a register at all, and whether a register's numbers still make sense.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { EACCES, EFAULT, EINVAL, type Env } from "../env.ts";
import { hex64 } from "../numbers/number_text.ts";
import {
  FRAME_REG_COUNT,
  NOT_INIT,
  REG_WORDS,
  S32MAX,
  S32MIN,
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
import { boundsViolation, unbound } from "../numbers/scalar.ts";

/** Register `regno` is read: 0, or `-errno` if it holds nothing. */
export function checkRead(env: Env, regno: number): number {
  if (regno >= FRAME_REG_COUNT) return env.fail(EINVAL, "invalid-instruction", `R${regno} is invalid`);
  env.scratchedRegs |= 1 << regno;
  if (W[env.regs + regno * REG_WORDS + TYPE] === NOT_INIT) {
    return env.fail(EACCES, "uninit-register", `R${regno} !read_ok`);
  }
  return 0;
}

/** Register `regno` is written: 0, or `-errno` for the frame pointer. What it held stays until the caller replaces it. */
export function checkWrite(env: Env, regno: number): number {
  if (regno >= FRAME_REG_COUNT) return env.fail(EINVAL, "invalid-instruction", `R${regno} is invalid`);
  env.scratchedRegs |= 1 << regno;
  if (regno === 10) return env.fail(EACCES, "frame-pointer", "frame pointer is read only");
  return 0;
}

const VIOLATIONS = [
  "",
  "range bounds violation",
  "const tnum out of sync with range bounds",
  "const subreg tnum out of sync with range bounds",
] as const;

/**
 * Tests a register's bounds for contradictions, which mean a dead path or a mistake of ours: they are forgotten, or, under
 * `BPF_F_TEST_REG_INVARIANTS`, the program is refused. `context` is `alu`, `ldx`, `true_reg1` and so on.
 */
export function checkInvariants(env: Env, o: number, context: string): number {
  const violation = boundsViolation(o);
  if (violation === 0) return 0;
  const message = `verifier bug: REG INVARIANTS VIOLATION (${context}): ${VIOLATIONS[violation]} ` +
    `u64=[${hex64(W[o + UMIN], W[o + UMIN + 1])}, ${hex64(W[o + UMAX], W[o + UMAX + 1])}] ` +
    `s64=[${hex64(W[o + SMIN], W[o + SMIN + 1])}, ${hex64(W[o + SMAX], W[o + SMAX + 1])}] ` +
    `u32=[${hex64(W[o + U32MIN], 0)}, ${hex64(W[o + U32MAX], 0)}] ` +
    `s32=[${hex64(W[o + S32MIN], 0)}, ${hex64(W[o + S32MAX], 0)}] ` +
    `var_off=(${hex64(W[o + TVAL], W[o + TVAL + 1])}, ${hex64(W[o + TMASK], W[o + TMASK + 1])})`;
  if (env.testRegInvariants) return env.fail(EFAULT, "kernel-bug", message);
  env.verbose(message + "\n");
  unbound(o);
  W[o + VID] = 0;
  return 0;
}

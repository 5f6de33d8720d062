/**
 * Load, store and atomic instructions: their operands, and what they demand of the memory they access.
 *
 * @module
 */
import { W } from "./arena.ts";
import { EINVAL, type Env } from "./env.ts";
import { REG_WORDS, TYPE } from "./layout.ts";
import { checkMemAccess } from "./memory.ts";
import { checkInvariants, checkRead, checkWrite } from "./reg_arg.ts";

const SIZES = [4, 2, 1, 8] as const;

/** Verifies a load: 0 or `-errno`. */
export function checkLoad(env: Env, slot: number): number {
  const src = env.src[slot], dst = env.dst[slot], code = env.code[slot];
  const bad = checkRead(env, src) || checkWrite(env, dst);
  if (bad !== 0) return bad;
  const type = W[env.regs + src * REG_WORDS + TYPE];
  const size = SIZES[(code >> 3) & 3];
  const failed = checkMemAccess(env, src, env.off[slot], {
    size,
    write: false,
    value: dst,
    strict: false,
    signed: (code & 0xe0) === 0x80,
  });
  if (failed !== 0) return failed;
  env.findings.pointer(slot, type);
  return checkInvariants(env, env.regs + dst * REG_WORDS, "ldx");
}

/** Verifies a store of a register or an immediate: 0 or `-errno`. */
export function checkStore(env: Env, slot: number): number {
  const code = env.code[slot], dst = env.dst[slot], register = (code & 7) === 3;
  const bad = (register ? checkRead(env, env.src[slot]) : 0) || checkRead(env, dst);
  if (bad !== 0) return bad;
  const type = W[env.regs + dst * REG_WORDS + TYPE];
  const failed = checkMemAccess(env, dst, env.off[slot], {
    size: SIZES[(code >> 3) & 3],
    write: true,
    value: register ? env.src[slot] : -1,
    strict: false,
    signed: false,
  });
  if (failed !== 0) return failed;
  env.findings.pointer(slot, type);
  return 0;
}

/** Verifies an atomic operation: 0 or `-errno`. */
export function checkAtomic(env: Env, _slot: number): number {
  return env.fail(EINVAL, "atomic") && env.unsupported("atomics");
}

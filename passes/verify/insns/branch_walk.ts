/**
 * Branches: which directions are possible, and which of them is explored now and which later.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { freeBlock } from "../states/blocks.ts";
import { predictBranch } from "./branch_predict.ts";
import { linkOperands, refineBranch } from "./branch_refine.ts";
import { AUX_FELL, AUX_JUMPED, EFAULT, EINVAL, type Env } from "../env.ts";
import { HF_DST_STACK, HF_SRC_STACK, pushHistory } from "../states/history.ts";
import { F_MAY_GOTO, PTR_TO_STACK, REG_WORDS, SCALAR_VALUE, TYPE } from "../states/layout.ts";
import { packedHigh, packedLow } from "../numbers/linked.ts";
import { printInsnState } from "../log/log.ts";
import { checkRead } from "./reg_arg.ts";
import { restoreState, saveState, ST_DFS_DEPTH } from "../states/states.ts";
import { widenScalars } from "../numbers/widen.ts";

/** Verifies the branch at `slot` and chooses the direction to go on in: 0 or `-errno`. */
export function checkBranch(env: Env, slot: number): number {
  const code = env.code[slot], op = code & 0xf0, dst = env.dst[slot];
  if (op === 0xe0) return checkMayGoto(env, slot);
  let failed = checkRead(env, dst);
  if (failed < 0) return failed;
  const d = env.regs + dst * REG_WORDS, register = (code & 8) !== 0;
  let flags = 0, s = 0;
  if (register) {
    if (env.imm[slot] !== 0) {
      return env.fail(EINVAL, "invalid-instruction", "BPF_JMP/JMP32 uses reserved fields");
    }
    failed = checkRead(env, env.src[slot]);
    if (failed < 0) return failed;
    s = env.regs + env.src[slot] * REG_WORDS;
    if (W[s + TYPE] === PTR_TO_STACK) flags = HF_SRC_STACK;
  } else if (env.src[slot] !== 0) {
    return env.fail(EINVAL, "invalid-instruction", "BPF_JMP/JMP32 uses reserved fields");
  }
  if (W[d + TYPE] === PTR_TO_STACK) flags |= HF_DST_STACK;
  if (flags !== 0) pushHistory(env, flags, 0, 0);
  const prediction = predictBranch(env, slot);
  if (prediction >= 0) {
    if (W[d + TYPE] === SCALAR_VALUE) {
      failed = env.precision.markReg(env, dst);
      if (failed < 0) return failed;
    }
    if (register && W[s + TYPE] === SCALAR_VALUE) {
      failed = env.precision.markReg(env, env.src[slot]);
      if (failed < 0) return failed;
    }
    if (env.logging) printInsnState(env);
    env.aux[slot] |= prediction === 1 ? AUX_JUMPED : AUX_FELL;
    if (prediction === 1) env.nextIdx = env.target[slot];
    return 0;
  }
  if (linkOperands(env, slot) > 1) pushHistory(env, 0, packedLow(), packedHigh());
  const other = env.pending.push(env.target[slot], slot, slot, EFAULT);
  if (other < 0) return other;
  if (env.logging || env.testRegInvariants) {
    // What is wrong with the other direction is said here, though it is taken later.
    failed = refineBranch(env, slot, true);
    if (failed < 0) return failed;
    restoreState(env, other);
  }
  env.aux[slot] |= AUX_JUMPED | AUX_FELL;
  failed = refineBranch(env, slot, false);
  if (failed < 0) return failed;
  if (env.logging) printInsnState(env);
  return 0;
}

/** `may_goto`: out of the loop now, into it later; it ends sometime, whatever the program does. */
function checkMayGoto(env: Env, slot: number): number {
  if (env.src[slot] !== 0 || env.dst[slot] !== 0 || env.imm[slot] !== 0) {
    return env.fail(EINVAL, "invalid-instruction", `invalid may_goto imm ${env.imm[slot]}`);
  }
  const previous = env.parent === 0 ? 0 : env.explored.previousEntry(slot, W[env.parent + ST_DFS_DEPTH]);
  // The path that stays in the loop is widened, the one that leaves it is not.
  const here = saveState(env, slot);
  env.mayGotoDepth++;
  W[env.frame + F_MAY_GOTO]++;
  if (previous !== 0) widenScalars(env, previous);
  const stay = env.pending.push(slot + 1, slot, -1);
  if (stay < 0) return stay;
  restoreState(env, here);
  freeBlock(here);
  env.nextIdx = env.target[slot];
  return 0;
}

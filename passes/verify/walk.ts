/**
 * The walk: follows every path of a function from its entry, one instruction at a time, until each has ended or is covered by one
 * that has. What an instruction demands and does is in the files it is handed to.
 *
 * Mirrors `do_check` of Linux 6.18's `kernel/bpf/verifier.c`.
 *
 * @module
 */
import { UnsupportedError } from "../../ir/diagnostic.ts";
import { stepAlu } from "./memo/alu_memo.ts";
import { checkBranch } from "./insns/branch_walk.ts";
import { refineBranch } from "./insns/branch_refine.ts";
import { checkSubprogCall } from "./calls/calls.ts";
import { AUX_JUMP_POINT, AUX_PRUNE_POINT, AUX_SEEN, E2BIG, EFAULT, EINVAL, type Env } from "./env.ts";
import { checkResourceLeak, checkReturnCode, PATH_ENDS, returnToCaller } from "./exits.ts";
import { COVERED } from "./states/explored.ts";
import { checkHelperCall } from "./calls/helper_call.ts";
import { pushHistory } from "./states/history.ts";
import { checkKfuncCall } from "./kfuncs/kfunc_call.ts";
import { checkLoadAbs, checkLoadImm64 } from "./insns/load_imm.ts";
import { anyScratched, insnText, printCurrent, printInsnState, scratchAll, verboseLine } from "./log/log.ts";
import { checkAtomic } from "./insns/memory_insn.ts";
import { stepLoad, stepStore } from "./memo/memory_memo.ts";
import { checkCallUnderLock } from "./objects/spin_lock.ts";
import { maybeSweep } from "./states/value_sweep.ts";

function fork(env: Env): number {
  const pushed = env.pending.push(env.insnIdx, env.insnIdx, -1);
  return pushed < 0 ? pushed : 0;
}

function step(env: Env, slot: number): number {
  const code = env.code[slot];
  switch (code & 7) {
    case 4:
    case 7:
      return stepAlu(env, slot, fork);
    case 1:
      return stepLoad(env, slot);
    case 2:
    case 3: {
      env.stackLiveness.beginWrites();
      const result = code >= 0xc0 ? checkAtomic(env, slot) : stepStore(env, slot);
      if (result >= 0) env.stackLiveness.commitWrites();
      return result;
    }
    case 0:
      return stepLoadImm(env, slot);
    default:
      env.jumpsProcessed++;
      return stepJump(env, slot);
  }
}

function stepLoadImm(env: Env, slot: number): number {
  const mode = env.code[slot] & 0xe0;
  if (mode === 0x20 || mode === 0x40) return checkLoadAbs(env, slot);
  env.nextIdx = slot + 2;
  return checkLoadImm64(env, slot);
}

function stepJump(env: Env, slot: number): number {
  const code = env.code[slot], narrow = (code & 7) === 6;
  switch (code & 0xf0) {
    case 0x80: {
      const kind = env.src[slot];
      if ((kind !== 2 && env.off[slot] !== 0) || kind > 2 || env.dst[slot] !== 0) {
        return env.fail(EINVAL, "invalid-instruction", "BPF_CALL uses reserved fields");
      }
      if (env.activeLocks !== 0) {
        const failed = checkCallUnderLock(env, slot);
        if (failed < 0) return failed;
      }
      if (kind === 1) {
        const result = checkSubprogCall(env, slot);
        env.scratchedRegs |= 1;
        return result;
      }
      env.stackLiveness.beginWrites();
      const result = kind === 0 ? checkHelperCall(env, slot) : checkKfuncCall(env, slot);
      if (result >= 0) env.stackLiveness.commitWrites();
      env.scratchedRegs |= 1;
      return result;
    }
    case 0x00:
      if (
        env.src[slot] !== 0 || env.dst[slot] !== 0 || (!narrow && env.imm[slot] !== 0) ||
        (narrow && env.off[slot] !== 0)
      ) return env.fail(EINVAL, "invalid-instruction", "BPF_JA uses reserved fields");
      env.nextIdx = env.target[slot];
      return 0;
    case 0x90:
      if (env.imm[slot] !== 0 || env.src[slot] !== 0 || env.dst[slot] !== 0) {
        return env.fail(EINVAL, "invalid-instruction", "BPF_EXIT uses reserved fields");
      }
      return stepExit(env);
    default:
      return checkBranch(env, slot);
  }
}

function stepExit(env: Env): number {
  let failed = checkResourceLeak(env, {
    locks: env.curframe === 0,
    prefix: "BPF_EXIT instruction in main prog",
  });
  if (failed < 0) return failed;
  if (env.curframe === 0) {
    failed = checkReturnCode(env);
    return failed < 0 ? failed : PATH_ENDS;
  }
  env.stackLiveness.update();
  failed = returnToCaller(env);
  if (failed < 0) return failed;
  env.printState = true;
  return 0;
}

function logStep(env: Env, slot: number): void {
  if ((env.logLevel & 2) !== 0 && env.printState) {
    env.verbose(`\nfrom ${env.prevInsnIdx} to ${slot}:`);
    printCurrent(env, env.curframe);
    env.printState = false;
  }
  if (anyScratched(env)) printInsnState(env);
  verboseLine(env, slot, "; ");
  env.prevLogEnd = env.log.end;
  env.verbose(`${slot}: ${insnText(env, slot)}\n`);
  env.prevInsnLength = env.log.end - env.prevLogEnd;
  env.prevLogEnd = env.log.end;
}

function checkTime(env: Env): void {
  env.signal?.throwIfAborted();
  if (performance.now() > env.deadline) {
    throw new UnsupportedError("a verification that takes longer than it may");
  }
}

/** What {@linkcode follow} returns where the path goes on but something else is due. */
const PAUSED = 2;
/** So many instructions are verified between two looks at the clock. */
const AT_A_TIME = 4096;

/**
 * Follows the path from `env.insnIdx` until it ends or `env.processed` is `until`: {@linkcode PATH_ENDS}, {@linkcode PAUSED} or
 * `-errno`. What happens rarely is not in here: the first time it did, V8 would throw the loop's code away.
 */
function follow(env: Env, until: number): number {
  const { aux, explored } = env, count = env.cols.count;
  let previous = env.prevInsnIdx;
  for (;;) {
    const slot = env.insnIdx;
    env.historyEntry = 0;
    env.prevInsnIdx = previous;
    if (slot >= count) return env.fail(EFAULT, "kernel-bug", `invalid insn idx ${slot} insn_cnt ${count}`);
    if (env.processed === until) return PAUSED;
    env.processed++;
    env.lastInsnIdx = previous;
    const flags = aux[slot];
    if ((flags & AUX_PRUNE_POINT) !== 0) {
      const result = explored.visit(slot);
      if (result < 0) return result;
      if (result === COVERED) {
        if (env.logging) {
          env.verbose(env.printState ? `\nfrom ${previous} to ${slot}: safe\n` : `${slot}: safe\n`);
        }
        return PATH_ENDS;
      }
    }
    if ((flags & AUX_JUMP_POINT) !== 0) pushHistory(env, 0, 0, 0);
    if (env.logging) logStep(env, slot);
    if (env.observer !== undefined) env.observer.step(env, slot);
    aux[slot] |= AUX_SEEN;
    previous = slot;
    env.nextIdx = slot + 1;
    const result = step(env, slot);
    if (result < 0 || result === PATH_ENDS) return result;
    env.insnIdx = env.nextIdx;
  }
}

/** Goes on with the path that was left last: 1, 0 if none is left, or `-errno`. */
function takeUpNext(env: Env): number {
  const branch = env.pending.pop();
  if (branch === -2) return 0;
  if (branch >= 0) {
    const target = env.insnIdx;
    env.insnIdx = branch;
    env.muted = true;
    const failed = refineBranch(env, branch, true);
    env.muted = false;
    if (failed < 0) return failed;
    env.insnIdx = target;
  }
  env.printState = true;
  return 1;
}

/**
 * Walks every path from `env.insnIdx`, the entry of a function whose frame 0 is set up: 0 if all are safe, else `-errno`.
 *
 * @throws {UnsupportedError} If a path meets what is not supported, or time runs out.
 */
export function walk(env: Env): number {
  const { explored, pending } = env, limit = env.profile.limits.processed;
  let until = Math.min(limit, env.processed + AT_A_TIME);
  env.prevInsnIdx = -1;
  env.printState = false;
  for (;;) {
    let result = follow(env, until);
    if (result < 0) return result;
    if (result === PAUSED) {
      if (env.processed === limit) {
        env.processed++;
        return env.fail(E2BIG, "too-complex", `BPF program is too large. Processed ${env.processed} insn`);
      }
      checkTime(env);
      maybeSweep(env, [explored, pending]);
      until = Math.min(limit, env.processed + AT_A_TIME);
      continue;
    }
    scratchAll(env);
    result = explored.pathDone();
    if (result < 0) return result;
    env.stackLiveness.update();
    if (env.observer !== undefined) env.observer.pathEnded(env, pending.count === 0);
    result = takeUpNext(env);
    if (result <= 0) return result;
  }
}

/**
 * Where paths and subprograms end: what must not be held any more, what may be returned, and the return to the caller.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";
import { copyReg, W } from "./states/arena.ts";
import { targetOf } from "./context/target.ts";
import { EACCES, EFAULT, EINVAL, type Env, frameAt } from "./env.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  F_CALLSITE,
  F_CB_MAX,
  F_CB_MIN,
  F_FLAGS,
  F_REGS,
  F_SUBPROG,
  IN_ASYNC_CALLBACK,
  IN_CALLBACK,
  IN_EXCEPTION_CALLBACK,
  KERNEL_VALUE,
  PTR_TO_BTF_ID,
  PTR_TO_STACK,
  REF_ID,
  REG_WORDS,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SMAX,
  SMIN,
  TYPE,
} from "./states/layout.ts";
import { hookRange } from "./context/lsm_hook.ts";
import { printCurrent, s64At } from "./log/log.ts";
import { clearPacketPointers } from "./memory/packet.ts";
import { checkUnmoved } from "./memory/region.ts";
import { REF_TYPE_PTR, REF_WORDS } from "./objects/references.ts";
import { checkRead } from "./insns/reg_arg.ts";
import { markUnknown, slt64 } from "./numbers/scalar.ts";
import { typeName } from "./log/type_names.ts";
import { widenScalars } from "./numbers/widen.ts";

/** `BPF_LSM_MAC` and `BPF_LSM_CGROUP`. */
const LSM_MAC = 27, LSM_CGROUP = 43;

/** What the step of an instruction gives where the path ends with it. */
export const PATH_ENDS = 1;

/**
 * Fails if the path holds what cannot be held across what is about to happen. `locks` are not looked at in callees' exits, nor are
 * references unless `all` frames end.
 */
export function checkResourceLeak(
  env: Env,
  what: { readonly locks: boolean; readonly prefix: string; readonly all?: boolean },
): number {
  const { locks, prefix } = what;
  if (locks && env.activeLocks !== 0) {
    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_spin_lock-ed region`);
  }
  if (env.curframe === 0 || what.all) {
    let lingering = false;
    // What a callback hands to the kernel that asked for it is looked at where it returns.
    const mayReturn = env.refCount > 0 && what.all !== true && pointerReturned(env) !== 0;
    const returned = mayReturn ? W[env.regs + REF_ID] : 0;
    for (let i = 0; i < env.refCount; i++) {
      const at = i * REF_WORDS;
      if (env.refs[at] !== REF_TYPE_PTR || (returned !== 0 && env.refs[at + 1] === returned)) continue;
      env.fail(
        EINVAL,
        "leaked-reference",
        `Unreleased reference id=${env.refs[at + 1]} alloc_insn=${env.refs[at + 2]}`,
      );
      lingering = true;
    }
    if (lingering) return env.fail(EINVAL, "leaked-reference", `${prefix} would lead to reference leak`);
  }
  if (locks && env.irqId !== 0) {
    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_local_irq_save-ed region`);
  }
  if (locks && env.rcuLocks !== 0) {
    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_rcu_read_lock-ed region`);
  }
  if (locks && env.preemptLocks !== 0) {
    return env.fail(EINVAL, "held-at-exit", `${prefix} cannot be used inside bpf_preempt_disable-ed region`);
  }
  return 0;
}

interface Range {
  readonly min: number;
  readonly max: number;
}

function withinRange(o: number, range: Range): boolean {
  return !slt64(W[o + SMIN], W[o + SMIN + 1], range.min, range.min >> 31) &&
    !slt64(range.max, range.max >> 31, W[o + SMAX], W[o + SMAX + 1]);
}

function failRange(env: Env, o: number, what: Range & { context: string; regno?: number }): number {
  let text = `${what.context} the register R${what.regno ?? 0} has`, unknown = true;
  const smin = s64At(o + SMIN), smax = s64At(o + SMAX);
  if (smin > -(1n << 63n)) {
    text += ` smin=${smin}`;
    unknown = false;
  }
  if (smax < (1n << 63n) - 1n) {
    text += ` smax=${smax}`;
    unknown = false;
  }
  if (unknown) text += " unknown scalar value";
  const { min, max } = what, message = `${text} should have been in [${min}, ${max}]`;
  return env.fail(EINVAL, "return-range", message, { regno: what.regno ?? 0, min, max });
}

/** Whether nobody looks at what the outermost frame returns: it implements a callback without a result. */
function returnsNothing(env: Env, frame: number): boolean {
  if (W[frame + F_SUBPROG] !== 0 && (W[frame + F_FLAGS] & IN_EXCEPTION_CALLBACK) === 0) return false;
  const target = targetOf(env);
  const result = target?.structOps !== undefined ||
    (target?.hook !== undefined && env.attachType === LSM_MAC);
  return result && target?.ret === 0;
}

/** What the structure is that the callback returns a pointer to, if the path ends in its own frame; 0 if it returns none. */
function pointerReturned(env: Env): number {
  if (env.rules.name !== "struct_ops") return 0;
  const frame = frameAt(0), target = targetOf(env);
  const own = W[frame + F_SUBPROG] === 0 && (W[frame + F_FLAGS] & IN_EXCEPTION_CALLBACK) === 0;
  if (!own || target?.structOps === undefined) return 0;
  const ret = target.btf.type(target.btf.resolve(target.ret));
  return ret.kind === "ptr" ? target.btf.resolve(ret.type) : 0;
}

/** Whose types a callback's result is of: what modules take over from the kernel is the kernel's. */
function ownerOf(env: Env, typeId: number): Btf | undefined {
  const { module } = targetOf(env)!;
  return typeId < (env.targetBtf?.count ?? 0) ? env.targetBtf : env.btfAt(module);
}

/** What r0, or the register with the program's result, may hold where the outermost frame ends: 0 or `-errno`. */
export function checkReturnCode(env: Env, regno = 0): number {
  const frame = frameAt(0), r0 = env.regs + regno * REG_WORDS, flags = W[frame + F_FLAGS];
  if (returnsNothing(env, frame)) return 0;
  const struct = pointerReturned(env);
  if (struct !== 0 && W[r0 + REF_ID] !== 0 && (W[r0 + TYPE] & BASE_TYPE_MASK) === PTR_TO_BTF_ID) {
    const same = W[r0 + AUX1] === struct && env.btfAt(W[r0 + AUX2]) === ownerOf(env, struct);
    if (same) return checkUnmoved(env, regno, false);
  }
  const failed = checkRead(env, regno);
  if (failed < 0) return failed;
  if (W[r0 + TYPE] === KERNEL_VALUE) return 0;
  let range: Range | undefined, context = "At program exit";
  if ((flags & IN_ASYNC_CALLBACK) !== 0) {
    context = "At async callback return";
    range = { min: W[frame + F_CB_MIN], max: W[frame + F_CB_MAX] };
  } else if (W[frame + F_SUBPROG] !== 0 && (flags & IN_EXCEPTION_CALLBACK) === 0) {
    if (W[r0 + TYPE] !== SCALAR_VALUE) {
      return env.fail(
        EINVAL,
        "return-type",
        `At subprogram exit the register R${regno} is not a scalar value (${typeName(W[r0 + TYPE])})`,
      );
    }
    return 0;
  } else range = struct !== 0 ? { min: 0, max: 0 } : returnsOfProgram(env);
  if (range === undefined) return 0;
  if (W[r0 + TYPE] !== SCALAR_VALUE) {
    return env.fail(
      EINVAL,
      "return-type",
      `${context} the register R${regno} is not a known value (${typeName(W[r0 + TYPE])})`,
    );
  }
  const marked = env.precision.markReg(env, regno);
  if (marked < 0) return marked;
  // Of a hook's result the lower half is looked at.
  const fits = env.rules.name === "lsm" && env.attachType === LSM_MAC
    ? W[r0 + S32MIN] >= range.min && W[r0 + S32MAX] <= range.max
    : withinRange(r0, range);
  if (fits) return 0;
  const failure = failRange(env, r0, { ...range, context, regno });
  if (env.rules.name === "lsm" && env.attachType === LSM_CGROUP && targetOf(env)?.ret === 0) {
    env.verbose("Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!\n");
  }
  return failure;
}

/** What the program may return; undefined for anything. */
function returnsOfProgram(env: Env): Range | undefined {
  if (env.rules.name === "lsm") return returnsOfHook(env);
  // A raw tracepoint's program that is attached by a type at all is taken for one of a traced function.
  if (env.extension && env.rules.name === "raw_tracepoint") return { min: 0, max: 0 };
  return env.rules.returns(env.attachType);
}

/** What programs for a security hook may return; undefined for anything. */
function returnsOfHook(env: Env): Range | undefined {
  if (env.attachType === LSM_MAC) return hookRange(env);
  return targetOf(env)?.ret === 0 ? { min: 1, max: 1 } : { min: 0, max: 1 };
}

/** The end of a subprogram or callback: back to the caller, with `env.nextIdx` where it goes on. */
export function returnToCaller(env: Env): number {
  const callee = env.frame, r0 = env.regs, callsite = W[callee + F_CALLSITE];
  const callback = (W[callee + F_FLAGS] & IN_CALLBACK) !== 0;
  if (W[r0 + TYPE] === PTR_TO_STACK) {
    return env.fail(EINVAL, "stack-escape", "cannot return stack pointer to the caller");
  }
  if (callback) {
    if (W[r0 + TYPE] !== SCALAR_VALUE) return env.fail(EACCES, "return-type", "R0 not a scalar value");
    const marked = env.precision.markReg(env, 0);
    if (marked < 0) return marked;
    const range = { min: W[callee + F_CB_MIN], max: W[callee + F_CB_MAX] };
    if (!withinRange(r0, range)) return failRange(env, r0, { ...range, context: "At callback return" });
    if (!env.callsCallback(callsite)) {
      return env.fail(
        EFAULT,
        "kernel-bug",
        `verifier bug: in callback at ${env.insnIdx}, callsite ${callsite} !calls_callback`,
      );
    }
  } else copyReg(frameAt(env.curframe - 1) + F_REGS, r0);
  env.nextIdx = callback ? callsite : callsite + 1;
  if (env.logging) {
    env.verbose("returning from callee:\n");
    printCurrent(env, env.curframe);
    env.verbose(`to caller at ${env.nextIdx}:\n`);
    printCurrent(env, env.curframe - 1);
  }
  env.setFrame(env.curframe - 1);
  if (callback) {
    const previous = env.explored.previousEntry(callsite, env.dfsDepth);
    if (previous !== 0) widenScalars(env, previous);
  }
  return 0;
}

/**
 * A tail call in a subprogram that succeeds leaves it with whatever the called program returns: that path is followed now, the one
 * where it failed later. To be called when r0 to r5 are as after a call: 0 or `-errno`.
 */
export function leaveByTailCall(env: Env): number {
  const pushed = env.pending.push(env.insnIdx + 1, env.insnIdx, -1);
  if (pushed < 0) return pushed;
  clearPacketPointers(env);
  markUnknown(env.regs);
  env.stackLiveness.update();
  return returnToCaller(env);
}

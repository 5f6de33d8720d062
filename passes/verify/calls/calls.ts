/**
 * Calls of the program's own functions: static ones are walked into, global ones are taken at their prototype's word, callbacks
 * are walked into later, as often as it takes.
 *
 * @module
 */
import { copyReg, W } from "../states/arena.ts";
import { isNull } from "./call_memory.ts";
import {
  ARG_SUBPROG,
  checkArgOffset,
  checkMemArg,
  checkSubprogDynptr,
  checkSubprogStruct,
} from "./subprog_arg.ts";
import { markDynptrArgument } from "../objects/dynptr.ts";
import { E2BIG, EFAULT, EINVAL, ENOTSUPP, type Env, frameAt, SUB_CALLBACK, SUB_CALLED } from "../env.ts";
import { SUB_CHANGES_PACKET, SUB_MIGHT_SLEEP, SUB_UNRELIABLE } from "../env.ts";
import { clearCallerSaved, initFrame, markNotInit } from "../states/frames.ts";
import { setElement } from "../objects/graph.ts";
import { btfOf, KERNEL_BTF, setKernelPointer } from "../types/kernel_ptr.ts";
import {
  AUX1,
  DYNPTR_LOCAL,
  F_CB_DEPTH,
  F_CB_MAX,
  F_CB_MIN,
  F_FLAGS,
  F_REGS,
  FRAMENO,
  IN_CALLBACK,
  MAX_FRAMES,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  REG_WORDS,
  SCALAR_VALUE,
  TYPE,
} from "../states/layout.ts";
import { printCurrent } from "../log/log.ts";
import { graphAt, mapOf } from "../memory/map_pointer.ts";
import { clearPacketPointers } from "../memory/packet.ts";
import { subprogArgs } from "../types/prototypes.ts";
import { markKnown, markUnknown } from "../numbers/scalar.ts";

/** Whether the registers of the current frame fit a function's prototype: 0, `-EINVAL`, or `-EFAULT` if there is none to speak of. */
export function checkCalleeArgs(env: Env, subprog: number): number {
  if (env.btf === undefined) return -EINVAL;
  if (env.subprogFlags[subprog] & SUB_UNRELIABLE) return env.failSilently(EINVAL, "global-argument");
  const failed = matchArgs(env, subprog);
  if (failed < 0) env.subprogFlags[subprog] |= SUB_UNRELIABLE;
  return failed;
}

function matchArgs(env: Env, subprog: number): number {
  const args = subprogArgs(env, subprog);
  if (typeof args === "number") return args;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i], regno = i + 1, o = env.regs + regno * REG_WORDS;
    let failed = 0;
    switch (arg.kind) {
      case "scalar":
        if (W[o + TYPE] !== SCALAR_VALUE) {
          return env.fail(EINVAL, "argument-type", `R${regno} is not a scalar`, { regno });
        }
        break;
      case "ctx":
        failed = checkArgOffset(env, regno, ARG_SUBPROG);
        if (failed < 0) return failed;
        if (W[o + TYPE] !== PTR_TO_CTX) {
          return env.fail(EINVAL, "argument-type", `arg#${i} expects pointer to ctx`, { regno });
        }
        break;
      case "mem":
        failed = checkArgOffset(env, regno, ARG_SUBPROG);
        if (failed < 0) return failed;
        if (checkMemArg(env, regno, arg.size) < 0) {
          env.blame(0, { regno });
          return -EINVAL;
        }
        // 6.18 lets the number 0 through here: see docs/kernel_divergences.md.
        if (!arg.maybeNull && ((W[o + TYPE] & PTR_MAYBE_NULL) !== 0 || isNull(o))) {
          return env.fail(EINVAL, "nullable", `arg#${i} is expected to be non-NULL`, { regno });
        }
        break;
      case "untrusted_mem":
        break;
      case "struct":
        failed = arg.untrusted ? 0 : checkSubprogStruct(env, regno, arg);
        if (failed < 0) return env.blame(failed, { regno });
        break;
      case "arena":
        if (W[o + TYPE] !== PTR_TO_ARENA && W[o + TYPE] !== SCALAR_VALUE) {
          return env.fail(EINVAL, "global-argument", `R${regno} is not a pointer to arena or scalar.`);
        }
        break;
      case "dynptr":
        failed = checkSubprogDynptr(env, regno);
        if (failed < 0) return env.blame(failed, { regno });
    }
  }
  return 0;
}

/** Begins a frame for `subprog`, called at `callsite`; the caller fills in its arguments. */
function enterFrame(env: Env, subprog: number, callsite: number): number {
  if (env.curframe + 1 >= MAX_FRAMES) {
    return env.fail(E2BIG, "call-depth", `the call stack of ${env.curframe + 2} frames is too deep`);
  }
  initFrame(env, { n: env.curframe + 1, callsite, subprog });
  return 0;
}

/** Verifies the call of a subprogram at `slot`, and goes on in it if it is static: 0 or `-errno`. */
export function checkSubprogCall(env: Env, slot: number): number {
  const subprog = env.cols.subprogOf[env.target[slot]];
  const misfit = checkCalleeArgs(env, subprog);
  if (misfit === -EFAULT) return misfit;
  if (env.isGlobal(subprog)) return callGlobal(env, subprog, misfit);
  const failed = enterFrame(env, subprog, slot);
  if (failed < 0) return failed;
  const caller = env.regs;
  env.setFrame(env.curframe + 1);
  for (let r = 1; r <= 5; r++) copyReg(env.regs + r * REG_WORDS, caller + r * REG_WORDS);
  for (let r = 0; r <= 5; r++) markNotInit(caller + r * REG_WORDS);
  env.scratchedRegs |= 0x3f;
  env.nextIdx = env.cols.subprogStart[subprog];
  env.stackLiveness.reset();
  if (env.logging) {
    env.verbose("caller:\n");
    printCurrent(env, env.curframe - 1);
    env.verbose("callee:\n");
    printCurrent(env, env.curframe);
  }
  return 0;
}

function callGlobal(env: Env, subprog: number, misfit: number): number {
  const name = env.program.subprogs[subprog].name, flags = env.subprogFlags[subprog];
  if (env.activeLocks !== 0) {
    return env.fail(
      EINVAL,
      "lock-held",
      "global function calls are not allowed while holding a lock,\nuse static function instead",
    );
  }
  const sleepable = env.sleepable && env.rcuLocks === 0 && env.preemptLocks === 0 && env.irqId === 0;
  if ((flags & SUB_MIGHT_SLEEP) !== 0 && !sleepable) {
    return env.fail(
      EINVAL,
      "sleeping-call",
      "global functions that may sleep are not allowed in non-sleepable context,\n" +
        "i.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context",
    );
  }
  if (misfit < 0) {
    const message = `Caller passes invalid args into func#${subprog} ('${name}')`;
    env.fail(-misfit, "global-argument", message, env.demand);
    return misfit;
  }
  env.verbose(`Func#${subprog} ('${name}') is global and assumed valid.\n`);
  if ((flags & SUB_CHANGES_PACKET) !== 0) clearPacketPointers(env);
  env.subprogFlags[subprog] |= SUB_CALLED;
  clearCallerSaved(env);
  markUnknown(env.regs);
  return 0;
}

/** A callback a helper runs before it returns. */
export interface CallbackCall {
  readonly subprog: number;
  /** Which helper: what the callback is given. */
  readonly kind: "loop" | "for_each_map_elem" | "find_vma" | "user_ringbuf_drain" | "rbtree_add";
}

const FOR_EACH_MAPS: ReadonlySet<number> = new Set([1, 2, 5, 6, 9, 10]);

/** The helper called at the current instruction runs a callback: that path is explored later. 0 or `-errno`. */
export function pushCallback(env: Env, call: CallbackCall): number {
  const { subprog } = call, slot = env.insnIdx, callerFrame = env.frame;
  const misfit = checkCalleeArgs(env, subprog);
  if (misfit === -EFAULT) return misfit;
  env.subprogFlags[subprog] |= SUB_CALLBACK;
  const failed = enterFrame(env, subprog, slot);
  if (failed < 0) return failed;
  const from = callerFrame + F_REGS, frame = frameAt(env.curframe + 1), to = frame + F_REGS;
  if (call.kind === "loop") {
    markUnknown(to + REG_WORDS);
    copyReg(to + 2 * REG_WORDS, from + 3 * REG_WORDS);
  } else if (call.kind === "user_ringbuf_drain") {
    markDynptrArgument(env, to + REG_WORDS, DYNPTR_LOCAL);
    copyReg(to + 2 * REG_WORDS, from + 3 * REG_WORDS);
  } else if (call.kind === "rbtree_add") {
    // Registers of the function are not yet what they are after it.
    const tree = graphAt(env, from + REG_WORDS, W[from + REG_WORDS + OFF]);
    if (tree === undefined) return env.failSilently(EFAULT, "graph-object");
    for (const r of [1, 2]) setElement(env, to + r * REG_WORDS, { ...tree, borrowed: true });
  } else if (call.kind === "find_vma") {
    const typeId = btfOf(env, KERNEL_BTF).find("vm_area_struct", "struct");
    copyReg(to + REG_WORDS, from + REG_WORDS);
    setKernelPointer(env, to + 2 * REG_WORDS, { base: PTR_TO_BTF_ID, flags: 0, typeId, btf: KERNEL_BTF });
    copyReg(to + 3 * REG_WORDS, from + 4 * REG_WORDS);
  } else {
    const map = from + REG_WORDS;
    if (!FOR_EACH_MAPS.has(mapOf(env, W[map + AUX1]).type)) {
      return env.fail(ENOTSUPP, "callback", "callback function not allowed for map");
    }
    copyReg(to + REG_WORDS, map);
    for (const [r, type] of [[2, PTR_TO_MAP_KEY], [3, PTR_TO_MAP_VALUE]]) {
      const o = to + r * REG_WORDS;
      markKnown(o, 0, 0);
      W[o + TYPE] = type;
      W[o + FRAMENO] = 0;
      W[o + AUX1] = W[map + AUX1];
    }
    copyReg(to + 4 * REG_WORDS, from + 3 * REG_WORDS);
  }
  W[frame + F_FLAGS] = IN_CALLBACK;
  W[frame + F_CB_MIN] = 0;
  W[frame + F_CB_MAX] = 1;
  env.setFrame(env.curframe + 1);
  env.callbackUnrollDepth++;
  W[callerFrame + F_CB_DEPTH]++;
  const pushed = env.pending.push(env.cols.subprogStart[subprog], slot, -1);
  env.callbackUnrollDepth--;
  W[callerFrame + F_CB_DEPTH] = 0;
  env.setFrame(env.curframe - 1);
  return pushed < 0 ? pushed : 0;
}

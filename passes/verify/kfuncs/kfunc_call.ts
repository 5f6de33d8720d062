/**
 * Calls of kernel functions: whether the program may call it and what the call does besides its result (`check_kfunc_call` of
 * Linux 6.18).
 *
 * @module
 */
import type { KfuncArgContext, KfuncContext } from "../../facts.ts";
import { W } from "../states/arena.ts";
import { intern, valueGeneration } from "../states/values.ts";
import { pushAsyncCallback } from "../calls/async.ts";
import { isNull } from "../calls/call_memory.ts";
import { kfuncName } from "../flow/call_traits.ts";
import { pushCallback } from "../calls/calls.ts";
import {
  AUX_CALLS_CALLBACK,
  AUX_CHECKPOINT,
  AUX_ITER_NEXT,
  AUX_JUMP_POINT,
  AUX_PRUNE_POINT,
  EACCES,
  EFAULT,
  EINVAL,
  type Env,
  frameAt,
  slotTypesAt,
  spillAt,
  SUB_CHANGES_PACKET,
  SUB_MIGHT_SLEEP,
} from "../env.ts";
import { checkThrow, THROW } from "../calls/exceptions.ts";
import { clearCallerSaved } from "../states/frames.ts";
import { isGplCompatible } from "../calls/gpl.ts";
import { handOver, isInsertion } from "../objects/graph.ts";
import { advance } from "../objects/iterator.ts";
import { endRcuSection, inRcuSection } from "../types/kernel_ptr.ts";
import { checkKfuncArgs } from "./kfunc_args.ts";
import { meta, resetMeta } from "./kfunc_meta.ts";
import { type KfuncProto, kfuncProtoAt, preciseArguments } from "./kfunc_proto.ts";
import { setKfuncResult } from "./kfunc_result.ts";
import {
  AUX1,
  CONST_PTR_TO_DYNPTR,
  dynptrType,
  F_NSLOTS,
  FRAMENO,
  ID,
  OFF,
  PTR_TO_STACK,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  STACK_DYNPTR,
  TVAL,
  TYPE,
} from "../states/layout.ts";
import { clearPacketPointers } from "../memory/packet.ts";
import { releaseReference } from "../objects/references.ts";
import { isConst } from "../numbers/scalar.ts";
import { mayFailToLock, pushFailedLock } from "../objects/spin_lock.ts";

/** Functions that keep a callback for later, and the register that says which map's keys and values it is given. */
const KEEPS_CALLBACK: ReadonlyMap<string, number> = new Map([
  ["bpf_wq_set_callback_impl", 1],
  ["bpf_task_work_schedule_signal_impl", 3],
  ["bpf_task_work_schedule_resume_impl", 3],
]);
/** `BPF_PSEUDO_KFUNC_CALL`, and the opcode of calls. */
const PSEUDO_KFUNC_CALL = 2, CALL = 0x85;

/** What is checked of all kfunc calls before anything is walked, reachable or not: 0 or `-errno`. */
export function checkKfuncs(env: Env): number {
  const { code, src, cols } = env;
  env.markKfunc = (slot) => markTraits(env, slot);
  for (let slot = 0; slot < cols.count; slot++) {
    if (code[slot] !== CALL || src[slot] !== PSEUDO_KFUNC_CALL) continue;
    if (!isGplCompatible(env.unit.license)) {
      return env.fail(EINVAL, "license", "cannot call kernel function from non-GPL compatible program");
    }
    if (kfuncProtoAt(env, slot)?.deviceBound && deviceOf(env) === undefined) {
      return env.fail(EINVAL, "kfunc-not-allowed", "metadata kfuncs require device-bound program");
    }
  }
  return 0;
}

/** The device that the program is bound to; who replaces a function is bound as its target is. */
function deviceOf(env: Env): string | undefined {
  const { device } = env.program.attrs;
  return device ?? (env.extension ? env.host?.program.attrs.device : undefined);
}

/** Marks what the walk must know of the function called at `slot` before it comes there. */
function markTraits(env: Env, slot: number): void {
  const proto = kfuncProtoAt(env, slot);
  if (proto === undefined) return;
  const sub = env.cols.subprogOf[slot];
  if (proto.name === "bpf_rbtree_add_impl") {
    env.aux[slot] |= AUX_CALLS_CALLBACK | AUX_CHECKPOINT | AUX_PRUNE_POINT | AUX_JUMP_POINT;
  }
  // The state before it is looked up, so that the callback is not walked through again and again.
  if (KEEPS_CALLBACK.has(proto.name)) env.aux[slot] |= AUX_PRUNE_POINT;
  if (changesPacket(proto.name)) env.subprogFlags[sub] |= SUB_CHANGES_PACKET;
  // Of functions that not every type may call a program that replaces one is not known yet to be of a type that may.
  if (env.extension && env.profile.kfunc(proto.name)?.types.has("ext") !== true) return;
  if (proto.flags.has("iter_next")) env.aux[slot] |= AUX_ITER_NEXT | AUX_PRUNE_POINT | AUX_CHECKPOINT;
  if (proto.flags.has("sleepable")) env.subprogFlags[sub] |= SUB_MIGHT_SLEEP;
}

function changesPacket(kfunc: string): boolean {
  return kfunc === "bpf_xdp_pull_data";
}

/** A call whose bytes name no function at all: neither an id nor, in an object, a symbol. */
function callsNothing(env: Env, slot: number): boolean {
  const insn = env.program.code.insns[env.cols.position[slot]];
  if (insn.kind !== "call" || insn.callee.kind !== "kfunc") return false;
  const { name, btfId, module } = insn.callee.func;
  return name === "" && btfId === 0 && module === 0;
}

/** Verifies a kfunc call and updates the registers: 0, `PATH_ENDS` where it throws, or `-errno`. */
export function checkKfuncCall(env: Env, slot: number): number {
  const proto = kfuncProtoAt(env, slot);
  if (proto === undefined) {
    if (callsNothing(env, slot)) {
      // It may turn out to be dead code: refused after the walk.
      env.callsNothing = true;
      return 0;
    }
    const name = kfuncName(env, slot) || `${env.imm[slot]} of BTF ${env.off[slot]}`;
    return env.unsupported(`kernel function ${name}: nothing is known of it`);
  }
  const { name, flags } = proto;
  if (!proto.allowed) {
    return env.fail(EACCES, "kfunc-not-allowed", `calling kernel function ${name} is not allowed`);
  }
  if (mayFailToLock(name)) {
    const pushed = pushFailedLock(env);
    if (pushed < 0) return pushed;
  }
  if (name === "__bpf_trap") {
    return env.fail(EFAULT, "kernel-bug", "unexpected __bpf_trap() due to uninitialized variable?");
  }
  if (flags.has("sleepable") && !env.sleepable) {
    return env.fail(EACCES, "sleeping-call", `program must be sleepable to call sleepable kfunc ${name}`);
  }
  resetMeta();
  const precise = proto.body !== undefined && preciseArguments.has(env);
  // What the arguments are is recorded as they are now, before the call takes or changes them.
  env.findings.kfunc(slot, contextKey(env, proto), () => contextOf(env, proto, precise));
  let err = checkKfuncArgs(env, proto);
  if (err < 0) return err;
  if (precise) {
    for (let regno = 1; regno <= proto.params.length; regno++) {
      if (W[env.regs + regno * REG_WORDS + TYPE] !== SCALAR_VALUE) continue;
      err = env.precision.markReg(env, regno);
      if (err < 0) return err;
    }
  }
  if (name === "bpf_rbtree_add_impl") {
    err = pushCallback(env, { subprog: meta.callback, kind: "rbtree_add" });
    if (err < 0) return err;
  }
  const keeper = KEEPS_CALLBACK.get(name);
  if (keeper !== undefined) {
    err = keepCallback(env, keeper);
    if (err < 0) return err;
  }
  err = checkSections(env, proto) || release(env, proto) || insert(env, proto);
  if (err < 0) return err;
  if (name === THROW) return checkThrow(env);
  clearCallerSaved(env);
  err = setKfuncResult(env, proto);
  if (err < 0) return err;
  if (changesPacket(name)) clearPacketPointers(env);
  return flags.has("iter_next") ? advance(env, slot) : 0;
}

/** The callback is called later, where it may sleep. What task work returns, nobody looks at. */
function keepCallback(env: Env, keeper: number): number {
  return pushAsyncCallback(env, {
    subprog: meta.callback,
    keeper: env.regs + keeper * REG_WORDS,
    sleepable: true,
    ...(keeper === 1 ? { returns: 0 } : {}),
  });
}

/** Gives back the reference that a releasing function was passed: 0 or `-errno`. */
function release(env: Env, proto: KfuncProto): number {
  if (meta.releaseRegno === 0) return 0;
  const err = releaseReference(env, W[env.regs + meta.releaseRegno * REG_WORDS + REF_ID]);
  if (err === 0) return 0;
  env.fail(
    -err,
    "unacquired-reference",
    `kfunc ${proto.name}#${proto.btfId} reference has not been acquired before`,
  );
  return err;
}

/** Gives the object in r2 to the list or tree that it was put into: 0 or `-errno`. */
function insert(env: Env, proto: KfuncProto): number {
  return isInsertion(proto.name) ? handOver(env, W[env.regs + 2 * REG_WORDS + REF_ID]) : 0;
}

/** Tells {@linkcode contextOf}s apart: equal arguments have one key. */
function contextKey(env: Env, proto: KfuncProto): string {
  let key = `${valueGeneration()}: `;
  for (let i = 0; i < proto.params.length && i < 5; i++) {
    const param = proto.params[i], o = env.regs + (i + 1) * REG_WORDS;
    if (param.pointee?.name === "bpf_dynptr" && param.pointee.kind === "struct") {
      key += `d${dynptrKindAt(o)} `;
    } else key += W[o + TYPE] === SCALAR_VALUE ? `${intern(o)} ` : "- ";
  }
  return key;
}

/** The arguments as the body of an inlined function may rely on them. */
function contextOf(env: Env, proto: KfuncProto, precise: boolean): KfuncContext {
  const args = proto.params.slice(0, 5).map((param, i): KfuncArgContext => {
    const o = env.regs + (i + 1) * REG_WORDS, type = W[o + TYPE];
    if (param.pointee?.name === "bpf_dynptr" && param.pointee.kind === "struct") {
      return { kind: "dynptr", type: param.name.endsWith("__uninit") ? 0 : dynptrKindAt(o) };
    }
    if (type !== SCALAR_VALUE) return { kind: "opaque" };
    if (param.kind === "pointer" && isNull(o) && !precise) return { kind: "null" };
    const words = Array.from(W.subarray(o, o + REG_WORDS));
    for (const word of [OFF, ID, REF_ID, REG_WORDS - 1]) words[word] = 0;
    return { kind: "scalar", words, precise };
  });
  return { args };
}

function dynptrKindAt(o: number): number {
  if (W[o + TYPE] === CONST_PTR_TO_DYNPTR) return dynptrType(W[o + AUX1]);
  const off = W[o + OFF] + W[o + TVAL], spi = -off / 8 - 1;
  // Whether it may be there at all is said when the argument is verified.
  if (W[o + TYPE] !== PTR_TO_STACK || !isConst(o) || off % 8 !== 0 || spi < 1) return 0;
  const frame = frameAt(W[o + FRAMENO]);
  if (spi >= W[frame + F_NSLOTS] || (W[slotTypesAt(frame, spi)] & 15) !== STACK_DYNPTR) return 0;
  return dynptrType(W[spillAt(frame, spi) + AUX1]);
}

/** RCU read sections and sections without preemption: their beginnings, ends, and what may not be called within. */
function checkSections(env: Env, proto: KfuncProto): number {
  const { name } = proto, sleepable = proto.flags.has("sleepable");
  if (name === "bpf_rcu_read_lock") {
    if (env.rcuLocks !== 0) {
      return env.fail(EINVAL, "lock-misuse", `nested rcu read lock (kernel function ${name})`);
    }
    env.rcuLocks = 1;
  } else if (name === "bpf_rcu_read_unlock") {
    if (env.rcuLocks === 0) {
      return env.fail(EINVAL, "lock-misuse", `unmatched rcu read unlock (kernel function ${name})`);
    }
    endRcuSection(env);
    env.rcuLocks = 0;
  } else if (env.rcuLocks !== 0 && sleepable) {
    return env.fail(EACCES, "sleeping-call", `kernel func ${name} is sleepable within rcu_read_lock region`);
  }
  if (name === "bpf_preempt_disable") env.preemptLocks++;
  else if (name === "bpf_preempt_enable") {
    if (env.preemptLocks === 0) {
      return env.fail(
        EINVAL,
        "lock-misuse",
        `unmatched attempt to enable preemption (kernel function ${name})`,
      );
    }
    env.preemptLocks--;
  } else if (env.preemptLocks !== 0 && sleepable) {
    return env.fail(
      EACCES,
      "sleeping-call",
      `kernel func ${name} is sleepable within non-preemptible region`,
    );
  }
  if (env.irqId !== 0 && sleepable) {
    return env.fail(EACCES, "sleeping-call", `kernel func ${name} is sleepable within IRQ-disabled region`);
  }
  if (proto.flags.has("rcu_protected") && !inRcuSection(env)) {
    return env.fail(EACCES, "lock-misuse", `kernel func ${name} requires RCU critical section protection`);
  }
  return 0;
}

/**
 * Calls of kernel functions: whether the program may call it, whether its arguments fit the prototype, and what r0 holds after
 * (`check_kfunc_call` of Linux 6.18).
 *
 * Parameters are classified by type and by the suffix of their name (`__sz`, `__szk`, `__opt`, `__k`, `__ign`, `__uninit`,
 * `__nullable`, …). Work queues are not decided about.
 *
 * @module
 */
import type { KfuncArgContext, KfuncContext } from "../facts.ts";
import { W } from "./arena.ts";
import { checkArgOffset } from "./call_args.ts";
import { checkOptionalMemory, checkOptionalSizedMemory, isNull } from "./call_memory.ts";
import { isContextName } from "./context_type.ts";
import { checkDynptrArg, dynptrFlag, dynptrReg } from "./dynptr.ts";
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
  spillAt,
  SUB_CHANGES_PACKET,
  SUB_MIGHT_SLEEP,
} from "./env.ts";
import { checkThrow, THROW } from "./exceptions.ts";
import { pushCallback } from "./calls.ts";
import { checkGraphArg, handOver, isGraphPart, isInsertion, isNode, setElement } from "./graph.ts";
import { mayHoldSpinLock } from "./map_pointer.ts";
import { checkOwnedArg, checkSharedArg, setNewObject, setObject, type Shared } from "./objects.ts";
import type { Graph } from "./records.ts";
import { clearCallerSaved } from "./frames.ts";
import { isGplCompatible } from "./gpl.ts";
import { checkIrqFlag } from "./irq_flag.ts";
import { advance, checkIteratorArg } from "./iterator.ts";
import { btfOf, endRcuSection, inRcuSection, KERNEL_BTF, setKernelPointer } from "./kernel_ptr.ts";
import {
  checkMapPointerArg,
  checkStructArg,
  demandsOf,
  isStructPointer,
  kernelContext,
} from "./kfunc_struct.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  CONST_PTR_TO_DYNPTR,
  DYNPTR_INVALID,
  DYNPTR_RINGBUF,
  DYNPTR_SKB,
  DYNPTR_SKB_META,
  DYNPTR_XDP,
  dynptrType,
  FRAMENO,
  ID,
  MEM_RCU,
  MEM_RDONLY,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  TVAL,
  TYPE,
} from "./layout.ts";
import { type KfuncParam, type KfuncProto, kfuncProtoAt, preciseArguments } from "./kfunc_proto.ts";
import { clearPacketPointers } from "./packet.ts";
import { acquireReference, releaseReference } from "./references.ts";
import { isConst, markConst, markKnown, markUnknown } from "./scalar.ts";
import { checkResilientLock, mayFailToLock, pushFailedLock } from "./spin_lock.ts";
import { typeName } from "./type_names.ts";

/** Suffixes and structures of parameters that are not decided about. */
const UNSUPPORTED_SUFFIXES = [
  "__iter",
  "__str",
  "__prog",
];
const UNSUPPORTED_STRUCTS: ReadonlySet<string> = new Set([
  "bpf_wq",
  "bpf_task_work",
]);
/** What a constructor makes of the dynptr parameter it initialises. */
const CONSTRUCTS: Readonly<Record<string, number>> = {
  bpf_dynptr_from_skb: DYNPTR_SKB,
  bpf_dynptr_from_xdp: DYNPTR_XDP,
  bpf_dynptr_from_skb_meta: DYNPTR_SKB_META,
};

/** What the arguments told; one call is verified at a time. */
const meta = {
  /** The value of the one constant parameter, if there is one. */
  constant: 0,
  constantHi: 0,
  hasConstant: false,
  /** The object that is shared, and what the list or tree among the arguments holds. */
  shared: undefined as Shared | undefined,
  graph: undefined as Graph | undefined,
  /** The callback among the arguments. */
  callback: 0,
  /** The initialised dynptr among the arguments: kind, id, reference. */
  dynptrKind: 0,
  dynptrId: 0,
  dynptrRef: 0,
  /** The size of the memory r0 points to, as an argument says (bytes). */
  resultSize: 0,
  resultRdonly: false,
  refId: 0,
  /** The register whose reference is given back; 0 = none. */
  releaseRegno: 0,
  /** The kernel's structure behind the context. */
  contextType: 0,
  /** Word of the first slot of the iterator among the arguments. */
  iterator: 0,
};

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
    if (kfuncProtoAt(env, slot)?.deviceBound && env.program.attrs.device === undefined) {
      return env.fail(EINVAL, "kfunc-not-allowed", "metadata kfuncs require device-bound program");
    }
  }
  return 0;
}

/** Marks what the walk must know of the function called at `slot` before it comes there. */
function markTraits(env: Env, slot: number): void {
  const proto = kfuncProtoAt(env, slot);
  if (proto === undefined) return;
  const sub = env.cols.subprogOf[slot];
  if (proto.name === "bpf_rbtree_add_impl") {
    env.aux[slot] |= AUX_CALLS_CALLBACK | AUX_CHECKPOINT | AUX_PRUNE_POINT | AUX_JUMP_POINT;
  }
  if (proto.flags.has("iter_next")) env.aux[slot] |= AUX_ITER_NEXT | AUX_PRUNE_POINT | AUX_CHECKPOINT;
  if (proto.flags.has("sleepable")) env.subprogFlags[sub] |= SUB_MIGHT_SLEEP;
  if (changesPacket(proto.name)) env.subprogFlags[sub] |= SUB_CHANGES_PACKET;
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
    return env.unsupported(`kernel function ${env.imm[slot]} of BTF ${env.off[slot]}: no prototype`);
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
  meta.constant = 0;
  meta.constantHi = 0;
  meta.hasConstant = false;
  meta.shared = undefined;
  meta.graph = undefined;
  meta.dynptrKind = 0;
  meta.dynptrId = 0;
  meta.dynptrRef = 0;
  meta.resultSize = 0;
  meta.resultRdonly = false;
  meta.refId = 0;
  meta.releaseRegno = 0;
  const precise = proto.body !== undefined && preciseArguments.has(env);
  const context = contextOf(env, proto, precise);
  let err = checkArgs(env, proto);
  if (err < 0) return err;
  if (precise) {
    for (let regno = 1; regno <= proto.params.length; regno++) {
      if (W[env.regs + regno * REG_WORDS + TYPE] !== SCALAR_VALUE) continue;
      err = env.precision.markReg(env, regno);
      if (err < 0) return err;
    }
  }
  env.findings.kfunc(slot, context);
  if (name === "bpf_rbtree_add_impl") {
    err = pushCallback(env, { subprog: meta.callback, kind: "rbtree_add" });
    if (err < 0) return err;
  }
  err = checkSections(env, proto) || release(env, proto) || insert(env, proto);
  if (err < 0) return err;
  if (name === THROW) return checkThrow(env);
  clearCallerSaved(env);
  err = setResult(env, proto);
  if (err < 0) return err;
  if (changesPacket(name)) clearPacketPointers(env);
  return flags.has("iter_next") ? advance(env, slot) : 0;
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

/** The arguments as the body of an inlined function may rely on them. */
function contextOf(env: Env, proto: KfuncProto, precise: boolean): KfuncContext {
  const args = proto.params.slice(0, 5).map((param, i): KfuncArgContext => {
    const o = env.regs + (i + 1) * REG_WORDS, type = W[o + TYPE];
    if (param.pointee?.name === "bpf_dynptr" && param.pointee.kind === "struct") {
      return { kind: "dynptr", type: param.name.endsWith("__uninit") ? 0 : dynptrKindAt(env, o) };
    }
    if (type !== SCALAR_VALUE) return { kind: "opaque" };
    if (param.kind === "pointer" && isNull(o) && !precise) return { kind: "null" };
    const words = Array.from(W.subarray(o, o + REG_WORDS));
    for (const word of [OFF, ID, REF_ID, REG_WORDS - 1]) words[word] = 0;
    return { kind: "scalar", words, precise };
  });
  return { args };
}

function dynptrKindAt(env: Env, o: number): number {
  if (W[o + TYPE] === CONST_PTR_TO_DYNPTR) return dynptrType(W[o + AUX1]);
  const off = W[o + OFF] + W[o + TVAL];
  const inStack = isConst(o) && off < 0 && off >= -512 && off % 8 === 0 &&
    (W[o + TYPE] & BASE_TYPE_MASK) === 6;
  if (!inStack) return 0;
  const d = dynptrReg(env, o);
  return W[d + TYPE] === CONST_PTR_TO_DYNPTR ? dynptrType(W[d + AUX1]) : 0;
}

function checkArgs(env: Env, proto: KfuncProto): number {
  const { params, flags } = proto, demands = demandsOf(proto);
  if (params.length > 5) {
    return env.fail(EINVAL, "kernel-type", `Function ${proto.name} has ${params.length} > 5 args`);
  }
  for (let i = 0; i < params.length; i++) {
    const param = params[i], regno = i + 1, o = env.regs + regno * REG_WORDS;
    if (param.name.endsWith("__ign")) continue;
    if (param.kind === "scalar") {
      const err = checkScalar(env, regno, param);
      if (err < 0) return err;
      continue;
    }
    if (param.kind === "other") {
      return env.fail(EINVAL, "kernel-type", `Unrecognized arg#${i} type ${param.btfKind}`);
    }
    const maybeNull = isNull(o) || (W[o + TYPE] & PTR_MAYBE_NULL) !== 0;
    if ((demands.trusted || demands.rcu) && maybeNull && !param.name.endsWith("__nullable")) {
      return env.fail(EACCES, "nullable", `Possibly NULL pointer passed to trusted arg${i}`);
    }
    if (W[o + REF_ID] !== 0) {
      if (demands.release && meta.refId !== 0) {
        const ids = `${W[o + REF_ID]} ${meta.refId}`;
        return env.fail(
          EFAULT,
          "kernel-bug",
          `verifier bug: more than one arg with ref_obj_id R${regno} ${ids}`,
        );
      }
      meta.refId = W[o + REF_ID];
      if (demands.release) meta.releaseRegno = regno;
    }
    if (i === 0 && (flags.has("iter_new") || flags.has("iter_next") || flags.has("iter_destroy"))) {
      const bad = checkArgOffset(env, regno, {});
      if (bad < 0) return bad;
      const ref = checkIteratorArg(env, regno, proto);
      if (ref < 0) return ref;
      meta.refId = ref;
      meta.iterator = iteratorSlot(o);
      continue;
    }
    const used = checkPointer(env, proto, i);
    if (used < 0) return used;
    i += used;
  }
  if (!demands.release || meta.releaseRegno !== 0) return 0;
  return env.fail(
    EINVAL,
    "unacquired-reference",
    `release kernel function ${proto.name} expects refcounted PTR_TO_BTF_ID`,
  );
}

/** The register that stands for the iterator that the stack pointer at `o` points to. */
function iteratorSlot(o: number): number {
  return spillAt(frameAt(W[o + FRAMENO]), -(W[o + OFF] + W[o + TVAL]) / 8 - 1);
}

function checkScalar(env: Env, regno: number, param: KfuncParam): number {
  const o = env.regs + regno * REG_WORDS;
  if (W[o + TYPE] !== SCALAR_VALUE) return env.fail(EINVAL, "argument-type", `R${regno} is not a scalar`);
  if (param.name.endsWith("__k")) return takeConstant(env, regno, true);
  const rdonly = param.name === "rdonly_buf_size";
  if (!rdonly && param.name !== "rdwr_buf_size") return 0;
  if (meta.resultSize !== 0) {
    return env.fail(EINVAL, "kernel-type", "2 or more rdonly/rdwr_buf_size parameters for kfunc");
  }
  if (!isConst(o)) return env.fail(EINVAL, "constant-argument", `R${regno} is not a const`);
  meta.resultSize = W[o + TVAL];
  meta.resultRdonly = rdonly;
  return env.precision.markReg(env, regno);
}

/** The one constant parameter of a function. */
function takeConstant(env: Env, regno: number, mark: boolean): number {
  const o = env.regs + regno * REG_WORDS;
  if (meta.hasConstant) {
    return env.fail(EFAULT, "kernel-bug", "verifier bug: only one constant argument permitted");
  }
  if (!isConst(o)) return env.fail(EINVAL, "constant-argument", `R${regno} must be a known constant`);
  meta.hasConstant = true;
  meta.constant = W[o + TVAL];
  meta.constantHi = W[o + TVAL + 1];
  return mark ? env.precision.markReg(env, regno) : 0;
}

/** Verifies the pointer parameter `i`: how many further parameters it took with it (its size), or `-errno`. */
function checkPointer(env: Env, proto: KfuncProto, i: number): number {
  const param = proto.params[i], pointee = param.pointee!, regno = i + 1, o = env.regs + regno * REG_WORDS;
  const isCtx = (pointee.kind === "struct" && isContextName(env, pointee.name)) ||
    proto.name === "bpf_cast_to_kern_ctx";
  const type = W[o + TYPE];
  if (!isCtx) {
    if (param.name.endsWith("__nullable") && isNull(o)) return 0;
    const object = checkObject(env, proto, i);
    if (object !== undefined) return object;
    if (param.name.endsWith("__irq_flag")) return checkIrqFlag(env, i, proto.name);
    if (pointee.kind === "struct" && pointee.name === "bpf_res_spin_lock") {
      return checkResilientLock(env, i, proto.name);
    }
    const suffix = UNSUPPORTED_SUFFIXES.find((s) => param.name.endsWith(s));
    if (suffix !== undefined) return env.unsupported(`kernel function parameters named ${suffix}`);
    if (pointee.kind === "struct" && UNSUPPORTED_STRUCTS.has(pointee.name)) {
      return env.unsupported(`kernel function parameters of type ${pointee.name}`);
    }
    if (pointee.kind === "func" && !isStructPointer(type)) return checkCallback(env, proto, i);
  }
  const isDynptr = !isCtx && pointee.kind === "struct" && pointee.name === "bpf_dynptr";
  if (!isCtx && !isDynptr) {
    if (param.name.endsWith("__map")) return checkMapPointerArg(env, proto, i);
    if (isStructPointer(type)) return checkStructArg(env, proto, i);
  }
  const next = proto.params[i + 1], nextReg = env.regs + (regno + 1) * REG_WORDS;
  const sized = !isCtx && !isDynptr && next !== undefined && next.kind === "scalar" &&
    /__szk?$/.test(next.name) &&
    W[nextReg + TYPE] === SCALAR_VALUE;
  if (!isCtx && !isDynptr) {
    const fits = pointee.kind === "scalar" || pointee.ofScalars || (sized && pointee.kind === "void");
    if (!fits) {
      const what = `pointer type ${pointee.btfKind} ${pointee.name} must point to ${
        sized ? "void, " : ""
      }scalar`;
      return env.fail(EINVAL, "argument-type", `arg#${i} ${what}, or struct with scalar`);
    }
  }
  const err = checkArgOffset(env, regno, {});
  if (err < 0) return err;
  if (isCtx) {
    if (type === PTR_TO_CTX) {
      if (proto.name !== "bpf_cast_to_kern_ctx") return 0;
      meta.contextType = kernelContext(env);
      return Math.min(meta.contextType, 0);
    }
    return env.fail(EINVAL, "argument-type", `arg#${i} expected pointer to ctx, but got ${typeName(type)}`);
  }
  if (isDynptr) return checkDynptr(env, proto, i);
  if (!sized) {
    const bad = checkOptionalMemory(env, regno, pointee.size);
    return bad < 0 ? bad : 0;
  }
  return checkSized(env, i, param, next);
}

/** Verifies parameter `i` if it takes an allocated object or part of one: 0 or `-errno`; undefined if it does not. */
function checkObject(env: Env, proto: KfuncProto, i: number): number | undefined {
  const { name, pointee } = proto.params[i];
  if (name.endsWith("__alloc")) return checkOwnedArg(env, i, proto.name);
  if (name.endsWith("__refcounted_kptr")) {
    const shared = checkSharedArg(env, i);
    if (typeof shared === "number") return shared;
    meta.shared = shared;
    return 0;
  }
  if (pointee!.kind !== "struct" || !isGraphPart(pointee!.name)) return undefined;
  const graph = checkGraphArg(env, { i, func: proto.name, struct: pointee!.name, root: meta.graph });
  if (typeof graph === "number") return graph;
  meta.graph = graph;
  return 0;
}

function checkCallback(env: Env, proto: KfuncProto, i: number): number {
  const o = env.regs + (i + 1) * REG_WORDS;
  if (proto.name !== "bpf_rbtree_add_impl") {
    return env.unsupported(`callbacks of kernel function ${proto.name}`);
  }
  const err = checkArgOffset(env, i + 1, {});
  if (err < 0) return err;
  if (W[o + TYPE] !== PTR_TO_FUNC) {
    return env.fail(EINVAL, "argument-type", `arg${i} expected pointer to func`);
  }
  meta.callback = W[o + AUX1];
  return 0;
}

/** Memory and its size, in two parameters. */
function checkSized(env: Env, i: number, buffer: KfuncParam, size: KfuncParam): number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS;
  if (!isNull(o) || !buffer.name.endsWith("__opt")) {
    const err = checkOptionalSizedMemory(env, regno + 1);
    if (err < 0) {
      env.fail(
        -err,
        "size-argument",
        `arg#${i} arg#${i + 1} memory, len pair leads to invalid memory access`,
      );
      return err;
    }
  }
  if (size.name.endsWith("__szk")) {
    const err = takeConstant(env, regno + 1, false);
    if (err < 0) return err;
  }
  return 1;
}

function checkDynptr(env: Env, proto: KfuncProto, i: number): number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS;
  const uninit = proto.params[i].name.endsWith("__uninit");
  let kind = CONSTRUCTS[proto.name] ?? DYNPTR_INVALID, cloneRef = 0;
  if (proto.name === "bpf_dynptr_clone" && uninit) {
    kind = meta.dynptrKind;
    if (kind === DYNPTR_INVALID) {
      return env.fail(EFAULT, "kernel-bug", "verifier bug: no dynptr type for parent of clone");
    }
    cloneRef = kind === DYNPTR_RINGBUF ? meta.dynptrRef : 0;
  }
  const rdonly = W[o + TYPE] === CONST_PTR_TO_DYNPTR;
  if (rdonly && uninit) {
    return env.fail(EFAULT, "kernel-bug", "verifier bug: misconfigured dynptr helper type flags");
  }
  const err = checkDynptrArg(env, regno, { kind, uninit, rdonly, cloneRef });
  if (err < 0 || uninit) return err;
  const d = dynptrReg(env, o);
  meta.dynptrKind = dynptrType(W[d + AUX1]);
  meta.dynptrId = W[d + ID];
  meta.dynptrRef = W[d + REF_ID];
  return 0;
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

/** Gives r0 what the function returns: 0 or `-errno`. */
function setResult(env: Env, proto: KfuncProto): number {
  const r0 = env.regs, { ret, name } = proto;
  if (ret.kind === "void") return 0;
  if (ret.kind === "scalar") {
    if (mayFailToLock(name)) markConst(r0, 0, 0);
    else markUnknown(r0);
    return 0;
  }
  if (ret.kind === "other") return env.unsupported(`result of kernel function ${name}`);
  if (name === "bpf_session_cookie") {
    setMemory(r0, PTR_TO_MEM, 8);
    return 0;
  }
  const pointee = ret.pointee!, special = specialResult(env, name);
  if (special < 0) return special;
  const slice = name === "bpf_dynptr_slice" || name === "bpf_dynptr_slice_rdwr";
  if (slice) {
    if (!meta.hasConstant) {
      return env.fail(EFAULT, "kernel-bug", "verifier bug: bpf_dynptr_slice(_rdwr) no constant size");
    }
    let type = PTR_TO_MEM | dynptrFlag(meta.dynptrKind);
    if (name === "bpf_dynptr_slice") type |= MEM_RDONLY;
    else if (!env.rules.packetWrite) {
      return env.fail(EINVAL, "read-only", "the prog does not allow writes to packet data");
    }
    setMemory(r0, type, meta.constant);
    W[r0 + AUX2] = meta.dynptrId;
  } else if (special > 0) {
    // Done.
  } else if (pointee.kind === "struct" && isNode(pointee.name) && meta.graph !== undefined) {
    setElement(env, r0, { ...meta.graph, borrowed: !proto.flags.has("acquire") });
  } else if (pointee.kind === "void") {
    markUnknown(r0);
  } else if (pointee.kind === "struct") {
    if (pointee.typeId === 0 || UNSUPPORTED_STRUCTS.has(pointee.name)) {
      return env.unsupported(`kernel structures: result of kernel function ${name}`);
    }
    const flags = structResultFlags(proto);
    setKernelPointer(env, r0, { base: PTR_TO_BTF_ID, flags, typeId: pointee.typeId, btf: KERNEL_BTF });
  } else {
    const size = meta.resultSize !== 0 ? meta.resultSize : pointee.size;
    if (size === 0) {
      const what = `returns pointer type ${pointee.btfKind} ${pointee.name} is not supported`;
      return env.fail(EINVAL, "argument-type", `kernel function ${name} ${what}`);
    }
    const rdonly = meta.resultSize !== 0 ? meta.resultRdonly : true;
    setMemory(r0, PTR_TO_MEM | (rdonly ? MEM_RDONLY : 0), size);
    W[r0 + REF_ID] = meta.refId;
    if (proto.flags.has("rcu_protected")) W[r0 + TYPE] |= MEM_RCU;
  }
  const orNull = proto.flags.has("ret_null") && meta.shared?.owned !== true;
  if (orNull) {
    W[r0 + TYPE] |= PTR_MAYBE_NULL;
    W[r0 + ID] = env.newId();
  }
  if (proto.flags.has("acquire")) {
    const id = acquireReference(env);
    if (orNull) W[r0 + ID] = id;
    W[r0 + REF_ID] = id;
  }
  if (W[r0 + ID] === 0 && mayHoldSpinLock(env, r0)) W[r0 + ID] = env.newId();
  return 0;
}

/** How far a kernel structure that a function returns may be trusted. */
function structResultFlags(proto: KfuncProto): number {
  if (proto.name === "bpf_get_kmem_cache") return PTR_UNTRUSTED;
  const protectedByRcu = proto.flags.has("rcu_protected") ? MEM_RCU : 0;
  if (!proto.flags.has("iter_next")) return protectedByRcu;
  return protectedByRcu | ((W[meta.iterator + TYPE] & MEM_RCU) !== 0 ? MEM_RCU : PTR_TRUSTED);
}

/** Gives r0 what a casting function returns: 1 if the function is one, 0 if not, or `-errno`. */
function specialResult(env: Env, name: string): number {
  const r0 = env.regs;
  if (name === "bpf_cast_to_kern_ctx") {
    const typeId = meta.contextType;
    setKernelPointer(env, r0, { base: PTR_TO_BTF_ID, flags: PTR_TRUSTED, typeId, btf: KERNEL_BTF });
    return 1;
  }
  if (name === "bpf_obj_new_impl" || name === "bpf_percpu_obj_new_impl") {
    return setNewObject(env, name, { lo: meta.constant, hi: meta.constantHi }) || 1;
  }
  if (meta.shared !== undefined) {
    setObject(r0, meta.shared.typeId, 0);
    return 1;
  }
  if (name !== "bpf_rdonly_cast") return 0;
  const btf = btfOf(env, KERNEL_BTF), typeId = meta.constant;
  if (typeId < 0 || typeId >= btf.count) {
    return env.fail(EINVAL, "kernel-type", `Unknown type ID ${typeId} passed to kfunc bpf_rdonly_cast`);
  }
  const { kind } = btf.type(typeId);
  if (kind === "struct" || kind === "union") {
    setKernelPointer(env, r0, { base: PTR_TO_BTF_ID, flags: PTR_UNTRUSTED, typeId, btf: KERNEL_BTF });
  } else if (kind === "void") setMemory(r0, PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED, 0);
  else {return env.fail(
      EINVAL,
      "kernel-type",
      "kfunc bpf_rdonly_cast type ID argument must be of a struct or void",
    );}
  return 1;
}

function setMemory(o: number, type: number, size: number): void {
  markKnown(o, 0, 0);
  W[o + TYPE] = type;
  W[o + FRAMENO] = 0;
  W[o + AUX1] = size;
}

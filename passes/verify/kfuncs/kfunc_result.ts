/**
 * What r0 holds after a kernel function (the second half of `check_kfunc_call`, and `check_special_kfunc`, of Linux 6.18).
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { dynptrFlag } from "../objects/dynptr.ts";
import { EFAULT, EINVAL, type Env } from "../env.ts";
import { isNode, setElement } from "../objects/graph.ts";
import { btfOf, KERNEL_BTF, setKernelPointer } from "../types/kernel_ptr.ts";
import { meta } from "./kfunc_meta.ts";
import type { KfuncProto } from "./kfunc_proto.ts";
import {
  AUX1,
  AUX2,
  FRAMENO,
  ID,
  MEM_RCU,
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REF_ID,
  TYPE,
} from "../states/layout.ts";
import { mayHoldSpinLock } from "../memory/map_pointer.ts";
import { setNewObject, setObject } from "../objects/objects.ts";
import { acquireReference } from "../objects/references.ts";
import { markConst, markKnown, markUnknown } from "../numbers/scalar.ts";
import { mayFailToLock } from "../objects/spin_lock.ts";

/** Gives r0 what the function returns: 0 or `-errno`. */
export function setKfuncResult(env: Env, proto: KfuncProto): number {
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
    if (pointee.typeId === 0) {
      return env.unsupported(`kernel structures: result of kernel function ${name}`);
    }
    const flags = structResultFlags(proto);
    setKernelPointer(env, r0, { base: PTR_TO_BTF_ID, flags, typeId: pointee.typeId, btf: pointee.btf });
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

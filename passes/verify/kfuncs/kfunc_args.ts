/**
 * Arguments of kernel functions: whether each fits its parameter, and what it tells (`check_kfunc_args` of Linux 6.18).
 *
 * Parameters are classified by type and by the suffix of their name (`__sz`, `__szk`, `__opt`, `__k`, `__ign`, `__uninit`,
 * `__nullable`, …).
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { type AsyncField, checkAsyncField, isAsyncField } from "../calls/async.ts";
import { checkArgOffset } from "../calls/call_args.ts";
import { checkOptionalMemory, checkOptionalSizedMemory, isNull, relyOnNull } from "../calls/call_memory.ts";
import { checkConstString } from "../calls/const_string.ts";
import { isContextName } from "../context/context_type.ts";
import { checkDynptrArg, dynptrReg } from "../objects/dynptr.ts";
import { EACCES, EFAULT, EINVAL, type Env, frameAt, spillAt } from "../env.ts";
import { checkGraphArg, isGraphPart } from "../objects/graph.ts";
import { checkIrqFlag } from "../objects/irq_flag.ts";
import { checkIteratorArg } from "../objects/iterator.ts";
import { meta } from "./kfunc_meta.ts";
import type { KfuncParam, KfuncProto } from "./kfunc_proto.ts";
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
  CONST_PTR_TO_MAP,
  DYNPTR_INVALID,
  DYNPTR_RINGBUF,
  DYNPTR_SKB,
  DYNPTR_SKB_META,
  DYNPTR_XDP,
  dynptrType,
  FRAMENO,
  ID,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  TVAL,
  TYPE,
} from "../states/layout.ts";
import { specialFields } from "../memory/map_pointer.ts";
import { checkOwnedArg, checkSharedArg } from "../objects/objects.ts";
import { isConst } from "../numbers/scalar.ts";
import { checkResilientLock } from "../objects/spin_lock.ts";
import { typeName } from "../log/type_names.ts";

/** What a constructor makes of the dynptr parameter it initialises. */
const CONSTRUCTS: Readonly<Record<string, number>> = {
  bpf_dynptr_from_skb: DYNPTR_SKB,
  bpf_dynptr_from_xdp: DYNPTR_XDP,
  bpf_dynptr_from_skb_meta: DYNPTR_SKB_META,
};

/** Verifies all arguments of a call, and notes what they tell: 0 or `-errno`. */
export function checkKfuncArgs(env: Env, proto: KfuncProto): number {
  const { params, flags } = proto, demands = demandsOf(proto);
  if (params.length > 5) {
    return env.fail(EINVAL, "kernel-type", `Function ${proto.name} has ${params.length} > 5 args`);
  }
  for (let i = 0; i < params.length; i++) {
    const param = params[i], regno = i + 1, o = env.regs + regno * REG_WORDS;
    // What is handed to the function by others than the program.
    if (param.name.endsWith("__ign") || param.name.endsWith("__prog")) continue;
    if (param.kind === "scalar") {
      const err = checkScalar(env, regno, param);
      if (err < 0) return env.blame(err, { regno });
      continue;
    }
    if (param.kind === "other") {
      return env.fail(EINVAL, "kernel-type", `Unrecognized arg#${i} type ${param.btfKind}`);
    }
    const maybeNull = isNull(o) || (W[o + TYPE] & PTR_MAYBE_NULL) !== 0;
    if ((demands.trusted || demands.rcu) && maybeNull && !param.name.endsWith("__nullable")) {
      return env.fail(EACCES, "nullable", `Possibly NULL pointer passed to trusted arg${i}`, { regno });
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
      if (ref < 0) return env.blame(ref, { regno });
      meta.refId = ref;
      meta.iterator = iteratorSlot(o);
      continue;
    }
    const used = checkPointer(env, proto, i);
    if (used < 0) return env.blame(used, { regno });
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
  if (!isConst(o)) return env.fail(EINVAL, "constant-argument", `R${regno} is not a const`, { regno });
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
  if (!isConst(o)) {
    return env.fail(EINVAL, "constant-argument", `R${regno} must be a known constant`, { regno });
  }
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
    if (param.name.endsWith("__nullable") && isNull(o)) return relyOnNull(env, regno);
    const object = checkObject(env, proto, i);
    if (object !== undefined) return object;
    if (param.name.endsWith("__iter")) {
      const ref = checkArgOffset(env, regno, {}) || checkIteratorArg(env, regno, proto);
      meta.refId = ref;
      return Math.min(ref, 0);
    }
    if (param.name.endsWith("__str")) return checkString(env, i);
    if (pointee.kind === "struct" && isAsyncField(pointee.name)) return checkKeeper(env, i, pointee.name);
    if (param.name.endsWith("__irq_flag")) return checkIrqFlag(env, i, proto.name);
    if (pointee.kind === "struct" && pointee.name === "bpf_res_spin_lock") {
      return checkResilientLock(env, i, proto.name);
    }
    if (pointee.kind === "func" && !isStructPointer(type)) return checkCallback(env, i);
  }
  const isDynptr = !isCtx && pointee.kind === "struct" && pointee.name === "bpf_dynptr";
  if (!isCtx && !isDynptr) {
    if (param.name.endsWith("__map")) return checkMap(env, proto, i);
    if (isStructPointer(type)) return checkStructArg(env, proto, i);
  }
  const next = proto.params[i + 1], nextReg = env.regs + (regno + 1) * REG_WORDS;
  const sized = !isCtx && !isDynptr && next !== undefined && next.kind === "scalar" &&
    /__szk?$/.test(next.name) &&
    W[nextReg + TYPE] === SCALAR_VALUE;
  if (!isCtx && !isDynptr) {
    if (pointee.ofScalars === "deep") env.verbose("max struct nesting depth exceeded\n");
    const fits = pointee.kind === "scalar" || pointee.ofScalars === true ||
      (sized && pointee.kind === "void");
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

/** Verifies a string that is known and stays so. */
function checkString(env: Env, i: number): number {
  const err = checkArgOffset(env, i + 1, {});
  if (err < 0) return err;
  if (W[env.regs + (i + 1) * REG_WORDS + TYPE] !== PTR_TO_MAP_VALUE) {
    return env.fail(EINVAL, "argument-type", `arg#${i} doesn't point to a const string`);
  }
  return checkConstString(env, i + 1);
}

/** Verifies the field of a map's value that a callback is kept in. */
function checkKeeper(env: Env, i: number, kind: AsyncField): number {
  const o = env.regs + (i + 1) * REG_WORDS, err = checkArgOffset(env, i + 1, {});
  if (err < 0) return err;
  if (W[o + TYPE] !== PTR_TO_MAP_VALUE) {
    return env.fail(EINVAL, "argument-type", `arg#${i} doesn't point to a map value`);
  }
  const bad = checkAsyncField(env, i + 1, kind);
  if (bad < 0) return bad;
  meta.map = W[o + AUX1];
  meta.mapUid = W[o + AUX2];
  return 0;
}

/** Verifies a map, which must be the one that the field before lies in if there is such a field. */
function checkMap(env: Env, proto: KfuncProto, i: number): number {
  const o = env.regs + (i + 1) * REG_WORDS, base = W[o + TYPE] & BASE_TYPE_MASK;
  if (base === CONST_PTR_TO_MAP || base === PTR_TO_MAP_VALUE || base === PTR_TO_MAP_KEY) {
    const map = W[o + AUX1], uid = W[o + AUX2];
    if (meta.map >= 0 && (meta.map !== map || meta.mapUid !== uid)) {
      const taskWork = specialFields(env, map).some((field) => field.kind === "bpf_task_work");
      const what = taskWork
        ? `bpf_task_work pointer in R2 map_uid=${meta.mapUid} doesn't match map pointer in R3`
        : `workqueue pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2`;
      return env.fail(EINVAL, "map-helper", `${what} map_uid=${uid}`);
    }
    meta.map = map;
    meta.mapUid = uid;
  } else if (meta.map >= 0 && isStructPointer(W[o + TYPE])) {
    return env.unsupported("a kernel's structure where a callback's map is expected");
  }
  return checkMapPointerArg(env, proto, i);
}

function checkCallback(env: Env, i: number): number {
  const o = env.regs + (i + 1) * REG_WORDS;
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
  if (isNull(o) && buffer.name.endsWith("__opt")) {
    const err = relyOnNull(env, regno);
    if (err < 0) return err;
  } else {
    const err = checkOptionalSizedMemory(env, regno + 1);
    if (err < 0) {
      env.fail(
        -err,
        "size-argument",
        `arg#${i} arg#${i + 1} memory, len pair leads to invalid memory access`,
        env.demand,
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

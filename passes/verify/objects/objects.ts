/**
 * Objects that a program allocates: made, given back, shared, and read and written field by field.
 *
 * Mirrors the allocated-object parts of `check_kfunc_args`, `check_special_kfunc` and `btf_struct_access` of Linux 6.18.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { checkArgOffset } from "../calls/call_args.ts";
import { EFAULT, EINVAL, type Env } from "../env.ts";
import { isTrusted, PROGRAM_BTF } from "../types/kernel_ptr.ts";
import {
  AUX1,
  AUX2,
  FRAMENO,
  MEM_ALLOC,
  MEM_PERCPU,
  OFF,
  PTR_TO_BTF_ID,
  REF_ID,
  REG_WORDS,
  TYPE,
} from "../states/layout.ts";
import { isObject, structFields } from "../types/records.ts";
import { markKnown } from "../numbers/scalar.ts";

/** Bytes of the largest object that each CPU can have its own of (`BPF_GLOBAL_PERCPU_MA_MAX_SIZE`). */
const MAX_PERCPU_SIZE = 512;
/** How deep structures of numbers may be nested. */
const MAX_NESTING = 4;

/** Verifies the object in register `i + 1`, for a parameter named `__alloc` of a function: 0 or `-errno`. */
export function checkOwnedArg(env: Env, i: number, func: string): number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  // Both functions that take one give it back.
  if (!isTrusted(o)) {
    return env.fail(EINVAL, "unacquired-reference", `R${regno} must be referenced or trusted`);
  }
  const err = checkArgOffset(env, regno, { release: W[o + REF_ID] !== 0 });
  if (err < 0) return err;
  const needed = type === (PTR_TO_BTF_ID | MEM_ALLOC)
    ? "bpf_obj_drop_impl"
    : type === (PTR_TO_BTF_ID | MEM_ALLOC | MEM_PERCPU)
    ? "bpf_percpu_obj_drop_impl"
    : "";
  if (needed === "") {
    return env.fail(EINVAL, "argument-type", `arg#${i} expected pointer to allocated object`);
  }
  if (func !== needed) return env.fail(EINVAL, "argument-type", `arg#${i} expected for ${needed}()`);
  return W[o + REF_ID] !== 0
    ? 0
    : env.fail(EINVAL, "unacquired-reference", "allocated object must be referenced");
}

/** What a call of `bpf_refcount_acquire_impl` was given. */
export interface Shared {
  /** The object's structure, in the program's BTF. */
  readonly typeId: number;
  /** The caller owns a reference, so that the call cannot fail. */
  readonly owned: boolean;
}

/** Verifies the object in register `i + 1`, for a parameter named `__refcounted_kptr`: what it is, or `-errno`. */
export function checkSharedArg(env: Env, i: number): Shared | number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  const err = checkArgOffset(env, regno, {});
  if (err < 0) return err;
  if (!isObject(type)) {
    return env.fail(EINVAL, "argument-type", `arg#${i} is neither owning or non-owning ref`);
  }
  const fields = structFields(env.btf!, W[o + AUX1]);
  if (fields.length === 0) return env.fail(EFAULT, "kernel-bug", "verifier bug: Couldn't find btf_record");
  if (!fields.some((field) => field.kind === "bpf_refcount")) {
    return env.fail(EINVAL, "argument-type", `arg#${i} doesn't point to a type with bpf_refcount field`);
  }
  // Beyond the kernel, which takes what a map keeps for owned: it may be on its way out.
  return { typeId: W[o + AUX1], owned: W[o + REF_ID] !== 0 };
}

/** Makes the register at `o` a pointer to an allocated object of the program's structure `typeId`, `off` bytes into it. */
export function setObject(o: number, typeId: number, off: number): void {
  markKnown(o, 0, 0);
  W[o + TYPE] = PTR_TO_BTF_ID | MEM_ALLOC;
  W[o + FRAMENO] = 0;
  W[o + OFF] = off;
  W[o + AUX1] = typeId;
  W[o + AUX2] = PROGRAM_BTF;
}

/** Gives r0 a new object of the type the program asked for by its id, 64 bits: 0 or `-errno`. */
export function setNewObject(
  env: Env,
  func: string,
  id: { readonly lo: number; readonly hi: number },
): number {
  if (id.hi !== 0) {
    return env.fail(EINVAL, "allocated-type", "local type ID argument must be in range [0, U32_MAX]");
  }
  const { btf } = env, typeId = id.lo >>> 0, perCpu = func === "bpf_percpu_obj_new_impl";
  // Types that are only those of its maps are not the program's.
  if (btf === undefined || env.program.subprogs[0].btfId === 0) {
    return env.fail(EINVAL, "allocated-type", "bpf_obj_new/bpf_percpu_obj_new requires prog BTF");
  }
  const type = typeId < btf.count ? btf.type(typeId) : undefined;
  if (type?.kind !== "struct") {
    return env.fail(
      EINVAL,
      "allocated-type",
      "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct",
    );
  }
  const fields = structFields(btf, typeId);
  if (perCpu) {
    if (type.size > MAX_PERCPU_SIZE) {
      const what = `bpf_percpu_obj_new type size (${type.size}) is greater than ${MAX_PERCPU_SIZE}`;
      return env.fail(EINVAL, "allocated-type", what);
    }
    if (!isOfScalars(env, typeId, 0)) {
      return env.fail(
        EINVAL,
        "allocated-type",
        "bpf_percpu_obj_new type ID argument must be of a struct of scalars",
      );
    }
    if (fields.length !== 0) {
      return env.fail(
        EINVAL,
        "allocated-type",
        "bpf_percpu_obj_new type ID argument must not contain special fields",
      );
    }
  }
  setObject(env.regs, typeId, 0);
  if (perCpu) W[env.regs + TYPE] |= MEM_PERCPU;
  return 0;
}

function isOfScalars(env: Env, typeId: number, depth: number): boolean {
  const btf = env.btf!, type = btf.type(typeId);
  if (type.kind !== "struct" && type.kind !== "union") return false;
  for (const member of type.members) {
    let id = btf.resolve(member.type), inner = btf.type(id);
    if (inner.kind === "struct" || inner.kind === "union") {
      if (depth + 1 >= MAX_NESTING) {
        env.verbose("max struct nesting depth exceeded\n");
        return false;
      }
      if (!isOfScalars(env, id, depth + 1)) return false;
      continue;
    }
    if (inner.kind === "array") {
      if (inner.count === 0) return false;
      id = btf.resolve(inner.type);
      inner = btf.type(id);
    }
    if (inner.kind !== "int" && inner.kind !== "enum" && inner.kind !== "enum64") return false;
  }
  return true;
}

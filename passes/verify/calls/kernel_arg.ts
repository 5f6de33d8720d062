/**
 * Kernel structures as arguments and results of helpers: whether what a register points to is what the helper takes, and what a
 * helper's result points to.
 *
 * Mirrors the `PTR_TO_BTF_ID` parts of `check_reg_type` and `check_helper_call` of Linux 6.18.
 *
 * @module
 */
import type { ArgProto, HelperProto } from "../../../profile/profile.ts";
import { W } from "../states/arena.ts";
import { EACCES, EFAULT, EINVAL, type Env } from "../env.ts";
import { btfOf, KERNEL_BTF, PROGRAM_BTF, setKernelPointer } from "../types/kernel_ptr.ts";
import { checkFits, type Kptr } from "../objects/kptr.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  REG_WORDS,
  TYPE,
} from "../states/layout.ts";
import { structMatches } from "../types/struct_walk.ts";
import { typeName } from "../log/type_names.ts";

/** `BPF_FUNC_sk_release`. */
const SK_RELEASE = 86;
/** `BPF_FUNC_kptr_xchg`. */
const KPTR_XCHG = 194;

/** Parameters that take memory of any kind. */
const MEMORY: ReadonlySet<string> = new Set(["ARG_PTR_TO_MEM", "ARG_PTR_TO_MAP_KEY", "ARG_PTR_TO_MAP_VALUE"]);

/**
 * Whether the structure that register `regno` points to is what a helper's parameter takes; its type alone fits already. 0 or
 * `-errno`.
 */
export function checkKernelArg(
  env: Env,
  regno: number,
  call: { readonly arg: ArgProto; readonly helper: HelperProto; readonly kptr?: Kptr },
): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE], { arg, helper } = call;
  if ((type & BASE_TYPE_MASK) !== PTR_TO_BTF_ID) return 0;
  if (MEMORY.has(arg.base)) {
    if (arg.rdonly) return 0;
    const what = `may write into memory pointed by R${regno} type=${typeName(type)}`;
    return env.fail(EACCES, "argument-type", `bpf_${helper.name}() ${what}`);
  }
  if ((type & MEM_ALLOC) !== 0) {
    if ((type & ~MEM_PERCPU) !== (PTR_TO_BTF_ID | MEM_ALLOC)) {
      const what = "verifier bug: invalid PTR_TO_BTF_ID register for type match";
      return env.fail(EFAULT, "kernel-bug", what);
    }
    if (helper.id === KPTR_XCHG && arg.release) {
      return call.kptr !== undefined && checkFits(env, call.kptr, regno) === 0 ? 0 : -EACCES;
    }
    if (arg.base === "ARG_PTR_TO_SPIN_LOCK" || helper.id === KPTR_XCHG) return 0;
    return env.fail(EFAULT, "kernel-bug", "verifier bug: unimplemented handling of MEM_ALLOC");
  }
  if ((type & MEM_PERCPU) !== 0) return 0;
  if (helper.id === KPTR_XCHG) {
    if ((type & PTR_MAYBE_NULL) !== 0) {
      return env.fail(EACCES, "nullable", `Possibly NULL pointer passed to helper arg${regno}`);
    }
    return call.kptr !== undefined && checkFits(env, call.kptr, regno) === 0 ? 0 : -EACCES;
  }
  const name = arg.btfType ?? (arg.base === "ARG_PTR_TO_BTF_ID_SOCK_COMMON" ? "sock_common" : undefined);
  if (name === undefined) {
    return env.fail(EFAULT, "kernel-bug", "verifier bug: missing arg compatible BTF ID");
  }
  const kernel = btfOf(env, KERNEL_BTF), needed = kernel.find(name, "struct");
  if (needed === 0) return env.unsupported(`struct ${name}: not in the kernel's BTF`);
  return checkStructFits(env, regno, {
    typeId: needed,
    maybeNull: arg.maybeNull === true && !arg.release,
    strict: arg.release === true && helper.id !== SK_RELEASE,
  });
}

/** Whether the kernel structure in `regno` is one of a type, or begins with one unless `strict`: 0 or `-errno`. */
export function checkStructFits(
  env: Env,
  regno: number,
  needs: { readonly typeId: number; readonly maybeNull: boolean; readonly strict: boolean },
): number {
  const o = env.regs + regno * REG_WORDS, kernel = btfOf(env, KERNEL_BTF);
  if ((W[o + TYPE] & PTR_MAYBE_NULL) !== 0 && !needs.maybeNull) {
    return env.fail(EACCES, "nullable", `Possibly NULL pointer passed to helper arg${regno}`);
  }
  const btf = btfOf(env, W[o + AUX2]), typeId = W[o + AUX1];
  const fits = structMatches(
    env,
    { btf, typeId, off: W[o + OFF] },
    { btf: kernel, typeId: needs.typeId, strict: needs.strict, own: false },
  );
  if (fits) return 0;
  const name = btf.name(btf.resolve(typeId)), needed = kernel.name(needs.typeId);
  return env.fail(EACCES, "argument-type", `R${regno} is of type ${name} but ${needed} is expected`);
}

/** Gives r0 the kernel structure that a helper returns, with `flags` (`PTR_MAYBE_NULL` and its kin): 0 or `-errno`. */
export function setKernelResult(env: Env, helper: HelperProto, flags: number): number {
  const name = helper.ret.btfType;
  const typeId = name === undefined ? 0 : btfOf(env, KERNEL_BTF).find(name, "struct");
  // A kernel may be built without the structure's subsystem; its helper is refused then.
  if (typeId === 0) {
    return env.fail(
      EINVAL,
      "helper-unknown",
      `invalid return type 8 of func bpf_${helper.name}#${helper.id}`,
    );
  }
  setResultType(env, { base: PTR_TO_BTF_ID, flags, typeId, btf: KERNEL_BTF });
  return 0;
}

function setResultType(env: Env, type: { base: number; flags: number; typeId: number; btf: number }): void {
  // The caller gives it an id with all the results that may be null.
  const { flags } = type;
  setKernelPointer(env, env.regs, { ...type, flags: flags & ~PTR_MAYBE_NULL });
  W[env.regs + TYPE] |= flags & PTR_MAYBE_NULL;
}

/** What a per-CPU argument points to. */
export interface PerCpu {
  readonly typeId: number;
  /** `AUX2` of the register. */
  readonly btf: number;
  /** The program allocated it. */
  readonly own?: boolean;
}

/** The per-CPU variable in register `regno`, or `-errno`. */
export function perCpuArg(env: Env, regno: number): PerCpu | number {
  const o = env.regs + regno * REG_WORDS;
  if (W[o + AUX1] === 0) return env.fail(EACCES, "argument-type", `Helper has invalid btf_id in R${regno}`);
  const own = (W[o + TYPE] & MEM_RCU) !== 0;
  if (own && W[o + AUX2] !== PROGRAM_BTF) {
    return env.unsupported("per-CPU structures of the kernel under RCU");
  }
  return { typeId: W[o + AUX1], btf: W[o + AUX2], own };
}

/** Gives r0 one CPU's copy of a variable: 0 or `-errno`. */
export function setPerCpuResult(env: Env, variable: PerCpu, flags: number): number {
  const btf = btfOf(env, variable.btf), type = btf.type(btf.resolve(variable.typeId));
  if (type.kind === "struct" || type.kind === "union") {
    const { typeId, btf, own } = variable;
    setResultType(env, {
      base: PTR_TO_BTF_ID,
      flags: own ? MEM_ALLOC | MEM_RCU : flags & ~MEM_RDONLY,
      typeId,
      btf,
    });
    return 0;
  }
  let size: number;
  try {
    size = btf.sizeOf(variable.typeId);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const name = "name" in type ? type.name : "";
    return env.fail(EINVAL, "kernel-type", `unable to resolve the size of type '${name}': -22`);
  }
  setResultType(env, { base: PTR_TO_MEM, flags, typeId: 0, btf: KERNEL_BTF });
  W[env.regs + AUX1] = size;
  return 0;
}

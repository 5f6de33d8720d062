/**
 * Contexts that are the arguments of a kernel function, tracepoint, iterator or callback: which argument an access means, and what
 * a load of it gives (`btf_ctx_access` of Linux 6.18's `kernel/bpf/btf.c`).
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import type { TargetArg } from "../../../profile/profile.ts";
import { isContextOf, kernelContextOf } from "./context_type.ts";
import type { LoadedProgram } from "./loaded_program.ts";
import { kindName, type Target, targetOf } from "./target.ts";
import type { Env } from "../env.ts";
import { hookRange } from "./lsm_hook.ts";
import { KERNEL_BTF, type KernelType } from "../types/kernel_ptr.ts";
import {
  MEM_PERCPU,
  MEM_RDONLY,
  MEM_USER,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TRUSTED,
  SCALAR_VALUE,
} from "../states/layout.ts";

const NUMBER: KernelType = { base: SCALAR_VALUE, flags: 0, typeId: 0, btf: KERNEL_BTF };
/** `MAX_BPF_FUNC_ARGS`, 8 bytes each. */
const CONTEXT_BYTES = 12 * 8;
/** `MAX_BPF_FUNC_REG_ARGS`: what a function has of which nothing is known. */
const MAX_ARGS = 5;
/** `BPF_TRACE_FEXIT`, `BPF_MODIFY_RETURN`, `BPF_LSM_MAC` and `BPF_LSM_CGROUP`: after the arguments comes the result. */
const WITH_RESULT: ReadonlySet<number> = new Set([25, 26, 27, 43]);
const MODIFY_RETURN = 26;

/** What a load of `size` bytes at `off` of the context gives; undefined if it is not allowed, with what is to be said logged. */
export function typedContextField(
  env: Env,
  access: { readonly off: number; readonly size: number; readonly write: boolean },
): KernelType | undefined {
  const target = targetOf(env), { off, size } = access;
  if (target === undefined) return env.unsupported(`context of ${env.rules.name}`);
  if (off < 0 || off >= CONTEXT_BYTES || access.write || off % size !== 0) return undefined;
  const found = argument(env, target, off, size);
  const promotes = target.structOps?.promotes;
  if (found === undefined || promotes === undefined || found.base !== PTR_TO_BTF_ID) return found;
  const safe = (found.flags & ~PTR_TRUSTED) === 0 && target.btf.name(found.typeId) === promotes[0];
  return safe ? { ...found, typeId: target.btf.find(promotes[1], "struct") } : found;
}

function refuse(env: Env, message: string): undefined {
  env.verbose(`${message}\n`);
  return undefined;
}

function argument(env: Env, target: Target, off: number, size: number): KernelType | undefined {
  const { btf, name, params } = target;
  if (off % 8 !== 0) return refuse(env, `func '${name}' offset ${off} is not multiple of 8`);
  const arg = target.unknown ? off / 8 : argumentAt(target, off),
    last = target.unknown ? MAX_ARGS : params.length;
  const returns = arg === last && WITH_RESULT.has(env.attachType);
  if (arg >= last && !returns) {
    return refuse(env, `func '${name}' doesn't have ${arg + 1}-th argument`);
  }
  if (target.unknown) return NUMBER;
  const type = btf.type(btf.resolve(returns ? target.ret : params[arg].type));
  if (returns && env.attachType === MODIFY_RETURN && (type.kind !== "int" || type.size > 8)) {
    return refuse(env, `ret type ${kindName(type)} not allowed for fmod_ret`);
  }
  if (isNumber(type)) return returns ? resultOf(env) : NUMBER;
  if (type.kind !== "ptr") {
    const own = "name" in type ? type.name : "";
    const what = `func '${name}' arg${arg} '${own}' has type ${kindName(type)}`;
    return refuse(env, `${what}. Only pointer access is allowed`);
  }
  if (size !== 8) return refuse(env, `func '${name}' size ${size} must be 8`);
  const as = target.structOps?.passedAs?.[target.name]?.[arg];
  if (as !== undefined) {
    const typeId = btf.find(as, "struct");
    return { base: PTR_TO_BTF_ID, flags: PTR_TRUSTED, typeId, btf: target.module };
  }
  const typed = target.typed.find((t) => argumentOffset(target, t.arg) === off);
  if (typed !== undefined && typed.kind !== "struct") return bufferOf(typed);
  const pointee = btf.type(btf.resolve(type.type));
  if (pointee.kind === "void" || pointee.kind === "int") return NUMBER;
  if (typed !== undefined) return typedStruct(target, type.type, typed);
  const ref = target.held?.get(arg);
  if (ref !== undefined) {
    return {
      base: PTR_TO_BTF_ID,
      flags: PTR_TRUSTED,
      typeId: btf.resolve(type.type),
      btf: target.module,
      ref,
    };
  }
  return pointer(env, target, { arg, to: type.type, named: returns ? "" : params[arg].name });
}

/** The result of a function: a number, of which something is known where it is that of a hook. */
function resultOf(env: Env): KernelType {
  const range = hookRange(env);
  return range === undefined ? NUMBER : { ...NUMBER, range };
}

function isNumber(type: BtfType): boolean {
  switch (type.kind) {
    case "int":
      return type.size <= 8;
    case "enum":
    case "enum64":
    case "struct":
    case "union":
      return true;
    default:
      return false;
  }
}

/** How many bytes of the context an argument takes. */
function slotBytes(btf: Btf, type: number): number {
  const real = btf.type(btf.resolve(type));
  return real.kind === "ptr" ? 8 : "size" in real ? (real.size + 7) & ~7 : 0;
}

/**
 * The position of the argument at an offset; the number of arguments is the result. Offsets are counted with a tracepoint's hidden
 * pointer before the arguments, as the kernel counts them.
 */
function argumentAt(target: Target, off: number): number {
  const { btf, params, ret } = target, hidden = target.hidden ? 1 : 0;
  let end = 0;
  for (let i = 0; i < params.length + hidden; i++) {
    end += i < hidden ? 8 : slotBytes(btf, params[i - hidden].type);
    if (off < end) return i;
  }
  return params.length + hidden + (off < end + slotBytes(btf, ret) ? 0 : 1);
}

function argumentOffset(target: Target, arg: number): number {
  let off = 0;
  for (let i = 0; i < arg && i < target.params.length; i++) {
    off += slotBytes(target.btf, target.params[i].type);
  }
  return off;
}

function bufferOf(arg: TargetArg): KernelType {
  const rdonly = arg.kind === "rdonly_buffer" ? MEM_RDONLY : 0;
  return { base: PTR_TO_BUF, flags: rdonly | PTR_MAYBE_NULL, typeId: 0, btf: KERNEL_BTF };
}

function typedStruct(target: Target, to: number, arg: TargetArg): KernelType {
  const { btf, module } = target;
  const flags = (arg.trusted ? PTR_TRUSTED : 0) | PTR_MAYBE_NULL;
  return { base: PTR_TO_BTF_ID, flags, typeId: btf.resolve(to), btf: module };
}

/** A pointer argument without rules of its own. */
function pointer(
  env: Env,
  target: Target,
  param: { readonly arg: number; readonly to: number; readonly named: string },
): KernelType | undefined {
  const { btf, name, tracepoint } = target, { arg, to } = param;
  let flags = target.trusted ? PTR_TRUSTED : 0;
  if (target.host !== undefined) return contextOf(env, target.host, { btf, to });
  if (param.named.endsWith("__nullable") || tracepoint?.mayBeNull.includes(arg)) flags |= PTR_MAYBE_NULL;
  const tag = btf.type(to), typeId = btf.resolve(to), type = btf.type(typeId);
  if (tag.kind === "type_tag") {
    if (tag.name === "user") flags |= MEM_USER;
    if (tag.name === "percpu") flags |= MEM_PERCPU;
  }
  if (type.kind !== "struct" && type.kind !== "union") {
    return refuse(env, `func '${name}' arg${arg} type ${kindName(type)} is not a struct`);
  }
  env.verbose(
    `func '${name}' arg${arg} has btf_id ${typeId} type ${kindName(type)} '${type.name || "(anon)"}'\n`,
  );
  if (tracepoint?.mayBeError.includes(arg)) {
    env.verbose(`marking pointer arg${arg} as scalar as it may encode error`);
    return NUMBER;
  }
  return { base: PTR_TO_BTF_ID, flags, typeId, btf: target.module };
}

/** A pointer that a function of a program is given: the kernel's structure behind that program's context, or nothing. */
function contextOf(
  env: Env,
  host: LoadedProgram,
  pointer: { readonly btf: Btf; readonly to: number },
): KernelType | undefined {
  if (!isContextOf(host.rules, pointer.btf, pointer.to)) return undefined;
  const typeId = kernelContextOf(env, host.rules.name);
  if (typeId === 0) return undefined;
  return { base: PTR_TO_BTF_ID, flags: 0, typeId, btf: KERNEL_BTF };
}

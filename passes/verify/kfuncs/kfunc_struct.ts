/**
 * Kernel structures as arguments and results of kernel functions: which structure a register points to, whether it may be trusted,
 * and what a function's result points to.
 *
 * Mirrors `process_kf_arg_ptr_to_btf_id`, the trust checks of `check_kfunc_args` and `check_special_kfunc` of Linux 6.18.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { checkArgOffset } from "../calls/call_args.ts";
import { kernelContextOf } from "../context/context_type.ts";
import { kindName } from "../context/target.ts";
import { EINVAL, type Env } from "../env.ts";
import { btfOf, hasUnsafeModifiers, isTrusted, KERNEL_BTF } from "../types/kernel_ptr.ts";
import type { KfuncProto } from "./kfunc_proto.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  CONST_PTR_TO_MAP,
  MEM_ALLOC,
  MEM_RCU,
  NON_OWN_REF,
  OFF,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  REF_ID,
  REG_WORDS,
  TYPE,
} from "../states/layout.ts";
import { structMatches, type TypeRef } from "../types/struct_walk.ts";
import { typeName } from "../log/type_names.ts";

/** Kernel structures that programs know by other types of pointer. */
const STRUCT_OF: ReadonlyMap<number, string> = new Map([
  [PTR_TO_SOCKET, "sock"],
  [PTR_TO_SOCK_COMMON, "sock_common"],
  [PTR_TO_TCP_SOCK, "tcp_sock"],
  [CONST_PTR_TO_MAP, "bpf_map"],
]);

/** What a function asks of all its pointers. */
interface Demands {
  readonly trusted: boolean;
  readonly rcu: boolean;
  readonly release: boolean;
}

/** What a function's flags ask of all its pointers. */
export function demandsOf(proto: KfuncProto): Demands {
  const { flags } = proto, release = flags.has("release");
  return { trusted: release || flags.has("trusted_args"), rcu: flags.has("rcu"), release };
}

/** Whether registers of a type are pointers to kernel structures, by whatever name. */
export function isStructPointer(type: number): boolean {
  const base = type & BASE_TYPE_MASK;
  return base === PTR_TO_BTF_ID || STRUCT_OF.has(base);
}

/** Verifies the structure in register `i + 1` for parameter `i`: 0 or `-errno`. */
export function checkStructArg(env: Env, proto: KfuncProto, i: number): number {
  const pointee = proto.params[i].pointee!;
  if (pointee.kind !== "struct") {
    const what = `pointer type ${pointee.btfKind} ${pointee.name} is not supported`;
    return env.fail(EINVAL, "argument-type", `kernel function ${proto.name} args#${i} ${what}`);
  }
  if (pointee.typeId === 0) return env.unsupported("kernel structures as arguments of a module's functions");
  return checkTrustedStruct(env, proto, i, { btf: btfOf(env, pointee.btf), typeId: pointee.typeId });
}

/** Verifies the map in register `i + 1` for a parameter named `__map`: 0 or `-errno`. */
export function checkMapPointerArg(env: Env, proto: KfuncProto, i: number): number {
  const type = W[env.regs + (i + 1) * REG_WORDS + TYPE], base = type & BASE_TYPE_MASK;
  // The kernel looks where a map or a BTF would be noted, whatever the type.
  const noted = isStructPointer(type) || base === PTR_TO_MAP_VALUE || base === PTR_TO_MAP_KEY;
  if (!noted) return env.fail(EINVAL, "argument-type", `pointer in R${i + 1} isn't map pointer`);
  const btf = btfOf(env, KERNEL_BTF);
  return checkTrustedStruct(env, proto, i, { btf, typeId: btf.find("bpf_map", "struct") });
}

function checkTrustedStruct(env: Env, proto: KfuncProto, i: number, needed: TypeRef): number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS, type = W[o + TYPE], demands = demandsOf(proto);
  if ((demands.trusted || demands.rcu) && !isTrusted(o)) {
    if (!demands.rcu) return env.fail(EINVAL, "untrusted-pointer", `R${regno} must be referenced or trusted`);
    if ((type & MEM_RCU) === 0) {
      return env.fail(EINVAL, "untrusted-pointer", `R${regno} must be a rcu pointer`);
    }
  }
  const err = checkArgOffset(env, regno, { release: demands.release && W[o + REF_ID] !== 0 });
  if (err < 0) return err;
  const unsafe = (type & BASE_TYPE_MASK) !== PTR_TO_BTF_ID ||
    (hasUnsafeModifiers(type) && (type & MEM_RCU) === 0);
  if (unsafe && !STRUCT_OF.has(type & BASE_TYPE_MASK)) {
    const expected = typeName(type & (BASE_TYPE_MASK | MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF));
    return env.fail(EINVAL, "argument-type", `arg#${i} is ${typeName(type)} expected ${expected} or socket`);
  }
  return checkStruct(env, proto, { i, needed });
}

function checkStruct(
  env: Env,
  proto: KfuncProto,
  arg: { readonly i: number; readonly needed: TypeRef },
): number {
  const { i, needed } = arg, o = env.regs + (i + 1) * REG_WORDS, kernel = btfOf(env, KERNEL_BTF);
  const other = STRUCT_OF.get(W[o + TYPE] & BASE_TYPE_MASK);
  const btf = other === undefined ? btfOf(env, W[o + AUX2]) : kernel;
  const typeId = btf.resolve(other === undefined ? W[o + AUX1] : kernel.find(other, "struct"));
  const name = btf.name(typeId), neededName = needed.btf.name(needed.typeId);
  const strict = (proto.flags.has("release") && W[o + REF_ID] !== 0) || isInitAlias(name, neededName);
  const same = structMatches(
    env,
    { btf, typeId, off: W[o + OFF] },
    { ...needed, strict, own: false },
  );
  if (same || isProjection(neededName, name)) return 0;
  const expected = `expected pointer to ${kindName(needed.btf.type(needed.typeId))} ${neededName}`;
  const actual = `has a pointer to ${kindName(btf.type(typeId))} ${name}`;
  return env.fail(
    EINVAL,
    "argument-type",
    `kernel function ${proto.name} args#${i} ${expected} but R${i + 1} ${actual}`,
  );
}

/** Objects under construction are no objects yet, though they are laid out alike (`btf_type_ids_nocast_alias`). */
function isInitAlias(a: string, b: string): boolean {
  return a === `${b}___init` || b === `${a}___init`;
}

/** What programs see of a context goes for the structure behind it (`btf_is_projection_of`). */
function isProjection(projection: string, name: string): boolean {
  return (projection === "__sk_buff" && name === "sk_buff") ||
    (projection === "xdp_md" && name === "xdp_buff");
}

/** The kernel's own structure behind the program's context, or `-errno`: what `bpf_cast_to_kern_ctx` returns. */
export function kernelContext(env: Env): number {
  const typeId = kernelContextOf(env, env.rules.name), { kind } = btfOf(env, KERNEL_BTF).type(typeId);
  if (kind === "struct" || kind === "union") return typeId;
  return env.fail(EINVAL, "kernel-type", `kern ctx type id ${typeId} is not a struct`);
}

/**
 * Prototypes of the program's own functions, as far as its BTF tells: what a global subprogram may be called with, and begins with
 * when it is verified on its own. Mirrors `btf_prepare_func_args` of Linux 6.18's `kernel/bpf/btf.c`.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import { btfOf, KERNEL_BTF } from "./kernel_ptr.ts";
import { isContextType } from "../context/context_type.ts";
import { EFAULT, EINVAL, type Env, EOPNOTSUPP } from "../env.ts";
import { checkTaggedContext, kernelTypeOf, type TaggedParam } from "../calls/tagged_arg.ts";

/** A parameter of a subprogram. */
export type SubprogArg =
  | { readonly kind: "scalar" }
  | { readonly kind: "ctx" }
  /** Memory of a known size in bytes. */
  | { readonly kind: "mem"; readonly size: number; readonly maybeNull: boolean }
  | { readonly kind: "dynptr" }
  /** An address in an arena, cast or not. */
  | { readonly kind: "arena" }
  /** A kernel structure of this type in the kernel's BTF; an untrusted one may be anything. */
  | {
    readonly kind: "struct";
    readonly typeId: number;
    readonly maybeNull: boolean;
    readonly untrusted: boolean;
  }
  /** A pointer that may be anything: read with a fault handler. */
  | { readonly kind: "untrusted_mem" };

const cache: WeakMap<Env, Map<number, readonly SubprogArg[]>> = new WeakMap();

/** The parameters of a subprogram, or a negative errno if its BTF is missing or unfit. */
export function subprogArgs(env: Env, subprog: number): readonly SubprogArg[] | number {
  let known = cache.get(env);
  if (known === undefined) cache.set(env, known = new Map());
  const found = known.get(subprog);
  if (found !== undefined) return found;
  const args = readArgs(env, subprog);
  if (typeof args !== "number") known.set(subprog, args);
  return args;
}

function readArgs(env: Env, subprog: number): readonly SubprogArg[] | number {
  const info = env.program.subprogs[subprog], btf = env.btf, global = env.isGlobal(subprog);
  // A function without a type is not global.
  if (btf === undefined || info.btfId === 0) return -EINVAL;
  const func = btf.type(info.btfId);
  if (func.kind !== "func") {
    return env.fail(EFAULT, "global-prototype", `BTF of func#${subprog} doesn't point to KIND_FUNC`);
  }
  const proto = btf.type(func.type);
  if (proto.kind !== "func_proto") {
    return env.fail(EFAULT, "global-prototype", `Invalid type of function ${func.name}()`);
  }
  const { params } = proto;
  if (params.length > 5) {
    if (!global) return -EINVAL;
    return env.fail(
      EINVAL,
      "global-prototype",
      `Global function ${func.name}() with ${params.length} > 5 args. Buggy compiler.`,
    );
  }
  const ret = btf.type(btf.resolve(proto.ret));
  if (ret.kind !== "int" && ret.kind !== "enum" && ret.kind !== "enum64") {
    if (!global) return -EINVAL;
    return env.fail(
      EINVAL,
      "global-prototype",
      `Global function ${func.name}() doesn't return scalar. Only those are supported.`,
    );
  }
  const out: SubprogArg[] = [];
  for (let i = 0; i < params.length; i++) {
    const arg = readArg(env, {
      btf,
      func: info.btfId,
      name: func.name,
      index: i,
      type: params[i].type,
      global,
    });
    if (typeof arg === "number") return arg;
    out.push(arg);
  }
  return out;
}

interface Param {
  readonly btf: Btf;
  readonly func: number;
  readonly name: string;
  readonly index: number;
  readonly type: number;
  readonly global: boolean;
}

const TAGS: ReadonlySet<string> = new Set(["ctx", "trusted", "untrusted", "nonnull", "nullable", "arena"]);

function readArg(env: Env, param: Param): SubprogArg | number {
  const { btf, index, global } = param;
  const tags = new Set<string>();
  for (const tag of btf.tags(param.func, index)) {
    if (!tag.startsWith("arg:")) continue;
    if (!global) {
      return env.fail(
        EOPNOTSUPP,
        "global-prototype",
        `arg#${index} type tag is not supported in static functions`,
      );
    }
    if (!TAGS.has(tag.slice(4))) {
      return env.fail(EOPNOTSUPP, "global-prototype", `arg#${index} has unsupported set of tags`);
    }
    tags.add(tag.slice(4));
  }
  const type = btf.type(btf.resolve(param.type));
  if (type.kind === "ptr") return readPointer(env, param, { target: type.type, tags });
  if (tags.size > 0) {
    return env.fail(EINVAL, "global-prototype", `arg#${index} has pointer tag, but is not a pointer type`);
  }
  if (type.kind === "int" || type.kind === "enum" || type.kind === "enum64") return { kind: "scalar" };
  if (!global) return -EINVAL;
  const kind = type.kind.toUpperCase();
  return env.fail(
    EINVAL,
    "global-prototype",
    `Arg#${index} type ${kind} in ${param.name}() is not supported yet.`,
  );
}

function readPointer(
  env: Env,
  param: Param,
  pointer: { target: number; tags: ReadonlySet<string> },
): SubprogArg | number {
  const { btf, index, global } = param, { tags } = pointer;
  const target = btf.type(btf.resolve(pointer.target));
  const invalid = (): number =>
    env.fail(EINVAL, "global-prototype", `arg#${index} has invalid combination of tags`);
  const context = isContextType(env, btf, pointer.target);
  if (tags.has("ctx") || context) {
    if (tags.size > (tags.has("ctx") ? 1 : 0)) return invalid();
    if (tags.has("ctx")) {
      const bad = checkTaggedContext(env, { btf, index, target: pointer.target });
      if (bad < 0) return bad;
    }
    return { kind: "ctx" };
  }
  if (isDynptr(target)) {
    return tags.size > 0 ? invalid() : { kind: "dynptr" };
  }
  if (tags.has("trusted")) {
    if (tags.has("nonnull")) return invalid();
    const typeId = kernelTypeOf(env, { btf, index, target: pointer.target });
    if (typeId < 0) return typeId;
    return { kind: "struct", typeId, maybeNull: tags.has("nullable"), untrusted: false };
  }
  if (tags.has("untrusted")) {
    if (tags.size > 1) {
      return env.fail(
        EINVAL,
        "global-prototype",
        `arg#${index} untrusted cannot be combined with any other tags`,
      );
    }
    return readUntrusted(env, { btf, index, target: pointer.target });
  }
  if (tags.has("arena")) {
    if (tags.size === 1) return { kind: "arena" };
    const what = `arg#${index} arena cannot be combined with any other tags`;
    return env.fail(EINVAL, "global-prototype", what);
  }
  if (!global) return -EINVAL;
  if (tags.has("nullable")) return invalid();
  let size: number;
  try {
    size = btf.sizeOf(pointer.target);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const kind = target.kind === "void" ? "UNKNOWN" : target.kind.toUpperCase();
    const name = "name" in target ? target.name : "";
    return env.fail(
      EINVAL,
      "global-prototype",
      `arg#${index} reference type('${kind} ${name}') size cannot be determined: -22`,
    );
  }
  return { kind: "mem", size, maybeNull: !tags.has("nonnull") };
}

/** Whether it is the structure of dynptrs; it need only be declared. */
function isDynptr(type: BtfType): boolean {
  const struct = type.kind === "struct" || type.kind === "union" || (type.kind === "fwd" && !type.union);
  return struct && type.name === "bpf_dynptr";
}

/** A parameter tagged untrusted: numbers are read byte by byte, structures by their fields. */
function readUntrusted(env: Env, param: TaggedParam): SubprogArg | number {
  const target = param.btf.type(param.btf.resolve(param.target));
  switch (target.kind) {
    case "void":
    case "int":
    case "enum":
    case "enum64":
      return { kind: "untrusted_mem" };
  }
  const typeId = kernelTypeOf(env, param);
  if (typeId < 0) return typeId;
  const { kind } = btfOf(env, KERNEL_BTF).type(typeId);
  if (kind === "struct" || kind === "union") {
    return { kind: "struct", typeId, maybeNull: false, untrusted: true };
  }
  // 6.18 asks for the pointer's name, which has none.
  const what = `type ${kind.toUpperCase()} '(anon)'`;
  return env.fail(
    EINVAL,
    "global-prototype",
    `arg#${param.index} has ${what}, but only struct or primitive types are allowed`,
  );
}

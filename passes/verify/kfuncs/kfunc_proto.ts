/**
 * What is known of a kernel function before its call is verified: its parameters and result, by the kernel's BTF or by the module
 * that registered a body for it, and its flags, by the profile or by that module.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import type { KfuncRef } from "../../../ir/insn.ts";
import type { KfuncFlag, KfuncRules } from "../../../profile/profile.ts";
import type { KfuncArg, KfuncBody, KfuncDeclaration, KfuncResolver } from "../../kfuncs.ts";
import type { Env } from "../env.ts";

/** What a pointer points to. */
export interface Pointee {
  /** A union counts as a structure. */
  readonly kind: "void" | "scalar" | "struct" | "func" | "other";
  /** `STRUCT`, `INT` and so on, as messages name kinds of types. */
  readonly btfKind: string;
  /** Its name; empty if it has none. */
  readonly name: string;
  /** Bytes; 0 if it has no size. */
  readonly size: number;
  /** Its type in the kernel's BTF or the module's; 0 if that does not have it. */
  readonly typeId: number;
  /** Whose BTF that is: the kernel's (0), or 1 + the module's index. */
  readonly btf: number;
  /** A structure of numbers, arrays of numbers and such structures; `deep` if they are nested too deep to tell. */
  readonly ofScalars: boolean | "deep";
}

/** A parameter. Its name's suffix says what it is for. */
export interface KfuncParam {
  readonly name: string;
  readonly kind: "scalar" | "pointer" | "other";
  readonly btfKind: string;
  readonly pointee?: Pointee;
}

/** A kernel function. */
export interface KfuncProto {
  readonly name: string;
  /** For messages; 0 if no kernel's BTF has it. */
  readonly btfId: number;
  readonly flags: ReadonlySet<KfuncFlag>;
  /** Programs of this type may call it. */
  readonly allowed: boolean;
  readonly deviceBound: boolean;
  readonly params: readonly KfuncParam[];
  readonly ret: { readonly kind: "void" | "scalar" | "pointer" | "other"; readonly pointee?: Pointee };
  /** A module has a body for it. */
  readonly body?: KfuncBody;
}

/** How deep structures of numbers may be nested. */
const MAX_NESTING = 4;

const known = new WeakMap<Env, Map<number, KfuncProto | undefined>>();

/** The resolver of a verification, if it has one: bodies that modules registered. */
export const resolvers: WeakMap<Env, KfuncResolver> = new WeakMap();

/** Verifications in which numbers passed to functions with bodies must be known exactly: see `VerifyOptions.kfuncArguments`. */
export const preciseArguments: WeakSet<Env> = new WeakSet();

/** The kernel function called at a slot; undefined if nothing is known of it. */
export function kfuncProtoAt(env: Env, slot: number): KfuncProto | undefined {
  let protos = known.get(env);
  if (protos === undefined) known.set(env, protos = new Map());
  const position = env.cols.position[slot];
  if (protos.has(position)) return protos.get(position);
  const insn = env.program.code.insns[position];
  const proto = insn.kind === "call" && insn.callee.kind === "kfunc"
    ? find(env, insn.callee.func)
    : undefined;
  protos.set(position, proto);
  return proto;
}

function find(env: Env, func: KfuncRef): KfuncProto | undefined {
  const resolution = resolvers.get(env)?.resolve(func, env.program.attrs);
  const body = resolution?.kind === "body" ? resolution.body : undefined;
  const fromKernel = fromBtf(env, func, body);
  if (fromKernel !== undefined) return fromKernel;
  const declaration = body ?? resolvers.get(env)?.declaration?.(func);
  return declaration === undefined ? undefined : fromModule(env, func, { declaration, body });
}

function fromBtf(env: Env, func: KfuncRef, body: KfuncBody | undefined): KfuncProto | undefined {
  const { module } = func, btf = env.btfAt(module);
  if (btf === undefined || func.btfId <= 0 || func.btfId >= btf.count) return undefined;
  const type = btf.type(func.btfId);
  if (type.kind !== "func") return undefined;
  const proto = btf.type(type.type);
  if (proto.kind !== "func_proto") return undefined;
  const rules = env.profile.kfunc(type.name);
  // Whom modules let call what is in no BTF.
  if (rules === undefined && body === undefined && module !== 0) return undefined;
  const ret = btf.type(btf.resolve(proto.ret));
  return {
    name: type.name,
    btfId: func.btfId,
    flags: rules?.flags ?? body?.flags ?? new Set(),
    allowed: rules !== undefined ? mayCall(env, rules) : body !== undefined,
    deviceBound: rules?.deviceBound ?? false,
    params: proto.params.map((param) => paramOf({ btf, module }, param)),
    ret: ret.kind === "void"
      ? { kind: "void" }
      : ret.kind === "ptr"
      ? { kind: "pointer", pointee: pointeeOf({ btf, module }, ret.type) }
      : { kind: isScalar(ret) ? "scalar" : "other" },
    ...(body === undefined ? {} : { body }),
  };
}

function mayCall(env: Env, rules: KfuncRules): boolean {
  const { types, attachTypes, callbacks } = rules;
  if (!types.has(env.rules.name) || (attachTypes !== undefined && !attachTypes.includes(env.attachType))) {
    return false;
  }
  if (callbacks === undefined || env.rules.name !== "struct_ops") return true;
  // What it is attached to is checked later, and then it is what it says.
  const { attachBtfId: id, attachModule = 0 } = env.program.attrs, btf = env.btfAt(attachModule);
  const struct = btf !== undefined && id > 0 && id < btf.count ? btf.type(id) : undefined;
  if (struct?.kind !== "struct" || struct.name !== callbacks.struct) return false;
  const member = struct.members[env.attachType]?.name ?? "";
  return callbacks.members === undefined || callbacks.members.has(member);
}

function isScalar(type: BtfType): boolean {
  return type.kind === "int" || type.kind === "enum" || type.kind === "enum64";
}

/** Whose types a function's parameters have. */
interface Owner {
  readonly btf: Btf;
  readonly module: number;
}

function paramOf(
  owner: Owner,
  param: { readonly name: string; readonly type: number },
): KfuncParam {
  const { btf } = owner, type = btf.type(btf.resolve(param.type));
  return {
    name: param.name,
    kind: isScalar(type) ? "scalar" : type.kind === "ptr" ? "pointer" : "other",
    btfKind: kindText(type),
    ...(type.kind === "ptr" ? { pointee: pointeeOf(owner, type.type) } : {}),
  };
}

function kindText(type: BtfType): string {
  return type.kind === "void" ? "UNKNOWN" : type.kind.toUpperCase();
}

function pointeeOf(owner: Owner, id: number): Pointee {
  const { btf } = owner, target = btf.resolve(id), type = btf.type(target);
  const kind = type.kind === "void"
    ? "void"
    : isScalar(type)
    ? "scalar"
    : type.kind === "struct" || type.kind === "union"
    ? "struct"
    : type.kind === "func_proto"
    ? "func"
    : "other";
  return {
    kind,
    btfKind: kindText(type),
    name: "name" in type ? type.name : "",
    size: kind === "scalar" || kind === "struct" ? btf.sizeOf(target) : 0,
    typeId: target,
    btf: owner.module,
    ofScalars: scalarStruct(btf, type, 0),
  };
}

/** Whether a type is a structure of numbers, arrays of numbers and such structures; `deep` if it is not looked at to its end. */
function scalarStruct(btf: Btf, type: BtfType, depth: number): boolean | "deep" {
  if (type.kind !== "struct" && type.kind !== "union") return false;
  for (const member of type.members) {
    let inner = btf.type(btf.resolve(member.type));
    if (inner.kind === "struct" || inner.kind === "union") {
      if (depth + 1 >= MAX_NESTING) return "deep";
      const nested = scalarStruct(btf, inner, depth + 1);
      if (nested !== true) return nested;
      continue;
    }
    if (inner.kind === "array") {
      if (inner.count === 0) return false;
      inner = btf.type(btf.resolve(inner.type));
    }
    if (!isScalar(inner)) return false;
  }
  return true;
}

/** A function that no kernel's BTF knows, by the C prototype its module gave. */
function fromModule(
  env: Env,
  func: KfuncRef,
  known: { readonly declaration: KfuncDeclaration; readonly body: KfuncBody | undefined },
): KfuncProto {
  const { declaration, body } = known;
  const rules = env.profile.kfunc(func.name);
  const { args, returns } = declaration.signature;
  return {
    name: func.name,
    btfId: func.btfId,
    flags: rules?.flags ?? declaration.flags,
    allowed: rules === undefined || mayCall(env, rules),
    deviceBound: rules?.deviceBound ?? false,
    params: args.map(paramOfModule),
    ret: returns === "pointer"
      ? {
        kind: "pointer",
        pointee: { kind: "void", btfKind: "UNKNOWN", name: "", size: 0, typeId: 0, btf: 0, ofScalars: false },
      }
      : { kind: returns },
    ...(body === undefined ? {} : { body }),
  };
}

function paramOfModule(arg: KfuncArg): KfuncParam {
  if (arg.kind === "scalar") return { name: arg.name, kind: "scalar", btfKind: "INT" };
  const struct = arg.kind === "dynptr" ? "bpf_dynptr" : arg.pointee?.struct ?? "",
    size = arg.pointee?.size ?? 0;
  const kind = struct !== "" ? "struct" : size > 0 ? "scalar" : "void";
  return {
    name: arg.name,
    kind: "pointer",
    btfKind: "PTR",
    pointee: {
      kind,
      btfKind: kind === "struct" ? "STRUCT" : kind === "scalar" ? "INT" : "UNKNOWN",
      name: struct,
      size,
      typeId: 0,
      btf: 0,
      ofScalars: kind === "struct",
    },
  };
}

/**
 * What a program is attached to, once that is known, and which functions a program can be attached to at all
 * (`btf_distill_func_proto` of Linux 6.18).
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import type { HookRules, StructOpsRules, TargetArg, TracepointArgs } from "../../../profile/profile.ts";
import { EINVAL, type Env, EOPNOTSUPP } from "../env.ts";
import type { LoadedProgram } from "./loaded_program.ts";

/** What a program is attached to. */
export interface Target {
  /** As messages name it. */
  readonly name: string;
  readonly btf: Btf;
  /** Whose BTF that is: the kernel's (0), or 1 + the module's index. */
  readonly module: number;
  /** Its parameters' types, the tracepoints' hidden first one left out. */
  readonly params: readonly { readonly name: string; readonly type: number }[];
  /** Another parameter, a pointer, stands before them. */
  readonly hidden?: boolean;
  /** Type of its result; 0 for none. */
  readonly ret: number;
  /** Pointers among its arguments are valid. */
  readonly trusted: boolean;
  /** Arguments that are not what the prototype says. */
  readonly typed: readonly TargetArg[];
  /** For tracepoints: arguments that are no valid pointers. */
  readonly tracepoint?: TracepointArgs;
  readonly structOps?: StructOpsRules;
  /** By position: ids of the references that the program holds to arguments from its beginning. */
  readonly held?: Map<number, number>;
  readonly hook?: HookRules;
  /** The program that it is a function of; the kernel if absent. */
  readonly host?: LoadedProgram;
  /** Nothing is known of its prototype, neither arguments nor result. */
  readonly unknown?: boolean;
}

/** `BPF_TRACE_FEXIT`. */
const TRACE_FEXIT = 25;

const targets = new WeakMap<Env, Target>();

/** What the program is attached to; undefined for types that attach to nothing typed. */
export function targetOf(env: Env): Target | undefined {
  return targets.get(env);
}

/** Remembers what the program is attached to. */
export function setTarget(env: Env, target: Omit<Target, "module">): void {
  targets.set(env, { ...target, module: env.program.attrs.attachModule ?? 0 });
}

/**
 * What the helpers that a program may call depend on: the target as its section names it, or of callbacks `structure.member` as the
 * kernel has them.
 */
export function helperTarget(env: Env): string | undefined {
  const { attachBtfId: id, attachModule = 0, attachTarget } = env.program.attrs;
  if (env.rules.name !== "struct_ops") return attachTarget;
  const btf = env.btfAt(attachModule),
    struct = btf !== undefined && id > 0 && id < btf.count ? btf.type(id) : undefined;
  if (struct?.kind !== "struct") return attachTarget;
  return `${struct.name}.${struct.members[env.attachType]?.name ?? ""}`;
}

/** Arguments of a function that programs attach to, at most. */
const MAX_ARGS = 12;

/** A function's prototype, if a trampoline can pass its arguments on; else `-errno`. */
export function protoOf(env: Env, btf: Btf, id: number): BtfType & { kind: "func_proto" } | number {
  const type = btf.type(id);
  if (type.kind !== "func") return env.fail(EINVAL, "attach-target", `attach_btf_id ${id} is not a function`);
  const proto = btf.type(type.type), { name } = type;
  if (proto.kind !== "func_proto") return env.failSilently(EINVAL, "attach-target");
  const count = proto.params.length + (proto.variadic ? 1 : 0);
  if (count > MAX_ARGS) {
    return env.fail(EINVAL, "attach-target", `The function ${name} has ${count} arguments. Too many.`);
  }
  const ret = btf.type(btf.resolve(proto.ret));
  if (valueSize(ret) < 0 || ret.kind === "struct" || ret.kind === "union") {
    return env.fail(
      EINVAL,
      "attach-target",
      `The function ${name} return type ${kindName(ret)} is unsupported.`,
    );
  }
  for (let i = 0; i < proto.params.length; i++) {
    const param = btf.type(btf.resolve(proto.params[i].type)), size = valueSize(param);
    if (size < 0 || size > 16) {
      return env.fail(
        EINVAL,
        "attach-target",
        `The function ${name} arg${i} type ${kindName(param)} is unsupported.`,
      );
    }
    if (size === 0) {
      return env.fail(EINVAL, "attach-target", `The function ${name} has malformed void argument.`);
    }
  }
  if (proto.variadic) {
    return env.fail(EINVAL, "attach-target", `The function ${name} with variable args is unsupported.`);
  }
  if (valueSize(ret) > 8 && env.attachType === TRACE_FEXIT) {
    const what = "with a >8 byte return value is not supported for this attach type";
    return env.fail(EOPNOTSUPP, "attach-target", `Attach to function ${name} ${what}`);
  }
  return proto;
}

/** `BTF_KIND_*` without its prefix, as messages have it. */
export function kindName(type: BtfType): string {
  return type.kind === "void" ? "UNKNOWN" : type.kind.toUpperCase();
}

/** How many bytes a value of this type has as an argument or result; -1 if it cannot be one. */
function valueSize(type: BtfType): number {
  switch (type.kind) {
    case "void":
      return 0;
    case "ptr":
      return 8;
    case "int":
    case "enum":
    case "enum64":
    case "struct":
    case "union":
      return type.size;
    default:
      return -1;
  }
}

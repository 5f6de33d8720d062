/**
 * What a program is attached to: the kernel function, tracepoint, iterator or callback whose arguments are its context. Checked
 * once, before anything is walked (`check_attach_btf_id` and `bpf_check_attach_target` of Linux 6.18).
 *
 * Targets in modules and in other programs, changed return values (`fmod_ret`) and sleeping function probes ask for what only a
 * running kernel knows; they are not decided about.
 *
 * @module
 */
import type { Btf, BtfType } from "../../ir/btf/btf.ts";
import type { StructOpsRules, TargetArg, TracepointArgs } from "../../profile/profile.ts";
import { EINVAL, ENOTSUPP, type Env, EOPNOTSUPP } from "./env.ts";
import { isGplCompatible } from "./gpl.ts";
import { btfOf, KERNEL_BTF } from "./kernel_ptr.ts";

/** What a program is attached to. */
export interface Target {
  /** As messages name it. */
  readonly name: string;
  readonly btf: Btf;
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
}

/** `enum bpf_attach_type`. */
const TRACE_RAW_TP = 23, TRACE_FENTRY = 24, TRACE_FEXIT = 25, MODIFY_RETURN = 26, TRACE_ITER = 28;
const LSM_CGROUP = 43;
/** `BPF_F_SLEEPABLE`. */
const SLEEPABLE = 16;

/** Functions that tracing programs are kept from (`btf_id_deny`). */
const DENIED: ReadonlySet<string> = new Set([
  "___migrate_enable",
  "migrate_disable",
  "migrate_enable",
  "rcu_read_unlock_strict",
  "preempt_count_add",
  "preempt_count_sub",
  "__rcu_read_lock",
  "__rcu_read_unlock",
]);
/** Functions that never return (`noreturn_deny`). */
const NO_RETURN: ReadonlySet<string> = new Set([
  "__ia32_sys_exit",
  "__ia32_sys_exit_group",
  "__kunit_abort",
  "kunit_try_catch_throw",
  "__module_put_and_kthread_exit",
  "__x64_sys_exit",
  "__x64_sys_exit_group",
  "do_exit",
  "do_group_exit",
  "kthread_complete_and_exit",
  "kthread_exit",
  "make_task_dead",
]);

const targets = new WeakMap<Env, Target>();

/** What the program is attached to; undefined for types that attach to nothing typed. */
export function targetOf(env: Env): Target | undefined {
  return targets.get(env);
}

/** Whether the type is loaded with the program's attach type at all: 0, or `-errno` without a word in the log, as the kernel has it. */
export function checkAttachType(env: Env): number {
  const { attachTypes, name } = env.rules, { attachType } = env.program.attrs;
  // Those that have a type of their own for none take it for none; the rest want to be asked.
  const known = attachTypes === undefined || attachTypes.includes(attachType) ||
    (attachType === 0 && HAVE_DEFAULTS.has(name));
  if (known) return 0;
  env.message = `programs of type ${name} are not loaded with attach type ${attachType}`;
  return env.failSilently(EINVAL, "attach-target");
}

/** Types for which no attach type means their first one. */
const HAVE_DEFAULTS: ReadonlySet<string> = new Set(["cgroup_sock", "sk_reuseport"]);

/** Checks the target and remembers it: 0 or `-errno`. */
export function checkTarget(env: Env): number {
  const { name } = env.rules, sleeps = (env.program.attrs.flags & SLEEPABLE) !== 0;
  if (name === "syscall") {
    return sleeps ? 0 : env.fail(EINVAL, "not-sleepable", "Syscall programs can only be sleepable");
  }
  if (sleeps && !maySleep(env)) {
    const types = "fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs";
    return env.fail(EINVAL, "not-sleepable", `Only ${types} can be sleepable`);
  }
  if (name === "struct_ops") return checkStructOps(env, sleeps);
  return name === "tracing" ? checkTracing(env, sleeps) : 0;
}

function maySleep(env: Env): boolean {
  switch (env.rules.name) {
    case "tracing":
      return (env.attachType >= TRACE_FENTRY && env.attachType <= MODIFY_RETURN) ||
        env.attachType === TRACE_ITER;
    case "lsm":
      return env.attachType !== LSM_CGROUP;
    default:
      return env.rules.name === "kprobe" || env.rules.name === "struct_ops";
  }
}

function checkTracing(env: Env, sleeps: boolean): number {
  const { attachBtfId: id, attachTarget } = env.program.attrs;
  if (id === 0) {
    if (attachTarget !== undefined) return env.unsupported(`attach target ${attachTarget}`);
    return env.fail(EINVAL, "attach-target", "Tracing programs must provide btf_id");
  }
  const btf = btfOf(env, KERNEL_BTF), type = btf.type(id);
  switch (env.attachType) {
    case TRACE_RAW_TP:
      return tracepoint(env, btf, id);
    case TRACE_ITER:
      return iterator(env, btf, id);
    case TRACE_FENTRY:
    case TRACE_FEXIT:
      return probe(env, { btf, id, type, sleeps });
    default:
      return env.unsupported(`tracing programs of attach type ${env.attachType}`);
  }
}

function tracepoint(env: Env, btf: Btf, id: number): number {
  const type = btf.type(id), prefix = "btf_trace_";
  if (type.kind !== "typedef") {
    return env.fail(EINVAL, "attach-target", `attach_btf_id ${id} is not a typedef`);
  }
  if (!type.name.startsWith(prefix)) {
    return env.fail(EINVAL, "attach-target", `attach_btf_id ${id} points to wrong type name ${type.name}`);
  }
  const name = type.name.slice(prefix.length), pointer = btf.type(type.type);
  const proto = pointer.kind === "ptr" ? btf.type(pointer.type) : pointer;
  if (proto.kind !== "func_proto") return env.unsupported(`tracepoint ${name}: its type`);
  const args = env.profile.targets.tracepoint(name);
  targets.set(env, {
    name,
    btf,
    params: proto.params.slice(1),
    hidden: true,
    ret: proto.ret,
    trusted: true,
    typed: [],
    ...(args === undefined ? {} : { tracepoint: args }),
  });
  return 0;
}

function iterator(env: Env, btf: Btf, id: number): number {
  const type = btf.type(id), prefix = "bpf_iter_";
  const proto = protoOf(env, btf, id);
  if (typeof proto === "number") return proto;
  const name = "name" in type ? type.name : "";
  const typed = name.startsWith(prefix) ? env.profile.targets.iterator(name.slice(prefix.length)) : undefined;
  if (typed === undefined) return env.unsupported(`iterator ${name}`);
  targets.set(env, { name, btf, params: proto.params, ret: proto.ret, trusted: true, typed });
  return 0;
}

function probe(env: Env, func: { btf: Btf; id: number; type: BtfType; sleeps: boolean }): number {
  const proto = protoOf(env, func.btf, func.id);
  if (typeof proto === "number") return proto;
  const name = "name" in func.type ? func.type.name : "";
  if (func.sleeps) return env.unsupported(`sleeping in ${name}`);
  if (DENIED.has(name)) {
    return env.fail(EINVAL, "attach-target", `Attaching tracing programs to function '${name}' is rejected.`);
  }
  if (env.attachType === TRACE_FEXIT && NO_RETURN.has(name)) {
    return env.fail(
      EINVAL,
      "attach-target",
      `Attaching fexit/fmod_ret to __noreturn function '${name}' is rejected.`,
    );
  }
  targets.set(env, { name, btf: func.btf, params: proto.params, ret: proto.ret, trusted: false, typed: [] });
  return 0;
}

/** Arguments of a function that programs attach to, at most. */
const MAX_ARGS = 12;

/** A function's prototype, if a trampoline can pass its arguments on; else `-errno`. */
function protoOf(env: Env, btf: Btf, id: number): BtfType & { kind: "func_proto" } | number {
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

function checkStructOps(env: Env, sleeps: boolean): number {
  const { attachBtfId: id, attachType: index, attachTarget } = env.program.attrs;
  if (!isGplCompatible(env.unit.license)) {
    return env.fail(EINVAL, "license", "struct ops programs must have a GPL compatible license");
  }
  if (id === 0) return env.unsupported(`structure of callbacks ${attachTarget ?? "without a name"}`);
  const btf = btfOf(env, KERNEL_BTF), type = btf.type(id);
  const rules = type.kind === "struct" ? env.profile.targets.structOps(type.name) : undefined;
  if (type.kind !== "struct" || rules === undefined) {
    return env.unsupported(`structure of callbacks ${btf.name(id)}`);
  }
  const member = type.members[index];
  if (member === undefined) {
    return env.fail(EINVAL, "attach-target", `attach to invalid member idx ${index} of struct ${type.name}`);
  }
  const pointer = btf.type(btf.resolve(member.type));
  const proto = pointer.kind === "ptr" ? btf.type(btf.resolve(pointer.type)) : pointer;
  if (proto.kind !== "func_proto") {
    return env.fail(
      EINVAL,
      "attach-target",
      `attach to invalid member ${member.name}(@idx ${index}) of struct ${type.name}`,
    );
  }
  const unsupported = rules.unsupported.has(member.name);
  if (unsupported || (sleeps && rules.sleepable !== undefined && !rules.sleepable.has(member.name))) {
    const what = `attach to unsupported member ${member.name} of struct ${type.name}`;
    return env.fail(unsupported ? ENOTSUPP : EINVAL, "attach-target", what);
  }
  targets.set(env, {
    name: member.name,
    btf,
    params: proto.params,
    ret: proto.ret,
    trusted: true,
    typed: (rules.nullable?.[member.name] ?? []).map((arg) => ({ arg, kind: "struct", trusted: true })),
    structOps: rules,
  });
  return 0;
}

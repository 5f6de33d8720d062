/**
 * What a program is attached to: the kernel function, tracepoint, iterator or callback whose arguments are its context. Checked
 * once, before anything is walked (`check_attach_btf_id` and `bpf_check_attach_target` of Linux 6.18).
 *
 * Functions of other programs are in `program_target.ts`. Whether errors may be injected into functions other than system calls is
 * not decided about, as only a running kernel knows.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import { EINVAL, ENOTSUPP, type Env, SUB_TAIL_CALL } from "../env.ts";
import { isGplCompatible } from "../calls/gpl.ts";
import { btfOf, KERNEL_BTF } from "../types/kernel_ptr.ts";
import { checkHook } from "./lsm_hook.ts";
import { checkProgramTarget } from "./program_target.ts";
import { protoOf, setTarget } from "./target.ts";

/** `enum bpf_attach_type`. */
const TRACE_RAW_TP = 23, TRACE_FENTRY = 24, TRACE_FEXIT = 25, MODIFY_RETURN = 26, TRACE_ITER = 28;
const LSM_MAC = 27, LSM_CGROUP = 43;
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

/** Whether the type is loaded with the program's attach type at all: 0, or `-errno` without a word in the log, as the kernel has it. */
export function checkAttachType(env: Env): number {
  const { attachTypes, name } = env.rules, { attachType } = env.program.attrs;
  // Those that have a type of their own for none take it for none; the rest want to be asked.
  const known = env.extension
    ? attachType === 0
    : attachTypes === undefined || attachTypes.includes(attachType) ||
      (attachType === 0 && HAVE_DEFAULTS.has(name));
  if (known) return 0;
  env.message = `programs of type ${name} are not loaded with attach type ${attachType}`;
  return env.failSilently(EINVAL, "attach-target");
}

/** Types for which no attach type means their first one. */
const HAVE_DEFAULTS: ReadonlySet<string> = new Set(["cgroup_sock", "sk_reuseport"]);

/** Checks the target and remembers it: 0 or `-errno`. */
export function checkTarget(env: Env): number {
  const name = env.extension ? "ext" : env.rules.name, sleeps = (env.program.attrs.flags & SLEEPABLE) !== 0;
  if (name === "syscall") {
    return sleeps ? 0 : env.fail(EINVAL, "not-sleepable", "Syscall programs can only be sleepable");
  }
  if (sleeps && (env.extension || !maySleep(env))) {
    const types = "fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs";
    return env.fail(EINVAL, "not-sleepable", `Only ${types} can be sleepable`);
  }
  if (name === "struct_ops") return checkStructOps(env, sleeps);
  if (env.host !== undefined) return checkProgramTarget(env, env.host, sleeps);
  return name === "tracing" || name === "lsm" ? checkTracing(env, sleeps) : 0;
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
  const btf = btfOf(env, env.program.attrs.attachModule ?? KERNEL_BTF), type = btf.type(id);
  switch (env.attachType) {
    case TRACE_RAW_TP:
      return tracepoint(env, btf, id);
    case TRACE_ITER:
      return iterator(env, btf, id);
    case TRACE_FENTRY:
    case TRACE_FEXIT:
    case MODIFY_RETURN:
      return probe(env, { btf, id, type, sleeps });
    case LSM_MAC:
    case LSM_CGROUP:
      return checkHook(env, { btf, id, sleeps });
    default:
      return env.failSilently(EINVAL, "attach-target");
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
  setTarget(env, {
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
  setTarget(env, { name, btf, params: proto.params, ret: proto.ret, trusted: true, typed });
  return 0;
}

function probe(env: Env, func: { btf: Btf; id: number; type: BtfType; sleeps: boolean }): number {
  const proto = protoOf(env, func.btf, func.id);
  if (typeof proto === "number") return proto;
  const name = "name" in func.type ? func.type.name : "";
  const wrong = func.sleeps
    ? checkSleeps(env, name)
    : env.attachType === MODIFY_RETURN
    ? checkModifiable(env, name)
    : 0;
  if (wrong < 0) return wrong;
  if (DENIED.has(name)) {
    return env.fail(EINVAL, "attach-target", `Attaching tracing programs to function '${name}' is rejected.`);
  }
  if (env.attachType !== TRACE_FENTRY && NO_RETURN.has(name)) {
    return env.fail(
      EINVAL,
      "attach-target",
      `Attaching fexit/fmod_ret to __noreturn function '${name}' is rejected.`,
    );
  }
  setTarget(env, { name, btf: func.btf, params: proto.params, ret: proto.ret, trusted: false, typed: [] });
  return 0;
}

/** Whether the kernel takes errors that are made up for this function; not decided about where it keeps the list to itself. */
function takesErrors(env: Env, name: string): boolean {
  return env.profile.targets.takesErrors(name) ??
    env.unsupported(`whether errors may be injected into ${name}`);
}

function checkSleeps(env: Env, name: string): number {
  const { targets } = env.profile;
  if (targets.modifiable(name)?.sleepable || takesErrors(env, name)) return 0;
  return env.fail(EINVAL, "not-sleepable", `${name} is not sleepable`);
}

function checkModifiable(env: Env, name: string): number {
  if (env.profile.targets.modifiable(name) !== undefined || takesErrors(env, name)) return 0;
  return env.fail(EINVAL, "attach-target", `${name}() is not modifiable`);
}

function checkStructOps(env: Env, sleeps: boolean): number {
  const { attachBtfId: id, attachType: index, attachTarget } = env.program.attrs;
  if (!isGplCompatible(env.unit.license)) {
    return env.fail(EINVAL, "license", "struct ops programs must have a GPL compatible license");
  }
  if (id === 0) return env.unsupported(`structure of callbacks ${attachTarget ?? "without a name"}`);
  const btf = btfOf(env, env.program.attrs.attachModule ?? KERNEL_BTF), type = btf.type(id);
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
  const unsupported = rules.unsupported.has(member.name) ||
    (rules.members !== undefined && !rules.members.has(member.name));
  if (unsupported || (sleeps && rules.sleepable !== undefined && !rules.sleepable.has(member.name))) {
    const what = `attach to unsupported member ${member.name} of struct ${type.name}`;
    return env.fail(unsupported ? ENOTSUPP : EINVAL, "attach-target", what);
  }
  const owned = rules.owned?.[member.name] ?? [];
  if (owned.length > 0 && env.subprogFlags.some((flags) => (flags & SUB_TAIL_CALL) !== 0)) {
    return env.fail(EINVAL, "attach-target", "program with __ref argument cannot tail call");
  }
  setTarget(env, {
    name: member.name,
    btf,
    params: proto.params,
    ret: proto.ret,
    trusted: true,
    ...(owned.length === 0 ? {} : { held: new Map(owned.map((arg) => [arg, 0])) }),
    typed: (rules.nullable?.[member.name] ?? []).map((arg) => ({ arg, kind: "struct", trusted: true })),
    structOps: rules,
  });
  return 0;
}

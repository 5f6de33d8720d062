/**
 * Security hooks: which of them programs may be attached to, and what their programs may return.
 *
 * Mirrors `bpf_lsm_verify_prog`, the LSM part of `bpf_check_attach_target` and `bpf_lsm_get_retval_range` of Linux 6.18.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import { EINVAL, type Env } from "../env.ts";
import { isGplCompatible } from "../calls/gpl.ts";
import { protoOf, setTarget, targetOf } from "./target.ts";

/** How functions are named that stand for hooks. */
const PREFIX = "bpf_lsm_";
/** `BPF_LSM_MAC`. */
const LSM_MAC = 27;
/** `MAX_ERRNO`. */
const MAX_ERRNO = 4095;

/** What a program may return, 32 bits, both ends included. */
export interface HookRange {
  readonly min: number;
  readonly max: number;
}

/** Whether a program may be attached to the function `id`, which should stand for a hook: 0 or `-errno`. */
export function checkHook(
  env: Env,
  func: { readonly btf: Btf; readonly id: number; readonly sleeps: boolean },
): number {
  const { btf, id } = func, proto = protoOf(env, btf, id);
  if (typeof proto === "number") return proto;
  const name = btf.name(id), hook = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "";
  const rules = env.profile.targets.hook(hook);
  if (func.sleeps && !rules.sleepable) {
    return env.fail(EINVAL, "not-sleepable", `${name} is not sleepable`);
  }
  if (!isGplCompatible(env.unit.license)) {
    return env.fail(EINVAL, "license", "LSM programs must have a GPL compatible license");
  }
  const points = `attach_btf_id ${id} points to`;
  if (rules.disabled) return env.fail(EINVAL, "attach-target", `${points} disabled hook ${name}`);
  if (!isHook(env, btf, hook)) {
    return env.fail(EINVAL, "attach-target", `${points} wrong type name ${name}`);
  }
  setTarget(env, {
    name,
    btf,
    params: proto.params,
    ret: proto.ret,
    trusted: !rules.untrusted,
    typed: [],
    hook: rules,
  });
  return 0;
}

/** Whether there is a hook of this name: the kernel's BTF has a structure with a member for each. */
function isHook(env: Env, btf: Btf, hook: string): boolean {
  const type = btf.type(btf.find("security_list_options", "union"));
  if (type.kind !== "union") return env.unsupported("the security hooks of the kernel: not in its BTF");
  return type.members.some((member) => member.name === hook) && hook !== "lsm_func_addr";
}

/**
 * What a program for the hook may return, and what a load of the hook's result gives; undefined for hooks without a result and, as
 * their programs are called in another way, those of control groups.
 */
export function hookRange(env: Env): HookRange | undefined {
  const target = targetOf(env);
  if (target?.hook === undefined || env.attachType !== LSM_MAC || target.ret === 0) return undefined;
  return target.hook.boolean ? { min: 0, max: 1 } : { min: -MAX_ERRNO, max: 0 };
}

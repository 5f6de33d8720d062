/**
 * Whether a C type is the context of a program type: parameters of that type take the context (`btf_is_prog_ctx_type` of Linux 6.18's
 * `kernel/bpf/btf.c`).
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import type { ProgramTypeRules } from "../../../profile/profile.ts";
import type { Env } from "../env.ts";
import { btfOf, KERNEL_BTF } from "../types/kernel_ptr.ts";

/** The structures by whose names kernel functions take a context that programs see under another name. */
const PROJECTIONS: Readonly<Record<string, string>> = { __sk_buff: "sk_buff", xdp_md: "xdp_buff" };
/** Kprobes see registers under a name of their own, a typedef; programs may declare a structure of that name instead. */
const USER_REGS = "bpf_user_pt_regs_t";

/** Whether a pointer to type `target` is a pointer to the program's context. */
export function isContextType(env: Env, btf: Btf, target: number): boolean {
  return isContextOf(env.rules, btf, target);
}

/** The same for programs of any type. */
export function isContextOf(rules: ProgramTypeRules, btf: Btf, target: number): boolean {
  let id = target, type = btf.type(id);
  for (;;) {
    if (type.kind === "typedef" && type.name === USER_REGS && rules.name === "kprobe") return true;
    if (
      type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" &&
      type.kind !== "typedef" &&
      type.kind !== "type_tag"
    ) break;
    id = type.type;
    type = btf.type(id);
  }
  if (type.kind !== "struct" && type.kind !== "union") return false;
  return isNameOf(rules, type.name);
}

/** The same by the name of the structure or union. */
export function isContextName(env: Env, name: string): boolean {
  return isNameOf(env.rules, name);
}

function isNameOf(rules: ProgramTypeRules, name: string): boolean {
  const { ctx } = rules;
  if (ctx === undefined || name === "") return false;
  if (name === ctx || PROJECTIONS[ctx] === name) return true;
  return rules.name === "kprobe" && name === USER_REGS;
}

/** The kernel's own type behind the context of programs of a type, in the kernel's BTF (`bpf_ctx_convert`). */
export function kernelContextOf(env: Env, type: string): number {
  const btf = btfOf(env, KERNEL_BTF), table = btf.type(btf.find("bpf_ctx_convert", "struct"));
  const member = table.kind === "struct"
    ? table.members.find((m) => m.name === `BPF_PROG_TYPE_${type.toUpperCase()}_kern`)
    : undefined;
  return member === undefined ? env.unsupported(`the kernel's context of ${type}`) : member.type;
}

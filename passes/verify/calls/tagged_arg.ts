/**
 * Parameters of global subprograms that carry a declaration tag (`__arg_ctx`, `__arg_trusted`, `__arg_untrusted`): what C type the
 * tag may stand on, and which kernel type it means.
 *
 * Mirrors `btf_validate_prog_ctx_type` and `btf_get_ptr_to_btf_id` of Linux 6.18's `kernel/bpf/btf.c`.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import { essentialName } from "../../../ir/btf/read.ts";
import { kindName } from "../context/target.ts";
import { EINVAL, ENOENT, type Env, ESRCH } from "../env.ts";
import { btfOf, KERNEL_BTF } from "../types/kernel_ptr.ts";

/** `enum bpf_attach_type`. */
const TRACE_RAW_TP = 23, TRACE_ITER = 28;
/** How kprobes and perf events name registers. */
const USER_REGS = "bpf_user_pt_regs_t";

/** A pointer parameter. */
export interface TaggedParam {
  readonly btf: Btf;
  /** Position, from 0. */
  readonly index: number;
  /** The type it points to. */
  readonly target: number;
}

/** Whether a parameter tagged as the context has a type that stands for this program type's context: 0 or `-errno`. */
export function checkTaggedContext(env: Env, param: TaggedParam): number {
  const { btf, index } = param, { name } = env.rules;
  if ((name === "kprobe" || name === "perf_event") && namesRegisters(btf, param.target)) return 0;
  const type = btf.type(btf.resolve(param.target));
  if (type.kind === "void") return 0;
  const own = "name" in type ? type.name : "";
  if (own === "") return env.fail(EINVAL, "global-prototype", `arg#${index} type doesn't have a name`);
  if (standsForContext(env, type, own)) return 0;
  const expected = canonicalContext(env);
  if (expected === undefined) {
    return env.fail(EINVAL, "global-prototype", `arg#${index} should be void pointer`);
  }
  const struct = type.kind === "struct" || type.kind === "union";
  return struct && own === expected
    ? 0
    : env.fail(EINVAL, "global-prototype", `arg#${index} should be \`struct ${expected} *\``);
}

function namesRegisters(btf: Btf, id: number): boolean {
  for (let type = btf.type(id);; type = btf.type(type.type)) {
    if (type.kind === "typedef") return type.name === USER_REGS;
    if (
      type.kind !== "const" && type.kind !== "volatile" && type.kind !== "restrict" &&
      type.kind !== "type_tag"
    ) return false;
  }
}

function standsForContext(env: Env, type: BtfType, name: string): boolean {
  const struct = type.kind === "struct" || type.kind === "union",
    word = type.kind === "int" && type.size === 8;
  switch (env.rules.name) {
    case "kprobe":
    case "perf_event":
      return struct && name === "pt_regs";
    case "raw_tracepoint":
    case "raw_tracepoint_writable":
    case "lsm":
    case "struct_ops":
      return word;
    case "tracing":
      if (env.attachType === TRACE_ITER) return struct && name.startsWith("bpf_iter__");
      if (env.attachType === TRACE_RAW_TP && struct && name === "bpf_raw_tracepoint_args") return true;
      return word;
    case "tracepoint":
    case "syscall":
    case "ext":
      return true;
    default:
      return false;
  }
}

/** The structure that the kernel calls this program type's context; undefined if it has none of a name. */
function canonicalContext(env: Env): string | undefined {
  const btf = btfOf(env, KERNEL_BTF), table = btf.type(btf.find("bpf_ctx_convert", "struct"));
  const member = table.kind === "struct"
    ? table.members.find((m) => m.name === `BPF_PROG_TYPE_${env.rules.name.toUpperCase()}_prog`)
    : undefined;
  if (member === undefined) return env.unsupported(`the context of ${env.rules.name} in the kernel's BTF`);
  const type = btf.type(btf.resolve(member.type));
  return type.kind === "struct" || type.kind === "union" ? type.name : undefined;
}

/** The kernel's type of the same name and kind as what a parameter points to, or `-errno`. */
export function kernelTypeOf(env: Env, param: TaggedParam): number {
  const { btf, index } = param, type = btf.type(btf.resolve(param.target));
  const name = "name" in type ? type.name : "",
    what = `arg#${index} reference type('${kindName(type)} ${name === "" ? "(anon)" : name}')`;
  if (name === "") return env.fail(EINVAL, "global-prototype", `${what} candidate matching error: -22`);
  const found = btfOf(env, KERNEL_BTF).findAll(essentialName(name), type.kind);
  if (found.length === 1) return found[0];
  if (found.length === 0) return env.fail(ENOENT, "global-prototype", `${what} has no matches`);
  return env.fail(ESRCH, "global-prototype", `${what} is ambiguous`);
}

/**
 * What a program is loaded as: type, attach type, flags, and the kernel type it attaches to.
 *
 * The kernel names its attach points by prefix (`libbpf_find_attach_btf_id`): tracepoints are typedefs `btf_trace_X`, LSM hooks
 * functions `bpf_lsm_X`, iterators functions `bpf_iter_X`; functions go by their own name.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";
import type { KernelModule } from "../../ir/unit.ts";
import { Program, type ProgramAttrs } from "../../ir/program.ts";
import type { ObjectFunction } from "./object.ts";
import { legacySectionRule } from "./legacy_sections.ts";
import { attachTypeNumber, sectionRule } from "./sections.ts";
import type { StructOpsAttach } from "./struct_ops.ts";

const TRACEPOINT = attachTypeNumber("TRACE_RAW_TP");
const LSM = attachTypeNumber("LSM_MAC");
const LSM_CGROUP = attachTypeNumber("LSM_CGROUP");
const ITER = attachTypeNumber("TRACE_ITER");

/** An attach target that was found. */
interface AttachPoint {
  readonly id: number;
  /** 1 + the module's index; 0 for the kernel itself. */
  readonly module: number;
}

/** Looks for `function`, or `module:function`, in the kernel and in its modules. */
function attachPoint(
  kernel: { readonly target: Btf; readonly modules: readonly KernelModule[] },
  name: string,
  attachType: number,
): AttachPoint {
  const colon = name.indexOf(":"), owner = colon < 0 ? undefined : name.slice(0, colon);
  const own = name.slice(colon + 1);
  // As libbpf has it: the kernel's own name may be shortened.
  if (owner === undefined || "vmlinux".startsWith(owner)) {
    const id = attachBtfId(kernel.target, own, attachType);
    if (id !== 0) return { id, module: 0 };
  }
  for (const [i, module] of kernel.modules.entries()) {
    if (owner !== undefined && module.name !== owner) continue;
    const id = attachBtfId(module.btf, own, attachType);
    if (id >= kernel.target.count) return { id, module: i + 1 };
  }
  return { id: 0, module: 0 };
}

/** The id of an attach target, e.g. of `fentry/X`, in a kernel's BTF; 0 if it is not there. */
export function attachBtfId(target: Btf, name: string, attachType: number): number {
  switch (attachType) {
    case TRACEPOINT:
      return target.find(`btf_trace_${name}`, "typedef");
    case LSM:
    case LSM_CGROUP:
      return target.find(`bpf_lsm_${name}`, "func");
    case ITER:
      return target.find(`bpf_iter_${name}`, "func");
    default:
      return target.find(name, "func");
  }
}

/** The attributes that an entry point's section and structure give it; `flags` are those of its tags. */
export function attrsOf(
  func: ObjectFunction,
  context: {
    target: Btf | undefined;
    modules?: readonly KernelModule[] | undefined;
    structOps: StructOpsAttach | undefined;
    flags: number;
  },
): ProgramAttrs {
  const optional = func.section.name.startsWith("?");
  const section = optional ? func.section.name.slice(1) : func.section.name;
  const rule = sectionRule(section) ?? legacySectionRule(section);
  const slash = section.indexOf("/");
  const named = slash < 0 || !rule?.takesTarget ? undefined : section.slice(slash + 1);
  const { target, structOps } = context;
  let attachType = rule?.attachType ?? 0, id = 0, module = 0;
  let attachTarget = named;
  if (rule?.type === "struct_ops") {
    attachType = structOps?.attachType ?? 0;
    id = structOps?.attachBtfId ?? 0;
    module = structOps?.attachModule ?? 0;
    attachTarget = structOps?.target ?? named;
  } else if (rule?.attachesByBtf && rule.type !== "ext" && target !== undefined && named !== undefined) {
    ({ id, module } = attachPoint({ target, modules: context.modules ?? [] }, named, attachType));
  }
  return {
    name: func.name,
    section,
    type: rule?.type ?? "unspec",
    attachType,
    flags: (rule?.flags ?? 0) | context.flags,
    attachBtfId: id,
    ...(module === 0 ? {} : { attachModule: module }),
    ...(attachTarget === undefined ? {} : { attachTarget }),
    ...(optional ? { optional } : {}),
  };
}

/**
 * The program attached to a function of another, as `bpf_program__set_attach_target` does it. `name` is the function, by default the
 * one that the section names, and if it names none, the other program's own.
 *
 * @throws {RangeError} If the other program has no types, or these no such function.
 *
 * @example
 * ```ts
 * import { attachToProgram } from "./attach.ts";
 * import { parseObject } from "./parse.ts";
 * const read = (name: string) =>
 *   parseObject(Deno.readFileSync(new URL(`../../tests/objects/${name}`, import.meta.url)), { name }).programs;
 * const [target] = read("xdp_subprogs.bpf.o"), [replacement] = read("freplace.bpf.o");
 * const attached = attachToProgram(replacement, target);
 * console.log(attached.attrs.attachTarget); // checked
 * ```
 */
export function attachToProgram(program: Program, target: Program, name?: string): Program {
  const { unit, code, subprogs, facts, nextInsnId, nextSubprogId } = program;
  const wanted = name ?? program.attrs.attachTarget ?? target.subprogs[0].name;
  const id = target.unit.btf?.find(wanted, "func") ?? 0;
  if (id === 0) {
    throw new RangeError(
      `Cannot attach to ${wanted}: ${target.attrs.name} has no such function in its types`,
    );
  }
  const { attachModule: _, ...others } = program.attrs;
  const attrs = { ...others, attachTarget: wanted, attachBtfId: id, attachProgram: target };
  return new Program({ unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId });
}

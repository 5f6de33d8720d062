/**
 * Explains calls and context fields that a program of this type cannot use, and licences.
 *
 * @module
 */
import { generic } from "./bounds.ts";
import { callName } from "./origin.ts";
import { type Case, placeWords, type Reason } from "./reason.ts";

/** Program types that people write, most used first. */
const TYPES = [
  "xdp",
  "sched_cls",
  "cgroup_skb",
  "socket_filter",
  "kprobe",
  "tracepoint",
  "raw_tracepoint",
  "tracing",
  "perf_event",
  "lsm",
  "struct_ops",
  "syscall",
  "cgroup_sock",
  "cgroup_sock_addr",
  "sk_msg",
  "sk_skb",
  "sk_lookup",
  "sock_ops",
  "lwt_xmit",
] as const;

/** Types in the order of {@linkcode TYPES}, others behind. */
function byUse(types: readonly string[]): string[] {
  const rank = (type: string): number => {
    const at = TYPES.findIndex((t) => t === type);
    return at < 0 ? TYPES.length : at;
  };
  return [...types].sort((a, b) => rank(a) - rank(b));
}

/** A helper that programs of this type cannot call. */
export function explainHelper(c: Case): Reason {
  const { env, path } = c, insn = c.step < 0 ? undefined : path.insn(c.step);
  if (insn?.kind !== "call" || insn.callee.kind !== "helper") return generic(c);
  const { id } = insn.callee, name = callName(path, c.step);
  const others = TYPES.filter((type) =>
    type !== env.rules.name && env.profile.programType(type)?.helpers(0).has(id)
  );
  return {
    summary: `${name} cannot be called from programs of type ${env.rules.name}`,
    reg: -1,
    notes: others.length === 0
      ? []
      : [`types that may call it: ${others.slice(0, 8).join(", ")}${others.length > 8 ? ", …" : ""}`],
  };
}

/** A kernel function that programs of this type cannot call. */
export function explainKfunc(c: Case): Reason {
  const { env, path } = c;
  if (c.step < 0) return generic(c);
  const name = callName(path, c.step), rules = env.profile.kfunc(name);
  const types = rules === undefined ? [] : byUse([...rules.types]), some = types.includes(env.rules.name);
  return {
    summary: `${name || "the function"} cannot be called from this program (type ${env.rules.name})`,
    reg: -1,
    notes: types.length === 0 ? [] : [
      `types that may call it: ${types.slice(0, 8).join(", ")}${
        some ? " (with some attach types or targets only)" : ""
      }`,
    ],
  };
}

/** A call for GPL-compatible programs only. */
export function explainLicense(c: Case): Reason {
  const { env, path } = c, name = c.step < 0 ? "" : callName(path, c.step);
  return {
    summary: `${
      name === "" ? "this" : name
    } is for programs under a licence compatible with the GPL only; this object's is "${env.unit.license}"`,
    reg: -1,
    remedy: '`char LICENSE[] SEC("license") = "GPL";` (or "Dual BSD/GPL", …), if you may; or do without it',
  };
}

/** A sleeping call where there is no sleeping. */
export function explainSleeping(c: Case): Reason {
  const { env, path } = c, name = c.step < 0 ? "the function" : callName(path, c.step);
  const why = env.rcuLocks !== 0
    ? "within an RCU section"
    : env.preemptLocks !== 0
    ? "with preemption off"
    : env.irqId !== 0
    ? "with interrupts off"
    : "and the program is not sleepable";
  return { summary: `${name} may sleep, ${why}`, reg: -1 };
}

/** A field of the context that cannot be accessed so. */
export function explainContext(c: Case): Reason {
  const { env, path, value } = c, insn = c.step < 0 ? undefined : path.insn(c.step);
  if (insn === undefined || (insn.kind !== "load" && insn.kind !== "store")) return generic(c);
  const off = insn.offset + (value?.off ?? 0),
    { rules } = env,
    verb = insn.kind === "load" ? "read" : "written";
  const access = `${insn.size} byte${insn.size === 1 ? "" : "s"} at offset ${off} of the context are ${verb}`;
  const field = rules.fields.find((f) => off >= f.offset && off < f.offset + f.size);
  if (field === undefined) {
    const size = rules.typedContext || rules.ctxSize === 0
      ? ""
      : ` (${rules.ctx ?? "it"} has ${rules.ctxSize} bytes)`;
    const args = rules.typedContext ? ": the context is the target's arguments, 8 bytes each" : "";
    return {
      summary: `${access}: there is no field for programs of type ${rules.name}${size}${args}`,
      reg: -1,
    };
  }
  const sizes = field.access === "narrow"
    ? "1, 2 or 4 bytes, aligned"
    : `${field.access.join(" or ")} bytes at its start`;
  const why = insn.kind === "store" && !field.write
    ? "it cannot be written"
    : field.attachTypes !== undefined && !field.attachTypes.includes(env.attachType)
    ? "it does not exist for this attach type"
    : off + insn.size > field.offset + field.size ||
        !(field.access === "narrow" || field.access.includes(insn.size))
    ? `it has ${field.size} bytes and is accessed in ${sizes}`
    : "not in this way";
  return { summary: `${access}, the field ${field.name}: ${why}`, reg: -1 };
}

/** How libbpf numbers calls that stand for what is not there: maps, and above them kernel functions. */
const POISONED_MAP = 2_001_000_000, POISONED_KFUNC = 2_002_000_000;

/** An instruction that libbpf could not relocate. */
export function explainRelocation(c: Case): Reason {
  const at = c.step < 0 ? "" : ` at ${placeWords(c.path, c.step)}`,
    insn = c.step < 0 ? undefined : c.path.insn(c.step);
  const id = insn?.kind === "call" && insn.callee.kind === "helper" ? insn.callee.id : 0;
  if (id >= POISONED_KFUNC) {
    const summary = `the instruction${at} calls a kernel function that the target kernel does not have`;
    return {
      summary,
      reg: -1,
      remedy: "test for it first (`bpf_ksym_exists`), or load on a kernel that has it",
    };
  }
  if (id >= POISONED_MAP) {
    return {
      summary: `the instruction${at} uses a map that was not created`,
      reg: -1,
      remedy: "do not use it on this path",
    };
  }
  return {
    summary:
      `the instruction${at} depends on something that the target kernel does not have: its CO-RE relocation failed`,
    reg: -1,
  };
}

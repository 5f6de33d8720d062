/**
 * The types that a program can be of, judged by what it uses: helpers, and fields of its context.
 *
 * Evidence for programs whose section says nothing. A type is excluded if it lacks a helper that the program calls, a field that
 * it reads or writes, or if the program follows as a pointer what is a number in that type's context. What cannot be told from
 * the instructions one after the other excludes nothing, so the right type is always among those that remain.
 *
 * @module
 */
import type { DecodedInsn } from "../../ir/decode.ts";
import type { CtxField, Profile, ProgramTypeRules } from "../../profile/profile.ts";

/** Types that a program of an unknown section is considered for: those that need no attach point with types. */
export const PLAIN_TYPES: readonly string[] = (
  "socket_filter sched_cls sched_act xdp kprobe tracepoint raw_tracepoint perf_event cgroup_skb cgroup_sock cgroup_sock_addr " +
  "cgroup_device cgroup_sysctl cgroup_sockopt lwt_in lwt_out lwt_xmit lwt_seg6local sock_ops sk_skb sk_msg sk_reuseport " +
  "flow_dissector sk_lookup lirc_mode2"
).split(" ");

/** What a program does that only some types allow. */
export interface Use {
  /** Helpers called. */
  readonly helpers: ReadonlySet<number>;
  /** Accesses of the context. */
  readonly fields: readonly { readonly offset: number; readonly size: number; readonly write: boolean }[];
  /** Offsets of context fields whose value is followed as a pointer. */
  readonly followed: ReadonlySet<number>;
}

/** What a register holds: nothing known, the context, or the field of it at an offset, plus something. */
type Held = undefined | "context" | number;

/** Helpers numbered from here on are marks of what could not be linked. */
const POISON = 1_000_000;

/**
 * Reads what a program uses.
 *
 * @param insns All its instructions as decoded, with their slots.
 * @param mainSlots How many slots the main program has: the context is followed there only.
 */
export function useOf(
  insns: readonly DecodedInsn[],
  place: { slots: ArrayLike<number>; mainSlots: number },
): Use {
  const { slots, mainSlots } = place;
  const helpers = new Set<number>();
  const fields: Use["fields"][number][] = [];
  const followed = new Set<number>();
  const targets = new Set<number>();
  const writes: number[] = new Array(11).fill(0);
  insns.forEach((insn, i) => {
    if (insn.kind === "call" && insn.callee.kind === "helper" && insn.callee.id < POISON) {
      helpers.add(insn.callee.id);
    }
    if (slots[i] >= mainSlots) return;
    if (insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto") targets.add(insn.target);
    const written = writtenBy(insn);
    if (written >= 0) writes[written]++;
  });

  const held: Held[] = new Array(11).fill(undefined);
  held[1] = "context";
  for (let i = 0; i < insns.length && slots[i] < mainSlots; i++) {
    const insn = insns[i];
    if (targets.has(slots[i])) {
      // Paths meet: what one assignment gave is still there behind it, the rest is open.
      for (let r = 0; r < 10; r++) if (writes[r] !== 1 || r < 6) held[r] = undefined;
    }
    switch (insn.kind) {
      case "load":
      case "store":
      case "atomic": {
        const base = held[insn.base];
        if (base === "context") {
          fields.push({ offset: insn.offset, size: insn.size, write: insn.kind !== "load" });
        } else if (base !== undefined) followed.add(base);
        if (insn.kind === "load") {
          held[insn.dst] = base === "context" && insn.size >= 4 ? insn.offset : undefined;
        } else if (insn.kind === "atomic") forget(held, insn);
        break;
      }
      case "alu":
        if (insn.op === "mov" && insn.width === 64) {
          held[insn.dst] = insn.src.kind === "reg" ? held[insn.src.reg] : undefined;
        } else if (!(insn.op === "add" && insn.width === 64 && typeof held[insn.dst] === "number")) {
          held[insn.dst] = undefined;
        }
        break;
      case "call":
        for (let r = 0; r < 6; r++) held[r] = undefined;
        break;
      case "imm64":
      case "addr_space_cast":
      case "ldabs":
      case "raw":
        forget(held, insn);
        break;
      case "jump":
      case "exit":
        // What follows is reached from elsewhere, if at all, and is a target then.
        break;
      case "branch":
      case "may_goto":
        break;
    }
  }
  return { helpers, fields, followed };
}

function writtenBy(insn: DecodedInsn): number {
  switch (insn.kind) {
    case "alu":
    case "load":
    case "imm64":
    case "addr_space_cast":
      return insn.dst;
    case "atomic":
      return insn.fetch ? insn.src : -1;
    default:
      return -1;
  }
}

function forget(held: Held[], insn: DecodedInsn): void {
  const written = writtenBy(insn);
  if (written >= 0) held[written] = undefined;
  if (insn.kind === "ldabs") { for (let r = 0; r < 6; r++) held[r] = undefined; }
  if (insn.kind === "raw") held.fill(undefined);
}

/** The {@linkcode PLAIN_TYPES} in which all of a use is possible. */
export function possibleTypes(use: Use, profile: Profile): readonly string[] {
  return PLAIN_TYPES.filter((name) => {
    const rules = profile.programType(name);
    return rules !== undefined && allows(rules, use);
  });
}

function allows(rules: ProgramTypeRules, use: Use): boolean {
  const attachTypes = rules.attachTypes ?? [0];
  for (const id of use.helpers) {
    if (!attachTypes.some((attachType) => rules.helpers(attachType).has(id))) return false;
  }
  for (const { offset, size, write } of use.fields) {
    const field = write ? writableAt(rules, offset) : fieldAt(rules, offset, size);
    if (field === undefined) return false;
  }
  for (const offset of use.followed) {
    const field = fieldAt(rules, offset, 4) ?? fieldAt(rules, offset, 8);
    if (field !== undefined && field.result === undefined) return false;
  }
  return true;
}

function writableAt(rules: ProgramTypeRules, offset: number): CtxField | undefined {
  return rules.fields.find((field) =>
    field.write && offset >= field.offset && offset < field.offset + field.size
  );
}

function fieldAt(rules: ProgramTypeRules, offset: number, size: number): CtxField | undefined {
  return rules.fields.find((field) =>
    offset >= field.offset && offset + size <= field.offset + field.size &&
    (field.access === "narrow" || field.access.includes(size))
  );
}

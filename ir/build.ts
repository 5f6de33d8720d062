/**
 * Decoded instructions to a {@link Program}: slot numbers become ids, and the subprograms that calls imply get their
 * entries.
 *
 * A jump, call or function address whose slot does not exist, or lies in the middle of a 16-byte load, becomes `raw`:
 * such a program has to be refused where it is reached, with the kernel's words, and every other invariant of the
 * program holds.
 *
 * @module
 */
import type { DecodedInsn } from "./decode.ts";
import { encodeInsns } from "./encode.ts";
import type { Insn, InsnId, SubprogId } from "./insn.ts";
import { slotsOf } from "./insn.ts";
import { type Origin, Program, type ProgramAttrs, type Subprog } from "./program.ts";
import { CALL_KIND, OPCODE } from "./opcodes.ts";
import { subprogOf, targetOf } from "./references.ts";
import type { Unit } from "./unit.ts";

/** A subprogram as the maker of a program knows it. */
export interface SubprogPlan {
  /** The function's name. */
  readonly name: string;
  /** Its first slot. */
  readonly start: number;
  /** As the symbol table or BTF has it. */
  readonly linkage: Subprog["linkage"];
  /** Its FUNC in `unit.btf`; 0 = none. */
  readonly btfId: number;
  /** Added by a pass; false if left out. */
  readonly hidden?: boolean;
}

/** What {@linkcode buildProgram} is given. */
export interface ProgramPlan {
  /** The unit that the program will belong to. */
  readonly unit: Unit;
  /** What it is loaded as. */
  readonly attrs: ProgramAttrs;
  /** In layout order, without gaps. */
  readonly insns: readonly DecodedInsn[];
  /**
   * In any order. Where none begins at slot 0, the main program is added under the program's name; where a call or a
   * function address leads to a slot without one, a static `subprog_<slot>` is added, as the kernel would.
   */
  readonly subprogs: readonly SubprogPlan[];
  /** One per instruction, if known. */
  readonly origins?: readonly Origin[];
}

const NO_ORIGIN: Origin = {};

/**
 * Builds the first version of a program: ids count from 0 in layout order.
 *
 * @throws {RangeError} If there are no instructions, or a subprogram begins where no instruction begins, or twice.
 *
 * @example
 * ```ts
 * import { buildProgram } from "./build.ts";
 * import { decode } from "./decode.ts";
 * const unit = { name: "test", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
 * const attrs = { name: "main", section: "xdp", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 };
 * const { insns } = decode(Uint8Array.of(0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0));
 * const program = buildProgram({ unit, attrs, insns, subprogs: [] });
 * // program.subprogs[0].name is "main"
 * ```
 */
export function buildProgram(plan: ProgramPlan): Program {
  if (plan.insns.length === 0) {
    throw new RangeError(`Cannot build program "${plan.attrs.name}": it has no instructions`);
  }
  const { insns, origins, at } = layOut(plan);
  const exists = (slot: number): boolean => slot >= 0 && slot < at.length && at[slot] >= 0;

  const plans = new Map<number, SubprogPlan>();
  for (const subprog of plan.subprogs) {
    if (!exists(subprog.start)) {
      throw new RangeError(
        `Cannot begin subprogram "${subprog.name}" at slot ${subprog.start}: no instruction there`,
      );
    }
    const other = plans.get(subprog.start);
    if (other !== undefined) {
      throw new RangeError(
        `Cannot begin subprogram "${subprog.name}" at slot ${subprog.start}: "${other.name}" begins there`,
      );
    }
    plans.set(subprog.start, subprog);
  }
  if (!plans.has(0)) plans.set(0, { name: plan.attrs.name, start: 0, linkage: "global", btfId: 0 });
  let slot = 0;
  for (const insn of insns) {
    const start = subprogOf(insn) ?? rawCallee(insn, slot);
    if (start !== undefined && exists(start) && !plans.has(start)) {
      plans.set(start, { name: `subprog_${start}`, start, linkage: "static", btfId: 0 });
    }
    slot += slotsOf(insn);
  }
  const ordered = [...plans.values()].sort((a, b) => a.start - b.start);
  const subprogs: Subprog[] = ordered.map((subprog, index) => ({
    id: index as SubprogId,
    name: subprog.name,
    entry: at[subprog.start] as InsnId,
    linkage: subprog.linkage,
    hidden: subprog.hidden ?? false,
    btfId: subprog.btfId,
  }));
  const idOf = new Map<number, SubprogId>(
    ordered.map((subprog, index) => [subprog.start, index as SubprogId]),
  );

  const placed: Insn[] = insns.map((insn) => place(insn, { at, idOf }));
  return new Program({
    unit: plan.unit,
    attrs: plan.attrs,
    code: {
      insns: placed,
      ids: placed.map((_, i) => i as InsnId),
      origins,
    },
    subprogs,
    nextInsnId: placed.length,
    nextSubprogId: subprogs.length,
  });
}

interface Laid {
  readonly insns: readonly DecodedInsn[];
  readonly origins: readonly Origin[];
  /** By slot: the index of the instruction that begins there, or -1. */
  readonly at: Int32Array;
}

/** Numbers the slots, and makes raw what leads to a slot that does not exist. */
function layOut(plan: ProgramPlan): Laid {
  let count = 0;
  for (const insn of plan.insns) count += slotsOf(insn);
  const at = new Int32Array(count).fill(-1);
  for (let i = 0, slot = 0; i < plan.insns.length; i++) {
    at[slot] = i;
    slot += slotsOf(plan.insns[i]);
  }
  const insns: DecodedInsn[] = [];
  const origins: Origin[] = [];
  for (let i = 0, slot = 0; i < plan.insns.length; i++) {
    const insn = plan.insns[i];
    const origin = plan.origins?.[i] ?? NO_ORIGIN;
    const target = targetOf(insn) ?? subprogOf(insn);
    if (target === undefined || (target >= 0 && target < count && at[target] >= 0)) {
      insns.push(insn);
      origins.push(origin);
    } else {
      for (const bytes of rawBytes(insn, slot)) {
        insns.push({ kind: "raw", bytes });
        origins.push(origin);
      }
    }
    slot += slotsOf(insn);
  }
  // A 16-byte load that became raw is two instructions now, so positions are counted again.
  at.fill(-1);
  for (let i = 0, slot = 0; i < insns.length; i++) {
    at[slot] = i;
    slot += slotsOf(insns[i]);
  }
  return { insns, origins, at };
}

/** Where a call leads that is raw because a reserved field is not 0: for a kernel it begins a subprogram all the same. */
function rawCallee(insn: DecodedInsn, slot: number): number | undefined {
  if (insn.kind !== "raw" || insn.bytes[0] !== OPCODE.CALL || insn.bytes[1] >> 4 !== CALL_KIND.SUBPROG) {
    return undefined;
  }
  return slot + 1 + new DataView(insn.bytes.buffer, insn.bytes.byteOffset).getInt32(4, true);
}

/** An instruction's slots as bytes. */
function rawBytes(insn: DecodedInsn, slot: number): Uint8Array[] {
  const bytes = encodeInsns([atSlotZero(insn, slot)]);
  return bytes.length === 8 ? [bytes] : [bytes.slice(0, 8), bytes.slice(8)];
}

/** The same instruction with its target counted from its own slot: distances are all that is encoded. */
function atSlotZero(insn: DecodedInsn, slot: number): DecodedInsn {
  switch (insn.kind) {
    case "jump":
    case "branch":
    case "may_goto":
      return { ...insn, target: insn.target - slot };
    case "call":
      return insn.callee.kind === "subprog"
        ? { kind: "call", callee: { kind: "subprog", subprog: insn.callee.subprog - slot } }
        : insn;
    case "imm64":
      return insn.value.kind === "func"
        ? { ...insn, value: { kind: "func", subprog: insn.value.subprog - slot } }
        : insn;
    default:
      return insn;
  }
}

interface Ids {
  readonly at: Int32Array;
  readonly idOf: ReadonlyMap<number, SubprogId>;
}

/** Targets and subprograms as ids; all of them exist by now. */
function place(insn: DecodedInsn, ids: Ids): Insn {
  switch (insn.kind) {
    case "jump":
    case "branch":
    case "may_goto":
      return { ...insn, target: ids.at[insn.target] as InsnId };
    case "call":
      return insn.callee.kind === "subprog"
        ? { kind: "call", callee: { kind: "subprog", subprog: ids.idOf.get(insn.callee.subprog)! } }
        : { kind: "call", callee: insn.callee };
    case "imm64":
      return insn.value.kind === "func"
        ? { ...insn, value: { kind: "func", subprog: ids.idOf.get(insn.value.subprog)! } }
        : { ...insn, value: insn.value };
    default:
      return insn;
  }
}

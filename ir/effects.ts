/**
 * Which registers an instruction reads and writes, read off the opcode table, as masks: bit n is register n.
 *
 * Registers only: what happens to memory is not told here. Two views: {@linkcode effectsOf} of an instruction, exact,
 * for passes; and {@linkcode usesAt} and {@linkcode defsAt} of a slot, as Linux 6.18 counts them for its register
 * liveness (`compute_insn_live_regs`), where a packet load reads everything and defines nothing.
 *
 * @module
 */
import type { Columns } from "./columns.ts";
import type { Callee, Insn } from "./insn.ts";
import { aluRow, atomicRowOf, CALL_KIND, FORMS, type OpcodeForm } from "./opcodes.ts";

/** All registers, r0 to r10. */
export const ALL_REGISTERS = 0x7ff;
/** r0 to r5, which a call destroys. */
export const CALLER_SAVED = 0x3f;
/** r1 to r5, which a call may read. */
export const ARGUMENTS = 0x3e;
const R0 = 1, R6 = 1 << 6;

/**
 * How many registers, counted from r1, the helper or kfunc call at a slot reads; undefined where its prototype is not
 * known, which counts as five. Not asked for bpf2bpf calls, which always count as five.
 */
export type CallArity = (slot: number) => number | undefined;

const USES_DST = 1, USES_SRC = 2, DEFINES_DST = 4, IS_ATOMIC = 8, IS_CALL = 16, USES_R0 = 32, USES_ALL = 64;

/** By opcode byte: which of the flags above hold. */
const FLAGS: Uint8Array = Uint8Array.from(FORMS, flagsOf);

function flagsOf(form: OpcodeForm | undefined): number {
  if (form === undefined) return USES_ALL;
  switch (form.kind) {
    case "alu":
      return DEFINES_DST | (form.rows[0].readsDst ? USES_DST : 0) | (form.register ? USES_SRC : 0);
    case "neg":
    case "endian":
      return DEFINES_DST | USES_DST;
    case "branch":
      return USES_DST | (form.register ? USES_SRC : 0);
    case "load":
      return DEFINES_DST | USES_SRC;
    case "store":
      return USES_DST | (form.register ? USES_SRC : 0);
    case "atomic":
      return IS_ATOMIC;
    case "ldabs":
      return USES_ALL;
    case "imm64":
      return DEFINES_DST;
    case "goto":
    case "gotol":
    case "may_goto":
      return 0;
    case "call":
      return IS_CALL;
    case "exit":
      return USES_R0;
  }
}

/** The registers that the instruction at a slot reads, as 6.18 counts them. Reserved encodings read everything. */
export function usesAt(columns: Columns, slot: number, arity?: CallArity): number {
  const flags = FLAGS[columns.code[slot]];
  const dst = 1 << columns.dst[slot], src = 1 << columns.src[slot];
  if (flags & (IS_ATOMIC | IS_CALL | USES_R0 | USES_ALL)) {
    if (flags & USES_ALL) return ALL_REGISTERS;
    if (flags & USES_R0) return R0;
    if (flags & IS_CALL) return callUses(columns, slot, arity);
    const row = atomicRowOf(columns.imm[slot]);
    if (row?.op === "load_acq") return src;
    return row?.op === "cmpxchg" ? dst | src | R0 : dst | src;
  }
  return (flags & USES_DST ? dst : 0) | (flags & USES_SRC ? src : 0);
}

/** The registers that the instruction at a slot defines, as 6.18 counts them. */
export function defsAt(columns: Columns, slot: number): number {
  const flags = FLAGS[columns.code[slot]];
  if (flags & DEFINES_DST) return 1 << columns.dst[slot];
  if (flags & IS_CALL) return CALLER_SAVED;
  if (flags & IS_ATOMIC) {
    const row = atomicRowOf(columns.imm[slot]);
    if (row?.op === "load_acq") return 1 << columns.dst[slot];
    if (row?.op === "cmpxchg") return R0;
    return row?.fetch ? 1 << columns.src[slot] : 0;
  }
  return 0;
}

function callUses(columns: Columns, slot: number, arity: CallArity | undefined): number {
  if (columns.src[slot] === CALL_KIND.SUBPROG) return ARGUMENTS;
  return argumentMask(arity?.(slot));
}

function argumentMask(count: number | undefined): number {
  return count === undefined ? ARGUMENTS : (2 << count) - 2;
}

/** What an instruction does to registers. */
export interface Effects {
  /** Mask of the registers it reads. */
  readonly reads: number;
  /** Mask of the registers it writes; what a call destroys counts as written. */
  readonly writes: number;
}

/**
 * The registers that an instruction reads and writes. `arity` says how many arguments a helper or kfunc reads; five
 * where it is left out or does not know. Raw bytes read everything and write everything.
 *
 * @example
 * ```ts
 * import { effectsOf } from "./effects.ts";
 * import { reg } from "./insn.ts";
 * effectsOf({ kind: "alu", op: "add", width: 64, dst: 1, src: reg(2) }); // { reads: 0b110, writes: 0b010 }
 * ```
 */
export function effectsOf<T, S>(
  insn: Insn<T, S>,
  arity?: (callee: Callee<S>) => number | undefined,
): Effects {
  switch (insn.kind) {
    case "alu": {
      const src = insn.src.kind === "reg" ? 1 << insn.src.reg : 0;
      const dst = 1 << insn.dst;
      return { reads: src | (aluRow(insn.op)?.readsDst === false ? 0 : dst), writes: dst };
    }
    case "load":
      return { reads: 1 << insn.base, writes: 1 << insn.dst };
    case "store":
      return { reads: 1 << insn.base | (insn.src.kind === "reg" ? 1 << insn.src.reg : 0), writes: 0 };
    case "atomic": {
      const base = 1 << insn.base, src = 1 << insn.src;
      if (insn.op === "load_acq") return { reads: base, writes: src };
      if (insn.op === "cmpxchg") return { reads: base | src | R0, writes: R0 };
      return { reads: base | src, writes: insn.fetch ? src : 0 };
    }
    case "ldabs":
      // The packet comes from the context, which has to be in r6; r1 to r5 are destroyed as by a call.
      return { reads: R6 | (insn.mode === "ind" ? 1 << insn.index : 0), writes: CALLER_SAVED };
    case "imm64":
      return { reads: 0, writes: 1 << insn.dst };
    case "jump":
    case "may_goto":
      return { reads: 0, writes: 0 };
    case "branch":
      return { reads: 1 << insn.left | (insn.right.kind === "reg" ? 1 << insn.right.reg : 0), writes: 0 };
    case "call":
      return {
        reads: insn.callee.kind === "subprog" ? ARGUMENTS : argumentMask(arity?.(insn.callee)),
        writes: CALLER_SAVED,
      };
    case "addr_space_cast":
      return { reads: 1 << insn.src, writes: 1 << insn.dst };
    case "exit":
      return { reads: R0, writes: 0 };
    case "raw":
      return { reads: ALL_REGISTERS, writes: ALL_REGISTERS };
  }
}

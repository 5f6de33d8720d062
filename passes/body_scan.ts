/**
 * What a kfunc's body needs of the frame it is spliced into: saved registers, stack, and whether its frame pointer escapes.
 *
 * The scan reads what is left of the body after branches were pruned and dead code deleted, so that an escape on a path that
 * cannot be taken costs nothing. It looks at instructions one by one and follows no values: a frame pointer that is copied
 * anywhere counts as escaped.
 *
 * @module
 */
import type { Insn, Operand, Reg } from "../ir/insn.ts";
import { slotAligned } from "../ir/stack_depth.ts";

/** The frame pointer. */
const FP = 10;

/** The result of {@linkcode scanBody}. */
export interface BodyNeeds {
  /** Of r6 to r9 those that the body mentions, ascending: a callee preserves them for its caller. */
  readonly saved: readonly Reg[];
  /** Bytes of stack below the body's frame pointer, rounded up to 8. */
  readonly stackBytes: number;
  /** Whether the body accesses its stack. */
  readonly usesStack: boolean;
  /** The frame pointer is copied, stored, compared or passed on: the body cannot move to another frame. */
  readonly escapes: boolean;
  /** The body calls helpers or kernel functions. */
  readonly calls: boolean;
}

/** Looks through a body. Registers are those of the instructions as they stand; `exit` needs nothing. */
export function scanBody(insns: Iterable<Insn>): BodyNeeds {
  const scan: Scan = { mask: 0, lowest: 0, usesStack: false, escapes: false, calls: false };
  for (const insn of insns) scanInsn(scan, insn);
  const saved: Reg[] = [];
  for (let reg = 6; reg <= 9; reg++) if ((scan.mask >> reg & 1) === 1) saved.push(reg);
  return {
    saved,
    stackBytes: slotAligned(-scan.lowest),
    usesStack: scan.usesStack,
    escapes: scan.escapes,
    calls: scan.calls,
  };
}

interface Scan {
  mask: number;
  /** The lowest offset from r10 that is accessed; at most 0. */
  lowest: number;
  usesStack: boolean;
  escapes: boolean;
  calls: boolean;
}

function scanInsn(scan: Scan, insn: Insn): void {
  switch (insn.kind) {
    case "alu":
      mention(scan, insn.dst);
      value(scan, insn.src);
      return;
    case "load":
      mention(scan, insn.dst);
      access(scan, insn);
      return;
    case "store":
      access(scan, insn);
      value(scan, insn.src);
      return;
    case "atomic":
      access(scan, insn);
      value(scan, { kind: "reg", reg: insn.src });
      return;
    case "branch":
      value(scan, { kind: "reg", reg: insn.left });
      value(scan, insn.right);
      return;
    case "addr_space_cast":
      mention(scan, insn.dst);
      value(scan, { kind: "reg", reg: insn.src });
      return;
    case "imm64":
      mention(scan, insn.dst);
      return;
    case "ldabs":
      // Reads the context from r6, which the body cannot have: the caller's is elsewhere.
      mention(scan, 6);
      if (insn.mode === "ind") value(scan, { kind: "reg", reg: insn.index });
      return;
    case "call":
      scan.calls = true;
      return;
    case "jump":
    case "may_goto":
    case "exit":
    case "raw":
      return;
  }
}

function mention(scan: Scan, reg: Reg): void {
  scan.mask |= 1 << reg;
}

/** A register that is read for its value: the frame pointer gets away. */
function value(scan: Scan, operand: Operand): void {
  if (operand.kind === "imm") return;
  mention(scan, operand.reg);
  if (operand.reg === FP) scan.escapes = true;
}

function access(scan: Scan, insn: { readonly base: Reg; readonly offset: number }): void {
  mention(scan, insn.base);
  if (insn.base !== FP) return;
  scan.usesStack = true;
  if (insn.offset < scan.lowest) scan.lowest = insn.offset;
}

/** The instruction with accesses relative to r10 moved by `bytes`; the same object if it makes none. */
export function shiftStack(insn: Insn, bytes: number): Insn {
  if (insn.kind !== "load" && insn.kind !== "store" && insn.kind !== "atomic") return insn;
  return insn.base === FP ? { ...insn, offset: insn.offset + bytes } : insn;
}

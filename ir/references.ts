/**
 * What an instruction refers to besides registers: a place to jump to, a subprogram. For code that must follow or change references
 * without knowing the instructions.
 *
 * @module
 */
import type { Insn } from "./insn.ts";

/** The target of a jump, branch or may_goto; undefined for every other instruction. */
export function targetOf<T, S>(insn: Insn<T, S>): T | undefined {
  return insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto" ? insn.target : undefined;
}

/** The subprogram that an instruction calls or takes the address of; undefined for every other instruction. */
export function subprogOf<T, S>(insn: Insn<T, S>): S | undefined {
  if (insn.kind === "call") return insn.callee.kind === "subprog" ? insn.callee.subprog : undefined;
  if (insn.kind === "imm64") return insn.value.kind === "func" ? insn.value.subprog : undefined;
  return undefined;
}

/** The instruction with its target changed; the same object if it has none. */
export function mapTarget<T, U, S>(insn: Insn<T, S>, change: (target: T) => U): Insn<U, S> {
  switch (insn.kind) {
    case "jump":
    case "branch":
    case "may_goto":
      return { ...insn, target: change(insn.target) };
    case "alu":
    case "load":
    case "store":
    case "atomic":
    case "ldabs":
    case "imm64":
    case "call":
    case "addr_space_cast":
    case "exit":
    case "raw":
      return insn;
  }
}

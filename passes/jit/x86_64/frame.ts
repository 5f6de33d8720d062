/**
 * A subprogram's frame: which registers it saves, how much stack it takes, and where r10 points.
 *
 * r10 is an offset from rsp, so no register is spent on it. A subprogram that calls nothing and needs at most 128 bytes moves rsp not at
 * all: System V keeps that much below rsp untouched (the red zone).
 *
 * @module
 */
import { slotsAt } from "../../../ir/cfg.ts";
import type { Columns } from "../../../ir/columns.ts";
import { defsAt } from "../../../ir/effects.ts";
import { CLASS, JUMP } from "../../../ir/opcodes.ts";
import type { Program } from "../../../ir/program.ts";
import { slotAligned, stackDepth } from "../../../ir/stack_depth.ts";
import { ADD, type Assembler, SUB } from "./assembler.ts";
import { REGISTER_OF, RSP, SPARE_PRESERVED, SPARE_VOLATILE } from "./registers.ts";
import type { Selection } from "./select.ts";
import { stackUse } from "./stack_slots.ts";

/** See the module's header. Sizes and offsets in bytes. */
export interface Frame {
  /** Registers to push, in this order. */
  readonly saved: readonly number[];
  /** What rsp is lowered by after the pushes. */
  readonly size: number;
  /** r10 is rsp plus this. */
  readonly top: number;
  /** Where, from rsp, the 64-bit may_goto budget is kept; undefined if there is none. */
  readonly budget?: number;
  /** Stack slots that live in registers instead, by offset from r10. */
  readonly slots: ReadonlyMap<number, number>;
}

const RED_ZONE = 128;

/** The frame of the subprogram with a given index in layout order. */
export function frameOf(
  program: Program,
  of: { columns: Columns; selection: Selection; index: number },
): Frame {
  const { columns, selection, index } = of;
  const seen = scan(columns, columns.subprogStart[index], columns.subprogStart[index + 1]);
  const use = stackUse(columns, selection, index);
  const slots = new Map<number, number>();
  const saved: number[] = [];
  for (let bpf = 6; bpf <= 9; bpf++) if ((seen.written >> bpf & 1) !== 0) saved.push(REGISTER_OF[bpf]);
  const free = freeRegisters(seen);
  for (const { offset, weight } of use.slots) {
    const volatile = free.volatile.pop();
    if (volatile !== undefined) slots.set(offset, volatile);
    // Saving and restoring a register is two accesses of its own.
    else if (weight > 3 && free.preserved.length > 0) {
      const register = free.preserved.pop()!;
      slots.set(offset, register);
      saved.push(register);
    }
  }
  const measured = program.get(stackDepth, program.subprogs[index].id);
  const depth = slotAligned(use.escapes ? Math.max(use.depth, measured) : use.depth);
  const { calls, mayGoto } = seen;
  const need = depth + (mayGoto ? 8 : 0);
  if (!calls && need <= RED_ZONE) {
    return { saved, size: 0, top: 0, slots, ...(mayGoto ? { budget: -need } : {}) };
  }
  // At a call rsp is a multiple of 16; at entry it is 8 past one.
  const odd = (saved.length + (need >> 3)) % 2 === 0;
  const size = calls && odd ? need + 8 : need;
  return { saved, size, top: size, slots, ...(mayGoto ? { budget: size - need } : {}) };
}

/** What a subprogram's instructions touch besides the stack. */
export interface Scan {
  /** Mask of the BPF registers that are written. */
  readonly written: number;
  /** Mask of the BPF registers that occur at all. */
  readonly mentioned: number;
  /** It calls something. */
  readonly calls: boolean;
  /** It has a may_goto, and so a budget. */
  readonly mayGoto: boolean;
  /** Something is lowered through rdx and r9: divisions, exchange loops. */
  readonly divides: boolean;
}

/** Reads the instructions from one slot to another. */
export function scan(columns: Columns, from: number, until: number): Scan {
  let written = 0, mentioned = 1, calls = false, mayGoto = false, divides = false;
  for (let slot = from; slot < until; slot += slotsAt(columns, slot)) {
    const code = columns.code[slot];
    const kind = code & 7;
    written |= defsAt(columns, slot);
    mentioned |= 1 << columns.dst[slot] | 1 << columns.src[slot];
    if (code === (CLASS.JMP | JUMP.CALL)) calls = true;
    else if (code === (CLASS.JMP | JUMP.JCOND)) mayGoto = true;
    else if (kind === CLASS.ALU || kind === CLASS.ALU64) {
      divides ||= (code & 0xf0) === 0x30 || (code & 0xf0) === 0x90;
    } else if (kind === CLASS.STX && (code & 0xe0) === 0xc0) divides = true;
  }
  return { written, mentioned, calls, mayGoto, divides };
}

/** Registers that nothing else in the subprogram uses, best last. Without calls, the unused argument registers are among them. */
function freeRegisters(seen: Scan): { volatile: number[]; preserved: number[] } {
  const volatile: number[] = [];
  const preserved: number[] = [];
  const unused = (bpf: number): boolean => (seen.mentioned >> bpf & 1) === 0;
  for (let bpf = 9; bpf >= 6; bpf--) if (unused(bpf)) preserved.push(REGISTER_OF[bpf]);
  preserved.push(...SPARE_PRESERVED);
  if (seen.calls) return { volatile, preserved };
  if (!seen.divides) volatile.push(...SPARE_VOLATILE);
  for (let bpf = 5; bpf >= 1; bpf--) {
    if (unused(bpf) && !(bpf === 3 && seen.divides)) volatile.push(REGISTER_OF[bpf]);
  }
  return { volatile, preserved };
}

/** Saves registers and takes the stack. */
export function enter(asm: Assembler, frame: Frame): void {
  for (const register of frame.saved) asm.push(register);
  if (frame.size > 0) asm.aluImm(SUB, true, RSP, frame.size);
}

/** Gives the stack back, restores registers and returns. */
export function leave(asm: Assembler, frame: Frame): void {
  if (frame.size > 0) asm.aluImm(ADD, true, RSP, frame.size);
  for (let i = frame.saved.length - 1; i >= 0; i--) asm.pop(frame.saved[i]);
  asm.ret();
}

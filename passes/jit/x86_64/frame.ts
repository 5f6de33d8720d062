/**
 * A subprogram's frame: which registers it saves, how much stack it takes, and where r10 points.
 *
 * r10 is an offset from rsp, so no register is spent on it. A subprogram that calls nothing and needs at most 128 bytes moves rsp not at
 * all: System V keeps that much below rsp untouched (the red zone).
 *
 * @module
 */
import { CLASS, JUMP } from "../../../ir/opcodes.ts";
import type { Columns } from "../../../ir/columns.ts";
import { slotAligned, stackDepth } from "../../../ir/stack_depth.ts";
import type { Program } from "../../../ir/program.ts";
import { ADD, type Assembler, SUB } from "./assembler.ts";
import { REGISTER_OF, RSP } from "./registers.ts";

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
  /** It calls something. */
  readonly calls: boolean;
}

const RED_ZONE = 128;

/** The frame of the subprogram with a given index in layout order. */
export function frameOf(program: Program, columns: Columns, index: number): Frame {
  const from = columns.subprogStart[index], until = columns.subprogStart[index + 1];
  let written = 0, calls = false, mayGoto = false, direct = 0, escapes = false;
  for (let slot = from; slot < until; slot++) {
    const code = columns.code[slot];
    const kind = code & 7;
    const dst = columns.dst[slot], src = columns.src[slot], off = columns.off[slot];
    if (kind === CLASS.JMP || kind === CLASS.JMP32) {
      if (code === (CLASS.JMP | JUMP.CALL)) calls = true;
      else if ((code & 0xf0) === JUMP.JCOND) mayGoto = true;
      else if (dst === 10 || (code & 8) !== 0 && src === 10) escapes = true;
      continue;
    }
    if (kind === CLASS.ST || kind === CLASS.STX) {
      if (dst === 10) direct = Math.max(direct, -off);
      if (kind === CLASS.STX) {
        if ((code & 0xe0) === 0xc0) {
          // Acquiring loads have their base in src and write dst; the others may write src.
          if (src === 10) direct = Math.max(direct, -off);
          written |= 1 << src | 1 << dst;
        } else if (src === 10) escapes = true;
      }
      continue;
    }
    if (kind === CLASS.LDX) {
      if (src === 10) direct = Math.max(direct, -off);
    } else if (kind !== CLASS.LD && (code & 8) !== 0 && src === 10) escapes = true;
    written |= 1 << dst;
    if (code === 0x18) slot++;
  }
  const measured = program.get(stackDepth, program.subprogs[index].id);
  const depth = slotAligned(escapes ? Math.max(direct, measured) : direct);
  const saved: number[] = [];
  for (let bpf = 6; bpf <= 9; bpf++) if ((written >> bpf & 1) !== 0) saved.push(REGISTER_OF[bpf]);
  const need = depth + (mayGoto ? 8 : 0);
  if (!calls && need <= RED_ZONE) {
    return { saved, size: 0, top: 0, calls, ...(mayGoto ? { budget: -need } : {}) };
  }
  // At a call rsp is a multiple of 16; at entry it is 8 past one.
  const odd = (saved.length + (need >> 3)) % 2 === 0;
  const size = calls && odd ? need + 8 : need;
  return { saved, size, top: size, calls, ...(mayGoto ? { budget: size - need } : {}) };
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

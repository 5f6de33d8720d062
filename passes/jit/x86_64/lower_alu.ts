/**
 * Arithmetic, moves and byte swaps: one BPF instruction to a few of x86-64.
 *
 * Division is in `lower_divide.ts`. A 32-bit operation of x86-64 zero-extends as BPF's does, so widths map one to one.
 *
 * @module
 */
import { AND, NEG, SAR, SHL, SHR } from "./assembler.ts";
import type { Emitter } from "./emitter.ts";
import { lowerDivide } from "./lower_divide.ts";
import { groupOf } from "./operation.ts";
import { RCX, REGISTER_OF, RSP, SCRATCH } from "./registers.ts";

/** Lowers an instruction of class ALU or ALU64. */
export function lowerAlu(e: Emitter, slot: number): void {
  const { columns } = e;
  const code = columns.code[slot];
  const operation = code & 0xf0;
  const wide = (code & 7) === 7;
  if (operation === 0xd0) return lowerEndian(e, slot, wide);
  const dst = e.target(columns.dst[slot]);
  if (operation === 0x80) return e.asm.unary(NEG, wide, dst);
  if (operation === 0x30 || operation === 0x90) return lowerDivide(e, slot);
  if ((code & 8) === 0) lowerImmediate(e, slot, dst, wide);
  else lowerRegister(e, slot, dst, wide);
}

function shiftOf(operation: number): number {
  return operation === 0x60 ? SHL : operation === 0x70 ? SHR : SAR;
}

function lowerRegister(e: Emitter, slot: number, dst: number, wide: boolean): void {
  const { asm, columns } = e;
  const operation = columns.code[slot] & 0xf0;
  const from = columns.src[slot];
  if (operation === 0xb0) {
    const bits = columns.off[slot];
    if (bits !== 0) asm.extend(dst, e.value(from, SCRATCH), bits >> 3, true, wide);
    else if (from !== 10) {
      if (!wide || dst !== REGISTER_OF[from]) asm.mov(wide, dst, REGISTER_OF[from]);
    } else asm.lea(wide, dst, RSP, e.frame.top);
    return;
  }
  const src = e.value(from, SCRATCH);
  switch (operation) {
    case 0x20:
      asm.imul(wide, dst, src);
      return;
    case 0x60:
    case 0x70:
    case 0xc0:
      lowerShift(e, shiftOf(operation), { dst, src, wide });
      return;
    default:
      asm.alu(groupOf(operation), wide, dst, src);
      e.setFlags(columns.dst[slot], wide);
  }
}

/** The processor masks counts as BPF does; without BMI2 they have to be in cl, which is r4's. */
function lowerShift(e: Emitter, op: number, on: { dst: number; src: number; wide: boolean }): void {
  const { asm } = e;
  const { dst, src, wide } = on;
  if (e.features.bmi2 === true) {
    asm.shiftx(op, wide, dst, dst, src);
  } else if (src === RCX && dst !== RCX) {
    asm.shiftCl(op, wide, dst);
  } else if (dst === RCX) {
    asm.mov(wide, SCRATCH, RCX);
    if (src !== RCX) asm.mov(false, RCX, src);
    asm.shiftCl(op, wide, SCRATCH);
    asm.mov(wide, RCX, SCRATCH);
  } else {
    asm.mov(true, SCRATCH, RCX);
    asm.mov(false, RCX, src);
    asm.shiftCl(op, wide, dst);
    asm.mov(true, RCX, SCRATCH);
  }
}

function lowerImmediate(e: Emitter, slot: number, dst: number, wide: boolean): void {
  const { asm, columns } = e;
  const operation = columns.code[slot] & 0xf0;
  const value = columns.imm[slot];
  switch (operation) {
    case 0xb0:
      if (value === 0) asm.zero(dst);
      else asm.movImm(dst, value, wide && value < 0 ? -1 : 0);
      return;
    case 0x20:
      lowerMultiply(e, dst, wide, value);
      return;
    case 0x60:
    case 0x70:
    case 0xc0: {
      const count = value & (wide ? 63 : 31);
      if (count !== 0) asm.shiftImm(shiftOf(operation), wide, dst, count);
      else if (!wide) asm.mov(false, dst, dst);
      return;
    }
    case 0x50:
      // A non-negative mask clears the upper half by itself; the two that movzx knows are shorter.
      if (value === 0xff) asm.extend(dst, dst, 1, false, false);
      else if (value === 0xffff) asm.extend(dst, dst, 2, false, false);
      else if (value === 0) asm.zero(dst);
      else if (value === -1) {
        if (!wide) asm.mov(false, dst, dst);
      } else {
        asm.aluImm(AND, wide && value < 0, dst, value);
        e.setFlags(columns.dst[slot], wide && value < 0);
      }
      return;
    case 0x00:
    case 0x10:
    case 0x40:
    case 0xa0:
      if (value === 0) {
        if (!wide) asm.mov(false, dst, dst);
      } else {
        asm.aluImm(groupOf(operation), wide, dst, value);
        e.setFlags(columns.dst[slot], wide);
      }
      return;
  }
}

function lowerMultiply(e: Emitter, dst: number, wide: boolean, value: number): void {
  const { asm } = e;
  if (value === 0) asm.zero(dst);
  else if (value === 1) {
    if (!wide) asm.mov(false, dst, dst);
  } else if (value === -1) asm.unary(NEG, wide, dst);
  else if (value > 0 && (value & (value - 1)) === 0) {
    asm.shiftImm(SHL, wide, dst, 31 - Math.clz32(value));
  } else if (value === 3 || value === 5 || value === 9) {
    asm.lea(wide, dst, dst, 0, dst, value === 3 ? 1 : value === 5 ? 2 : 3);
  } else asm.imulImm(wide, dst, dst, value);
}

/** `wide` is the class here: set for `bswap`, else the direction bit tells `le` from `be`. */
function lowerEndian(e: Emitter, slot: number, wide: boolean): void {
  const { asm, columns } = e;
  const dst = e.target(columns.dst[slot]);
  const bits = columns.imm[slot];
  const swap = wide || (columns.code[slot] & 8) !== 0;
  if (bits === 16) {
    if (swap) asm.rol16(dst, 8);
    asm.extend(dst, dst, 2, false, false);
  } else if (bits === 32) {
    if (swap) asm.bswap(false, dst);
    else asm.mov(false, dst, dst);
  } else if (swap) asm.bswap(true, dst);
}

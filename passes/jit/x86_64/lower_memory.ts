/**
 * Loads, stores, atomics and 64-bit constants.
 *
 * x86-64 keeps loads in order with loads and stores with stores, so an acquiring load and a releasing store are plain ones. The atomics
 * that return the old value of `and`, `or` and `xor` have no instruction; they compare and exchange until nobody came between.
 *
 * @module
 */
import type { Columns } from "../../../ir/columns.ts";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { CC } from "./assembler.ts";
import type { Emitter } from "./emitter.ts";
import { groupOf, sizeOf } from "./operation.ts";
import { R9, RAX, SCRATCH, SCRATCH2 } from "./registers.ts";

/** Lowers an instruction of class LDX. */
export function lowerLoad(e: Emitter, slot: number): void {
  const { columns } = e;
  const code = columns.code[slot];
  const dst = e.target(columns.dst[slot]);
  const signed = (code & 0xe0) === 0x80;
  const size = sizeOf(code);
  const register = e.slotRegister(slot, columns.src[slot]);
  if (register >= 0) {
    if (size === 8) e.asm.mov(true, dst, register);
    else e.asm.extend(dst, register, size, signed, true);
    return;
  }
  e.operand(slot, columns.src[slot]);
  e.asm.load(dst, size, signed, e.base, e.disp, e.index, e.scale);
}

/** Lowers an instruction of class ST or STX. */
export function lowerStore(e: Emitter, slot: number): void {
  const { asm, columns } = e;
  const code = columns.code[slot];
  if ((code & 0xe0) === 0xc0) return lowerAtomic(e, slot);
  const size = sizeOf(code);
  const register = e.slotRegister(slot, columns.dst[slot]);
  if (register >= 0) {
    // What lies above the slot's size is never looked at.
    if ((code & 7) === 3) asm.mov(size === 8, register, e.value(columns.src[slot], SCRATCH));
    else if (columns.imm[slot] === 0) asm.zero(register);
    else asm.movImm(register, columns.imm[slot], size === 8 && columns.imm[slot] < 0 ? -1 : 0);
    return;
  }
  if ((code & 7) === 2) {
    e.operand(slot, columns.dst[slot]);
    asm.storeImm(columns.imm[slot], size, e.base, e.disp, e.index, e.scale);
    return;
  }
  const src = e.value(columns.src[slot], SCRATCH);
  e.operand(slot, columns.dst[slot]);
  asm.store(src, size, e.base, e.disp, e.index, e.scale);
}

function lowerAtomic(e: Emitter, slot: number): void {
  const { asm, columns } = e;
  const size = sizeOf(columns.code[slot]);
  const wide = size === 8;
  const operation = columns.imm[slot];
  if (operation === 0x100) {
    e.operand(slot, columns.src[slot]);
    asm.load(e.target(columns.dst[slot]), size, false, e.base, e.disp, e.index, e.scale);
    return;
  }
  e.operand(slot, columns.dst[slot]);
  if (operation === 0x110) {
    asm.store(e.value(columns.src[slot], SCRATCH), size, e.base, e.disp, e.index, e.scale);
    return;
  }
  // The forms below take a base and a displacement; selection folds no index into them.
  const { base, disp } = e;
  const fetch = (operation & 1) !== 0;
  const src = fetch ? e.target(columns.src[slot]) : e.value(columns.src[slot], SCRATCH);
  if (!fetch) {
    asm.lockAlu(groupOf(operation), wide, base, disp, src);
  } else if (operation === 0xf1) {
    asm.lockCmpxchg(wide, base, disp, src);
    // On success eax is not written, so its upper half is still r0's.
    if (!wide) asm.mov(false, RAX, RAX);
  } else if (operation === 0xe1) {
    asm.xchgMem(wide, base, disp, src);
  } else if (operation === 0x01) {
    asm.lockXadd(wide, base, disp, src);
  } else {
    exchangeLoop(e, { op: groupOf(operation & ~1), wide, base, disp, src });
  }
}

/** SCRATCH is the operand, SCRATCH2 what rax held, r9 the new value, rax the old one. */
function exchangeLoop(
  e: Emitter,
  atomic: { op: number; wide: boolean; base: number; disp: number; src: number },
): void {
  const { asm } = e;
  const { op, wide, disp, src } = atomic;
  const base = atomic.base === RAX ? SCRATCH2 : atomic.base;
  const again = asm.label();
  asm.mov(true, SCRATCH2, RAX);
  asm.mov(wide, SCRATCH, src);
  asm.load(RAX, wide ? 8 : 4, false, base, disp);
  asm.bind(again);
  asm.mov(wide, R9, RAX);
  asm.alu(op, wide, R9, SCRATCH);
  asm.lockCmpxchg(wide, base, disp, R9);
  asm.jcc(CC.NE, again);
  if (src === RAX) return;
  asm.mov(wide, src, RAX);
  asm.mov(true, RAX, SCRATCH2);
}

/** Lowers a 16-byte load-immediate. */
export function lowerImm64(e: Emitter, slot: number): void {
  const { asm, columns, program } = e;
  const dst = e.target(columns.dst[slot]);
  const insn = program.code.insns[columns.position[slot]];
  if (insn.kind !== "imm64") throw new UnsupportedError(`opcode 0x18 of kind ${insn.kind}`);
  const { value } = insn;
  switch (value.kind) {
    case "const":
      loadConstant(e, dst, columns, slot);
      return;
    case "map":
      e.symbolInto(dst, { kind: "map", map: value.map });
      return;
    case "map_value":
      e.symbolInto(dst, { kind: "map_value", map: value.map, offset: value.offset });
      return;
    case "kernel_var":
      e.symbolInto(dst, { kind: "kernel_var", name: value.name });
      return;
    case "func":
      asm.leaLabel(dst, e.entries[columns.subprogOf[columns.target[slot]]]);
      return;
  }
}

function loadConstant(e: Emitter, dst: number, columns: Columns, slot: number): void {
  const low = columns.imm[slot], high = columns.imm[slot + 1];
  if (low === 0 && high === 0) e.asm.zero(dst);
  else e.asm.movImm(dst, low, high);
}

/** Lowers a legacy packet load: they are rewritten before, for the context they read. @throws {UnsupportedError} Always. */
export function lowerLegacyLoad(e: Emitter, slot: number): never {
  const mode = (e.columns.code[slot] & 0xe0) === 0x20 ? "abs" : "ind";
  throw new UnsupportedError(`legacy packet load (ld_${mode}) in the x86-64 back end`);
}

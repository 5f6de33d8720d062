/**
 * What selection chose: one instruction for several of BPF's. See `select.ts` for what each form means.
 *
 * @module
 */
import { CC, ROL, SAR, SHR } from "./assembler.ts";
import type { Emitter } from "./emitter.ts";
import { branchTo } from "./lower_branch.ts";
import { groupOf } from "./operation.ts";
import { REGISTER_OF } from "./registers.ts";
import { EMIT } from "./select.ts";

/** Lowers an instruction for which selection chose a form of its own. */
export function lowerSelected(e: Emitter, slot: number): void {
  const { asm, columns, selection } = e;
  const code = columns.code[slot];
  const wide = (code & 7) === 7;
  const emit = selection.emit[slot];
  if (emit === EMIT.SKIP) return;
  if (emit === EMIT.TEST) return lowerTest(e, slot);
  const dst = e.target(columns.dst[slot]);
  const count = selection.count[slot];
  const register = emit === EMIT.LEA ? -1 : e.slotRegister(slot, -1);
  if (register >= 0) return lowerFromSlot(e, slot, register);
  switch (emit) {
    case EMIT.LEA:
      e.address(slot);
      asm.lea(wide, dst, e.base, e.disp, e.index, e.scale);
      return;
    case EMIT.ROTATE: {
      const from = REGISTER_OF[selection.from[slot]];
      if (from === dst) asm.shiftImm(ROL, wide, dst, count);
      else asm.rorx(wide, dst, from, (wide ? 64 : 32) - count);
      return;
    }
    case EMIT.EXTEND: {
      const signed = selection.signed[slot] !== 0;
      asm.extend(dst, REGISTER_OF[selection.from[slot]], selection.size[slot], signed, signed);
      if (count > 0) asm.shiftImm(signed ? SAR : SHR, signed, dst, count);
      return;
    }
    case EMIT.OP_MEMORY:
      e.address(slot);
      asm.aluLoad(groupOf(code & 0xf0), wide, dst, e.base, e.disp, e.index, e.scale);
      e.setFlags(columns.dst[slot], wide);
      return;
    case EMIT.SWAP_LOAD:
      e.address(slot);
      asm.movbeLoad(dst, selection.size[slot], e.base, e.disp, e.index, e.scale);
      return;
    case EMIT.PAIR_LOAD:
      e.address(slot);
      asm.load(dst, 2, false, e.base, e.disp, e.index, e.scale);
      if (selection.signed[slot] !== 0) asm.rol16(dst, 8);
      return;
    case EMIT.MULTIPLY:
      asm.imulImm(wide, dst, REGISTER_OF[selection.from[slot]], columns.imm[slot]);
      return;
  }
}

/** The forms that read memory, where that is a stack slot in a register. */
function lowerFromSlot(e: Emitter, slot: number, register: number): void {
  const { asm, columns, selection } = e;
  const code = columns.code[slot];
  const wide = (code & 7) === 7;
  const dst = e.target(columns.dst[slot]);
  switch (selection.emit[slot]) {
    case EMIT.OP_MEMORY:
      asm.alu(groupOf(code & 0xf0), wide, dst, register);
      e.setFlags(columns.dst[slot], wide);
      return;
    case EMIT.SWAP_LOAD: {
      const eight = selection.size[slot] === 8;
      asm.mov(eight, dst, register);
      asm.bswap(eight, dst);
      return;
    }
    case EMIT.PAIR_LOAD:
      asm.extend(dst, register, 2, false, false);
      if (selection.signed[slot] !== 0) asm.rol16(dst, 8);
      return;
  }
}

function lowerTest(e: Emitter, slot: number): void {
  const { asm, columns, selection } = e;
  asm.testImm(selection.size[slot] === 8, REGISTER_OF[selection.from[slot]], selection.count[slot]);
  branchTo(e, slot, (columns.code[slot] & 0xf0) === 0x10 ? CC.E : CC.NE);
}

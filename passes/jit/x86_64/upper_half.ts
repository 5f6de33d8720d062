/**
 * Which registers are known to have no bits above 31, by slot: 32-bit results, narrow unsigned loads, masks.
 *
 * Programs compiled without the 32-bit classes extend by hand, and those with them copy through a 32-bit move; knowing that such a move
 * changes nothing lets it be dropped or folded. Forward over the whole subprogram, met with "and" where paths join; arguments and
 * results of calls are unknown.
 *
 * @module
 */
import { fallSlot, jumpSlot, slotsAt } from "../../../ir/cfg.ts";
import type { Columns } from "../../../ir/columns.ts";
import { defsAt } from "../../../ir/effects.ts";
import { CLASS } from "../../../ir/opcodes.ts";

/** By slot: mask of the BPF registers whose upper half is zero before it, whatever the path. Unreached slots have all. */
export function zeroUpperHalves(columns: Columns): Int32Array {
  const before = new Int32Array(columns.count).fill(0x7ff);
  for (let i = 0; i < columns.subprogStart.length - 1; i++) before[columns.subprogStart[i]] = 0;
  for (let again = true; again;) {
    again = false;
    for (let slot = 0; slot < columns.count; slot += slotsAt(columns, slot)) {
      const after = transfer(columns, slot, before[slot]);
      const fall = fallSlot(columns, slot), jump = jumpSlot(columns, slot);
      if (fall >= 0) before[fall] &= after;
      if (jump < 0) continue;
      const met = before[jump] & after;
      if (met === before[jump]) continue;
      before[jump] = met;
      if (jump <= slot) again = true;
    }
  }
  return before;
}

function transfer(columns: Columns, slot: number, mask: number): number {
  const code = columns.code[slot];
  const kind = code & 7;
  const bit = 1 << columns.dst[slot];
  if (kind === CLASS.ALU || kind === CLASS.ALU64) {
    return clears(columns, slot, mask) ? mask | bit : mask & ~bit;
  }
  if (kind === CLASS.LDX) {
    const narrow = (code & 0xe0) === 0x60 && (code & 0x18) !== 0x18;
    return narrow ? mask | bit : mask & ~bit;
  }
  if (code === 0x18) {
    // Only a constant: of an address nothing is known.
    const constant = columns.src[slot] === 0 && columns.imm[slot + 1] === 0;
    return constant ? mask | bit : mask & ~bit;
  }
  return mask & ~defsAt(columns, slot);
}

/** Whether the ALU operation at `slot` gives dst an upper half of zero. */
function clears(columns: Columns, slot: number, mask: number): boolean {
  const code = columns.code[slot];
  const operation = code & 0xf0;
  if (operation === 0xd0) return columns.imm[slot] !== 64;
  if ((code & 7) === CLASS.ALU) return true;
  const dst = (mask >> columns.dst[slot] & 1) !== 0;
  const src = (code & 8) !== 0 ? (mask >> columns.src[slot] & 1) !== 0 : columns.imm[slot] >= 0;
  switch (operation) {
    case 0x50: // and
      return dst || src;
    case 0x40: // or
    case 0xa0: // xor
      return dst && src;
    case 0x70: // rsh
      return dst || (code & 8) === 0 && (columns.imm[slot] & 63) >= 32;
    case 0x30: // div: unsigned, never more than the dividend
    case 0x90: // mod
      return dst && columns.off[slot] === 0;
    case 0xb0: // mov; the sign-extending ones fill the upper half
      return src && columns.off[slot] === 0;
    default:
      return false;
  }
}

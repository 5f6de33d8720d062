/**
 * The eight bytes of a stack slot, whose types stand in one word, four bits each (`STACK_*`): asked about and changed together.
 *
 * @module
 */
import {
  ALL_BYTES,
  STACK_DYNPTR,
  STACK_IRQ_FLAG,
  STACK_ITER,
  STACK_MISC,
  STACK_SPILL,
} from "../states/layout.ts";

/** The bits of bytes `low` to `high`, 0 to 7. */
export function bytesMask(low: number, high: number): number {
  return (-1 >>> (28 - 4 * high)) & (-1 << (4 * low));
}

/** The bits of the `size` bytes from slot byte `slot`, counted down from the top of the frame, as far as they lie in its slot. */
export function accessMask(slot: number, size: number): number {
  const high = slot & 7;
  return bytesMask(Math.max(high - size + 1, 0), high);
}

/** The type word with the bytes of the mask of another type. */
export function withBytes(types: number, mask: number, type: number): number {
  return types & ~mask | Math.imul(ALL_BYTES, type) & mask;
}

/** Whether the top byte of a slot says that it holds more than data. */
export function isSpecial(types: number): boolean {
  const top = types >>> 28;
  return top === STACK_SPILL || top === STACK_DYNPTR || top === STACK_ITER || top === STACK_IRQ_FLAG;
}

/** A slot's bytes without what was special about them: written ones become misc. */
export function scrubbed(types: number): number {
  const written = (types | types >>> 1 | types >>> 2 | types >>> 3) & ALL_BYTES;
  return Math.imul(written, STACK_MISC);
}

/** Whether all bytes of the mask are data, zeros, or were never written (misc, zero, invalid): bits 2 and 3 clear, bit 0 only beside bit 1. */
export function isData(types: number, mask: number): boolean {
  return ((types >>> 2 | types >>> 3 | types & ~(types >>> 1)) & ALL_BYTES & mask) === 0;
}

/** Whether no byte of the mask can belong to a dynptr, an iterator or an irq flag: bit 2 clear. */
export function isNoObject(types: number, mask: number): boolean {
  return (types >>> 2 & ALL_BYTES & mask) === 0;
}

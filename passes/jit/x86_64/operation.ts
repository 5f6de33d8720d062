/**
 * Fields of a BPF opcode that several parts of the back end read, and what the processor calls them.
 *
 * @module
 */
import { ADD, AND, OR, SUB, XOR } from "./assembler.ts";

/** Bytes of an access, by the size bits of its opcode. */
export function sizeOf(code: number): 1 | 2 | 4 | 8 {
  const bits = code & 0x18;
  return bits === 0x00 ? 4 : bits === 0x08 ? 2 : bits === 0x10 ? 1 : 8;
}

/** The two-operand group's number for the operation bits of add, sub, or, and, xor. */
export function groupOf(operation: number): number {
  switch (operation) {
    case 0x00:
      return ADD;
    case 0x10:
      return SUB;
    case 0x40:
      return OR;
    case 0x50:
      return AND;
    case 0xa0:
      return XOR;
    default:
      throw new RangeError(`Cannot name operation 0x${operation.toString(16)}`);
  }
}

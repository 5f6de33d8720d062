/**
 * The ALU operators, the high four bits of an opcode: by name and in text.
 *
 * @module
 */

export const ADD = 0x00,
  SUB = 0x10,
  MUL = 0x20,
  DIV = 0x30,
  OR = 0x40,
  AND = 0x50,
  LSH = 0x60,
  RSH = 0x70,
  NEG = 0x80,
  MOD = 0x90,
  XOR = 0xa0,
  MOV = 0xb0,
  ARSH = 0xc0,
  END = 0xd0;

/** The opcode's class, its low three bits, of 64-bit arithmetic. */
export const ALU64 = 7;

/** By operator, shifted down by 4: as messages print it (`bpf_alu_string` of `kernel/bpf/disasm.c`). */
export const ALU_TEXT: readonly string[] = [
  "+=",
  "-=",
  "*=",
  "/=",
  "|=",
  "&=",
  "<<=",
  ">>=",
  "neg",
  "%=",
  "^=",
  "=",
  "s>>=",
  "endian",
];

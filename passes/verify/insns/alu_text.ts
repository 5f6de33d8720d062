/**
 * The ALU operators in text, as messages print them (`bpf_alu_string` of `kernel/bpf/disasm.c`).
 *
 * @module
 */

/** By the opcode's high four bits. */
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

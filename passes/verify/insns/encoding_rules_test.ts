/**
 * Fields of instructions that must be zero, numbers that name no register and no operation: refused where they are reached. The running
 * kernel says the same.
 */
import { bytecodeCases, EXIT, insn, SET_R0 } from "../testing/bytecode_cases.ts";

const MOV = 0xb7, MOV_X = 0xbf, MOV32_X = 0xbc, ADD = 0x07, ADD_X = 0x0f, DIV = 0x37;
const NEG = 0x87, SWAP = 0xd7, TO_BE = 0xdc;

/** One instruction between `r0 = 0` and `exit`; r1 is the context. */
function one(name: string, code: string, message?: string): {
  readonly name: string;
  readonly insns: readonly string[];
  readonly message?: string;
} {
  return { name, insns: [SET_R0, code, EXIT], ...(message === undefined ? {} : { message }) };
}

const NEG_RESERVED = "BPF_NEG uses reserved fields", END_RESERVED = "BPF_END uses reserved fields";

bytecodeCases([
  one("a negation has no second register", insn(NEG, { src: 1 }), NEG_RESERVED),
  one("a negation has no offset", insn(NEG, { off: 1 }), NEG_RESERVED),
  one("a negation has no number", insn(NEG, { imm: 1 }), NEG_RESERVED),
  one("a swap of bytes has no second register", insn(SWAP, { src: 1, imm: 16 }), END_RESERVED),
  one("a swap of bytes has no offset", insn(SWAP, { off: 1, imm: 16 }), END_RESERVED),
  one("a swap of bytes has a width", insn(SWAP, { imm: 8 }), END_RESERVED),
  one("bytes are put in an order within a width", insn(TO_BE, { imm: 128 }), END_RESERVED),
  one("bytes are put in an order within 64 bits", insn(TO_BE, { imm: 64 })),
]);

const MOV_RESERVED = "BPF_MOV uses reserved fields", ALU_RESERVED = "BPF_ALU uses reserved fields";

bytecodeCases([
  one("a number is not moved from a register, too", insn(MOV, { dst: 2, src: 1 }), MOV_RESERVED),
  one("a number is moved without an offset", insn(MOV, { dst: 2, off: 8 }), MOV_RESERVED),
  one("a register is moved without a number", insn(MOV_X, { dst: 2, src: 0, imm: 1 }), MOV_RESERVED),
  one("a sign is extended from whole bytes", insn(MOV_X, { dst: 2, src: 0, off: 24 }), MOV_RESERVED),
  one("a sign is extended from 32 bits", insn(MOV_X, { dst: 2, src: 0, off: 32 })),
  one(
    "a sign is not extended from 32 bits to as many",
    insn(MOV32_X, { dst: 2, src: 0, off: 32 }),
    MOV_RESERVED,
  ),
  one(
    "a register is cast between two address spaces",
    insn(MOV_X, { dst: 2, src: 1, off: 1, imm: 2 }),
    "addr_space_cast insn can only convert between address space 1 and 0",
  ),
  one("a number is not added from a register, too", insn(ADD, { src: 1, imm: 1 }), ALU_RESERVED),
  one("a number is added without an offset", insn(ADD, { off: 1, imm: 1 }), ALU_RESERVED),
  one("a register is added without a number", insn(ADD_X, { src: 0, imm: 1 }), ALU_RESERVED),
  one("a register is added without an offset", insn(ADD_X, { src: 0, off: 1 }), ALU_RESERVED),
  one("a division is signed or not", insn(DIV, { off: 2, imm: 1 }), ALU_RESERVED),
  one("a division may be signed", insn(DIV, { off: 1, imm: 1 })),
]);

bytecodeCases([
  one("no register 11 is written", insn(MOV, { dst: 11 }), "R11 is invalid"),
  one("no register 15 is read", insn(MOV_X, { dst: 2, src: 15 }), "R15 is invalid"),
  one("no register 12 is added to", insn(ADD, { dst: 12 }), "R12 is invalid"),
  one("no register 13 is written by a load", insn(0x61, { dst: 13, src: 1 }), "R13 is invalid"),
  one("no register 11 is stored to", insn(0x62, { dst: 11 }), "R11 is invalid"),
]);

const JMP_RESERVED = "BPF_JMP/JMP32 uses reserved fields";

bytecodeCases([
  one("registers are compared without a number", insn(0x1d, { dst: 0, src: 0, imm: 1 }), JMP_RESERVED),
  one("a number is not compared with a register, too", insn(0x15, { dst: 0, src: 1 }), JMP_RESERVED),
  one("no pointer's lower half is tested for null by two", insn(0x16, { dst: 0, src: 1 }), JMP_RESERVED),
  one("a may_goto has no register", insn(0xe5, { dst: 1 }), "invalid may_goto imm 0"),
  one("a may_goto has no second register", insn(0xe5, { src: 1 }), "invalid may_goto imm 0"),
  one("a may_goto has no number", insn(0xe5, { imm: 7 }), "invalid may_goto imm 7"),
]);

const CALL_RESERVED = "BPF_CALL uses reserved fields", JA_RESERVED = "BPF_JA uses reserved fields";
const EXIT_RESERVED = "BPF_EXIT uses reserved fields";

bytecodeCases([
  one("a call has no register", insn(0x85, { dst: 1, imm: 7 }), CALL_RESERVED),
  one("a call has no offset", insn(0x85, { off: 1, imm: 7 }), CALL_RESERVED),
  one("a call is one of three kinds", insn(0x85, { src: 3, imm: 7 }), CALL_RESERVED),
  one("a jump has no register", insn(0x05, { dst: 1 }), JA_RESERVED),
  one("a jump has no second register", insn(0x05, { src: 1 }), JA_RESERVED),
  one("a jump has no number", insn(0x05, { imm: 1 }), JA_RESERVED),
  one("a long jump has no offset", insn(0x06, { off: 1 }), JA_RESERVED),
  one("a long jump has a number", insn(0x06, { imm: 0 })),
]);

bytecodeCases([
  { name: "an exit has no register", insns: [SET_R0, insn(0x95, { dst: 1 })], message: EXIT_RESERVED },
  { name: "an exit has no second register", insns: [SET_R0, insn(0x95, { src: 1 })], message: EXIT_RESERVED },
  { name: "an exit has no number", insns: [SET_R0, insn(0x95, { imm: 1 })], message: EXIT_RESERVED },
]);

const STORED = [insn(0x7a, { dst: 10, off: -8 }), SET_R0];

bytecodeCases([
  one(
    "a register is stored without a number",
    insn(0x7b, { dst: 10, off: -8, imm: 1 }),
    "BPF_STX uses reserved fields",
  ),
  one(
    "a number is not stored from a register, too",
    insn(0x7a, { dst: 10, src: 1, off: -8 }),
    "BPF_ST uses reserved fields",
  ),
  {
    name: "an atomic operation that is none",
    insns: [...STORED, insn(0xdb, { dst: 10, src: 0, off: -8, imm: 0x20 }), EXIT],
    message: "BPF_ATOMIC uses invalid atomic opcode 20",
  },
  {
    name: "an atomic exchange always fetches",
    insns: [...STORED, insn(0xdb, { dst: 10, src: 0, off: -8, imm: 0xe0 }), EXIT],
    message: "BPF_ATOMIC uses invalid atomic opcode e0",
  },
  {
    name: "two bytes are not added atomically",
    insns: [...STORED, insn(0xcb, { dst: 10, src: 0, off: -8, imm: 0 }), EXIT],
    message: "invalid atomic operand size",
  },
  {
    name: "one byte is not added atomically",
    insns: [...STORED, insn(0xd3, { dst: 10, src: 0, off: -8, imm: 0 }), EXIT],
    message: "invalid atomic operand size",
  },
  {
    name: "one byte is loaded atomically",
    insns: [...STORED, insn(0xd3, { dst: 0, src: 10, off: -8, imm: 0x100 }), EXIT],
  },
  {
    name: "nothing is loaded atomically from the context",
    insns: [SET_R0, insn(0xc3, { dst: 0, src: 1, imm: 0x100 }), EXIT],
    message: "BPF_ATOMIC loads from R1 ctx is not allowed",
  },
  {
    name: "nothing is stored atomically into the context",
    insns: [SET_R0, insn(0xc3, { dst: 1, src: 0, imm: 0x110 }), EXIT],
    message: "invalid bpf_context access off=0 size=4",
  },
  {
    name: "nothing is stored atomically into a packet",
    type: "xdp",
    insns: [
      insn(0x61, { dst: 2, src: 1 }),
      insn(0x61, { dst: 3, src: 1, off: 4 }),
      SET_R0,
      insn(MOV_X, { dst: 4, src: 2 }),
      insn(ADD, { dst: 4, imm: 8 }),
      insn(0x2d, { dst: 4, src: 3, off: 1 }),
      insn(0xc3, { dst: 2, src: 0, off: 2, imm: 0x110 }),
      EXIT,
    ],
    message: "BPF_ATOMIC stores into R2 pkt is not allowed",
  },
]);

const LEGACY_RESERVED = "BPF_LD_[ABS|IND] uses reserved fields";

/** A legacy load with its context in place. */
function legacy(
  code: number,
  fields: { readonly dst?: number; readonly src?: number; readonly off?: number },
): readonly string[] {
  return [insn(MOV_X, { dst: 6, src: 1 }), SET_R0, insn(code, fields), EXIT];
}

bytecodeCases([
  {
    name: "a number of 16 bytes has no offset",
    insns: [insn(0x18, { dst: 1, off: 1 }), insn(0), SET_R0, EXIT],
    message: "BPF_LD_IMM64 uses reserved fields",
  },
  { name: "a legacy load has no destination", insns: legacy(0x20, { dst: 1 }), message: LEGACY_RESERVED },
  { name: "a legacy load has no offset", insns: legacy(0x20, { off: 1 }), message: LEGACY_RESERVED },
  { name: "a direct legacy load has no register", insns: legacy(0x20, { src: 1 }), message: LEGACY_RESERVED },
  { name: "an indirect legacy load has a register", insns: legacy(0x40, { src: 0 }) },
  {
    name: "an indirect legacy load reads its register",
    insns: legacy(0x40, { src: 7 }),
    message: "R7 !read_ok",
  },
  {
    name: "legacy loads are for packets of sockets and of traffic control",
    type: "xdp",
    insns: legacy(0x20, {}),
    message: "BPF_LD_[ABS|IND] instructions not allowed for this program type",
  },
]);

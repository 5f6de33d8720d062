/**
 * Bytecode that no compiler writes, refused before it is walked: calls and jumps to nowhere, calls that name nothing, opcodes that are
 * none, 16-byte loads that are not whole. The running kernel says the same.
 */
import { bytecodeCases, EXIT, insn, SET_R0 } from "../testing/bytecode_cases.ts";

const CALL = 0x85, LOAD64 = "1801000000000000", ZEROS = "0000000000000000";

/** A call: kind of callee, offset, immediate. */
function call(kind: number, off: number, imm: number): string {
  return insn(CALL, { src: kind, off, imm });
}

/** A 16-byte load into r1: kind, low and high half. */
function load64(kind: number, low: number, high: number): readonly string[] {
  return [insn(0x18, { dst: 1, src: kind, imm: low }), insn(0, { imm: high })];
}

/** Four bytes of a packet, from its second on. */
const UNALIGNED: readonly string[] = [
  "6112000000000000",
  "6113040000000000",
  SET_R0,
  "bf24000000000000",
  "0704000008000000",
  "2d34010000000000",
  "6125010000000000",
  EXIT,
];

bytecodeCases([
  {
    name: "a call with an offset begins a subprogram before it is refused",
    insns: [call(1, -1, 2), SET_R0, EXIT, SET_R0, EXIT],
    message: "BPF_CALL uses reserved fields",
  },
  {
    name: "a call before the program",
    insns: [call(1, 0, -2), EXIT],
    message: "call to invalid destination",
  },
  { name: "a call behind the program", insns: [call(1, 0, 9), EXIT], message: "call to invalid destination" },
  {
    name: "a call into a 16-byte load",
    insns: [call(1, 0, 3), SET_R0, EXIT, LOAD64, ZEROS, SET_R0, EXIT],
    message: "last insn is not an exit or jmp",
  },
  {
    name: "a helper with a number below all others",
    insns: [call(0, 0, -1), SET_R0, EXIT],
    message: "invalid func unknown#-1",
  },
  {
    name: "a kernel function that is none",
    insns: [call(2, 0, 0), SET_R0, EXIT],
    message: "invalid kernel function call not eliminated in verifier pass",
  },
  {
    name: "a kernel function that is none in dead code",
    insns: [SET_R0, "1500010000000000", call(2, 0, 0), EXIT],
  },
  {
    name: "strict alignment",
    type: "xdp",
    insns: UNALIGNED,
    flags: 1,
    message: "misaligned packet access off 2+0+0+1 size 4",
  },
  { name: "any alignment takes strict alignment back", type: "xdp", insns: UNALIGNED, flags: 3 },
]);

bytecodeCases([
  {
    name: "a jump before the program",
    insns: [SET_R0, insn(0x15, { off: -3 }), EXIT],
    message: "jump out of range from insn 1 to -1",
  },
  {
    name: "a jump behind the program",
    insns: [SET_R0, insn(0x15, { off: 1 }), EXIT],
    message: "jump out of range from insn 1 to 3",
  },
  {
    name: "a long jump behind the program",
    insns: [SET_R0, insn(0x06, { imm: 1 }), EXIT],
    message: "jump out of range from insn 1 to 3",
  },
  {
    name: "a jump into another function",
    insns: [call(1, 0, 2), insn(0x15, { off: 1 }), EXIT, SET_R0, EXIT],
    message: "jump out of range from insn 1 to 3",
  },
  {
    name: "a jump back into another function",
    insns: [call(1, 0, 1), EXIT, SET_R0, insn(0x15, { off: -3 }), EXIT],
    message: "jump out of range from insn 3 to 1",
  },
  {
    name: "a jump into a 16-byte load",
    insns: [SET_R0, insn(0x15, { off: 1 }), ...load64(0, 0, 0), EXIT],
    message: "jump into the middle of ldimm64 insn 2",
  },
  {
    name: "a load of a kind that is none",
    insns: [SET_R0, insn(0x19, { dst: 1, src: 10 }), EXIT],
    message: "BPF_LDX uses reserved fields",
  },
  {
    name: "a load with an immediate",
    insns: [SET_R0, insn(0x61, { dst: 1, src: 1, imm: 1 }), EXIT],
    message: "BPF_LDX uses reserved fields",
  },
  {
    name: "a load with an immediate that nothing reaches",
    insns: [SET_R0, EXIT, insn(0x61, { dst: 1, src: 1, imm: 1 }), EXIT],
    message: "BPF_LDX uses reserved fields",
  },
  {
    name: "half of a 16-byte load",
    insns: [LOAD64, SET_R0, EXIT],
    message: "invalid bpf_ld_imm64 insn",
  },
  {
    name: "half of a 16-byte load at the end",
    insns: [SET_R0, EXIT, LOAD64],
    message: "last insn is not an exit or jmp",
  },
  {
    name: "a register in the second half of a 16-byte load",
    insns: [LOAD64, insn(0, { dst: 1 }), SET_R0, EXIT],
    message: "invalid bpf_ld_imm64 insn",
  },
  {
    name: "a second register in the second half of a 16-byte load",
    insns: [LOAD64, insn(0, { src: 1 }), SET_R0, EXIT],
    message: "invalid bpf_ld_imm64 insn",
  },
  {
    name: "an offset in the second half of a 16-byte load",
    insns: [LOAD64, insn(0, { off: 1 }), SET_R0, EXIT],
    message: "invalid bpf_ld_imm64 insn",
  },
  {
    name: "a 16-byte load of a kind that is none",
    insns: [...load64(7, 0, 0), SET_R0, EXIT],
    message: "unrecognized bpf_ld_imm64 insn",
  },
  {
    name: "a map with an offset that it cannot have",
    insns: [...load64(1, 77, 1), SET_R0, EXIT],
    message: "unrecognized bpf_ld_imm64 insn",
  },
  {
    name: "a map by a number with an offset that it cannot have",
    insns: [...load64(5, 0, 1), SET_R0, EXIT],
    message: "unrecognized bpf_ld_imm64 insn",
  },
  {
    name: "a map that nobody has",
    insns: [...load64(1, 9999, 0), SET_R0, EXIT],
    message: "fd 9999 is not pointing to valid bpf_map",
  },
  {
    name: "a map that is none",
    insns: [...load64(1, 1, 0), SET_R0, EXIT],
    message: "fd 1 is not pointing to valid bpf_map",
  },
]);

// Operations that no class of instructions has, some of them with a place in the class's numbering.
const NO_OPCODES = "0d 0e e7 f4 8f df e6 ed f5 9d 8d 83 82 86 8e 96 9e 58 78 00 08 10 38 a3 e3 c2";

bytecodeCases(
  NO_OPCODES.split(" ").map((code) => ({
    name: `there is no instruction ${code}`,
    insns: [SET_R0, insn(parseInt(code, 16)), EXIT],
    message: `unknown opcode ${code}`,
  })),
);

const MOVE_CONTEXT = "bf16000000000000", LOAD_ABS = "2000000000000000", TAIL_CALL = call(0, 0, 12);

bytecodeCases([
  {
    name: "a function without a type loads nothing in the old way",
    insns: [call(1, 0, 1), EXIT, MOVE_CONTEXT, LOAD_ABS, EXIT],
    message: "LD_ABS is not allowed in subprogs without BTF",
  },
  {
    name: "a function without a type makes no tail call",
    insns: [call(1, 0, 1), EXIT, TAIL_CALL, EXIT],
    message: "tail_call is not allowed in subprogs without BTF",
  },
  {
    name: "a program has 256 functions at most",
    // Each calls the next.
    insns: Array.from({ length: 257 }, (_, i) => i < 256 ? [call(1, 0, 1), EXIT] : [SET_R0, EXIT]).flat(),
    message: "too many subprograms",
  },
]);

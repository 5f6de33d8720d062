/**
 * One instruction to its encoded fields: the inverse of `decode`, shared by {@link Columns} and the encoder.
 *
 * Distances are computed here and only here. The 16-bit `goto` becomes the 32-bit `gotol` where it does not reach; both
 * take one slot, so no other distance changes.
 *
 * @module
 */
import type { AluOp, Callee, Imm64, Insn, Operand } from "./insn.ts";
import {
  ADDR_SPACE_CAST,
  aluRow,
  atomicRow,
  branchRow,
  CALL_KIND,
  CLASS,
  endianRow,
  MODE,
  OPCODE,
  PSEUDO,
  sizeRow,
  SRC_REG,
} from "./opcodes.ts";

/** Where fields go: parallel arrays by slot, as in `Columns`. */
export interface FieldArrays {
  readonly code: Int32Array;
  readonly dst: Int32Array;
  readonly src: Int32Array;
  readonly off: Int32Array;
  readonly imm: Int32Array;
}

/**
 * Writes an instruction's fields at a slot (`imm64`: at two). `target` is the absolute slot that the instruction jumps
 * to, calls, or takes the address of; it does not matter for others. What the instruction itself holds as target is not
 * looked at. The arrays hold zeros there before.
 *
 * @throws {RangeError} If the instruction has no encoding: a distance out of reach, an offset or register out of range,
 * an operator without this form.
 */
export function writeFields(
  out: FieldArrays,
  slot: number,
  insn: Insn<unknown, unknown>,
  target: number,
): void {
  switch (insn.kind) {
    case "alu":
      return writeAlu(out, slot, insn);
    case "load":
      out.code[slot] = (insn.signed ? MODE.MEMSX : MODE.MEM) | sizeRow(insn.size).code | CLASS.LDX;
      if (insn.signed && insn.size === 8) fail(slot, "load", "there is no signed load of 8 bytes");
      out.dst[slot] = register(slot, insn.dst);
      out.src[slot] = register(slot, insn.base);
      out.off[slot] = offset16(slot, insn.offset);
      return;
    case "store":
      out.code[slot] = MODE.MEM | sizeRow(insn.size).code | (insn.src.kind === "reg" ? CLASS.STX : CLASS.ST);
      out.dst[slot] = register(slot, insn.base);
      out.off[slot] = offset16(slot, insn.offset);
      writeOperand(out, slot, insn.src);
      return;
    case "atomic": {
      const row = atomicRow(insn.op, insn.fetch);
      if (row === undefined || !row.sizes.includes(insn.size)) {
        fail(slot, `atomic ${insn.op}`, `no form with fetch ${insn.fetch} and ${insn.size} bytes`);
      }
      const load = insn.op === "load_acq";
      out.code[slot] = MODE.ATOMIC | sizeRow(insn.size).code | CLASS.STX;
      out.dst[slot] = register(slot, load ? insn.src : insn.base);
      out.src[slot] = register(slot, load ? insn.base : insn.src);
      out.off[slot] = offset16(slot, insn.offset);
      out.imm[slot] = row.imm;
      return;
    }
    case "ldabs":
      out.code[slot] = (insn.mode === "abs" ? MODE.ABS : MODE.IND) | sizeRow(insn.size).code | CLASS.LD;
      out.src[slot] = insn.mode === "ind" ? register(slot, insn.index) : 0;
      out.imm[slot] = insn.imm;
      return;
    case "imm64":
      out.code[slot] = OPCODE.LD_IMM64;
      out.dst[slot] = register(slot, insn.dst);
      writeImm64(out, slot, insn.value, target);
      return;
    case "jump": {
      const distance = target - slot - 1;
      if (insn.far || distance < -32768 || distance > 32767) {
        out.code[slot] = OPCODE.GOTOL;
        out.imm[slot] = distance;
      } else {
        out.code[slot] = OPCODE.GOTO;
        out.off[slot] = distance;
      }
      return;
    }
    case "branch":
      out.code[slot] = branchRow(insn.op).code | (insn.right.kind === "reg" ? SRC_REG : 0) |
        (insn.width === 64 ? CLASS.JMP : CLASS.JMP32);
      out.dst[slot] = register(slot, insn.left);
      out.off[slot] = distance16(slot, "branch", target);
      writeOperand(out, slot, insn.right);
      return;
    case "may_goto":
      out.code[slot] = OPCODE.MAY_GOTO;
      out.off[slot] = distance16(slot, "may_goto", target);
      return;
    case "call":
      out.code[slot] = OPCODE.CALL;
      writeCallee(out, slot, insn.callee, target);
      return;
    case "addr_space_cast":
      out.code[slot] = OPCODE.MOV64_REG;
      out.dst[slot] = register(slot, insn.dst);
      out.src[slot] = register(slot, insn.src);
      out.off[slot] = ADDR_SPACE_CAST;
      out.imm[slot] = insn.dstSpace << 16 | insn.srcSpace;
      return;
    case "exit":
      out.code[slot] = OPCODE.EXIT;
      return;
    case "raw": {
      const bytes = insn.bytes;
      out.code[slot] = bytes[0];
      out.dst[slot] = bytes[1] & 15;
      out.src[slot] = bytes[1] >> 4;
      out.off[slot] = (bytes[2] | bytes[3] << 8) << 16 >> 16;
      out.imm[slot] = bytes[4] | bytes[5] << 8 | bytes[6] << 16 | bytes[7] << 24;
      return;
    }
  }
}

function writeAlu(out: FieldArrays, slot: number, insn: Insn & { readonly kind: "alu" }): void {
  out.dst[slot] = register(slot, insn.dst);
  if (insn.op === "neg") {
    out.code[slot] = insn.width === 64 ? OPCODE.NEG64 : OPCODE.NEG32;
    return;
  }
  const endian = endianRow(insn.op);
  if (endian !== undefined) {
    out.code[slot] = endian.code;
    out.imm[slot] = endian.bits;
    return;
  }
  const row = aluRow(insn.op)!;
  if ((insn.width === 32 && !row.narrow) || (insn.src.kind === "imm" && !row.imm)) {
    fail(slot, insn.op as AluOp, `no form of ${insn.width} bits with ${insn.src.kind}`);
  }
  out.code[slot] = row.code | (insn.src.kind === "reg" ? SRC_REG : 0) |
    (insn.width === 64 ? CLASS.ALU64 : CLASS.ALU);
  out.off[slot] = row.off;
  writeOperand(out, slot, insn.src);
}

function writeOperand(out: FieldArrays, slot: number, operand: Operand): void {
  if (operand.kind === "reg") out.src[slot] = register(slot, operand.reg);
  else {
    const value = operand.imm;
    // 0x80000000 to 0xffffffff are taken as the same 32 bits; the meaning is always the signed one.
    if (!(value >= -0x80000000 && value <= 0xffffffff)) {
      fail(slot, "immediate", `${value} does not fit 32 bits`);
    }
    out.imm[slot] = value;
  }
}

function writeImm64(out: FieldArrays, slot: number, value: Imm64<unknown>, target: number): void {
  switch (value.kind) {
    case "const":
      out.imm[slot] = Number(BigInt.asIntN(32, value.value));
      out.imm[slot + 1] = Number(BigInt.asIntN(32, value.value >> 32n));
      return;
    case "map":
      out.src[slot] = value.fdArray ? PSEUDO.MAP_IDX : PSEUDO.MAP_FD;
      out.imm[slot] = value.map;
      return;
    case "map_value":
      out.src[slot] = value.fdArray ? PSEUDO.MAP_IDX_VALUE : PSEUDO.MAP_VALUE;
      out.imm[slot] = value.map;
      out.imm[slot + 1] = value.offset;
      return;
    case "kernel_var":
      out.src[slot] = PSEUDO.BTF_ID;
      out.imm[slot] = value.btfId;
      out.imm[slot + 1] = value.module;
      return;
    case "func":
      out.src[slot] = PSEUDO.FUNC;
      out.imm[slot] = target - slot - 1;
      return;
  }
}

function writeCallee(out: FieldArrays, slot: number, callee: Callee<unknown>, target: number): void {
  switch (callee.kind) {
    case "helper":
      out.src[slot] = CALL_KIND.HELPER;
      out.imm[slot] = callee.id;
      return;
    case "subprog":
      out.src[slot] = CALL_KIND.SUBPROG;
      out.imm[slot] = target - slot - 1;
      return;
    case "kfunc":
      out.src[slot] = CALL_KIND.KFUNC;
      out.imm[slot] = callee.func.btfId;
      out.off[slot] = offset16(slot, callee.func.module);
      return;
  }
}

function register(slot: number, number: number): number {
  if (!(number >= 0 && number <= 10)) fail(slot, "instruction", `there is no register r${number}`);
  return number;
}

function offset16(slot: number, value: number): number {
  if (!(value >= -32768 && value <= 32767)) fail(slot, "instruction", `offset ${value} does not fit 16 bits`);
  return value;
}

function distance16(slot: number, what: string, target: number): number {
  const distance = target - slot - 1;
  if (distance < -32768 || distance > 32767) {
    fail(slot, what, `slot ${target} is ${distance} slots away, and the distance has 16 bits`);
  }
  return distance;
}

function fail(slot: number, what: string, why: string): never {
  throw new RangeError(`Cannot encode ${what} at slot ${slot}: ${why}`);
}

/**
 * The instruction set, once: every opcode byte of RFC 9669 (versions 1 to 4) and of Linux 6.18, with what its other
 * fields mean.
 *
 * `decode`, `fields` (the encoder), the printers, the parser, `effects` and their tests all read these rows, so a new
 * instruction is a new row and a list of compile errors. This file does not say what an instruction does, only how it
 * is written down.
 *
 * @module
 */
import type { AluOp, AtomicOp, BranchOp, Size } from "./insn.ts";

/** Instruction classes: the low three bits of an opcode (RFC 9669, 3). */
export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;

/** Bit 3 of an ALU or jump opcode: the second operand is a register. */
export const SRC_REG = 0x08;

/** Modes of loads and stores: the high three bits (RFC 9669, 5). */
export const MODE = { IMM: 0x00, ABS: 0x20, IND: 0x40, MEM: 0x60, MEMSX: 0x80, ATOMIC: 0xc0 } as const;

/** Operations of jump opcodes that are no comparison: the high four bits. */
export const JUMP = { JA: 0x00, CALL: 0x80, EXIT: 0x90, JCOND: 0xe0 } as const;

/** Whole opcodes that are written out where they are met. */
export const OPCODE = {
  LD_IMM64: 0x18,
  GOTO: 0x05,
  GOTOL: 0x06,
  MAY_GOTO: 0xe5,
  CALL: 0x85,
  EXIT: 0x95,
  MOV64_REG: 0xbf,
  NEG32: 0x84,
  NEG64: 0x87,
  LE: 0xd4,
  BE: 0xdc,
  BSWAP: 0xd7,
} as const;

/** Values of `src` in a 16-byte load: what its immediate means (`BPF_PSEUDO_*` of `include/uapi/linux/bpf.h`). */
export const PSEUDO = {
  CONST: 0,
  MAP_FD: 1,
  MAP_VALUE: 2,
  BTF_ID: 3,
  FUNC: 4,
  MAP_IDX: 5,
  MAP_IDX_VALUE: 6,
} as const;

/** Values of `src` in a call: a helper by id, a subprogram by distance, a kfunc by BTF id. */
export const CALL_KIND = { HELPER: 0, SUBPROG: 1, KFUNC: 2 } as const;

/** The offset by which `r1 = r2` (64 bits, registers) becomes an address space cast (`BPF_ADDR_SPACE_CAST`). */
export const ADDR_SPACE_CAST = 1;

/** An ALU operator as it is encoded. */
export interface AluRow {
  readonly op: AluOp;
  /** The high four bits of the opcode. */
  readonly code: number;
  /** The offset field, which tells signed division and sign-extending moves apart from the plain ones. */
  readonly off: number;
  /** The operator in text, e.g. `s>>=`; for sign-extending moves `=` and the cast. */
  readonly symbol: string;
  /** What stands before the second operand: `(s8)` and its like. */
  readonly cast: string;
  /** The second operand may be an immediate. */
  readonly imm: boolean;
  /** There is a 32-bit form. */
  readonly narrow: boolean;
  /** The old value of `dst` is read. */
  readonly readsDst: boolean;
}

function alu(op: AluOp, code: number, symbol: string, rest: Partial<AluRow> = {}): AluRow {
  return { op, code, symbol, off: 0, cast: "", imm: true, narrow: true, readsDst: true, ...rest };
}

/** Two-operand operators and moves. */
export const ALU_ROWS: readonly AluRow[] = [
  alu("add", 0x00, "+="),
  alu("sub", 0x10, "-="),
  alu("mul", 0x20, "*="),
  alu("div", 0x30, "/="),
  alu("sdiv", 0x30, "s/=", { off: 1 }),
  alu("or", 0x40, "|="),
  alu("and", 0x50, "&="),
  alu("lsh", 0x60, "<<="),
  alu("rsh", 0x70, ">>="),
  alu("mod", 0x90, "%="),
  alu("smod", 0x90, "s%=", { off: 1 }),
  alu("xor", 0xa0, "^="),
  alu("mov", 0xb0, "=", { readsDst: false }),
  alu("movsx8", 0xb0, "=", { off: 8, cast: "(s8)", imm: false, readsDst: false }),
  alu("movsx16", 0xb0, "=", { off: 16, cast: "(s16)", imm: false, readsDst: false }),
  alu("movsx32", 0xb0, "=", { off: 32, cast: "(s32)", imm: false, narrow: false, readsDst: false }),
  alu("arsh", 0xc0, "s>>="),
];

/** A byte-order operator as it is encoded. Its width is 64: it defines all of `dst`. */
export interface EndianRow {
  readonly op: AluOp;
  readonly code: number;
  /** The immediate: how many bits. */
  readonly bits: 16 | 32 | 64;
  /** In text: `r1 = be16 r1`. */
  readonly symbol: string;
}

/** Byte-order operators. */
export const ENDIAN_ROWS: readonly EndianRow[] =
  ([["le", OPCODE.LE], ["be", OPCODE.BE], ["bswap", OPCODE.BSWAP]] as const)
    .flatMap(([name, code]) =>
      ([16, 32, 64] as const).map((bits) => ({
        op: `${name}${bits}` as AluOp,
        code,
        bits,
        symbol: `${name}${bits}`,
      }))
    );

/** A comparison as it is encoded. */
export interface BranchRow {
  readonly op: BranchOp;
  /** The high four bits of the opcode. */
  readonly code: number;
  readonly symbol: string;
}

/** Comparisons of conditional jumps. */
export const BRANCH_ROWS: readonly BranchRow[] = [
  { op: "eq", code: 0x10, symbol: "==" },
  { op: "gt", code: 0x20, symbol: ">" },
  { op: "ge", code: 0x30, symbol: ">=" },
  { op: "set", code: 0x40, symbol: "&" },
  { op: "ne", code: 0x50, symbol: "!=" },
  { op: "sgt", code: 0x60, symbol: "s>" },
  { op: "sge", code: 0x70, symbol: "s>=" },
  { op: "lt", code: 0xa0, symbol: "<" },
  { op: "le", code: 0xb0, symbol: "<=" },
  { op: "slt", code: 0xc0, symbol: "s<" },
  { op: "sle", code: 0xd0, symbol: "s<=" },
];

/** A memory width as it is encoded. */
export interface SizeRow {
  readonly size: Size;
  /** Bits 3 and 4 of the opcode. */
  readonly code: number;
  /** In text. */
  readonly unsigned: string;
  readonly signed: string;
}

/** Memory widths. */
export const SIZE_ROWS: readonly SizeRow[] = [
  { size: 4, code: 0x00, unsigned: "u32", signed: "s32" },
  { size: 2, code: 0x08, unsigned: "u16", signed: "s16" },
  { size: 1, code: 0x10, unsigned: "u8", signed: "s8" },
  { size: 8, code: 0x18, unsigned: "u64", signed: "s64" },
];

/** An atomic operator as it is encoded. */
export interface AtomicRow {
  readonly op: AtomicOp;
  readonly fetch: boolean;
  /** The immediate. */
  readonly imm: number;
  /** In text: the assignment operator (no fetch), else the function's name without `atomic_` or `atomic64_`. */
  readonly symbol: string;
  /** Widths it has, in bytes. */
  readonly sizes: readonly Size[];
}

/** Atomic operators; Linux has `load_acq` and `store_rel` since 6.15. */
export const ATOMIC_ROWS: readonly AtomicRow[] = [
  { op: "add", fetch: false, imm: 0x00, symbol: "+=", sizes: [4, 8] },
  { op: "or", fetch: false, imm: 0x40, symbol: "|=", sizes: [4, 8] },
  { op: "and", fetch: false, imm: 0x50, symbol: "&=", sizes: [4, 8] },
  { op: "xor", fetch: false, imm: 0xa0, symbol: "^=", sizes: [4, 8] },
  { op: "add", fetch: true, imm: 0x01, symbol: "fetch_add", sizes: [4, 8] },
  { op: "or", fetch: true, imm: 0x41, symbol: "fetch_or", sizes: [4, 8] },
  { op: "and", fetch: true, imm: 0x51, symbol: "fetch_and", sizes: [4, 8] },
  { op: "xor", fetch: true, imm: 0xa1, symbol: "fetch_xor", sizes: [4, 8] },
  { op: "xchg", fetch: true, imm: 0xe1, symbol: "xchg", sizes: [4, 8] },
  { op: "cmpxchg", fetch: true, imm: 0xf1, symbol: "cmpxchg", sizes: [4, 8] },
  { op: "load_acq", fetch: false, imm: 0x100, symbol: "load_acquire", sizes: [1, 2, 4, 8] },
  { op: "store_rel", fetch: false, imm: 0x110, symbol: "store_release", sizes: [1, 2, 4, 8] },
];

/** What an opcode byte stands for; the remaining fields may still make it `raw`. */
export type OpcodeForm =
  | {
    readonly kind: "alu";
    readonly width: 32 | 64;
    readonly rows: readonly AluRow[];
    readonly register: boolean;
  }
  | { readonly kind: "neg"; readonly width: 32 | 64 }
  | { readonly kind: "endian"; readonly rows: readonly EndianRow[] }
  | { readonly kind: "branch"; readonly width: 32 | 64; readonly row: BranchRow; readonly register: boolean }
  | { readonly kind: "load"; readonly size: Size; readonly signed: boolean }
  | { readonly kind: "store"; readonly size: Size; readonly register: boolean }
  | { readonly kind: "atomic"; readonly size: Size }
  | { readonly kind: "ldabs"; readonly size: 1 | 2 | 4; readonly mode: "abs" | "ind" }
  | { readonly kind: "imm64" | "goto" | "gotol" | "may_goto" | "call" | "exit" };

/** By opcode byte: its form, or undefined for what is no instruction ("unknown opcode" in the kernel's words). */
export const FORMS: readonly (OpcodeForm | undefined)[] = buildForms();

function buildForms(): (OpcodeForm | undefined)[] {
  const forms: (OpcodeForm | undefined)[] = new Array(256).fill(undefined);
  for (const code of new Set(ALU_ROWS.map((row) => row.code))) {
    for (const register of [false, true]) {
      for (const width of [32, 64] as const) {
        const rows = ALU_ROWS.filter((row) =>
          row.code === code && (register || row.imm) && (width === 64 || row.narrow)
        );
        const byte = code | (register ? SRC_REG : 0) | (width === 64 ? CLASS.ALU64 : CLASS.ALU);
        forms[byte] = { kind: "alu", width, rows, register };
      }
    }
  }
  forms[OPCODE.NEG32] = { kind: "neg", width: 32 };
  forms[OPCODE.NEG64] = { kind: "neg", width: 64 };
  for (const code of [OPCODE.LE, OPCODE.BE, OPCODE.BSWAP]) {
    forms[code] = { kind: "endian", rows: ENDIAN_ROWS.filter((row) => row.code === code) };
  }
  for (const row of BRANCH_ROWS) {
    for (const register of [false, true]) {
      const byte = row.code | (register ? SRC_REG : 0);
      forms[byte | CLASS.JMP] = { kind: "branch", width: 64, row, register };
      forms[byte | CLASS.JMP32] = { kind: "branch", width: 32, row, register };
    }
  }
  for (const { size, code } of SIZE_ROWS) {
    forms[MODE.MEM | code | CLASS.LDX] = { kind: "load", size, signed: false };
    forms[MODE.MEM | code | CLASS.ST] = { kind: "store", size, register: false };
    forms[MODE.MEM | code | CLASS.STX] = { kind: "store", size, register: true };
    forms[MODE.ATOMIC | code | CLASS.STX] = { kind: "atomic", size };
    if (size !== 8) {
      forms[MODE.MEMSX | code | CLASS.LDX] = { kind: "load", size, signed: true };
      forms[MODE.ABS | code | CLASS.LD] = { kind: "ldabs", size, mode: "abs" };
      forms[MODE.IND | code | CLASS.LD] = { kind: "ldabs", size, mode: "ind" };
    }
  }
  forms[OPCODE.LD_IMM64] = { kind: "imm64" };
  forms[OPCODE.GOTO] = { kind: "goto" };
  forms[OPCODE.GOTOL] = { kind: "gotol" };
  forms[OPCODE.MAY_GOTO] = { kind: "may_goto" };
  forms[OPCODE.CALL] = { kind: "call" };
  forms[OPCODE.EXIT] = { kind: "exit" };
  return forms;
}

const aluByOp = new Map<AluOp, AluRow>(ALU_ROWS.map((row) => [row.op, row]));
const endianByOp = new Map<AluOp, EndianRow>(ENDIAN_ROWS.map((row) => [row.op, row]));
const branchByOp = new Map<BranchOp, BranchRow>(BRANCH_ROWS.map((row) => [row.op, row]));
const sizeBySize: readonly (SizeRow | undefined)[] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((size) =>
  SIZE_ROWS.find((row) => row.size === size)
);
const atomicByImm = new Map<number, AtomicRow>(ATOMIC_ROWS.map((row) => [row.imm, row]));
const atomicByOp = new Map<string, AtomicRow>(
  ATOMIC_ROWS.map((row) => [`${row.op} ${row.fetch}`, row]),
);

/** The row of a two-operand operator or move; undefined for unary operators. */
export function aluRow(op: AluOp): AluRow | undefined {
  return aluByOp.get(op);
}

/** The row of a byte-order operator; undefined for all others. */
export function endianRow(op: AluOp): EndianRow | undefined {
  return endianByOp.get(op);
}

/** The row of a comparison. */
export function branchRow(op: BranchOp): BranchRow {
  return branchByOp.get(op)!;
}

/** The row of a memory width in bytes. */
export function sizeRow(size: Size): SizeRow {
  return sizeBySize[size]!;
}

/** The row of an atomic operator, or undefined if it has no form with this `fetch`. */
export function atomicRow(op: AtomicOp, fetch: boolean): AtomicRow | undefined {
  return atomicByOp.get(`${op} ${fetch}`);
}

/** The row of the atomic operator that an immediate stands for, if any. */
export function atomicRowOf(imm: number): AtomicRow | undefined {
  return atomicByImm.get(imm);
}

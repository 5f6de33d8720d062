/**
 * One slot as the kernel's verifier log, and bpftool, print it: `(bf) r2 = r10`. Mirrors what `kernel/bpf/disasm.c` of
 * 6.18 prints, oddities included; the text that reads back is in `print_text.ts`.
 *
 * @module
 */
import type { Columns } from "./columns.ts";
import {
  ADDR_SPACE_CAST,
  ALU_ROWS,
  atomicRowOf,
  BRANCH_ROWS,
  CALL_KIND,
  CLASS,
  JUMP,
  MODE,
  OPCODE,
  SIZE_ROWS,
  SRC_REG,
} from "./opcodes.ts";

/** What {@linkcode disasmSlot} cannot know from the columns. */
export interface DisasmOptions {
  /** The full name of a helper, e.g. `bpf_loop`; `unknown` where absent or undefined. */
  readonly helperName?: (id: number) => string | undefined;
  /** The name of the kfunc that the call at a slot calls; `kernel-function` where absent or undefined. */
  readonly kfuncName?: (slot: number) => string | undefined;
  /** What stands for the value of the 16-byte load at a slot, e.g. `map[id:5]`; else the 64 bits in hexadecimal. */
  readonly imm64?: (slot: number) => string | undefined;
  /** What stands behind `call pc` for the bpf2bpf call at a slot; else the distance with its sign. */
  readonly subprog?: (slot: number) => string | undefined;
}

const ALU_SYMBOL: string[] = new Array(16).fill("");
const SIGNED_SYMBOL: string[] = new Array(16).fill("");
for (const row of ALU_ROWS) {
  if (row.off === 0) ALU_SYMBOL[row.code >> 4] = row.symbol;
  else if (row.cast === "") SIGNED_SYMBOL[row.code >> 4] = row.symbol;
}
const BRANCH_SYMBOL: string[] = new Array(16).fill("");
for (const row of BRANCH_ROWS) BRANCH_SYMBOL[row.code >> 4] = row.symbol;
const UNSIGNED: string[] = [];
const SIGNED: string[] = [];
for (const row of SIZE_ROWS) {
  UNSIGNED[row.code >> 3] = row.unsigned;
  SIGNED[row.code >> 3] = row.signed;
}
const CLASS_NAME = ["ld", "ldx", "st", "stx", "alu", "jmp", "jmp32", "alu64"];
const HEX: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/**
 * The instruction at a slot, without a line break, e.g. `(79) r0 = *(u64 *)(r1 +8)` or `(85) call bpf_loop#181`. The
 * second slot of a 16-byte load prints as what its bytes would be.
 *
 * @example
 * ```ts
 * import { columnsOf } from "./columns.ts";
 * import { disasmSlot } from "./disasm.ts";
 * import { parseText } from "./parse_text.ts";
 * const columns = columnsOf(parseText("type xdp\nfunc main:\n  r2 = r10\n  r0 = 0\n  exit\n").programs[0]);
 * disasmSlot(columns, 0); // "(bf) r2 = r10"
 * ```
 */
export function disasmSlot(columns: Columns, slot: number, options: DisasmOptions = {}): string {
  const code = columns.code[slot];
  return `(${HEX[code]}) ${body(columns, slot, options)}`;
}

function body(columns: Columns, slot: number, options: DisasmOptions): string {
  const code = columns.code[slot];
  const dst = columns.dst[slot], src = columns.src[slot];
  const off = columns.off[slot], imm = columns.imm[slot];
  const size = code >> 3 & 3, mode = code & 0xe0;
  switch (code & 7) {
    case CLASS.ALU:
    case CLASS.ALU64:
      return alu(columns, slot);
    case CLASS.STX:
      if (mode === MODE.MEM) return `*(${UNSIGNED[size]} *)(r${dst} ${signed(off)}) = r${src}`;
      if (mode === MODE.ATOMIC) return atomic(columns, slot);
      return `BUG_${HEX[code]}`;
    case CLASS.ST:
      if (mode === MODE.MEM) return `*(${UNSIGNED[size]} *)(r${dst} ${signed(off)}) = ${imm}`;
      if (mode === 0xc0) return "nospec";
      return `BUG_st_${HEX[code]}`;
    case CLASS.LDX: {
      if (mode !== MODE.MEM && mode !== MODE.MEMSX) return `BUG_ldx_${HEX[code]}`;
      const type = mode === MODE.MEM ? UNSIGNED[size] : SIGNED[size];
      return `r${dst} = *(${type} *)(r${src} ${signed(off)})`;
    }
    case CLASS.LD:
      if (mode === MODE.ABS) return `r0 = *(${UNSIGNED[size]} *)skb[${imm}]`;
      if (mode === MODE.IND) return `r0 = *(${UNSIGNED[size]} *)skb[r${src} + ${imm}]`;
      if (code === OPCODE.LD_IMM64) return `r${dst} = ${options.imm64?.(slot) ?? hex64(columns, slot)}`;
      return `BUG_ld_${HEX[code]}`;
    default:
      return jump(columns, slot, options);
  }
}

function alu(columns: Columns, slot: number): string {
  const code = columns.code[slot];
  const dst = columns.dst[slot], src = columns.src[slot];
  const off = columns.off[slot], imm = columns.imm[slot];
  const wide = (code & 7) === CLASS.ALU64;
  const r = wide ? "r" : "w";
  const op = code >> 4;
  if (op === OPCODE.LE >> 4) {
    if (wide) return `r${dst} = bswap${imm} r${dst}`;
    return `r${dst} = ${code & SRC_REG ? "be" : "le"}${imm} r${dst}`;
  }
  if (op === OPCODE.NEG64 >> 4) return `${r}${dst} = -${r}${dst}`;
  if (code === OPCODE.MOV64_REG && off === ADDR_SPACE_CAST) {
    return `r${dst} = addr_space_cast(r${src}, ${imm >>> 16}, ${imm & 0xffff})`;
  }
  // The kernel's own form for per-CPU addresses, met in rewritten programs read back.
  if (code === OPCODE.MOV64_REG && off === -1) return `r${dst} = &(void __percpu *)(r${src})`;
  const symbol = off === 1 && SIGNED_SYMBOL[op] !== "" ? SIGNED_SYMBOL[op] : ALU_SYMBOL[op];
  if ((code & SRC_REG) === 0) return `${r}${dst} ${symbol} ${imm}`;
  const cast = symbol === "=" && (off === 8 || off === 16 || off === 32) ? `(s${off})` : "";
  return `${r}${dst} ${symbol} ${cast}${r}${src}`;
}

function atomic(columns: Columns, slot: number): string {
  const code = columns.code[slot];
  const row = atomicRowOf(columns.imm[slot]);
  if (row === undefined) return `BUG_${HEX[code]}`;
  const size = code >> 3 & 3;
  const dst = columns.dst[slot], src = columns.src[slot];
  const type = UNSIGNED[size], at = signed(columns.off[slot]);
  const wide = size === 3;
  switch (row.op) {
    case "load_acq":
      return `r${dst} = load_acquire((${type} *)(r${src} ${at}))`;
    case "store_rel":
      return `store_release((${type} *)(r${dst} ${at}), r${src})`;
    case "cmpxchg":
      return `r0 = atomic${wide ? "64" : ""}_cmpxchg((${type} *)(r${dst} ${at}), r0, r${src})`;
    default:
      if (!row.fetch) return `lock *(${type} *)(r${dst} ${at}) ${row.symbol} r${src}`;
      return `r${src} = atomic${wide ? "64" : ""}_${row.symbol}((${type} *)(r${dst} ${at}), r${src})`;
  }
}

function jump(columns: Columns, slot: number, options: DisasmOptions): string {
  const code = columns.code[slot];
  const dst = columns.dst[slot], src = columns.src[slot];
  const off = columns.off[slot], imm = columns.imm[slot];
  if ((code & 0xf0) === JUMP.CALL) {
    if (src === CALL_KIND.SUBPROG) return `call pc${options.subprog?.(slot) ?? signed(imm)}`;
    return `call ${calleeName(slot, src, imm, options)}#${imm}`;
  }
  switch (code) {
    case OPCODE.GOTO:
      return `goto pc${signed(off)}`;
    case OPCODE.MAY_GOTO:
      if (src === 0) return `may_goto pc${signed(off)}`;
      break;
    case OPCODE.GOTOL:
      return `gotol pc${signed(imm)}`;
    case OPCODE.EXIT:
      return "exit";
  }
  const symbol = BRANCH_SYMBOL[code >> 4];
  if (symbol === "") return CLASS_NAME[code & 7];
  const r = (code & 7) === CLASS.JMP ? "r" : "w";
  const right = code & SRC_REG ? `${r}${src}` : `0x${(imm >>> 0).toString(16)}`;
  return `if ${r}${dst} ${symbol} ${right} goto pc${signed(off)}`;
}

function calleeName(slot: number, kind: number, imm: number, options: DisasmOptions): string {
  if (kind === CALL_KIND.HELPER) return options.helperName?.(imm) ?? "unknown";
  if (kind === CALL_KIND.KFUNC) return options.kfuncName?.(slot) ?? "kernel-function";
  return "unknown";
}

function hex64(columns: Columns, slot: number): string {
  const low = columns.imm[slot] >>> 0;
  const high = slot + 1 < columns.count ? columns.imm[slot + 1] >>> 0 : 0;
  if (high === 0) return `0x${low.toString(16)}`;
  return `0x${high.toString(16)}${low.toString(16).padStart(8, "0")}`;
}

/** With its sign always written, as C's `%+d`. */
function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}

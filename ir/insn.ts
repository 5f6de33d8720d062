/**
 * One BPF instruction as the passes see it: a plain object per operation, with the encoding's oddities already gone.
 *
 * What the bytes hide in reserved fields (signed division in the offset, sign-extending moves, atomics in the immediate,
 * the mode bits of loads) is a clean operator here; `decode` puts it in, `encode` restores it byte for byte. Passes match on
 * `kind`, exhaustively. The hot paths (verifier, JIT) do not read these objects but {@link Columns}.
 *
 * `T` names a jump's target and `S` a subprogram: slot numbers just decoded, labels and names in text, ids in a program.
 * The compiler refuses to mix them.
 *
 * @module
 */

/** An instruction of a program, for as long as any version of the program holds it. Never reused. */
export type InsnId = number & { readonly __brand: "insn" };
/** A subprogram of a program, for as long as any version holds it. The main program is the first in layout order. */
export type SubprogId = number & { readonly __brand: "subprog" };

/** A register, 0 to 10; r10 is the frame pointer. The verifier's own hidden r11 (`ax`) never appears here. */
export type Reg = number;

/** The second operand: a register, or a 32-bit signed immediate (sign-extended to 64 bits where the operation is 64 bits wide). */
export type Operand = { readonly kind: "reg"; readonly reg: Reg } | {
  readonly kind: "imm";
  readonly imm: number;
};

/** Two-operand and move operators. Shift counts are masked to the width. `div`/`mod` are unsigned; x/0 = 0, x%0 = x. */
export type BinaryOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "sdiv"
  | "or"
  | "and"
  | "lsh"
  | "rsh"
  | "arsh"
  | "mod"
  | "smod"
  | "xor"
  | "mov"
  | "movsx8"
  | "movsx16"
  | "movsx32";

/**
 * Operators on `dst` alone. `leN`/`beN` convert from host order and zero-extend from N bits; `bswapN` always swaps. The byte-order
 * operators define all 64 bits, so their width is always 64.
 */
export type UnaryOp =
  | "neg"
  | "le16"
  | "le32"
  | "le64"
  | "be16"
  | "be32"
  | "be64"
  | "bswap16"
  | "bswap32"
  | "bswap64";

/** An ALU operator. */
export type AluOp = BinaryOp | UnaryOp;

/** Comparisons of conditional jumps; `set` is `left & right != 0`, the `s…` forms are signed. */
export type BranchOp = "eq" | "ne" | "gt" | "ge" | "lt" | "le" | "sgt" | "sge" | "slt" | "sle" | "set";

/** Atomic operators. `load_acq` writes `src`, `store_rel` reads it; `cmpxchg` compares with and writes r0. */
export type AtomicOp = "add" | "or" | "and" | "xor" | "xchg" | "cmpxchg" | "load_acq" | "store_rel";

/** A memory access's width in bytes. */
export type Size = 1 | 2 | 4 | 8;

/** A kernel function by name, and by BTF id where a kernel's BTF gave one. */
export interface KfuncRef {
  /** The function's name; empty in bytes decoded without BTF. */
  readonly name: string;
  /** The FUNC's id in the BTF of `module`; 0 while unresolved. */
  readonly btfId: number;
  /** Which BTF: 0 is vmlinux, else the index of the module's BTF fd (the instruction's 16-bit offset). */
  readonly module: number;
  /** Declared `__weak` and absent from the target: reached only behind a test the program makes itself. */
  readonly weak?: boolean;
}

/** What a call calls. */
export type Callee<S = SubprogId> =
  | { readonly kind: "helper"; readonly id: number }
  | { readonly kind: "subprog"; readonly subprog: S }
  | { readonly kind: "kfunc"; readonly func: KfuncRef };

/**
 * Where a map's index would stand, `NO_DESCRIPTOR - n` is the descriptor n, written by hand and known to nobody, since no index is
 * negative. Verify refuses it in the kernel's words.
 */
export const NO_DESCRIPTOR = -1;

/** What a 16-byte load-immediate loads. */
export type Imm64<S = SubprogId> =
  | { readonly kind: "const"; readonly value: bigint /* unsigned 64 bits */ }
  /**
   * The map itself: an index into `unit.maps` (an fd or another token in bytes decoded without a unit). `fdArray`: the bytes name
   * the map by its place in the loader's fd array (pseudo 5 and 6) instead of by fd (pseudo 1 and 2).
   */
  | { readonly kind: "map"; readonly map: number; readonly fdArray?: true }
  /** The address of byte `offset` (32 bits, unsigned) in the map's first value. */
  | { readonly kind: "map_value"; readonly map: number; readonly offset: number; readonly fdArray?: true }
  /** The address of a kernel variable. */
  | { readonly kind: "kernel_var"; readonly name: string; readonly btfId: number; readonly module: number }
  /** The address of a subprogram, as a callback is passed. */
  | { readonly kind: "func"; readonly subprog: S };

/** One instruction; see the module's header for `T` and `S`. */
export type Insn<T = InsnId, S = SubprogId> =
  /** Unary operators carry `src: { kind: "imm", imm: 0 }`. A 32-bit operation zero-extends its result. */
  | {
    readonly kind: "alu";
    readonly op: AluOp;
    readonly width: 32 | 64;
    readonly dst: Reg;
    readonly src: Operand;
  }
  | {
    readonly kind: "load";
    readonly size: Size;
    readonly signed: boolean;
    readonly dst: Reg;
    readonly base: Reg;
    readonly offset: number;
  }
  | {
    readonly kind: "store";
    readonly size: Size;
    readonly base: Reg;
    readonly offset: number;
    readonly src: Operand;
  }
  | {
    readonly kind: "atomic";
    readonly op: AtomicOp;
    /** The old value comes back in `src` (r0 for cmpxchg). Always true for xchg and cmpxchg, false for load_acq and store_rel. */
    readonly fetch: boolean;
    readonly size: Size;
    readonly base: Reg;
    readonly offset: number;
    readonly src: Reg;
  }
  /** Legacy packet load into r0, from `imm` (`abs`) or `index + imm` (`ind`). */
  | {
    readonly kind: "ldabs";
    readonly mode: "abs" | "ind";
    readonly size: 1 | 2 | 4;
    readonly index: Reg;
    readonly imm: number;
  }
  | { readonly kind: "imm64"; readonly dst: Reg; readonly value: Imm64<S> }
  /** `far` is the 32-bit form (gotol); `encode` chooses it by itself where the 16-bit form cannot reach. */
  | { readonly kind: "jump"; readonly target: T; readonly far: boolean }
  | {
    readonly kind: "branch";
    readonly op: BranchOp;
    readonly width: 32 | 64;
    readonly left: Reg;
    readonly right: Operand;
    readonly target: T;
  }
  | { readonly kind: "may_goto"; readonly target: T }
  | { readonly kind: "call"; readonly callee: Callee<S> }
  /** `dst = addr_space_cast(src, dstSpace, srcSpace)`, for arenas. */
  | {
    readonly kind: "addr_space_cast";
    readonly dst: Reg;
    readonly src: Reg;
    readonly dstSpace: number;
    readonly srcSpace: number;
  }
  | { readonly kind: "exit" }
  /** Eight bytes that are no instruction of the ISA: refused where they are reached, never by `decode`. */
  | { readonly kind: "raw"; readonly bytes: Uint8Array };

/** The kinds an instruction can have. */
export type InsnKind = Insn["kind"];

/** A register operand. */
export function reg(n: Reg): Operand {
  return { kind: "reg", reg: n };
}

/** An immediate operand, 32 bits signed. */
export function imm(value: number): Operand {
  return { kind: "imm", imm: value };
}

/** How many 8-byte slots the instruction takes when encoded: 2 for `imm64`, else 1. */
export function slotsOf(insn: { readonly kind: InsnKind }): 1 | 2 {
  return insn.kind === "imm64" ? 2 : 1;
}

/**
 * One instruction as text that `parse_insn.ts` reads back: the syntax of the verifier's log, with names and labels
 * where the log has distances and addresses. The log's own words are in `disasm.ts`.
 *
 * @module
 */
import type { Callee, Imm64, Insn, KfuncRef, Operand } from "./insn.ts";
import { aluRow, atomicRow, branchRow, sizeRow } from "./opcodes.ts";

/** Helpers by full name (`bpf_loop`) and id: what a kernel profile provides. */
export interface HelperNames {
  /** The name of a helper, or undefined if there is none of that id. */
  helperName(id: number): string | undefined;
  /** The id of a helper, or undefined if there is none of that name. */
  helperId(name: string): number | undefined;
}

/** How {@linkcode printInsn} writes what an instruction refers to. */
export interface PrintNames<T, S> {
  target(target: T): string;
  subprog(subprog: S): string;
  map(map: number): string;
  helper(id: number): string;
}

/**
 * A name as it stands in text: bare if it is an identifier (dots allowed), else quoted, without blanks or semicolons.
 */
export function nameText(name: string): string {
  if (/^[A-Za-z_.$][\w.$]*$/.test(name)) return name;
  return JSON.stringify(name).replace(
    /[\s;{}]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The instruction in one line, without margin, e.g. `r0 = *(u64 *)(r1 +8)`. */
export function printInsn<T, S>(insn: Insn<T, S>, names: PrintNames<T, S>): string {
  switch (insn.kind) {
    case "alu": {
      const r = insn.width === 64 ? "r" : "w";
      const row = aluRow(insn.op);
      if (row !== undefined) {
        return `${r}${insn.dst} ${row.symbol} ${row.cast}${operand(insn.src, r)}`;
      }
      if (insn.op === "neg") return `${r}${insn.dst} = -${r}${insn.dst}`;
      return `r${insn.dst} = ${insn.op} r${insn.dst}`;
    }
    case "load": {
      const size = sizeRow(insn.size);
      const type = insn.signed ? size.signed : size.unsigned;
      return `r${insn.dst} = ${address(type, insn.base, insn.offset)}`;
    }
    case "store":
      return `${address(sizeRow(insn.size).unsigned, insn.base, insn.offset)} = ${operand(insn.src, "r")}`;
    case "atomic":
      return atomic(insn);
    case "ldabs": {
      const index = insn.mode === "abs" ? `${insn.imm}` : `r${insn.index} + ${insn.imm}`;
      return `r0 = *(${sizeRow(insn.size).unsigned} *)skb[${index}]`;
    }
    case "imm64":
      return `r${insn.dst} = ${imm64(insn.value, names)} ll`;
    case "jump":
      return `${insn.far ? "gotol" : "goto"} ${names.target(insn.target)}`;
    case "branch": {
      const r = insn.width === 64 ? "r" : "w";
      const right = insn.right.kind === "reg"
        ? `${r}${insn.right.reg}`
        : `0x${(insn.right.imm >>> 0).toString(16)}`;
      return `if ${r}${insn.left} ${branchRow(insn.op).symbol} ${right} goto ${names.target(insn.target)}`;
    }
    case "may_goto":
      return `may_goto ${names.target(insn.target)}`;
    case "call":
      return `call ${callee(insn.callee, names)}`;
    case "addr_space_cast":
      return `r${insn.dst} = addr_space_cast(r${insn.src}, ${insn.dstSpace}, ${insn.srcSpace})`;
    case "exit":
      return "exit";
    case "raw":
      return `raw ${Array.from(insn.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }
}

function operand(value: Operand, r: string): string {
  return value.kind === "reg" ? `${r}${value.reg}` : String(value.imm);
}

function address(type: string, base: number, offset: number): string {
  return `*(${type} *)(r${base} ${offset < 0 ? "" : "+"}${offset})`;
}

function atomic(insn: Insn<unknown, unknown> & { readonly kind: "atomic" }): string {
  const row = atomicRow(insn.op, insn.fetch);
  const type = sizeRow(insn.size).unsigned;
  const at = address(type, insn.base, insn.offset).slice(1);
  const prefix = insn.size === 8 ? "atomic64_" : "atomic_";
  if (row === undefined) throw new RangeError(`Cannot print atomic ${insn.op} with fetch ${insn.fetch}`);
  switch (insn.op) {
    case "load_acq":
      return `r${insn.src} = ${row.symbol}(${at})`;
    case "store_rel":
      return `${row.symbol}(${at}, r${insn.src})`;
    case "cmpxchg":
      return `r0 = ${prefix}cmpxchg(${at}, r0, r${insn.src})`;
    default:
      if (!insn.fetch) return `lock *${at} ${row.symbol} r${insn.src}`;
      return `r${insn.src} = ${prefix}${row.symbol}(${at}, r${insn.src})`;
  }
}

function imm64<T, S>(value: Imm64<S>, names: PrintNames<T, S>): string {
  switch (value.kind) {
    case "const":
      return `0x${value.value.toString(16)}`;
    case "map":
      return `${value.fdArray ? "map_idx" : "map"} ${names.map(value.map)}`;
    case "map_value":
      return `${value.fdArray ? "map_idx_value" : "map_value"} ${names.map(value.map)}+${value.offset}`;
    case "kernel_var":
      return `kernel_var ${btfReference(value.name, value.btfId, value.module)}`;
    case "func":
      return `func ${names.subprog(value.subprog)}`;
  }
}

function callee<T, S>(value: Callee<S>, names: PrintNames<T, S>): string {
  switch (value.kind) {
    case "helper":
      return names.helper(value.id);
    case "subprog":
      return names.subprog(value.subprog);
    case "kfunc":
      return `kfunc ${kfuncText(value.func)}`;
  }
}

function kfuncText(func: KfuncRef): string {
  return btfReference(func.name, func.btfId, func.module) + (func.weak ? " weak" : "");
}

/** A name with its BTF id and module where they are not zero: `scx_bpf_now#123@1`. */
function btfReference(name: string, btfId: number, module: number): string {
  const id = btfId !== 0 || module !== 0 || name === "" ? `#${btfId}` : "";
  return (name === "" ? "" : nameText(name)) + id + (module !== 0 ? `@${module}` : "");
}

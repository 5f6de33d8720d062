/**
 * One line of text to an instruction: the inverse of `print_insn.ts`, and a little more lenient (clang's `w1 = *(u32 *)(r2 + 0)`,
 * decimal or hexadecimal everywhere, `r10 -8` or `r10 - 8`).
 *
 * What names mean (labels, subprograms, maps, helpers) is for the caller to say; see {@link ParseNames}.
 *
 * @module
 */
import type { AluOp, AtomicOp, BranchOp, Callee, Imm64, Insn, Operand, Size } from "./insn.ts";
import { ALU_ROWS, ATOMIC_ROWS, BRANCH_ROWS, ENDIAN_ROWS, SIZE_ROWS } from "./opcodes.ts";

/** What {@linkcode parseInsn} asks its caller. */
export interface ParseNames<T, S> {
  /** A jump's target: a label, or a distance such as `+3`. */
  target(text: string): T;
  /** A subprogram by name or id; undefined if there is none. */
  subprog(name: string): S | undefined;
  /** A map's index by name; undefined if there is none. */
  map(name: string): number | undefined;
  /** A helper by full name; undefined if there is none. */
  helper(name: string): number | undefined;
  /** An object that the caller put into the text behind a mark, `\u0001<n>\u0001`; only templates have these. */
  callee?(mark: number): Callee<S>;
}

const NUMBER = "-?(?:0x[0-9a-fA-F]+|[0-9]+)";
const NAME = `[A-Za-z_.$][\\w.$]*|"(?:[^"\\\\]|\\\\.)*"`;
const TARGET = `(${NAME}|(?:pc)?[+-]?[0-9]+)`;
const MEMORY = `\\*?\\(([us])(8|16|32|64) \\*\\)\\(r(10|[0-9])(?: ?([+-]?) ?(${NUMBER}))?\\)`;

const ASSIGN = /^([rw])(10|[0-9]) ?(s?>>=|<<=|s[/%]=|[-+*/|&^%]=|=) ?(.+)$/;
const REGISTER = /^([rw])(10|[0-9])$/;
const WHOLE_NUMBER = new RegExp(`^${NUMBER}$`);
const CAST = /^\((s8|s16|s32)\) ?([rw])(10|[0-9])$/;
const UNARY = /^([a-z]+(?:16|32|64)) r(10|[0-9])$/;
const NEGATE = /^- ?([rw])(10|[0-9])$/;
const LOAD = new RegExp(`^${MEMORY}$`);
const STORE = new RegExp(`^${MEMORY} = (?:([rw])(10|[0-9])|(${NUMBER}))$`);
const LOCKED = new RegExp(`^lock ${MEMORY} ([+|&^]=) ([rw])(10|[0-9])$`);
const ATOMIC_CALL = new RegExp(
  `^(atomic64_|atomic_|)([a-z_]+)\\(${MEMORY}(?:, [rw](10|[0-9]))?(?:, [rw](10|[0-9]))?\\)$`,
);
const LDABS = new RegExp(`^\\*\\(u(8|16|32) \\*\\)skb\\[(?:r(10|[0-9]) ?([+-]) ?)?(${NUMBER})\\]$`);
const ADDR_SPACE = /^addr_space_cast\(r(10|[0-9]), ([0-9]+), ([0-9]+)\)$/;
const BRANCH = new RegExp(
  `^if ([rw])(10|[0-9]) (==|!=|s?[<>]=?|&) (?:([rw])(10|[0-9])|(${NUMBER})) goto ${TARGET}$`,
);
const JUMP = new RegExp(`^(goto|gotol|may_goto) ${TARGET}$`);
const CONSTANT = new RegExp(`^(${NUMBER}) ll$`);
const SYMBOL = new RegExp(`^(func|map|map_value|map_idx|map_idx_value|kernel_var) (.+) ll$`);
const MAP_VALUE = new RegExp(`^(${NAME}|#-?[0-9]+)(?: ?\\+ ?(${NUMBER}))?$`);
const BTF_REFERENCE = new RegExp(`^(${NAME})?(?:#(-?[0-9]+))?(?:@(-?[0-9]+))?$`);
const RAW = /^raw ([0-9a-fA-F]{16})$/;
// deno-lint-ignore no-control-regex
const MARK = /^\u0001([0-9]+)\u0001$/;

/**
 * Reads one instruction; blanks around it and between its words do not matter.
 *
 * @throws {SyntaxError} If the text is no instruction, or a name or number in it means nothing.
 */
export function parseInsn<T, S>(text: string, names: ParseNames<T, S>): Insn<T, S> {
  const line = text.trim().replace(/\s+/g, " ");
  return parseJump(line, names) ?? parseMemory(line) ?? parseAssign(line, names) ?? fail(line);
}

function fail(line: string, why?: string): never {
  throw new SyntaxError(`Cannot read instruction "${line}"${why === undefined ? "" : `: ${why}`}`);
}

function parseJump<T, S>(line: string, names: ParseNames<T, S>): Insn<T, S> | undefined {
  if (line === "exit") return { kind: "exit" };
  if (line.startsWith("call ")) {
    return { kind: "call", callee: parseCallee(line, line.slice("call ".length), names) };
  }
  const jump = JUMP.exec(line);
  if (jump !== null) {
    const target = names.target(jump[2]);
    if (jump[1] === "may_goto") return { kind: "may_goto", target };
    return { kind: "jump", target, far: jump[1] === "gotol" };
  }
  const branch = BRANCH.exec(line);
  if (branch !== null) {
    const [, r, left, symbol, r2, register, number, target] = branch;
    const op = BRANCH_ROWS.find((row) => row.symbol === symbol)!.op as BranchOp;
    if (r2 !== undefined && r2 !== r) fail(line, "a 64-bit and a 32-bit register cannot be compared");
    const right: Operand = r2 !== undefined
      ? { kind: "reg", reg: Number(register) }
      : { kind: "imm", imm: imm32(line, number, true) };
    const width = r === "r" ? 64 : 32;
    return { kind: "branch", op, width, left: Number(left), right, target: names.target(target) };
  }
  const raw = RAW.exec(line);
  if (raw !== null) {
    return { kind: "raw", bytes: Uint8Array.from(raw[1].match(/../g)!, (byte) => parseInt(byte, 16)) };
  }
  return undefined;
}

function parseCallee<T, S>(line: string, text: string, names: ParseNames<T, S>): Callee<S> {
  const mark = MARK.exec(text);
  if (mark !== null && names.callee !== undefined) return names.callee(Number(mark[1]));
  const kfunc = /^kfunc (.+?)( weak)?$/.exec(text);
  if (kfunc !== null) {
    const func = btfReference(line, kfunc[1]);
    if (func.module !== func.module << 16 >> 16) fail(line, "the module of a kfunc has 16 bits");
    return { kind: "kfunc", func: kfunc[2] === undefined ? func : { ...func, weak: true } };
  }
  const numbered = /^[\w]+#(-?[0-9]+)$/.exec(text);
  if (numbered !== null) return { kind: "helper", id: imm32(line, numbered[1], false) };
  const name = unquote(text);
  const subprog = names.subprog(name);
  if (subprog !== undefined) return { kind: "subprog", subprog };
  const id = names.helper(name);
  if (id !== undefined) return { kind: "helper", id };
  return fail(line, `there is no subprogram and no helper "${name}"`);
}

function parseMemory<T, S>(line: string): Insn<T, S> | undefined {
  const locked = LOCKED.exec(line);
  if (locked !== null) {
    const row = ATOMIC_ROWS.find((row) => !row.fetch && row.symbol === locked[6])!;
    return atomic(line, { op: row.op, fetch: false, place: locked.slice(1, 6), src: Number(locked[8]) });
  }
  const store = STORE.exec(line);
  if (store !== null) {
    if (store[1] !== "u") fail(line, "stores are unsigned");
    const size = sizeOf(store[2]);
    if (store[6] === "w" && size === 8) fail(line, "a 32-bit register cannot fill 8 bytes");
    const src: Operand = store[6] !== undefined
      ? { kind: "reg", reg: Number(store[7]) }
      : { kind: "imm", imm: imm32(line, store[8], size <= 4) };
    return { kind: "store", size, base: Number(store[3]), offset: offset16(line, store), src };
  }
  const call = ATOMIC_CALL.exec(line);
  if (call !== null && call[2] === "store_release") {
    return atomic(line, {
      op: "store_rel",
      fetch: false,
      place: call.slice(3, 8),
      src: only(line, call),
    });
  }
  return undefined;
}

function parseAssign<T, S>(line: string, names: ParseNames<T, S>): Insn<T, S> | undefined {
  const assign = ASSIGN.exec(line);
  if (assign === null) return undefined;
  const [, r, dstText, symbol, rest] = assign;
  const dst = Number(dstText);
  const width = r === "r" ? 64 : 32;
  const source = REGISTER.exec(rest);
  if (source !== null || WHOLE_NUMBER.test(rest)) {
    if (source !== null && source[1] !== r) fail(line, "a 64-bit and a 32-bit register cannot be mixed");
    const op = ALU_ROWS.find((row) => row.symbol === symbol && row.cast === "")!.op;
    const src: Operand = source !== null
      ? { kind: "reg", reg: Number(source[2]) }
      : { kind: "imm", imm: imm32(line, rest, width === 32) };
    return { kind: "alu", op, width, dst, src };
  }
  if (symbol !== "=") return undefined;

  const cast = CAST.exec(rest);
  if (cast !== null) {
    const row = ALU_ROWS.find((row) => row.cast === `(${cast[1]})`)!;
    if (cast[2] !== r || (width === 32 && !row.narrow)) fail(line, "there is no such sign extension");
    return { kind: "alu", op: row.op, width, dst, src: { kind: "reg", reg: Number(cast[3]) } };
  }
  const negate = NEGATE.exec(rest);
  if (negate !== null) {
    if (negate[1] !== r || Number(negate[2]) !== dst) fail(line, "negation works in place");
    return { kind: "alu", op: "neg", width, dst, src: { kind: "imm", imm: 0 } };
  }
  const unary = UNARY.exec(rest);
  if (unary !== null) {
    const row = ENDIAN_ROWS.find((row) => row.symbol === unary[1]);
    if (row === undefined || r !== "r" || Number(unary[2]) !== dst) fail(line, "byte order changes in place");
    return { kind: "alu", op: row.op as AluOp, width: 64, dst, src: { kind: "imm", imm: 0 } };
  }
  const load = LOAD.exec(rest);
  if (load !== null) {
    const signed = load[1] === "s", size = sizeOf(load[2]);
    if (size === 8 && (signed || r === "w")) fail(line, "there is no such load");
    if (signed && r === "w") fail(line, "sign-extending loads fill 64 bits");
    return { kind: "load", size, signed, dst, base: Number(load[3]), offset: offset16(line, load) };
  }
  const call = ATOMIC_CALL.exec(rest);
  if (call !== null) return parseFetch(line, dst, call);
  const abs = LDABS.exec(rest);
  if (abs !== null) {
    if (r !== "r" || dst !== 0) fail(line, "packet loads go to r0");
    const size = sizeOf(abs[1]) as 1 | 2 | 4;
    const imm = imm32(line, abs[4], false) * (abs[3] === "-" ? -1 : 1);
    return abs[2] === undefined
      ? { kind: "ldabs", mode: "abs", size, index: 0, imm }
      : { kind: "ldabs", mode: "ind", size, index: Number(abs[2]), imm };
  }
  const space = ADDR_SPACE.exec(rest);
  if (space !== null && r === "r") {
    const dstSpace = Number(space[2]), srcSpace = Number(space[3]);
    if (dstSpace > 0xffff || srcSpace > 0xffff) fail(line, "an address space has 16 bits");
    return { kind: "addr_space_cast", dst, src: Number(space[1]), dstSpace, srcSpace };
  }
  if (r !== "r") return undefined;
  const value = parseImm64(line, rest, names);
  return value && { kind: "imm64", dst, value };
}

function parseImm64<T, S>(line: string, rest: string, names: ParseNames<T, S>): Imm64<S> | undefined {
  const constant = CONSTANT.exec(rest);
  if (constant !== null) {
    const negative = constant[1].startsWith("-");
    const value = BigInt(negative ? constant[1].slice(1) : constant[1]);
    if (value > (negative ? 1n << 63n : (1n << 64n) - 1n)) fail(line, "the constant does not fit 64 bits");
    return { kind: "const", value: BigInt.asUintN(64, negative ? -value : value) };
  }
  const symbol = SYMBOL.exec(rest);
  if (symbol === null) return undefined;
  const [, what, text] = symbol;
  switch (what) {
    case "func": {
      const subprog = names.subprog(unquote(text));
      return subprog === undefined ? fail(line, `there is no subprogram ${text}`) : { kind: "func", subprog };
    }
    case "kernel_var":
      return { kind: "kernel_var", ...btfReference(line, text) };
    case "map":
    case "map_idx": {
      const map = mapNamed(line, text, names);
      return what === "map" ? { kind: "map", map } : { kind: "map", map, fdArray: true };
    }
    default: {
      const place = MAP_VALUE.exec(text) ?? fail(line);
      const map = mapNamed(line, place[1], names);
      const offset = place[2] === undefined ? 0 : Number(place[2]);
      if (!(offset >= 0 && offset <= 0xffffffff)) fail(line, "the offset does not fit 32 bits");
      return what === "map_value"
        ? { kind: "map_value", map, offset }
        : { kind: "map_value", map, offset, fdArray: true };
    }
  }
}

/** `atomic64_fetch_add((u64 *)(r1 +0), r2)` and its relatives, as what `dst` is assigned. */
function parseFetch<T, S>(line: string, dst: number, call: RegExpExecArray): Insn<T, S> {
  const [, prefix, name] = call;
  const place = call.slice(3, 8);
  const row = ATOMIC_ROWS.find((row) => row.symbol === name);
  if (row === undefined || row.op === "store_rel") return fail(line, `there is no atomic "${name}"`);
  if (row.op === "load_acq") {
    if (prefix !== "" || call[8] !== undefined) fail(line);
    return atomic(line, { op: row.op, fetch: false, place, src: dst });
  }
  if (prefix !== (sizeOf(place[1]) === 8 ? "atomic64_" : "atomic_")) {
    fail(line, "the width of the name and of the memory differ");
  }
  if (row.op === "cmpxchg") {
    if (dst !== 0 || call[8] !== "0" || call[9] === undefined) {
      fail(line, "cmpxchg compares with r0 and returns in it");
    }
    return atomic(line, { op: row.op, fetch: true, place, src: Number(call[9]) });
  }
  const src = only(line, call);
  if (src !== dst) fail(line, "the old value comes back in the register that was given");
  return atomic(line, { op: row.op, fetch: true, place, src });
}

interface AtomicParts {
  readonly op: AtomicOp;
  readonly fetch: boolean;
  /** Groups of {@link MEMORY}: sign, bits, base, sign of the offset, offset. */
  readonly place: readonly string[];
  readonly src: number;
}

function atomic<T, S>(line: string, parts: AtomicParts): Insn<T, S> {
  const { op, fetch, place, src } = parts;
  const size = sizeOf(place[1]);
  const row = ATOMIC_ROWS.find((row) => row.op === op && row.fetch === fetch)!;
  if (place[0] !== "u" || !row.sizes.includes(size)) fail(line, "there is no atomic of this width");
  const offset = offset16(line, ["", ...place]);
  return { kind: "atomic", op, fetch, size, base: Number(place[2]), offset, src };
}

/** The one register that a match of {@link ATOMIC_CALL} passes besides the address. */
function only(line: string, call: RegExpExecArray): number {
  if (call[8] === undefined || call[9] !== undefined) fail(line, "one operand is expected");
  return Number(call[8]);
}

function sizeOf(bits: string): Size {
  return SIZE_ROWS.find((row) => row.unsigned === `u${bits}`)!.size;
}

/** The offset of a match of {@link MEMORY}: groups 4 (sign) and 5. */
function offset16(line: string, match: readonly (string | undefined)[]): number {
  if (match[5] === undefined) return 0;
  const offset = Number(match[5].startsWith("-") ? match[5].slice(1) : match[5]) *
    ((match[4] === "-") !== match[5].startsWith("-") ? -1 : 1);
  if (!(offset >= -32768 && offset <= 32767)) fail(line, "the offset does not fit 16 bits");
  return offset === 0 ? 0 : offset;
}

/** A number as a signed 32-bit immediate; `unsigned` also takes 0x80000000 to 0xffffffff, as the same 32 bits. */
function imm32(line: string, text: string, unsigned: boolean): number {
  const value = text.startsWith("-") ? -Number(text.slice(1)) : Number(text);
  if (!(value >= -0x80000000 && value <= (unsigned ? 0xffffffff : 0x7fffffff))) {
    fail(line, "the immediate does not fit 32 bits, which are sign-extended");
  }
  return value | 0;
}

function mapNamed<T, S>(line: string, text: string, names: ParseNames<T, S>): number {
  if (/^#-?[0-9]+$/.test(text)) return imm32(line, text.slice(1), false);
  const name = unquote(text);
  return names.map(name) ?? fail(line, `there is no map "${name}"`);
}

function btfReference(line: string, text: string): { name: string; btfId: number; module: number } {
  const match = BTF_REFERENCE.exec(text);
  if (match === null || (match[1] === undefined && match[2] === undefined)) return fail(line);
  return {
    name: match[1] === undefined ? "" : unquote(match[1]),
    btfId: imm32(line, match[2] ?? "0", false),
    module: imm32(line, match[3] ?? "0", false),
  };
}

/**
 * The name that a bare or quoted word stands for.
 *
 * @throws {SyntaxError} If the quotes are not those of a JSON string.
 */
export function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text) as string;
  } catch {
    throw new SyntaxError(`Cannot read the quoted name ${text}`);
  }
}

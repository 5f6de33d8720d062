/**
 * Random programs on which every back end must agree: arithmetic of every kind, branches, counted loops, memory through the frame and
 * through r1, atomics, subprograms, and the idioms that back ends look for, interleaved so that they are found or broken up.
 *
 * A program gets {@linkcode MEMORY_SIZE} bytes in r1. No address ever reaches a result: r9 holds the memory and registers derived from it or
 * from r10 are overwritten, so runs at different addresses give the same r0 and the same memory. All stack that is read was written.
 *
 * @module
 */
import type { DecodedInsn } from "../../ir/decode.ts";
import {
  type AluOp,
  type AtomicOp,
  type BranchOp,
  imm,
  type Operand,
  reg,
  type Size,
  slotsOf,
} from "../../ir/insn.ts";

/** Bytes of memory a generated program is given in r1. */
export const MEMORY_SIZE = 128;
const STACK_BYTES = 64;
/** A slot of its own, below those that are read in the end and those that count loops. */
const SPILL = -STACK_BYTES - 40;

/** A reproducible source of numbers (xorshift). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  }
  /** 32 bits, signed. */
  bits(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return this.#state = x;
  }
  /** 0 to n - 1. */
  below(n: number): number {
    return (this.bits() >>> 1) % n;
  }
  /** One of them. */
  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

type Symbolic = { readonly insn: DecodedInsn; readonly label?: number };

const INTERESTING = [
  0,
  1,
  2,
  3,
  7,
  8,
  10,
  31,
  32,
  63,
  64,
  100,
  127,
  128,
  255,
  256,
  1000,
  65535,
  0x7fffffff,
  -1,
  -2,
  -7,
  -128,
  -129,
]
  .concat([-0x80000000, 641, 6700417, 1000003]);
const ALU_BINARY: readonly AluOp[] = [
  "add",
  "sub",
  "mul",
  "div",
  "sdiv",
  "or",
  "and",
  "lsh",
  "rsh",
  "arsh",
  "mod",
  "smod",
  "xor",
  "mov",
];
const ALU_REGISTER: readonly AluOp[] = ["movsx8", "movsx16", "movsx32"];
const ALU_UNARY: readonly AluOp[] = [
  "neg",
  "le16",
  "le32",
  "le64",
  "be16",
  "be32",
  "be64",
  "bswap16",
  "bswap32",
  "bswap64",
];
const BRANCHES: readonly BranchOp[] = ["eq", "ne", "gt", "ge", "lt", "le", "sgt", "sge", "slt", "sle", "set"];
const SIZES: readonly Size[] = [1, 2, 4, 8];
/** Registers that hold numbers; r9 holds the memory. */
const NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7, 8];

class Generator {
  readonly out: Symbolic[] = [];
  readonly places = new Map<number, number>();
  readonly random: Random;
  /** The frame's address is used for accesses at fixed offsets only, so that its slots can live in registers. */
  readonly plain: boolean;
  #labels = 0;
  constructor(random: Random) {
    this.random = random;
    this.plain = random.below(2) === 0;
  }

  put(insn: DecodedInsn): void {
    this.out.push({ insn });
  }

  label(): number {
    return this.#labels++;
  }

  bind(label: number): void {
    this.places.set(label, this.out.length);
  }

  number(): number {
    const r = this.random;
    return r.below(3) === 0 ? r.bits() : r.of(INTERESTING);
  }

  constant(dst: number): void {
    const r = this.random;
    const value = r.below(2) === 0 ? BigInt(this.number()) : (BigInt(r.bits()) << 32n) ^ BigInt(r.bits());
    this.put({ kind: "imm64", dst, value: { kind: "const", value: BigInt.asUintN(64, value) } });
  }

  alu(): void {
    const r = this.random;
    const width = r.of([32, 64] as const);
    const dst = r.of(NUMBERS);
    const pick = r.below(20);
    if (pick < 2) {
      let op = r.of(ALU_UNARY);
      const w = op === "neg" ? width : 64;
      if (op !== "neg" && w !== 64) op = "be16";
      this.put({ kind: "alu", op, width: w, dst, src: imm(0) });
    } else if (pick === 2) {
      const op = r.of(width === 32 ? ALU_REGISTER.slice(0, 2) : ALU_REGISTER);
      this.put({ kind: "alu", op, width, dst, src: reg(r.of(NUMBERS)) });
    } else {
      const src: Operand = r.below(2) === 0 ? reg(r.of(NUMBERS)) : imm(this.number());
      this.put({ kind: "alu", op: r.of(ALU_BINARY), width, dst, src });
    }
  }

  /** A pointer into the frame or the memory in `t`, then an access; `t` holds a number afterwards. */
  pointer(t: number, others: readonly number[]): DecodedInsn[] {
    const r = this.random;
    const size = r.of(SIZES);
    const list: DecodedInsn[] = [];
    const frame = !this.plain && r.below(2) === 0;
    let at = r.below(24);
    list.push({ kind: "alu", op: "mov", width: 64, dst: t, src: reg(frame ? 10 : 9) });
    const index = r.of(others);
    const scaled = r.below(2) === 0;
    if (scaled) {
      list.push({ kind: "alu", op: "and", width: r.of([32, 64] as const), dst: index, src: imm(3) });
      const scale = r.below(4);
      if (scale > 0) list.push({ kind: "alu", op: "lsh", width: 64, dst: index, src: imm(scale) });
      list.push({ kind: "alu", op: "add", width: 64, dst: t, src: reg(index) });
    }
    if (r.below(2) === 0) {
      const add = r.below(8);
      list.push({ kind: "alu", op: "add", width: 64, dst: t, src: imm(add) });
      at -= add;
    }
    const offset = frame ? at - STACK_BYTES : at;
    const other = r.of(others);
    switch (r.below(3)) {
      case 0:
        list.push({ kind: "load", size, signed: size < 8 && r.below(3) === 0, dst: t, base: t, offset });
        return list;
      case 1:
        list.push({ kind: "load", size, signed: size < 8 && r.below(3) === 0, dst: other, base: t, offset });
        break;
      default:
        list.push({
          kind: "store",
          size,
          base: t,
          offset,
          src: r.below(3) === 0 ? imm(this.number()) : reg(other),
        });
    }
    if (r.below(3) === 0) list.push({ kind: "load", size: 1, signed: false, dst: other, base: t, offset });
    list.push({ kind: "alu", op: "mov", width: 64, dst: t, src: imm(this.number()) });
    return list;
  }

  access(): void {
    const r = this.random;
    const size = r.of(SIZES);
    const frame = r.below(2) === 0;
    const base = frame ? 10 : 9;
    const room = frame ? STACK_BYTES : MEMORY_SIZE;
    const at = r.below(room - size + 1) - (frame ? room : 0);
    if (frame && this.plain && r.below(20) > 0) return this.slotAccess();
    switch (r.below(4)) {
      case 0:
        this.put({
          kind: "load",
          size,
          signed: size < 8 && r.below(2) === 0,
          dst: r.of(NUMBERS),
          base,
          offset: at,
        });
        break;
      case 1:
        this.put({
          kind: "store",
          size,
          base,
          offset: at,
          src: r.below(2) === 0 ? imm(this.number()) : reg(r.of(NUMBERS)),
        });
        break;
      default:
        this.atomic(base, frame ? -8 * (1 + r.below(8)) : 8 * r.below(16));
    }
  }

  /** A whole slot is stored; any part from its beginning is loaded. */
  slotAccess(): void {
    const r = this.random;
    const offset = -8 * (1 + r.below(STACK_BYTES / 8));
    if (r.below(2) === 0) {
      const src: Operand = r.below(3) === 0 ? imm(this.number()) : reg(r.of(NUMBERS));
      this.put({ kind: "store", size: 8, base: 10, offset, src });
    } else {
      const size = r.of(SIZES);
      const signed = size < 8 && r.below(2) === 0;
      this.put({ kind: "load", size, signed, dst: r.of(NUMBERS), base: 10, offset });
    }
  }

  atomic(base: number, at: number): void {
    const r = this.random;
    const op = r.of<AtomicOp>(["add", "or", "and", "xor", "xchg", "cmpxchg", "load_acq", "store_rel"]);
    const ordered = op === "load_acq" || op === "store_rel";
    const size = ordered ? r.of(SIZES) : r.of([4, 8] as const);
    const fetch = op === "xchg" || op === "cmpxchg" || !ordered && r.below(2) === 0;
    this.put({ kind: "atomic", op, fetch, size, base, offset: at, src: r.of(NUMBERS) });
  }

  /** An idiom on the registers given. */
  idiom(a: number, b: number, c: number): DecodedInsn[] {
    const r = this.random;
    const width = r.of([32, 64] as const);
    const k = 1 + r.below(width - 1);
    const alu = (op: AluOp, dst: number, src: Operand, w: 32 | 64 = width): DecodedInsn => ({
      kind: "alu",
      op,
      width: w,
      dst,
      src,
    });
    switch (r.below(8)) {
      case 0: // rotation through two copies
        return [
          alu("mov", a, reg(c)),
          alu("rsh", a, imm(width - k)),
          alu("mov", b, reg(c)),
          alu("lsh", b, imm(k)),
          alu(r.of(["or", "add", "xor"] as const), b, reg(a)),
        ];
      case 1: // rotation in place
        return [
          alu("mov", a, reg(b)),
          alu("rsh", a, imm(width - k)),
          alu("lsh", b, imm(k)),
          alu("or", b, reg(a)),
        ];
      case 2: { // zero or sign extension by shifts
        const n = r.of([8, 16, 32, 48, 56]);
        return [
          alu("mov", a, reg(b), r.of([32, 64] as const)),
          alu("lsh", a, imm(n), 64),
          alu(r.of(["rsh", "arsh"] as const), a, imm(n), 64),
        ];
      }
      case 3: // sum into another register
        return [alu("mov", a, reg(b)), alu("add", a, r.below(2) === 0 ? reg(c) : imm(this.number()))];
      case 4: // scaled sum
        return [
          alu("mov", a, reg(b)),
          alu("lsh", a, imm(r.below(5))),
          alu("add", a, reg(c)),
          alu("add", a, imm(this.number())),
        ];
      case 5: { // bytes put together
        const frame = !this.plain && r.below(2) === 0;
        const base = frame ? 10 : 9, at = frame ? -STACK_BYTES + r.below(60) : r.below(100);
        const step = r.below(2);
        const load = (dst: number, offset: number): DecodedInsn => ({
          kind: "load",
          size: 1,
          signed: false,
          dst,
          base,
          offset,
        });
        return [load(a, at + step), alu("lsh", a, imm(8)), load(b, at + 1 - step), alu("or", a, reg(b))];
      }
      case 6: { // load and use
        const size = r.of([4, 8] as const);
        const at = -8 * (1 + r.below(8));
        return [
          { kind: "load", size, signed: false, dst: a, base: 10, offset: at },
          alu(r.of(["add", "sub", "xor", "and", "or"] as const), b, reg(a), size === 4 ? 32 : width),
        ];
      }
      default: // mask and shift
        return [
          alu("mov", a, reg(b)),
          alu("and", a, imm(this.number())),
          alu(r.of(["lsh", "rsh", "arsh"] as const), a, imm(r.below(width))),
          alu("mov", a, reg(a), 32),
        ];
    }
  }

  /** Two idioms on disjoint registers, in an order that keeps each one's own. */
  interleaved(): void {
    const r = this.random;
    const pool = [...NUMBERS];
    const take = (): number => pool.splice(r.below(pool.length), 1)[0];
    let pointers = false;
    const make = (): DecodedInsn[] => {
      const [a, b, c] = [take(), take(), take()];
      if (r.below(4) > 0) return this.idiom(a, b, c);
      pointers = true;
      return this.pointer(a, [b, c]);
    };
    const one = make(), two = r.below(2) === 0 ? make() : [];
    while (one.length + two.length > 0) {
      const from = one.length === 0 ? two : two.length === 0 ? one : r.of([one, two]);
      this.put(from.shift()!);
      // Not while an address is being made: this may write any register.
      if (!pointers && r.below(12) === 0) this.access();
    }
  }

  /**
   * The frame's address in a register, perhaps through a slot and around a branch, and an access through it. Nothing of it is left in
   * a number register.
   */
  framePointer(): void {
    const r = this.random;
    const pool = [...NUMBERS];
    const t = pool.splice(r.below(pool.length), 1)[0], other = r.of(pool);
    const offset = -8 * (2 + r.below(STACK_BYTES / 8 - 1));
    const add = (dst: number, value: number): void =>
      this.put({ kind: "alu", op: "add", width: 64, dst, src: imm(value) });
    const number = (dst: number): void =>
      this.put({ kind: "alu", op: "mov", width: 64, dst, src: imm(this.number()) });
    this.put({ kind: "alu", op: "mov", width: 64, dst: t, src: reg(10) });
    add(t, offset);
    const spilled = r.below(2) === 0;
    if (spilled) {
      this.put({ kind: "store", size: 8, base: 10, offset: SPILL, src: reg(t) });
      number(t);
      if (r.below(2) === 0) this.alu();
      this.put({ kind: "load", size: 8, signed: false, dst: t, base: 10, offset: SPILL });
    }
    const store = (): void => {
      const src: Operand = r.below(3) === 0 ? imm(this.number()) : reg(other);
      this.put({ kind: "store", size: 8, base: t, offset: 8 * r.below(2), src });
    };
    switch (r.below(4)) {
      case 0: {
        const past = this.label();
        this.compare(other, past);
        store();
        this.bind(past);
        break;
      }
      case 1: {
        // Two distances meet.
        const past = this.label();
        this.compare(other, past);
        add(t, 8);
        this.bind(past);
        this.put({ kind: "store", size: 8, base: t, offset: 0, src: reg(other) });
        break;
      }
      case 2:
        store();
        break;
      default:
        this.put({
          kind: "load",
          size: r.of(SIZES),
          signed: false,
          dst: other,
          base: t,
          offset: 8 * r.below(2),
        });
    }
    number(t);
    if (!spilled) return;
    const size = r.of([4, 8] as const);
    this.put({ kind: "store", size, base: 10, offset: SPILL, src: reg(other) });
    if (r.below(2) === 0) {
      this.put({ kind: "load", size, signed: false, dst: other, base: 10, offset: SPILL });
    }
  }

  compare(left: number, target: number): void {
    const op = this.random.of(BRANCHES);
    this.out.push({
      insn: { kind: "branch", op, width: 64, left, right: imm(this.number()), target: 0 },
      label: target,
    });
  }

  somewhere(): void {
    if (this.random.below(3) === 0) return this.framePointer();
    const t = this.random.of(NUMBERS);
    for (const insn of this.pointer(t, NUMBERS.filter((n) => n !== t))) this.put(insn);
  }

  block(depth: number): void {
    const r = this.random;
    const n = 2 + r.below(6);
    for (let i = 0; i < n; i++) {
      switch (r.below(depth > 0 ? 9 : 7)) {
        case 0:
        case 1:
          this.alu();
          break;
        case 2:
          this.access();
          break;
        case 3:
          this.somewhere();
          break;
        case 4:
          this.constant(r.of(NUMBERS));
          break;
        case 5:
        case 6:
          this.interleaved();
          break;
        case 7:
          this.conditional(depth);
          break;
        default:
          this.loop(depth);
      }
    }
  }

  branch(target: number): void {
    const r = this.random;
    const right: Operand = r.below(2) === 0 ? reg(r.of(NUMBERS)) : imm(this.number());
    this.out.push({
      insn: {
        kind: "branch",
        op: r.of(BRANCHES),
        width: r.of([32, 64] as const),
        left: r.of(NUMBERS),
        right,
        target: 0,
      },
      label: target,
    });
  }

  /** A branch on whether what was just computed is zero. */
  branchOnResult(target: number): void {
    const r = this.random;
    const left = r.of(NUMBERS);
    const op = r.of<AluOp>(["add", "sub", "and", "or", "xor", "lsh", "mov"]);
    const src: Operand = r.below(2) === 0 ? reg(r.of(NUMBERS)) : imm(this.number());
    this.put({ kind: "alu", op, width: r.of([32, 64] as const), dst: left, src });
    this.out.push({
      insn: {
        kind: "branch",
        op: r.of(["eq", "ne", "sge", "slt", "gt"] as const),
        width: r.of([32, 64] as const),
        left,
        right: imm(0),
        target: 0,
      },
      label: target,
    });
  }

  conditional(depth: number): void {
    const past = this.label();
    if (this.random.below(3) === 0) this.branchOnResult(past);
    else this.branch(past);
    if (this.random.below(4) === 0) {
      // A branch over a jump.
      const end = this.label();
      this.out.push({ insn: { kind: "jump", target: 0, far: this.random.below(2) === 0 }, label: end });
      this.bind(past);
      this.block(depth - 1);
      this.bind(end);
      return;
    }
    this.block(depth - 1);
    if (this.random.below(2) === 0) {
      const end = this.label();
      this.out.push({ insn: { kind: "jump", target: 0, far: this.random.below(2) === 0 }, label: end });
      this.bind(past);
      this.block(depth - 1);
      this.bind(end);
    } else this.bind(past);
  }

  /** A loop whose count lives in the frame, out of the others' reach. */
  loop(depth: number): void {
    const r = this.random;
    const at = -STACK_BYTES - 8 * depth;
    this.put({ kind: "store", size: 8, base: 10, offset: at, src: imm(1 + r.below(4)) });
    const head = this.label(), end = this.label();
    this.bind(head);
    this.block(depth - 1);
    if (r.below(3) === 0) this.branch(end);
    this.put({ kind: "load", size: 8, signed: false, dst: 5, base: 10, offset: at });
    this.put({ kind: "alu", op: "sub", width: 64, dst: 5, src: imm(1) });
    this.put({ kind: "store", size: 8, base: 10, offset: at, src: reg(5) });
    this.out.push({
      insn: { kind: "branch", op: "ne", width: 64, left: 5, right: imm(0), target: 0 },
      label: head,
    });
    this.bind(end);
  }

  /** Gives every number register and every stack slot a value. */
  prologue(): void {
    for (const n of NUMBERS) this.constant(n);
    for (let at = 8; at <= STACK_BYTES; at += 8) {
      this.put({ kind: "store", size: 8, base: 10, offset: -at, src: reg(this.random.of(NUMBERS)) });
    }
  }

  /** Mixes everything into r0 and exits. */
  epilogue(): void {
    for (const n of NUMBERS.slice(1)) {
      this.put({ kind: "alu", op: "mul", width: 64, dst: 0, src: imm(31) });
      this.put({ kind: "alu", op: "add", width: 64, dst: 0, src: reg(n) });
    }
    for (let at = 8; at <= STACK_BYTES; at += 8) {
      this.put({ kind: "load", size: 8, signed: false, dst: 1, base: 10, offset: -at });
      this.put({ kind: "alu", op: "xor", width: 64, dst: 0, src: reg(1) });
      this.put({ kind: "alu", op: "mul", width: 64, dst: 0, src: imm(7) });
    }
    this.put({ kind: "exit" });
  }
}

/** A subprogram that calls nothing and has no stack: a back end may put it where it is called. */
function leaf(g: Generator): void {
  const r = g.random;
  const out = g.label();
  const alu = (): void => {
    const src: Operand = r.below(2) === 0 ? reg(1 + r.below(5)) : imm(g.number());
    g.put({ kind: "alu", op: r.of(ALU_BINARY), width: r.of([32, 64] as const), dst: 1 + r.below(5), src });
  };
  alu();
  const branches = r.below(3);
  for (let i = 0; i < branches; i++) {
    g.out.push({
      insn: {
        kind: "branch",
        op: r.of(BRANCHES),
        width: 64,
        left: 1 + r.below(5),
        right: imm(g.number()),
        target: 0,
      },
      label: out,
    });
    alu();
    if (r.below(3) === 0) {
      g.put({ kind: "alu", op: "mov", width: 64, dst: 0, src: reg(1 + r.below(5)) });
      g.put({ kind: "exit" });
    }
  }
  g.bind(out);
  alu();
  g.put({ kind: "alu", op: "mov", width: 64, dst: 0, src: reg(1 + r.below(5)) });
  g.put({ kind: "exit" });
}

/** A random program, as decoded instructions, for a seed. */
export function generate(seed: number): DecodedInsn[] {
  const g = new Generator(new Random(seed));
  const r = g.random;
  const small = g.label();
  const leaves = r.below(3) === 0;
  const callee = g.label();
  const calls = r.below(3) === 0;
  g.put({ kind: "alu", op: "mov", width: 64, dst: 9, src: reg(1) });
  g.prologue();
  g.block(2);
  if (calls) {
    for (let round = 0; round < 2; round++) {
      g.put({ kind: "alu", op: "mov", width: 64, dst: 5, src: reg(9) });
      g.out.push({ insn: { kind: "call", callee: { kind: "subprog", subprog: 0 } }, label: callee });
      for (let n = 1; n <= 5; n++) g.constant(n);
      g.block(1);
    }
  }
  if (leaves) {
    const again = g.label();
    g.put({ kind: "alu", op: "mov", width: 64, dst: 8, src: imm(1 + r.below(3)) });
    g.bind(again);
    for (let n = 1; n <= 5; n++) if (r.below(2) === 0) g.constant(n);
    g.out.push({ insn: { kind: "call", callee: { kind: "subprog", subprog: 0 } }, label: small });
    for (let n = 1; n <= 5; n++) g.constant(n);
    g.put({ kind: "alu", op: "add", width: 64, dst: 7, src: reg(0) });
    g.put({ kind: "alu", op: "sub", width: 64, dst: 8, src: imm(1) });
    g.out.push({
      insn: { kind: "branch", op: "ne", width: 64, left: 8, right: imm(0), target: 0 },
      label: again,
    });
  }
  g.epilogue();
  if (leaves) {
    g.bind(small);
    leaf(g);
  }
  if (calls) {
    g.bind(callee);
    g.put({ kind: "alu", op: "mov", width: 64, dst: 9, src: reg(5) });
    if (r.below(2) === 0) g.prologue();
    else {
      for (const n of [0, 5, 6, 7, 8]) g.constant(n);
      for (let at = 8; at <= STACK_BYTES; at += 8) {
        g.put({ kind: "store", size: 8, base: 10, offset: -at, src: imm(r.bits()) });
      }
    }
    g.block(1);
    g.epilogue();
  }
  const slots: number[] = [];
  let slot = 0;
  for (const { insn } of g.out) {
    slots.push(slot);
    slot += slotsOf(insn);
  }
  return g.out.map(({ insn, label }): DecodedInsn => {
    if (label === undefined) return insn;
    const target = slots[g.places.get(label)!];
    if (insn.kind === "call") return { kind: "call", callee: { kind: "subprog", subprog: target } };
    return { ...insn, target } as DecodedInsn;
  });
}

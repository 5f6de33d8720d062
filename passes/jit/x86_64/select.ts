/**
 * Which BPF instructions become one instruction of x86-64 together: sums into addresses, shifts into rotations and extensions, loads into
 * operations, masks into tests.
 *
 * One forward walk over stretches of code with one entry (branches may leave, nothing joins). Every definition of a register is a value,
 * named by its slot. An instruction may *absorb* the values it reads: the absorbed definition is skipped, and the absorbing instruction
 * does its work from what the registers held before. That is sound if
 *  - nobody else reads the value: no instruction or leaving branch before, and its register is overwritten or dead after;
 *  - what the absorbing instruction reads instead is still in its register, skipped definitions taken into account (`held`).
 * For loads besides: nothing was written to memory in between. Decisions are greedy and never taken back once an instruction is passed.
 *
 * The result says per slot what to emit; nothing is emitted here. This is one irreducible walk, hence its length.
 *
 * @module
 */
import { slotsAt } from "../../../ir/cfg.ts";
import type { Columns } from "../../../ir/columns.ts";
import type { Features } from "./features.ts";
import { isNothing } from "./frame_access.ts";
import { zeroUpperHalves } from "./upper_half.ts";

/** What to emit at a slot. */
export const EMIT = {
  /** The instruction as it is; `folded` says whether its memory operand is the address expression. */
  PLAIN: 0,
  /** Nothing: a later instruction does it. */
  SKIP: 1,
  /** The sum of the address expression into dst. */
  LEA: 2,
  /** `from` rotated left by `count` into dst. */
  ROTATE: 3,
  /** `from` extended from `size` bytes into dst, then shifted right by `count`; `signed` says how. */
  EXTEND: 4,
  /** The operation with the address expression's memory as its second operand. */
  OP_MEMORY: 5,
  /** A byte-swapping load of `size` bytes from the address expression. */
  SWAP_LOAD: 6,
  /** A 16-bit load from the address expression, bytes swapped if `signed`. */
  PAIR_LOAD: 7,
  /** A branch on `from & count` instead of on a masked copy. */
  TEST: 8,
  /** `from` times the immediate into dst. */
  MULTIPLY: 9,
} as const;

/** By slot. Registers are BPF's, -1 for none. */
export interface Selection {
  /** What to emit, of {@linkcode EMIT}. */
  readonly emit: Uint8Array;
  /** 1 where `base`, `index`, `scale` and `disp` are set for a load or store. */
  readonly folded: Uint8Array;
  /** The address expression's base. */
  readonly base: Int32Array;
  /** Its index. */
  readonly index: Int32Array;
  /** The index's shift, 0–3. */
  readonly scale: Int32Array;
  /** Bytes added. */
  readonly disp: Int32Array;
  /** The register that is read. */
  readonly from: Int32Array;
  /** A number of bits; for TEST the mask. */
  readonly count: Int32Array;
  /** Bytes. */
  readonly size: Int32Array;
  /** 1 for yes. */
  readonly signed: Uint8Array;
}

const RSH = 0x70,
  LSH = 0x60,
  ARSH = 0xc0,
  MOV = 0xb0,
  ADD = 0x00,
  SUB = 0x10,
  MUL = 0x20,
  DIV = 0x30,
  MOD = 0x90,
  AND = 0x50,
  OR = 0x40,
  XOR = 0xa0;
/** How much of a value its sum gives: bits 0–31, or all 64; 0 where it has none. */
const NARROW = 1, WIDE = 2;

/** A sum of at most two registers, one of them shifted, and a constant; `…Value` are the values the registers must hold. */
interface Sum {
  base: number;
  baseValue: number;
  index: number;
  indexValue: number;
  scale: number;
  disp: number;
}

/** Chooses for a whole program. `live` as of `liveRegisters`. */
export function select(columns: Columns, live: Int32Array, features: Features): Selection {
  const walk = new Walk(columns, live, features);
  walk.run();
  return walk.selection;
}

class Walk {
  readonly selection: Selection;
  readonly #columns: Columns;
  readonly #live: Int32Array;
  readonly #features: Features;
  // By register: the value it should hold, and the value it does hold once skipped definitions are left out.
  readonly #current = new Int32Array(11);
  readonly #held = new Int32Array(11);
  // By slot, as a value: how often it was read, what dst and src were, what dst held before.
  readonly #reads: Int32Array;
  readonly #dstValue: Int32Array;
  readonly #srcValue: Int32Array;
  readonly #before: Int32Array;
  readonly #zeroUpper: Int32Array;
  // By slot: the value (of a load: its address) as a sum, and a value the sum would have to absorb.
  readonly #kind: Uint8Array;
  readonly #sums: (Sum | undefined)[];
  readonly #inner: Int32Array;
  /** Values skipped while an absorption is tried. */
  readonly #tried: number[] = [];
  #lastWrite = -1;
  #fresh = -100;

  constructor(columns: Columns, live: Int32Array, features: Features) {
    const { count } = columns;
    this.#columns = columns;
    this.#live = live;
    this.#features = features;
    const ints = (): Int32Array => new Int32Array(count);
    const bytes = (): Uint8Array => new Uint8Array(count);
    this.selection = {
      emit: bytes(),
      folded: bytes(),
      base: ints(),
      index: ints().fill(-1),
      scale: ints(),
      disp: ints(),
      from: ints(),
      count: ints(),
      size: ints(),
      signed: bytes(),
    };
    this.#reads = ints();
    this.#dstValue = ints();
    this.#srcValue = ints();
    this.#before = ints();
    this.#zeroUpper = zeroUpperHalves(columns);
    this.#kind = bytes();
    this.#sums = new Array(count);
    this.#inner = ints().fill(-1);
  }

  run(): void {
    const columns = this.#columns;
    const joins = new Uint8Array(columns.count);
    for (let slot = 0; slot < columns.count; slot++) {
      if (columns.target[slot] >= 0) joins[columns.target[slot]] = 1;
    }
    for (let i = 0; i < columns.subprogStart.length - 1; i++) joins[columns.subprogStart[i]] = 1;
    for (let slot = 0; slot < columns.count; slot += slotsAt(columns, slot)) {
      if (joins[slot] !== 0) this.#begin();
      if (isNothing(columns, slot)) this.selection.emit[slot] = EMIT.SKIP;
      else this.#visit(slot);
    }
  }

  /** Nothing is known: every register holds a value of its own. */
  #begin(): void {
    this.#fresh -= 11;
    for (let r = 0; r < 11; r++) this.#current[r] = this.#held[r] = this.#fresh + r;
    this.#lastWrite = -1;
  }

  #visit(slot: number): void {
    const code = this.#columns.code[slot];
    switch (code & 7) {
      case 0:
        if (code === 0x18) this.#define(slot);
        else this.#forget(slot);
        return;
      case 1:
        return this.#load(slot);
      case 2:
      case 3:
        return this.#store(slot);
      case 4:
      case 7:
        return this.#alu(slot);
      default:
        return this.#jump(slot);
    }
  }

  // ---- values

  #read(register: number): void {
    const value = this.#current[register];
    if (value >= 0) this.#reads[value]++;
  }

  #readValue(value: number): void {
    if (value >= 0) this.#reads[value]++;
  }

  /** The slot gives its dst a new value. */
  #define(slot: number): void {
    const dst = this.#columns.dst[slot];
    this.#before[slot] = this.#held[dst];
    this.#current[dst] = this.#held[dst] = slot;
  }

  /** A register gets a value that nobody here can absorb. */
  #defineOpaque(register: number): void {
    this.#current[register] = this.#held[register] = --this.#fresh;
  }

  /** Something that reads and writes everything. */
  #forget(slot: number): void {
    this.#lastWrite = slot;
    for (let r = 0; r <= 10; r++) this.#read(r);
    for (let r = 0; r <= 9; r++) this.#defineOpaque(r);
  }

  /** Whether the instruction at `slot` is the only one that reads the value, and the register is free after. */
  #sole(value: number, register: number, slot: number): boolean {
    if (value < 0 || this.#reads[value] !== 0 || this.selection.emit[value] === EMIT.SKIP) return false;
    if (this.#held[register] !== value) return false;
    if (this.#columns.dst[slot] === register && this.#writesDst(slot)) return true;
    return (this.#liveAfter(slot) >> register & 1) === 0;
  }

  #writesDst(slot: number): boolean {
    const kind = this.#columns.code[slot] & 7;
    return kind === 4 || kind === 7 || kind === 1;
  }

  #liveAfter(slot: number): number {
    return slot + 1 < this.#columns.count ? this.#live[slot + 1] : 0;
  }

  /** Skips a value's definition, for now; its register holds what it held before. */
  #skip(value: number): void {
    const register = this.#columns.dst[value];
    this.#held[register] = this.#before[value];
    this.#tried.push(value);
  }

  /** Makes the skips of a trial final. */
  #commit(): void {
    for (const value of this.#tried) this.selection.emit[value] = EMIT.SKIP;
    this.#tried.length = 0;
  }

  /** Takes the skips of a trial back. */
  #undo(): void {
    while (this.#tried.length > 0) {
      const value = this.#tried.pop()!;
      this.#held[this.#columns.dst[value]] = value;
    }
  }

  // ---- sums

  /** The register itself as a sum. */
  #leaf(register: number): Sum {
    return {
      base: register,
      baseValue: this.#current[register],
      index: -1,
      indexValue: 0,
      scale: 0,
      disp: 0,
    };
  }

  /** The value of a register as a sum if the instruction at `slot` may absorb it; else undefined. */
  #absorbable(register: number, slot: number, kind: number): Sum | undefined {
    const value = this.#current[register];
    if (value < 0 || this.#kind[value] < kind || this.#isLoad(value)) return undefined;
    return this.#sole(value, register, slot) ? this.#sums[value] : undefined;
  }

  #isLoad(value: number): boolean {
    return (this.#columns.code[value] & 7) === 1;
  }

  /** Skips a value and what its sum stands on. */
  #absorb(value: number): boolean {
    for (let v = value; v >= 0; v = this.#inner[v]) {
      if (this.selection.emit[v] === EMIT.SKIP) return true;
      if (this.#held[this.#columns.dst[v]] !== v) return false;
      this.#skip(v);
    }
    return true;
  }

  #available(sum: Sum): boolean {
    // r10 adds its own distance from rsp.
    if (sum.base === 10 && Math.abs(sum.disp) > 1 << 30) return false;
    return (sum.base < 0 || this.#held[sum.base] === sum.baseValue) &&
      (sum.index < 0 || this.#held[sum.index] === sum.indexValue);
  }

  #readSum(sum: Sum): void {
    if (sum.base >= 0) this.#readValue(sum.baseValue);
    if (sum.index >= 0) this.#readValue(sum.indexValue);
  }

  #setAddress(slot: number, sum: Sum): void {
    const s = this.selection;
    s.base[slot] = sum.base;
    s.index[slot] = sum.index;
    s.scale[slot] = sum.scale;
    s.disp[slot] = sum.disp;
  }

  // ---- instructions

  #load(slot: number): void {
    const columns = this.#columns;
    const base = columns.src[slot];
    const sum = this.#address(slot, base, columns.off[slot]);
    this.#kind[slot] = WIDE;
    this.#sums[slot] = sum;
    this.#define(slot);
  }

  /** The address of a load or store as a sum; absorbs what it can, and counts the reads. */
  #address(slot: number, base: number, offset: number): Sum {
    const inner = this.#absorbable(base, slot, WIDE);
    if (inner !== undefined) {
      const sum = { ...inner, disp: inner.disp + offset };
      if ((sum.disp | 0) === sum.disp && this.#absorb(this.#current[base]) && this.#available(sum)) {
        this.#commit();
        this.#readSum(sum);
        this.#setAddress(slot, sum);
        this.selection.folded[slot] = 1;
        return sum;
      }
      this.#undo();
    }
    this.#read(base);
    return { ...this.#leaf(base), disp: offset };
  }

  #store(slot: number): void {
    const columns = this.#columns;
    const code = columns.code[slot];
    const dst = columns.dst[slot], src = columns.src[slot];
    this.#lastWrite = slot;
    if ((code & 0xe0) === 0xc0) {
      this.#read(dst);
      this.#read(src);
      if (columns.imm[slot] === 0xf1) this.#read(0);
      if (columns.imm[slot] === 0x100) this.#defineOpaque(dst);
      else if (columns.imm[slot] === 0xf1) this.#defineOpaque(0);
      else if ((columns.imm[slot] & 1) !== 0) this.#defineOpaque(src);
      return;
    }
    if ((code & 7) === 3) {
      this.#read(src);
      if (src === dst) return this.#read(dst);
    }
    this.#address(slot, dst, columns.off[slot]);
  }

  #jump(slot: number): void {
    const columns = this.#columns;
    const code = columns.code[slot];
    if (code === 0x85) {
      this.#lastWrite = slot;
      for (let r = 1; r <= 5; r++) this.#read(r);
      for (let r = 0; r <= 5; r++) this.#defineOpaque(r);
      return;
    }
    const operation = code & 0xf0;
    if (operation === 0x90) return this.#read(0);
    if (operation !== 0x00 && operation !== 0xe0 && !this.#test(slot)) {
      this.#read(columns.dst[slot]);
      if ((code & 8) !== 0) this.#read(columns.src[slot]);
    }
    const live = this.#live[columns.target[slot]];
    for (let r = 0; r <= 10; r++) if ((live >> r & 1) !== 0) this.#read(r);
  }

  /** `t = x; t &= imm; if t == 0`: a test of x. */
  #test(slot: number): boolean {
    const columns = this.#columns;
    const code = columns.code[slot];
    const operation = code & 0xf0;
    if ((code & 8) !== 0 || columns.imm[slot] !== 0 || operation !== 0x10 && operation !== 0x50) return false;
    const register = columns.dst[slot];
    const value = this.#current[register];
    if (value < 0 || !this.#isAluImmediate(value, AND)) return false;
    if ((this.#live[columns.target[slot]] >> register & 1) !== 0 || !this.#sole(value, register, slot)) {
      return false;
    }
    // The mask decides the width: without its sign bit it has no upper half; with it, the operation has to say.
    const mask = columns.imm[value];
    const wide = (columns.code[value] & 7) === 7 && (code & 7) === 5;
    if (mask < 0 && (columns.code[value] & 7) === 7 && !wide) return false;
    this.#skip(value);
    const from = this.#original(value, wide && mask < 0 ? WIDE : NARROW, register);
    this.#commit();
    const s = this.selection;
    s.emit[slot] = EMIT.TEST;
    s.from[slot] = from;
    s.count[slot] = mask;
    s.size[slot] = wide && mask < 0 ? 8 : 4;
    this.#readValue(this.#held[from]);
    return true;
  }

  /**
   * Where to take the operand of an absorbed in-place operation from: if it was a copy that nobody else reads, from the copy's source,
   * skipping the copy; else from the register itself. `width` is what has to be equal.
   */
  #original(value: number, width: number, register: number): number {
    const columns = this.#columns;
    const copy = this.#dstValue[value];
    if (copy < 0 || this.#held[register] !== copy || this.#reads[copy] !== 1) return register;
    if (!this.#isCopy(copy, width) || this.selection.emit[copy] !== EMIT.PLAIN) return register;
    const source = columns.src[copy];
    if (source === 10) return register;
    this.#skip(copy);
    if (this.#held[source] === this.#srcValue[copy]) return source;
    this.#tried.pop();
    this.#held[register] = copy;
    return register;
  }

  /** Whether a value is a plain move of a register: of all 64 bits, or for NARROW of at least 32. */
  #isCopy(value: number, width: number): boolean {
    const columns = this.#columns;
    const code = columns.code[value];
    if ((code & 0xf8) !== (MOV | 8) || columns.off[value] !== 0) return false;
    if ((code & 7) === 7) return true;
    if ((code & 7) !== 4) return false;
    return width === NARROW || this.#upperIsZero(value, columns.src[value]);
  }

  /** Whether a register's bits 32–63 are known to be zero before a slot. */
  #upperIsZero(slot: number, register: number): boolean {
    return (this.#zeroUpper[slot] >> register & 1) !== 0;
  }

  #isAluImmediate(value: number, operation: number): boolean {
    const code = this.#columns.code[value];
    return ((code & 7) === 7 || (code & 7) === 4) && (code & 0xf8) === operation;
  }

  #alu(slot: number): void {
    const columns = this.#columns;
    const code = columns.code[slot];
    const dst = columns.dst[slot];
    const operation = code & 0xf0;
    const wide = (code & 7) === 7;
    const byRegister = (code & 8) !== 0 && operation !== 0xd0;
    this.#dstValue[slot] = this.#current[dst];
    this.#srcValue[slot] = byRegister ? this.#current[columns.src[slot]] : 0;
    if (operation === MOV) return this.#move(slot, wide);
    const done = byRegister
      ? this.#rotate(slot, wide) || this.#pair(slot) || this.#sum(slot, wide) || this.#memory(slot, wide)
      : this.#sum(slot, wide) || this.#extend(slot, wide) || this.#swapLoad(slot) ||
        this.#multiply(slot, wide);
    if (!done) {
      this.#read(dst);
      if (byRegister) this.#read(columns.src[slot]);
    }
    if (operation === DIV || operation === MOD) this.#divide(slot, dst);
    this.#define(slot);
  }

  /** A division goes through rax and rdx and saves them only for readers it knows: r0 and r3, dead here, may hold anything after. */
  #divide(slot: number, dst: number): void {
    const live = this.#liveAfter(slot);
    for (const register of [0, 3]) {
      if (register !== dst && (live >> register & 1) === 0) this.#held[register] = --this.#fresh;
    }
  }

  #move(slot: number, wide: boolean): void {
    const columns = this.#columns;
    const dst = columns.dst[slot];
    if ((columns.code[slot] & 8) === 0) return this.#define(slot);
    const src = columns.src[slot];
    this.#read(src);
    if (columns.off[slot] !== 0) return this.#define(slot);
    if (!wide && dst === src && this.#upperIsZero(slot, src)) this.selection.emit[slot] = EMIT.SKIP;
    else if (src !== dst) {
      this.#kind[slot] = this.#isCopy(slot, WIDE) ? WIDE : NARROW;
      this.#sums[slot] = this.#leaf(src);
    }
    this.#define(slot);
  }

  /** Additions, and shifts that an address can hold. */
  #sum(slot: number, wide: boolean): boolean {
    const columns = this.#columns;
    const code = columns.code[slot];
    const operation = code & 0xf0;
    const dst = columns.dst[slot];
    const kind = wide ? WIDE : NARROW;
    if ((code & 8) !== 0) {
      if (operation !== ADD || columns.src[slot] === dst) return false;
      return this.#add(slot, kind);
    }
    if (operation === LSH) {
      const count = columns.imm[slot];
      if (count < 1 || count > 3 || dst === 10) return false;
      // Not absorbed yet: a move and a shift are as good as one instruction of three operands.
      const inner = this.#absorbable(dst, slot, kind);
      const plain = inner !== undefined && inner.index < 0 && inner.disp === 0 && inner.base !== 10 &&
        this.#isMove(this.#current[dst]);
      const leaf = plain ? inner : this.#leaf(dst);
      this.#kind[slot] = kind;
      this.#sums[slot] = {
        base: -1,
        baseValue: 0,
        index: leaf.base,
        indexValue: leaf.baseValue,
        scale: count,
        disp: 0,
      };
      if (plain) this.#inner[slot] = this.#current[dst];
      return false;
    }
    if (operation !== ADD && operation !== SUB) return false;
    const value = operation === ADD ? columns.imm[slot] : -columns.imm[slot];
    const inner = this.#absorbable(dst, slot, kind);
    if (inner !== undefined) {
      const sum = { ...inner, disp: inner.disp + value };
      if ((sum.disp | 0) === sum.disp && this.#absorb(this.#current[dst]) && this.#available(sum)) {
        this.#become(slot, sum, kind);
        return true;
      }
      this.#undo();
    }
    if ((value | 0) !== value) return false;
    this.#kind[slot] = kind;
    this.#sums[slot] = { ...this.#leaf(dst), disp: value };
    return false;
  }

  #isMove(value: number): boolean {
    return value >= 0 && (this.#columns.code[value] & 0xf8) === (MOV | 8);
  }

  /** The slot computes a sum, and what was tried is absorbed. */
  #become(slot: number, sum: Sum, kind: number): void {
    this.#commit();
    this.#readSum(sum);
    this.#setAddress(slot, sum);
    this.selection.emit[slot] = EMIT.LEA;
    this.#kind[slot] = kind;
    this.#sums[slot] = sum;
  }

  #add(slot: number, kind: number): boolean {
    const columns = this.#columns;
    const dst = columns.dst[slot], src = columns.src[slot];
    const left = this.#absorbable(dst, slot, kind), right = this.#absorbable(src, slot, kind);
    // Most absorbed first.
    for (const [a, b] of [[left, right], [left, undefined], [undefined, right]]) {
      if (a === undefined && b === undefined) continue;
      const sum = plus(a ?? this.#leaf(dst), b ?? this.#leaf(src));
      if (sum === undefined) continue;
      if (
        (a === undefined || this.#absorb(this.#current[dst])) &&
        (b === undefined || this.#absorb(this.#current[src])) && this.#available(sum)
      ) {
        this.#become(slot, sum, kind);
        return true;
      }
      this.#undo();
    }
    const sum = plus(this.#leaf(dst), this.#leaf(src));
    if (sum !== undefined) {
      this.#kind[slot] = kind;
      this.#sums[slot] = sum;
    }
    return false;
  }

  /** `a = x << k; b = x >> (width - k); a | b`. */
  #rotate(slot: number, wide: boolean): boolean {
    const columns = this.#columns;
    const operation = columns.code[slot] & 0xf0;
    const dst = columns.dst[slot], src = columns.src[slot];
    if (operation !== OR && operation !== ADD && operation !== XOR || src === dst) return false;
    const a = this.#current[dst], b = this.#current[src];
    if (!this.#isShift(a, wide) || !this.#isShift(b, wide)) return false;
    const left = this.#isAluImmediate(a, LSH) ? a : b, right = left === a ? b : a;
    if (!this.#isAluImmediate(left, LSH) || !this.#isAluImmediate(right, RSH)) return false;
    const width = wide ? 64 : 32;
    const count = columns.imm[left];
    if (count <= 0 || count >= width || columns.imm[right] !== width - count) return false;
    if (!this.#sole(a, dst, slot) || !this.#sole(b, src, slot)) return false;
    const kind = wide ? WIDE : NARROW;
    if (this.#root(this.#dstValue[a], kind) !== this.#root(this.#dstValue[b], kind)) return false;
    this.#skip(a);
    this.#skip(b);
    if (this.#held[dst] !== this.#dstValue[a] || this.#held[src] !== this.#dstValue[b]) {
      this.#undo();
      return false;
    }
    // The copies that the shifts were made on go too, if only the shifts read them.
    this.#original(b, kind, src);
    const from = this.#features.bmi2 === true ? this.#original(a, kind, dst) : dst;
    this.#commit();
    const s = this.selection;
    s.emit[slot] = EMIT.ROTATE;
    s.from[slot] = from;
    s.count[slot] = count;
    this.#readValue(this.#held[from]);
    return true;
  }

  #isShift(value: number, wide: boolean): boolean {
    return value >= 0 && this.selection.emit[value] === EMIT.PLAIN &&
      (this.#columns.code[value] & 7) === (wide ? 7 : 4);
  }

  /** The value that a value is a copy of, through moves. */
  #root(value: number, width: number): number {
    while (value >= 0 && this.#isCopy(value, width)) value = this.#srcValue[value];
    return value;
  }

  /** `x <<= k; x >>= k` on 64 bits: an extension from the 64 - k low bits. */
  #extend(slot: number, wide: boolean): boolean {
    const columns = this.#columns;
    const operation = columns.code[slot] & 0xf0;
    const dst = columns.dst[slot];
    if (!wide || operation !== RSH && operation !== ARSH) return false;
    const value = this.#current[dst];
    if (!this.#isShift(value, true) || !this.#isAluImmediate(value, LSH)) return false;
    const up = columns.imm[value], down = columns.imm[slot];
    if (up !== 32 && up !== 48 && up !== 56 || down < up || down > 63 || up !== 32 && down !== up) {
      return false;
    }
    if (!this.#sole(value, dst, slot)) return false;
    this.#skip(value);
    if (this.#held[dst] !== this.#dstValue[value]) {
      this.#undo();
      return false;
    }
    const from = this.#original(value, NARROW, dst);
    this.#commit();
    const s = this.selection;
    s.emit[slot] = EMIT.EXTEND;
    s.from[slot] = from;
    s.count[slot] = down - up;
    s.size[slot] = (64 - up) / 8;
    s.signed[slot] = operation === ARSH ? 1 : 0;
    this.#readValue(this.#held[from]);
    return true;
  }

  /** Whether a value is an unsigned load that can be done here instead, skipped now. */
  #takeLoad(value: number, register: number, slot: number): boolean {
    if (value < 0 || !this.#isLoad(value) || (this.#columns.code[value] & 0xe0) !== 0x60) return false;
    if (this.#lastWrite > value || !this.#sole(value, register, slot)) return false;
    this.#skip(value);
    if (this.#available(this.#sums[value]!)) return true;
    this.#undo();
    return false;
  }

  #finishLoad(slot: number, emit: number, sum: Sum): void {
    this.#commit();
    this.#readSum(sum);
    this.#setAddress(slot, sum);
    this.selection.emit[slot] = emit;
  }

  /** `t = *p; d op= t`. */
  #memory(slot: number, wide: boolean): boolean {
    const columns = this.#columns;
    const operation = columns.code[slot] & 0xf0;
    if (
      operation !== ADD && operation !== SUB && operation !== AND && operation !== OR && operation !== XOR
    ) return false;
    const dst = columns.dst[slot], src = columns.src[slot];
    if (dst === src) return false;
    const value = this.#current[src];
    if (value < 0 || !this.#isLoad(value)) return false;
    const bits = columns.code[value] & 0x18;
    if (bits !== 0x18 && (bits !== 0x00 || wide)) return false;
    if (!this.#takeLoad(value, src, slot)) return false;
    this.#finishLoad(slot, EMIT.OP_MEMORY, this.#sums[value]!);
    this.#read(dst);
    return true;
  }

  /** A load and a byte swap of the same width. */
  #swapLoad(slot: number): boolean {
    const columns = this.#columns;
    const code = columns.code[slot];
    if (this.#features.movbe !== true || (code & 0xf0) !== 0xd0 || code === 0xd4) return false;
    const bits = columns.imm[slot];
    const dst = columns.dst[slot];
    const value = this.#current[dst];
    if (bits === 16 || value < 0 || !this.#isLoad(value)) return false;
    if ((columns.code[value] & 0x18) !== (bits === 64 ? 0x18 : 0x00)) return false;
    if (!this.#takeLoad(value, dst, slot)) return false;
    this.selection.size[slot] = bits / 8;
    this.#finishLoad(slot, EMIT.SWAP_LOAD, this.#sums[value]!);
    return true;
  }

  /** Two neighbouring bytes put together: `a = p[0]; a <<= 8; b = p[1]; a | b`, or the other way round. */
  #pair(slot: number): boolean {
    const columns = this.#columns;
    const operation = columns.code[slot] & 0xf0;
    const dst = columns.dst[slot], src = columns.src[slot];
    if (operation !== OR && operation !== ADD && operation !== XOR || src === dst) return false;
    const a = this.#current[dst], b = this.#current[src];
    if (a < 0 || b < 0) return false;
    const shifted = this.#isAluImmediate(a, LSH) ? a : b;
    const other = shifted === a ? b : a;
    if (!this.#isAluImmediate(shifted, LSH) || columns.imm[shifted] !== 8 || !this.#isByte(other)) {
      return false;
    }
    if (this.selection.emit[shifted] !== EMIT.PLAIN) return false;
    const high = this.#dstValue[shifted];
    if (!this.#isByte(high) || this.#reads[high] !== 1 || this.selection.emit[high] !== EMIT.PLAIN) {
      return false;
    }
    if (this.#lastWrite > Math.min(high, other)) return false;
    const one = this.#sums[high]!, two = this.#sums[other]!;
    const apart = one.disp - two.disp;
    if (apart !== 1 && apart !== -1) return false;
    if (one.baseValue !== two.baseValue || one.index !== two.index || one.base !== two.base) return false;
    if (one.index >= 0 && (one.indexValue !== two.indexValue || one.scale !== two.scale)) return false;
    if (!this.#sole(a, dst, slot) || !this.#sole(b, src, slot)) return false;
    this.#skip(shifted);
    if (this.#held[columns.dst[high]] === high) {
      this.#skip(high);
      this.#skip(other);
      const sum = apart < 0 ? one : two;
      if (this.#available(sum)) {
        this.selection.signed[slot] = apart < 0 ? 1 : 0;
        this.#finishLoad(slot, EMIT.PAIR_LOAD, sum);
        return true;
      }
    }
    this.#undo();
    return false;
  }

  #isByte(value: number): boolean {
    return value >= 0 && this.#columns.code[value] === 0x71;
  }

  /** `d = x; d *= imm`. */
  #multiply(slot: number, wide: boolean): boolean {
    const columns = this.#columns;
    if ((columns.code[slot] & 0xf0) !== MUL) return false;
    const value = columns.imm[slot];
    // Powers of two and their like have shorter forms.
    if (value >= -1 && (value & (value - 1)) === 0 || value === 3 || value === 5 || value === 9) return false;
    const dst = columns.dst[slot];
    const copy = this.#current[dst];
    if (copy < 0 || !this.#isCopy(copy, wide ? WIDE : NARROW) || !this.#sole(copy, dst, slot)) return false;
    const source = columns.src[copy];
    if (source === 10 || source === dst || this.selection.emit[copy] !== EMIT.PLAIN) return false;
    this.#skip(copy);
    if (this.#held[source] !== this.#srcValue[copy]) {
      this.#undo();
      return false;
    }
    this.#commit();
    this.selection.emit[slot] = EMIT.MULTIPLY;
    this.selection.from[slot] = source;
    this.#readValue(this.#held[source]);
    return true;
  }
}

/** The sum of two sums, if one address can hold it. */
function plus(a: Sum, b: Sum): Sum | undefined {
  const disp = a.disp + b.disp;
  if ((disp | 0) !== disp) return undefined;
  let base = -1, baseValue = 0, index = -1, indexValue = 0, scale = 0;
  for (const sum of [a, b]) {
    if (sum.index >= 0) {
      if (index >= 0) return undefined;
      index = sum.index;
      indexValue = sum.indexValue;
      scale = sum.scale;
    }
  }
  for (const sum of [a, b]) {
    if (sum.base < 0) continue;
    if (base < 0) {
      base = sum.base;
      baseValue = sum.baseValue;
    } else if (index < 0) {
      index = sum.base;
      indexValue = sum.baseValue;
    } else return undefined;
  }
  // r10 is rsp, which cannot be an index.
  if (index === 10) {
    if (scale !== 0 || base === 10) return undefined;
    return { base: index, baseValue: indexValue, index: base, indexValue: baseValue, scale: 0, disp };
  }
  return { base, baseValue, index, indexValue, scale, disp };
}

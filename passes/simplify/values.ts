/**
 * Values: what registers and memory hold, as numbers such that equal numbers mean equal contents wherever both exist.
 *
 * A number stands for a constant, for a leaf (something nobody can look into: an argument, the result of a call, what paths bring together)
 * or for an operation on numbers. Operations are kept once, so that computing the same twice gives the same number. Sums with constants
 * are kept as one base and one distance; where 32-bit operations would change nothing they leave the number alone.
 *
 * BigInt appears where constants are folded, and nowhere else: the reference interpreter's arithmetic is the one meaning of an operation.
 *
 * @module
 */
import type { AluOp } from "../../ir/insn.ts";
import { alu } from "../../ir/interpret.ts";

/** The frame pointer of the subprogram. */
export const FRAME = 0;

const LEAF = 1, CONST = 2, SUM = 3, OPERATION = 4, LOAD = 5, NARROW = 6, INSERT = 7;

const OPS: readonly AluOp[] = [
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
  "movsx8",
  "movsx16",
  "movsx32",
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
const NUMBER_OF: ReadonlyMap<AluOp, number> = new Map(OPS.map((op, i) => [op, i]));
const COMMUTATIVE: ReadonlySet<AluOp> = new Set(["add", "mul", "or", "and", "xor"]);

/** Distances of sums stay within 32 bits, so that they can be added as numbers. */
const FAR = 2 ** 31;

/** All values of one subprogram. */
export class Values {
  #count = 0;
  #kind = new Uint8Array(1024);
  #a = new Int32Array(1024);
  #b = new Int32Array(1024);
  #c = new Int32Array(1024);
  #bits = new Uint8Array(1024);
  #outside = new Uint8Array(1024);
  /** Open addressing; -1 is free. */
  #table = new Int32Array(4096).fill(-1);
  readonly #constants = new Map<bigint, number>();
  readonly #valueOf = new Map<number, bigint>();

  constructor() {
    this.#intern(LEAF, -1, -1, -1); // FRAME
  }

  /** How many bits from the lowest may be set; 64 if nothing is known. */
  bitsOf(value: number): number {
    return this.#bits[value];
  }

  /** It is not the address of anything in a frame: it came out of the context, or is a constant. */
  isOutside(value: number): boolean {
    return this.#outside[value] === 1;
  }

  /** The constant, unsigned 64 bits; undefined if it is none. */
  constantOf(value: number): bigint | undefined {
    return this.#kind[value] === CONST ? this.#valueOf.get(value) : undefined;
  }

  /** What a sum is a distance from; the value itself if it is none. */
  baseOf(value: number): number {
    return this.#kind[value] === SUM ? this.#a[value] : value;
  }

  /** The distance of a sum from its base, in bytes; 0 if it is none. */
  distanceOf(value: number): number {
    return this.#kind[value] === SUM ? this.#b[value] : 0;
  }

  /** It was computed from others, not loaded or known. */
  isOperation(value: number): boolean {
    return this.#kind[value] === OPERATION;
  }

  /** For the low 32 bits of something: that; else -1. */
  widerOf(value: number): number {
    return this.#kind[value] === NARROW && this.#b[value] === 32 ? this.#a[value] : -1;
  }

  /** A constant, given as any integer. */
  constant(value: bigint): number {
    const unsigned = BigInt.asUintN(64, value);
    let found = this.#constants.get(unsigned);
    if (found === undefined) {
      found = this.#new(CONST, 0, 0, 0);
      this.#bits[found] = unsigned.toString(2).length;
      this.#outside[found] = 1;
      this.#constants.set(unsigned, found);
      this.#valueOf.set(found, unsigned);
    }
    return found;
  }

  /** Something unknown, named by up to three numbers: the same for the same three. */
  leaf(a: number, b: number, c: number): number {
    return this.#intern(LEAF, a, b, c);
  }

  /** Says of a leaf how many bits of it may be set, and whether it came out of the context. */
  describe(leaf: number, what: { readonly bits: number; readonly outside: boolean }): void {
    this.#bits[leaf] = what.bits;
    this.#outside[leaf] = what.outside ? 1 : 0;
  }

  /** What memory holds: `memory` is the state of it, `base` and `distance` the place, sizes in bytes. */
  load(
    place: { readonly base: number; readonly distance: number; readonly memory: number },
    access: { readonly size: number; readonly signed: boolean },
  ): number {
    const at = this.#intern(SUM, place.base, place.distance, 1);
    const value = this.#intern(LOAD, at, place.memory, access.size * 2 + (access.signed ? 1 : 0));
    if (!access.signed) this.#bits[value] = Math.min(this.#bits[value], 8 * access.size);
    if (this.isOutside(place.base)) this.#outside[value] = 1;
    return value;
  }

  /** The low bits of a value, the others 0. */
  narrow(value: number, bits: number): number {
    if (this.#bits[value] <= bits) return value;
    const constant = this.constantOf(value);
    if (constant !== undefined) return this.constant(BigInt.asUintN(bits, constant));
    if (this.#kind[value] === INSERT && this.#c[value] >= bits) return this.narrow(this.#b[value], bits);
    if (this.#kind[value] === NARROW) return this.narrow(this.#a[value], bits);
    const narrowed = this.#intern(NARROW, value, bits, 0);
    this.#bits[narrowed] = bits;
    return narrowed;
  }

  /** A value whose low bits were replaced; `low` has no bits above them. */
  insert(value: number, low: number, bits: number): number {
    return this.#intern(INSERT, value, low, bits);
  }

  /** `dst op= src`; for operators on `dst` alone `src` does not matter, for moves `dst` does not. */
  operation(op: AluOp, width: 32 | 64, operands: { readonly dst: number; readonly src: number }): number {
    let { dst, src } = operands;
    if (op === "mov") return width === 64 ? src : this.narrow(src, 32);
    const unary = isUnary(op);
    if (unary) src = dst;
    else if (op.startsWith("movsx")) dst = src;
    const x = this.constantOf(dst), y = this.constantOf(src);
    if (x !== undefined && y !== undefined) return this.constant(alu(op, width, x, y));
    const simple = unary ? this.#unary(op, dst) : this.#identity(op, width, { dst, src });
    if (simple !== undefined) return simple;
    if (width === 64 && (op === "add" || op === "sub")) {
      const sum = this.#sum(op, { dst, src });
      if (sum !== undefined) return sum;
      const distance = this.distanceOf(dst) + (op === "add" ? 1 : -1) * this.distanceOf(src);
      if (this.baseOf(dst) !== dst || this.baseOf(src) !== src) {
        // One base for all sums of the same two things.
        const base = this.operation(op, 64, { dst: this.baseOf(dst), src: this.baseOf(src) });
        const whole = this.#sum("add", { dst: base, src: this.constant(BigInt(distance)) });
        if (whole !== undefined) return whole;
      }
    }
    if (width === 32 && !unary) {
      // Only the low halves are read.
      dst = this.widerOf(dst) >= 0 ? this.widerOf(dst) : dst;
      src = this.widerOf(src) >= 0 ? this.widerOf(src) : src;
    }
    if (COMMUTATIVE.has(op) && src < dst) [dst, src] = [src, dst];
    const value = this.#intern(OPERATION, dst, src, NUMBER_OF.get(op)! * 2 + (width === 64 ? 1 : 0));
    this.#bits[value] = Math.min(this.#bits[value], this.#bitsAfter(op, width, { dst, src }));
    if (width === 64 && op === "add") {
      // A pointer and a number that is too short for one.
      const outside = this.isOutside(dst) && this.#bits[src] <= 32 ||
        this.isOutside(src) && this.#bits[dst] <= 32;
      if (outside) this.#outside[value] = 1;
    }
    return value;
  }

  /** Byte swaps and truncations that do nothing. */
  #unary(op: AluOp, dst: number): number | undefined {
    if (op === "le64") return dst;
    if (op === "le32") return this.narrow(dst, 32);
    if (op === "le16") return this.narrow(dst, 16);
    return undefined;
  }

  /** What an operation with a constant operand is where it does nothing, or takes low bits. */
  #identity(
    op: AluOp,
    width: 32 | 64,
    { dst, src }: { readonly dst: number; readonly src: number },
  ): number | undefined {
    const y = this.constantOf(src);
    if (y === undefined) {
      if (dst === src && (op === "xor" || op === "sub")) return this.constant(0n);
      if (dst === src && (op === "and" || op === "or")) return this.narrow(dst, width);
      return undefined;
    }
    const low = BigInt.asUintN(width, y);
    switch (op) {
      case "add":
      case "sub":
      case "or":
      case "xor":
        return low === 0n ? this.narrow(dst, width) : undefined;
      case "lsh":
      case "rsh":
      case "arsh":
        return low % BigInt(width) === 0n ? this.narrow(dst, width) : undefined;
      case "mul":
        return low === 0n ? this.constant(0n) : low === 1n ? this.narrow(dst, width) : undefined;
      case "div":
        return low === 1n ? this.narrow(dst, width) : undefined;
      case "and": {
        if (low === 0n) return this.constant(0n);
        const bits = low.toString(2).length;
        return low === (1n << BigInt(bits)) - 1n ? this.narrow(dst, bits) : undefined;
      }
      default:
        return undefined;
    }
  }

  #sum(op: "add" | "sub", { dst, src }: { readonly dst: number; readonly src: number }): number | undefined {
    let base = dst;
    let constant = this.constantOf(src);
    if (constant === undefined && op === "add") {
      base = src;
      constant = this.constantOf(dst);
    }
    if (constant === undefined) return undefined;
    const signed = Number(BigInt.asIntN(64, constant));
    const distance = this.distanceOf(base) + (op === "add" ? signed : -signed);
    if (distance < -FAR || distance >= FAR) return undefined;
    const root = this.baseOf(base);
    if (distance === 0) return root;
    const value = this.#intern(SUM, root, distance, 0);
    if (this.isOutside(root)) this.#outside[value] = 1;
    if (this.#bits[root] < 63 && distance > 0) {
      this.#bits[value] = Math.min(this.#bits[value], Math.max(this.#bits[root], bitLength(distance)) + 1);
    }
    return value;
  }

  /** How many bits the result of an operation may have. */
  #bitsAfter(op: AluOp, width: 32 | 64, operands: { readonly dst: number; readonly src: number }): number {
    const x = Math.min(this.#bits[operands.dst], width), y = Math.min(this.#bits[operands.src], width);
    const count = this.constantOf(operands.src);
    const by = count === undefined ? undefined : Number(count & BigInt(width - 1));
    switch (op) {
      case "add":
        return Math.min(width, Math.max(x, y) + 1);
      case "or":
      case "xor":
        return Math.max(x, y);
      case "and":
        return Math.min(x, y);
      case "mul":
        return Math.min(width, x + y);
      case "lsh":
        return by === undefined ? width : Math.min(width, x + by);
      case "rsh":
        return by === undefined ? x : Math.max(0, x - by);
      case "div":
      case "mod":
        return x;
      case "be16":
      case "bswap16":
        return 16;
      case "be32":
      case "bswap32":
        return 32;
      default:
        return width;
    }
  }

  #intern(kind: number, a: number, b: number, c: number): number {
    let at = hash(kind, a, b, c) & this.#table.length - 1;
    for (;;) {
      const found = this.#table[at];
      if (found < 0) break;
      if (
        this.#kind[found] === kind && this.#a[found] === a && this.#b[found] === b && this.#c[found] === c
      ) {
        return found;
      }
      at = at + 1 & this.#table.length - 1;
    }
    const value = this.#new(kind, a, b, c);
    this.#table[at] = value;
    if (this.#count * 2 > this.#table.length) this.#rehash();
    return value;
  }

  #new(kind: number, a: number, b: number, c: number): number {
    const value = this.#count++;
    if (value === this.#kind.length) {
      this.#kind = grown(this.#kind);
      this.#bits = grown(this.#bits);
      this.#outside = grown(this.#outside);
      this.#a = grown(this.#a);
      this.#b = grown(this.#b);
      this.#c = grown(this.#c);
    }
    this.#kind[value] = kind;
    this.#a[value] = a;
    this.#b[value] = b;
    this.#c[value] = c;
    this.#bits[value] = 64;
    return value;
  }

  #rehash(): void {
    this.#table = new Int32Array(this.#table.length * 2).fill(-1);
    for (let value = 0; value < this.#count; value++) {
      if (this.#kind[value] === CONST) continue;
      let at = hash(this.#kind[value], this.#a[value], this.#b[value], this.#c[value]) &
        this.#table.length - 1;
      while (this.#table[at] >= 0) at = at + 1 & this.#table.length - 1;
      this.#table[at] = value;
    }
  }
}

/** Whether an operator works on `dst` alone. */
export function isUnary(op: AluOp): boolean {
  return op === "neg" || op.startsWith("le") || op.startsWith("be") || op.startsWith("bswap");
}

function hash(kind: number, a: number, b: number, c: number): number {
  let h = Math.imul(a + 0x9e37, 0x85ebca6b) ^ Math.imul(b + kind, 0xc2b2ae35) ^ Math.imul(c + 7, 0x27d4eb2f);
  h ^= h >>> 15;
  return Math.imul(h, 0x2c1b3c6d) ^ h >>> 13;
}

function bitLength(value: number): number {
  return 32 - Math.clz32(value);
}

function grown<T extends Uint8Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(array: T): T {
  const next = new (array.constructor as new (length: number) => T)(array.length * 2);
  next.set(array);
  return next;
}

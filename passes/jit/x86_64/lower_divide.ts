/**
 * Division and modulo. By a register: the processor's own instruction between the tests that BPF's rules need. By a constant: a
 * shift, a mask, or a multiplication by the reciprocal.
 *
 * BPF: x / 0 = 0 and x % 0 = x; the smallest number divided by -1 is itself, with remainder 0 (x86-64 would trap). rax and rdx, which
 * the instruction uses, hold r0 and r3; they are saved only if they are live.
 *
 * @module
 */
import { ADD, AND, CC, CMP, DIV, IDIV, MUL, NEG, SHR, SUB } from "./assembler.ts";
import type { Emitter } from "./emitter.ts";
import { R9, RAX, RDX, SCRATCH, SCRATCH2 } from "./registers.ts";

/** A division's operands: x86-64 registers and what is asked. */
interface Division {
  readonly slot: number;
  readonly dst: number;
  readonly wide: boolean;
  readonly signed: boolean;
  readonly modulo: boolean;
}

/** Lowers div, mod, sdiv and smod. */
export function lowerDivide(e: Emitter, slot: number): void {
  const { asm, columns } = e;
  const code = columns.code[slot];
  const division: Division = {
    slot,
    dst: e.target(columns.dst[slot]),
    wide: (code & 7) === 7,
    signed: columns.off[slot] === 1,
    modulo: (code & 0xf0) === 0x90,
  };
  if ((code & 8) !== 0) {
    const src = e.value(columns.src[slot], SCRATCH);
    if (src !== SCRATCH) asm.mov(division.wide, SCRATCH, src);
    divideByScratch(e, division, true);
  } else divideByConstant(e, division, columns.imm[slot]);
}

/** Whether a register that is about to be overwritten holds something that is needed after the division. */
function needed(e: Emitter, division: Division, register: number): boolean {
  if (register === division.dst) return false;
  const bpf = register === RAX ? 0 : 3;
  return (e.liveAfter(division.slot) >> bpf & 1) !== 0;
}

/** Divides by the value in SCRATCH. `unknown`: it may be 0 or -1. */
function divideByScratch(e: Emitter, division: Division, unknown: boolean): void {
  const { asm } = e;
  const { dst, wide, signed, modulo } = division;
  const done = asm.label(), zero = asm.label(), minusOne = asm.label();
  if (unknown) {
    asm.test(wide, SCRATCH, SCRATCH);
    asm.jcc(CC.E, zero);
    if (signed) {
      asm.aluImm(CMP, wide, SCRATCH, -1);
      asm.jcc(CC.E, minusOne);
    }
  }
  const saveRax = needed(e, division, RAX), saveRdx = needed(e, division, RDX);
  if (saveRax) asm.mov(true, SCRATCH2, RAX);
  if (saveRdx) asm.mov(true, R9, RDX);
  if (dst !== RAX) asm.mov(wide, RAX, dst);
  if (signed) asm.signIntoRdx(wide);
  else asm.zero(RDX);
  asm.unary(signed ? IDIV : DIV, wide, SCRATCH);
  const result = modulo ? RDX : RAX;
  if (dst !== result) asm.mov(wide, dst, result);
  if (saveRax) asm.mov(true, RAX, SCRATCH2);
  if (saveRdx) asm.mov(true, RDX, R9);
  if (unknown) {
    asm.jmp(done);
    asm.bind(zero);
    if (!modulo) asm.zero(dst);
    else if (!wide) asm.mov(false, dst, dst);
    if (signed) {
      asm.jmp(done);
      asm.bind(minusOne);
      if (modulo) asm.zero(dst);
      else asm.unary(NEG, wide, dst);
    }
  } else {
    asm.bind(zero);
    asm.bind(minusOne);
  }
  asm.bind(done);
}

function divideByConstant(e: Emitter, division: Division, value: number): void {
  const { asm } = e;
  const { dst, wide, signed, modulo } = division;
  if (value === 0) {
    if (!modulo) asm.zero(dst);
    else if (!wide) asm.mov(false, dst, dst);
  } else if (value === 1 || signed && value === -1) {
    if (modulo) asm.zero(dst);
    else if (value === -1) asm.unary(NEG, wide, dst);
    else if (!wide) asm.mov(false, dst, dst);
  } else if (signed) {
    asm.movImm(SCRATCH, value, wide ? value >> 31 : 0);
    divideByScratch(e, division, false);
  } else if (value > 0 && (value & (value - 1)) === 0) {
    if (!modulo) asm.shiftImm(SHR, wide, dst, 31 - Math.clz32(value));
    else asm.aluImm(AND, false, dst, value - 1);
  } else if (value < 0) {
    divideByHuge(e, division, value);
  } else if (wide) multiply64(e, division, value);
  else multiply32(e, division, value);
}

/** An unsigned divisor with its top bit set: the quotient is 0 or 1. */
function divideByHuge(e: Emitter, division: Division, value: number): void {
  const { asm } = e;
  const { dst, wide, modulo } = division;
  const small = asm.label();
  if (modulo) {
    asm.aluImm(CMP, wide, dst, value);
    if (!wide) asm.mov(false, dst, dst);
    asm.jcc(CC.B, small);
    asm.aluImm(SUB, wide, dst, value);
    asm.bind(small);
  } else {
    asm.movImm(SCRATCH, 0, 0);
    asm.aluImm(CMP, wide, dst, value);
    asm.setcc(CC.AE, SCRATCH);
    asm.mov(false, dst, SCRATCH);
    asm.bind(small);
  }
}

/** What to multiply by and how far to shift, so that `x / d = (x * multiplier >> bits) >> shift` for all x of `bits` bits. */
interface Reciprocal {
  /** The low `bits` bits of the multiplier. */
  readonly low: bigint;
  readonly shift: number;
  /** The multiplier has one bit more than fits: `bits` + 1. */
  readonly extra: boolean;
}

/**
 * The reciprocal of `d`, not a power of two (Granlund and Montgomery, "Division by invariant integers using multiplication", 1994): with
 * s = ceil(log2 d), the multiplier ceil(2^(bits+s) / d) has bits + 1 bits and is exact for every x. Where a smaller one is exact
 * too, it is preferred, since it saves the correction for the extra bit.
 */
function reciprocal(d: number, bits: number): Reciprocal {
  const divisor = BigInt(d), n = BigInt(bits);
  let shift = 32 - Math.clz32(d - 1);
  let multiplier = ((1n << n + BigInt(shift)) + divisor - 1n) / divisor;
  // Smaller: m = ceil(2^(n+s) / d) works if its error m * d - 2^(n+s) is at most 2^s.
  for (let s = shift - 1; s >= 0; s--) {
    const power = 1n << n + BigInt(s);
    const m = (power + divisor - 1n) / divisor;
    if (m * divisor - power > 1n << BigInt(s)) break;
    shift = s;
    multiplier = m;
  }
  return { low: BigInt.asUintN(bits, multiplier), shift, extra: multiplier >> n !== 0n };
}

/** 32 bits: one 64-bit multiplication holds the whole product unless the multiplier has 33 bits. */
function multiply32(e: Emitter, division: Division, value: number): void {
  const { asm } = e;
  const { dst, modulo } = division;
  const { low, shift, extra } = reciprocal(value, 32);
  const multiplier = Number(BigInt.asIntN(32, low));
  // SCRATCH2 = x, zero-extended.
  asm.mov(false, SCRATCH2, dst);
  asm.movImm(SCRATCH, multiplier, 0);
  asm.imul(true, SCRATCH, SCRATCH2);
  if (!extra) asm.shiftImm(SHR, true, SCRATCH, 32 + shift);
  else {
    // q = ((x - t) / 2 + t) >> (shift - 1), where t is the upper half of the product.
    asm.shiftImm(SHR, true, SCRATCH, 32);
    asm.mov(false, dst, SCRATCH2);
    asm.alu(SUB, false, dst, SCRATCH);
    asm.shiftImm(SHR, false, dst, 1);
    asm.alu(ADD, false, SCRATCH, dst);
    if (shift > 1) asm.shiftImm(SHR, false, SCRATCH, shift - 1);
  }
  finish(e, division, { quotient: SCRATCH, dividend: SCRATCH2, value, modulo });
}

/** 64 bits: the upper half of a 128-bit product, which comes in rdx. */
function multiply64(e: Emitter, division: Division, value: number): void {
  const { asm } = e;
  const { dst, modulo } = division;
  const { low, shift, extra } = reciprocal(value, 64);
  const [lo, hi] = [Number(BigInt.asIntN(32, low)), Number(BigInt.asIntN(32, low >> 32n))];
  const saveRax = needed(e, division, RAX), saveRdx = needed(e, division, RDX);
  // SCRATCH2 = x; the stack stays alone, since a leaf's frame may lie below rsp.
  asm.mov(true, SCRATCH2, dst);
  asm.movImm(SCRATCH, lo, hi);
  if (e.features.bmi2 === true) {
    if (saveRdx) asm.mov(true, R9, RDX);
    asm.mov(true, RDX, SCRATCH2);
    asm.mulx(true, SCRATCH, SCRATCH, SCRATCH);
    if (saveRdx) asm.mov(true, RDX, R9);
  } else {
    // dst is free until the end; where it is rdx itself, that needs no saving and r9 is free.
    const raxIn = dst === RDX ? R9 : dst;
    if (saveRdx) asm.mov(true, R9, RDX);
    if (saveRax) asm.mov(true, raxIn, RAX);
    asm.mov(true, RAX, SCRATCH2);
    asm.unary(MUL, true, SCRATCH);
    asm.mov(true, SCRATCH, RDX);
    if (saveRax) asm.mov(true, RAX, raxIn);
    if (saveRdx) asm.mov(true, RDX, R9);
  }
  if (!extra) {
    if (shift > 0) asm.shiftImm(SHR, true, SCRATCH, shift);
  } else {
    asm.mov(true, dst, SCRATCH2);
    asm.alu(SUB, true, dst, SCRATCH);
    asm.shiftImm(SHR, true, dst, 1);
    asm.alu(ADD, true, SCRATCH, dst);
    if (shift > 1) asm.shiftImm(SHR, true, SCRATCH, shift - 1);
  }
  finish(e, division, { quotient: SCRATCH, dividend: SCRATCH2, value, modulo });
}

function finish(
  e: Emitter,
  division: Division,
  result: { quotient: number; dividend: number; value: number; modulo: boolean },
): void {
  const { asm } = e;
  const { dst, wide } = division;
  if (!result.modulo) {
    asm.mov(wide, dst, result.quotient);
    return;
  }
  asm.imulImm(wide, result.quotient, result.quotient, result.value);
  asm.alu(SUB, wide, result.dividend, result.quotient);
  asm.mov(wide, dst, result.dividend);
}

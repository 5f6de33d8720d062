/**
 * An x86-64 assembler: encodings, labels, and jumps that are as short as they can be. It knows nothing of BPF.
 *
 * Instructions are written into one buffer in order. What refers to a label (jumps, calls, rip-relative addresses) and alignment
 * padding is kept aside and laid out by {@linkcode Assembler.finish}: every jump starts short and grows only if it must.
 * Growing never makes another jump shrink, so the layout settles. Methods take register numbers as in `registers.ts`; a memory
 * operand is a base register, a signed 32-bit displacement and optionally an index with a scale (as a shift, 0–3).
 *
 * No checking of operands beyond what would silently encode something else: callers are back ends.
 *
 * @module
 */

/** `add` of the two-operand group. */
export const ADD = 0;
/** `or` of the two-operand group. */
export const OR = 1;
/** `and` of the two-operand group. */
export const AND = 4;
/** `sub` of the two-operand group. */
export const SUB = 5;
/** `xor` of the two-operand group. */
export const XOR = 6;
/** `cmp` of the two-operand group. */
export const CMP = 7;
/** Operation numbers of the shift group. */
export const ROL = 0, ROR = 1, SHL = 4, SHR = 5, SAR = 7;
/** Operation numbers of the one-operand group. */
export const NOT = 2, NEG = 3, MUL = 4, IMUL = 5, DIV = 6, IDIV = 7;

/** Condition codes, as in the opcode. */
export const CC = {
  B: 2,
  AE: 3,
  E: 4,
  NE: 5,
  BE: 6,
  A: 7,
  S: 8,
  NS: 9,
  L: 12,
  GE: 13,
  LE: 14,
  G: 15,
} as const;

/** A place in the code, bound once. */
export type Label = number;

/** A 64-bit constant in the code that a linker fills in. */
export interface Hole {
  /** Bytes from the start. */
  readonly offset: number;
  /** What the caller gave. */
  readonly tag: number;
}

/** Assembled code. */
export interface Assembled {
  /** The code, whole. */
  readonly bytes: Uint8Array;
  /** By label: bytes from the start. */
  readonly labels: Int32Array;
  /** What a linker has to fill in. */
  readonly holes: readonly Hole[];
}

const SITE_JMP = 0, SITE_JCC = 1, SITE_CALL = 2, SITE_LEA = 3, SITE_ALIGN = 4;

/** The recommended multi-byte no-operations, by length (Intel SDM, NOP). */
const NOPS: readonly (readonly number[])[] = [
  [],
  [0x90],
  [0x66, 0x90],
  [0x0f, 0x1f, 0x00],
  [0x0f, 0x1f, 0x40, 0x00],
  [0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00],
  [0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00],
  [0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00],
];

/** See the module's header. */
export class Assembler {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #length = 0;
  // Sites, in order: where they stand among the plain bytes, what they are, and what they refer to.
  readonly #siteAt: number[] = [];
  readonly #siteKind: number[] = [];
  /** Label; for alignment the power of two. */
  readonly #siteLabel: number[] = [];
  /** Condition, register, or for alignment the most padding that is worth it. */
  readonly #siteInfo: number[] = [];
  // Labels: plain bytes before, sites before; -1 while unbound.
  readonly #labelAt: number[] = [];
  readonly #labelSites: number[] = [];
  readonly #holes: { at: number; sites: number; tag: number }[] = [];

  // ---- labels and layout

  /** A new label, to be bound later. */
  label(): Label {
    this.#labelSites.push(0);
    return this.#labelAt.push(-1) - 1;
  }

  /** Binds a label to this place. @throws {Error} If it is bound already. */
  bind(label: Label): void {
    if (this.#labelAt[label] >= 0) throw new Error(`Cannot bind label ${label} twice`);
    this.#labelAt[label] = this.#length;
    this.#labelSites[label] = this.#siteAt.length;
  }

  /** Pads to a multiple of `alignment` bytes, a power of two, unless more than `most` bytes would be needed. */
  align(alignment: number, most: number = alignment - 1): void {
    this.#site(SITE_ALIGN, alignment, most);
  }

  /** `jmp label`. */
  jmp(label: Label): void {
    this.#site(SITE_JMP, label, 0);
  }

  /** `jcc label`. */
  jcc(condition: number, label: Label): void {
    this.#site(SITE_JCC, label, condition);
  }

  /** `call label`. */
  callLabel(label: Label): void {
    this.#site(SITE_CALL, label, 0);
  }

  /** `lea dst, [rip + label]`. */
  leaLabel(dst: number, label: Label): void {
    this.#site(SITE_LEA, label, dst);
  }

  #site(kind: number, label: number, info: number): void {
    this.#siteAt.push(this.#length);
    this.#siteKind.push(kind);
    this.#siteLabel.push(label);
    this.#siteInfo.push(info);
  }

  /** Lays everything out. @throws {Error} If a label that is used was never bound. */
  finish(): Assembled {
    const sites = this.#siteAt.length;
    const size = new Int32Array(sites);
    const before = new Int32Array(sites + 1);
    for (let i = 0; i < sites; i++) {
      const kind = this.#siteKind[i];
      size[i] = kind === SITE_CALL ? 5 : kind === SITE_LEA ? 7 : kind === SITE_ALIGN ? 0 : 2;
      if (kind !== SITE_ALIGN && this.#labelAt[this.#siteLabel[i]] < 0) {
        throw new Error(`Cannot lay out: label ${this.#siteLabel[i]} is not bound`);
      }
    }
    const place = (label: number): number => this.#labelAt[label] + before[this.#labelSites[label]];
    for (let changed = true; changed;) {
      changed = false;
      for (let i = 0; i < sites; i++) {
        if (this.#siteKind[i] === SITE_ALIGN) {
          const pad = -(this.#siteAt[i] + before[i]) & (this.#siteLabel[i] - 1);
          size[i] = pad <= this.#siteInfo[i] ? pad : 0;
        }
        before[i + 1] = before[i] + size[i];
      }
      for (let i = 0; i < sites; i++) {
        if (this.#siteKind[i] > SITE_JCC || size[i] !== 2) continue;
        const distance = place(this.#siteLabel[i]) - (this.#siteAt[i] + before[i + 1]);
        if (distance >= -128 && distance <= 127) continue;
        size[i] = this.#siteKind[i] === SITE_JMP ? 5 : 6;
        changed = true;
      }
    }
    const out = new Uint8Array(this.#length + before[sites]);
    const view = new DataView(out.buffer);
    let from = 0, to = 0;
    for (let i = 0; i <= sites; i++) {
      const until = i < sites ? this.#siteAt[i] : this.#length;
      out.set(this.#bytes.subarray(from, until), to);
      to += until - from;
      from = until;
      if (i === sites) break;
      const end = to + size[i];
      const info = this.#siteInfo[i];
      switch (this.#siteKind[i]) {
        case SITE_ALIGN:
          for (let left = size[i]; left > 0;) {
            const step = Math.min(left, 9);
            out.set(NOPS[step], end - left);
            left -= step;
          }
          break;
        case SITE_JMP:
        case SITE_JCC: {
          const distance = place(this.#siteLabel[i]) - end;
          const jmp = this.#siteKind[i] === SITE_JMP;
          if (size[i] === 2) {
            out[to] = jmp ? 0xeb : 0x70 | info;
            out[to + 1] = distance;
          } else {
            if (jmp) out[to] = 0xe9;
            else {
              out[to] = 0x0f;
              out[to + 1] = 0x80 | info;
            }
            view.setInt32(end - 4, distance, true);
          }
          break;
        }
        case SITE_CALL:
          out[to] = 0xe8;
          view.setInt32(end - 4, place(this.#siteLabel[i]) - end, true);
          break;
        case SITE_LEA:
          out[to] = 0x48 | (info & 8) >> 1;
          out[to + 1] = 0x8d;
          out[to + 2] = (info & 7) << 3 | 5;
          view.setInt32(end - 4, place(this.#siteLabel[i]) - end, true);
          break;
      }
      to = end;
    }
    const labels = new Int32Array(this.#labelAt.length);
    for (let i = 0; i < labels.length; i++) labels[i] = this.#labelAt[i] < 0 ? -1 : place(i);
    const holes = this.#holes.map((h) => ({ offset: h.at + before[h.sites], tag: h.tag }));
    return { bytes: out, labels, holes };
  }

  // ---- moves

  /** `mov dst, src`; 32 bits wide it zero-extends. */
  mov(wide: boolean, dst: number, src: number): void {
    this.#rr(0x89, wide, src, dst);
  }

  /** `xor dst, dst`: zero in two or three bytes; changes the flags. */
  zero(dst: number): void {
    this.#rr(0x31, false, dst, dst);
  }

  /** The shortest move of the 64-bit constant `high:low` that leaves the flags alone. */
  movImm(dst: number, low: number, high: number): void {
    if (high === 0) {
      if (dst > 7) this.#byte(0x41);
      this.#byte(0xb8 | dst & 7);
      this.#int32(low);
    } else if (high === -1 && low < 0) {
      this.#rr(0xc7, true, 0, dst);
      this.#int32(low);
    } else {
      this.#byte(dst > 7 ? 0x49 : 0x48);
      this.#byte(0xb8 | dst & 7);
      this.#int32(low);
      this.#int32(high);
    }
  }

  /** `movabs dst, <filled in by the linker>`. */
  movHole(dst: number, tag: number): void {
    this.#byte(dst > 7 ? 0x49 : 0x48);
    this.#byte(0xb8 | dst & 7);
    this.#holes.push({ at: this.#length, sites: this.#siteAt.length, tag });
    this.#int32(0);
    this.#int32(0);
  }

  /** `movzx`/`movsx`/`movsxd dst, src` from 1, 2 or 4 bytes; unsigned from 4 bytes is a plain 32-bit `mov`. */
  extend(dst: number, src: number, size: number, signed: boolean, wide: boolean): void {
    if (size === 4) {
      if (signed && wide) this.#rr(0x63, true, dst, src);
      else this.mov(false, dst, src);
    } else {
      const opcode = (signed ? 0x0fbe : 0x0fb6) | (size === 2 ? 1 : 0);
      this.#rr(opcode, wide && signed, dst, src, size === 1);
    }
  }

  /** Loads 1, 2, 4 or 8 bytes, zero-extended or sign-extended to 64 bits. */
  load(dst: number, size: number, signed: boolean, base: number, disp: number, index = -1, scale = 0): void {
    if (size === 8) this.#rm(0x8b, true, dst, base, disp, index, scale);
    else if (size === 4) this.#rm(signed ? 0x63 : 0x8b, signed, dst, base, disp, index, scale);
    else {
      const opcode = (signed ? 0x0fbe : 0x0fb6) | (size === 2 ? 1 : 0);
      this.#rm(opcode, signed, dst, base, disp, index, scale);
    }
  }

  /** Stores the low 1, 2, 4 or 8 bytes of `src`. */
  store(src: number, size: number, base: number, disp: number, index = -1, scale = 0): void {
    if (size === 2) this.#byte(0x66);
    this.#rm(size === 1 ? 0x88 : 0x89, size === 8, src, base, disp, index, scale, size === 1);
  }

  /** Stores an immediate, sign-extended from 32 bits where it is 8 bytes wide. */
  storeImm(value: number, size: number, base: number, disp: number, index = -1, scale = 0): void {
    if (size === 2) this.#byte(0x66);
    this.#rm(size === 1 ? 0xc6 : 0xc7, size === 8, 0, base, disp, index, scale);
    if (size === 1) this.#byte(value);
    else if (size === 2) this.#int16(value);
    else this.#int32(value);
  }

  /** `movbe dst, [mem]` of 2, 4 or 8 bytes (needs MOVBE). Of 2 bytes it leaves the upper bits of `dst` as they were. */
  movbeLoad(dst: number, size: number, base: number, disp: number, index = -1, scale = 0): void {
    if (size === 2) this.#byte(0x66);
    this.#rm(0x0f38f0, size === 8, dst, base, disp, index, scale);
  }

  /** `movbe [mem], src` of 2, 4 or 8 bytes (needs MOVBE). */
  movbeStore(src: number, size: number, base: number, disp: number, index = -1, scale = 0): void {
    if (size === 2) this.#byte(0x66);
    this.#rm(0x0f38f1, size === 8, src, base, disp, index, scale);
  }

  /** `lea dst, [base + index << scale + disp]`; base -1 for none. */
  lea(wide: boolean, dst: number, base: number, disp: number, index = -1, scale = 0): void {
    this.#rm(0x8d, wide, dst, base, disp, index, scale);
  }

  /** `push`. */
  push(reg: number): void {
    if (reg > 7) this.#byte(0x41);
    this.#byte(0x50 | reg & 7);
  }

  /** `pop`. */
  pop(reg: number): void {
    if (reg > 7) this.#byte(0x41);
    this.#byte(0x58 | reg & 7);
  }

  // ---- arithmetic

  /** `op dst, src` of the two-operand group. */
  alu(op: number, wide: boolean, dst: number, src: number): void {
    this.#rr(op << 3 | 1, wide, src, dst);
  }

  /** `op dst, imm`; the immediate is 32 bits, sign-extended. */
  aluImm(op: number, wide: boolean, dst: number, value: number): void {
    if (value >= -128 && value <= 127) {
      this.#rr(0x83, wide, op, dst);
      this.#byte(value);
    } else if (dst === 0) {
      if (wide) this.#byte(0x48);
      this.#byte(op << 3 | 5);
      this.#int32(value);
    } else {
      this.#rr(0x81, wide, op, dst);
      this.#int32(value);
    }
  }

  /** `op dst, [mem]`, 4 or 8 bytes. */
  aluLoad(op: number, wide: boolean, dst: number, base: number, disp: number, index = -1, scale = 0): void {
    this.#rm(op << 3 | 3, wide, dst, base, disp, index, scale);
  }

  /** `op [mem], src` on 1, 2, 4 or 8 bytes. */
  aluStore(op: number, size: number, base: number, disp: number, src: number, index = -1, scale = 0): void {
    if (size === 2) this.#byte(0x66);
    this.#rm(op << 3 | (size === 1 ? 0 : 1), size === 8, src, base, disp, index, scale, size === 1);
  }

  /** `op [mem], imm` on 1, 2, 4 or 8 bytes. */
  aluStoreImm(
    op: number,
    size: number,
    base: number,
    disp: number,
    value: number,
    index = -1,
    scale = 0,
  ): void {
    const short = size === 1 || value >= -128 && value <= 127;
    if (size === 2) this.#byte(0x66);
    this.#rm(size === 1 ? 0x80 : short ? 0x83 : 0x81, size === 8, op, base, disp, index, scale);
    if (short) this.#byte(value);
    else if (size === 2) this.#int16(value);
    else this.#int32(value);
  }

  /** `test a, b`. */
  test(wide: boolean, a: number, b: number): void {
    this.#rr(0x85, wide, b, a);
  }

  /** `test reg, imm`; the immediate is 32 bits, sign-extended. Uses the byte form where it means the same. */
  testImm(wide: boolean, reg: number, value: number): void {
    if (value >= 0 && value <= 127) {
      if (reg === 0) this.#byte(0xa8);
      else this.#rr(0xf6, false, 0, reg, true);
      this.#byte(value);
      return;
    }
    // A non-negative immediate has no bits above 31: the 32-bit test sets the zero flag alike.
    const w = wide && value < 0;
    if (reg === 0) {
      if (w) this.#byte(0x48);
      this.#byte(0xa9);
    } else this.#rr(0xf7, w, 0, reg);
    this.#int32(value);
  }

  /** `not`, `neg`, `mul`, `imul`, `div`, `idiv` on one register (the last four with rdx:rax). */
  unary(op: number, wide: boolean, reg: number): void {
    this.#rr(0xf7, wide, op, reg);
  }

  /** `cdq` or `cqo`: the sign of rax into rdx. */
  signIntoRdx(wide: boolean): void {
    if (wide) this.#byte(0x48);
    this.#byte(0x99);
  }

  /** `imul dst, src`. */
  imul(wide: boolean, dst: number, src: number): void {
    this.#rr(0x0faf, wide, dst, src);
  }

  /** `imul dst, src, imm`. */
  imulImm(wide: boolean, dst: number, src: number, value: number): void {
    const short = value >= -128 && value <= 127;
    this.#rr(short ? 0x6b : 0x69, wide, dst, src);
    if (short) this.#byte(value);
    else this.#int32(value);
  }

  /** A shift or rotation by a constant. */
  shiftImm(op: number, wide: boolean, reg: number, count: number): void {
    this.#rr(count === 1 ? 0xd1 : 0xc1, wide, op, reg);
    if (count !== 1) this.#byte(count);
  }

  /** A shift or rotation by cl. */
  shiftCl(op: number, wide: boolean, reg: number): void {
    this.#rr(0xd3, wide, op, reg);
  }

  /** `rol reg16, count`: swaps bytes with count 8; bits above 15 stay. */
  rol16(reg: number, count: number): void {
    this.#byte(0x66);
    this.#rr(0xc1, false, ROL, reg);
    this.#byte(count);
  }

  /** `bswap`, 32 or 64 bits. */
  bswap(wide: boolean, reg: number): void {
    this.#rex(wide, 0, 0, reg, false);
    this.#byte(0x0f);
    this.#byte(0xc8 | reg & 7);
  }

  /** `shlx`/`shrx`/`sarx dst, src, count` (needs BMI2); flags stay. */
  shiftx(op: number, wide: boolean, dst: number, src: number, count: number): void {
    this.#vex(2, op === SHL ? 1 : op === SHR ? 3 : 2, wide, dst, count, src);
    this.#byte(0xf7);
    this.#modReg(dst, src);
  }

  /** `rorx dst, src, count` (needs BMI2); flags stay. */
  rorx(wide: boolean, dst: number, src: number, count: number): void {
    this.#vex(3, 3, wide, dst, 0, src);
    this.#byte(0xf0);
    this.#modReg(dst, src);
    this.#byte(count);
  }

  /** `mulx high, low, src`: rdx times src, unsigned (needs BMI2); flags stay. With high = low only the upper half is kept. */
  mulx(wide: boolean, high: number, low: number, src: number): void {
    this.#vex(2, 3, wide, high, low, src);
    this.#byte(0xf6);
    this.#modReg(high, src);
  }

  /** `andn dst, a, b`: ~a & b (needs BMI1). */
  andn(wide: boolean, dst: number, a: number, b: number): void {
    this.#vex(2, 0, wide, dst, a, b);
    this.#byte(0xf2);
    this.#modReg(dst, b);
  }

  /** `cmovcc dst, src`. */
  cmov(condition: number, wide: boolean, dst: number, src: number): void {
    this.#rr(0x0f40 | condition, wide, dst, src);
  }

  /** `setcc reg8`; bits above 7 stay. */
  setcc(condition: number, reg: number): void {
    this.#rr(0x0f90 | condition, false, 0, reg, true);
  }

  // ---- atomics

  /** `lock op [mem], src`, 4 or 8 bytes. */
  lockAlu(op: number, wide: boolean, base: number, disp: number, src: number): void {
    this.#byte(0xf0);
    this.#rm(op << 3 | 1, wide, src, base, disp, -1, 0);
  }

  /** `lock xadd [mem], src`. */
  lockXadd(wide: boolean, base: number, disp: number, src: number): void {
    this.#byte(0xf0);
    this.#rm(0x0fc1, wide, src, base, disp, -1, 0);
  }

  /** `lock cmpxchg [mem], src`, comparing with rax. */
  lockCmpxchg(wide: boolean, base: number, disp: number, src: number): void {
    this.#byte(0xf0);
    this.#rm(0x0fb1, wide, src, base, disp, -1, 0);
  }

  /** `xchg [mem], src`: locked by itself. */
  xchgMem(wide: boolean, base: number, disp: number, src: number): void {
    this.#rm(0x87, wide, src, base, disp, -1, 0);
  }

  // ---- control

  /** `call reg`. */
  callReg(reg: number): void {
    this.#rr(0xff, false, 2, reg);
  }

  /** `jmp reg`. */
  jmpReg(reg: number): void {
    this.#rr(0xff, false, 4, reg);
  }

  /** `ret`. */
  ret(): void {
    this.#byte(0xc3);
  }

  /** `ud2`: stops at a place that is never reached. */
  ud2(): void {
    this.#byte(0x0f);
    this.#byte(0x0b);
  }

  // ---- bytes

  #byte(value: number): void {
    if (this.#length + 16 > this.#bytes.length) {
      const bigger = new Uint8Array(this.#bytes.length * 2);
      bigger.set(this.#bytes);
      this.#bytes = bigger;
    }
    this.#bytes[this.#length++] = value;
  }

  #int16(value: number): void {
    this.#byte(value);
    this.#byte(value >> 8);
  }

  #int32(value: number): void {
    this.#byte(value);
    this.#byte(value >> 8);
    this.#byte(value >> 16);
    this.#byte(value >> 24);
  }

  /** The REX prefix, if one is needed: `always` for byte registers 4–7, which without it mean ah to bh. */
  #rex(wide: boolean, reg: number, index: number, base: number, always: boolean): void {
    const rex = (wide ? 8 : 0) | (reg & 8) >> 1 | (index & 8) >> 2 | (base & 8) >> 3;
    if (rex !== 0 || always) this.#byte(0x40 | rex);
  }

  #opcode(opcode: number): void {
    if (opcode > 0xffff) this.#byte(opcode >> 16);
    if (opcode > 0xff) this.#byte(opcode >> 8);
    this.#byte(opcode);
  }

  #modReg(reg: number, rm: number): void {
    this.#byte(0xc0 | (reg & 7) << 3 | rm & 7);
  }

  /** Opcode with two registers. `bytes`: one of them is a byte register, so 4–7 need a prefix. */
  #rr(opcode: number, wide: boolean, reg: number, rm: number, bytes = false): void {
    this.#rex(wide, reg, 0, rm, bytes && (rm >= 4 && rm < 8));
    this.#opcode(opcode);
    this.#modReg(reg, rm);
  }

  /** Opcode with a register and memory. `bytes`: the register is a byte register. */
  #rm(
    opcode: number,
    wide: boolean,
    reg: number,
    base: number,
    disp: number,
    index: number,
    scale: number,
    bytes = false,
  ): void {
    this.#rex(wide, reg, index < 0 ? 0 : index, base < 0 ? 0 : base, bytes && reg >= 4 && reg < 8);
    this.#opcode(opcode);
    const r = (reg & 7) << 3;
    if (base < 0) {
      // Index alone: no base means a 32-bit displacement.
      this.#byte(r | 4);
      this.#byte(scale << 6 | (index & 7) << 3 | 5);
      this.#int32(disp);
      return;
    }
    // Base 5 (rbp, r13) without a displacement would mean something else; base 4 (rsp, r12) needs the second byte.
    const mod = disp === 0 && (base & 7) !== 5 ? 0 : disp >= -128 && disp <= 127 ? 1 : 2;
    if (index >= 0) {
      if (index === 4) throw new Error("Cannot use rsp as an index");
      this.#byte(mod << 6 | r | 4);
      this.#byte(scale << 6 | (index & 7) << 3 | base & 7);
    } else {
      this.#byte(mod << 6 | r | base & 7);
      if ((base & 7) === 4) this.#byte(0x24);
    }
    if (mod === 1) this.#byte(disp);
    else if (mod === 2) this.#int32(disp);
  }

  /** The three-byte VEX prefix; `map` 2 = 0F38, 3 = 0F3A; `pp` 0 none, 1 = 66, 2 = F3, 3 = F2; no index. */
  #vex(map: number, pp: number, wide: boolean, reg: number, second: number, rm: number): void {
    this.#byte(0xc4);
    this.#byte((reg & 8 ? 0 : 0x80) | 0x40 | (rm & 8 ? 0 : 0x20) | map);
    this.#byte((wide ? 0x80 : 0) | (~second & 15) << 3 | pp);
  }
}

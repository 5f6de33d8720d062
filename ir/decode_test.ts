import { assertEquals, assertThrows } from "@std/assert";
import { buildProgram } from "./build.ts";
import { columnsOf } from "./columns.ts";
import { decode } from "./decode.ts";
import { MalformedError } from "./diagnostic.ts";
import { encode, encodeInsns } from "./encode.ts";
import { atomicRowOf, FORMS } from "./opcodes.ts";
import type { ProgramAttrs } from "./program.ts";
import type { Unit } from "./unit.ts";

const unit: Unit = { name: "test", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
const attrs: ProgramAttrs = {
  name: "main",
  section: "xdp",
  type: "xdp",
  attachType: 0,
  flags: 0,
  attachBtfId: 0,
};

/** A small generator of 32-bit numbers (xorshift), so that a failure repeats. */
function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

function slotBytes(code: number, regs: number, off: number, imm: number): number[] {
  return [code, regs, off & 255, off >> 8 & 255, imm & 255, imm >> 8 & 255, imm >> 16 & 255, imm >> 24 & 255];
}

Deno.test("every opcode with plausible and odd fields comes back byte for byte, and most legal ones are not raw", () => {
  const next = random(1);
  const offs = [0, 0, 0, 1, 8, 16, 32, -1, 5];
  const imms = [0, 0, 1, 16, 32, 64, 0x40, 0x50, 0xa0, 0x41, 0x51, 0xa1, 0xe1, 0xf1, 0x100, 0x110, -1, 7];
  const clean = new Set<number>();
  for (let code = 0; code < 256; code++) {
    const bytes: number[] = [];
    for (let i = 0; i < 400; i++) {
      const regs = next() % 3 === 0 ? next() & 255 : next() % 11;
      const off = offs[next() % offs.length], imm = imms[next() % imms.length];
      bytes.push(...slotBytes(code, regs, off, imm), ...slotBytes(0, 0, 0, next() % 2 ? 0 : next()));
    }
    const input = Uint8Array.from(bytes);
    const { insns } = decode(input);
    assertEquals(encodeInsns(insns), input);
    if (insns.some((insn) => insn.kind !== "raw")) clean.add(code);
  }
  for (let code = 0; code < 256; code++) {
    assertEquals(clean.has(code), FORMS[code] !== undefined, `0x${code.toString(16)}`);
  }
  // 12 ALU codes of two widths and two sources, neg, byte orders, 11 comparisons likewise, loads, stores, atomics, ld_abs and the rest.
  assertEquals(clean.size, 48 + 2 + 3 + 44 + 7 + 8 + 4 + 6 + 6);
});

Deno.test("random bytes never throw and come back byte for byte", () => {
  const next = random(2);
  for (let round = 0; round < 300; round++) {
    const input = new Uint8Array(8 * (1 + next() % 40));
    for (let i = 0; i < input.length; i++) input[i] = next();
    assertEquals(encodeInsns(decode(input).insns), input);
  }
});

Deno.test("random bytes make a program whose encoding is the same bytes", () => {
  const next = random(3);
  const known = FORMS.flatMap((form, code) => form === undefined ? [] : [code]);
  for (let round = 0; round < 300; round++) {
    const bytes: number[] = [];
    for (let i = 1 + next() % 40; i > 0; i--) {
      const code = known[next() % known.length];
      bytes.push(
        ...slotBytes(
          code,
          next() % 11 | (next() % 3) << 4,
          next() % 12 - 6,
          next() % 2 ? 0 : next() % 20 - 10,
        ),
      );
    }
    const input = Uint8Array.from(bytes);
    const program = buildProgram({ unit, attrs, insns: decode(input).insns, subprogs: [] });
    assertEquals(encode(program), input);
    const columns = columnsOf(program);
    assertEquals(columns, columnsOf(program));
    assertEquals(columns.subprogStart[program.subprogs.length], columns.count);
  }
});

Deno.test("the encoding's oddities become clean operators", () => {
  const { insns, slots } = decode(hex(
    "3f12010000000000" + // r2 s/= r1
      "bc12080000000000" + // w2 = (s8)w1
      "dc01000010000000" + // r1 = be16 r1
      "d701000040000000" + // r1 = bswap64 r1
      "bf12010001000000" + // addr_space_cast
      "db12f8ff01000000" + // atomic64_fetch_add
      "db12080000010000" + // r2 = load_acquire(r1 + 8)
      "8112f8ff00000000" + // r2 = *(s32 *)(r1 - 8)
      "1841000003000000" + "0000000000000000" + // func
      "850000003f000000" +
      "8510000001000000" +
      "8520050007000000" +
      "06000000fdffffff" +
      "e500ffff00000000",
  ));
  assertEquals(insns[0], { kind: "alu", op: "sdiv", width: 64, dst: 2, src: { kind: "reg", reg: 1 } });
  assertEquals(insns[1], { kind: "alu", op: "movsx8", width: 32, dst: 2, src: { kind: "reg", reg: 1 } });
  assertEquals(insns[2], { kind: "alu", op: "be16", width: 64, dst: 1, src: { kind: "imm", imm: 0 } });
  assertEquals(insns[3], { kind: "alu", op: "bswap64", width: 64, dst: 1, src: { kind: "imm", imm: 0 } });
  assertEquals(insns[4], { kind: "addr_space_cast", dst: 2, src: 1, dstSpace: 0, srcSpace: 1 });
  assertEquals(insns[5], { kind: "atomic", op: "add", fetch: true, size: 8, base: 2, offset: -8, src: 1 });
  assertEquals(insns[6], {
    kind: "atomic",
    op: "load_acq",
    fetch: false,
    size: 8,
    base: 1,
    offset: 8,
    src: 2,
  });
  assertEquals(insns[7], { kind: "load", size: 4, signed: true, dst: 2, base: 1, offset: -8 });
  assertEquals(insns[8], { kind: "imm64", dst: 1, value: { kind: "func", subprog: 12 } });
  assertEquals(insns[9], { kind: "call", callee: { kind: "helper", id: 63 } });
  assertEquals(insns[10], { kind: "call", callee: { kind: "subprog", subprog: 13 } });
  assertEquals(insns[11], {
    kind: "call",
    callee: { kind: "kfunc", func: { name: "", btfId: 7, module: 5 } },
  });
  assertEquals(insns[12], { kind: "jump", target: 11, far: true });
  assertEquals(insns[13], { kind: "may_goto", target: 14 });
  assertEquals([...slots], [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14]);
});

Deno.test("reserved fields and unknown opcodes stay raw", () => {
  const cases = [
    "b700010000000000", // mov with an offset
    "b710000000000000", // mov of an immediate with a source register
    "9500000001000000", // exit with an immediate
    "8d01000000000000", // callx
    "0d01000000000000", // goto through a register
    "9912000000000000", // signed load of 8 bytes
    "f012000000000000",
    "bf1b000000000000", // r11
    "db12000002000000", // unknown atomic
    "1801000000000000", // 16-byte load without its second half
    "18010000000000000000010000000000", // second half with reserved fields
    "18110000050000000000000001000000", // map with an offset
    "18710000000000000000000000000000", // unknown pseudo value
    "e600000000000000",
  ];
  for (const text of cases) {
    const { insns } = decode(hex(text));
    assertEquals(insns[0].kind, "raw", text);
    assertEquals(encodeInsns(insns), hex(text));
  }
});

Deno.test("only word and double word have read-modify-write atomics", () => {
  for (const [code, kind] of [[0xcb, "raw"], [0xd3, "raw"], [0xc3, "atomic"], [0xdb, "atomic"]] as const) {
    assertEquals(decode(Uint8Array.from(slotBytes(code, 0x21, 0, 0))).insns[0].kind, kind);
    assertEquals(decode(Uint8Array.from(slotBytes(code, 0x21, 0, 0x100))).insns[0].kind, "atomic");
  }
  assertEquals(atomicRowOf(2), undefined);
});

Deno.test("a length that is no multiple of 8 is malformed", () => {
  const error = assertThrows(() => decode(new Uint8Array(12)), MalformedError);
  assertEquals(error.where, "offset 8");
});

Deno.test("decode reads a view that does not begin at its buffer's start", () => {
  const buffer = new Uint8Array(24);
  buffer.set(hex("b7000000070000009500000000000000"), 3);
  const { insns } = decode(buffer.subarray(3, 19));
  assertEquals(insns.map((insn) => insn.kind), ["alu", "exit"]);
});

import { assertEquals, assertThrows } from "@std/assert";
import { buildProgram, type SubprogPlan } from "./build.ts";
import { columnsOf } from "./columns.ts";
import { decode, type DecodedInsn } from "./decode.ts";
import { disasmSlot } from "./disasm.ts";
import { encode, encodeInsns } from "./encode.ts";
import { imm, type InsnId, reg, type SubprogId } from "./insn.ts";
import { parseText } from "./parse_text.ts";
import type { Program, ProgramAttrs } from "./program.ts";
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
const EXIT: DecodedInsn = { kind: "exit" };
const ZERO: DecodedInsn = { kind: "alu", op: "mov", width: 64, dst: 0, src: imm(0) };
const WIDE: DecodedInsn = { kind: "imm64", dst: 1, value: { kind: "const", value: 1n } };

function build(insns: DecodedInsn[], subprogs: SubprogPlan[] = []): Program {
  return buildProgram({ unit, attrs, insns, subprogs });
}

function subprog(name: string, start: number): SubprogPlan {
  return { name, start, linkage: "static", btfId: 0 };
}

Deno.test("buildProgram turns slots into ids, counting 16-byte loads twice", () => {
  const program = build([
    { kind: "branch", op: "eq", width: 64, left: 1, right: reg(2), target: 3 },
    WIDE,
    { kind: "call", callee: { kind: "subprog", subprog: 5 } },
    EXIT,
    ZERO,
    EXIT,
  ], [subprog("sub", 5)]);
  assertEquals(program.code.insns[0], {
    kind: "branch",
    op: "eq",
    width: 64,
    left: 1,
    right: reg(2),
    target: 2 as InsnId,
  });
  assertEquals(program.code.insns[2], { kind: "call", callee: { kind: "subprog", subprog: 1 as SubprogId } });
  assertEquals(program.subprogs.map((s) => [s.name, s.entry, s.linkage]), [
    ["main", 0 as InsnId, "global"],
    ["sub", 4 as InsnId, "static"],
  ]);
  const columns = columnsOf(program);
  assertEquals([...columns.position], [0, 1, 1, 2, 3, 4, 5]);
  assertEquals([...columns.slot], [0, 1, 3, 4, 5, 6]);
  assertEquals([...columns.target], [3, -1, -1, 5, -1, -1, -1]);
  assertEquals([...columns.subprogStart], [0, 5, 7]);
  assertEquals([...columns.subprogOf], [0, 0, 0, 0, 0, 1, 1]);
  assertEquals(columnsOf(program), columns);
});

Deno.test("buildProgram orders subprograms and adds those that calls and addresses imply", () => {
  const program = build([
    { kind: "imm64", dst: 1, value: { kind: "func", subprog: 6 } },
    { kind: "call", callee: { kind: "subprog", subprog: 4 } },
    EXIT,
    EXIT,
    EXIT,
    EXIT,
  ], [subprog("last", 5), subprog("first", 0)]);
  assertEquals(program.subprogs.map((s) => [s.id, s.name, s.entry]), [
    [0 as SubprogId, "first", 0 as InsnId],
    [1 as SubprogId, "subprog_4", 3 as InsnId],
    [2 as SubprogId, "last", 4 as InsnId],
    [3 as SubprogId, "subprog_6", 5 as InsnId],
  ]);
});

Deno.test("what leads to no instruction becomes raw, keeps its bytes, and shows its distance", () => {
  const insns: DecodedInsn[] = [
    { kind: "jump", target: 9, far: false },
    { kind: "branch", op: "ne", width: 32, left: 1, right: imm(5), target: -3 },
    { kind: "may_goto", target: 5 }, // the second half of the load
    { kind: "call", callee: { kind: "subprog", subprog: 1000 } },
    WIDE,
    { kind: "imm64", dst: 2, value: { kind: "func", subprog: -7 } },
    { kind: "jump", target: 0, far: true },
  ];
  const program = build(insns);
  assertEquals(program.code.insns.map((insn) => insn.kind), [
    "raw",
    "raw",
    "raw",
    "raw",
    "imm64",
    "raw",
    "raw",
    "jump",
  ]);
  assertEquals(encode(program), encodeInsns(insns));
  const columns = columnsOf(program);
  assertEquals(disasmSlot(columns, 0), "(05) goto pc+8");
  assertEquals(disasmSlot(columns, 1), "(56) if w1 != 0x5 goto pc-5");
  assertEquals(disasmSlot(columns, 3), "(85) call pc+996");
  assertEquals([...columns.target], [-1, -1, 5, -1, -1, -1, -1, -1, 0]);
  assertEquals(program.subprogs.length, 1);
});

Deno.test("buildProgram refuses what no program can be", () => {
  assertThrows(() => build([]), RangeError, "no instructions");
  assertThrows(
    () => build([WIDE, EXIT], [subprog("a", 1)]),
    RangeError,
    'Cannot begin subprogram "a" at slot 1',
  );
  assertThrows(() => build([ZERO, EXIT], [subprog("a", 1), subprog("b", 1)]), RangeError, '"a" begins there');
});

Deno.test("columns hold our own indices where bytes would hold descriptors", () => {
  const [program] = parseText(`
    map a type=array key=4 value=8
    map b type=array key=4 value=8
    func main:
      r1 = map b ll
      r2 = map_value b+24 ll
      r3 = kernel_var bpf_prog_active#77@2 ll
      r4 = map_idx_value b+0xffffffff ll
      call kfunc bpf_rdonly_cast#99@3
      exit
  `).programs;
  const columns = columnsOf(program);
  const row = (slot: number) => [columns.src[slot], columns.off[slot], columns.imm[slot]];
  assertEquals([row(0), row(1)], [[1, 0, 1], [0, 0, 0]]);
  assertEquals([row(2), row(3)], [[2, 0, 1], [0, 0, 24]]);
  assertEquals([row(4), row(5)], [[3, 0, 77], [0, 0, 2]]);
  assertEquals([row(6), row(7)], [[6, 0, 1], [0, 0, -1]]);
  assertEquals(row(8), [2, 3, 99]);
});

Deno.test("a jump that 16 bits do not reach is encoded as gotol, and gotol stays gotol", () => {
  const insns: DecodedInsn[] = [{ kind: "jump", target: 32769, far: false }];
  for (let i = 0; i < 32768; i++) insns.push(ZERO);
  insns.push({ kind: "jump", target: 32769, far: false }, { kind: "jump", target: 1, far: true });
  const program = build(insns);
  const columns = columnsOf(program);
  assertEquals([columns.code[0], columns.off[0], columns.imm[0]], [0x06, 0, 32768]);
  assertEquals([columns.code[32769], columns.off[32769]], [0x05, -1]);
  assertEquals([columns.code[32770], columns.imm[32770]], [0x06, -32770]);
  const back = decode(encode(program)).insns;
  assertEquals(back[0], { kind: "jump", target: 32769, far: true });
});

Deno.test("a branch that 16 bits do not reach is refused, naming the place", () => {
  const insns: DecodedInsn[] = [
    EXIT,
    { kind: "branch", op: "eq", width: 64, left: 1, right: imm(0), target: 32770 },
  ];
  for (let i = 0; i < 32768; i++) insns.push(ZERO);
  insns.push(EXIT);
  assertThrows(
    () => encode(build(insns)),
    RangeError,
    "Cannot encode branch at slot 1: slot 32770 is 32768 slots away",
  );
  insns.splice(2, 1);
  insns[1] = { kind: "branch", op: "eq", width: 64, left: 1, right: imm(0), target: 32769 };
  assertEquals(columnsOf(build(insns)).off[1], 32767);
});

Deno.test("64-bit constants keep all bits", () => {
  for (const value of [0n, 0x80000000n, 0xffffffffn, 1n << 32n, 0x8000000000000000n, 0xffffffffffffffffn]) {
    const insns: DecodedInsn[] = [{ kind: "imm64", dst: 3, value: { kind: "const", value } }];
    assertEquals(decode(encodeInsns(insns)).insns, insns);
  }
});

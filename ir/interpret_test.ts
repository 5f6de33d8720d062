import { assertEquals, assertThrows } from "@std/assert";
import { assemble } from "../tests/conformance/asm.ts";
import { buildProgram } from "./build.ts";
import { decode, type DecodedInsn } from "./decode.ts";
import {
  alu,
  interpret,
  InterpretError,
  type InterpretOptions,
  type InterpretResult,
  Memory,
  MemoryError,
} from "./interpret.ts";
import type { SubprogId } from "./insn.ts";
import type { Program } from "./program.ts";

function build(insns: readonly DecodedInsn[]): Program {
  const unit = { name: "test", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
  const attrs = { name: "main", section: "xdp", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 };
  return buildProgram({ unit, attrs, insns, subprogs: [] });
}

function program(text: string): Program {
  return build(decode(assemble(text.trim().split("\n").map((line) => line.trim()))).insns);
}

function run(text: string | Program, options: Partial<InterpretOptions> = {}): InterpretResult {
  return interpret(typeof text === "string" ? program(text) : text, {
    r1: 0n,
    memory: new Memory(),
    ...options,
  });
}

Deno.test("32-bit operations zero-extend, 64-bit ones sign-extend their immediate", () => {
  assertEquals(alu("add", 32, 0xffff_ffff_ffff_ffffn, 1n), 0n);
  assertEquals(alu("sub", 32, 0n, 1n), 0xffff_ffffn);
  assertEquals(run("mov %r0, 0\nadd %r0, -1\nexit").r0, 0xffff_ffff_ffff_ffffn);
  assertEquals(run("mov %r0, -1\nadd32 %r0, 0\nexit").r0, 0xffff_ffffn);
});

Deno.test("division by zero gives zero, modulo by zero keeps the dividend, INT_MIN / -1 wraps", () => {
  const min = 0x8000_0000_0000_0000n, minusOne = 0xffff_ffff_ffff_ffffn;
  assertEquals(alu("div", 64, 7n, 0n), 0n);
  assertEquals(alu("mod", 64, 7n, 0n), 7n);
  assertEquals(alu("smod", 32, 0xffff_ffff_ffff_fff9n, 0n), 0xffff_fff9n);
  assertEquals(alu("sdiv", 64, min, minusOne), min);
  assertEquals(alu("smod", 64, min, minusOne), 0n);
  assertEquals(alu("sdiv", 32, 0x8000_0000n, minusOne), 0x8000_0000n);
  assertEquals(alu("smod", 64, -13n & minusOne, 4n), minusOne);
});

Deno.test("shift counts are masked to the width", () => {
  assertEquals(alu("lsh", 32, 1n, 33n), 2n);
  assertEquals(alu("rsh", 64, 1n << 63n, 64n + 63n), 1n);
  assertEquals(alu("arsh", 32, 0x8000_0000n, 31n), 0xffff_ffffn);
});

Deno.test("a store and a signed load go through memory, and the steps are counted", () => {
  const bytes = new Uint8Array(16);
  const memory = new Memory([{ name: "mem", base: 0x1000n, bytes, writable: true }]);
  const result = run("stxw [%r1+4], %r2\nldxsw %r0, [%r1+4]\nexit", {
    r1: 0x1000n,
    r2: 0x1_8000_0001n,
    memory,
  });
  assertEquals(result, { r0: 0xffff_ffff_8000_0001n, steps: 3 });
  assertEquals([...bytes.subarray(4, 9)], [1, 0, 0, 0x80, 0]);
});

Deno.test("an access that leaves its region, or writes what is read-only, names instruction and address", () => {
  const memory = () =>
    new Memory([
      { name: "a", base: 0x1000n, bytes: new Uint8Array(8), writable: false },
      { name: "b", base: 0x1008n, bytes: new Uint8Array(8), writable: true },
    ]);
  const across = assertThrows(
    () => run("mov %r0, 0\nldxw %r0, [%r1+6]\nexit", { r1: 0x1000n, memory: memory() }),
    InterpretError,
    "Cannot load 4 bytes at 0x1006 (instruction 1)",
  );
  assertEquals([across.position, across.address], [1, 0x1006n]);
  assertThrows(
    () => run("stb [%r1], 1\nexit", { r1: 0x1000n, memory: memory() }),
    InterpretError,
    "read-only a",
  );
  assertThrows(() => run("ldxdw %r0, [%r10+0]\nexit"), InterpretError, "0x7ffd00000000");
  assertThrows(() => run("stxdw [%r10-520], %r1\nexit"), InterpretError, "Cannot store");
  assertThrows(() => memory().load(0x0fffn, 1), MemoryError);
});

Deno.test("every call has a frame of its own and gets r6 to r9 back", () => {
  const { r0 } = run(`
    mov %r6, 6
    stdw [%r10-8], 1
    mov %r1, %r10
    add %r1, -8
    call local inner
    ldxdw %r1, [%r10-8]
    add %r0, %r1
    add %r0, %r6
    exit
    inner:
    mov %r6, 100
    stdw [%r10-8], 50
    stdw [%r1], 2
    ldxdw %r0, [%r10-8]
    exit`);
  assertEquals(r0, 58n);
});

Deno.test("the ninth frame is refused and r1 to r5 do not survive a call", () => {
  assertThrows(() => run("f:\ncall local f\nexit"), InterpretError, "8 frames are in use");
  const { r0 } = run("mov %r1, 7\ncall local f\nmov %r0, %r1\nexit\nf:\nmov %r0, 0\nexit");
  assertEquals(r0 === 7n, false);
});

Deno.test("memory is as it was after an error, so it can be used again", () => {
  const memory = new Memory();
  assertThrows(() => run("call local f\nexit\nf:\nldxw %r0, [%r1]\nexit", { memory }), InterpretError);
  assertEquals(memory.regions.length, 0);
});

Deno.test("a host answers calls, calls back, ends the run, and a call without an answer is an error", () => {
  assertThrows(() => run("call 7\nexit"), InterpretError, "helper 7");
  assertEquals(run("mov %r1, 20\nmov %r2, 22\ncall 7\nexit", { call: (_, [a, b]) => a + b }).r0, 42n);
  assertEquals(run("call 7\nmov %r0, 1\nexit", { call: () => ({ exit: -2n }) }).r0, 0xffff_ffff_ffff_fffen);

  const callback = build([
    { kind: "imm64", dst: 1, value: { kind: "func", subprog: 4 } },
    { kind: "call", callee: { kind: "helper", id: 181 } },
    { kind: "exit" },
    { kind: "alu", op: "mov", width: 64, dst: 0, src: { kind: "reg", reg: 1 } },
    { kind: "alu", op: "mul", width: 64, dst: 0, src: { kind: "imm", imm: 3 } },
    { kind: "exit" },
  ]);
  const result = run(callback, {
    call: (_, [address], machine) => {
      const subprog = machine.subprogAt(address) as SubprogId;
      assertEquals(machine.subprogAt(address + 1n), undefined);
      return machine.invoke(subprog, [14n, 0n, 0n, 0n, 0n]);
    },
  });
  assertEquals(result.r0, 42n);
});

Deno.test("a call that keeps its arguments leaves r1 to r5", () => {
  const text = "mov %r1, 5\ncall 7\nmov %r0, %r1\nexit";
  assertEquals(run(text, { call: () => 0n, keepsArguments: () => true }).r0, 5n);
});

Deno.test("a tail call replaces the frame and returns to its caller", () => {
  const target = program("mov %r0, %r1\nadd %r0, 1\nexit");
  const { r0 } = run("mov %r1, 41\ncall local f\nadd %r0, 100\nexit\nf:\ncall 12\nmov %r0, 7\nexit", {
    call: () => ({ tailCall: target }),
  });
  assertEquals(r0, 142n);
});

Deno.test("may_goto falls through until the frame's budget is gone", () => {
  const loop = build([
    { kind: "alu", op: "mov", width: 64, dst: 0, src: { kind: "imm", imm: 0 } },
    { kind: "may_goto", target: 4 },
    { kind: "alu", op: "add", width: 64, dst: 0, src: { kind: "imm", imm: 1 } },
    { kind: "jump", target: 1, far: false },
    { kind: "exit" },
  ]);
  assertEquals(run(loop, { mayGotoBudget: 9 }).r0, 9n);
});

Deno.test("an endless loop runs out of fuel, running off the end and raw bytes are errors", () => {
  assertThrows(() => run("f:\nja f", { fuel: 1000 }), InterpretError, "1000 instructions are used up");
  assertThrows(() => run("mov %r0, 0"), InterpretError, "past the last");
  assertThrows(
    () => run(build([{ kind: "raw", bytes: new Uint8Array(8).fill(255) }])),
    InterpretError,
    "unknown",
  );
});

Deno.test("atomics return the old value where they fetch and compare only their own width", () => {
  const { r0 } = run(`
    lddw %r0, 0x1111111100000005
    stdw [%r10-8], 5
    mov %r1, 9
    lock cmpxchg32 [%r10-8], %r1
    ldxdw %r2, [%r10-8]
    lsh %r0, 8
    or %r0, %r2
    mov %r3, 1
    lock fetch add [%r10-8], %r3
    lsh %r0, 8
    or %r0, %r3
    exit`);
  assertEquals(r0, 0x050909n);
  const acquire = build([
    { kind: "store", size: 8, base: 10, offset: -8, src: { kind: "imm", imm: -2 } },
    { kind: "atomic", op: "load_acq", fetch: false, size: 2, base: 10, offset: -8, src: 0 },
    { kind: "atomic", op: "store_rel", fetch: false, size: 1, base: 10, offset: -7, src: 10 },
    { kind: "exit" },
  ]);
  assertEquals(run(acquire).r0, 0xfffen);
});

Deno.test("a legacy packet load reads through the host and ends the run outside the packet", () => {
  const load = build([
    { kind: "ldabs", mode: "abs", size: 2, index: 0, imm: 12 },
    { kind: "alu", op: "add", width: 64, dst: 0, src: { kind: "imm", imm: 1 } },
    { kind: "exit" },
  ]);
  assertEquals(run(load, { packet: (offset, size) => BigInt(offset * 10 + size) }).r0, 123n);
  assertEquals(run(load, { packet: () => undefined }).r0, 0n);
});

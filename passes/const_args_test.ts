import { assertEquals } from "@std/assert";
import { parseText } from "../ir/parse_text.ts";
import { ConstArgs } from "./const_args.ts";

function constants(text: string): (reg: number) => number | undefined {
  const program = parseText(`type socket_filter\n\nfunc main:\n${text}`).programs[0];
  const at = program.code.insns.findIndex((insn) => insn.kind === "call");
  const consts = new ConstArgs(program);
  return (reg) => consts.before(at, reg);
}

Deno.test("a constant on every path is a constant at the call", () => {
  const at = constants(`
    r3 = 7
    if r1 == 0 goto other
    r2 = 1
    goto call
  other:
    r2 = 2
  call:
    call helper#7
    exit`);
  assertEquals(at(3), 7);
  assertEquals(at(2), undefined);
  assertEquals(at(1), undefined);
});

Deno.test("moves carry constants, 32-bit moves zero-extend, everything else forgets them", () => {
  const at = constants(`
    r2 = -1
    w3 = w2
    r4 = r2
    r5 = 5
    r5 += 1
    call helper#7
    exit`);
  assertEquals(at(2), -1);
  assertEquals(at(3), 0xffffffff);
  assertEquals(at(4), -1);
  assertEquals(at(5), undefined);
});

Deno.test("a loop that changes a register makes it unknown at its head", () => {
  const at = constants(`
    r2 = 0
    r3 = 9
  head:
    call helper#7
    r2 = 1
    r3 = 9
    if r0 == 0 goto head
    exit`);
  assertEquals(at(2), undefined);
  assertEquals(at(3), 9);
});

Deno.test("calls and atomics forget what they write", () => {
  const at = constants(`
    r0 = 1
    r6 = 1
    r1 = 1
    *(u64 *)(r10 -8) = 0
    r1 = atomic64_fetch_add((u64 *)(r10 -8), r1)
    r2 = 2
    call helper#7
    exit`);
  assertEquals(at(1), undefined);
  assertEquals(at(0), 1);
  assertEquals(at(2), 2);
});

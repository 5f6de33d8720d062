import { assertEquals } from "@std/assert";
import { parseText } from "../ir/parse_text.ts";
import { printProgram } from "../ir/print_text.ts";
import type { Program } from "../ir/program.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { kfuncInline } from "./kfunc_inline.ts";
import { Pipeline } from "./pipeline.ts";

function inline(text: string, jit = true): { program: Program; lines: string[]; said: string[] } {
  const [before] = parseText(`type socket_filter\n\n${text}`).programs;
  const { program, diagnostics } = new Pipeline({ passes: [kfuncInline()] }).run(before, {
    target: { profile: LINUX_6_18, jit },
  });
  const lines = printProgram(program, { header: false, facts: true }).split("\n").map((line) => line.trim())
    .filter((line) => line !== "");
  return { program, lines, said: diagnostics.map((d) => d.message) };
}

Deno.test("saved registers lie below the caller's frame and the body's slots below them", () => {
  const { lines, said } = inline(`
func main:                      ; {stack_depth: 20}
    *(u32 *)(r10 -20) = 1
  call:
    call kfunc f
    exit
func f hidden instance_of=call: ; {stack_depth: 12}
    r7 = 1
    r9 = 2
    *(u32 *)(r10 -12) = r9
    r0 = *(u32 *)(r10 -12)
    exit`);
  assertEquals(lines, [
    "func main:                                   ; {stack_depth: 56}",
    "*(u32 *)(r10 -20) = 1",
    "*(u64 *)(r10 -32) = r7",
    "*(u64 *)(r10 -40) = r9",
    "r7 = 1",
    "r9 = 2",
    "*(u32 *)(r10 -52) = r9",
    "r0 = *(u32 *)(r10 -52)",
    "goto L1",
    "L1:",
    "r9 = *(u64 *)(r10 -40)",
    "r7 = *(u64 *)(r10 -32)",
    "exit",
  ]);
  assertEquals(said, ["Inlining kfunc f at insn 1"]);
});

Deno.test("calls of one subprogram share their bytes: the frame grows by the largest", () => {
  const { program, lines } = inline(`
func main:                      ; {stack_depth: 0}
  a:
    call kfunc f
  b:
    call kfunc g
    exit
func f hidden instance_of=a:
    r6 = 1
    r0 = r6
    exit
func g hidden instance_of=b:
    *(u64 *)(r10 -24) = 1
    r0 = 0
    exit`);
  assertEquals(lines[0], "func main:                                   ; {stack_depth: 24}");
  assertEquals(lines.filter((line) => line.includes("r10")), [
    "*(u64 *)(r10 -8) = r6",
    "r6 = *(u64 *)(r10 -8)",
    "*(u64 *)(r10 -24) = 1",
  ]);
  assertEquals(program.subprogs.length, 1);
});

Deno.test("a frame pointer that gets away keeps the call, in whatever way it does", () => {
  for (
    const escape of [
      "r1 = r10",
      "r1 += r10",
      "*(u64 *)(r1 +0) = r10",
      "*(u32 *)(r1 +0) = r10",
      "lock *(u64 *)(r1 +0) += r10",
      "if r10 > r1 goto out",
    ]
  ) {
    const { lines, said } = inline(`
func main:                      ; {stack_depth: 0}
  a:
    call kfunc f
    exit
func f hidden instance_of=a:
    r0 = 0
    ${escape}
  out:
    exit`);
    assertEquals(lines.slice(1), ["call kfunc f", "exit"], escape);
    assertEquals(said, ["Can't inline kfunc f at insn 0, r10 escapes"]);
  }
});

Deno.test("what would make a chain of calls too deep keeps its call, the rest is inlined", () => {
  const { program, said } = inline(`
func main:                      ; {stack_depth: 480}
  a:
    call kfunc wide
  b:
    call kfunc narrow
  c:
    call kfunc none
    exit
func wide hidden instance_of=a:
    *(u64 *)(r10 -64) = 1
    r0 = 0
    exit
func narrow hidden instance_of=b:
    *(u64 *)(r10 -8) = 1
    r0 = 0
    exit
func none hidden instance_of=c:
    r0 = 0
    exit`);
  assertEquals(said, [
    "Inlining kfunc narrow at insn 1",
    "Inlining kfunc none at insn 2",
    "Can't inline kfunc wide at insn 0, the stack would be too deep",
  ]);
  assertEquals(program.subprogs.length, 1);
});

Deno.test("the depth that counts is the chain's, not the frame's", () => {
  const { said } = inline(`
func main:                      ; {stack_depth: 256}
    call inner
    exit
func inner:                     ; {stack_depth: 240}
  a:
    call kfunc f
    exit
func f hidden instance_of=a:
    *(u64 *)(r10 -32) = 1
    r0 = 0
    exit`);
  assertEquals(said, ["Can't inline kfunc f at insn 2, the stack would be too deep"]);
});

Deno.test("a frame nobody measured takes bodies that need no stack", () => {
  const { said } = inline(`
func main:
  a:
    call kfunc f
  b:
    call kfunc g
    exit
func f hidden instance_of=a:
    r0 = 0
    exit
func g hidden instance_of=b:
    r6 = 0
    r0 = r6
    exit`);
  assertEquals(said, [
    "Inlining kfunc f at insn 0",
    "Can't inline kfunc g at insn 1, the stack would be too deep",
  ]);
});

Deno.test("every exit jumps behind the restores, and inlined code knows its call", () => {
  const { program, lines } = inline(`
func main:                      ; {stack_depth: 0}
  a:
    call kfunc f
    r1 = 1
    exit
func f hidden instance_of=a:
    r6 = r1
    if r1 == 0 goto zero
    r0 = r6
    exit
  zero:
    r0 = 2
    exit`);
  assertEquals(lines.slice(1), [
    "*(u64 *)(r10 -8) = r6",
    "r6 = r1",
    "if r1 == 0x0 goto L1",
    "r0 = r6",
    "goto L2",
    "L1:",
    "r0 = 2",
    "goto L2",
    "L2:",
    "r6 = *(u64 *)(r10 -8)",
    "r1 = 1",
    "exit",
  ]);
  const bodies = program.code.origins.map((origin) => origin.body ?? "");
  assertEquals(bodies, ["", "f", "f", "f", "f", "f", "f", "", "", ""]);
});

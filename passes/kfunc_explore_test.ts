import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { parseText } from "../ir/parse_text.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import type { KfuncArgContext, KfuncContext } from "./facts.ts";
import { exploreBody } from "./kfunc_explore.ts";
import { NO_KFUNCS } from "./kfuncs.ts";
import type { PassContext } from "./pass.ts";

const CONTEXT: PassContext = {
  get: (analysis, program) => analysis.run(program),
  target: { profile: LINUX_6_18, jit: true },
  kfuncs: NO_KFUNCS,
  report: () => {},
};

const OPAQUE: KfuncArgContext = { kind: "opaque" };
const NULL: KfuncArgContext = { kind: "null" };

function scalar(value: number): KfuncArgContext {
  const sign = value >> 31;
  const half = [value, sign];
  const words = [...half, ...half, ...half, ...half, ...half, 0, 0, value, value, value, value, 1];
  return { kind: "scalar", precise: true, words: [...words, 0, 0, 0, 0, 0, 0, 0] };
}

/** The body with what the exploration says: dead instructions in brackets, decided branches with `!` and where they go. */
function explore(body: string, contexts: readonly (readonly KfuncArgContext[])[], budget = 1000): string[] {
  const program = parseText(`type xdp\n\nfunc main:\n${body}`).programs[0];
  const facts = exploreBody(program, {
    contexts: contexts.map((args): KfuncContext => ({ args })),
    budget,
    context: CONTEXT,
  });
  if (facts === undefined) return ["budget"];
  return program.code.insns.map((insn, i) => {
    const taken = facts.branches.get(i);
    const text = insn.kind === "branch" && taken !== undefined ? `branch!${taken}` : insn.kind;
    return facts.dead.includes(i) ? `[${text}]` : text;
  });
}

const CHAIN = `
    r0 = 42
    if r1 != 1 goto a
    r0 = 11
  a:
    if r1 != 2 goto b
    r0 = 22
  b:
    exit`;

Deno.test("a constant argument decides branches", () => {
  assertEquals(explore(CHAIN, [[scalar(1)]]), [
    "alu",
    "branch!fell",
    "alu",
    "branch!jumped",
    "[alu]",
    "exit",
  ]);
  assertEquals(explore(CHAIN, [[scalar(2)]]), [
    "alu",
    "branch!jumped",
    "[alu]",
    "branch!fell",
    "alu",
    "exit",
  ]);
});

Deno.test("several contexts add up, an opaque argument decides nothing", () => {
  assertEquals(explore(CHAIN, [[scalar(1)], [scalar(2)]]), ["alu", "branch", "alu", "branch", "alu", "exit"]);
  assertEquals(explore(CHAIN, [[OPAQUE]]), ["alu", "branch", "alu", "branch", "alu", "exit"]);
});

Deno.test("a null pointer is zero, any other pointer may be", () => {
  const body = `
    r0 = 42
    if r1 != 0 goto a
    r0 = 24
  a:
    exit`;
  assertEquals(explore(body, [[NULL]]), ["alu", "branch!fell", "alu", "exit"]);
  assertEquals(explore(body, [[OPAQUE]]), ["alu", "branch", "alu", "exit"]);
});

Deno.test("a dynptr's kind is in its size word and its data is unknown", () => {
  const body = `
    r2 = *(u64 *)(r1 +0)
    if r2 == 0 goto skb
    w1 = *(u32 *)(r1 +8)
    w1 &= 0x7fffffff
    w1 >>= 28
    if w1 != 3 goto other
  skb:
    r0 = 1
    exit
  other:
    r0 = 2
    exit`;
  const head = ["load", "branch", "load", "alu", "alu"];
  assertEquals(explore(body.replaceAll("w1 = *(u32", "r1 = *(u32"), [[{ kind: "dynptr", type: 3 }]]), [
    ...head,
    "branch!fell",
    "alu",
    "exit",
    "[alu]",
    "[exit]",
  ]);
  assertEquals(explore(body.replaceAll("w1 = *(u32", "r1 = *(u32"), [[{ kind: "dynptr", type: 4 }]]), [
    ...head,
    "branch!jumped",
    "alu",
    "exit",
    "alu",
    "exit",
  ]);
  assertEquals(
    explore(body.replaceAll("w1 = *(u32", "r1 = *(u32"), [[{ kind: "dynptr", type: 0 }]])[5],
    "branch",
  );
});

Deno.test("two dynptrs in one call are told apart", () => {
  const body = `
    r0 = *(u32 *)(r1 +8)
    w0 >>= 28
    w0 &= 7
    if w0 != 1 goto out
    r3 = *(u32 *)(r2 +8)
    w3 >>= 28
    w3 &= 7
    if w3 != 4 goto out
    r0 = 5
  out:
    exit`;
  const found = explore(body, [[{ kind: "dynptr", type: 1 }, { kind: "dynptr", type: 4 }]]);
  assertEquals([found[3], found[7]], ["branch!fell", "branch!fell"]);
});

Deno.test("the word beside a dynptr's size knows nothing of its kind", () => {
  const body = `
    r0 = *(u32 *)(r1 +12)
    if r0 != 0 goto out
    r0 = *(u16 *)(r1 +10)
    if r0 != 0 goto out
    r0 = 1
  out:
    exit`;
  assertEquals(explore(body, [[{ kind: "dynptr", type: 2 }]]), [
    "load",
    "branch",
    "load",
    "branch",
    "alu",
    "exit",
  ]);
});

Deno.test("the stack keeps whole registers and forgets what is written in parts", () => {
  const kept = `
    *(u64 *)(r10 -8) = r1
    *(u64 *)(r10 -16) = 7
    r2 = *(u64 *)(r10 -8)
    if r2 != 1 goto out
    r2 = *(u64 *)(r10 -16)
    if r2 != 7 goto out
    *(u8 *)(r10 -16) = 1
    r2 = *(u64 *)(r10 -16)
    if r2 != 7 goto out
    r0 = 1
  out:
    r0 = 0
    exit`;
  const found = explore(kept, [[scalar(1)]]);
  assertEquals([found[3], found[5], found[8]], ["branch!fell", "branch!fell", "branch"]);
});

Deno.test("a kernel value survives the stack as one", () => {
  const body = `
    *(u64 *)(r10 -8) = r1
    r2 = *(u64 *)(r10 -8)
    r0 = *(u8 *)(r2 +0)
    if r0 > 255 goto out
    r3 = *(u32 *)(r10 -8)
    r3 += r2
    *(u64 *)(r3 +0) = r1
  out:
    exit`;
  assertEquals(explore(body, [[OPAQUE]])[3], "branch!fell");
});

Deno.test("calls give kernel values and may change a stack they are shown", () => {
  const body = `
    *(u64 *)(r10 -8) = 1
    r1 = r10
    r1 += -8
    call kfunc bpf_xdp_pointer
    if r0 == 0 goto out
    r2 = *(u64 *)(r10 -8)
    if r2 != 1 goto out
    r0 = 1
  out:
    exit`;
  const found = explore(body, [[]]);
  assertEquals([found[4], found[6]], ["branch", "branch"]);
});

Deno.test("a register that a call destroyed cannot be read", () => {
  const error = assertThrows(
    () => explore("call kfunc skb_get_hash\nr0 = r1\nexit", [[OPAQUE]]),
    UnsupportedError,
  );
  assertEquals(error.what, "a body that does this: R1 !read_ok");
});

Deno.test("loops are followed to their end, or to the end of the budget", () => {
  const loop = `
    r0 = 0
  head:
    r0 += 1
    if r0 < 50 goto head
    if r0 == 50 goto out
    r0 = 1
  out:
    exit`;
  assertEquals(explore(loop, [[]]), ["alu", "alu", "branch", "branch!jumped", "[alu]", "exit"]);
  assertEquals(explore(loop, [[]], 100), ["budget"]);
});

Deno.test("a loop over unknown values ends where nothing new comes", () => {
  const loop = `
    r0 = 0
  head:
    r2 = *(u64 *)(r1 +0)
    r1 = r2
    if r2 != 0 goto head
    exit`;
  assertEquals(explore(loop, [[OPAQUE]]), ["alu", "load", "alu", "branch", "exit"]);
});

Deno.test("what a branch says of a number holds behind it", () => {
  const body = `
    w1 = w1
    if r1 > 7 goto out
    if r1 > 15 goto out
    r0 = 1
    exit
  out:
    r0 = 0
    exit`;
  const found = explore(body, [[OPAQUE]]);
  assertEquals([found[1], found[2]], ["branch", "branch!fell"]);
});

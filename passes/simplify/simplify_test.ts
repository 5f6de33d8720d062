import { assert, assertEquals } from "@std/assert";
import { check } from "../../ir/check.ts";
import { columnsOf } from "../../ir/columns.ts";
import { parseText } from "../../ir/parse_text.ts";
import { printProgram } from "../../ir/print_text.ts";
import { type Origin, Program } from "../../ir/program.ts";
import { TARGET } from "../../tests/golden.ts";
import { pointerKind, stackDepth, verified } from "../facts.ts";
import { Pipeline } from "../pipeline.ts";
import { simplify } from "./simplify.ts";

/** The program behind the pass, and once more: the second time nothing may be left to do. */
function simplified(program: Program): Program {
  const pipeline = new Pipeline({ passes: [simplify()] });
  return pipeline.run(program, { target: TARGET }).program;
}

/** The lines of the main subprogram. */
function lines(program: Program): string[] {
  return printProgram(simplified(program)).trim().split("\n").filter((line) => /^ {4}\S/.test(line))
    .map((line) => line.trim());
}

function parse(text: string, origin?: (position: number) => Partial<Origin>): Program {
  const [program] = parseText(`type socket_filter\n${text}`).programs;
  if (origin === undefined) return program;
  const { unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId } = program;
  const origins = code.origins.map((old, i) => ({ ...old, ...origin(i) }));
  return new Program({ unit, attrs, code: { ...code, origins }, subprogs, facts, nextInsnId, nextSubprogId });
}

const TWICE = "func main:\n  r2 = *(u32 *)(r1 +8)\n  r3 = *(u32 *)(r1 +8)\n  r0 = r2\n  r0 += r3\n  exit\n";

Deno.test("loads of bodies and of lowered contexts are merged, the author's are not", () => {
  const own = ["r2 = *(u32 *)(r1 +8)", "r3 = *(u32 *)(r1 +8)", "r0 = r2", "r0 += r3", "exit"];
  const merged = ["r2 = *(u32 *)(r1 +8)", "r0 = r2", "r0 += r2", "exit"];
  assertEquals(lines(parse(TWICE)), own);
  assertEquals(lines(parse(TWICE, () => ({ body: "f" }))), merged);
  assertEquals(lines(parse(TWICE, () => ({ by: "lower-contexts" }))), merged);
  // One of a body and one of the author's: the author's stays, and is not believed for the body's.
  assertEquals(lines(parse(TWICE, (i) => i === 1 ? { body: "f" } : {})), own);
});

Deno.test("a store that may be the same place separates loads of bodies", () => {
  const between = (store: string): string[] =>
    lines(parse(
      `func main:\n  r6 = *(u64 *)(r1 +0)\n  r2 = *(u32 *)(r1 +8)\n  ${store}\n  r3 = *(u32 *)(r1 +8)\n  r0 = r2\n  r0 += r3\n  exit\n`,
      () => ({ body: "f" }),
    )).filter((line) => line.includes("(r1 +8)"));
  assertEquals(between("*(u32 *)(r6 +4) = 1").length, 2);
  assertEquals(between("lock *(u32 *)(r6 +4) += r2").length, 2);
  assertEquals(between("*(u32 *)(r10 -4) = 1").length, 1);
});

Deno.test("a loop of a body that waits for a change looks in every round", () => {
  const text = "func main:\n  r2 = *(u32 *)(r1 +8)\nagain:\n  r0 = *(u32 *)(r1 +8)\n" +
    "  if r0 == 0 goto again\n  r0 += r2\n  exit\n";
  const left = lines(parse(text, () => ({ body: "f" })));
  assertEquals(left.filter((line) => line.endsWith("= *(u32 *)(r1 +8)")).length, 2);
});

Deno.test("what calls may reach is loaded again", () => {
  const text = "func main:\n  r6 = r1\n  r2 = *(u32 *)(r6 +8)\n  r7 = r2\n  call helper#7\n" +
    "  r3 = *(u32 *)(r6 +8)\n  r0 = r7\n  r0 += r3\n  exit\n";
  const loads = lines(parse(text, () => ({ body: "f" }))).filter((line) => line.includes("+8)"));
  assertEquals(loads.length, 2);
});

Deno.test("a callback may write the slots that it is given", () => {
  const text =
    "func main:\n  *(u64 *)(r10 -8) = 1\n  r1 = r10\n  r1 += -8\n  call writes\n  r0 = *(u64 *)(r10 -8)\n  exit\n" +
    "func writes:\n  *(u64 *)(r1 +0) = 7\n  r0 = 0\n  exit\n";
  const left = lines(parse(text));
  assert(left.includes("*(u64 *)(r10 -8) = 1"));
  assert(left.includes("r0 = *(u64 *)(r10 -8)"));
});

Deno.test("a slot that is also accessed in pieces is left alone", () => {
  const text =
    "func main:\n  *(u64 *)(r10 -8) = r1\n  *(u8 *)(r10 -5) = 3\n  r0 = *(u64 *)(r10 -8)\n  exit\n";
  assertEquals(lines(parse(text)).length, 4);
});

Deno.test("the beginning of a slot is the low part of its value", () => {
  const text = "func main:\n  *(u64 *)(r10 -8) = 4886718345\n  r0 = *(u16 *)(r10 -8)\n  exit\n"
    .replace("= 4886718345", "= r2").replace("main:\n", "main:\n  r2 = 4886718345 ll\n");
  assertEquals(lines(parse(text)), [`r0 = ${4886718345n & 0xffffn}`, "exit"]);
  const partial =
    "func main:\n  *(u64 *)(r10 -8) = r1\n  *(u16 *)(r10 -8) = 5\n  r0 = *(u16 *)(r10 -8)\n  exit\n";
  assertEquals(lines(parse(partial)), ["r0 = 5", "exit"]);
});

Deno.test("facts and positions stay with what stays; the proof stays with the program", () => {
  const text =
    "facts {verified: true}\nfunc main:   ; {stack_depth: 16}\n  r2 = r1\n  r0 = *(u32 *)(r2 +8)   ; {pointer: btf}\n" +
    "  r3 = *(u32 *)(r1 +4)   ; {pointer: ctx}\n  r0 += r3\n  exit\n";
  const program = parse(text, (i) => ({ position: { file: "f.c", line: i + 1, column: 1, text: "" } }));
  const simple = simplified(program);
  assertEquals(simple.get(verified), true);
  assertEquals(simple.get(stackDepth, simple.subprogs[0].id), 16);
  const { insns, ids, origins } = simple.code;
  const kept = ids[insns.findIndex((insn) => insn.kind === "load" && insn.offset === 4)];
  assertEquals(simple.get(pointerKind, kept), "ctx");
  const changed = insns.findIndex((insn) => insn.kind === "load" && insn.offset === 8);
  assertEquals([origins[changed].position?.line, origins[changed].by], [2, "simplify"]);
  assertEquals(simple.get(pointerKind, ids[changed]), "unknown");
});

Deno.test("a second time there is nothing left to do", () => {
  const once = simplified(parse(TWICE, () => ({ body: "f" })));
  assertEquals(simplified(once) === once, true);
});

Deno.test("branches that cannot reach their target jump over a jump", () => {
  const stores = "  *(u64 *)(r1 +0) = 1\n".repeat(33_000);
  for (const condition of ["r2 == 7", "r2 & 7"]) {
    const text =
      `func main:\n  r2 = *(u64 *)(r1 +0)\n  r3 = 0\n  if ${condition} goto near\n  goto go\nnear:\n  gotol out\ngo:\n${stores}` +
      "  r3 += 5\nout:\n  r0 = r3\n  exit\n";
    const simple = simplified(parse(text));
    assertEquals(check(simple), []);
    assert(columnsOf(simple).count > 33_000);
    assertEquals(simple.code.insns.at(-1)?.kind, "exit");
  }
});

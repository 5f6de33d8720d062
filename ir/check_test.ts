import { assertEquals } from "@std/assert";
import { check } from "./check.ts";
import { defineFact } from "./fact.ts";
import { imm, type Insn, type InsnId, reg, type SubprogId } from "./insn.ts";
import { parseText } from "./parse_text.ts";
import { Program, type ProgramParts } from "./program.ts";
import { randomOf, randomProgram } from "./random_program.ts";

const [base] = parseText(`
  map m type=array key=4 value=8
  func main:
    if r1 == 0 goto out
    call sub
  out:
    exit
  func sub:
    r1 = map m ll
    exit
`).programs;

/** The base program with some parts replaced. */
function altered(parts: Partial<ProgramParts>): Program {
  return new Program({
    unit: base.unit,
    attrs: base.attrs,
    code: base.code,
    subprogs: base.subprogs,
    nextInsnId: base.nextInsnId,
    nextSubprogId: base.nextSubprogId,
    ...parts,
  });
}

/** The base program with its second instruction, the call, replaced. */
function withInsn(insn: Insn): Program {
  return altered({ code: { ...base.code, insns: base.code.insns.with(1, insn) } });
}

function codes(program: Program): string[] {
  return check(program).map((finding) => finding.code);
}

Deno.test("check finds nothing in a well-formed program, random ones included", () => {
  assertEquals(check(base), []);
  const random = randomOf(5);
  for (let round = 0; round < 30; round++) {
    // Map 2 and maps of the fd array are tokens no unit knows.
    const findings = check(randomProgram(random, 30)).filter((finding) =>
      !finding.message.startsWith("Map 2")
    );
    assertEquals(findings, []);
  }
});

Deno.test("check finds a broken layout", () => {
  const { ids, insns, origins } = base.code;
  const [main, sub] = base.subprogs;
  const cases: [Partial<ProgramParts>, string][] = [
    [{ code: { insns: [], ids: [], origins: [] } }, "There are no instructions"],
    [{ subprogs: [] }, "There are no subprograms"],
    [{ code: { insns, ids, origins: [] } }, "5 instructions have 5 ids and 0 origins"],
    [{ code: { insns, origins, ids: ids.with(1, ids[0]) } }, "Instruction id 0 is there twice"],
    [{ nextInsnId: 4 }, "Instruction id 4 is not below the next free one, 4"],
    [{ nextSubprogId: 1 }, 'Subprogram "sub" has id 1, not below the next free one, 1'],
    [{ subprogs: [main, { ...sub, id: main.id }] }, 'Subprogram "sub" has the id 0 of another one'],
    [
      { subprogs: [main, { ...sub, entry: 77 as InsnId }] },
      'Subprogram "sub" begins at instruction 77, which is missing',
    ],
    [{ subprogs: [sub] }, 'Subprogram "sub" is the first but does not begin the code'],
    [
      { subprogs: [main, { ...sub, entry: ids[0] }] },
      'Subprogram "sub" begins before the subprogram in front of it ends',
    ],
  ];
  for (const [parts, message] of cases) {
    const findings = check(altered(parts));
    assertEquals(findings.map((finding) => finding.message).includes(message), true, message);
    assertEquals(findings[0].code, "check/layout");
  }
});

Deno.test("check finds references to what is missing", () => {
  assertEquals(codes(withInsn({ kind: "jump", target: 70 as InsnId, far: false })), ["check/reference"]);
  assertEquals(codes(withInsn({ kind: "call", callee: { kind: "subprog", subprog: 9 as SubprogId } })), [
    "check/reference",
  ]);
  assertEquals(codes(withInsn({ kind: "imm64", dst: 1, value: { kind: "func", subprog: 9 as SubprogId } })), [
    "check/reference",
  ]);
  assertEquals(codes(withInsn({ kind: "imm64", dst: 1, value: { kind: "map", map: 1 } })), [
    "check/reference",
  ]);
  const finding = check(withInsn({ kind: "may_goto", target: 70 as InsnId }))[0];
  assertEquals([finding.insn, finding.message, finding.position?.line], [
    1 as InsnId,
    "Target 70 is missing",
    5,
  ]);
});

Deno.test("check finds instructions that are not encodable or not in normal form", () => {
  const bad: Insn[] = [
    { kind: "alu", op: "add", width: 64, dst: 11, src: imm(0) },
    { kind: "alu", op: "add", width: 64, dst: 1, src: imm(0xffffffff) },
    { kind: "alu", op: "add", width: 64, dst: 1, src: imm(2 ** 33) },
    { kind: "alu", op: "neg", width: 64, dst: 1, src: imm(1) },
    { kind: "alu", op: "be16", width: 32, dst: 1, src: imm(0) },
    { kind: "alu", op: "movsx32", width: 32, dst: 1, src: reg(1) },
    { kind: "alu", op: "movsx8", width: 64, dst: 1, src: imm(1) },
    { kind: "load", size: 8, signed: true, dst: 1, base: 2, offset: 0 },
    { kind: "load", size: 8, signed: false, dst: 1, base: 2, offset: 40000 },
    { kind: "atomic", op: "xchg", fetch: false, size: 8, base: 1, offset: 0, src: 2 },
    { kind: "atomic", op: "add", fetch: true, size: 2, base: 1, offset: 0, src: 2 },
    { kind: "ldabs", mode: "abs", size: 4, index: 3, imm: 0 },
    { kind: "addr_space_cast", dst: 1, src: 2, dstSpace: 1, srcSpace: 0x10000 },
    { kind: "raw", bytes: new Uint8Array(7) },
    { kind: "raw", bytes: Uint8Array.of(0x95, 0, 0, 0, 0, 0, 0, 0) },
    { kind: "imm64", dst: 1, value: { kind: "const", value: -1n } },
  ];
  for (const insn of bad) assertEquals(codes(withInsn(insn)), ["check/form"], insn.kind);
});

Deno.test("check finds a conditional branch that does not reach its target, and lets a jump be far", () => {
  const filler: Insn = { kind: "alu", op: "mov", width: 64, dst: 0, src: imm(0) };
  const insns: Insn[] = [{ kind: "jump", target: 40001 as InsnId, far: false }];
  for (let i = 0; i < 40000; i++) insns.push(filler);
  insns.push({ kind: "exit" });
  const code = { insns, ids: insns.map((_, i) => i as InsnId), origins: insns.map(() => ({})) };
  const program = (first: Insn) =>
    altered({
      code: { ...code, insns: code.insns.with(0, first) },
      subprogs: [base.subprogs[0]],
      nextInsnId: insns.length,
    });
  assertEquals(check(program(insns[0])), []);
  const far = program({ kind: "may_goto", target: 40001 as InsnId });
  assertEquals(check(far).map((finding) => finding.message), [
    "Cannot encode may_goto at slot 0: slot 40001 is 40000 slots away, and the distance has 16 bits",
  ]);
});

Deno.test("check finds flow out of a subprogram unless told that no verifier has seen it", () => {
  const leaving = withInsn({ kind: "jump", target: 3 as InsnId, far: false });
  assertEquals(check(leaving).map((finding) => finding.message), ['A jump leaves subprogram "main"']);
  assertEquals(check(leaving, { flow: false }), []);
  const [falling] = parseText("func main:\n r0 = 0\nfunc sub:\n exit\n").programs;
  assertEquals(check(falling).map((finding) => finding.message), [
    'Subprogram "main" ends in alu, not in exit or a jump',
  ]);
});

Deno.test("check finds facts about what is gone", () => {
  const fact = (scope: "insn" | "subprog" | "program") =>
    defineFact(`check_test_${scope}`, 0, { scope, follows: "none" });
  const facts = (["insn", "subprog", "program"] as const).map((scope) => fact(scope));
  const held = altered({ facts: new Map(facts.map((fact) => [fact, new Map([[0, 1]])])) });
  assertEquals(check(held), []);
  const gone = altered({ facts: new Map(facts.map((fact) => [fact, new Map([[9, 1]])])) });
  assertEquals(codes(gone), ["check/fact", "check/fact", "check/fact"]);
});

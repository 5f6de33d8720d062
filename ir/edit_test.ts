import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Edit } from "./edit.ts";
import { defineFact } from "./fact.ts";
import type { Fragment } from "./fragment.ts";
import { imm, type Insn, type InsnId, type SubprogId } from "./insn.ts";
import { Program } from "./program.ts";
import { stackDepth } from "./stack_depth.ts";
import type { Unit } from "./unit.ts";

const first = defineFact("edit_test_first", "", { scope: "insn", follows: "first" });
const last = defineFact("edit_test_last", "", { scope: "insn", follows: "last" });
const all = defineFact("edit_test_all", "", { scope: "insn", follows: "all" });
const none = defineFact("edit_test_none", "", { scope: "insn", follows: "none" });

const UNIT: Unit = { name: "test", license: "GPL", version: 0, maps: [], externs: [], programs: [] };

function mov(dst: number, value: number): Insn {
  return { kind: "alu", op: "mov", width: 64, dst, src: imm(value) };
}
function branch(target: number): Insn {
  return { kind: "branch", op: "eq", width: 64, left: 1, right: imm(0), target: target as InsnId };
}
function jump(target: number): Insn {
  return { kind: "jump", target: target as InsnId, far: false };
}
function call(subprog: number): Insn {
  return { kind: "call", callee: { kind: "subprog", subprog: subprog as SubprogId } };
}
const EXIT: Insn = { kind: "exit" };

/** A program whose instruction ids are positions at first; subprogram ids count from 0. */
function programOf(...bodies: Insn[][]): Program {
  const insns = bodies.flat();
  let at = 0;
  const subprogs = bodies.map((body, i) => {
    const entry = at as InsnId;
    at += body.length;
    return {
      id: i as SubprogId,
      name: i === 0 ? "main" : `f${i}`,
      entry,
      linkage: "static",
      hidden: false,
      btfId: 0,
    } as const;
  });
  return new Program({
    unit: UNIT,
    attrs: { name: "main", section: "xdp", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 },
    code: {
      insns,
      ids: insns.map((_, i) => i as InsnId),
      origins: insns.map((_, i) => ({ position: { file: "t.c", line: i + 1, column: 1, text: "" } })),
    },
    subprogs,
    nextInsnId: insns.length,
    nextSubprogId: bodies.length,
  });
}

/** One word per instruction, targets as positions, subprograms as `name:` before their entry. */
function shape(program: Program): string[] {
  const out: string[] = [];
  program.code.insns.forEach((insn, i) => {
    const subprog = program.subprogs.find((s) => s.entry === program.code.ids[i]);
    if (subprog !== undefined && i > 0) out.push(`${subprog.name}:`);
    if (insn.kind === "alu") out.push(`r${insn.dst}=${insn.src.kind === "imm" ? insn.src.imm : "?"}`);
    else if (insn.kind === "jump") out.push(`goto ${program.indexOf(insn.target)}`);
    else if (insn.kind === "branch") out.push(`if ${program.indexOf(insn.target)}`);
    else if (insn.kind === "call" && insn.callee.kind === "subprog") {
      out.push(`call ${program.subprog(insn.callee.subprog).name}`);
    } else out.push(insn.kind);
  });
  return out;
}

const id = (n: number): InsnId => n as InsnId;
const sub = (n: number): SubprogId => n as SubprogId;

/** `top: r1 = 1; if r1 == 0 goto top; goto end; end:` */
const LOOP: Fragment = {
  insns: [
    mov(1, 1),
    { kind: "branch", op: "eq", width: 64, left: 1, right: imm(0), target: "top" },
    { kind: "jump", target: "end", far: false },
  ],
  labels: new Map([["top", 0], ["end", 3]]),
};

Deno.test("an edit that asks for nothing returns the same object", () => {
  const program = programOf([EXIT]);
  assertStrictEquals(new Edit(program, { by: "test" }).commit(), program);
});

Deno.test("remove moves jumps to the next instruction", () => {
  const edit = new Edit(programOf([branch(2), mov(0, 1), mov(0, 2), EXIT]), { by: "test" });
  edit.remove(id(2));
  assertEquals(shape(edit.commit()), ["if 2", "r0=1", "exit"]);
});

Deno.test("remove of an entry moves the entry", () => {
  const edit = new Edit(programOf([call(1), EXIT], [mov(0, 1), EXIT]), { by: "test" });
  edit.remove(id(2));
  const next = edit.commit();
  assertEquals(shape(next), ["call f1", "exit", "f1:", "exit"]);
  assertEquals(next.subprogs[1].entry, id(3));
});

Deno.test("remove of a jump's target at the end of a subprogram is refused", () => {
  const edit = new Edit(programOf([branch(2), EXIT, EXIT], [EXIT]), { by: "test" });
  edit.remove(id(2));
  assertThrows(() => edit.commit(), RangeError, "would leave its subprogram");
});

Deno.test("removing every instruction of a subprogram removes it, and a call of it is refused", () => {
  const without = new Edit(programOf([EXIT], [EXIT]), { by: "test" });
  without.remove(id(1));
  assertEquals(without.commit().subprogs.length, 1);
  const called = new Edit(programOf([call(1), EXIT], [EXIT]), { by: "test" });
  called.removeSubprog(sub(1));
  assertThrows(() => called.commit(), RangeError, "is gone");
});

Deno.test("replace keeps the id on the first new instruction and resolves labels, the end included", () => {
  const edit = new Edit(programOf([branch(1), mov(0, 7), EXIT]), { by: "test" });
  const ids = edit.replace(id(1), LOOP);
  const next = edit.commit();
  assertEquals(shape(next), ["if 1", "r1=1", "if 1", "goto 4", "exit"]);
  assertEquals(ids[0], id(1));
  assertEquals(new Set(next.code.ids).size, next.length);
});

Deno.test("two adjacent replacements whose ends meet find each other", () => {
  const edit = new Edit(programOf([mov(0, 1), mov(0, 2), EXIT]), { by: "test" });
  edit.replace(id(0), LOOP);
  edit.replace(id(1), LOOP);
  assertEquals(shape(edit.commit()), ["r1=1", "if 0", "goto 3", "r1=1", "if 3", "goto 6", "exit"]);
});

Deno.test("insertBefore with stay is skipped by jumps, with move it is not; calls run it always", () => {
  const program = programOf([branch(0), branch(2), EXIT], [mov(0, 0), branch(3), EXIT]);
  const edit = new Edit(program, { by: "test" });
  edit.insertBefore(id(0), mov(5, 1), { jumps: "stay" });
  edit.insertBefore(id(2), mov(5, 2), { jumps: "move" });
  edit.insertBefore(id(3), mov(5, 3), { jumps: "stay" });
  const next = edit.commit();
  assertEquals(shape(next), ["r5=1", "if 1", "if 3", "r5=2", "exit", "f1:", "r5=3", "r0=0", "if 6", "exit"]);
  assertEquals(next.indexOf(next.subprogs[1].entry), 5);
});

Deno.test("several insertions keep their order, and jumps land on the first that moves", () => {
  const edit = new Edit(programOf([branch(1), EXIT]), { by: "test" });
  edit.insertBefore(id(1), mov(5, 1), { jumps: "stay" });
  edit.insertBefore(id(1), mov(5, 2), { jumps: "move" });
  edit.insertBefore(id(1), mov(5, 3), { jumps: "stay" });
  assertEquals(shape(edit.commit()), ["if 2", "r5=1", "r5=2", "r5=3", "exit"]);
});

Deno.test("insertAfter runs on falling out and not on jumps to the next instruction", () => {
  const edit = new Edit(programOf([branch(1), EXIT]), { by: "test" });
  edit.insertAfter(id(0), mov(5, 1));
  assertEquals(shape(edit.commit()), ["if 2", "r5=1", "exit"]);
});

Deno.test("an insertion before a removed instruction stays", () => {
  const edit = new Edit(programOf([branch(1), mov(0, 1), EXIT]), { by: "test" });
  edit.insertBefore(id(1), mov(5, 1), { jumps: "move" });
  edit.remove(id(1));
  assertEquals(shape(edit.commit()), ["if 1", "r5=1", "exit"]);
});

Deno.test("facts follow as declared, new code has initial values, set wins", () => {
  const base = new Edit(programOf([mov(0, 1), mov(0, 2), EXIT]), { by: "test" });
  for (const fact of [first, last, all, none]) for (const n of [0, 1, 2]) base.set(fact, id(n), `was ${n}`);
  const program = base.commit();
  const edit = new Edit(program, { by: "test" });
  const ids = edit.replace(id(0), [mov(1, 1), mov(2, 2), mov(3, 3)]);
  const inserted = edit.insertBefore(id(1), mov(4, 4), { jumps: "move" });
  edit.remove(id(1));
  edit.set(first, ids[1], "set");
  const next = edit.commit();
  assertEquals(ids.map((i) => next.get(first, i)), ["was 0", "set", ""]);
  assertEquals(ids.map((i) => next.get(last, i)), ["", "", "was 0"]);
  assertEquals(ids.map((i) => next.get(all, i)), ["was 0", "was 0", "was 0"]);
  assertEquals(ids.map((i) => next.get(none, i)), ["", "", ""]);
  for (const fact of [first, last, all, none]) {
    assertEquals(next.get(fact, inserted[0]), "");
    assertEquals(next.get(fact, id(1)), "");
    assertEquals(next.get(fact, id(2)), "was 2");
    assertEquals(program.get(fact, id(1)), "was 1");
  }
});

Deno.test("clear forgets what the version knew of a fact and keeps what the edit sets", () => {
  const base = new Edit(programOf([mov(0, 1), EXIT]), { by: "test" });
  base.set(all, id(0), "old");
  base.set(all, id(1), "old");
  const edit = new Edit(base.commit(), { by: "test" });
  edit.set(all, id(1), "new");
  edit.clear(all);
  const next = edit.commit();
  assertEquals([next.get(all, id(0)), next.get(all, id(1))], ["", "new"]);
  const only = new Edit(next, { by: "test" });
  only.clear(all);
  assertEquals(only.commit().has(all), false);
});

Deno.test("setting facts alone keeps the code object, so no analysis is lost", () => {
  const program = programOf([EXIT]);
  const edit = new Edit(program, { by: "test" });
  edit.set(all, id(0), "x");
  const next = edit.commit();
  assertStrictEquals(next.code, program.code);
  assertEquals(next.get(all, id(0)), "x");
});

Deno.test("the origin of new instructions has the old position and names the pass", () => {
  const edit = new Edit(programOf([mov(0, 1), EXIT]), { by: "some-pass" });
  edit.replace(id(0), [mov(0, 2), mov(0, 3)]);
  const next = edit.commit();
  assertEquals(next.code.origins.map((o) => [o.position?.line, o.by]), [
    [1, "some-pass"],
    [1, "some-pass"],
    [2, undefined],
  ]);
});

Deno.test("addSubprog can be called by the code of the same edit", () => {
  const edit = new Edit(programOf([mov(0, 1), EXIT]), { by: "test" });
  const added = edit.addSubprog([mov(0, 9), EXIT], { name: "extra", stackDepth: 16 });
  edit.replace(id(0), call(added));
  const next = edit.commit();
  assertEquals(shape(next), ["call extra", "exit", "extra:", "r0=9", "exit"]);
  assertEquals([next.subprog(added).hidden, next.get(stackDepth, added)], [true, 16]);
});

Deno.test("cloneSubprog copies code with its inner jumps, facts and depth", () => {
  const base = new Edit(programOf([call(1), EXIT], [branch(3), mov(0, 1), EXIT]), { by: "test" });
  base.set(all, id(3), "kept");
  base.set(stackDepth, sub(1), 24);
  const program = base.commit();
  const edit = new Edit(program, { by: "test" });
  const clone = edit.cloneSubprog(program, sub(1), { name: "copy", instanceOf: id(0) });
  const next = edit.commit();
  assertEquals(shape(next), [
    "call f1",
    "exit",
    "f1:",
    "if 3",
    "r0=1",
    "exit",
    "copy:",
    "if 6",
    "r0=1",
    "exit",
  ]);
  assertEquals(next.get(all, next.code.ids[6]), "kept");
  assertEquals(next.get(stackDepth, clone), 24);
  assertEquals(next.subprog(clone).instanceOf, id(0));
});

Deno.test("cloneSubprog of another program refuses references to its subprograms", () => {
  const other = programOf([EXIT], [call(0), EXIT]);
  const edit = new Edit(programOf([EXIT]), { by: "test" });
  assertThrows(() => edit.cloneSubprog(other, sub(1), { name: "copy" }), TypeError, "refers to a subprogram");
});

Deno.test("splice moves a body over its call: saves before, exits to what follows, the last one too", () => {
  const base = new Edit(
    programOf([branch(1), call(1), EXIT], [branch(5), EXIT, mov(0, 2), EXIT]),
    { by: "test" },
  );
  base.set(all, id(5), "kept");
  const edit = new Edit(base.commit(), { by: "test" });
  edit.splice(id(1), sub(1), {
    body: "kfunc",
    before: mov(6, 1),
    after: mov(6, 2),
    rewrite: (insn) => insn.kind === "alu" ? { ...insn, dst: 3 } : insn,
  });
  const next = edit.commit();
  assertEquals(shape(next), ["if 1", "r6=1", "if 4", "goto 6", "r3=2", "goto 6", "r6=2", "exit"]);
  assertEquals(next.subprogs.length, 1);
  assertEquals(next.get(all, id(5)), "kept");
  const origin = next.code.origins[next.indexOf(id(5))];
  assertEquals([origin.position?.line, origin.inlinedAt?.position?.line, origin.body], [6, 2, "kfunc"]);
});

Deno.test("splice can nest, and names the outer call behind the inner", () => {
  const edit = new Edit(programOf([call(1), EXIT], [call(2), EXIT], [mov(0, 1), EXIT]), { by: "test" });
  edit.splice(id(0), sub(1), { body: "outer" });
  edit.splice(id(2), sub(2), { body: "inner" });
  const next = edit.commit();
  assertEquals(shape(next), ["r0=1", "goto 2", "goto 3", "exit"]);
  const origin = next.code.origins[0];
  assertEquals(origin.inlinedAt?.position?.line, 3);
  assertEquals(origin.inlinedAt?.inlinedAt?.position?.line, 1);
  assertEquals(origin.body, "inner");
});

Deno.test("splice of a subprogram that is still called elsewhere is refused", () => {
  const edit = new Edit(programOf([call(1), call(1), EXIT], [EXIT]), { by: "test" });
  edit.splice(id(0), sub(1), { body: "f" });
  assertThrows(() => edit.commit(), RangeError, "is gone");
});

Deno.test("reserveStack adds up and scratch takes the maximum, both in aligned slots", () => {
  const base = new Edit(programOf([EXIT], [EXIT]), { by: "test" });
  base.set(stackDepth, sub(0), 12);
  base.set(stackDepth, sub(1), 0);
  const edit = new Edit(base.commit(), { by: "test" });
  assertEquals(edit.reserveStack(sub(0), 8), -24);
  assertEquals(edit.reserveStack(sub(0), 4), -32);
  assertEquals(edit.scratch(sub(0), 24), -32);
  assertEquals(edit.scratch(sub(0), 8), -32);
  assertEquals(edit.scratch(sub(1), 5), 0);
  const next = edit.commit();
  assertEquals([next.get(stackDepth, sub(0)), next.get(stackDepth, sub(1))], [56, 8]);
  assertThrows(() => edit.commit(), TypeError, "already committed");
});

Deno.test("stack is reserved before scratch is handed out, or refused", () => {
  const edit = new Edit(programOf([EXIT]), { by: "test" });
  edit.scratch(sub(0), 8);
  assertThrows(() => edit.reserveStack(sub(0), 8), TypeError, "scratch was already handed out");
  assertThrows(() => edit.scratch(sub(0), 0), RangeError, "positive number");
});

Deno.test("a subprogram nobody measured counts as using the whole stack", () => {
  const edit = new Edit(programOf([EXIT]), { by: "test" });
  assertEquals(edit.reserveStack(sub(0), 8), -520);
});

Deno.test("changing an instruction twice is refused", () => {
  const edit = new Edit(programOf([mov(0, 1), EXIT]), { by: "test" });
  edit.replace(id(0), mov(0, 2));
  assertThrows(() => edit.remove(id(0)), TypeError, "already replaces");
  assertThrows(() => edit.remove(id(9)), RangeError, "not part of this version");
});

Deno.test("a commit with very many changes takes linear time", () => {
  const insns: Insn[] = [];
  for (let i = 0; i < 200_000; i++) insns.push(branch(i));
  insns.push(EXIT);
  const program = programOf(insns);
  const edit = new Edit(program, { by: "test" });
  for (let i = 0; i < 200_000; i += 2) edit.replace(id(i), [mov(0, 1), jump(i)]);
  const start = performance.now();
  const next = edit.commit();
  assertEquals(next.length, 300_001);
  // A quadratic sweep would take minutes; a second leaves room for a busy machine.
  assertEquals(performance.now() - start < 5000, true);
});

Deno.test("a subprogram can be rearranged: ids, facts and positions go where the instructions go", () => {
  const program = programOf([mov(0, 1), branch(3), mov(0, 2), EXIT], [EXIT]);
  const marked = new Edit(program, { by: "mark" });
  marked.set(all, 2, "two");
  marked.set(none, 0, "zero");
  const edit = new Edit(marked.commit(), { by: "test" });
  const id = (n: number): InsnId => n as InsnId;
  edit.rearrange(0 as SubprogId, [
    // A changed descendant does not take the id from one that is the same.
    { insn: mov(1, 7) as Insn<number>, from: id(2), same: false },
    { insn: mov(0, 2) as Insn<number>, from: id(2), same: true },
    { insn: mov(0, 2) as Insn<number>, from: id(2), same: true },
    { insn: mov(0, 9) as Insn<number>, from: id(0), same: false },
    { insn: { ...branch(0), target: 1 } as Insn<number>, from: id(1), same: true },
    { insn: EXIT as Insn<number>, from: id(3), same: true },
  ]);
  const next = edit.commit();
  const { ids, insns, origins } = next.code;
  assertEquals([ids[1], ids[3], ids[4], ids[5]], [2, 0, 1, 3].map(id));
  assertEquals(new Set(ids).size, ids.length);
  assertEquals(insns[4], branch(2));
  assertEquals([next.get(all, ids[0]), next.get(all, ids[1]), next.get(all, ids[2])], ["", "two", "two"]);
  assertEquals(next.get(none, id(0)), "");
  assertEquals([origins[0].by, origins[3].by], ["test", "test"]);
  assertEquals(next.subprogs[0].entry, ids[0]);
  assertEquals(next.subprogs.length, 2);
});

Deno.test("rearranging refuses what is not there, and happens once", () => {
  const edit = new Edit(programOf([mov(0, 1), EXIT]), { by: "test" });
  const main = 0 as SubprogId;
  assertThrows(() => edit.rearrange(main, []), TypeError);
  assertThrows(
    () => edit.rearrange(main, [{ insn: EXIT as Insn<number>, from: 9 as InsnId, same: true }]),
    RangeError,
  );
  const away = { kind: "jump", target: 5, far: false } as const;
  assertThrows(() => edit.rearrange(main, [{ insn: away, from: 0 as InsnId, same: false }]), RangeError);
  edit.rearrange(main, [{ insn: EXIT as Insn<number>, from: 1 as InsnId, same: true }]);
  assertThrows(
    () => edit.rearrange(main, [{ insn: EXIT as Insn<number>, from: 1 as InsnId, same: true }]),
    TypeError,
  );
  edit.remove(0 as InsnId);
  assertThrows(() => edit.commit(), TypeError);
});

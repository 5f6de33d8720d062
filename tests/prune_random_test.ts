/**
 * Random programs, with facts from watching one run: for that run the facts hold, so after every pass the result must be the same.
 * And what the facts allow must be gone: no dead instruction, no branch that always goes one way.
 */
import { assertEquals } from "@std/assert";
import { Edit } from "../ir/edit.ts";
import { bpf } from "../ir/fragment.ts";
import { interpret, Memory } from "../ir/interpret.ts";
import type { Insn, InsnId } from "../ir/insn.ts";
import { parseText } from "../ir/parse_text.ts";
import { printProgram } from "../ir/print_text.ts";
import type { Program } from "../ir/program.ts";
import { randomOf } from "../ir/random_program.ts";
import { branchTaken, dead, stackDepth } from "../passes/facts.ts";
import { branchPrune, dce, lowerMayGoto, nopRemove } from "../passes/mod.ts";
import type { Pass } from "../passes/pass.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { TARGET } from "./golden.ts";
import { runNative } from "./golden_native.ts";
import { randomText } from "./random_text.ts";

/** Helper numbers from here on tell the test which instruction is about to run. */
const TRACE = 5000;

function run(program: Program, call?: (id: number) => void): bigint {
  return interpret(program, {
    r1: 0n,
    memory: new Memory(),
    keepsArguments: (callee) => callee.kind === "helper",
    call: (callee) => {
      if (callee.kind === "helper") call?.(callee.id - TRACE);
      return 0n;
    },
  }).r0;
}

/** The program with the facts of one run. */
function watched(program: Program): Program {
  const tracing = new Edit(program, { by: "trace" });
  for (const id of program.code.ids) {
    tracing.insertBefore(
      id,
      bpf`
      *(u64 *)(r10 -504) = r0
      call helper#${TRACE + id}
      r0 = *(u64 *)(r10 -504)
    `,
      { jumps: "move" },
    );
  }
  const seen = new Set<InsnId>();
  const jumped = new Set<InsnId>();
  const fell = new Set<InsnId>();
  const { insns } = program.code;
  let last: { readonly insn: Insn; readonly id: InsnId } | undefined;
  run(tracing.commit(), (number) => {
    const id = number as InsnId;
    if (last !== undefined && last.insn.kind === "branch") {
      const next = program.code.ids[program.indexOf(last.id) + 1];
      if (id === last.insn.target) jumped.add(last.id);
      if (id === next) fell.add(last.id);
    }
    seen.add(id);
    last = { insn: insns[program.indexOf(id)], id };
  });
  const edit = new Edit(program, { by: "watch" });
  for (const [i, id] of program.code.ids.entries()) {
    if (!seen.has(id)) edit.set(dead, id, true);
    if (insns[i].kind !== "branch") continue;
    const ways = jumped.has(id) ? (fell.has(id) ? "both" : "jumped") : fell.has(id) ? "fell" : "neither";
    edit.set(branchTaken, id, ways);
  }
  return edit.commit();
}

function lists(): Pass[][] {
  return [
    [branchPrune(), dce(), nopRemove(), lowerMayGoto()],
    [branchPrune({ rule: "kernel" }), dce(), nopRemove()],
    [dce()],
    [lowerMayGoto()],
  ];
}

Deno.test("random programs give the same result after every pass, on the interpreter and natively", () => {
  let native = 0, removed = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const plain = parseText(randomText(randomOf(2 * seed))).programs[0];
    const expected = run(plain);
    const program = watched(plain);
    for (const passes of lists()) {
      new Pipeline({
        passes,
        observers: [{
          name: "compare",
          after: (pass, next) => {
            const where = `seed ${seed}, after ${pass.name}\n${printProgram(plain)}\n${printProgram(next)}`;
            assertEquals(run(next), expected, where);
            if (passes.length < 4) return;
            const result = runNative(next, {
              given: new Map(),
              context: new Uint8Array(8),
              nameOf: () => "",
            });
            if (result === undefined) return;
            native++;
            assertEquals(result, expected, `natively, ${where}`);
          },
        }],
      }).run(program, { target: TARGET });
    }
    const { program: pruned } = new Pipeline({ passes: lists()[0].slice(0, 3) }).run(program, {
      target: TARGET,
    });
    removed += plain.length - pruned.length;
    for (const [i, id] of pruned.code.ids.entries()) {
      assertEquals(pruned.get(dead, id), false, `seed ${seed}: a dead instruction is left`);
      if (pruned.code.insns[i].kind !== "branch") continue;
      assertEquals(pruned.get(branchTaken, id), "both", `seed ${seed}: a decided branch is left`);
    }
    assertEquals(pruned.get(stackDepth, pruned.subprogs[0].id), 16);
  }
  // Otherwise the programs tried nothing.
  assertEquals(removed > 1000, true);
  if (native === 0) console.log("random programs ran on the interpreter only");
});

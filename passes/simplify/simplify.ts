/**
 * simplify: what is left of inlined code shall run as if it had been written in place.
 *
 * Moving a body over its call leaves arguments moved into registers from which the body moves them on, tests of what the caller knows, results
 * tested twice, and the same fields loaded at every call. This pass follows values through each subprogram, says every instruction as
 * cheaply as they allow, leads decided ways past branches, takes out what nobody reads, and lays the rest out so that the likely
 * path runs through.
 *
 * What it believes: a load of a body, or of what a context access became, gives the same as an earlier one where nothing was written in
 * between that may be the same place; and it may be left out. What the program's author loads through pointers to packets, maps
 * and other memory stays as often and where it is: others may write there, and programs wait for that. Stores stay, but for those to slots of
 * the frame that nobody reads. Calls stay.
 *
 * @module
 */
import { Edit } from "../../ir/edit.ts";
import type { Program } from "../../ir/program.ts";
import type { Pass } from "../pass.ts";
import { type Graph, graphOf } from "./graph.ts";
import { layOut, MAX_MOVED } from "./layout.ts";
import { removeDead } from "./liveness.ts";
import { propagate } from "./propagate.ts";
import { rewrite } from "./rewrite.ts";
import { thread, tidy } from "./thread.ts";

/** Rounds of all steps: each finds what the one before uncovered, and rarely anything after the third. */
const MAX_ROUNDS = 4;

/** The pass. */
export function simplify(): Pass {
  return {
    name: "simplify",
    summary:
      "Follows values: what is known is not computed, tested or loaded again; the likely path runs through",
    after: {
      verify: "the proof is of the program as it was written",
      "kfunc-inline": "it cleans up what splicing leaves",
      "nop-remove": "the kernel's sequences end where this pass begins",
      "lower-contexts": "accesses to the context must be recognised as such first",
      "lower-may-goto": "the counter is a slot like others",
      "lower-calls": "calls that become moves can be followed",
      "bpf-loop-inline": "the loop's counter is known in its first round",
    },
    run: simplifyProgram,
  };
}

function simplifyProgram(program: Program): Program {
  const edit = new Edit(program, { by: "simplify" });
  for (const subprog of program.subprogs) {
    const graph = graphOf(program, subprog);
    if (graph === undefined) continue;
    if (improve(graph)) edit.rearrange(subprog.id, layOut(graph, tidy(graph)));
  }
  return edit.commit();
}

/** Returns whether anything became better. */
function improve(graph: Graph): boolean {
  let size = 0;
  for (const { items } of graph.blocks) size += items.length;
  const budget = { left: size > MAX_MOVED ? 0 : 32 + (size >> 2) };
  let order = tidy(graph);
  let ever = false;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let changed = false;
    let propagation = propagate(graph, order);
    // Of this frame all accesses are relative to r10 behind the rewrite, which is what taking out dead stores relies on.
    const { frame } = propagation;
    if (rewrite(propagation)) {
      changed = true;
      order = tidy(graph);
      propagation = propagate(graph, order);
    }
    if (budget.left > 0 && thread(propagation, budget)) {
      changed = true;
      order = tidy(graph);
    }
    if (removeDead(graph, order, frame)) {
      changed = true;
      order = tidy(graph);
    }
    if (!changed) break;
    ever = true;
  }
  return ever;
}

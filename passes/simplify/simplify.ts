/**
 * simplify: what is left of inlined code shall run as if it had been written in place.
 *
 * Moving a body over its call leaves arguments moved into registers from which the body moves them on, tests of what the caller knows, results
 * tested twice, and the same fields loaded at every call. This pass follows values through each subprogram, says every instruction as
 * cheaply as they allow, leads decided ways past branches, takes out what nobody reads, and lays the rest out so that the likely
 * path runs through.
 *
 * What it believes: a load of a body, or of what a context access became, gives the same as an earlier one where nothing was written in
 * between that may be the same place; and it may be left out. Each round of a loop loads anew. What the program's author loads through pointers to packets, maps
 * and other memory stays as often and where it is: others may write there, and programs wait for that. Stores stay, but for those to slots of
 * the frame that nobody reads. Calls stay.
 *
 * @module
 */
import { Edit } from "../../ir/edit.ts";
import type { Program } from "../../ir/program.ts";
import type { Pass } from "../pass.ts";
import { type Graph, graphOf, orderOf } from "./graph.ts";
import { keep } from "./keep.ts";
import { layOut, MAX_MOVED } from "./layout.ts";
import { type Frame, removeDead } from "./liveness.ts";
import { propagate } from "./propagate.ts";
import { rewrite } from "./rewrite.ts";
import { skip, thread, tidy } from "./thread.ts";

/** Rounds of all steps: each finds what the one before uncovered; most programs need three, and three more behind `keep`. */
const MAX_ROUNDS = 8;

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
      "lower-calls":
        "calls that become moves can be followed, and leave r1 to r5 alone as code behind fastcall-remove relies on",
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

/** Instructions of the blocks that can be reached, but for jumps. */
function sizeOf(graph: Graph): number {
  let size = 0;
  for (const number of orderOf(graph).blocks) size += graph.blocks[number].items.length + 1;
  return size;
}

/** Returns whether anything became better. */
function improve(graph: Graph): boolean {
  const first = sizeOf(graph);
  // Copies may make a subprogram a quarter longer than it was, no more: most of what is copied dies in the same round.
  const limit = first > MAX_MOVED ? 0 : 32 + first + (first >> 2);
  let ever = false;
  let kept = false;
  let frame: Frame | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let order = tidy(graph);
    // Whether the frame's address gets away is asked twice: less of it may be left in the second round.
    let propagation = propagate(graph, order, round === 1 ? undefined : frame);
    // Of this frame all accesses are relative to r10 behind the rewrite, which is what taking out dead stores relies on.
    frame = propagation.frame;
    let changed = rewrite(propagation);
    if (changed) {
      order = tidy(graph);
      propagation = propagate(graph, order, frame);
    }
    // Both lead ways elsewhere, so they cannot use the same values.
    if (thread(propagation, { left: limit - sizeOf(graph) }) || limit > 0 && skip(propagation)) {
      changed = true;
      order = tidy(graph);
    }
    if (removeDead(graph, order, frame)) changed = true;
    ever ||= changed;
    if (changed) continue;
    if (kept) break;
    kept = true;
    if (!keep(propagation)) break;
  }
  return ever;
}

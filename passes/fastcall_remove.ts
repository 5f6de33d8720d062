/**
 * fastcall-remove: takes out the spills and fills that clang puts around calls which, inlined, do not clobber the registers.
 *
 * clang spills r1–r5 around every `bpf_fastcall` call so that the program also runs where the call is not inlined. verify
 * recognises the pattern and proves that the slots serve nothing else; this pass turns each spill and fill into `goto +0`, which
 * nop-remove deletes, and lowers the stack depth (`bpf_remove_fastcall_spills_fills` in Linux).
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { Program } from "../ir/program.ts";
import { stackDepth } from "../ir/stack_depth.ts";
import { fastcallDepth, fastcallSpills, KEEP_DEPTH } from "./facts.ts";
import type { Pass } from "./pass.ts";

/** The pass. */
export function fastcallRemove(): Pass {
  return {
    name: "fastcall-remove",
    summary: "Removes spills and fills around calls that preserve registers once inlined",
    after: { verify: "verify marks the calls whose spills serve nothing else" },
    before: {
      "stack-check": "without the spills the stack may be shallower, and fit",
      "bpf-loop-inline": "it lowers the stack depth, below which bpf-loop-inline puts its slots",
    },
    needs: [fastcallSpills, fastcallDepth],
    ends: [fastcallSpills, fastcallDepth],
    run: removeSpills,
  };
}

function removeSpills(program: Program): Program {
  const { ids } = program.code;
  const edit = new Edit(program, { by: "fastcall-remove" });
  for (let s = 0; s < program.subprogs.length; s++) {
    const start = program.starts[s], end = program.starts[s + 1];
    let modified = false;
    for (let i = start; i < end; i++) {
      const pairs = program.get(fastcallSpills, ids[i]);
      if (pairs === 0) continue;
      if (i - pairs < start || i + pairs + 1 >= end) {
        throw new RangeError(
          `Cannot remove ${pairs} spills around position ${i}: the subprogram ends before`,
        );
      }
      for (let j = 1; j <= pairs; j++) {
        for (const at of [i - j, i + j]) {
          edit.replace(ids[at], { kind: "jump", target: ids[at + 1], far: false });
        }
      }
      modified = true;
    }
    const subprog = program.subprogs[s];
    const depth = program.get(fastcallDepth, subprog.id);
    if (modified && depth !== KEEP_DEPTH) edit.set(stackDepth, subprog.id, depth);
  }
  return edit.commit();
}

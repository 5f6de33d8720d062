/**
 * fastcall-remove: takes out the spills and fills that clang puts around calls which, inlined, do not clobber the registers.
 *
 * clang spills r1–r5 around every `bpf_fastcall` call so that the program also runs where the call is not inlined. verify
 * recognises the pattern and proves that the slots serve nothing else; this pass turns each spill and fill into `goto +0`, which
 * nop-remove deletes, and lowers the stack depth (`bpf_remove_fastcall_spills_fills` in Linux).
 *
 * Where another pass has changed the surroundings since, the spills stay: code put between a spill and its fill may count on
 * both, and stack that was taken meanwhile lies below the old depth, which then stays too.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { Program } from "../ir/program.ts";
import { stackDepth } from "../ir/stack_depth.ts";
import { fastcallDepth, fastcallSpills } from "./facts.ts";
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
    let removed = 0, left = 0;
    for (let i = program.starts[s]; i < program.starts[s + 1]; i++) {
      const pairs = program.get(fastcallSpills, ids[i]);
      if (pairs === 0) continue;
      if (!isPattern(program, { s, call: i, pairs })) {
        left++;
        continue;
      }
      for (let j = 1; j <= pairs; j++) {
        for (const at of [i - j, i + j]) {
          edit.replace(ids[at], { kind: "jump", target: ids[at + 1], far: false });
        }
      }
      removed++;
    }
    const { id } = program.subprogs[s];
    const depth = program.get(fastcallDepth, id);
    if (removed > 0 && left === 0 && depth !== null && depth.from === program.get(stackDepth, id)) {
      edit.set(stackDepth, id, depth.to);
    }
  }
  return edit.commit();
}

interface Place {
  /** Index of the subprogram. */
  readonly s: number;
  readonly call: number;
  readonly pairs: number;
}

/** Whether the spills and fills still stand around the call as verify saw them; a pass may have put code in between. */
function isPattern(program: Program, { s, call, pairs }: Place): boolean {
  if (call - pairs < program.starts[s] || call + pairs >= program.starts[s + 1] - 1) return false;
  const { insns } = program.code;
  for (let j = 1; j <= pairs; j++) {
    const spill = insns[call - j], fill = insns[call + j];
    const matches = spill.kind === "store" && fill.kind === "load" && spill.src.kind === "reg" &&
      spill.size === 8 && fill.size === 8 && spill.base === 10 && fill.base === 10 &&
      spill.offset === fill.offset && spill.src.reg === fill.dst;
    if (!matches) return false;
  }
  return true;
}

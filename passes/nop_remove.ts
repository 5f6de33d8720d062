/**
 * nop-remove: deletes jumps to the next instruction.
 *
 * As in Linux (`opt_remove_nops`): one scan from the first instruction to the last takes out every `goto +0` in its short form and
 * every `may_goto +0`; after a `may_goto` the instruction before is looked at again, so that a chain `may_goto +1; may_goto +0`
 * goes whole, whereas of `goto +1; goto +0` the first stays, being a `goto +0` only now.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { Program } from "../ir/program.ts";
import type { Pass } from "./pass.ts";

/** The pass. */
export function nopRemove(): Pass {
  return {
    name: "nop-remove",
    summary: "Deletes jumps to the next instruction",
    after: {
      dce: "a jump over dead code becomes a jump to the next instruction when that code goes",
      "fastcall-remove": "it leaves a jump to the next instruction for every spill it removes",
    },
    before: {
      "kfunc-inline": "the last exit of a spliced body stays as `goto +0`, as in the kernel's sequences",
    },
    run: removeNops,
  };
}

function removeNops(program: Program): Program {
  const { insns, ids } = program.code;
  const edit = new Edit(program, { by: "nop-remove" });
  /** Positions still there, in order, up to the one being looked at. */
  const kept = new Int32Array(insns.length);
  let count = 0;
  const jumpsTo = (position: number, next: number): boolean => {
    const insn = insns[position];
    if (insn.kind === "jump" ? insn.far : insn.kind !== "may_goto") return false;
    if (insn.kind !== "jump" && insn.kind !== "may_goto") return false;
    // Everything between `position` and `next` is gone, so a target in between lands on `next`.
    const target = program.indexOf(insn.target);
    return target > position && target <= next;
  };
  for (let i = 0; i < insns.length; i++) {
    if (!jumpsTo(i, i + 1)) {
      kept[count++] = i;
      continue;
    }
    edit.remove(ids[i]);
    let last = i;
    while (insns[last].kind === "may_goto" && count > 0 && jumpsTo(kept[count - 1], i + 1)) {
      last = kept[--count];
      edit.remove(ids[last]);
    }
  }
  return edit.commit();
}

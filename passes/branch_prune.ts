/**
 * branch-prune: a conditional jump that never went one way becomes an unconditional one, so that dce can take the other way out.
 *
 * Two rules. `flags` asks the jump itself which ways it went (the first patch of "inlinable kfuncs for BPF", 2024): it folds
 * even where both successors are reached, but never both from this jump. `kernel` asks whether a successor was reached at all,
 * as Linux does; it folds less, and is there to compare rewritten programs with a kernel's.
 *
 * | went | flags | kernel |
 * | --- | --- | --- |
 * | jumped only | `goto target` | the same if the next instruction is dead |
 * | fell only | `goto +0` | the same if the target is dead |
 * | both | stays | stays |
 * | neither | stays; it is dead, dce deletes it | becomes a `goto`, which dce deletes |
 *
 * A folded jump is not removed here: `goto +0` is left to nop-remove, as the order of the kernel's passes has it.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { InsnId } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { branchTaken, dead } from "./facts.ts";
import type { Pass } from "./pass.ts";

/** How branch-prune decides; see the module's header. */
export interface BranchPruneOptions {
  /** `flags` if left out. */
  readonly rule?: "flags" | "kernel";
}

/**
 * The pass.
 *
 * @example
 * ```ts
 * import { branchPrune } from "./branch_prune.ts";
 * const asTheKernelDoes = branchPrune({ rule: "kernel" });
 * console.log(asTheKernelDoes.name);
 * ```
 */
export function branchPrune(options: BranchPruneOptions = {}): Pass {
  const rule = options.rule ?? "flags";
  return {
    name: "branch-prune",
    summary: "Turns conditional jumps that never went one way into unconditional ones",
    after: { verify: "which ways a jump goes is what verify saw" },
    before: { dce: "a jump must no longer lead to dead code when that code goes" },
    needs: rule === "flags" ? [branchTaken] : [dead],
    run: (program) => prune(program, rule),
  };
}

function prune(program: Program, rule: "flags" | "kernel"): Program {
  const edit = new Edit(program, { by: "branch-prune" });
  const { insns, ids } = program.code;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i];
    if (insn.kind !== "branch" && (rule === "flags" || insn.kind !== "may_goto")) continue;
    if (insn.kind !== "branch" && insn.kind !== "may_goto") continue;
    const next = i + 1 < ids.length ? ids[i + 1] : undefined;
    const folded = rule === "flags" ? foldByFlags(program, ids[i]) : foldByReach(program, insn.target, next);
    if (folded === "jump") edit.replace(ids[i], { kind: "jump", target: insn.target, far: false });
    else if (folded === "fall" && next !== undefined) {
      edit.replace(ids[i], { kind: "jump", target: next, far: false });
    }
  }
  return edit.commit();
}

/** What becomes of a jump: always taken, never taken, or left alone. */
type Folded = "jump" | "fall" | "stay";

function foldByFlags(program: Program, id: InsnId): Folded {
  switch (program.get(branchTaken, id)) {
    case "jumped":
      return "jump";
    case "fell":
      return "fall";
    case "both":
    case "neither":
      return "stay";
  }
}

function foldByReach(program: Program, target: InsnId, next: InsnId | undefined): Folded {
  if (next !== undefined && program.get(dead, next)) return "jump";
  return program.get(dead, target) ? "fall" : "stay";
}

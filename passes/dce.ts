/**
 * dce: deletes the instructions that verify never reached, and the subprograms that nothing calls any more.
 *
 * It trusts the fact `dead` alone and finds out nothing by itself, so new code is never taken for dead. A subprogram goes when all
 * its instructions are dead, or when it is not global and neither the main program nor a callback of it can reach it; an
 * instance (see kfunc-instantiate) counts as called by the call it was cloned for.
 *
 * A callback that is never called is dead although its address is taken (`r2 = func f ll` with zero iterations to go). The address
 * becomes {@linkcode DEAD_ADDRESS}: nobody calls it, and what can be observed of it, that it is not null, stays.
 *
 * Dead code may hold up live code's shape: if branch-prune did not run, a jump can still name a dead instruction, or a branch
 * fall into one. Such a jump lands on the next live instruction, harmlessly as it is never taken; only where there is none in the
 * subprogram, the dead tail stays.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { Insn, SubprogId } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { subprogOf, targetOf } from "../ir/references.ts";
import { dead } from "./facts.ts";
import type { Pass } from "./pass.ts";

/** What the address of a subprogram becomes that is never called: any number but 0. */
export const DEAD_ADDRESS = 1n;

/** The pass. */
export function dce(): Pass {
  return {
    name: "dce",
    summary: "Deletes instructions that are never reached, and subprograms that nothing calls",
    after: { verify: "what is dead is what verify never visited" },
    before: { "nop-remove": "a jump over dead code becomes a jump to the next instruction" },
    needs: [dead],
    run: removeDead,
  };
}

function removeDead(program: Program): Program {
  const keep = keptInsns(program);
  const live = calledSubprogs(program, keep);
  const { insns, ids } = program.code;
  const edit = new Edit(program, { by: "dce" });
  for (let s = 0; s < program.subprogs.length; s++) {
    const subprog = program.subprogs[s];
    if (!live.has(subprog.id)) {
      edit.removeSubprog(subprog.id);
      continue;
    }
    for (let i = program.starts[s]; i < program.starts[s + 1]; i++) {
      const insn = insns[i];
      if (keep[i] === 0) edit.remove(ids[i]);
      else if (insn.kind === "imm64" && insn.value.kind === "func" && !live.has(insn.value.subprog)) {
        edit.replace(ids[i], { ...insn, value: { kind: "const", value: DEAD_ADDRESS } });
      }
    }
  }
  return edit.commit();
}

/** By position: 1 for what stays. All dead code goes but tails that live code still refers to. */
function keptInsns(program: Program): Uint8Array {
  const { insns, ids } = program.code;
  const keep = new Uint8Array(insns.length);
  for (let i = 0; i < insns.length; i++) keep[i] = program.get(dead, ids[i]) ? 0 : 1;
  for (let s = 0; s < program.subprogs.length; s++) {
    const start = program.starts[s], end = program.starts[s + 1];
    let tail = end;
    while (tail > start && keep[tail - 1] === 0) tail--;
    if (tail === end || tail === start) continue;
    let needed = !endsPath(insns[tail - 1]);
    for (let i = start; i < tail && !needed; i++) {
      const target = keep[i] === 1 ? targetOf(insns[i]) : undefined;
      needed = target !== undefined && program.indexOf(target) >= tail;
    }
    if (needed) keep.fill(1, tail, end);
  }
  return keep;
}

/** Whether control never falls out of the instruction. */
function endsPath(insn: Insn): boolean {
  return insn.kind === "exit" || insn.kind === "jump";
}

/** The subprograms that stay: reached by references from code that stays. */
function calledSubprogs(program: Program, keep: Uint8Array): ReadonlySet<SubprogId> {
  const { insns } = program.code;
  const indexById = new Map(program.subprogs.map((s, i) => [s.id, i]));
  const instancesOf = new Map<number, SubprogId[]>();
  const live = new Set<SubprogId>();
  const work: SubprogId[] = [];
  const reach = (id: SubprogId): void => {
    if (live.has(id)) return;
    live.add(id);
    work.push(id);
  };
  for (const [s, subprog] of program.subprogs.entries()) {
    if (subprog.instanceOf !== undefined) {
      const at = program.indexOf(subprog.instanceOf);
      instancesOf.set(at, [...instancesOf.get(at) ?? [], subprog.id]);
    } else if (s === 0 || (subprog.linkage === "global" && hasKept(program, { s, keep }))) {
      reach(subprog.id);
    }
  }
  for (let id = work.pop(); id !== undefined; id = work.pop()) {
    const s = indexById.get(id)!;
    // Called by code that stays, yet dead: the facts disagree, so nothing is known and it stays whole.
    if (!hasKept(program, { s, keep })) keep.fill(1, program.starts[s], program.starts[s + 1]);
    for (let i = program.starts[s]; i < program.starts[s + 1]; i++) {
      if (keep[i] === 0) continue;
      const insn = insns[i];
      const referred = subprogOf(insn);
      if (referred !== undefined) {
        const neverCalled = insn.kind === "imm64" && !hasKept(program, { s: indexById.get(referred)!, keep });
        if (!neverCalled) reach(referred);
      }
      for (const instance of instancesOf.get(i) ?? []) reach(instance);
    }
  }
  return live;
}

function hasKept(program: Program, where: { readonly s: number; readonly keep: Uint8Array }): boolean {
  return where.keep.subarray(program.starts[where.s], program.starts[where.s + 1]).includes(1);
}

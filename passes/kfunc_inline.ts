/**
 * kfunc-inline: moves each instance of a kfunc's body over the call it was made for, and drops all instances.
 *
 * The instance has been explored and pruned like any other code; what is left of it decides what it costs:
 *
 * - r6 to r9 that it mentions are saved below the caller's frame before it and restored behind it, in reverse order;
 * - its own stack slots come below the saves: every access relative to r10 moves down;
 * - calls in one subprogram share those bytes, so the frame grows by the largest need, not by the sum;
 * - each `exit` becomes a jump behind it. The last one stays as `goto +0`: nop-remove has already run, as in the kernel.
 *
 * A call stays a call where the frame pointer escapes into a register or memory (an address in the caller's frame would be
 * another address), or where the grown frame would make some chain of calls deeper than the stack. Both are reported.
 *
 * The body may clobber r1 to r5 as any call does. It is not looked at again: whether it does what the function does is the
 * module's word, see docs/trust.md.
 *
 * @module
 */
import { columnsOf } from "../ir/columns.ts";
import { RejectedError } from "../ir/diagnostic.ts";
import { Edit } from "../ir/edit.ts";
import type { InsnId, SubprogId } from "../ir/insn.ts";
import type { Program, Subprog } from "../ir/program.ts";
import { type BodyNeeds, scanBody } from "./body_scan.ts";
import type { Pass, PassContext } from "./pass.ts";
import { bytesOf, codeOf, spliceBody } from "./splice_body.ts";
import { checkStackDepth } from "./stack_check.ts";

/** The pass. */
export function kfuncInline(): Pass {
  return {
    name: "kfunc-inline",
    summary: "Moves the bodies of kernel functions over the calls they were instantiated for",
    after: {
      "kfunc-instantiate": "only instances are inlined",
      "branch-prune": "an escape on a path that cannot be taken must not keep the call",
      dce: "what is dead in a body must not cost the caller registers or stack",
      "stack-check":
        "chains are measured as the program's author wrote them; this pass looks after what it adds",
      "bpf-loop-inline": "its slots lie between the author's frame and the body's",
    },
    run: inlineInstances,
  };
}

/** An instance and what it takes to move it over its call. */
interface Candidate {
  readonly instance: Subprog;
  readonly call: InsnId;
  /** The subprogram that holds the call. */
  readonly caller: SubprogId;
  readonly needs: BodyNeeds;
  /** Bytes that it adds below the caller's frame. */
  readonly bytes: number;
}

function inlineInstances(program: Program, context: PassContext): Program {
  const instances = program.subprogs.filter((s) => s.instanceOf !== undefined);
  if (instances.length === 0) return program;
  const kept: { instance: Subprog; why: string }[] = [];
  let candidates: Candidate[] = [];
  for (const instance of instances) {
    const candidate = candidateOf(program, instance);
    if (candidate === undefined) kept.push({ instance, why: "its call is gone" });
    else if (candidate.needs.escapes) kept.push({ instance, why: "r10 escapes" });
    else candidates.push(candidate);
  }
  const jit = context.target.jit;
  let next = splice(program, candidates);
  // Give up the most expensive bodies until every chain of calls fits; bodies that need no stack always do.
  while (candidates.some((c) => c.bytes > 0) && !fits(next, jit)) {
    const most = Math.max(...candidates.map((c) => c.bytes));
    for (const c of candidates) {
      if (c.bytes === most) kept.push({ instance: c.instance, why: "the stack would be too deep" });
    }
    candidates = candidates.filter((c) => c.bytes < most);
    next = splice(program, candidates);
  }
  report(program, { context, candidates, kept });
  return next;
}

/** Undefined if the call does not exist any more. */
function candidateOf(program: Program, instance: Subprog): Candidate | undefined {
  const call = instance.instanceOf!;
  const position = program.indexOf(call);
  if (position < 0 || program.code.insns[position].kind !== "call") return undefined;
  const needs = scanBody(codeOf(program, instance));
  return { instance, call, caller: program.subprogAt(position).id, needs, bytes: bytesOf(needs) };
}

/** The version with the candidates' instances over their calls, and without any other instance. */
function splice(program: Program, candidates: readonly Candidate[]): Program {
  const edit = new Edit(program, { by: "kfunc-inline" });
  const spliced = new Set<SubprogId>();
  for (const { instance, call, caller, needs } of candidates) {
    spliceBody(edit, { call, caller, callee: instance, needs });
    spliced.add(instance.id);
  }
  for (const subprog of program.subprogs) {
    if (subprog.instanceOf !== undefined && !spliced.has(subprog.id)) edit.removeSubprog(subprog.id);
  }
  return edit.commit();
}

function fits(program: Program, jit: boolean): boolean {
  try {
    checkStackDepth(program, { jit });
    return true;
  } catch (error) {
    if (error instanceof RejectedError) return false;
    throw error;
  }
}

function report(
  program: Program,
  what: {
    readonly context: PassContext;
    readonly candidates: readonly Candidate[];
    readonly kept: readonly { readonly instance: Subprog; readonly why: string }[];
  },
): void {
  const { slot } = columnsOf(program);
  const place = (call: InsnId) => {
    const position = program.indexOf(call);
    const source = position < 0 ? undefined : program.code.origins[position].position;
    return {
      insn: call,
      ...(position < 0 ? {} : { slot: slot[position] }),
      ...(source === undefined ? {} : { position: source }),
    };
  };
  for (const { instance, call } of what.candidates) {
    const at = place(call);
    what.context.report({
      code: "kfunc-inline/inlined",
      message: `Inlining kfunc ${instance.name} at insn ${at.slot}`,
      ...at,
    });
  }
  for (const { instance, why } of what.kept) {
    const at = place(instance.instanceOf!);
    if (at.slot === undefined) continue;
    what.context.report({
      code: "kfunc-inline/kept",
      message: `Can't inline kfunc ${instance.name} at insn ${at.slot}, ${why}`,
      ...at,
    });
  }
}

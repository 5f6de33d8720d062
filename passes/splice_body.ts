/**
 * Moving a function's code over a call of it in another frame: register saves, stack offsets, exits.
 *
 * `kfunc-inline` does it with instances of bodies; registration of modules does it with the static functions that a compiled body
 * calls ({@linkcode flattenBody}), so that a body is one piece.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { Insn, InsnId, SubprogId } from "../ir/insn.ts";
import type { Program, Subprog } from "../ir/program.ts";
import { MAX_STACK, STACK_SLOT, stackDepth } from "../ir/stack_depth.ts";
import { type BodyNeeds, scanBody, shiftStack } from "./body_scan.ts";

/** A function to be moved over a call. */
export interface BodySplice {
  readonly call: InsnId;
  /** The subprogram that holds the call. */
  readonly caller: SubprogId;
  /** The subprogram whose code it is; it ends to exist. */
  readonly callee: Subprog;
  readonly needs: BodyNeeds;
}

/** Bytes of stack that a splice adds below its caller's frame. */
export function bytesOf(needs: BodyNeeds): number {
  return needs.saved.length * STACK_SLOT + needs.stackBytes;
}

/**
 * Moves the code: r6 to r9 that it mentions are saved directly below the caller's frame, in ascending order, and restored in
 * reverse; its own slots come below. All splices of one caller share those bytes.
 */
export function spliceBody(edit: Edit, splice: BodySplice): void {
  const { call, caller, callee, needs } = splice;
  const bytes = bytesOf(needs);
  const end = bytes > 0 ? edit.scratch(caller, bytes) : 0;
  const slots = needs.saved.map((reg, i) => ({ reg, offset: end - STACK_SLOT * (i + 1) }));
  const shift = end - STACK_SLOT * slots.length;
  edit.splice(call, callee.id, {
    body: callee.name,
    before: slots.map(({ reg, offset }): Insn => ({
      kind: "store",
      size: 8,
      base: 10,
      offset,
      src: { kind: "reg", reg },
    })),
    after: slots.toReversed().map(({ reg, offset }): Insn => ({
      kind: "load",
      size: 8,
      signed: false,
      dst: reg,
      base: 10,
      offset,
    })),
    rewrite: (insn) => shiftStack(insn, shift),
  });
}

/** The instructions of a subprogram. */
export function codeOf(program: Program, subprog: Subprog): readonly Insn[] {
  const at = program.subprogs.indexOf(subprog);
  return program.code.insns.slice(program.starts[at], program.starts[at + 1]);
}

/** Rounds of splicing, each one level of calls: more is recursion, or as good as. */
const MAX_LEVELS = 8;
/** Instructions a flattened body may have: bodies beyond that are not worth copying to each call. */
const MAX_BODY = 4096;

/**
 * A program of several subprograms as one: every call of a subprogram in the main program becomes that subprogram's code.
 *
 * @throws {TypeError} If that is not possible: recursion, a function's address taken, a frame pointer handed around, more stack than
 *   there is, or a size beyond reason.
 */
export function flattenBody(program: Program): Program {
  let now = measured(program);
  for (let level = 0;; level++) {
    const calls = callsIn(now);
    if (calls.length === 0) break;
    if (level === MAX_LEVELS) throw new TypeError("it calls itself, or too many functions deep");
    const cloning = new Edit(now, { by: "flatten" });
    const clones = calls.map(({ call, callee }) =>
      cloning.cloneSubprog(now, callee, { name: now.subprog(callee).name, instanceOf: call })
    );
    const cloned = cloning.commit();
    const edit = new Edit(cloned, { by: "flatten" });
    calls.forEach(({ call }, i) => {
      const callee = cloned.subprog(clones[i]);
      const needs = scanBody(codeOf(cloned, callee));
      if (needs.escapes) throw new TypeError(`its function ${callee.name} hands its frame pointer around`);
      spliceBody(edit, { call, caller: cloned.subprogs[0].id, callee, needs });
    });
    now = edit.commit();
    if (now.starts[1] > MAX_BODY) throw new TypeError(`it has more than ${MAX_BODY} instructions`);
    if (now.get(stackDepth, now.subprogs[0].id) > MAX_STACK) {
      throw new TypeError(`it needs more than ${MAX_STACK} bytes of stack`);
    }
  }
  const rest = new Edit(now, { by: "flatten" });
  for (const subprog of now.subprogs.slice(1)) rest.removeSubprog(subprog.id);
  return rest.commit();
}

/** The program with the depth of its main subprogram measured, so that what is spliced in lies directly below. */
function measured(program: Program): Program {
  const main = program.subprogs[0];
  const edit = new Edit(program, { by: "flatten" });
  edit.set(stackDepth, main.id, scanBody(codeOf(program, main)).stackBytes);
  return edit.commit();
}

function callsIn(program: Program): { readonly call: InsnId; readonly callee: SubprogId }[] {
  const calls: { readonly call: InsnId; readonly callee: SubprogId }[] = [];
  for (let i = 0; i < program.starts[1]; i++) {
    const insn = program.code.insns[i];
    if (insn.kind === "imm64" && insn.value.kind === "func") {
      throw new TypeError("it takes the address of a function");
    }
    if (insn.kind === "call" && insn.callee.kind === "subprog") {
      calls.push({ call: program.code.ids[i], callee: insn.callee.subprog });
    }
  }
  return calls;
}

/**
 * Programs with the bound put in that an explanation says would have sufficed: to hold the advice against the verifier.
 *
 * @module
 */
import { columnsOf } from "../../../ir/columns.ts";
import { Edit } from "../../../ir/edit.ts";
import { bpf } from "../../../ir/fragment.ts";
import type { Program } from "../../../ir/program.ts";
import type { Explanation } from "../explain/explain.ts";

/** Slots that {@linkcode withBound} puts in. */
export const BOUND_SLOTS = 3;

/** The program that leaves with 0 where the bound does not hold; undefined if none is named, or it takes more than an immediate. */
export function withBound(program: Program, { bound }: Explanation): Program | undefined {
  if (bound === undefined || BigInt(bound.max) > 0x7fff_ffffn) return undefined;
  const edit = new Edit(program, { by: "bounded" });
  const id = program.code.ids[columnsOf(program).position[bound.before.insn]];
  const check = bpf`
    if r${bound.register} <= ${Number(bound.max)} goto fine
    r0 = 0
    exit
  fine:
  `;
  edit.insertBefore(id, check, { jumps: "move" });
  return edit.commit();
}

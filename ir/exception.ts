/**
 * What a program does with an exception (`bpf_throw`): a tag of its main function may name a global function that says what is returned.
 *
 * @module
 */
import type { Program, Subprog } from "./program.ts";

/** How the tag of the main function begins that names the callback. */
export const EXCEPTION_CALLBACK_TAG = "exception_callback:";

/** The subprogram that turns what is thrown into what the program returns; undefined if the thrown number itself is returned. */
export function exceptionCallback(program: Program): Subprog | undefined {
  const { btf } = program.unit, main = program.subprogs[0].btfId;
  if (btf === undefined || main === 0) return undefined;
  const tag = btf.tags(main).find((text) => text.startsWith(EXCEPTION_CALLBACK_TAG));
  if (tag === undefined) return undefined;
  const id = btf.find(tag.slice(EXCEPTION_CALLBACK_TAG.length), "func");
  return id === 0 ? undefined : program.subprogs.findLast((subprog) => subprog.btfId === id);
}

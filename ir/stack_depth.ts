/**
 * How much stack a subprogram uses: the one fact that edits themselves maintain, because code that is inserted may need slots.
 *
 * `verify` writes it, from the lowest access it saw; `Edit.reserveStack` and `Edit.scratch` raise it, `fastcall-remove` lowers
 * it; back ends allocate frames by it. Nothing here computes it.
 *
 * @module
 */
import { defineFact, type Fact } from "./fact.ts";

/** `MAX_BPF_STACK`: bytes below r10 that a frame may use (include/linux/filter.h). */
export const MAX_STACK = 512;

/** The unit in which stack is handed out, in bytes: registers are saved in slots of this size. */
export const STACK_SLOT = 8;

/**
 * Bytes below r10 that the subprogram uses. The initial value is the whole stack: a subprogram nobody measured may use all of it,
 * so what is reserved lies below everything that it can reach.
 */
export const stackDepth: Fact<number> = defineFact("stack_depth", MAX_STACK, {
  scope: "subprog",
  follows: "none",
});

/** The next multiple of {@linkcode STACK_SLOT} at or above a number of bytes. */
export function slotAligned(bytes: number): number {
  return (bytes + STACK_SLOT - 1) & -STACK_SLOT;
}

/**
 * The jump history of the path since its last state: which instructions were reached other than by falling through, which
 * touched the stack, and which registers gained a range together. Backtracking reads it from the newest entry to the oldest.
 *
 * Entries are linked from new to old and never change after their instruction, so states share them: saving and restoring a
 * path copies one pointer.
 *
 * @module
 */
import { W } from "./arena.ts";
import { allocate } from "./blocks.ts";
import type { Env } from "../env.ts";

/** Word of an entry: the entry before, 0 = none. */
export const H_PREV = 0;
/** Word of an entry: the slot. */
export const H_IDX = 1;
/** Word of an entry: the slot executed before it, -1 at an entry. */
export const H_PREV_IDX = 2;
/** Word of an entry: {@linkcode HF_STACK_ACCESS} and its kin. */
export const H_FLAGS = 3;
/** Word of an entry: linked registers, first half; see `linked.ts`. */
export const H_LINKED = 4;
/**
 * Word of an entry: registers that were looked for from behind it, so that everything before is marked for them; the frame they are
 * of in bits 16 and up.
 */
export const H_SOUGHT = 6;
const H_WORDS = 7;

/** Bits of the flags that hold the frame of a stack access. */
export const HF_FRAME_MASK = 7;
/** Shift of the slot of a stack access: 6 bits. */
export const HF_SPI_SHIFT = 3;
/** The instruction spilled a register to a slot, or filled one from it. */
export const HF_STACK_ACCESS = 1 << 9;
/** The branch's left operand is a stack pointer. */
export const HF_DST_STACK = 1 << 10;
/** The branch's right operand is a stack pointer. */
export const HF_SRC_STACK = 1 << 11;

/** The flags of a spill or fill. */
export function stackAccessFlags(frame: number, spi: number): number {
  return HF_STACK_ACCESS | (spi << HF_SPI_SHIFT) | frame;
}

/** Records the current instruction, or adds to its record. `linkedLo` and `linkedHi` are 0 where no registers are linked. */
export function pushHistory(env: Env, flags: number, linkedLo: number, linkedHi: number): void {
  const entry = env.historyEntry;
  if (entry !== 0) {
    W[entry + H_FLAGS] |= flags;
    W[entry + H_LINKED] = linkedLo;
    W[entry + H_LINKED + 1] = linkedHi;
    return;
  }
  const at = allocate(H_WORDS);
  W[at + H_PREV] = env.history;
  W[at + H_IDX] = env.insnIdx;
  W[at + H_PREV_IDX] = env.prevInsnIdx;
  W[at + H_FLAGS] = flags;
  W[at + H_LINKED] = linkedLo;
  W[at + H_LINKED + 1] = linkedHi;
  W[at + H_SOUGHT] = 0;
  env.history = at;
  env.historyCount++;
  env.historyEntry = at;
}

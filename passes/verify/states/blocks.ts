/**
 * Allocation behind the values: saved states, by size, and history entries. Freed states go to lists by size class.
 *
 * @module
 */
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { W } from "./arena.ts";
import { ARENA_WORDS, BLOCKS } from "./layout.ts";

/** Words by which state blocks are rounded up. */
const CLASS_WORDS = 32;

let bump = BLOCKS;
const free = new Int32Array(1 << 10);

/** Forgets all blocks; done at the start of a verification. */
export function resetBlocks(): void {
  bump = BLOCKS;
  free.fill(0);
}

/**
 * Words for something that lives as long as the verification. Not cleared.
 *
 * @throws {UnsupportedError} If the arena is full.
 */
export function allocate(words: number): number {
  const at = bump;
  bump += words;
  if (bump > ARENA_WORDS) throw new UnsupportedError("a verification whose states need more than 1 GiB");
  return at;
}

/** A block of at least `words` words; its first word holds its size class. The rest is not cleared. */
export function allocateBlock(words: number): number {
  const size = (words + CLASS_WORDS - 1) >>> 5;
  const head = free[size];
  if (head !== 0) {
    free[size] = W[head + 1];
    return head;
  }
  const at = allocate(size * CLASS_WORDS);
  W[at] = size;
  return at;
}

/** Gives a block back. */
export function freeBlock(at: number): void {
  const size = W[at];
  W[at + 1] = free[size];
  free[size] = at;
}

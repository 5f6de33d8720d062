/**
 * The control flow as the verifier's analyses use it: for each slot where it can go next within its subprogram, and the slots of
 * each subprogram in postorder. Calls fall through; what they call is another subprogram's flow.
 *
 * @module
 */
import { words } from "../../../ir/words.ts";
import type { Columns } from "../../../ir/columns.ts";

/** See the module's header. */
export interface Flow {
  /** By slot: the next slot if control can fall through, else -1. */
  readonly next: Int32Array;
  /** By slot: the target of a jump, else -1. */
  readonly jump: Int32Array;
  /** Slots in postorder, subprogram by subprogram. */
  readonly postorder: Int32Array;
  /** By subprogram in layout order: where its part of `postorder` begins; one more at the end. */
  readonly postorderStart: Int32Array;
  /** By slot: where it stands in `postorder`; -1 if control never gets there. */
  readonly position: Int32Array;
}

/** By slot, the slots that control may come from within the subprogram: those of slot `i` are `slots[start[i]]` to `slots[start[i + 1]]`. */
export interface Predecessors {
  readonly start: Int32Array;
  readonly slots: Int32Array;
}

/** Turns the edges of a flow around. */
export function predecessorsOf(flow: Flow): Predecessors {
  const n = flow.next.length, start = words(n + 2);
  for (let i = 0; i < n; i++) {
    if (flow.next[i] >= 0) start[flow.next[i] + 2]++;
    if (flow.jump[i] >= 0) start[flow.jump[i] + 2]++;
  }
  for (let i = 1; i < n + 2; i++) start[i] += start[i - 1];
  const slots = words(start[n + 1]);
  // `start[i + 1]` runs from the beginning of slot i's part to its end, where that of slot i + 1 begins.
  for (let i = 0; i < n; i++) {
    if (flow.next[i] >= 0) slots[start[flow.next[i] + 1]++] = i;
    if (flow.jump[i] >= 0) slots[start[flow.jump[i] + 1]++] = i;
  }
  return { start, slots };
}

const JMP = 5, JMP32 = 6;

/** Computes {@linkcode Flow}. Slots outside of the program are left out, as `cfg_check.ts` refuses such programs first. */
export function flowOf(cols: Columns): Flow {
  const n = cols.count;
  const next = words(n).fill(-1), jump = words(n).fill(-1);
  for (let i = 0; i < n; i++) {
    const code = cols.code[i], kind = code & 7, op = code & 0xf0;
    if (code === 0x18) next[i] = i + 2;
    else if (kind !== JMP && kind !== JMP32) next[i] = i + 1;
    else if (op === 0x80) next[i] = i + 1;
    else if (op === 0x90) continue;
    else {
      if (op !== 0x00) next[i] = i + 1;
      jump[i] = cols.target[i];
    }
    if (next[i] >= n) next[i] = -1;
    if (jump[i] >= n) jump[i] = -1;
  }
  const starts = cols.subprogStart;
  const postorderStart = words(starts.length), postorder = words(n);
  const state = words(n), stack = words(2 * n + 2);
  let count = 0;
  for (let s = 0; s + 1 < starts.length; s++) {
    postorderStart[s] = count;
    let top = 0;
    stack[top++] = starts[s];
    while (top > 0) {
      const at = stack[top - 1];
      if (state[at] === 2) {
        postorder[count++] = at;
        state[at] = 3;
        top--;
        continue;
      }
      if (state[at] === 3) {
        top--;
        continue;
      }
      const a = next[at], b = jump[at];
      if (a >= 0 && state[a] === 0) {
        stack[top++] = a;
        state[a] = 1;
      }
      if (b >= 0 && state[b] === 0) {
        stack[top++] = b;
        state[b] = 1;
      }
      state[at] = 2;
    }
  }
  postorderStart[starts.length - 1] = count;
  const position = words(n).fill(-1);
  for (let i = 0; i < count; i++) position[postorder[i]] = i;
  return { next, jump, postorder: postorder.subarray(0, count), postorderStart, position };
}

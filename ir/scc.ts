/**
 * Strongly connected components of the instructions: which instructions are in a loop, and in which.
 *
 * Tarjan's algorithm with the numbering that Linux 6.18 prints in its level-2 log (`compute_scc`): components count
 * from 1 in the order in which they are completed; an instruction that is in no loop has 0.
 *
 * @module
 */
import { words } from "./words.ts";
import { fallSlot, jumpSlot, slotsAt } from "./cfg.ts";
import type { Columns } from "./columns.ts";

/**
 * By slot: the number of its component, 0 for instructions in no loop. The second slot of a 16-byte load has 0.
 *
 * @example
 * ```ts
 * import { columnsOf } from "./columns.ts";
 * import { parseText } from "./parse_text.ts";
 * import { sccOf } from "./scc.ts";
 * const [program] = parseText("func main:\n  r0 = 0\nL:\n  r0 += 1\n  if r0 < 9 goto L\n  exit\n").programs;
 * sccOf(columnsOf(program)); // 0, 1, 1, 0
 * ```
 */
export function sccOf(columns: Columns): Int32Array {
  const { count } = columns;
  const scc = words(count);
  /** Preorder numbers, 0 before the visit. */
  const pre = words(count);
  /** The smallest preorder number known to be reachable and still on `open`. */
  const low = words(count);
  /** Visited slots whose component is not complete. */
  const open = words(count);
  const path = words(count);
  /** By slot: how many of its two edges were followed. */
  const followed = words(count);
  let opened = 0, visited = 0, components = 0;
  for (let root = 0; root < count; root += slotsAt(columns, root)) {
    if (pre[root] !== 0) continue;
    let depth = 0;
    path[depth++] = root;
    while (depth > 0) {
      const slot = path[depth - 1];
      if (pre[slot] === 0) {
        pre[slot] = low[slot] = ++visited;
        open[opened++] = slot;
      }
      if (followed[slot] < 2) {
        const next = followed[slot]++ === 0 ? fallSlot(columns, slot) : jumpSlot(columns, slot);
        if (next < 0) continue;
        if (pre[next] === 0) path[depth++] = next;
        else if (low[next] < low[slot]) low[slot] = low[next];
        continue;
      }
      depth--;
      if (low[slot] === pre[slot]) {
        const loop = open[opened - 1] !== slot || jumpSlot(columns, slot) === slot;
        const number = loop ? ++components : 0;
        let member: number;
        do {
          member = open[--opened];
          low[member] = DONE;
          scc[member] = number;
        } while (member !== slot);
      }
      if (depth > 0) {
        const parent = path[depth - 1];
        if (low[slot] < low[parent]) low[parent] = low[slot];
      }
    }
  }
  return scc;
}

/** Larger than every preorder number: a completed component is reachable, but no longer open. */
const DONE = 0x7fffffff;

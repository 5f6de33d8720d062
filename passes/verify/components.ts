/**
 * Loops: the strongly connected components of the control flow, numbered from 1 in the order Linux 6.18 finds them, since the log
 * prints the numbers. Slots outside of loops have 0.
 *
 * @module
 */
import type { Flow } from "./flow.ts";

/** By slot: its component. */
export function componentsOf(flow: Flow): Int32Array {
  const n = flow.next.length, OFF_STACK = 0x7fffffff;
  const component = new Int32Array(n), pre = new Int32Array(n), low = new Int32Array(n);
  const stack = new Int32Array(n), dfs = new Int32Array(n);
  let order = 1, id = 1;
  for (let i = 0; i < n; i++) {
    if (pre[i] !== 0) continue;
    let top = 0, depth = 1;
    dfs[0] = i;
    while (depth > 0) {
      const w = dfs[depth - 1], a = flow.next[w], b = flow.jump[w];
      if (pre[w] === 0) {
        low[w] = pre[w] = order++;
        stack[top++] = w;
      }
      if (a >= 0) {
        if (pre[a] === 0) {
          dfs[depth++] = a;
          continue;
        }
        if (low[a] < low[w]) low[w] = low[a];
      }
      if (b >= 0) {
        if (pre[b] === 0) {
          dfs[depth++] = b;
          continue;
        }
        if (low[b] < low[w]) low[w] = low[b];
      }
      depth--;
      if (low[w] < pre[w]) continue;
      const loop = stack[top - 1] !== w || a === w || b === w;
      let t;
      do {
        t = stack[--top];
        low[t] = OFF_STACK;
        if (loop) component[t] = id;
      } while (t !== w);
      if (loop) id++;
    }
  }
  return component;
}

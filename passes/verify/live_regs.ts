/**
 * Which registers may be read from an instruction on, by the code alone: states are not compared in the others.
 *
 * Calls read as many argument registers as their function has parameters (five if unknown) and overwrite r0 to r5; whatever is
 * not understood reads everything. As in Linux 6.18's `compute_live_registers`.
 *
 * @module
 */
import type { Columns } from "../../ir/columns.ts";
import type { Flow } from "./flow.ts";

/** How many parameters the function called at a slot has; negative if unknown. Not asked for calls of subprograms. */
export type CallArity = (slot: number) => number;

const ALL = 0xffff, CALLER_SAVED = 0x3f, ARGS = 0x3e;

/** By slot: registers that may be read from it on, bit n for register n. */
export function liveRegsOf(cols: Columns, options: { flow: Flow; arity: CallArity }): Int32Array {
  const { flow, arity } = options, n = cols.count;
  const use = new Int32Array(n), def = new Int32Array(n), live = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const code = cols.code[i], dst = 1 << cols.dst[i], src = 1 << cols.src[i], mode = code & 0xe0;
    const register = (code & 8) !== 0, op = code & 0xf0;
    let u = ALL, d = 0;
    switch (code & 7) {
      case 0:
        if (code === 0x18) u = 0, d = dst;
        break;
      case 1:
        if (mode === 0x60 || mode === 0x80) u = src, d = dst;
        break;
      case 2:
        if (mode === 0x60) u = dst;
        break;
      case 3:
        if (mode === 0x60) u = dst | src;
        else if (mode === 0xc0) {
          u = dst | src;
          const imm = cols.imm[i];
          if (imm === 0xf1) u |= 1, d = 1;
          else if (imm === 0x100) u = src, d = dst;
          else if (imm !== 0x110 && (imm & 1) !== 0) d = src;
        }
        break;
      case 4:
      case 7:
        d = dst;
        if (op === 0xd0) u = dst;
        else if (op === 0xb0) u = register ? src : 0;
        else u = register ? dst | src : dst;
        break;
      default:
        if (op === 0x00 || op === 0xe0) u = 0;
        else if (op === 0x90) u = 1;
        else if (op === 0x80) {
          d = CALLER_SAVED;
          const count = cols.src[i] === 1 ? -1 : arity(i);
          u = count < 0 ? ARGS : ((1 << (count + 1)) - 1) & ARGS;
        } else u = register ? dst | src : dst;
    }
    use[i] = u;
    def[i] = d;
  }
  for (let changed = true; changed;) {
    changed = false;
    for (let k = 0; k < flow.postorder.length; k++) {
      const i = flow.postorder[k];
      let out = 0;
      if (flow.next[i] >= 0) out = live[flow.next[i]];
      if (flow.jump[i] >= 0) out |= live[flow.jump[i]];
      const before = (out & ~def[i]) | use[i];
      if (before !== live[i]) {
        live[i] = before;
        changed = true;
      }
    }
  }
  return live;
}

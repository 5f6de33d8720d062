/**
 * Jump threading: a way into a small block whose branch is decided on that way goes past the branch, over a copy of the block's instructions.
 *
 * Also the tidying around it: edges past empty blocks, and blocks joined with the one behind them that nobody else reaches.
 *
 * @module
 */
import { decide } from "./decide.ts";
import { type Block, type Graph, type Order, orderOf } from "./graph.ts";
import type { Propagation } from "./propagate.ts";

/** Instructions that a copied block may have. */
const MAX_COPIED = 6;

/** What a subprogram may grow by in copies, in instructions. */
export interface Budget {
  left: number;
}

/** Threads every way that is decided. The propagation is then out of date. Returns whether anything changed. */
export function thread(propagation: Propagation, budget: Budget): boolean {
  const { graph, order } = propagation;
  const found: {
    readonly from: number;
    readonly jumps: boolean;
    readonly through: number;
    readonly to: number;
  }[] = [];
  for (let i = 1; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    const block = graph.blocks[number];
    const insn = block.end?.insn;
    if (insn?.kind !== "branch" || block.items.length > MAX_COPIED) continue;
    const start = order.predStart[number], end = order.predStart[number + 1];
    if (end - start < 2) continue;
    // A loop's head stays one.
    let head = false;
    for (let p = start; p < end; p++) if (order.place[order.preds[p]] >= i) head = true;
    if (head) continue;
    for (let p = start; p < end; p++) {
      const from = order.preds[p];
      if (p > start && order.preds[p - 1] === from) continue;
      const both = graph.blocks[from].next === number && graph.blocks[from].jump === number;
      const jumps = graph.blocks[from].jump === number;
      if (both) continue;
      const state = propagation.onEdge(from, jumps);
      // These items are no place of the graph: their leaves have names of their own.
      for (let k = 0; k < block.items.length; k++) {
        propagation.step(state, block.items[k], {
          block: -2 - found.length,
          index: 1_000_000 * (p - start) + k,
        });
      }
      const taken = decide(propagation, {
        op: insn.op,
        width: insn.width,
        left: propagation.register(state, insn.left),
        right: propagation.operand(state, insn.right, insn.width),
      }, { from, jumps });
      if (taken === undefined || budget.left < block.items.length) continue;
      budget.left -= block.items.length;
      found.push({ from, jumps, through: number, to: taken ? block.jump : block.next });
    }
  }
  for (const { from, jumps, through, to } of found) {
    const { items, via } = graph.blocks[through];
    let way = to;
    if (items.length > 0) {
      way = graph.blocks.length;
      graph.blocks.push({ items: items.slice(), end: undefined, next: to, jump: -1, via });
    }
    if (jumps) graph.blocks[from].jump = way;
    else graph.blocks[from].next = way;
  }
  return found.length > 0;
}

/** Leads edges past empty blocks and joins blocks that follow each other alone. Returns the new order. */
export function tidy(graph: Graph): Order {
  const { blocks } = graph;
  for (const block of blocks) {
    block.next = past(blocks, block.next);
    block.jump = past(blocks, block.jump);
    if (block.end?.insn.kind === "branch" && block.next === block.jump) {
      block.end = undefined;
      block.jump = -1;
    }
  }
  const order = orderOf(graph);
  const joined = new Uint8Array(blocks.length);
  for (let i = 0; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    if (joined[number] === 1) continue;
    const block = blocks[number];
    let items: Block["items"] | undefined;
    while (block.end === undefined && block.next > 0 && block.next !== number) {
      const next = block.next;
      if (order.predStart[next + 1] - order.predStart[next] !== 1) break;
      const behind = blocks[next];
      items ??= block.items.slice();
      for (const item of behind.items) items.push(item);
      joined[next] = 1;
      block.end = behind.end;
      block.next = behind.next;
      block.jump = behind.jump;
    }
    if (items !== undefined) block.items = items;
  }
  return orderOf(graph);
}

/** The block itself, or the first behind it that is not empty. */
function past(blocks: readonly Block[], number: number): number {
  for (let steps = 0; number >= 0 && steps < blocks.length; steps++) {
    const { items, end, next } = blocks[number];
    if (items.length > 0 || end !== undefined || next < 0 || number === next) break;
    number = next;
  }
  return number;
}

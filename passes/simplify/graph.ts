/**
 * A subprogram as basic blocks that can be changed: what the steps of `simplify` work on.
 *
 * Blocks hold instructions without jumps between them; where control goes is in the block's edges, so that a step moves an edge and never a
 * target. Laying blocks out as a sequence again is `layout.ts`' business. A block that became unreachable stays in the list, with
 * no predecessor.
 *
 * @module
 */
import type { Insn, InsnId } from "../../ir/insn.ts";
import type { Program, Subprog } from "../../ir/program.ts";

/** An instruction that belongs to no version yet. */
export interface Item {
  /** The instruction of the version that it descends from. */
  readonly from: InsnId;
  /** Targets of branches are not looked at: the block's edges count. */
  readonly insn: Insn;
  /** It is what the version holds, but for a target. */
  readonly same: boolean;
  /**
   * A load of which nobody can tell how often it happens: the body of a kernel function, or what a context access became. Other loads of
   * memory are the program's own and stay as its author wrote them: maps are shared with others.
   */
  readonly quiet: boolean;
  /** It comes from the body of a kernel function. */
  readonly inlined: boolean;
}

/** Straight code; both edges are block numbers, -1 for none. */
export interface Block {
  items: Item[];
  /** The `exit`, `branch` or `may_goto` at the end; undefined where control only goes on. */
  end: Item | undefined;
  /** Where control goes if the end does not jump. */
  next: number;
  /** Where the branch or may_goto jumps. */
  jump: number;
  /** What a jump that the layout needs descends from: the `goto` that led to `next`, else the block's first instruction. */
  readonly via: InsnId;
}

/** The blocks of one subprogram; the first is its entry. */
export interface Graph {
  readonly blocks: Block[];
  /** Main program: r1 is the context at entry. */
  readonly main: boolean;
}

/**
 * The graph of a subprogram; undefined if its code is not all of blocks: control falls off the end, or there are raw instructions.
 */
export function graphOf(program: Program, subprog: Subprog): Graph | undefined {
  const at = program.subprogs.indexOf(subprog);
  const from = program.starts[at], until = program.starts[at + 1];
  const { insns, ids, origins } = program.code;
  const leads = new Uint8Array(until - from + 1);
  leads[0] = 1;
  for (let i = from; i < until; i++) {
    const insn = insns[i];
    if (insn.kind === "raw") return undefined;
    if (insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto") {
      const target = program.indexOf(insn.target);
      if (target < from || target >= until) return undefined;
      leads[target - from] = 1;
      leads[i + 1 - from] = 1;
    } else if (insn.kind === "exit") leads[i + 1 - from] = 1;
  }
  const blockAt = new Int32Array(until - from + 1).fill(-1);
  let count = 0;
  for (let i = 0; i < until - from; i++) if (leads[i] === 1) blockAt[i] = count++;
  const blocks: Block[] = [];
  for (let i = from; i < until;) {
    const items: Item[] = [];
    const first = ids[i];
    let block: Block | undefined;
    do {
      const insn = insns[i];
      const origin = origins[i];
      const inlined = origin.body !== undefined;
      const quiet = insn.kind === "load" && (inlined || origin.by === "lower-contexts");
      const item: Item = { from: ids[i], insn, same: true, quiet, inlined };
      i++;
      if (insn.kind === "exit") block = { items, end: item, next: -1, jump: -1, via: first };
      else if (insn.kind === "jump") {
        const next = blockAt[program.indexOf(insn.target) - from];
        block = { items, end: undefined, next, jump: -1, via: item.from };
      } else if (insn.kind === "branch" || insn.kind === "may_goto") {
        const jump = blockAt[program.indexOf(insn.target) - from];
        block = { items, end: item, next: blockAt[i - from], jump, via: first };
      } else {
        items.push(item);
        if (leads[i - from] === 1) {
          block = { items, end: undefined, next: blockAt[i - from], jump: -1, via: first };
        }
      }
      if (block !== undefined && block.end?.insn.kind !== "exit" && block.next < 0) return undefined;
    } while (block === undefined && i < until);
    if (block === undefined) return undefined;
    blocks.push(block);
  }
  return { blocks, main: at === 0 };
}

/** The order of a graph: reachable blocks, each before its successors but for edges back. */
export interface Order {
  /** Block numbers, the entry first. */
  readonly blocks: Int32Array;
  /** By block: its place in `blocks`; -1 if it cannot be reached. */
  readonly place: Int32Array;
  /** By block: where its predecessors begin in `preds`; reachable ones only. */
  readonly predStart: Int32Array;
  /** Predecessors. A block with both edges to the same block is there twice. */
  readonly preds: Int32Array;
}

/** Numbers the reachable blocks in reverse postorder. */
export function orderOf(graph: Graph): Order {
  const { blocks } = graph;
  const count = blocks.length;
  const place = new Int32Array(count).fill(-1);
  const stack = new Int32Array(count + 1);
  const followed = new Uint8Array(count);
  const post = new Int32Array(count);
  let depth = 0, visited = 0;
  stack[depth++] = 0;
  place[0] = 0;
  while (depth > 0) {
    const block = stack[depth - 1];
    const edge = followed[block]++;
    if (edge === 2) {
      post[visited++] = block;
      depth--;
      continue;
    }
    // The jump first: what falls through then comes first in the reverse.
    const to = edge === 0 ? blocks[block].jump : blocks[block].next;
    if (to >= 0 && place[to] < 0) {
      place[to] = 0;
      stack[depth++] = to;
    }
  }
  const order = post.slice(0, visited).reverse();
  for (let i = 0; i < visited; i++) place[order[i]] = i;
  const predStart = new Int32Array(count + 1);
  for (let i = 0; i < visited; i++) {
    const { next, jump } = blocks[order[i]];
    if (next >= 0) predStart[next + 1]++;
    if (jump >= 0) predStart[jump + 1]++;
  }
  for (let block = 0; block < count; block++) predStart[block + 1] += predStart[block];
  const preds = new Int32Array(predStart[count]);
  const used = predStart.slice();
  for (let i = 0; i < visited; i++) {
    const { next, jump } = blocks[order[i]];
    if (next >= 0) preds[used[next]++] = order[i];
    if (jump >= 0) preds[used[jump]++] = order[i];
  }
  return { blocks: order, place, predStart, preds };
}

/**
 * By block: its immediate dominator, -1 for the entry and for what cannot be reached (Cooper, Harvey and Kennedy, "A Simple, Fast Dominance
 * Algorithm").
 */
export function dominatorsOf(graph: Graph, order: Order): Int32Array {
  const idom = new Int32Array(graph.blocks.length).fill(-1);
  const { place } = order;
  for (let again = true; again;) {
    again = false;
    for (let i = 1; i < order.blocks.length; i++) {
      const block = order.blocks[i];
      let common = -1;
      for (let p = order.predStart[block]; p < order.predStart[block + 1]; p++) {
        let other = order.preds[p];
        if (other !== order.blocks[0] && idom[other] < 0) continue;
        if (common < 0) {
          common = other;
          continue;
        }
        while (common !== other) {
          while (place[common] > place[other]) common = idom[common];
          while (place[other] > place[common]) other = idom[other];
        }
      }
      if (idom[block] !== common) {
        idom[block] = common;
        again = true;
      }
    }
  }
  return idom;
}

/**
 * By block: the number of its strongly connected component if that is a loop, else -1 (Tarjan, without recursion). What cannot be
 * reached is in none.
 */
export function loopsOf(graph: Graph): Int32Array {
  const { blocks } = graph;
  const count = blocks.length;
  const index = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const open = new Uint8Array(count);
  const followed = new Uint8Array(count);
  const path = new Int32Array(count);
  const members = new Int32Array(count);
  const loops = new Int32Array(count).fill(-1);
  let depth = 0, held = 0, next = 0, loop = 0;
  const enter = (block: number): void => {
    index[block] = low[block] = next++;
    open[block] = 1;
    members[held++] = block;
    path[depth++] = block;
  };
  enter(0);
  while (depth > 0) {
    const block = path[depth - 1];
    const edge = followed[block]++;
    if (edge < 2) {
      const to = edge === 0 ? blocks[block].jump : blocks[block].next;
      if (to < 0) continue;
      if (index[to] < 0) enter(to);
      else if (open[to] === 1) low[block] = Math.min(low[block], index[to]);
      continue;
    }
    depth--;
    if (depth > 0) low[path[depth - 1]] = Math.min(low[path[depth - 1]], low[block]);
    if (low[block] !== index[block]) continue;
    const alone = members[held - 1] === block && blocks[block].jump !== block && blocks[block].next !== block;
    for (let member = -1; member !== block;) {
      member = members[--held];
      open[member] = 0;
      if (!alone) loops[member] = loop;
    }
    if (!alone) loop++;
  }
  return loops;
}

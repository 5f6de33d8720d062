/**
 * Jump threading: a way into a small block whose branch is decided on that way goes past the branch, over a copy of the block's instructions.
 *
 * Also the tidying around it: edges past empty blocks, and blocks joined with the one behind them that nobody else reaches.
 *
 * @module
 */
import { decide, type Edge } from "./decide.ts";
import { type Block, type Graph, type Order, orderOf } from "./graph.ts";
import type { Propagation } from "./propagate.ts";

/** Instructions that a copied block may have. */
const MAX_COPIED = 6;
/** Blocks that one way may be led past. */
const MAX_BLOCKS = 16;

/** A way into a block whose branch is decided on it. */
interface Way {
  /** The edge's beginning. */
  readonly from: number;
  readonly jumps: boolean;
  /** The blocks on the way, whose instructions are copied. */
  readonly through: number[];
  /** Where it leads: a block, or the end of another way (its key), which leads on. */
  to: { readonly block: number } | { readonly way: number };
}

/**
 * Threads every way that is decided, copying at most `left` instructions. The propagation is then out of date. Returns whether anything
 * changed.
 */
export function thread(propagation: Propagation, { left }: { readonly left: number }): boolean {
  if (left <= 0) return false;
  const ways = decidedWays(propagation);
  if (ways.size === 0) return false;
  const walker = new Walker(propagation);
  for (const way of ways.values()) walker.extend(way, ways);
  const { blocks } = propagation.graph;
  const { order } = propagation;
  // Ways lead into ways further on, so those come first.
  const sorted = [...ways.entries()].sort((a, b) =>
    order.place[b[1].through[0]] - order.place[a[1].through[0]]
  );
  const ends = new Map<number, number>();
  let copied = 0;
  let changed = false;
  for (const [key, { from, jumps, through, to }] of sorted) {
    const end = "block" in to ? to.block : ends.get(to.way);
    if (end === undefined) continue;
    const items = through.flatMap((number) => blocks[number].items);
    if (copied + items.length > left) continue;
    copied += items.length;
    changed = true;
    let start = end;
    if (items.length > 0) {
      start = blocks.length;
      blocks.push({ items, end: undefined, next: end, jump: -1, via: blocks[through[0]].via });
    }
    ends.set(key, start);
    if (jumps) blocks[from].jump = start;
    else blocks[from].next = start;
  }
  return changed;
}

/**
 * Ways into a block on which its first instructions change nothing go past them: the block is cut behind these. The propagation is then
 * out of date. Returns whether anything changed.
 */
export function skip(propagation: Propagation): boolean {
  const { graph, order } = propagation;
  const { blocks } = graph;
  const cuts: { readonly block: number; readonly at: number; readonly ways: Edge[] }[] = [];
  for (let i = 1; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    const { items } = blocks[number];
    const start = order.predStart[number], end = order.predStart[number + 1];
    if (end - start < 2 || items.length === 0 || items[0].insn.kind !== "alu") continue;
    let at = MAX_COPIED;
    let ways: Edge[] = [];
    for (let p = start; p < end; p++) {
      const from = order.preds[p];
      const { next, jump } = blocks[from];
      if (next === jump || order.place[from] >= i) continue;
      const edge = { from, jumps: jump === number };
      const idle = idlePrefix(propagation, number, edge);
      if (idle === 0 || idle > at) continue;
      if (idle < at) ways = [];
      at = idle;
      ways.push(edge);
    }
    if (ways.length > 0 && ways.length < end - start) cuts.push({ block: number, at, ways });
  }
  /** By block that was cut: where its end is now. */
  const moved = new Map<number, number>();
  for (const { block, at, ways } of cuts) {
    const { items, end, next, jump, via } = blocks[block];
    const rest = blocks.length;
    blocks.push({ items: items.slice(at), end, next, jump, via });
    blocks[block] = { items: items.slice(0, at), end: undefined, next: rest, jump: -1, via };
    for (const { from, jumps } of ways) {
      const last = blocks[moved.get(from) ?? from];
      if (jumps) last.jump = rest;
      else last.next = rest;
    }
    moved.set(block, rest);
  }
  return cuts.length > 0;
}

/** How many of a block's first instructions put into registers what these hold already, coming over an edge. */
function idlePrefix(propagation: Propagation, number: number, edge: Edge): number {
  const { items } = propagation.graph.blocks[number];
  const state = propagation.onEdge(edge.from, edge.jumps);
  let idle = 0;
  while (idle < items.length && idle < MAX_COPIED) {
    const item = items[idle];
    if (
      item.insn.kind !== "alu" ||
      propagation.result(state, item) !== propagation.register(state, item.insn.dst)
    ) break;
    idle++;
  }
  return idle;
}

/** An edge as a key. */
function keyOf(from: number, jumps: boolean): number {
  return from * 2 + (jumps ? 1 : 0);
}

/** By the edge they begin with: the ways that are decided at the first branch. */
function decidedWays(propagation: Propagation): Map<number, Way> {
  const { graph, order } = propagation;
  const walker = new Walker(propagation);
  const ways = new Map<number, Way>();
  for (let i = 1; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    if (!walker.passes(number) || graph.blocks[number].end === undefined) continue;
    const start = order.predStart[number], end = order.predStart[number + 1];
    if (end - start < 2) continue;
    for (let p = start; p < end; p++) {
      const from = order.preds[p];
      const { next, jump } = graph.blocks[from];
      if (next === jump) continue;
      const jumps = jump === number;
      const state = propagation.onEdge(from, jumps);
      const taken = walker.decided(state, number, { from, jumps });
      if (taken === undefined) continue;
      const to = taken ? graph.blocks[number].jump : graph.blocks[number].next;
      ways.set(keyOf(from, jumps), { from, jumps, through: [number], to: { block: to } });
    }
  }
  return ways;
}

/** Follows ways with what holds on them. */
class Walker {
  readonly #propagation: Propagation;
  /** By block: 1 for a loop's head. A loop's head stays one. */
  readonly #heads: Uint8Array;
  /** Copies are no place of the graph: their leaves have names of their own. */
  #copies = 0;

  constructor(propagation: Propagation) {
    this.#propagation = propagation;
    const { graph, order } = propagation;
    this.#heads = new Uint8Array(graph.blocks.length);
    for (let i = 0; i < order.blocks.length; i++) {
      const { next, jump } = graph.blocks[order.blocks[i]];
      if (next >= 0 && order.place[next] <= i) this.#heads[next] = 1;
      if (jump >= 0 && order.place[jump] <= i) this.#heads[jump] = 1;
    }
  }

  /** Whether a way may lead through a copy of a block. */
  passes(number: number): boolean {
    const { items, end, next } = this.#propagation.graph.blocks[number];
    return items.length <= MAX_COPIED && this.#heads[number] === 0 &&
      (end === undefined ? next >= 0 : end.insn.kind === "branch");
  }

  /** Steps through a block; whether its branch is taken, undefined if that is not known or there is none. */
  decided(
    state: Int32Array,
    number: number,
    edge: { readonly from: number; readonly jumps: boolean },
  ): boolean | undefined {
    const propagation = this.#propagation;
    const { items, end } = propagation.graph.blocks[number];
    this.#copies++;
    for (let index = 0; index < items.length; index++) {
      propagation.step(state, items[index], { block: -2 - this.#copies, index });
    }
    const insn = end?.insn;
    if (insn?.kind !== "branch") return undefined;
    return decide(propagation, {
      op: insn.op,
      width: insn.width,
      left: propagation.register(state, insn.left),
      right: propagation.operand(state, insn.right, insn.width),
    }, edge);
  }

  /** Leads a way on as far as branches are decided on it, or into another way. */
  extend(way: Way, ways: ReadonlyMap<number, Way>): void {
    const { graph } = this.#propagation;
    const { from, jumps, through } = way;
    const state = this.#propagation.onEdge(from, jumps);
    let number = through[0];
    let taken = this.decided(state, number, { from, jumps }) === true;
    /** Blocks behind the last decided branch, which only lead on. */
    let passed: number[] = [];
    for (let steps = 0; steps < MAX_BLOCKS; steps++) {
      const block = graph.blocks[number];
      const key = keyOf(number, taken);
      if (ways.has(key)) {
        // Whoever comes this way is led on.
        if (passed.length === 0) way.to = { way: key };
        else if (block.end === undefined) {
          through.push(...passed);
          way.to = { way: key };
        }
        return;
      }
      number = taken ? block.jump : block.next;
      if (!this.passes(number)) return;
      const answer = this.decided(state, number, { from, jumps });
      if (graph.blocks[number].end === undefined) {
        passed.push(number);
        taken = false;
        continue;
      }
      if (answer === undefined) return;
      through.push(...passed, number);
      passed = [];
      taken = answer;
      way.to = { block: answer ? graph.blocks[number].jump : graph.blocks[number].next };
    }
  }
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

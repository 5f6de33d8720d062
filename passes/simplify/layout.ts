/**
 * From blocks back to a sequence: which block follows which, and the jumps that this leaves.
 *
 * A block is followed by where it goes on, if that is free, so that paths run through without jumping; branches are turned round where
 * that helps. Where a branch has an unlikely side it waits until everything else is placed: a pointer that is zero, and in inlined bodies what does
 * nothing but hand out constants, which is how they say no.
 *
 * @module
 */
import type { Placed } from "../../ir/edit.ts";
import type { Insn, InsnId } from "../../ir/insn.ts";
import { OPPOSITE } from "./decide.ts";
import type { Block, Graph, Order } from "./graph.ts";

/** Instructions beyond which blocks stay in their order: a branch must reach its target, 32767 slots away at most. */
export const MAX_MOVED = 20_000;

/** The sequence of a graph. */
export function layOut(graph: Graph, order: Order): Placed[] {
  const { blocks } = graph;
  const sequence = placed(graph, order);
  const follows = new Int32Array(blocks.length).fill(-1);
  for (let i = 0; i + 1 < sequence.length; i++) follows[sequence[i]] = sequence[i + 1];
  const start = new Int32Array(blocks.length).fill(-1);
  const code: { insn: Insn; from: InsnId; same: boolean; to: number }[] = [];
  for (const number of sequence) {
    const block = blocks[number];
    start[number] = code.length;
    for (const { insn, from, same } of block.items) code.push({ insn, from, same, to: -1 });
    let { next, jump } = block;
    const { end } = block;
    if (end !== undefined) {
      let { insn, same } = end;
      if (insn.kind === "branch" && insn.op !== "set" && jump === follows[number]) {
        insn = { ...insn, op: OPPOSITE[insn.op] };
        same = false;
        [next, jump] = [jump, next];
      }
      code.push({ insn, from: end.from, same, to: jump });
    }
    if (next >= 0 && next !== follows[number]) {
      const insn: Insn = { kind: "jump", target: block.via, far: false };
      code.push({ insn, from: block.via, same: false, to: next });
    }
  }
  return code.map(({ insn, from, same, to }): Placed => {
    if (insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto") {
      return { insn: { ...insn, target: start[to] }, from, same };
    }
    return { insn, from, same };
  });
}

/** Reachable blocks in the order in which they are to stand. */
function placed(graph: Graph, order: Order): number[] {
  const { blocks } = graph;
  let size = 0;
  for (const number of order.blocks) size += blocks[number].items.length + 2;
  const moves = size <= MAX_MOVED;
  const done = new Uint8Array(blocks.length);
  const cold = new Uint8Array(blocks.length);
  if (moves) {
    // A block waits if all its ways in are unlikely.
    const unlikelyWays = new Int32Array(blocks.length);
    for (const number of order.blocks) {
      const side = unlikely(graph, blocks[number]);
      if (side >= 0) unlikelyWays[side]++;
    }
    for (const number of order.blocks) {
      const ways = order.predStart[number + 1] - order.predStart[number];
      if (ways > 0 && unlikelyWays[number] === ways) cold[number] = 1;
    }
  }
  const sequence: number[] = [];
  const trace = (from: number): void => {
    for (let number = from; number >= 0 && done[number] === 0;) {
      done[number] = 1;
      sequence.push(number);
      const { next, jump } = blocks[number];
      const free = (to: number): boolean => to >= 0 && done[to] === 0 && cold[to] === cold[from];
      const turned = moves && free(jump) && unlikely(graph, blocks[number]) === next;
      number = turned ? jump : free(next) ? next : moves && free(jump) ? jump : -1;
    }
  };
  trace(0);
  for (const wanted of [0, 1]) {
    for (let number = 0; number < blocks.length; number++) {
      if (order.place[number] >= 0 && (!moves || cold[number] === wanted)) trace(number);
    }
  }
  return sequence;
}

/** The side of a block's branch that is rarely taken, as a block number; -1 if nobody can tell. */
function unlikely(graph: Graph, block: Block): number {
  const insn = block.end?.insn;
  if (insn?.kind !== "branch") return -1;
  const { next, jump } = block;
  if (insn.width === 64 && insn.right.kind === "imm" && insn.right.imm === 0) {
    const side = insn.op === "ne" ? next : insn.op === "eq" ? jump : -1;
    if (side >= 0) return side;
  }
  if (block.end?.inlined !== true) return -1;
  const says = [next, jump].filter((side) => saysNo(graph.blocks[side]));
  return says.length === 1 ? says[0] : -1;
}

/** It only hands out constants. */
function saysNo(block: Block): boolean {
  return block.end === undefined &&
    block.items.every(({ insn }) => insn.kind === "alu" && insn.op === "mov" && insn.src.kind === "imm");
}

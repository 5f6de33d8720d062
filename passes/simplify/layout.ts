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
import { type Insn, type InsnId, slotsOf } from "../../ir/insn.ts";
import { OPPOSITE } from "./decide.ts";
import type { Block, Graph, Order } from "./graph.ts";

/** Instructions beyond which blocks stay in their order, so that as few branches as possible have far to go. */
export const MAX_MOVED = 20_000;

/** Slots that a branch may be away from its target without being asked about: its distance has 16 bits, signed. */
const NEAR = 30_000;

/** An instruction on its way into the sequence. */
interface Line {
  readonly insn: Insn;
  readonly from: InsnId;
  readonly same: boolean;
  /** The block that a jump leads to; -1 if it leads to `line`. */
  readonly to: number;
  /** The index in the sequence that a jump leads to; -1 if it leads to a block, or is none. */
  readonly line: number;
}

/** The sequence of a graph. */
export function layOut(graph: Graph, order: Order): Placed[] {
  const sequence = placed(graph, order);
  /** By block: 1 if its branch cannot reach its target and jumps over a jump instead. */
  const far = new Uint8Array(graph.blocks.length);
  for (;;) {
    const { lines, start } = write(graph, sequence, far);
    if (!findFar(graph, { lines, start, far })) {
      return lines.map(({ insn, from, same, to, line }): Placed => {
        if (insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto") {
          return { insn: { ...insn, target: to >= 0 ? start[to] : line }, from, same };
        }
        return { insn, from, same };
      });
    }
  }
}

/** The lines of all blocks, and by block the index of its first. */
function write(
  graph: Graph,
  sequence: readonly number[],
  far: Uint8Array,
): { readonly lines: readonly Line[]; readonly start: Int32Array } {
  const { blocks } = graph;
  const start = new Int32Array(blocks.length).fill(-1);
  const lines: Line[] = [];
  for (let at = 0; at < sequence.length; at++) {
    const number = sequence[at];
    const behind = at + 1 < sequence.length ? sequence[at + 1] : -1;
    const block = blocks[number];
    start[number] = lines.length;
    for (const { insn, from, same } of block.items) lines.push({ insn, from, same, to: -1, line: -1 });
    let { next, jump } = block;
    const { end, via } = block;
    const goto = (to: number): Line => ({
      insn: { kind: "jump", target: via, far: false },
      from: via,
      same: false,
      to,
      line: -1,
    });
    if (end !== undefined) {
      let { insn, same } = end;
      const { from } = end;
      if (insn.kind === "branch" && insn.op !== "set" && jump === behind) {
        insn = { ...insn, op: OPPOSITE[insn.op] };
        same = false;
        [next, jump] = [jump, next];
      }
      if (far[number] === 1) {
        lines.push({ insn, from, same, to: -1, line: lines.length + 2 }, goto(next), goto(jump));
        continue;
      }
      lines.push({ insn, from, same, to: jump, line: -1 });
    }
    if (next >= 0 && next !== behind) lines.push(goto(next));
  }
  return { lines, start };
}

/** Marks the blocks whose branch has too far to go. Returns whether there are new ones. */
function findFar(
  graph: Graph,
  code: { readonly lines: readonly Line[]; readonly start: Int32Array; readonly far: Uint8Array },
): boolean {
  const { lines, start, far } = code;
  const slots = new Int32Array(lines.length + 1);
  for (let i = 0; i < lines.length; i++) slots[i + 1] = slots[i] + slotsOf(lines[i].insn);
  if (slots[lines.length] <= NEAR) return false;
  let found = false;
  for (let number = 0; number < graph.blocks.length; number++) {
    const { items, end } = graph.blocks[number];
    if (start[number] < 0 || far[number] === 1 || end === undefined || end.insn.kind === "exit") continue;
    const at = start[number] + items.length;
    if (Math.abs(slots[start[lines[at].to]] - slots[at]) <= NEAR) continue;
    far[number] = 1;
    found = true;
  }
  return found;
}

/** Reachable blocks in the order in which they are to stand. */
function placed(graph: Graph, order: Order): number[] {
  const { blocks } = graph;
  let size = 0;
  for (const number of order.blocks) size += blocks[number].items.length + 2;
  if (size > MAX_MOVED) {
    return Array.from(blocks.keys()).filter((number) => order.place[number] >= 0);
  }
  const done = new Uint8Array(blocks.length);
  const cold = new Uint8Array(blocks.length);
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
  const sequence: number[] = [];
  const trace = (from: number): void => {
    for (let number = from; number >= 0 && done[number] === 0;) {
      done[number] = 1;
      sequence.push(number);
      const { next, jump } = blocks[number];
      const free = (to: number): boolean => to >= 0 && done[to] === 0 && cold[to] === cold[from];
      const turned = free(jump) && unlikely(graph, blocks[number]) === next;
      number = turned ? jump : free(next) ? next : free(jump) ? jump : -1;
    }
  };
  trace(0);
  for (const wanted of [0, 1]) {
    for (let number = 0; number < blocks.length; number++) {
      if (order.place[number] >= 0 && cold[number] === wanted) trace(number);
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

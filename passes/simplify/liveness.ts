/**
 * What is still read: registers, and slots of the frame that the subprogram alone can reach.
 *
 * Backward over the blocks, a bit a register and a bit a slot. It sees the frame only through accesses relative to r10 itself, which
 * propagation has made of all others.
 *
 * @module
 */
import { effectsOf } from "../../ir/effects.ts";
import type { Insn } from "../../ir/insn.ts";
import type { Graph, Item, Order } from "./graph.ts";

/** A piece of the frame that is accessed whole, or from its beginning. */
export interface Slot {
  /** From r10, in bytes; negative. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

/** What is known of a subprogram's frame. */
export interface Frame {
  /** At most 32: they fit a mask. */
  readonly slots: readonly Slot[];
  /** Somebody else may know the frame's address: calls and accesses through other pointers reach every slot. */
  readonly escapes: boolean;
}

/** A frame of which nothing is known. */
export const UNKNOWN_FRAME: Frame = { slots: [], escapes: true };

/** The slot that a load or store relative to r10 accesses, whole or in part; -1 if it is none of the frame's. */
export function slotOf(frame: Frame, insn: { readonly offset: number; readonly size: number }): number {
  const { slots } = frame;
  for (let i = 0; i < slots.length; i++) {
    if (slots[i].offset === insn.offset && slots[i].size >= insn.size) return i;
  }
  return -1;
}

/** Masks of slots that an instruction reads, and writes whole. */
export function slotEffects(frame: Frame, insn: Insn): { readonly reads: number; readonly writes: number } {
  switch (insn.kind) {
    case "load":
      if (insn.base === 10) return { reads: bit(slotOf(frame, insn)), writes: 0 };
      return frame.escapes ? ALL : NONE;
    case "store": {
      const slot = insn.base === 10 ? slotOf(frame, insn) : -1;
      return slot >= 0 && frame.slots[slot].size === insn.size ? { reads: 0, writes: bit(slot) } : NONE;
    }
    case "atomic":
    case "call":
    case "ldabs":
    case "raw":
      return frame.escapes ? ALL : NONE;
    case "alu":
    case "imm64":
    case "jump":
    case "branch":
    case "may_goto":
    case "addr_space_cast":
    case "exit":
      return NONE;
  }
}

const NONE = { reads: 0, writes: 0 };
const ALL = { reads: -1, writes: 0 };

function bit(slot: number): number {
  return slot < 0 ? 0 : 1 << slot;
}

/** By block: masks of what is live before its first instruction. */
export interface Liveness {
  readonly registers: Int32Array;
  readonly slots: Int32Array;
}

/** The registers and slots live in front of an item, given those behind it. */
export interface Live {
  registers: number;
  slots: number;
}

/** Steps over an item, backward. */
export function stepBack(live: Live, item: Item, frame: Frame): void {
  const { reads, writes } = effectsOf(item.insn);
  live.registers = live.registers & ~writes | reads;
  if (frame.slots.length === 0) return;
  const slots = slotEffects(frame, item.insn);
  live.slots = live.slots & ~slots.writes | slots.reads;
}

/** What is live behind a block. */
export function liveBehind(graph: Graph, liveness: Liveness, block: number): Live {
  const { next, jump } = graph.blocks[block];
  return {
    registers: (next < 0 ? 0 : liveness.registers[next]) | (jump < 0 ? 0 : liveness.registers[jump]),
    slots: (next < 0 ? 0 : liveness.slots[next]) | (jump < 0 ? 0 : liveness.slots[jump]),
  };
}

/** Computes liveness. Every mask can grow 43 times at most, so the time is linear in the edges. */
export function livenessOf(graph: Graph, order: Order, frame: Frame): Liveness {
  const { blocks } = graph;
  const count = blocks.length;
  const use = new Int32Array(count), keep = new Int32Array(count);
  const slotUse = new Int32Array(count), slotKeep = new Int32Array(count);
  for (let i = 0; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    const { items, end } = blocks[number];
    const none: Live = { registers: 0, slots: 0 }, all: Live = { registers: -1, slots: -1 };
    if (end !== undefined) {
      stepBack(none, end, frame);
      stepBack(all, end, frame);
    }
    for (let k = items.length - 1; k >= 0; k--) {
      stepBack(none, items[k], frame);
      stepBack(all, items[k], frame);
    }
    use[number] = none.registers;
    keep[number] = all.registers;
    slotUse[number] = none.slots;
    slotKeep[number] = all.slots;
  }
  const liveness: Liveness = { registers: new Int32Array(count), slots: new Int32Array(count) };
  for (let again = true; again;) {
    again = false;
    for (let i = order.blocks.length - 1; i >= 0; i--) {
      const number = order.blocks[i];
      const behind = liveBehind(graph, liveness, number);
      const registers = behind.registers & keep[number] | use[number];
      const slots = behind.slots & slotKeep[number] | slotUse[number];
      if (registers === liveness.registers[number] && slots === liveness.slots[number]) continue;
      liveness.registers[number] = registers;
      liveness.slots[number] = slots;
      again = true;
    }
  }
  return liveness;
}

/**
 * Takes out what nobody reads: operations, loads that are quiet or from the frame, stores to slots of the frame. Returns whether there was
 * anything.
 */
export function removeDead(graph: Graph, order: Order, frame: Frame): boolean {
  const liveness = livenessOf(graph, order, frame);
  let changed = false;
  for (let i = 0; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    const block = graph.blocks[number];
    const live = liveBehind(graph, liveness, number);
    if (block.end !== undefined) stepBack(live, block.end, frame);
    const kept: Item[] = [];
    for (let k = block.items.length - 1; k >= 0; k--) {
      const item = block.items[k];
      if (isDead(item, live, frame)) continue;
      kept.push(item);
      stepBack(live, item, frame);
    }
    if (kept.length === block.items.length) continue;
    block.items = kept.reverse();
    changed = true;
  }
  return changed;
}

function isDead(item: Item, live: Live, frame: Frame): boolean {
  const { insn } = item;
  switch (insn.kind) {
    case "alu":
    case "imm64":
      return (live.registers >> insn.dst & 1) === 0;
    case "load":
      return (item.quiet || insn.base === 10) && (live.registers >> insn.dst & 1) === 0;
    case "store": {
      if (insn.base !== 10) return false;
      const slot = slotOf(frame, insn);
      return slot >= 0 && (live.slots >> slot & 1) === 0;
    }
    default:
      return false;
  }
}

/**
 * Keeps values that are computed again in registers that nobody uses in between.
 *
 * Behind a load whose value is loaded again further on, a copy of it goes into a register that is dead there and is not written before
 * the last such load. Nothing else changes: the next propagation finds the value held and says the later loads by it, and if it does not, the
 * copy dies. So whatever is wrong in the guess costs time, never the meaning.
 *
 * @module
 */
import { effectsOf } from "../../ir/effects.ts";
import type { Reg } from "../../ir/insn.ts";
import type { Graph, Item } from "./graph.ts";
import { liveBehind, livenessOf, stepBack } from "./liveness.ts";
import type { Propagation } from "./propagate.ts";

/** An item whose result may be worth keeping. */
interface Occurrence {
  readonly block: number;
  readonly index: number;
  /** In the order of blocks, counted over all items. */
  readonly position: number;
  readonly dst: Reg;
  readonly value: number;
}

/** Later occurrences that are looked at: with more there is profit enough. */
const MAX_LATER = 64;
/** Registers that calls preserve cost a save and a restore if the subprogram does not use them anyway. */
const WORTH_SAVING = 3;

/** Inserts the copies. The propagation is then out of date. Returns whether there are any. */
export function keep(propagation: Propagation): boolean {
  const { graph, order } = propagation;
  const { found, starts, total } = occurrences(propagation);
  const later = new Map<number, Occurrence[]>();
  for (const one of found) {
    const list = later.get(one.value);
    if (list === undefined) later.set(one.value, [one]);
    else list.push(one);
  }
  const dead = deadBehind(propagation, found);
  const busy = writesOf(graph, order.blocks, { starts, total });
  const used = usedRegisters(graph, order.blocks);
  const copies = new Map<number, { index: number; item: Item }[]>();
  /** By value: until which position some register already keeps it. */
  const keptUntil = new Map<number, number>();
  /** By value: how many of its occurrences were looked at. */
  const seen = new Map<number, number>();
  for (let i = 0; i < found.length; i++) {
    const one = found[i];
    const list = later.get(one.value)!;
    const next = (seen.get(one.value) ?? 0) + 1;
    seen.set(one.value, next);
    if (list.length < 2 || (keptUntil.get(one.value) ?? -1) >= one.position) continue;
    const again: Occurrence[] = [];
    for (let k = next; k < list.length && k < next + MAX_LATER; k++) {
      if (propagation.dominates(one.block, list[k].block)) again.push(list[k]);
    }
    const chosen = choose(one, { again, dead: dead[i], busy, used });
    if (chosen === undefined) continue;
    keptUntil.set(one.value, chosen.until);
    for (let p = one.position; p <= chosen.until; p++) busy[p] |= 1 << chosen.reg;
    let inserted = copies.get(one.block);
    if (inserted === undefined) copies.set(one.block, inserted = []);
    const model = graph.blocks[one.block].items[one.index];
    inserted.push({
      index: one.index,
      item: {
        ...model,
        insn: { kind: "alu", op: "mov", width: 64, dst: chosen.reg, src: { kind: "reg", reg: one.dst } },
        same: false,
        quiet: false,
      },
    });
  }
  for (const [number, list] of copies) {
    const items: Item[] = [];
    let at = 0;
    for (const { index, item } of list) {
      for (; at <= index; at++) items.push(graph.blocks[number].items[at]);
      items.push(item);
    }
    for (; at < graph.blocks[number].items.length; at++) items.push(graph.blocks[number].items[at]);
    graph.blocks[number].items = items;
  }
  return copies.size > 0;
}

/** The register that can keep a value over the most of its later occurrences, and the position of the last of them. */
function choose(
  one: Occurrence,
  about: {
    readonly again: readonly Occurrence[];
    readonly dead: number;
    readonly busy: Int32Array;
    readonly used: number;
  },
): { readonly reg: Reg; readonly until: number } | undefined {
  let free = about.dead;
  let best: { reg: Reg; until: number } | undefined;
  let from = one.position + 1, count = 0;
  for (const next of about.again) {
    for (; from <= next.position && free !== 0; from++) {
      // A register may be written where the value is asked for the last time.
      if (from < next.position) free &= ~about.busy[from];
    }
    if (free === 0) break;
    count++;
    // Used ones that calls destroy first: they cost nothing.
    const cheap = free & about.used;
    const other = count >= WORTH_SAVING ? free : free & 0x3f;
    const mask = cheap !== 0 ? cheap : other;
    if (mask !== 0) best = { reg: 31 - Math.clz32(mask & -mask), until: next.position };
  }
  return best;
}

/** Loads that may be merged, and what is made of them at once, as the values in order. */
function occurrences(
  propagation: Propagation,
): { found: Occurrence[]; starts: Int32Array; total: number } {
  const { graph, order } = propagation;
  const found: Occurrence[] = [];
  const starts = new Int32Array(graph.blocks.length);
  let position = 0;
  for (let i = 0; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    starts[number] = position;
    const { items } = graph.blocks[number];
    const state = propagation.before(number);
    for (let index = 0; index < items.length; index++, position++) {
      const item = items[index];
      const { insn } = item;
      const value = insn.kind === "load" && (item.quiet || insn.base === 10) || insn.kind === "alu"
        ? propagation.result(state, item)
        : -1;
      const previous = index > 0 ? items[index - 1].insn : undefined;
      const sum = insn.kind === "alu" && insn.op === "add" && insn.width === 64 && insn.src.kind === "reg" &&
        propagation.values.isOperation(propagation.values.baseOf(value));
      if (sum) {
        // Sums of one base are a distance apart: any of them gives the others.
        found.push({
          block: number,
          index,
          position,
          dst: insn.dst,
          value: propagation.values.baseOf(value),
        });
      } else if (insn.kind === "load" && value >= 0) {
        found.push({ block: number, index, position, dst: insn.dst, value });
      } else if (insn.kind === "alu" && value >= 0 && insn.src.kind === "imm" && insn.op !== "mov") {
        // A field that is masked or shifted is kept as it is used.
        const last = found[found.length - 1];
        if (
          previous?.kind === "load" && previous.dst === insn.dst && last?.position === position - 1 &&
          propagation.values.constantOf(value) === undefined
        ) found[found.length - 1] = { block: number, index, position, dst: insn.dst, value };
      }
      propagation.step(state, item, { block: number, index });
    }
    position++;
  }
  return { found, starts, total: position };
}

/** By occurrence: mask of the registers that are dead behind it. */
function deadBehind(propagation: Propagation, found: readonly Occurrence[]): Int32Array {
  const { graph, order, frame } = propagation;
  const liveness = livenessOf(graph, order, frame);
  const dead = new Int32Array(found.length);
  let i = 0;
  while (i < found.length) {
    const { block } = found[i];
    let until = i;
    while (until < found.length && found[until].block === block) until++;
    const { items, end } = graph.blocks[block];
    const live = liveBehind(graph, liveness, block);
    if (end !== undefined) stepBack(live, end, frame);
    let k = until - 1;
    for (let index = items.length - 1; index >= 0 && k >= i; index--) {
      if (found[k].index === index) {
        dead[k] = ~(live.registers | 1 << found[k].dst) & 0x3ff;
        k--;
      }
      stepBack(live, items[index], frame);
    }
    i = until;
  }
  return dead;
}

/** By position: mask of the registers that are written there, or hold what is read later. */
function writesOf(
  graph: Graph,
  blocks: Int32Array,
  size: { readonly starts: Int32Array; readonly total: number },
): Int32Array {
  const busy = new Int32Array(size.total);
  for (const number of blocks) {
    const { items } = graph.blocks[number];
    for (let index = 0; index < items.length; index++) {
      busy[size.starts[number] + index] = effectsOf(items[index].insn).writes;
    }
  }
  return busy;
}

function usedRegisters(graph: Graph, blocks: Int32Array): number {
  let used = 0x3f;
  for (const number of blocks) {
    for (const { insn } of graph.blocks[number].items) {
      const { reads, writes } = effectsOf(insn);
      used |= reads | writes;
    }
  }
  return used;
}

/**
 * What registers, slots of the frame and memory hold in front of every block, as values.
 *
 * One pass over the blocks in reverse postorder. Where paths meet with different values, and at the head of a loop for everything that the loop
 * changes, there is a new leaf; an edge on which a comparison says what a value is puts the constant there. What memory holds is a value as well,
 * one for the frame and one for everything else, renewed by whatever may change it.
 *
 * What is assumed of memory: a frame's address that never leaves the subprogram's registers and slots is known to nobody else. What the context
 * points to, at any number of steps, is not a frame. Everything else may be the same place.
 *
 * @module
 */
import { CALLER_SAVED, effectsOf } from "../../ir/effects.ts";
import type { Insn, Operand, Reg } from "../../ir/insn.ts";
import { dominatorsOf, type Graph, type Item, loopsOf, type Order } from "./graph.ts";
import { type Frame, livenessOf, type Slot, slotOf, UNKNOWN_FRAME } from "./liveness.ts";
import { FRAME, Values } from "./values.ts";

/** Places of a state: r0 to r9, then memory and slots. This one is the frame's memory without its slots. */
const FRAME_MEMORY = 10;
/** Memory that is not in the frame. */
const OTHER_MEMORY = 11;
/** Memory of which nobody knows whether it is in a frame whose address got away. */
const ANY_MEMORY = 12;
/** The place of the first slot's value. */
export const FIRST_SLOT = 13;

/** By place: a value. */
export type State = Int32Array;

/** An access to the frame at a fixed offset. */
export interface FrameAccess {
  readonly offset: number;
  readonly size: number;
  readonly atomic: boolean;
}

/** Leaves are named by their block, the item's index in it (or one of these) and the place. */
const ENTRY = -2, MEETING = -3;

/** Dominators to look at for what is known of a value. */
const MAX_STEPS = 8;

/** The values of one graph; see the module's header. Items must not change while it is used. */
export class Propagation {
  readonly values: Values = new Values();
  readonly graph: Graph;
  readonly order: Order;
  readonly frame: Frame;
  /** By block: its immediate dominator. */
  readonly idom: Int32Array;
  /** The frame's address got away, by what can be seen without asking whether it did. */
  escapes = false;
  /** Accesses to the frame, in the order of blocks. */
  readonly accesses: FrameAccess[] = [];
  readonly #width: number;
  readonly #before: State;
  readonly #behind: State;
  /** By block: the values its branch compares. */
  readonly #left: Int32Array;
  readonly #right: Int32Array;

  /** For blocks with several ways in, by place. */
  readonly #met: {
    readonly outside: Uint8Array;
    readonly bits: Uint8Array;
    readonly mixed: Uint8Array;
    readonly unlike: Uint8Array;
    readonly frames: Uint8Array;
  };

  constructor(graph: Graph, order: Order, frame: Frame) {
    this.graph = graph;
    this.order = order;
    this.frame = frame;
    this.idom = dominatorsOf(graph, order);
    const count = graph.blocks.length;
    this.#width = FIRST_SLOT + frame.slots.length;
    this.#before = new Int32Array(count * this.#width);
    this.#behind = new Int32Array(count * this.#width);
    this.#left = new Int32Array(count).fill(-1);
    this.#right = new Int32Array(count).fill(-1);
    this.#met = {
      outside: new Uint8Array(this.#width),
      bits: new Uint8Array(this.#width),
      mixed: new Uint8Array(this.#width),
      unlike: new Uint8Array(this.#width),
      frames: new Uint8Array(this.#width),
    };
    this.#run();
  }

  /** A copy of what holds before a block. */
  before(block: number): State {
    return this.#before.slice(block * this.#width, (block + 1) * this.#width);
  }

  /** The values that a block's branch compares; -1 if it ends otherwise. */
  compared(block: number): { readonly left: number; readonly right: number } {
    return { left: this.#left[block], right: this.#right[block] };
  }

  /** What holds on the edge from a block, by `jump` or by `next`. */
  onEdge(block: number, jumps: boolean): State {
    const state = this.#behind.slice(block * this.#width, (block + 1) * this.#width);
    const value = this.#pinned(block, jumps);
    if (value < 0) return state;
    const constant = this.#constantAt(block);
    for (let place = 0; place < state.length; place++) if (state[place] === value) state[place] = constant;
    return state;
  }

  /** The value of which an edge says that it is a constant, {@linkcode #constantAt}; -1 if it says so of none. */
  #pinned(block: number, jumps: boolean): number {
    const { end, next, jump } = this.graph.blocks[block];
    if (end?.insn.kind !== "branch" || next === jump) return -1;
    const { op, width } = end.insn;
    if (!(jumps ? op === "eq" : op === "ne")) return -1;
    const left = this.#left[block], right = this.#right[block];
    const { values } = this;
    if (width === 32 && (values.bitsOf(left) > 32 || values.bitsOf(right) > 32)) return -1;
    if (values.constantOf(right) !== undefined) return left;
    return values.constantOf(left) !== undefined ? right : -1;
  }

  /** The constant that a block's branch compares with. */
  #constantAt(block: number): number {
    return this.values.constantOf(this.#right[block]) !== undefined ? this.#right[block] : this.#left[block];
  }

  /** The value of a register. */
  register(state: State, reg: Reg): number {
    return reg === 10 ? FRAME : state[reg];
  }

  /** The value of an operand of an operation or comparison of a width. */
  operand(state: State, operand: Operand, width: 32 | 64): number {
    if (operand.kind === "reg") return this.register(state, operand.reg);
    return this.values.constant(width === 32 ? BigInt(operand.imm >>> 0) : BigInt(operand.imm));
  }

  /** Where an access goes, if it is to the frame at a fixed offset; else undefined. */
  frameOffset(state: State, access: { readonly base: Reg; readonly offset: number }): number | undefined {
    const base = this.register(state, access.base);
    return this.values.baseOf(base) === FRAME ? this.values.distanceOf(base) + access.offset : undefined;
  }

  /** The value that an item puts into its destination, without doing so; -1 if it puts none there, or nothing known. */
  result(state: State, item: Item): number {
    const { insn } = item;
    const { values } = this;
    switch (insn.kind) {
      case "alu":
        return values.operation(insn.op, insn.width, {
          dst: this.register(state, insn.dst),
          src: this.operand(state, insn.src, insn.width),
        });
      case "imm64":
        return insn.value.kind === "const" ? values.constant(insn.value.value) : -1;
      case "load":
        return this.#loaded(state, item, insn);
      default:
        return -1;
    }
  }

  #loaded(state: State, item: Item, insn: Extract<Insn, { kind: "load" }>): number {
    const { values } = this;
    const offset = this.frameOffset(state, insn);
    if (offset !== undefined) {
      const slot = slotOf(this.frame, { offset, size: insn.size });
      if (slot < 0) {
        return values.load({ base: FRAME, distance: offset, memory: state[FRAME_MEMORY] }, insn);
      }
      const held = values.narrow(state[FIRST_SLOT + slot], 8 * insn.size);
      if (!insn.signed) return held;
      const op = insn.size === 1 ? "movsx8" : insn.size === 2 ? "movsx16" : "movsx32";
      return values.operation(op, 64, { dst: held, src: held });
    }
    if (!item.quiet) return -1;
    const at = this.register(state, insn.base);
    const base = values.baseOf(at);
    const memory = state[this.frame.escapes && !values.isOutside(base) ? ANY_MEMORY : OTHER_MEMORY];
    return values.load({ base, distance: values.distanceOf(at) + insn.offset, memory }, insn);
  }

  /** Changes the state to what holds behind an item. `block` and `index` say which item it is. */
  step(state: State, item: Item, at: { readonly block: number; readonly index: number }): void {
    const { insn } = item;
    const { values } = this;
    const unknown = (place: number): void => {
      state[place] = values.leaf(at.block, at.index, place);
    };
    switch (insn.kind) {
      case "alu":
      case "imm64":
      case "load": {
        const value = this.result(state, item);
        if (value >= 0) state[insn.dst] = value;
        else unknown(insn.dst);
        if (value < 0 && insn.kind === "load" && !insn.signed) {
          values.describe(state[insn.dst], { bits: 8 * insn.size, outside: false });
        }
        return;
      }
      case "store": {
        const offset = this.frameOffset(state, insn);
        if (offset === undefined) {
          unknown(OTHER_MEMORY);
          unknown(ANY_MEMORY);
          const base = values.baseOf(this.register(state, insn.base));
          if (this.frame.escapes && !values.isOutside(base)) this.#forgetFrame(unknown);
          return;
        }
        if (this.frame.escapes) unknown(ANY_MEMORY);
        const slot = slotOf(this.frame, { offset, size: insn.size });
        if (slot < 0) unknown(FRAME_MEMORY);
        else {
          const place = FIRST_SLOT + slot;
          const stored = values.narrow(this.operand(state, insn.src, 64), 8 * insn.size);
          const whole = this.frame.slots[slot].size === insn.size;
          state[place] = whole ? stored : values.insert(state[place], stored, 8 * insn.size);
        }
        return;
      }
      case "atomic": {
        unknown(OTHER_MEMORY);
        unknown(ANY_MEMORY);
        unknown(FRAME_MEMORY);
        if (this.frame.escapes) this.#forgetFrame(unknown);
        const { writes } = effectsOf(insn);
        for (let reg = 0; reg < 10; reg++) if ((writes >> reg & 1) === 1) unknown(reg);
        return;
      }
      case "call":
      case "ldabs":
        for (let reg = 0; reg < 10; reg++) if ((CALLER_SAVED >> reg & 1) === 1) unknown(reg);
        unknown(OTHER_MEMORY);
        unknown(ANY_MEMORY);
        if (this.frame.escapes) this.#forgetFrame(unknown);
        return;
      case "addr_space_cast":
        unknown(insn.dst);
        return;
      case "jump":
      case "branch":
      case "may_goto":
      case "exit":
      case "raw":
        return;
    }
  }

  #forgetFrame(unknown: (place: number) => void): void {
    unknown(FRAME_MEMORY);
    for (let place = FIRST_SLOT; place < this.#width; place++) unknown(place);
  }

  #run(): void {
    const { graph, order } = this;
    const liveness = livenessOf(graph, order, this.frame);
    const loops = loopsOf(graph);
    const changes = this.#changes(loops);
    for (let i = 0; i < order.blocks.length; i++) {
      const number = order.blocks[i];
      const state = this.#meet(number, { loop: loops[number], changes, live: liveness.registers[number] });
      this.#before.set(state, number * this.#width);
      const { items, end } = graph.blocks[number];
      for (let index = 0; index < items.length; index++) {
        this.#watch(state, items[index]);
        this.step(state, items[index], { block: number, index });
      }
      this.#behind.set(state, number * this.#width);
      if (end?.insn.kind === "branch") {
        const { left, right, width } = end.insn;
        this.#left[number] = this.register(state, left);
        this.#right[number] = this.operand(state, right, width);
      }
    }
  }

  /** By loop: 1 for each place that something in it may change. */
  #changes(loops: Int32Array): Map<number, Uint8Array> {
    const found = new Map<number, Uint8Array>();
    const { blocks } = this.graph;
    for (let number = 0; number < blocks.length; number++) {
      const loop = loops[number];
      if (loop < 0) continue;
      let changed = found.get(loop);
      if (changed === undefined) {
        found.set(loop, changed = new Uint8Array(this.#width));
        // A loop may wait for somebody else to write: every round looks anew.
        changed[OTHER_MEMORY] = changed[ANY_MEMORY] = 1;
      }
      for (const { insn } of blocks[number].items) {
        const { writes } = effectsOf(insn);
        for (let reg = 0; reg < 10; reg++) if ((writes >> reg & 1) === 1) changed[reg] = 1;
        // Where a store goes is not known yet.
        const memory = insn.kind === "store" || insn.kind === "atomic" || insn.kind === "call" ||
          insn.kind === "ldabs";
        if (memory) changed.fill(1, FRAME_MEMORY);
      }
    }
    return found;
  }

  #meet(
    number: number,
    about: {
      readonly loop: number;
      readonly changes: Map<number, Uint8Array>;
      /** Registers live in front of the block. */
      readonly live: number;
    },
  ): State {
    const { order, values, graph } = this;
    const leaf = (place: number): number => values.leaf(number, MEETING, place);
    if (number === 0) {
      const state = new Int32Array(this.#width);
      for (let place = 0; place < state.length; place++) state[place] = values.leaf(0, ENTRY, place);
      if (graph.main) values.describe(state[1], { bits: 64, outside: true });
      // A jump back to the first instruction brings anything.
      if (order.predStart[1] > order.predStart[0]) {
        for (let place = 0; place < state.length; place++) state[place] = leaf(place);
        this.escapes ||= this.frame.slots.length > 0;
      }
      return state;
    }
    if (order.predStart[number + 1] - order.predStart[number] === 1) {
      const from = order.preds[order.predStart[number]];
      return this.onEdge(from, graph.blocks[from].jump === number);
    }
    let state: State | undefined;
    let back = false, irreducible = false;
    const { outside, bits, mixed, unlike, frames } = this.#met;
    outside.fill(1);
    bits.fill(0);
    mixed.fill(0);
    unlike.fill(0);
    frames.fill(0);
    let first = -1;
    const join = (edge: State, from: number): void => {
      for (let place = 0; place < edge.length; place++) {
        const value = edge[place];
        const base = values.baseOf(value);
        if (!values.isOutside(base)) outside[place] = 0;
        if (values.bitsOf(value) > bits[place]) bits[place] = values.bitsOf(value);
        if (base === FRAME) frames[place] = 1;
      }
      if (state === undefined) {
        state = edge;
        first = from * this.#width;
        return;
      }
      const raw = from * this.#width;
      for (let place = 0; place < edge.length; place++) {
        if (edge[place] !== state[place]) mixed[place] = 1;
        if (this.#behind[raw + place] !== this.#behind[first + place]) unlike[place] = 1;
      }
    };
    let last = -1;
    for (let i = order.predStart[number]; i < order.predStart[number + 1]; i++) {
      const pred = order.preds[i];
      if (order.place[pred] >= order.place[number]) {
        back = true;
        if (!this.dominates(number, pred)) irreducible = true;
        continue;
      }
      // Both edges of one block stand next to each other.
      const block = graph.blocks[pred];
      const both = block.next === number && block.jump === number;
      if (both && pred === last) continue;
      last = pred;
      join(this.onEdge(pred, !both && block.jump === number), pred);
    }
    if (state === undefined) throw new RangeError(`Cannot simplify: block ${number} has no way in`);
    const changed = back ? about.changes.get(about.loop) : undefined;
    for (let place = 0; place < state.length; place++) {
      const fresh = irreducible || changed !== undefined && changed[place] === 1;
      if (!fresh && mixed[place] === 0) continue;
      if (!fresh && unlike[place] === 0) {
        // The same value, of which one way knows more.
        state[place] = this.#behind[first + place];
        continue;
      }
      const agreed = fresh ? -1 : this.#agreed(number, place);
      if (agreed >= 0) {
        state[place] = agreed;
        continue;
      }
      state[place] = leaf(place);
      if (!fresh) values.describe(state[place], { bits: bits[place], outside: outside[place] === 1 });
      if (frames[place] === 0) continue;
      // Whether a slot is read cannot be seen yet: its address may be in a register.
      if (place >= 10 || (about.live >> place & 1) === 1) this.escapes = true;
    }
    return state;
  }

  /**
   * The value that a place has on all ways into a block, where some of them know it to be a constant and hold that; -1 if there is none.
   */
  #agreed(number: number, place: number): number {
    const { order, values } = this;
    let common = -1;
    for (let i = order.predStart[number]; i < order.predStart[number + 1]; i++) {
      if (order.place[order.preds[i]] >= order.place[number]) continue;
      const value = this.#behind[order.preds[i] * this.#width + place];
      if (values.constantOf(value) !== undefined) continue;
      if (common >= 0 && value !== common) return -1;
      common = value;
    }
    if (common < 0) return -1;
    for (let i = order.predStart[number]; i < order.predStart[number + 1]; i++) {
      const pred = order.preds[i];
      if (order.place[pred] >= order.place[number]) continue;
      const value = this.#behind[pred * this.#width + place];
      if (value !== common && !this.#isKnown(common, value, pred)) return -1;
    }
    return common;
  }

  /** Whether some edge above a block says that a value is a constant. */
  #isKnown(value: number, constant: number, block: number): boolean {
    const { order, graph } = this;
    for (let steps = 0; block >= 0 && steps < MAX_STEPS; steps++) {
      if (order.predStart[block + 1] - order.predStart[block] === 1) {
        const from = order.preds[order.predStart[block]];
        const pinned = this.#pinned(from, graph.blocks[from].jump === block);
        if (pinned === value && this.#constantAt(from) === constant) return true;
      }
      block = this.idom[block];
    }
    return false;
  }

  /** Whether every way to a block leads through another, or it is the same. */
  dominates(above: number, below: number): boolean {
    const { place } = this.order;
    let block = below;
    while (block >= 0 && place[block] > place[above]) block = this.idom[block];
    return block === above;
  }

  /** Takes note of accesses to the frame, and of ways on which its address gets away. */
  #watch(state: State, item: Item): void {
    const { insn } = item;
    const { values } = this;
    const frameOf = (reg: Reg): boolean => values.baseOf(this.register(state, reg)) === FRAME;
    switch (insn.kind) {
      case "alu": {
        const uses = insn.src.kind === "reg" && frameOf(insn.src.reg) ||
          insn.op !== "mov" && frameOf(insn.dst);
        if (uses && values.baseOf(this.result(state, item)) !== FRAME) this.escapes = true;
        return;
      }
      case "load":
      case "store":
      case "atomic": {
        const offset = this.frameOffset(state, insn);
        if (offset !== undefined) {
          this.accesses.push({ offset, size: insn.size, atomic: insn.kind === "atomic" });
        }
        if (insn.kind === "load") return;
        const src = insn.kind === "atomic" ? insn.src : insn.src.kind === "reg" ? insn.src.reg : -1;
        if (src < 0 || !frameOf(src)) return;
        const kept = insn.kind === "store" && offset !== undefined && insn.size === 8 &&
          slotOf(this.frame, { offset, size: 8 }) >= 0;
        if (!kept) this.escapes = true;
        return;
      }
      case "call":
        for (let reg = 1; reg <= 5; reg++) if (frameOf(reg)) this.escapes = true;
        return;
      case "addr_space_cast":
        if (frameOf(insn.src)) this.escapes = true;
        return;
      default:
        return;
    }
  }
}

/**
 * The values of a graph with what can be known of its frame; `before` is what was known of it before the graph was improved. First its accesses are looked at; then slots are followed, as long as the frame's
 * address stays inside, and as long as addresses that came back out of slots show no access that cuts a slot.
 */
export function propagate(graph: Graph, order: Order, before?: Frame): Propagation {
  let slots = before?.slots ?? slotsOf(new Propagation(graph, order, UNKNOWN_FRAME).accesses);
  let escapes = before?.escapes ?? false;
  for (;;) {
    const found = new Propagation(graph, order, { slots, escapes });
    if (found.escapes && !escapes) {
      escapes = true;
      continue;
    }
    const kept = slots.filter((slot) => !found.accesses.some((access) => cuts(access, slot)));
    // Slots only ever get fewer, so this ends.
    if (kept.length === slots.length) return found;
    slots = kept;
  }
}

/** Whether an access reaches a slot otherwise than from its beginning. */
function cuts(access: FrameAccess, slot: Slot): boolean {
  if (access.offset + access.size <= slot.offset || slot.offset + slot.size <= access.offset) return false;
  return access.atomic || access.offset !== slot.offset || access.size > slot.size;
}

/** Slots are followed in masks. */
const MAX_SLOTS = 32;

/** The pieces of the frame that are only ever accessed from their beginning, the most used first. */
function slotsOf(accesses: readonly FrameAccess[]): { offset: number; size: number }[] {
  const pieces = new Map<number, { offset: number; size: number; uses: number; whole: boolean }>();
  for (const { offset, size, atomic } of accesses) {
    const piece = pieces.get(offset);
    if (piece === undefined) pieces.set(offset, { offset, size, uses: 1, whole: !atomic && offset < 0 });
    else {
      piece.uses++;
      if (atomic) piece.whole = false;
      piece.size = Math.max(piece.size, size);
    }
  }
  const sorted = [...pieces.values()].sort((a, b) => a.offset - b.offset);
  let reach: (typeof sorted)[number] | undefined;
  for (const piece of sorted) {
    if (reach !== undefined && reach.offset + reach.size > piece.offset) reach.whole = piece.whole = false;
    if (reach === undefined || piece.offset + piece.size > reach.offset + reach.size) reach = piece;
  }
  return sorted.filter((piece) => piece.whole).sort((a, b) => b.uses - a.uses || b.offset - a.offset)
    .slice(0, MAX_SLOTS).map(({ offset, size }) => ({ offset, size }));
}

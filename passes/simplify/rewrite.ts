/**
 * Says every instruction as cheaply as the values allow: what is known already is not computed again.
 *
 * An operation or a merged load whose result is a constant becomes a move of it, one whose result some register holds a move of that register,
 * one whose result its destination already holds goes. Operands become constants or the register that holds the value for longest, so that copies
 * die; addresses in the frame become r10 and an offset. Branches whose outcome is known become edges.
 *
 * @module
 */
import type { Insn, Operand, Reg } from "../../ir/insn.ts";
import { imm, reg } from "../../ir/insn.ts";
import { decide, MIRRORED } from "./decide.ts";
import type { Block, Item } from "./graph.ts";
import type { Propagation, State } from "./propagate.ts";
import { FRAME, isUnary } from "./values.ts";

/** Rewrites all reachable blocks. Returns whether anything changed; the propagation is then out of date. */
export function rewrite(propagation: Propagation): boolean {
  const { graph, order } = propagation;
  let changed = false;
  // Nothing is written before everything is decided: decisions look at the graph.
  const rewritten: { readonly block: Block; readonly items: Item[]; readonly end: Item | undefined }[] = [];
  const decided: { readonly block: Block; readonly taken: boolean }[] = [];
  for (let i = 0; i < order.blocks.length; i++) {
    const number = order.blocks[i];
    const block = graph.blocks[number];
    const writer = new Writer(propagation, propagation.before(number));
    const items: Item[] = [];
    for (let index = 0; index < block.items.length; index++) {
      const item = block.items[index];
      const near = writer.near(item, items[items.length - 1]);
      if (near !== undefined) {
        items.push(...near);
        changed = true;
      } else {
        const now = writer.item(item);
        if (now !== item) changed = true;
        const sum = together(items[items.length - 1], now);
        if (sum !== undefined) {
          items[items.length - 1] = sum;
          changed = true;
        } else if (now !== undefined) items.push(now);
      }
      writer.step(item, { block: number, index });
    }
    let end = block.end;
    if (end?.insn.kind === "branch") {
      const { op, width } = end.insn;
      const taken = decide(propagation, { op, width, ...propagation.compared(number) }, { block: number });
      if (taken !== undefined || block.next === block.jump) decided.push({ block, taken: taken === true });
      else end = writer.branch(end, end.insn);
    }
    if (end !== block.end) changed = true;
    rewritten.push({ block, items, end });
  }
  for (const { block, items, end } of rewritten) {
    block.items = items;
    block.end = end;
  }
  for (const { block, taken } of decided) {
    if (taken) block.next = block.jump;
    block.jump = -1;
    block.end = undefined;
    changed = true;
  }
  return changed;
}

/** Walks a block with what holds in it. */
class Writer {
  readonly #propagation: Propagation;
  readonly #state: State;
  /** By register: when it got its value, counted in items of the block; 0 for before. */
  readonly #since = new Int32Array(11);
  #time = 0;

  constructor(propagation: Propagation, state: State) {
    this.#propagation = propagation;
    this.#state = state;
  }

  step(item: Item, at: { readonly block: number; readonly index: number }): void {
    this.#time++;
    const state = this.#state;
    const before = state.slice(0, 10);
    this.#propagation.step(state, item, at);
    for (let r = 0; r < 10; r++) if (state[r] !== before[r]) this.#since[r] = this.#time;
  }

  /** The item in its new form; undefined if nothing of it is needed. */
  item(item: Item): Item | undefined {
    const { insn } = item;
    switch (insn.kind) {
      case "alu":
      case "load":
      case "imm64": {
        const value = this.#propagation.result(this.#state, item);
        if (value < 0) return this.#changed(item, this.#operands(insn));
        if (this.#state[insn.dst] === value) return undefined;
        const known = this.#known(insn, value);
        return this.#changed(item, known ?? this.#operands(insn));
      }
      case "store":
      case "atomic":
        return this.#changed(item, this.#operands(insn));
      case "call":
      case "ldabs":
      case "addr_space_cast":
      case "jump":
      case "branch":
      case "may_goto":
      case "exit":
      case "raw":
        return item;
    }
  }

  /**
   * A sum that some register holds but for a distance, as that register and the distance: what stood in the destination before was put there
   * only for this, so whatever it was made of may go. `previous` is what stands before it now.
   */
  near(item: Item, previous: Item | undefined): Item[] | undefined {
    const { insn } = item;
    if (insn.kind !== "alu" || insn.op !== "add" || insn.width !== 64 || insn.src.kind !== "reg") {
      return undefined;
    }
    if (previous === undefined || !onlyFor(previous, insn.dst)) return undefined;
    const { values } = this.#propagation;
    const value = this.#propagation.result(this.#state, item);
    const base = values.baseOf(value);
    if (values.constantOf(value) !== undefined || base === FRAME || this.#holder(value) >= 0) {
      return undefined;
    }
    const { dst } = insn;
    for (let r = 0; r < 10; r++) {
      if (r === dst || values.baseOf(this.#state[r]) !== base) continue;
      const distance = values.distanceOf(value) - values.distanceOf(this.#state[r]);
      if (distance < -0x8000_0000 || distance > 0x7fff_ffff) continue;
      return [
        { ...item, insn: { kind: "alu", op: "mov", width: 64, dst, src: reg(r) }, same: false },
        { ...item, insn: { kind: "alu", op: "add", width: 64, dst, src: imm(distance) }, same: false },
      ];
    }
    return undefined;
  }

  /** A branch with cheaper operands. */
  branch(item: Item, insn: Extract<Insn, { kind: "branch" }>): Item {
    const { width } = insn;
    let { op, left, right } = insn;
    if (right.kind === "reg") {
      const value = this.#propagation.register(this.#state, right.reg);
      const constant = this.#immediate(value, width);
      if (constant !== undefined) right = imm(constant);
      else {
        const other = this.#immediate(this.#propagation.register(this.#state, left), width);
        if (other !== undefined) {
          left = right.reg;
          right = imm(other);
          op = MIRRORED[op];
        } else right = reg(this.#oldest(value, right.reg));
      }
    }
    left = this.#oldest(this.#propagation.register(this.#state, left), left);
    const same = op === insn.op && left === insn.left && equal(right, insn.right);
    return same ? item : { ...item, insn: { ...insn, op, left, right }, same: false };
  }

  /** How to get a value that needs no computing. */
  #known(insn: Extract<Insn, { kind: "alu" | "load" | "imm64" }>, value: number): Insn | undefined {
    const { values } = this.#propagation;
    const { dst } = insn;
    const constant = values.constantOf(value);
    if (constant !== undefined) {
      const short = BigInt.asIntN(64, constant);
      if (short >= -0x8000_0000n && short <= 0x7fff_ffffn) {
        return { kind: "alu", op: "mov", width: 64, dst, src: imm(Number(short)) };
      }
      if (constant <= 0xffff_ffffn) {
        return { kind: "alu", op: "mov", width: 32, dst, src: imm(Number(constant) | 0) };
      }
      return { kind: "imm64", dst, value: { kind: "const", value: constant } };
    }
    const holder = this.#holder(value);
    if (holder >= 0) return { kind: "alu", op: "mov", width: 64, dst, src: reg(holder) };
    const wider = values.widerOf(value);
    if (wider >= 0 && insn.kind === "load") {
      const from = this.#holder(wider);
      if (from >= 0) return { kind: "alu", op: "mov", width: 32, dst, src: reg(from) };
    }
    return undefined;
  }

  #operands(insn: Insn): Insn {
    const state = this.#state;
    const propagation = this.#propagation;
    switch (insn.kind) {
      case "alu": {
        if (insn.src.kind === "imm" || isUnary(insn.op)) return insn;
        const value = propagation.register(state, insn.src.reg);
        const constant = this.#immediate(value, insn.width);
        if (constant !== undefined && takesImmediate(insn.op, constant)) {
          const shift = insn.op === "lsh" || insn.op === "rsh" || insn.op === "arsh";
          return { ...insn, src: imm(shift ? constant & insn.width - 1 : constant) };
        }
        return { ...insn, src: reg(this.#oldest(value, insn.src.reg)) };
      }
      case "load":
        return { ...insn, ...this.#place(insn) };
      case "store": {
        const place = this.#place(insn);
        if (insn.src.kind === "imm") return { ...insn, ...place };
        const value = propagation.register(state, insn.src.reg);
        const constant = this.#immediate(value, insn.size === 8 ? 64 : 32);
        if (constant !== undefined) {
          return {
            ...insn,
            ...place,
            src: imm(insn.size < 4 ? constant << 32 - 8 * insn.size >> 32 - 8 * insn.size : constant),
          };
        }
        return { ...insn, ...place, src: reg(this.#oldest(value, insn.src.reg)) };
      }
      case "atomic": {
        const place = this.#place(insn);
        const writes = insn.fetch || insn.op === "load_acq";
        const src = writes ? insn.src : this.#oldest(propagation.register(state, insn.src), insn.src);
        return { ...insn, ...place, src };
      }
      default:
        return insn;
    }
  }

  #place(access: { readonly base: Reg; readonly offset: number }): { base: Reg; offset: number } {
    const inFrame = this.#propagation.frameOffset(this.#state, access);
    if (inFrame !== undefined && inFrame >= -0x8000 && inFrame <= 0x7fff) {
      return { base: 10, offset: inFrame };
    }
    const value = this.#propagation.register(this.#state, access.base);
    return { base: this.#oldest(value, access.base), offset: access.offset };
  }

  /** The value as a 32-bit immediate of an operation of a width; undefined if it is no constant that fits. */
  #immediate(value: number, width: 32 | 64): number | undefined {
    const constant = this.#propagation.values.constantOf(value);
    if (constant === undefined) return undefined;
    if (width === 32) return Number(BigInt.asIntN(32, constant));
    const signed = BigInt.asIntN(64, constant);
    return signed >= -0x8000_0000n && signed <= 0x7fff_ffffn ? Number(signed) : undefined;
  }

  /** A register that holds a value; -1 if none does. */
  #holder(value: number): number {
    if (value === FRAME) return 10;
    let found = -1;
    for (let r = 0; r < 10; r++) if (this.#state[r] === value && this.#better(r, found)) found = r;
    return found;
  }

  /** The register that has held a value for longest, `or` if nothing holds it better. */
  #oldest(value: number, or: Reg): Reg {
    const found = this.#holder(value);
    return found < 0 ? or : found;
  }

  /** Older is better; of the same age those that calls preserve; then the lower number, so that the choice is always the same. */
  #better(candidate: number, than: number): boolean {
    if (than < 0) return true;
    if (this.#since[candidate] !== this.#since[than]) return this.#since[candidate] < this.#since[than];
    return candidate >= 6 && than < 6;
  }

  #changed(item: Item, insn: Insn): Item {
    return sameInsn(item.insn, insn) ? item : { ...item, insn, same: false };
  }
}

/** It puts something into a register at no cost but its own: a copy, or a load that may be left out. */
function onlyFor({ insn, quiet }: Item, dst: Reg): boolean {
  if (insn.kind === "load") return insn.dst === dst && (quiet || insn.base === 10);
  return insn.kind === "alu" && insn.op === "mov" && insn.dst === dst && insn.src.kind === "reg" &&
    insn.src.reg !== dst;
}

/** Two additions of constants to the same register as one; undefined if they are not that. */
function together(first: Item | undefined, second: Item | undefined): Item | undefined {
  const a = first?.insn, b = second?.insn;
  if (a?.kind !== "alu" || a.op !== "add" || a.width !== 64 || a.src.kind !== "imm") return undefined;
  if (b?.kind !== "alu" || b.op !== "add" || b.width !== 64 || b.src.kind !== "imm" || a.dst !== b.dst) {
    return undefined;
  }
  const sum = a.src.imm + b.src.imm;
  if (sum < -0x8000_0000 || sum > 0x7fff_ffff) return undefined;
  return { ...second!, insn: { ...b, src: imm(sum) }, same: false };
}

function takesImmediate(op: string, value: number): boolean {
  return !op.startsWith("movsx") && (value !== 0 || !/^s?(div|mod)$/.test(op));
}

function equal(a: Operand, b: Operand): boolean {
  return a.kind === "reg" ? b.kind === "reg" && a.reg === b.reg : b.kind === "imm" && a.imm === b.imm;
}

/** Whether two instructions without targets are the same in every field. */
function sameInsn(a: Insn, b: Insn): boolean {
  if (a === b) return true;
  if (a.kind === "alu") {
    if (b.kind !== "alu" || a.op !== b.op || a.dst !== b.dst || !equal(a.src, b.src)) return false;
    // Of small constants the width of the move does not matter.
    return a.width === b.width || a.op === "mov" && a.src.kind === "imm" && a.src.imm >= 0;
  }
  if (a.kind === "load") {
    return b.kind === "load" && a.dst === b.dst && a.base === b.base && a.offset === b.offset;
  }
  if (a.kind === "store") {
    return b.kind === "store" && a.base === b.base && a.offset === b.offset && equal(a.src, b.src);
  }
  if (a.kind === "atomic") {
    return b.kind === "atomic" && a.base === b.base && a.offset === b.offset && a.src === b.src;
  }
  if (a.kind === "imm64" && b.kind === "imm64" && a.value.kind === "const" && b.value.kind === "const") {
    return a.dst === b.dst && a.value.value === b.value.value;
  }
  return false;
}

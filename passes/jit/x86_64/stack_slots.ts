/**
 * What a subprogram does with its stack, once selection has folded addresses: how deep it goes, and which slots could live in registers.
 *
 * A slot can if the frame's address goes nowhere but into accesses at fixed offsets (so nobody else can reach the slot), all stores
 * to it have one size, all loads begin where the slot begins and are no larger, and no other access overlaps it. Whether a load is signed
 * or smaller does not matter: extending a register costs what loading does not.
 *
 * @module
 */
import { jumpSlot, slotsAt } from "../../../ir/cfg.ts";
import type { Columns } from "../../../ir/columns.ts";
import { sizeOf } from "./operation.ts";
import { EMIT, type Selection } from "./select.ts";

/** A slot that could live in a register. */
export interface StackSlot {
  /** From r10, in bytes; negative. */
  readonly offset: number;
  /** How often it is used, by a guess: ten times as often for every loop around. */
  readonly weight: number;
}

/** See the module's header. */
export interface StackUse {
  /** The address of the frame is a value somewhere. */
  readonly escapes: boolean;
  /** Bytes below r10 that accesses at fixed offsets reach. */
  readonly depth: number;
  /** Heaviest first; empty if the address escapes. */
  readonly slots: readonly StackSlot[];
}

interface Access {
  readonly offset: number;
  weight: number;
  /** Of the stores; 0 while there is none, -1 if they differ. */
  stored: number;
  /** The largest load. */
  loaded: number;
  promotable: boolean;
}

const LOAD = 0, STORE = 1, OTHER = 2;

/** What the subprogram with a given index in layout order does. */
export function stackUse(columns: Columns, selection: Selection, index: number): StackUse {
  const from = columns.subprogStart[index], until = columns.subprogStart[index + 1];
  const accesses = new Map<number, Access>();
  let depth = 0, escapes = false;
  let weights: Float64Array | undefined;

  const access = (slot: number, offset: number, size: number, kind: number): void => {
    depth = Math.max(depth, -offset);
    weights ??= loopWeights(columns, from, until);
    let entry = accesses.get(offset);
    if (entry === undefined) {
      entry = { offset, weight: 0, stored: 0, loaded: 0, promotable: offset < 0 };
      accesses.set(offset, entry);
    }
    entry.weight += weights[slot - from];
    if (kind === LOAD) entry.loaded = Math.max(entry.loaded, size);
    else if (kind === STORE && (entry.stored === 0 || entry.stored === size)) entry.stored = size;
    else {
      entry.promotable = false;
      entry.loaded = Math.max(entry.loaded, size);
    }
  };

  for (let slot = from; slot < until; slot += slotsAt(columns, slot)) {
    const emit = selection.emit[slot];
    if (emit === EMIT.SKIP) continue;
    const code = columns.code[slot];
    const kind = code & 7;
    const chosen = selection.folded[slot] !== 0 || emit === EMIT.OP_MEMORY || emit === EMIT.SWAP_LOAD ||
      emit === EMIT.PAIR_LOAD;
    if (emit === EMIT.LEA) {
      if (selection.base[slot] === 10) escapes = true;
    } else if (chosen) {
      if (kind === 3 && columns.src[slot] === 10) escapes = true;
      if (selection.base[slot] !== 10) continue;
      if (selection.index[slot] >= 0) escapes = true;
      else {access(
          slot,
          selection.disp[slot],
          accessSize(columns, selection, slot),
          kind === 2 || kind === 3 ? STORE : LOAD,
        );}
    } else if (emit !== EMIT.PLAIN) {
      continue;
    } else if (kind === 1) {
      if (columns.src[slot] === 10) access(slot, columns.off[slot], sizeOf(code), LOAD);
    } else if (kind === 2) {
      if (columns.dst[slot] === 10) access(slot, columns.off[slot], sizeOf(code), STORE);
    } else if (kind === 3) {
      const atomic = (code & 0xe0) === 0xc0;
      const acquire = atomic && columns.imm[slot] === 0x100;
      const base = acquire ? columns.src[slot] : columns.dst[slot];
      if (base === 10) access(slot, columns.off[slot], sizeOf(code), atomic ? OTHER : STORE);
      if (!acquire && columns.src[slot] === 10) escapes = true;
    } else if (kind === 5 || kind === 6) {
      const branch = (code & 0xf0) !== 0x00 && (code & 0xf0) < 0x80 ||
        (code & 0xf0) > 0x90 && (code & 0xf0) < 0xe0;
      if (branch && (columns.dst[slot] === 10 || (code & 8) !== 0 && columns.src[slot] === 10)) {
        escapes = true;
      }
    } else if (kind !== 0 && (code & 8) !== 0 && (code & 0xf0) !== 0xd0 && columns.src[slot] === 10) {
      escapes = true;
    }
  }
  return { escapes, depth, slots: escapes ? [] : promotable(accesses) };
}

function accessSize(columns: Columns, selection: Selection, slot: number): number {
  switch (selection.emit[slot]) {
    case EMIT.OP_MEMORY:
      return (columns.code[slot] & 7) === 7 ? 8 : 4;
    case EMIT.SWAP_LOAD:
      return selection.size[slot];
    case EMIT.PAIR_LOAD:
      return 2;
    default:
      return sizeOf(columns.code[slot]);
  }
}

function promotable(accesses: ReadonlyMap<number, Access>): StackSlot[] {
  const sorted = [...accesses.values()].sort((a, b) => a.offset - b.offset);
  // How far the accesses before reach, and which of them reaches that far.
  let reach = -Infinity;
  let reacher: Access | undefined;
  for (const entry of sorted) {
    if (entry.offset < reach) {
      entry.promotable = false;
      reacher!.promotable = false;
    }
    const end = entry.offset + Math.max(entry.stored, entry.loaded);
    if (end > reach) {
      reach = end;
      reacher = entry;
    }
    if (entry.stored === 0 || entry.loaded > entry.stored) entry.promotable = false;
  }
  return sorted.filter((entry) => entry.promotable).sort((a, b) => b.weight - a.weight)
    .map(({ offset, weight }) => ({ offset, weight }));
}

/** By slot from `from`: ten to the number of loops around, a loop being what lies between a jump back and its target. */
function loopWeights(columns: Columns, from: number, until: number): Float64Array {
  const change = new Int32Array(until - from + 1);
  for (let slot = from; slot < until; slot += slotsAt(columns, slot)) {
    const target = jumpSlot(columns, slot);
    if (target < from || target > slot) continue;
    change[target - from]++;
    change[slot - from + 1]--;
  }
  const weights = new Float64Array(until - from);
  let depth = 0;
  for (let i = 0; i < weights.length; i++) {
    depth += change[i];
    weights[i] = 10 ** Math.min(depth, 4);
  }
  return weights;
}

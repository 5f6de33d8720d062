/**
 * Scalars that are equal, or a constant apart, wherever they are kept: found by their id, recorded in the jump history, and told
 * what is learnt about one of them.
 *
 * A set has at most six members and is kept in two words: three entries of 10 bits in each, and two bits of the count above. An
 * entry is the frame (3 bits), the register or stack slot (6 bits), and whether it is a register (1 bit).
 *
 * @module
 */
import { copyReg, W } from "../states/arena.ts";
import { baseId, type Env, frameAt, isSpilled, spillAt } from "../env.ts";
import {
  ADD_CONST,
  ADD_CONST32,
  F_CALLSITE,
  F_NSLOTS,
  F_REGS,
  F_SLOT_TYPES,
  ID,
  OFF,
  REG_WORDS,
  SCALAR_VALUE,
  SCRATCH_BRANCH,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { boundsSync, markConst, zext32 } from "./scalar.ts";
import { addBounds32, addBounds64 } from "./scalar_ops.ts";
import { tnumAdd } from "./tnum.ts";

/** How many members a set has at most; further ones are taken out of the group. */
export const LINKED_MAX = 6;

/** The set being collected: entries, how many, and the words they are packed into. */
const entries = new Int32Array(LINKED_MAX);
let count = 0;

/** How many members a packed set has. */
export function linkedCount(lo: number, hi: number): number {
  return (lo >>> 30) | ((hi >>> 30) << 2);
}

/** Entry `i` of a packed set. */
export function linkedEntry(lo: number, hi: number, i: number): number {
  return i < 3 ? (lo >>> (10 * i)) & 0x3ff : (hi >>> (10 * (i - 3))) & 0x3ff;
}

/** The frame of an entry. */
export function entryFrame(entry: number): number {
  return entry & 7;
}

/** The register of an entry, or the stack slot. */
export function entryIndex(entry: number): number {
  return (entry >> 3) & 63;
}

/** Whether an entry is a register. */
export function entryIsReg(entry: number): boolean {
  return (entry & 0x200) !== 0;
}

/** Word of the register that an entry of the path under exploration means. */
function entryAt(entry: number): number {
  const frame = frameAt(entryFrame(entry));
  return entryIsReg(entry)
    ? frame + F_REGS + entryIndex(entry) * REG_WORDS
    : spillAt(frame, entryIndex(entry));
}

/** Begins a set. */
export function resetLinked(): void {
  count = 0;
}

/** How many members were collected. */
export function linkedSize(): number {
  return count;
}

/** The first word of the packed set. */
export function packedLow(): number {
  let word = (count & 3) << 30;
  for (let i = 0; i < 3 && i < count; i++) word |= entries[i] << (10 * i);
  return word;
}

/** The second word of the packed set. */
export function packedHigh(): number {
  let word = (count >> 2) << 30;
  for (let i = 3; i < count; i++) word |= entries[i] << (10 * (i - 3));
  return word;
}

function add(o: number, id: number, entry: number): void {
  if (W[o + TYPE] !== SCALAR_VALUE || baseId(W[o + ID]) !== id) return;
  if (count < LINKED_MAX) {
    entries[count++] = entry;
  } else {
    W[o + ID] = 0;
    W[o + VID] = 0;
  }
}

/**
 * Adds all scalars of an id's group to the set: registers that may still be read from the branch in `slot` on (in the callers,
 * from their call on), and spilled ones.
 */
export function collectLinked(env: Env, slot: number, idWord: number): void {
  const id = baseId(idWord);
  let at = slot;
  for (let f = env.curframe; f >= 0; f--) {
    const frame = frameAt(f), live = env.liveRegs[at];
    for (let r = 0; r < 10; r++) {
      if (((live >>> r) & 1) !== 0) add(frame + F_REGS + r * REG_WORDS, id, f | (r << 3) | 0x200);
    }
    const slots = W[frame + F_NSLOTS];
    for (let s = 0; s < slots; s++) {
      if (isSpilled(W[frame + F_SLOT_TYPES + s])) add(spillAt(frame, s), id, f | (s << 3));
    }
    at = W[frame + F_CALLSITE];
  }
}

/** Tells every member of the collected set what is now known about the register at `known`. */
export function syncLinked(known: number): void {
  for (let i = 0; i < count; i++) {
    const o = entryAt(entries[i]);
    if (o === known || W[o + TYPE] !== SCALAR_VALUE) continue;
    const id = W[o + ID], knownId = W[known + ID];
    if (baseId(id) !== baseId(knownId)) continue;
    // Distances of different widths cannot be added up.
    if (((id ^ knownId) & ADD_CONST) === ADD_CONST) continue;
    const off = W[o + OFF], knownOff = W[known + OFF];
    if (((id | knownId) & ADD_CONST) === 0 || off === knownOff) {
      copyReg(o, known);
      continue;
    }
    const delta = off - knownOff, distance = SCRATCH_BRANCH + REG_WORDS;
    markConst(distance, delta | 0, Math.floor(delta / 0x100000000));
    copyReg(o, known);
    W[o + OFF] = off;
    W[o + ID] = id;
    W[o + VID] = 0;
    addBounds32(o, distance);
    addBounds64(o, distance);
    tnumAdd(o + TVAL, o + TVAL, distance + TVAL);
    if (((id | knownId) & ADD_CONST32) !== 0) zext32(o);
    boundsSync(o);
  }
}

/**
 * Immutable register values, each stored once: saved states hold ids of them instead of registers.
 *
 * Equal registers have equal ids, whatever path they come from, so comparing two saved registers begins with comparing two
 * integers. Values live as long as the verification; a million instructions make a few million of them at most, which fits.
 * What a value means is none of this file's business.
 *
 * @module
 */
import { UnsupportedError } from "../../ir/diagnostic.ts";
import { copyReg, sameReg, W } from "./arena.ts";
import { NOT_INIT, REG_WORDS, TYPE, VALUE_LIMIT, VALUES, VID } from "./layout.ts";
import { markUnknown } from "./scalar.ts";

/** The value of a register that was never written, or that nobody reads any more. */
export const NOT_INIT_VALUE = 1;
/** The value of a scalar of which nothing is known. */
export const UNKNOWN_VALUE = 2;

let count = 0;
let table = new Int32Array(1 << 12);
let mask = (1 << 12) - 1;

/** Word of an immutable value. */
export function valueAt(id: number): number {
  return VALUES + id * REG_WORDS;
}

/** Forgets all values; done at the start of a verification. */
export function resetValues(): void {
  count = 1;
  if (table.length > 1 << 18) {
    table = new Int32Array(1 << 12);
    mask = table.length - 1;
  } else table.fill(0);
  const init = valueAt(NOT_INIT_VALUE), unknown = valueAt(UNKNOWN_VALUE);
  markUnknown(init);
  W[init + TYPE] = NOT_INIT;
  W[init + VID] = NOT_INIT_VALUE;
  insert(hashOf(init), NOT_INIT_VALUE);
  markUnknown(unknown);
  W[unknown + VID] = UNKNOWN_VALUE;
  insert(hashOf(unknown), UNKNOWN_VALUE);
  count = 3;
}

/** How many values were stored. */
export function valueCount(): number {
  return count - 1;
}

function hashOf(o: number): number {
  let h = 0;
  for (let i = 0; i < REG_WORDS - 1; i++) h = Math.imul(h ^ W[o + i], 0x9e3779b1) ^ (h >>> 15);
  return h ^ (h >>> 13);
}

function insert(hash: number, id: number): void {
  let at = hash & mask;
  while (table[at] !== 0) at = (at + 1) & mask;
  table[at] = id;
}

function grow(): void {
  const old = table;
  table = new Int32Array(old.length * 4);
  mask = table.length - 1;
  for (let i = 0; i < old.length; i++) if (old[i] !== 0) insert(hashOf(valueAt(old[i])), old[i]);
}

/**
 * The id of the value that equals the register at word `o`, stored if it is new; the register remembers it in `VID`.
 *
 * @throws {UnsupportedError} If the arena is full.
 */
export function intern(o: number): number {
  const known = W[o + VID];
  if (known !== 0) return known;
  if (W[o + TYPE] === NOT_INIT) return W[o + VID] = NOT_INIT_VALUE;
  const hash = hashOf(o);
  for (let at = hash & mask; table[at] !== 0; at = (at + 1) & mask) {
    if (sameReg(o, valueAt(table[at]))) return W[o + VID] = table[at];
  }
  if (count >= VALUE_LIMIT) {
    throw new UnsupportedError("a verification with more than 5000000 register values");
  }
  const id = count++;
  W[o + VID] = id;
  copyReg(valueAt(id), o);
  if (id * 2 > mask) grow();
  insert(hash, id);
  return id;
}

/** Whether each saved state is checked against the registers it is made of; for tests, as it costs. */
export const paranoia: { on: boolean } = { on: false };

/** Whether the register's `VID`, if it has one, tells the truth. */
export function valueHolds(o: number): boolean {
  const known = W[o + VID];
  return known === 0 || W[o + TYPE] === NOT_INIT && known === NOT_INIT_VALUE || sameReg(o, valueAt(known));
}

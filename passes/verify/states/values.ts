/**
 * Immutable register values, each stored once: saved states hold ids of them instead of registers.
 *
 * Equal registers have equal ids, whatever path they come from, so comparing two saved registers begins with comparing two
 * integers. Linked scalars have an id of their own for each link, besides that of the number they are: see {@linkcode intern} and
 * {@linkcode internLinked}. Values outlive the verification, since the same numbers come up in the next one; where there are very
 * many, those that nobody holds are forgotten (`value_sweep.ts`). What a value means is none of this file's business.
 *
 * @module
 */
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { copyReg, W } from "./arena.ts";
import {
  FRAMENO,
  ID,
  NOT_INIT,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  TYPE,
  VALUE_LIMIT,
  VALUES,
  VID,
} from "./layout.ts";
import { markUnknown } from "../numbers/scalar.ts";

/** The value of a register that was never written, or that nobody reads any more. */
export const NOT_INIT_VALUE = 1;
/** The value of a scalar of which nothing is known. */
export const UNKNOWN_VALUE = 2;

/** Ids below it were given out. */
let count = 0;
/** The first of the ids that are free again, each linked to the next by its first word; 0 = none. */
let free = 0;
let freeCount = 0;
let table = new Int32Array(1 << 12);
let mask = (1 << 12) - 1;

/** Word of an immutable value. */
export function valueAt(id: number): number {
  return VALUES + id * REG_WORDS;
}

/** More values than these are not kept for the next verification: 48 MiB. */
const KEPT = 500_000;
let generation = 0;

/**
 * A verification begins: values of former ones are kept, as the same numbers come up again, unless they became too many. Gives
 * {@linkcode valueGeneration}.
 */
export function beginValues(): number {
  if (count === 0 || count - freeCount > KEPT) resetValues();
  return generation;
}

/** The number of times that values were forgotten: ids mean the same as long as it does not change. */
export function valueGeneration(): number {
  return generation;
}

/** Forgets all values. */
export function resetValues(): void {
  generation++;
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
  free = freeCount = 0;
}

/** How many values are stored. */
export function valueCount(): number {
  return count - 1 - freeCount;
}

/** An array with a word for each value there is, for {@linkcode keepValues}. */
export function valueMarks(): Int32Array {
  return new Int32Array(count);
}

/**
 * Forgets all values that are not marked, and those that marked ones are links of; what is known by their ids must be forgotten, too.
 * Gives {@linkcode valueGeneration}.
 */
export function keepValues(marks: Int32Array): number {
  generation++;
  marks[NOT_INIT_VALUE] = marks[UNKNOWN_VALUE] = 1;
  for (let id = 1; id < count; id++) if (marks[id] !== 0) marks[W[valueAt(id) + VID]] = 1;
  table.fill(0);
  free = freeCount = 0;
  for (let id = count - 1; id > 0; id--) {
    if (marks[id] !== 0) {
      insert(tableHash(id), id);
      continue;
    }
    W[valueAt(id)] = free;
    free = id;
    freeCount++;
  }
  return generation;
}

/** Of a scalar the link does not count. */
function hashOf(o: number): number {
  let h = W[o + TYPE] === SCALAR_VALUE ? 0 : W[o + ID];
  for (let i = 0; i < ID; i++) h = Math.imul(h ^ W[o + i], 0x9e3779b1) ^ (h >>> 15);
  h = Math.imul(h ^ W[o + REF_ID] ^ (W[o + FRAMENO] << 16), 0x9e3779b1) ^ (h >>> 15);
  return h ^ (h >>> 13);
}

/** Whether two registers are equal, up to the link if they are scalars. */
function sameValue(a: number, b: number): boolean {
  for (let i = 0; i < ID; i++) if (W[a + i] !== W[b + i]) return false;
  return W[a + REF_ID] === W[b + REF_ID] && W[a + FRAMENO] === W[b + FRAMENO] &&
    (W[a + ID] === W[b + ID] || W[a + TYPE] === SCALAR_VALUE);
}

function linkedHash(base: number, id: number): number {
  const h = Math.imul(base ^ Math.imul(id, 0x85ebca6b), 0x9e3779b1);
  return h ^ (h >>> 15);
}

function insert(hash: number, id: number): void {
  let at = hash & mask;
  while (table[at] !== 0) at = (at + 1) & mask;
  table[at] = id;
}

function tableHash(id: number): number {
  const o = valueAt(id), base = W[o + VID];
  return base === id ? hashOf(o) : linkedHash(base, W[o + ID]);
}

function grow(): void {
  const old = table;
  table = new Int32Array(old.length * 4);
  mask = table.length - 1;
  for (let i = 0; i < old.length; i++) if (old[i] !== 0) insert(tableHash(old[i]), old[i]);
}

function store(o: number, hash: number): number {
  let id = free;
  if (id !== 0) {
    free = W[valueAt(id)];
    freeCount--;
  } else {
    if (count >= VALUE_LIMIT) {
      throw new UnsupportedError("a verification with more than 5000000 register values");
    }
    id = count++;
  }
  copyReg(valueAt(id), o);
  if (id * 2 > mask) grow();
  insert(hash, id);
  return id;
}

/**
 * The id of the value that equals the register at word `o`, of a scalar regardless of what it is linked to, stored if it is new; the
 * register remembers it in `VID`.
 *
 * @throws {UnsupportedError} If the arena is full.
 */
export function intern(o: number): number {
  const known = W[o + VID];
  if (known !== 0) return known;
  if (W[o + TYPE] === NOT_INIT) return W[o + VID] = NOT_INIT_VALUE;
  const hash = hashOf(o);
  for (let at = hash & mask; table[at] !== 0; at = (at + 1) & mask) {
    const value = valueAt(table[at]);
    if (W[value + VID] === table[at] && sameValue(o, value)) return W[o + VID] = table[at];
  }
  const id = store(o, hash), value = valueAt(id);
  W[value + VID] = id;
  if (W[o + TYPE] === SCALAR_VALUE) W[value + ID] = 0;
  return W[o + VID] = id;
}

/**
 * The id of the value that equals the register at word `o` in everything, links of scalars included.
 *
 * @throws {UnsupportedError} If the arena is full.
 */
export function internLinked(o: number): number {
  const base = intern(o), link = W[o + ID];
  if (link === 0 || W[o + TYPE] !== SCALAR_VALUE) return base;
  const hash = linkedHash(base, link);
  for (let at = hash & mask; table[at] !== 0; at = (at + 1) & mask) {
    const value = valueAt(table[at]);
    if (W[value + ID] === link && W[value + VID] === base) return table[at];
  }
  return store(o, hash);
}

/** Whether each saved state is checked against the registers it is made of; for tests, as it costs. */
export const paranoia: { on: boolean } = { on: false };

/** Whether the register's `VID`, if it has one, tells the truth. */
export function valueHolds(o: number): boolean {
  const known = W[o + VID];
  return known === 0 || W[o + TYPE] === NOT_INIT && known === NOT_INIT_VALUE || sameValue(o, valueAt(known));
}

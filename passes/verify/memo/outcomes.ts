/**
 * A table of outcomes: what an instruction made of two values, by the instruction's form, its immediate and the values' ids.
 *
 * One table serves all verifications. What numbers make of each other holds for all of them, as long as values keep their ids: the
 * epoch, part of the form, says of which ids the entry speaks. What holds for one program only has the number of its verification in
 * its immediate. A new entry takes the place of whatever stood there.
 *
 * @module
 */

/** Bits of a form that are its epoch. */
const EPOCH_SHIFT = 20, EPOCHS = 1 << 11, RUNS = (1 << 15) - 1;
/** Words of an entry: form, immediate, two operands, two outcomes. */
const ENTRY_SHIFT = 3, ENTRY_BITS = 15;
/** Word of an entry: its first outcome. The second follows. */
export const OUTCOME = 4;

/** The table. */
export const outcomes: Int32Array = new Int32Array(1 << (ENTRY_BITS + ENTRY_SHIFT));
let epoch = 0;

/** The generation of values that the table is about. */
let generation = -1;
let run = 0;

/** A verification begins, with this generation of values: outcomes found with values of another are forgotten. */
export function beginRun(valueGeneration: number): void {
  if (valueGeneration !== generation || run === RUNS) {
    generation = valueGeneration;
    run = 0;
    if (++epoch === EPOCHS) {
      outcomes.fill(0);
      epoch = 1;
    }
  }
  run++;
}

/** Bits to be put into forms. */
export function epochBits(): number {
  return epoch << EPOCH_SHIFT;
}

/** Bits above the low 16 of an immediate, for outcomes that hold in this verification only. */
export function runBits(): number {
  return run << 16;
}

function placeOf(form: number, imm: number, a: number, b: number): number {
  let h = Math.imul(form ^ Math.imul(imm, 0x2c1b3c6d), 0x297a2d39);
  h = Math.imul(h ^ Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ (h >>> 15), 0x27d4eb2f);
  return (h >>> (32 - ENTRY_BITS)) << ENTRY_SHIFT;
}

/** The place of an outcome in {@linkcode outcomes}, or -1 if it is not known. */
export function findOutcome(form: number, imm: number, a: number, b: number): number {
  const at = placeOf(form, imm, a, b);
  return outcomes[at] === form && outcomes[at + 1] === imm && outcomes[at + 2] === a && outcomes[at + 3] === b
    ? at
    : -1;
}

/** Remembers the outcomes `x` and `y`. */
export function rememberOutcome(form: number, imm: number, a: number, b: number, x: number, y: number): void {
  const at = placeOf(form, imm, a, b);
  outcomes[at] = form;
  outcomes[at + 1] = imm;
  outcomes[at + 2] = a;
  outcomes[at + 3] = b;
  outcomes[at + OUTCOME] = x;
  outcomes[at + OUTCOME + 1] = y;
}

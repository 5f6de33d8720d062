/**
 * A table of outcomes: what an instruction made of two values, by the instruction's form, its immediate and the values' ids.
 *
 * One table serves all verifications; what a former one left is told apart by its epoch, which is part of the form. A new entry
 * takes the place of whatever stood there.
 *
 * @module
 */

/** Bits of a form that are its epoch. */
const EPOCH_SHIFT = 20, EPOCHS = 1 << 11;
/** Words of an entry: form, immediate, two operands, two outcomes. */
const ENTRY_SHIFT = 3, ENTRY_BITS = 15;
/** Word of an entry: its first outcome. The second follows. */
export const OUTCOME = 4;

/** The table. */
export const outcomes: Int32Array = new Int32Array(1 << (ENTRY_BITS + ENTRY_SHIFT));
let epoch = 0;

/** Begins an epoch: the bits to be put into forms. */
export function newEpoch(): number {
  if (++epoch === EPOCHS) {
    outcomes.fill(0);
    epoch = 1;
  }
  return epoch << EPOCH_SHIFT;
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

/**
 * The encoded program as typed arrays, one entry per 8-byte slot: what the verifier, liveness, log and JIT read.
 *
 * Slot numbers are the kernel's instruction indices (an `imm64` takes two), so a log printed from columns counts as the kernel
 * counts. Built once per version by `columnsOf`, never changed.
 *
 * Where the bytes would hold an fd or an id that only a loader knows, `imm` holds our own index: `unit.maps` for map references
 * (pseudo 1 and 2; the second slot's `imm` is the offset into the value), the BTF id for kernel variables (pseudo 3) and
 * kfuncs (call pseudo 2, with the module in `off`). For names go through `position` to the instruction object.
 *
 * @module
 */

/** See the module's header. All arrays have `count` entries unless said otherwise. */
export interface Columns {
  /** Slots. */
  readonly count: number;
  /** The opcode byte. 0 in the second slot of an `imm64`. */
  readonly code: Int32Array;
  readonly dst: Int32Array;
  readonly src: Int32Array;
  /** Signed 16 bits. */
  readonly off: Int32Array;
  /** Signed 32 bits. */
  readonly imm: Int32Array;
  /** The slot that a jump, branch, may_goto, bpf2bpf call or function address refers to; -1 elsewhere. */
  readonly target: Int32Array;
  /** The instruction's position in `program.code`; the second slot has the first's. */
  readonly position: Int32Array;
  /** By position: the first slot. `program.length` entries. */
  readonly slot: Int32Array;
  /** Entry slots of the subprograms in layout order, with `count` behind the last. */
  readonly subprogStart: Int32Array;
  /** By slot: the index (in layout order) of the subprogram that holds it. */
  readonly subprogOf: Int32Array;
}

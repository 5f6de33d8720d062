/**
 * The encoded program as typed arrays, one entry per 8-byte slot: what the verifier, liveness, log and JIT read.
 *
 * Slot numbers are the kernel's instruction indices (an `imm64` takes two), so a log printed from columns counts as the
 * kernel counts. Built once per version by `columnsOf`, never changed.
 *
 * Where the bytes would hold an fd or an id that only a loader knows, `imm` holds our own index: `unit.maps` for map
 * references (pseudo 1 and 2; the second slot's `imm` is the offset into the value), the BTF id for kernel variables
 * (pseudo 3) and kfuncs (call pseudo 2, with the module in `off`). For names go through `position` to the instruction
 * object.
 *
 * A `raw` slot holds its own bytes' fields, and where these are a jump with its target inside the program, that target.
 *
 * @module
 */
import { words } from "./words.ts";
import { writeFields } from "./fields.ts";
import type { InsnId, SubprogId } from "./insn.ts";
import { CALL_KIND, CLASS, JUMP, OPCODE } from "./opcodes.ts";
import type { Program } from "./program.ts";
import { subprogOf, targetOf } from "./references.ts";

/** See the module's header. All arrays have `count` entries unless said otherwise. */
export interface Columns {
  /** Slots. */
  readonly count: number;
  /** The opcode byte. 0 in the second slot of an `imm64`. */
  readonly code: Int32Array;
  /** Destination register. */
  readonly dst: Int32Array;
  /** Source register, or what kind of call or 16-byte load it is. */
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

const memo = new WeakMap<Program, Columns>();

/**
 * The program as columns. Computed once per version.
 *
 * @throws {RangeError} If an instruction cannot be encoded, naming its slot: a conditional branch over more than 32767
 * slots, or a target that is no part of this version (`check` finds the latter with better words).
 *
 * @example
 * ```ts
 * import { columnsOf } from "./columns.ts";
 * import { parseText } from "./parse_text.ts";
 * const columns = columnsOf(parseText("type xdp\nfunc main:\n  r0 = 2\n  exit\n").programs[0]);
 * // columns.count is 2, columns.code[1] is 0x95
 * ```
 */
export function columnsOf(program: Program): Columns {
  let columns = memo.get(program);
  if (columns === undefined) {
    columns = buildColumns(program);
    memo.set(program, columns);
  }
  return columns;
}

function buildColumns(program: Program): Columns {
  const { insns } = program.code;
  const length = insns.length;
  const slot = words(length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    slot[i] = count;
    count += insns[i].kind === "imm64" ? 2 : 1;
  }
  const columns = {
    count,
    code: words(count),
    dst: words(count),
    src: words(count),
    off: words(count),
    imm: words(count),
    target: words(count).fill(-1),
    position: words(count),
    slot,
    subprogStart: words(program.subprogs.length + 1),
    subprogOf: words(count),
  };
  const entryOf = new Map<SubprogId, number>();
  for (let i = 0; i < program.subprogs.length; i++) {
    const subprog = program.subprogs[i];
    const start = program.indexOf(subprog.entry);
    if (start < 0) throw new RangeError(`Cannot lay out subprogram "${subprog.name}": its entry is missing`);
    columns.subprogStart[i] = slot[start];
    entryOf.set(subprog.id, slot[start]);
  }
  columns.subprogStart[program.subprogs.length] = count;
  for (let i = 0; i < program.subprogs.length; i++) {
    columns.subprogOf.fill(i, columns.subprogStart[i], columns.subprogStart[i + 1]);
  }

  const slotOf = (id: InsnId, from: number): number => {
    const position = program.indexOf(id);
    if (position < 0) {
      throw new RangeError(`Cannot encode the jump at slot ${from}: its target ${id} is missing`);
    }
    return slot[position];
  };
  const entry = (id: SubprogId, from: number): number => {
    const found = entryOf.get(id);
    if (found === undefined) throw new RangeError(`Cannot encode slot ${from}: subprogram ${id} is missing`);
    return found;
  };
  for (let i = 0; i < length; i++) {
    const at = slot[i];
    const insn = insns[i];
    columns.position[at] = i;
    const jump = targetOf(insn), subprog = subprogOf(insn);
    const target = jump !== undefined ? slotOf(jump, at) : subprog !== undefined ? entry(subprog, at) : -1;
    columns.target[at] = target;
    if (insn.kind === "imm64") columns.position[at + 1] = i;
    writeFields(columns, at, insn, target);
    if (insn.kind === "raw") columns.target[at] = rawTarget(columns, at);
  }
  return columns;
}

/** Where the bytes of a raw slot would jump or call, if they are a jump or a call of a subprogram and the place exists. */
function rawTarget(
  columns: { count: number; code: Int32Array; src: Int32Array; off: Int32Array; imm: Int32Array },
  at: number,
): number {
  const code = columns.code[at];
  const kind = code & 7, op = code & 0xf0;
  if (code === OPCODE.CALL && columns.src[at] === CALL_KIND.SUBPROG) {
    const target = at + 1 + columns.imm[at];
    return target >= 0 && target < columns.count ? target : -1;
  }
  if ((kind !== CLASS.JMP && kind !== CLASS.JMP32) || op === JUMP.CALL || op === JUMP.EXIT) return -1;
  const target = at + 1 + (code === OPCODE.GOTOL ? columns.imm[at] : columns.off[at]);
  return target >= 0 && target < columns.count ? target : -1;
}

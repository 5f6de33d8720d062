/**
 * The x86-64 back end: a verified, lowered program to machine code.
 *
 * One walk over the columns, one subprogram after the other, every instruction translated where it stands or together with those that
 * `select.ts` found to belong to it. Nothing is checked here: what runs was verified. Registers are fixed (`registers.ts`), so calls move
 * nothing, and code is as fast as it is because little is left to move.
 *
 * @module
 */
import type { MachineCode, Relocation } from "../../../abi/machine_code.ts";
import { ABORT, CONTROL } from "../../../abi/machine_code.ts";
import { type Columns, columnsOf } from "../../../ir/columns.ts";
import { jumpSlot } from "../../../ir/cfg.ts";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import type { Callee } from "../../../ir/insn.ts";
import { liveRegisters } from "../../../ir/liveness.ts";
import type { Program } from "../../../ir/program.ts";
import { Assembler } from "./assembler.ts";
import { Emitter } from "./emitter.ts";
import type { Features } from "./features.ts";
import { nameFrameAccesses } from "./frame_access.ts";
import { enter, type Frame, frameOf, leave, scan } from "./frame.ts";
import { lowerAlu } from "./lower_alu.ts";
import { lowerJump } from "./lower_branch.ts";
import { lowerImm64, lowerLegacyLoad, lowerLoad, lowerStore } from "./lower_memory.ts";
import { lowerSelected } from "./lower_selected.ts";
import { RSP, SCRATCH } from "./registers.ts";
import { EMIT, select } from "./select.ts";

export type { Features } from "./features.ts";

/** What {@linkcode compileX86} is given. */
export interface CompileOptions {
  /** Count back edges down in the control block, and end the run when it is below zero. */
  readonly fuel?: boolean;
  /** What the processor has; nothing beyond the baseline by default. */
  readonly features?: Features;
  /** Whether a helper or kfunc may run JavaScript, which may abandon the run: the abort word is tested after it. By default all may. */
  readonly mayReachJs?: (callee: Callee) => boolean;
  /** How often the may_gotos of one frame fall through before they jump; 8388608 by default. */
  readonly mayGotoBudget?: number;
}

/**
 * Compiles all subprograms of a program.
 *
 * @throws {UnsupportedError} For legacy packet loads, arena address spaces, unknown instructions, and jumps between subprograms.
 *
 * @example
 * ```ts
 * import { compileX86 } from "./compile.ts";
 * import { decode } from "../../../ir/decode.ts";
 * import { buildProgram } from "../../../ir/build.ts";
 * const bytes = new Uint8Array([0xb7, 0, 0, 0, 42, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
 * const attrs = { name: "p", section: "xdp", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 };
 * const unit = { name: "p", license: "", version: 0, maps: [], externs: [], programs: [] };
 * const program = buildProgram({ unit, attrs, insns: decode(bytes).insns, subprogs: [] });
 * console.log(compileX86(program).bytes.toHex()); // b82a000000c3: mov eax, 42; ret
 * ```
 */
export function compileX86(program: Program, options: CompileOptions = {}): MachineCode {
  const columns = nameFrameAccesses(columnsOf(program));
  const asm = new Assembler();
  // The label of a slot is its number, so they come first; see Emitter.shift.
  for (let slot = 0; slot < columns.count; slot++) asm.label();
  const entries = program.subprogs.map(() => asm.label());
  const mayReachJs = options.mayReachJs ?? (() => true);
  const fuel = options.fuel ?? false;
  const live = liveRegisters(columns);
  const features = options.features ?? {};
  const { heads, targets } = joins(columns);
  const e = new Emitter({
    asm,
    program,
    columns,
    features,
    selection: select(columns, live, features),
    live,
    entries,
    mayAbort: abortable(program, columns, { fuel, mayReachJs }),
    targets,
    mayReachJs,
    fuel,
  });
  const inlined = program.subprogs.map((_, index) => isSmallLeaf(columns, index));
  for (let index = 0; index < program.subprogs.length; index++) {
    const frame = frameOf(program, { columns, selection: e.selection, index });
    asm.align(16);
    asm.bind(entries[index]);
    begin(e, frame, options.mayGotoBudget ?? 8_388_608);
    walk(e, { index, heads, inlined });
    finish(e, frame);
  }
  const { bytes, labels, holes } = asm.finish();
  const relocations: Relocation[] = holes.map((hole) => ({
    offset: hole.offset,
    kind: "abs64",
    symbol: e.symbols[hole.tag],
    addend: 0,
  }));
  const offsets = new Int32Array(program.length);
  for (let position = 0; position < offsets.length; position++) {
    offsets[position] = labels[columns.slot[position]];
  }
  return {
    arch: "x86_64",
    bytes,
    relocations,
    entry: labels[entries[0]],
    subprogs: program.subprogs.map((s, i) => ({ id: s.id, name: s.name, offset: labels[entries[i]] })),
    offsets,
  };
}

/** What does not change from subprogram to subprogram, and which is being walked. */
interface Walk {
  readonly index: number;
  /** By slot: 1 where a loop begins. */
  readonly heads: Uint8Array;
  /** By subprogram: whether calls of it become its body. */
  readonly inlined: readonly boolean[];
}

/** Lowers the instructions of a subprogram. */
function walk(e: Emitter, what: Walk): void {
  const { asm, columns } = e;
  const end = columns.subprogStart[what.index + 1];
  for (let slot = columns.subprogStart[what.index]; slot < end; slot++) {
    if (what.heads[slot] !== 0) asm.align(16, 10);
    asm.bind(e.label(slot));
    e.flags = e.targets[slot] !== 0 ? -1 : e.nextFlags;
    e.nextFlags = -1;
    const code = columns.code[slot];
    if (code === 0x85 && columns.src[slot] === 1 && what.inlined[columns.subprogOf[columns.target[slot]]]) {
      inline(e, { ...what, index: columns.subprogOf[columns.target[slot]] });
    } else if (e.done !== slot) lower(e, slot);
    if (code === 0x18) asm.bind(e.label(++slot));
  }
}

/**
 * Puts a small leaf in the place of its call. Registers are the same on both sides, it has no stack, and what it may destroy, a call may
 * destroy; only its labels and its exits differ.
 */
function inline(e: Emitter, what: Walk): void {
  const { asm, columns } = e;
  const start = columns.subprogStart[what.index];
  const { shift, end } = e;
  const first = asm.label();
  for (let slot = start + 1; slot < columns.subprogStart[what.index + 1]; slot++) asm.label();
  e.shift = first - start;
  e.end = asm.label();
  walk(e, what);
  asm.bind(e.end);
  e.shift = shift;
  e.end = end;
  e.nextFlags = -1;
}

/** Slots up to which a leaf is put in the place of its calls. */
const SMALL = 32;

/** Whether a subprogram calls nothing, has no stack, leaves r6 to r9 alone, and is short. */
function isSmallLeaf(columns: Columns, index: number): boolean {
  const from = columns.subprogStart[index], until = columns.subprogStart[index + 1];
  if (until - from > SMALL) return false;
  const last = columns.code[until - 1];
  if (last !== 0x95 && last !== 0x05 && last !== 0x06) return false;
  const { written, mentioned, calls, mayGoto } = scan(columns, from, until);
  return !calls && !mayGoto && (mentioned >> 10 & 1) === 0 && (written & 0x3c0) === 0;
}

function begin(e: Emitter, frame: Frame, budget: number): void {
  e.frame = frame;
  e.leave = e.asm.label();
  e.leaves = false;
  e.exhausted = e.asm.label();
  e.exhausts = false;
  e.nextFlags = -1;
  enter(e.asm, frame);
  if (frame.budget !== undefined) e.asm.storeImm(budget, 8, RSP, frame.budget);
}

/** The ways out that no instruction stands for, behind the subprogram's code. */
function finish(e: Emitter, frame: Frame): void {
  if (e.exhausts) {
    e.asm.bind(e.exhausted);
    e.symbolInto(SCRATCH, { kind: "control" });
    e.asm.storeImm(ABORT.fuel, 4, SCRATCH, CONTROL.abort);
  }
  if (e.exhausts || e.leaves) {
    e.asm.bind(e.leave);
    leave(e.asm, frame);
  }
}

function lower(e: Emitter, slot: number): void {
  const code = e.columns.code[slot];
  const insn = e.program.code.insns[e.columns.position[slot]];
  if (insn.kind === "raw") throw new UnsupportedError(`unknown instruction, opcode 0x${code.toString(16)}`);
  if (insn.kind === "addr_space_cast") throw new UnsupportedError("addr_space_cast in the x86-64 back end");
  if (e.selection.emit[slot] !== EMIT.PLAIN) return lowerSelected(e, slot);
  switch (code & 7) {
    case 0:
      return code === 0x18 ? lowerImm64(e, slot) : lowerLegacyLoad(e, slot);
    case 1:
      return lowerLoad(e, slot);
    case 2:
    case 3:
      return lowerStore(e, slot);
    case 4:
    case 7:
      return lowerAlu(e, slot);
    case 5:
    case 6:
      return lowerJump(e, slot);
  }
}

/** By slot: 1 where a jump leads, and where one from further down leads. */
function joins(columns: Columns): { targets: Uint8Array; heads: Uint8Array } {
  const targets = new Uint8Array(columns.count), heads = new Uint8Array(columns.count);
  for (let slot = 0; slot < columns.count; slot++) {
    const target = jumpSlot(columns, slot);
    if (target < 0) continue;
    targets[target] = 1;
    if (target <= slot) heads[target] = 1;
  }
  return { targets, heads };
}

/** By subprogram: whether it, or one it calls, can abandon the run. */
function abortable(
  program: Program,
  columns: Columns,
  options: { fuel: boolean; mayReachJs: (callee: Callee) => boolean },
): Uint8Array {
  const result = new Uint8Array(program.subprogs.length);
  for (let changed = true; changed;) {
    changed = false;
    for (let slot = 0; slot < columns.count; slot++) {
      const code = columns.code[slot];
      const owner = columns.subprogOf[slot];
      if (result[owner] !== 0) continue;
      let may = false;
      if (code === 0x85) {
        const insn = program.code.insns[columns.position[slot]];
        if (insn.kind !== "call") continue;
        may = insn.callee.kind === "subprog"
          ? result[columns.subprogOf[columns.target[slot]]] !== 0
          : options.mayReachJs(insn.callee);
      } else if (options.fuel && ((code & 7) === 5 || (code & 7) === 6)) {
        may = columns.target[slot] >= 0 && columns.target[slot] <= slot;
      }
      if (may) {
        result[owner] = 1;
        changed = true;
      }
    }
  }
  return result;
}

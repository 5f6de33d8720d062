/**
 * Jumps, branches, calls and exits.
 *
 * A run can be abandoned: by a call that reached JavaScript and failed there, or because its fuel is used up. Nothing unwinds; every
 * subprogram that could have seen it tests the control block after the call and returns at once, so that JavaScript frames in between
 * (a helper that calls back) end as they should.
 *
 * @module
 */
import { CONTROL } from "../../../abi/machine_code.ts";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { CC, CMP, SUB } from "./assembler.ts";
import type { Emitter } from "./emitter.ts";
import { leave } from "./frame.ts";
import { RAX, RSP, SCRATCH, SCRATCH2 } from "./registers.ts";

/** Condition codes by the operation bits of a branch; 0x40 (`set`) is a test and NE. */
const CONDITION: Readonly<Record<number, number>> = {
  0x10: CC.E,
  0x20: CC.A,
  0x30: CC.AE,
  0x40: CC.NE,
  0x50: CC.NE,
  0x60: CC.G,
  0x70: CC.GE,
  0xa0: CC.B,
  0xb0: CC.BE,
  0xc0: CC.L,
  0xd0: CC.LE,
};

/** `BPF_FUNC_tail_call`. */
const TAIL_CALL = 12;

/** Lowers an instruction of class JMP or JMP32. */
export function lowerJump(e: Emitter, slot: number): void {
  const { columns } = e;
  switch (columns.code[slot] & 0xf0) {
    case 0x00:
      return jump(e, slot);
    case 0x80:
      return lowerCall(e, slot);
    case 0x90:
      return lowerExit(e, slot);
    case 0xe0:
      return lowerMayGoto(e, slot);
    default:
      return lowerBranch(e, slot);
  }
}

function lowerExit(e: Emitter, slot: number): void {
  if (e.end === undefined) return leave(e.asm, e.frame);
  const { columns } = e;
  const last = slot + 1 === columns.subprogStart[columns.subprogOf[slot] + 1];
  if (!last) e.asm.jmp(e.end);
}

/** The slot a jump goes to. @throws {UnsupportedError} If it leaves the subprogram. */
function targetOf(e: Emitter, slot: number): number {
  const target = e.columns.target[slot];
  if (e.columns.subprogOf[target] !== e.columns.subprogOf[slot]) {
    throw new UnsupportedError("jump into another subprogram");
  }
  return target;
}

function jump(e: Emitter, slot: number): void {
  const target = targetOf(e, slot);
  if (e.fuel && target <= slot) burn(e);
  if (target !== slot + 1) e.asm.jmp(e.label(target));
}

/** Takes one from the fuel and ends the run if none is left. */
function burn(e: Emitter): void {
  e.symbolInto(SCRATCH, { kind: "control" });
  e.asm.aluStoreImm(SUB, 8, SCRATCH, CONTROL.fuel, 1);
  e.asm.jcc(CC.S, e.exhausted);
  e.exhausts = true;
}

/**
 * `jcc` to the target of the branch at a slot, counting fuel if that goes back. A branch over a jump that nothing else leads to becomes the
 * jump, on the opposite condition.
 */
export function branchTo(e: Emitter, slot: number, condition: number): void {
  const { columns } = e;
  const next = slot + 1;
  if (
    columns.target[slot] === next + 1 && next < columns.count && e.targets[next] === 0 &&
    (columns.code[next] === 0x05 || columns.code[next] === 0x06)
  ) {
    e.done = next;
    slot = next;
    condition ^= 1;
  }
  const target = targetOf(e, slot);
  if (e.fuel && target <= slot) {
    const past = e.asm.label();
    e.asm.jcc(condition ^ 1, past);
    burn(e);
    e.asm.jmp(e.label(target));
    e.asm.bind(past);
  } else e.asm.jcc(condition, e.label(target));
}

function lowerBranch(e: Emitter, slot: number): void {
  const { asm, columns } = e;
  const code = columns.code[slot];
  const wide = (code & 7) === 5;
  const operation = code & 0xf0;
  const left = e.value(columns.dst[slot], SCRATCH2);
  let condition = CONDITION[operation];
  if ((code & 8) !== 0) {
    const right = e.value(columns.src[slot], SCRATCH);
    if (operation === 0x40) asm.test(wide, left, right);
    else asm.alu(CMP, wide, left, right);
  } else {
    const value = columns.imm[slot];
    if (operation === 0x40) asm.testImm(wide, left, value);
    else if (value !== 0) asm.aluImm(CMP, wide, left, value);
    else if (condition <= CC.NE && condition >= CC.E && e.flagsKnow(columns.dst[slot], wide)) {
      // The instruction before compared with zero already.
    } else {
      // Against zero a test is shorter, and sets the flags as the comparison does.
      asm.test(wide, left, left);
      if (operation === 0x70) condition = CC.NS;
      else if (operation === 0xc0) condition = CC.S;
    }
  }
  branchTo(e, slot, condition);
}

/** The budget is counted down to below zero and stays there: 2^63 rounds are out of reach. */
function lowerMayGoto(e: Emitter, slot: number): void {
  e.asm.aluStoreImm(SUB, 8, RSP, e.frame.budget!, 1);
  branchTo(e, slot, CC.S);
}

function lowerCall(e: Emitter, slot: number): void {
  const { asm, columns } = e;
  const insn = e.program.code.insns[columns.position[slot]];
  if (insn.kind !== "call") throw new UnsupportedError(`opcode 0x85 of kind ${insn.kind}`);
  const { callee } = insn;
  let mayAbort: boolean;
  switch (callee.kind) {
    case "subprog": {
      const index = columns.subprogOf[columns.target[slot]];
      asm.callLabel(e.entries[index]);
      mayAbort = e.mayAbort[index] !== 0;
      break;
    }
    case "helper":
      e.symbolInto(RAX, { kind: "helper", id: callee.id });
      asm.callReg(RAX);
      mayAbort = e.mayReachJs(callee);
      break;
    case "kfunc":
      e.symbolInto(RAX, { kind: "kfunc", name: callee.func.name });
      asm.callReg(RAX);
      mayAbort = e.mayReachJs(callee);
      break;
  }
  const tailCall = callee.kind === "helper" && callee.id === TAIL_CALL;
  if (!mayAbort && !tailCall) return;
  e.symbolInto(SCRATCH, { kind: "control" });
  if (tailCall) {
    // It ran the other program to its end: what came back is this frame's result.
    const past = asm.label();
    asm.aluStoreImm(CMP, 4, SCRATCH, CONTROL.tailCalled, 0);
    asm.jcc(CC.E, past);
    asm.storeImm(0, 4, SCRATCH, CONTROL.tailCalled);
    asm.jmp(e.leave);
    asm.bind(past);
    e.leaves = true;
  }
  if (!mayAbort) return;
  asm.aluStoreImm(CMP, 4, SCRATCH, CONTROL.abort, 0);
  asm.jcc(CC.NE, e.leave);
  e.leaves = true;
}

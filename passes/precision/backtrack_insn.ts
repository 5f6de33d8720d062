/**
 * One step back: what must have been known before an instruction, given what must be known after it.
 *
 * Mirrors `backtrack_insn` of Linux 6.18's `kernel/bpf/verifier.c`, including what it gives up on, but for atomic operations that
 * fetch, which are loads too.
 *
 * @module
 */
import { words } from "../../ir/words.ts";
import { W } from "../verify/states/arena.ts";
import { FUNC_TAIL_CALL, runsCallbacks } from "../verify/flow/callees.ts";
import { EFAULT, ENOTSUPP, type Env } from "../verify/env.ts";
import {
  H_FLAGS,
  HF_DST_STACK,
  HF_FRAME_MASK,
  HF_SPI_SHIFT,
  HF_SRC_STACK,
  HF_STACK_ACCESS,
} from "../verify/states/history.ts";
import { MAX_FRAMES } from "../verify/states/layout.ts";
import { insnText } from "../verify/log/log.ts";
import { ARGS, type Marks } from "./marks.ts";

/** `imm` of a compare and exchange. */
const CMPXCHG = 0xf1;

/** Where a step back is made. */
export interface Step {
  /** The instruction. */
  idx: number;
  /** The one executed after it; -1 if none was. */
  next: number;
  /** Its history entry, 0 = none. */
  entry: number;
}

/**
 * By slot: the registers of which one must be looked for if stepping back over the instruction is to change anything, provided that its
 * history entry says nothing; -1 if it may change something in any case.
 */
export function concerns(env: Env): Int32Array {
  const { code, dst, src, imm, cols } = env, out = words(cols.count);
  for (let i = 0; i < cols.count; i++) {
    const c = code[i], kind = c & 7, op = c & 0xf0;
    if (c === 0) continue;
    if (kind !== 5 && kind !== 6) {
      const legacy = kind === 0 && ((c & 0xe0) === 0x20 || (c & 0xe0) === 0x40);
      out[i] = legacy ? -1 : 1 << dst[i];
      if (isFetch(c, imm[i])) out[i] |= 1 << fetchedInto(env, i);
    } else if (op === 0x90) out[i] = -1;
    else if (op === 0x80) {
      const plain = src[i] === 0 && !runsCallbacks(imm[i]) && imm[i] !== FUNC_TAIL_CALL;
      out[i] = plain ? 1 | ARGS : -1;
    } else if (op !== 0 && (c & 8) !== 0) out[i] = 1 << dst[i] | 1 << src[i];
  }
  return out;
}

/** Whether an atomic operation gives the old value. */
function isFetch(code: number, imm: number): boolean {
  return (code & 0xe7) === 0xc3 && (imm & 1) !== 0;
}

/** The register that an atomic operation puts the old value into. */
function fetchedInto(env: Env, idx: number): number {
  return env.imm[idx] === CMPXCHG ? 0 : env.src[idx];
}

/** Makes one step back: 0, `-ENOTSUPP` if this instruction is not understood, or `-EFAULT` if the history makes no sense. */
export function backtrackInsn(env: Env, marks: Marks, step: Step): number {
  const { idx, entry } = step, code = env.code[idx];
  if (code === 0) return 0;
  if (env.logLevel & 2) {
    env.verbose(
      `mark_precise: frame${marks.frame}: regs=${marks.regsText(marks.frame)} ` +
        `stack=${marks.slotsText(marks.frame)} before ${idx}: ${insnText(env, idx)}\n`,
    );
  }
  marks.addLinked(entry);
  const dst = env.dst[idx], src = env.src[idx];
  const flags = entry === 0 ? 0 : W[entry + H_FLAGS];
  switch (code & 7) {
    case 4:
    case 7: {
      if (!marks.hasReg(dst)) return 0;
      const op = code & 0xf0;
      if (op === 0xd0 || op === 0x80) return 0;
      if (op === 0xb0) marks.dropReg(dst);
      if ((code & 8) !== 0 && src !== 10) marks.addReg(src);
      break;
    }
    case 1:
      if (!fill(marks, { reg: dst, flags })) return 0;
      break;
    case 2:
    case 3: {
      // A load-acquire is a load in the encoding of an atomic store.
      if ((code & 0xe7) === 0xc3 && env.imm[idx] === 0x100) {
        if (!fill(marks, { reg: dst, flags })) return 0;
        break;
      }
      // What was fetched came from memory. The kernel looks for the register's value before alone; see docs/kernel_divergences.md.
      const fetched = isFetch(code, env.imm[idx]) && marks.hasReg(fetchedInto(env, idx));
      if (marks.hasReg(dst)) return -ENOTSUPP;
      if ((flags & HF_STACK_ACCESS) === 0) return 0;
      const frame = flags & HF_FRAME_MASK, spi = (flags >>> HF_SPI_SHIFT) & 63;
      if (marks.hasSlot(frame, spi)) {
        marks.dropSlot(frame, spi);
        if ((code & 7) === 3) marks.addReg(src);
      } else if (!fetched) return 0;
      if (fetched) marks.addSlot(frame, spi);
      break;
    }
    case 0: {
      const mode = code & 0xe0;
      if (mode === 0x20 || mode === 0x40) {
        if (marks.hasReg(dst)) return -ENOTSUPP;
        // It may have left the subprogram.
        return step.next === idx + 1 ? 0 : enter(env, marks, false);
      }
      if (!marks.hasReg(dst)) return 0;
      marks.dropReg(dst);
      break;
    }
    default: {
      const done = backtrackJump(env, marks, step);
      if (done !== JUMP) return done;
      if ((code & 8) !== 0) {
        if (!marks.hasReg(dst) && !marks.hasReg(src)) return 0;
        if ((flags & HF_SRC_STACK) === 0) marks.addReg(src);
        if ((flags & HF_DST_STACK) === 0) marks.addReg(dst);
      }
    }
  }
  marks.addLinked(entry);
  return 0;
}

function fill(marks: Marks, load: { reg: number; flags: number }): boolean {
  if (!marks.hasReg(load.reg)) return false;
  marks.dropReg(load.reg);
  if ((load.flags & HF_STACK_ACCESS) === 0) return false;
  marks.addSlot(load.flags & HF_FRAME_MASK, (load.flags >>> HF_SPI_SHIFT) & 63);
  return true;
}

/** The instruction is a plain branch. */
const JUMP = 1;

function backtrackJump(env: Env, marks: Marks, step: Step): number {
  const { idx, next } = step, op = env.code[idx] & 0xf0, f = marks.frame;
  if (op === 0x80 && env.src[idx] === 1) return backtrackCall(env, marks, step);
  const ran = env.src[idx] === 0 ? runsCallbacks(env.imm[idx]) : env.src[idx] === 2 && env.callsCallback(idx);
  if (op === 0x80 && ran && idx !== next - 1) {
    // Out of the callback, back to the call that ran it; its arguments come from the kernel.
    if ((marks.regs[f] & ~ARGS) !== 0) return bug(env, `callback unexpected regs ${hex(marks.regs[f])}`);
    if ((marks.lo[f] | marks.hi[f]) !== 0) return bug(env, `callback leftover stack slots ${slots(marks)}`);
    marks.regs[f] = 0;
    return leave(env, marks);
  }
  if (op === 0x80) {
    if (env.src[idx] === 2 && env.imm[idx] === 0) return -ENOTSUPP;
    marks.dropReg(0);
    if ((marks.regs[f] & ARGS) !== 0) {
      return bug(env, `backtracking call unexpected regs ${hex(marks.regs[f])}`);
    }
    marks.addLinked(step.entry);
    // A tail call that left the subprogram.
    if (env.src[idx] === 0 && env.imm[idx] === FUNC_TAIL_CALL && next !== idx + 1) {
      return enter(env, marks, false);
    }
    return 0;
  }
  if (op !== 0x90) return JUMP;
  // Into a subprogram or callback, by its end.
  if (next >= 0 && env.callsCallback(next)) marks.regs[f] &= ~ARGS;
  if ((marks.regs[f] & ARGS) !== 0) {
    return bug(env, `backtracking exit unexpected regs ${hex(marks.regs[f])}`);
  }
  const fromCall = next - 1 >= 0 && env.code[next - 1] === 0x85 && env.src[next - 1] === 1;
  return enter(env, marks, fromCall && marks.hasReg(0));
}

/** Into the subprogram that was left here; `result`: what it returned is looked for. */
function enter(env: Env, marks: Marks, result: boolean): number {
  marks.dropReg(0);
  if (marks.frame === MAX_FRAMES - 1) return bug(env, `subprog enter from frame ${marks.frame}`);
  marks.frame++;
  if (result) marks.addReg(0);
  return 0;
}

function backtrackCall(env: Env, marks: Marks, step: Step): number {
  const f = marks.frame, callee = env.cols.subprogOf[env.target[step.idx]];
  if (env.isGlobal(callee)) {
    if ((marks.regs[f] & ARGS) !== 0) {
      return bug(env, `global subprog unexpected regs ${hex(marks.regs[f])}`);
    }
    marks.dropReg(0);
    return 0;
  }
  if ((marks.regs[f] & ~ARGS) !== 0) {
    return bug(env, `static subprog unexpected regs ${hex(marks.regs[f])}`);
  }
  if ((marks.lo[f] | marks.hi[f]) !== 0) {
    return bug(env, `static subprog leftover stack slots ${slots(marks)}`);
  }
  if (f === 0) return bug(env, "subprog exit from frame 0");
  marks.regs[f - 1] |= marks.regs[f] & ARGS;
  marks.regs[f] = 0;
  return leave(env, marks);
}

function leave(env: Env, marks: Marks): number {
  if (marks.frame === 0) return bug(env, "subprog exit from frame 0");
  marks.frame--;
  return 0;
}

function bug(env: Env, text: string): number {
  return env.fail(EFAULT, "kernel-bug", `verifier bug: ${text}`);
}

function hex(mask: number): string {
  return (mask >>> 0).toString(16);
}

function slots(marks: Marks): string {
  const hi = marks.hi[marks.frame] >>> 0, lo = marks.lo[marks.frame] >>> 0;
  return hi === 0 ? lo.toString(16) : hi.toString(16) + lo.toString(16).padStart(8, "0");
}

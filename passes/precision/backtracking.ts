/**
 * Precision by backtracking: when a verdict depends on a scalar's value, the path is walked backwards to the instructions it came
 * from, and what it was computed from is marked in the saved states on the way. Unmarked scalars need not match when states are
 * compared, so the fewer are marked the more paths are covered.
 *
 * Marks in the path under exploration are not needed: it is either dropped or saved without marks and marked by what follows.
 * Mirrors `__mark_chain_precision` and `propagate_precision` of Linux 6.18's `kernel/bpf/verifier.c`.
 *
 * @module
 */
import { W } from "../verify/states/arena.ts";
import { EFAULT, ENOTSUPP, type Env, frameAt, type Precision } from "../verify/env.ts";
import { H_FLAGS, H_IDX, H_LINKED, H_PREV, H_PREV_IDX, H_SOUGHT } from "../verify/states/history.ts";
import {
  F_CALLSITE,
  F_SUBPROG,
  REG_WORDS,
  SCALAR_VALUE,
  STACK_SPILL,
  TYPE,
} from "../verify/states/layout.ts";
import { printSaved } from "../verify/log/log.ts";
import {
  savedFrame,
  savedReg,
  savedSlotTypes,
  savedSpill,
  SFR_CALLSITE,
  SFR_NSLOTS,
  SFR_PRECISE_REGS,
  SFR_PRECISE_SLOTS,
  SFR_SUBPROG,
  ST_CURFRAME,
  ST_FIRST,
  ST_HISTORY,
  ST_INSN,
  ST_LAST,
  ST_PARENT,
} from "../verify/states/states.ts";
import { backtrackInsn, concerns, type Step } from "./backtrack_insn.ts";
import { ARGS, Marks } from "./marks.ts";

const marks = new Marks();
const step: Step = { idx: 0, next: -1, entry: 0 };

/** See the module's header. */
export const backtracking: Precision = {
  name: "backtracking",
  markReg(env, regno) {
    if (W[env.regs + regno * REG_WORDS + TYPE] !== SCALAR_VALUE) {
      return env.fail(EFAULT, "kernel-bug", "verifier bug: backtracking misuse");
    }
    if (concernOf !== env) begin(env);
    marks.frame = env.curframe;
    marks.addReg(regno);
    const result = backtrack(env, 0);
    return result > 0 ? 0 : result;
  },
  markSlot(env, frame, spi) {
    if (concernOf !== env) begin(env);
    marks.frame = env.curframe;
    if (spi < 32) marks.lo[frame] |= 1 << spi;
    else marks.hi[frame] |= 1 << (spi - 32);
    const result = backtrack(env, 0);
    return result > 0 ? 0 : result;
  },
  propagate(env, old, now) {
    if (concernOf !== env) begin(env);
    for (let f = W[old + ST_CURFRAME]; f >= 0; f--) {
      const frame = savedFrame(old, f);
      marks.regs[f] = W[frame + SFR_PRECISE_REGS];
      marks.lo[f] = W[frame + SFR_PRECISE_SLOTS];
      marks.hi[f] = W[frame + SFR_PRECISE_SLOTS + 1];
      if (env.logLevel & 2) logPropagation(env, f);
    }
    marks.frame = now === 0 ? env.curframe : W[now + ST_CURFRAME];
    return marks.empty ? 0 : backtrack(env, now);
  },
  markAll,
};

function logPropagation(env: Env, frame: number): void {
  const what = [marks.regsText(frame)];
  if ((marks.lo[frame] | marks.hi[frame]) !== 0) {
    what.push(marks.slotsText(frame).split(",").map((s) => `fp${s}`).join(","));
  }
  const text = what.filter((w) => w !== "").join(",");
  if (text !== "") env.verbose(`frame ${frame}: propagating ${text}\n`);
}

/** In {@linkcode concerns} as -1 has it: looked at whatever registers are looked for. */
const ALWAYS = 0x80000000 | 0;

/** Which verification {@linkcode concern} is of, and {@linkcode concerns} of its program. */
let concernOf: Env | undefined, concern: Int32Array = new Int32Array(0);

/** The first question of a verification: nothing of the last one is left, however it ended. */
function begin(env: Env): void {
  marks.clear();
  concern = concerns(env);
  concernOf = env;
}

/** Walks back from the saved state `start`, or from the path under exploration if 0, until nothing is looked for any more. */
function backtrack(env: Env, start: number): number {
  const result = walkBack(env, start);
  // Where nothing is looked for any more the marks are clear; else they are not.
  if (result < 0) marks.clear();
  return result;
}

function walkBack(env: Env, start: number): number {
  const concerned = concern, logging = (env.logLevel & 2) !== 0;
  let changed = 0;
  let last = start === 0 ? env.insnIdx : W[start + ST_INSN];
  let first = start === 0 ? env.firstInsnIdx : W[start + ST_FIRST];
  let history = start === 0 ? env.history : W[start + ST_HISTORY];
  let state = start, parent = start === 0 ? env.parent : W[start + ST_PARENT];
  let skip = true;
  let next = -1;
  for (;;) {
    if (logging) {
      env.verbose(
        `mark_precise: frame${marks.frame}: last_idx ${last} first_idx ${first} subseq_idx ${next} \n`,
      );
    }
    if (last < 0) return atEntry(env, state) ? 1 : entryBug(env, state);
    let recorded = history === 0 ? -1 : W[history + H_IDX], regs = marks.regs[marks.frame] | ALWAYS;
    for (let i = last;;) {
      const entry = recorded === i ? history : 0;
      if (skip) skip = false;
      else if (entry !== 0 && !logging && wasSought(env, entry)) {
        marks.regs[marks.frame] = 0;
        return changed;
      } else if ((concerned[i] & regs) !== 0 || logging || (entry !== 0 && says(entry))) {
        step.idx = i;
        step.entry = entry;
        step.next = next;
        const failed = backtrackInsn(env, marks, step);
        if (failed === -ENOTSUPP) {
          forgetSought(env, start);
          markAll(env, start);
          marks.clear();
          return 1;
        }
        if (failed < 0) return failed;
        const { frame } = marks;
        regs = marks.regs[frame] | ALWAYS;
        if ((marks.regs[frame] | marks.lo[frame] | marks.hi[frame]) === 0 && marks.empty) return changed;
      }
      next = i;
      if (i === first && (history === 0 || (entry !== 0 && W[history + H_PREV] === 0))) break;
      if (entry !== 0) {
        i = W[entry + H_PREV_IDX];
        history = W[entry + H_PREV];
        recorded = history === 0 ? -1 : W[history + H_IDX];
      } else i--;
      // Straight-line code that concerns nothing looked for.
      if (!logging) {
        while (i !== first && i !== recorded && i > 0 && (concerned[i] & regs) === 0) {
          next = i;
          i--;
        }
      }
      if (i < 0 || i >= concerned.length) {
        return env.fail(EFAULT, "kernel-bug", `verifier bug: backtracking idx ${i}`);
      }
    }
    state = parent;
    if (state === 0) break;
    const result = markState(env, state);
    if (result < 0) return result;
    changed |= result;
    if (marks.empty) return changed;
    next = first;
    last = W[state + ST_LAST];
    first = W[state + ST_FIRST];
    history = W[state + ST_HISTORY];
    parent = W[state + ST_PARENT];
  }
  if (!marks.empty) {
    forgetSought(env, start);
    markAll(env, start);
    marks.clear();
    changed = 1;
  }
  return changed;
}

/**
 * Whether all that is looked for behind an instruction is registers that were looked for from there before: what is further back is
 * marked for them then. If not, it is from now on.
 */
function wasSought(env: Env, entry: number): boolean {
  const code = env.code[W[entry + H_IDX]], op = code & 0xf0, kind = code & 7, f = marks.frame;
  // What stepping back over a call, an exit or a legacy load does depends on what came after it, too.
  if (kind === 0 || ((kind === 5 || kind === 6) && (op === 0x80 || op === 0x90)) || !marks.onlyRegs) {
    return false;
  }
  const regs = marks.regs[f],
    sought = W[entry + H_SOUGHT],
    before = (sought >>> 16) === f ? sought & 0xffff : 0;
  if ((regs & ~before) === 0) return true;
  W[entry + H_SOUGHT] = f << 16 | before | regs;
  return false;
}

/**
 * Takes back what {@linkcode wasSought} noted, for a walk that gave up: the next one has to give up at the same place, since that marks
 * everything in the states saved in between.
 */
function forgetSought(env: Env, start: number): void {
  let history = start === 0 ? env.history : W[start + ST_HISTORY];
  let state = start === 0 ? env.parent : W[start + ST_PARENT];
  for (;;) {
    for (; history !== 0; history = W[history + H_PREV]) W[history + H_SOUGHT] = 0;
    if (state === 0) return;
    history = W[state + ST_HISTORY];
    state = W[state + ST_PARENT];
  }
}

/** Whether a history entry says more than where control came from. */
function says(entry: number): boolean {
  return (W[entry + H_FLAGS] | W[entry + H_LINKED] | W[entry + H_LINKED + 1]) !== 0;
}

/** Marks what is looked for in a saved state, and stops looking for what is marked already or no scalar. */
function markState(env: Env, state: number): number {
  let changed = 0;
  if (marks.frame > W[state + ST_CURFRAME]) {
    return env.fail(
      EFAULT,
      "kernel-bug",
      `verifier bug: backtracking frame ${marks.frame} of a state without it`,
    );
  }
  for (let f = marks.frame; f >= 0; f--) {
    const frame = savedFrame(state, f);
    for (let r = 0, mask = marks.regs[f]; mask !== 0; r++, mask >>>= 1) {
      if ((mask & 1) === 0) continue;
      if (W[savedReg(frame, r) + TYPE] !== SCALAR_VALUE || (W[frame + SFR_PRECISE_REGS] & (1 << r)) !== 0) {
        marks.regs[f] &= ~(1 << r);
      } else {
        W[frame + SFR_PRECISE_REGS] |= 1 << r;
        changed = 1;
      }
    }
    if ((marks.lo[f] | marks.hi[f]) !== 0) {
      const result = markSlots(env, { frame, f });
      if (result < 0) return result;
      changed |= result;
    }
    if (env.logLevel & 2) {
      env.verbose(
        `mark_precise: frame${f}: parent state regs=${marks.regsText(f)} stack=${marks.slotsText(f)}: `,
      );
      printSaved(env, state, f);
    }
  }
  return changed;
}

function markSlots(env: Env, where: { frame: number; f: number }): number {
  const { frame, f } = where, slots = W[frame + SFR_NSLOTS];
  let changed = 0;
  for (let lo = marks.lo[f], hi = marks.hi[f]; (lo | hi) !== 0;) {
    const i = lo !== 0 ? 31 - Math.clz32(lo & -lo) : 63 - Math.clz32(hi & -hi);
    if (lo !== 0) lo &= lo - 1;
    else hi &= hi - 1;
    if (i >= slots) {
      // The kernel prints the condition as its source has it.
      const condition = "i >= func->allocated_stack / BPF_REG_SIZE";
      return env.fail(
        EFAULT,
        "kernel-bug",
        `verifier bug: stack slot ${i}, total slots ${slots} (${condition})`,
      );
    }
    const word = frame + SFR_PRECISE_SLOTS + (i >>> 5), bit = 1 << (i & 31);
    if (!isScalarSpill(frame, i) || (W[word] & bit) !== 0) marks.dropSlot(f, i);
    else {
      W[word] |= bit;
      changed = 1;
    }
  }
  return changed;
}

function isScalarSpill(frame: number, spi: number): boolean {
  return savedSlotTypes(frame, spi) >>> 28 === STACK_SPILL &&
    W[savedSpill(frame, spi) + TYPE] === SCALAR_VALUE;
}

/** Arguments of a function verified on its own: they come from anywhere, and only arguments may. */
function atEntry(env: Env, state: number): boolean {
  if ((marks.lo[0] | marks.hi[0]) !== 0 || marks.frame !== 0 || (marks.regs[0] & ~ARGS) !== 0) return false;
  const top = state === 0 ? env.curframe : W[state + ST_CURFRAME];
  const frame = state === 0 ? frameAt(0) : savedFrame(state, 0);
  const subprog = W[frame + (state === 0 ? F_SUBPROG : SFR_SUBPROG)];
  const callsite = W[frame + (state === 0 ? F_CALLSITE : SFR_CALLSITE)];
  if (top !== 0 || subprog === 0 || callsite !== -1) return false;
  for (let r = 1; r <= 5 && state !== 0; r++) {
    if ((marks.regs[0] & (1 << r)) === 0) continue;
    if (W[savedReg(frame, r) + TYPE] === SCALAR_VALUE) W[frame + SFR_PRECISE_REGS] |= 1 << r;
  }
  marks.clear();
  return true;
}

function entryBug(env: Env, state: number): number {
  const subprog = state === 0 ? W[frameAt(0) + F_SUBPROG] : W[savedFrame(state, 0) + SFR_SUBPROG];
  return env.fail(
    EFAULT,
    "kernel-bug",
    `verifier bug: backtracking func entry subprog ${subprog} reg_mask ${
      (marks.regs[marks.frame] >>> 0).toString(16)
    } stack_mask ${(marks.lo[marks.frame] >>> 0).toString(16)}`,
  );
}

/** Gives up: every scalar in every state before `state` (before the path under exploration if 0) is precise. */
export function markAll(env: Env, state: number): void {
  if (env.logLevel & 2) {
    const frame = state === 0 ? env.curframe : W[state + ST_CURFRAME];
    env.verbose(`mark_precise: frame${frame}: falling back to forcing all scalars precise\n`);
  }
  for (let s = state === 0 ? env.parent : W[state + ST_PARENT]; s !== 0; s = W[s + ST_PARENT]) {
    for (let f = 0; f <= W[s + ST_CURFRAME]; f++) {
      const frame = savedFrame(s, f);
      for (let r = 0; r < 10; r++) {
        if (W[savedReg(frame, r) + TYPE] !== SCALAR_VALUE || (W[frame + SFR_PRECISE_REGS] & (1 << r)) !== 0) {
          continue;
        }
        W[frame + SFR_PRECISE_REGS] |= 1 << r;
        if (env.logLevel & 2) env.verbose(`force_precise: frame${f}: forcing r${r} to be precise\n`);
      }
      for (let i = 0; i < W[frame + SFR_NSLOTS]; i++) {
        const word = frame + SFR_PRECISE_SLOTS + (i >>> 5), bit = 1 << (i & 31);
        if (!isScalarSpill(frame, i) || (W[word] & bit) !== 0) continue;
        W[word] |= bit;
        if (env.logLevel & 2) {
          env.verbose(`force_precise: frame${f}: forcing fp${-(i + 1) * 8} to be precise\n`);
        }
      }
    }
  }
}

/**
 * Frames of the path under exploration as they begin.
 *
 * @module
 */
import { copyReg, W } from "./arena.ts";
import { type Env, frameAt } from "../env.ts";
import {
  F_ASYNC,
  F_CALLSITE,
  F_CB_DEPTH,
  F_CB_MAX,
  F_CB_MIN,
  F_FLAGS,
  F_MAY_GOTO,
  F_NSLOTS,
  F_REGS,
  F_SUBPROG,
  FRAMENO,
  PTR_TO_STACK,
  REG_WORDS,
  TYPE,
} from "./layout.ts";
import { scratchAll } from "../log/log.ts";
import { markKnown } from "../numbers/scalar.ts";
import { NOT_INIT_VALUE, valueAt } from "./values.ts";

/** Frame `n` begins: registers hold nothing but the frame pointer, the stack is empty. */
export function initFrame(env: Env, where: { n: number; callsite: number; subprog: number }): void {
  const { n, callsite, subprog } = where;
  const frame = frameAt(n);
  W[frame + F_CALLSITE] = callsite;
  W[frame + F_SUBPROG] = subprog;
  W[frame + F_FLAGS] = 0;
  W[frame + F_CB_MIN] = 0;
  W[frame + F_CB_MAX] = 0;
  W[frame + F_CB_DEPTH] = 0;
  W[frame + F_NSLOTS] = 0;
  W[frame + F_ASYNC] = 0;
  W[frame + F_MAY_GOTO] = 0;
  for (let r = 0; r < 10; r++) copyReg(frame + F_REGS + r * REG_WORDS, valueAt(NOT_INIT_VALUE));
  const fp = frame + F_REGS + 10 * REG_WORDS;
  markKnown(fp, 0, 0);
  W[fp + TYPE] = PTR_TO_STACK;
  W[fp + FRAMENO] = n;
  scratchAll(env);
}

/** A register that holds nothing. */
export function markNotInit(o: number): void {
  copyReg(o, valueAt(NOT_INIT_VALUE));
}

/** After a call r0 to r5 hold nothing. */
export function clearCallerSaved(env: Env): void {
  for (let r = 0; r < 6; r++) copyReg(env.regs + r * REG_WORDS, valueAt(NOT_INIT_VALUE));
  env.scratchedRegs |= 0x3f;
}

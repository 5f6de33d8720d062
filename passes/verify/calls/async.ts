/**
 * Callbacks that run some time after the program: those of timers, work queues and task work. What they are kept in, and the walk
 * through them, which begins with an empty stack of its own.
 *
 * Mirrors `check_map_field_pointer`, `process_timer_func`, `process_wq_func`, `process_task_work_func` and `push_async_cb` of
 * Linux 6.18. That maps may have such fields at all is seen to by whoever makes them.
 *
 * @module
 */
import { copyReg, W } from "../states/arena.ts";
import { freeBlock } from "../states/blocks.ts";
import { checkCalleeArgs } from "./calls.ts";
import { EFAULT, EINVAL, type Env, SUB_ASYNC_CALLBACK, SUB_CALLBACK } from "../env.ts";
import { initFrame } from "../states/frames.ts";
import {
  AUX1,
  AUX2,
  CONST_PTR_TO_MAP,
  F_ASYNC,
  F_CB_MAX,
  F_CB_MIN,
  F_FLAGS,
  FRAMENO,
  IN_ASYNC_CALLBACK,
  OFF,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  REG_WORDS,
  SCRATCH_CALL,
  TVAL,
  TYPE,
} from "../states/layout.ts";
import { mapOf, specialFields } from "../memory/map_pointer.ts";
import { isConst, markKnown } from "../numbers/scalar.ts";
import { restoreState, saveState } from "../states/states.ts";

/** What a callback is kept in: the field of a map's value. */
export type AsyncField = "bpf_timer" | "bpf_wq" | "bpf_task_work";

/** Whether a structure is such a field. */
export function isAsyncField(struct: string): struct is AsyncField {
  return struct === "bpf_timer" || struct === "bpf_wq" || struct === "bpf_task_work";
}

/** Verifies that register `regno`, a map value, points to the field of this kind: 0 or `-errno`. */
export function checkAsyncField(env: Env, regno: number, kind: AsyncField): number {
  const o = env.regs + regno * REG_WORDS, map = mapOf(env, W[o + AUX1]), name = map.name.slice(0, 15);
  if (!isConst(o)) {
    const what = `doesn't have constant offset. ${kind} has to be at the constant offset`;
    return env.fail(EINVAL, "moved-pointer", `R${regno} ${what}`);
  }
  if (map.valueTypeId === 0 || env.btf === undefined) {
    return env.fail(EINVAL, "map-helper", `map '${name}' has to have BTF in order to use ${kind}`);
  }
  const field = specialFields(env, W[o + AUX1]).find((f) => f.kind === kind);
  if (field === undefined) return env.fail(EINVAL, "map-helper", `map '${name}' has no valid ${kind}`);
  const off = W[o + OFF] + W[o + TVAL];
  if (off === field.offset) return 0;
  return env.fail(
    EINVAL,
    "special-field",
    `off ${off} doesn't point to 'struct ${kind}' that is at ${field.offset}`,
  );
}

/** A callback that runs later. */
export interface AsyncCallback {
  readonly subprog: number;
  /** Word of the register that points to what it is kept in: it is given that map, and a key and a value of it. */
  readonly keeper: number;
  /** It runs where it may sleep, whether the program may or not. */
  readonly sleepable: boolean;
  /** What it may return; anything if left out. */
  readonly returns?: 0;
}

const keeper = SCRATCH_CALL + 5 * REG_WORDS;

/** The callback of the call at the current instruction is walked through later, as if it were a program: 0 or `-errno`. */
export function pushAsyncCallback(env: Env, call: AsyncCallback): number {
  const { subprog } = call, slot = env.insnIdx, entries = W[env.frame + F_ASYNC];
  const misfit = checkCalleeArgs(env, subprog);
  if (misfit === -EFAULT) return misfit;
  env.subprogFlags[subprog] |= SUB_CALLBACK | SUB_ASYNC_CALLBACK;
  copyReg(keeper, call.keeper);
  const here = saveState(env, slot);
  begin(env, subprog);
  W[env.frame + F_FLAGS] = IN_ASYNC_CALLBACK;
  W[env.frame + F_ASYNC] = entries + 1;
  W[env.frame + F_CB_MIN] = call.returns ?? -0x80000000;
  W[env.frame + F_CB_MAX] = call.returns ?? 0x7fffffff;
  setArgument(env, 1, CONST_PTR_TO_MAP);
  setArgument(env, 2, PTR_TO_MAP_KEY);
  setArgument(env, 3, PTR_TO_MAP_VALUE);
  env.sleepable = call.sleepable;
  const pushed = env.pending.push(env.cols.subprogStart[subprog], slot, -1, EFAULT);
  restoreState(env, here);
  freeBlock(here);
  return pushed < 0 ? pushed : 0;
}

/** Nothing of the path that leads here counts: what runs later finds its own stack, no references and no locks. */
function begin(env: Env, subprog: number): void {
  env.setFrame(0);
  env.parent = env.firstInsnIdx = 0;
  env.history = env.historyCount = 0;
  env.dfsDepth = env.callbackUnrollDepth = env.mayGotoDepth = 0;
  env.refCount =
    env.activeLocks =
    env.preemptLocks =
    env.rcuLocks =
      0;
  env.irqId = env.lockId = env.lockPtr = 0;
  initFrame(env, { n: 0, callsite: -1, subprog });
}

function setArgument(env: Env, regno: number, type: number): void {
  const o = env.regs + regno * REG_WORDS;
  markKnown(o, 0, 0);
  W[o + TYPE] = type;
  W[o + FRAMENO] = 0;
  W[o + AUX1] = W[keeper + AUX1];
  W[o + AUX2] = W[keeper + AUX2];
}

/**
 * Spin locks in map values and allocated objects: taken and given back by two helpers, one at a time, with next to nothing called in
 * between; and resilient locks, taken and given back by kernel functions, several at a time, which may fail (`process_spin_lock` of
 * Linux 6.18).
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { checkArgOffset } from "../calls/call_args.ts";
import { kfuncName } from "../flow/call_traits.ts";
import { EINVAL, type Env } from "../env.ts";
import { clearCallerSaved } from "../states/frames.ts";
import {
  AUX1,
  ID,
  MEM_ALLOC,
  OFF,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  REG_WORDS,
  TVAL,
  TYPE,
} from "../states/layout.ts";
import { fieldsOf, mapOf } from "../memory/map_pointer.ts";
import {
  forgetBorrowed,
  pushEntry,
  REF_TYPE_LOCK,
  REF_TYPE_RES_LOCK,
  REF_TYPE_RES_LOCK_IRQ,
  REF_WORDS,
  removeEntry,
} from "./references.ts";
import { isConst, markRange32 } from "../numbers/scalar.ts";

/** `bpf_spin_lock` and `bpf_spin_unlock`. */
const SPIN_LOCK = 93, SPIN_UNLOCK = 94;
/** `MAX_ERRNO`: the greatest error number that a function returns. */
const MAX_ERRNO = 4095;
/** Stands for all allocated objects as the owner of a lock. */
const OBJECTS = -1;
const PSEUDO_CALL = 1, PSEUDO_KFUNC = 2;
/** The kinds of entries that are locks. */
const LOCKS = REF_TYPE_LOCK | REF_TYPE_RES_LOCK | REF_TYPE_RES_LOCK_IRQ;

/** What a function of resilient locks does. */
interface LockFunction {
  readonly takes: boolean;
  /** `REF_TYPE_RES_LOCK` or `REF_TYPE_RES_LOCK_IRQ`. */
  readonly kind: number;
}
const RESILIENT: ReadonlyMap<string, LockFunction> = new Map([
  ["bpf_res_spin_lock", { takes: true, kind: REF_TYPE_RES_LOCK }],
  ["bpf_res_spin_unlock", { takes: false, kind: REF_TYPE_RES_LOCK }],
  ["bpf_res_spin_lock_irqsave", { takes: true, kind: REF_TYPE_RES_LOCK_IRQ }],
  ["bpf_res_spin_unlock_irqrestore", { takes: false, kind: REF_TYPE_RES_LOCK_IRQ }],
]);

/** The only functions of the kernel that may be called under a lock. */
const ALLOWED: ReadonlySet<string> = new Set([
  ...RESILIENT.keys(),
  "bpf_iter_num_new",
  "bpf_iter_num_next",
  "bpf_iter_num_destroy",
  "bpf_list_push_front_impl",
  "bpf_list_push_back_impl",
  "bpf_list_pop_front",
  "bpf_list_pop_back",
  "bpf_list_front",
  "bpf_list_back",
  "bpf_rbtree_add_impl",
  "bpf_rbtree_remove",
  "bpf_rbtree_first",
  "bpf_rbtree_root",
  "bpf_rbtree_left",
  "bpf_rbtree_right",
  "bpf_refcount_acquire_impl",
]);

/** Whether the call at `slot` may be made while a lock is held: 0 or `-errno`. */
export function checkCallUnderLock(env: Env, slot: number): number {
  const kind = env.src[slot];
  if (kind === PSEUDO_CALL) return 0;
  const allowed = kind === PSEUDO_KFUNC
    ? env.off[slot] === 0 && ALLOWED.has(kfuncName(env, slot))
    : env.imm[slot] === SPIN_UNLOCK;
  return allowed ? 0 : env.fail(EINVAL, "lock-held", "function calls are not allowed while holding a lock");
}

/** Verifies the lock passed in register `regno` to helper `id`, and takes it or gives it back: 0 or `-errno`. */
export function checkSpinLock(env: Env, regno: number, id: number): number {
  return checkLock(env, regno, { name: "bpf_spin", takes: id === SPIN_LOCK, kind: REF_TYPE_LOCK });
}

/** Verifies the resilient lock in register `i + 1` for a function of the kernel, and takes it or gives it back: 0 or `-errno`. */
export function checkResilientLock(env: Env, i: number, func: string): number {
  const o = env.regs + (i + 1) * REG_WORDS, type = W[o + TYPE], does = RESILIENT.get(func);
  const err = checkArgOffset(env, i + 1, {});
  if (err < 0) return err;
  if (type !== PTR_TO_MAP_VALUE && type !== (PTR_TO_BTF_ID | MEM_ALLOC)) {
    return env.fail(EINVAL, "lock-misuse", `arg#${i} doesn't point to map value or allocated object`);
  }
  if (does === undefined) return env.unsupported(`resilient locks as arguments of ${func}`);
  return checkLock(env, i + 1, { name: "bpf_res_spin", ...does });
}

/** Whether a function may fail to take its lock, so that the path forks. */
export function mayFailToLock(func: string): boolean {
  return RESILIENT.get(func)?.takes === true;
}

const kept = new Int32Array(6 * REG_WORDS);

/** The path on which the lock is not taken, with an error number as the result, is explored later: 0 or `-errno`. */
export function pushFailedLock(env: Env): number {
  const r0 = env.regs;
  kept.set(W.subarray(r0, r0 + kept.length));
  const scratched = env.scratchedRegs;
  clearCallerSaved(env);
  markRange32(r0, -MAX_ERRNO, -1);
  const pushed = env.pending.push(env.insnIdx + 1, env.insnIdx, -1);
  W.set(kept, r0);
  env.scratchedRegs = scratched;
  if (pushed >= 0) return 0;
  env.fail(-pushed, "lock-misuse", "failed to push state for failed lock acquisition");
  return pushed;
}

interface LockUse extends LockFunction {
  /** As messages name it. */
  readonly name: string;
}

function checkLock(env: Env, regno: number, use: LockUse): number {
  const o = env.regs + regno * REG_WORDS, { name } = use, struct = `${name}_lock`;
  if (!isConst(o)) {
    const what = `doesn't have constant offset. ${struct} has to be at the constant offset`;
    return env.fail(EINVAL, "lock-misuse", `R${regno} ${what}`);
  }
  const map = W[o + TYPE] === PTR_TO_MAP_VALUE ? mapOf(env, W[o + AUX1]) : undefined;
  const mapName = map?.name.slice(0, 15);
  if (map !== undefined && (map.valueTypeId === 0 || env.btf === undefined)) {
    return env.fail(EINVAL, "lock-misuse", `map '${mapName}' has to have BTF in order to use ${struct}`);
  }
  const lock = fieldsOf(env, o).find((field) => field.kind === struct);
  if (lock === undefined) {
    const what = map === undefined ? "local 'kptr'" : `map '${mapName}'`;
    return env.fail(EINVAL, "lock-misuse", `${what} has no valid ${struct}`);
  }
  const off = W[o + OFF] + W[o + TVAL];
  if (off !== lock.offset) {
    return env.fail(
      EINVAL,
      "lock-misuse",
      `off ${off} doesn't point to 'struct ${struct}' that is at ${lock.offset}`,
    );
  }
  // An inner map is another map each time, and each object another: their ids tell their locks apart.
  return use.takes ? take(env, o, use.kind) : giveBack(env, o, use);
}

/** What the lock of the value at `o` lies in: a map, or the program's objects. */
function ownerOf(o: number): number {
  return W[o + TYPE] === PTR_TO_MAP_VALUE ? W[o + AUX1] + 1 : OBJECTS;
}

/** Position of the lock of one of these kinds that lies in the same allocation as the value at `o`; -1 if none is held. */
function findLock(env: Env, o: number, kinds: number): number {
  const owner = ownerOf(o);
  for (let i = 0; i < env.refCount; i++) {
    const at = i * REF_WORDS;
    if ((env.refs[at] & kinds) === 0) continue;
    if (env.refs[at + 1] === W[o + ID] && env.refs[at + 3] === owner) return i;
  }
  return -1;
}

/** Whether the lock in the same allocation as the value at `o` is held. */
export function holdsLock(env: Env, o: number): boolean {
  return findLock(env, o, LOCKS) >= 0;
}

function take(env: Env, o: number, kind: number): number {
  // A second lock of the first sort is a call that is not made at all while one is held.
  if (kind !== REF_TYPE_LOCK && findLock(env, o, REF_TYPE_RES_LOCK | REF_TYPE_RES_LOCK_IRQ) >= 0) {
    return env.fail(EINVAL, "lock-misuse", "Acquiring the same lock again, AA deadlock detected");
  }
  const id = W[o + ID], owner = ownerOf(o);
  pushEntry(env, kind, { id, owner });
  env.activeLocks++;
  env.lockId = id;
  env.lockPtr = owner;
  return 0;
}

function giveBack(env: Env, o: number, use: LockUse): number {
  if (env.activeLocks === 0) {
    return env.fail(EINVAL, "lock-misuse", `${use.name}_unlock without taking a lock`);
  }
  const i = findLock(env, o, use.kind);
  if (i < 0) return env.fail(EINVAL, "lock-misuse", `${use.name}_unlock of different lock`);
  if (W[o + ID] !== env.lockId || ownerOf(o) !== env.lockPtr) {
    return env.fail(EINVAL, "lock-misuse", `${use.name}_unlock cannot be out of order`);
  }
  env.lockId = 0;
  env.lockPtr = 0;
  for (let k = 0; k < i; k++) {
    const at = k * REF_WORDS;
    if ((env.refs[at] & LOCKS) === 0) continue;
    env.lockId = env.refs[at + 1];
    env.lockPtr = env.refs[at + 3];
  }
  removeEntry(env, i);
  env.activeLocks--;
  forgetBorrowed(env);
  return 0;
}

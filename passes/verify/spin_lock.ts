/**
 * Spin locks in map values and allocated objects: taken and given back by two helpers, one at a time, with next to nothing called
 * in between (`process_spin_lock` of Linux 6.18). Resilient locks are not decided about.
 *
 * @module
 */
import { W } from "./arena.ts";
import { EINVAL, type Env } from "./env.ts";
import { kfuncName } from "./call_traits.ts";
import { AUX1, ID, OFF, PTR_TO_MAP_VALUE, REG_WORDS, TVAL, TYPE } from "./layout.ts";
import { fieldsOf, mapOf } from "./map_pointer.ts";
import { forgetBorrowed, REF_TYPE_LOCK, REF_WORDS } from "./references.ts";
import { isConst } from "./scalar.ts";

/** `bpf_spin_lock` and `bpf_spin_unlock`. */
const SPIN_LOCK = 93, SPIN_UNLOCK = 94;
/** Stands for all allocated objects as the owner of a lock. */
const OBJECTS = -1;
const PSEUDO_CALL = 1, PSEUDO_KFUNC = 2;

/** How functions of resilient locks are named, which may be called under any lock. */
const RESILIENT = "bpf_res_spin_";

/** The only functions of the kernel, of those that are decided about, that may be called under a lock. */
const ALLOWED: ReadonlySet<string> = new Set([
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
  if (kind === PSEUDO_KFUNC && kfuncName(env, slot).startsWith(RESILIENT)) {
    return env.unsupported("resilient locks");
  }
  const allowed = kind === PSEUDO_KFUNC
    ? env.off[slot] === 0 && ALLOWED.has(kfuncName(env, slot))
    : env.imm[slot] === SPIN_UNLOCK;
  return allowed ? 0 : env.fail(EINVAL, "lock-held", "function calls are not allowed while holding a lock");
}

/** Verifies the lock passed in register `regno` to helper `id`, and takes it or gives it back: 0 or `-errno`. */
export function checkSpinLock(env: Env, regno: number, id: number): number {
  const o = env.regs + regno * REG_WORDS;
  if (!isConst(o)) {
    return env.fail(
      EINVAL,
      "constant-argument",
      `R${regno} doesn't have constant offset. bpf_spin_lock has to be at the constant offset`,
    );
  }
  const map = W[o + TYPE] === PTR_TO_MAP_VALUE ? mapOf(env, W[o + AUX1]) : undefined;
  const name = map?.name.slice(0, 15);
  if (map !== undefined && (map.valueTypeId === 0 || env.btf === undefined)) {
    return env.fail(EINVAL, "lock-misuse", `map '${name}' has to have BTF in order to use bpf_spin_lock`);
  }
  const lock = fieldsOf(env, o).find((field) => field.kind === "bpf_spin_lock");
  if (lock === undefined) {
    const what = map === undefined ? "local 'kptr'" : `map '${name}'`;
    return env.fail(EINVAL, "lock-misuse", `${what} has no valid bpf_spin_lock`);
  }
  const off = W[o + OFF] + W[o + TVAL];
  if (off !== lock.offset) {
    return env.fail(
      EINVAL,
      "lock-misuse",
      `off ${off} doesn't point to 'struct bpf_spin_lock' that is at ${lock.offset}`,
    );
  }
  // An inner map is another map each time, and each object another: their ids tell their locks apart.
  return id === SPIN_LOCK ? take(env, W[o + ID], ownerOf(o)) : giveBack(env, W[o + ID], ownerOf(o));
}

/** What the lock of the value at `o` lies in: a map, or the program's objects. */
function ownerOf(o: number): number {
  return W[o + TYPE] === PTR_TO_MAP_VALUE ? W[o + AUX1] + 1 : OBJECTS;
}

/** Whether the lock in the same allocation as the value at `o` is held. */
export function holdsLock(env: Env, o: number): boolean {
  const owner = ownerOf(o);
  for (let at = 0; at < env.refCount * REF_WORDS; at += REF_WORDS) {
    if (env.refs[at] === REF_TYPE_LOCK && env.refs[at + 1] === W[o + ID] && env.refs[at + 3] === owner) {
      return true;
    }
  }
  return false;
}

function take(env: Env, id: number, owner: number): number {
  if (env.activeLocks !== 0) {
    return env.fail(EINVAL, "lock-misuse", "Locking two bpf_spin_locks are not allowed");
  }
  const at = env.refCount * REF_WORDS;
  if (at >= env.refs.length) return env.unsupported("more than 256 references at a time");
  env.refs[at] = REF_TYPE_LOCK;
  env.refs[at + 1] = id;
  env.refs[at + 2] = env.insnIdx;
  env.refs[at + 3] = owner;
  env.refCount++;
  env.activeLocks++;
  env.lockId = id;
  env.lockPtr = owner;
  return 0;
}

function giveBack(env: Env, id: number, owner: number): number {
  if (env.activeLocks === 0) return env.fail(EINVAL, "lock-misuse", "bpf_spin_unlock without taking a lock");
  for (let i = 0; i < env.refCount; i++) {
    const at = i * REF_WORDS;
    if (env.refs[at] !== REF_TYPE_LOCK || env.refs[at + 1] !== id || env.refs[at + 3] !== owner) continue;
    env.refs.copyWithin(at, at + REF_WORDS, env.refCount * REF_WORDS);
    env.refCount--;
    env.activeLocks--;
    env.lockId = 0;
    env.lockPtr = 0;
    forgetBorrowed(env);
    return 0;
  }
  return env.fail(EINVAL, "lock-misuse", "bpf_spin_unlock of different lock");
}

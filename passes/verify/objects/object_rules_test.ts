/**
 * A table: allocated objects, lists and trees of them, their locks, and objects kept in maps: the rules of Linux 6.18, each by a program that
 * breaks it or just does not.
 */
import { valueTypes } from "../testing/kernel_types.ts";
import { OBJECT_IDS } from "../testing/object_types.ts";
import { type RuleCase, ruleCases } from "../testing/rule_cases.ts";

const HOLDER = `map m type=array key=4 value=40 max=1 key_type=1 value_type=${OBJECT_IDS.holder}`;
const STASH = `map m type=array key=4 value=16 max=1 key_type=1 value_type=${OBJECT_IDS.stash}`;
const END = `
      r0 = 0
      exit`;
const DROP = `
      r1 = r6
      call kfunc bpf_obj_drop_impl`;
const LOCK = `
      r1 = map_value m+0 ll
      call bpf_spin_lock#93`;
const UNLOCK = `
      r1 = map_value m+0 ll
      call bpf_spin_unlock#94`;
/** Puts the node in `r6` into the list. */
const PUSH = `
      r1 = map_value m+8 ll
      r2 = r6
      r2 += 8
      r4 = 0
      call kfunc bpf_list_push_front_impl`;
/** Puts the shared object in `r6` into the tree. */
const ADD = `
      r1 = map_value m+24 ll
      r2 = r6
      r2 += 32
      r3 = func less ll
      r5 = 0
      call kfunc bpf_rbtree_add_impl`;

/** An object of a type in `r6`. */
function allocated(typeId: number): string {
  return `
      r1 = ${typeId}
      call kfunc bpf_obj_new_impl
      if r0 == 0 goto out
      r6 = r0`;
}
const NODE = allocated(OBJECT_IDS.node), SHARED = allocated(OBJECT_IDS.shared);
const PLAIN = allocated(OBJECT_IDS.plain);

function rule(name: string, text: string, message?: string): RuleCase {
  const test: RuleCase = { name, type: "sched_cls", head: HOLDER, typed: true, text };
  return message === undefined ? test : { ...test, message };
}

ruleCases("allocated objects", [
  rule(
    "an object is made, written, read and given back",
    `${NODE}
      *(u64 *)(r6 +0) = 7
      r1 = *(u64 *)(r6 +0)${DROP}
    out:${END}`,
  ),
  rule(
    "an object must be given back",
    `${NODE}
    out:${END}`,
    "BPF_EXIT instruction in main prog would lead to reference leak",
  ),
  rule(
    "an object may not be there",
    `
      r1 = ${OBJECT_IDS.node}
      call kfunc bpf_obj_new_impl
      r1 = *(u64 *)(r0 +0)${END}`,
    "R0 invalid mem access 'ptr_or_null_'",
  ),
  rule(
    "an object that may not be there is not given back",
    `
      r1 = ${OBJECT_IDS.node}
      call kfunc bpf_obj_new_impl
      r1 = r0
      call kfunc bpf_obj_drop_impl${END}`,
    "Possibly NULL pointer passed to trusted arg0",
  ),
  rule(
    "an object is used no more when it was given back",
    `${NODE}${DROP}
      r1 = *(u64 *)(r6 +0)
    out:${END}`,
    "R6 invalid mem access 'scalar'",
  ),
  rule(
    "an object is given back as it was made",
    `${NODE}
      r6 += 8${DROP}
    out:${END}`,
    "R1 must have zero offset when passed to release func or trusted arg to kfunc",
  ),
  rule(
    "objects are structures of the program",
    `
      r1 = 1
      call kfunc bpf_obj_new_impl${END}`,
    "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct",
  ),
  rule(
    "the type of an object is a small number",
    `
      r1 = -1
      call kfunc bpf_obj_new_impl${END}`,
    "local type ID argument must be in range [0, U32_MAX]",
  ),
  rule(
    "the type of an object is known",
    `
      call bpf_get_prandom_u32#7
      r1 = r0
      call kfunc bpf_obj_new_impl${END}`,
    "R1 must be a known constant",
  ),
  rule(
    "nothing is read behind an object",
    `${PLAIN}
      r1 = *(u64 *)(r6 +16)
    out:${END}`,
    "access beyond struct own_plain at off 16 size 8",
  ),
  rule(
    "a node is not read",
    `${NODE}
      r1 = *(u32 *)(r6 +12)
    out:${END}`,
    "direct access to bpf_list_node is disallowed",
  ),
  rule(
    "a count is not written",
    `${SHARED}
      *(u32 *)(r6 +64) = 1
    out:${END}`,
    "direct access to bpf_refcount is disallowed",
  ),
  rule(
    "an object is shared, and each holder gives it back",
    `${SHARED}
      r1 = r6
      call kfunc bpf_refcount_acquire_impl
      r7 = *(u64 *)(r0 +0)
      r1 = r0
      call kfunc bpf_obj_drop_impl${DROP}
    out:${END}`,
  ),
  rule(
    "an object without a count is not shared",
    `${NODE}
      r1 = r6
      call kfunc bpf_refcount_acquire_impl
    out:${END}`,
    "arg#0 doesn't point to a type with bpf_refcount field",
  ),
  rule(
    "only objects are shared",
    `
      r1 = map_value m+0 ll
      call kfunc bpf_refcount_acquire_impl${END}`,
    "arg#0 is neither owning or non-owning ref",
  ),
  {
    ...rule(
      "what is looked for before a tree's callback is looked for in the function that called it",
      `${SHARED}
        call bpf_get_prandom_u32#7
        r7 = -8
        if r0 > 3 goto add
        r7 = -16
      add:
        r8 = 0${LOCK}${ADD}${UNLOCK}
        r1 = r10
        r1 += r7
        *(u64 *)(r1 +0) = 0
      out:${END}
      func less:${END}`,
    ),
    roundsKept: true,
  },
]);

ruleCases("lists and trees of objects", [
  rule(
    "an object put into a list need not be given back",
    `${NODE}${LOCK}${PUSH}${UNLOCK}
    out:${END}`,
  ),
  rule(
    "an object in a list is read under its lock",
    `${NODE}${LOCK}${PUSH}
      r7 = *(u64 *)(r6 +0)${UNLOCK}
    out:${END}`,
  ),
  rule(
    "an object in a list is not read when the lock was given back",
    `${NODE}${LOCK}${PUSH}${UNLOCK}
      r7 = *(u64 *)(r6 +0)
    out:${END}`,
    "R6 invalid mem access 'scalar'",
  ),
  rule(
    "an object is put into a list once",
    `${NODE}${LOCK}${PUSH}${PUSH}${UNLOCK}
    out:${END}`,
    "arg#1 expected pointer to allocated object",
  ),
  rule(
    "an object in a list is not given back",
    `${NODE}${LOCK}${PUSH}${DROP}${UNLOCK}
    out:${END}`,
    "function calls are not allowed while holding a lock",
  ),
  rule(
    "a list's lock must be held",
    `${NODE}${PUSH}
    out:${END}`,
    "bpf_spin_lock at off=0 must be held for bpf_list_head",
  ),
  rule(
    "a list lies where it lies",
    `${NODE}${LOCK}${PUSH.replace("m+8", "m+12")}
    out:${END}`,
    "bpf_list_head not found at offset=12",
  ),
  rule(
    "a tree is no list",
    `${NODE}${LOCK}${PUSH.replace("m+8", "m+24")}
    out:${END}`,
    "bpf_list_head not found at offset=24",
  ),
  rule(
    "a list takes an object at its node",
    `${NODE}${LOCK}${PUSH.replace("r2 += 8", "r2 += 4")}
    out:${END}`,
    "bpf_list_node not found at offset=4",
  ),
  rule(
    "a list takes objects of its type",
    `${SHARED}${LOCK}${PUSH}
    out:${END}`,
    "operation on bpf_list_head expects arg#1 bpf_list_node at offset=8 in struct own_node, but arg is at offset=8 in struct own_shared",
  ),
  rule(
    "what is taken from a list is the program's",
    `${LOCK}
      r1 = map_value m+8 ll
      call kfunc bpf_list_pop_back
      r6 = r0${UNLOCK}
      if r6 == 0 goto out
      r6 += -8
      r7 = *(u64 *)(r6 +0)${DROP}
    out:${END}`,
  ),
  rule(
    "what is taken from a list must be given back",
    `${LOCK}
      r1 = map_value m+8 ll
      call kfunc bpf_list_pop_back${UNLOCK}${END}`,
    "BPF_EXIT instruction in main prog would lead to reference leak",
  ),
  rule(
    "a list's first is looked at under its lock",
    `${LOCK}
      r1 = map_value m+8 ll
      call kfunc bpf_list_front
      if r0 == 0 goto out
      r7 = *(u64 *)(r0 -8)
    out:${UNLOCK}${END}`,
  ),
  rule(
    "a list's first is not looked at when the lock was given back",
    `${LOCK}
      r1 = map_value m+8 ll
      call kfunc bpf_list_front
      r6 = r0${UNLOCK}
      if r6 == 0 goto out
      r7 = *(u64 *)(r6 -8)
    out:${END}`,
    "R6 invalid mem access 'scalar'",
  ),
  rule(
    "a tree's first is taken out of it",
    `${LOCK}
      r1 = map_value m+24 ll
      call kfunc bpf_rbtree_first
      if r0 == 0 goto out
      r1 = map_value m+24 ll
      r2 = r0
      call kfunc bpf_rbtree_remove
      r6 = r0${UNLOCK}
      if r6 == 0 goto end
      r6 += -32${DROP}
      goto end
    out:${UNLOCK}
    end:${END}`,
  ),
  rule(
    "only what is in a tree is taken out of it",
    `${LOCK}
      r1 = map_value m+24 ll
      r2 = r1
      call kfunc bpf_rbtree_remove${END}`,
    "bpf_rbtree_remove can only take non-owning or refcounted bpf_rb_node pointer",
  ),
  rule(
    "a tree is walked",
    `${LOCK}
      r1 = map_value m+24 ll
      call kfunc bpf_rbtree_root
      if r0 == 0 goto out
      r1 = map_value m+24 ll
      r2 = r0
      call kfunc bpf_rbtree_left
      if r0 == 0 goto out
      r7 = *(u64 *)(r0 -32)
    out:${UNLOCK}${END}`,
  ),
  rule(
    "an object is put into a tree, in the order that a callback tells",
    `${SHARED}${LOCK}${ADD}${UNLOCK}
    out:${END}
    func less:
      r3 = *(u64 *)(r1 -32)
      r4 = *(u64 *)(r2 -32)
      r0 = 1
      if r3 < r4 goto end
      r0 = 0
    end:
      exit`,
  ),
  rule(
    "a callback that compares does not give the lock back",
    `${SHARED}${LOCK}${ADD}${UNLOCK}
    out:${END}
    func less:${UNLOCK}${END}`,
    "can't spin_{lock,unlock} in rbtree cb",
  ),
  rule(
    "what a callback compares stays in the tree",
    `${SHARED}${LOCK}${ADD}${UNLOCK}
    out:${END}
    func less:
      r2 = r1
      r1 = map_value m+24 ll
      call kfunc bpf_rbtree_remove${END}`,
    "bpf_rbtree_remove not allowed in rbtree cb",
  ),
  rule(
    "what is in a tree is shared",
    `${LOCK}
      r1 = map_value m+24 ll
      call kfunc bpf_rbtree_first
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_refcount_acquire_impl
      if r0 == 0 goto out
      r6 = r0${UNLOCK}${DROP}
      goto end
    out:${UNLOCK}
    end:${END}`,
  ),
  rule(
    "an object's own lock",
    `${NODE}
      r1 = r6
      call bpf_spin_lock#93
    out:${END}`,
    "local 'kptr' has no valid bpf_spin_lock",
  ),
  rule(
    "a list within an object is under that object's lock",
    `${allocated(OBJECT_IDS.holder)}
      r1 = r6
      call bpf_spin_lock#93
      r1 = r6
      r1 += 8
      call kfunc bpf_list_front
      r1 = r6
      call bpf_spin_unlock#94${DROP}
    out:${END}`,
  ),
  rule(
    "a list within an object is not under another lock",
    `${allocated(OBJECT_IDS.holder)}${LOCK}
      r1 = r6
      r1 += 8
      call kfunc bpf_list_front
    out:${END}`,
    "bpf_spin_lock at off=0 must be held for bpf_list_head",
  ),
  rule(
    "another object's lock is not given back",
    `${allocated(OBJECT_IDS.holder)}${LOCK}
      r1 = r6
      call bpf_spin_unlock#94
    out:${END}`,
    "bpf_spin_unlock of different lock",
  ),
]);

function stash(name: string, text: string, message?: string): RuleCase {
  return { ...rule(name, text, message), head: STASH };
}

ruleCases("objects kept in maps", [
  stash(
    "an object is given to a map, what was there is given back",
    `${PLAIN}
      r1 = map_value m+0 ll
      r2 = r6
      call bpf_kptr_xchg#194
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_obj_drop_impl
    out:${END}`,
  ),
  stash(
    "an object that a map had must be given back",
    `
      r1 = map_value m+0 ll
      r2 = 0
      call bpf_kptr_xchg#194${END}`,
    "BPF_EXIT instruction in main prog would lead to reference leak",
  ),
  stash(
    "an object of another type is not kept",
    `${NODE}
      r1 = map_value m+0 ll
      r2 = r6
      call bpf_kptr_xchg#194
    out:${END}`,
    "invalid kptr access, R2 type=ptr_own_node expected=ptr_own_plain",
  ),
  stash(
    "an object that a map keeps is read and written",
    `
      r1 = map_value m+0 ll
      r6 = *(u64 *)(r1 +0)
      if r6 == 0 goto out
      r7 = *(u64 *)(r6 +0)
      *(u64 *)(r6 +8) = 1
    out:${END}`,
  ),
  stash(
    "an object that a map keeps is not given back",
    `
      r1 = map_value m+0 ll
      r6 = *(u64 *)(r1 +0)
      if r6 == 0 goto out${DROP}
    out:${END}`,
    "R1 must be referenced or trusted",
  ),
  stash(
    "an object in a map is not overwritten",
    `${PLAIN}
      r1 = map_value m+0 ll
      *(u64 *)(r1 +0) = r6
    out:${END}`,
    "store to referenced kptr disallowed",
  ),
  stash(
    "a node that a map keeps is read",
    `
      r1 = map_value m+0 ll
      r6 = *(u64 *)(r1 +8)
      if r6 == 0 goto out
      r7 = *(u64 *)(r6 +0)
    out:${END}`,
  ),
  stash(
    "an object keeps another",
    `${allocated(OBJECT_IDS.stash)}
      r1 = ${OBJECT_IDS.plain}
      call kfunc bpf_obj_new_impl
      if r0 == 0 goto end
      r1 = r6
      r2 = r0
      call bpf_kptr_xchg#194
      if r0 == 0 goto end
      r1 = r0
      call kfunc bpf_obj_drop_impl
    end:${DROP}
    out:${END}`,
  ),
]);

const EACH = `map m type=array key=4 value=8 max=1 key_type=1 value_type=${OBJECT_IDS.each}`;
const NEW_EACH = `
      r1 = ${OBJECT_IDS.plain}
      call kfunc bpf_percpu_obj_new_impl
      if r0 == 0 goto out
      r6 = r0`;
const EXCHANGE = `
      r1 = map_value m+0 ll
      r2 = r6
      call bpf_kptr_xchg#194
      if r0 == 0 goto kept
      r1 = r0
      call kfunc bpf_percpu_obj_drop_impl
    kept:`;

function each(name: string, text: string, message?: string): RuleCase {
  return { ...rule(name, text, message), head: EACH };
}

ruleCases("objects that each CPU has its own of", [
  each(
    "one is made and given back",
    `${NEW_EACH}
      r1 = r6
      call kfunc bpf_percpu_obj_drop_impl
    out:${END}`,
  ),
  each(
    "it is given back by its own function",
    `${NEW_EACH}${DROP}
    out:${END}`,
    "arg#0 expected for bpf_percpu_obj_drop_impl()",
  ),
  each(
    "other objects are given back by theirs",
    `${PLAIN}
      r1 = r6
      call kfunc bpf_percpu_obj_drop_impl
    out:${END}`,
    "arg#0 expected for bpf_obj_drop_impl()",
  ),
  each(
    "it is not read directly",
    `${NEW_EACH}
      r1 = *(u64 *)(r6 +0)
    out:${END}`,
    "R6 is ptr_own_plain access percpu memory: off=0",
  ),
  each(
    "it has no special fields",
    `
      r1 = ${OBJECT_IDS.stash}
      call kfunc bpf_percpu_obj_new_impl${END}`,
    "bpf_percpu_obj_new type ID argument must be of a struct of scalars",
  ),
  each(
    "one that a map keeps is written on this CPU",
    `
      r1 = map_value m+0 ll
      r1 = *(u64 *)(r1 +0)
      if r1 == 0 goto out
      call bpf_this_cpu_ptr#154
      *(u64 *)(r0 +8) = 1
    out:${END}`,
  ),
  each(
    "one that was given to a map may be used on",
    `${NEW_EACH}${EXCHANGE}
      r1 = r6
      call bpf_this_cpu_ptr#154
      *(u64 *)(r0 +8) = 1
    out:${END}`,
  ),
  each(
    "one that was given to a map is not given back",
    `${NEW_EACH}${EXCHANGE}
      r1 = r6
      call kfunc bpf_percpu_obj_drop_impl
    out:${END}`,
    "R1 must be referenced or trusted",
  ),
  each(
    "one that may not be there is not used",
    `
      r1 = map_value m+0 ll
      r1 = *(u64 *)(r1 +0)
      call bpf_this_cpu_ptr#154${END}`,
    "R1 type=percpu_rcu_ptr_or_null_ expected=percpu_ptr_, percpu_rcu_ptr_, percpu_trusted_ptr_",
  ),
  {
    ...each(
      "an object of no CPU is not kept as one of each",
      `
      r1 = ${OBJECT_IDS.plain}
      call kfunc bpf_obj_new_impl
      if r0 == 0 goto out
      r6 = r0${EXCHANGE}
    out:${END}`,
      "invalid kptr access, R2 type=ptr_ expected=percpu_ptr_own_plain",
    ),
    kernelAccepts: true,
  },
  each(
    "an object that may not be there is not kept",
    `
      r1 = ${OBJECT_IDS.plain}
      call kfunc bpf_percpu_obj_new_impl
      r6 = r0${EXCHANGE}${END}`,
    "verifier bug: invalid PTR_TO_BTF_ID register for type match",
  ),
]);

const AFTER_SECTION = (field: number, use: string): string => `
      call kfunc bpf_rcu_read_lock
      r1 = map_value m+0 ll
      r6 = *(u64 *)(r1 +${field})
      if r6 == 0 goto out
      call kfunc bpf_rcu_read_unlock
      ${use}
      call kfunc bpf_rcu_read_lock
    out:
      call kfunc bpf_rcu_read_unlock${END}`;

/** A counted object in register 6 that the map's value keeps; it or null is shared in `r0`. */
const SHARE_KEPT = `
      r1 = map_value m+0 ll
      r6 = *(u64 *)(r1 +0)
      if r6 == 0 goto out
      r1 = r6
      call kfunc bpf_refcount_acquire_impl`;
const KEEPER = `map m type=array key=4 value=8 max=1 key_type=1 value_type=${
  valueTypes().find("own_keeper", "struct")
}`;

ruleCases("objects that a map keeps and others share", [
  {
    ...rule(
      "an object that a map keeps may be gone when it is to be shared",
      `${SHARE_KEPT}
      r1 = r0
      call kfunc bpf_obj_drop_impl
    out:${END}`,
      "Possibly NULL pointer passed to trusted arg0",
    ),
    head: KEEPER,
    kernelAccepts: true,
  },
  {
    ...rule(
      "a kernel function that takes a task takes no object of the program's",
      `${NODE}
      r1 = r6
      call kfunc bpf_task_acquire
      r0 = 0${DROP}
    out:${END}`,
      "kernel function bpf_task_acquire args#0 expected pointer to STRUCT task_struct but R1 has a pointer to STRUCT own_node",
    ),
  },
]);

ruleCases("objects kept in maps behind a read section", [
  stash(
    "an object is not read behind the section it was found in",
    AFTER_SECTION(0, "r7 = *(u64 *)(r6 +0)"),
    "verifier bug: ref_obj_id for allocated object must be non-zero",
  ),
  stash(
    "an object is not written behind the section it was found in",
    AFTER_SECTION(0, "*(u64 *)(r6 +0) = 1"),
    "only read is supported",
  ),
  stash("a node is read behind the section it was found in", AFTER_SECTION(8, "r7 = *(u64 *)(r6 +0)")),
  stash(
    "a node is not written behind the section it was found in",
    AFTER_SECTION(8, "*(u64 *)(r6 +0) = 1"),
    "only read is supported",
  ),
  {
    ...stash(
      "a node that a map keeps is forgotten with any lock",
      `
      r1 = map_value s+0 ll
      r6 = *(u64 *)(r1 +8)
      if r6 == 0 goto out${LOCK}${UNLOCK}
      r7 = *(u64 *)(r6 +0)
    out:${END}`,
      "R6 invalid mem access 'scalar'",
    ),
    head: `${HOLDER}\n${STASH.replace("map m", "map s")}`,
  },
  {
    ...stash(
      "nothing is exchanged under a lock",
      `${LOCK}
      r1 = map_value s+0 ll
      r2 = 0
      call bpf_kptr_xchg#194${END}`,
      "function calls are not allowed while holding a lock",
    ),
    head: `${HOLDER}\n${STASH.replace("map m", "map s")}`,
  },
  {
    ...stash(
      "a node that a map keeps is put into no list",
      `
      r1 = map_value s+0 ll
      r6 = *(u64 *)(r1 +8)
      if r6 == 0 goto out${LOCK}${PUSH}${UNLOCK}
    out:${END}`,
      "arg#1 expected pointer to allocated object",
    ),
    head: `${HOLDER}\n${STASH.replace("map m", "map s")}`,
  },
]);

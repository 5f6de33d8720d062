/**
 * Resilient locks in map values: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { OBJECT_IDS } from "../testing/object_types.ts";
import { ruleCases } from "../testing/rule_cases.ts";

const GUARDED = `value=40 key_type=1 value_type=${OBJECT_IDS.guarded}`;
/** Values with a resilient lock at offset 4 and a list at 8 that it guards (`h` is a hash table of them), and one with a spin lock. */
const MAPS = `map m type=array key=4 max=1 ${GUARDED}
map n type=array key=4 max=1 ${GUARDED}
map h type=hash key=4 max=4 ${GUARDED}
map s type=array key=4 value=16 max=1 key_type=1 value_type=3`;

ruleCases("resilient locks", [
  {
    name: "a resilient lock is taken, perhaps, and given back",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a resilient lock that was not taken cannot be given back",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
      r0 = 0
      exit`,
    message: "bpf_res_spin_unlock without taking a lock",
  },
  {
    name: "a resilient lock is not taken twice",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
    message: "Acquiring the same lock again, AA deadlock detected",
  },
  {
    name: "two resilient locks can be held",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value n+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto one
      r1 = map_value n+4 ll
      call kfunc bpf_res_spin_unlock
    one:
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
  },
  {
    name: "resilient locks are given back in the reverse order",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value n+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto one
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
      r1 = map_value n+4 ll
      call kfunc bpf_res_spin_unlock
      goto out
    one:
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
    message: "bpf_res_spin_unlock cannot be out of order",
  },
  {
    name: "another resilient lock cannot be given back",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value n+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
    message: "bpf_res_spin_unlock of different lock",
  },
  {
    name: "a resilient lock must be given back",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
  },
  {
    name: "a resilient lock lies where its structure does",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+0 ll
      call kfunc bpf_res_spin_lock
      r0 = 0
      exit`,
    message: "off 0 doesn't point to 'struct bpf_res_spin_lock' that is at 4",
  },
  {
    name: "a spin lock is no resilient lock",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value s+4 ll
      call kfunc bpf_res_spin_lock
      r0 = 0
      exit`,
    message: "map 's' has no valid bpf_res_spin_lock",
  },
  {
    name: "helpers are not called while a resilient lock is held",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      call bpf_get_prandom_u32#7
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
    message: "function calls are not allowed while holding a lock",
  },
  {
    name: "most functions of the kernel are not called while a resilient lock is held",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      call kfunc bpf_rcu_read_lock
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
    message: "function calls are not allowed while holding a lock",
  },
  {
    name: "a resilient lock can be taken with interrupts off",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      r2 = r10
      r2 += -8
      call kfunc bpf_res_spin_lock_irqsave
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      r2 = r10
      r2 += -8
      call kfunc bpf_res_spin_unlock_irqrestore
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a resilient lock that was taken with interrupts off is given back so",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      r2 = r10
      r2 += -8
      call kfunc bpf_res_spin_lock_irqsave
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
    message: "bpf_res_spin_unlock of different lock",
  },
  {
    name: "a resilient lock that was taken with interrupts on is given back so",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      r2 = r10
      r2 += -8
      call kfunc bpf_res_spin_unlock_irqrestore
    out:
      r0 = 0
      exit`,
    message: "bpf_res_spin_unlock of different lock",
  },
  {
    name: "a resilient lock is not given back with another's flag of interrupts",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_save
      r1 = map_value m+4 ll
      r2 = r10
      r2 += -8
      call kfunc bpf_res_spin_lock_irqsave
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      r2 = r10
      r2 += -16
      call kfunc bpf_res_spin_unlock_irqrestore
    out:
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "irq flag acquired by native kfuncs cannot be restored with lock kfuncs",
  },
  {
    name: "a resilient lock can be taken under a spin lock",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value s+4 ll
      call bpf_spin_lock#93
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r1 = map_value s+4 ll
      call bpf_spin_unlock#94
      r0 = 0
      exit`,
  },
  {
    name: "a spin lock is not given back before a resilient lock taken under it",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value s+4 ll
      call bpf_spin_lock#93
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value s+4 ll
      call bpf_spin_unlock#94
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
      r0 = 0
      exit
    out:
      r1 = map_value s+4 ll
      call bpf_spin_unlock#94
      r0 = 0
      exit`,
    message: "bpf_spin_unlock cannot be out of order",
  },
  {
    name: "why a resilient lock was not taken is no pointer",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 == 0 goto l
      r6 = r0
      r0 = *(u8 *)(r0 +0)
      exit
    l:
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
      r0 = 0
      exit`,
    message: "R0 invalid mem access 'scalar'",
  },
  {
    name: "a resilient lock in a value that was looked up",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = 0
      *(u32 *)(r10 -4) = r1
      r2 = r10
      r2 += -4
      r1 = map h ll
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      r6 = r0
      r1 = r6
      r1 += 4
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = r6
      r1 += 4
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
  },
  {
    name: "resilient locks in two values that were looked up",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = 0
      *(u32 *)(r10 -4) = r1
      r2 = r10
      r2 += -4
      r1 = map h ll
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      r6 = r0
      r1 = 0
      *(u32 *)(r10 -4) = r1
      r2 = r10
      r2 += -4
      r1 = map h ll
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      r7 = r0
      r1 = r6
      r1 += 4
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = r7
      r1 += 4
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto one
      r1 = r7
      r1 += 4
      call kfunc bpf_res_spin_unlock
    one:
      r1 = r6
      r1 += 4
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a resilient lock lies at a known place",
    type: "sched_cls",
    head: MAPS,
    text: `
      call bpf_get_prandom_u32#7
      r0 &= 4
      r1 = map_value m+4 ll
      r1 += r0
      call kfunc bpf_res_spin_lock
      r0 = 0
      exit`,
    message: "R1 doesn't have constant offset. bpf_res_spin_lock has to be at the constant offset",
  },
  {
    name: "a resilient lock lies in no stack",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = r10
      call kfunc bpf_res_spin_lock
      r0 = 0
      exit`,
    message: "arg#0 doesn't point to map value or allocated object",
  },
  {
    name: "a resilient lock cannot be written to",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      *(u32 *)(r1 +0) = 1
      r0 = 0
      exit`,
    message: "bpf_res_spin_lock cannot be accessed directly by load/store",
  },
  {
    name: "a resilient lock guards a list",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+8 ll
      call kfunc bpf_list_front
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a list that a resilient lock guards is not looked at without it",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value m+8 ll
      call kfunc bpf_list_front
      r0 = 0
      exit`,
    message: "bpf_spin_lock at off=-22 must be held for bpf_list_head",
  },
  {
    name: "another value's resilient lock does not guard a list",
    type: "sched_cls",
    head: MAPS,
    text: `
      r1 = map_value n+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+8 ll
      call kfunc bpf_list_front
      r1 = map_value n+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
    message: "bpf_spin_lock at off=-22 must be held for bpf_list_head",
  },
  {
    name: "a resilient lock is taken and given back in a loop",
    type: "sched_cls",
    head: MAPS,
    text: `
      r6 = 0
    again:
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
      r6 += 1
      if r6 < 10 goto again
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a resilient lock is taken in a function",
    type: "sched_cls",
    head: MAPS,
    text: `
      call sub
      r0 = 0
      exit
    func sub:
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_lock
      if r0 != 0 goto out
      r1 = map_value m+4 ll
      call kfunc bpf_res_spin_unlock
    out:
      r0 = 0
      exit`,
  },
]);

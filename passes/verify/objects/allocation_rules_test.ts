/**
 * What can be allocated, where the nodes of lists lie, and who is given back what: the rules of Linux 6.18 at their edges, each by a
 * program that breaks it or just does not.
 */
import { valueTypes } from "../testing/kernel_types.ts";
import { OBJECT_IDS } from "../testing/object_types.ts";
import { type RuleCase, ruleCases } from "../testing/rule_cases.ts";

const END = `
      r0 = 0
      exit`;

function idOf(struct: string): number {
  return valueTypes().find(struct, "struct");
}

function map(struct: string, size: number): string {
  return `map m type=array key=4 value=${size} max=1 key_type=1 value_type=${idOf(struct)}`;
}

function rule(name: string, text: string, message?: string): RuleCase {
  const test: RuleCase = { name, type: "sched_cls", typed: true, text };
  return message === undefined ? test : { ...test, message };
}

function perCpu(struct: string): string {
  return `
      r1 = ${idOf(struct)}
      call kfunc bpf_percpu_obj_new_impl
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_percpu_obj_drop_impl
    out:${END}`;
}

const OF_SCALARS = "bpf_percpu_obj_new type ID argument must be of a struct of scalars";

ruleCases("what is allocated", [
  rule(
    "objects that each CPU has its own of are small",
    perCpu("own_large"),
    "bpf_percpu_obj_new type size (520) is greater than 512",
  ),
  rule(
    "objects that each CPU has its own of have no count",
    perCpu("own_counted"),
    "bpf_percpu_obj_new type ID argument must not contain special fields",
  ),
  rule("objects that each CPU has its own of may be structures of structures", perCpu("own_within4")),
  rule("objects that each CPU has its own of are not too deep", perCpu("own_within5"), OF_SCALARS),
  rule("objects that each CPU has its own of have no empty arrays", perCpu("own_none"), OF_SCALARS),
  rule("objects that each CPU has its own of have no pointers", perCpu("own_stash"), OF_SCALARS),
  {
    name: "a program without types allocates nothing",
    type: "sched_cls",
    head: map("own_plain", 16),
    text: `
      r1 = ${OBJECT_IDS.plain}
      call kfunc bpf_obj_new_impl
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_obj_drop_impl
    out:${END}`,
    message: "bpf_obj_new/bpf_percpu_obj_new requires prog BTF",
  },
  {
    name: "what the kernel allocated is not the program's to drop",
    type: "tracing",
    attach: [23, "task_newtask"],
    typed: true,
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_obj_drop_impl
    out:${END}`,
    message: "arg#0 expected pointer to allocated object",
  },
]);

const PAIR = `
      call bpf_get_prandom_u32#7
      r7 = r0
      r7 &= 8
      r1 = ${idOf("own_pair")}
      call kfunc bpf_obj_new_impl
      if r0 == 0 goto out
      r6 = r0
      r1 = map_value m+0 ll
      call bpf_spin_lock#93`;
const UNLOCK = `
      r1 = map_value m+0 ll
      call bpf_spin_unlock#94
    out:${END}`;
const PUSH = `
      r4 = 0
      call kfunc bpf_list_push_front_impl`;

function pairs(name: string, text: string, message?: string): RuleCase {
  return { ...rule(name, text, message), head: map("own_pairs", 24) };
}

ruleCases("nodes of lists", [
  pairs(
    "an object is put into a list by the node that the list is of",
    `${PAIR}
      r1 = map_value m+8 ll
      r2 = r6
      r2 += 8${PUSH}${UNLOCK}`,
  ),
  pairs(
    "an object is not put into a list by another of its nodes",
    `${PAIR}
      r1 = map_value m+8 ll
      r2 = r6
      r2 += 32${PUSH}${UNLOCK}`,
    "arg#1 offset=32, but expected bpf_list_node at offset=8 in struct own_pair",
  ),
  pairs(
    "an object is not put into a list by a node at a place that is not known",
    `${PAIR}
      r1 = map_value m+8 ll
      r2 = r6
      r2 += r7${PUSH}${UNLOCK}`,
    "variable ptr_ access var_off=(0x0; 0x8) disallowed",
  ),
  pairs(
    "a list lies at a place that is known",
    `${PAIR}
      r1 = map_value m+0 ll
      r1 += r7
      r2 = r6
      r2 += 8${PUSH}${UNLOCK}`,
    "R1 doesn't have constant offset. bpf_list_head has to be at the constant offset",
  ),
  pairs(
    "a list does not lie on the stack",
    `${PAIR}
      *(u64 *)(r10 -16) = 0
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -16
      r2 = r6
      r2 += 8${PUSH}${UNLOCK}`,
    "arg#0 expected pointer to map value or allocated object",
  ),
]);

const TASK_ITER = `
      r1 = r10
      r1 += -8
      r2 = 0
      r3 = 0`;

ruleCases("iterators and dynptrs at their edges", [
  {
    name: "tasks of a group are not visited anywhere",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r2 = *(u64 *)(r1 +0)
      r1 = r10
      r1 += -8
      r3 = 0
      call kfunc bpf_iter_css_task_new${END}`,
    message: "css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs",
  },
  {
    name: "an iterator over tasks of a group is of a group",
    type: "tracing",
    attach: [28, "task"],
    text: `${TASK_ITER}
      call kfunc bpf_iter_css_task_new${END}`,
    message: "Possibly NULL pointer passed to trusted arg1",
  },
  {
    name: "a record of a ring is not submitted by who is only shown it",
    type: "sched_cls",
    typed: true,
    head: "map m type=user_ringbuf max=4096",
    text: `
      r1 = map m ll
      r2 = func later ll
      r3 = r10
      r4 = 0
      call bpf_user_ringbuf_drain#209
      r0 = 0
      exit
    func later:
      r2 = 0
      call bpf_ringbuf_submit_dynptr#199
      r0 = 0
      exit`,
    message: "cannot release unowned const bpf_dynptr",
  },
  {
    name: "a record of a ring is not made anew by who is only shown it",
    type: "sched_cls",
    typed: true,
    head: "map m type=user_ringbuf max=4096",
    text: `
      r1 = map m ll
      r2 = func later ll
      r3 = r10
      r4 = 0
      call bpf_user_ringbuf_drain#209
      r0 = 0
      exit
    func later:
      r2 = r1
      call kfunc bpf_dynptr_clone
      r0 = 0
      exit`,
    message: "verifier bug: misconfigured dynptr helper type flags",
  },
  {
    name: "a record whose size looks like a dynptr is none",
    type: "sched_cls",
    head: "map m type=ringbuf max=4096",
    text: `
      r1 = map m ll
      r2 = 258
      r3 = 0
      call bpf_ringbuf_reserve#131
      if r0 == 0 goto out
      r6 = r0
      *(u64 *)(r10 -16) = r0
      *(u64 *)(r10 -8) = r0
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r1 = r6
      r2 = 0
      call bpf_ringbuf_discard#133
    out:
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "half a dynptr is none",
    type: "sched_cls",
    text: `
      r2 = 0
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_skb
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "the second half of a dynptr and what is before it are none",
    type: "sched_cls",
    text: `
      r2 = 0
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_skb
      r1 = r10
      r1 += -24
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "a record of a ring is read by who is shown it",
    type: "sched_cls",
    typed: true,
    head: "map m type=user_ringbuf max=4096",
    text: `
      r1 = map m ll
      r2 = func later ll
      r3 = r10
      r4 = 0
      call bpf_user_ringbuf_drain#209
      r0 = 0
      exit
    func later:
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r0 = 0
      exit`,
  },
]);

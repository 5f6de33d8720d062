/**
 * Iterators and the loops they make: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { ITERATOR, ruleCases } from "../testing/rule_cases.ts";

/** An iterator over all tasks at `r10 -24`: made, asked for the next, and destroyed. */
const NEW_TASKS = `
      r1 = r10
      r1 += -24
      r2 = 0
      r3 = 0
      call kfunc bpf_iter_task_new`;
const NEXT_TASK = `
      r1 = r10
      r1 += -24
      call kfunc bpf_iter_task_next
      if r0 == 0 goto out`;
const END_TASKS = `
      r1 = r10
      r1 += -24
      call kfunc bpf_iter_task_destroy`;

ruleCases("iterators", [
  {
    name: "a loop that an iterator's rounds keep going is refused",
    type: "xdp",
    text: `
      r6 = 0
    top:
      r1 = r10
      r1 += -8
      r2 = 0
      r3 = 3
      call kfunc bpf_iter_num_new
    next:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      r6 = 1
      goto next
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      if r6 == 1 goto top
      r0 = 0
      exit`,
    message: "infinite loop detected at insn 6",
    kernelAccepts: true,
  },
  {
    name: "a loop around an iterator's that goes on for ever is refused",
    type: "xdp",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
    top:
      r1 = r10
      r1 += -8
      r2 = 0
      r3 = 3
      call kfunc bpf_iter_num_new
    next:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 != 0 goto next
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      if r6 == 5 goto top
      r0 = 0
      exit`,
    message: "infinite loop detected at insn 2",
    kernelAccepts: true,
  },
  {
    name: "a loop over numbers ends",
    type: "sched_cls",
    text: `
      ${ITERATOR}
    loop:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      r1 = *(u32 *)(r0 +0)
      goto loop
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = 0
      exit`,
  },
  {
    name: "an iterator must be destroyed",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "an iterator must be destroyed on all ways out",
    type: "sched_cls",
    text: `
      ${ITERATOR}
    loop:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      r1 = *(u32 *)(r0 +0)
      if r1 == 7 goto out
      goto loop
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
    out:
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "an element may be missing",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      r6 = *(u32 *)(r0 +0)
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = 0
      exit`,
    message: "R0 invalid mem access 'scalar'",
  },
  {
    name: "an element is not written",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      *(u32 *)(r0 +0) = 1
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = 0
      exit`,
    message: "R0 cannot write into rdonly_mem",
  },
  {
    name: "an element ends with its iterator",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      r6 = r0
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      if r6 == 0 goto out
      r0 = *(u32 *)(r6 +0)
    out:
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'scalar'",
  },
  {
    name: "an iterator that was destroyed cannot be advanced",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      r0 = 0
      exit`,
    message: "expected an initialized iter_num as arg #0",
  },
  {
    name: "an iterator that was overwritten cannot be destroyed",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = 0
      exit`,
    message: "expected an initialized iter_num as arg #0",
  },
  {
    name: "an iterator is not made twice",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      ${ITERATOR}
      r0 = 0
      exit`,
    message: "expected uninitialized iter_num as arg #0",
  },
  {
    name: "an iterator stands on the stack",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = map_value m+0 ll
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new
      r0 = 0
      exit`,
    message: "arg#0 expected pointer to an iterator on stack",
  },
  {
    name: "an iterator stands at an aligned place",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -12
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new
      r0 = 0
      exit`,
    message: "expected uninitialized iter_num as arg #0",
  },
  {
    name: "what a loop counts is not bounded",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r6 = 0
      r7 = map_value m+0 ll
      ${ITERATOR}
    loop:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      r6 += 1
      goto loop
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r7 += r6
      r0 = *(u8 *)(r7 +0)
      r0 = 0
      exit`,
    message: "R7 min value is outside of the allowed memory range",
  },
  {
    name: "what a loop counts and checks is bounded",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r6 = 0
      r7 = map_value m+0 ll
      ${ITERATOR}
    loop:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      if r6 > 14 goto done
      r6 += 1
      goto loop
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      if r6 > 15 goto out
      r7 += r6
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "loops in loops end",
    type: "sched_cls",
    text: `
      r6 = 0
      ${ITERATOR}
    loop:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 5
      call kfunc bpf_iter_num_new
    inner:
      r1 = r10
      r1 += -16
      call kfunc bpf_iter_num_next
      if r0 == 0 goto indone
      r1 = *(u32 *)(r0 +0)
      r6 += r1
      goto inner
    indone:
      r1 = r10
      r1 += -16
      call kfunc bpf_iter_num_destroy
      goto loop
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = 0
      exit`,
  },
  {
    name: "a loop within a round ends only by itself",
    type: "sched_cls",
    text: `
      ${ITERATOR}
    loop:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_next
      if r0 == 0 goto done
    again:
      goto again
    done:
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = 0
      exit`,
    message: "infinite loop detected at insn 9",
  },
  {
    name: "bits are iterated as numbers are",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = r10
      r1 += -16
      r2 = map_value m+0 ll
      r3 = 2
      call kfunc bpf_iter_bits_new
    loop:
      r1 = r10
      r1 += -16
      call kfunc bpf_iter_bits_next
      if r0 != 0 goto loop
      r1 = r10
      r1 += -16
      call kfunc bpf_iter_bits_destroy
      r0 = 0
      exit`,
  },
  {
    name: "an iterator of another type is another iterator",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_bits_destroy
      r0 = 0
      exit`,
    message: "expected an initialized iter_bits as arg #0",
  },
  {
    name: "an iterator over tasks is made in a read section",
    type: "syscall",
    head: "flags 16",
    text: `${NEW_TASKS}
      r0 = 0
      exit`,
    message: "kernel func bpf_iter_task_new requires RCU critical section protection",
  },
  {
    name: "an iterator over tasks is used in the section it was made in",
    type: "syscall",
    head: "flags 16",
    text: `
      call kfunc bpf_rcu_read_lock${NEW_TASKS}${NEXT_TASK}
      r1 = *(u32 *)(r0 +@task_struct.pid)
    out:${END_TASKS}
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      exit`,
  },
  {
    name: "an iterator over tasks is used no more when its section has ended",
    type: "syscall",
    head: "flags 16",
    text: `
      call kfunc bpf_rcu_read_lock${NEW_TASKS}
      call kfunc bpf_rcu_read_unlock
      call kfunc bpf_rcu_read_lock${NEXT_TASK}
    out:${END_TASKS}
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      exit`,
    message: "expected an RCU CS when using bpf_iter_task_next",
  },
  {
    name: "an iterator whose section has ended on one way only is worth nothing where ways meet",
    type: "syscall",
    head: "flags 16",
    text: `
      call kfunc bpf_rcu_read_lock${NEW_TASKS}
      call bpf_get_prandom_u32#7
      if r0 == 5 goto again
    next:${NEXT_TASK}
    out:${END_TASKS}
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      exit
    again:
      call kfunc bpf_rcu_read_unlock
      call kfunc bpf_rcu_read_lock
      goto next`,
    message: "expected an RCU CS when using bpf_iter_task_next",
    kernelAccepts: true,
  },
  {
    name: "an iterator over bits is none over numbers",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = r10
      r1 += -16
      r2 = map_value m+0 ll
      r3 = 2
      call kfunc bpf_iter_bits_new
      r1 = r10
      r1 += -16
      call kfunc bpf_iter_num_next
      r0 = 0
      exit`,
    message: "expected an initialized iter_num as arg #0",
  },
  {
    name: "the end of one iterator and the begin of another are none",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = r10
      r1 += -16
      r2 = map_value m+0 ll
      r3 = 2
      call kfunc bpf_iter_bits_new
      r1 = r10
      r1 += -32
      r2 = map_value m+0 ll
      r3 = 2
      call kfunc bpf_iter_bits_new
      r1 = r10
      r1 += -24
      call kfunc bpf_iter_bits_destroy
      r0 = 0
      exit`,
    message: "expected an initialized iter_bits as arg #0",
  },
  {
    name: "an iterator of which a byte was overwritten is none",
    type: "sched_cls",
    text: `
      ${ITERATOR}
      *(u8 *)(r10 -5) = 0
      r1 = r10
      r1 += -8
      call kfunc bpf_iter_num_destroy
      r0 = 0
      exit`,
    message: "expected an initialized iter_num as arg #0",
  },
]);

/**
 * Sections with interrupts or preemption switched off: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { ruleCases } from "../testing/rule_cases.ts";

ruleCases("interrupts that are switched off", [
  {
    name: "interrupts are switched off and on again",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
  },
  {
    name: "interrupts must be switched on again",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region",
  },
  {
    name: "interrupts that were not switched off cannot be switched on",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "expected an initialized irq flag as arg#0",
  },
  {
    name: "a number is no flag of interrupts",
    type: "sched_cls",
    text: `
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "expected an initialized irq flag as arg#0",
  },
  {
    name: "interrupts are switched on in the reverse order",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_save
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "cannot restore irq state out of order, expected id=2 acquired at insn_idx=5",
  },
  {
    name: "interrupts can be switched off twice",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_save
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_restore
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
  },
  {
    name: "a flag of interrupts is not filled twice",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r0 = 0
      exit`,
    message: "expected uninitialized irq flag as arg#0",
  },
  {
    name: "a flag of interrupts that is written to is one no more",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      *(u8 *)(r10 -3) = 0
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "expected an initialized irq flag as arg#0",
  },
  {
    name: "a flag of interrupts cannot be read",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r2 = *(u64 *)(r10 -8)
      r0 = 0
      exit`,
    message: "invalid read from stack off -8+0 size 8",
  },
  {
    name: "a flag of interrupts lies at a known place",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      r0 &= 8
      r1 = r10
      r1 += -16
      r1 += r0
      call kfunc bpf_local_irq_save
      r0 = 0
      exit`,
    message: "expected uninitialized irq flag as arg#0",
  },
  {
    name: "a flag of interrupts has a slot of its own",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -7
      call kfunc bpf_local_irq_save
      r0 = 0
      exit`,
    message: "expected uninitialized irq flag as arg#0",
  },
  {
    name: "a flag of interrupts lies on the stack",
    type: "sched_cls",
    text: `
      call kfunc bpf_local_irq_save
      r0 = 0
      exit`,
    message: "arg#0 doesn't point to an irq flag on stack",
  },
  {
    name: "paths with the same flag of interrupts go on as one",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      if r6 == 7 goto l
      r7 = 1
    l:
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      call bpf_get_prandom_u32#7
      r0 = 0
      exit`,
  },
  {
    name: "interrupts must be switched on again on all ways out",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      if r6 == 7 goto l
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
    l:
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region",
  },
  {
    name: "flags of interrupts saved in another order are not the same",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r1 = r10
      r1 += -8
      r7 = r10
      r7 += -16
      if r6 == 7 goto l
      r2 = r1
      r1 = r7
      r7 = r2
    l:
      r6 = r1
      call kfunc bpf_local_irq_save
      r1 = r7
      call kfunc bpf_local_irq_save
      r0 = 0
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_restore
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "cannot restore irq state out of order, expected id=3 acquired at insn_idx=13",
  },
  {
    name: "a function can switch interrupts off for its caller",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -8
      r6 = r1
      call sub
      r1 = r6
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit
    func sub:
      call kfunc bpf_local_irq_save
      r0 = 0
      exit`,
  },
  {
    name: "no tail call is made with interrupts off",
    type: "sched_cls",
    head: "map m type=prog_array key=4 value=4 max=1",
    text: `
      r6 = r1
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r1 = r6
      r2 = map m ll
      r3 = 0
      call bpf_tail_call#12
      r0 = 0
      exit`,
    message: "tail_call cannot be used inside bpf_local_irq_save-ed region",
  },
  {
    name: "nothing sleeps with interrupts off",
    type: "kprobe",
    head: "flags 16",
    text: `
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r1 = r10
      r1 += -16
      r2 = 8
      r3 = 0
      call bpf_copy_from_user#148
      r0 = 0
      exit`,
    message: "sleepable helper bpf_copy_from_user#148 in IRQ-disabled region",
  },
  {
    name: "preemption must be enabled as often as it was disabled",
    type: "sched_cls",
    text: `
      call kfunc bpf_preempt_disable
      call kfunc bpf_preempt_disable
      call kfunc bpf_preempt_enable
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region",
  },
  {
    name: "a flag of interrupts that a helper writes to is one no more",
    type: "sched_cls",
    text: `
      r6 = r1
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_save
      r1 = r6
      r2 = 0
      r3 = r10
      r3 += -8
      r4 = 8
      call bpf_skb_load_bytes#26
      r1 = r10
      r1 += -8
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "expected an initialized irq flag as arg#0",
  },
]);

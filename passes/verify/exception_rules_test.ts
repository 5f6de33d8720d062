/**
 * Exceptions, and sections that must end before the program does: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { RESERVATION, ruleCases } from "./testing/rule_cases.ts";

ruleCases("exceptions and sections", [
  {
    name: "a throw ends the program",
    type: "sched_cls",
    text: `
      r1 = 0
      call kfunc bpf_throw
      r0 = r9
      exit`,
  },
  {
    name: "a throw ends all frames",
    type: "sched_cls",
    text: `
      call fail
      r0 = 0
      exit
    func fail:
      r1 = 0
      call kfunc bpf_throw
      r0 = 0
      exit`,
  },
  {
    name: "what is thrown is what the program returns",
    type: "cgroup_skb",
    head: "attach 0",
    text: `
      r1 = 2
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "At program exit the register R1 has smin=2 smax=2 should have been in [0, 1]",
  },
  {
    name: "what is thrown may be anything a program may return",
    type: "cgroup_skb",
    head: "attach 0",
    text: `
      r1 = 1
      call kfunc bpf_throw
      r0 = 0
      exit`,
  },
  {
    name: "what is thrown is a number",
    type: "cgroup_skb",
    head: "attach 0",
    text: `
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "R1 is not a scalar",
  },
  {
    name: "nothing may be held where something is thrown",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      r6 = r0
      r1 = 0
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "bpf_throw would lead to reference leak",
  },
  {
    name: "nor in the frames around it",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      r6 = r0
      call fail
      if r6 == 0 goto out
      r1 = r6
      r2 = 0
      call bpf_ringbuf_discard#133
    out:
      r0 = 0
      exit
    func fail:
      r1 = 0
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "bpf_throw would lead to reference leak",
  },
  {
    name: "nothing is thrown from sections without preemption",
    type: "sched_cls",
    text: `
      call kfunc bpf_preempt_disable
      r1 = 0
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "bpf_throw cannot be used inside bpf_preempt_disable-ed region",
  },
  {
    name: "a section without preemption ends",
    type: "sched_cls",
    text: `
      call kfunc bpf_preempt_disable
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region",
  },
  {
    name: "a section without preemption must have begun",
    type: "sched_cls",
    text: `
      call kfunc bpf_preempt_enable
      r0 = 0
      exit`,
    message: "unmatched attempt to enable preemption (kernel function bpf_preempt_enable)",
  },
  {
    name: "sections are nested",
    type: "sched_cls",
    text: `
      call kfunc bpf_preempt_disable
      call kfunc bpf_preempt_disable
      call kfunc bpf_preempt_enable
      call kfunc bpf_preempt_enable
      r0 = 0
      exit`,
  },
  {
    name: "RCU sections end",
    type: "sched_cls",
    text: `
      call kfunc bpf_rcu_read_lock
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region",
  },
  {
    name: "RCU sections must have begun",
    type: "sched_cls",
    text: `
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      exit`,
    message: "unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)",
  },
]);

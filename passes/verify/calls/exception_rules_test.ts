/**
 * Exceptions, and sections that must end before the program does: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { RESERVATION, ruleCases } from "../testing/rule_cases.ts";

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
    name: "what is thrown in a loop ends it, and no round has to be saved for that",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      if r0 == 0 goto out
    again:
      r1 = 1
      call kfunc bpf_throw
      goto again
    out:
      r0 = 0
      exit`,
    kernelFault: "verifier bug: scc exit: no visit info for call chain (1)",
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
  {
    name: "a function may say what the program returns when it throws",
    type: "sched_cls",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught global:
      r0 = 0
      exit`,
  },
  {
    name: "what that function returns is what the program may return",
    type: "cgroup_skb",
    head: "attach 0",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught global:
      r0 = r1
      exit`,
    message: "At program exit the register R0 has unknown scalar value should have been in [0, 1]",
  },
  {
    name: "with such a function anything may be thrown",
    type: "cgroup_skb",
    head: "attach 0",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught global:
      r0 = 1
      exit`,
  },
  {
    name: "that function is looked at though nothing throws",
    type: "sched_cls",
    typed: true,
    main: "main_caught",
    text: `
      r0 = 0
      exit
    func caught global:
      r0 = r5
      exit`,
    message: "R5 !read_ok",
  },
  {
    name: "all of that function can be reached",
    type: "sched_cls",
    typed: true,
    main: "main_caught",
    text: `
      r0 = 0
      exit
    func caught global:
      r0 = 0
      exit
      r0 = 1
      exit`,
    message: "unreachable insn 4",
  },
  {
    name: "that function is global",
    type: "sched_cls",
    typed: true,
    main: "main_static",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught_static:
      r0 = 0
      exit`,
    message: "exception callback 'caught_static' must have global linkage",
  },
  {
    name: "that function takes a number and no pointer",
    type: "sched_cls",
    typed: true,
    main: "main_pointer",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught_pointer global:
      r0 = 0
      exit`,
    message: "exception cb only supports single integer argument",
  },
  {
    name: "that function takes one number",
    type: "sched_cls",
    typed: true,
    main: "main_nothing",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught_nothing global:
      r0 = 0
      exit`,
    message: "exception cb only supports single integer argument",
  },
  {
    name: "that function returns a number",
    type: "sched_cls",
    typed: true,
    main: "main_memory",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught_memory global:
      r0 = 0
      exit`,
    message: "Global function caught_memory() doesn't return scalar. Only those are supported.",
  },
  {
    name: "there is one such function",
    type: "sched_cls",
    typed: true,
    main: "main_two",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught global:
      r0 = r1
      exit
    func caught_nothing global:
      r0 = 0
      exit`,
    message: "multiple exception callback tags for main subprog",
  },
  {
    name: "that function exists",
    type: "sched_cls",
    typed: true,
    main: "main_missing",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "exception callback 'nobody' could not be found in BTF",
  },
  {
    name: "that function is part of the program",
    type: "sched_cls",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "exception callback type id not found in func_info",
  },
  {
    name: "that function is not the program itself",
    type: "sched_cls",
    typed: true,
    main: "main_itself",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "invalid exception callback insn_off in func_info: 0",
  },
  {
    name: "that function does not throw",
    type: "sched_cls",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught global:
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "bpf_throw kfunc (insn 4) cannot be called from callback subprog 1",
  },
  {
    name: "nothing that function calls throws",
    type: "sched_cls",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught global:
      call helping
      r0 = 0
      exit
    func helping:
      call kfunc bpf_throw
      r0 = 0
      exit`,
    message: "bpf_throw kfunc (insn 7) cannot be called from callback subprog 2",
  },
  {
    name: "that function is not called",
    type: "sched_cls",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 0
      call caught
      r0 = 0
      exit
    func caught global:
      r0 = 0
      exit`,
    message: "insn 1 cannot call exception cb directly",
  },
  {
    name: "nothing that function calls tail-calls, though it be dead",
    type: "sched_cls",
    head: "map m type=prog_array key=4 value=4 max=1",
    typed: true,
    main: "main_caught",
    text: `
      r1 = 7
      call kfunc bpf_throw
      r0 = 0
      exit
    func caught global:
      call helping
      r0 = 0
      exit
    func helping:
      r3 = 0
      if r3 == 0 goto out
      r2 = map m ll
      call bpf_tail_call#12
    out:
      r0 = 0
      exit`,
    message: "cannot tail call within exception cb",
  },
]);

/**
 * Functions whose addresses are passed, and what calls must not be made under a lock or where nothing sleeps: the rules of Linux 6.18,
 * each by a program that breaks it or just does not.
 */
import { ruleCases } from "../testing/rule_cases.ts";

const EACH = `
      r1 = map m ll
      r2 = func later ll
      r3 = r10
      r4 = 0
      call bpf_for_each_map_elem#164
      r0 = 0
      exit
    func later:
      r0 = 0
      exit`;

ruleCases("callbacks", [
  {
    name: "elements of hashes are visited",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    text: EACH,
  },
  {
    name: "elements of hashes of each processor are visited",
    head: "map m type=percpu_hash key=4 value=8 max=1",
    typed: true,
    text: EACH,
  },
  {
    name: "elements of tries are not visited",
    head: "map m type=lpm_trie key=8 value=8 max=1 flags=1",
    typed: true,
    text: EACH,
    message: "callback function not allowed for map",
  },
  {
    name: "elements of queues are not visited",
    head: "map m type=queue key=0 value=8 max=1",
    typed: true,
    text: EACH,
    message: "callback function not allowed for map",
  },
  {
    name: "a callback has a type",
    head: "map m type=hash key=4 value=8 max=1",
    text: EACH,
    message: "missing btf func_info",
  },
  {
    name: "a callback is no global function",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    text: EACH.replace("func later:", "func caught global:").replace("func later", "func caught"),
    message: "callback function not static",
  },
  {
    name: "a callback of a loop returns a number",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    text: EACH.replace(/r0 = 0\n {6}exit$/, "r0 = r1\n      exit"),
    message: "R0 not a scalar value",
  },
  {
    name: "a callback is a function",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    text: `
      r1 = map m ll
      r2 = 0
      r3 = 0
      r4 = 0
      call bpf_for_each_map_elem#164
      r0 = 0
      exit`,
    message: "R2 type=scalar expected=func",
  },
]);

/** A value with a lock at offset 4. */
const LOCKED = "map m type=array key=4 value=16 max=1 key_type=1 value_type=3";
const GLOBAL = `
    func caught global:
      r0 = 0
      exit`;

ruleCases("calls of global functions", [
  {
    name: "no global function is called under a lock",
    type: "sched_cls",
    head: LOCKED,
    typed: true,
    text: `
      r6 = map_value m+0 ll
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      r1 = 0
      call caught
      r1 = r6
      r1 += 4
      call bpf_spin_unlock#94
      r0 = 0
      exit${GLOBAL}`,
    message: "global function calls are not allowed while holding a lock,\nuse static function instead",
  },
  {
    name: "a static function is called under a lock",
    type: "sched_cls",
    head: LOCKED,
    typed: true,
    text: `
      r6 = map_value m+0 ll
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      r1 = 0
      call helping
      r1 = r6
      r1 += 4
      call bpf_spin_unlock#94
      r0 = 0
      exit
    func helping:
      r0 = 0
      exit`,
  },
  {
    name: "no global function that sleeps is called where nothing sleeps",
    type: "tracing",
    head: "flags 16",
    attach: [24, "__x64_sys_getpgid"],
    typed: true,
    text: `
      call kfunc bpf_rcu_read_lock
      r1 = 0
      call caught
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      exit
    func caught global:
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 0
      call bpf_copy_from_user#148
      r0 = 0
      exit`,
    message: "global functions that may sleep are not allowed in non-sleepable context,\n" +
      "i.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context",
  },
  {
    name: "a global function that sleeps is called where that may be",
    type: "tracing",
    head: "flags 16",
    attach: [24, "__x64_sys_getpgid"],
    typed: true,
    text: `
      r1 = 0
      call caught
      r0 = 0
      exit
    func caught global:
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 0
      call bpf_copy_from_user#148
      r0 = 0
      exit`,
  },
  {
    name: "a global function returns a number",
    type: "sched_cls",
    typed: true,
    text: `
      r1 = 0
      call caught
      r0 = 0
      exit
    func caught global:
      r0 = r10
      exit`,
    message: "At subprogram exit the register R0 is not a scalar value (fp)",
  },
  {
    name: "a program returns a number",
    type: "cgroup_skb",
    head: "attach 1",
    text: `
      r0 = r1
      exit`,
    message: "At program exit the register R0 is not a known value (ctx)",
  },
]);

ruleCases("frames of callbacks", [
  {
    name: "a callback takes a frame of its own",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    // Eight frames, the last of which would call back.
    text: `
      r1 = 7
      call helping
      r0 = 0
      exit
    func helping:
      if r1 == 0 goto last
      r1 -= 1
      if r1 == 0 goto last
      call helping
      r0 = 0
      exit
    last:
      r1 = map m ll
      r2 = func later ll
      r3 = r10
      r4 = 0
      call bpf_for_each_map_elem#164
      r0 = 0
      exit
    func later:
      r0 = 0
      exit`,
    message: "the call stack of 9 frames is too deep",
  },
]);

ruleCases("maps of programs that are called", [
  {
    name: "socket maps are not changed where sockets are made",
    type: "cgroup_skb",
    head: "attach 0\nmap m type=sockmap key=4 value=4 max=1",
    text: `
      *(u32 *)(r10 -4) = 0
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_delete_elem#3
      r0 = 1
      exit`,
    message: "cannot pass map_type 15 into func bpf_map_delete_elem#3",
  },
  {
    name: "socket maps are shrunk where sockets are watched",
    type: "sock_ops",
    head: "attach 3\nmap m type=sockmap key=4 value=4 max=1",
    text: `
      *(u32 *)(r10 -4) = 0
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_delete_elem#3
      r0 = 1
      exit`,
  },
  {
    name: "socket maps are shrunk by filters",
    type: "sched_cls",
    head: "map m type=sockmap key=4 value=4 max=1",
    text: `
      *(u32 *)(r10 -4) = 0
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_delete_elem#3
      r0 = 1
      exit`,
  },
  {
    name: "socket maps are not visited",
    type: "sched_cls",
    head: "map m type=sockmap key=4 value=4 max=1",
    typed: true,
    text: EACH,
    message: "callback function not allowed for map",
  },
]);

ruleCases("functions that leave early", [
  {
    name: "a function that loads in the old way returns a number",
    typed: true,
    text: `
      call saying_nothing
      r0 = 0
      exit
    func saying_nothing:
      r6 = r1
      r0 = *(u32 *)skb[0]
      exit`,
    message: "LD_ABS is only allowed in functions that return 'int'.",
  },
  {
    name: "a function that makes a tail call returns a number",
    head: "map p type=prog_array key=4 value=4 max=1",
    typed: true,
    text: `
      call saying_nothing
      r0 = 0
      exit
    func saying_nothing:
      r2 = map p ll
      r3 = 0
      call bpf_tail_call#12
      r0 = 0
      exit`,
    message: "tail_call is only allowed in functions that return 'int'.",
  },
  {
    name: "a function that returns a number loads in the old way",
    typed: true,
    text: `
      call helping
      r0 = 0
      exit
    func helping:
      r6 = r1
      r0 = *(u32 *)skb[0]
      exit`,
  },
]);

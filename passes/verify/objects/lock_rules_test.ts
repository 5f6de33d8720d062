/**
 * Spin locks in map values, and which maps a program may use: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { LOOKUP, ruleCases } from "../testing/rule_cases.ts";

ruleCases("locks and of which maps may be used", [
  {
    name: "a lock is taken and given back",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r6 = map_value m+0 ll
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      *(u32 *)(r6 +0) = 7
      r1 = r6
      r1 += 4
      call bpf_spin_unlock#94
      r0 = 0
      exit`,
  },
  {
    name: "a lock must be given back",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r6 = map_value m+0 ll
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
  },
  {
    name: "a lock must be given back on all ways out",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      call bpf_get_prandom_u32#7
      r7 = r0
      r6 = map_value m+0 ll
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      if r7 == 0 goto out
      r1 = r6
      r1 += 4
      call bpf_spin_unlock#94
    out:
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
  },
  {
    name: "not even another lock is taken while one is held",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r6 = map_value m+0 ll
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      r0 = 0
      exit`,
    message: "function calls are not allowed while holding a lock",
  },
  {
    name: "a lock that was not taken cannot be given back",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r1 = map_value m+4 ll
      call bpf_spin_unlock#94
      r0 = 0
      exit`,
    message: "bpf_spin_unlock without taking a lock",
  },
  {
    name: "nothing is called while a lock is held",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r1 = map_value m+4 ll
      call bpf_spin_lock#93
      call bpf_get_prandom_u32#7
      r1 = map_value m+4 ll
      call bpf_spin_unlock#94
      r0 = 0
      exit`,
    message: "function calls are not allowed while holding a lock",
  },
  {
    name: "functions of the program may be called while a lock is held",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r1 = map_value m+4 ll
      call bpf_spin_lock#93
      call sub
      r0 = 0
      exit
    func sub:
      r1 = map_value m+4 ll
      call bpf_spin_unlock#94
      r0 = 0
      exit`,
  },
  {
    name: "a lock is at its offset",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r1 = map_value m+0 ll
      call bpf_spin_lock#93
      r0 = 0
      exit`,
    message: "off 0 doesn't point to 'struct bpf_spin_lock' that is at 4",
  },
  {
    name: "a lock is at a constant offset",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      call bpf_get_prandom_u32#7
      r7 = r0
      r7 &= 4
      r1 = map_value m+4 ll
      r1 += r7
      call bpf_spin_lock#93
      r0 = 0
      exit`,
    message: "R1 doesn't have constant offset. bpf_spin_lock has to be at the constant offset",
  },
  {
    name: "a map without types has no locks",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = map_value m+4 ll
      call bpf_spin_lock#93
      r0 = 0
      exit`,
    message: "map 'm' has to have BTF in order to use bpf_spin_lock",
  },
  {
    name: "a lock is not read",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r6 = map_value m+0 ll
      r0 = *(u32 *)(r6 +4)
      exit`,
    message: "bpf_spin_lock cannot be accessed directly by load/store",
  },
  {
    name: "a lock is not written with what is beside it",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r6 = map_value m+0 ll
      *(u64 *)(r6 +0) = 0
      r0 = 0
      exit`,
    message: "bpf_spin_lock cannot be accessed directly by load/store",
  },
  {
    name: "a lock is not written by helpers",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r2 = 0
      r3 = map_value m+0 ll
      r4 = 8
      call bpf_skb_load_bytes#26
      r0 = 0
      exit`,
    message: "bpf_spin_lock cannot be accessed directly by load/store",
  },
  {
    name: "a lock of one value is not that of another",
    type: "sched_cls",
    head: "map m type=hash key=4 value=16 max=2 key_type=1 value_type=3",
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r6 = r0
      ${LOOKUP}
      if r0 == 0 goto out
      r7 = r0
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      r1 = r7
      r1 += 4
      call bpf_spin_unlock#94
    out:
      r0 = 0
      exit`,
    message: "bpf_spin_unlock of different lock",
  },
  {
    name: "a lock of a value is that of its copies",
    type: "sched_cls",
    head: "map m type=hash key=4 value=16 max=2 key_type=1 value_type=3",
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r6 = r0
      r1 = r6
      r1 += 4
      call bpf_spin_lock#93
      r1 = r6
      r1 += 4
      call bpf_spin_unlock#94
    out:
      r0 = 0
      exit`,
  },
  {
    name: "filters of sockets have no locks",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r1 = map m ll
      r0 = 0
      exit`,
    message: "socket filter progs cannot use bpf_spin_lock yet",
  },
  {
    name: "kprobes have no locks",
    type: "kprobe",
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=3",
    text: `
      r1 = map m ll
      r0 = 0
      exit`,
    message: "tracing progs cannot use bpf_spin_lock yet",
  },
  {
    name: "programs that sleep use few kinds of maps",
    type: "syscall",
    head: "flags 16\nmap m type=prog_array key=4 value=4 max=1",
    text: `
      r1 = map m ll
      r0 = 0
      exit`,
    message: "Sleepable programs can only use array, hash, ringbuf and local storage maps",
  },
  {
    name: "programs that sleep use queues",
    type: "syscall",
    head: "flags 16\nmap m type=queue key=0 value=4 max=1",
    text: `
      r1 = map m ll
      r0 = 0
      exit`,
  },
  {
    name: "one cgroup storage is enough",
    type: "cgroup_skb",
    head:
      "attach 0\nmap m type=cgroup_storage key=8 value=8 max=0\nmap n type=cgroup_storage key=8 value=8 max=0",
    text: `
      r1 = map m ll
      r1 = map n ll
      r0 = 1
      exit`,
    message: "only one cgroup storage of each type is allowed",
  },
  {
    name: "one cgroup storage of each kind",
    type: "cgroup_skb",
    head:
      "attach 0\nmap m type=cgroup_storage key=8 value=8 max=0\nmap n type=percpu_cgroup_storage key=8 value=8 max=0",
    text: `
      r1 = map m ll
      r1 = map n ll
      r0 = 1
      exit`,
  },
]);

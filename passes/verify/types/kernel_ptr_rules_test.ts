/**
 * Pointers to kernel structures: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { ruleCases } from "../testing/rule_cases.ts";

const TASK: readonly [number, string] = [23, "task_newtask"];
const SKB: readonly [number, string] = [23, "kfree_skb"];
const END = `
      r0 = 0
      exit`;

ruleCases("pointers to kernel structures", [
  {
    name: "a field of a traced structure may be read",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u32 *)(r1 +@task_struct.pid)${END}`,
  },
  {
    name: "a kernel structure is not written to",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      *(u32 *)(r1 +@task_struct.pid) = 0${END}`,
    message: "only read is supported",
  },
  {
    name: "only GPL programs look into kernel structures",
    type: "tracing",
    head: `license "Proprietary"`,
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u32 *)(r1 +@task_struct.pid)${END}`,
    message: "Cannot access kernel 'struct task_struct' from non-GPL compatible program",
  },
  {
    name: "an access does not begin before the structure",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u64 *)(r1 -8)${END}`,
    message: "R1 is ptr_task_struct invalid negative access: off=-8",
  },
  {
    name: "a kernel structure has no variable offsets",
    type: "tracing",
    attach: TASK,
    text: `
      r2 = *(u64 *)(r1 +8)
      r1 = *(u64 *)(r1 +0)
      r2 &= 8
      r1 += r2
      r2 = *(u64 *)(r1 +0)${END}`,
    message: "R1 is ptr_task_struct invalid variable offset: off=0, var_off=(0x0; 0x8)",
  },
  {
    name: "a pointer member is read whole",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u32 *)(r1 +@task_struct.group_leader)${END}`,
    message:
      "cannot access ptr member group_leader with moff @task_struct.group_leader in struct task_struct with off @task_struct.group_leader size 4",
  },
  {
    name: "an array of numbers is read in any width",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u64 *)(r1 +@task_struct.comm)${END}`,
  },
  {
    name: "an access that crosses a structure's end is refused",
    type: "tracing",
    attach: SKB,
    text: `
      r1 = *(u64 *)(r1 +0)
      r1 += 32760
      r2 = *(u64 *)(r1 +0)${END}`,
    message: "access beyond struct sk_buff at off 32760 size 8",
  },
  {
    name: "a trusted pointer leads to a listed field that is valid in a section",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r1 = *(u64 *)(r1 +@task_struct.group_leader)
      call kfunc bpf_task_acquire
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_task_release
    out:${END}`,
  },
  {
    name: "a field that is not listed is no pointer to rely on",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r1 = *(u64 *)(r1 +@task_struct.last_wakee)
      call kfunc bpf_task_acquire${END}`,
    message: "R1 must be a rcu pointer",
  },
  {
    name: "what an untrusted pointer leads to is untrusted",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r1 = *(u64 *)(r1 +@task_struct.last_wakee)
      r1 = *(u64 *)(r1 +@task_struct.group_leader)
      call kfunc bpf_task_acquire${END}`,
    message: "R1 must be a rcu pointer",
  },
  {
    name: "a listed field may be null",
    type: "tracing",
    attach: SKB,
    text: `
      r1 = *(u64 *)(r1 +0)
      r1 = *(u64 *)(r1 +@sk_buff.sk)
      r2 = *(u32 *)(r1 +@sock.sk_rcvbuf)${END}`,
    message: "R1 invalid mem access 'rcu_ptr_or_null_'",
  },
  {
    name: "a tracepoint's argument may be null",
    type: "tracing",
    attach: SKB,
    text: `
      r1 = *(u64 *)(r1 +24)
      r2 = *(u32 *)(r1 +@sock.sk_rcvbuf)${END}`,
    message: "R1 invalid mem access 'trusted_ptr_or_null_'",
  },
  {
    name: "an acquired structure must be released",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire${END}`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "only an acquired structure is released",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_release${END}`,
    message: "release kernel function bpf_task_release expects refcounted PTR_TO_BTF_ID",
  },
  {
    name: "a released structure is gone",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire
      if r0 == 0 goto out
      r6 = r0
      r1 = r0
      call kfunc bpf_task_release
      r1 = *(u32 *)(r6 +@task_struct.pid)
    out:${END}`,
    message: "R6 invalid mem access 'scalar'",
  },
  {
    name: "null is no argument to trust",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = 0
      call kfunc bpf_task_acquire${END}`,
    message: "Possibly NULL pointer passed to trusted arg0",
  },
  {
    name: "a function takes its own structure",
    type: "tracing",
    attach: SKB,
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire${END}`,
    message:
      "kernel function bpf_task_acquire args#0 expected pointer to STRUCT task_struct but R1 has a pointer to STRUCT sk_buff",
  },
  {
    name: "a helper takes its own structure",
    type: "tracing",
    attach: SKB,
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = r10
      r2 += -8
      r3 = 8
      r4 = 0
      call bpf_get_task_stack#141${END}`,
    message: "R1 is of type sk_buff but task_struct is expected",
  },
  {
    name: "a socket begins with what sockets have in common",
    type: "tracing",
    attach: SKB,
    text: `
      r1 = *(u64 *)(r1 +24)
      if r1 == 0 goto out
      call bpf_skc_to_tcp_sock#137
    out:${END}`,
  },
  {
    name: "the current task is valid and has fields",
    type: "raw_tracepoint",
    text: `
      call bpf_get_current_task_btf#158
      r1 = *(u32 *)(r0 +@task_struct.pid)${END}`,
  },
  {
    name: "a cast pointer is read and not trusted",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +8)
      r2 = @task_struct
      call kfunc bpf_rdonly_cast
      r1 = r0
      r2 = *(u32 *)(r1 +@task_struct.pid)
      call kfunc bpf_task_acquire${END}`,
    message: "R1 must be a rcu pointer",
  },
  {
    name: "the kernel's own context has fields",
    type: "xdp",
    text: `
      call kfunc bpf_cast_to_kern_ctx
      r1 = *(u64 *)(r0 +@xdp_buff.data)${END}`,
  },
  {
    name: "a union that a function takes is checked whole",
    type: "xdp",
    text: `
      r2 = r10
      r2 += -64
      r3 = 12
      r4 = r10
      r4 += -32
      r5 = 16
      call kfunc bpf_xdp_ct_alloc
      if r0 == 0 goto out
      r1 = r0
      r2 = r10
      r2 += -8
      r3 = 0
      r4 = 0
      call kfunc bpf_ct_set_nat_info
    out:${END}`,
    message: "invalid read from stack R2 off=-8 size=16",
  },
  {
    name: "an iterator's object may be null",
    type: "tracing",
    attach: [28, "task"],
    text: `
      r1 = *(u64 *)(r1 +8)
      r2 = *(u32 *)(r1 +@task_struct.pid)${END}`,
    message: "R1 invalid mem access 'trusted_ptr_or_null_'",
  },
  {
    name: "an iterator's sequence is trusted",
    type: "tracing",
    attach: [28, "task"],
    text: `
      *(u64 *)(r10 -8) = 0
      r1 = *(u64 *)(r1 +0)
      r1 = *(u64 *)(r1 +@bpf_iter_meta.seq)
      r2 = r10
      r2 += -8
      r3 = 8
      call bpf_seq_write#127${END}`,
  },
  {
    name: "a key that an iterator visits is not written to",
    type: "tracing",
    attach: [28, "bpf_map_elem"],
    text: `
      r1 = *(u64 *)(r1 +16)
      if r1 == 0 goto out
      *(u64 *)(r1 +0) = 0
    out:${END}`,
    message: "R1 cannot write into rdonly_buf",
  },
  {
    name: "a value that an iterator visits is written to from its start on",
    type: "tracing",
    attach: [28, "bpf_map_elem"],
    text: `
      r1 = *(u64 *)(r1 +24)
      if r1 == 0 goto out
      *(u64 *)(r1 +0) = 0
      *(u64 *)(r1 -8) = 0
    out:${END}`,
    message: "R1 invalid rdwr buffer access: off=-8, size=8",
  },
]);

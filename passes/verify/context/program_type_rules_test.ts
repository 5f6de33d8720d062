/**
 * What program types may do with their contexts and targets: the rules of Linux 6.18, each by a program that breaks it or just does
 * not.
 */
import { RESERVATION, ruleCases } from "../testing/rule_cases.ts";

const INET4_BIND: readonly [number, string] = [8, ""], INET6_BIND: readonly [number, string] = [9, ""];
const GETSOCKOPT: readonly [number, string] = [21, ""], SETSOCKOPT: readonly [number, string] = [22, ""];
const END = `
      r0 = 1
      exit`;

ruleCases("contexts and targets", [
  {
    name: "a hook shows the address of its own family",
    type: "cgroup_sock_addr",
    attach: INET4_BIND,
    text: `
      r2 = *(u32 *)(r1 +4)
      *(u32 *)(r1 +4) = r2${END}`,
  },
  {
    name: "a hook hides the address of the other family",
    type: "cgroup_sock_addr",
    attach: INET6_BIND,
    text: `
      r2 = *(u32 *)(r1 +4)${END}`,
    message: "invalid bpf_context access off=4 size=4",
  },
  {
    name: "an address is stored whole",
    type: "cgroup_sock_addr",
    attach: INET4_BIND,
    text: `
      *(u8 *)(r1 +4) = 0${END}`,
    message: "invalid bpf_context access off=4 size=1",
  },
  {
    name: "a long address is stored two aligned words at a time",
    type: "cgroup_sock_addr",
    attach: INET6_BIND,
    text: `
      r2 = 0
      *(u64 *)(r1 +8) = r2
      *(u64 *)(r1 +16) = r2${END}`,
  },
  {
    name: "an option's level is changed where options are set",
    type: "cgroup_sockopt",
    attach: SETSOCKOPT,
    text: `
      *(u32 *)(r1 +24) = 1${END}`,
  },
  {
    name: "an option's level is not changed where options are read",
    type: "cgroup_sockopt",
    attach: GETSOCKOPT,
    text: `
      *(u32 *)(r1 +24) = 1${END}`,
    message: "invalid bpf_context access off=24 size=4",
  },
  {
    name: "a part of a word is read from its start only",
    type: "sock_ops",
    text: `
      r2 = *(u8 *)(r1 +213)${END}`,
    message: "invalid bpf_context access off=213 size=1",
  },
  {
    name: "a socket of a context may be missing",
    type: "sk_lookup",
    attach: [36, ""],
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u32 *)(r1 +4)${END}`,
    message: "R1 invalid mem access 'sock_or_null'",
  },
  {
    name: "dissected keys are written within their structure",
    type: "flow_dissector",
    text: `
      r1 = *(u64 *)(r1 +144)
      *(u32 *)(r1 +52) = 0
      *(u32 *)(r1 +56) = 0${END}`,
    message: "invalid access to flow keys off=56 size=4",
  },
  {
    name: "programs that run system calls sleep",
    type: "syscall",
    text: END,
    message: "Syscall programs can only be sleepable",
  },
  {
    name: "a system call's arguments are read and written",
    type: "syscall",
    head: "flags 16",
    text: `
      r2 = *(u64 *)(r1 +8)
      *(u64 *)(r1 +16) = r2${END}`,
  },
  {
    name: "packet programs do not sleep",
    type: "xdp",
    head: "flags 16",
    text: END,
    message: "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable",
  },
  {
    name: "a netfilter hook gets the kernel's packet",
    type: "netfilter",
    attach: [45, ""],
    text: `
      r1 = *(u64 *)(r1 +8)
      r2 = *(u32 *)(r1 +@sk_buff.len)${END}`,
  },
  {
    name: "a netfilter hook returns a verdict",
    type: "netfilter",
    attach: [45, ""],
    text: `
      r0 = 2
      exit`,
    message: "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]",
  },
  {
    name: "a writable tracepoint's buffer is not written before its start",
    type: "raw_tracepoint_writable",
    text: `
      r1 = *(u64 *)(r1 +0)
      *(u64 *)(r1 +8) = 0
      *(u64 *)(r1 -8) = 0${END}`,
    message: "R1 invalid tracepoint buffer access: off=-8, size=8",
  },
  {
    name: "a path is not asked for at a tracepoint",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r2 = r10
      r2 += -8
      r3 = 8
      call bpf_d_path#147${END}`,
    message: "helper call is not allowed in probe",
  },
  {
    name: "a program that runs system calls has no storage of sockets",
    type: "syscall",
    head: "flags 16\nmap m type=sk_storage key=4 value=16 max=0 key_type=1 value_type=3 flags=1",
    text: `
      r1 = map m ll
      r2 = 0
      call bpf_sk_storage_delete#108${END}`,
    message: "helper call is not allowed in probe",
  },
  {
    name: "a socket option's value is memory for every helper",
    type: "cgroup_sockopt",
    attach: SETSOCKOPT,
    text: `
      r6 = *(u64 *)(r1 +8)
      r2 = *(u64 *)(r1 +16)
      r1 = r6
      r1 += 8
      if r1 > r2 goto out
      r1 = r6
      r2 = 8
      call bpf_trace_printk#6
    out:${END}`,
  },
  {
    name: "packet data is memory for few helpers",
    type: "sched_cls",
    text: `
      r6 = *(u32 *)(r1 +76)
      r2 = *(u32 *)(r1 +80)
      r1 = r6
      r1 += 8
      if r1 > r2 goto out
      r1 = r6
      r2 = 8
      call bpf_trace_printk#6
    out:${END}`,
    message: "helper access to the packet is not allowed",
  },
  {
    name: "a tracing program names its target",
    type: "tracing",
    text: END,
    message: "Tracing programs must provide btf_id",
  },
  {
    name: "a tracepoint has as many arguments as it has",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r2 = *(u64 *)(r1 +16)${END}`,
    message: "invalid bpf_context access off=16 size=8",
  },
  {
    name: "a pointer argument is read whole",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r2 = *(u32 *)(r1 +0)${END}`,
    message: "invalid bpf_context access off=0 size=4",
  },
  {
    name: "arguments are not written",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      *(u64 *)(r1 +8) = 0${END}`,
    message: "invalid bpf_context access off=8 size=8",
  },
  {
    name: "a congestion control writes the fields it may",
    type: "struct_ops",
    attach: [0, "tcp_congestion_ops"],
    text: `
      r1 = *(u64 *)(r1 +0)
      *(u32 *)(r1 +@tcp_sock.snd_ssthresh) = 8${END}`,
  },
  {
    name: "a congestion control writes no other field",
    type: "struct_ops",
    attach: [0, "tcp_congestion_ops"],
    text: `
      r1 = *(u64 *)(r1 +0)
      *(u32 *)(r1 +@tcp_sock.max_window) = 8${END}`,
    message: "no write support to tcp_sock at off @tcp_sock.max_window",
  },
  {
    name: "a callback's state is written within its bounds",
    type: "struct_ops",
    attach: [0, "bpf_dummy_ops"],
    text: `
      r1 = *(u64 *)(r1 +0)
      if r1 == 0 goto out
      *(u32 *)(r1 +0) = 1
      r2 = 0
      *(u64 *)(r1 +0) = r2
    out:${END}`,
    message: "write access at off 0 with size 8",
  },
  {
    name: "a callback of nothing returns anything",
    type: "struct_ops",
    attach: [1, "tcp_congestion_ops"],
    text: `
      exit`,
  },
  {
    name: "a callback of nothing does not lose what it holds by returning it",
    type: "struct_ops",
    attach: [1, "tcp_congestion_ops"],
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
    kernelAccepts: true,
  },
  {
    name: "the callbacks of the kernel's own tests call no helpers",
    type: "struct_ops",
    attach: [0, "bpf_dummy_ops"],
    text: `
      call bpf_get_prandom_u32#7${END}`,
    message: "program of this type cannot use helper bpf_get_prandom_u32#7",
  },
  {
    name: "callbacks are for GPL programs",
    type: "struct_ops",
    head: `license "Proprietary"`,
    attach: [0, "tcp_congestion_ops"],
    text: END,
    message: "struct ops programs must have a GPL compatible license",
  },
  {
    name: "a number is no callback",
    type: "struct_ops",
    attach: [99, "tcp_congestion_ops"],
    text: END,
    message: "attach to invalid member idx 99 of struct tcp_congestion_ops",
  },
  {
    name: "an argument of a callback may be null",
    type: "struct_ops",
    attach: [0, "bpf_dummy_ops"],
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u32 *)(r1 +0)${END}`,
    message: "R1 invalid mem access 'trusted_ptr_or_null_'",
  },
]);

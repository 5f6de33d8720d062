/**
 * What must be released and what ends with it: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { RESERVATION, ruleCases, SOCKET } from "../testing/rule_cases.ts";

ruleCases("references", [
  {
    name: "a reservation must be submitted",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      r0 = 0
      exit
    out:
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "a reservation that failed need not",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      *(u64 *)(r0 +0) = 1
      r1 = r0
      r2 = 0
      call bpf_ringbuf_submit#132
    out:
      r0 = 0
      exit`,
  },
  {
    name: "what was submitted cannot be used",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      r6 = r0
      r1 = r0
      r2 = 0
      call bpf_ringbuf_submit#132
      *(u64 *)(r6 +0) = 1
    out:
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'scalar'",
  },
  {
    name: "what was submitted cannot be submitted again",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      r6 = r0
      r1 = r0
      r2 = 0
      call bpf_ringbuf_submit#132
      r1 = r6
      r2 = 0
      call bpf_ringbuf_submit#132
    out:
      r0 = 0
      exit`,
    message: "R1 type=scalar expected=ringbuf_mem",
  },
  {
    name: "a reservation must be asked whether it failed",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      r1 = r0
      r2 = 0
      call bpf_ringbuf_submit#132
      r0 = 0
      exit`,
    message: "R1 type=ringbuf_mem_or_null expected=ringbuf_mem",
  },
  {
    name: "a reservation ends",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      *(u64 *)(r0 +8) = 1
      r1 = r0
      r2 = 0
      call bpf_ringbuf_submit#132
    out:
      r0 = 0
      exit`,
    message: "R0 min value is outside of the allowed memory range",
  },
  {
    name: "a reservation is submitted from its start",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      r1 = r0
      r1 += 4
      r2 = 0
      call bpf_ringbuf_submit#132
    out:
      r0 = 0
      exit`,
    message: "R1 must have zero offset when passed to release func or trusted arg to kfunc",
  },
  {
    name: "what is not a reservation cannot be submitted",
    type: "xdp",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r8 = map_value m+0 ll
      r1 = r8
      r2 = 0
      call bpf_ringbuf_submit#132
      r0 = 0
      exit`,
    message: "R1 type=map_value expected=ringbuf_mem",
  },
  {
    name: "a reservation cannot cross a tail call",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096\nmap p type=prog_array key=4 value=4 max=2",
    text: `
      r6 = r1
      ${RESERVATION}
      if r0 == 0 goto out
      r7 = r0
      r1 = r6
      r2 = map p ll
      r3 = 0
      call bpf_tail_call#12
      r1 = r7
      r2 = 0
      call bpf_ringbuf_submit#132
    out:
      r0 = 0
      exit`,
    message: "tail_call would lead to reference leak",
  },
  {
    name: "a socket must be released",
    type: "sched_cls",
    text: `
      ${SOCKET}
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "a socket that was released is settled",
    type: "sched_cls",
    text: `
      ${SOCKET}
      if r0 == 0 goto out
      r1 = r0
      call bpf_sk_release#86
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a socket that was released cannot be read",
    type: "sched_cls",
    text: `
      ${SOCKET}
      if r0 == 0 goto out
      r6 = r0
      r1 = r0
      call bpf_sk_release#86
      r0 = *(u32 *)(r6 +4)
    out:
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'scalar'",
  },
  {
    name: "a socket has fields",
    type: "sched_cls",
    text: `
      ${SOCKET}
      if r0 == 0 goto out
      r6 = r0
      r7 = *(u32 *)(r6 +4)
      r7 = *(u64 *)(r6 +4)
      r1 = r6
      call bpf_sk_release#86
    out:
      r0 = 0
      exit`,
    message: "R6 invalid sock access off=4 size=8",
  },
  {
    name: "a socket cannot be written",
    type: "sched_cls",
    text: `
      ${SOCKET}
      if r0 == 0 goto out
      r6 = r0
      *(u32 *)(r6 +4) = 0
      r1 = r6
      call bpf_sk_release#86
    out:
      r0 = 0
      exit`,
    message: "R6 cannot write into sock",
  },
  {
    name: "a packet's socket is nobody's to release",
    type: "sched_cls",
    text: `
      r1 = *(u64 *)(r1 +168)
      if r1 == 0 goto out
      call bpf_sk_release#86
    out:
      r0 = 0
      exit`,
    message: "R1 must be referenced when passed to release function",
  },
  {
    name: "a packet's socket may be missing",
    type: "sched_cls",
    text: `
      r1 = *(u64 *)(r1 +168)
      r0 = *(u32 *)(r1 +4)
      exit`,
    message: "R1 invalid mem access 'sock_common_or_null'",
  },
  {
    name: "a full socket may be missing",
    type: "sched_cls",
    text: `
      r1 = *(u64 *)(r1 +168)
      if r1 == 0 goto out
      call bpf_sk_fullsock#95
      r0 = *(u32 *)(r0 +44)
    out:
      r0 = 0
      exit`,
    message: "R0 invalid mem access 'sock_or_null'",
  },
  {
    name: "a full socket has all fields",
    type: "sched_cls",
    text: `
      r1 = *(u64 *)(r1 +168)
      if r1 == 0 goto out
      call bpf_sk_fullsock#95
      if r0 == 0 goto out
      r0 = *(u32 *)(r0 +44)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "what any socket has is not all",
    type: "sched_cls",
    text: `
      r1 = *(u64 *)(r1 +168)
      if r1 == 0 goto out
      r0 = *(u32 *)(r1 +16)
    out:
      r0 = 0
      exit`,
    message: "R1 invalid sock_common access off=16 size=4",
  },
  {
    name: "a part of a socket ends with the socket",
    type: "sched_cls",
    text: `
      ${SOCKET}
      if r0 == 0 goto out
      r6 = r0
      r1 = r0
      call bpf_tcp_sock#96
      r7 = r0
      r1 = r6
      call bpf_sk_release#86
      if r7 == 0 goto out
      r0 = *(u32 *)(r7 +0)
    out:
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "a part of a socket can be read",
    type: "sched_cls",
    text: `
      ${SOCKET}
      if r0 == 0 goto out
      r6 = r0
      r1 = r0
      call bpf_tcp_sock#96
      if r0 == 0 goto drop
      r7 = *(u32 *)(r0 +0)
    drop:
      r1 = r6
      call bpf_sk_release#86
    out:
      r0 = 0
      exit`,
  },
  {
    name: "the address of a reference cannot be forgotten on the stack",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      *(u64 *)(r10 -8) = r0
      *(u64 *)(r10 -8) = 0
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "a reservation found again on the stack can be submitted",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      *(u64 *)(r10 -8) = r0
      r1 = *(u64 *)(r10 -8)
      if r1 == 0 goto out
      r2 = 0
      call bpf_ringbuf_discard#133
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a reservation may be submitted by a callee",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      r1 = r0
      call submit
    out:
      r0 = 0
      exit
    func submit:
      r2 = 0
      call bpf_ringbuf_submit#132
      r0 = 0
      exit`,
  },
]);

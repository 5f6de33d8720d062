/**
 * Dynamic pointers and their slices: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { DYNPTR, ruleCases } from "../testing/rule_cases.ts";

ruleCases("dynptrs", [
  {
    name: "a slice of a packet is read within its size",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      r0 = *(u8 *)(r0 +7)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a slice ends",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      r0 = *(u8 *)(r0 +8)
    out:
      r0 = 0
      exit`,
    message: "R0 min value is outside of the allowed memory range",
  },
  {
    name: "a slice may be missing",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice
      r0 = *(u8 *)(r0 +0)
      exit`,
    message: "R0 invalid mem access 'rdonly_mem_or_null'",
  },
  {
    name: "a slice to read is not written",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      *(u8 *)(r0 +0) = 1
    out:
      r0 = 0
      exit`,
    message: "R0 cannot write into rdonly_mem",
  },
  {
    name: "a slice to write is written",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice_rdwr
      if r0 == 0 goto out
      *(u8 *)(r0 +0) = 1
    out:
      r0 = 0
      exit`,
  },
  {
    name: "no slice to write where packets are not written",
    type: "cgroup_skb",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice_rdwr
      r0 = 0
      exit`,
    message: "the prog does not allow writes to packet data",
  },
  {
    name: "a slice's size is a constant",
    type: "sched_cls",
    text: `
      r7 = r1
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      r1 = r7
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = r6
      call kfunc bpf_dynptr_slice
      r0 = 0
      exit`,
    message: "R4 must be a known constant",
  },
  {
    name: "a slice needs no buffer",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 0
      r4 = 8
      call kfunc bpf_dynptr_slice
      r0 = 0
      exit`,
  },
  {
    name: "a slice's buffer is as long as the slice",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 40
      call kfunc bpf_dynptr_slice
      r0 = 0
      exit`,
    message: "arg#2 arg#3 memory, len pair leads to invalid memory access",
  },
  {
    name: "a slice needs a dynptr",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "a dynptr that was overwritten is none",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -16
      call kfunc bpf_dynptr_size
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "slices to read outlive their dynptr",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      *(u64 *)(r10 -16) = 0
      r0 = *(u8 *)(r0 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "slices to write end with their dynptr",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice_rdwr
      if r0 == 0 goto out
      *(u64 *)(r10 -16) = 0
      r0 = *(u8 *)(r0 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "slices end with the packet's move",
    type: "sched_cls",
    text: `
      r7 = r1
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r10
      r3 += -32
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      r6 = r0
      r1 = r7
      r2 = 32
      call bpf_skb_pull_data#39
      r0 = *(u8 *)(r6 +0)
    out:
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'scalar'",
  },
  {
    name: "a dynptr is not read as memory",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r0 = *(u64 *)(r10 -16)
      exit`,
    message: "invalid read from stack off -16+0 size 8",
  },
  {
    name: "a dynptr stands at an aligned place",
    type: "sched_cls",
    text: `
      r2 = 0
      r3 = r10
      r3 += -20
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "Dynptr has to be an uninitialized dynptr",
  },
  {
    name: "a dynptr stands on the stack",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r6 = r1
      r8 = map_value m+0 ll
      r1 = r6
      r2 = 0
      r3 = r8
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "arg#2 expected pointer to stack or const struct bpf_dynptr",
  },
  {
    name: "a dynptr is not made over another half",
    type: "sched_cls",
    text: `
      r6 = r1
      ${DYNPTR}
      r1 = r6
      r2 = 0
      r3 = r10
      r3 += -8
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "Dynptr has to be an uninitialized dynptr",
  },
  {
    name: "a dynptr of a packet is made from its context",
    type: "xdp",
    text: `
      r1 = r10
      r2 = 0
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_xdp
      r0 = 0
      exit`,
    message: "arg#0 expected pointer to ctx, but got fp",
  },
  {
    name: "a dynptr of a packet of another kind",
    type: "xdp",
    text: `
      r2 = 0
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "calling kernel function bpf_dynptr_from_skb is not allowed",
  },
  {
    name: "a dynptr of a reservation must be submitted",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      r1 = map m ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_ringbuf_reserve_dynptr#198
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "a dynptr of a reservation cannot be overwritten",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      r1 = map m ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_ringbuf_reserve_dynptr#198
      *(u64 *)(r10 -16) = 0
      r0 = 0
      exit`,
    message: "cannot overwrite referenced dynptr",
  },
  {
    name: "a dynptr of a reservation that was submitted",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      r1 = map m ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_ringbuf_reserve_dynptr#198
      r1 = r10
      r1 += -16
      r2 = 0
      call bpf_ringbuf_submit_dynptr#199
      r0 = 0
      exit`,
  },
  {
    name: "a dynptr of a packet is not submitted",
    type: "xdp",
    text: `
      r2 = 0
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_xdp
      r1 = r10
      r1 += -16
      r2 = 0
      call bpf_ringbuf_submit_dynptr#199
      r0 = 0
      exit`,
    message: "arg 1 is an unacquired reference",
  },
  {
    name: "no dynptr is given back where none can lie",
    type: "sched_cls",
    text: `
      r1 = r10
      r2 = 0
      call bpf_ringbuf_discard_dynptr#200
      r0 = 0
      exit`,
    message: "arg 1 is an unacquired reference",
  },
  {
    name: "nothing is submitted from a part of the stack not in use",
    type: "xdp",
    text: `
      r1 = r10
      r1 += -256
      r2 = 0
      call bpf_ringbuf_submit_dynptr#199
      r0 = 0
      exit`,
    message: "arg 1 is an unacquired reference",
  },
  {
    name: "memory of a dynptr ends with it",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_dynptr_from_mem#197
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r7 = r0
      if r7 == 0 goto out
      *(u64 *)(r10 -16) = 0
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "a dynptr made across two others ends the lower one",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_dynptr_from_mem#197
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -32
      call bpf_dynptr_from_mem#197
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -24
      call bpf_dynptr_from_mem#197
      r1 = r10
      r1 += -32
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
    out:
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "a dynptr made across two others ends the upper one",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_dynptr_from_mem#197
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -32
      call bpf_dynptr_from_mem#197
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r7 = r0
      if r7 == 0 goto out
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -24
      call bpf_dynptr_from_mem#197
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "memory of the lower of two dynptrs ends with one made across both",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_dynptr_from_mem#197
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -32
      call bpf_dynptr_from_mem#197
      r1 = r10
      r1 += -32
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r7 = r0
      if r7 == 0 goto out
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -24
      call bpf_dynptr_from_mem#197
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "halves of two dynptrs are none",
    type: "sched_cls",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_dynptr_from_mem#197
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -32
      call bpf_dynptr_from_mem#197
      r1 = r10
      r1 += -24
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
    out:
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "memory of a clone ends with the record",
    type: "sched_cls",
    head: "map b type=ringbuf key=0 value=0 max=4096",
    text: `
      r1 = map b ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_ringbuf_reserve_dynptr#198
      r1 = r10
      r1 += -16
      r2 = r10
      r2 += -32
      call kfunc bpf_dynptr_clone
      r1 = r10
      r1 += -32
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
      r7 = r0
      r1 = r10
      r1 += -16
      r2 = 0
      call bpf_ringbuf_discard_dynptr#200
      if r7 == 0 goto out
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "a clone ends with the record",
    type: "sched_cls",
    head: "map b type=ringbuf key=0 value=0 max=4096",
    text: `
      r1 = map b ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_ringbuf_reserve_dynptr#198
      r1 = r10
      r1 += -16
      r2 = r10
      r2 += -32
      call kfunc bpf_dynptr_clone
      r1 = r10
      r1 += -16
      r2 = 0
      call bpf_ringbuf_discard_dynptr#200
      r1 = r10
      r1 += -32
      r2 = 0
      r3 = 8
      call bpf_dynptr_data#203
    out:
      r0 = 0
      exit`,
    message: "Expected an initialized dynptr as arg #0",
  },
  {
    name: "a record of a dynptr must be given back",
    type: "sched_cls",
    head: "map b type=ringbuf key=0 value=0 max=4096",
    text: `
      r1 = map b ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_ringbuf_reserve_dynptr#198
    out:
      r0 = 0
      exit`,
    message: "BPF_EXIT instruction in main prog would lead to reference leak",
  },
  {
    name: "a record of a dynptr is given back once",
    type: "sched_cls",
    head: "map b type=ringbuf key=0 value=0 max=4096",
    text: `
      r1 = map b ll
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_ringbuf_reserve_dynptr#198
      r1 = r10
      r1 += -16
      r2 = 0
      call bpf_ringbuf_discard_dynptr#200
      r1 = r10
      r1 += -16
      r2 = 0
      call bpf_ringbuf_discard_dynptr#200
    out:
      r0 = 0
      exit`,
    message: "arg 1 is an unacquired reference",
  },
]);

/**
 * What may be accessed through pointers, at the edges: offsets and sizes that are huge, negative or unknown. The rules of Linux 6.18, each
 * by a program that breaks it or just does not.
 */
import { ruleCases } from "../testing/rule_cases.ts";

/** r6 is any number. */
const ANY = `call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      r6 |= r0`;

ruleCases("the stack's edges", [
  {
    name: "nothing is read at an unknown distance on the stack",
    text: `
      ${ANY}
      if r6 s< -8 goto out
      r1 = r10
      r1 += r6
      r0 = *(u8 *)(r1 +0)
    out:
      r0 = 0
      exit`,
    message: "invalid unbounded variable-offset read from stack R1",
  },
  {
    name: "helpers do not read the stack at a variable offset up to its end",
    text: `
      call bpf_get_prandom_u32#7
      r0 &= 15
      r1 = r10
      r1 += -16
      r1 += r0
      r2 = 8
      call bpf_trace_printk#6
      r0 = 0
      exit`,
    message: "invalid variable-offset read from stack R1 var_off=(0x0; 0xf) off=-16 size=8",
  },
  {
    name: "part of an iterator is no number",
    type: "xdp",
    text: `
      r1 = r10
      r1 += -8
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new
      r0 = *(u32 *)(r10 -8)
      r0 = 0
      exit`,
    message: "invalid read from stack off -8+0 size 4",
  },
  {
    name: "an iterator is not passed as memory",
    type: "xdp",
    text: `
      r1 = r10
      r1 += -8
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new
      r1 = r10
      r1 += -8
      r2 = 8
      call bpf_trace_printk#6
      r0 = 0
      exit`,
    message: "invalid read from stack R1 off -8+0 size 8",
  },
  {
    name: "an iterator is not read at a variable offset",
    type: "xdp",
    text: `
      *(u64 *)(r10 -16) = 0
      r1 = r10
      r1 += -8
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new
      call bpf_get_prandom_u32#7
      r0 &= 8
      r1 = r10
      r1 += -16
      r1 += r0
      r0 = *(u64 *)(r1 +0)
      r0 = 0
      exit`,
    message: "invalid read from stack R1 var_off (0x0; 0x8)+8 size 8",
  },
  {
    name: "a dynptr is not filled by a helper",
    type: "sched_cls",
    text: `
      r2 = 0
      r3 = r10
      r3 += -16
      r6 = r1
      call kfunc bpf_dynptr_from_skb
      r1 = r6
      r2 = 0
      r3 = r10
      r3 += -16
      r4 = 8
      call bpf_skb_load_bytes#26
      r0 = 0
      exit`,
    message: "potential write to dynptr at off=-16 disallowed",
  },
]);

ruleCases("offsets that are too far", [
  {
    name: "a pointer is not moved by more than is ever needed",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      r1 += 536870912
      r0 = 0
      exit`,
    message: "math between map_value pointer and 536870912 is not allowed",
  },
  {
    name: "a pointer is not moved back by more than is ever needed",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      r1 += -536870912
      r0 = 0
      exit`,
    message: "math between map_value pointer and -536870912 is not allowed",
  },
  {
    name: "a pointer is not moved far by steps",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      r1 += 536870911
      r1 += 1
      r0 = 0
      exit`,
    message: "map_value pointer offset 536870912 is not allowed",
  },
  {
    name: "a pointer is not moved far back by steps",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      r1 += -536870911
      r1 += -1
      r0 = 0
      exit`,
    message: "map_value pointer offset -536870912 is not allowed",
  },
  {
    name: "a pointer is not moved by a number that may be huge",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      ${ANY}
      if r6 s< 536870912 goto out
      r1 = map_value m+0 ll
      r1 += r6
    out:
      r0 = 0
      exit`,
    message: "value 536870912 makes map_value pointer be out of bounds",
  },
  {
    name: "a pointer is not moved by a number that is huge at least",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      if r6 < 536870912 goto out
      r1 = map_value m+0 ll
      r1 += r6
    out:
      r0 = 0
      exit`,
    message: "math between map_value pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a value is not read at a huge distance",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      ${ANY}
      r6 >>= 1
      r1 = map_value m+0 ll
      r1 += r6
      r0 = *(u8 *)(r1 +0)
      r0 = 0
      exit`,
    message: "R1 unbounded memory access, make sure to bounds check any such access",
  },
  {
    name: "a value is not read at a distance of 64 bits",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      ${ANY}
      r6 >>= 31
      r6 <<= 31
      r6 >>= 1
      r1 = map_value m+0 ll
      r1 += r6
      r0 = *(u8 *)(r1 +0)
      r0 = 0
      exit`,
    message: "R1 unbounded memory access, make sure to bounds check any such access",
  },
  {
    name: "no bits of a pointer are set",
    text: `
      r1 |= 8
      r0 = 0
      exit`,
    message: "R1 bitwise operator |= on pointer prohibited",
  },
  {
    name: "no bits of a pointer are flipped",
    text: `
      r1 ^= 8
      r0 = 0
      exit`,
    message: "R1 bitwise operator ^= on pointer prohibited",
  },
  {
    name: "a context is not accessed before its start",
    text: `
      r1 += -8
      r0 = *(u32 *)(r1 +8)
      r0 = 0
      exit`,
    message: "negative offset ctx ptr R1 off=-8 disallowed",
  },
  {
    name: "a context moved by a number that is known is not accessed",
    text: `
      r2 = 8
      r1 += r2
      r0 = *(u32 *)(r1 +0)
      r0 = 0
      exit`,
    message: "dereference of modified ctx ptr R1 off=8 disallowed",
  },
]);

ruleCases("what dissectors and atomic operations reach", [
  {
    name: "nothing is before a dissector's keys",
    type: "flow_dissector",
    text: `
      r1 = *(u64 *)(r1 +144)
      r0 = *(u8 *)(r1 -1)
      r0 = 0
      exit`,
    message: "invalid access to flow keys off=-1 size=1",
  },
  {
    name: "no atomic operation is done at a variable place of the stack",
    text: `
      *(u64 *)(r10 -8) = 0
      *(u64 *)(r10 -16) = 0
      call bpf_get_prandom_u32#7
      r0 &= 8
      r1 = r10
      r1 += -16
      r1 += r0
      r2 = 1
      lock *(u64 *)(r1 +0) += r2
      r0 = 0
      exit`,
    message:
      "variable offset stack pointer cannot be passed into helper function; var_off=(0x0; 0x8) off=-16 size=8",
  },
  {
    name: "a size of 64 bits is refused",
    text: `
      ${ANY}
      r6 >>= 1
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      r2 = r6
      call bpf_trace_printk#6
      r0 = 0
      exit`,
    message: "R2 invalid zero-sized read: u64=[0,9223372036854775807]",
  },
  {
    name: "a size of 64 bits that is not zero is refused",
    text: `
      ${ANY}
      r6 >>= 1
      r6 |= 1
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      r2 = r6
      call bpf_trace_printk#6
      r0 = 0
      exit`,
    message: "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
  },
]);

/** r6 is a number up to 2^32, that included. */
const UP_TO_2_32 = `${ANY}
      r7 = 0x100000000 ll
      if r6 > r7 goto out`;

ruleCases("numbers whose lower half says too little", [
  {
    name: "a value is not read at a distance that may be 2^32",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      ${UP_TO_2_32}
      r1 = map_value m+0 ll
      r1 += r6
      r0 = *(u8 *)(r1 +0)
    out:
      r0 = 0
      exit`,
    message: "R1 unbounded memory access, make sure to bounds check any such access",
  },
  {
    name: "a size is not 2^32",
    text: `
      ${UP_TO_2_32}
      if r6 == 0 goto out
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      r2 = r6
      call bpf_trace_printk#6
    out:
      r0 = 0
      exit`,
    message: "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
  },
]);

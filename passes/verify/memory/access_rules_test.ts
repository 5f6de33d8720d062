/**
 * What may be accessed through pointers of all kinds, at the edges: offsets that are huge, negative or unknown, memory that is only read,
 * memory that may be missing. The rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { DYNPTR, LOOKUP, ruleCases } from "../testing/rule_cases.ts";

/** `enum bpf_attach_type`. */
const TRACE_ITER = 28;

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

ruleCases("memory that is only read", [
  {
    name: "a slice that is only read is not filled by a helper",
    type: "socket_filter",
    text: `
      r6 = r1
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 0
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      r1 = r6
      r2 = 0
      r3 = r0
      r4 = 8
      call bpf_skb_load_bytes#26
    out:
      r0 = 0
      exit`,
    message:
      "R3 type=rdonly_mem expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_",
  },
  {
    name: "a slice that is only read is not passed to be filled",
    type: "sched_cls",
    text: `
      ${DYNPTR}
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = 0
      r4 = 8
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      r1 = r10
      r1 += -16
      r2 = 0
      r3 = r0
      r4 = 8
      call kfunc bpf_dynptr_slice
    out:
      r0 = 0
      exit`,
    message: "arg#2 arg#3 memory, len pair leads to invalid memory access",
  },
  {
    name: "a key that an iterator shows is not filled by a helper",
    type: "tracing",
    attach: [TRACE_ITER, "bpf_map_elem"],
    text: `
      r6 = *(u64 *)(r1 +16)
      if r6 == 0 goto out
      r1 = r6
      r2 = 8
      r3 = 0
      call bpf_probe_read_kernel#113
    out:
      r0 = 0
      exit`,
    message:
      "R1 type=rdonly_buf expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_",
  },
  {
    name: "a key that an iterator shows is not written",
    type: "tracing",
    attach: [TRACE_ITER, "bpf_map_elem"],
    text: `
      r6 = *(u64 *)(r1 +16)
      if r6 == 0 goto out
      *(u64 *)(r6 +0) = 0
    out:
      r0 = 0
      exit`,
    message: "R6 cannot write into rdonly_buf",
  },
  {
    name: "a key that an iterator shows may be missing",
    type: "tracing",
    attach: [TRACE_ITER, "bpf_map_elem"],
    text: `
      r6 = *(u64 *)(r1 +16)
      r0 = *(u64 *)(r6 +0)
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'rdonly_buf_or_null'",
  },
  {
    name: "a key that an iterator shows is read at a place that is known",
    type: "tracing",
    attach: [TRACE_ITER, "bpf_map_elem"],
    text: `
      r6 = *(u64 *)(r1 +16)
      if r6 == 0 goto out
      call bpf_get_prandom_u32#7
      r0 &= 3
      r6 += r0
      r0 = *(u8 *)(r6 +0)
    out:
      r0 = 0
      exit`,
    message: "R6 invalid variable buffer offset: off=0, var_off=(0x0; 0x3)",
  },
  {
    name: "keys of a callback are not written",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    text: `
      r1 = map m ll
      r2 = func later ll
      r3 = 0
      r4 = 0
      call bpf_for_each_map_elem#164
      r0 = 0
      exit
    func later:
      *(u32 *)(r2 +0) = 0
      r0 = 0
      exit`,
    message: "write to change key R2 not allowed",
  },
  {
    name: "keys of a callback are not written by helpers",
    type: "sched_cls",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    text: `
      *(u64 *)(r10 -8) = r1
      r1 = map m ll
      r2 = func later ll
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_for_each_map_elem#164
      r0 = 0
      exit
    func later:
      r3 = r2
      r1 = *(u64 *)(r4 +0)
      r2 = 0
      r4 = 4
      call bpf_skb_load_bytes#26
      r0 = 0
      exit`,
    message: "R3 cannot write into map_key",
  },
  {
    name: "keys of a callback end",
    head: "map m type=hash key=4 value=8 max=1",
    typed: true,
    text: `
      r1 = map m ll
      r2 = func later ll
      r3 = 0
      r4 = 0
      call bpf_for_each_map_elem#164
      r0 = 0
      exit
    func later:
      r0 = *(u64 *)(r2 +0)
      r0 = 0
      exit`,
    message: "R2 min value is outside of the allowed memory range",
  },
]);

ruleCases("values of maps that do not change", [
  {
    name: "of several values that do not change none is known",
    head: "map m type=array key=4 value=8 max=2 flags=0x80 data=07000000000000000700000000000000 frozen",
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r0 = *(u64 *)(r0 +0)
    out:
      r0 = 0
      exit`,
    message: "",
  },
  {
    name: "a value that does not change is read at a place that is not known",
    head: "map m type=array key=4 value=8 max=1 flags=0x80 data=0700000000000000 frozen",
    text: `
      call bpf_get_prandom_u32#7
      r0 &= 7
      r1 = map_value m+0 ll
      r1 += r0
      r0 = *(u8 *)(r1 +0)
      exit`,
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

const PRINTED = `
      r1 = *(u64 *)(r1 +0)
      r2 = *(u64 *)(r1 +0)
      r0 = *(u64 *)(r2 +4)
      r0 = 0
      exit`;

ruleCases("the kernel's structures at their edges", [
  {
    name: "a pointer in a structure is read from its start",
    type: "tracing",
    attach: [TRACE_ITER, "task"],
    text: PRINTED,
    message: "cannot access ptr member buf with moff 0 in struct seq_file with off 4 size 8",
  },
  {
    name: "a pointer in a structure is read whole",
    type: "tracing",
    attach: [TRACE_ITER, "task"],
    text: PRINTED.replace("*(u64 *)(r2 +4)", "*(u32 *)(r2 +0)"),
    message: "cannot access ptr member buf with moff 0 in struct seq_file with off 0 size 4",
  },
  {
    name: "an argument of a traced function is read where it begins",
    type: "tracing",
    attach: [24, "vfs_open"],
    text: `
      r0 = *(u32 *)(r1 +4)
      r0 = 0
      exit`,
    message: "invalid bpf_context access off=4 size=4",
  },
  {
    name: "one load does not read a context at one time and a map at another",
    head: "map m type=array key=4 value=64 max=1",
    text: `
      r6 = r1
      call bpf_get_prandom_u32#7
      if r0 == 7 goto other
      r1 = r6
      goto met
    other:
      r1 = map_value m+0 ll
    met:
      r0 = *(u32 *)(r1 +0)
      exit`,
    message: "same insn cannot be used with different pointers",
  },
  {
    name: "one store does not write a context at one time and a map at another",
    head: "map m type=array key=4 value=64 max=1",
    text: `
      r6 = r1
      call bpf_get_prandom_u32#7
      if r0 == 7 goto other
      r1 = r6
      goto met
    other:
      r1 = map_value m+0 ll
    met:
      *(u32 *)(r1 +48) = 0
      r0 = 0
      exit`,
    message: "same insn cannot be used with different pointers",
  },
]);

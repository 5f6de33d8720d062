/**
 * Memory that is only read, that may be missing, that does not change, that is the kernel's: the rules of Linux 6.18, each by a program
 * that breaks it or just does not.
 */
import { DYNPTR, LOOKUP, type RuleCase, ruleCases } from "../testing/rule_cases.ts";

/** `enum bpf_attach_type`. */
const TRACE_ITER = 28;

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
    name: "a key that an iterator shows is not handed over to be written",
    type: "tracing",
    attach: [TRACE_ITER, "bpf_map_elem"],
    typed: true,
    text: `
      r6 = *(u64 *)(r1 +16)
      if r6 == 0 goto out
      r1 = r6
      call caught_pointer
    out:
      r0 = 0
      exit
    func caught_pointer global:
      r0 = 0
      exit`,
    message: "Caller passes invalid args into func#1 ('caught_pointer')",
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

/** A map, itself, in r1. */
function ofMap(name: string, text: string, message?: string): RuleCase {
  const test: RuleCase = {
    name,
    type: "sched_cls",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map m ll
      ${text}
      r0 = 0
      exit`,
  };
  return message === undefined ? test : { ...test, message };
}

ruleCases("what a map is itself", [
  ofMap("a field of a map is read", "r0 = *(u32 *)(r1 +@bpf_array.elem_size)"),
  ofMap("nothing is before a map", "r0 = *(u64 *)(r1 -8)", "R1 is bpf_array invalid negative access: off=-8"),
  ofMap(
    "a field of a map is not written",
    "*(u32 *)(r1 +@bpf_array.elem_size) = 0",
    "only read from bpf_array is supported",
  ),
  ofMap("a map is not moved", "r1 += 8", "R1 pointer arithmetic on map_ptr prohibited"),
  ofMap("a map may be moved by nothing", "r1 += 0"),
]);

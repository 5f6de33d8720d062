/**
 * What helpers take and what they do not: text, memory of the kernel's, two references at a time, maps of all kinds. The rules of Linux
 * 6.18, each by a program that breaks it or just does not.
 */
import { OBJECT_IDS } from "../testing/object_types.ts";
import { valueTypes } from "../testing/kernel_types.ts";
import { LOOKUP, RESERVATION, type RuleCase, ruleCases } from "../testing/rule_cases.ts";

const PRINT = `
      r1 = r10
      r1 += -8
      r2 = 8
      r4 = 0
      r5 = 0
      call bpf_snprintf#165
      r0 = 0
      exit`;
const TEXT = "key=4 value=8 max=1 flags=0x80 data=4141414141410000";
const TASK: RuleCase["attach"] = [23, "task_newtask"];

ruleCases("text", [
  {
    name: "text to print is known",
    type: "sched_cls",
    head: `map m type=array ${TEXT} frozen`,
    text: `
      r3 = map_value m+0 ll${PRINT}`,
  },
  {
    name: "text to print is in a map that userspace does not write either",
    type: "sched_cls",
    head: `map m type=array ${TEXT}`,
    text: `
      r3 = map_value m+0 ll${PRINT}`,
    message: "R3 does not point to a readonly map'",
  },
  {
    name: "text to print is in a map that programs do not write either",
    type: "sched_cls",
    head: "map m type=array key=4 value=8 max=1 frozen",
    text: `
      r3 = map_value m+0 ll${PRINT}`,
    message: "R3 does not point to a readonly map'",
  },
  {
    name: "text to print stands at a place that is known",
    type: "sched_cls",
    head: `map m type=array ${TEXT} frozen`,
    text: `
      call bpf_get_prandom_u32#7
      r0 &= 3
      r3 = map_value m+0 ll
      r3 += r0${PRINT}`,
    message: "R3 is not a constant address'",
  },
  {
    name: "text to print is within its map",
    type: "sched_cls",
    head: `map m type=array ${TEXT} frozen`,
    text: `
      r3 = map_value m+0 ll
      r3 += 8${PRINT}`,
    message: "R3 min value is outside of the allowed memory range",
  },
  {
    name: "text to print is in an array",
    type: "sched_cls",
    head: "map m type=hash key=4 value=8 max=1 flags=0x80 frozen",
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r3 = r0
      r1 = r10
      r1 += -8
      r2 = 8
      r4 = 0
      r5 = 0
      call bpf_snprintf#165
    out:
      r0 = 0
      exit`,
    message: "no direct value access support for this map type",
  },
]);

ruleCases("arguments of helpers", [
  {
    name: "a helper takes one reference",
    type: "sched_cls",
    head: "map m type=ringbuf max=4096\nmap n type=hash key=8 value=8 max=1",
    text: `
      ${RESERVATION}
      if r0 == 0 goto out
      r6 = r0
      r1 = map m ll
      r2 = 8
      r3 = 0
      call bpf_ringbuf_reserve#131
      if r0 == 0 goto drop
      r7 = r0
      r1 = map n ll
      r2 = r6
      r3 = r7
      r4 = 0
      call bpf_map_update_elem#2
      r1 = r7
      r2 = 0
      call bpf_ringbuf_discard#133
    drop:
      r1 = r6
      r2 = 0
      call bpf_ringbuf_discard#133
    out:
      r0 = 0
      exit`,
    message: "more than one arg with ref_obj_id R3 4 2",
  },
  {
    name: "the kernel's structures are not filled by helpers",
    type: "tracing",
    attach: TASK,
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = 8
      r3 = 0
      call bpf_probe_read_kernel#113
      r0 = 0
      exit`,
    message: "bpf_probe_read_kernel() may write into memory pointed by R1 type=trusted_ptr_",
  },
  {
    name: "a dynptr is not made of the stack",
    text: `
      *(u64 *)(r10 -32) = 0
      r1 = r10
      r1 += -32
      r2 = 8
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_dynptr_from_mem#197
      r0 = 0
      exit`,
    message: "Unsupported reg type fp for bpf_dynptr_from_mem data",
  },
  {
    name: "a program asks where it was called only where that is known",
    type: "tracing",
    attach: TASK,
    text: `
      call bpf_get_func_ip#173
      r0 = 0
      exit`,
    message: "func bpf_get_func_ip#173 supported only for fentry/fexit/fmod_ret programs",
  },
  {
    name: "a program at a function asks where it was called",
    type: "tracing",
    attach: [24, "vfs_open"],
    text: `
      call bpf_get_func_ip#173
      r0 = 0
      exit`,
  },
  {
    name: "a probe asks where it was called",
    type: "kprobe",
    text: `
      call bpf_get_func_ip#173
      r0 = 0
      exit`,
  },
  {
    name: "a tracepoint was not called",
    type: "tracepoint",
    text: `
      call bpf_get_func_ip#173
      r0 = 0
      exit`,
    message: "func bpf_get_func_ip#173 not supported for program type 5",
  },
  {
    name: "a hook asks where it was called",
    type: "lsm",
    attach: [27, "file_open"],
    text: `
      call bpf_get_func_ip#173
      r0 = 0
      exit`,
    message: "func bpf_get_func_ip#173 not supported for program type 29",
  },
  {
    name: "a helper's result is of a structure that the kernel has",
    invented: true,
    type: "sched_cls",
    text: `
      r1 = *(u64 *)(r1 +168)
      if r1 == 0 goto out
      call bpf_skc_to_mptcp_sock#196
    out:
      r0 = 0
      exit`,
    message: "invalid return type 8 of func bpf_skc_to_mptcp_sock#196",
  },
]);

function map(struct: string, size: number): string {
  const type = struct in OBJECT_IDS
    ? OBJECT_IDS[struct as keyof typeof OBJECT_IDS]
    : valueTypes().find(struct, "struct");
  return `map m type=array key=4 value=${size} max=1 key_type=1 value_type=${type}`;
}

const USED = `
      r1 = map m ll
      r0 = 0
      exit`;

ruleCases("maps that programs use", [
  {
    name: "tracing programs have no lists",
    type: "kprobe",
    head: map("holder", 40),
    typed: true,
    text: USED,
    message: "tracing progs cannot use bpf_{list_head,rb_root} yet",
  },
  {
    name: "tracing programs have no locks",
    type: "kprobe",
    head: map("locked", 16),
    typed: true,
    text: USED,
    message: "tracing progs cannot use bpf_spin_lock yet",
  },
  {
    name: "tracing programs have no resilient locks either",
    type: "perf_event",
    head: map("guarded", 40),
    typed: true,
    text: USED,
    message: "tracing progs cannot use bpf_{list_head,rb_root} yet",
  },
  {
    name: "tracing programs have no timers",
    type: "tracepoint",
    head: map("own_timed", 24),
    typed: true,
    text: USED,
    message: "tracing progs cannot use bpf_timer yet",
  },
  {
    name: "tracing programs have no work queues",
    type: "raw_tracepoint",
    head: map("own_queued", 24),
    typed: true,
    text: USED,
    message: "tracing progs cannot use bpf_wq yet",
  },
  {
    name: "programs use 64 maps at most",
    head: Array.from({ length: 65 }, (_, i) => `map m${i} type=array key=4 value=8 max=1`).join("\n"),
    text: `
      ${Array.from({ length: 65 }, (_, i) => `r1 = map m${i} ll`).join("\n      ")}
      r0 = 0
      exit`,
    message: "The total number of maps per program has reached the limit of 64",
  },
  {
    name: "programs use 64 maps",
    head: Array.from({ length: 64 }, (_, i) => `map m${i} type=array key=4 value=8 max=1`).join("\n"),
    text: `
      ${Array.from({ length: 64 }, (_, i) => `r1 = map m${i} ll`).join("\n      ")}
      r0 = 0
      exit`,
  },
  {
    name: "programs do not use maps of callbacks",
    invented: true,
    head: "map m type=struct_ops key=4 value=8 max=1",
    text: USED,
    message: "bpf_struct_ops map cannot be used in prog",
  },
  {
    name: "a map's value is addressed within half a gigabyte",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+536870912 ll
      r0 = 0
      exit`,
    message: "direct value offset of 536870912 is not allowed",
  },
  {
    name: "values of several elements have no address",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      r1 = map_value m+0 ll
      r0 = 0
      exit`,
    message: "invalid access to map value pointer, value_size=8 off=0",
  },
  {
    name: "a value has an address within itself",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+8 ll
      r0 = 0
      exit`,
    message: "invalid access to map value pointer, value_size=8 off=8",
  },
  {
    name: "values of hashes have no address",
    head: "map m type=hash key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      r0 = 0
      exit`,
    message: "no direct value access support for this map type",
  },
]);

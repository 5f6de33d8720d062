/**
 * What helpers may be passed and by whom: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { RESERVATION, ruleCases } from "../testing/rule_cases.ts";

ruleCases("helpers", [
  {
    name: "helpers have numbers",
    text: `
      r1 = 0
      call helper#9999
      exit`,
    message: "invalid func unknown#9999",
  },
  {
    name: "not every type may call every helper",
    text: `
      r2 = 0
      call bpf_xdp_adjust_head#44
      r0 = 0
      exit`,
    message: "program of this type cannot use helper bpf_xdp_adjust_head#44",
  },
  {
    name: "free programs alone may call some helpers",
    head: "license Proprietary",
    text: `
      call bpf_ktime_get_ns#5
      call bpf_get_current_task#35
      r0 = 0
      exit`,
    message: "cannot call GPL-restricted function from non-GPL compatible program",
  },
  {
    name: "a key must be memory",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      r2 = 0
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
    message:
      "R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_",
  },
  {
    name: "a map must be a map",
    text: `
      r1 = r10
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
    message: "R1 type=fp expected=map_ptr",
  },
  {
    name: "who may read anything may pass a key nobody wrote",
    type: "xdp",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
  },
  {
    name: "who may read anything may pass a key half written",
    head: "license Dual MIT/GPL\nmap m type=array key=4 value=8 max=2",
    text: `
      *(u8 *)(r10 -4) = 0
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
  },
  {
    name: "a key's memory must be on the stack whole",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      r2 = r10
      r2 += -2
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
    message: "invalid read from stack R2 off=-2 size=4",
  },
  {
    name: "a value must be as long as the map's",
    head: "map m type=hash key=4 value=16 max=2",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r3 = r2
      r4 = 0
      r1 = map m ll
      call bpf_map_update_elem#2
      r0 = 0
      exit`,
    message: "invalid read from stack R3 off=-8 size=16",
  },
  {
    name: "a map that programs do not write takes no update",
    head: "map m type=hash key=4 value=8 max=2 flags=0x80",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r3 = r2
      r4 = 0
      r1 = map m ll
      call bpf_map_update_elem#2
      r0 = 0
      exit`,
    message: "write into map forbidden",
  },
  {
    name: "who may know addresses may pass them as numbers",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r3 = r2
      r4 = r10
      r1 = map m ll
      call bpf_map_update_elem#2
      r0 = 0
      exit`,
  },
  {
    name: "an argument must be written",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r1 = map m ll
      call bpf_map_update_elem#2
      r0 = 0
      exit`,
    message: "R3 !read_ok",
  },
  {
    name: "an array of programs is not looked up",
    head: "map m type=prog_array key=4 value=4 max=2",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
    message: "cannot pass map_type 3 into func bpf_map_lookup_elem#1",
  },
  {
    name: "a tail call needs an array of programs",
    head: "map m type=array key=4 value=4 max=2",
    text: `
      r2 = map m ll
      r3 = 0
      call bpf_tail_call#12
      r0 = 0
      exit`,
    message: "expected prog array map for tail call",
  },
  {
    name: "a tail call needs the context",
    head: "map m type=prog_array key=4 value=4 max=2",
    text: `
      r1 = 0
      r2 = map m ll
      r3 = 0
      call bpf_tail_call#12
      r0 = 0
      exit`,
    message: "R1 type=scalar expected=ctx",
  },
  {
    name: "after a tail call that fails the program goes on",
    head: "map m type=prog_array key=4 value=4 max=2",
    text: `
      r2 = map m ll
      r3 = 0
      call bpf_tail_call#12
      r0 = 0
      exit`,
  },
  {
    name: "nothing is in r1 after a tail call",
    head: "map m type=prog_array key=4 value=4 max=2",
    text: `
      r2 = map m ll
      r3 = 0
      call bpf_tail_call#12
      r0 = r1
      exit`,
    message: "R1 !read_ok",
  },
  {
    name: "a size must have an end",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      w2 = w6
      r3 = 0
      r4 = 0
      r5 = 0
      call bpf_csum_diff#28
      r0 = 0
      exit`,
    message: "R2 unbounded memory access, use 'var &= const' or 'if (var < const)'",
  },
  {
    name: "memory of no size may be null",
    type: "sched_cls",
    text: `
      *(u64 *)(r10 -8) = 0
      r1 = 0
      r2 = 0
      r3 = r10
      r3 += -8
      r4 = 8
      r5 = 0
      call bpf_csum_diff#28
      r0 = 0
      exit`,
  },
  {
    name: "memory of some size may not",
    type: "sched_cls",
    text: `
      *(u64 *)(r10 -8) = 0
      r1 = 0
      r2 = 4
      r3 = r10
      r3 += -8
      r4 = 8
      r5 = 0
      call bpf_csum_diff#28
      r0 = 0
      exit`,
    message: "R1 type=scalar expected=fp",
  },
  {
    name: "memory must be as long as its size says",
    type: "sched_cls",
    text: `
      *(u64 *)(r10 -8) = 0
      r1 = 0
      r2 = 0
      r3 = r10
      r3 += -8
      r4 = 12
      r5 = 0
      call bpf_csum_diff#28
      r0 = 0
      exit`,
    message: "invalid read from stack R3 off=-8 size=12",
  },
  {
    name: "a size that may be zero is refused where there must be something",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 8
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      r2 = r6
      call bpf_trace_printk#6
      r0 = 0
      exit`,
    message: "R2 invalid zero-sized read: u64=[0,8]",
  },
  {
    name: "a size that may be negative is refused",
    type: "sched_cls",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      r6 s>>= 32
      if r6 s> 8 goto out
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      r2 = r6
      call bpf_trace_printk#6
    out:
      r0 = 0
      exit`,
    message: "R2 min value is negative, either use unsigned or 'var &= const'",
  },
  {
    name: "what a helper writes need not be written before",
    type: "sched_cls",
    text: `
      r2 = 0
      r3 = r10
      r3 += -8
      r4 = 8
      call bpf_skb_load_bytes#26
      r0 = *(u64 *)(r10 -8)
      exit`,
  },
  {
    name: "what a helper writes is unknown",
    type: "sched_cls",
    text: `
      *(u64 *)(r10 -8) = 7
      r2 = 0
      r3 = r10
      r3 += -8
      r4 = 8
      call bpf_skb_load_bytes#26
      r1 = *(u64 *)(r10 -8)
      if r1 == 7 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "what a helper wrote over is no pointer",
    type: "sched_cls",
    text: `
      *(u64 *)(r10 -8) = r1
      r2 = 0
      r3 = r10
      r3 += -8
      r4 = 8
      call bpf_skb_load_bytes#26
      r1 = *(u64 *)(r10 -8)
      r0 = *(u32 *)(r1 +0)
      exit`,
    message: "R1 invalid mem access 'scalar'",
  },
  {
    name: "the context must be whole",
    type: "sched_cls",
    text: `
      r1 += 8
      r2 = 0
      r3 = r10
      r3 += -8
      r4 = 8
      call bpf_skb_load_bytes#26
      r0 = 0
      exit`,
    message: "dereference of modified ctx ptr R1 off=8 disallowed",
  },
  {
    name: "programs do not write into maps of devices",
    head: "map m type=devmap key=4 value=4 max=1",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r1 = map m ll
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      *(u8 *)(r0 +0) = 1
    out:
      r0 = 0
      exit`,
    message: "write into map forbidden, value_size=4 off=0 size=1",
  },
  {
    name: "a helper that stores into read-only values",
    type: "sched_cls",
    head: "map m type=array key=4 value=8 max=1 flags=0x80",
    text: `
      r6 = r1
      r8 = map_value m+0 ll
      r1 = r6
      r2 = 0
      r3 = r8
      r4 = 8
      call bpf_skb_load_bytes#26
      r0 = 0
      exit`,
    message: "write into map forbidden, value_size=8 off=0 size=8",
  },
  {
    name: "a helper that reads packets reads within them",
    type: "sched_cls",
    text: `
      r2 = *(u32 *)(r1 +76)
      r3 = *(u32 *)(r1 +80)
      r4 = r2
      r4 += 8
      if r4 > r3 goto out
      r3 = r2
      r4 = 12
      r1 = 0
      r2 = 0
      r5 = 0
      call bpf_csum_diff#28
    out:
      r0 = 0
      exit`,
    message: "R3 offset is outside of the packet",
  },
  {
    name: "a helper's result has known bounds",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      call bpf_get_smp_processor_id#8
      if r0 s>= 0 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
  },
  {
    name: "a constant must be one",
    type: "xdp",
    head: "map m type=ringbuf key=0 value=0 max=4096",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r1 = map m ll
      r2 = r6
      r3 = 0
      call bpf_ringbuf_reserve#131
      r0 = 0
      exit`,
    message: "R2 is not a known constant'",
  },
  {
    name: "a map of another kind is not passed",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      ${RESERVATION}
      r0 = 0
      exit`,
    message: "cannot pass map_type 2 into func bpf_ringbuf_reserve#131",
  },
  {
    name: "an event is put only into arrays of events",
    type: "xdp",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = map m ll
      r3 = 0
      r4 = r10
      r4 += -8
      r5 = 8
      call bpf_perf_event_output#25
      r0 = 0
      exit`,
    message: "cannot pass map_type 2 into func bpf_perf_event_output#25",
  },
  {
    name: "an event holds memory of the program",
    type: "xdp",
    head: "map m type=perf_event_array key=4 value=4 max=2",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = map m ll
      r3 = 0
      r4 = r10
      r4 += -8
      r5 = 8
      call bpf_perf_event_output#25
      r0 = 0
      exit`,
  },
  {
    name: "an event holds no more than there is",
    type: "xdp",
    head: "map m type=perf_event_array key=4 value=4 max=2",
    text: `
      *(u64 *)(r10 -8) = 0
      r2 = map m ll
      r3 = 0
      r4 = r10
      r4 += -8
      r5 = 9
      call bpf_perf_event_output#25
      r0 = 0
      exit`,
    message: "invalid read from stack R4 off=-8 size=9",
  },
  {
    name: "redirection goes through maps for it",
    type: "xdp",
    head: "map m type=devmap key=4 value=4 max=2",
    text: `
      r1 = map m ll
      r2 = 0
      r3 = 0
      call bpf_redirect_map#51
      exit`,
  },
  {
    name: "redirection does not go through others",
    type: "xdp",
    head: "map m type=array key=4 value=4 max=2",
    text: `
      r1 = map m ll
      r2 = 0
      r3 = 0
      call bpf_redirect_map#51
      exit`,
    message: "cannot pass map_type 2 into func bpf_redirect_map#51",
  },
  {
    name: "device maps are not for classifiers",
    type: "sched_cls",
    head: "map m type=devmap key=4 value=4 max=2",
    text: `
      r1 = map m ll
      r2 = 0
      r3 = 0
      call bpf_redirect_map#51
      exit`,
    message: "program of this type cannot use helper bpf_redirect_map#51",
  },
  {
    name: "a number is written where it is aligned",
    type: "cgroup_sysctl",
    text: `
      *(u64 *)(r10 -8) = 49
      r1 = r10
      r1 += -8
      r2 = 4
      r3 = 0
      r4 = r10
      r4 += -12
      call bpf_strtol#105
      r0 = 1
      exit`,
    message: "misaligned stack access off 0+-12+0 size 8",
  },
  {
    name: "a number is written where there is room",
    type: "cgroup_sysctl",
    text: `
      *(u64 *)(r10 -8) = 49
      r1 = r10
      r1 += -8
      r2 = 4
      r3 = 0
      r4 = r10
      r4 += -16
      call bpf_strtol#105
      r0 = *(u64 *)(r10 -16)
      r0 = 1
      exit`,
  },
  {
    name: "local storage takes no flags",
    type: "cgroup_skb",
    head: "attach 0\nmap m type=cgroup_storage key=8 value=8 max=0",
    text: `
      r1 = map m ll
      r2 = 1
      call bpf_get_local_storage#81
      r0 = 1
      exit`,
    message: "get_local_storage() doesn't support non-zero flags",
  },
  {
    name: "local storage is always there",
    type: "cgroup_skb",
    head: "attach 0\nmap m type=cgroup_storage key=8 value=8 max=0",
    text: `
      r1 = map m ll
      r2 = 0
      call bpf_get_local_storage#81
      r1 = *(u64 *)(r0 +0)
      r0 = 1
      exit`,
  },
  {
    name: "an adjusted packet must be asked again",
    type: "sched_cls",
    text: `
      r6 = *(u32 *)(r1 +76)
      r3 = *(u32 *)(r1 +80)
      r4 = r6
      r4 += 8
      if r4 > r3 goto out
      r2 = 8
      r3 = 0
      r4 = 0
      r5 = 0
      call bpf_skb_change_head#43
      r0 = *(u8 *)(r6 +0)
    out:
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'scalar'",
  },
  {
    name: "text to print stands in a map nobody writes",
    type: "sched_cls",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = map_value m+0 ll
      r4 = 0
      r5 = 0
      call bpf_snprintf#165
      r0 = 0
      exit`,
    message: "R3 does not point to a readonly map'",
  },
  {
    name: "text to print ends with zero",
    type: "sched_cls",
    head: "map m type=array key=4 value=8 max=1 flags=0x80 data=4141414141414141 frozen",
    text: `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = map_value m+0 ll
      r4 = 0
      r5 = 0
      call bpf_snprintf#165
      r0 = 0
      exit`,
    message: "string is not zero-terminated",
  },
]);

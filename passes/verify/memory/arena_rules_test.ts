/**
 * Arenas: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { ruleCases } from "../testing/rule_cases.ts";

/** A hundred pages, `BPF_F_MMAPABLE`. */
const ARENA = "map a type=arena max=100 flags=1024";

ruleCases("arenas", [
  {
    name: "pages of an arena are allocated and accessed by addresses however computed",
    type: "syscall",
    head: `flags 16
map a type=arena max=100 flags=1024`,
    text: `
      r1 = map a ll
      r2 = 0
      r3 = 1
      r4 = -1
      r5 = 0
      call kfunc bpf_arena_alloc_pages
      r1 = addr_space_cast(r0, 0, 1)
      if r0 == 0 goto out
      *(u32 *)(r1 +0) = 7
      r2 = *(u32 *)(r1 +0)
      r1 += r2
      r1 *= 3
      r1 -= r10
      r3 = *(u8 *)(r1 -30000)
      r4 = r1
      r4 <<= 2
      w4 += 1
      *(u64 *)(r10 -8) = r1
      r5 = *(u64 *)(r10 -8)
      r6 = *(s32 *)(r5 +3)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a variable in an arena is accessed by its address once it is cast",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+16 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = *(u64 *)(r1 +0)
      r0 = 0
      exit`,
  },
  {
    name: "an address in an arena that is not cast is a number",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+16 ll
      r2 = *(u64 *)(r1 +0)
      r0 = 0
      exit`,
    message: "R1 invalid mem access 'scalar'",
  },
  {
    name: "a variable in an arena lies within it",
    type: "sched_cls",
    head: "map a type=arena max=1 flags=1024",
    text: `
      r1 = map_value a+4097 ll
      r0 = 0
      exit`,
    message: "invalid access to map value pointer, value_size=0 off=4097",
  },
  {
    name: "addresses are not cast without an arena",
    type: "sched_cls",
    text: `
      r1 = addr_space_cast(r1, 0, 1)
      r0 = 0
      exit`,
    message: "addr_space_cast insn can only be used in a program that has an associated arena",
  },
  {
    name: "a program has one arena",
    type: "sched_cls",
    head: `map a type=arena max=100 flags=1024
map b type=arena max=100 flags=1024`,
    text: `
      r1 = map a ll
      r2 = map b ll
      r0 = 0
      exit`,
    message: "Only one arena per program",
  },
  {
    name: "an address cast back to the user's is a number",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = addr_space_cast(r1, 1, 0)
      *(u64 *)(r1 +0) = r2
      *(u64 *)(r1 +0) = r1
      r0 = *(u64 *)(r2 +0)
      exit`,
    message: "R2 invalid mem access 'scalar'",
  },
  {
    name: "a number plus an address in an arena is one",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = 4
      r2 += r1
      r0 = 0
      exit`,
  },
  {
    name: "all arithmetic of addresses in an arena is allowed",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = r1
      r1 ^= r2
      r1 |= r1
      r1 /= r2
      r1 += r10
      w1 *= 3
      r2 = r10
      r2 -= r1
      r0 = 0
      exit`,
  },
  {
    name: "an address in an arena that is negated, swapped or cut is a number",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = r1
      r2 = -r2
      r3 = r1
      r3 = be16 r3
      w4 = w1
      r5 = (s32)r1
      r0 = 0
      exit`,
  },
  {
    name: "an address in an arena may be returned where any number may",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r0 = addr_space_cast(r1, 0, 1)
      exit`,
  },
  {
    name: "atomic operations on an arena",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = 1
      lock *(u64 *)(r1 +3) += r2
      r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)
      r2 = atomic64_xchg((u64 *)(r1 +0), r2)
      r0 = 1
      r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)
      lock *(u32 *)(r1 +3) |= r2
      r0 = 0
      exit`,
  },
  {
    name: "atomic operations that need a loop are not made on an arena",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = 1
      r2 = atomic64_fetch_or((u64 *)(r1 +0), r2)
      r0 = 0
      exit`,
    message: "BPF_ATOMIC stores into R1 arena is not allowed",
  },
  {
    name: "an arena is loaded from with acquire and stored to with release",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = load_acquire((u8 *)(r1 +3))
      store_release((u64 *)(r1 +1), r2)
      r0 = 0
      exit`,
  },
  {
    name: "one load does not access an arena and a map",
    type: "sched_cls",
    head: `map a type=arena max=100 flags=1024
map m type=array key=4 value=8 max=1`,
    text: `
      call bpf_get_prandom_u32#7
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      if r0 == 0 goto l
      r1 = map_value m+0 ll
    l:
      r2 = *(u64 *)(r1 +0)
      r0 = 0
      exit`,
    message: "same insn cannot be used with different pointers",
  },
  {
    name: "one atomic operation may be on an arena and on a map",
    type: "sched_cls",
    head: `map a type=arena max=100 flags=1024
map m type=array key=4 value=8 max=1`,
    text: `
      call bpf_get_prandom_u32#7
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      if r0 == 0 goto l
      r1 = map_value m+0 ll
    l:
      r2 = 1
      lock *(u64 *)(r1 +0) += r2
      r0 = 0
      exit`,
  },
  {
    name: "helpers take no address in an arena as memory",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = 8
      r3 = 0
      r4 = 0
      r5 = 0
      call bpf_csum_diff#28
      r0 = 0
      exit`,
    message:
      "R1 type=arena expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_",
  },
  {
    name: "pages are allocated where the program may sleep",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map a ll
      r2 = 0
      r3 = 1
      r4 = -1
      r5 = 0
      call kfunc bpf_arena_alloc_pages
      r0 = 0
      exit`,
    message: "program must be sleepable to call sleepable kfunc bpf_arena_alloc_pages",
  },
  {
    name: "pages are asked of any map",
    type: "syscall",
    head: `flags 16
map a type=arena max=100 flags=1024
map m type=array key=4 value=8 max=1`,
    text: `
      r1 = map m ll
      r2 = 0
      r3 = 1
      call kfunc bpf_arena_free_pages
      r1 = map a ll
      r2 = r10
      r3 = 1
      call kfunc bpf_arena_reserve_pages
      r0 = 0
      exit`,
  },
  {
    name: "an arena has no elements to look up",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map a ll
      r2 = r10
      r2 += -4
      *(u32 *)(r10 -4) = 0
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
    message: "invalid zero-sized read",
  },
  {
    name: "a list in an arena is followed",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
    again:
      r1 = addr_space_cast(r1, 0, 1)
      r1 = *(u64 *)(r1 +0)
      may_goto out
      if r1 != 0 goto again
    out:
      r0 = 0
      exit`,
  },
  {
    name: "where an address cast to the user's came from counts",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r2 = addr_space_cast(r1, 1, 0)
      r2 &= 7
      r3 = r10
      r3 += -8
      r3 += r2
      *(u8 *)(r3 +0) = 1
      r0 = 0
      exit`,
  },
  {
    name: "addresses are cast between spaces 0 and 1 only",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r2 = addr_space_cast(r1, 1, 1)
      r0 = 0
      exit`,
    message: "addr_space_cast insn can only convert between address space 1 and 0",
  },
  {
    name: "arithmetic with an address in an arena gives one, whatever with",
    type: "sched_cls",
    head: ARENA,
    text: `
      r1 = map_value a+0 ll
      r1 = addr_space_cast(r1, 0, 1)
      r2 = 4
      r2 *= r1
      r2 = 4
      w2 += w1
      r2 = 4
      r2 -= r1
      r2 = 4
      r2 /= r1
      r3 = r10
      r3 -= r1
      r3 = r10
      r3 += r1
      r3 = r10
      r3 ^= r1
      r0 = 0
      exit`,
  },
]);

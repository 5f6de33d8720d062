/**
 * What branches say of numbers and of pointers that may be null: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { LOOKUP, ruleCases } from "../testing/rule_cases.ts";

ruleCases("branches", [
  {
    name: "a compare with a constant bounds the number",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      if r6 > 7 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a compare bounds only the way it holds on",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      if r6 > 7 goto big
      r0 = 0
      exit
    big:
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "math between map_value pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a compare one too far does not bound enough",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      if r6 > 8 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
    message: "R8 max value is outside of the allowed memory range",
  },
  {
    name: "a signed compare leaves negative numbers",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      r6 s>>= 32
      if r6 s> 7 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
    message: "value -2147483648 makes map_value pointer be out of bounds",
  },
  {
    name: "two signed compares bound a number",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      r6 s>>= 32
      if r6 s> 7 goto out
      if r6 s< 0 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a compare of halves does not bound the whole",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      r6 |= 1
      if w6 > 7 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
    message: "value -9223372036854775807 makes map_value pointer be out of bounds",
  },
  {
    name: "an equal number has the other's bounds",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      call bpf_get_prandom_u32#7
      r7 = r0
      r6 &= 7
      if r6 != r7 goto out
      r8 = map_value m+0 ll
      r8 += r7
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a different number at an end of the range is not in it",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      if r6 > 8 goto out
      if r6 == 8 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "no bit set clears the bits",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      if r6 & 0xfffffff8 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a register less than another is less than its most",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      call bpf_get_prandom_u32#7
      r7 = r0
      r7 &= 7
      if r6 >= r7 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "copies are bounded together",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r7 = r6
      if r6 > 7 goto out
      r8 = map_value m+0 ll
      r8 += r7
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a copy that was changed is not bounded with the original",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r7 = r6
      r7 <<= 1
      if r6 > 7 goto out
      r8 = map_value m+0 ll
      r8 += r7
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
    message: "math between map_value pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a copy moved by a constant is bounded with the original",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r7 = r6
      r7 += 8
      if r6 > 7 goto out
      r8 = map_value m+0 ll
      r8 += r7
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "a copy moved too far leaves the value",
    head: "map m type=array key=4 value=15 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r7 = r6
      r7 += 8
      if r6 > 7 goto out
      r8 = map_value m+0 ll
      r8 += r7
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
    message: "R8 max value is outside of the allowed memory range",
  },
  {
    name: "a half copy is not a copy of what is wider",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 1
      w7 = w6
      if r7 > 7 goto out
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
    out:
      r0 = 0
      exit`,
    message: "math between map_value pointer and register with unbounded min value is not allowed",
  },
  {
    name: "what may be null cannot be read",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      r0 = *(u64 *)(r0 +0)
      exit`,
    message: "R0 invalid mem access 'map_value_or_null'",
  },
  {
    name: "what is not null can be read",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r0 = *(u64 *)(r0 +0)
      exit
    out:
      r0 = 0
      exit`,
  },
  {
    name: "null cannot be read",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      if r0 != 0 goto out
      r0 = *(u64 *)(r0 +0)
      exit
    out:
      r0 = 0
      exit`,
    message: "R0 invalid mem access 'scalar'",
  },
  {
    name: "copies are null together",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      r6 = r0
      if r0 == 0 goto out
      r0 = *(u64 *)(r6 +0)
      exit
    out:
      r0 = 0
      exit`,
  },
  {
    name: "two lookups are not null together",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      r6 = r0
      ${LOOKUP}
      if r0 == 0 goto out
      r0 = *(u64 *)(r6 +0)
      exit
    out:
      r0 = 0
      exit`,
    message: "R6 invalid mem access 'map_value_or_null'",
  },
  {
    name: "a pointer that equals one that is not null is not null",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      r6 = r0
      ${LOOKUP}
      if r0 == 0 goto out
      if r0 != r6 goto out
      r0 = *(u64 *)(r6 +0)
      exit
    out:
      r0 = 0
      exit`,
  },
  {
    name: "half a compare with zero says nothing about null",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      if w0 == 0 goto out
      r0 = *(u64 *)(r0 +0)
      exit
    out:
      r0 = 0
      exit`,
    message: "R0 invalid mem access 'map_value_or_null'",
  },
  {
    name: "the stack is not known not to be null",
    text: `
      r2 = r10
      if r2 == 0 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "a place in a map is not null",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      if r1 == 0 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
  },
  {
    name: "half of a place in a map may be zero",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      if w1 == 0 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
    kernelAccepts: true,
  },
  {
    name: "a place in a map may be any number but zero",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      if r1 == 5 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "a place in a map compared with zero from the other side",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      r2 = 0
      if r2 == r1 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
  },
  {
    name: "a place in a map may be more than zero as signed numbers go, or less",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      if r1 s< 0 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "a place in a map is not compared with a number that is not known",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r1 = map_value m+0 ll
      if r1 == r0 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "halves of packet pointers are not compared as pointers",
    type: "xdp",
    text: `
      r2 = *(u32 *)(r1 +0)
      r3 = *(u32 *)(r1 +4)
      r4 = r2
      r4 += 8
      if w4 > w3 goto out
      r0 = *(u64 *)(r2 +0)
    out:
      r0 = 0
      exit`,
    message: "R2 offset is outside of the packet",
  },
  {
    name: "halves of numbers decide by halves",
    text: `
      r1 = 0x100000000 ll
      if w1 == 0 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
  },
  {
    name: "half of a number that is not known decides nothing",
    text: `
      call bpf_get_prandom_u32#7
      r0 <<= 1
      if w0 == 2 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "a place at any distance in a map may be null",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 >>= 1
      r1 = map_value m+0 ll
      r1 += r6
      if r1 == 0 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
    kernelAccepts: true,
  },
]);

/**
 * What registers hold after arithmetic, and which arithmetic pointers know: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { LOOKUP, ruleCases } from "../testing/rule_cases.ts";

ruleCases("arithmetic", [
  {
    name: "pointer plus pointer is no pointer",
    type: "xdp",
    text: `
      r2 = r1
      r2 += r1
      r0 = 0
      exit`,
    message: "R2 pointer += pointer prohibited",
  },
  {
    name: "pointers can be subtracted when the program may know addresses",
    text: `
      r2 = r10
      r2 -= r1
      r0 = 0
      exit`,
  },
  {
    name: "a number minus a pointer is refused",
    text: `
      r2 = 8
      r2 -= r1
      r0 = 0
      exit`,
    message: "R2 tried to subtract pointer from scalar",
  },
  {
    name: "a number plus a pointer is the pointer moved",
    text: `
      r2 = -8
      r2 += r10
      *(u64 *)(r2 +0) = 0
      r0 = *(u64 *)(r10 -8)
      exit`,
  },
  {
    name: "the stack pointer cannot be lowered by a number in a register",
    text: `
      r2 = r10
      r3 = 8
      r2 -= r3
      *(u64 *)(r2 +0) = 0
      r0 = 0
      exit`,
    message: "R2 subtraction from stack pointer prohibited",
  },
  {
    name: "pointers know no bitwise and",
    text: `
      r2 = r10
      r2 &= -8
      r0 = 0
      exit`,
    message: "R2 bitwise operator &= on pointer prohibited",
  },
  {
    name: "pointers cannot be multiplied",
    text: `
      r2 = r10
      r2 *= 2
      r0 = 0
      exit`,
    message: "R2 pointer arithmetic with *= operator prohibited",
  },
  {
    name: "pointers cannot be shifted",
    text: `
      r2 = r10
      r2 <<= 1
      r0 = 0
      exit`,
    message: "R2 pointer arithmetic with <<= operator prohibited",
  },
  {
    name: "the lower half of a pointer knows no arithmetic",
    text: `
      r2 = r10
      w2 += 1
      r0 = 0
      exit`,
    message: "R2 32-bit pointer arithmetic prohibited",
  },
  {
    name: "the lower half of a pointer is a number",
    text: `
      w2 = w10
      r0 = *(u8 *)(r2 +0)
      exit`,
    message: "R2 invalid mem access 'scalar'",
  },
  {
    name: "a pointer cannot be moved by more than 2^29",
    text: `
      r2 = r10
      r2 += 536870912
      r0 = 0
      exit`,
    message: "math between fp pointer and 536870912 is not allowed",
  },
  {
    name: "a pointer cannot be moved by a number without bounds",
    type: "xdp",
    text: `
      r2 = *(u32 *)(r1 +0)
      r3 = *(u32 *)(r1 +12)
      r3 <<= 32
      r2 += r3
      r0 = 0
      exit`,
    message: "math between pkt pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a pointer that may be null cannot be moved",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      ${LOOKUP}
      r0 += 1
      r0 = 0
      exit`,
    message: "R0 pointer arithmetic on map_value_or_null prohibited, null-check it first",
  },
  {
    name: "the packet's end cannot be moved",
    type: "xdp",
    text: `
      r2 = *(u32 *)(r1 +4)
      r2 += 1
      r0 = 0
      exit`,
    message: "R2 pointer arithmetic on pkt_end prohibited",
  },
  {
    name: "a map itself cannot be moved",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      r1 = map m ll
      r1 += 8
      r0 = 0
      exit`,
    message: "R1 pointer arithmetic on map_ptr prohibited",
  },
  {
    name: "a map can be moved by nothing",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      r1 = map m ll
      r1 += 0
      r0 = 0
      exit`,
  },
  {
    name: "the context moved is not the context",
    type: "xdp",
    text: `
      r2 = r1
      r2 += 12
      r0 = *(u32 *)(r2 +0)
      exit`,
    message: "dereference of modified ctx ptr R2 off=12 disallowed",
  },
  {
    name: "no division by a constant zero",
    text: `
      r0 = 1
      r0 /= 0
      exit`,
    message: "div by zero",
  },
  {
    name: "no remainder by a constant zero",
    text: `
      r0 = 1
      r0 %= 0
      exit`,
    message: "div by zero",
  },
  {
    name: "a quotient is not computed",
    text: `
      r0 = 1
      r2 = 0
      r0 /= r2
      if r0 != 0 goto bad
      r0 = 0
      exit
    bad:
      r0 = r9
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "no shift by the width of the register",
    text: `
      r0 = 1
      r0 <<= 64
      exit`,
    message: "invalid shift 64",
  },
  {
    name: "no shift of a half register by 32",
    text: `
      r0 = 1
      w0 <<= 32
      exit`,
    message: "invalid shift 32",
  },
  {
    name: "no shift by less than nothing",
    text: `
      r0 = 1
      r0 >>= -1
      exit`,
    message: "invalid shift -1",
  },
  {
    name: "a known sum is a constant",
    text: `
      r2 = 5
      r2 += 7
      if r2 == 12 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
  },
  {
    name: "a sum of numbers with bounds is bounded",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      r7 = r6
      r7 += r6
      r8 = map_value m+0 ll
      r8 += r7
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "a sum can leave the value",
    head: "map m type=array key=4 value=14 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      r7 = r6
      r7 += r6
      r8 = map_value m+0 ll
      r8 += r7
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 max value is outside of the allowed memory range",
  },
  {
    name: "and bounds what was unknown",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "a mask one bit too wide leaves the value",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 15
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 max value is outside of the allowed memory range",
  },
  {
    name: "or adds bits",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 3
      r6 |= 8
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 min value is outside of the allowed memory range",
  },
  {
    name: "xor knows bits",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 3
      r6 ^= 7
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "a product leaves what its factors do not",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 3
      r6 *= 3
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 max value is outside of the allowed memory range",
  },
  {
    name: "a shift left multiplies",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 1
      r6 <<= 3
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 max value is outside of the allowed memory range",
  },
  {
    name: "a shift right divides",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      w6 >>= 29
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "an arithmetic shift right keeps the sign",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      r6 s>>= 61
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 min value is negative, either use unsigned index or do a if (index >=0) check.",
  },
  {
    name: "the negative of a positive number is negative",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      r6 = -r6
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 min value is negative, either use unsigned index or do a if (index >=0) check.",
  },
  {
    name: "a remainder has no bounds",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 %= 8
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "math between map_value pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a swapped number has its bits elsewhere",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      r6 = be16 r6
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 max value is outside of the allowed memory range",
  },
  {
    name: "sign extension may make a number negative",
    head: "map m type=array key=4 value=300 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 255
      r6 = (s8)r6
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 min value is negative, either use unsigned index or do a if (index >=0) check.",
  },
  {
    name: "sign extension of what has no sign changes nothing",
    head: "map m type=array key=4 value=128 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 127
      r6 = (s8)r6
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "a half register's arithmetic clears the other half",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r6 = -1
      r6 <<= 32
      r6 |= 7
      w6 += 0
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "a half register wraps",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      w6 += -1
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "R8 unbounded memory access, make sure to bounds check any such access",
  },
  {
    name: "a sum that may overflow has any sign",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 7
      r7 = -1
      r7 >>= 1
      r7 += r6
      if r7 s>= 0 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "a product has a greatest value",
    head: "map m type=array key=4 value=10 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 3
      r6 *= 3
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "a shift left has a greatest value",
    head: "map m type=array key=4 value=9 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 &= 1
      r6 <<= 3
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
  },
  {
    name: "a signed sum may overflow",
    text: `
      r6 = *(u64 *)(r10 -8)
      if r6 s< -5 goto out
      r6 += 10
      if r6 s>= 0 goto out
      r0 = r9
    out:
      r0 = 0
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "an unsigned sum may overflow",
    text: `
      r6 = *(u64 *)(r10 -8)
      if r6 < 16 goto out
      r6 += 256
      if r6 > 271 goto out
      r0 = r9
    out:
      r0 = 0
      exit`,
    message: "R9 !read_ok",
  },
]);

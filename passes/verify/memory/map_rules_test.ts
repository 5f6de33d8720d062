/**
 * How programs may use maps and their values: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { LOOKUP, ruleCases } from "../testing/rule_cases.ts";

ruleCases("maps", [
  {
    name: "map values end",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r8 = map_value m+0 ll
      r0 = *(u8 *)(r8 +8)
      exit`,
    message: "R8 min value is outside of the allowed memory range",
  },
  {
    name: "map values begin",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r8 = map_value m+0 ll
      r0 = *(u8 *)(r8 -1)
      exit`,
    message: "R8 min value is outside of the allowed memory range",
  },
  {
    name: "a variable offset may leave the value below",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      r6 s>>= 32
      r8 = map_value m+0 ll
      r8 += r6
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "value -2147483648 makes map_value pointer be out of bounds",
  },
  {
    name: "a map that programs do not write",
    head: "map m type=array key=4 value=8 max=1 flags=0x80",
    text: `
      r8 = map_value m+0 ll
      *(u8 *)(r8 +0) = 1
      r0 = 0
      exit`,
    message: "write into map forbidden, value_size=8 off=0 size=1",
  },
  {
    name: "a map that programs do not read",
    head: "map m type=array key=4 value=8 max=1 flags=0x100",
    text: `
      r8 = map_value m+0 ll
      r0 = *(u8 *)(r8 +0)
      exit`,
    message: "read from map forbidden, value_size=8 off=0 size=1",
  },
  {
    name: "a frozen map's contents are known",
    head: "map m type=array key=4 value=8 max=1 flags=0x80 data=0700000000000000 frozen",
    text: `
      r1 = map_value m+0 ll
      r2 = *(u32 *)(r1 +0)
      if r2 == 7 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
  },
  {
    name: "a map that is not frozen may change",
    head: "map m type=array key=4 value=8 max=1 flags=0x80 data=0700000000000000",
    text: `
      r1 = map_value m+0 ll
      r2 = *(u32 *)(r1 +0)
      if r2 == 7 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "signed parts of known contents are sign-extended",
    head: "map m type=array key=4 value=8 max=1 flags=0x80 data=ff00000000000000 frozen",
    text: `
      r1 = map_value m+0 ll
      r2 = *(s8 *)(r1 +0)
      if r2 == -1 goto good
      r0 = r9
    good:
      r0 = 0
      exit`,
  },
  {
    name: "a pointer cannot be kept in a map by accident",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r8 = map_value m+0 ll
      *(u64 *)(r8 +0) = r10
      r0 = 0
      exit`,
  },
  {
    name: "a constant key in range finds an element",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      *(u32 *)(r10 -8) = 1
      r2 = r10
      r2 += -8
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = *(u64 *)(r0 +0)
      exit`,
  },
  {
    name: "a constant key out of range may not",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      *(u32 *)(r10 -8) = 2
      r2 = r10
      r2 += -8
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = *(u64 *)(r0 +0)
      exit`,
    message: "R0 invalid mem access 'map_value_or_null'",
  },
  {
    name: "a hash may lack any key",
    head: "map m type=hash key=4 value=8 max=2",
    text: `
      *(u32 *)(r10 -8) = 1
      r2 = r10
      r2 += -8
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = *(u64 *)(r0 +0)
      exit`,
    message: "R0 invalid mem access 'map_value_or_null'",
  },
  {
    name: "a key that is not known may be missing",
    head: "map m type=array key=4 value=8 max=2",
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      *(u32 *)(r10 -4) = r6
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_lookup_elem#1
      r0 = *(u64 *)(r0 +0)
      exit`,
    message: "R0 invalid mem access 'map_value_or_null'",
  },
  {
    name: "strict alignment within map values",
    head: "flags 1\nmap m type=array key=4 value=8 max=1",
    text: `
      r8 = map_value m+0 ll
      r0 = *(u32 *)(r8 +2)
      exit`,
    message: "misaligned value access off 0+0+2 size 4",
  },
  {
    name: "alignment does not matter otherwise",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r8 = map_value m+0 ll
      r0 = *(u32 *)(r8 +2)
      exit`,
  },
  {
    name: "addresses into values must be within them",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r1 = map_value m+8 ll
      r0 = 0
      exit`,
    message: "invalid access to map value pointer, value_size=8 off=8",
  },
  {
    name: "addresses of values exist only in arrays",
    head: "map m type=hash key=4 value=8 max=1",
    text: `
      r1 = map_value m+0 ll
      r0 = 0
      exit`,
    message: "no direct value access support for this map type",
  },
  {
    name: "maps of maps lead to maps",
    head:
      "map i type=array key=4 value=8 max=1\nmap m type=array_of_maps key=4 value=4 max=1 initial=[0:map#0] inner=(i type=array key=4 value=8 max=1)",
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r1 = r0
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      r0 = *(u64 *)(r0 +0)
    out:
      r0 = 0
      exit`,
  },
  {
    name: "an inner map may be missing",
    head:
      "map i type=array key=4 value=8 max=1\nmap m type=array_of_maps key=4 value=4 max=1 initial=[0:map#0] inner=(i type=array key=4 value=8 max=1)",
    text: `
      ${LOOKUP}
      r1 = r0
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem#1
      r0 = 0
      exit`,
    message: "R1 type=map_value_or_null expected=map_ptr",
  },
  {
    name: "an inner map's values end like their prototype's",
    head:
      "map i type=array key=4 value=8 max=1\nmap m type=array_of_maps key=4 value=4 max=1 initial=[0:map#0] inner=(i type=array key=4 value=8 max=1)",
    text: `
      ${LOOKUP}
      if r0 == 0 goto out
      r1 = r0
      r2 = r10
      r2 += -4
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      r0 = *(u64 *)(r0 +8)
    out:
      r0 = 0
      exit`,
    message: "R0 min value is outside of the allowed memory range",
  },
  {
    name: "an element's value is atomically changed",
    head: "map m type=array key=4 value=8 max=1",
    text: `
      r8 = map_value m+0 ll
      r1 = 1
      lock *(u64 *)(r8 +0) += r1
      r0 = 0
      exit`,
  },
  {
    name: "not where programs do not write",
    head: "map m type=array key=4 value=8 max=1 flags=0x80",
    text: `
      r8 = map_value m+0 ll
      r1 = 1
      lock *(u64 *)(r8 +0) += r1
      r0 = 0
      exit`,
    message: "write into map forbidden, value_size=8 off=0 size=8",
  },
  {
    name: "nor where it is not aligned",
    head: "map m type=array key=4 value=16 max=1",
    text: `
      r8 = map_value m+0 ll
      r1 = 1
      lock *(u64 *)(r8 +4) += r1
      r0 = 0
      exit`,
    message: "misaligned value access off 0+0+4 size 8",
  },
]);

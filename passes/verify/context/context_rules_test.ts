/**
 * How programs may use their context: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { ruleCases } from "../testing/rule_cases.ts";

ruleCases("contexts", [
  {
    name: "a context has fields only where it has them",
    type: "xdp",
    text: `
      r0 = *(u32 *)(r1 +24)
      exit`,
    message: "invalid bpf_context access off=24 size=4",
  },
  {
    name: "a context's words are read as words",
    type: "xdp",
    text: `
      r0 = *(u64 *)(r1 +12)
      exit`,
    message: "invalid bpf_context access off=12 size=8",
  },
  {
    name: "parts of some words cannot be read",
    type: "xdp",
    text: `
      r0 = *(u8 *)(r1 +12)
      exit`,
    message: "invalid bpf_context access off=12 size=1",
  },
  {
    name: "parts of other words can",
    text: `
      r0 = *(u8 *)(r1 +16)
      exit`,
  },
  {
    name: "unaligned parts cannot",
    text: `
      r0 = *(u16 *)(r1 +17)
      exit`,
    message: "invalid bpf_context access off=17 size=2",
  },
  {
    name: "contexts cannot be written except where they can",
    type: "xdp",
    text: `
      *(u32 *)(r1 +12) = 0
      r0 = 0
      exit`,
    message: "invalid bpf_context access off=12 size=4",
  },
  {
    name: "the scratch words of a packet can be written",
    text: `
      *(u32 *)(r1 +48) = 0
      r0 = 0
      exit`,
  },
  {
    name: "parts of scratch words as well",
    text: `
      *(u16 *)(r1 +50) = 0
      r0 = 0
      exit`,
  },
  {
    name: "a classifier writes the mark",
    type: "sched_cls",
    text: `
      *(u32 *)(r1 +8) = 7
      r0 = 0
      exit`,
  },
  {
    name: "a socket filter does not",
    text: `
      *(u32 *)(r1 +8) = 7
      r0 = 0
      exit`,
    message: "invalid bpf_context access off=8 size=4",
  },
  {
    name: "a classifier sees its class",
    type: "sched_cls",
    text: `
      r0 = *(u32 *)(r1 +72)
      exit`,
  },
  {
    name: "a socket filter does not see the packet's pointers",
    text: `
      r0 = *(u32 *)(r1 +76)
      exit`,
    message: "invalid bpf_context access off=76 size=4",
  },
  {
    name: "the context cannot be read at a variable offset",
    type: "xdp",
    text: `
      r2 = *(u32 *)(r1 +12)
      r2 &= 4
      r1 += r2
      r0 = *(u32 *)(r1 +0)
      exit`,
    message: "variable ctx access var_off=(0x0; 0x4) disallowed",
  },
  {
    name: "nothing before the context",
    type: "xdp",
    text: `
      r0 = *(u32 *)(r1 -4)
      exit`,
    message: "invalid bpf_context access off=-4 size=4",
  },
  {
    name: "who may know addresses may store them into the context",
    text: `
      *(u32 *)(r1 +48) = r1
      r0 = 0
      exit`,
  },
  {
    name: "contexts take no atomic operations",
    text: `
      r2 = 1
      lock *(u32 *)(r1 +48) += r2
      r0 = 0
      exit`,
    message: "BPF_ATOMIC stores into R1 ctx is not allowed",
  },
  {
    name: "numbers cannot be followed",
    text: `
      r2 = 1
      r0 = *(u8 *)(r2 +0)
      exit`,
    message: "R2 invalid mem access 'scalar'",
  },
  {
    name: "registers nobody wrote cannot be followed",
    text: `
      r0 = *(u8 *)(r3 +0)
      exit`,
    message: "R3 !read_ok",
  },
  {
    name: "sign extending loads of pointers are refused",
    type: "xdp",
    text: `
      r2 = *(s32 *)(r1 +0)
      r0 = 0
      exit`,
    message: "invalid bpf_context access off=0 size=4",
  },
]);

/**
 * Short cuts of the walk: what was computed, allowed or looked for before is not done again. Each program has a step that was met
 * before and another that only looks as if it had been; taking the one for the other would let the program do harm.
 */
import { assertEquals } from "@std/assert";
import { programOf, verdictOf } from "../testing/programs.ts";
import { LOOKUP, ruleCases } from "../testing/rule_cases.ts";

const ARRAY = "map a type=array key=4 value=64 max=1";

ruleCases("short cuts", [
  {
    name: "how far a pointer moves is relied on, also where the sum is known from before",
    head: `flags 8\n${ARRAY}`,
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r1 = 4
      r2 = map_value a+0 ll
      r2 += r1
      r0 = *(u8 *)(r2 +0)
      r1 = 400
      if r6 == 7 goto on
      r1 = 4
    on:
      r2 = map_value a+0 ll
      r2 += r1
      r0 = *(u8 *)(r2 +0)
      r0 = 0
      exit`,
    message: "R2 min value is outside of the allowed memory range",
  },
  {
    name: "two packet pointers moved by equal ranges are not the same pointer",
    type: "xdp",
    text: `
      r6 = *(u32 *)(r1 +0)
      r7 = *(u32 *)(r1 +4)
      call bpf_get_prandom_u32#7
      r8 = r0
      r8 &= 31
      call bpf_get_prandom_u32#7
      r9 = r0
      r9 &= 31
      r2 = r6
      r2 += r8
      r3 = r6
      r3 += r9
      r4 = r2
      r4 += 1
      if r4 > r7 goto out
      r0 = *(u8 *)(r3 +0)
    out:
      r0 = 2
      exit`,
    message: "R3 offset is outside of the packet",
  },
  {
    name: "each mask that chooses between two numbers has two ways, also where it was met before",
    head: ARRAY,
    text: `
      call bpf_get_prandom_u32#7
      r6 = r0
      r6 <<= 32
      call bpf_get_prandom_u32#7
      r7 = r0
      r7 <<= 32
      r6 s>>= 63
      r6 &= 7
      r7 s>>= 63
      r7 &= 7
      if r6 == 7 goto out
      if r7 != 0 goto out
      r1 = 0
      r0 = *(u8 *)(r1 +0)
    out:
      r0 = 0
      exit`,
    message: "R1 invalid mem access 'scalar'",
  },
  {
    name: "a load is used with one sort of pointer, also where it is known from before what it loads",
    head: ARRAY,
    text: `
      r6 = r1
      call bpf_get_prandom_u32#7
      r2 = map_value a+0 ll
      r3 = *(u32 *)(r2 +0)
      if r0 == 7 goto on
      r2 = r6
    on:
      r3 = *(u32 *)(r2 +0)
      r0 = 0
      exit`,
    message: "same insn cannot be used with different pointers",
  },
  {
    name: "what was looked for from somewhere before does not count for another register",
    head: `flags 8\n${ARRAY}`,
    text: `
      call bpf_get_prandom_u32#7
      r8 = r0
      r6 = 1
      r7 = 900
      if r8 == 7 goto on
      r7 = 1
    on:
      r1 = 1
      if r8 == 9 goto next
      r1 = 2
    next:
      r3 = map_value a+0 ll
      r3 += r6
      r0 = *(u8 *)(r3 +0)
      r3 = map_value a+0 ll
      r3 += r7
      r0 = *(u8 *)(r3 +0)
      r0 = 0
      exit`,
    message: "R3 min value is outside of the allowed memory range",
  },
  {
    name: "an equal pointer in a stack slot is the same as one in a register only if it was before",
    head: "flags 8\nmap m type=hash key=4 value=64 max=8",
    text: `
      ${LOOKUP}
      *(u64 *)(r10 -16) = r0
      r6 = r0
      call bpf_get_prandom_u32#7
      if r0 == 7 goto other
    on:
      if r6 == 0 goto out
      r1 = *(u64 *)(r10 -16)
      r0 = *(u8 *)(r1 +0)
    out:
      r0 = 0
      exit
    other:
      ${LOOKUP}
      r6 = r0
      goto on`,
    message: "R1 invalid mem access 'map_value_or_null'",
  },
]);

Deno.test("what was allowed in one program is not in another", () => {
  // The load is looked up the second time the verifier comes to it, with a pointer that only the other program met.
  const text = (size: number): string => `
    map m type=array key=4 value=${size} max=1
    func test:
      call bpf_get_prandom_u32#7
      r1 = map_value m+0 ll
      if r0 == 7 goto far
    on:
      r0 = *(u8 *)(r1 +0)
      r0 = 0
      exit
    far:
      r1 += 60
      goto on`;
  assertEquals(verdictOf(programOf(text(64))).verdict, "accept");
  assertEquals(
    verdictOf(programOf(text(8))).message,
    "R1 min value is outside of the allowed memory range",
  );
});

/**
 * Where paths meet: what one of them must have in common with another to be covered by it. Each program has two ways to one place, a
 * harmless one that is walked first, and one that does harm behind it; states are saved wherever they are compared.
 */
import { LOOKUP, ruleCases } from "../testing/rule_cases.ts";

/** A byte at offset `r1` of an array's value of 64 bytes. */
const ACCESS = `r2 = map_value a+0 ll
      r2 += r1
      r0 = *(u8 *)(r2 +0)
      r0 = 0
      exit`;
const ARRAY = "flags 8\nmap a type=array key=4 value=64 max=1";
const FORK = `call bpf_get_prandom_u32#7
      r6 = r0
      call bpf_get_prandom_u32#7`;

ruleCases("pruning", [
  {
    name: "bits of a number that are known on one way only are not known where ways meet",
    head: ARRAY,
    text: `
      ${FORK}
      if r0 == 7 goto other
      r6 &= 2
      goto on
    other:
      if r6 > 2 goto out
    on:
      r6 &= 1
      r1 = r6
      r1 *= 100
      ${ACCESS}
    out:
      r0 = 0
      exit`,
    message: "R2 max value is outside of the allowed memory range",
  },
  {
    name: "a number that nobody depends on does not stand for a pointer",
    head: "flags 8",
    text: `
      r7 = r1
      ${FORK}
      if r0 == 7 goto on
      r7 = r6
    on:
      r7 *= 2
      r0 = 0
      exit`,
    message: "R7 pointer arithmetic with *= operator prohibited",
  },
  {
    name: "a map value near its begin does not stand for one that may be further",
    head: ARRAY,
    text: `
      ${FORK}
      r2 = map_value a+0 ll
      if r0 == 7 goto far
      r6 &= 7
      goto on
    far:
      r6 &= 255
    on:
      r2 += r6
      r6 = 0
      if r0 == 3 goto next
    next:
      r0 = *(u8 *)(r2 +0)
      exit`,
    message: "R2 max value is outside of the allowed memory range",
  },
  {
    name: "two results of one lookup do not stand for results of two",
    head: "flags 8\nmap m type=hash key=4 value=8 max=1",
    text: `
      ${LOOKUP}
      r6 = r0
      ${LOOKUP}
      r7 = r0
      call bpf_get_prandom_u32#7
      if r0 == 7 goto on
      r6 = r7
    on:
      if r6 == 0 goto out
      r0 = *(u8 *)(r7 +0)
    out:
      r0 = 0
      exit`,
    message: "R7 invalid mem access 'map_value_or_null'",
  },
  {
    name: "a byte that is zero does not stand for one that may be anything",
    head: ARRAY,
    text: `
      ${FORK}
      *(u8 *)(r10 -7) = r6
      if r0 == 7 goto on
      *(u8 *)(r10 -7) = 0
    on:
      r1 = *(u8 *)(r10 -7)
      ${ACCESS}`,
    message: "R2 max value is outside of the allowed memory range",
  },
  {
    name: "a comparison with a number that is known on each way depends on it",
    head: "flags 8",
    text: `
      call bpf_get_prandom_u32#7
      r7 = 50
      r6 = 10
      if r0 == 7 goto on
      r6 = 100
    on:
      if r7 < r6 goto out
      r0 = r9
    out:
      r0 = 0
      exit`,
    message: "R9 !read_ok",
  },
  {
    name: "what is depended on behind a covering state is depended on before the covered one",
    head: ARRAY,
    text: `
      call bpf_get_prandom_u32#7
      r6 = 5
      if r0 != 1 goto around
      goto end
    around:
      call bpf_get_prandom_u32#7
      r6 = 500
      if r0 == 7 goto on
      r6 = 5
    on:
      r9 = 0
    end:
      r1 = r6
      ${ACCESS}`,
    message: "R2 min value is outside of the allowed memory range",
  },
  {
    name: "what a program returns must be right on every way",
    type: "cgroup_skb",
    head: "flags 8",
    text: `
      call bpf_get_prandom_u32#7
      r6 = 5
      if r0 == 7 goto on
      r6 = 1
    on:
      r0 = r6
      exit`,
    message: "At program exit the register R0 has smin=5 smax=5 should have been in [0, 1]",
  },
  {
    name: "a zero written to a byte is a zero on every way",
    head: ARRAY,
    text: `
      call bpf_get_prandom_u32#7
      r6 = 100
      if r0 == 7 goto on
      r6 = 0
    on:
      *(u8 *)(r10 -7) = r6
      r1 = *(u8 *)(r10 -7)
      ${ACCESS}`,
    message: "R2 max value is outside of the allowed memory range",
  },
  {
    name: "a number is looked for below a stack that had not grown yet",
    type: "kprobe",
    head: "flags 8",
    text: `
      call bpf_get_prandom_u32#7
      if r0 == 7 goto helper
      call bpf_ktime_get_ns#5
      *(u64 *)(r10 -8) = r0
      goto met
    helper:
      r3 = 0
      r2 = 8
      r1 = r10
      r1 += -8
      call bpf_probe_read_user#112
    met:
      r1 = *(u64 *)(r10 -8)
      r1 &= 255
      r0 = 0
      if r1 > 300 goto out
      exit
    out:
      exit`,
    message: "verifier bug: stack slot 0, total slots 0 (i >= func->allocated_stack / BPF_REG_SIZE)",
  },
]);

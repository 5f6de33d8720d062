/**
 * Kernel pointers in map values: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { type RuleCase, ruleCases } from "../testing/rule_cases.ts";

const TASK: RuleCase["attach"] = [23, "task_newtask"];
const HEAD = "map m type=array key=4 value=16 max=1 key_type=1 value_type=9";
const ACQUIRED = `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire
      if r0 == 0 goto out
      r6 = map_value m+0 ll`;
const END = `
      r0 = 0
      exit`;

function rule(name: string, text: string, message?: string): RuleCase {
  const test: RuleCase = { name, type: "tracing", head: HEAD, attach: TASK, text };
  return message === undefined ? test : { ...test, message };
}

ruleCases("kernel pointers in maps", [
  rule(
    "an acquired structure is given to a map, what was there is released",
    `${ACQUIRED}
      r1 = r6
      r2 = r0
      call bpf_kptr_xchg#194
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_task_release
    out:${END}`,
  ),
  rule(
    "what a map gave must be released",
    `${ACQUIRED}
      r1 = r6
      r2 = r0
      call bpf_kptr_xchg#194
    out:${END}`,
    "BPF_EXIT instruction in main prog would lead to reference leak",
  ),
  rule(
    "only an acquired structure is given to a map",
    `
      r2 = *(u64 *)(r1 +0)
      r1 = map_value m+0 ll
      call bpf_kptr_xchg#194${END}`,
    "R2 must be referenced when passed to release function",
  ),
  rule(
    "an owned pointer is not stored",
    `
      r2 = *(u64 *)(r1 +0)
      r1 = map_value m+0 ll
      *(u64 *)(r1 +0) = r2${END}`,
    "store to referenced kptr disallowed",
  ),
  rule(
    "a pointer that is only seen is stored, or null",
    `
      r2 = *(u64 *)(r1 +0)
      r1 = map_value m+0 ll
      *(u64 *)(r1 +8) = r2
      r2 = 0
      *(u64 *)(r1 +8) = r2
      *(u64 *)(r1 +8) = 0${END}`,
  ),
  rule(
    "no number is stored for a pointer",
    `
      r1 = map_value m+0 ll
      *(u64 *)(r1 +8) = 1${END}`,
    "BPF_ST imm must be 0 when storing to kptr at off=8",
  ),
  rule(
    "a field takes its own structure",
    `
      r2 = map_value m+0 ll
      r1 = map_value m+0 ll
      *(u64 *)(r1 +8) = r2${END}`,
    "invalid kptr access, R2 type=map_value expected=ptr_task_struct or untrusted_ptr_task_struct",
  ),
  rule(
    "an owned pointer is read where it lasts, and may be null",
    `
      r1 = map_value m+0 ll
      r1 = *(u64 *)(r1 +0)
      r2 = *(u32 *)(r1 +@task_struct.pid)${END}`,
    "R1 invalid mem access 'rcu_ptr_or_null_'",
  ),
  rule(
    "an owned pointer that is not null can be acquired",
    `
      r1 = map_value m+0 ll
      r1 = *(u64 *)(r1 +0)
      if r1 == 0 goto out
      call kfunc bpf_task_acquire
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_task_release
    out:${END}`,
  ),
  rule(
    "a pointer that is only seen is not trusted",
    `
      r1 = map_value m+0 ll
      r1 = *(u64 *)(r1 +8)
      if r1 == 0 goto out
      call kfunc bpf_task_acquire
    out:${END}`,
    "R1 must be a rcu pointer",
  ),
  rule(
    "a pointer that is only seen is not exchanged",
    `
      r1 = map_value m+8 ll
      r2 = 0
      call bpf_kptr_xchg#194${END}`,
    "off=8 kptr isn't referenced kptr",
  ),
  rule(
    "a pointer is accessed whole",
    `
      r1 = map_value m+0 ll
      r1 = *(u32 *)(r1 +8)${END}`,
    "kptr access size must be BPF_DW",
  ),
  rule(
    "a pointer is accessed from its start",
    `
      r1 = map_value m+0 ll
      r1 = *(u64 *)(r1 +4)${END}`,
    "kptr access misaligned expected=0 off=4",
  ),
  rule(
    "a helper does not read a pointer",
    `
      r1 = map_value m+0 ll
      r2 = 8
      r3 = 0
      call bpf_trace_printk#6${END}`,
    "kptr cannot be accessed indirectly by helper",
  ),
  rule(
    "a structure given to a map is nobody else's",
    `${ACQUIRED}
      r7 = r0
      r1 = r6
      r2 = r0
      call bpf_kptr_xchg#194
      if r0 == 0 goto on
      r1 = r0
      call kfunc bpf_task_release
    on:
      r0 = *(u32 *)(r7 +@task_struct.pid)
    out:${END}`,
    "R7 invalid mem access 'scalar'",
  ),
  rule(
    "a part of a structure is not kept",
    `
      r2 = *(u64 *)(r1 +0)
      r2 += 8
      r1 = map_value m+0 ll
      *(u64 *)(r1 +8) = r2${END}`,
    "invalid kptr access, R2 type=trusted_ptr_task_struct expected=ptr_task_struct or untrusted_ptr_task_struct",
  ),
  rule(
    "a pointer is accessed at a place that is known",
    `
      call bpf_get_prandom_u32#7
      r0 &= 8
      r1 = map_value m+0 ll
      r1 += r0
      r1 = *(u64 *)(r1 +0)${END}`,
    "kptr access cannot have variable offset",
  ),
  rule(
    "a pointer is not added to",
    `
      r1 = map_value m+0 ll
      r2 = 1
      lock *(u64 *)(r1 +8) += r2${END}`,
    "kptr in map can only be accessed using BPF_MEM instruction mode",
  ),
  rule(
    "a structure is kept from its start",
    `
      r2 = *(u64 *)(r1 +0)
      r2 += -8
      r1 = map_value m+0 ll
      *(u64 *)(r1 +8) = r2${END}`,
    "negative offset trusted_ptr_ ptr R2 off=-8 disallowed",
  ),
  rule(
    "a structure that may be missing is not given to a map",
    `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire
      r6 = map_value m+0 ll
      r1 = r6
      r2 = r0
      call bpf_kptr_xchg#194${END}`,
    "Possibly NULL pointer passed to helper arg2",
  ),
  rule(
    "an exchange is at a place that is known",
    `
      call bpf_get_prandom_u32#7
      r0 &= 8
      r1 = map_value m+0 ll
      r1 += r0
      r2 = 0
      call bpf_kptr_xchg#194${END}`,
    "R1 doesn't have constant offset. kptr has to be at the constant offset",
  ),
  rule(
    "an exchange is at a pointer",
    `
      r1 = map_value m+4 ll
      r2 = 0
      call bpf_kptr_xchg#194${END}`,
    "off=4 doesn't point to kptr",
  ),
  {
    ...rule(
      "an exchange is in a map with pointers",
      `
      r1 = map_value m+0 ll
      r2 = 0
      call bpf_kptr_xchg#194${END}`,
      "R1 has no valid kptr",
    ),
    head: "map m type=array key=4 value=16 max=1 key_type=1 value_type=11",
  },
  {
    ...rule(
      "an exchange is in a map with types",
      `
      r1 = map_value m+0 ll
      r2 = 0
      call bpf_kptr_xchg#194${END}`,
      "map 'm' has to have BTF in order to use bpf_kptr_xchg",
    ),
    head: "map m type=array key=4 value=16 max=1",
  },
  {
    name: "an owned pointer lasts no longer than the section it is read in",
    type: "syscall",
    head: `flags 16\n${HEAD}`,
    text: `
      r1 = map_value m+0 ll
      r1 = *(u64 *)(r1 +0)
      if r1 == 0 goto out
      call kfunc bpf_task_acquire
    out:${END}`,
    message: "R1 must be a rcu pointer",
  },
]);

/**
 * Who may call which kernel functions: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { DYNPTR, type RuleCase, ruleCases } from "../testing/rule_cases.ts";

ruleCases("kfuncs", [
  {
    name: "metadata of a device needs a device",
    type: "xdp",
    text: `
      r2 = r10
      r2 += -8
      call kfunc bpf_xdp_metadata_rx_timestamp
      r0 = 0
      exit`,
    message: "metadata kfuncs require device-bound program",
  },
  {
    name: "a kernel function of another type of program",
    type: "xdp",
    text: `
      r2 = 0
      call kfunc bpf_sock_addr_set_sun_path
      r0 = 0
      exit`,
    message: "calling kernel function bpf_sock_addr_set_sun_path is not allowed",
  },
  {
    name: "free programs alone call kernel functions",
    type: "sched_cls",
    head: "license Proprietary",
    text: `
      ${DYNPTR}
      r0 = 0
      exit`,
    message: "cannot call kernel function from non-GPL compatible program",
  },
  {
    name: "kernel functions want numbers where numbers are wanted",
    type: "sched_cls",
    text: `
      r2 = r10
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "R2 is not a scalar",
  },
]);

const AT_CALL: RuleCase["attach"] = [24, "__x64_sys_getpgid"];
const COPY = `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 0
      r4 = 0
      call kfunc bpf_copy_from_user_str`;

ruleCases("kfuncs that sleep, and sections", [
  {
    name: "a kernel function sleeps where that may be",
    type: "tracing",
    head: "flags 16",
    attach: AT_CALL,
    text: `${COPY}
      r0 = 0
      exit`,
  },
  {
    name: "no kernel function sleeps in a program that does not",
    type: "tracing",
    attach: AT_CALL,
    text: `${COPY}
      r0 = 0
      exit`,
    message: "program must be sleepable to call sleepable kfunc bpf_copy_from_user_str",
  },
  {
    name: "no kernel function sleeps in a read section",
    type: "tracing",
    head: "flags 16",
    attach: AT_CALL,
    text: `
      call kfunc bpf_rcu_read_lock${COPY}
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      exit`,
    message: "kernel func bpf_copy_from_user_str is sleepable within rcu_read_lock region",
  },
  {
    name: "no kernel function sleeps where nobody else runs",
    type: "tracing",
    head: "flags 16",
    attach: AT_CALL,
    text: `
      call kfunc bpf_preempt_disable${COPY}
      call kfunc bpf_preempt_enable
      r0 = 0
      exit`,
    message: "kernel func bpf_copy_from_user_str is sleepable within non-preemptible region",
  },
  {
    name: "no kernel function sleeps without interrupts",
    type: "tracing",
    head: "flags 16",
    attach: AT_CALL,
    text: `
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_save${COPY}
      r1 = r10
      r1 += -16
      call kfunc bpf_local_irq_restore
      r0 = 0
      exit`,
    message: "kernel func bpf_copy_from_user_str is sleepable within IRQ-disabled region",
  },
  {
    name: "read sections are not nested",
    type: "tracing",
    head: "flags 16",
    attach: AT_CALL,
    text: `
      call kfunc bpf_rcu_read_lock
      call kfunc bpf_rcu_read_lock
      call kfunc bpf_rcu_read_unlock
      call kfunc bpf_rcu_read_unlock
      r0 = 0
      exit`,
    message: "nested rcu read lock (kernel function bpf_rcu_read_lock)",
  },
]);

ruleCases("arguments of kfuncs", [
  {
    name: "memory of the program is no structure of the kernel's",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      *(u64 *)(r10 -8) = 0
      r1 = r10
      r1 += -8
      call kfunc bpf_task_acquire
      r0 = 0
      exit`,
    message: "arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar",
  },
  {
    name: "a name is text that is known",
    type: "lsm",
    head: "flags 16",
    attach: [27, "file_open"],
    text: `
      r1 = *(u64 *)(r1 +0)
      *(u64 *)(r10 -8) = 0
      r2 = r10
      r2 += -8
      r3 = 0
      call kfunc bpf_get_file_xattr
      r0 = 0
      exit`,
    message: "arg#1 doesn't point to a const string",
  },
  {
    name: "nothing is cast to a structure that there is not",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r1 = 0
      r2 = 2147483647
      call kfunc bpf_rdonly_cast
      r0 = 0
      exit`,
    message: "Unknown type ID 2147483647 passed to kfunc bpf_rdonly_cast",
  },
  {
    name: "nothing is cast to a structure of a negative number",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r1 = 0
      r2 = -5
      call kfunc bpf_rdonly_cast
      r0 = 0
      exit`,
    message: "Unknown type ID -5 passed to kfunc bpf_rdonly_cast",
  },
  {
    name: "nothing is cast to a function",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r1 = 0
      r2 = @bpf_task_acquire
      call kfunc bpf_rdonly_cast
      r0 = 0
      exit`,
    message: "kfunc bpf_rdonly_cast type ID argument must be of a struct or void",
  },
  {
    name: "a map is a map",
    type: "syscall",
    head: "flags 16\nmap m type=arena max=1 flags=0x400",
    text: `
      r2 = 0
      r3 = 1
      r4 = 0
      r5 = 0
      call kfunc bpf_arena_alloc_pages
      r0 = 0
      exit`,
    message: "pointer in R1 isn't map pointer",
  },
  {
    name: "what was cast is not acquired",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r1 = *(u64 *)(r1 +0)
      r2 = @task_struct
      call kfunc bpf_rdonly_cast
      r1 = r0
      call kfunc bpf_task_acquire
      r0 = 0
      exit`,
    message: "R1 must be a rcu pointer",
  },
  {
    name: "a context is passed as it was",
    type: "sched_cls",
    text: `
      r1 += 8
      r2 = 0
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "dereference of modified ctx ptr R1 off=8 disallowed",
  },
  {
    name: "a structure is released from its start",
    type: "tracing",
    attach: [23, "task_newtask"],
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire
      if r0 == 0 goto out
      r1 = r0
      r1 += 8
      call kfunc bpf_task_release
    out:
      r0 = 0
      exit`,
    message: "R1 must have zero offset when passed to release func or trusted arg to kfunc",
  },
  {
    name: "an iterator is no context that was moved",
    type: "sched_cls",
    text: `
      r1 += 8
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new
      r0 = 0
      exit`,
    message: "dereference of modified ctx ptr R1 off=8 disallowed",
  },
  {
    name: "an iterator is made within the stack",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -520
      r2 = 0
      r3 = 10
      call kfunc bpf_iter_num_new
      r0 = 0
      exit`,
    message: "invalid write to stack R1 off=-520 size=8",
  },
  {
    name: "a dynptr is made within the stack",
    type: "sched_cls",
    text: `
      r2 = 0
      r3 = r10
      r3 += -520
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "invalid write to stack R3 off=-520 size=8",
  },
  {
    name: "a flag of interrupts is kept within the stack",
    type: "sched_cls",
    text: `
      r1 = r10
      r1 += -520
      call kfunc bpf_local_irq_save
      r0 = 0
      exit`,
    message: "invalid write to stack R1 off=-520 size=8",
  },
  {
    name: "a name is no context that was moved",
    type: "lsm",
    head: "flags 16",
    attach: [27, "file_open"],
    text: `
      r6 = r1
      r1 = *(u64 *)(r1 +0)
      r2 = r6
      r2 += 8
      r3 = 0
      call kfunc bpf_get_file_xattr
      r0 = 0
      exit`,
    message: "dereference of modified ctx ptr R2 off=8 disallowed",
  },
]);

/**
 * Programs for security hooks, changed results and sleeping probes: the rules of Linux 6.18, each by a program that breaks it or just
 * does not.
 */
import { ruleCases } from "../testing/rule_cases.ts";

/** `enum bpf_attach_type`. */
const FENTRY = 24, MODIFY_RETURN = 26, LSM_MAC = 27, LSM_CGROUP = 43;

ruleCases("security hooks", [
  {
    name: "a program for a hook may read its result and return it",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      r2 = *(u64 *)(r1 +0)
      r0 = *(u64 *)(r1 +8)
      exit`,
  },
  {
    name: "a hook's result is no pointer that is known",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      r2 = *(u64 *)(r1 +8)
      r3 = r10
      r3 += r2
      r0 = *(u8 *)(r3 +0)
      r0 = 0
      exit`,
    message: "invalid variable-offset read from stack R3 var_off=(0x0; 0xffffffffffffffff) off=0 size=1",
  },
  {
    name: "nothing is behind a hook's result",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      r2 = *(u64 *)(r1 +16)
      r0 = 0
      exit`,
    message: "invalid bpf_context access off=16 size=8",
  },
  {
    name: "a program for a hook returns nothing positive",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      r0 = 1
      exit`,
    message: "At program exit the register R0 has smin=1 smax=1 should have been in [-4095, 0]",
  },
  {
    name: "a program for a hook returns an error",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      r0 = -4095
      exit`,
  },
  {
    name: "a program for a hook returns no error that there is not",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      r0 = -4096
      exit`,
    message: "At program exit the register R0 has smin=-4096 smax=-4096 should have been in [-4095, 0]",
  },
  {
    name: "of what a program for a hook returns 32 bits count",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      w0 = -1
      exit`,
  },
  {
    name: "what a program for a hook returns is known",
    type: "lsm",
    attach: [LSM_MAC, "file_open"],
    text: `
      call bpf_get_prandom_u32#7
      exit`,
    message: "At program exit the register R0 has unknown scalar value should have been in [-4095, 0]",
  },
  {
    name: "a program for a hook without a result returns anything",
    type: "lsm",
    attach: [LSM_MAC, "task_free"],
    text: `
      r0 = 77
      exit`,
  },
  {
    name: "a program for a hook without a result reads none",
    type: "lsm",
    attach: [LSM_MAC, "task_free"],
    text: `
      r0 = *(u64 *)(r1 +8)
      exit`,
    message: "invalid bpf_context access off=8 size=8",
  },
  {
    name: "a hook that answers yes or no",
    type: "lsm",
    attach: [LSM_MAC, "inode_xattr_skipcap"],
    text: `
      r0 = 1
      exit`,
  },
  {
    name: "a hook that answers yes or no gives no error",
    type: "lsm",
    attach: [LSM_MAC, "inode_xattr_skipcap"],
    text: `
      r0 = -1
      exit`,
    message: "At program exit the register R0 has smin=-1 smax=-1 should have been in [0, 1]",
  },
  {
    name: "hooks that are disabled take no program",
    type: "lsm",
    attach: [LSM_MAC, "getprocattr"],
    text: `
      r0 = 0
      exit`,
    message: "attach_btf_id @bpf_lsm_getprocattr points to disabled hook bpf_lsm_getprocattr",
  },
  {
    name: "not every function named like a hook is one",
    type: "lsm",
    attach: [LSM_MAC, "is_trusted"],
    text: `
      r0 = 0
      exit`,
    message: "attach_btf_id @bpf_lsm_is_trusted points to wrong type name bpf_lsm_is_trusted",
  },
  {
    name: "programs for hooks are under the GPL",
    type: "lsm",
    head: "license MIT",
    attach: [LSM_MAC, "file_open"],
    text: `
      r0 = 0
      exit`,
    message: "LSM programs must have a GPL compatible license",
  },
  {
    name: "programs do not sleep in every hook",
    type: "lsm",
    head: "flags 16",
    attach: [LSM_MAC, "file_permission"],
    text: `
      r0 = 0
      exit`,
    message: "bpf_lsm_file_permission is not sleepable",
  },
  {
    name: "the path of a file is asked for where the hook may sleep",
    type: "lsm",
    head: "flags 16",
    attach: [LSM_MAC, "file_open"],
    text: `
      r1 = *(u64 *)(r1 +0)
      r1 += @file.f_path
      r2 = r10
      r2 += -64
      r3 = 64
      call bpf_d_path#147
      r0 = 0
      exit`,
  },
  {
    name: "the path of a file is not asked for elsewhere",
    type: "lsm",
    attach: [LSM_MAC, "file_permission"],
    text: `
      r1 = *(u64 *)(r1 +0)
      r1 += @file.f_path
      r2 = r10
      r2 += -64
      r3 = 64
      call bpf_d_path#147
      r0 = 0
      exit`,
    message: "helper call is not allowed in probe",
  },
  {
    name: "what a hook is passed is valid",
    type: "lsm",
    attach: [LSM_MAC, "task_alloc"],
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire
      if r0 == 0 goto out
      r1 = r0
      call kfunc bpf_task_release
    out:
      r0 = 0
      exit`,
  },
  {
    name: "what a hook is passed when a process ends is not known to be valid",
    type: "lsm",
    attach: [LSM_MAC, "task_free"],
    text: `
      r1 = *(u64 *)(r1 +0)
      call kfunc bpf_task_acquire
      r0 = 0
      exit`,
    message: "R1 must be a rcu pointer",
  },
  {
    name: "a program of a control group lets a hook without a result pass",
    type: "lsm",
    attach: [LSM_CGROUP, "sk_free_security"],
    text: `
      r0 = 0
      exit`,
    message: "At program exit the register R0 has smin=0 smax=0 should have been in [1, 1]",
  },
  {
    name: "a program of a control group lets a hook pass or not",
    type: "lsm",
    attach: [LSM_CGROUP, "file_open"],
    text: `
      r0 = 2
      exit`,
    message: "At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]",
  },
  {
    name: "a program of a control group sets what a hook returns",
    type: "lsm",
    attach: [LSM_CGROUP, "file_open"],
    text: `
      r1 = -1
      call bpf_set_retval#187
      r0 = 0
      exit`,
  },
  {
    name: "a program of a control group sets what a hook answers with yes or no",
    type: "lsm",
    attach: [LSM_CGROUP, "inode_xattr_skipcap"],
    text: `
      r1 = 1
      call bpf_set_retval#187
      r0 = 1
      exit`,
  },
  {
    name: "a hook without a result has none to be set",
    type: "lsm",
    attach: [LSM_CGROUP, "sk_free_security"],
    text: `
      r1 = -1
      call bpf_set_retval#187
      r0 = 1
      exit`,
    message: "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!",
  },
  {
    name: "a program of a control group does not ask for arguments as probes do",
    type: "lsm",
    attach: [LSM_CGROUP, "file_open"],
    text: `
      r2 = 0
      r3 = r10
      r3 += -8
      call bpf_get_func_arg#183
      r0 = 0
      exit`,
    message: "program of this type cannot use helper bpf_get_func_arg#183",
  },
  {
    name: "the callers of hooks have results that can be changed",
    type: "tracing",
    attach: [MODIFY_RETURN, "security_file_open"],
    text: `
      r0 = *(u64 *)(r1 +8)
      exit`,
  },
  {
    name: "functions that are made for it have results that can be changed",
    type: "tracing",
    attach: [MODIFY_RETURN, "bpf_fentry_test1"],
    text: `
      r0 = 7
      exit`,
  },
  {
    name: "programs sleep at system calls",
    type: "tracing",
    head: "flags 16",
    attach: [FENTRY, "__x64_sys_getpgid"],
    text: `
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = 0
      call bpf_copy_from_user#148
      r0 = 0
      exit`,
  },
]);

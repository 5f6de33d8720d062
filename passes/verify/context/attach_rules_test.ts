/**
 * What programs can be attached to: the rules of Linux 6.18, each by a program that does nothing, attached to what breaks it or just
 * does not.
 */
import { type RuleCase, ruleCases } from "../testing/rule_cases.ts";

/** `enum bpf_attach_type`. */
const RAW_TP = 23, FENTRY = 24, FEXIT = 25, MODIFY_RETURN = 26, LSM_MAC = 27, ITER = 28, LSM_CGROUP = 43;

const SLEEPABLE = "flags 16";

/** A program that returns 0. */
function attached(
  name: string,
  attach: readonly [type: number, target: string],
  rest: Partial<RuleCase> = {},
): RuleCase {
  return { name, type: "tracing", attach, text: "\n      r0 = 0\n      exit", ...rest };
}

ruleCases("functions that are attached to", [
  attached("a function is traced where it begins", [FENTRY, "vfs_open"]),
  attached("a function is traced where it ends", [FEXIT, "vfs_open"]),
  attached("a program for tracing is attached to something", [FENTRY, ""], {
    message: "Tracing programs must provide btf_id",
  }),
  attached("a structure is no function", [FENTRY, "=task_struct"], {
    message: "attach_btf_id @task_struct is not a function",
  }),
  attached("functions that tracing itself calls are not traced", [FENTRY, "migrate_disable"], {
    message: "Attaching tracing programs to function 'migrate_disable' is rejected.",
  }),
  attached("a function that never returns is traced where it begins", [FENTRY, "do_exit"]),
  attached("a function that never returns is not traced where it ends", [FEXIT, "do_exit"], {
    message: "Attaching fexit/fmod_ret to __noreturn function 'do_exit' is rejected.",
  }),
  attached("arguments are passed on up to twelve", [FENTRY, "rtnl_fill_ifinfo"], {
    message: "The function rtnl_fill_ifinfo has 14 arguments. Too many.",
  }),
  attached("twelve arguments are passed on", [FENTRY, "invented_twelve"], { invented: true }),
  attached("a function takes as many arguments as it says", [FENTRY, "_printk"], {
    message: "The function _printk with variable args is unsupported.",
  }),
  attached("a function returns no structure", [FENTRY, "ZSTD_cParam_getBounds"], {
    message: "The function ZSTD_cParam_getBounds return type STRUCT is unsupported.",
  }),
  attached("a function returns no array", [FENTRY, "invented_table"], {
    invented: true,
    message: "The function invented_table return type ARRAY is unsupported.",
  }),
  attached(
    "a function takes no structure that does not fit two registers",
    [FENTRY, "ZSTD_CCtx_setCParams"],
    {
      message: "The function ZSTD_CCtx_setCParams arg1 type STRUCT is unsupported.",
    },
  ),
  attached("a function takes no array", [FENTRY, "invented_array"], {
    invented: true,
    message: "The function invented_array arg0 type ARRAY is unsupported.",
  }),
  attached("a function takes no nothing", [FENTRY, "invented_gap"], {
    invented: true,
    message: "The function invented_gap has malformed void argument.",
  }),
  attached("a function with a long result is traced where it begins", [FENTRY, "invented_long"], {
    invented: true,
  }),
  attached("a function with a long result is not traced where it ends", [FEXIT, "invented_long"], {
    invented: true,
    message:
      "Attach to function invented_long with a >8 byte return value is not supported for this attach type",
  }),
  attached("a function whose result is changed may return a long one", [MODIFY_RETURN, "security_file_open"]),
]);

ruleCases("other targets", [
  attached("a tracepoint is a typedef", [RAW_TP, "=vfs_open"], {
    message: "attach_btf_id @vfs_open is not a typedef",
  }),
  attached("not every typedef is a tracepoint", [RAW_TP, "=gfp_t"], {
    message: "attach_btf_id @gfp_t points to wrong type name gfp_t",
  }),
  attached("a tracepoint that there is", [RAW_TP, "task_newtask"]),
  attached("an iterator is a function", [ITER, "=task_struct"], {
    message: "attach_btf_id @task_struct is not a function",
  }),
  attached("tracing is of one of its kinds", [99, "=vfs_open"], { invented: true, message: "" }),
]);

ruleCases("callbacks that are implemented", [
  attached("a callback that the kernel has no use for", [10, "tcp_congestion_ops"], {
    type: "struct_ops",
    message: "attach to unsupported member get_info of struct tcp_congestion_ops",
  }),
  attached("a callback is a function", [11, "tcp_congestion_ops"], {
    type: "struct_ops",
    message: "attach to invalid member name(@idx 11) of struct tcp_congestion_ops",
  }),
  attached("not every callback sleeps", [1, "bpf_dummy_ops"], {
    type: "struct_ops",
    head: SLEEPABLE,
    message: "attach to unsupported member test_2 of struct bpf_dummy_ops",
  }),
  attached("some callbacks sleep", [2, "bpf_dummy_ops"], { type: "struct_ops", head: SLEEPABLE }),
  attached("callbacks are under the GPL", [2, "bpf_dummy_ops"], {
    type: "struct_ops",
    head: "license MIT",
    message: "struct ops programs must have a GPL compatible license",
  }),
]);

const MAY_SLEEP = "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable";

ruleCases("programs that sleep", [
  attached("no filter of packets sleeps", [0, ""], { type: "xdp", head: SLEEPABLE, message: MAY_SLEEP }),
  attached("no tracepoint sleeps", [RAW_TP, "task_newtask"], { head: SLEEPABLE, message: MAY_SLEEP }),
  attached("an iterator sleeps", [ITER, "task"], { head: SLEEPABLE }),
  attached("a probe may sleep, if it is a user's", [0, ""], { type: "kprobe", head: SLEEPABLE }),
  attached("no hook of a control group sleeps", [LSM_CGROUP, "file_open"], {
    type: "lsm",
    head: SLEEPABLE,
    message: MAY_SLEEP,
  }),
  attached("a hook sleeps", [LSM_MAC, "file_open"], { type: "lsm", head: SLEEPABLE }),
  attached("a program that is called sleeps", [0, ""], { type: "syscall", head: SLEEPABLE }),
  attached("a program that is called does nothing but sleep", [0, ""], {
    type: "syscall",
    message: "Syscall programs can only be sleepable",
  }),
]);

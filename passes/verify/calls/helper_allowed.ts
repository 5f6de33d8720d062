/**
 * Helpers that only programs of some targets may call, whatever their type: those that could be called where they would call
 * themselves, or take locks that are held (`bpf_func_proto.allowed` of Linux 6.18). And those that a kernel in lockdown has not got.
 *
 * @module
 */
import { targetOf } from "../context/target.ts";
import type { Env } from "../env.ts";

/** `BPF_FUNC_*`. */
const SK_STORAGE_GET = 107, SK_STORAGE_DELETE = 108, D_PATH = 147;
const IMA_INODE_HASH = 161, IMA_FILE_HASH = 193;
/** `enum bpf_attach_type`. */
const TRACE_RAW_TP = 23, TRACE_FENTRY = 24, TRACE_FEXIT = 25, TRACE_ITER = 28, LSM_CGROUP = 43;

/** Functions in which the path of a file may be asked for. */
const PATHS: ReadonlySet<string> = new Set([
  "security_file_permission",
  "security_inode_getattr",
  "security_file_open",
  "security_path_truncate",
  "vfs_truncate",
  "vfs_fallocate",
  "dentry_open",
  "vfs_getattr",
  "filp_close",
]);

/** What a kernel in lockdown keeps from everybody: that programs change it, or also that they read it (`enum lockdown_reason`). */
export type Lockdown = "none" | "integrity" | "confidentiality";

/** Writes memory of processes: refused from `LOCKDOWN_BPF_WRITE_USER` on. */
const PROBE_WRITE_USER = 36;
/** `bpf_probe_read`, `_str`, `_kernel`, `_kernel_str`: refused from `LOCKDOWN_BPF_READ_KERNEL` on. */
const PROBE_READS: ReadonlySet<number> = new Set([4, 45, 113, 115]);

/** Whether lockdown takes a helper from programs of all types. Of a kernel that is not known to be in lockdown, it is not. */
export function lockedOut(env: Env, helper: number): boolean {
  switch (env.lockdown) {
    case undefined:
    case "none":
      return false;
    case "integrity":
      return helper === PROBE_WRITE_USER;
    case "confidentiality":
      return helper === PROBE_WRITE_USER || PROBE_READS.has(helper);
  }
}

/** Whether the program may call a helper that its type may call. */
export function allowedHere(env: Env, helper: number): boolean {
  const { name } = env.rules, tracing = name === "tracing";
  if (helper === D_PATH) {
    if (name === "lsm") return inSleepableHook(env);
    return tracing && (env.attachType === TRACE_ITER || PATHS.has(functionName(env)));
  }
  if (helper === IMA_INODE_HASH || helper === IMA_FILE_HASH) return inSleepableHook(env);
  const storage = helper === SK_STORAGE_GET || helper === SK_STORAGE_DELETE;
  if (!storage || (!tracing && name !== "syscall")) return true;
  switch (env.attachType) {
    case TRACE_ITER:
    case TRACE_RAW_TP:
      return true;
    case TRACE_FENTRY:
    case TRACE_FEXIT:
      return !functionName(env).startsWith("bpf_sk_storage");
    default:
      return false;
  }
}

/** Whether there is a result that `bpf_set_retval` could set: programs of control groups may be attached to hooks without one. */
export function hasResult(env: Env): boolean {
  return env.rules.name !== "lsm" || env.attachType !== LSM_CGROUP || targetOf(env)?.ret !== 0;
}

function inSleepableHook(env: Env): boolean {
  return targetOf(env)?.hook?.sleepable === true;
}

/** The function that the program is attached to; empty for other targets. */
function functionName(env: Env): string {
  const probes = env.attachType === TRACE_FENTRY || env.attachType === TRACE_FEXIT;
  return probes ? targetOf(env)?.name ?? "" : "";
}

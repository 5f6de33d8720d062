/**
 * Which programs see their context as it is: their accesses are not converted to others (no `convert_ctx_access` among the program
 * type's operations), so functions may be given parts of it as memory.
 *
 * @module
 */

const TYPES: ReadonlySet<string> = new Set([
  "kprobe",
  "tracepoint",
  "raw_tracepoint",
  "raw_tracepoint_writable",
  "tracing",
  "lsm",
  "struct_ops",
  "syscall",
  "cgroup_device",
  "netfilter",
  "lirc_mode2",
]);

/** Whether programs of a type see their context as it is. */
export function hasRawContext(type: string): boolean {
  return TYPES.has(type);
}

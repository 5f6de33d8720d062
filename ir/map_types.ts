/**
 * Map types by the names libbpf and bpftool use. `enum bpf_map_type` of `include/uapi/linux/bpf.h`, 6.18.
 *
 * @module
 */

/** By `BPF_MAP_TYPE_*` number: the name in lower case without the prefix. */
export const MAP_TYPE_NAMES: readonly string[] = [
  "unspec",
  "hash",
  "array",
  "prog_array",
  "perf_event_array",
  "percpu_hash",
  "percpu_array",
  "stack_trace",
  "cgroup_array",
  "lru_hash",
  "lru_percpu_hash",
  "lpm_trie",
  "array_of_maps",
  "hash_of_maps",
  "devmap",
  "sockmap",
  "cpumap",
  "xskmap",
  "sockhash",
  "cgroup_storage",
  "reuseport_sockarray",
  "percpu_cgroup_storage",
  "queue",
  "stack",
  "sk_storage",
  "devmap_hash",
  "struct_ops",
  "ringbuf",
  "inode_storage",
  "task_storage",
  "bloom_filter",
  "user_ringbuf",
  "cgrp_storage",
  "arena",
];

/** The number of a map type, or undefined if there is none of that name. */
export function mapTypeNamed(name: string): number | undefined {
  const type = MAP_TYPE_NAMES.indexOf(name);
  return type < 0 ? undefined : type;
}

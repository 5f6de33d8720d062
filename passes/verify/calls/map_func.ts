/**
 * Which helpers may be given which types of map: a table read from both sides, as `check_map_func_compatibility` of Linux 6.18 does.
 *
 * @module
 */
import { MAP_TYPE } from "../../../ir/map_types.ts";
import { EINVAL, type Env } from "../env.ts";

const M = MAP_TYPE;

/** Types that only some helpers take, by name without `bpf_`; all other types are taken by any. */
const ONLY: readonly (readonly [types: readonly number[], helpers: string])[] = [
  [[M.PROG_ARRAY], "tail_call"],
  [
    [M.PERF_EVENT_ARRAY],
    "perf_event_read perf_event_output skb_output perf_event_read_value xdp_output",
  ],
  [
    [M.RINGBUF],
    "ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr",
  ],
  [[M.USER_RINGBUF], "user_ringbuf_drain"],
  [[M.STACK_TRACE], "get_stackid"],
  [[M.CGROUP_ARRAY], "skb_under_cgroup current_task_under_cgroup"],
  [[M.CGROUP_STORAGE, M.PERCPU_CGROUP_STORAGE], "get_local_storage"],
  [[M.DEVMAP, M.DEVMAP_HASH, M.XSKMAP], "redirect_map map_lookup_elem"],
  [[M.CPUMAP], "redirect_map"],
  [[M.ARRAY_OF_MAPS, M.HASH_OF_MAPS], "map_lookup_elem"],
  [[M.SOCKMAP], "sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport map_lookup_elem"],
  [[M.SOCKHASH], "sk_redirect_hash sock_hash_update msg_redirect_hash sk_select_reuseport map_lookup_elem"],
  [[M.REUSEPORT_SOCKARRAY], "sk_select_reuseport"],
  [[M.QUEUE, M.STACK], "map_peek_elem map_pop_elem map_push_elem"],
  [[M.SK_STORAGE], "sk_storage_get sk_storage_delete kptr_xchg"],
  [[M.INODE_STORAGE], "inode_storage_get inode_storage_delete kptr_xchg"],
  [[M.TASK_STORAGE], "task_storage_get task_storage_delete kptr_xchg"],
  [[M.CGRP_STORAGE], "cgrp_storage_get cgrp_storage_delete kptr_xchg"],
  [[M.BLOOM_FILTER], "map_peek_elem map_push_elem"],
];

/** Helpers that only take some types; all others take any. */
const TAKES: readonly (readonly [helpers: string, types: readonly number[]])[] = [
  ["tail_call", [M.PROG_ARRAY]],
  ["perf_event_read perf_event_output perf_event_read_value skb_output xdp_output", [M.PERF_EVENT_ARRAY]],
  [
    "ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr",
    [M.RINGBUF],
  ],
  ["user_ringbuf_drain", [M.USER_RINGBUF]],
  ["get_stackid", [M.STACK_TRACE]],
  ["current_task_under_cgroup skb_under_cgroup", [M.CGROUP_ARRAY]],
  ["redirect_map", [M.DEVMAP, M.DEVMAP_HASH, M.CPUMAP, M.XSKMAP]],
  ["sk_redirect_map msg_redirect_map sock_map_update", [M.SOCKMAP]],
  ["sk_redirect_hash msg_redirect_hash sock_hash_update", [M.SOCKHASH]],
  ["get_local_storage", [M.CGROUP_STORAGE, M.PERCPU_CGROUP_STORAGE]],
  ["sk_select_reuseport", [M.REUSEPORT_SOCKARRAY, M.SOCKMAP, M.SOCKHASH]],
  ["map_pop_elem", [M.QUEUE, M.STACK]],
  ["map_peek_elem map_push_elem", [M.QUEUE, M.STACK, M.BLOOM_FILTER]],
  ["map_lookup_percpu_elem", [M.PERCPU_ARRAY, M.PERCPU_HASH, M.LRU_PERCPU_HASH]],
  ["sk_storage_get sk_storage_delete", [M.SK_STORAGE]],
  ["inode_storage_get inode_storage_delete", [M.INODE_STORAGE]],
  ["task_storage_get task_storage_delete", [M.TASK_STORAGE]],
  ["cgrp_storage_get cgrp_storage_delete", [M.CGRP_STORAGE]],
];

const helpersOf = new Map<number, ReadonlySet<string>>();
for (const [types, helpers] of ONLY) {
  for (const type of types) helpersOf.set(type, new Set(helpers.split(" ")));
}
const typesOf = new Map<string, readonly number[]>();
for (const [helpers, types] of TAKES) for (const helper of helpers.split(" ")) typesOf.set(helper, types);

/** Program types that may update and delete elements of socket maps. */
const UPDATES_SOCKMAPS = new Set([
  "socket_filter",
  "sched_cls",
  "sched_act",
  "xdp",
  "sk_reuseport",
  "flow_dissector",
  "sk_lookup",
]);

function mayUpdateSockmap(env: Env, helper: string): boolean {
  if (helper !== "map_update_elem" && helper !== "map_delete_elem") return false;
  if (UPDATES_SOCKMAPS.has(env.rules.name)) return true;
  if (env.rules.name === "sock_ops" && helper === "map_delete_elem") return true;
  // Iterators of sockets.
  if (env.rules.name === "tracing" && env.attachType === 28) return true;
  env.verbose("cannot update sockmap in this context\n");
  return false;
}

/** Whether a helper may be given a map of this type: 0 or `-errno`. */
export function checkMapFunction(
  env: Env,
  mapType: number,
  helper: { readonly id: number; readonly name: string },
): number {
  const only = helpersOf.get(mapType), takes = typesOf.get(helper.name);
  const socketMap = mapType === MAP_TYPE.SOCKMAP || mapType === MAP_TYPE.SOCKHASH;
  const accepted = only === undefined || only.has(helper.name) ||
    (socketMap && mayUpdateSockmap(env, helper.name));
  if (accepted && (takes === undefined || takes.includes(mapType))) return 0;
  return env.fail(
    EINVAL,
    "map-helper",
    `cannot pass map_type ${mapType} into func bpf_${helper.name}#${helper.id}`,
  );
}

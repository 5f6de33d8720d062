/**
 * Ids of the helpers that the verifier treats on their own; all others are known by their prototypes alone (include/uapi/linux/bpf.h).
 *
 * @module
 */

/** `__BPF_FUNC_MAX_ID`: ids at or beyond it are none. */
export const FUNC_MAX_ID = 212;
/** Ids of helpers that are treated on their own (`BPF_FUNC_*`, uapi). */
export const FUNC = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  get_smp_processor_id: 8,
  probe_write_user: 36,
  tail_call: 12,
  probe_read_str: 45,
  redirect_map: 51,
  get_stack: 67,
  get_local_storage: 81,
  sk_lookup_tcp: 84,
  sk_lookup_udp: 85,
  map_push_elem: 87,
  map_pop_elem: 88,
  map_peek_elem: 89,
  sk_fullsock: 95,
  tcp_sock: 96,
  skc_lookup_tcp: 99,
  probe_read_user_str: 114,
  probe_read_kernel_str: 115,
  ringbuf_reserve: 131,
  skc_to_tcp6_sock: 136,
  skc_to_tcp_sock: 137,
  skc_to_tcp_timewait_sock: 138,
  skc_to_tcp_request_sock: 139,
  skc_to_udp6_sock: 140,
  get_task_stack: 141,
  for_each_map_elem: 164,
  snprintf: 165,
  timer_set_callback: 170,
  get_func_ip: 173,
  find_vma: 180,
  loop: 181,
  set_retval: 187,
  kptr_xchg: 194,
  map_lookup_percpu_elem: 195,
  skc_to_mptcp_sock: 196,
  dynptr_from_mem: 197,
  dynptr_write: 202,
  dynptr_data: 203,
  user_ringbuf_drain: 209,
} as const;

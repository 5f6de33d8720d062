/**
 * Which helpers a program type may call in Linux 6.18: a table.
 *
 * The sets were read off the kernel's `*_func_proto` functions and then asked of a running 6.18 with every capability: a program
 * of one call for each helper, type and attach type. Each type is its parent's set and what it adds, as the kernel composes them.
 * Refusals for other reasons (`get_func_ip` outside kprobes and trampolines, hooks of LSM and `d_path`) are the verifier's.
 *
 * @module
 */
import { HELPERS } from "./helpers.ts";
import { SOCKOPT_HOOKS } from "./lsm_hooks.ts";

const idOf: ReadonlyMap<string, number> = new Map(HELPERS.map((proto) => [proto.name, proto.id]));

/** Ids of helpers named without `bpf_`, separated by white space. */
function ids(names: string): readonly number[] {
  return names.trim().split(/\s+/).map((name) => {
    const id = idOf.get(name);
    if (id === undefined) throw new RangeError(`Cannot list helper "${name}": not in the table`);
    return id;
  });
}

const BASE: readonly number[] = ids(`
  map_lookup_elem map_update_elem map_delete_elem ktime_get_ns trace_printk get_prandom_u32
  get_smp_processor_id tail_call get_current_pid_tgid get_current_uid_gid get_current_comm
  get_cgroup_classid perf_event_read get_current_task current_task_under_cgroup get_numa_node_id
  perf_event_read_value get_current_cgroup_id map_push_elem map_pop_elem map_peek_elem spin_lock
  spin_unlock strtol strtoul send_signal probe_read_user probe_read_kernel probe_read_user_str
  probe_read_kernel_str send_signal_thread jiffies64 get_ns_current_pid_tgid
  get_current_ancestor_cgroup_id ktime_get_boot_ns ringbuf_output ringbuf_reserve ringbuf_submit
  ringbuf_discard ringbuf_query get_task_stack copy_from_user snprintf_btf per_cpu_ptr
  this_cpu_ptr task_storage_get task_storage_delete get_current_task_btf for_each_map_elem
  snprintf timer_init timer_set_callback timer_start timer_cancel task_pt_regs get_branch_snapshot
  trace_vprintk find_vma loop strncmp copy_from_user_task kptr_xchg map_lookup_percpu_elem
  dynptr_from_mem ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr dynptr_read
  dynptr_write dynptr_data ktime_get_tai_ns user_ringbuf_drain cgrp_storage_get
  cgrp_storage_delete
`);
const SK_BASE: readonly number[] = [
  ...BASE,
  ...ids(`
  skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock
  skc_to_udp6_sock ktime_get_coarse_ns skc_to_unix_sock skc_to_mptcp_sock
`),
];
const SOCKET_FILTER: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  perf_event_output skb_load_bytes get_socket_cookie get_socket_uid skb_load_bytes_relative
  get_netns_cookie
`),
];
const SCHED_CLS: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  skb_store_bytes l3_csum_replace l4_csum_replace clone_redirect skb_vlan_push skb_vlan_pop
  skb_get_tunnel_key skb_set_tunnel_key redirect get_route_realm perf_event_output skb_load_bytes
  csum_diff skb_get_tunnel_opt skb_set_tunnel_opt skb_change_proto skb_change_type
  skb_under_cgroup get_hash_recalc skb_change_tail skb_pull_data csum_update set_hash_invalid
  skb_change_head get_socket_cookie get_socket_uid set_hash skb_adjust_room skb_get_xfrm_state
  skb_load_bytes_relative fib_lookup skb_cgroup_id skb_ancestor_cgroup_id sk_lookup_tcp
  sk_lookup_udp sk_release sk_fullsock tcp_sock skb_ecn_set_ce get_listener_sock skc_lookup_tcp
  tcp_check_syncookie sk_storage_get sk_storage_delete tcp_gen_syncookie get_netns_cookie
  sk_assign csum_level skb_cgroup_classid redirect_neigh redirect_peer check_mtu skb_set_tstamp
  tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4
  tcp_raw_check_syncookie_ipv6
`),
];
const XDP: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  redirect perf_event_output csum_diff xdp_adjust_head redirect_map xdp_adjust_meta
  xdp_adjust_tail fib_lookup sk_lookup_tcp sk_lookup_udp sk_release skc_lookup_tcp
  tcp_check_syncookie tcp_gen_syncookie check_mtu xdp_get_buff_len xdp_load_bytes xdp_store_bytes
  tcp_raw_gen_syncookie_ipv4 tcp_raw_gen_syncookie_ipv6 tcp_raw_check_syncookie_ipv4
  tcp_raw_check_syncookie_ipv6
`),
];
const CGROUP_SKB: readonly number[] = [
  ...SOCKET_FILTER,
  ...ids(`
  skb_cgroup_id get_local_storage skb_ancestor_cgroup_id sk_lookup_tcp sk_lookup_udp sk_release
  sk_fullsock tcp_sock skb_ecn_set_ce get_listener_sock skc_lookup_tcp sk_storage_get
  sk_storage_delete sk_cgroup_id sk_ancestor_cgroup_id
`),
];
const LWT_OUT: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  get_route_realm perf_event_output skb_load_bytes csum_diff skb_under_cgroup get_hash_recalc
  skb_pull_data
`),
];
const LWT_IN: readonly number[] = [...LWT_OUT, ...ids(`lwt_push_encap`)];
const LWT_XMIT: readonly number[] = [
  ...LWT_OUT,
  ...ids(`
  skb_store_bytes l3_csum_replace l4_csum_replace clone_redirect skb_get_tunnel_key
  skb_set_tunnel_key redirect skb_get_tunnel_opt skb_set_tunnel_opt skb_change_tail csum_update
  set_hash_invalid skb_change_head lwt_push_encap csum_level
`),
];
const LWT_SEG6LOCAL: readonly number[] = [
  ...LWT_OUT,
  ...ids(`lwt_seg6_store_bytes lwt_seg6_adjust_srh lwt_seg6_action`),
];
const SOCK_OPS: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  perf_event_output get_socket_cookie setsockopt sock_map_update getsockopt sock_ops_cb_flags_set
  sock_hash_update get_local_storage tcp_sock sk_storage_get sk_storage_delete get_netns_cookie
  load_hdr_opt store_hdr_opt reserve_hdr_opt
`),
];
const SK_SKB: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  skb_store_bytes perf_event_output skb_load_bytes skb_change_tail skb_pull_data skb_change_head
  get_socket_cookie get_socket_uid skb_adjust_room sk_redirect_map sk_redirect_hash sk_lookup_tcp
  sk_lookup_udp sk_release skc_lookup_tcp
`),
];
const SK_MSG: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  perf_event_output msg_redirect_map msg_apply_bytes msg_cork_bytes msg_pull_data
  msg_redirect_hash msg_push_data msg_pop_data sk_storage_get sk_storage_delete get_netns_cookie
`),
];
const FLOW_DISSECTOR: readonly number[] = [...SK_BASE, ...ids(`skb_load_bytes`)];
const SK_LOOKUP: readonly number[] = [...SK_BASE, ...ids(`perf_event_output sk_release sk_assign`)];
const SK_REUSEPORT: readonly number[] = [
  ...BASE,
  ...ids(`skb_load_bytes get_socket_cookie skb_load_bytes_relative sk_select_reuseport ktime_get_coarse_ns`),
];
const CGROUP_DEVICE: readonly number[] = [
  ...BASE,
  ...ids(`perf_event_output get_local_storage`),
];
const CGROUP_SOCK: readonly number[] = [
  ...BASE,
  ...ids(`
  perf_event_output get_socket_cookie get_local_storage sk_storage_get get_netns_cookie
  ktime_get_coarse_ns get_retval set_retval
`),
];
const CGROUP_SYSCTL: readonly number[] = [
  ...BASE,
  ...ids(`
  perf_event_output get_local_storage sysctl_get_name sysctl_get_current_value
  sysctl_get_new_value sysctl_set_new_value ktime_get_coarse_ns
`),
];
const CGROUP_SOCKOPT: readonly number[] = [
  ...BASE,
  ...ids(`
  perf_event_output get_local_storage tcp_sock sk_storage_get sk_storage_delete get_netns_cookie
  get_retval set_retval
`),
];
const CGROUP_SOCK_ADDR: readonly number[] = [
  ...SK_BASE,
  ...ids(`
  perf_event_output get_socket_cookie setsockopt getsockopt get_local_storage sk_lookup_tcp
  sk_lookup_udp sk_release skc_lookup_tcp sk_storage_get sk_storage_delete get_netns_cookie
`),
];
const KPROBE: readonly number[] = [
  ...BASE,
  ...ids(`probe_read perf_event_output get_stackid probe_read_str get_stack get_func_ip get_attach_cookie`),
];
const PERF_EVENT: readonly number[] = [...KPROBE, ...ids(`perf_prog_read_value read_branch_records`)];
const TYPED: readonly number[] = [
  ...KPROBE,
  ...ids(`
  skb_output xdp_output skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock skc_to_tcp_request_sock
  skc_to_udp6_sock skc_to_unix_sock skc_to_mptcp_sock sk_storage_get sk_storage_delete sock_from_file
  get_socket_cookie xdp_get_buff_len d_path
`),
];
const SYSCALL: readonly number[] = [
  ...TYPED,
  ...ids(`
  sys_bpf btf_find_by_name_kind sys_close kallsyms_lookup_name
`),
];
const LIRC = ids(`
  map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem ktime_get_ns
  ktime_get_boot_ns tail_call get_prandom_u32 trace_printk rc_repeat rc_keydown rc_pointer_rel
`);
const ITER = ids(`seq_printf seq_write seq_printf_btf`);
const TRAMPOLINE = ids(`get_func_arg get_func_ret get_func_arg_cnt`);
const LOCAL_STORAGE = ids(`get_local_storage`);
const RETVAL = ids(`get_retval set_retval`);
const SOCKOPT = ids(`setsockopt getsockopt`);
const BIND = ids(`bind`);
const PROBE_WRITE = ids(`probe_write_user`);
const ATTACH_COOKIE = ids(`get_attach_cookie`);
const LSM = ids(`
  inode_storage_get inode_storage_delete sk_storage_get sk_storage_delete bprm_opts_set ima_inode_hash
  ima_file_hash
`);

const TCP_CONGESTION_OPS = ids(`
  tcp_send_ack sk_storage_get sk_storage_delete setsockopt getsockopt ktime_get_coarse_ns
`);

/** Iterators whose programs may set options of the sockets they visit. */
const SOCKET_ITERATORS: readonly string[] = ["tcp", "unix"];

/** `enum bpf_attach_type`, where the helpers depend on it. */
const ATTACH = {
  INET_EGRESS: 1,
  SOCK_OPS: 3,
  INET4_CONNECT: 10,
  INET6_CONNECT: 11,
  UDP4_RECVMSG: 19,
  UDP6_RECVMSG: 20,
  SETSOCKOPT: 22,
  TRACE_RAW_TP: 23,
  TRACE_FENTRY: 24,
  MODIFY_RETURN: 26,
  TRACE_ITER: 28,
  INET4_GETPEERNAME: 29,
  INET6_GETSOCKNAME: 32,
  LSM_CGROUP: 43,
  UNIX_RECVMSG: 51,
  UNIX_GETSOCKNAME: 53,
} as const;

/** Hooks in control groups whose verdict is not a return value that helpers could read or set. */
function hasNoRetval(attachType: number): boolean {
  return attachType <= ATTACH.INET_EGRESS || attachType === ATTACH.SOCK_OPS ||
    attachType === ATTACH.UDP4_RECVMSG || attachType === ATTACH.UDP6_RECVMSG ||
    (attachType >= ATTACH.INET4_GETPEERNAME && attachType <= ATTACH.INET6_GETSOCKNAME) ||
    (attachType >= ATTACH.UNIX_RECVMSG && attachType <= ATTACH.UNIX_GETSOCKNAME);
}

function withRetval(set: readonly number[], attachType: number): readonly number[] {
  return hasNoRetval(attachType) ? set : [...set, ...RETVAL];
}

function list(type: string, attachType: number, target: string): readonly number[] {
  switch (type) {
    case "socket_filter":
      return SOCKET_FILTER;
    case "sched_cls":
    case "sched_act":
      return SCHED_CLS;
    case "xdp":
      return XDP;
    case "cgroup_skb":
      return CGROUP_SKB;
    case "cgroup_sock":
      return CGROUP_SOCK;
    case "cgroup_device":
      return withRetval(CGROUP_DEVICE, attachType);
    case "cgroup_sysctl":
      return withRetval(CGROUP_SYSCTL, attachType);
    case "cgroup_sockopt":
      return attachType === ATTACH.SETSOCKOPT ? [...CGROUP_SOCKOPT, ...SOCKOPT] : CGROUP_SOCKOPT;
    case "cgroup_sock_addr": {
      const binds = attachType === ATTACH.INET4_CONNECT || attachType === ATTACH.INET6_CONNECT;
      return withRetval([...CGROUP_SOCK_ADDR, ...(binds ? BIND : [])], attachType);
    }
    case "lwt_in":
      return LWT_IN;
    case "lwt_out":
      return LWT_OUT;
    case "lwt_xmit":
      return LWT_XMIT;
    case "lwt_seg6local":
      return LWT_SEG6LOCAL;
    case "sock_ops":
      return withRetval(SOCK_OPS, attachType);
    case "sk_skb":
      return SK_SKB;
    case "sk_msg":
      return SK_MSG;
    case "sk_lookup":
      return SK_LOOKUP;
    case "sk_reuseport":
      return SK_REUSEPORT;
    case "flow_dissector":
      return FLOW_DISSECTOR;
    case "kprobe":
    case "tracepoint":
    case "raw_tracepoint":
    case "raw_tracepoint_writable":
      return [...KPROBE, ...PROBE_WRITE];
    case "perf_event":
      return [...PERF_EVENT, ...PROBE_WRITE];
    case "tracing": {
      if (attachType === ATTACH.TRACE_ITER) {
        return [
          ...TYPED.filter((id) => !ATTACH_COOKIE.includes(id)),
          ...ITER,
          ...PROBE_WRITE,
          ...(SOCKET_ITERATORS.includes(target) ? SOCKOPT : []),
        ];
      }
      const trampoline = attachType >= ATTACH.TRACE_FENTRY && attachType <= ATTACH.MODIFY_RETURN;
      return [...TYPED, ...PROBE_WRITE, ...(trampoline ? TRAMPOLINE : [])];
    }
    case "lsm":
      if (attachType !== ATTACH.LSM_CGROUP) return [...TYPED, ...LSM, ...TRAMPOLINE, ...PROBE_WRITE];
      return [
        ...TYPED.filter((id) => !ATTACH_COOKIE.includes(id)),
        ...LSM,
        ...PROBE_WRITE,
        ...LOCAL_STORAGE,
        ...RETVAL,
        ...(SOCKOPT_HOOKS.has(target) ? SOCKOPT : []),
      ];
    case "syscall":
      return [...SYSCALL.filter((id) => !ATTACH_COOKIE.includes(id)), ...PROBE_WRITE];
    case "struct_ops":
      // The kernel's own tests are given none.
      if (/^bpf_dummy_ops(\.|$)/.test(target)) return [];
      // A callback that gives a socket back may not allocate for it any more.
      if (target === "tcp_congestion_ops.release") {
        return [...BASE, ...TCP_CONGESTION_OPS.filter((id) => !SOCKOPT.includes(id))];
      }
      return /^tcp_congestion_ops(\.|$)/.test(target) ? [...BASE, ...TCP_CONGESTION_OPS] : BASE;
    case "lirc_mode2":
      return LIRC;
    default:
      return BASE;
  }
}

/** Types whose helpers depend on the attach target. */
const WITH_TARGETS: ReadonlySet<string> = new Set(["tracing", "struct_ops", "lsm"]);

const sets = new Map<string, ReadonlySet<number>>();

/**
 * The helpers a program type may call with an expected attach type; the common ones for types that add none. `target` is the
 * attach target that the section names, where that decides (an iterator, a struct_ops structure).
 */
export function helperSet(type: string, attachType: number, target = ""): ReadonlySet<number> {
  const key = `${type}/${attachType}/${WITH_TARGETS.has(type) ? target : ""}`;
  let set = sets.get(key);
  if (set === undefined) {
    set = new Set(list(type, attachType, target));
    sets.set(key, set);
  }
  return set;
}

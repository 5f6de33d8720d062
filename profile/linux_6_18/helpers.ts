/**
 * Every helper of Linux 6.18 (ids 1 to 211) with its prototype: a table.
 *
 * Argument and result kinds, GPL and packet-access flags are those of the kernel's `struct bpf_func_proto`s; where a stable 6.18
 * differs from 6.12 (write access of `fib_lookup`'s, `snprintf`'s and a few other buffers) the running kernel was asked, by
 * handing each buffer a read-only and a write-only map value. A handful of ids have another prototype for some program types:
 * {@linkcode HELPER_VARIANTS}. Which type may call what is in `helper_sets.ts`.
 *
 * @module
 */
import type { ArgProto, HelperProto, HelperUse, RetProto } from "../profile.ts";

const CTX: ArgProto = { base: "ARG_PTR_TO_CTX" };
const CTX_OR_NULL: ArgProto = { base: "ARG_PTR_TO_CTX", maybeNull: true };
const ANY: ArgProto = { base: "ARG_ANYTHING" };
const MAP: ArgProto = { base: "ARG_CONST_MAP_PTR" };
const KEY: ArgProto = { base: "ARG_PTR_TO_MAP_KEY" };
const VALUE: ArgProto = { base: "ARG_PTR_TO_MAP_VALUE" };
const VALUE_OR_NULL: ArgProto = { base: "ARG_PTR_TO_MAP_VALUE", maybeNull: true };
const VALUE_OUT: ArgProto = { base: "ARG_PTR_TO_MAP_VALUE", uninit: true, write: true };
const MEM_IN: ArgProto = { base: "ARG_PTR_TO_MEM", rdonly: true };
const MEM_IN_OR_NULL: ArgProto = { base: "ARG_PTR_TO_MEM", rdonly: true, maybeNull: true };
const MEM_OUT: ArgProto = { base: "ARG_PTR_TO_MEM", uninit: true, write: true };
const MEM_INOUT: ArgProto = { base: "ARG_PTR_TO_MEM", write: true };
const MEM_INOUT_OR_NULL: ArgProto = { base: "ARG_PTR_TO_MEM", write: true, maybeNull: true };
const SIZE: ArgProto = { base: "ARG_CONST_SIZE" };
const SIZE_OR_ZERO: ArgProto = { base: "ARG_CONST_SIZE_OR_ZERO" };
const ALLOC_SIZE: ArgProto = { base: "ARG_CONST_ALLOC_SIZE_OR_ZERO" };
const SPIN_LOCK: ArgProto = { base: "ARG_PTR_TO_SPIN_LOCK" };
const SOCK_COMMON: ArgProto = { base: "ARG_PTR_TO_SOCK_COMMON" };
const SOCKET_OR_NULL: ArgProto = { base: "ARG_PTR_TO_SOCKET", maybeNull: true };
const SOCK: ArgProto = { base: "ARG_PTR_TO_BTF_ID_SOCK_COMMON" };
const SOCK_OR_NULL: ArgProto = { base: "ARG_PTR_TO_BTF_ID_SOCK_COMMON", maybeNull: true };
const SOCK_RELEASE: ArgProto = { base: "ARG_PTR_TO_BTF_ID_SOCK_COMMON", release: true };
const RINGBUF_MEM_RELEASE: ArgProto = { base: "ARG_PTR_TO_RINGBUF_MEM", release: true };
const PERCPU: ArgProto = { base: "ARG_PTR_TO_PERCPU_BTF_ID" };
const FUNC: ArgProto = { base: "ARG_PTR_TO_FUNC" };
const STACK_OR_NULL: ArgProto = { base: "ARG_PTR_TO_STACK", maybeNull: true };
const CONST_STR: ArgProto = { base: "ARG_PTR_TO_CONST_STR" };
const TIMER: ArgProto = { base: "ARG_PTR_TO_TIMER" };
const KPTR_XCHG_DEST: ArgProto = { base: "ARG_KPTR_XCHG_DEST" };
const KPTR_RELEASE_OR_NULL: ArgProto = { base: "ARG_PTR_TO_BTF_ID", release: true, maybeNull: true };
const DYNPTR_IN: ArgProto = { base: "ARG_PTR_TO_DYNPTR", rdonly: true };
const DYNPTR_LOCAL_OUT: ArgProto = { base: "ARG_PTR_TO_DYNPTR", dynptr: "local", uninit: true, write: true };
const DYNPTR_RINGBUF_OUT: ArgProto = {
  base: "ARG_PTR_TO_DYNPTR",
  dynptr: "ringbuf",
  uninit: true,
  write: true,
};
const DYNPTR_RINGBUF_RELEASE: ArgProto = { base: "ARG_PTR_TO_DYNPTR", dynptr: "ringbuf", release: true };

/** Memory of a fixed number of bytes that the helper reads. */
function fixedIn(bytes: number): ArgProto {
  return { base: "ARG_PTR_TO_MEM", fixedSize: bytes, rdonly: true };
}

/** Memory of a fixed number of bytes that the helper reads and writes, aligned to its size. */
function fixedInOut(bytes: number): ArgProto {
  return { base: "ARG_PTR_TO_MEM", fixedSize: bytes, write: true, aligned: true };
}

/** Memory of a fixed number of bytes that the helper fills, aligned to its size. */
function fixedOut(bytes: number): ArgProto {
  return { base: "ARG_PTR_TO_MEM", fixedSize: bytes, uninit: true, write: true, aligned: true };
}

/** A pointer to a kernel structure. */
function btf(name: string): ArgProto {
  return { base: "ARG_PTR_TO_BTF_ID", btfType: name };
}

/** A pointer to a kernel structure, or null. */
function btfOrNull(name: string): ArgProto {
  return { base: "ARG_PTR_TO_BTF_ID", btfType: name, maybeNull: true };
}

const returns = {
  INTEGER: { base: "RET_INTEGER" },
  VOID: { base: "RET_VOID" },
  MAP_VALUE: { base: "RET_PTR_TO_MAP_VALUE" },
  MAP_VALUE_OR_NULL: { base: "RET_PTR_TO_MAP_VALUE", maybeNull: true },
  SOCKET_OR_NULL: { base: "RET_PTR_TO_SOCKET", maybeNull: true },
  SOCK_COMMON_OR_NULL: { base: "RET_PTR_TO_SOCK_COMMON", maybeNull: true },
  TCP_SOCK_OR_NULL: { base: "RET_PTR_TO_TCP_SOCK", maybeNull: true },
  MEM_OR_NULL: { base: "RET_PTR_TO_MEM", maybeNull: true },
  RINGBUF_MEM_OR_NULL: { base: "RET_PTR_TO_MEM", maybeNull: true, ringbuf: true },
  PERCPU: { base: "RET_PTR_TO_MEM_OR_BTF_ID", rdonly: true },
  PERCPU_OR_NULL: { base: "RET_PTR_TO_MEM_OR_BTF_ID", rdonly: true, maybeNull: true },
  KPTR_OR_NULL: { base: "RET_PTR_TO_BTF_ID", maybeNull: true },
  btf: (name: string): RetProto => ({ base: "RET_PTR_TO_BTF_ID", btfType: name }),
  btfOrNull: (name: string): RetProto => ({ base: "RET_PTR_TO_BTF_ID", btfType: name, maybeNull: true }),
  btfTrusted: (name: string): RetProto => ({ base: "RET_PTR_TO_BTF_ID", btfType: name, trusted: true }),
} as const;

/** A row. Flags: `gpl` only GPL programs, `pkt` takes packet memory, `sleeps` may sleep, `fastcall` keeps r1–r5, `moves` invalidates packet pointers. */
function h(id: number, name: string, ret: RetProto, args: readonly ArgProto[], flags = ""): HelperProto {
  const has = new Set(flags.split(" "));
  return {
    id,
    name,
    gplOnly: has.has("gpl"),
    pktAccess: has.has("pkt"),
    mightSleep: has.has("sleeps"),
    allowFastcall: has.has("fastcall"),
    changesPacket: has.has("moves"),
    ret,
    args,
  };
}

/** All helpers in the order of their ids; of ids with several prototypes, the one that most program types see. */
export const HELPERS: readonly HelperProto[] = [
  h(1, "map_lookup_elem", returns.MAP_VALUE_OR_NULL, [MAP, KEY], "pkt"),
  h(2, "map_update_elem", returns.INTEGER, [MAP, KEY, VALUE, ANY], "pkt"),
  h(3, "map_delete_elem", returns.INTEGER, [MAP, KEY], "pkt"),
  h(4, "probe_read", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY], "gpl"),
  h(5, "ktime_get_ns", returns.INTEGER, []),
  h(6, "trace_printk", returns.INTEGER, [MEM_IN, SIZE], "gpl"),
  h(7, "get_prandom_u32", returns.INTEGER, []),
  h(8, "get_smp_processor_id", returns.INTEGER, []),
  h(9, "skb_store_bytes", returns.INTEGER, [CTX, ANY, MEM_IN, SIZE, ANY], "moves"),
  h(10, "l3_csum_replace", returns.INTEGER, [CTX, ANY, ANY, ANY, ANY], "moves"),
  h(11, "l4_csum_replace", returns.INTEGER, [CTX, ANY, ANY, ANY, ANY], "moves"),
  h(12, "tail_call", returns.VOID, [CTX, MAP, ANY], "moves"),
  h(13, "clone_redirect", returns.INTEGER, [CTX, ANY, ANY], "moves"),
  h(14, "get_current_pid_tgid", returns.INTEGER, []),
  h(15, "get_current_uid_gid", returns.INTEGER, []),
  h(16, "get_current_comm", returns.INTEGER, [MEM_OUT, SIZE]),
  h(17, "get_cgroup_classid", returns.INTEGER, []),
  h(18, "skb_vlan_push", returns.INTEGER, [CTX, ANY, ANY], "moves"),
  h(19, "skb_vlan_pop", returns.INTEGER, [CTX], "moves"),
  h(20, "skb_get_tunnel_key", returns.INTEGER, [CTX, MEM_OUT, SIZE, ANY]),
  h(21, "skb_set_tunnel_key", returns.INTEGER, [CTX, MEM_IN, SIZE, ANY]),
  h(22, "perf_event_read", returns.INTEGER, [MAP, ANY], "gpl"),
  h(23, "redirect", returns.INTEGER, [ANY, ANY]),
  h(24, "get_route_realm", returns.INTEGER, [CTX]),
  h(25, "perf_event_output", returns.INTEGER, [CTX, MAP, ANY, MEM_IN, SIZE_OR_ZERO], "gpl"),
  h(26, "skb_load_bytes", returns.INTEGER, [CTX, ANY, MEM_OUT, SIZE]),
  h(27, "get_stackid", returns.INTEGER, [CTX, MAP, ANY], "gpl"),
  h(
    28,
    "csum_diff",
    returns.INTEGER,
    [MEM_IN_OR_NULL, SIZE_OR_ZERO, MEM_IN_OR_NULL, SIZE_OR_ZERO, ANY],
    "pkt",
  ),
  h(29, "skb_get_tunnel_opt", returns.INTEGER, [CTX, MEM_OUT, SIZE]),
  h(30, "skb_set_tunnel_opt", returns.INTEGER, [CTX, MEM_IN, SIZE]),
  h(31, "skb_change_proto", returns.INTEGER, [CTX, ANY, ANY], "moves"),
  h(32, "skb_change_type", returns.INTEGER, [CTX, ANY]),
  h(33, "skb_under_cgroup", returns.INTEGER, [CTX, MAP, ANY]),
  h(34, "get_hash_recalc", returns.INTEGER, [CTX]),
  h(35, "get_current_task", returns.INTEGER, [], "gpl"),
  h(36, "probe_write_user", returns.INTEGER, [ANY, MEM_IN, SIZE], "gpl"),
  h(37, "current_task_under_cgroup", returns.INTEGER, [MAP, ANY]),
  h(38, "skb_change_tail", returns.INTEGER, [CTX, ANY, ANY], "moves"),
  h(39, "skb_pull_data", returns.INTEGER, [CTX, ANY], "moves"),
  h(40, "csum_update", returns.INTEGER, [CTX, ANY]),
  h(41, "set_hash_invalid", returns.INTEGER, [CTX]),
  h(42, "get_numa_node_id", returns.INTEGER, []),
  h(43, "skb_change_head", returns.INTEGER, [CTX, ANY, ANY], "moves"),
  h(44, "xdp_adjust_head", returns.INTEGER, [CTX, ANY], "moves"),
  h(45, "probe_read_str", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY], "gpl"),
  h(46, "get_socket_cookie", returns.INTEGER, [CTX]),
  h(47, "get_socket_uid", returns.INTEGER, [CTX]),
  h(48, "set_hash", returns.INTEGER, [CTX, ANY]),
  h(49, "setsockopt", returns.INTEGER, [CTX, ANY, ANY, MEM_IN, SIZE]),
  h(50, "skb_adjust_room", returns.INTEGER, [CTX, ANY, ANY, ANY], "moves"),
  h(51, "redirect_map", returns.INTEGER, [MAP, ANY, ANY]),
  h(52, "sk_redirect_map", returns.INTEGER, [CTX, MAP, ANY, ANY]),
  h(53, "sock_map_update", returns.INTEGER, [CTX, MAP, KEY, ANY], "pkt"),
  h(54, "xdp_adjust_meta", returns.INTEGER, [CTX, ANY], "moves"),
  h(55, "perf_event_read_value", returns.INTEGER, [MAP, ANY, MEM_OUT, SIZE], "gpl"),
  h(56, "perf_prog_read_value", returns.INTEGER, [CTX, MEM_OUT, SIZE], "gpl"),
  h(57, "getsockopt", returns.INTEGER, [CTX, ANY, ANY, MEM_OUT, SIZE]),
  h(58, "override_return", returns.INTEGER, [CTX, ANY], "gpl"),
  h(59, "sock_ops_cb_flags_set", returns.INTEGER, [CTX, ANY]),
  h(60, "msg_redirect_map", returns.INTEGER, [CTX, MAP, ANY, ANY]),
  h(61, "msg_apply_bytes", returns.INTEGER, [CTX, ANY]),
  h(62, "msg_cork_bytes", returns.INTEGER, [CTX, ANY]),
  h(63, "msg_pull_data", returns.INTEGER, [CTX, ANY, ANY, ANY], "moves"),
  h(64, "bind", returns.INTEGER, [CTX, MEM_IN, SIZE]),
  h(65, "xdp_adjust_tail", returns.INTEGER, [CTX, ANY], "moves"),
  h(66, "skb_get_xfrm_state", returns.INTEGER, [CTX, ANY, MEM_OUT, SIZE, ANY]),
  h(67, "get_stack", returns.INTEGER, [CTX, MEM_OUT, SIZE_OR_ZERO, ANY], "gpl"),
  h(68, "skb_load_bytes_relative", returns.INTEGER, [CTX, ANY, MEM_OUT, SIZE, ANY]),
  h(69, "fib_lookup", returns.INTEGER, [CTX, MEM_INOUT, SIZE, ANY], "gpl"),
  h(70, "sock_hash_update", returns.INTEGER, [CTX, MAP, KEY, ANY], "pkt"),
  h(71, "msg_redirect_hash", returns.INTEGER, [CTX, MAP, KEY, ANY]),
  h(72, "sk_redirect_hash", returns.INTEGER, [CTX, MAP, KEY, ANY]),
  h(73, "lwt_push_encap", returns.INTEGER, [CTX, ANY, MEM_IN, SIZE], "moves"),
  h(74, "lwt_seg6_store_bytes", returns.INTEGER, [CTX, ANY, MEM_IN, SIZE], "moves"),
  h(75, "lwt_seg6_adjust_srh", returns.INTEGER, [CTX, ANY, ANY], "moves"),
  h(76, "lwt_seg6_action", returns.INTEGER, [CTX, ANY, MEM_IN, SIZE], "moves"),
  h(77, "rc_repeat", returns.INTEGER, [CTX], "gpl"),
  h(78, "rc_keydown", returns.INTEGER, [CTX, ANY, ANY, ANY], "gpl"),
  h(79, "skb_cgroup_id", returns.INTEGER, [CTX]),
  h(80, "get_current_cgroup_id", returns.INTEGER, []),
  h(81, "get_local_storage", returns.MAP_VALUE, [MAP, ANY]),
  h(82, "sk_select_reuseport", returns.INTEGER, [CTX, MAP, KEY, ANY]),
  h(83, "skb_ancestor_cgroup_id", returns.INTEGER, [CTX, ANY]),
  h(84, "sk_lookup_tcp", returns.SOCKET_OR_NULL, [CTX, MEM_IN, SIZE_OR_ZERO, ANY, ANY], "pkt"),
  h(85, "sk_lookup_udp", returns.SOCKET_OR_NULL, [CTX, MEM_IN, SIZE_OR_ZERO, ANY, ANY], "pkt"),
  h(86, "sk_release", returns.INTEGER, [SOCK_RELEASE]),
  h(87, "map_push_elem", returns.INTEGER, [MAP, VALUE, ANY], "pkt"),
  h(88, "map_pop_elem", returns.INTEGER, [MAP, VALUE_OUT]),
  h(89, "map_peek_elem", returns.INTEGER, [MAP, VALUE_OUT]),
  h(90, "msg_push_data", returns.INTEGER, [CTX, ANY, ANY, ANY], "moves"),
  h(91, "msg_pop_data", returns.INTEGER, [CTX, ANY, ANY, ANY], "moves"),
  h(92, "rc_pointer_rel", returns.INTEGER, [CTX, ANY, ANY], "gpl"),
  h(93, "spin_lock", returns.VOID, [SPIN_LOCK]),
  h(94, "spin_unlock", returns.VOID, [SPIN_LOCK]),
  h(95, "sk_fullsock", returns.SOCKET_OR_NULL, [SOCK_COMMON]),
  h(96, "tcp_sock", returns.TCP_SOCK_OR_NULL, [SOCK_COMMON]),
  h(97, "skb_ecn_set_ce", returns.INTEGER, [CTX]),
  h(98, "get_listener_sock", returns.SOCKET_OR_NULL, [SOCK_COMMON]),
  h(99, "skc_lookup_tcp", returns.SOCK_COMMON_OR_NULL, [CTX, MEM_IN, SIZE_OR_ZERO, ANY, ANY], "pkt"),
  h(100, "tcp_check_syncookie", returns.INTEGER, [SOCK, MEM_IN, SIZE, MEM_IN, SIZE], "gpl pkt"),
  h(101, "sysctl_get_name", returns.INTEGER, [CTX, MEM_INOUT, SIZE, ANY]),
  h(102, "sysctl_get_current_value", returns.INTEGER, [CTX, MEM_OUT, SIZE]),
  h(103, "sysctl_get_new_value", returns.INTEGER, [CTX, MEM_OUT, SIZE]),
  h(104, "sysctl_set_new_value", returns.INTEGER, [CTX, MEM_IN, SIZE]),
  h(105, "strtol", returns.INTEGER, [MEM_IN, SIZE, ANY, fixedOut(8)]),
  h(106, "strtoul", returns.INTEGER, [MEM_IN, SIZE, ANY, fixedOut(8)]),
  h(107, "sk_storage_get", returns.MAP_VALUE_OR_NULL, [MAP, SOCK, VALUE_OR_NULL, ANY]),
  h(108, "sk_storage_delete", returns.INTEGER, [MAP, SOCK]),
  h(109, "send_signal", returns.INTEGER, [ANY]),
  h(110, "tcp_gen_syncookie", returns.INTEGER, [SOCK, MEM_IN, SIZE, MEM_IN, SIZE], "gpl pkt"),
  h(111, "skb_output", returns.INTEGER, [btf("sk_buff"), MAP, ANY, MEM_IN, SIZE_OR_ZERO], "gpl"),
  h(112, "probe_read_user", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY], "gpl"),
  h(113, "probe_read_kernel", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY], "gpl"),
  h(114, "probe_read_user_str", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY], "gpl"),
  h(115, "probe_read_kernel_str", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY], "gpl"),
  h(116, "tcp_send_ack", returns.INTEGER, [btf("tcp_sock"), ANY]),
  h(117, "send_signal_thread", returns.INTEGER, [ANY]),
  h(118, "jiffies64", returns.INTEGER, []),
  h(119, "read_branch_records", returns.INTEGER, [CTX, MEM_INOUT_OR_NULL, SIZE_OR_ZERO, ANY], "gpl"),
  h(120, "get_ns_current_pid_tgid", returns.INTEGER, [ANY, ANY, MEM_OUT, SIZE]),
  h(121, "xdp_output", returns.INTEGER, [btf("xdp_buff"), MAP, ANY, MEM_IN, SIZE_OR_ZERO], "gpl"),
  h(122, "get_netns_cookie", returns.INTEGER, [CTX_OR_NULL]),
  h(123, "get_current_ancestor_cgroup_id", returns.INTEGER, [ANY]),
  h(124, "sk_assign", returns.INTEGER, [CTX, SOCK, ANY]),
  h(125, "ktime_get_boot_ns", returns.INTEGER, []),
  h(126, "seq_printf", returns.INTEGER, [btf("seq_file"), MEM_IN, SIZE, MEM_IN_OR_NULL, SIZE_OR_ZERO], "gpl"),
  h(127, "seq_write", returns.INTEGER, [btf("seq_file"), MEM_IN, SIZE_OR_ZERO], "gpl"),
  h(128, "sk_cgroup_id", returns.INTEGER, [SOCK]),
  h(129, "sk_ancestor_cgroup_id", returns.INTEGER, [SOCK, ANY]),
  h(130, "ringbuf_output", returns.INTEGER, [MAP, MEM_IN, SIZE_OR_ZERO, ANY]),
  h(131, "ringbuf_reserve", returns.RINGBUF_MEM_OR_NULL, [MAP, ALLOC_SIZE, ANY]),
  h(132, "ringbuf_submit", returns.VOID, [RINGBUF_MEM_RELEASE, ANY]),
  h(133, "ringbuf_discard", returns.VOID, [RINGBUF_MEM_RELEASE, ANY]),
  h(134, "ringbuf_query", returns.INTEGER, [MAP, ANY]),
  h(135, "csum_level", returns.INTEGER, [CTX, ANY]),
  h(136, "skc_to_tcp6_sock", returns.btfOrNull("tcp6_sock"), [SOCK]),
  h(137, "skc_to_tcp_sock", returns.btfOrNull("tcp_sock"), [SOCK]),
  h(138, "skc_to_tcp_timewait_sock", returns.btfOrNull("tcp_timewait_sock"), [SOCK]),
  h(139, "skc_to_tcp_request_sock", returns.btfOrNull("tcp_request_sock"), [SOCK]),
  h(140, "skc_to_udp6_sock", returns.btfOrNull("udp6_sock"), [SOCK]),
  h(141, "get_task_stack", returns.INTEGER, [btf("task_struct"), MEM_OUT, SIZE_OR_ZERO, ANY]),
  h(142, "load_hdr_opt", returns.INTEGER, [CTX, MEM_INOUT, SIZE, ANY]),
  h(143, "store_hdr_opt", returns.INTEGER, [CTX, MEM_IN, SIZE, ANY], "moves"),
  h(144, "reserve_hdr_opt", returns.INTEGER, [CTX, ANY, ANY]),
  h(145, "inode_storage_get", returns.MAP_VALUE_OR_NULL, [MAP, btfOrNull("inode"), VALUE_OR_NULL, ANY]),
  h(146, "inode_storage_delete", returns.INTEGER, [MAP, btfOrNull("inode")]),
  h(147, "d_path", returns.INTEGER, [btf("path"), MEM_INOUT, SIZE_OR_ZERO]),
  h(148, "copy_from_user", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY], "sleeps"),
  h(149, "snprintf_btf", returns.INTEGER, [MEM_INOUT, SIZE, MEM_IN, SIZE, ANY]),
  h(150, "seq_printf_btf", returns.INTEGER, [btf("seq_file"), MEM_IN, SIZE_OR_ZERO, ANY], "gpl"),
  h(151, "skb_cgroup_classid", returns.INTEGER, [CTX]),
  h(152, "redirect_neigh", returns.INTEGER, [ANY, MEM_IN_OR_NULL, SIZE_OR_ZERO, ANY]),
  h(153, "per_cpu_ptr", returns.PERCPU_OR_NULL, [PERCPU, ANY]),
  h(154, "this_cpu_ptr", returns.PERCPU, [PERCPU]),
  h(155, "redirect_peer", returns.INTEGER, [ANY, ANY]),
  h(156, "task_storage_get", returns.MAP_VALUE_OR_NULL, [MAP, btfOrNull("task_struct"), VALUE_OR_NULL, ANY]),
  h(157, "task_storage_delete", returns.INTEGER, [MAP, btfOrNull("task_struct")]),
  h(158, "get_current_task_btf", returns.btfTrusted("task_struct"), [], "gpl"),
  h(159, "bprm_opts_set", returns.INTEGER, [btf("linux_binprm"), ANY]),
  h(160, "ktime_get_coarse_ns", returns.INTEGER, []),
  h(161, "ima_inode_hash", returns.INTEGER, [btf("inode"), MEM_OUT, SIZE], "sleeps"),
  h(162, "sock_from_file", returns.btfOrNull("socket"), [btf("file")]),
  h(163, "check_mtu", returns.INTEGER, [CTX, ANY, fixedInOut(4), ANY, ANY], "gpl"),
  h(164, "for_each_map_elem", returns.INTEGER, [MAP, FUNC, STACK_OR_NULL, ANY]),
  h(165, "snprintf", returns.INTEGER, [
    MEM_INOUT_OR_NULL,
    SIZE_OR_ZERO,
    CONST_STR,
    MEM_IN_OR_NULL,
    SIZE_OR_ZERO,
  ], "gpl"),
  h(166, "sys_bpf", returns.INTEGER, [ANY, MEM_IN, SIZE], "sleeps"),
  h(167, "btf_find_by_name_kind", returns.INTEGER, [MEM_IN, SIZE, ANY, ANY], "sleeps"),
  h(168, "sys_close", returns.INTEGER, [ANY], "sleeps"),
  h(169, "timer_init", returns.INTEGER, [TIMER, MAP, ANY], "gpl"),
  h(170, "timer_set_callback", returns.INTEGER, [TIMER, FUNC], "gpl"),
  h(171, "timer_start", returns.INTEGER, [TIMER, ANY, ANY], "gpl"),
  h(172, "timer_cancel", returns.INTEGER, [TIMER], "gpl"),
  h(173, "get_func_ip", returns.INTEGER, [CTX], "gpl"),
  h(174, "get_attach_cookie", returns.INTEGER, [CTX]),
  h(175, "task_pt_regs", returns.btf("pt_regs"), [btf("task_struct")], "gpl"),
  h(176, "get_branch_snapshot", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO], "gpl"),
  h(177, "trace_vprintk", returns.INTEGER, [MEM_IN, SIZE, MEM_IN_OR_NULL, SIZE_OR_ZERO], "gpl"),
  h(178, "skc_to_unix_sock", returns.btfOrNull("unix_sock"), [SOCK]),
  h(179, "kallsyms_lookup_name", returns.INTEGER, [MEM_IN, SIZE_OR_ZERO, ANY, fixedOut(8)]),
  h(180, "find_vma", returns.INTEGER, [btf("task_struct"), ANY, FUNC, STACK_OR_NULL, ANY]),
  h(181, "loop", returns.INTEGER, [ANY, FUNC, STACK_OR_NULL, ANY]),
  h(182, "strncmp", returns.INTEGER, [MEM_IN, SIZE, CONST_STR]),
  h(183, "get_func_arg", returns.INTEGER, [CTX, ANY, fixedOut(8)]),
  h(184, "get_func_ret", returns.INTEGER, [CTX, fixedOut(8)]),
  h(185, "get_func_arg_cnt", returns.INTEGER, [CTX]),
  h(186, "get_retval", returns.INTEGER, []),
  h(187, "set_retval", returns.INTEGER, [ANY]),
  h(188, "xdp_get_buff_len", returns.INTEGER, [CTX]),
  h(189, "xdp_load_bytes", returns.INTEGER, [CTX, ANY, MEM_OUT, SIZE]),
  h(190, "xdp_store_bytes", returns.INTEGER, [CTX, ANY, MEM_IN, SIZE]),
  h(
    191,
    "copy_from_user_task",
    returns.INTEGER,
    [MEM_OUT, SIZE_OR_ZERO, ANY, btf("task_struct"), ANY],
    "gpl sleeps",
  ),
  h(192, "skb_set_tstamp", returns.INTEGER, [CTX, ANY, ANY]),
  h(193, "ima_file_hash", returns.INTEGER, [btf("file"), MEM_OUT, SIZE], "sleeps"),
  h(194, "kptr_xchg", returns.KPTR_OR_NULL, [KPTR_XCHG_DEST, KPTR_RELEASE_OR_NULL]),
  h(195, "map_lookup_percpu_elem", returns.MAP_VALUE_OR_NULL, [MAP, KEY, ANY], "pkt"),
  h(196, "skc_to_mptcp_sock", returns.btfOrNull("mptcp_sock"), [SOCK_COMMON]),
  h(197, "dynptr_from_mem", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, ANY, DYNPTR_LOCAL_OUT]),
  h(198, "ringbuf_reserve_dynptr", returns.INTEGER, [MAP, ANY, ANY, DYNPTR_RINGBUF_OUT]),
  h(199, "ringbuf_submit_dynptr", returns.VOID, [DYNPTR_RINGBUF_RELEASE, ANY]),
  h(200, "ringbuf_discard_dynptr", returns.VOID, [DYNPTR_RINGBUF_RELEASE, ANY]),
  h(201, "dynptr_read", returns.INTEGER, [MEM_OUT, SIZE_OR_ZERO, DYNPTR_IN, ANY, ANY]),
  h(202, "dynptr_write", returns.INTEGER, [DYNPTR_IN, ANY, MEM_IN, SIZE_OR_ZERO, ANY]),
  h(203, "dynptr_data", returns.MEM_OR_NULL, [DYNPTR_IN, ANY, ALLOC_SIZE]),
  h(204, "tcp_raw_gen_syncookie_ipv4", returns.INTEGER, [fixedIn(20), MEM_IN, SIZE_OR_ZERO], "gpl pkt"),
  h(205, "tcp_raw_gen_syncookie_ipv6", returns.INTEGER, [fixedIn(40), MEM_IN, SIZE_OR_ZERO], "gpl pkt"),
  h(206, "tcp_raw_check_syncookie_ipv4", returns.INTEGER, [fixedIn(20), fixedIn(20)], "gpl pkt"),
  h(207, "tcp_raw_check_syncookie_ipv6", returns.INTEGER, [fixedIn(40), fixedIn(20)], "gpl pkt"),
  h(208, "ktime_get_tai_ns", returns.INTEGER, []),
  h(209, "user_ringbuf_drain", returns.INTEGER, [MAP, FUNC, STACK_OR_NULL, ANY]),
  h(210, "cgrp_storage_get", returns.MAP_VALUE_OR_NULL, [MAP, btfOrNull("cgroup"), VALUE_OR_NULL, ANY]),
  h(211, "cgrp_storage_delete", returns.INTEGER, [MAP, btfOrNull("cgroup")]),
];

/** Another prototype for an id, and who sees it. */
export interface HelperVariant {
  readonly types: readonly string[];
  /** Only with these expected attach types; with all if absent. */
  readonly attachTypes?: readonly number[];
  /** Only in programs that may sleep (true) or may not (false); in both if absent. */
  readonly sleepable?: boolean;
  readonly proto: HelperProto;
}

const TC: readonly string[] = ["sched_cls", "sched_act"];
const LWT: readonly string[] = ["lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"];
const RAW_TP: readonly string[] = ["raw_tracepoint", "raw_tracepoint_writable", "tracing", "lsm", "syscall"];
const TRACING: readonly string[] = ["kprobe", "tracepoint", "perf_event", ...RAW_TP];
/** Types whose prototypes come from `tracing_prog_func_proto`. */
const TYPED: readonly string[] = ["tracing", "lsm", "syscall"];

/** `BPF_TRACE_KPROBE_MULTI`, `BPF_TRACE_UPROBE_MULTI`, and their sessions. */
const MULTI: readonly number[] = [42, 48, 56, 57];

/** Prototypes that differ from {@linkcode HELPERS} for some program types. The first match counts. */
export const HELPER_VARIANTS: readonly HelperVariant[] = [
  {
    types: [...TRACING, ...TC, "xdp", ...LWT],
    proto: h(8, "get_smp_processor_id", returns.INTEGER, [], "fastcall"),
  },
  { types: [...TC, ...LWT], proto: h(17, "get_cgroup_classid", returns.INTEGER, [CTX]) },
  { types: ["perf_event"], proto: h(27, "get_stackid", returns.INTEGER, [CTX, MAP, ANY]) },
  {
    types: [...TYPED, "sk_reuseport"],
    proto: h(46, "get_socket_cookie", returns.INTEGER, [SOCK_OR_NULL]),
  },
  {
    types: ["cgroup_sockopt", "lsm", "tracing", "struct_ops"],
    proto: h(49, "setsockopt", returns.INTEGER, [SOCK, ANY, ANY, MEM_IN, SIZE]),
  },
  {
    types: ["cgroup_sockopt", "lsm", "tracing", "struct_ops"],
    proto: h(57, "getsockopt", returns.INTEGER, [SOCK, ANY, ANY, MEM_OUT, SIZE]),
  },
  {
    types: ["kprobe"],
    sleepable: true,
    proto: h(67, "get_stack", returns.INTEGER, [CTX, MEM_OUT, SIZE_OR_ZERO, ANY], "gpl sleeps"),
  },
  {
    types: ["cgroup_sock_addr"],
    proto: h(84, "sk_lookup_tcp", returns.SOCKET_OR_NULL, [CTX, MEM_IN, SIZE_OR_ZERO, ANY, ANY]),
  },
  {
    types: ["cgroup_sock_addr"],
    proto: h(85, "sk_lookup_udp", returns.SOCKET_OR_NULL, [CTX, MEM_IN, SIZE_OR_ZERO, ANY, ANY]),
  },
  {
    types: ["cgroup_sock_addr"],
    proto: h(99, "skc_lookup_tcp", returns.SOCK_COMMON_OR_NULL, [CTX, MEM_IN, SIZE_OR_ZERO, ANY, ANY]),
  },
  {
    types: ["tracing", "syscall"],
    proto: h(107, "sk_storage_get", returns.MAP_VALUE_OR_NULL, [
      MAP,
      btfOrNull("sock_common"),
      VALUE_OR_NULL,
      ANY,
    ]),
  },
  {
    types: ["cgroup_sock"],
    proto: h(107, "sk_storage_get", returns.MAP_VALUE_OR_NULL, [MAP, CTX, VALUE_OR_NULL, ANY]),
  },
  {
    types: ["tracing", "syscall"],
    proto: h(108, "sk_storage_delete", returns.INTEGER, [MAP, btfOrNull("sock_common")]),
  },
  { types: ["sk_lookup"], proto: h(124, "sk_assign", returns.INTEGER, [CTX, SOCKET_OR_NULL, ANY]) },
  {
    types: TRACING,
    sleepable: true,
    proto: h(
      141,
      "get_task_stack",
      returns.INTEGER,
      [btf("task_struct"), MEM_OUT, SIZE_OR_ZERO, ANY],
      "sleeps",
    ),
  },
  {
    types: ["kprobe"],
    attachTypes: MULTI,
    proto: h(173, "get_func_ip", returns.INTEGER, [CTX]),
  },
  { types: TYPED, proto: h(188, "xdp_get_buff_len", returns.INTEGER, [btf("xdp_buff")]) },
];

/** Whether a variant is the one that programs of `use` see. */
export function variantApplies(variant: HelperVariant, use: HelperUse): boolean {
  return variant.types.includes(use.type) &&
    (variant.attachTypes === undefined || variant.attachTypes.includes(use.attachType ?? 0)) &&
    (variant.sleepable === undefined || variant.sleepable === (use.sleepable ?? false));
}

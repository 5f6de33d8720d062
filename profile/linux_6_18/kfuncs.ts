/**
 * The kernel functions that programs may call in Linux 6.18, with their flags and callers: a table.
 *
 * Arguments are not here: they come from the kernel's BTF. Flags (`KF_*` of `BTF_ID_FLAGS`) are the sources'; who may call was
 * asked of a running kernel by type, and is the sources' for what that was built without: schedulers (`scx_`), input devices
 * (`hid_`), queueing disciplines, tunnels, signatures. Functions of modules outside the kernel's sources are absent.
 *
 * @module
 */
import type { KfuncFlag, KfuncRules } from "../profile.ts";

/** `enum bpf_attach_type`. */
const TRACE_ITER = 28, TRACE_KPROBE_SESSION = 56, TRACE_UPROBE_SESSION = 57;

/** Program types that share a registration hook (`bpf_prog_type_to_kfunc_hook`). */
const CGROUP: readonly string[] = [
  "cgroup_skb",
  "cgroup_sock",
  "cgroup_device",
  "cgroup_sock_addr",
  "cgroup_sockopt",
  "cgroup_sysctl",
  "sock_ops",
];
const TRACING: readonly string[] = ["tracing", "tracepoint", "perf_event", "lsm"];
const LWT: readonly string[] = ["lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"];

/** Functions registered for every type. */
const EVERY: readonly string[] = [
  ...CGROUP,
  ...TRACING,
  ...LWT,
  "socket_filter",
  "kprobe",
  "sched_cls",
  "sched_act",
  "xdp",
  "sk_skb",
  "sk_msg",
  "raw_tracepoint",
  "raw_tracepoint_writable",
  "sk_reuseport",
  "flow_dissector",
  "struct_ops",
  "ext",
  "sk_lookup",
  "syscall",
  "netfilter",
];
/** Objects, lists, trees, tasks and cgroups. */
const GENERIC: readonly string[] = ["xdp", "sched_cls", ...CGROUP, ...TRACING, "struct_ops", "syscall"];

interface Group {
  readonly types: readonly string[];
  readonly attachTypes?: readonly number[];
  readonly deviceBound?: boolean;
  readonly callbacks?: { readonly struct: string; readonly members?: readonly string[] };
  /** One function a line: its name, then its flags. */
  readonly functions: string;
}

const GROUPS: readonly Group[] = [
  {
    types: EVERY,
    functions: `
      __bpf_trap
      bpf_arena_alloc_pages trusted_args sleepable arena_ret arena_arg2
      bpf_arena_free_pages trusted_args sleepable arena_arg2
      bpf_arena_reserve_pages trusted_args sleepable arena_arg2
      bpf_cast_to_kern_ctx fastcall
      bpf_cgroup_read_xattr rcu
      bpf_copy_from_user_dynptr sleepable
      bpf_copy_from_user_str sleepable
      bpf_copy_from_user_str_dynptr sleepable
      bpf_copy_from_user_task_dynptr sleepable trusted_args
      bpf_copy_from_user_task_str sleepable
      bpf_copy_from_user_task_str_dynptr sleepable trusted_args
      bpf_dynptr_adjust
      bpf_dynptr_clone
      bpf_dynptr_copy
      bpf_dynptr_is_null
      bpf_dynptr_is_rdonly
      bpf_dynptr_memset
      bpf_dynptr_size
      bpf_dynptr_slice ret_null
      bpf_dynptr_slice_rdwr ret_null
      bpf_get_kmem_cache
      bpf_iter_bits_destroy iter_destroy
      bpf_iter_bits_new iter_new
      bpf_iter_bits_next iter_next ret_null
      bpf_iter_css_destroy iter_destroy
      bpf_iter_css_new iter_new trusted_args rcu_protected
      bpf_iter_css_next iter_next ret_null
      bpf_iter_css_task_destroy iter_destroy
      bpf_iter_css_task_new iter_new trusted_args
      bpf_iter_css_task_next iter_next ret_null
      bpf_iter_dmabuf_destroy iter_destroy sleepable
      bpf_iter_dmabuf_new iter_new sleepable
      bpf_iter_dmabuf_next iter_next ret_null sleepable
      bpf_iter_kmem_cache_destroy iter_destroy sleepable
      bpf_iter_kmem_cache_new iter_new sleepable
      bpf_iter_kmem_cache_next iter_next ret_null sleepable
      bpf_iter_num_destroy iter_destroy
      bpf_iter_num_new iter_new
      bpf_iter_num_next iter_next ret_null
      bpf_iter_task_destroy iter_destroy
      bpf_iter_task_new iter_new trusted_args rcu_protected
      bpf_iter_task_next iter_next ret_null
      bpf_iter_task_vma_destroy iter_destroy
      bpf_iter_task_vma_new iter_new rcu
      bpf_iter_task_vma_next iter_next ret_null
      bpf_local_irq_restore
      bpf_local_irq_save
      bpf_map_sum_elem_count trusted_args
      bpf_modify_return_test_tp
      bpf_preempt_disable
      bpf_preempt_enable
      bpf_probe_read_kernel_dynptr
      bpf_probe_read_kernel_str_dynptr
      bpf_probe_read_user_dynptr
      bpf_probe_read_user_str_dynptr
      bpf_rcu_read_lock
      bpf_rcu_read_unlock
      bpf_rdonly_cast fastcall
      bpf_res_spin_lock ret_null
      bpf_res_spin_lock_irqsave ret_null
      bpf_res_spin_unlock
      bpf_res_spin_unlock_irqrestore
      bpf_strcasecmp
      bpf_strchr
      bpf_strchrnul
      bpf_strcmp
      bpf_strcspn
      bpf_stream_vprintk_impl trusted_args
      bpf_strlen
      bpf_strnchr
      bpf_strnlen
      bpf_strnstr
      bpf_strrchr
      bpf_strspn
      bpf_strstr
      bpf_task_work_schedule_resume_impl trusted_args
      bpf_task_work_schedule_signal_impl trusted_args
      bpf_wq_init
      bpf_wq_set_callback_impl
      bpf_wq_start
    `,
  },
  {
    types: ["xdp"],
    deviceBound: true,
    functions: `
      bpf_xdp_metadata_rx_hash trusted_args
      bpf_xdp_metadata_rx_timestamp trusted_args
      bpf_xdp_metadata_rx_vlan_tag trusted_args
    `,
  },
  {
    types: GENERIC,
    functions: `
      bpf_cgroup_acquire acquire rcu ret_null
      bpf_cgroup_ancestor acquire rcu ret_null
      bpf_cgroup_from_id acquire ret_null
      bpf_cgroup_release release
      bpf_key_put release
      bpf_list_back ret_null
      bpf_list_front ret_null
      bpf_list_pop_back acquire ret_null
      bpf_list_pop_front acquire ret_null
      bpf_list_push_back_impl
      bpf_list_push_front_impl
      bpf_lookup_system_key acquire ret_null
      bpf_lookup_user_key acquire ret_null sleepable
      bpf_verify_pkcs7_signature sleepable
      bpf_obj_drop_impl release
      bpf_obj_new_impl acquire ret_null
      bpf_percpu_obj_drop_impl release
      bpf_percpu_obj_new_impl acquire ret_null
      bpf_rbtree_add_impl
      bpf_rbtree_first ret_null
      bpf_rbtree_left ret_null
      bpf_rbtree_remove acquire ret_null
      bpf_rbtree_right ret_null
      bpf_rbtree_root ret_null
      bpf_refcount_acquire_impl acquire ret_null rcu
      bpf_send_signal_task trusted_args
      bpf_task_acquire acquire rcu ret_null
      bpf_task_from_pid acquire ret_null
      bpf_task_from_vpid acquire ret_null
      bpf_task_get_cgroup1 acquire rcu ret_null
      bpf_task_release release
      bpf_task_under_cgroup rcu
      bpf_throw
    `,
  },
  {
    types: [...TRACING, "struct_ops", "syscall"],
    functions: `
      bpf_cpumask_acquire acquire trusted_args
      bpf_cpumask_and rcu
      bpf_cpumask_any_and_distribute rcu
      bpf_cpumask_any_distribute rcu
      bpf_cpumask_clear rcu
      bpf_cpumask_clear_cpu rcu
      bpf_cpumask_copy rcu
      bpf_cpumask_create acquire ret_null
      bpf_cpumask_empty rcu
      bpf_cpumask_equal rcu
      bpf_cpumask_first rcu
      bpf_cpumask_first_and rcu
      bpf_cpumask_first_zero rcu
      bpf_cpumask_full rcu
      bpf_cpumask_intersects rcu
      bpf_cpumask_or rcu
      bpf_cpumask_populate rcu
      bpf_cpumask_release release
      bpf_cpumask_set_cpu rcu
      bpf_cpumask_setall rcu
      bpf_cpumask_subset rcu
      bpf_cpumask_test_and_clear_cpu rcu
      bpf_cpumask_test_and_set_cpu rcu
      bpf_cpumask_test_cpu rcu
      bpf_cpumask_weight rcu
      bpf_cpumask_xor rcu
    `,
  },
  {
    types: ["syscall"],
    functions: `
      bpf_crypto_ctx_acquire acquire rcu ret_null
      bpf_crypto_ctx_create acquire ret_null sleepable
      bpf_crypto_ctx_release release
    `,
  },
  {
    types: ["xdp", "sched_cls", "sched_act"],
    functions: `
      bpf_crypto_decrypt rcu
      bpf_crypto_encrypt rcu
    `,
  },
  {
    types: ["xdp", "sched_cls"],
    functions: `
      bpf_ct_change_status trusted_args
      bpf_ct_change_timeout trusted_args
      bpf_ct_insert_entry acquire ret_null release
      bpf_ct_release release
      bpf_ct_set_nat_info trusted_args
      bpf_ct_set_status trusted_args
      bpf_ct_set_timeout trusted_args
      bpf_skb_ct_alloc acquire ret_null
      bpf_skb_ct_lookup acquire ret_null
      bpf_xdp_ct_alloc acquire ret_null
      bpf_xdp_ct_lookup acquire ret_null
    `,
  },
  {
    types: [
      "sched_cls",
      "sched_act",
      "socket_filter",
      ...CGROUP,
      "sk_skb",
      ...LWT,
      "netfilter",
      ...TRACING,
      "struct_ops",
    ],
    callbacks: { struct: "Qdisc_ops" },
    functions: `
      bpf_dynptr_from_skb trusted_args
    `,
  },
  {
    types: ["sched_cls", "sched_act"],
    functions: `
      bpf_dynptr_from_skb_meta trusted_args
    `,
  },
  {
    types: ["xdp"],
    functions: `
      bpf_dynptr_from_xdp
      bpf_xdp_get_xfrm_state acquire ret_null
      bpf_xdp_flow_lookup trusted_args ret_null
      bpf_xdp_pull_data
      bpf_xdp_xfrm_state_release release
    `,
  },
  {
    types: ["sched_cls"],
    functions: `
      bpf_sk_assign_tcp_reqsk trusted_args
      bpf_skb_get_fou_encap
      bpf_skb_get_xfrm_info
      bpf_skb_set_fou_encap
      bpf_skb_set_xfrm_info
    `,
  },
  {
    types: CGROUP,
    functions: `
      bpf_sock_addr_set_sun_path
      bpf_sock_ops_enable_tx_tstamp trusted_args
    `,
  },
  {
    types: ["sched_cls", ...TRACING, "syscall"],
    functions: `
      bpf_kfunc_call_memb_release release
      bpf_kfunc_call_test_release release
    `,
  },
  {
    types: TRACING,
    functions: `
      css_rstat_flush sleepable
      css_rstat_updated
    `,
  },
  {
    types: ["lsm"],
    functions: `
      bpf_get_dentry_xattr sleepable trusted_args
      bpf_get_file_xattr sleepable trusted_args
      bpf_get_fsverity_digest trusted_args
      bpf_get_task_exe_file acquire trusted_args ret_null
      bpf_path_d_path trusted_args
      bpf_put_file release
      bpf_remove_dentry_xattr sleepable trusted_args
      bpf_set_dentry_xattr sleepable trusted_args
    `,
  },
  {
    types: ["kprobe"],
    attachTypes: [TRACE_KPROBE_SESSION, TRACE_UPROBE_SESSION],
    functions: `
      bpf_session_cookie
      bpf_session_is_return
    `,
  },
  {
    types: ["tracing"],
    attachTypes: [TRACE_ITER],
    functions: `
      bpf_sock_destroy trusted_args
    `,
  },
  {
    types: ["struct_ops", "syscall"],
    functions: `
      hid_bpf_allocate_context acquire ret_null sleepable
      hid_bpf_hw_output_report sleepable
      hid_bpf_hw_request sleepable
      hid_bpf_input_report sleepable
      hid_bpf_release_context release sleepable
    `,
  },
  {
    types: ["struct_ops"],
    functions: `
      hid_bpf_get_data ret_null
      hid_bpf_try_input_report
    `,
  },
  {
    types: ["struct_ops"],
    functions: `
      scx_bpf_dispatch_cancel
      scx_bpf_dispatch_nr_slots
      scx_bpf_dsq_insert rcu
      scx_bpf_dsq_insert_vtime rcu
      scx_bpf_dsq_move_to_local
      scx_bpf_reenqueue_local
    `,
  },
  {
    types: ["struct_ops", "syscall"],
    functions: `
      scx_bpf_create_dsq sleepable
      scx_bpf_dsq_move rcu
      scx_bpf_dsq_move_set_slice rcu
      scx_bpf_dsq_move_set_vtime rcu
      scx_bpf_dsq_move_vtime rcu
    `,
  },
  {
    types: ["struct_ops", ...TRACING, "syscall"],
    functions: `
      bpf_iter_scx_dsq_destroy iter_destroy
      bpf_iter_scx_dsq_new iter_new rcu_protected
      bpf_iter_scx_dsq_next iter_next ret_null
      scx_bpf_cpu_curr ret_null rcu_protected
      scx_bpf_cpu_node
      scx_bpf_cpu_rq
      scx_bpf_cpuperf_cap
      scx_bpf_cpuperf_cur
      scx_bpf_cpuperf_set
      scx_bpf_destroy_dsq
      scx_bpf_dsq_nr_queued
      scx_bpf_dump_bstr trusted_args
      scx_bpf_error_bstr trusted_args
      scx_bpf_events trusted_args
      scx_bpf_exit_bstr trusted_args
      scx_bpf_get_idle_cpumask acquire
      scx_bpf_get_idle_cpumask_node acquire
      scx_bpf_get_idle_smtmask acquire
      scx_bpf_get_idle_smtmask_node acquire
      scx_bpf_get_online_cpumask acquire
      scx_bpf_get_possible_cpumask acquire
      scx_bpf_kick_cpu
      scx_bpf_locked_rq ret_null
      scx_bpf_now
      scx_bpf_nr_cpu_ids
      scx_bpf_nr_node_ids
      scx_bpf_pick_any_cpu rcu
      scx_bpf_pick_any_cpu_node rcu
      scx_bpf_pick_idle_cpu rcu
      scx_bpf_pick_idle_cpu_node rcu
      scx_bpf_put_cpumask release
      scx_bpf_put_idle_cpumask release
      scx_bpf_select_cpu_and rcu
      scx_bpf_select_cpu_dfl rcu
      scx_bpf_task_cgroup rcu acquire
      scx_bpf_task_cpu rcu
      scx_bpf_task_running rcu
      scx_bpf_test_and_clear_cpu_idle
    `,
  },
  {
    types: ["struct_ops"],
    callbacks: { struct: "Qdisc_ops" },
    functions: `
      bpf_kfree_skb release
      bpf_skb_get_hash trusted_args
    `,
  },
  {
    types: ["struct_ops"],
    callbacks: { struct: "Qdisc_ops", members: ["enqueue"] },
    functions: `
      bpf_qdisc_skb_drop release
    `,
  },
  {
    types: ["struct_ops"],
    callbacks: { struct: "Qdisc_ops", members: ["enqueue", "dequeue"] },
    functions: `
      bpf_qdisc_watchdog_schedule trusted_args
    `,
  },
  {
    types: ["struct_ops"],
    callbacks: { struct: "Qdisc_ops", members: ["dequeue"] },
    functions: `
      bpf_qdisc_bstats_update trusted_args
    `,
  },
  {
    // The kernel calls them itself around the callbacks.
    types: ["struct_ops"],
    callbacks: { struct: "Qdisc_ops", members: [] },
    functions: `
      bpf_qdisc_init_prologue trusted_args
      bpf_qdisc_reset_destroy_epilogue trusted_args
    `,
  },
  {
    types: ["struct_ops"],
    functions: `
      bbr_cwnd_event
      bbr_init
      bbr_main
      bbr_min_tso_segs
      bbr_set_state
      bbr_sndbuf_expand
      bbr_ssthresh
      bbr_undo_cwnd
      cubictcp_acked
      cubictcp_cong_avoid
      cubictcp_cwnd_event
      cubictcp_init
      cubictcp_recalc_ssthresh
      cubictcp_state
      tcp_cong_avoid_ai
      tcp_reno_cong_avoid
      tcp_reno_ssthresh
      tcp_reno_undo_cwnd
      tcp_slow_start
    `,
  },
];

function rules(group: Group): KfuncRules[] {
  const types = new Set(group.types), { callbacks } = group;
  const only = callbacks === undefined ? undefined : {
    struct: callbacks.struct,
    ...(callbacks.members === undefined ? {} : { members: new Set(callbacks.members) }),
  };
  return group.functions.trim().split("\n").map((line) => {
    const [name, ...flags] = line.trim().split(" ");
    return {
      name,
      flags: new Set(flags as KfuncFlag[]),
      types,
      deviceBound: group.deviceBound ?? false,
      ...(group.attachTypes === undefined ? {} : { attachTypes: group.attachTypes }),
      ...(only === undefined ? {} : { callbacks: only }),
    };
  });
}

/** Every callable kernel function, by name. */
export const KFUNCS: ReadonlyMap<string, KfuncRules> = new Map(
  GROUPS.flatMap(rules).map((kfunc) => [kfunc.name, kfunc]),
);

/**
 * What Linux 6.18 passes to programs beyond what BTF says of their targets: tracepoints with null or error pointers, the typed
 * arguments of iterators, the structures of callbacks: tables (`kernel/bpf/btf.c`, `*_iter.c`, `net/ipv4/bpf_tcp_ca.c`,
 * `net/bpf/bpf_dummy_struct_ops.c`, `net/sched/bpf_qdisc.c`, `kernel/sched/ext.c`, `drivers/hid/bpf/`).
 *
 * @module
 */
import { hook, modifiable, takesErrors } from "./lsm_hooks.ts";
import type { StructOpsRules, TargetArg, TargetRules, TracepointArgs } from "../profile.ts";

/**
 * Positions of arguments that may be null, of those that may be errors, and the tracepoints of which that is true. A running 6.18 was
 * asked about each argument of each of its tracepoints. It trusts the signal information of `signal_generate` and `signal_deliver` and
 * the process of `sched_process_wait` too; those can be invalid, as later kernels know, and are not trusted here.
 */
const TRACEPOINTS: readonly (readonly [
  mayBeNull: readonly number[],
  mayBeError: readonly number[],
  names: string,
])[] = [
  [
    [],
    [1],
    `
    signal_deliver signal_generate
  `,
  ],
  [
    [],
    [3],
    `
    mr_integ_alloc
  `,
  ],
  [
    [0],
    [],
    `
    afs_protocol_error cachefiles_io_error cachefiles_mark_active cachefiles_mark_failed
    cachefiles_mark_inactive cachefiles_ondemand_close cachefiles_ondemand_copen
    cachefiles_ondemand_cread cachefiles_ondemand_fd_release cachefiles_ondemand_fd_write
    cachefiles_ondemand_open cachefiles_ondemand_read cachefiles_prep_read cachefiles_rename
    cachefiles_unlink cachefiles_vfs_error mm_collapse_huge_page_isolate mm_page_alloc
    mm_page_alloc_zone_locked mm_page_pcpu_drain rxrpc_recvdata sched_process_wait
    tmigr_update_events xfs_blockgc_flush_all xfs_blockgc_start xfs_blockgc_stop
    xfs_blockgc_worker xfs_defer_add_item xfs_defer_cancel_item xfs_defer_cancel_list
    xfs_defer_create_intent xfs_defer_finish_item xfs_defer_isolate_paused xfs_defer_item_pause
    xfs_defer_item_unpause xfs_defer_pending_abort xfs_defer_pending_finish
    xfs_defer_relog_intent xfs_fs_sync_fs xfs_inodegc_flush xfs_inodegc_push xfs_inodegc_queue
    xfs_inodegc_start xfs_inodegc_stop xfs_inodegc_throttle xs_stream_read_data
  `,
  ],
  [
    [0],
    [2],
    `
    cachefiles_lookup
  `,
  ],
  [
    [0, 1],
    [],
    `
    tcp_send_reset
  `,
  ],
  [
    [1],
    [],
    `
    afs_flock_ev afs_make_fs_call afs_make_fs_call1 afs_make_fs_call2 afs_make_fs_calli
    break_lease_block break_lease_noblock break_lease_unblock device_pm_callback_start
    ext4_mballoc_discard ext4_mballoc_free fcntl_setlk flock_lock_inode folio_wait_writeback
    generic_delete_lease hugetlbfs_alloc_inode locks_remove_posix mm_khugepaged_collapse_file
    mm_khugepaged_scan_file mm_khugepaged_scan_pmd netfs_failure posix_lock_inode rxrpc_resend
    sched_pi_setprio time_out_leases writeback_dirty_folio xfs_blockgc_free_space
    xfs_ioc_free_eofblocks xprt_get_cong xprt_put_cong xprt_release_cong xprt_reserve_cong
  `,
  ],
  [
    [2],
    [],
    `
    fib_table_lookup sched_stick_numa sched_swap_numa tcp_sendmsg_locked tegra_dma_tx_status
    xfs_btree_overlapped_query_range xfs_btree_updkeys
  `,
  ],
  [
    [3],
    [],
    `
    kfree_skb qdisc_dequeue
  `,
  ],
  [
    [4],
    [],
    `
    host1x_cdma_push_gather xfs_map_blocks_alloc xfs_map_blocks_found
  `,
  ],
];

const OBJECT: TargetArg = { arg: 1, kind: "struct" };
const TRUSTED: TargetArg = { arg: 1, kind: "struct", trusted: true };
const KEY: TargetArg = { arg: 2, kind: "rdonly_buffer" };
const SECOND: TargetArg = { arg: 2, kind: "struct" };

/** By iterator: the arguments that may be null; argument 0 is what all iterators have in common. */
const ITERATORS: ReadonlyMap<string, readonly TargetArg[]> = new Map([
  ["task", [TRUSTED]],
  ["task_file", [OBJECT, { arg: 3, kind: "struct" }]],
  ["task_vma", [OBJECT, SECOND]],
  ["cgroup", [TRUSTED]],
  ["bpf_map", [TRUSTED]],
  ["bpf_map_elem", [KEY, { arg: 3, kind: "buffer" }]],
  ["bpf_prog", [OBJECT]],
  ["bpf_link", [OBJECT]],
  ["bpf_sk_storage_map", [SECOND, { arg: 3, kind: "buffer" }]],
  ["sockmap", [KEY, { arg: 3, kind: "struct" }]],
  ["tcp", [TRUSTED]],
  ["udp", [TRUSTED]],
  ["unix", [OBJECT]],
  ["netlink", [OBJECT]],
  ["ipv6_route", [OBJECT]],
  ["ksym", [OBJECT]],
  ["kmem_cache", [TRUSTED]],
  ["dmabuf", [OBJECT]],
]);

const STRUCT_OPS: ReadonlyMap<string, StructOpsRules> = new Map<string, StructOpsRules>([
  ["tcp_congestion_ops", {
    unsupported: new Set(["get_info"]),
    promotes: ["sock", "tcp_sock"],
    writes: [{
      struct: "tcp_sock",
      fields: [
        "sock.sk_pacing_rate",
        "sock.sk_pacing_status",
        "inet_connection_sock.icsk_ca_priv",
        "inet_connection_sock.icsk_ack.pending",
        "tcp_sock.snd_cwnd",
        "tcp_sock.snd_cwnd_cnt",
        "tcp_sock.snd_cwnd_stamp",
        "tcp_sock.snd_ssthresh",
        "tcp_sock.ecn_flags",
        "tcp_sock.app_limited",
      ],
    }],
  }],
  ["bpf_dummy_ops", {
    unsupported: new Set(),
    sleepable: new Set(["test_sleepable"]),
    nullable: { test_1: [0] },
    writes: [{ struct: "bpf_dummy_ops_state" }],
  }],
  ["sched_ext_ops", {
    unsupported: new Set(),
    sleepable: new Set([
      "init_task",
      "cgroup_init",
      "cgroup_exit",
      "cgroup_prep_move",
      "cpu_online",
      "cpu_offline",
      "init",
      "exit",
    ]),
    nullable: { dispatch: [1], yield: [1] },
    wording: "none",
    writes: [{
      struct: "task_struct",
      fields: ["task_struct.scx.slice", "task_struct.scx.dsq_vtime", "task_struct.scx.disallow"],
    }],
  }],
  ["hid_bpf_ops", {
    unsupported: new Set(),
    members: new Set(["hid_device_event", "hid_rdesc_fixup", "hid_hw_request", "hid_hw_output_report"]),
    sleepable: new Set(["hid_rdesc_fixup", "hid_hw_request", "hid_hw_output_report"]),
    wording: "ranges",
    writes: [
      { struct: "hid_bpf_ctx", fields: ["hid_bpf_ctx.retval"] },
      { struct: "hid_device", fields: ["hid_device.name*", "hid_device.uniq*", "hid_device.phys*"] },
    ],
  }],
  ["Qdisc_ops", {
    unsupported: new Set(),
    members: new Set(["enqueue", "dequeue", "init", "reset", "destroy"]),
    owned: { enqueue: [0] },
    passedAs: { enqueue: { 2: "bpf_sk_buff_ptr" } },
    writes: [
      { struct: "sk_buff", fields: ["sk_buff.tstamp", "sk_buff.cb+qdisc_skb_cb.data"] },
      { struct: "Qdisc", fields: ["Qdisc.limit", "Qdisc.q.qlen", "Qdisc.qstats"] },
    ],
  }],
]);

const tracepoints: ReadonlyMap<string, TracepointArgs> = new Map(
  TRACEPOINTS.flatMap(([mayBeNull, mayBeError, names]) =>
    names.trim().split(/\s+/).map((name): [string, TracepointArgs] => [name, { mayBeNull, mayBeError }])
  ),
);

/** Structures whose references maps can own, and what kernels have that release them. */
export const RELEASES: ReadonlyMap<string, string> = new Map([
  ["task_struct", ""],
  ["cgroup", ""],
  ["bpf_cpumask", ""],
  ["bpf_crypto_ctx", ""],
  ["sk_buff", "bpf_kfree_skb"],
  ["prog_test_ref_kfunc", ""],
  ["prog_test_member", ""],
]);

/** What is known of attach targets. */
export const TARGETS: TargetRules = {
  iterator: (name) => ITERATORS.get(name),
  tracepoint: (name) => tracepoints.get(name),
  hook,
  modifiable,
  takesErrors,
  structOps: (name) => STRUCT_OPS.get(name),
};

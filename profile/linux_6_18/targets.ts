/**
 * What Linux 6.18 passes to programs beyond what BTF says of their targets: tracepoints with null or error pointers, the typed
 * arguments of iterators, the structures of callbacks: tables (`kernel/bpf/btf.c`, `*_iter.c`, `net/ipv4/bpf_tcp_ca.c`,
 * `net/bpf/bpf_dummy_struct_ops.c`).
 *
 * @module
 */
import type { StructOpsRules, TargetArg, TargetRules, TracepointArgs } from "../profile.ts";

/** Positions of arguments that may be null, of those that may be errors, and the tracepoints of which that is true. */
const TRACEPOINTS: readonly (readonly [
  mayBeNull: readonly number[],
  mayBeError: readonly number[],
  names: string,
])[] = [
  [
    [],
    [],
    `
    bpf_testmod_test_read
  `,
  ],
  [
    [],
    [1],
    `
    signal_generate signal_deliver
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
    sched_process_wait afs_protocol_error cachefiles_unlink cachefiles_rename
    cachefiles_prep_read cachefiles_mark_active cachefiles_mark_failed cachefiles_mark_inactive
    cachefiles_vfs_error cachefiles_io_error cachefiles_ondemand_open cachefiles_ondemand_copen
    cachefiles_ondemand_close cachefiles_ondemand_read cachefiles_ondemand_cread
    cachefiles_ondemand_fd_write cachefiles_ondemand_fd_release mm_collapse_huge_page_isolate
    mm_page_alloc mm_page_pcpu_drain mm_page_alloc_zone_locked rxrpc_recvdata
    xs_stream_read_data tmigr_update_events
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
    sched_pi_setprio afs_make_fs_call afs_make_fs_calli afs_make_fs_call1 afs_make_fs_call2
    afs_flock_ev ext4_mballoc_discard ext4_mballoc_free posix_lock_inode fcntl_setlk
    locks_remove_posix flock_lock_inode break_lease_noblock break_lease_block
    break_lease_unblock generic_delete_lease time_out_leases mm_khugepaged_scan_pmd
    mm_khugepaged_scan_file mm_khugepaged_collapse_file netfs_failure device_pm_callback_start
    rxrpc_resend xprt_reserve_cong xprt_release_cong xprt_get_cong xprt_put_cong
    writeback_dirty_folio folio_wait_writeback
  `,
  ],
  [
    [2],
    [],
    `
    sched_stick_numa sched_swap_numa fib_table_lookup tegra_dma_tx_status
  `,
  ],
  [
    [3],
    [],
    `
    qdisc_dequeue kfree_skb
  `,
  ],
  [
    [4],
    [],
    `
    host1x_cdma_push_gather
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
  ["kmem_cache", [{ arg: 1, kind: "struct", untrusted: true }]],
  ["dmabuf", [OBJECT]],
]);

const STRUCT_OPS: ReadonlyMap<string, StructOpsRules> = new Map<string, StructOpsRules>([
  ["tcp_congestion_ops", {
    unsupported: new Set(["get_info"]),
    promotes: ["sock", "tcp_sock"],
    writes: {
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
    },
  }],
  ["bpf_dummy_ops", {
    unsupported: new Set(),
    sleepable: new Set(["test_sleepable"]),
    nullable: { test_1: [0] },
    writes: { struct: "bpf_dummy_ops_state" },
  }],
]);

const tracepoints: ReadonlyMap<string, TracepointArgs> = new Map(
  TRACEPOINTS.flatMap(([mayBeNull, mayBeError, names]) =>
    names.trim().split(/\s+/).map((name): [string, TracepointArgs] => [name, { mayBeNull, mayBeError }])
  ),
);

/** What is known of attach targets. */
export const TARGETS: TargetRules = {
  iterator: (name) => ITERATORS.get(name),
  tracepoint: (name) => tracepoints.get(name),
  structOps: (name) => STRUCT_OPS.get(name),
};

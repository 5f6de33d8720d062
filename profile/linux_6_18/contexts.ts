/**
 * The fields of `struct xdp_md` and `struct __sk_buff` and how each program type may use them (Linux 6.18, `net/core/filter.c`), and
 * the contexts of tracing programs that are plain numbers (`kernel/trace/bpf_trace.c`): a table.
 *
 * An access must lie in one field, be aligned to its own size and have one of the field's widths; what is in no field (padding,
 * fields hidden from the type) may not be touched. Fields that give packet pointers cannot be loaded with sign extension.
 *
 * @module
 */
import type { CtxField } from "../profile.ts";

/** Size of `struct xdp_md` in bytes. */
export const XDP_MD_SIZE = 24;
/** Size of `struct __sk_buff` in bytes. */
export const SK_BUFF_SIZE = 192;

/** `BPF_XDP_DEVMAP` of `enum bpf_attach_type`. */
const XDP_DEVMAP = 33;

const WORD: readonly number[] = [4];

/** `struct xdp_md`: read-only words; no narrow access. */
export const XDP_MD: readonly CtxField[] = [
  { name: "data", offset: 0, size: 4, access: WORD, write: false, result: "packet" },
  { name: "data_end", offset: 4, size: 4, access: WORD, write: false, result: "packet_end" },
  { name: "data_meta", offset: 8, size: 4, access: WORD, write: false, result: "packet_meta" },
  { name: "ingress_ifindex", offset: 12, size: 4, access: WORD, write: false },
  { name: "rx_queue_index", offset: 16, size: 4, access: WORD, write: false },
  { name: "egress_ifindex", offset: 20, size: 4, access: WORD, write: false, attachTypes: [XDP_DEVMAP] },
];

/** `struct __sk_buff` with every field any type may read, read-only. */
const SK_BUFF: readonly CtxField[] = [
  { name: "len", offset: 0, size: 4, access: "narrow", write: false },
  { name: "pkt_type", offset: 4, size: 4, access: "narrow", write: false },
  { name: "mark", offset: 8, size: 4, access: "narrow", write: false },
  { name: "queue_mapping", offset: 12, size: 4, access: "narrow", write: false },
  { name: "protocol", offset: 16, size: 4, access: "narrow", write: false },
  { name: "vlan_present", offset: 20, size: 4, access: "narrow", write: false },
  { name: "vlan_tci", offset: 24, size: 4, access: "narrow", write: false },
  { name: "vlan_proto", offset: 28, size: 4, access: "narrow", write: false },
  { name: "priority", offset: 32, size: 4, access: "narrow", write: false },
  { name: "ingress_ifindex", offset: 36, size: 4, access: "narrow", write: false },
  { name: "ifindex", offset: 40, size: 4, access: "narrow", write: false },
  { name: "tc_index", offset: 44, size: 4, access: "narrow", write: false },
  { name: "cb", offset: 48, size: 20, access: [1, 2, 4, 8], write: false },
  { name: "hash", offset: 68, size: 4, access: "narrow", write: false },
  { name: "tc_classid", offset: 72, size: 4, access: "narrow", write: false },
  { name: "data", offset: 76, size: 4, access: WORD, write: false, result: "packet" },
  { name: "data_end", offset: 80, size: 4, access: WORD, write: false, result: "packet_end" },
  { name: "napi_id", offset: 84, size: 4, access: "narrow", write: false },
  { name: "family", offset: 88, size: 4, access: "narrow", write: false },
  { name: "remote_ip4", offset: 92, size: 4, access: WORD, write: false },
  { name: "local_ip4", offset: 96, size: 4, access: WORD, write: false },
  { name: "remote_ip6", offset: 100, size: 16, access: WORD, write: false },
  { name: "local_ip6", offset: 116, size: 16, access: WORD, write: false },
  { name: "remote_port", offset: 132, size: 4, access: "narrow", write: false },
  { name: "local_port", offset: 136, size: 4, access: "narrow", write: false },
  { name: "data_meta", offset: 140, size: 4, access: WORD, write: false, result: "packet_meta" },
  { name: "tstamp", offset: 152, size: 8, access: [8], write: false },
  { name: "wire_len", offset: 160, size: 4, access: "narrow", write: false },
  { name: "gso_segs", offset: 164, size: 4, access: "narrow", write: false },
  { name: "sk", offset: 168, size: 8, access: [8], write: false, result: "sock_common_or_null" },
  { name: "gso_size", offset: 176, size: 4, access: "narrow", write: false },
  { name: "tstamp_type", offset: 180, size: 1, access: [1], write: false },
  { name: "hwtstamp", offset: 184, size: 8, access: [8], write: false },
];

/** Fields that show the packet's socket. */
export const SOCKET_FIELDS: readonly string[] = [
  "family",
  "remote_ip4",
  "local_ip4",
  "remote_ip6",
  "local_ip6",
  "remote_port",
  "local_port",
];

/** `struct __sk_buff` as one type sees it: without some fields, and with some writable. */
export function skBuff(
  options: { readonly hidden: readonly string[]; readonly writable: readonly string[] },
): readonly CtxField[] {
  return SK_BUFF
    .filter((field) => !options.hidden.includes(field.name))
    .map((field) => options.writable.includes(field.name) ? { ...field, write: true } : field);
}

/** For `socket_filter`. */
export const SK_BUFF_SOCKET_FILTER: readonly CtxField[] = skBuff({
  hidden: [
    "tc_classid",
    "data",
    "data_meta",
    "data_end",
    ...SOCKET_FIELDS,
    "tstamp",
    "wire_len",
    "tstamp_type",
    "hwtstamp",
  ],
  writable: ["cb"],
});

/** For `sched_cls` and `sched_act`. */
export const SK_BUFF_TC: readonly CtxField[] = skBuff({
  hidden: SOCKET_FIELDS,
  writable: ["mark", "tc_index", "priority", "tc_classid", "cb", "tstamp", "queue_mapping"],
});

/** For `cgroup_skb`. */
export const SK_BUFF_CGROUP_SKB: readonly CtxField[] = skBuff({
  hidden: ["tc_classid", "data_meta", "wire_len", "tstamp_type"],
  writable: ["mark", "priority", "cb", "tstamp"],
});

/** Widths of accesses to numbers without fields. */
const ANY_WIDTH: readonly number[] = [1, 2, 4, 8];

/** Arguments a raw tracepoint has at most, 8 bytes each (`MAX_BPF_FUNC_ARGS`). */
export const RAW_TRACEPOINT_SIZE: number = 12 * 8;
/** A raw tracepoint's arguments. */
export const RAW_TRACEPOINT: readonly CtxField[] = [
  { name: "args", offset: 0, size: RAW_TRACEPOINT_SIZE, access: ANY_WIDTH, write: false },
];

/** How far a tracepoint's record may be read (`PERF_MAX_TRACE_SIZE`), in bytes. */
export const TRACEPOINT_SIZE = 8192;
/** A tracepoint's record, behind the pointer it begins with. */
export const TRACEPOINT: readonly CtxField[] = [
  { name: "record", offset: 8, size: TRACEPOINT_SIZE - 8, access: ANY_WIDTH, write: false },
];

/** Size of `struct pt_regs` on x86-64 in bytes. */
export const PT_REGS_SIZE = 168;
/** `struct pt_regs`: read-only. */
export const PT_REGS: readonly CtxField[] = [
  { name: "regs", offset: 0, size: PT_REGS_SIZE, access: ANY_WIDTH, write: false },
];

/** Size of `struct bpf_perf_event_data` in bytes. */
export const PERF_EVENT_SIZE: number = PT_REGS_SIZE + 16;
/** `struct bpf_perf_event_data`: registers whole, the two numbers also in part. */
export const PERF_EVENT: readonly CtxField[] = [
  { name: "regs", offset: 0, size: PT_REGS_SIZE, access: [8], write: false },
  { name: "sample_period", offset: PT_REGS_SIZE, size: 8, access: ANY_WIDTH, write: false },
  { name: "addr", offset: PT_REGS_SIZE + 8, size: 8, access: ANY_WIDTH, write: false },
];

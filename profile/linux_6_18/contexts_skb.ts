/**
 * `struct __sk_buff` as further program types see it, and the contexts that are neither structure nor packet, as Linux 6.18 lets
 * programs use them (`net/core/filter.c`, `kernel/bpf/syscall.c`, `kernel/trace/bpf_trace.c`): a table.
 *
 * @module
 */
import type { CtxField } from "../profile.ts";
import { RAW_TRACEPOINT_SIZE, skBuff, SOCKET_FIELDS } from "./contexts.ts";

/** For `lwt_in`, `lwt_out`, `lwt_xmit` and `lwt_seg6local`. */
export const SK_BUFF_LWT: readonly CtxField[] = skBuff({
  hidden: ["tc_classid", ...SOCKET_FIELDS, "data_meta", "tstamp", "tstamp_type", "wire_len", "hwtstamp"],
  writable: ["mark", "priority", "cb"],
});

/** For `sk_skb`. */
export const SK_BUFF_SK_SKB: readonly CtxField[] = skBuff({
  hidden: ["tc_classid", "data_meta", "tstamp", "tstamp_type", "wire_len", "hwtstamp", "mark"],
  writable: ["tc_index", "priority"],
});

/** For `flow_dissector`: nothing but the packet and what is found in it. */
export const SK_BUFF_FLOW_DISSECTOR: readonly CtxField[] = [
  { name: "data", offset: 76, size: 4, access: [4], write: false, result: "packet" },
  { name: "data_end", offset: 80, size: 4, access: [4], write: false, result: "packet_end" },
  { name: "flow_keys", offset: 144, size: 8, access: [8], write: false, result: "flow_keys" },
];

/** How far the arguments of a `syscall` program reach, in bytes. */
export const SYSCALL_SIZE = 65536;
/** The arguments of a `syscall` program: whoever runs it says how many bytes they are. No access begins at or beyond `U16_MAX`. */
export const SYSCALL: readonly CtxField[] = [
  { name: "args", offset: 0, size: SYSCALL_SIZE, access: [1, 2, 4, 8], write: true, startsWithin: 65535 },
];

/** The arguments of a writable raw tracepoint: the first leads to what may be written. */
export const RAW_TRACEPOINT_WRITABLE: readonly CtxField[] = [
  { name: "buffer", offset: 0, size: 8, access: [8], write: false, result: "tp_buffer" },
  { name: "args", offset: 8, size: RAW_TRACEPOINT_SIZE - 8, access: [1, 2, 4, 8], write: false },
];

/** Size of `struct bpf_nf_ctx` in bytes. */
export const NF_CTX_SIZE = 16;
/** `struct bpf_nf_ctx`: pointers to the kernel's own structures. */
export const NF_CTX: readonly CtxField[] = [
  { name: "state", offset: 0, size: 8, access: [8], write: false, result: "btf", btfType: "nf_hook_state" },
  { name: "skb", offset: 8, size: 8, access: [8], write: false, result: "btf", btfType: "sk_buff" },
];

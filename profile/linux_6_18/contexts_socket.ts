/**
 * The contexts of programs on sockets besides their packets, and how they may be used (Linux 6.18, `net/core/filter.c`): a table. Offsets and sizes in bytes.
 *
 * @module
 */
import type { CtxField } from "../profile.ts";

const WORD: readonly number[] = [4];
const WIDE: readonly number[] = [8];

/** Words that can only be read whole, one after another from `offset` on. */
function words(offset: number, names: string): CtxField[] {
  return names.split(" ").map((name, i) => ({
    name,
    offset: offset + 4 * i,
    size: 4,
    access: WORD,
    write: false,
  }));
}

/** `struct bpf_sock_ops`. */
export const SOCK_OPS_SIZE = 224;
/** Mostly words; the reply and the hash can be set. */
export const SOCK_OPS: readonly CtxField[] = [
  ...words(0, "op"),
  { name: "reply", offset: 4, size: 4, access: WORD, write: true },
  ...words(8, "args1 args2 args3 family remote_ip4 local_ip4"),
  { name: "remote_ip6", offset: 32, size: 16, access: WORD, write: false },
  { name: "local_ip6", offset: 48, size: 16, access: WORD, write: false },
  ...words(
    64,
    "remote_port local_port is_fullsock snd_cwnd srtt_us bpf_sock_ops_cb_flags state rtt_min snd_ssthresh rcv_nxt " +
      "snd_nxt snd_una mss_cache ecn_flags rate_delivered rate_interval_us packets_out retrans_out total_retrans segs_in " +
      "data_segs_in segs_out data_segs_out lost_out sacked_out",
  ),
  { name: "sk_txhash", offset: 164, size: 4, access: WORD, write: true },
  { name: "bytes_received", offset: 168, size: 8, access: WIDE, write: false },
  { name: "bytes_acked", offset: 176, size: 8, access: WIDE, write: false },
  { name: "sk", offset: 184, size: 8, access: WIDE, write: false, result: "socket_or_null" },
  { name: "skb_data", offset: 192, size: 8, access: WIDE, write: false, result: "packet" },
  { name: "skb_data_end", offset: 200, size: 8, access: WIDE, write: false, result: "packet_end" },
  ...words(208, "skb_len"),
  { name: "skb_tcp_flags", offset: 212, size: 4, access: "narrow", startsWithin: 1, write: false },
  { name: "skb_hwtstamp", offset: 216, size: 8, access: WIDE, write: false },
];

/** `struct sk_msg_md`. */
export const SK_MSG_SIZE = 80;
/** Read-only; the message's data. */
export const SK_MSG: readonly CtxField[] = [
  { name: "data", offset: 0, size: 8, access: WIDE, write: false, result: "packet" },
  { name: "data_end", offset: 8, size: 8, access: WIDE, write: false, result: "packet_end" },
  ...words(16, "family remote_ip4 local_ip4"),
  { name: "remote_ip6", offset: 28, size: 16, access: WORD, write: false },
  { name: "local_ip6", offset: 44, size: 16, access: WORD, write: false },
  ...words(60, "remote_port local_port size"),
  { name: "sk", offset: 72, size: 8, access: WIDE, write: false, result: "socket" },
];

/** `struct bpf_sk_lookup`. */
export const SK_LOOKUP_SIZE = 72;
/** Read-only. The padding behind `remote_port` is part of it, as old programs read it. */
export const SK_LOOKUP: readonly CtxField[] = [
  { name: "sk", offset: 0, size: 8, access: WIDE, write: false, result: "socket_or_null" },
  { name: "family", offset: 8, size: 4, access: "narrow", write: false },
  { name: "protocol", offset: 12, size: 4, access: "narrow", write: false },
  { name: "remote_ip4", offset: 16, size: 4, access: "narrow", write: false },
  { name: "remote_ip6", offset: 20, size: 16, access: [1, 2, 4], write: false },
  { name: "remote_port", offset: 36, size: 4, access: "narrow", write: false },
  { name: "local_ip4", offset: 40, size: 4, access: "narrow", write: false },
  { name: "local_ip6", offset: 44, size: 16, access: [1, 2, 4], write: false },
  { name: "local_port", offset: 60, size: 4, access: "narrow", write: false },
  { name: "ingress_ifindex", offset: 64, size: 4, access: "narrow", write: false },
];

/** `struct sk_reuseport_md`. */
export const SK_REUSEPORT_SIZE = 56;
/** Read-only. */
export const SK_REUSEPORT: readonly CtxField[] = [
  { name: "data", offset: 0, size: 8, access: WIDE, write: false, result: "packet" },
  { name: "data_end", offset: 8, size: 8, access: WIDE, write: false, result: "packet_end" },
  { name: "len", offset: 16, size: 4, access: "narrow", write: false },
  { name: "eth_protocol", offset: 20, size: 4, access: [2, 4], write: false },
  { name: "ip_protocol", offset: 24, size: 4, access: "narrow", write: false },
  { name: "bind_inany", offset: 28, size: 4, access: "narrow", write: false },
  { name: "hash", offset: 32, size: 4, access: WORD, write: false },
  { name: "sk", offset: 40, size: 8, access: WIDE, write: false, result: "socket" },
  { name: "migrating_sk", offset: 48, size: 8, access: WIDE, write: false, result: "sock_common_or_null" },
];

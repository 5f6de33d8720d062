/**
 * The contexts of programs on sockets and cgroups and how they may be used (Linux 6.18, `net/core/filter.c`, `kernel/bpf/cgroup.c`): a
 * table. Offsets and sizes in bytes.
 *
 * @module
 */
import type { CtxField } from "../profile.ts";

const WORD: readonly number[] = [4];
const WIDE: readonly number[] = [8];

/** `enum bpf_attach_type`, where fields depend on it. */
const ATTACH = {
  INET_SOCK_CREATE: 2,
  INET4_BIND: 8,
  INET6_BIND: 9,
  INET4_CONNECT: 10,
  INET6_CONNECT: 11,
  INET4_POST_BIND: 12,
  INET6_POST_BIND: 13,
  UDP4_SENDMSG: 14,
  UDP6_SENDMSG: 15,
  UDP4_RECVMSG: 19,
  UDP6_RECVMSG: 20,
  GETSOCKOPT: 21,
  SETSOCKOPT: 22,
  INET4_GETPEERNAME: 29,
  INET6_GETPEERNAME: 30,
  INET4_GETSOCKNAME: 31,
  INET6_GETSOCKNAME: 32,
  INET_SOCK_RELEASE: 34,
} as const;

const SOCK_LIFE = [ATTACH.INET_SOCK_CREATE, ATTACH.INET_SOCK_RELEASE];
const POST_BIND = [ATTACH.INET4_POST_BIND, ATTACH.INET6_POST_BIND];
const IPV4_HOOKS = [
  ATTACH.INET4_BIND,
  ATTACH.INET4_CONNECT,
  ATTACH.INET4_GETPEERNAME,
  ATTACH.INET4_GETSOCKNAME,
  ATTACH.UDP4_SENDMSG,
  ATTACH.UDP4_RECVMSG,
];
const IPV6_HOOKS = [
  ATTACH.INET6_BIND,
  ATTACH.INET6_CONNECT,
  ATTACH.INET6_GETPEERNAME,
  ATTACH.INET6_GETSOCKNAME,
  ATTACH.UDP6_SENDMSG,
  ATTACH.UDP6_RECVMSG,
];

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

/** `struct bpf_sock`. */
export const SOCK_SIZE = 80;
/** `struct bpf_sock` as `cgroup_sock` sees it. */
export const SOCK: readonly CtxField[] = [
  { name: "bound_dev_if", offset: 0, size: 4, access: WORD, write: true, attachTypes: SOCK_LIFE },
  { name: "family", offset: 4, size: 4, access: "narrow", atStart: true, write: false },
  { name: "type", offset: 8, size: 4, access: "narrow", atStart: true, write: false },
  { name: "protocol", offset: 12, size: 4, access: "narrow", atStart: true, write: false },
  { name: "mark", offset: 16, size: 4, access: WORD, write: true, attachTypes: SOCK_LIFE },
  { name: "priority", offset: 20, size: 4, access: WORD, write: true, attachTypes: SOCK_LIFE },
  {
    name: "src_ip4",
    offset: 24,
    size: 4,
    access: "narrow",
    write: false,
    attachTypes: [ATTACH.INET4_POST_BIND],
  },
  {
    name: "src_ip6",
    offset: 28,
    size: 16,
    access: [1, 2, 4],
    write: false,
    attachTypes: [ATTACH.INET6_POST_BIND],
  },
  {
    name: "src_port",
    offset: 44,
    size: 4,
    access: "narrow",
    atStart: true,
    write: false,
    attachTypes: POST_BIND,
  },
  { name: "dst_port", offset: 48, size: 2, access: "narrow", write: false },
  { name: "dst_ip4", offset: 52, size: 4, access: "narrow", write: false },
  { name: "dst_ip6", offset: 56, size: 16, access: [1, 2, 4], write: false },
  { name: "state", offset: 72, size: 4, access: "narrow", atStart: true, write: false },
  { name: "rx_queue_mapping", offset: 76, size: 4, access: "narrow", atStart: true, write: false },
];

/** `struct bpf_sock_addr`. */
export const SOCK_ADDR_SIZE = 72;
/** Addresses can be read in part and written whole; those of 16 bytes also by halves. */
export const SOCK_ADDR: readonly CtxField[] = [
  ...words(0, "user_family"),
  { name: "user_ip4", offset: 4, size: 4, access: "narrow", write: true, attachTypes: IPV4_HOOKS },
  {
    name: "user_ip6",
    offset: 8,
    size: 16,
    access: [1, 2, 4, 8],
    writeAccess: [4, 8],
    write: true,
    attachTypes: IPV6_HOOKS,
  },
  { name: "user_port", offset: 24, size: 4, access: "narrow", write: true },
  ...words(28, "family type protocol"),
  {
    name: "msg_src_ip4",
    offset: 40,
    size: 4,
    access: "narrow",
    write: true,
    attachTypes: [ATTACH.UDP4_SENDMSG],
  },
  {
    name: "msg_src_ip6",
    offset: 44,
    size: 16,
    access: [1, 2, 4, 8],
    writeAccess: [4, 8],
    write: true,
    attachTypes: [ATTACH.UDP6_SENDMSG],
  },
  { name: "sk", offset: 64, size: 8, access: WIDE, write: false, result: "socket" },
];

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
  { name: "skb_tcp_flags", offset: 212, size: 4, access: "narrow", atStart: true, write: false },
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

/** `struct bpf_cgroup_dev_ctx`. */
export const CGROUP_DEVICE_SIZE = 12;
/** Read-only. */
export const CGROUP_DEVICE: readonly CtxField[] = [
  { name: "access_type", offset: 0, size: 4, access: "narrow", write: false },
  ...words(4, "major minor"),
];

/** `struct bpf_sysctl`. */
export const SYSCTL_SIZE = 8;
/** The position can be set. */
export const SYSCTL: readonly CtxField[] = [
  { name: "write", offset: 0, size: 4, access: "narrow", write: false },
  { name: "file_pos", offset: 4, size: 4, access: "narrow", write: true },
];

/** `struct bpf_sockopt`. */
export const SOCKOPT_SIZE = 40;
/** What can be set depends on the direction; the return value exists on the way back only. */
export const SOCKOPT: readonly CtxField[] = [
  { name: "sk", offset: 0, size: 8, access: WIDE, write: false, result: "socket" },
  { name: "optval", offset: 8, size: 8, access: WIDE, write: false, result: "packet" },
  { name: "optval_end", offset: 16, size: 8, access: WIDE, write: false, result: "packet_end" },
  { name: "level", offset: 24, size: 4, access: WORD, write: true, writeAttachTypes: [ATTACH.SETSOCKOPT] },
  { name: "optname", offset: 28, size: 4, access: WORD, write: true, writeAttachTypes: [ATTACH.SETSOCKOPT] },
  { name: "optlen", offset: 32, size: 4, access: WORD, write: true },
  { name: "retval", offset: 36, size: 4, access: WORD, write: true, attachTypes: [ATTACH.GETSOCKOPT] },
];

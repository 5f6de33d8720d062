/**
 * The contexts of programs attached to cgroups, besides packets: `struct bpf_sock`, `bpf_sock_addr`, `bpf_sockopt`, `bpf_sysctl` and
 * `bpf_cgroup_dev_ctx`, field by field, as Linux 6.18 lets programs use them (`net/core/filter.c`, `kernel/bpf/cgroup.c`): a table.
 *
 * @module
 */
import type { CtxField } from "../profile.ts";

const WORD: readonly number[] = [4];
const LONG: readonly number[] = [8];
const PARTS: readonly number[] = [1, 2, 4];

/** `enum bpf_attach_type`, where fields depend on it. */
const ATTACH = {
  SOCK_CREATE: 2,
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
  SOCK_RELEASE: 34,
} as const;

/** A word that may also be loaded in parts, from its start only. */
function head(name: string, offset: number, attachTypes?: readonly number[]): CtxField {
  const field: CtxField = { name, offset, size: 4, access: PARTS, write: false, startsWithin: 1 };
  return attachTypes === undefined ? field : { ...field, attachTypes };
}

const OPENED: readonly number[] = [ATTACH.SOCK_CREATE, ATTACH.SOCK_RELEASE];
const BOUND4: readonly number[] = [ATTACH.INET4_POST_BIND];
const BOUND6: readonly number[] = [ATTACH.INET6_POST_BIND];

/** Size of `struct bpf_sock` in bytes. */
export const SOCK_SIZE = 80;
/** `struct bpf_sock` as `cgroup_sock` programs see it. */
export const CGROUP_SOCK: readonly CtxField[] = [
  { name: "bound_dev_if", offset: 0, size: 4, access: WORD, write: true, attachTypes: OPENED },
  head("family", 4),
  head("type", 8),
  head("protocol", 12),
  { name: "mark", offset: 16, size: 4, access: WORD, write: true, attachTypes: OPENED },
  { name: "priority", offset: 20, size: 4, access: WORD, write: true, attachTypes: OPENED },
  { name: "src_ip4", offset: 24, size: 4, access: PARTS, write: false, attachTypes: BOUND4 },
  { name: "src_ip6", offset: 28, size: 16, access: PARTS, write: false, attachTypes: BOUND6 },
  head("src_port", 44, [...BOUND4, ...BOUND6]),
  // Two bytes and two of padding, which only a load of the whole word touches.
  { name: "dst_port", offset: 48, size: 4, access: PARTS, write: false, startsWithin: 2 },
  { name: "dst_ip4", offset: 52, size: 4, access: PARTS, write: false },
  { name: "dst_ip6", offset: 56, size: 16, access: PARTS, write: false },
  head("state", 72),
  head("rx_queue_mapping", 76),
];

const ADDRESS4: readonly number[] = [
  ATTACH.INET4_BIND,
  ATTACH.INET4_CONNECT,
  ATTACH.INET4_GETPEERNAME,
  ATTACH.INET4_GETSOCKNAME,
  ATTACH.UDP4_SENDMSG,
  ATTACH.UDP4_RECVMSG,
];
const ADDRESS6: readonly number[] = [
  ATTACH.INET6_BIND,
  ATTACH.INET6_CONNECT,
  ATTACH.INET6_GETPEERNAME,
  ATTACH.INET6_GETSOCKNAME,
  ATTACH.UDP6_SENDMSG,
  ATTACH.UDP6_RECVMSG,
];

/** An address or port: loaded in parts, stored whole; of an address of 16 bytes also two aligned words at once. */
function address(name: string, offset: number, size: number, attachTypes?: readonly number[]): CtxField {
  const field: CtxField = {
    name,
    offset,
    size,
    access: size > 4 ? [...PARTS, 8] : PARTS,
    write: true,
    writeAccess: size > 4 ? [4, 8] : WORD,
  };
  return attachTypes === undefined ? field : { ...field, attachTypes };
}

/** Size of `struct bpf_sock_addr` in bytes. */
export const SOCK_ADDR_SIZE = 72;
/** `struct bpf_sock_addr`: the address of the hook's own family. */
export const SOCK_ADDR: readonly CtxField[] = [
  { name: "user_family", offset: 0, size: 4, access: WORD, write: false },
  address("user_ip4", 4, 4, ADDRESS4),
  address("user_ip6", 8, 16, ADDRESS6),
  address("user_port", 24, 4),
  { name: "family", offset: 28, size: 4, access: WORD, write: false },
  { name: "type", offset: 32, size: 4, access: WORD, write: false },
  { name: "protocol", offset: 36, size: 4, access: WORD, write: false },
  address("msg_src_ip4", 40, 4, [ATTACH.UDP4_SENDMSG]),
  address("msg_src_ip6", 44, 16, [ATTACH.UDP6_SENDMSG]),
  { name: "sk", offset: 64, size: 8, access: LONG, write: false, result: "socket" },
];

const GET: readonly number[] = [ATTACH.GETSOCKOPT];
const SET: readonly number[] = [ATTACH.SETSOCKOPT];

/** Size of `struct bpf_sockopt` in bytes. */
export const SOCKOPT_SIZE = 40;
/** `struct bpf_sockopt`; the option's value is treated as a packet. */
export const SOCKOPT: readonly CtxField[] = [
  { name: "sk", offset: 0, size: 8, access: LONG, write: false, result: "socket" },
  { name: "optval", offset: 8, size: 8, access: LONG, write: false, result: "packet" },
  { name: "optval_end", offset: 16, size: 8, access: LONG, write: false, result: "packet_end" },
  { name: "level", offset: 24, size: 4, access: WORD, write: true, writeAttachTypes: SET },
  { name: "optname", offset: 28, size: 4, access: WORD, write: true, writeAttachTypes: SET },
  { name: "optlen", offset: 32, size: 4, access: WORD, write: true },
  { name: "retval", offset: 36, size: 4, access: WORD, write: true, attachTypes: GET },
];

/** Size of `struct bpf_sysctl` in bytes. */
export const SYSCTL_SIZE = 8;
/** `struct bpf_sysctl`. */
export const SYSCTL: readonly CtxField[] = [
  { name: "write", offset: 0, size: 4, access: "narrow", write: false },
  { name: "file_pos", offset: 4, size: 4, access: "narrow", write: true },
];

/** Size of `struct bpf_cgroup_dev_ctx` in bytes. */
export const DEVICE_SIZE = 12;
/** `struct bpf_cgroup_dev_ctx`: read-only. */
export const DEVICE: readonly CtxField[] = [
  { name: "access_type", offset: 0, size: 4, access: "narrow", write: false },
  { name: "major", offset: 4, size: 4, access: WORD, write: false },
  { name: "minor", offset: 8, size: 4, access: WORD, write: false },
];

/**
 * What the fields of the contexts that programs see are made of in the runtime's structures: a table.
 *
 * A program is written against `struct xdp_md` or `struct __sk_buff`; what it is handed is the runtime's `xdp_buff` or `sk_buff`.
 * The lowering pass rewrites accesses by this table, and the interpreter fills the contexts of programs that were not lowered by
 * it. Offsets of context fields are the user space interface (`include/uapi/linux/bpf.h`); who may access which field how is the
 * profile's business.
 *
 * @module
 */
import { fieldOf } from "./layouts.ts";

/** Where a context field's value is found. */
export interface ContextField {
  readonly name: string;
  /** Bytes from the start of the context. */
  readonly offset: number;
  /** Bytes in the context; an array counts whole. */
  readonly size: number;
  /** Fields to follow, each a pointer but the last: `structure.path`. */
  readonly path: readonly (readonly [structure: string, field: string])[];
  /** Bytes of one element, where the field is an array that is accessed in pieces; else `size`. */
  readonly element?: number;
  /** The value is shifted left by this many bits after loading (ports, which are 16 bits in network order). */
  readonly shift?: number;
  /** A store of this value or above is left out (`queue_mapping`: there is no such queue). */
  readonly below?: number;
}

/** One context. */
export interface ContextLayout {
  /** What programs call it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** What it is here. */
  readonly structure: string;
  readonly fields: readonly ContextField[];
}

function xdp(name: string, offset: number, ...path: ContextField["path"]): ContextField {
  return { name, offset, size: 4, path };
}

/** `struct xdp_md` over `struct xdp_buff`. */
export const XDP_MD_LAYOUT: ContextLayout = {
  name: "xdp_md",
  size: 24,
  structure: "xdp_buff",
  fields: [
    xdp("data", 0, ["xdp_buff", "data"]),
    xdp("data_end", 4, ["xdp_buff", "data_end"]),
    xdp("data_meta", 8, ["xdp_buff", "data_meta"]),
    xdp("ingress_ifindex", 12, ["xdp_buff", "rxq"], ["xdp_rxq_info", "dev"], ["net_device", "ifindex"]),
    xdp("rx_queue_index", 16, ["xdp_buff", "rxq"], ["xdp_rxq_info", "queue_index"]),
    xdp("egress_ifindex", 20, ["xdp_buff", "txq"], ["xdp_txq_info", "dev"], ["net_device", "ifindex"]),
  ],
};

function skb(
  name: string,
  offset: number,
  field: string,
  more: { size?: number; element?: number; below?: number } = {},
): ContextField {
  return { name, offset, size: 4, path: [["sk_buff", field]], ...more };
}

/** A field of what the socket buffer's control block holds. */
function control(
  name: string,
  offset: number,
  field: string,
  more: { size?: number; element?: number } = {},
): ContextField {
  return { name, offset, size: 4, path: [["sk_buff", `cb:${field}`]], ...more };
}

function shared(name: string, offset: number, field: string, size: number = 4): ContextField {
  return { name, offset, size, path: [["sk_buff", "shinfo"], ["skb_shared_info", field]] };
}

function sock(
  name: string,
  offset: number,
  field: string,
  more: { size?: number; element?: number; shift?: number } = {},
): ContextField {
  return { name, offset, size: 4, path: [["sk_buff", "sk"], ["sock", `__sk_common.${field}`]], ...more };
}

/** `struct __sk_buff` over `struct sk_buff`. */
export const SK_BUFF_LAYOUT: ContextLayout = {
  name: "__sk_buff",
  size: 192,
  structure: "sk_buff",
  fields: [
    skb("len", 0, "len"),
    skb("pkt_type", 4, "pkt_type"),
    skb("mark", 8, "mark"),
    skb("queue_mapping", 12, "queue_mapping", { below: 0xffff }),
    skb("protocol", 16, "protocol"),
    skb("vlan_present", 20, "vlan_present"),
    skb("vlan_tci", 24, "vlan_tci"),
    skb("vlan_proto", 28, "vlan_proto"),
    skb("priority", 32, "priority"),
    skb("ingress_ifindex", 36, "skb_iif"),
    { name: "ifindex", offset: 40, size: 4, path: [["sk_buff", "dev"], ["net_device", "ifindex"]] },
    skb("tc_index", 44, "tc_index"),
    control("cb", 48, "qdisc_cb.data", { size: 20, element: 1 }),
    skb("hash", 68, "hash"),
    control("tc_classid", 72, "qdisc_cb.tc_classid"),
    skb("data", 76, "data"),
    control("data_end", 80, "data_end"),
    skb("napi_id", 84, "napi_id"),
    sock("family", 88, "skc_family"),
    sock("remote_ip4", 92, "skc_daddr"),
    sock("local_ip4", 96, "skc_rcv_saddr"),
    sock("remote_ip6", 100, "skc_v6_daddr", { size: 16, element: 4 }),
    sock("local_ip6", 116, "skc_v6_rcv_saddr", { size: 16, element: 4 }),
    sock("remote_port", 132, "skc_dport", { shift: 16 }),
    sock("local_port", 136, "skc_num"),
    control("data_meta", 140, "data_meta"),
    skb("tstamp", 152, "tstamp", { size: 8 }),
    control("wire_len", 160, "qdisc_cb.pkt_len"),
    shared("gso_segs", 164, "gso_segs"),
    skb("sk", 168, "sk", { size: 8 }),
    shared("gso_size", 176, "gso_size"),
    skb("tstamp_type", 180, "tstamp_type", { size: 1 }),
    shared("hwtstamp", 184, "hwtstamps.hwtstamp", 8),
  ],
};

function ofSock(
  name: string,
  offset: number,
  field: string,
  more: { size?: number; element?: number } = {},
): ContextField {
  return { name, offset, size: 4, path: [["sock", field]], ...more };
}

/** `struct bpf_sock`, which programs reach through `__sk_buff.sk`, over `struct sock`. */
export const BPF_SOCK_LAYOUT: ContextLayout = {
  name: "bpf_sock",
  size: 80,
  structure: "sock",
  fields: [
    ofSock("bound_dev_if", 0, "__sk_common.skc_bound_dev_if"),
    ofSock("family", 4, "__sk_common.skc_family"),
    ofSock("type", 8, "sk_type"),
    ofSock("protocol", 12, "sk_protocol"),
    ofSock("mark", 16, "sk_mark"),
    ofSock("priority", 20, "sk_priority"),
    ofSock("src_ip4", 24, "__sk_common.skc_rcv_saddr"),
    ofSock("src_ip6", 28, "__sk_common.skc_v6_rcv_saddr", { size: 16, element: 4 }),
    ofSock("src_port", 44, "__sk_common.skc_num"),
    // Two bytes and two of padding, which reads as part of it.
    ofSock("dst_port", 48, "__sk_common.skc_dport"),
    ofSock("dst_ip4", 52, "__sk_common.skc_daddr"),
    ofSock("dst_ip6", 56, "__sk_common.skc_v6_daddr", { size: 16, element: 4 }),
    ofSock("state", 72, "__sk_common.skc_state"),
    ofSock("rx_queue_mapping", 76, "sk_rx_queue_mapping"),
  ],
};

/** The context of a program type, in lower case; undefined if the runtime has none for it. */
export function contextOf(programType: string): ContextLayout | undefined {
  switch (programType) {
    case "xdp":
      return XDP_MD_LAYOUT;
    case "socket_filter":
    case "sched_cls":
    case "sched_act":
    case "cgroup_skb":
    case "lwt_in":
    case "lwt_out":
    case "lwt_xmit":
    case "sk_skb":
      return SK_BUFF_LAYOUT;
    default:
      return undefined;
  }
}

/** The field that holds a byte of the context, or undefined. */
export function contextField(context: ContextLayout, offset: number): ContextField | undefined {
  return context.fields.find((field) => offset >= field.offset && offset < field.offset + field.size);
}

/** Offset and size in bytes of one step of a path. `cb:` steps lie in what the socket buffer's control block is used as. */
export function stepOf([structure, field]: readonly [string, string]): { offset: number; size: number } {
  if (!field.startsWith("cb:")) return fieldOf(structure, field);
  const inner = fieldOf("bpf_skb_data_end", field.slice("cb:".length));
  return { offset: fieldOf(structure, "cb").offset + inner.offset, size: inner.size };
}

/**
 * The program types of Linux 6.18: contexts, packet access, return values. Helpers are in `helper_sets.ts`.
 *
 * Types that verify cannot decide about yet say so in `unsupported`.
 *
 * @module
 */
import type { CtxField, ProgramTypeRules } from "../profile.ts";
import {
  PERF_EVENT,
  PERF_EVENT_SIZE,
  PT_REGS,
  PT_REGS_SIZE,
  RAW_TRACEPOINT,
  RAW_TRACEPOINT_SIZE,
  SK_BUFF_CGROUP_SKB,
  SK_BUFF_SIZE,
  SK_BUFF_SOCKET_FILTER,
  SK_BUFF_TC,
  TRACEPOINT,
  TRACEPOINT_SIZE,
  XDP_MD,
  XDP_MD_SIZE,
} from "./contexts.ts";
import {
  CGROUP_SOCK,
  DEVICE,
  DEVICE_SIZE,
  SOCK_ADDR,
  SOCK_ADDR_SIZE,
  SOCK_SIZE,
  SOCKOPT,
  SOCKOPT_SIZE,
  SYSCTL,
  SYSCTL_SIZE,
} from "./contexts_cgroup.ts";
import {
  NF_CTX,
  NF_CTX_SIZE,
  RAW_TRACEPOINT_WRITABLE,
  SK_BUFF_FLOW_DISSECTOR,
  SK_BUFF_LWT,
  SK_BUFF_SK_SKB,
  SYSCALL,
  SYSCALL_SIZE,
} from "./contexts_skb.ts";
import {
  SK_LOOKUP,
  SK_LOOKUP_SIZE,
  SK_MSG,
  SK_MSG_SIZE,
  SK_REUSEPORT,
  SK_REUSEPORT_SIZE,
  SOCK_OPS,
  SOCK_OPS_SIZE,
} from "./contexts_socket.ts";
import { helperSet } from "./helper_sets.ts";

interface Range {
  readonly min: number;
  readonly max: number;
}

interface Row {
  readonly ctx?: string;
  readonly ctxSize?: number;
  readonly fields?: readonly CtxField[];
  /** The context is typed by the attach target. */
  readonly typed?: boolean;
  readonly attachTypes?: readonly number[];
  /** Direct packet access: none, read, or read and write (`may_access_direct_pkt_data`). */
  readonly packet?: "r" | "rw";
  /** Absent = anything may be returned. */
  readonly returns?: Range | ((attachType: number) => Range | undefined);
  /** A function that only kernels with this type have. */
  readonly builtWith?: string;
  readonly unsupported?: string;
}

const BOOLEAN: Range = { min: 0, max: 1 };
const ZERO: Range = { min: 0, max: 0 };
const ONE: Range = { min: 1, max: 1 };
const TWO_BITS: Range = { min: 0, max: 3 };

/** `enum bpf_attach_type` numbers that decide about return values. */
const ATTACH = {
  CGROUP_INET_EGRESS: 1,
  INET4_BIND: 8,
  INET6_BIND: 9,
  UDP4_RECVMSG: 19,
  UDP6_RECVMSG: 20,
  TRACE_FENTRY: 24,
  TRACE_FEXIT: 25,
  TRACE_ITER: 28,
  INET4_GETPEERNAME: 29,
  INET6_GETSOCKNAME: 32,
  UNIX_RECVMSG: 51,
  UNIX_GETSOCKNAME: 53,
  TRACE_KPROBE_SESSION: 56,
  TRACE_UPROBE_SESSION: 57,
} as const;

function sockAddrReturns(attachType: number): Range {
  if (attachType === ATTACH.INET4_BIND || attachType === ATTACH.INET6_BIND) return TWO_BITS;
  const always = attachType === ATTACH.UDP4_RECVMSG || attachType === ATTACH.UDP6_RECVMSG ||
    (attachType >= ATTACH.INET4_GETPEERNAME && attachType <= ATTACH.INET6_GETSOCKNAME) ||
    (attachType >= ATTACH.UNIX_RECVMSG && attachType <= ATTACH.UNIX_GETSOCKNAME);
  return always ? ONE : BOOLEAN;
}

function tracingReturns(attachType: number): Range | undefined {
  if (attachType === ATTACH.TRACE_FENTRY || attachType === ATTACH.TRACE_FEXIT) return ZERO;
  if (attachType === ATTACH.TRACE_ITER) return BOOLEAN;
  return undefined;
}

function kprobeReturns(attachType: number): Range | undefined {
  const session = attachType === ATTACH.TRACE_KPROBE_SESSION || attachType === ATTACH.TRACE_UPROBE_SESSION;
  return session ? BOOLEAN : undefined;
}

/** What programs of infrared receivers are given: one sample, `LIRC_VALUE` and `LIRC_MODE2` together. */
const LIRC: readonly CtxField[] = [{ name: "sample", offset: 0, size: 4, access: [4], write: false }];

const SKB = { ctx: "__sk_buff", ctxSize: SK_BUFF_SIZE } as const;

/** By name, in the order of `enum bpf_prog_type`: the position is the id. */
const ROWS: readonly (readonly [name: string, row: Row])[] = [
  ["unspec", { unsupported: "program type unspec" }],
  ["socket_filter", { ...SKB, fields: SK_BUFF_SOCKET_FILTER }],
  ["kprobe", { ctx: "pt_regs", ctxSize: PT_REGS_SIZE, fields: PT_REGS, returns: kprobeReturns }],
  ["sched_cls", { ...SKB, fields: SK_BUFF_TC, packet: "rw" }],
  ["sched_act", { ...SKB, fields: SK_BUFF_TC, packet: "rw" }],
  ["tracepoint", { ctxSize: TRACEPOINT_SIZE, fields: TRACEPOINT }],
  ["xdp", { ctx: "xdp_md", ctxSize: XDP_MD_SIZE, fields: XDP_MD, packet: "rw" }],
  ["perf_event", { ctx: "bpf_perf_event_data", ctxSize: PERF_EVENT_SIZE, fields: PERF_EVENT }],
  ["cgroup_skb", {
    ...SKB,
    fields: SK_BUFF_CGROUP_SKB,
    attachTypes: [0, 1],
    packet: "r",
    returns: (attachType) => attachType === ATTACH.CGROUP_INET_EGRESS ? TWO_BITS : BOOLEAN,
  }],
  ["cgroup_sock", {
    ctx: "bpf_sock",
    ctxSize: SOCK_SIZE,
    fields: CGROUP_SOCK,
    attachTypes: [2, 12, 13, 34],
    returns: BOOLEAN,
  }],
  ["lwt_in", { ...SKB, fields: SK_BUFF_LWT, packet: "r" }],
  ["lwt_out", { ...SKB, fields: SK_BUFF_LWT, packet: "r" }],
  ["lwt_xmit", { ...SKB, fields: SK_BUFF_LWT, packet: "rw" }],
  ["sock_ops", { ctx: "bpf_sock_ops", ctxSize: SOCK_OPS_SIZE, fields: SOCK_OPS, returns: BOOLEAN }],
  ["sk_skb", { ...SKB, fields: SK_BUFF_SK_SKB, packet: "rw" }],
  ["cgroup_device", { ctx: "bpf_cgroup_dev_ctx", ctxSize: DEVICE_SIZE, fields: DEVICE, returns: BOOLEAN }],
  ["sk_msg", { ctx: "sk_msg_md", ctxSize: SK_MSG_SIZE, fields: SK_MSG, packet: "rw" }],
  ["raw_tracepoint", {
    ctx: "bpf_raw_tracepoint_args",
    ctxSize: RAW_TRACEPOINT_SIZE,
    fields: RAW_TRACEPOINT,
  }],
  ["cgroup_sock_addr", {
    ctx: "bpf_sock_addr",
    ctxSize: SOCK_ADDR_SIZE,
    fields: SOCK_ADDR,
    attachTypes: [8, 9, 10, 11, 14, 15, 19, 20, 29, 30, 31, 32, 49, 50, 51, 52, 53],
    returns: sockAddrReturns,
  }],
  ["lwt_seg6local", { ...SKB, fields: SK_BUFF_LWT, packet: "r" }],
  ["lirc_mode2", { ctxSize: 4, fields: LIRC, builtWith: "lirc_mode2_func_proto" }],
  ["sk_reuseport", {
    ctx: "sk_reuseport_md",
    ctxSize: SK_REUSEPORT_SIZE,
    fields: SK_REUSEPORT,
    attachTypes: [39, 40],
    packet: "r",
  }],
  ["flow_dissector", { ...SKB, fields: SK_BUFF_FLOW_DISSECTOR, packet: "r" }],
  ["cgroup_sysctl", { ctx: "bpf_sysctl", ctxSize: SYSCTL_SIZE, fields: SYSCTL, returns: BOOLEAN }],
  ["raw_tracepoint_writable", { ctxSize: RAW_TRACEPOINT_SIZE, fields: RAW_TRACEPOINT_WRITABLE }],
  ["cgroup_sockopt", {
    ctx: "bpf_sockopt",
    ctxSize: SOCKOPT_SIZE,
    fields: SOCKOPT,
    attachTypes: [21, 22],
    packet: "rw",
    returns: BOOLEAN,
  }],
  ["tracing", { ctxSize: RAW_TRACEPOINT_SIZE, typed: true, returns: tracingReturns }],
  ["struct_ops", { ctxSize: RAW_TRACEPOINT_SIZE, typed: true }],
  ["ext", { unsupported: "the type of its target" }],
  ["lsm", { ctxSize: RAW_TRACEPOINT_SIZE, typed: true }],
  ["sk_lookup", {
    ctx: "bpf_sk_lookup",
    ctxSize: SK_LOOKUP_SIZE,
    fields: SK_LOOKUP,
    attachTypes: [36],
    returns: BOOLEAN,
  }],
  ["syscall", { ctxSize: SYSCALL_SIZE, fields: SYSCALL, attachTypes: [0] }],
  ["netfilter", {
    ctx: "bpf_nf_ctx",
    ctxSize: NF_CTX_SIZE,
    fields: NF_CTX,
    attachTypes: [45],
    returns: BOOLEAN,
  }],
];

function rules(name: string, id: number, row: Row): ProgramTypeRules {
  const { returns } = row;
  return {
    name,
    id,
    ...(row.ctx === undefined ? {} : { ctx: row.ctx }),
    ctxSize: row.ctxSize ?? 0,
    fields: row.fields ?? [],
    typedContext: row.typed ?? false,
    ...(row.attachTypes === undefined ? {} : { attachTypes: row.attachTypes }),
    packetRead: row.packet !== undefined,
    packetWrite: row.packet === "rw",
    helpers: (attachType, target) => helperSet(name, attachType, target),
    returns: (attachType) => typeof returns === "function" ? returns(attachType) : returns,
    ...(row.builtWith === undefined ? {} : { builtWith: row.builtWith }),
    ...(row.unsupported === undefined ? {} : { unsupported: row.unsupported }),
  };
}

/** Every program type, by its number in `enum bpf_prog_type`. */
export const PROGRAM_TYPES: readonly ProgramTypeRules[] = ROWS.map(([name, row], id) => rules(name, id, row));

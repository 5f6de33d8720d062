/**
 * What a section's name says about the programs in it: type, attach type, load flags.
 *
 * A table of libbpf's `section_defs` (tools/lib/bpf/libbpf.c, 1.5 and 1.6). A name that matches no row is no error: such a
 * program has the type `unspec` until somebody gives it another.
 *
 * @module
 */

/** `enum bpf_attach_type` (include/uapi/linux/bpf.h): the position is the number, the name is without `BPF_`. */
const ATTACH_TYPES = (
  "CGROUP_INET_INGRESS CGROUP_INET_EGRESS CGROUP_INET_SOCK_CREATE CGROUP_SOCK_OPS SK_SKB_STREAM_PARSER " +
  "SK_SKB_STREAM_VERDICT CGROUP_DEVICE SK_MSG_VERDICT CGROUP_INET4_BIND CGROUP_INET6_BIND CGROUP_INET4_CONNECT " +
  "CGROUP_INET6_CONNECT CGROUP_INET4_POST_BIND CGROUP_INET6_POST_BIND CGROUP_UDP4_SENDMSG CGROUP_UDP6_SENDMSG LIRC_MODE2 " +
  "FLOW_DISSECTOR CGROUP_SYSCTL CGROUP_UDP4_RECVMSG CGROUP_UDP6_RECVMSG CGROUP_GETSOCKOPT CGROUP_SETSOCKOPT TRACE_RAW_TP " +
  "TRACE_FENTRY TRACE_FEXIT MODIFY_RETURN LSM_MAC TRACE_ITER CGROUP_INET4_GETPEERNAME CGROUP_INET6_GETPEERNAME " +
  "CGROUP_INET4_GETSOCKNAME CGROUP_INET6_GETSOCKNAME XDP_DEVMAP CGROUP_INET_SOCK_RELEASE XDP_CPUMAP SK_LOOKUP XDP " +
  "SK_SKB_VERDICT SK_REUSEPORT_SELECT SK_REUSEPORT_SELECT_OR_MIGRATE PERF_EVENT TRACE_KPROBE_MULTI LSM_CGROUP STRUCT_OPS " +
  "NETFILTER TCX_INGRESS TCX_EGRESS TRACE_UPROBE_MULTI CGROUP_UNIX_CONNECT CGROUP_UNIX_SENDMSG CGROUP_UNIX_RECVMSG " +
  "CGROUP_UNIX_GETPEERNAME CGROUP_UNIX_GETSOCKNAME NETKIT_PRIMARY NETKIT_PEER TRACE_KPROBE_SESSION TRACE_UPROBE_SESSION"
).split(" ");

/** The number of an attach type by its kernel name without `BPF_`, e.g. `XDP` → 37; -1 if there is none. */
export function attachTypeNumber(name: string): number {
  return ATTACH_TYPES.indexOf(name);
}

/** The kernel name of an attach type without `BPF_`; undefined if the number has none. */
export function attachTypeName(number: number): string | undefined {
  return ATTACH_TYPES[number];
}

/**
 * One row a line: name, program type, attach type (- is 0), options. A name that ends with `+` also matches with `/…` behind it.
 *
 * Options: `s` sleepable, `frags` XDP with fragments, `btf` attached by BTF id.
 */
const TABLE = `
socket                  socket_filter            -
sk_reuseport/migrate    sk_reuseport             SK_REUSEPORT_SELECT_OR_MIGRATE
sk_reuseport            sk_reuseport             SK_REUSEPORT_SELECT
kprobe+                 kprobe                   -
uprobe+                 kprobe                   -
uprobe.s+               kprobe                   -                             s
kretprobe+              kprobe                   -
uretprobe+              kprobe                   -
uretprobe.s+            kprobe                   -                             s
kprobe.multi+           kprobe                   TRACE_KPROBE_MULTI
kretprobe.multi+        kprobe                   TRACE_KPROBE_MULTI
kprobe.session+         kprobe                   TRACE_KPROBE_SESSION
uprobe.multi+           kprobe                   TRACE_UPROBE_MULTI
uretprobe.multi+        kprobe                   TRACE_UPROBE_MULTI
uprobe.session+         kprobe                   TRACE_UPROBE_SESSION
uprobe.multi.s+         kprobe                   TRACE_UPROBE_MULTI            s
uretprobe.multi.s+      kprobe                   TRACE_UPROBE_MULTI            s
uprobe.session.s+       kprobe                   TRACE_UPROBE_SESSION          s
ksyscall+               kprobe                   -
kretsyscall+            kprobe                   -
usdt+                   kprobe                   -
usdt.s+                 kprobe                   -                             s
tc/ingress              sched_cls                TCX_INGRESS
tc/egress               sched_cls                TCX_EGRESS
tcx/ingress             sched_cls                TCX_INGRESS
tcx/egress              sched_cls                TCX_EGRESS
tc                      sched_cls                -
classifier              sched_cls                -
action                  sched_act                -
netkit/primary          sched_cls                NETKIT_PRIMARY
netkit/peer             sched_cls                NETKIT_PEER
tracepoint+             tracepoint               -
tp+                     tracepoint               -
raw_tracepoint+         raw_tracepoint           -
raw_tp+                 raw_tracepoint           -
raw_tracepoint.w+       raw_tracepoint_writable  -
raw_tp.w+               raw_tracepoint_writable  -
tp_btf+                 tracing                  TRACE_RAW_TP                  btf
fentry+                 tracing                  TRACE_FENTRY                  btf
fmod_ret+               tracing                  MODIFY_RETURN                 btf
fexit+                  tracing                  TRACE_FEXIT                   btf
fentry.s+               tracing                  TRACE_FENTRY                  btf s
fmod_ret.s+             tracing                  MODIFY_RETURN                 btf s
fexit.s+                tracing                  TRACE_FEXIT                   btf s
freplace+               ext                      -                             btf
lsm+                    lsm                      LSM_MAC                       btf
lsm.s+                  lsm                      LSM_MAC                       btf s
lsm_cgroup+             lsm                      LSM_CGROUP                    btf
iter+                   tracing                  TRACE_ITER                    btf
iter.s+                 tracing                  TRACE_ITER                    btf s
syscall                 syscall                  -                             s
xdp.frags/devmap        xdp                      XDP_DEVMAP                    frags
xdp/devmap              xdp                      XDP_DEVMAP
xdp.frags/cpumap        xdp                      XDP_CPUMAP                    frags
xdp/cpumap              xdp                      XDP_CPUMAP
xdp.frags               xdp                      XDP                           frags
xdp                     xdp                      XDP
perf_event              perf_event               -
lwt_in                  lwt_in                   -
lwt_out                 lwt_out                  -
lwt_xmit                lwt_xmit                 -
lwt_seg6local           lwt_seg6local            -
sockops                 sock_ops                 CGROUP_SOCK_OPS
sk_skb/stream_parser    sk_skb                   SK_SKB_STREAM_PARSER
sk_skb/stream_verdict   sk_skb                   SK_SKB_STREAM_VERDICT
sk_skb/verdict          sk_skb                   SK_SKB_VERDICT
sk_skb                  sk_skb                   -
sk_msg                  sk_msg                   SK_MSG_VERDICT
lirc_mode2              lirc_mode2               LIRC_MODE2
flow_dissector          flow_dissector           FLOW_DISSECTOR
cgroup_skb/ingress      cgroup_skb               CGROUP_INET_INGRESS
cgroup_skb/egress       cgroup_skb               CGROUP_INET_EGRESS
cgroup/skb              cgroup_skb               -
cgroup/sock_create      cgroup_sock              CGROUP_INET_SOCK_CREATE
cgroup/sock_release     cgroup_sock              CGROUP_INET_SOCK_RELEASE
cgroup/sock             cgroup_sock              CGROUP_INET_SOCK_CREATE
cgroup/post_bind4       cgroup_sock              CGROUP_INET4_POST_BIND
cgroup/post_bind6       cgroup_sock              CGROUP_INET6_POST_BIND
cgroup/bind4            cgroup_sock_addr         CGROUP_INET4_BIND
cgroup/bind6            cgroup_sock_addr         CGROUP_INET6_BIND
cgroup/connect4         cgroup_sock_addr         CGROUP_INET4_CONNECT
cgroup/connect6         cgroup_sock_addr         CGROUP_INET6_CONNECT
cgroup/connect_unix     cgroup_sock_addr         CGROUP_UNIX_CONNECT
cgroup/sendmsg4         cgroup_sock_addr         CGROUP_UDP4_SENDMSG
cgroup/sendmsg6         cgroup_sock_addr         CGROUP_UDP6_SENDMSG
cgroup/sendmsg_unix     cgroup_sock_addr         CGROUP_UNIX_SENDMSG
cgroup/recvmsg4         cgroup_sock_addr         CGROUP_UDP4_RECVMSG
cgroup/recvmsg6         cgroup_sock_addr         CGROUP_UDP6_RECVMSG
cgroup/recvmsg_unix     cgroup_sock_addr         CGROUP_UNIX_RECVMSG
cgroup/getpeername4     cgroup_sock_addr         CGROUP_INET4_GETPEERNAME
cgroup/getpeername6     cgroup_sock_addr         CGROUP_INET6_GETPEERNAME
cgroup/getpeername_unix cgroup_sock_addr         CGROUP_UNIX_GETPEERNAME
cgroup/getsockname4     cgroup_sock_addr         CGROUP_INET4_GETSOCKNAME
cgroup/getsockname6     cgroup_sock_addr         CGROUP_INET6_GETSOCKNAME
cgroup/getsockname_unix cgroup_sock_addr         CGROUP_UNIX_GETSOCKNAME
cgroup/sysctl           cgroup_sysctl            CGROUP_SYSCTL
cgroup/getsockopt       cgroup_sockopt           CGROUP_GETSOCKOPT
cgroup/setsockopt       cgroup_sockopt           CGROUP_SETSOCKOPT
cgroup/dev              cgroup_device            CGROUP_DEVICE
struct_ops+             struct_ops               -
struct_ops.s+           struct_ops               -                             s
sk_lookup               sk_lookup                SK_LOOKUP
netfilter               netfilter                NETFILTER
`;

/** What a section's name says. */
export interface SectionRule {
  /** The program type, as `ProgramAttrs.type`. */
  readonly type: string;
  /** The `enum bpf_attach_type` number; 0 if the name does not say. */
  readonly attachType: number;
  /** `BPF_F_SLEEPABLE` (16) and `BPF_F_XDP_HAS_FRAGS` (32). */
  readonly flags: number;
  /** The part behind the first slash names a kernel type or function to attach to. */
  readonly attachesByBtf: boolean;
  /** What stands behind the first slash is a target, not a part of the name. */
  readonly takesTarget: boolean;
}

/** `BPF_F_SLEEPABLE` of program load. */
export const F_SLEEPABLE = 16;
/** `BPF_F_XDP_HAS_FRAGS` of program load. */
export const F_XDP_HAS_FRAGS = 32;

const exact = new Map<string, SectionRule>();
const withTarget = new Map<string, SectionRule>();
for (const line of TABLE.trim().split("\n")) {
  const [name, type, attach, ...options] = line.split(/ +/);
  const rule: SectionRule = {
    type,
    attachType: attach === "-" ? 0 : attachTypeNumber(attach),
    flags: (options.includes("s") ? F_SLEEPABLE : 0) | (options.includes("frags") ? F_XDP_HAS_FRAGS : 0),
    attachesByBtf: options.includes("btf"),
    takesTarget: name.endsWith("+"),
  };
  if (name.endsWith("+")) withTarget.set(name.slice(0, -1), rule);
  else exact.set(name, rule);
}

/**
 * The rule for a section, whose name is given without a leading `?`; undefined if no row matches.
 *
 * @example
 * ```ts
 * import { sectionRule } from "./sections.ts";
 * console.log(sectionRule("fentry.s/do_unlinkat")?.type); // tracing
 * console.log(sectionRule("fentryx")); // undefined
 * ```
 */
export function sectionRule(name: string): SectionRule | undefined {
  const slash = name.indexOf("/");
  return exact.get(name) ?? withTarget.get(slash < 0 ? name : name.slice(0, slash));
}

/** The names that rules begin with, for suggestions in messages. */
export function sectionNames(): readonly string[] {
  return [...exact.keys(), ...withTarget.keys()];
}

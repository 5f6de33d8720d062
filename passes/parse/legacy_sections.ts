/**
 * Section names from before libbpf 1.0, which insists on the names of `sections.ts`: what loaders of that time took them for.
 *
 * Libbpf itself matched the beginning of a name only, and so did the kernel's samples (`xdp1`, `socket2`, `cgroup/sock_a`). Other
 * names belong to projects whose loaders name the type themselves, as `tc` and `ip` of iproute2 do; for those a row lists what the
 * name has been used for, the most likely first, and what the program does decides among them (`use.ts`).
 *
 * @module
 */
import { sectionRule } from "./sections.ts";
import type { SectionRule } from "./sections.ts";

/** Rows of `sections.ts` that matched every name they begin; the longest that does wins. */
const PREFIXES = (
  "socket sk_reuseport classifier action tc xdp perf_event lwt_in lwt_out lwt_xmit lwt_seg6local cgroup_skb/ingress " +
  "cgroup_skb/egress cgroup/skb cgroup/sock cgroup/sock_create cgroup/sock_release cgroup/post_bind4 cgroup/post_bind6 " +
  "cgroup/dev sockops sk_skb sk_skb/stream_parser sk_skb/stream_verdict sk_msg lirc_mode2 flow_dissector cgroup/bind4 " +
  "cgroup/bind6 cgroup/connect4 cgroup/connect6 cgroup/sendmsg4 cgroup/sendmsg6 cgroup/recvmsg4 cgroup/recvmsg6 " +
  "cgroup/getpeername4 cgroup/getpeername6 cgroup/getsockname4 cgroup/getsockname6 cgroup/sysctl cgroup/getsockopt " +
  "cgroup/setsockopt sk_lookup"
).split(" ");

/** Older spellings of rows: the prefix, and the row's name. */
const SPELLINGS: Readonly<Record<string, string>> = {
  xdp_devmap: "xdp/devmap",
  xdp_cpumap: "xdp/cpumap",
  perf_section: "perf_event",
};

/** Names of other loaders, with the types they have been loaded as. */
const NAMES: readonly (readonly [name: RegExp, types: readonly string[]])[] = [
  // Cilium: one name for a device's programs, whether tc or xdp runs them.
  [/^(from|to)-[a-z]+$/, ["sched_cls", "xdp"]],
  // Cilium, Open vSwitch, iproute2's examples.
  [/^(ingress|egress)$/, ["sched_cls"]],
  [/^downcall$/, ["sched_cls"]],
  [/^af_xdp$/, ["xdp"]],
  // Suricata filters sockets, the kernel's samples traffic of a control group.
  [/^filter$/, ["socket_filter", "sched_cls"]],
  [/^loadbalancer$/, ["socket_filter"]],
];

/** A tail call's place in iproute2's objects: the id of a program array, and the index in it. */
const SLOT = /^(\d+|0x[0-9a-f]+)\/(\d+|0x[0-9a-f]+)$/i;

/** The rule of the longest row that a name begins with; undefined if there is none. */
export function legacySectionRule(name: string): SectionRule | undefined {
  let best = "", row = "";
  for (const prefix of PREFIXES) {
    if (name.startsWith(prefix) && prefix.length > best.length) best = row = prefix;
  }
  for (const [prefix, target] of Object.entries(SPELLINGS)) {
    if (name.startsWith(prefix) && prefix.length > best.length) [best, row] = [prefix, target];
  }
  return best === "" ? undefined : sectionRule(row);
}

/** The types that programs in a section of this name have been loaded as, the most likely first; empty if nothing is known. */
export function legacyTypes(name: string): readonly string[] {
  return NAMES.find(([pattern]) => pattern.test(name))?.[1] ?? [];
}

/** The place in a program array that a section's name stands for: `2/7` and `0x2/7` are slot 7 of the map with the id 2. */
export function tailCallSlot(name: string): { readonly mapId: number; readonly index: number } | undefined {
  const match = SLOT.exec(name);
  return match === null ? undefined : { mapId: Number(match[1]), index: Number(match[2]) };
}

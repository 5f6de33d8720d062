/**
 * Which function of the runtime answers a call: helpers by number and kernel functions by name, for each program type.
 *
 * @module
 */
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";

/** Types whose programs may write packets (`may_access_direct_pkt_data`); others get read-only dynptrs. */
const WRITES_PACKETS: ReadonlySet<string> = new Set([
  "xdp",
  "sched_cls",
  "sched_act",
  "lwt_xmit",
  "sk_skb",
  "sk_msg",
]);

/** The name of the function behind a helper number, as `bpf_…` or `inlay_…`; undefined if there is no such helper. */
export function helperFunction(id: number, programType: string): string | undefined {
  const helper = LINUX_6_18.helper(id);
  if (helper === undefined) return undefined;
  // One number, two functions.
  if (helper.name === "redirect" || helper.name === "check_mtu") {
    return `inlay_${programType === "xdp" ? "xdp" : "skb"}_${helper.name}`;
  }
  return `bpf_${helper.name}`;
}

/** The name of the function behind a kernel function's name. */
export function kernelFunction(name: string, programType: string): string {
  if (name === "bpf_dynptr_from_skb" && !WRITES_PACKETS.has(programType)) return "bpf_dynptr_from_skb_rdonly";
  return name;
}

/**
 * Who may call which kernel functions: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { DYNPTR, ruleCases } from "../testing/rule_cases.ts";

ruleCases("kfuncs", [
  {
    name: "metadata of a device needs a device",
    type: "xdp",
    text: `
      r2 = r10
      r2 += -8
      call kfunc bpf_xdp_metadata_rx_timestamp
      r0 = 0
      exit`,
    message: "metadata kfuncs require device-bound program",
  },
  {
    name: "a kernel function of another type of program",
    type: "xdp",
    text: `
      r2 = 0
      call kfunc bpf_sock_addr_set_sun_path
      r0 = 0
      exit`,
    message: "calling kernel function bpf_sock_addr_set_sun_path is not allowed",
  },
  {
    name: "free programs alone call kernel functions",
    type: "sched_cls",
    head: "license Proprietary",
    text: `
      ${DYNPTR}
      r0 = 0
      exit`,
    message: "cannot call kernel function from non-GPL compatible program",
  },
  {
    name: "kernel functions want numbers where numbers are wanted",
    type: "sched_cls",
    text: `
      r2 = r10
      r3 = r10
      r3 += -16
      call kfunc bpf_dynptr_from_skb
      r0 = 0
      exit`,
    message: "R2 is not a scalar",
  },
]);

/**
 * What is read of sockets by their fields' tables: the rules of Linux 6.18, each by a program that breaks it or just does not.
 */
import { type RuleCase, ruleCases } from "../testing/rule_cases.ts";

/** The socket of the packet, whole, in r1. */
function full(name: string, access: string, message?: string): RuleCase {
  return rule(
    name,
    `${access}`,
    message,
    "\n      call bpf_sk_fullsock#95\n      if r0 == 0 goto out\n      r1 = r0",
  );
}

/** What all sockets have of the socket of the packet, in r1. */
function rule(name: string, access: string, message?: string, whole = ""): RuleCase {
  const text = `
      r1 = *(u64 *)(r1 +168)
      if r1 == 0 goto out${whole}
      ${access}
    out:
      r0 = 0
      exit`;
  const test: RuleCase = { name, type: "sched_cls", text };
  return message === undefined ? test : { ...test, message };
}

/** TCP's part of it, in r1. */
function tcp(name: string, access: string, message?: string): RuleCase {
  return rule(
    name,
    access,
    message,
    "\n      call bpf_tcp_sock#96\n      if r0 == 0 goto out\n      r1 = r0",
  );
}

ruleCases("sockets", [
  full("a socket's words are read", "r0 = *(u32 *)(r1 +0)"),
  full("a socket begins", "r0 = *(u32 *)(r1 -4)", "R1 invalid sock access off=-4 size=4"),
  full("a socket ends", "r0 = *(u32 *)(r1 +80)", "R1 invalid sock access off=80 size=4"),
  full("a socket's last word is read", "r0 = *(u32 *)(r1 +76)"),
  full("a socket's words are aligned", "r0 = *(u32 *)(r1 +26)", "R1 invalid sock access off=26 size=4"),
  full("a socket has no long words", "r0 = *(u64 *)(r1 +24)", "R1 invalid sock access off=24 size=8"),
  full("an address is read in part", "r0 = *(u16 *)(r1 +26)"),
  full("a socket's mark is read whole", "r0 = *(u16 *)(r1 +16)", "R1 invalid sock access off=16 size=2"),
  full("a port is read as two bytes", "r0 = *(u16 *)(r1 +48)"),
  full("a port is read as a word, with what is behind it", "r0 = *(u32 *)(r1 +48)"),
  full("what is behind a port is not read", "r0 = *(u16 *)(r1 +50)", "R1 invalid sock access off=50 size=2"),
  full("a socket is not written", "*(u32 *)(r1 +16) = 0", "R1 cannot write into sock"),
  full("a socket is not moved", "r1 += 4", "R1 pointer arithmetic on sock prohibited"),
  full(
    "a socket is not moved by a number that is not known",
    "r2 = *(u32 *)(r1 +0)\n      r1 += r2",
    "R1 pointer arithmetic on sock prohibited",
  ),
  rule("not all sockets have a mark", "r0 = *(u32 *)(r1 +16)", "R1 invalid sock_common access off=16 size=4"),
  rule("all sockets have a family", "r0 = *(u32 *)(r1 +4)"),
  rule("what all sockets have begins", "r0 = *(u8 *)(r1 -1)", "R1 invalid sock_common access off=-1 size=1"),
  rule("what all sockets have ends", "r0 = *(u8 *)(r1 +80)", "R1 invalid sock_common access off=80 size=1"),
  tcp("a counter of TCP's is read", "r0 = *(u64 *)(r1 +80)"),
  tcp(
    "a counter of TCP's is read whole",
    "r0 = *(u32 *)(r1 +80)",
    "R1 invalid tcp_sock access off=80 size=4",
  ),
  tcp("a word of TCP's is read whole", "r0 = *(u16 *)(r1 +0)", "R1 invalid tcp_sock access off=0 size=2"),
  tcp("what TCP has begins", "r0 = *(u32 *)(r1 -4)", "R1 invalid tcp_sock access off=-4 size=4"),
  tcp("what TCP has ends", "r0 = *(u32 *)(r1 +116)", "R1 invalid tcp_sock access off=116 size=4"),
]);

/** A socket for user space's packets, in r0. */
function xdp(name: string, access: string, message?: string): RuleCase {
  const test: RuleCase = {
    name,
    type: "xdp",
    head: "map m type=xskmap key=4 value=4 max=1",
    text: `
      *(u32 *)(r10 -4) = 0
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_lookup_elem#1
      if r0 == 0 goto out
      ${access}
    out:
      r0 = 0
      exit`,
  };
  return message === undefined ? test : { ...test, message };
}

ruleCases("sockets for user space's packets", [
  xdp("the queue of such a socket is read", "r1 = *(u32 *)(r0 +0)"),
  xdp(
    "nothing else of such a socket is read",
    "r1 = *(u32 *)(r0 +4)",
    "R0 invalid xdp_sock access off=4 size=4",
  ),
  xdp(
    "the queue of such a socket is read whole",
    "r1 = *(u16 *)(r0 +0)",
    "R0 invalid xdp_sock access off=0 size=2",
  ),
  xdp("nothing is before such a socket", "r1 = *(u32 *)(r0 -4)", "R0 invalid xdp_sock access off=-4 size=4"),
]);

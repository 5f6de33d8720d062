import { assertEquals } from "@std/assert";
import { attachTypeName, attachTypeNumber, sectionNames, sectionRule } from "./sections.ts";

/** `type attachType flags` of a section's rule. */
function rule(name: string): string {
  const found = sectionRule(name);
  return found === undefined ? "none" : `${found.type} ${found.attachType} ${found.flags}`;
}

Deno.test("section names give type, attach type and flags", () => {
  assertEquals(rule("xdp"), "xdp 37 0");
  assertEquals(rule("xdp.frags"), "xdp 37 32");
  assertEquals(rule("xdp.frags/cpumap"), "xdp 35 32");
  assertEquals(rule("tc"), "sched_cls 0 0");
  assertEquals(rule("tcx/egress"), "sched_cls 47 0");
  assertEquals(rule("netkit/peer"), "sched_cls 55 0");
  assertEquals(rule("socket"), "socket_filter 0 0");
  assertEquals(rule("cgroup_skb/egress"), "cgroup_skb 1 0");
  assertEquals(rule("cgroup/connect_unix"), "cgroup_sock_addr 49 0");
  assertEquals(rule("fentry.s/do_unlinkat"), "tracing 24 16");
  assertEquals(rule("iter/task"), "tracing 28 0");
  assertEquals(rule("lsm.s/bprm_committed_creds"), "lsm 27 16");
  assertEquals(rule("uprobe.session.s"), "kprobe 57 16");
  assertEquals(rule("kprobe.multi/tcp_*"), "kprobe 42 0");
  assertEquals(rule("struct_ops.s/init"), "struct_ops 0 16");
  assertEquals(rule("syscall"), "syscall 0 16");
  assertEquals(rule("netfilter"), "netfilter 45 0");
});

Deno.test("a name has to match a row whole, or up to a slash where the row allows a target", () => {
  assertEquals(rule("xdp_prog"), "none");
  assertEquals(rule("xdp/eth0"), "none");
  assertEquals(rule("fentryx"), "none");
  assertEquals(rule("tp/syscalls/sys_enter_open"), "tracepoint 0 0");
  assertEquals(rule(""), "none");
});

Deno.test("attach types go by number and by name, and every row has a known one", () => {
  assertEquals(attachTypeNumber("XDP"), 37);
  assertEquals(attachTypeName(23), "TRACE_RAW_TP");
  assertEquals(attachTypeName(58), undefined);
  assertEquals(attachTypeNumber("NONE"), -1);
  // 101 rows of libbpf 1.5, and uprobe.session with and without `.s`.
  assertEquals(sectionNames().length, 103);
  for (const name of sectionNames()) assertEquals((sectionRule(name)?.attachType ?? -1) >= 0, true, name);
});

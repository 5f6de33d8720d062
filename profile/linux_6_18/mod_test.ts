import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { shared } from "../../tests/shared.ts";
import { HELPERS } from "./helpers.ts";
import { decode } from "../../ir/decode.ts";
import { LINUX_6_18 } from "./mod.ts";
import { PROGRAM_TYPES } from "./program_types.ts";

const K = LINUX_6_18;

Deno.test("helpers have the ids 1 to 211 without a gap and unique names", () => {
  assertEquals(HELPERS.map((h) => h.id), Array.from({ length: 211 }, (_, i) => i + 1));
  assertEquals(new Set(HELPERS.map((h) => h.name)).size, 211);
  for (const h of HELPERS) assert(h.args.length <= 5, h.name);
});

Deno.test("every size argument follows a memory argument", () => {
  for (const h of HELPERS) {
    h.args.forEach((arg, i) => {
      if (arg.base !== "ARG_CONST_SIZE" && arg.base !== "ARG_CONST_SIZE_OR_ZERO") return;
      assertEquals(h.args[i - 1]?.base, "ARG_PTR_TO_MEM", h.name);
      assertEquals(h.args[i - 1].fixedSize, undefined, h.name);
    });
  }
});

Deno.test("names and ids are inverse", () => {
  assertEquals(K.helperId("map_lookup_elem"), 1);
  assertEquals(K.helperId("loop"), 181);
  assertEquals(K.helper(181)?.name, "loop");
  assertEquals(K.helper(0), undefined);
  assertEquals(K.helper(212), undefined);
  assertEquals(K.helperId("bpf_loop"), undefined);
});

Deno.test("prototypes vary with the program type", () => {
  const classid = K.helperId("get_cgroup_classid")!;
  assertEquals(K.helper(classid, { type: "sched_cls" })!.args.length, 1);
  assertEquals(K.helper(classid, { type: "socket_filter" })!.args.length, 0);
  const cpu = K.helperId("get_smp_processor_id")!;
  assert(K.helper(cpu, { type: "xdp" })!.allowFastcall);
  assert(!K.helper(cpu, { type: "socket_filter" })!.allowFastcall);
  const stack = K.helperId("get_stack")!;
  assert(K.helper(stack, { type: "kprobe", sleepable: true })!.mightSleep);
  assert(!K.helper(stack, { type: "kprobe" })!.mightSleep);
  const ip = K.helperId("get_func_ip")!;
  assert(!K.helper(ip, { type: "kprobe", attachType: 42 })!.gplOnly);
  assert(K.helper(ip, { type: "kprobe" })!.gplOnly);
});

Deno.test("helpers that move packet data are marked", () => {
  const moved = HELPERS.filter((h) => h.changesPacket).map((h) => h.name);
  assertEquals(moved.length, 23);
  assert(moved.includes("tail_call") && moved.includes("xdp_adjust_head") && !moved.includes("redirect"));
});

Deno.test("program types have the kernel's numbers", () => {
  assertEquals(PROGRAM_TYPES.length, 33);
  for (
    const [name, id] of [["socket_filter", 1], ["sched_cls", 3], ["xdp", 6], ["cgroup_skb", 8], [
      "struct_ops",
      27,
    ], ["netfilter", 32]] as const
  ) {
    assertEquals(K.programType(name)?.id, id);
  }
  assertEquals(K.programType("nonsense"), undefined);
  const decided = PROGRAM_TYPES.filter((t) => t.unsupported === undefined).map((t) => t.name);
  for (
    const name of ["socket_filter", "sched_cls", "sched_act", "xdp", "cgroup_skb", "kprobe", "raw_tracepoint"]
  ) {
    assert(decided.includes(name), name);
  }
});

Deno.test("helper sets differ by type and attach type", () => {
  const id = (name: string) => K.helperId(name)!;
  assert(K.programType("xdp")!.helpers(0).has(id("xdp_adjust_head")));
  assert(!K.programType("sched_cls")!.helpers(0).has(id("xdp_adjust_head")));
  assert(!K.programType("socket_filter")!.helpers(0).has(id("csum_diff")));
  assert(K.programType("cgroup_sock_addr")!.helpers(10).has(id("bind")));
  assert(!K.programType("cgroup_sock_addr")!.helpers(8).has(id("bind")));
  assert(!K.programType("cgroup_sock_addr")!.helpers(19).has(id("set_retval")));
  // Loaded without the attach type, a program counts as one for ingress.
  assert(!K.programType("cgroup_device")!.helpers(0).has(id("set_retval")));
  assert(K.programType("cgroup_device")!.helpers(6).has(id("set_retval")));
  assertStrictEquals(K.programType("xdp")!.helpers(0), K.programType("xdp")!.helpers(0));
});

Deno.test("context fields do not overlap and lie in the context", () => {
  for (const type of PROGRAM_TYPES) {
    let end = 0;
    for (const field of type.fields) {
      assert(field.offset >= end, `${type.name}.${field.name}`);
      end = field.offset + field.size;
    }
    assert(end <= type.ctxSize, type.name);
  }
});

Deno.test("each type hides and opens its own context fields", () => {
  const field = (type: string, name: string) => K.programType(type)!.fields.find((f) => f.name === name);
  assertEquals(field("socket_filter", "data"), undefined);
  assertEquals(field("sched_cls", "data")?.result, "packet");
  assertEquals(field("sched_cls", "family"), undefined);
  assertEquals(field("cgroup_skb", "family")?.write, false);
  assertEquals(field("sched_cls", "tstamp")?.write, true);
  assertEquals(field("socket_filter", "cb")?.write, true);
  assertEquals(field("cgroup_skb", "tc_classid"), undefined);
  assertEquals(field("xdp", "egress_ifindex")?.attachTypes, [33]);
});

Deno.test("return values are limited by type and attach type", () => {
  assertEquals(K.programType("xdp")!.returns(0), undefined);
  assertEquals(K.programType("cgroup_skb")!.returns(0), { min: 0, max: 1 });
  assertEquals(K.programType("cgroup_skb")!.returns(1), { min: 0, max: 3 });
  assertEquals(K.programType("cgroup_sock_addr")!.returns(19), { min: 1, max: 1 });
  assertEquals(K.programType("tracing")!.returns(24), { min: 0, max: 0 });
});

Deno.test("kernel functions carry flags and callers", () => {
  const slice = K.kfunc("bpf_dynptr_slice")!;
  assertEquals([...slice.flags], ["ret_null"]);
  assert(slice.types.has("xdp") && slice.types.has("cgroup_skb"));
  assert(K.kfunc("bpf_xdp_metadata_rx_hash")!.deviceBound);
  assert(!K.kfunc("bpf_dynptr_from_xdp")!.types.has("sched_cls"));
  assertEquals(K.kfunc("panic"), undefined);
});

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

const corpus = shared("corpus/loaded_insns.jsonl");

Deno.test({
  name: "every helper that an accepted program of the corpus calls is in the table and allowed",
  ignore: corpus === undefined,
  fn: () => {
    let calls = 0;
    const bogus = new Set<string>();
    for (const line of Deno.readTextFileSync(corpus!).split("\n")) {
      if (line === "") continue;
      const record = JSON.parse(line);
      if (record.verdict !== "accept") continue;
      const type = PROGRAM_TYPES[record.type_id];
      // What extensions and struct_ops may call depends on their target.
      if (type.name === "ext" || type.name === "struct_ops") continue;
      // The corpus does not name the iterator, which decides about socket options: assume one that may.
      const allowed = type.helpers(record.attach_type, "tcp");
      for (const insn of decode(bytesOf(record.insns)).insns) {
        if (insn.kind !== "call" || insn.callee.kind !== "helper") continue;
        const id = insn.callee.id;
        if (K.helper(id) === undefined) {
          // No helper at all, never reached: what libbpf writes over failed relocations, or a test's own.
          bogus.add(id >= 2_000_000_000 ? "absent kernel function" : `${record.obj}: ${id}`);
          continue;
        }
        calls++;
        assert(allowed.has(id), `${record.obj}/${record.prog}: ${type.name} calls ${K.helper(id)!.name}`);
      }
    }
    assertEquals([...bogus].sort(), [
      "absent kernel function",
      "test_core_extern: 999",
      "test_core_reloc_existence: 195896080",
    ]);
    assert(calls > 1000);
  },
});

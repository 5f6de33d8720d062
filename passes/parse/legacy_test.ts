import { BtfBuilder } from "../../ir/btf/write.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { Unit } from "../../ir/unit.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify/verify.ts";
import { parseObject, type ParseOptions } from "./parse.ts";
import { code, type SectionSpec, text, words, writeElf } from "./testing/write_elf.ts";

const RETURN = code("r0 = 0\nexit\n");

function parse(sections: readonly SectionSpec[], options: Partial<ParseOptions> = {}): Unit {
  return parseObject(writeElf(sections), { name: "old.o", profile: LINUX_6_18, ...options });
}

/** `section/name type` of each program. */
function programs(unit: Unit): readonly string[] {
  return unit.programs.map(({ attrs }) => `${attrs.section}/${attrs.name} ${attrs.type}`);
}

/** A section with one program, as old compilers wrote it. */
function section(name: string, bytes: Uint8Array = RETURN, more: Partial<SectionSpec> = {}): SectionSpec {
  return { name, bytes, code: true, symbols: [{ name: `in_${name.replaceAll(/\W/g, "_")}` }], ...more };
}

Deno.test("symbols without type and size are functions up to the next one, labels are none", () => {
  const two = new Uint8Array([...RETURN, ...code("r0 = 1\nr0 = 2\nexit\n"), ...RETURN]);
  const unit = parse([
    section("xdp", two, {
      symbols: [
        { name: "first" },
        { name: "second", value: 16 },
        { name: "LBB0_3", value: 24, local: true },
        { name: ".Ltmp", value: 8, local: true },
        // Behind an exit, but local: a function that others call.
        { name: "helper", value: 40, local: true },
        // In the middle of the code, and nothing ends before it.
        { name: "again", value: 32, local: true },
      ],
    }),
  ]);
  assertEquals(unit.programs.map(({ attrs, length }) => [attrs.name, length]), [["first", 2], ["second", 3]]);
});

Deno.test("a section without a name for its start is a program by its own name; local ones begin programs, too", () => {
  const unit = parse([
    section("xdp_a", RETURN, { symbols: [{ name: "LBB0_1", value: 8, local: true }] }),
    section("xdp_b", RETURN, { symbols: [{ name: "to_stack", local: true }] }),
    section("xdp_c", RETURN, {
      symbols: [{ name: "typed", local: true, type: "func", size: 16 }],
    }),
  ]);
  assertEquals(unit.programs.map(({ attrs }) => attrs.name), ["xdp_a", "to_stack", "typed"]);
});

Deno.test("calls find functions of .text by their place, as compilers without symbol types left them", () => {
  const call = code("call inner\nexit\nfunc inner:\nr0 = 0\nexit\n").slice(0, 16);
  const view = new DataView(call.buffer);
  // The second function of .text, counted from the section's start.
  view.setInt32(4, 1, true);
  const unit = parse([
    section(".text", new Uint8Array([...RETURN, ...code("r0 = 7\nexit\n")]), {
      symbols: [{ name: "zero" }, { name: "seven", value: 16 }],
    }),
    section("xdp1", call, { relocations: { 0: "zero" } }),
  ]);
  assertEquals(programs(unit), ["xdp1/in_xdp1 xdp"]);
  assertEquals(unit.programs[0].subprogs.map(({ name }) => name), ["in_xdp1", "seven"]);
});

Deno.test("an object all of whose code is in .text has its programs there", () => {
  const unit = parse([section(".text", RETURN, { symbols: [{ name: "func" }] })], { type: "xdp" });
  assertEquals(programs(unit), [".text/func xdp"]);
});

Deno.test("functions of .text in an object with types are no programs, unless somebody says of which type", () => {
  const b = new BtfBuilder();
  b.func("func", b.funcProto(0, []));
  const types = { name: ".BTF", bytes: new Uint8Array(b.build().bytes) };
  const text = section(".text", RETURN, { symbols: [{ name: "func" }] });
  assertEquals(programs(parse([text, types])), []);
  assertEquals(programs(parse([text])), [".text/func unspec"]);
  assertEquals(programs(parse([text, types], { type: "xdp" })), [".text/func xdp"]);
});

/** The maps of a `maps` section of these definitions, named a, b, c, …. */
function maps(definitions: readonly Uint8Array[], name = "maps") {
  const [{ length }] = definitions;
  const bytes = new Uint8Array(definitions.flatMap((definition) => [...definition]));
  const symbols = definitions.map((_, i) => ({ name: String.fromCharCode(97 + i), value: i * length }));
  return parse([section("xdp"), { name, bytes, symbols }]).maps;
}

Deno.test("definitions of 28 bytes are the samples' or iproute2's, by what the map can have", () => {
  const [a, b, c, d] = maps([
    words(1, 4, 8, 16, 0, 5, 2),
    words(1, 4, 8, 16, 4, 0, 3),
    words(12, 4, 0, 8, 0, 0, 1),
    words(13, 4, 0, 8, 0, 1, 0),
  ]);
  assertEquals([a.pinning, a.numaNode], [2, 0]);
  assertEquals([b.pinning, b.numaNode, b.flags], [0, 3, 4]);
  assertEquals([c.inner?.name, c.numaNode, c.valueSize], ["a", 1, 4]);
  assertEquals(d.inner?.name, "b");
});

Deno.test("iproute2's definitions name the inner map by its id, and gobpf's carry a namespace", () => {
  const [inner, outer] = maps([words(2, 4, 8, 1, 0, 9, 0, 0, 2), words(12, 4, 4, 3, 0, 8, 2, 9, 0)]);
  assertEquals([inner.pinning, outer.pinning, outer.inner?.name], [0, 2, "a"]);
  const gobpf = new Uint8Array(280);
  gobpf.set(words(1, 4, 8, 16, 0, 1));
  gobpf.set(new TextEncoder().encode("mine"), 24);
  assertEquals(maps([gobpf], "maps/flows").map(({ type, pinning }) => [type, pinning]), [[1, 1]]);
});

Deno.test("map definitions that no format has are refused", () => {
  const refuse = (definitions: readonly Uint8Array[], message: string) =>
    assertThrows(() => maps(definitions), MalformedError, message);
  refuse([words(1, 4, 8, 16, 0, 0, 0, 0, 0, 1)], "more than the nine known numbers");
  refuse([words(1, 4, 8)], "do not divide");
  refuse([words(12, 4, 4, 8, 0, 5, 0)], 'The inner map of "a" is map 5, which does not exist');
  refuse([words(12, 4, 4, 8, 0, 0, 0)], "which holds maps itself");
  refuse([words(12, 4, 4, 3, 0, 8, 2, 77, 0)], "map with the id 77, which does not exist");
});

Deno.test("what is left to the loader has the least that a kernel takes", () => {
  const [hash, events, inner] = maps([words(1, 4, 8, 0, 0), words(4, 0, 0, 0, 0), words(2, 4, 8, 0, 0)]);
  assertEquals([hash.maxEntries, events.maxEntries, inner.maxEntries], [1, 0, 1]);
  assertEquals([events.keySize, events.valueSize], [4, 4]);
});

Deno.test("the type comes from older names, from what is asked for, from use, and else stays open", () => {
  const redirect = code("r6 = r1\nr1 = 1\nr2 = 0\ncall bpf_redirect#23\nexit\n");
  const tunnel = code(
    "r2 = r10\nr2 += -32\nr3 = 28\nr4 = 0\ncall bpf_skb_set_tunnel_key#21\nr0 = 0\nexit\n",
  );
  const packet = code("r2 = *(u32 *)(r1 + 4)\nr1 = *(u32 *)(r1 + 0)\nr0 = *(u8 *)(r1 + 0)\nexit\n");
  const sections = [
    section("xdp_prog3"),
    section("socket2"),
    section("cgroup/sock1"),
    section("tc_mark"),
    section("perf_section"),
    section("from-netdev", redirect),
    section("to-host", packet),
    section("filter"),
    section("redirect_anywhere", redirect),
    section("mine", tunnel),
    section("probe", packet),
    section("unknown"),
  ];
  assertEquals(programs(parse(sections)).map((line) => line.replace(/\/in_\w+/, "")), [
    "xdp_prog3 xdp",
    "socket2 socket_filter",
    "cgroup/sock1 cgroup_sock",
    "tc_mark sched_cls",
    "perf_section perf_event",
    "from-netdev sched_cls",
    "to-host xdp",
    "filter socket_filter",
    "redirect_anywhere unspec",
    "mine sched_cls",
    "probe xdp",
    "unknown unspec",
  ]);
  const asked = programs(parse(sections, { type: "lwt_xmit" }));
  assertEquals(asked.slice(-4).map((line) => line.split(" ")[1]), Array(4).fill("lwt_xmit"));
  assert(asked[0].endsWith(" xdp"));
  assertEquals(parse(sections).programs[2].attrs.attachType, 2);
  assertThrows(
    () => verifyProgram(parse(sections).programs.at(-1)!, { profile: LINUX_6_18 }),
    Error,
    "program type unspec",
  );
});

Deno.test("all programs of an object with tail-call slots are of one type, and so are those that share a program array", () => {
  const tunnel = code(
    "r2 = r10\nr2 += -32\nr3 = 28\nr4 = 0\ncall bpf_skb_set_tunnel_key#21\nr0 = 0\nexit\n",
  );
  assertEquals(programs(parse([section("2/7"), section("0x2/0x1f"), section("from-container", tunnel)])), [
    "2/7/in_2_7 sched_cls",
    "0x2/0x1f/in_0x2_0x1f sched_cls",
    "from-container/in_from_container sched_cls",
  ]);
  const tail = code("r2 = 0 ll\nr3 = 1\ncall bpf_tail_call#12\nr0 = 0\nexit\n");
  const array = { name: "maps", bytes: words(3, 4, 4, 8, 0), symbols: [{ name: "calls" }] };
  const shared = (more: Uint8Array) =>
    programs(parse([
      section("tail-0", tail, { relocations: { 0: "calls" } }),
      section("tail-1", new Uint8Array([...tail.slice(0, -16), ...more]), { relocations: { 0: "calls" } }),
      section("elsewhere"),
      section("xdp"),
      section("af_xdp"),
      array,
    ])).map((line) => line.split(" ")[1]);
  assertEquals(shared(RETURN), ["unspec", "unspec", "unspec", "xdp", "xdp"]);
  assertEquals(shared(tunnel), ["sched_cls", "sched_cls", "unspec", "xdp", "xdp"]);
});

Deno.test("a program that tells nothing is of the type of those whose section differs in a number, or of two that agree", () => {
  const clone = code("r2 = 1\nr3 = 0\ncall bpf_clone_redirect#13\nexit\n");
  const types = (...sections: readonly SectionSpec[]) =>
    parse(sections).programs.map(({ attrs }) => attrs.type);
  assertEquals(types(section("part-0"), section("part-12", clone)), ["sched_cls", "sched_cls"]);
  assertEquals(types(section("other"), section("part-12", clone)), ["unspec", "sched_cls"]);
  assertEquals(types(section("other"), section("a", clone), section("b", clone)), Array(3).fill("sched_cls"));
  // What libbpf knows is no hint: its loader needs none.
  assertEquals(types(section("other"), section("xdp"), section("xdp1")), ["unspec", "xdp", "xdp"]);
});

Deno.test("a program that cannot be linked is not its object's fault, unless it is the only one", () => {
  const load = code("r1 = 0 ll\nr0 = 0\nexit\n");
  const broken = section("xdp_broken", load, { relocations: { 0: "nowhere" } });
  const unit = parse([section("xdp"), broken]);
  assertEquals(programs(unit), ["xdp/in_xdp xdp"]);
  assertEquals(unit.unreadable?.map(({ name, section }) => [name, section]), [[
    "in_xdp_broken",
    "xdp_broken",
  ]]);
  assertEquals(
    unit.unreadable?.[0].message,
    'Extern "nowhere" has no type information (function in_xdp_broken, section xdp_broken, offset 0x0)',
  );
  assertThrows(() => parse([broken]), MalformedError, 'Extern "nowhere" has no type information');
});

Deno.test("a call of a function that nothing describes is refused where it is reached, and only there", () => {
  const call = code("call inner\nexit\nfunc inner:\nr0 = 0\nexit\n").slice(0, 16);
  new DataView(call.buffer).setInt32(4, -1, true);
  const dead = new Uint8Array([...code("r0 = 0\nif r0 == 0 goto end\nr0 = 1\nend:\nexit\n")]);
  dead.set(call.subarray(0, 8), 16);
  const unit = parse([
    text("license", "GPL"),
    section("xdp_reached", call, { relocations: { 0: "memset" } }),
    section("xdp_dead", dead, { relocations: { 16: "memset" } }),
  ]);
  const [first, second] = unit.programs.map((program) => verifyProgram(program, { profile: LINUX_6_18 }));
  assertEquals([first.verdict, first.message], ["reject", "invalid func unknown#2002000000"]);
  assertEquals(second.verdict, "accept");
});

Deno.test("functions of unknown sections that others call are parts of those", () => {
  const call = code("call inner\nexit\nfunc inner:\nr0 = 0\nexit\n").slice(0, 16);
  new DataView(call.buffer).setInt32(4, -1, true);
  const unit = parse([section("xdp1", call, { relocations: { 0: "in_shared" } }), section("shared")]);
  assertEquals(programs(unit), ["xdp1/in_xdp1 xdp"]);
});

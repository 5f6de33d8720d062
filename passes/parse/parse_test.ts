import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify/verify.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Btf } from "../../ir/btf/btf.ts";
import { openBtf } from "../../ir/btf/read.ts";
import { BtfBuilder } from "../../ir/btf/write.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import { readElf, SHT } from "../../ir/elf/elf.ts";
import { encode } from "../../ir/encode.ts";
import type { Insn } from "../../ir/insn.ts";
import type { Program } from "../../ir/program.ts";
import type { Unit } from "../../ir/unit.ts";
import { compareLoaded } from "../../tests/loaded_insns.ts";
import { shared } from "../../tests/shared.ts";
import type { ParseOptions } from "./parse.ts";
import { parseObject } from "./parse.ts";

const OBJECTS = new URL("../../tests/objects/", import.meta.url);

function parse(name: string, options: Partial<ParseOptions> = {}): Unit {
  return parseObject(Deno.readFileSync(new URL(name, OBJECTS)), { name, ...options });
}

function programOf(unit: Unit, name: string): Program {
  const found = unit.programs.find((program) => program.attrs.name === name);
  assert(found !== undefined, `no program ${name}`);
  return found;
}

function of<K extends Insn["kind"]>(program: Program, kind: K): (Insn & { kind: K })[] {
  return program.code.insns.filter((insn): insn is Insn & { kind: K } => insn.kind === kind);
}

Deno.test("each program holds the subprograms it reaches, in the order their calls are met", () => {
  const unit = parse("xdp_subprogs.bpf.o");
  const layout = (name: string) =>
    programOf(unit, name).subprogs.map(({ name, linkage }) => `${name} ${linkage}`);
  assertEquals(layout("count_packet"), [
    "count_packet global",
    "concealed static",
    "checked global",
    "twice static",
  ]);
  assertEquals(layout("loop_packet"), [
    "loop_packet global",
    "each static",
    "checked global",
    "twice static",
  ]);
  assertEquals(layout("optional"), ["optional global", "concealed static"]);
  assertEquals(unit.programs.map((program) => program.attrs.name), [
    "count_packet",
    "loop_packet",
    "optional",
    "on_unlink",
  ]);
});

Deno.test("calls and addresses of functions lead to the subprograms", () => {
  const program = programOf(parse("xdp_subprogs.bpf.o"), "loop_packet");
  const names = of(program, "imm64").flatMap(({ value }) =>
    value.kind === "func" ? [program.subprog(value.subprog).name] : []
  );
  assertEquals(names, ["each"]);
  const called = of(program, "call").flatMap(({ callee }) =>
    callee.kind === "subprog" ? [program.subprog(callee.subprog).name] : []
  );
  assertEquals(called, ["checked", "twice"]);
});

Deno.test("a big-endian object gives the same programs", () => {
  const little = parse("xdp_subprogs.bpf.o"), big = parse("xdp_subprogs.eb.bpf.o");
  for (const program of little.programs) {
    const other = programOf(big, program.attrs.name);
    assertEquals(encode(other), encode(program), program.attrs.name);
    assertEquals(other.code.origins, program.code.origins);
  }
});

Deno.test("attributes come from section, tags and symbol", () => {
  const unit = parse("xdp_subprogs.bpf.o");
  assertEquals(unit.license, "Dual BSD/GPL");
  assertEquals(unit.version, 0x60c00);
  assertEquals(programOf(unit, "loop_packet").attrs.flags, 32 | 8);
  const optional = programOf(unit, "optional").attrs;
  assertEquals([optional.optional, optional.section, optional.type], [true, "tc", "sched_cls"]);
  assertEquals(programOf(unit, "on_unlink").attrs.attachTarget, "do_unlinkat");
  assertEquals(unit.btf?.tags(programOf(unit, "loop_packet").subprogs[0].btfId), [
    "comment:test_prog_flags=BPF_F_TEST_STATE_FREQ",
    "comment:test_expect_success",
  ]);
});

Deno.test("maps are read from type information, variables follow by section", () => {
  const { maps } = parse("xdp_subprogs.bpf.o");
  assertEquals(maps.map((map) => map.name), [
    "first_inner",
    "second_inner",
    "outer",
    "jumps",
    "pairs",
    "ring",
    "xdp_subp.data",
    "xdp_subp.rodata",
    "xdp_subp.bss",
    ".data.private",
  ]);
  const [, , outer, jumps, pairs, ring, data, rodata, bss, hidden] = maps;
  assertEquals([pairs.type, pairs.keySize, pairs.valueSize, pairs.maxEntries, pairs.flags], [
    1,
    4,
    16,
    16,
    1,
  ]);
  assertEquals(outer.inner, { ...maps[0], name: "outer.inner" });
  assertEquals(outer.initial, [{ index: 0, map: 0 }, { index: 2, map: 1 }]);
  assertEquals(jumps.initial, [{ index: 1, program: "count_packet" }]);
  assertEquals(ring.maxEntries, 8192);
  assertEquals([data.data?.[0], data.flags, data.frozen], [7, 1024, false]);
  assertEquals([rodata.data, rodata.flags, rodata.frozen], [Uint8Array.of(0xdc, 5, 0, 0), 1024 | 128, true]);
  assertEquals([bss.data, bss.section], [new Uint8Array(16), ".bss"]);
  assertEquals(hidden.flags, 0);
});

Deno.test("references to maps and variables are indices and offsets", () => {
  const unit = parse("xdp_subprogs.bpf.o");
  const references = of(programOf(unit, "count_packet"), "imm64").map(({ value }) =>
    value.kind === "map"
      ? `map ${unit.maps[value.map].name}`
      : value.kind === "map_value"
      ? `${unit.maps[value.map].name}+${value.offset}`
      : value.kind
  );
  assertEquals(references, [
    "map pairs",
    "xdp_subp.data+0",
    "xdp_subp.bss+0",
    "xdp_subp.rodata+0",
    ".data.private+0",
  ]);
});

Deno.test("instructions know their source line, shared by identity", () => {
  const program = programOf(parse("xdp_subprogs.bpf.o"), "count_packet");
  const positions = program.code.origins.map((origin) => origin.position);
  assertEquals(positions[0]?.text, "int count_packet(struct xdp_md *ctx)");
  assertEquals(positions[0]?.file, "./xdp_subprogs.bpf.c");
  const call = program.code.insns.findIndex((insn) => insn.kind === "call");
  assertStringIncludes(positions[call]?.text ?? "", "map_lookup_elem(&pairs, &key)");
  assert(positions[call] === positions[call - 1]);
  const twice = program.starts[3];
  assertStringIncludes(positions[twice]?.text ?? "", "value + value");
});

Deno.test("the completed BTF knows the variables' places and hidden functions are static", () => {
  const { btf } = parse("xdp_subprogs.bpf.o");
  assert(btf !== undefined);
  const maps = btf.type(btf.find(".maps", "datasec"));
  assert(maps.kind === "datasec");
  assertEquals(maps.size, 0xd0);
  assertEquals(maps.vars.map((entry) => entry.offset), [0, 0x20, 0x40, 0x70, 0x98, 0xc0]);
  const concealed = btf.type(btf.find("concealed", "func"));
  assert(concealed.kind === "func" && concealed.linkage === "static");
  assertEquals(openBtf(btf.bytes).count, btf.count);
});

/** A kernel with what `externs.bpf.c` calls present. */
function kernel(): Btf {
  const b = new BtfBuilder();
  const u32 = b.int("u32", 4), u64 = b.int("u64", 8);
  const int = b.int("int", 4, { signed: true });
  const proto = b.funcProto(u64, [{ name: "value", type: u32 }]);
  b.func("present_function", proto);
  b.add({
    kind: "var",
    name: "present_variable",
    type: b.add({ kind: "const", type: int }),
    linkage: "global",
  });
  const traced = b.ptr(b.funcProto(0, []));
  b.add({ kind: "typedef", name: "btf_trace_something", type: traced });
  return b.build();
}

Deno.test("externs are found in the target, weak ones that are missing read as zero and poison their calls", () => {
  const targetBtf = kernel();
  const unit = parse("externs.bpf.o", { targetBtf, kconfig: "" });
  const program = programOf(unit, "ask");
  assertEquals(program.attrs.attachBtfId, targetBtf.find("btf_trace_something", "typedef"));
  const present = targetBtf.find("present_function", "func");
  const callees = of(program, "call").map(({ callee }) =>
    callee.kind === "kfunc"
      ? `${callee.func.name} ${callee.func.btfId === present}`
      : `${callee.kind} ${"id" in callee && callee.id}`
  );
  const missing = unit.externs.findIndex((extern) => extern.name === "missing_function");
  assertEquals(callees, ["present_function true", "present_function true", `helper ${2002000000 + missing}`]);
  const loads = of(program, "imm64").slice(-4).map(({ value }) =>
    value.kind === "kernel_var"
      ? `${value.name} ${value.btfId}`
      : value.kind === "const"
      ? String(value.value)
      : value.kind
  );
  assertEquals(loads, [
    "0",
    `present_variable ${targetBtf.find("present_variable", "var")}`,
    "0",
    "untyped_symbol 0",
  ]);
  assertEquals(
    unit.externs.filter((extern) => extern.targetBtfId === 0 && extern.kind !== "kconfig").map((extern) =>
      extern.name
    ),
    [
      "missing_function",
      "missing_variable",
      "untyped_symbol",
    ],
  );
});

Deno.test("an untyped symbol's address is a constant where addresses are given", () => {
  const addresses = new Map([["untyped_symbol", 0xffffffff81234567n]]);
  const program = programOf(parse("externs.bpf.o", { targetBtf: kernel(), addresses }), "ask");
  assertEquals(of(program, "imm64").at(-1)?.value, { kind: "const", value: 0xffffffff81234567n });
});

Deno.test("without a target a weak kernel function stays a call that says so", () => {
  const calls = of(programOf(parse("externs.bpf.o"), "ask"), "call").map(({ callee }) =>
    callee.kind === "kfunc" && callee.func
  );
  assertEquals(calls, [
    { name: "present_function", btfId: 0, module: 0 },
    { name: "present_function", btfId: 0, module: 0, weak: true },
    { name: "missing_function", btfId: 0, module: 0, weak: true },
  ]);
});

Deno.test("settings are laid out by alignment and size, and read in every form", () => {
  const kconfig =
    'CONFIG_SWITCH=y\nCONFIG_LETTER=m\nCONFIG_MODULE=m\nCONFIG_NUMBER=0x1234\nCONFIG_TEXT="too long a text"\n';
  const unit = parse("externs.bpf.o", { kconfig, kernelVersion: 0x060c07 });
  assertEquals(unit.externs.filter((extern) => extern.kind === "kconfig").map((extern) => extern.name), [
    "CONFIG_NUMBER",
    "CONFIG_MODULE",
    "LINUX_KERNEL_VERSION",
    "CONFIG_ABSENT",
    "CONFIG_LETTER",
    "CONFIG_SWITCH",
    "CONFIG_TEXT",
  ]);
  const map = unit.maps.find((candidate) => candidate.section === ".kconfig")!;
  assertEquals(map.name, "externs.kconfig");
  assert(map.frozen);
  const view = new DataView(map.data!.buffer);
  assertEquals(view.getBigUint64(0, true), 0x1234n);
  assertEquals([view.getUint32(8, true), view.getUint32(12, true), view.getUint16(16, true)], [
    2,
    0x060c07,
    0,
  ]);
  assertEquals([view.getUint8(18), view.getUint8(19)], ["m".charCodeAt(0), 1]);
  assertEquals(new TextDecoder().decode(map.data!.subarray(20)), "too lon\0");
});

Deno.test("settings that nobody told are not taken for facts", () => {
  const map = parse("externs.bpf.o").maps.find((candidate) => candidate.section === ".kconfig")!;
  assertEquals([map.frozen, map.flags & 128], [false, 128]);
});

Deno.test("a setting that does not fit its variable is refused", () => {
  const refuse = (kconfig: string, message: string) =>
    assertThrows(() => parse("externs.bpf.o", { kconfig }), MalformedError, message);
  refuse("CONFIG_NUMBER=much", "CONFIG_NUMBER");
  refuse("CONFIG_SWITCH=m", "boolean");
  refuse('CONFIG_NUMBER="text"', "not a value");
});

Deno.test("externs become variables that a kernel accepts, under the same ids", () => {
  const { btf, externs } = parse("externs.bpf.o");
  assert(btf !== undefined);
  const ksyms = btf.type(btf.find(".ksyms", "datasec"));
  assert(ksyms.kind === "datasec");
  for (const [i, entry] of ksyms.vars.entries()) {
    assertEquals(entry.offset, i * 4);
    const variable = btf.type(entry.type);
    assert(variable.kind === "var" && variable.linkage === "global");
  }
  assertEquals(btf.name(btf.count - 1), "dummy_ksym");
  for (const extern of externs) assertEquals(btf.name(extern.typeId), extern.name);
});

Deno.test("old map definitions are read by the size of their entries", () => {
  const { maps } = parse("legacy_maps.bpf.o");
  assertEquals(
    maps.map((
      { name, type, keySize, valueSize, maxEntries, flags },
    ) => [name, type, keySize, valueSize, maxEntries, flags]),
    [
      ["flows", 1, 4, 16, 128, 1],
      ["ports", 2, 4, 8, 64, 0],
    ],
  );
});

Deno.test("static functions beside the programs of a section are their subprograms, aliases are one function", () => {
  const unit = parse("same_section.bpf.o");
  const layout = unit.programs.map((program) => program.subprogs.map((subprog) => subprog.name).join(" "));
  assertEquals(layout, ["first flow_of beside", "second beside flow_of", "third renamed flow_of beside"]);
  const { name, type, keySize, valueSize, maxEntries, pinning } = unit.maps[0];
  assertEquals([name, type, keySize, valueSize, maxEntries, pinning], ["shared_flows", 1, 4, 8, 32, 2]);
  for (const alias of ["renamed", "alias_of_renamed"]) {
    const bodies = parse("same_section.bpf.o", { textFunctions: true });
    assertEquals(programOf(bodies, alias).subprogs.map((subprog) => subprog.name), [
      alias,
      "flow_of",
      "beside",
    ]);
  }
});

Deno.test("structures of callbacks attach their programs to the kernel's members", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4), char = b.int("char", 1);
  const call = b.ptr(b.funcProto(int, []));
  const text = b.array(char, 8, { index: int });
  const member = (name: string, type: number, bitOffset: number) => ({ name, type, bitOffset, bitSize: 0 });
  const ops = b.struct("ops", 40, [
    member("owner", call, 0),
    member("stop", call, 64),
    member("start", call, 128),
    member("name", text, 192),
    member("flags", int, 256),
  ]);
  b.struct("bpf_struct_ops_ops", 64, [member("common", int, 0), member("data", ops, 128)]);
  const unit = parse("struct_ops.bpf.o", { targetBtf: b.build() });
  const { attachType, attachBtfId, attachTarget } = programOf(unit, "on_start").attrs;
  assertEquals([attachType, attachBtfId, attachTarget], [2, ops, "ops.start"]);
  assertEquals(programOf(unit, "on_stop").attrs.attachType, 1);
  assertEquals(programOf(unit, "on_stop").attrs.flags, 16);
  const map = unit.maps.find((candidate) => candidate.name === "my_ops")!;
  assertEquals([map.type, map.valueSize, map.flags, map.structOps], [26, 64, 8192, "bpf_struct_ops_ops"]);
  assertEquals(map.initial, [{ index: 2, program: "on_start" }, { index: 1, program: "on_stop" }]);
  assertEquals(new TextDecoder().decode(map.data!.subarray(16 + 24, 16 + 28)), "mine");
  assertEquals(map.data![16 + 32], 5);
  // The same structure as a module's.
  const kernel = new BtfBuilder();
  kernel.int("int", 4);
  const ofModule = parse("struct_ops.bpf.o", {
    targetBtf: kernel.build(),
    modules: [{ name: "none", btf: kernel.build() }, { name: "has", btf: b.build() }],
  });
  const { attachModule, ...attrs } = programOf(ofModule, "on_start").attrs;
  assertEquals([attachModule, attrs.attachType, attrs.attachBtfId, attrs.attachTarget], [
    2,
    2,
    ops,
    "ops.start",
  ]);
  assertEquals(ofModule.maps.find((candidate) => candidate.name === "my_ops")?.valueSize, 64);
});

Deno.test("variables in an arena are the arena's, and an exception callback is linked though nothing calls it", () => {
  const unit = parse("struct_ops.bpf.o");
  const program = programOf(unit, "use_arena");
  assertEquals(program.subprogs.map((subprog) => subprog.name), ["use_arena", "caught"]);
  const [map, value] = of(program, "imm64").map((insn) => insn.value);
  assertEquals(map, { kind: "map", map: 0 });
  assertEquals(value, { kind: "map_value", map: 0, offset: 0 });
  assertEquals(unit.maps[0].data?.[8], 2);
  assertEquals(of(program, "addr_space_cast").length, 1);
});

Deno.test("functions of .text become programs where that is asked for", () => {
  const unit = parse("xdp_subprogs.bpf.o", { textFunctions: true });
  assertEquals(unit.programs.map((program) => `${program.attrs.type} ${program.attrs.name}`).slice(0, 2), [
    "unspec checked",
    "unspec concealed",
  ]);
  assertEquals(programOf(unit, "checked").subprogs.map((subprog) => subprog.name), ["checked", "twice"]);
});

Deno.test("an object for another machine is refused", () => {
  const bytes = Deno.readFileSync(new URL("core.bpf.o", OBJECTS));
  bytes[0x12] = 62;
  assertThrows(() => parseObject(bytes, { name: "x" }), MalformedError, "machine 62");
});

/** An object's bytes with the first place where `pattern` stands changed. */
function changed(
  name: string,
  pattern: readonly number[],
  change: (view: DataView, at: number) => void,
): Uint8Array {
  const bytes = Deno.readFileSync(new URL(name, OBJECTS));
  const at = bytes.findIndex((_, i) => pattern.every((byte, j) => bytes[i + j] === byte));
  assert(at >= 0);
  change(new DataView(bytes.buffer), at);
  return bytes;
}

Deno.test("what leads nowhere is refused with function, section and offset", () => {
  // `call -0xa` in `first` of classifier, 0x58: now into the void.
  const call = changed("same_section.bpf.o", [0x85, 0x10, 0, 0], (view, at) => {
    for (let i = at; i < at + 400; i += 8) {
      if (view.getUint32(i, true) === 0x1085 && view.getInt32(i + 4, true) < -1) {
        return view.setInt32(i + 4, 5000, true);
      }
    }
  });
  const error = assertThrows(
    () => parseObject(call, { name: "x" }),
    MalformedError,
    "A call leads to no function",
  );
  assertStringIncludes(error.where, "section classifier, offset 0x");
});

/** The object with every REL section as RELA, addends moved out of the instructions. */
function withAddends(bytes: Uint8Array): Uint8Array {
  const elf = readElf(bytes);
  let grown = bytes.slice();
  for (const section of elf.sections) {
    if (section.type !== SHT.REL || section.name.startsWith(".rel.BTF")) continue;
    const at = Math.ceil(grown.length / 8) * 8;
    const relocations = elf.relocations(section);
    const next = new Uint8Array(at + relocations.length * 24);
    next.set(grown);
    const view = new DataView(next.buffer);
    relocations.forEach(({ offset, type, symbol }, i) => {
      const place = elf.sections[section.info].offset + offset + 4;
      const immediate = view.getInt32(place, true);
      view.setInt32(place, next[place - 4] === 0x85 ? -1 : 0, true);
      view.setBigUint64(at + i * 24, BigInt(offset), true);
      view.setUint32(at + i * 24 + 8, type, true);
      view.setUint32(at + i * 24 + 12, symbol, true);
      view.setBigInt64(at + i * 24 + 16, BigInt(type === 10 ? (immediate + 1) * 8 : immediate), true);
    });
    const header = Number(view.getBigUint64(0x28, true)) + section.index * 64;
    view.setUint32(header + 4, SHT.RELA, true);
    view.setBigUint64(header + 0x18, BigInt(at), true);
    view.setBigUint64(header + 0x20, BigInt(relocations.length * 24), true);
    view.setBigUint64(header + 0x38, 24n, true);
    grown = next;
  }
  return grown;
}

Deno.test("relocations with addends give the same programs", () => {
  for (const name of ["xdp_subprogs.bpf.o", "same_section.bpf.o", "externs.bpf.o"]) {
    const bytes = Deno.readFileSync(new URL(name, OBJECTS));
    const plain = parseObject(bytes, { name }), moved = parseObject(withAddends(bytes), { name });
    assertEquals(moved.programs.map(encode), plain.programs.map(encode), name);
  }
});

Deno.test("an object without type information is read as far as it can be", () => {
  const unnamed = (name: string) => {
    // `.BTF` and `.BTF.ext` under another name are sections nobody knows.
    const bytes = Deno.readFileSync(new URL(name, OBJECTS));
    for (let i = 0; i + 4 < bytes.length; i++) {
      if (bytes[i] === 0x2e && bytes[i + 1] === 0x42 && bytes[i + 2] === 0x54 && bytes[i + 3] === 0x46) {
        bytes[i + 1] = 0x58;
      }
    }
    return parseObject(bytes, { name });
  };
  const unit = unnamed("same_section.bpf.o");
  assertEquals(unit.btf, undefined);
  const second = programOf(unit, "second");
  assertEquals(second.subprogs.map(({ name, linkage }) => `${name} ${linkage}`), [
    "second global",
    "beside static",
    "flow_of static",
  ]);
  assertEquals(encode(second), encode(programOf(parse("same_section.bpf.o"), "second")));
  assertEquals(second.code.origins[0], {});
  assertThrows(
    () => unnamed("xdp_subprogs.bpf.o"),
    MalformedError,
    "The maps have no type information (section .maps)",
  );
  assertThrows(() => unnamed("externs.bpf.o"), MalformedError, "has no type information");
});

Deno.test("sizes that cost a file nothing are bounded", () => {
  const bytes = Deno.readFileSync(new URL("xdp_subprogs.bpf.o", OBJECTS));
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(0x28, true));
  for (let at = table; at < bytes.length; at += 64) {
    if (view.getUint32(at + 4, true) === 8) view.setBigUint64(at + 0x20, 1n << 36n, true);
  }
  assertThrows(() => parseObject(bytes, { name: "x" }), MalformedError, "more than an object can have");
});

const corpus = shared("corpus");

Deno.test({
  name: "selftest objects load as the kernel was handed them",
  ignore: corpus === undefined,
  fn: () => {
    const { matched, total, differences } = compareLoaded(corpus!);
    // Ten freplace programs were loaded as their targets' types by the loader that made the record, and the addresses of
    // untyped symbols are of that run.
    const unexpected = [...differences].filter(([kind]) => kind !== "address of an untyped kernel symbol")
      .flatMap(([, list]) => list.filter((line) => !line.includes("type: ext, kernel")));
    assertEquals(unexpected, []);
    assert(total > 2000 && matched >= total - 15, `${matched} of ${total}`);
  },
});

Deno.test("a map descriptor written by hand does not become a map of the object", () => {
  const unit = parse("raw_descriptor.bpf.o");
  const verdict = verifyProgram(programOf(unit, "by_hand"), { profile: LINUX_6_18 });
  assertEquals([verdict.verdict, verdict.message], ["reject", "fd 0 is not pointing to valid bpf_map"]);
  assertEquals(verifyProgram(programOf(unit, "by_name"), { profile: LINUX_6_18 }).verdict, "accept");
});

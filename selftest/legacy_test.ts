import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { encode } from "../ir/encode.ts";
import { verifyProgram } from "../passes/verify/verify.ts";
import { programOf } from "../passes/verify/testing/programs.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { runLegacy } from "./legacy.ts";
import { type LegacyCase, legacyProgram, readLegacy } from "./legacy_case.ts";
import { FIXUP_MAPS, mapTypes } from "./legacy_maps.ts";

function hex(text: string): string {
  return [...encode(programOf(`func main:\n${text}\n`))].map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function test(text: string, more: Partial<LegacyCase> = {}): LegacyCase {
  const insns = hex(text);
  return {
    idx: 7,
    name: "a test",
    prog_type: 1,
    expected_attach_type: 0,
    attach_func: null,
    result: "ACCEPT",
    errstr: null,
    prog_flags: 0,
    insn_processed: 0,
    insns,
    n_insns: insns.length / 16,
    fill_param: 0,
    fixups: {},
    fixup_kfunc: [],
    expected_insns: "",
    unexpected_insns: "",
    func_info: [],
    btf_types: null,
    btf_strings: null,
    runs: [{ retval: 0, data: "00".repeat(64) }],
    ...more,
  };
}

/** The parts of a test as `part` or `!part`. */
function parts(legacy: LegacyCase): string[] {
  return [...runLegacy(legacy, { object: "tests" })].flatMap((r) =>
    "skipped" in r ? [] : [`${r.ok ? "" : "!"}${r.part}`]
  );
}

Deno.test("a test that is accepted runs once for each packet", () => {
  const text = `
  r2 = *(u32 *)(r1 + 76)
  r3 = *(u32 *)(r1 + 80)
  r0 = 1
  r4 = r2
  r4 += 1
  if r4 > r3 goto out
  r0 = *(u8 *)(r2 + 14)
out:
  exit`;
  const runs = [1, 200].map((retval) => ({
    retval,
    data: "00".repeat(14) + retval.toString(16).padStart(2, "0") + "00".repeat(49),
  }));
  const classifier = { prog_type: 3, runs };
  const longer = text.replace("r4 += 1", "r4 += 15");
  assertEquals(parts(test(longer, classifier)), ["verdict", "retval"]);
  assertEquals(parts(test(longer, { ...classifier, runs: [runs[0], { ...runs[1], retval: 3 }] })), [
    "verdict",
    "!retval",
  ]);
  assertEquals(parts(test(text, classifier)), ["!verdict"]);
});

Deno.test("a refusal says what it must, part by part", () => {
  const refused = (errstr: string | null) =>
    test("  r0 = *(u8 *)(r1 + 999)\n  exit", { result: "REJECT", errstr });
  assertEquals(parts(refused("invalid bpf_context\toff=999")), ["verdict", "msgs"]);
  assertEquals(parts(refused("off=999\tinvalid bpf_context")), ["verdict", "!msgs"]);
  assertEquals(parts(refused(null)), ["verdict", "!msgs"]);
  assertEquals(parts(test("  r0 = 0\n  exit", { result: "REJECT", errstr: "R1" })), ["!verdict", "!msgs"]);
});

Deno.test("states are logged where an accepted program's log is asked for", () => {
  const accepted = (result: LegacyCase["result"], errstr: string) =>
    test("  r0 = 0\n  exit", { result, errstr });
  assertEquals(parts(accepted("VERBOSE_ACCEPT", "R1=ctx() R10=fp0\t; R0=0")), ["verdict", "msgs", "retval"]);
  assertEquals(parts(accepted("VERBOSE_ACCEPT", "R2=ctx()")), ["verdict", "!msgs", "retval"]);
});

Deno.test("instructions processed are counted", () => {
  const text = "  r0 = 0\n  exit";
  assertEquals(parts(test(text, { insn_processed: 2 })), ["verdict", "processed", "retval"]);
  assertEquals(parts(test(text, { insn_processed: 3 })), ["verdict", "!processed", "retval"]);
});

Deno.test("patterns are looked for in the rewritten program", () => {
  const text = "  r0 = 7\n  r0 %= -1\n  r1 = 3\n  r0 s%= r1\n  r0 = 0\n  exit";
  const guard = "bf1b000000000000070b000001000000", skip = "deda" + "efbe" + "efbeadde";
  assertEquals(parts(test(text, { expected_insns: guard })), ["verdict", "xlated", "retval"]);
  assertEquals(parts(test(text, { expected_insns: "b701000003000000" + skip + "9500000000000000" })), [
    "verdict",
    "xlated",
    "retval",
  ]);
  assertEquals(parts(test(text, { expected_insns: "9500000000000000" + skip + "b701000003000000" })), [
    "verdict",
    "!xlated",
    "retval",
  ]);
  assertEquals(parts(test(text, { unexpected_insns: guard })), ["verdict", "!xlated", "retval"]);
});

Deno.test("arrays hold the kernel's test value", () => {
  const text = `
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map #0 ll
  call helper#1
  if r0 == 0 goto out
  r1 = *(u32 *)(r0 + 0)
  r0 = *(u32 *)(r0 + 28)
  r0 += r1
out:
  exit`;
  const legacy = legacyWithMap(text, { fixup_map_array_48b: [3] });
  const retval = (0xabcdef12 + 28) | 0;
  assertEquals(parts({ ...legacy, runs: [{ retval, data: "00".repeat(64) }] }), ["verdict", "retval"]);
});

/** A test that loads maps: the text's map is one of 48 bytes, so that it can be read. */
function legacyWithMap(text: string, fixups: LegacyCase["fixups"]): LegacyCase {
  const map = "map m type=array key=4 value=48 max=1\n";
  const program = programOf(`${map}func main:\n${text.replace("map #0", "map m")}\n`);
  const insns = [...encode(program)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...test("  exit"), insns, fixups };
}

Deno.test("a loader's need that is not known is unsupported", () => {
  assertThrows(
    () => legacyProgram(test("  exit", { fixups: { fixup_prog1: [0] } }), undefined),
    UnsupportedError,
    "fixup_prog1",
  );
  const [verdict] = [...runLegacy(test("  exit", { insns: null, name: "unheard of" }), { object: "tests" })];
  assertEquals("unsupported" in verdict && verdict.ok, false);
});

Deno.test("the maps' types are those of the kernel's tests", () => {
  const types = mapTypes();
  const name = (fixup: string) => types.name(FIXUP_MAPS[fixup].valueTypeId);
  assertEquals(
    ["fixup_map_spin_lock", "fixup_map_timer", "fixup_map_kptr"].map(name),
    ["val", "timer", "btf_ptr"],
  );
  for (const [fixup, map] of Object.entries(FIXUP_MAPS)) {
    if (map.valueTypeId !== 0) assertEquals(types.sizeOf(map.valueTypeId), map.valueSize, fixup);
  }
});

Deno.test("tests too long to be written down are made", () => {
  const filled = (name: string, n_insns: number, fill_param = 0) =>
    legacyProgram(test("  exit", { insns: null, name, n_insns, fill_param, prog_type: 3 }), undefined);
  const judged = (name: string, n: number, parameter = 0) =>
    verifyProgram(filled(name, n, parameter), { profile: LINUX_6_18 });
  assertEquals(judged("ld_abs: jump around ld_abs", 100).verdict, "accept");
  const vlan = judged("ld_abs: vlan + abs, test 1", 29708);
  assertEquals([vlan.verdict, vlan.processed], ["accept", 31747]);
  assertEquals(filled("scale: scale test 2", 40_000, 2).subprogs.length, 8);
});

Deno.test("a file is one test a line", () => {
  const line = JSON.stringify(test("  exit"));
  assertEquals(readLegacy(`${line}\n\n${line}\n`).length, 2);
  assertThrows(() => readLegacy(`${line}\n{}\n`), SyntaxError, "line 2");
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { BtfBuilder } from "../ir/btf/write.ts";
import { Program } from "../ir/program.ts";
import { programOf } from "../passes/verify/testing/programs.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { ROOT } from "../tests/shared.ts";
import { runAnnotated } from "./annotated.ts";
import { readAnnotations, type TestSpec } from "./annotations.ts";
import { availableBackends } from "./back_ends.ts";
import type { Part, Skipped } from "./part.ts";

const NAME = "annotated.bpf.o";
const unit = parseObject(Deno.readFileSync(join(ROOT, "tests/objects", NAME)), { name: NAME });

function results(program: string): (Part | Skipped)[] {
  return [...runAnnotated(unit, { object: NAME, only: (p) => p.attrs.name === program })];
}

/** The parts of a program as `part` or `!part`. */
function parts(program: string): string[] {
  return results(program).flatMap((r) => "skipped" in r ? [] : [`${r.ok ? "" : "!"}${r.part}`]);
}

function part(program: string, name: string): Part {
  const found = results(program).find((r) => "part" in r && r.part === name);
  assert(found !== undefined && "part" in found, `${program} has no part ${name}`);
  return found;
}

Deno.test("a test that runs gives its result on every back end", () => {
  assertEquals(parts("jumps_to_the_answer"), ["verdict", "retval"]);
  const got = part("jumps_to_the_answer", "retval").got;
  assertEquals(got, availableBackends().map((backend) => `${backend} 42`).join("; "));
});

Deno.test("messages are looked for in the log of the level asked for", () => {
  assertEquals(parts("packet_length"), ["verdict", "msgs", "retval"]);
  assertEquals(part("packet_length", "msgs").test, "bounds of a packet");
});

Deno.test("a refusal logs without being asked", () => assertEquals(parts("no_result"), ["verdict", "msgs"]));

Deno.test("load flags count", () => assertEquals(parts("strict"), ["verdict", "msgs"]));

Deno.test("rewritten instructions are the kernel's", () => {
  assertEquals(parts("smallest_by_minus_one"), ["verdict", "xlated", "retval"]);
});

Deno.test("what does not hold is said, with what was found", () => {
  assertEquals(parts("wrong_verdict"), ["!verdict", "!msgs"]);
  assertEquals(part("wrong_verdict", "verdict").got, "success");
  assertEquals(parts("wrong_result"), ["verdict", "!retval"]);
  assertEquals(part("wrong_result", "retval").want, "7");
  assert(part("wrong_result", "retval").got.endsWith("interpret 8"));
  assertEquals(parts("wrong_message"), ["verdict", "!msgs"]);
  assertEquals(part("wrong_message", "msgs").want, "R1 !read_ok");
  assert(part("wrong_message", "msgs").got.includes("R0 !read_ok"));
  assertEquals(parts("unwanted_message"), ["verdict", "!msgs"]);
  assertEquals(part("unwanted_message", "msgs").want, "not: {{R[0-9] !read_ok}}");
  assertEquals(parts("wrong_line"), ["verdict", "!xlated"]);
});

Deno.test("what cannot be checked is unsupported and not right", () => {
  assertEquals(parts("machine_code"), ["verdict", "!jited"]);
  assertEquals(part("machine_code", "jited").unsupported, "the kernel's machine code");
});

Deno.test("what is not run is counted", () => {
  const skipped = (program: string) => results(program).flatMap((r) => "skipped" in r ? [r.skipped] : []);
  assertEquals(skipped("no_result"), ["unprivileged"]);
  assertEquals(skipped("answer"), ["auxiliary"]);
  assertEquals(skipped("elsewhere"), ["another architecture"]);
  assertEquals(parts("elsewhere"), []);
  assertEquals(results("not_a_test"), []);
});

function annotations(...tags: string[]): TestSpec | undefined {
  const b = new BtfBuilder();
  const proto = b.add({ kind: "func_proto", ret: 0, params: [], variadic: false });
  const func = b.add({ kind: "func", name: "f", type: proto, linkage: "global" });
  for (const tag of tags) b.add({ kind: "decl_tag", name: `comment:${tag}`, type: func, component: -1 });
  return readAnnotations(b.build(), func);
}

Deno.test("a function without test tags is no test", () => {
  assertEquals(annotations(), undefined);
  assertEquals(annotations("something else"), undefined);
});

Deno.test("results have names", () => {
  assertEquals(annotations("test_retval=INT_MIN")?.retval, -2147483648);
  assertEquals(annotations("test_retval=TEST_DATA_LEN")?.retval, 64);
  assertEquals(annotations("test_retval=POINTER_VALUE")?.retval, "any");
  assertEquals(annotations("test_retval=0xffffffff")?.retval, -1);
  assertEquals(annotations("test_expect_success")?.retval, undefined);
  assertThrows(() => annotations("test_retval=many"), SyntaxError, "not a number");
});

Deno.test("tags without rights alone make no test with all rights", () => {
  const spec = annotations("test_expect_failure_unpriv", "test_retval_unpriv=3");
  assertEquals([spec?.privileged, spec?.unprivileged, spec?.retval], [false, true, undefined]);
  assertEquals(annotations("test_description=x")?.privileged, true);
});

Deno.test("a listing's lines follow each other unless dots stand between them", () => {
  const spec = annotations("test_expect_xlated=0=a", "test_expect_xlated=1=...", "test_expect_xlated=2=b=c");
  assertEquals(spec?.xlated.map(({ text, nextLine }) => [text, nextLine]), [["a", true], ["b=c", false]]);
});

Deno.test("an annotation that nobody knows makes a test unsupported", () => {
  assertEquals(annotations("test_moon_phase=full")?.unknown, ["comment:test_moon_phase=full"]);
});

Deno.test("a test that cannot be read is wrong, and others go on", () => {
  const builder = new BtfBuilder();
  const proto = builder.add({ kind: "func_proto", ret: 0, params: [], variadic: false });
  const tagged = (name: string, tag: string) => {
    const id = builder.add({ kind: "func", name, type: proto, linkage: "global" });
    builder.add({ kind: "decl_tag", name: `comment:${tag}`, type: id, component: -1 });
    return id;
  };
  const ids = [
    tagged("first", "test_retval=x"),
    tagged("second", "test_expect_msg=1={{("),
    tagged("third", "test_expect_success"),
  ];
  const btf = builder.build();
  const programs = ids.map((btfId) => {
    const program = programOf("func main:\n  r0 = 0\n  exit\n");
    const { attrs, code, nextInsnId, nextSubprogId } = program;
    const subprogs = program.subprogs.map((subprog) => ({ ...subprog, btfId }));
    const unit = { ...program.unit, btf };
    return new Program({ unit, attrs, code, subprogs, nextInsnId, nextSubprogId });
  });
  const parts = [...runAnnotated({ ...programs[0].unit, btf, programs }, { object: "o" })].flatMap((r) =>
    "skipped" in r ? [] : [[r.part, r.ok]]
  );
  assertEquals(parts, [["verdict", false], ["verdict", true], ["verdict", false], ["verdict", true]]);
});

/** Explanations of rejections: what they point at, where they say a value came from, what they advise. */
import { assert, assertEquals } from "@std/assert";
import type { Unit } from "../../../ir/unit.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { parseObject } from "../../parse/parse.ts";
import { programOf } from "../testing/programs.ts";
import { withBound } from "../testing/bounded.ts";
import { verifyProgram } from "../verify.ts";
import { explainRejection, type Explanation } from "./explain.ts";
import { explanationLines } from "./text.ts";

const DOCS = new URL("../../../docs/", import.meta.url);
const OBJECT = new URL("rejections/rejections.bpf.o", DOCS);

let unit: Unit | undefined;

/** The explanation of a program of the documentation's object. */
function documented(name: string): Explanation {
  unit ??= parseObject(Deno.readFileSync(OBJECT), { name: "rejections.bpf.o" });
  const program = unit.programs.find((p) => p.attrs.name === name);
  assert(program !== undefined);
  const explanation = explainRejection(program, { profile: LINUX_6_18 });
  assert(explanation !== undefined, `${name} is accepted`);
  return explanation;
}

/** The explanation of a program given as text. */
function explained(text: string, options: { type?: string; flags?: number } = {}): Explanation {
  const explanation = explainRejection(programOf(text, options), { profile: LINUX_6_18 });
  assert(explanation !== undefined, "it is accepted");
  return explanation;
}

/** What is said of the origin, with the slots. */
function originOf({ origin }: Explanation): string[] {
  return origin.map(({ place, says }) => `${place?.insn ?? "entry"}: ${says}`);
}

function contains(text: string | undefined, part: string): void {
  assert(text?.includes(part), `"${text}" does not contain "${part}"`);
}

Deno.test("the outputs in docs/how_to_read_a_rejection.md are what is printed", () => {
  const text = Deno.readTextFileSync(new URL("how_to_read_a_rejection.md", DOCS));
  const blocks = [...text.matchAll(/^```text (\w+)\n([^]*?)\n```$/gm)];
  assert(blocks.length >= 4);
  for (const [, name, shown] of blocks) assertEquals(explanationLines(documented(name)).join("\n"), shown);
});

Deno.test("an accepted program has no explanation", () => {
  const program = programOf("func main:\n  r0 = 0\n  exit\n");
  assertEquals(explainRejection(program, { profile: LINUX_6_18 }), undefined);
});

Deno.test("an explanation leaves the verdict as it was", () => {
  const program = programOf("func main:\n  r0 = *(u64 *)(r1 + 4096)\n  exit\n");
  const before = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2 });
  const explanation = explainRejection(program, { profile: LINUX_6_18 });
  const after = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2 });
  assertEquals(after.log, before.log);
  assertEquals(explanation?.code, before.code);
  assertEquals(explanation?.message, before.message);
});

Deno.test("a packet access says how much is there, and which comparison would do", () => {
  const found = documented("short_packet");
  assertEquals(found.code, "verify/packet-bounds");
  assertEquals(found.at?.source?.text.trim(), "return ip->protocol == 6 ? XDP_PASS : XDP_DROP;");
  contains(found.summary, "1 byte at offset 23");
  contains(found.summary, "only 14 bytes");
  contains(found.remedy, "data + 24 > data_end");
  contains(found.notes[0], "compared offset 14");
});

Deno.test("the bound that would do is carried back through shifts to the value that can be compared", () => {
  const found = documented("signed_index");
  assertEquals(found.code, "verify/pointer-offset");
  contains(found.remedy, "r1 <= 15 before line");
  assert(originOf(found).some((line) => line.includes("the comparison is signed")));
});

Deno.test("a check of another read of the same memory is pointed out", () => {
  const found = documented("read_twice");
  contains(found.notes[0], "what an earlier load");
  contains(found.remedy, "r1 <= 15");
});

Deno.test("a pointer that may be null names the call it came from", () => {
  const found = documented("no_null_check");
  assertEquals(found.code, "verify/nullable");
  contains(found.remedy, "check the result of bpf_map_lookup_elem");
});

Deno.test("a leaked reference names its acquisition, its release and the branches between", () => {
  const found = documented("forgotten");
  assertEquals(found.code, "verify/leaked-reference");
  contains(found.summary, "bpf_ringbuf_reserve");
  contains(found.remedy, "bpf_ringbuf_submit or bpf_ringbuf_discard");
  assertEquals(found.branches.map(({ taken }) => taken), [false, true]);
});

Deno.test("a loop that does not end shows its condition and what writes it", () => {
  const found = documented("endless");
  assertEquals(found.code, "verify/infinite-loop");
  contains(found.origin[0].says, "r2 is any 32-bit number here in every round");
});

Deno.test("a pointer that a call made void names the call", () => {
  const found = documented("old_pointer");
  contains(found.summary, "the pointer in it ended");
  contains(found.remedy, "after bpf_xdp_adjust_head read data and data_end");
});

Deno.test("a size whose low half alone is bounded is told apart from one without bounds", () => {
  contains(documented("large_copy").summary, "in its low 32 bits only");
});

Deno.test("a value returned shows its origin and what may be returned", () => {
  const found = documented("too_much");
  contains(found.summary, "only 0 to 1 may be returned");
  contains(originOf(found)[0], "field family");
});

Deno.test("values are followed through spills, copies and calls of the program's functions", () => {
  const found = explained(
    `func main:
  r6 = r1
  call double
  *(u64 *)(r10 - 8) = r0
  r7 = *(u64 *)(r10 - 8)
  r2 = r10
  r2 += r7
  r0 = *(u8 *)(r2 - 64)
  exit
func double:
  r0 = *(u32 *)(r1 + 0)
  r0 <<= 1
  exit
`,
    { type: "socket_filter" },
  );
  assertEquals(found.code, "verify/stack-bounds");
  const lines = originOf(found);
  contains(lines[0], "8: loaded: 4 bytes of the context, field len");
  contains(lines[1], "9: << 1");
});

Deno.test("only the path that failed is told of", () => {
  // The way on which the branch falls through is explored first, and is fine.
  const found = explained(`func main:
  r0 = *(u32 *)(r1 + 0)
  r2 = 1
  if r0 > 5 goto bad
  r2 = 2
  r0 = 0
  exit
bad:
  r3 = 7
  r0 = *(u8 *)(r2 + 0)
  exit
`);
  assertEquals(found.code, "verify/not-a-pointer");
  assertEquals(originOf(found), ["1: the number 1"]);
  assertEquals(found.branches.map(({ place, taken }) => [place.insn, taken]), [[2, true]]);
});

Deno.test("a register that a call took is told from one that was never set", () => {
  const taken = explained("func main:\n  r2 = 1\n  call get_prandom_u32\n  r0 = r2\n  exit\n");
  contains(taken.remedy, "keep the value in r6 to r9");
  const never = explained("func main:\n  r0 = r3\n  exit\n");
  contains(originOf(never)[0], "never set on this path");
});

Deno.test("a check of a copy made before is kept, one of a copy cut to 32 bits is pointed out", () => {
  const found = explained(`func main:
  r6 = r10
  call ktime_get_ns
  r2 = r0
  w2 = w2
  if r2 > 7 goto out
  r6 += r0
  r0 = *(u8 *)(r6 - 16)
out:
  r0 = 0
  exit
`);
  assertEquals(found.code, "verify/pointer-offset");
  contains(found.notes[0], "a 32-bit copy");
});

Deno.test("the bound that is said to suffice does, put where it is said to", () => {
  for (const name of ["signed_index", "read_twice"]) {
    const found = documented(name), program = unit!.programs.find((p) => p.attrs.name === name)!;
    const bounded = withBound(program, found);
    assert(bounded !== undefined, `no bound is named for ${name}`);
    assertEquals(verifyProgram(bounded, { profile: LINUX_6_18 }).message, "");
  }
});

Deno.test("the bound stands behind what a loop may still change", () => {
  const program = programOf(`func main:
  r6 = *(u32 *)(r1 + 0)
  r7 = 0
loop:
  r2 = r6
  r3 = r10
  r3 += -8
  r2 <<= 3
  r2 += r3
  r0 = *(u8 *)(r2 - 504)
  r6 += 1
  r7 += 1
  if r7 < 3 goto loop
  r0 = 0
  exit
`);
  const found = explainRejection(program, { profile: LINUX_6_18 });
  assert(found?.bound !== undefined);
  const bounded = withBound(program, found);
  assert(bounded !== undefined);
  assertEquals(verifyProgram(bounded, { profile: LINUX_6_18 }).message, "");
});

Deno.test("an instruction that is not reached is shown although no path leads to it", () => {
  const found = explained("func main:\n  goto out\n  r0 = 1\nout:\n  r0 = 0\n  exit\n");
  assertEquals(found.code, "verify/unreachable-code");
  assertEquals(found.at?.insn, 1);
  assertEquals(found.reached, false);
});

Deno.test("a helper that is not for this program type names types it is for", () => {
  const found = explained("func main:\n  call skb_load_bytes\n  r0 = 0\n  exit\n", { type: "xdp" });
  assertEquals(found.code, "verify/helper-not-allowed");
  contains(found.notes[0], "types that may call it: sched_cls");
});

Deno.test("too much is accounted for by line or instruction", () => {
  const found = explained(`func main:
  r6 = 0
loop:
  call get_prandom_u32
  if r0 > 7 goto next
  r6 += 1
next:
  r6 += 1
  if r6 < 2000000 goto loop
  r0 = 0
  exit
`);
  assertEquals(found.code, "verify/too-complex");
  assert(found.notes.some((note) => /^\d+% of the instructions/.test(note)));
});

Deno.test("an explanation is plain data and fits a screen", () => {
  for (const name of ["short_packet", "signed_index", "read_twice", "no_null_check", "large_copy"]) {
    const found = documented(name);
    assertEquals(JSON.parse(JSON.stringify(found)), found);
    assert(explanationLines(found).length <= 25);
  }
});

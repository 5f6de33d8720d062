import { assertEquals } from "@std/assert";
import { encode } from "../ir/encode.ts";
import { parseText } from "../ir/parse_text.ts";
import { comparableDump, comparableLines, diffLines, diffVerdict } from "./diff.ts";
import type { KernelVerdict } from "./prog_load.ts";

function kernelSays(parts: Partial<KernelVerdict>): KernelVerdict {
  const nothing = { accepted: true, errno: 0, log: "", message: "", stats: {}, fd: -1 };
  return { ...nothing, ...parts, [Symbol.dispose]: () => {} };
}

Deno.test("verdicts: the dangerous difference has its own name", () => {
  const refused = kernelSays({ accepted: false, errno: 13, message: "R0 !read_ok" });
  assertEquals(diffVerdict({ verdict: "accept", message: "" }, refused), {
    outcome: "wrong-accept",
    differences: [{ what: "message", ours: "", kernel: "R0 !read_ok" }],
  });
  assertEquals(diffVerdict({ verdict: "reject", message: "x" }, kernelSays({})).outcome, "wrong-reject");
  assertEquals(diffVerdict({ verdict: "unsupported", message: "" }, refused).outcome, "undecided");
});

Deno.test("verdicts that agree can differ in words and figures", () => {
  const kernel = kernelSays({ accepted: false, message: "b", stats: { processed: 3, totalStates: 1 } });
  assertEquals(diffVerdict({ verdict: "reject", message: "a", processed: 3, totalStates: 2 }, kernel), {
    outcome: "agree",
    differences: [
      { what: "message", ours: "a", kernel: "b" },
      { what: "total_states", ours: "2", kernel: "1" },
    ],
  });
});

const [PROGRAM] = parseText(`type xdp
map m type=array key=4 value=8 max=1
func main:
  r1 = map m ll
  call helper#1
  call sub
  exit
func sub:
  w0 = 2
  exit`).programs;

Deno.test("what a dump cannot hold is left out on both sides", () => {
  const bytes = encode(PROGRAM);
  const dump = bytes.slice();
  dump[4] = 77; // the map's descriptor
  dump[16 + 4] = 123; // the helper's address
  dump.copyWithin(24 + 2, 24 + 4, 24 + 6); // a call that the JIT has marked
  assertEquals(comparableDump(dump), comparableLines(PROGRAM));
  assertEquals(comparableLines(PROGRAM)[1], "(85) call helper");
});

Deno.test("lists of lines: the shortest edit, ours first", () => {
  const show = (ours: string, kernel: string) =>
    diffLines([...ours], [...kernel]).map(({ side, text }) =>
      ({ same: " ", ours: "-", kernel: "+" })[side] + text
    ).join("");
  assertEquals(show("abcd", "abcd"), " a b c d");
  assertEquals(show("abcd", "axcd"), " a-b+x c d");
  assertEquals(show("abcdef", "bdxf"), "-a b-c d-e+x f");
  assertEquals(show("", "ab"), "+a+b");
  assertEquals(show("ab", ""), "-a-b");
});

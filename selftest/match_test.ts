import { assertEquals, assertThrows } from "@std/assert";
import { type Mismatch, mismatch, type Pattern, pattern } from "./match.ts";

const LOG = "0: R1=ctx() R10=fp0\n1: (b7) r0 = 7\n2: (95) exit\nprocessed 3 insns (limit 1000000)\n";

function all(...texts: string[]): Mismatch | undefined {
  return mismatch(LOG, texts.map((text) => pattern(text)));
}

function next(text: string): Pattern {
  return pattern(text, { nextLine: true });
}

Deno.test("patterns are found one behind the other", () => {
  assertEquals(all("R1=ctx()", "exit", "processed"), undefined);
  const found = all("exit", "R1=ctx()");
  assertEquals([found?.index, found?.kind], [1, "missing"]);
});

Deno.test("one place does not satisfy two patterns", () => {
  assertEquals(all("exit", "exit")?.kind, "missing");
});

Deno.test("text outside of braces is literal", () => {
  assertEquals(all("(b7) r0 = 7"), undefined);
  assertEquals(all("(b.) r0")?.kind, "missing");
  assertEquals(all("(b{{.}}) r0"), undefined);
});

Deno.test("expressions are POSIX's", () => {
  assertEquals(all("processed {{[[:digit:]]+}} insns"), undefined);
  assertEquals(all("R{{[^[:space:]]+}} R10"), undefined);
  assertEquals(all("{{^}}2: (95)"), undefined);
  // A bracket expression that begins with a bracket, and one that excludes something.
  assertEquals(mismatch("a]b\n", [pattern("{{[]]b$}}")]), undefined);
  assertEquals(
    mismatch("ab\ncd\n", [pattern("b{{[^x]}}c")])?.kind,
    "missing",
    "no expression crosses a line",
  );
  assertEquals(mismatch("ab\ncd\n", [pattern("b{{.}}c")])?.kind, "missing");
});

Deno.test("a later expression begins behind the match before it", () => {
  assertEquals(mismatch("id=1 id=2", [pattern("id={{[0-9]}}"), pattern("id={{[0-9]}}")]), undefined);
  assertEquals(
    mismatch("id=1 id=2", [pattern("id={{[0-9]}}"), pattern("id=2"), pattern("id")])?.index,
    2,
  );
});

Deno.test("a pattern can ask for the next line", () => {
  assertEquals(mismatch(LOG, [next("r0 = 7"), next("exit")]), undefined);
  assertEquals(mismatch(LOG, [next("r0 = 7"), next("processed")]), {
    index: 1,
    kind: "wrong line",
    found: "processed 3 insns (limit 1000000)",
  });
  assertEquals(
    mismatch("r0 r1\n", [next("r0"), next("r1")])?.kind,
    "wrong line",
    "the same line is not the next",
  );
});

Deno.test("a pattern can ask for absence between its neighbours", () => {
  const not = (text: string) => pattern(text, { absent: true });
  assertEquals(mismatch(LOG, [pattern("ctx"), not("exit"), pattern("r0 = 7")]), undefined);
  assertEquals(mismatch(LOG, [pattern("ctx"), not("r0"), pattern("exit")]), {
    index: 1,
    kind: "present",
    found: "1: (b7) r0 = 7",
  });
  assertEquals(mismatch(LOG, [pattern("exit"), not("{{insn.}}")])?.kind, "present", "up to the end");
  assertEquals(mismatch(LOG, [not("nothing")]), undefined);
});

Deno.test("an expression that is not closed is refused", () => {
  assertThrows(() => all("a{{b"), SyntaxError, "not closed");
  assertThrows(() => all("{{[a}}"), SyntaxError);
});

import { assertEquals, assertMatch } from "@std/assert";
import { isPartial, mismatch } from "./golden_match.ts";

function lines(text: string): string[] {
  return text.split("|");
}

Deno.test("a section without dots must match whole, white space aside", () => {
  assertEquals(mismatch(lines("r0 = 1|exit"), lines("  r0 =  1||  exit")), undefined);
  assertMatch(mismatch(lines("r0 = 1|exit"), lines("r0 = 1"))!, /expected "exit", found the end/);
  assertMatch(mismatch(lines("r0 = 1"), lines("r0 = 1|exit"))!, /expected the end, found "exit"/);
  assertMatch(mismatch(lines("r0 = 1"), lines("r0 = 2"))!, /expected "r0 = 1", found "r0 = 2"/);
});

Deno.test("dots skip any number of lines, none included", () => {
  assertEquals(mismatch(lines("a|...|d"), lines("a|b|c|d")), undefined);
  assertEquals(mismatch(lines("a|...|b"), lines("a|b")), undefined);
  assertEquals(mismatch(lines("...|b|..."), lines("a|b|c")), undefined);
});

Deno.test("without dots at an end the first and the last run are tied there", () => {
  assertMatch(mismatch(lines("b|..."), lines("a|b|c"))!, /expected "b", found "a"/);
  assertMatch(mismatch(lines("...|b"), lines("a|b|c"))!, /not found/);
  assertEquals(mismatch(lines("...|b"), lines("b|a|b")), undefined);
});

Deno.test("runs are contiguous, and each is searched behind the one before", () => {
  assertMatch(mismatch(lines("...|a|c|..."), lines("a|b|c"))!, /not found/);
  assertMatch(mismatch(lines("...|b|...|a|..."), lines("a|b"))!, /not found after line 2/);
  assertMatch(mismatch(lines("...|a|...|a|..."), lines("a|b"))!, /not found/);
  assertEquals(mismatch(lines("...|a|...|a|..."), lines("a|b|a")), undefined);
});

Deno.test("an underscore stands for one word, in partial sections only", () => {
  assertEquals(mismatch(lines("...|call _|..."), lines("x|call f|y")), undefined);
  assertMatch(mismatch(lines("...|call _|..."), lines("call f g"))!, /not found/);
  assertMatch(mismatch(lines("call _"), lines("call f"))!, /expected "call _"/);
});

Deno.test("an unexpected line must match nowhere, also before the first run", () => {
  assertMatch(mismatch(lines("...|b|...|! call _"), lines("call f|b"))!, /"call f" must not be there/);
  assertEquals(mismatch(lines("...|b|...|! call _"), lines("a|b")), undefined);
  assertEquals(mismatch(lines("! call _"), lines("a|b")), undefined);
});

Deno.test("isPartial tells what bless must not touch", () => {
  assertEquals([lines("a|b"), lines("a|...|b"), lines("! a")].map(isPartial), [false, true, true]);
});

import { assertEquals } from "@std/assert";
import { countArguments } from "./format.ts";

function counted(format: string, given = 8): number {
  return countArguments(new TextEncoder().encode(format), given);
}

Deno.test("a specifier takes one argument, and two per cent signs none", () => {
  for (
    const format of [
      "%d",
      "%i",
      "%u",
      "%x",
      "%X",
      "%ld",
      "%lld",
      "%llu",
      "%c",
      "%s",
      "%p",
      "%05d",
      "%-8lx",
      "%+ d",
    ]
  ) {
    assertEquals([format, counted(format)], [format, 1]);
  }
  assertEquals(counted("100 %%"), 0);
  assertEquals(counted("%d and %s, %p."), 3);
});

Deno.test("pointers are printed in the ways the kernel has for them", () => {
  for (const kind of ["K", "x", "s", "S", "B", "i4", "I4", "i6", "I6", "ks", "us"]) {
    assertEquals([kind, counted(`%p${kind}`)], [kind, 1]);
  }
  for (const kind of ["a", "i", "i5", "I", "k", "u", "6", "A"]) {
    assertEquals([kind, counted(`%p${kind}`)], [kind, -1]);
  }
});

Deno.test("other specifiers are refused", () => {
  for (const format of ["%", "%l", "%lc", "%hd", "%o", "%.2d", "%llld", "%5", "%\x01", "%f"]) {
    assertEquals([format, counted(format)], [format, -1]);
  }
});

Deno.test("strings and pointers end before a space or a mark", () => {
  assertEquals([counted("%s."), counted("%s "), counted("%sx"), counted("%s6")], [1, 1, -1, -1]);
  assertEquals([counted("%p."), counted("%p\n"), counted("%pq")], [1, 1, -1]);
  assertEquals([counted("%pks."), counted("%pusx")], [1, -1]);
});

Deno.test("text may be UTF-8, but has no control characters", () => {
  assertEquals([counted("日本 %d"), counted("\x01"), counted("\x7f"), counted("\t\n")], [1, -1, -1, 0]);
});

Deno.test("no more arguments are printed than are given", () => {
  assertEquals([counted("%d %d", 2), counted("%d %d", 1), counted("%d", 3)], [2, -1, 1]);
});

Deno.test("what stands behind the zero is not read", () => {
  assertEquals(countArguments(new Uint8Array([0x25, 0x64, 0, 0x25, 0x25, 0x25]), 1), 1);
});

import { assertEquals } from "@std/assert";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { countArguments } from "./format.ts";
import { programOf } from "../testing/programs.ts";
import { verifyProgram } from "../verify.ts";

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

/** What a call of `bpf_snprintf` with `%d` and so many bytes of arguments is refused with. */
function refusal(bytes: number): readonly [errno: number, message: string] {
  const { errno, message } = verifyProgram(
    programOf(
      `map f type=array key=4 value=3 max=1 flags=0x80 data=256400 frozen
func main:
  *(u64 *)(r10 -8) = 0
  *(u64 *)(r10 -16) = 0
  r1 = r10
  r1 += -8
  r2 = 8
  r3 = map_value f+0 ll
  r4 = r10
  r4 += -16
  r5 = ${bytes}
  call bpf_snprintf#165
  r0 = 0
  exit
`,
      { type: "tracepoint", typed: true },
    ),
    { profile: LINUX_6_18 },
  );
  return [errno, message];
}

Deno.test("a call's format is read from its map", () => {
  assertEquals([refusal(8), refusal(16), refusal(0)], [[0, ""], [0, ""], [22, "Invalid format string"]]);
});

Deno.test("arguments that are no multiple of eight bytes are refused without a word", () => {
  assertEquals(refusal(12), [22, ""]);
});

import { assertEquals } from "@std/assert";
import { columnsOf } from "../../../ir/columns.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { zeroUpperHalves } from "./upper_half.ts";

/** The registers without an upper half before the last slot of main. */
function known(lines: string): number[] {
  const text = lines.split("\n").map((line) => line.endsWith(":") ? line : `  ${line}`).join("\n");
  const columns = columnsOf(
    parseText(`func main:\n${text}\n  exit\nfunc f:\n  r0 = 1\n  exit\n`).programs[0],
  );
  const mask = zeroUpperHalves(columns)[columns.subprogStart[1] - 1];
  return [...Array(11).keys()].filter((n) => (mask >> n & 1) !== 0);
}

Deno.test("what gives a register no upper half, and what does not", () => {
  assertEquals(known("r0 = 0"), [0]);
  assertEquals(known("r0 = 5\nr2 = -5\nw3 = -5\nr4 = 0xffffffff ll\nr5 = 0x100000000 ll"), [0, 3, 4]);
  assertEquals(known("w0 = w1\nr2 = r0\nr3 = r1"), [0, 2]);
  assertEquals(known("r0 = *(u32 *)(r1 + 0)\nr2 = *(u64 *)(r1 + 0)\nr3 = *(s8 *)(r1 + 0)"), [0]);
  assertEquals(known("w0 = w1\nr0 += 1\nw2 = w1\nr2 <<= 1\nw3 = w1\nr3 = -r3"), []);
  assertEquals(known("r1 &= 7\nr2 &= -8\nr3 >>= 32\nr4 >>= 31\nr5 s>>= 40"), [1, 3]);
  assertEquals(known("w0 = 1\nr0 |= 8\nw2 = 1\nr2 |= -8\nw3 = 1\nr3 ^= r1\nr4 &= r0"), [0, 4]);
  assertEquals(known("w0 = 9\nr0 /= r1\nw2 = 9\nr2 s/= r1\nw3 = 9\nr3 s%= r1\nw4 = 9\nr4 %= r1\nr5 /= r1"), [
    0,
    4,
  ]);
  assertEquals(known("r0 = be16 r0\nr2 = bswap32 r2\nr3 = be64 r3\nw4 = (s8)w1\nr5 = (s32)r1"), [0, 2, 4]);
  assertEquals(known("w0 = 1\nlock *(u64 *)(r1 + 0) += r0"), [0]);
  assertEquals(known("w0 = 1\nr0 = atomic64_fetch_add((u64 *)(r1 + 0), r0)"), []);
});

Deno.test("calls leave r0 to r5 unknown, and paths have to agree", () => {
  assertEquals(known("w0 = 1\nw1 = 1\nw5 = 1\nw6 = 1\ncall f"), [6]);
  assertEquals(known("w6 = 1\nif r1 == 0 goto out\nr6 = -1\nout:"), []);
  assertEquals(known("w6 = 1\nif r1 == 0 goto out\nr6 = 9\nout:"), [6]);
  // The jump back brings an upper half that the first pass over the loop has not seen.
  assertEquals(known("w6 = 1\nw7 = 1\nagain:\nr7 = r6\nr6 += 1\nif r6 != r1 goto again"), []);
});

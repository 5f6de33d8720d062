import { assertEquals } from "@std/assert";
import { columnsOf } from "../../../ir/columns.ts";
import { liveRegisters } from "../../../ir/liveness.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { select } from "./select.ts";
import { stackUse } from "./stack_slots.ts";

function use(lines: string): { escapes: boolean; depth: number; offsets: number[] } {
  const text = lines.split("\n").map((line) => line.endsWith(":") ? line : `  ${line}`).join("\n");
  const columns = columnsOf(parseText(`func main:\n${text}\n  exit\n`).programs[0]);
  const { escapes, depth, slots } = stackUse(
    columns,
    select(columns, liveRegisters(columns), { movbe: true }),
    0,
  );
  return { escapes, depth, offsets: slots.map((slot) => slot.offset) };
}

Deno.test("a slot that is stored whole and loaded from its beginning can live in a register", () => {
  const text =
    "*(u64 *)(r10 - 8) = r1\n*(u32 *)(r10 - 16) = 5\nr0 = *(s8 *)(r10 - 8)\nr2 = *(u32 *)(r10 - 16)";
  assertEquals(use(text), { escapes: false, depth: 16, offsets: [-16, -8] });
});

Deno.test("a slot stored in two sizes, loaded beyond or within, overlapped, or changed in place cannot", () => {
  const none = (text: string, depth = 8): void =>
    assertEquals(use(text), { escapes: false, depth, offsets: [] });
  none("*(u64 *)(r10 - 8) = r1\n*(u32 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)");
  none("*(u32 *)(r10 - 8) = r1\n*(u64 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)");
  none("*(u32 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)");
  none("*(u64 *)(r10 - 8) = r1\nr0 = *(u32 *)(r10 - 4)");
  none("*(u64 *)(r10 - 8) = r1\n*(u8 *)(r10 - 3) = r1\nr0 = *(u64 *)(r10 - 8)");
  none("*(u64 *)(r10 - 8) = r1\nlock *(u64 *)(r10 - 8) += r1\nr0 = *(u64 *)(r10 - 8)");
  none("r0 = *(u64 *)(r10 - 8)");
  none(
    "*(u64 *)(r10 - 12) = r1\n*(u64 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)\nr2 = *(u64 *)(r10 - 12)",
    12,
  );
});

Deno.test("the frame's address escapes through copies, sums and stores, not through what is folded", () => {
  const slot = "*(u64 *)(r10 - 8) = r1\nr0 = *(u64 *)(r10 - 8)\n";
  assertEquals(use(slot + "r2 = r10\nr2 += -16\n*(u64 *)(r2 + 0) = r1").escapes, false);
  assertEquals(use(slot + "r2 = r10\nr2 += -16\n*(u64 *)(r2 + 0) = r1").depth, 16);
  assertEquals(use(slot + "r2 = r10\nr0 = r2").escapes, true);
  assertEquals(use(slot + "r2 = r10\nr2 += -16\nr0 = r2").escapes, true);
  assertEquals(use(slot + "r2 = r10\nr2 += r1\nr0 = *(u8 *)(r2 - 16)").escapes, true);
  assertEquals(use(slot + "*(u64 *)(r1 + 0) = r10").escapes, true);
  assertEquals(use(slot + "r1 += r10").escapes, true);
  assertEquals(use(slot + "if r1 == r10 goto out\nr0 = 1\nout:").escapes, true);
  assertEquals(use(slot + "lock *(u64 *)(r1 + 0) += r10").escapes, true);
});

Deno.test("what a loop uses comes first", () => {
  const text = `
*(u64 *)(r10 - 8) = r1
*(u64 *)(r10 - 16) = r1
r0 = *(u64 *)(r10 - 8)
r0 = *(u64 *)(r10 - 8)
again:
r2 = *(u64 *)(r10 - 16)
r0 += r2
if r0 != 0 goto again`;
  assertEquals(use(text.trim()).offsets, [-16, -8]);
});

import { assertEquals } from "@std/assert";
import { columnsOf } from "../../../ir/columns.ts";
import { disasmSlot } from "../../../ir/disasm.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { isNothing, nameFrameAccesses } from "./frame_access.ts";

/** What is left of main, without what was dropped. */
function left(lines: string): string[] {
  const text = lines.split("\n").map((line) => line.endsWith(":") ? line : `  ${line}`).join("\n");
  const columns = nameFrameAccesses(columnsOf(parseText(`func main:\n${text}\n  exit\n`).programs[0]));
  const result: string[] = [];
  for (let slot = 0; slot < columns.count - 1; slot++) {
    if (!isNothing(columns, slot)) result.push(disasmSlot(columns, slot).replace(/^\(..\) /, ""));
  }
  return result;
}

/** Nothing is renamed and nothing dropped. */
function unchanged(lines: string): void {
  const text = lines.split("\n").map((line) => line.endsWith(":") ? line : `  ${line}`).join("\n");
  const columns = columnsOf(parseText(`func main:\n${text}\n  exit\nfunc f:\n  exit\n`).programs[0]);
  assertEquals(nameFrameAccesses(columns), columns, lines);
}

const POINTER = "r2 = r10\nr2 += -16\n";

Deno.test("a store through a copy of r10 names its slot, and the copy goes", () => {
  assertEquals(left(POINTER + "*(u64 *)(r2 + 8) = r1\nr0 = *(u64 *)(r10 - 8)"), [
    "*(u64 *)(r10 -8) = r1",
    "r0 = *(u64 *)(r10 -8)",
  ]);
});

Deno.test("a copy is followed through a slot and past branches; the slot goes too", () => {
  const text = POINTER +
    "*(u64 *)(r10 - 24) = r2\nif r1 == 0 goto past\nr3 = *(u64 *)(r10 - 24)\n*(u32 *)(r3 + 0) = r1\npast:\nr0 = *(u32 *)(r10 - 16)";
  assertEquals(left(text), ["if r1 == 0x0 goto pc+2", "*(u32 *)(r10 -16) = r1", "r0 = *(u32 *)(r10 -16)"]);
});

Deno.test("a slot that is read keeps its stores, a store to one that is not goes", () => {
  assertEquals(left(POINTER + "*(u64 *)(r2 + 0) = r1\n*(u8 *)(r10 - 8) = r1\nr0 = *(u8 *)(r10 - 9)"), [
    "*(u64 *)(r10 -16) = r1",
    "r0 = *(u8 *)(r10 -9)",
  ]);
});

Deno.test("a slot that held a pointer can hold something else later, of four bytes too", () => {
  const text = POINTER +
    "*(u64 *)(r10 - 24) = r2\nr3 = *(u64 *)(r10 - 24)\n*(u64 *)(r3 + 0) = 1\n*(u32 *)(r10 - 24) = r1\nr0 = *(u32 *)(r10 - 24)";
  assertEquals(left(text), ["*(u32 *)(r10 -24) = r1", "r0 = *(u32 *)(r10 -24)"]);
});

Deno.test("an address that goes out of sight leaves everything as it is", () => {
  const store = "*(u64 *)(r2 + 0) = 7\nr0 = 0\n";
  unchanged(POINTER + store + "*(u64 *)(r1 + 0) = r2");
  unchanged(POINTER + store + "r1 = r2\ncall f");
  unchanged(POINTER + store + "r1 = r2\ncall helper#7");
  unchanged(POINTER + store + "r0 = r2");
  unchanged(POINTER + store + "r2 += r1\nr0 = *(u8 *)(r2 + 0)");
  unchanged(POINTER + store + "r1 -= r2");
  unchanged(POINTER + store + "w3 = w2");
  unchanged(POINTER + store + "r2 &= -8\nr0 = *(u8 *)(r2 + 0)");
  unchanged(POINTER + store + "lock *(u64 *)(r1 + 0) += r2");
  unchanged(POINTER + store + "lock *(u64 *)(r2 + 0) += r1");
  // Half of it is read, or all of it at a place where it is not known which it is.
  unchanged(POINTER + store + "*(u64 *)(r10 - 24) = r2\nr0 = *(u32 *)(r10 - 24)");
  unchanged(POINTER + store + "if r1 == 0 goto past\nr2 += 8\npast:\n*(u64 *)(r2 + 0) = 1");
  unchanged(
    POINTER + store +
      "*(u8 *)(r10 - 24) = 0\n*(u64 *)(r10 - 24) = r2\n*(u8 *)(r10 - 24) = 0\n*(u8 *)(r10 - 20) = 0\nr3 = *(u64 *)(r10 - 24)\nr0 = *(u8 *)(r3 + 0)",
  );
});

Deno.test("a pointer that is looked at, not only read through, keeps its spill and its making", () => {
  const text = POINTER +
    "*(u64 *)(r10 - 24) = r2\nr3 = *(u64 *)(r10 - 24)\n*(u64 *)(r3 + 0) = 1\nr0 = *(u64 *)(r10 - 16)\nif r3 == 0 goto out\nr0 = 1\nout:";
  assertEquals(left(text).slice(0, 5), [
    "r2 = r10",
    "r2 += -16",
    "*(u64 *)(r10 -24) = r2",
    "r3 = *(u64 *)(r10 -24)",
    "*(u64 *)(r10 -16) = 1",
  ]);
});

Deno.test("a distance that changes from round to round is not known", () => {
  unchanged(POINTER + "again:\n*(u8 *)(r2 + 0) = 1\nr2 += 1\nif r1 != 0 goto again\nr0 = 0");
});

import { assertEquals } from "@std/assert";
import { columnsOf } from "../../../ir/columns.ts";
import { interpret, Memory } from "../../../ir/interpret.ts";
import { liveRegisters } from "../../../ir/liveness.ts";
import { parseText } from "../../../ir/parse_text.ts";
import type { Program } from "../../../ir/program.ts";
import { addressOf, hostFeatures, NativeCode, nativeUnavailable } from "../../../tests/conformance/native.ts";
import { compileX86 } from "./compile.ts";
import { EMIT, select } from "./select.ts";

const NAMES = Object.fromEntries(Object.entries(EMIT).map(([name, number]) => [number, name]));
const unavailable = nativeUnavailable();
if (unavailable !== undefined) console.log(`skipped: running what was selected: ${unavailable}`);

function program(text: string): Program {
  const lines = text.trim().split("\n").map((line) =>
    /^\s*\w+:$/.test(line) ? line.trim() : "  " + line.trim()
  );
  return parseText(`func main:\n${lines.join("\n")}\n`).programs[0];
}

function input(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 64 }, (_, i) => i * 37 + 129 & 255) as Uint8Array<ArrayBuffer>;
}

/** The forms other than PLAIN, by slot order; runs the program too where it can, and compares. */
function forms(text: string): string[] {
  const version = program(text);
  const columns = columnsOf(version);
  const features = { bmi2: true, movbe: true };
  const { emit, folded } = select(columns, liveRegisters(columns), features);
  const result: string[] = [];
  for (let slot = 0; slot < columns.count; slot++) {
    if (folded[slot] !== 0) result.push("FOLDED");
    else if (emit[slot] !== EMIT.PLAIN) result.push(NAMES[emit[slot]]);
  }
  if (unavailable === undefined) {
    for (const here of [{}, hostFeatures()]) {
      const expected = input();
      const memory = new Memory([{ name: "input", base: 0x1_0000n, bytes: expected, writable: true }]);
      const { r0 } = interpret(version, { r1: 0x1_0000n, r2: 0x1234_5678_9abc_def0n, memory });
      using native = new NativeCode(compileX86(version, { features: here, mayReachJs: () => false }));
      const bytes = input();
      assertEquals(native.call(addressOf(bytes), 0x1234_5678_9abc_def0n), r0, text);
      assertEquals(bytes, expected, text);
    }
  }
  return result;
}

Deno.test("a copy and a sum are one address computation, and an address is folded into its access", () => {
  assertEquals(forms("r0 = r2\nr0 += 8\nexit"), ["SKIP", "LEA"]);
  assertEquals(forms("r0 = r2\nr0 += r1\nr0 -= r1\nexit"), ["SKIP", "LEA"]);
  assertEquals(forms("r3 = 3\nr3 <<= 2\nr4 = r1\nr4 += r3\nr0 = *(u32 *)(r4 + 5)\nexit"), [
    "SKIP",
    "SKIP",
    "SKIP",
    "FOLDED",
  ]);
  assertEquals(forms("r3 = r10\nr3 += -16\n*(u64 *)(r3 + 0) = r2\nr0 = *(u64 *)(r10 - 16)\nexit"), [
    "SKIP",
    "SKIP",
    "FOLDED",
  ]);
});

Deno.test("a value that somebody else reads stays", () => {
  assertEquals(forms("r3 = r2\nr3 += 8\nr0 = r3\nr3 += 8\nr0 ^= r3\nexit"), ["SKIP", "LEA"]);
  assertEquals(forms("r3 = r1\nr3 += 8\nr0 = *(u8 *)(r3 + 0)\nr3 -= r1\nr0 += r3\nexit"), ["SKIP", "LEA"]);
  // The branch leaves with r3 live.
  const text = "r0 = 0\nr3 = r2\nr3 += 8\nif r2 > 5 goto out\nr3 += r2\nout:\nr0 += r3\nexit";
  assertEquals(forms(text), ["SKIP", "LEA"]);
});

Deno.test("an address is not folded once a register it stands on has changed", () => {
  assertEquals(forms("r3 = r1\nr1 = 4\nr3 += r1\nr1 = 7\nr0 = *(u8 *)(r3 + 0)\nr0 += r1\nexit"), []);
});

Deno.test("two shifts and an or are a rotation, whichever way they are written", () => {
  assertEquals(forms("r0 = r2\nr0 >>= 51\nr3 = r2\nr3 <<= 13\nr3 |= r0\nr0 = r3\nexit"), [
    "SKIP",
    "SKIP",
    "SKIP",
    "SKIP",
    "ROTATE",
  ]);
  assertEquals(forms("w0 = w2\nw0 >>= 7\nw2 <<= 25\nw2 |= w0\nr0 = r2\nexit"), [
    "SKIP",
    "SKIP",
    "SKIP",
    "ROTATE",
  ]);
  assertEquals(forms("r0 = r2\nr0 <<= 60\nr2 >>= 4\nr0 ^= r2\nexit"), ["SKIP", "SKIP", "SKIP", "ROTATE"]);
});

Deno.test("what only looks like a rotation is none", () => {
  assertEquals(forms("r0 = r2\nr0 >>= 50\nr3 = r2\nr3 <<= 13\nr3 |= r0\nr0 = r3\nexit"), []);
  assertEquals(forms("r0 = r1\nr0 ^= r1\nr0 >>= 51\nr3 = r2\nr3 <<= 13\nr3 |= r0\nr0 = r3\nexit"), []);
  assertEquals(forms("w0 = w2\nr0 >>= 51\nr3 = r2\nr3 <<= 13\nr3 |= r0\nr0 = r3\nexit"), []);
  assertEquals(forms("r0 = r2\nr0 s>>= 51\nr3 = r2\nr3 <<= 13\nr3 |= r0\nr0 = r3\nexit"), []);
});

Deno.test("a left shift undone by a right shift is an extension", () => {
  assertEquals(forms("r0 = r2\nr0 <<= 32\nr0 >>= 32\nexit"), ["SKIP", "SKIP", "EXTEND"]);
  assertEquals(forms("r0 = r2\nr0 <<= 32\nr0 s>>= 34\nexit"), ["SKIP", "SKIP", "EXTEND"]);
  assertEquals(forms("r2 <<= 56\nr2 s>>= 56\nr0 = r2\nexit"), ["SKIP", "EXTEND"]);
  assertEquals(forms("r2 <<= 48\nr2 >>= 48\nr0 = r2\nexit"), ["SKIP", "EXTEND"]);
  assertEquals(forms("r2 <<= 48\nr2 >>= 50\nr0 = r2\nexit"), []);
});

Deno.test("a zero-extension of what has no upper half is nothing", () => {
  assertEquals(forms("r0 = *(u32 *)(r1 + 0)\nw0 = w0\nexit"), ["SKIP"]);
  assertEquals(forms("r0 = *(s32 *)(r1 + 4)\nw0 = w0\nexit"), []);
  assertEquals(forms("r0 = r2\nw0 = w0\nexit"), []);
});

Deno.test("a load goes into the operation that alone reads it, unless memory was written in between", () => {
  assertEquals(forms("r3 = *(u64 *)(r1 + 8)\nr2 += r3\nr0 = r2\nexit"), ["SKIP", "OP_MEMORY"]);
  assertEquals(forms("w3 = *(u32 *)(r1 + 8)\nw2 ^= w3\nr0 = r2\nexit"), ["SKIP", "OP_MEMORY"]);
  assertEquals(forms("r3 = *(u32 *)(r1 + 8)\nr2 ^= r3\nr0 = r2\nexit"), []);
  assertEquals(forms("r3 = *(u64 *)(r1 + 8)\n*(u64 *)(r1 + 8) = 5\nr2 += r3\nr0 = r2\nexit"), []);
  assertEquals(forms("r3 = *(u64 *)(r1 + 8)\nlock *(u64 *)(r1 + 8) += r2\nr2 += r3\nr0 = r2\nexit"), []);
});

Deno.test("two neighbouring bytes are one load, in either order; others are two", () => {
  const pair = (a: number, b: number): string =>
    `r3 = *(u8 *)(r1 + ${a})\nr3 <<= 8\nr4 = *(u8 *)(r1 + ${b})\nr3 |= r4\nr0 = r3\nexit`;
  assertEquals(forms(pair(6, 7)), ["SKIP", "SKIP", "SKIP", "PAIR_LOAD"]);
  assertEquals(forms(pair(7, 6)), ["SKIP", "SKIP", "SKIP", "PAIR_LOAD"]);
  assertEquals(forms(pair(7, 7)), []);
  assertEquals(forms(pair(9, 7)), []);
});

Deno.test("a swapped load is one instruction, of its own width only", () => {
  assertEquals(forms("r0 = *(u32 *)(r1 + 3)\nr0 = be32 r0\nexit"), ["SKIP", "SWAP_LOAD"]);
  assertEquals(forms("r0 = *(u64 *)(r1 + 3)\nr0 = bswap64 r0\nexit"), ["SKIP", "SWAP_LOAD"]);
  assertEquals(forms("r0 = *(u64 *)(r1 + 3)\nr0 = be32 r0\nexit"), []);
  assertEquals(forms("r0 = *(u32 *)(r1 + 3)\nr0 = le32 r0\nexit"), []);
});

Deno.test("a mask that only a branch looks at is a test", () => {
  const text = (mask: string, branch: string): string =>
    `r0 = 1\nr3 = r2\nr3 &= ${mask}\nif ${branch} goto out\nr0 = 2\nout:\nexit`;
  assertEquals(forms(text("16", "r3 == 0")), ["SKIP", "SKIP", "TEST"]);
  assertEquals(forms(text("-65536", "r3 != 0")), ["SKIP", "SKIP", "TEST"]);
  assertEquals(forms(text("16", "r3 == 16")), []);
  assertEquals(forms("r0 = r2\nr0 &= 16\nif r0 == 0 goto out\nr0 = 2\nout:\nexit"), []);
});

Deno.test("a multiplication reads the copy's source", () => {
  assertEquals(forms("r0 = r2\nr0 *= 641\nexit"), ["SKIP", "MULTIPLY"]);
  assertEquals(forms("r0 = r2\nr0 *= 8\nexit"), []);
});

Deno.test("a division leaves rubbish in r0 and r3 where they are dead, and nothing stands on them after it", () => {
  // r3 is dead after the copy, so the division does not keep rdx: r4 + 8 must not become r3 + 8 behind it.
  assertEquals(forms("r3 = r2\nr3 ^= 5\nr4 = r3\nr5 = 100\nr5 /= r2\nr4 += 8\nr0 = r4\nr0 ^= r5\nexit"), []);
  assertEquals(forms("r3 = r2\nr3 ^= 5\nr4 = r3\nr5 = 100\nr5 ^= r2\nr4 += 8\nr0 = r4\nr0 ^= r5\nexit"), [
    "SKIP",
    "LEA",
  ]);
});

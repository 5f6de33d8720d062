/** Each question about several bytes against the same question asked byte by byte. */
import { assertEquals } from "@std/assert";
import { slotByte } from "../env.ts";
import { STACK_INVALID, STACK_MISC, STACK_ZERO } from "../states/layout.ts";
import { accessMask, bytesMask, isData, isNoObject, scrubbed, withBytes } from "./slot_bytes.ts";

const TYPES = 7;

/** Words that have each pair of types beside each other, at each place, and a thousand others. */
function* words(): Iterable<readonly number[]> {
  for (let a = 0; a < TYPES; a++) {
    for (let b = 0; b < TYPES; b++) {
      for (let at = 0; at < 8; at++) yield Array.from({ length: 8 }, (_, j) => j < at ? a : b);
    }
  }
  for (let i = 0, seed = 1; i < 1000; i++) {
    yield Array.from({ length: 8 }, () => {
      seed = Math.imul(seed, 1103515245) + 12345 | 0;
      return (seed >>> 16) % TYPES;
    });
  }
}

function wordOf(bytes: readonly number[]): number {
  return bytes.reduce((word, type, j) => word | type << (4 * j), 0);
}

function bytesOf(word: number): readonly number[] {
  return Array.from({ length: 8 }, (_, j) => slotByte(word, j));
}

Deno.test("bytes of a slot are asked about and changed together as one by one", () => {
  for (const bytes of words()) {
    const word = wordOf(bytes);
    assertEquals(
      bytesOf(scrubbed(word)),
      bytes.map((type) => type === STACK_INVALID ? STACK_INVALID : STACK_MISC),
    );
    for (let low = 0; low < 8; low++) {
      for (let high = low; high < 8; high++) {
        const mask = bytesMask(low, high), part = bytes.slice(low, high + 1);
        const data = part.every((t) => t === STACK_MISC || t === STACK_ZERO || t === STACK_INVALID);
        if (isData(word, mask) !== data) throw new Error(`isData ${bytes} ${low} ${high}`);
        const none = part.every((t) => t < 4);
        if (isNoObject(word, mask) !== none) throw new Error(`isNoObject ${bytes} ${low} ${high}`);
      }
    }
    const expected = bytes.map((type, j) => j >= 2 && j <= 5 ? STACK_ZERO : type);
    assertEquals(bytesOf(withBytes(word, bytesMask(2, 5), STACK_ZERO)), expected);
  }
});

Deno.test("an access has the bytes from its slot byte down, within the slot", () => {
  assertEquals(accessMask(7, 8) >>> 0, 0xffffffff);
  assertEquals(accessMask(8 + 3, 4), 0xffff);
  assertEquals(accessMask(16 + 7, 1) >>> 0, 0xf0000000);
  assertEquals(accessMask(5, 100), 0xffffff);
});

import { assertEquals } from "@std/assert";
import { words } from "./words.ts";

Deno.test("arrays of words are zero, as long as asked for, and do not overlap", () => {
  const all = Array.from({ length: 3000 }, (_, i) => words(i % 2500));
  all.forEach((array, i) => array.fill(i));
  all.forEach((array, i) => {
    assertEquals(array.length, i % 2500);
    if (array.length > 0) assertEquals([array[0], array.at(-1)], [i, i]);
  });
  assertEquals(words(40).every((word) => word === 0), true);
});

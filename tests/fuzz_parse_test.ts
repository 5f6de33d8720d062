import { assert, assertEquals } from "@std/assert";
import { fuzzParse } from "./fuzz_parse.ts";

Deno.test("three thousand broken objects are read or refused, and nothing else", () => {
  const { count, read, refused, messages } = fuzzParse(3000, 7);
  assertEquals(read + refused, count);
  assert(read > 300, `only ${read} were read: the inputs are too broken to test much`);
  assert(messages.size > 40, `only ${messages.size} kinds of refusal: the inputs do not get deep enough`);
});

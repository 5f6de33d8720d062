import { assertEquals } from "@std/assert";
import { MAP_TYPE, MAP_TYPE_NAMES, mapTypeNamed } from "./map_types.ts";

Deno.test("names and numbers of map types are the same table", () => {
  for (const [name, type] of Object.entries(MAP_TYPE)) {
    assertEquals(MAP_TYPE_NAMES[type], name.toLowerCase());
    assertEquals(mapTypeNamed(name.toLowerCase()), type);
  }
  assertEquals(mapTypeNamed("arena"), 33);
  assertEquals(mapTypeNamed("bogus"), undefined);
});

import { assert, assertEquals } from "@std/assert";
import { nativeFunctionsModule } from "../../tools/build_native.ts";
import { nativeFunction, nativeFunctionNames } from "./library.ts";

Deno.test("the native functions are those of the committed objects", () => {
  const committed = Deno.readTextFileSync(new URL("./functions.ts", import.meta.url));
  assertEquals(committed, nativeFunctionsModule());
});

Deno.test("every native function is a program of one subprogram", () => {
  assert(nativeFunctionNames().length > 40);
  for (const name of nativeFunctionNames()) {
    const program = nativeFunction(name)!;
    assertEquals(program.subprogs.length, 1, name);
    assertEquals(program.subprogs[0].name, name);
  }
  assertEquals(nativeFunction("nonsense"), undefined);
});

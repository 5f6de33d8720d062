import { assertEquals } from "@std/assert";
import { faultsIn } from "./imports.ts";

Deno.test("faultsIn() lets a pass import ir, and refuses the runtime", () => {
  assertEquals(faultsIn("passes/a.ts", `import { x } from "../ir/insn.ts";`), []);
  assertEquals(faultsIn("passes/a.ts", `import { x } from "../runtime/mod.ts";`).length, 1);
});

Deno.test("faultsIn() sees type imports, re-exports and imports over several lines", () => {
  assertEquals(faultsIn("ir/a.ts", `import type {\n  A,\n} from "../passes/pass.ts";`).length, 1);
  assertEquals(faultsIn("ir/a.ts", `export * from "../abi/x.ts";`).length, 1);
  assertEquals(faultsIn("ir/a.ts", `const x = await import("../abi/x.ts");`).length, 1);
});

Deno.test("faultsIn() holds examples to the public entries", () => {
  assertEquals(faultsIn("examples/a/a.ts", `import { x } from "../../mod.ts";`), []);
  assertEquals(faultsIn("examples/a/a.ts", `import { x } from "../../ir/edit.ts";`).length, 1);
});

Deno.test("faultsIn() lets files for tests import anything, and nobody else import them", () => {
  assertEquals(faultsIn("runtime/testing.ts", `import { x } from "../passes/mod.ts";`), []);
  assertEquals(faultsIn("runtime/a.ts", `import { x } from "./testing_kernel.ts";`).length, 1);
  assertEquals(faultsIn("passes/verify/a.ts", `import { x } from "./testing/cases.ts";`).length, 1);
  assertEquals(faultsIn("cli/a.ts", `import { x } from "../tests/shared.ts";`).length, 1);
});

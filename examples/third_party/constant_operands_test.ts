import { assertEquals } from "@std/assert";
import { parseText, printProgram } from "../../ir/mod.ts";
import { LINUX_6_18 } from "../../mod.ts";
import { Pipeline } from "../../passes/mod.ts";
import { constantOperands } from "./constant_operands.ts";

function after(text: string): string {
  const program = parseText(`type xdp\nfunc main:\n${text}`).programs[0];
  const pipeline = new Pipeline({ passes: [constantOperands()] });
  const result = pipeline.run(program, { target: { profile: LINUX_6_18, jit: true } }).program;
  return printProgram(result, { header: false }).replaceAll(/^ +/gm, "").trim();
}

Deno.test("constant-operands turns a multiplication by a known power of two into a shift, whichever side it is on", () => {
  assertEquals(after("    r3 = 8\n    r0 *= r3\n    exit\n"), "func main:\nr3 = 8\nr0 <<= 3\nexit");
  assertEquals(after("    r0 = 8\n    r0 *= r1\n    exit\n"), "func main:\nr0 = 8\nr0 = r1\nr0 <<= 3\nexit");
});

Deno.test("constant-operands forgets at a label what it knew before it", () => {
  const text = "    r3 = 8\n  again:\n    r0 *= r3\n    r3 = r0\n    if r0 != 0 goto again\n    exit\n";
  assertEquals(after(text).includes("r0 *= r3"), true);
});

Deno.test("constant-operands forgets what a call destroys", () => {
  assertEquals(after("    r1 = 8\n    call helper#7\n    r0 *= r1\n    exit\n").includes("r0 *= r1"), true);
});

Deno.test("constant-operands takes no negative constant across widths", () => {
  assertEquals(after("    w3 = -8\n    r0 += r3\n    exit\n").includes("r0 += r3"), true);
});

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { bpf, parseText, RejectedError } from "../ir/mod.ts";
import { defineModule } from "../plugins/mod.ts";
import { Compiler } from "./compiler.ts";

const module = defineModule({
  name: "numbers",
  kfuncs: [{
    name: "number_name",
    signature: "int (int n)",
    trust: "asks",
    body: bpf`
      r0 = 42
      if r1 != 1 goto out
      r0 = 11
    out:
      exit
    `,
  }],
});

/** The level-2 log of a program that calls a function with a body and is refused behind it. */
function logOf(preset: { readonly preset?: "rfc" }): string {
  const unit = parseText(`
type socket_filter
func main:
    r1 = 1
    call kfunc number_name
    r0 = *(u64 *)(r0 +0)
    exit
`);
  const compiler = new Compiler({ modules: [module], trust: ["numbers"], ...preset });
  return assertThrows(() => compiler.compile(unit.programs[0]), RejectedError).log;
}

Deno.test("the preset rfc makes numbers passed to functions with bodies precise, the default does not", () => {
  const line = "mark_precise: frame0: regs=r1 stack= before 0: (b7) r1 = 1";
  assertStringIncludes(logOf({ preset: "rfc" }), line);
  assertEquals(logOf({}).includes(line), false);
});

Deno.test("Compiler refuses to trust what is not there", () => {
  assertThrows(() => new Compiler({ trust: ["nobody"] }), TypeError, "nobody");
});

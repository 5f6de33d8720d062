import { assertEquals } from "@std/assert";
import { interpret, Memory } from "../ir/interpret.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { addressOf, hostFeatures, NativeCode, nativeUnavailable } from "./conformance/native.ts";
import { jitBenches } from "../bench/jit_programs.ts";

const benches = jitBenches();
if (benches === undefined) console.log("skipped: the corpus's small programs: ../shared/corpus is not there");
const unavailable = nativeUnavailable();

Deno.test({
  name: "every small program of the corpus returns what it should in the interpreter",
  ignore: benches === undefined,
  fn: () => {
    assertEquals(benches!.length, 40);
    for (const { name, isa, program, input, expected } of benches!) {
      const memory = new Memory([{ name: "input", base: 0x1_0000n, bytes: input.slice(), writable: true }]);
      const { r0 } = interpret(program, { r1: 0x1_0000n, r2: BigInt(input.length), memory });
      assertEquals(r0, expected, `${name} ${isa}`);
    }
  },
});

Deno.test({
  name: "every small program of the corpus returns what it should on x86-64",
  ignore: benches === undefined || unavailable !== undefined,
  fn: () => {
    for (const features of [{}, hostFeatures()]) {
      for (const { name, isa, program, input, expected } of benches!) {
        using native = new NativeCode(compileX86(program, { features }));
        assertEquals(native.call(addressOf(input), input.length), expected, `${name} ${isa}`);
      }
    }
  },
});

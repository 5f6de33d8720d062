import { assertEquals, assertThrows } from "@std/assert";
import type { Btf } from "../../../ir/btf/btf.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { programOf } from "../testing/programs.ts";
import { verifyProgram } from "../verify.ts";

/** A kernel with one function. */
function kernelWith(func: string): Btf {
  const builder = new BtfBuilder();
  builder.func(func, builder.funcProto(0, []), { linkage: "static" });
  return builder.build();
}

function verdict(load: string, targetBtf?: Btf): readonly [errno: number, message: string] {
  const program = programOf(`func main:\n  ${load}\n  r0 = 0\n  exit\n`, { type: "lirc_mode2" });
  const { errno, message } = verifyProgram(program, {
    profile: LINUX_6_18,
    ...(targetBtf === undefined ? {} : { targetBtf }),
  });
  return [errno, message];
}

Deno.test("a kernel with infrared receivers gives their programs a sample", () => {
  const kernel = kernelWith("lirc_mode2_func_proto");
  assertEquals(verdict("r1 = *(u32 *)(r1 +0)", kernel), [0, ""]);
  assertEquals(verdict("r1 = *(u16 *)(r1 +0)", kernel), [13, "invalid bpf_context access off=0 size=2"]);
  assertEquals(verdict("*(u32 *)(r1 +0) = 1", kernel), [13, "invalid bpf_context access off=0 size=4"]);
});

Deno.test("a kernel without infrared receivers refuses their programs without a word", () => {
  assertEquals(verdict("r1 = *(u32 *)(r1 +0)", kernelWith("something_else")), [22, ""]);
});

Deno.test("whether a kernel has infrared receivers only its types say", () => {
  assertThrows(() => verdict("r1 = *(u32 *)(r1 +0)"), UnsupportedError, "not in every kernel");
});

import { assertEquals, assertThrows } from "@std/assert";
import type { Btf } from "../../../ir/btf/btf.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify.ts";

/** A kernel with a number, a structure, one of each processor, an array without end, and a function. */
function kernel(): { readonly btf: Btf; readonly id: (name: string) => number } {
  const builder = new BtfBuilder(), ids = new Map<string, number>();
  const u32 = builder.int("unsigned int", 4);
  const struct = builder.struct("rq", 8, [{ name: "nr", type: u32, bitOffset: 0, bitSize: 0 }]);
  const variable = (name: string, type: number): void => {
    ids.set(name, builder.add({ kind: "var", name, type, linkage: "global" }));
  };
  variable("number", u32);
  variable("record", struct);
  variable("each", struct);
  variable("opaque", builder.add({ kind: "fwd", name: "unknown", union: false }));
  builder.add({
    kind: "datasec",
    name: ".data..percpu",
    size: 8,
    vars: [{ type: ids.get("each")!, offset: 0, size: 8 }],
  });
  ids.set("work", builder.func("work", builder.funcProto(0, []), { linkage: "global" }));
  ids.set("rq", struct);
  return { btf: builder.build(), id: (name) => ids.get(name)! };
}

const { btf, id } = kernel();

/** What a program that loads an address and uses it is refused with; `skipped`: no path leads to the load. */
function messageOf(name: string, use: string, kernelVariables?: boolean, skipped: boolean = false): string {
  const number = name === "beyond" ? 9999 : id(name);
  const text = `type tracepoint\nlicense GPL\nfunc main:\n${
    skipped ? "  r0 = 0\n  if r0 == 0 goto end\n" : ""
  }  r1 = kernel_var ${name}#${number} ll\n${use}end:\n  r0 = 0\n  exit\n`;
  const parsed = parseText(text, { name: "test" }), [program] = parsed.programs;
  return verifyProgram(
    new Program({
      unit: { ...parsed, targetBtf: btf },
      attrs: program.attrs,
      code: program.code,
      subprogs: program.subprogs,
      nextInsnId: program.nextInsnId,
      nextSubprogId: program.nextSubprogId,
    }),
    { profile: LINUX_6_18, kernelVariables },
  ).message;
}

Deno.test("a variable is read as what it is, if the kernel knows its address", () => {
  assertEquals(messageOf("number", "  r2 = *(u32 *)(r1 +0)\n", true), "");
  assertEquals(
    messageOf("number", "  r2 = *(u64 *)(r1 +0)\n", true),
    "R1 min value is outside of the allowed memory range",
  );
  assertEquals(messageOf("number", "  *(u32 *)(r1 +0) = 1\n", true), "R1 cannot write into rdonly_mem");
  assertEquals(messageOf("record", "  r2 = *(u32 *)(r1 +0)\n", true), "");
});

Deno.test("what each processor has its own of is not read before one is chosen", () => {
  const choose =
    "  r2 = 0\n  call bpf_per_cpu_ptr#153\n  if r0 == 0 goto out\n  r1 = *(u32 *)(r0 +0)\nout:\n";
  assertEquals(messageOf("each", choose, true), "");
  assertEquals(
    messageOf("each", "  r2 = *(u32 *)(r1 +0)\n", true),
    "R1 is ptr_rq access percpu memory: off=0",
  );
});

Deno.test("a variable whose address the kernel does not know is refused before anything is walked", () => {
  const message = "ldimm64 failed to find the address for kernel symbol 'number'.";
  assertEquals(messageOf("number", "", false), message);
  assertEquals(messageOf("number", "  r9 = r8\n", false), message);
});

Deno.test("without a word on variables nothing is said of them, wherever they stand", () => {
  assertThrows(() => messageOf("number", "", undefined, true), UnsupportedError, "whether the kernel knows");
  assertEquals(messageOf("number", "", true, true), "");
  assertThrows(
    () => messageOf("number", ""),
    UnsupportedError,
    "whether the kernel knows the address of number",
  );
});

Deno.test("functions have an address and nothing behind it", () => {
  assertEquals(messageOf("work", "", false), "");
  assertEquals(
    messageOf("work", "  r2 = *(u8 *)(r1 +0)\n", false),
    "R1 min value is outside of the allowed memory range",
  );
});

Deno.test("only variables and functions have an address", () => {
  assertEquals(messageOf("rq", "", true), `pseudo btf_id ${id("rq")} in ldimm64 isn't KIND_VAR or KIND_FUNC`);
  assertEquals(messageOf("beyond", "", true), "ldimm64 insn specifies invalid btf_id 9999.");
  assertEquals(messageOf("opaque", "", true), "ldimm64 unable to resolve the size of type 'unknown': -22");
});

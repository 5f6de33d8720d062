/** Test runs on several back ends: what one of them cannot run, another does, and it is said. */
import { assertEquals } from "@std/assert";
import { BtfBuilder } from "../ir/btf/write.ts";
import { parseText } from "../ir/parse_text.ts";
import { Program } from "../ir/program.ts";
import { nativeUnavailable } from "../runtime/mod.ts";
import { checkRuns } from "./back_ends.ts";

/** A program that follows a pointer to a kernel structure: machine code has nothing that catches faults. */
function followsKernelPointer(): Program {
  const builder = new BtfBuilder(), u64 = builder.int("u64", 8), u32 = builder.int("u32", 4);
  const ops = builder.struct("bpf_map_ops", 8, [{ name: "a", type: u64, bitOffset: 0, bitSize: 0 }]);
  const map = builder.struct("bpf_map", 16, [
    { name: "map_type", type: u32, bitOffset: 0, bitSize: 0 },
    { name: "ops", type: builder.ptr(ops), bitOffset: 64, bitSize: 0 },
  ]);
  builder.struct("bpf_array", 16, [{ name: "map", type: map, bitOffset: 0, bitSize: 0 }]);
  const text = `type socket_filter
license GPL
map a type=array key=4 value=8 max=1
func main:
  r1 = map a ll
  r0 = *(u32 *)(r1 + 0)
  exit
`;
  const [program] = parseText(text, { name: "test" }).programs;
  const unit = { ...program.unit, targetBtf: builder.build() };
  const { attrs, code, subprogs, nextInsnId, nextSubprogId } = program;
  return new Program({ unit, attrs, code, subprogs, nextInsnId, nextSubprogId });
}

Deno.test({
  name: "what machine code cannot run is run by the interpreter, which is said",
  ignore: nativeUnavailable() !== undefined,
  fn() {
    const program = followsKernelPointer(), runs = [{ data: new Uint8Array(64), retval: 2 }];
    const both = checkRuns(program, { runs, backends: ["x86_64", "interpret"] });
    assertEquals([both.ok, both.got], [
      true,
      "not run on x86_64: running main natively: it follows btf pointers; interpret 2",
    ]);
    const alone = checkRuns(program, { runs, backends: ["x86_64"] });
    assertEquals(alone.unsupported, "running main natively: it follows btf pointers");
  },
});

Deno.test({
  name: "where machine code has run a program, the interpreter need not run all of a long loop",
  ignore: nativeUnavailable() !== undefined,
  fn() {
    const text = `type socket_filter
func main:
again:
  may_goto out
  goto again
out:
  r0 = 7
  exit
`;
    const [program] = parseText(text, { name: "test" }).programs;
    const runs = [{ data: new Uint8Array(64), retval: 7 }];
    const both = checkRuns(program, { runs, backends: ["x86_64", "interpret"] });
    assertEquals([both.ok, both.got], [true, "x86_64 7; interpret given up after 1000000 instructions"]);
  },
});

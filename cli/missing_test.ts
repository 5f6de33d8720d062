/**
 * What loaders refuse before the kernel is asked: only what is missing, not what is unknown.
 */
import { assertEquals } from "@std/assert";
import { BtfBuilder } from "../ir/btf/write.ts";
import { parseText } from "../ir/parse_text.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { missingInKernel } from "./missing.ts";

/** What a kernel lacks of what a program needs, which has a function `there`; what no kernel is said to have if `known` is false. */
function missing(head: string, text: string, known: boolean = true): string {
  const unit = parseText(`${head}\nfunc main:\n${text}\n  r0 = 0\n  exit\n`);
  const b = new BtfBuilder();
  b.func("there", b.funcProto(b.int("int", 4, { signed: true }), []));
  if (known) Object.assign(unit, { targetBtf: b.build() });
  const found = missingInKernel(unit.programs[0]);
  return found === undefined ? "" : `${found.errno} ${found.message}`;
}

Deno.test("an attach target that is in no types of the kernel is missing, one that nobody named is not", () => {
  const probe = (more: string) => `type tracing\nattach 24\n${more}`;
  assertEquals(
    missing(probe("target absent"), ""),
    "3 prog 'main': failed to find kernel BTF type ID of 'absent': -ESRCH",
  );
  assertEquals(missing(probe("target there\ntarget_btf_id 3"), ""), "");
  assertEquals(missing(probe(""), ""), "");
  assertEquals(missing(probe("target absent"), "", false), "");
  // Where a name is no function of the kernel.
  assertEquals(missing("type kprobe\ntarget absent", ""), "");
});

Deno.test("a structure of callbacks that the kernel does not have is missing", () => {
  assertEquals(
    missing("type struct_ops\ntarget absent_ops.run", ""),
    "2 struct_ops init_kern: struct absent_ops is not found in kernel BTF",
  );
});

Deno.test("a kernel function that a program calls must be there, unless it is declared weak", () => {
  assertEquals(
    missing("type sched_cls", "  call kfunc absent"),
    "3 extern (func ksym) 'absent': not found in kernel or module BTFs",
  );
  assertEquals(missing("type sched_cls", "  call kfunc there#3"), "");
  assertEquals(missing("type sched_cls", "  call kfunc absent weak"), "");
  assertEquals(missing("type sched_cls", "  call kfunc absent", false), "");
});

Deno.test("an object of the other byte order is not for this machine, though perhaps for another", () => {
  const url = new URL("../tests/objects/xdp_subprogs.eb.bpf.o", import.meta.url);
  const unit = parseObject(Deno.readFileSync(url), { name: "big.o" });
  assertEquals(
    missingInKernel(unit.programs[0])?.message,
    "object 'big.o': loading non-native endianness is unsupported",
  );
  assertEquals(missingInKernel(unit.programs[0], false), undefined);
});

Deno.test("a variable of the kernel is looked for in its types, if it is declared with one", () => {
  const url = new URL("../tests/objects/externs.bpf.o", import.meta.url);
  const b = new BtfBuilder();
  b.func("present_function", b.funcProto(0, []));
  const unit = parseObject(Deno.readFileSync(url), { name: "externs.bpf.o", targetBtf: b.build() });
  assertEquals(
    unit.programs.map((program) => missingInKernel(program)?.message),
    ["prog 'ask': failed to find kernel BTF type ID of 'something': -ESRCH"],
  );
  assertEquals(
    unit.externs.filter(({ kind }) => kind === "ksym").map(({ name, typeless }) =>
      `${name} ${typeless ?? false}`
    ),
    ["missing_variable false", "present_variable false", "untyped_symbol true"],
  );
});

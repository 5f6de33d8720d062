import { assert, assertEquals, assertThrows } from "@std/assert";
import { fieldOf } from "../abi/layouts.ts";
import { bpf } from "../ir/fragment.ts";
import { bodiesIn, bodyFrom } from "./body.ts";
import { defineModule } from "./module.ts";
import { readBeside } from "./object_file.ts";
import { ModuleError, ModuleRegistry } from "./registry.ts";
import { randomNumbers } from "./test_memory.ts";

const OBJECT = await readBeside(import.meta.url, "test_objects/bodies.bpf.o");

function bodies(bytes = OBJECT) {
  return bodiesIn(bytes, { name: "bodies.bpf.o" });
}

const OBJECT_ORDER = bodies().bodies.map((body) => body.name);

Deno.test("tagged functions of an object become bodies, with prototypes and flags from its BTF", () => {
  const found = bodies().bodies.filter((body) => body.name.startsWith("good"));
  assertEquals(
    found.map(({ name, signature, flags }) => [
      name,
      signature.args.map((arg) => arg.kind).join(),
      signature.returns,
      flags.join(),
    ]),
    [
      ["good_static", "scalar,scalar", "scalar", ""],
      ["good_field", "pointer", "pointer", "ret_null"],
      ["good_flags", "pointer", "void", "trusted_args,sleepable"],
      ["good_loop", "scalar", "scalar", ""],
      ["good_escape", "", "scalar", ""],
    ].sort((a, b) => OBJECT_ORDER.indexOf(a[0]) - OBJECT_ORDER.indexOf(b[0])),
  );
});

Deno.test("every function that cannot be a body is named with its reason", () => {
  assertEquals(bodies().faults, [
    { name: "bad_table", message: "it refers to data in .rodata" },
    { name: "bad_global", message: "it refers to data in .bss" },
    { name: "bad_call", message: "it calls no_such_function, which nobody has" },
    { name: "bad_flag", message: "it has unknown flags: magic" },
  ]);
});

Deno.test("static functions of an object are spliced into its bodies", () => {
  const body = bodies().bodies.find(({ name }) => name === "good_static")!;
  assertEquals(body.code.subprogs.length, 1);
  assert(body.code.code.insns.every((insn) => insn.kind !== "call"));
  assertEquals(body.code.code.insns.filter((insn) => insn.kind === "alu" && insn.op === "mul").length, 2);
});

Deno.test("fields are where the runtime has them", () => {
  const body = bodies().bodies.find(({ name }) => name === "good_field")!;
  const [load] = body.code.code.insns;
  assert(load.kind === "load");
  assertEquals(load.offset, fieldOf("sk_buff", "data").offset);
});

Deno.test("kernel functions in a body are known by name alone", () => {
  const body = bodyFrom(bpf`call kfunc skb_get_hash#99\nexit`, "f");
  const [call] = body.code.insns;
  assertEquals(call, {
    kind: "call",
    callee: { kind: "kfunc", func: { name: "skb_get_hash", btfId: 0, module: 0 } },
  });
});

Deno.test("an object without tagged functions, or that is none, is refused as a module", () => {
  const register = (bytes: Uint8Array) => {
    const module = defineModule({ name: "m", objects: [{ name: "m.bpf.o", bytes, trust: "asks" }] });
    return assertThrows(() => new ModuleRegistry().register(module, { trust: true }), ModuleError).problems;
  };
  assertEquals(register(new Uint8Array()).length, 1);
  assertEquals(register(OBJECT.slice(0, OBJECT.length / 2)).length, 1);
  const untagged = OBJECT.slice();
  const tag = new TextEncoder().encode("bpf_kfunc\0");
  const at = untagged.findIndex((_, i) => tag.every((byte, k) => untagged[i + k] === byte));
  untagged[at] = "q".charCodeAt(0);
  assertEquals(register(untagged), ["m.bpf.o, m.bpf.o: no function in it is tagged bpf_kfunc"]);
});

Deno.test("damaged objects are refused or read, never crash", () => {
  const next = randomNumbers(5);
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    const bytes = OBJECT.slice();
    for (let k = next() % 4; k >= 0; k--) bytes[next() % bytes.length] = next() & 0xff;
    const module = defineModule({ name: "m", objects: [{ name: "m.bpf.o", bytes, trust: "asks" }] });
    try {
      new ModuleRegistry().register(module, { trust: true });
    } catch (error) {
      if (!(error instanceof ModuleError)) throw error;
      refused++;
    }
  }
  assert(refused > 0);
});

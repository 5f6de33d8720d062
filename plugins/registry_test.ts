import { assert, assertEquals, assertThrows } from "@std/assert";
import { bpf } from "../ir/fragment.ts";
import { parseText } from "../ir/parse_text.ts";
import type { KfuncRef } from "../ir/insn.ts";
import { defineModule, type Module } from "./module.ts";
import { ModuleError, ModuleRegistry } from "./registry.ts";

function call(name: string): KfuncRef {
  return { name, btfId: 0, module: 0 };
}

function simple(name: string, kfunc: string, trust: "asks" | "verified" = "verified"): Module {
  return defineModule({
    name,
    kfuncs: [{ name: kfunc, signature: "int (int x)", body: bpf`r0 = r1\nexit`, trust }],
  });
}

function problemsOf(module: Module, registry = new ModuleRegistry()): readonly string[] {
  return assertThrows(() => registry.register(module, { trust: true }), ModuleError).problems;
}

Deno.test("a registered body resolves by the function's name, an unknown one to nothing", () => {
  const registry = new ModuleRegistry();
  const { untrusted } = registry.register(simple("one", "f"));
  const resolution = registry.resolve(call("f"), undefined);
  assert(resolution.kind === "body");
  assertEquals([resolution.body.name, resolution.body.module, resolution.body.trust], [
    "f",
    "one",
    "verified",
  ]);
  assertEquals(untrusted, []);
  assertEquals(registry.resolve(call("g"), undefined), { kind: "none" });
});

Deno.test("trust is the host's to grant: without it a body that asks stays unused", () => {
  const registry = new ModuleRegistry();
  const { untrusted } = registry.register(simple("one", "f", "asks"));
  assertEquals(untrusted, ["f"]);
  assertEquals(registry.resolve(call("f"), undefined), { kind: "none" });
  assert(registry.kfunc("f")?.code !== undefined);
  const trusting = new ModuleRegistry();
  trusting.register(simple("one", "f", "asks"), { trust: true });
  const resolution = trusting.resolve(call("f"), undefined);
  assert(resolution.kind === "body" && resolution.body.trust === "trusted");
});

Deno.test("all faults of a module are named at once and nothing of it is registered", () => {
  const registry = new ModuleRegistry();
  const problems = problemsOf(
    defineModule({
      name: "broken",
      kfuncs: [
        { name: "ok", signature: "int (int x)", body: bpf`r0 = r1\nexit` },
        { name: "bad_type", signature: "int (struct s x)", body: bpf`r0 = 0\nexit` },
        { name: "bad_text", signature: "int ()", body: "r0 = = 1" },
        { name: "no name", signature: "int ()", body: bpf`r0 = 0\nexit` },
        { name: "loops", signature: "int ()", body: bpf`a:\nr0 = 0\nif r0 == 0 goto a\nexit` },
      ],
    }),
    registry,
  );
  assertEquals(problems.length, 4);
  assertEquals(registry.kfunc("ok"), undefined);
  assertEquals(registry.registrations, []);
});

Deno.test("duplicates are refused: modules, functions, answers", () => {
  const registry = new ModuleRegistry();
  registry.register(simple("one", "f"));
  assertEquals(problemsOf(simple("one", "g"), registry), ["a module of this name is registered already"]);
  assertEquals(problemsOf(simple("two", "f"), registry), [
    'kfunc f is registered by module "one" already',
  ]);
  const twice = { name: "h", signature: "int (int x)", body: bpf`r0 = r1\nexit` };
  assertEquals(problemsOf(defineModule({ name: "two", kfuncs: [twice, twice] }), registry), [
    "kfunc h is there twice",
  ]);
  registry.register(simple("two", "g"));
});

Deno.test("a verified body may use no stack, no calls, no loops, no saved registers, and only its arguments", () => {
  const faults = (body: string, signature = "int (int x)") =>
    problemsOf(defineModule({ name: "m", kfuncs: [{ name: "f", signature, body }] }))
      .map((problem) => problem.replace("kfunc f cannot be verified: ", ""));
  assertEquals(faults("r6 = r1\nr0 = r6\nexit"), [
    "instruction 0 uses a register above r5",
    "instruction 1 uses a register above r5",
  ]);
  assertEquals(faults("*(u64 *)(r10 -8) = r1\nr0 = 0\nexit"), ["instruction 0 uses a register above r5"]);
  assertEquals(faults("call helper#7\nexit"), ["instruction 0 is a call"]);
  assertEquals(faults("a:\nr0 = 0\nif r1 == 0 goto a\nexit"), ["instruction 1 jumps backwards"]);
  assertEquals(faults("r0 = r2\nexit"), ["r2 is read before it is written and is no argument"]);
  assertEquals(faults("if r1 == 0 goto out\nr0 = 1\nout:\nexit"), [
    "r0 is read before it is written and is no argument",
  ]);
  const registry = new ModuleRegistry();
  registry.register(
    defineModule({ name: "m", kfuncs: [{ name: "f", signature: "void (int x)", body: "r2 = r1\nexit" }] }),
  );
});

Deno.test("a module in use cannot be unregistered, or goes with the last lease", () => {
  const registry = new ModuleRegistry();
  registry.register(simple("one", "f"));
  registry.register(simple("other", "g"));
  const lease = registry.lease();
  assertEquals(lease.modules, []);
  lease.resolve(call("f"), undefined);
  lease.resolve(call("f"), undefined);
  assertEquals(lease.modules, ["one"]);
  assertThrows(() => registry.unregister("one"), TypeError, "1 compiled programs use it");
  assertEquals(registry.unregister("other"), true);
  assertEquals(registry.unregister("one", { defer: true }), false);
  assertEquals(registry.resolve(call("f"), undefined), { kind: "none" });
  assertThrows(() => registry.register(simple("one", "f")), ModuleError, "already");
  lease.release();
  lease.release();
  registry.register(simple("one", "f"));
  assertEquals(registry.unregister("one"), true);
  assertThrows(() => registry.unregister("one"), RangeError);
});

function drivers(): ModuleRegistry {
  const registry = new ModuleRegistry();
  registry.register(
    defineModule({
      name: "core",
      kfuncs: [{
        name: "rx_hash",
        signature: "int (void *ctx, __u32 *hash)",
        body: bpf`w0 = ${-95}\nexit`,
        trust: "asks",
        deviceBound: true,
      }],
    }),
    { trust: true },
  );
  registry.register(
    defineModule({
      name: "veth",
      kfuncs: [{
        name: "veth_hash",
        signature: "int (void *ctx, __u32 *hash)",
        body: bpf`r0 = 0\nexit`,
        trust: "asks",
      }],
      implements: { rx_hash: { driver: ["veth", "veth2"], by: "veth_hash" } },
    }),
    { trust: true },
  );
  registry.register(
    defineModule({
      name: "closed",
      kfuncs: [{ name: "closed_hash", signature: "int (void *ctx, __u32 *hash)" }],
      implements: { rx_hash: { driver: "closed", by: "closed_hash" } },
    }),
  );
  for (const driver of ["veth", "closed", "e1000"]) {
    registry.addDevice({ name: `${driver}0`, driver, features: [] });
  }
  return registry;
}

Deno.test("a device-bound function resolves to the driver's body, its function, or the stub", () => {
  const registry = drivers();
  const bound = (device?: string) => {
    const resolution = registry.resolve(call("rx_hash"), device === undefined ? undefined : { device });
    return resolution.kind === "body" ? resolution.body.name : resolution;
  };
  assertEquals(bound("veth0"), "veth_hash");
  assertEquals(bound("closed0"), { kind: "call", name: "closed_hash" });
  assertEquals(bound("e10000"), "rx_hash");
  assertEquals(bound(undefined), { kind: "none" });
  assertEquals(bound("nowhere0"), { kind: "none" });
  registry.unregister("veth");
  assertEquals(bound("veth0"), "rx_hash");
});

Deno.test("a driver's answer must fit the stub and be the only one", () => {
  const registry = drivers();
  const answering = (name: string, signature: string, driver: string, stub = "rx_hash") =>
    problemsOf(
      defineModule({
        name,
        kfuncs: [{ name: `${name}_hash`, signature, body: bpf`r0 = 0\nexit` }],
        implements: { [stub]: { driver, by: `${name}_hash` } },
      }),
      registry,
    );
  const right = "int (void *ctx, __u32 *hash)";
  assertEquals(answering("a", "int (void *ctx)", "new"), ["a_hash does not have the prototype of rx_hash"]);
  assertEquals(answering("b", right, "veth2"), ['rx_hash is implemented for driver "veth2" already']);
  assertEquals(answering("c", right, "new", "rx_time"), ["it implements rx_time, which is not registered"]);
  assertEquals(answering("d", right, "new", "veth_hash"), [
    "it implements veth_hash, which is not device-bound",
  ]);
});

Deno.test("a body is one piece: static functions are spliced in, data and recursion refused", () => {
  const registry = new ModuleRegistry();
  registry.register(
    defineModule({
      name: "pieces",
      kfuncs: [{
        name: "f",
        signature: "int (int x)",
        trust: "asks",
        body: `
func f:
    r6 = r1
    *(u64 *)(r10 -8) = r1
    call twice
    r0 += r6
    exit
func twice:
    r6 = r1
    *(u64 *)(r10 -16) = r6
    r0 = *(u64 *)(r10 -16)
    r0 += r6
    exit`,
      }],
    }),
    { trust: true },
  );
  const code = registry.kfunc("f")!.code!;
  assertEquals(code.subprogs.length, 1);
  assertEquals(
    code.code.insns.flatMap((insn) => insn.kind === "store" ? [insn.offset] : []),
    // The body's own slot, then the saved r6 below it, then the function's lowest slot (16 bytes) below that.
    [-8, -16, -32],
  );
  const body = (text: string) =>
    problemsOf(
      defineModule({ name: "m", kfuncs: [{ name: "f", signature: "int ()", body: text, trust: "asks" }] }),
    )[0];
  assertEquals(
    body("func f:\ncall g\nexit\nfunc g:\ncall g\nexit"),
    "kfunc f: it calls itself, or too many functions deep",
  );
  const map = "map m type=array key=4 value=8 max=1\n\nfunc f:\nr1 = map m ll\nr0 = 0\nexit";
  assertEquals(body(map), "kfunc f: it refers to the map m");
});

Deno.test("a body that does not give what its cases say is not registered", () => {
  const module = (cases: readonly { args: bigint[]; returns: bigint }[]) =>
    defineModule({
      name: "m",
      kfuncs: [{ name: "twice", signature: "u64 (u64 x)", body: bpf`r0 = r1\nr0 += r1\nexit`, cases }],
    });
  assertEquals(problemsOf(module([{ args: [3n], returns: 7n }, { args: [2n], returns: 4n }])), [
    "twice(3) gives 6, expected 7",
  ]);
  new ModuleRegistry().register(module([{ args: [2n ** 63n], returns: 0n }, { args: [0n], returns: 0n }]));
});

Deno.test("a body may be a program", () => {
  const registry = new ModuleRegistry();
  const [program] = parseText("func f:\nr0 = 7\nexit\n").programs;
  registry.register(
    defineModule({ name: "m", kfuncs: [{ name: "f", signature: "int ()", body: program }] }),
  );
  assertEquals(registry.kfunc("f")?.code?.length, 2);
});

/**
 * Types, functions and attach targets that a module of the kernel brings, by its split BTF.
 */
import { assertEquals, assertThrows } from "@std/assert";
import type { Btf } from "../../../ir/btf/btf.ts";
import { openBtf } from "../../../ir/btf/read.ts";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { Program, type ProgramAttrs } from "../../../ir/program.ts";
import type { KernelModule } from "../../../ir/unit.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { attrsOf } from "../../parse/attach.ts";
import { kernelTypes } from "../testing/kernel_types.ts";
import { verifyProgram } from "../verify.ts";

const HEADER = 24, STRUCT = 4, PTR = 2, FUNC = 12, FUNC_PROTO = 13, VAR = 14, DATASEC = 15;

/** Split BTF: types as words, whose names are put behind those of the base. */
class ModuleTypes {
  readonly #base: Btf;
  readonly #words: number[] = [];
  #strings = "";
  #count: number;

  constructor(base: Btf) {
    this.#base = base;
    this.#count = base.count;
  }

  #name(text: string): number {
    const { bytes } = this.#base, at = this.#strings.length;
    this.#strings += `${text}\0`;
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(20, true) + at;
  }

  #add(name: number, kind: number, vlen: number, ...rest: number[]): number {
    this.#words.push(name, kind << 24 | vlen, ...rest);
    return this.#count++;
  }

  struct(name: string, size: number, members: readonly (readonly [string, number, number])[]): number {
    const rest = members.flatMap(([member, type, off]) => [this.#name(member), type, off * 8]);
    return this.#add(this.#name(name), STRUCT, members.length, size, ...rest);
  }

  pointer(type: number): number {
    return this.#add(0, PTR, 0, type);
  }

  func(name: string, ret: number, params: readonly (readonly [string, number])[]): void {
    const rest = params.flatMap(([param, type]) => [this.#name(param), type]);
    const proto = this.#add(0, FUNC_PROTO, params.length, ret, ...rest);
    this.#add(this.#name(name), FUNC, 1, proto);
  }

  variable(name: string, type: number): number {
    return this.#add(this.#name(name), VAR, 0, type, 1);
  }

  /** A section with one variable. */
  section(name: string, variable: number, size: number): void {
    this.#add(this.#name(name), DATASEC, 1, size, variable, 0, size);
  }

  build(): Btf {
    const bytes = new Uint8Array(HEADER + this.#words.length * 4 + this.#strings.length);
    const view = new DataView(bytes.buffer), types = this.#words.length * 4;
    view.setUint16(0, 0xeb9f, true);
    view.setUint8(2, 1);
    [HEADER, 0, types, types, this.#strings.length].forEach((word, i) =>
      view.setUint32(4 + i * 4, word, true)
    );
    this.#words.forEach((word, i) => view.setUint32(HEADER + i * 4, word, true));
    bytes.set(new TextEncoder().encode(this.#strings), HEADER + types);
    return openBtf(bytes, { base: this.#base });
  }
}

function conntrack(): KernelModule {
  const kernel = kernelTypes(), types = new ModuleTypes(kernel);
  const u32 = kernel.find("unsigned int", "int"), task = types.pointer(kernel.find("task_struct", "struct"));
  const connection = types.pointer(
    types.struct("nf_conn", 16, [["mark", u32, 0], ["owner", task, 8]]),
  );
  const to = (name: string): number => types.pointer(kernel.find(name, "struct"));
  types.func("bpf_skb_ct_lookup", connection, [
    ["skb_ctx", to("__sk_buff")],
    ["bpf_tuple", to("bpf_sock_tuple")],
    ["tuple__sz", u32],
    ["opts", to("bpf_ct_opts")],
    ["opts__sz", u32],
  ]);
  types.func("bpf_ct_release", 0, [["nfct", connection]]);
  types.func("nf_unregistered", u32, [["nfct", connection]]);
  types.variable("nf_conntrack_max", u32);
  types.variable("nf_first", kernel.find("task_struct", "struct"));
  types.section(".data..percpu", types.variable("nf_count", u32), 4);
  types.func("nf_conntrack_in", u32, [["ct", connection], ["task", task]]);
  return { name: "nf_conntrack", btf: types.build() };
}

function verdict(text: string, attrs: Partial<ProgramAttrs> = {}, modules = [conntrack()]): string {
  const named = text.replace(
    /call module (\w+)/g,
    (_, name: string) => `call kfunc ${name}#${conntrack().btf.find(name, "func")}@1`,
  ).replace(
    /module_var (\w+)/g,
    (_, name: string) => `kernel_var ${name}#${conntrack().btf.find(name, "var")}@1`,
  );
  const unit = parseText(named, { name: "test", helpers: LINUX_6_18 }), [program] = unit.programs;
  const result = verifyProgram(
    new Program({
      unit: { ...unit, targetBtf: kernelTypes(), modules },
      attrs: { ...program.attrs, ...attrs },
      code: program.code,
      subprogs: program.subprogs,
      nextInsnId: program.nextInsnId,
      nextSubprogId: program.nextSubprogId,
    }),
    { profile: LINUX_6_18, kernelVariables: true },
  );
  return result.message;
}

const LOOKUP = `type sched_cls
func main:
  *(u64 *)(r10 -32) = 0
  *(u64 *)(r10 -24) = 0
  *(u64 *)(r10 -16) = 0
  *(u64 *)(r10 -8) = 0
  r2 = r10
  r2 += -32
  r3 = 12
  r4 = r10
  r4 += -16
  r5 = 12
  call module bpf_skb_ct_lookup
  if r0 == 0 goto out
  r6 = r0`;
const END = `
out:
  r0 = 0
  exit
`;

Deno.test("a module's function gives a structure of the module's that it takes back", () => {
  const text = `${LOOKUP}\n  r1 = *(u32 *)(r6 +0)\n  r1 = r6\n  call module bpf_ct_release${END}`;
  assertEquals(verdict(text), "");
});

Deno.test("what a module's function gave must be released", () => {
  assertEquals(verdict(LOOKUP + END), "BPF_EXIT instruction in main prog would lead to reference leak");
});

Deno.test("a module's structure is read within its bytes", () => {
  const text = `${LOOKUP}\n  r1 = *(u32 *)(r6 +16)${END}`;
  assertEquals(verdict(text), "access beyond struct nf_conn at off 16 size 4");
});

Deno.test("a module's function takes no structure of another sort", () => {
  const text = `${LOOKUP}\n  r1 = *(u64 *)(r6 +8)\n  call module bpf_ct_release${END}`;
  assertEquals(verdict(text), "R1 must be referenced or trusted");
});

Deno.test("nothing is said of a module's functions that are in no table, nor without the module", () => {
  const text = "type sched_cls\nfunc main:\n  call module nf_unregistered\n  r0 = 0\n  exit\n";
  assertThrows(() => verdict(text), UnsupportedError, "nothing is known of it");
  assertThrows(() => verdict(LOOKUP + END, {}, []), UnsupportedError, "nothing is known of it");
});

Deno.test("a module's variable is read as what it is", () => {
  const reads = (name: string, use: string) =>
    verdict(`type tracepoint\nfunc main:\n  r1 = module_var ${name} ll\n${use}\n  r0 = 0\n  exit\n`);
  assertEquals(reads("nf_conntrack_max", "  r2 = *(u32 *)(r1 +0)"), "");
  assertEquals(
    reads("nf_conntrack_max", "  r2 = *(u32 *)(r1 +4)"),
    "R1 min value is outside of the allowed memory range",
  );
  assertEquals(reads("nf_conntrack_max", "  *(u32 *)(r1 +0) = 1"), "R1 cannot write into rdonly_mem");
  assertEquals(reads("nf_first", "  r2 = *(u64 *)(r1 +0)"), "");
  const choose = "  r2 = 0\n  call bpf_per_cpu_ptr#153\n  if r0 == 0 goto +1\n  r1 = *(u32 *)(r0 +0)";
  assertEquals(reads("nf_count", choose), "");
  assertEquals(
    reads("nf_count", choose.replace("+0)", "+4)")),
    "R0 min value is outside of the allowed memory range",
  );
  assertEquals(
    reads("nf_count", "  r2 = *(u32 *)(r1 +0)"),
    "R1 is ptr_unsigned int access percpu memory: off=0",
  );
  const unknown = `type tracepoint\nfunc main:\n  r1 = module_var nf_first ll\n  r0 = 0\n  exit\n`;
  assertThrows(() => verdict(unknown, {}, []), UnsupportedError, "whose types are not known");
});

Deno.test("a program is attached to a module's function, and reads its arguments", () => {
  const modules = [conntrack()], flags = 0, target = kernelTypes();
  const section = { name: "fentry/nf_conntrack:nf_conntrack_in" };
  const attrs = attrsOf(
    { name: "p", section } as Parameters<typeof attrsOf>[0],
    { target, modules, structOps: undefined, flags },
  );
  assertEquals([attrs.attachModule, attrs.attachBtfId], [1, modules[0].btf.find("nf_conntrack_in", "func")]);
  const { type, attachType, attachBtfId, attachModule } = attrs;
  const place = { attachType, attachBtfId, ...(attachModule === undefined ? {} : { attachModule }) };
  const text = `type ${type}\nfunc main:\n  r2 = *(u64 *)(r1 +0)\n  r3 = *(u32 *)(r2 +0)\n  r0 = 0\n  exit\n`;
  assertEquals(verdict(text, place, modules), "");
  const beyond = text.replace("(r2 +0)", "(r2 +16)");
  assertEquals(verdict(beyond, place, modules), "access beyond struct nf_conn at off 16 size 4");
  const others = { name: "fentry/other:nf_conntrack_in" };
  const none = attrsOf({ name: "p", section: others } as Parameters<typeof attrsOf>[0], {
    target,
    modules,
    structOps: undefined,
    flags,
  });
  assertEquals([none.attachModule, none.attachBtfId], [undefined, 0]);
});

import { assertEquals, assertThrows } from "@std/assert";
import { fieldOf } from "../../abi/layouts.ts";
import { UnsupportedError } from "../../ir/diagnostic.ts";
import { interpret, Memory } from "../../ir/interpret.ts";
import { parseText } from "../../ir/parse_text.ts";
import { printProgram } from "../../ir/print_text.ts";
import type { Program } from "../../ir/program.ts";
import { NO_KFUNCS } from "../kfuncs.ts";
import type { PassContext } from "../pass.ts";
import { lowerContexts } from "./contexts.ts";

/** Lowers code of which every line marked with a star accesses the context. */
function lower(type: string, code: string): Program {
  const text = code.replaceAll("*ctx*", '; {pointer: "ctx"}').replaceAll('"ctx"', "ctx");
  const [program] = parseText(`type ${type}\nfunc main:\n${text}`).programs;
  const context = { kfuncs: NO_KFUNCS } as unknown as PassContext;
  return lowerContexts().run(program, context);
}

function body(program: Program): string[] {
  return printProgram(program, { header: false }).split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("func"));
}

Deno.test("packet pointers become 64-bit loads from xdp_buff", () => {
  const program = lower("xdp", "r2 = *(u32 *)(r1 + 4) *ctx*\nr1 = *(u32 *)(r1 + 0) *ctx*\nw0 = 2\nexit");
  assertEquals(body(program), ["r2 = *(u64 *)(r1 +8)", "r1 = *(u64 *)(r1 +0)", "w0 = 2", "exit"]);
});

Deno.test("what lies behind pointers takes several loads", () => {
  const program = lower("xdp", "r2 = *(u32 *)(r1 + 12) *ctx*\nw0 = 2\nexit");
  const rxq = fieldOf("xdp_buff", "rxq").offset, ifindex = fieldOf("net_device", "ifindex").offset;
  assertEquals(body(program).slice(0, 3), [
    `r2 = *(u64 *)(r1 +${rxq})`,
    "r2 = *(u64 *)(r2 +0)",
    `r2 = *(u32 *)(r2 +${ifindex})`,
  ]);
});

Deno.test("accesses that do not go through the context stay", () => {
  const program = lower("xdp", "r2 = *(u32 *)(r1 + 4)\nw0 = 2\nexit");
  assertEquals(body(program), ["r2 = *(u32 *)(r1 +4)", "w0 = 2", "exit"]);
});

Deno.test("fields of a connection are not taken for those of a socket", () => {
  const [program] = parseText(
    "type sched_cls\nfunc main:\n  r0 = *(u64 *)(r1 + 88) ; {pointer: tcp_sock}\n  r2 = *(u32 *)(r1 + 4) ; {pointer: xdp_sock}\n  exit\n",
  ).programs;
  const lowered = lowerContexts().run(program, { kfuncs: NO_KFUNCS } as unknown as PassContext);
  assertEquals(body(lowered), ["r0 = 0", "r2 = 0", "exit"]);
});

/** Runs a lowered program on an sk_buff in which the named fields are set. */
function runOnSkb(program: Program, fields: Record<string, number>): { r0: bigint; bytes: Uint8Array } {
  const bytes = new Uint8Array(512);
  for (const [name, value] of Object.entries(fields)) {
    const { offset, size } = fieldOf("sk_buff", name);
    for (let i = 0; i < size; i++) bytes[offset + i] = value / 2 ** (8 * i) & 0xff;
  }
  const memory = new Memory([{ name: "skb", base: 0x1000n, bytes, writable: true }]);
  return { r0: interpret(program, { r1: 0x1000n, memory }).r0, bytes };
}

Deno.test("narrow loads see the bytes of the field as the context defines it", () => {
  const at = (offset: number, size: number, kind = "u") =>
    lower("sched_cls", `r0 = *(${kind}${size * 8} *)(r1 + ${offset}) *ctx*\nexit`);
  assertEquals(runOnSkb(at(8, 4), { mark: 0x89abcdef }).r0, 0x89abcdefn);
  assertEquals(runOnSkb(at(8, 1), { mark: 0x89abcdef }).r0, 0xefn);
  assertEquals(runOnSkb(at(10, 2), { mark: 0x89abcdef }).r0, 0x89abn);
  assertEquals(runOnSkb(at(11, 1), { mark: 0x89abcdef }).r0, 0x89n);
  assertEquals(runOnSkb(at(10, 2, "s"), { mark: 0x89abcdef }).r0, 0xffff_ffff_ffff_89abn);
  assertEquals(runOnSkb(at(18, 2), { protocol: 0x1234 }).r0, 0n);
  assertEquals(runOnSkb(at(17, 1), { protocol: 0x1234 }).r0, 0x12n);
});

Deno.test("stores go to the field's own size, and queue_mapping refuses 65535", () => {
  const store = (offset: number, value: number) =>
    lower("sched_cls", `r2 = ${value}\n*(u32 *)(r1 + ${offset}) = r2 *ctx*\nr0 = 0\nexit`);
  const read = (bytes: Uint8Array, name: string) => {
    const { offset, size } = fieldOf("sk_buff", name);
    return [...bytes.subarray(offset, offset + size)].reduceRight((sum, byte) => sum * 256 + byte, 0);
  };
  assertEquals(read(runOnSkb(store(8, 77), {}).bytes, "mark"), 77);
  const index = runOnSkb(store(44, 0x54321), { vlan_tci: 7 });
  assertEquals(read(index.bytes, "tc_index"), 0x4321);
  assertEquals(read(index.bytes, "vlan_tci"), 7);
  assertEquals(read(runOnSkb(store(12, 5), { queue_mapping: 9 }).bytes, "queue_mapping"), 5);
  assertEquals(read(runOnSkb(store(12, 0xffff), { queue_mapping: 9 }).bytes, "queue_mapping"), 9);
});

Deno.test("the control block is accessed in pieces of any size", () => {
  const program = lower(
    "sched_cls",
    "*(u16 *)(r1 + 54) = 4660 *ctx*\nr0 = *(u64 *)(r1 + 48) *ctx*\nexit",
  );
  assertEquals(runOnSkb(program, {}).r0, 0x1234_0000_0000_0000n);
});

Deno.test("what lies in no field is named", () => {
  assertThrows(
    () => lower("sched_cls", "r0 = *(u32 *)(r1 + 144) *ctx*\nexit"),
    UnsupportedError,
    "__sk_buff at offset 144",
  );
});

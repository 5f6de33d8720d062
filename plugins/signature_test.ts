import { assertEquals, assertThrows } from "@std/assert";
import { BtfBuilder } from "../ir/btf/write.ts";
import { parseSignature, signatureOf } from "./signature.ts";

Deno.test("parseSignature() reads scalars, pointers, dynptrs and results", () => {
  const { args, returns } = parseSignature(
    "int (const struct xdp_md *ctx, __u32 *hash, struct bpf_dynptr *ptr, u64 offset__k, enum xdp_rss_hash_type type)",
  );
  assertEquals(returns, "scalar");
  assertEquals(args.map((arg) => [arg.name, arg.kind, arg.size, arg.type]), [
    ["ctx", "pointer", 0, "const struct xdp_md *"],
    ["hash", "pointer", 0, "__u32 *"],
    ["ptr", "dynptr", 0, "struct bpf_dynptr *"],
    ["offset__k", "scalar", 8, "u64"],
    ["type", "scalar", 4, "enum xdp_rss_hash_type"],
  ]);
  assertEquals(args[0].pointee, { size: 0, struct: "xdp_md" });
  assertEquals(args[1].pointee, { size: 4 });
});

Deno.test("parseSignature() takes parameters without names and empty lists", () => {
  assertEquals(parseSignature("void *(void)"), { args: [], returns: "pointer" });
  assertEquals(parseSignature("void ()").returns, "void");
  assertEquals(parseSignature("u64 (u64, unsigned int, void *)").args.map((arg) => [arg.name, arg.size]), [
    ["arg1", 8],
    ["arg2", 4],
    ["arg3", 0],
  ]);
});

Deno.test("parseSignature() refuses what registers cannot hold", () => {
  for (
    const text of [
      "int (struct point p)",
      "struct point (int x)",
      "int (int a, int b, int c, int d, int e, int f)",
      "int (int (*callback)(int))",
      "int",
      "int (mystery x)",
      "int (int,)",
    ]
  ) {
    assertThrows(() => parseSignature(text), SyntaxError, "Cannot", text);
  }
});

Deno.test("signatureOf() reads the same from BTF", () => {
  const b = new BtfBuilder();
  const u32 = b.int("unsigned int", 4);
  const dynptr = b.struct("bpf_dynptr_kern", 16, [{ name: "size", type: u32, bitOffset: 64, bitSize: 0 }]);
  const proto = b.funcProto(0, [
    { name: "p", type: b.ptr(dynptr) },
    { name: "n", type: u32 },
    { name: "out", type: b.ptr(u32) },
  ]);
  const func = b.func("f", proto);
  const { args, returns } = signatureOf(b.build(), func);
  assertEquals(returns, "void");
  assertEquals(args.map((arg) => [arg.name, arg.kind, arg.size, arg.pointee?.size]), [
    ["p", "dynptr", 0, 16],
    ["n", "scalar", 4, undefined],
    ["out", "pointer", 0, 4],
  ]);
  assertThrows(() => signatureOf(b.build(), u32), RangeError);
});

/**
 * What lies where in structures: bit fields, unions, arrays, nested and flexible ones.
 */
import { assertEquals } from "@std/assert";
import type { Btf, BtfMember } from "../../../ir/btf/btf.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import type { Env } from "../env.ts";
import {
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_USER,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
} from "../states/layout.ts";
import { structAccess, structMatches } from "./struct_walk.ts";

function member(name: string, type: number, bitOffset: number, bitSize = 0): BtfMember {
  return { name, type, bitOffset, bitSize };
}

/** An inner structure, and an outer one with all that structures can have. */
function types(): { btf: Btf; inner: number; outer: number } {
  const builder = new BtfBuilder();
  const u32 = builder.int("unsigned int", 4), u64 = builder.int("unsigned long", 8);
  const inner = builder.struct("inner", 16, [
    member("a", u64, 0),
    member("b", u32, 64),
    member("c", u32, 96),
  ]);
  const pointer = builder.ptr(inner), number = builder.ptr(u32);
  const tagged = (name: string): number => builder.ptr(builder.add({ kind: "type_tag", name, type: inner }));
  const union = builder.union("", 8, [member("p", pointer, 0), member("n", u64, 0)]);
  const single = builder.union("", 8, [member("q", pointer, 0)]);
  const outer = builder.struct("outer", 144, [
    member("low", u32, 0, 3),
    member("high", u32, 3, 29),
    member("pointer", pointer, 64),
    member("numbers", number, 128),
    member("", union, 192),
    member("", single, 256),
    member("nested", inner, 320),
    member("list", builder.array(inner, 2, { index: u32 }), 448),
    member("rcu", tagged("rcu"), 704),
    member("user", tagged("user"), 768),
    member("percpu", tagged("percpu"), 832),
    member("words", builder.array(u32, 4, { index: u32 }), 896),
    member("size", u32, 1024),
    member("more", builder.array(inner, 0, { index: u32 }), 1152),
  ]);
  return { btf: builder.build(), inner, outer };
}

const { btf, inner, outer } = types();
let message = "";
const env = {
  fail: (errno: number, _code: string, text: string): number => {
    message = text;
    return -errno;
  },
} as unknown as Env;

function at(off: number, size: number): string {
  message = "";
  const found = structAccess(env, btf, { typeId: outer, off, size, own: false });
  if (typeof found === "number") return message;
  const flags = [
    [MEM_RCU, "rcu"],
    [MEM_USER, "user"],
    [MEM_PERCPU, "percpu"],
    [PTR_UNTRUSTED, "untrusted"],
    [MEM_RDONLY, "rdonly"],
  ] as const;
  const text = flags.filter(([flag]) => (found.flags & flag) !== 0).map(([, name]) => `${name} `).join("");
  if (found.base === SCALAR_VALUE) return "number";
  if (found.base === PTR_TO_MEM) return `${text}memory`;
  assertEquals([found.base, found.typeId], [PTR_TO_BTF_ID, inner]);
  return `${text}${found.field}`;
}

Deno.test("a bit field is read with what covers it", () => {
  assertEquals(at(0, 4), "number");
  assertEquals(at(0, 1), "number");
  assertEquals(at(1, 1), "struct outer doesn't have field at offset 1");
});

Deno.test("a pointer member leads to its structure, with its tag", () => {
  assertEquals(at(8, 8), "pointer");
  assertEquals(at(88, 8), "rcu rcu");
  assertEquals(at(96, 8), "user user");
  assertEquals(at(104, 8), "percpu percpu");
  assertEquals(at(12, 4), "cannot access ptr member pointer with moff 8 in struct outer with off 12 size 4");
});

Deno.test("a pointer to numbers is untrusted memory of unknown size", () => {
  assertEquals(at(16, 8), "untrusted rdonly memory");
});

Deno.test("which member a union has is not known, unless it has one", () => {
  assertEquals(at(24, 8), "untrusted p");
  assertEquals(at(32, 8), "q");
});

Deno.test("nested structures and arrays of them are walked into", () => {
  assertEquals(at(40, 8), "number");
  assertEquals(at(48, 4), "number");
  assertEquals(at(72, 8), "number");
  assertEquals(at(80, 8), "access beyond the end of member b (mend:12) in struct inner with off 8 size 8");
});

Deno.test("an array of numbers is read in any width within its end", () => {
  assertEquals(at(112, 8), "number");
  assertEquals(
    at(124, 8),
    "access beyond the end of member words (mend:128) in struct outer with off 124 size 8",
  );
});

Deno.test("a flexible array goes on beyond the structure", () => {
  assertEquals(at(144 + 160, 8), "number");
  assertEquals(at(144 + 172, 8), "access beyond struct inner at off 12 size 8");
  const found = structAccess(env, btf, { typeId: outer, off: 304, size: 8, own: true });
  assertEquals([found, message], [-13, "access beyond struct outer at off 304 size 8"]);
});

Deno.test("a hole is no field", () => {
  assertEquals(at(132, 4), "struct outer doesn't have field at offset 132");
});

Deno.test("a structure is what begins at its offset", () => {
  const matches = (typeId: number, off: number, strict: boolean): boolean =>
    structMatches(env, { btf, typeId, off }, { btf, typeId: inner, strict, own: false });
  assertEquals(matches(inner, 0, true), true);
  assertEquals(matches(outer, 40, false), true);
  assertEquals(matches(outer, 40, true), false);
  assertEquals(matches(outer, 56, false), true);
  assertEquals(matches(outer, 48, false), false);
});

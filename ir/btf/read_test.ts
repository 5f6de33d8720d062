import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { MalformedError } from "../diagnostic.ts";
import type { BtfType } from "./btf.ts";
import { essentialName, openBtf } from "./read.ts";
import { BtfBuilder, encodeBtf } from "./write.ts";

const int = (name: string, size: number, signed = false): BtfType => ({
  kind: "int",
  name,
  size,
  signed,
  char: false,
  bool: false,
  bitOffset: 0,
  bits: size * 8,
});

/** One type of every kind, ids from 1. */
const EVERY_KIND: readonly BtfType[] = [
  int("int", 4, true),
  { kind: "ptr", type: 1 },
  { kind: "array", type: 1, index: 1, count: 7 },
  {
    kind: "struct",
    name: "pair",
    size: 16,
    members: [{ name: "a", type: 1, bitOffset: 0, bitSize: 0 }, {
      name: "next",
      type: 6,
      bitOffset: 64,
      bitSize: 0,
    }],
  },
  {
    kind: "union",
    name: "bits",
    size: 4,
    members: [{ name: "low", type: 1, bitOffset: 0, bitSize: 3 }, {
      name: "high",
      type: 1,
      bitOffset: 3,
      bitSize: 29,
    }],
  },
  { kind: "ptr", type: 4 },
  {
    kind: "enum",
    name: "color",
    size: 4,
    signed: true,
    values: [{ name: "RED", value: -1 }, { name: "BLUE", value: 7 }],
  },
  { kind: "enum", name: "mask", size: 4, signed: false, values: [{ name: "ALL", value: 0xffffffff }] },
  { kind: "fwd", name: "sock", union: false },
  { kind: "fwd", name: "arg", union: true },
  { kind: "typedef", name: "num", type: 12 },
  { kind: "const", type: 13 },
  { kind: "volatile", type: 14 },
  { kind: "restrict", type: 1 },
  { kind: "func_proto", ret: 1, params: [{ name: "x", type: 2 }, { name: "y", type: 11 }], variadic: false },
  { kind: "func_proto", ret: 0, params: [{ name: "fmt", type: 2 }], variadic: true },
  { kind: "func", name: "main", type: 15, linkage: "global" },
  { kind: "var", name: "counter", type: 1, linkage: "static" },
  { kind: "datasec", name: ".data", size: 4, vars: [{ type: 18, offset: 0, size: 4 }] },
  { kind: "float", name: "double", size: 8 },
  { kind: "decl_tag", name: "note", type: 17, component: -1 },
  { kind: "decl_tag", name: "arg:ctx", type: 17, component: 1 },
  { kind: "type_tag", name: "user", type: 1 },
  {
    kind: "enum64",
    name: "wide",
    size: 8,
    signed: true,
    values: [{ name: "MIN", value: -(1n << 63n) }, { name: "ONE", value: 1n }],
  },
  {
    kind: "enum64",
    name: "flags",
    size: 8,
    signed: false,
    values: [{ name: "TOP", value: 1n << 63n }],
  },
];

Deno.test("every kind of type reads back as it was written", () => {
  const btf = openBtf(encodeBtf(EVERY_KIND));
  assertEquals(btf.count, EVERY_KIND.length + 1);
  assertEquals(btf.type(0), { kind: "void" });
  EVERY_KIND.forEach((type, index) => assertEquals(btf.type(index + 1), type));
});

Deno.test("a big-endian file reads as the little-endian one, and its bytes come out little-endian", () => {
  const little = encodeBtf(EVERY_KIND);
  const big = little.slice();
  const from = new DataView(little.buffer), to = new DataView(big.buffer);
  const stringsAt = 24 + from.getUint32(16, true);
  to.setUint16(0, 0xeb9f, false);
  for (let at = 4; at < stringsAt; at += 4) to.setUint32(at, from.getUint32(at, true), false);
  const btf = openBtf(big);
  EVERY_KIND.forEach((type, index) => assertEquals(btf.type(index + 1), type));
  assertEquals(btf.bytes, little);
});

Deno.test("types are read from bytes at an unaligned place", () => {
  const bytes = encodeBtf(EVERY_KIND);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assertEquals(openBtf(shifted.subarray(1)).type(4), EVERY_KIND[3]);
});

Deno.test("names are found by kind, all of them, and by essential name", () => {
  const b = new BtfBuilder();
  b.int("foo", 4);
  b.struct("foo", 0, []);
  b.struct("foo___old", 0, []);
  b.struct("foo", 4, []);
  b.struct("foo____x", 4, []);
  b.struct("", 4, []);
  const btf = openBtf(b.bytes());
  assertEquals(btf.find("foo", "struct"), 2);
  assertEquals(btf.find("foo", "int"), 1);
  assertEquals(btf.find("foo", "union"), 0);
  assertEquals(btf.find("fo", "int"), 0);
  assertEquals(btf.findAll("foo", "struct"), [2, 4]);
  assertEquals(btf.findAll("foo___old", "struct"), [3]);
  assertEquals(btf.candidates("foo"), [1, 2, 3, 4]);
  assertEquals(btf.candidates("foo___new"), [1, 2, 3, 4]);
  assertEquals(btf.candidates("foo____x"), [5]);
  assertEquals(btf.name(3), "foo___old");
  assertEquals(btf.name(6), "");
});

Deno.test("a flavour suffix is three underscores between other characters", () => {
  assertEquals(essentialName("task___v2"), "task");
  assertEquals(essentialName("task___a___b"), "task___a");
  assertEquals(essentialName("task____v2"), "task____v2");
  assertEquals(essentialName("___v2"), "___v2");
  assertEquals(essentialName("task___"), "task___");
});

Deno.test("modifiers resolve, sizes go through arrays, tags are told apart by component", () => {
  const btf = openBtf(encodeBtf(EVERY_KIND));
  assertEquals(btf.resolve(11), 1);
  assertEquals(btf.resolve(23), 1);
  assertEquals(btf.sizeOf(3), 28);
  assertEquals(btf.sizeOf(11), 4);
  assertEquals(btf.sizeOf(2), 8);
  assertThrows(() => btf.sizeOf(9), RangeError, "no size");
  assertThrows(() => btf.type(99), RangeError, "type 99");
  assertEquals(btf.tags(17), ["note"]);
  assertEquals(btf.tags(17, 1), ["arg:ctx"]);
  assertEquals(btf.tags(1), []);
});

Deno.test("split BTF continues its base's ids and names", () => {
  const base = openBtf(encodeBtf([int("int", 4)]));
  const own = new BtfBuilder();
  own.ptr(1);
  own.struct("mod", 8, []);
  // Written as if alone, the names must be shifted behind the base's strings.
  const bytes = own.bytes();
  const words = new Int32Array(bytes.buffer, 24, 6);
  const shift = "\0int\0".length;
  words[3] += shift;
  const split = openBtf(bytes, { base });
  assertEquals(split.count, 4);
  assertEquals(split.type(2), { kind: "ptr", type: 1 });
  assertEquals(split.name(3), "mod");
  assertEquals(split.find("int", "int"), 1);
  assertEquals(split.find("mod", "struct"), 3);
  assertEquals(split.resolve(1), 1);
});

Deno.test("malformed files are refused with the place", () => {
  const good = encodeBtf(EVERY_KIND);
  const refuse = (bytes: Uint8Array, message: string) => {
    const error = assertThrows(() => openBtf(bytes, { what: "section .BTF" }), MalformedError, message);
    assertStringIncludes(error.where, "section .BTF, offset 0x");
  };
  refuse(new Uint8Array(5), "header");
  refuse(new Uint8Array(40), "magic");
  const changed = (at: number, value: number) => {
    const copy = good.slice();
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };
  refuse(changed(12, 1 << 20), "needed");
  refuse(changed(8, 2), "aligned");
  refuse(changed(24 + 4, 29 << 24), "unknown kind");
  refuse(changed(24, 1 << 20), "does not exist");
  refuse(changed(24 + 16 + 8, 4000), "Type 2 (ptr)");
});

Deno.test("chains of modifiers and arrays that never end are refused", () => {
  const loop = openBtf(encodeBtf([{ kind: "const", type: 2 }, { kind: "volatile", type: 1 }]));
  assertThrows(() => loop.resolve(1), MalformedError, "never end");
  const array = openBtf(encodeBtf([{ kind: "array", type: 1, index: 1, count: 2 }]));
  assertThrows(() => array.sizeOf(1), MalformedError, "never end");
});

Deno.test("random bytes and mutations never fail in any other way", () => {
  let state = 12345;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  const good = encodeBtf(EVERY_KIND);
  let opened = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = good.slice(0, round % 3 === 0 ? next() % good.length : good.length);
    for (let i = next() % 4; i >= 0; i--) bytes[next() % Math.max(1, bytes.length)] = next() >>> 13;
    try {
      const btf = openBtf(bytes);
      opened++;
      for (let id = 0; id < btf.count; id++) {
        btf.type(id);
        btf.tags(id);
        try {
          btf.sizeOf(id);
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
        }
      }
      btf.find("pair", "struct");
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
    }
  }
  assert(opened > 100, `only ${opened} mutations were readable: the test tests too little`);
});

import { assert, assertEquals } from "@std/assert";
import { declaration, definition } from "./print.ts";
import { BtfBuilder } from "./write.ts";

Deno.test("declarations read as C", () => {
  const b = new BtfBuilder();
  const char = b.int("char", 1);
  const constChar = b.add({ kind: "const", type: char });
  const text = b.ptr(constChar);
  const proto = b.funcProto(char, [{ name: "s", type: text }]);
  const handler = b.ptr(proto);
  const handlers = b.array(handler, 4, { index: char });
  const sock = b.struct("sock", 8, []);
  const user = b.add({ kind: "type_tag", name: "user", type: sock });
  const pointer = b.ptr(user);
  const constPointer = b.add({ kind: "const", type: pointer });
  const row = b.array(char, 3, { index: char });
  const rows = b.array(row, 2, { index: char });
  const rowPointer = b.ptr(row);
  const printf = b.func(
    "printf",
    b.add({ kind: "func_proto", ret: 0, params: [{ name: "f", type: text }], variadic: true }),
  );
  const none = b.funcProto(0, []);
  const btf = b.build();
  assertEquals(declaration(btf, text, "name"), "const char *name");
  assertEquals(declaration(btf, handlers, "ops"), "char (*ops[4])(const char *s)");
  assertEquals(declaration(btf, pointer), "struct sock *");
  assertEquals(declaration(btf, constPointer, "p"), "struct sock *const p");
  assertEquals(declaration(btf, rows, "m"), "char m[2][3]");
  assertEquals(declaration(btf, rowPointer, "p"), "char (*p)[3]");
  assertEquals(declaration(btf, printf), "void printf(const char *f, ...)");
  assertEquals(declaration(btf, none, "f"), "void f(void)");
  assertEquals(declaration(btf, 0), "void");
});

Deno.test("definitions give offsets and values", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4);
  const struct = b.struct("pair", 8, [
    { name: "a", type: int, bitOffset: 0, bitSize: 0 },
    { name: "b", type: int, bitOffset: 35, bitSize: 5 },
  ]);
  const color = b.add({
    kind: "enum",
    name: "color",
    size: 4,
    signed: false,
    values: [{ name: "RED", value: 3 }],
  });
  const num = b.add({ kind: "typedef", name: "num", type: int });
  const btf = b.build();
  assertEquals(
    definition(btf, struct),
    "struct pair {\n  int a;  /* 0 */\n  int b : 5;  /* 4.3 */\n};  /* 8 bytes */",
  );
  assertEquals(definition(btf, color), "enum color {\n  RED = 3,\n};");
  assertEquals(definition(btf, num), "typedef int num;");
});

Deno.test("prototypes of prototypes are cut before they fill the memory", () => {
  const b = new BtfBuilder();
  const proto = b.nextId;
  b.funcProto(0, Array.from({ length: 60 }, (_, i) => ({ name: `p${i}`, type: proto + 1 })));
  b.ptr(proto);
  assert(declaration(b.build(), proto + 1).length < 1 << 20);
});

Deno.test("a type that contains itself forever still prints", () => {
  const b = new BtfBuilder();
  b.ptr(1);
  assertEquals(declaration(b.build(), 1).startsWith("… "), true);
});

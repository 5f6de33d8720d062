import { assertEquals, assertThrows } from "@std/assert";
import { btfOnDemand } from "./on_demand.ts";
import { openBtf } from "./read.ts";
import { BtfBuilder } from "./write.ts";

function builder(): BtfBuilder {
  const builder = new BtfBuilder();
  const int = builder.int("int", 4, { signed: true });
  builder.struct("pair", 8, [{ name: "a", type: int, bitOffset: 0, bitSize: 0 }]);
  return builder;
}

Deno.test("BTF on demand is opened once, when something is asked of it, and answers as BTF does", () => {
  let opened = 0;
  const bytes = builder().bytes(), plain = openBtf(bytes);
  const btf = btfOnDemand(() => {
    opened++;
    return openBtf(bytes);
  });
  assertEquals(opened, 0);
  const id = btf.find("pair", "struct");
  assertEquals(btf.type(id), plain.type(id));
  assertEquals(
    [btf.count, btf.name(id), btf.findAll("pair", "struct"), btf.resolve(id), btf.sizeOf(id), btf.tags(id)],
    [
      plain.count,
      plain.name(id),
      plain.findAll("pair", "struct"),
      plain.resolve(id),
      plain.sizeOf(id),
      plain.tags(id),
    ],
  );
  assertEquals(
    [btf.candidates("pair___old"), btf.text(1), btf.offsetOf(id), btf.stringsAt, btf.stringLength, btf.bytes],
    [[id], plain.text(1), plain.offsetOf(id), plain.stringsAt, plain.stringLength, bytes],
  );
  assertEquals(opened, 1);
});

Deno.test("split BTF continues BTF on demand", () => {
  const base = btfOnDemand(() => openBtf(builder().bytes()));
  const split = openBtf(new BtfBuilder().bytes(), { base });
  assertEquals(split.count, base.count);
});

Deno.test("what cannot be opened is said where something is first asked of it, each time", () => {
  const btf = btfOnDemand(() => openBtf(new Uint8Array([0x9f, 0xeb])));
  assertThrows(() => btf.count, Error, "24 bytes");
  assertThrows(() => btf.find("int", "int"), Error, "24 bytes");
});

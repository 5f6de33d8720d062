import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { MalformedError } from "../diagnostic.ts";
import { readElf, SHF_EXECINSTR, SHT } from "./elf.ts";

const OBJECTS = new URL("../../tests/objects/", import.meta.url);
const load = (name: string) => Deno.readFileSync(new URL(name, OBJECTS));

Deno.test("sections, symbols and relocations of a little-endian object are read", () => {
  const elf = readElf(load("xdp_subprogs.bpf.o"));
  assert(elf.littleEndian);
  assertEquals(elf.machine, 247);
  const xdp = elf.sections.find((section) => section.name === "xdp")!;
  assertEquals([xdp.type, xdp.flags & SHF_EXECINSTR, xdp.size], [SHT.PROGBITS, SHF_EXECINSTR, 192]);
  assertEquals(elf.data(xdp).length, 192);
  const bss = elf.sections.find((section) => section.name === ".bss")!;
  assertEquals([bss.type, bss.size, elf.data(bss).length], [SHT.NOBITS, 16, 0]);
  const count = elf.symbols.find((symbol) => symbol.name === "count_packet")!;
  assertEquals([count.type, count.binding, count.hidden, count.section, count.value, count.size], [
    "func",
    "global",
    false,
    xdp.index,
    0,
    192,
  ]);
  assert(elf.symbols.find((symbol) => symbol.name === "concealed")!.hidden);
  const relocations = elf.relocations(elf.sections.find((section) => section.name === ".relxdp")!);
  assertEquals(relocations.map((relocation) => elf.symbols[relocation.symbol].name), [
    "pairs",
    "concealed",
    "packets",
    "checked",
  ]);
  assertEquals(relocations.map(({ offset, type }) => [offset, type]), [[0x28, 1], [0x58, 10], [0x80, 1], [
    0xb0,
    10,
  ]]);
});

Deno.test("a big-endian object has the same sections, symbols and relocations", () => {
  const little = readElf(load("xdp_subprogs.bpf.o")), big = readElf(load("xdp_subprogs.eb.bpf.o"));
  assert(!big.littleEndian);
  assertEquals(big.symbols, little.symbols);
  const shape = (elf: typeof big) =>
    elf.sections.map(({ name, type, flags, size, info }) => [name, type, flags, size, info]);
  assertEquals(shape(big), shape(little));
  const section = big.sections.find(({ name }) => name === ".relxdp")!;
  assertEquals(big.relocations(section), little.relocations(little.sections[section.index]));
});

Deno.test("what is no 64-bit ELF object is refused with the reason", () => {
  const good = load("legacy_maps.bpf.o");
  const refuse = (change: (bytes: Uint8Array) => void, message: string) => {
    const bytes = good.slice();
    change(bytes);
    assertStringIncludes(assertThrows(() => readElf(bytes), MalformedError).message, message);
  };
  assertThrows(() => readElf(new Uint8Array(3)), MalformedError, "not an ELF object");
  assertThrows(() => readElf(good.subarray(0, 40)), MalformedError, "needed");
  refuse((bytes) => bytes[4] = 1, "not 64-bit");
  refuse((bytes) => bytes[5] = 3, "byte order");
  refuse((bytes) => bytes[0x3a] = 40, "Section headers of 40 bytes");
  refuse((bytes) => new DataView(bytes.buffer).setUint16(0x3c, 9999, true), "needed");
  refuse((bytes) => new DataView(bytes.buffer).setUint16(0x3e, 200, true), "does not exist");
  refuse((bytes) => new DataView(bytes.buffer).setUint32(0x2c, 0x7fffffff, true), "beyond any file size");
});

Deno.test("a section that ends behind the file is refused", () => {
  const bytes = load("legacy_maps.bpf.o");
  const view = new DataView(bytes.buffer);
  const table = Number(view.getBigUint64(0x28, true));
  view.setBigUint64(table + 2 * 64 + 0x20, 1n << 40n, true);
  assertThrows(() => readElf(bytes), MalformedError, "behind the end of the file");
});

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Btf } from "../../../ir/btf/btf.ts";
import { BtfBuilder } from "../../../ir/btf/write.ts";
import { MalformedError } from "../../../ir/diagnostic.ts";
import type { Insn } from "../../../ir/insn.ts";
import type { Program } from "../../../ir/program.ts";
import type { KernelModule } from "../../../ir/unit.ts";
import { parseObject } from "../parse.ts";
import { typesAreCompatible, typesMatch } from "./compatible.ts";

const object = Deno.readFileSync(new URL("../../../tests/objects/core.bpf.o", import.meta.url));

/** A kernel in which `struct shape` has moved everything, and lost a member. */
function target(options: { twice?: boolean } = {}): Btf {
  const b = new BtfBuilder();
  const plain = (name: string, type: number, bits: number, bitSize = 0) => ({
    name,
    type,
    bitOffset: bits,
    bitSize,
  });
  const int = b.int("int", 4, { signed: true });
  const u64 = b.int("u64", 8);
  const s64 = b.int("s64", 8, { signed: true });
  const point = b.struct("point", 12, [plain("z", int, 0), plain("x", int, 32), plain("y", int, 64)]);
  const points = b.array(point, 5, { index: int });
  const pointer = b.ptr(0);
  const anonymous = b.struct("", 12, [plain("corner", point, 0)]);
  const members = [
    plain("before", u64, 0),
    plain("", anonymous, 64),
    plain("points", points, 160),
    plain("next", pointer, 640),
    plain("narrow", u64, 704),
    plain("delta", s64, 768),
    plain("id", int, 832),
    plain("high", int, 864 + 9, 12),
    plain("low", int, 864 + 2, 7),
  ];
  b.struct("shape", 112, members);
  if (options.twice) b.struct("shape___other", 112, [plain("corner", point, 0)]);
  b.add({
    kind: "enum",
    name: "color",
    size: 4,
    signed: false,
    values: [{ name: "RED", value: 9 }, { name: "BLUE___v", value: 77 }],
  });
  b.add({
    kind: "enum64",
    name: "wide",
    size: 8,
    signed: false,
    values: [{ name: "FAR", value: (1n << 50n) + 3n }],
  });
  return b.build();
}

function program(name: string, targetBtf?: Btf): Program {
  const unit = parseObject(object, { name: "core.bpf.o", ...(targetBtf === undefined ? {} : { targetBtf }) });
  return unit.programs.find((candidate) => candidate.attrs.name === name)!;
}

/** The constants that `relocate` stores, in order. */
function constants(found: Program): (number | bigint)[] {
  const values: (number | bigint)[] = [];
  for (const insn of found.code.insns) {
    if (insn.kind === "alu" && insn.op === "mov" && insn.dst === 3 && insn.src.kind === "imm") {
      values.push(insn.src.imm);
    }
    if (insn.kind === "imm64" && insn.dst === 3 && insn.value.kind === "const") values.push(insn.value.value);
  }
  return values;
}

Deno.test("every kind of relocation takes the target's number", () => {
  const btf = target();
  const shape = BigInt(btf.find("shape", "struct"));
  const local = program("relocate", btf).unit.btf!.find("shape___local", "struct");
  const found = program("relocate", btf);
  assertEquals(constants(found), [
    16, // corner.y
    60, // size of points
    0, // lost does not exist
    1, // narrow does
    1, // high is signed
    64 - 9, // left shift that brings low, bits 2 to 8 of a word, to the top
    64 - 7, // and back
    BigInt(local),
    shape,
    1, // shape exists
    112, // its size
    0, // missing does not exist
    1, // point matches: all members are there
    77n, // BLUE
    0n, // LOST does not exist
    (1n << 50n) + 3n,
  ]);
  const load = found.code.insns.find((insn): insn is Insn & { kind: "load" } => insn.kind === "load");
  assertEquals(load?.offset, 20 + 2 * 12 + 8);
});

Deno.test("types that the kernel has not are looked for in its modules, and no others", () => {
  const small = new BtfBuilder();
  small.int("int", 4, { signed: true });
  // A module's ids continue the kernel's: those below belong to the kernel.
  const modules = [{ name: "m", btf: target() }], kernel = small.build();
  const relocated = (targetBtf: Btf, modules: readonly KernelModule[]) => {
    const unit = parseObject(object, { name: "core.bpf.o", targetBtf, modules });
    return constants(unit.programs.find(({ attrs }) => attrs.name === "relocate")!);
  };
  assertEquals(relocated(kernel, modules), constants(program("relocate", target())));
  assertEquals(relocated(target(), [{ name: "m", btf: target({ twice: true }) }]), relocated(target(), []));
  assertEquals(relocated(target(), []).length, relocated(kernel, modules).length);
  const twice = parseObject(object, {
    name: "core.bpf.o",
    targetBtf: kernel,
    modules: [{ name: "m", btf: target({ twice: true }) }],
  });
  assertStringIncludes(twice.unreadable![0].message, "is ambiguous");
});

Deno.test("without a target everything stays as compiled", () => {
  const found = constants(program("relocate"));
  assertEquals(found.slice(0, 4), [8, 24, 1, 1]);
  assertEquals(found.at(-1), 1n << 40n);
});

Deno.test("loads of unsigned integers take the target's width", () => {
  const loads = program("adjust", target()).code.insns.filter((insn) => insn.kind === "load");
  assertEquals(loads.map((load) => load.kind === "load" && [load.offset, load.size]), [[88, 8], [80, 8]]);
});

Deno.test("what the target lacks, or what would be read wrongly, becomes a call of helper 0xbad2310", () => {
  const calls = program("poisoned", target()).code.insns.filter((insn) => insn.kind === "call");
  // A load, a load of a signed field of another width, and both halves of a 16-byte load.
  assertEquals(calls.length, 4);
  for (const call of calls) {
    assert(call.kind === "call" && call.callee.kind === "helper" && call.callee.id === 195896080);
  }
});

Deno.test("candidates that disagree are an error that names them, of the program alone", () => {
  const unit = parseObject(object, { name: "core.bpf.o", targetBtf: target({ twice: true }) });
  const [first] = unit.unreadable!;
  assertEquals(first.name, "relocate");
  assertStringIncludes(first.message, 'byte_off of "shape___local" is ambiguous');
  assertStringIncludes(first.message, "(function ");
  assert(unit.programs.every((found) => found.attrs.name !== "relocate"));
});

Deno.test("compatibility looks at kinds, matching at names and sizes", () => {
  const b = new BtfBuilder();
  const int = b.int("int", 4, { signed: true });
  const long = b.int("long", 8, { signed: true });
  const a = b.struct("s", 8, [{ name: "x", type: int, bitOffset: 0, bitSize: 0 }]);
  const wider = b.struct("s___new", 16, [
    { name: "w", type: long, bitOffset: 0, bitSize: 0 },
    { name: "x", type: int, bitOffset: 64, bitSize: 0 },
  ]);
  const other = b.struct("s", 8, [{ name: "x", type: long, bitOffset: 0, bitSize: 0 }]);
  const union = b.union("s", 8, []);
  const typedef = b.add({ kind: "typedef", name: "t", type: a });
  const fwd = b.add({ kind: "fwd", name: "s", union: false });
  const ptr = b.ptr(a), ptrFwd = b.ptr(fwd), ptrInt = b.ptr(int);
  const one = b.funcProto(int, [{ name: "a", type: ptr }]);
  const two = b.funcProto(long, [{ name: "b", type: ptr }]);
  const three = b.funcProto(int, []);
  const loop = b.nextId;
  b.add({ kind: "ptr", type: loop });
  const btf = b.build();
  const compatible = (x: number, y: number) => typesAreCompatible(btf, x, btf, y);
  const match = (x: number, y: number) => typesMatch(btf, x, btf, y);
  assertEquals([compatible(int, long), compatible(a, other), compatible(a, union), compatible(one, two)], [
    true,
    true,
    false,
    true,
  ]);
  assertEquals([compatible(one, three), compatible(ptr, ptrInt), compatible(typedef, a)], [
    false,
    false,
    false,
  ]);
  assertEquals([match(int, long), match(a, wider), match(wider, a), match(a, other)], [
    false,
    true,
    false,
    false,
  ]);
  assertEquals([match(ptr, ptrFwd), match(ptrFwd, ptr), match(a, fwd), match(typedef, a)], [
    true,
    true,
    false,
    true,
  ]);
  assertThrows(() => compatible(loop, loop), MalformedError, "nested");
});

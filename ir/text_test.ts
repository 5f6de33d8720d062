import { assert, assertEquals, assertThrows } from "@std/assert";
import { buildProgram } from "./build.ts";
import { check } from "./check.ts";
import { decode } from "./decode.ts";
import { MalformedError } from "./diagnostic.ts";
import { encode } from "./encode.ts";
import { defineFact, type Fact } from "./fact.ts";
import { imm, type InsnId, reg, type SubprogId } from "./insn.ts";
import { FORMS } from "./opcodes.ts";
import { parseText } from "./parse_text.ts";
import { printProgram } from "./print_text.ts";
import type { Program } from "./program.ts";
import { randomOf, randomProgram } from "./random_program.ts";

const HELPERS = {
  helperName: (id: number) => id === 181 ? "bpf_loop" : undefined,
  helperId: (name: string) => name === "bpf_loop" ? 181 : undefined,
};

const dead: Fact<boolean> = defineFact("text_test_dead", false, { scope: "insn", follows: "all" });
const note: Fact<unknown> = defineFact<unknown>("text_test_note", null, { scope: "insn", follows: "all" });
const depth: Fact<number> = defineFact("text_test_depth", 0, { scope: "subprog", follows: "none" });
const order: Fact<string> = defineFact("text_test_order", "", { scope: "program", follows: "none" });
const callback: Fact<SubprogId> = defineFact("text_test_callback", -1 as SubprogId, {
  scope: "insn",
  follows: "first",
  text: {
    print: (value, names) => names?.nameOf(value) || String(value),
    parse: (text, names) => names?.subprogNamed(text) ?? Number(text) as SubprogId,
  },
});

/** The program without where it came from: what text has to keep. */
function content(program: Program): unknown {
  return {
    attrs: program.attrs,
    insns: program.code.insns,
    ids: program.code.ids,
    subprogs: program.subprogs,
    maps: program.unit.maps,
    externs: program.unit.externs,
    license: program.unit.license,
    version: program.unit.version,
  };
}

const EXAMPLE = `type socket_filter
map counters type=array key=4 value=8 max=2

func main:
    r1 = 4
    r2 = func callback ll
    r3 = map_value counters+8 ll
    r4 = 0
    call bpf_loop
    if r0 s> 0x3 goto L1
    call callback
  L1:
    exit

func callback:
    w0 = -w0
    exit
`;

Deno.test("a program prints as it was written", () => {
  const [program] = parseText(EXAMPLE, { helpers: HELPERS }).programs;
  assertEquals(printProgram(program, { helpers: HELPERS }), EXAMPLE);
  assertEquals(program.subprogs.map((s) => [s.name, s.linkage, s.entry]), [["main", "global", 0], [
    "callback",
    "static",
    8,
  ]]);
  assertEquals(program.code.insns[1], {
    kind: "imm64",
    dst: 2,
    value: { kind: "func", subprog: 1 as SubprogId },
  });
  assertEquals(program.code.insns[4], { kind: "call", callee: { kind: "helper", id: 181 } });
  assertEquals(program.code.insns[6], { kind: "call", callee: { kind: "subprog", subprog: 1 as SubprogId } });
  assertEquals(program.code.origins[1].position?.line, 6);
});

Deno.test("random programs come back from text as they were, in instructions and in bytes", () => {
  const random = randomOf(7);
  const kinds = new Set<string>();
  for (let round = 0; round < 200; round++) {
    const program = randomProgram(random, 30);
    for (const insn of program.code.insns) kinds.add(insn.kind);
    const text = printProgram(program);
    const [back] = parseText(text).programs;
    assertEquals(content(back), content(program), text);
    assertEquals(encode(back), encode(program));
    assertEquals(printProgram(back), text);
  }
  assertEquals(kinds.size, 13);
});

Deno.test("random bytes that make a program come back from its text", () => {
  const random = randomOf(8);
  const known = FORMS.flatMap((form, code) => form === undefined ? [] : [code]);
  const unit = { name: "t", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
  const attrs = { name: "main", section: "", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 };
  for (let round = 0; round < 1500; round++) {
    const bytes = new Uint8Array(8 * (1 + random(12)));
    for (let at = 0; at < bytes.length; at += 8) {
      bytes[at] = random(6) ? known[random(known.length)] : random(256);
      bytes[at + 1] = random(11) | (random(2) ? 0 : random(11) << 4);
      if (random(2)) bytes[at + 2] = random(8);
      if (random(2)) { for (let i = 4; i < 8; i++) bytes[at + i] = random(256); }
      if (at > 0 && random(8) === 0) {
        bytes[at - 8] = 0x18;
        bytes.fill(0, at - 6, at - 4);
        bytes.fill(0, at, at + 4);
      }
    }
    const program = buildProgram({ unit, attrs, insns: decode(bytes).insns, subprogs: [] });
    const [back] = parseText(printProgram(program)).programs;
    assertEquals(encode(back), bytes, printProgram(program));
    assertEquals(back.code.insns, program.code.insns);
    assertEquals(check(program, { flow: false }), []);
  }
});

Deno.test("header, maps, externs and subprograms come back with everything they say", () => {
  const text = `type cgroup_skb
program filter
section "cgroup_skb/egress"
attach 1
target tcp_v4_connect
target_btf_id 77
flags 8
device veth0
optional
license "Dual BSD/GPL"
version 5
map outer type=array_of_maps key=4 value=4 max=3 initial=[0:map#1,2,3:"a\\u003bb"] inner=(inner type=hash key=4 value=8 max=9)
map .rodata type=array key=4 value=3 max=1 flags=0x480 key_type=1 value_type=2 extra=5 pinning=1 numa=2 section=.rodata data=00ff10 frozen
map ops type=struct_ops key=4 value=8 max=1 struct_ops=tcp_congestion_ops
extern kfunc bpf_rdonly_cast weak type=5 target=9
extern ksym runqueues

func main static btf=3:
  L1:
    call bpf_loop#181
    call helper
    exit

func bpf_loop:
    exit

func helper global hidden instance_of=L1:
    exit
`;
  const unit = parseText(text, { helpers: HELPERS });
  assertEquals(printProgram(unit.programs[0], { helpers: HELPERS }), text);
  assertEquals(unit.license, "Dual BSD/GPL");
  assertEquals(unit.maps[0].inner?.valueSize, 8);
  assertEquals(unit.maps[0].initial, [{ index: 0, map: 1 }, { index: 2 }, { index: 3, program: "a;b" }]);
  assertEquals(unit.maps[1].data, Uint8Array.of(0, 255, 16));
  assertEquals(unit.programs[0].subprogs[2].instanceOf, 0 as InsnId);
  assertEquals(unit.programs[0].attrs.section, "cgroup_skb/egress");
});

Deno.test("facts print in the margin where they differ from the initial value, and are read back", () => {
  const text = `type xdp
facts {text_test_order: "a, b; c"}

func main: ; {text_test_depth: 16}
    r0 = 0 ; {text_test_dead: true, text_test_note: {"a":[1,"}, x: 1"],"b":null}}
    call main ; {text_test_callback: sub}
    exit ; {text_test_dead: false} and a remark

func sub:
    exit ; error[verify/some-code]: text
`;
  const [program] = parseText(text).programs;
  assertEquals(program.get(order), "a, b; c");
  assertEquals(program.get(depth, 0), 16);
  assertEquals(program.get(dead, 0), true);
  assertEquals(program.get(note, 0), { a: [1, "}, x: 1"], b: null });
  assertEquals(program.get(callback, 1), 1 as SubprogId);
  const printed = printProgram(program, { facts: true });
  assert(
    printed.includes('; {text_test_dead: true, text_test_note: {"a":[1,"}, x: 1"],"b":null}}\n'),
    printed,
  );
  assert(printed.includes("; {text_test_callback: sub}\n"), printed);
  assert(/func main: +; \{text_test_depth: 16\}\n/.test(printed), printed);
  assert(!printed.includes("false"), printed);
  const [back] = parseText(printed).programs;
  for (const id of [0, 1, 2, 3]) {
    assertEquals(back.get(dead, id), program.get(dead, id));
    assertEquals(back.get(note, id), program.get(note, id));
    assertEquals(back.get(callback, id), program.get(callback, id));
  }
  assertEquals(back.get(order), program.get(order));
  assertEquals(back.get(depth, 0), 16);
  assert(!printProgram(program).includes("{"));
});

function first(line: string) {
  const insns = parseText(`func main:\n${line}\nL:\nexit\n`).programs[0].code.insns;
  return insns[0];
}

Deno.test("what clang and people write is understood too", () => {
  const load = { kind: "load", size: 4, signed: false, dst: 1, base: 2, offset: 0 } as const;
  assertEquals(first("w1 = *(u32 *)(r2 + 0x0)"), load);
  assertEquals(first("  r1=*(u32 *)(r2)"), load);
  assertEquals(first("r1 = *(u32 *)(r2 - 8)"), { ...load, offset: -8 });
  assertEquals(first("r1 = *(u32 *)(r2 -0x8)"), { ...load, offset: -8 });
  assertEquals(first("r1 = *(u32 *)(r2 8)"), { ...load, offset: 8 });
  assertEquals(first("*(u16 *)(r10 -2) = w3"), { kind: "store", size: 2, base: 10, offset: -2, src: reg(3) });
  assertEquals(first("w1 = 0xffffffff"), { kind: "alu", op: "mov", width: 32, dst: 1, src: imm(-1) });
  const branch = {
    kind: "branch",
    op: "eq",
    width: 64,
    left: 1,
    right: imm(-1),
    target: 1 as InsnId,
  } as const;
  assertEquals(first("if r1 == -1 goto L"), branch);
  assertEquals(first("if r1 == 0xffffffff goto +0"), branch);
  assertEquals(first("r1 = -1 ll"), {
    kind: "imm64",
    dst: 1,
    value: { kind: "const", value: 0xffffffffffffffffn },
  });
  assertEquals(first("r0 = atomic64_fetch_add((u64 *)(r1 +0), r0)"), {
    kind: "atomic",
    op: "add",
    fetch: true,
    size: 8,
    base: 1,
    offset: 0,
    src: 0,
  });
});

Deno.test("goto with a distance counts slots", () => {
  const [program] = parseText("func main:\ngoto +3\nr1 = 1 ll\nr0 = 0\nexit\n").programs;
  assertEquals(program.code.insns[0], { kind: "jump", target: 3 as InsnId, far: false });
});

Deno.test("what cannot be read is refused with the line and the reason", () => {
  const cases: [text: string, message: string, where: string][] = [
    ["func main:\n  r0 = r11\n  exit\n", "Cannot read instruction", "text:2"],
    ["func main:\n  r0 = w1\n", "mixed", "text:2"],
    ["func main:\n  r0 = 0x80000000\n", "32 bits", "text:2"],
    ["func main:\n  *(u64 *)(r10 -8) = w1\n", "8 bytes", "text:2"],
    ["func main:\n  r1 = *(s64 *)(r2 +0)\n", "no such load", "text:2"],
    ["func main:\n  r1 = *(u64 *)(r2 +32768)\n", "16 bits", "text:2"],
    ["func main:\n  lock *(u16 *)(r1 +0) += r2\n", "width", "text:2"],
    ["func main:\n  r2 = atomic_xchg((u64 *)(r1 +0), r2)\n", "width", "text:2"],
    ["func main:\n  r3 = atomic64_xchg((u64 *)(r1 +0), r2)\n", "comes back", "text:2"],
    ["func main:\n  goto away\n", '"away"', "text:2"],
    ["func main:\n  goto +7\n", '"+7"', "text:2"],
    ["func main:\n  call nobody\n", '"nobody"', "text:2"],
    ["func main:\n  r1 = map nothing ll\n", '"nothing"', "text:2"],
    ["func main:\n  exit ; {text_test_nothing: 1}\n", '"text_test_nothing"', "text:2"],
    ["func main:\n  exit ; {text_test_depth: 1}\n", "belongs to a subprog", "text:2"],
    ["func main:\n  exit ; {text_test_dead: tru}\n", '"tru"', "text:2"],
    ["func main:\n  exit ; {text_test_dead: true\n", "do not end", "text:2"],
    ["func main:\na:\na:\n  exit\n", "twice", "text:3"],
    ["func main:\n  exit\nfunc main:\n  exit\n", "already", "text:3"],
    ["func main:\nfunc other:\n  exit\n", "no instructions", "text:2"],
    ["func main:\n", "no func with instructions", "text"],
    ["pass dce\nfunc main:\n exit\n", '"pass"', "text:1"],
    ["map m type=strange\nfunc main:\n exit\n", '"strange"', "text:1"],
    ["map m data=0\nfunc main:\n exit\n", "hexadecimal", "text:1"],
    ['section "a\nfunc main:\n exit\n', "quoted name", "text:1"],
    ["map m section\nfunc main:\n exit\n", '"section"', "text:1"],
    ["flags many\nfunc main:\n exit\n", '"many"', "text:1"],
    ["func main:\n r1 = map #4294967296 ll\n exit\n", "32 bits", "text:2"],
    ["func main:\n call kfunc f#1@32768\n exit\n", "16 bits", "text:2"],
    ["map m colour=red\nfunc main:\n exit\n", '"colour"', "text:1"],
  ];
  for (const [text, message, where] of cases) {
    const error = assertThrows(() => parseText(text), MalformedError, message);
    assertEquals(error.where, where, text);
  }
});

Deno.test("damaged text is read as something that prints and reads again, or refused as malformed", () => {
  const random = randomOf(9);
  const characters = ' ;:{}"\\()[]+-*/<>=&|^%#@.,0123456789abcdefxrwlusg\n\u0001\u0002é';
  const header = `type xdp\nprogram "a\\u0020b"\nsection "xdp/x"\nlicense "Dual BSD/GPL"\nflags 0x8\n` +
    "map first type=hash key=4 value=8 max=1 initial=[0:map#0] inner=(i type=array)\nextern kfunc f weak\n";
  let read = 0, refused = 0;
  for (let round = 0; round < 3000; round++) {
    const whole = random(2) === 0;
    let text = (whole ? "" : header) + printProgram(randomProgram(random, 6), { header: whole });
    for (let hits = 1 + random(2); hits > 0; hits--) {
      const at = random(text.length);
      const inserted = random(2)
        ? characters[random(characters.length)]
        : text.slice(random(text.length)).slice(0, 9);
      text = text.slice(0, at) + (random(3) ? inserted : "") + text.slice(at + random(4));
    }
    let program: Program;
    try {
      [program] = parseText(text).programs;
      read++;
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      refused++;
      continue;
    }
    const printed = printProgram(program);
    assertEquals(printProgram(parseText(printed).programs[0]), printed);
    assertEquals(check(program, { flow: false }).filter((finding) => finding.code !== "check/reference"), []);
    encode(program);
  }
  assert(read > 200 && refused > 200, `${read} read, ${refused} refused`);
});

Deno.test("header keys of other formats go to the caller, with their lines", () => {
  const seen: unknown[] = [];
  const unit = parseText("; title\npass  verify,dce\nrun r0 == 4\nfunc main:\n exit\n", {
    key: (key, value, line) => seen.push([key, value, line]),
    firstLine: 10,
    name: "a.bpf",
  });
  assertEquals(seen, [["pass", "verify,dce", 11], ["run", "r0 == 4", 12]]);
  assertEquals(unit.programs[0].code.origins[0].position, {
    file: "a.bpf",
    line: 14,
    column: 2,
    text: "exit",
  });
  assertEquals(unit.programs[0].unit, unit);
});

Deno.test("a label of another func is found if it is the only one of its name", () => {
  const [program] = parseText("func main:\n goto L\nfunc sub:\nL:\n exit\n").programs;
  assertEquals(program.code.insns[0], { kind: "jump", target: 1 as InsnId, far: false });
  assertThrows(
    () => parseText("func main:\n goto L\nfunc a:\nL:\n exit\nfunc b:\nL:\n exit\n"),
    MalformedError,
    '"L"',
  );
});

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { alu } from "../../../ir/interpret.ts";
import { parseText } from "../../../ir/parse_text.ts";
import type { Program } from "../../../ir/program.ts";
import { ABORT, CONTROL } from "../../../abi/machine_code.ts";
import {
  addressOf,
  type Extra,
  hostFeatures,
  NativeCode,
  nativeUnavailable,
  unwindHelper,
} from "../../../tests/conformance/native.ts";
import { Assembler } from "./assembler.ts";
import { type CompileOptions, compileX86 } from "./compile.ts";
import { R11, RAX, RDI, RSP } from "./registers.ts";

const unavailable = nativeUnavailable();
if (unavailable !== undefined) console.log(`skipped: running compiled code: ${unavailable}`);

function native(name: string, fn: () => void): void {
  Deno.test({ name, ignore: unavailable !== undefined, fn });
}

function program(text: string): Program {
  return parseText(text).programs[0];
}

function main(lines: string): Program {
  return program(`func main:\n${lines.trim().split("\n").map((line) => `  ${line.trim()}`).join("\n")}\n`);
}

function hex(text: string, options?: CompileOptions): string {
  return compileX86(main(text), options).bytes.toHex();
}

Deno.test("a leaf takes no stack and saves nothing, and each register saved is one that is written", () => {
  assertEquals(hex("r0 = 42\nexit"), "b82a000000c3");
  // Nobody measured what the address reaches, so all 512 bytes are there.
  assertEquals(
    hex("r2 = r10\nr2 += -8\n*(u64 *)(r10 - 8) = r2\nr0 = *(u64 *)(r10 - 8)\nexit"),
    "4881ec00020000488db424f80100004889b424f8010000488b8424f80100004881c400020000c3",
  );
  // The slot lives in a register: mov rdi, rsi; mov rax, rdi; ret
  assertEquals(hex("*(u64 *)(r10 - 8) = r2\nr0 = *(u64 *)(r10 - 8)\nexit"), "4889f74889f8c3");
  // push rbx; mov rbx, rdi; xor rax, rbx; pop rbx; ret
  assertEquals(hex("r6 = r1\nr0 ^= r6\nexit"), "534889fb4831d85bc3");
});

Deno.test("jumps that leave a subprogram, packet loads, unknown bytes and writes of r10 are not supported", () => {
  const jump = program("func main:\n  goto there\nfunc other:\n  r0 = 1\nthere:\n  exit\n");
  assertThrows(() => compileX86(jump), UnsupportedError, "another subprogram");
  assertThrows(() => hex("r6 = r1\nr0 = *(u8 *)skb[3]\nexit"), UnsupportedError, "ld_abs");
});

Deno.test("positions, entries and relocations say where things are", () => {
  const code = compileX86(program(`
func main:
  r1 = 5
  call helper#7
  call f
  exit
func f:
  r0 = 3
  exit
`));
  assertEquals(code.relocations.map((r) => r.symbol.kind), ["helper", "control"]);
  for (const { offset } of code.relocations) {
    // movabs: REX.W and B8+register before each.
    assertMatch(code.bytes.subarray(offset - 2, offset).toHex(), /^(48|49)b[8-9a-f]$/);
  }
  assertEquals(code.subprogs.map((s) => s.name), ["main", "f"]);
  assertEquals(code.subprogs[1].offset % 16, 0);
  assertEquals(code.entry, code.subprogs[0].offset);
  assertEquals(code.offsets[4], code.subprogs[1].offset);
  assertEquals(code.bytes[code.offsets[4]], 0xb8);
});

native("divisions by constants are exact", () => {
  const divisors = [1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 25, 100, 125, 255, 625, 641, 1000, 65535, 65537, 1000003]
    .concat([6700417, 0x7fffffff, 0x7ffffffe, 0x40000001, -1, -2, -7, -1000, -0x80000000, 0]);
  const dividends = [0n, 1n, 2n, 6n, 7n, 9n, 10n, 99n, 100n, 640n, 641n, 1n << 31n, 1n << 32n, 1n << 63n]
    .concat([0x7fff_ffffn, 0xffff_ffffn, 0xffff_fffen, 0x7fff_ffff_ffff_ffffn, 0xffff_ffff_ffff_ffffn]);
  for (const divisor of divisors) {
    const around = BigInt.asUintN(64, BigInt(divisor));
    const values = [
      ...dividends,
      around,
      around - 1n,
      around + 1n,
      (1n << 64n) - 1n - (1n << 64n) % (around || 1n),
    ];
    for (const [op, sign] of [["div", "/"], ["mod", "%"], ["sdiv", "s/"], ["smod", "s%"]] as const) {
      for (const width of [32, 64] as const) {
        const r = width === 64 ? "r" : "w";
        // All four places matter: rax and rdx are the processor's own.
        for (const n of [0, 3, 6]) {
          const version = main(`r${n} = r1\n${r}${n} ${sign}= ${divisor}\nr0 = r${n}\nexit`);
          for (const features of [{}, hostFeatures()]) {
            using code = new NativeCode(compileX86(version, { features }));
            for (const value of values) {
              const x = BigInt.asUintN(64, value);
              assertEquals(
                code.call(x, 0),
                alu(op, width, x, around),
                `${x} ${op}${width} ${divisor} in r${n}`,
              );
            }
          }
        }
      }
    }
  }
});

native("a program out of fuel ends, from any depth, and says why", () => {
  const version = program(`
func main:
  r6 = 1
  call f
  r6 = 2
loop:
  goto loop
func f:
  r7 = 0
again:
  r7 += 1
  if r7 != 0 goto again
  exit
`);
  using code = new NativeCode(compileX86(version, { fuel: true }));
  code.reset(1000);
  code.call(0, 0);
  assertEquals(code.abort, ABORT.fuel);
  const finite = main("r0 = 0\nloop:\nr0 += 1\nif r0 < 10 goto loop\nexit");
  using enough = new NativeCode(compileX86(finite, { fuel: true }));
  enough.reset(9);
  assertEquals(enough.call(0, 0), 10n);
  assertEquals(enough.abort, 0);
  enough.reset(8);
  enough.call(0, 0);
  assertEquals(enough.abort, ABORT.fuel);
});

native("a call that fails in JavaScript ends the run, and the callers' frames with it", () => {
  const version = program(`
func main:
  r6 = r2
  call f
  *(u64 *)(r6 + 0) = 1
  exit
func f:
  r6 = 7
  call helper#5
  *(u64 *)(r10 - 8) = 1
  exit
`);
  using code = new NativeCode(compileX86(version), { extra: unwindHelper(), resolve: (_, extra) => extra });
  const seen = new Uint8Array(8);
  code.reset(0);
  code.call(0, addressOf(seen));
  assertEquals([code.abort, seen[0]], [ABORT.callback, 0]);
  code.reset(0);
  code.call(1, addressOf(seen));
  assertEquals([code.abort, seen[0]], [0, 1]);
});

/** A helper that returns 77 and says that a tail call happened if its first argument is not 0. */
function tailCallHelper(): Extra {
  const asm = new Assembler();
  asm.movHole(R11, 0);
  asm.store(RDI, 4, R11, CONTROL.tailCalled);
  asm.movImm(RAX, 77, 0);
  asm.ret();
  const { bytes, holes } = asm.finish();
  return { bytes, control: holes.map((hole) => hole.offset) };
}

native("after a tail call that happened the frame is left with its result, after another it goes on", () => {
  const version = program(
    "func main:\n  call f\n  r0 += 1000\n  exit\nfunc f:\n  call helper#12\n  r0 += 1\n  exit\n",
  );
  using code = new NativeCode(compileX86(version), { extra: tailCallHelper(), resolve: (_, extra) => extra });
  code.reset(0);
  assertEquals(code.call(1, 0), 1077n);
  assertEquals(code.call(0, 0), 1078n);
});

native("the stack is aligned at every call, however much is saved", () => {
  // The helper returns where the stack is: 8 past a multiple of 16, since the return address is on it.
  const asm = new Assembler();
  asm.mov(true, RAX, RSP);
  asm.ret();
  const extra = { bytes: asm.finish().bytes, control: [] };
  for (let saved = 0; saved <= 4; saved++) {
    for (const depth of [0, 8, 16, 24, 512]) {
      const writes = [6, 7, 8, 9].slice(0, saved).map((n) => `  r${n} = ${n}\n`).join("");
      const store = depth === 0 ? "" : `  *(u64 *)(r10 - ${depth}) = 0\n`;
      const version = program(
        `func main:\n${writes}  call f\n  exit\nfunc f:\n${writes}${store}  call helper#7\n  exit\n`,
      );
      const options = { mayReachJs: () => false };
      using code = new NativeCode(compileX86(version, options), { extra, resolve: (_, at) => at });
      assertEquals(code.call(0, 0) & 15n, 8n, `${saved} registers, ${depth} bytes`);
    }
  }
});

native("may_goto falls through as often as told, for each activation", () => {
  const version = program(`
func main:
  call f
  r6 = r0
  call f
  r0 += r6
  exit
func f:
  r0 = 0
again:
  may_goto out
  r0 += 1
  goto again
out:
  exit
`);
  using code = new NativeCode(compileX86(version, { mayGotoBudget: 500 }));
  assertEquals(code.call(0, 0), 1000n);
});

native("a branch over a jump becomes the jump only where nothing else leads to it", () => {
  const over = (first: string): Program =>
    main(`r0 = 1\n${first}if r2 == 5 goto past\njumper:\ngoto out\npast:\nr0 = 7\nout:\nexit`);
  for (const first of ["", "if r1 == 1 goto jumper\n"]) {
    using code = new NativeCode(compileX86(over(first)));
    for (const [r1, r2] of [[0, 0], [0, 5], [1, 0], [1, 5]]) {
      assertEquals(code.call(r1, r2), r2 === 5 && (r1 === 0 || first === "") ? 7n : 1n);
    }
  }
});

native(
  "a branch trusts the flags of the instruction before, but not across a join nor of another width",
  () => {
    const join = main(`
    r0 = 1
    r3 = r1
    if r2 == 0 goto join
    r3 |= r2
    join:
    if r3 != 0 goto out
    r0 = 2
    out:
    exit`);
    using joined = new NativeCode(compileX86(join));
    assertEquals([joined.call(5, 0), joined.call(0, 0), joined.call(0, 3)], [1n, 2n, 1n]);
    const width = main("r0 = 1\nr1 |= r2\nif w1 == 0 goto out\nr0 = 2\nout:\nexit");
    using narrow = new NativeCode(compileX86(width));
    assertEquals([narrow.call(2 ** 32, 0), narrow.call(0, 0), narrow.call(1, 0)], [1n, 1n, 2n]);
    const bytes = (text: string): number => compileX86(main(text)).bytes.length;
    const saved = bytes("r0 = 1\nr1 |= r2\nif r1 == 0 goto out\nr0 = 2\nout:\nexit");
    assertEquals(
      bytes("r1 |= r2\nr0 = 1\nif r1 == 0 goto out\nr0 = 2\nout:\nexit") - saved,
      3,
      "a test of three bytes",
    );
  },
);

native("a slot does not live in a register that a division goes through", () => {
  for (const divide of ["r1 /= r2", "r1 /= 7", "r1 s%= r2"]) {
    const version = main(`*(u64 *)(r10 - 8) = r1\n${divide}\nr0 = *(u64 *)(r10 - 8)\nexit`);
    for (const features of [{}, hostFeatures()]) {
      using code = new NativeCode(compileX86(version, { features }));
      assertEquals(code.call(1234, 10), 1234n, divide);
    }
  }
});

native("a small leaf stands where it is called: every exit, every call, its loops' fuel", () => {
  const version = program(`
func main:
  r6 = r2
  call pick
  r6 += r0
  r1 = r6
  call pick
  exit
func pick:
  if r1 == 0 goto zero
  r0 = r1
  r0 *= 3
  exit
zero:
  r0 = 100
  exit
`);
  const compiled = compileX86(version);
  const { entry, subprogs, bytes } = compiled;
  // No call instruction is left in main.
  assertEquals(bytes.subarray(entry, subprogs[1].offset).includes(0xe8), false);
  using code = new NativeCode(compiled);
  assertEquals([code.call(0, 0), code.call(1, 0), code.call(1, -3n & 0xffff_ffff_ffff_ffffn)], [
    300n,
    9n,
    100n,
  ]);

  const loop = program(`
func main:
  call spin
  r0 += 1
  exit
func spin:
  r0 = 0
again:
  r0 += 1
  if r0 != r1 goto again
  exit
`);
  using spinning = new NativeCode(compileX86(loop, { fuel: true }));
  spinning.reset(10);
  assertEquals([spinning.call(5, 0), spinning.abort], [6n, 0]);
  spinning.call(0, 0);
  assertEquals(spinning.abort, ABORT.fuel);
});

Deno.test("what has a stack, calls, or writes r6 to r9 is called", () => {
  for (const body of ["r6 = 1", "*(u64 *)(r10 - 8) = r1", "call helper#7"]) {
    const { bytes, entry, subprogs } = compileX86(
      program(`func main:\n  call f\n  exit\nfunc f:\n  ${body}\n  r0 = 0\n  exit\n`),
    );
    assertEquals(bytes.subarray(entry, subprogs[1].offset).includes(0xe8), true, body);
  }
});

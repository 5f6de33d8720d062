import { assertEquals, assertThrows } from "@std/assert";
import { encode } from "../ir/encode.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { loadRaw, programTypeNumber } from "../kernel/prog_load.ts";
import { progInfo } from "../kernel/xlated.ts";
import { programOf } from "../passes/verify/testing/programs.ts";
import { type EncodedInsn, encodedInsns } from "./insn_pattern.ts";
import { listing } from "./kernel_form.ts";
import { rewritten } from "./rewritten.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: the kernel's form of programs: ${unavailable}`);

const DIVISIONS = ["/", "%", "s/", "s%"].flatMap((op) =>
  ["r", "w"].flatMap((r) => [
    { name: `${r}2 ${op}= ${r}3`, text: `  ${r}2 ${op}= ${r}3` },
    { name: `${r}2 ${op}= -1`, text: `  ${r}2 ${op}= -1` },
    { name: `${r}2 ${op}= 7`, text: `  ${r}2 ${op}= 7` },
  ])
);

const OTHERS: readonly { readonly name: string; readonly text: string; readonly type?: string }[] = [
  {
    name: "jumps over sequences",
    text: `
  if r2 > 3 goto behind
again:
  r2 /= r3
behind:
  w3 s%= w2
  if r3 > r2 goto end
  r2 %= r3
end:`,
  },
  { name: "the number of the processor", text: "  call helper#8\n  r2 = r0" },
  { name: "other helpers", text: "  call helper#5\n  r2 = r0" },
  {
    name: "calls of subprograms",
    text:
      "  call twice\n  r2 = r0\n  r2 /= r2\n  r0 = r2\n  exit\nfunc twice:\n  r2 = r1\n  r2 /= 2\n  r2 %= r2",
  },
];

function program(text: string): Program {
  return programOf(
    `func main:
  r1 = 100
  r2 = 12
  r3 = 5
${text}
  r0 = r2
  exit
`,
    {},
  );
}

/** What depends on where the kernel lies in memory, or on its JIT, left out. */
function comparable(insns: readonly EncodedInsn[]): EncodedInsn[] {
  return insns.map((insn, i) => {
    if (insn.code === 0x85 && insn.src === 1) {
      return { ...insn, off: 0, imm: insn.off === 0 ? insn.imm : insn.off };
    }
    if (insn.code === 0x85 && insn.src === 0) return { ...insn, imm: 0 };
    return insns[i + 1]?.code === 0xbf && insns[i + 1].off === -1 ? { ...insn, imm: 0 } : insn;
  });
}

for (const { name, text } of [...DIVISIONS, ...OTHERS]) {
  Deno.test({
    name: `the running kernel's form: ${name}`,
    ignore: unavailable !== undefined,
    fn() {
      const input = program(text);
      using verdict = loadRaw({
        type: programTypeNumber("socket_filter")!,
        insns: new Uint8Array(encode(input)),
        license: "GPL",
        logLevel: 1,
      });
      assertEquals(verdict.accepted, true, verdict.log);
      const ours = rewritten(input);
      assertEquals(comparable(ours), comparable(encodedInsns(progInfo(verdict.fd).xlated)), listing(ours));
    },
  });
}

Deno.test("a listing counts slots and leaves opcodes and helpers' numbers out", () => {
  const text = listing(rewritten(program("  r2 = 81985529216486895 ll\n  call helper#5\n  r2 = r0")));
  assertEquals(
    text,
    "0: r1 = 100\n1: r2 = 12\n2: r3 = 5\n3: r2 = 0x123456789abcdef\n5: call unknown\n6: r2 = r0\n7: r0 = r2\n8: exit\n",
  );
});

Deno.test("what the kernel rewrites otherwise is unsupported", () => {
  const input = programOf("func main:\n  r0 = *(u32 *)(r1 + 0)\n  exit\n", {});
  assertThrows(() => rewritten(input), UnsupportedError, "accesses to the context");
});

import { assertEquals } from "@std/assert";
import { encode } from "../ir/encode.ts";
import { parseText } from "../ir/parse_text.ts";
import { bpfLoopInline, dce } from "../passes/mod.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { HELPERS, TARGET } from "../tests/golden.ts";
import {
  ANY,
  type EncodedInsn,
  encodedInsns,
  type InsnPattern,
  occurs,
  patternFailure,
  SKIP,
} from "./insn_pattern.ts";

const CALL = 0x85, STX_DW = 0x7b, ST_W = 0x62, ST_DW = 0x7a, EXIT = 0x95;
/** A call of a subprogram, and of a helper, wherever. */
const PSEUDO_CALL: EncodedInsn = { code: CALL, dst: 0, src: 1, off: ANY, imm: ANY };
const HELPER_CALL: EncodedInsn = { code: CALL, dst: 0, src: 0, off: ANY, imm: ANY };

function insn(code: number, fields: Partial<EncodedInsn> = {}): EncodedInsn {
  return { code, dst: 0, src: 0, off: 0, imm: 0, ...fields };
}
/** `*(u64 *)(r10 off) = src`. */
function save(src: number, off: number): EncodedInsn {
  return insn(STX_DW, { dst: 10, src, off });
}

Deno.test("a pattern is found without a gap, anywhere", () => {
  const insns = [1, 2, 3].map((imm) => insn(0xb7, { imm }));
  assertEquals(occurs([insns[1], insns[2]], insns), true);
  assertEquals(occurs([insns[0], insns[2]], insns), false);
  assertEquals(occurs([], insns), true);
});

Deno.test("an offset or an immediate of all ones is any, other fields are exact", () => {
  const insns = [insn(0x7b, { dst: 10, src: 6, off: -40, imm: 0 })];
  assertEquals(occurs([insn(0x7b, { dst: 10, src: 6, off: ANY })], insns), true);
  assertEquals(occurs([insn(0x7b, { dst: 10, src: 6, off: -40, imm: ANY })], insns), true);
  assertEquals(occurs([insn(0x7b, { dst: 10, src: 7, off: ANY })], insns), false);
  assertEquals(occurs([insn(0x7b, { dst: 10, src: 6, off: -32 })], insns), false);
});

Deno.test("SKIP splits a pattern into parts found in order, each search behind the last match", () => {
  const [a, b, c] = [1, 2, 3].map((imm) => insn(0xb7, { imm }));
  assertEquals(occurs([a, SKIP, c], [a, b, c]), true);
  assertEquals(occurs([SKIP, b, SKIP, SKIP, c, SKIP], [a, b, c]), true);
  assertEquals(occurs([c, SKIP, a], [a, b, c]), false);
  assertEquals(occurs([a, SKIP, a], [a, b]), false);
  assertEquals(occurs([a, SKIP, a], [a, b, a]), true);
});

Deno.test("what is unexpected fails where it is found, what is expected where it is not", () => {
  const insns = [insn(CALL, { src: 1, imm: 5 })];
  assertEquals(patternFailure(insns, { expected: [PSEUDO_CALL], unexpected: [HELPER_CALL] }), undefined);
  assertEquals(patternFailure(insns, { unexpected: [PSEUDO_CALL] }), "unexpected instructions found");
  assertEquals(patternFailure(insns, { expected: [HELPER_CALL] }), "expected instructions not found");
  assertEquals(patternFailure(insns, { unexpected: [] }), undefined);
});

/** A program after bpf-loop-inline and dce, encoded. */
function inlined(text: string): EncodedInsn[] {
  const [program] = parseText(`type tracepoint\n${text}`, { helpers: HELPERS }).programs;
  const passes = [bpfLoopInline(), dce()];
  return encodedInsns(encode(new Pipeline({ passes }).run(program, { target: TARGET }).program));
}

const LOOP = `
  r1 = 1
  r2 = func callback ll
  r3 = 0
  r4 = 0
  call bpf_loop  ; {loop_callback: callback}
`;
const CALLBACK = `
func callback:  ; {stack_depth: 0}
  r0 = 0
  exit
`;

Deno.test("bpf_loop_inline stack locations for loop vars: the kernel's own pattern", () => {
  const insns = inlined(`
func main:  ; {stack_depth: 12}
  *(u32 *)(r10 -12) = 0x77
  ${LOOP}
  ${LOOP}
  call other
  exit
func other:  ; {stack_depth: 32}
  *(u64 *)(r10 -32) = 0
  ${LOOP}
  exit
${CALLBACK}`);
  const first = [save(6, -40), save(7, -32), save(8, -24)];
  const expected: InsnPattern = [
    insn(ST_W, { dst: 10, off: -12, imm: 0x77 }),
    SKIP,
    ...first,
    SKIP,
    ...first,
    SKIP,
    insn(ST_DW, { dst: 10, off: -32, imm: 0 }),
    SKIP,
    save(6, -56),
    save(7, -48),
    save(8, -40),
    SKIP,
  ];
  assertEquals(patternFailure(insns, { expected, unexpected: [HELPER_CALL] }), undefined);
});

Deno.test("inline bpf_loop call in a big program: the 19 instructions and where the callback lies", () => {
  // As long as the page size less 25, the length at which the kernel's patching once used freed memory.
  const padding = "  r9 = 1\n".repeat(4096 - 25);
  const insns = inlined(`func main:  ; {stack_depth: 0}\n${padding}${LOOP}\n  exit\n${CALLBACK}`);
  const start = 4096 - 25 + 5;
  // 19 instructions, exit, callback: the call is the 13th of the sequence and the callback 8 behind it.
  const expected: InsnPattern = [
    insn(0xb5, { dst: 1, off: 2, imm: 8388608 }),
    insn(0xb4, { imm: -7 }),
    insn(0x05, { off: 16 }),
    save(6, -24),
    save(7, -16),
    save(8, -8),
    insn(0xbf, { dst: 6, src: 1 }),
    insn(0xb4, { dst: 7 }),
    insn(0xbf, { dst: 8, src: 3 }),
    insn(0x3d, { dst: 7, src: 6, off: 5 }),
    insn(0xbf, { dst: 1, src: 7 }),
    insn(0xbf, { dst: 2, src: 8 }),
    insn(CALL, { src: 1, imm: 7 }),
    insn(0x07, { dst: 7, imm: 1 }),
    insn(0x15, { off: -6 }),
    insn(0xbf, { src: 7 }),
    insn(0x79, { dst: 6, src: 10, off: -24 }),
    insn(0x79, { dst: 7, src: 10, off: -16 }),
    insn(0x79, { dst: 8, src: 10, off: -8 }),
    insn(EXIT),
    insn(0xb7),
    insn(EXIT),
  ];
  // The call's immediate is a distance and its offset 0; nothing else in the sequence is a wildcard.
  assertEquals(insns.slice(start), expected);
});

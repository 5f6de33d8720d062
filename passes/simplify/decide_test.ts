/**
 * Every pair of comparisons, the second made where the first is known: the outcome is the same as without the pass, on numbers around both
 * limits.
 */
import { assertEquals } from "@std/assert";
import { interpret, Memory } from "../../ir/interpret.ts";
import { parseText } from "../../ir/parse_text.ts";
import { TARGET } from "../../tests/golden.ts";
import { Pipeline } from "../pipeline.ts";
import { simplify } from "./simplify.ts";

const OPS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const NUMBERS = [
  0n,
  1n,
  4n,
  5n,
  6n,
  7n,
  8n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0005n,
  -1n,
  -5n,
];

function text(first: string, second: string): string {
  return `type socket_filter
func main:
    r0 = 0
    if ${first} goto yes
    if ${second} goto a
    r0 += 1
  a:
    exit
  yes:
    r0 = 4
    if ${second} goto b
    r0 += 1
  b:
    exit
`;
}

function agree(pairs: readonly (readonly [string, string])[]): number {
  const pipeline = new Pipeline({ passes: [simplify()] });
  let decided = 0;
  for (const [first, second] of pairs) {
    const plain = parseText(text(first, second)).programs[0];
    const { program } = pipeline.run(plain, { target: TARGET });
    const branches = program.code.insns.filter((insn) => insn.kind === "branch").length;
    if (branches < 3) decided++;
    for (const number of NUMBERS) {
      const options = { r1: number, r2: 5n, memory: new Memory() };
      assertEquals(
        interpret(program, options).r0,
        interpret(plain, options).r0,
        `${first}, ${second}, ${number}`,
      );
    }
  }
  return decided;
}

Deno.test("comparisons with constants answer each other as they should", () => {
  const pairs: [string, string][] = [];
  for (const a of OPS) {
    for (const b of OPS) {
      for (const limit of [0, 5, 6, -1]) {
        pairs.push([`r1 ${a} 5`, `r1 ${b} ${limit}`], [`w1 ${a} 5`, `w1 ${b} ${limit}`], [
          `w1 ${a} 5`,
          `r1 ${b} ${limit}`,
        ]);
      }
    }
  }
  assertEquals(agree(pairs) > pairs.length / 5, true);
});

Deno.test("comparisons of two registers answer each other, exchanged too", () => {
  const pairs = OPS.flatMap((a) =>
    OPS.flatMap((b) =>
      [[`r1 ${a} r2`, `r1 ${b} r2`], [`r1 ${a} r2`, `r2 ${b} r1`], [`w1 ${a} w2`, `w2 ${b} w1`]] as const
    )
  );
  assertEquals(agree(pairs) > pairs.length / 3, true);
});

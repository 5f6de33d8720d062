/**
 * Random arithmetic and branches on numbers, and the running kernel: the same log to the letter, every register's bounds after every
 * instruction included.
 */
import { assertEquals } from "@std/assert";
import { parseText } from "../../ir/parse_text.ts";
import { Program } from "../../ir/program.ts";
import { type Random, randomOf } from "../../ir/random_program.ts";
import { kernelUnavailable, KernelUnit } from "../../kernel/mod.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "./verify.ts";

const PROGRAMS = 150;
const REGS = ["0", "2", "3", "4", "5"];
const OPS = ["+", "-", "*", "|", "&", "^", "/", "%", "<<", ">>", "s>>"];
const COMPARES = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];
const NUMBERS = [
  0,
  1,
  -1,
  2,
  3,
  5,
  8,
  15,
  31,
  32,
  63,
  64,
  255,
  256,
  0x7fff,
  0x8000,
  0xffff,
  -2,
  -128,
  -0x8000,
]
  .concat([0x1000, 0x7fffffff, -0x80000000]);

function programText(random: Random): string {
  const of = <T>(list: readonly T[]): T => list[random(list.length)];
  const number = (): number => random(4) > 0 ? of(NUMBERS) : random(2 ** 32) | 0;
  const lines = ["type xdp", "func main:"];
  for (const reg of REGS) {
    if (random(3) === 0) {
      lines.push(`${of(["r", "w"])}${reg} = ${number()}`);
      continue;
    }
    lines.push(`r${reg} = *(u32 *)(r1 +12)`);
    if (random(2) === 0) lines.push(`r${reg} <<= ${random(40)}`);
    if (random(3) === 0) lines.push(`r${reg} s>>= ${random(40)}`);
    if (random(2) === 0) lines.push(`r${reg} &= ${number()}`);
  }
  for (let left = 8 + random(16); left > 0; left--) {
    const dst = of(REGS), src = of(REGS), wide = random(3) > 0, r = wide ? "r" : "w";
    switch (random(8)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const op = of(OPS), shift = op.endsWith("<") || op.endsWith(">"), divide = op === "/" || op === "%";
        const amount = shift ? random(wide ? 64 : 32) : divide ? number() || 3 : number();
        lines.push(`${r}${dst} ${op}= ${!shift && random(2) === 0 ? `${r}${src}` : amount}`);
        break;
      }
      case 4:
        lines.push(`${r}${dst} = ${of(["", "(s8)", "(s16)"])}${r}${src}`);
        break;
      case 5:
        lines.push(
          random(2) === 0
            ? `${r}${dst} = -${r}${dst}`
            : `r${dst} = ${of(["be", "le", "bswap"])}${of([16, 32, 64])} r${dst}`,
        );
        break;
      default:
        lines.push(
          `if ${r}${dst} ${of(COMPARES)} ${random(2) === 0 ? `${r}${src}` : number()} goto +${random(3)}`,
        );
    }
  }
  lines.push(`r${of(REGS)} = r${of(REGS)}`, `r${of(REGS)} = r${of(REGS)}`, "r0 = 0");
  for (const reg of REGS.slice(1)) lines.push(`r0 += r${reg}`);
  lines.push("exit");
  return lines.join("\n");
}

/** Without the lines of the text, which only our log would show. */
function withoutLines(program: Program): Program {
  return new Program({
    unit: program.unit,
    attrs: program.attrs,
    code: { ...program.code, origins: program.code.origins.map(() => ({})) },
    subprogs: program.subprogs,
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
}

/** Without times and figures of memory. */
function comparable(log: string): string[] {
  return log.split("\n").filter((line) => !/^(processed|verification time|stack depth)/.test(line))
    .map((line) => line.trimEnd());
}

const unavailable = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `its log is that of ${Deno.osRelease()}`);
if (unavailable !== undefined) console.log(`skipped: random numbers and the running kernel: ${unavailable}`);

Deno.test({
  name: "numbers are followed as the running kernel follows them",
  ignore: unavailable !== undefined,
  fn: () => {
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const text = programText(randomOf(seed));
      const program = withoutLines(parseText(text, { name: "random", helpers: LINUX_6_18 }).programs[0]);
      using unit = new KernelUnit(program.unit);
      using theirs = unit.load(program, { logLevel: 2 });
      const ours = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2 });
      const said = comparable(theirs.log), here = comparable(ours.log);
      const at = said.findIndex((line, i) => line !== here[i]);
      assertEquals(here[at], said[at], `seed ${seed}, line ${at + 1} of the log:\n${text}`);
      assertEquals(here.length, said.length, `seed ${seed}`);
      assertEquals(ours.processed, theirs.stats.processed, `seed ${seed}`);
    }
  },
});

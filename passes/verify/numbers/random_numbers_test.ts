/**
 * Random arithmetic and branches on numbers, and the running kernel: the same log to the letter, every register's bounds after every
 * instruction included.
 */
import { type Random, randomOf } from "../../../ir/random_program.ts";
import { assertSameLog, logsIncomparable } from "../testing/same_log.ts";

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

const unavailable = logsIncomparable();
if (unavailable !== undefined) console.log(`skipped: random numbers and the running kernel: ${unavailable}`);

Deno.test({
  name: "numbers are followed as the running kernel follows them",
  ignore: unavailable !== undefined,
  fn: () => {
    for (let seed = 1; seed <= PROGRAMS; seed++) assertSameLog(programText(randomOf(seed)), `seed ${seed}`);
  },
});

/**
 * Random programs in text that run to their end, for tests that compare results.
 *
 * @module
 */
import type { Random } from "../ir/random_program.ts";

const OPS: readonly string[] = ["+=", "-=", "*=", "/=", "|=", "&=", "^=", "%=", "="];
const COMPARISONS = ["==", "!=", ">", ">=", "<", "<=", "s>", "s>=", "s<", "s<=", "&"];

/** What a random program may contain. */
export interface RandomTextOptions {
  /**
   * Only what the verifier takes: no `may_goto` (the kernel rewrites it), no code behind a `goto`, no division by 0;
   * and some registers of which nothing is known.
   */
  readonly plain?: boolean;
  /** Counted loops in plain programs; true if left out. */
  readonly loops?: boolean;
}

/** A program that ends, for all jumps go forward: arithmetic, conditions, calls of `f`. */
export function randomText(random: Random, options: RandomTextOptions = {}): string {
  const plain = options.plain ?? false;
  const loops = plain && (options.loops ?? true);
  const lines = ["type xdp", "func main:  ; {stack_depth: 16}"];
  for (let r = 0; r < 10; r++) {
    // Stack that nobody wrote: any value at all, to a verifier that lets the privileged read it.
    const unknown = plain && random(2) === 0;
    lines.push(unknown ? `r${r} = *(u${[8, 16, 32, 64][random(4)]} *)(r10 -16)` : `r${r} = ${random(7) - 3}`);
  }
  if (plain) lines.push("r6 = r1", "call f", "r1 = r6", "r2 = r0", "r3 = 1", "r4 = r7", "r5 = r8");
  body(lines, { random, length: 25, calls: true, plain, loops });
  lines.push("r0 += r6", "r0 ^= r7", "exit", "func f:  ; {stack_depth: 0}", "r0 = r1");
  for (let r = 6; r < 10; r++) lines.push(`r${r} = r${1 + random(5)}`);
  body(lines, { random, length: 10, calls: false, plain, loops: false });
  lines.push("exit");
  return lines.join("\n");
}

function body(
  lines: string[],
  options: {
    readonly random: Random;
    readonly length: number;
    readonly calls: boolean;
    readonly plain: boolean;
    readonly loops: boolean;
  },
): void {
  const { random, length, calls, plain, loops } = options;
  const open: string[] = [];
  // After a call r1 to r5 are not to be read, so the rest of the body works on the others.
  let low = 0;
  const register = (): number => low === 0 ? random(10) : [0, 6, 7, 8, 9][random(5)];
  for (let i = 0; i < length; i++) {
    const label = `l${lines.length}`;
    if (loops && random(8) === 0) {
      loop(lines, random, register);
      continue;
    }
    let choice = random(calls ? 10 : 9);
    if (plain && (choice === 3 || choice === 4)) choice = 0;
    switch (choice) {
      case 0:
      case 1:
      case 2: {
        const wide = random(2) === 0 ? "r" : "w";
        const right = random(2) === 0 ? `${wide}${register()}` : `${random(9) - 4}`;
        lines.push(
          `if ${wide}${register()} ${COMPARISONS[random(COMPARISONS.length)]} ${right} goto ${label}`,
        );
        open.push(label);
        break;
      }
      case 3:
        lines.push(`goto ${label}`);
        open.push(label);
        break;
      case 4:
        lines.push(`may_goto ${label}`);
        open.push(label);
        break;
      case 9:
        for (let r = 1; r <= 5; r++) lines.push(`r${r} = ${random(7) - 3}`);
        lines.push("call f");
        low = 6;
        break;
      default: {
        const op = OPS[random(OPS.length)];
        const value = random(9) - 4;
        lines.push(`r${register()} ${op} ${plain && value === 0 ? 5 : value}`);
      }
    }
    while (open.length > 0 && random(3) === 0) lines.push(`${open.pop()}:`);
  }
  while (open.length > 0) lines.push(`${open.pop()}:`);
}

/** A loop that r9 counts; what it does to the other registers may keep the states of its rounds apart or not. */
function loop(lines: string[], random: Random, register: () => number): void {
  const top = `t${lines.length}`, skip = `s${lines.length}`;
  const other = (): number => {
    const r = register();
    return r === 9 ? 8 : r;
  };
  lines.push("r9 = 0", `${top}:`);
  for (let n = 1 + random(3); n > 0; n--) {
    lines.push(`r${other()} ${["+=", "&=", "^=", "="][random(4)]} ${1 + random(4)}`);
  }
  lines.push(`if r${other()} ${COMPARISONS[random(COMPARISONS.length)]} ${random(6)} goto ${skip}`);
  lines.push(`r${other()} += r9`, `${skip}:`, "r9 += 1", `if r9 < ${2 + random(6)} goto ${top}`);
}

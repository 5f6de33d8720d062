/** stack-check and the running kernel agree on random call graphs: verdict, errno and words. */
import { assert, assertEquals } from "@std/assert";
import { encode } from "../ir/encode.ts";
import { RejectedError } from "../ir/diagnostic.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { type Random, randomOf } from "../ir/random_program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { loadRaw, programTypeNumber } from "../kernel/prog_load.ts";
import { checkStackDepth } from "../passes/stack_check.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: stack-check against the kernel: ${unavailable}`);

/** Subprograms f0 (main) to fn, each called by an earlier one, each writing to the lowest byte of its frame. */
function callGraph(random: Random): string {
  const count = 2 + random(6);
  const calls: number[][] = Array.from({ length: count }, () => []);
  for (let s = 1; s < count; s++) calls[random(s)].push(s);
  for (let extra = random(4); extra > 0; extra--) {
    const from = random(count - 1);
    calls[from].push(from + 1 + random(count - from - 1));
  }
  const type = ["socket_filter", "xdp", "kprobe"][random(3)];
  const largest = [120, 300, 512][random(3)];
  const lines = [`type ${type}`];
  for (let s = 0; s < count; s++) {
    const depth = random(6) === 0 ? 0 : 1 + random(largest);
    lines.push(`func f${s}:  ; {stack_depth: ${depth}}`);
    if (depth > 0) lines.push(`*(u8 *)(r10 -${depth}) = 0`);
    for (const callee of calls[s]) lines.push(`call f${callee}`);
    lines.push("r0 = 0", "exit");
  }
  return lines.join("\n");
}

interface Answer {
  readonly errno: number;
  readonly message: string;
}

function ours(program: Program): Answer {
  try {
    checkStackDepth(program, { jit: true });
    return { errno: 0, message: "" };
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    return { errno: error.errno, message: error.message };
  }
}

Deno.test({
  name: "stack-check answers as the running kernel on random call graphs",
  ignore: unavailable !== undefined,
  fn: () => {
    let accepted = 0, refused = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const text = callGraph(randomOf(2 * seed));
      const [program] = parseText(text).programs;
      using verdict = loadRaw({
        type: programTypeNumber(program.attrs.type)!,
        insns: new Uint8Array(encode(program)),
        license: "GPL",
        logLevel: 1,
      });
      assertEquals(
        ours(program),
        { errno: verdict.errno, message: verdict.message },
        `seed ${seed}\n${text}`,
      );
      if (verdict.accepted) accepted++;
      else refused++;
    }
    assert(accepted > 50 && refused > 50, `${accepted} accepted, ${refused} refused: one-sided`);
  },
});

/**
 * Random programs through verify and the passes, and through the running kernel: the same verdict and the same last words, and for what
 * is accepted the same instructions afterwards.
 */
import { assert, assertEquals } from "@std/assert";
import { encode } from "../ir/encode.ts";
import { RejectedError } from "../ir/diagnostic.ts";
import { parseText } from "../ir/parse_text.ts";
import { printProgram } from "../ir/print_text.ts";
import { Program } from "../ir/program.ts";
import { randomOf } from "../ir/random_program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { loadRaw, programTypeNumber } from "../kernel/prog_load.ts";
import { progInfo } from "../kernel/xlated.ts";
import { parsePasses } from "../passes/mod.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { verifyProgram } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { TARGET } from "./golden.ts";
import { type EncodedInsn, encodedInsns } from "../selftest/insn_pattern.ts";
import { randomText } from "./random_text.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: random programs against the kernel: ${unavailable}`);

const PASSES = "verify, fastcall-remove, stack-check, bpf-loop-inline, branch-prune:kernel, dce, nop-remove";

interface Answer {
  /** Empty if accepted. */
  readonly message: string;
  readonly insns: readonly EncodedInsn[];
}

function ours(program: Program): Answer {
  try {
    const { program: next } = new Pipeline({ passes: parsePasses(PASSES) }).run(program, { target: TARGET });
    return { message: "", insns: encodedInsns(encode(next)) };
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    return { message: error.message, insns: [] };
  }
}

function kernels(program: Program): Answer {
  using verdict = loadRaw({
    type: programTypeNumber(program.attrs.type)!,
    insns: new Uint8Array(encode(program)),
    license: "GPL",
    logLevel: 1,
  });
  if (!verdict.accepted) return { message: verdict.message, insns: [] };
  // The JIT has moved the distance of a call into the offset.
  const insns = encodedInsns(progInfo(verdict.fd).xlated).map((insn) =>
    insn.code === 0x85 && insn.src === 1 && insn.off !== 0 ? { ...insn, off: 0, imm: insn.off } : insn
  );
  return { message: "", insns };
}

Deno.test({
  name: "random programs are judged and rewritten as the running kernel does",
  ignore: unavailable !== undefined,
  fn: () => {
    let accepted = 0, rewritten = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const [program] = parseText(randomText(randomOf(2 * seed), { plain: true })).programs;
      const theirs = kernels(program);
      assertEquals(ours(program), theirs, `seed ${seed}\n${printProgram(program)}`);
      if (theirs.message !== "") continue;
      accepted++;
      if (theirs.insns.length < encode(program).length / 8) rewritten++;
    }
    assert(accepted > 50 && rewritten > 30, `${accepted} accepted, ${rewritten} rewritten: too few to tell`);
  },
});

/** Lines without trailing blanks, and without the figures of time. */
function logLines(log: string): string[] {
  return log.split("\n").map((line) => line.trimEnd());
}

Deno.test({
  name: "the log of random programs without loops is the running kernel's, line by line",
  ignore: unavailable !== undefined,
  fn: () => {
    let lines = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const text = randomText(randomOf(2 * seed), { plain: true, loops: false });
      const [program] = parseText(text).programs;
      // Without positions, as the kernel knows none.
      const origins = program.code.origins.map(() => ({}));
      const bare = new Program({
        unit: program.unit,
        attrs: program.attrs,
        code: { ...program.code, origins },
        subprogs: program.subprogs,
        nextInsnId: program.nextInsnId,
        nextSubprogId: program.nextSubprogId,
      });
      using verdict = loadRaw({
        type: programTypeNumber(program.attrs.type)!,
        insns: new Uint8Array(encode(program)),
        license: "GPL",
        logLevel: 2,
      });
      const theirs = logLines(verdict.log);
      // The kernel warns where its own bounds contradict each other, and goes on; verify goes on without a word.
      if (verdict.log.includes("REG INVARIANTS VIOLATION")) continue;
      assertEquals(
        logLines(verifyProgram(bare, { profile: LINUX_6_18, logLevel: 2 }).log),
        theirs,
        `seed ${seed}`,
      );
      lines += theirs.length;
    }
    assert(lines > 10_000, `${lines} lines: too few to tell`);
  },
});

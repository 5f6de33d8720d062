/**
 * Modules change nothing about verdicts: every program is judged in the same words with all bodies as without any.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { openBtf } from "../ir/btf/read.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { NO_KFUNCS } from "../passes/kfuncs.ts";
import { parsePasses } from "../passes/mod.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { verifyProgram } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { GOLDEN_KFUNCS } from "./golden_kfuncs.ts";
import { shared } from "./shared.ts";

/** Verdict and log, or what is not supported. */
function judgement(program: Program, modules: boolean): string {
  try {
    const result = verifyProgram(program, {
      profile: LINUX_6_18,
      logLevel: 2,
      timeLimit: 10_000,
      kfuncs: modules ? GOLDEN_KFUNCS : NO_KFUNCS,
    });
    return `${result.verdict} ${result.errno}\n${result.log}`;
  } catch (error) {
    if (error instanceof UnsupportedError) return `unsupported: ${error.what}`;
    throw error;
  }
}

const corpus = shared("corpus/selftests");
const vmlinux = shared("corpus/vmlinux-6.18.btf");

Deno.test({
  name:
    "programs of the corpus that call functions with bodies get the same verdict and log with and without them",
  ignore: corpus === undefined || vmlinux === undefined,
  fn: () => {
    const targetBtf = openBtf(Deno.readFileSync(vmlinux!));
    let decided = 0, calls = 0;
    for (const { name } of Deno.readDirSync(corpus!)) {
      if (!name.includes("dynptr")) continue;
      const unit = parseObject(Deno.readFileSync(`${corpus}/${name}`), { name, targetBtf });
      for (const program of unit.programs) {
        const called = program.code.insns.filter((insn) =>
          insn.kind === "call" && insn.callee.kind === "kfunc" &&
          GOLDEN_KFUNCS.kfunc(insn.callee.func.name)?.body !== undefined
        );
        if (called.length === 0) continue;
        calls += called.length;
        const without = judgement(program, false);
        assertEquals(judgement(program, true), without, `${name}: ${program.attrs.name}`);
        if (!without.startsWith("unsupported")) decided++;
      }
    }
    assert(decided >= 10 && calls > decided, `${decided} programs decided, ${calls} calls`);
  },
});

Deno.test("more than 256 calls get a body each", () => {
  const calls = 300;
  const body = Array.from({ length: calls }, (_, i) => `r1 = ${i % 3}\ncall kfunc bpf_test_inline_kfunc1`);
  const [program] = parseText(`type socket_filter\n\nfunc main:\n${body.join("\n")}\nexit`).programs;
  const passes = parsePasses(
    "verify, kfunc-instantiate, stack-check, branch-prune, dce, nop-remove, kfunc-inline",
  );
  const result = new Pipeline({ passes }).run(program, {
    target: { profile: LINUX_6_18, jit: true },
    kfuncs: GOLDEN_KFUNCS,
  });
  assertEquals(result.diagnostics.length, calls);
  assertEquals(result.program.subprogs.length, 1);
  const { insns } = result.program.code;
  assert(insns.every((insn) => insn.kind !== "call" && insn.kind !== "branch"));
  // r1, r0 = 42, goto +0; one more for 1 and 2.
  assertEquals(insns.length, calls * 3 + 2 * calls / 3 + 1);
});

Deno.test("a number that differs by path is no constant in the body", () => {
  const [program] = parseText(`
type socket_filter

func main:
    r6 = r1
    call helper#7
    r1 = 1
    if r0 == 0 goto call
    r1 = 2
  call:
    call kfunc bpf_test_inline_kfunc1
    r0 = 0
    exit
`).programs;
  const run = (text: string) =>
    new Pipeline({ passes: parsePasses(text) }).run(program, {
      target: { profile: LINUX_6_18, jit: true },
      kfuncs: GOLDEN_KFUNCS,
    }).program;
  const branches = (result: Program) => result.code.insns.filter((insn) => insn.kind === "branch").length;
  const list = "verify, kfunc-instantiate, branch-prune, dce, nop-remove, kfunc-inline";
  assertEquals(branches(run(list)), 3);
  // Made precise, both numbers reach the body, and both are explored.
  assertEquals(branches(run(list.replace("verify", "verify:rfc"))), 3);
});

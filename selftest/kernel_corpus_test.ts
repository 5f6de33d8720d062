/**
 * Programs of the kernel's own test suite, rewritten here and by the running kernel: the listings are the same.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { openBtf } from "../ir/btf/read.ts";
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import { KernelError, kernelUnavailable, KernelUnit, progInfo, vmlinuxBtf } from "../kernel/mod.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { shared } from "../tests/shared.ts";
import { encodedInsns } from "./insn_pattern.ts";
import { listing } from "./kernel_form.ts";
import { rewritten } from "./rewritten.ts";

const folder = shared("corpus/selftests"), verdicts = shared("corpus/verdicts.jsonl");
const unavailable = kernelUnavailable() ??
  (folder === undefined || verdicts === undefined ? "the corpus is not there" : undefined);
if (unavailable !== undefined) console.log(`skipped: rewritten test suite programs: ${unavailable}`);

/** No program is compared that takes the verifier more instructions than this. */
const LONGEST = 1000;

/** Without numbers of a running kernel: addresses, and what it calls functions by. */
function comparable(text: string): string {
  return text.replace(/^(\d+: r\d+) = 0x[0-9a-f]+$/gm, "$1 = address").replace(
    /^(\d+: call )[^p].*$/gm,
    "$1function",
  )
    .replace(/^(\d+: r0) = -?\d+(?=\n\d+: r0 = &)/gm, "$1 = address");
}

/** As the kernel lists it; undefined if it does not take the program. The JIT moves the distance of a call into its offset. */
function kernelListing(program: Program): string | undefined {
  using unit = new KernelUnit(program.unit);
  using verdict = unit.load(program);
  if (!verdict.accepted) return undefined;
  return listing(
    encodedInsns(progInfo(verdict.fd).xlated).map((insn) =>
      insn.code === 0x85 && insn.src === 1 && insn.off !== 0 ? { ...insn, imm: insn.off, off: 0 } : insn
    ),
  );
}

Deno.test({
  name: "the test suite's programs are rewritten as in the running kernel",
  ignore: unavailable !== undefined,
  fn() {
    const targetBtf = openBtf(vmlinuxBtf()!);
    const accepted = new Map<string, Set<string>>();
    for (const line of Deno.readTextFileSync(verdicts!).trim().split("\n")) {
      const { obj, prog, verdict, processed } = JSON.parse(line);
      if (verdict !== "accept" || processed > LONGEST) continue;
      accepted.set(obj, (accepted.get(obj) ?? new Set()).add(prog));
    }
    let compared = 0, unsupported = 0;
    for (const [obj, names] of accepted) {
      const name = `${obj}.bpf.o`;
      const unit = parseObject(Deno.readFileSync(join(folder!, name)), { name, targetBtf });
      for (const program of unit.programs) {
        if (!names.has(program.attrs.name)) continue;
        try {
          const ours = listing(rewritten(program));
          const theirs = kernelListing(program);
          if (theirs === undefined) continue;
          assertEquals(comparable(ours), comparable(theirs), `${obj} ${program.attrs.name}`);
          compared++;
        } catch (error) {
          const expected = error instanceof UnsupportedError || error instanceof KernelError ||
            error instanceof RejectedError;
          if (!expected) throw error;
          unsupported++;
        }
      }
    }
    console.log(
      `compared ${compared} rewritten programs with the running kernel's, ${unsupported} not supported`,
    );
    assert(compared > 500, `only ${compared} programs were compared`);
  },
});

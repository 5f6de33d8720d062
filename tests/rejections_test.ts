/**
 * Every rejection that a kernel is recorded to have made, where the record is at hand: it has a code of its own kind, and an
 * explanation that fits a terminal; and a bound that is said to suffice does.
 */
import { assert, assertEquals } from "@std/assert";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { explainRejection } from "../passes/verify/explain/explain.ts";
import { explanationLines } from "../passes/verify/explain/text.ts";
import { BOUND_SLOTS, withBound } from "../passes/verify/testing/bounded.ts";
import { verifyProgram } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { Corpus } from "./conformance_kernel/corpus.ts";
import { shared } from "./shared.ts";

const folder = shared("corpus");
if (folder === undefined) console.log("tests/rejections_test.ts: skipped: no corpus");

/** Instructions of programs that take longer than a test should. */
const LONG = 100_000;
/** Lines of an explanation. */
const LINES = 32;

Deno.test({
  name: "every recorded rejection has a code of its own kind and an explanation that fits a terminal",
  ignore: folder === undefined,
  fn() {
    const corpus = new Corpus(folder!), general: string[] = [], long: string[] = [];
    const useless: string[] = [], options = { profile: LINUX_6_18, targetBtf: corpus.targetBtf };
    let count = 0, bounds = 0;
    for (const line of corpus.lines) {
      if (!line.ground_truth || line.verdict !== "reject" || line.processed > LONG) continue;
      const program = corpus.program(line), name = `${line.obj}/${line.prog}`;
      if (typeof program === "string") continue;
      try {
        const explanation = explainRejection(program, options);
        if (explanation === undefined) continue;
        count++;
        if (explanation.code === "verify/rejected") general.push(name);
        const lines = explanationLines(explanation);
        if (lines.length > LINES || lines.some((l) => l.includes("undefined"))) long.push(name);
        assert(explanation.summary !== "" && explanation.remedy !== "", name);
        const bounded = withBound(program, explanation);
        if (bounded === undefined) continue;
        bounds++;
        const again = verifyProgram(bounded, { ...options, timeLimit: 2000 });
        if (again.code === explanation.code && again.slot === explanation.at!.insn + BOUND_SLOTS) {
          useless.push(name);
        }
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
      }
    }
    assert(count > 100, `only ${count} rejections were looked at`);
    assertEquals(general, []);
    assertEquals(long, []);
    assert(bounds > 10, `only ${bounds} bounds were named`);
    assertEquals(useless, []);
  },
});

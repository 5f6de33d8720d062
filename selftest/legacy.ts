/**
 * Array-style tests, checked as the kernel's test_verifier checks them (`do_test_single`): verdict and log, instructions processed,
 * patterns of rewritten instructions, results of runs.
 *
 * @module
 */
import type { Backend } from "../compiler/run.ts";
import type { Btf } from "../ir/btf/btf.ts";
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { Runtime } from "../runtime/mod.ts";
import { availableBackends, checkRuns } from "./back_ends.ts";
import { encodedInsns, type InsnPattern, occurs, SKIP } from "./insn_pattern.ts";
import { bytesOf, type LegacyCase, legacyProgram } from "./legacy_case.ts";
import { FILLED, filledValue, FIXUP_MAPS } from "./legacy_maps.ts";
import { mismatch, pattern } from "./match.ts";
import { faulty, type Finding, type Part, type Skipped, unsupported } from "./part.ts";
import { rewritten } from "./rewritten.ts";
import { judge, verdictPart } from "./verdict.ts";

/** What array-style tests are run with. */
export interface LegacyOptions {
  /** The file's name in the results. */
  readonly object: string;
  /** The kernel's types. */
  readonly targetBtf?: Btf;
  /** Where results are computed; every back end of this machine if left out. */
  readonly backends?: readonly Backend[];
}

/** `DEFAULT_LIBBPF_LOG_LEVEL` of the tests: figures, and messages without states; 2 where a log of an accepted program is asked for. */
const LOG_LEVEL = 4, VERBOSE_LEVEL = 2;

/** Runs one test: its parts, and what was skipped of it. */
export function* runLegacy(test: LegacyCase, options: LegacyOptions): Generator<Part | Skipped> {
  const head = { object: options.object, program: String(test.idx) };
  if (test.result_unpriv !== undefined && test.result_unpriv !== "UNDEF") {
    yield { ...head, skipped: "unprivileged" };
  }
  try {
    for (const finding of check(test, options)) yield { ...head, test: test.name, ...finding };
  } catch (error) {
    yield { ...head, test: test.name, ...faulty(error) };
  }
}

function* check(test: LegacyCase, options: LegacyOptions): Generator<Finding> {
  const expects = test.result === "REJECT" ? "failure" : "success";
  let program: Program;
  try {
    program = legacyProgram(test, options.targetBtf);
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    yield unsupported("verdict", expects, error.what);
    return;
  }
  const result = judge(program, {
    logLevel: test.result === "VERBOSE_ACCEPT" ? VERBOSE_LEVEL : LOG_LEVEL,
    again: false,
    ...(options.targetBtf === undefined ? {} : { targetBtf: options.targetBtf }),
  });
  yield verdictPart(expects, result);
  if (result instanceof UnsupportedError) return;
  if (test.result !== "ACCEPT") yield logPart(test.errstr, result.log);
  if (test.insn_processed !== 0) {
    yield {
      part: "processed",
      ok: result.processed === test.insn_processed,
      want: String(test.insn_processed),
      got: String(result.processed),
    };
  }
  if (result.verdict === "reject") return;
  if (test.expected_insns !== "" || test.unexpected_insns !== "") yield patternPart(test, program);
  if (expects === "success" && TEST_RUN_TYPES.has(program.attrs.type)) {
    yield checkRuns(program, {
      runs: test.runs.map(({ retval, data }) => ({
        data: bytesOf(data),
        retval: retval === POINTER_VALUE ? "any" : retval | 0,
      })),
      backends: options.backends ?? availableBackends(),
      prepare: (runtime) => fill(test, program, runtime),
    });
  }
}

/** A result that stands for any (`0xcafe4all`, the last letters of which are a suffix). */
const POINTER_VALUE = 0xcafe4a;

/** Program types that a kernel test-runs on a packet; for others the tests expect no result. */
const TEST_RUN_TYPES: ReadonlySet<string> = new Set([
  "socket_filter",
  "sched_cls",
  "sched_act",
  "xdp",
  "cgroup_skb",
  "lwt_in",
  "lwt_out",
  "lwt_xmit",
  "lwt_seg6local",
  "flow_dissector",
]);

function logPart(errstr: string | null, log: string): Finding {
  const want = errstr ?? "";
  if (errstr === null) return { part: "msgs", ok: false, want: "a message", got: log };
  const parts = want.split("\t").filter((part) => part !== "").map((part) => pattern(part));
  const found = mismatch(log, parts);
  return {
    part: "msgs",
    ok: found === undefined,
    want,
    got: found === undefined ? want : found.found.trimEnd(),
  };
}

function patternPart(test: LegacyCase, program: Program): Finding {
  const expected = patternOf(test.expected_insns), unexpected = patternOf(test.unexpected_insns);
  const want = [
    ...expected.length > 0 ? [`instructions ${test.expected_insns}`] : [],
    ...unexpected.length > 0 ? [`not ${test.unexpected_insns}`] : [],
  ].join(", ");
  try {
    const insns = rewritten(program);
    const got = !occurs(expected, insns)
      ? "expected instructions not found"
      : unexpected.length > 0 && occurs(unexpected, insns)
      ? "unexpected instructions found"
      : undefined;
    return { part: "xlated", ok: got === undefined, want, got: got ?? want };
  } catch (error) {
    if (error instanceof UnsupportedError) return unsupported("xlated", want, error.what);
    if (error instanceof RejectedError) {
      return { part: "xlated", ok: false, want, got: `rejected: ${error.message}` };
    }
    throw error;
  }
}

/** The instruction that stands for any number of others (`SKIP_INSNS`). */
const SKIP_MARK = { code: 0xde, dst: 0xa, src: 0xd, off: -16657, imm: -559038737 };

function patternOf(hex: string): InsnPattern {
  return encodedInsns(bytesOf(hex)).map((insn) =>
    insn.code === SKIP_MARK.code && insn.dst === SKIP_MARK.dst && insn.src === SKIP_MARK.src &&
      insn.off === SKIP_MARK.off && insn.imm === SKIP_MARK.imm
      ? SKIP
      : insn
  );
}

/** The element that the loader puts into arrays. */
function fill(test: LegacyCase, program: Program, runtime: Runtime): void {
  const maps = runtime.maps(program.unit);
  for (const [i, fixup] of Object.keys(test.fixups).entries()) {
    if (FILLED.has(fixup)) {
      maps[i].set(new Uint8Array(4), filledValue(FIXUP_MAPS[fixup].valueSize));
    }
  }
}

/**
 * Annotated tests: programs that say in declaration tags what is expected of them, checked on our verifier, our passes and our back
 * ends, as the kernel's test loader checks them on a kernel (`run_subtest` of test_loader.c).
 *
 * What is not checked is counted by kind: expectations for loading without rights, for machine code, for other machines.
 *
 * @module
 */
import type { Backend } from "../compiler/run.ts";
import type { Btf } from "../ir/btf/btf.ts";
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { readAnnotations, type TestSpec } from "./annotations.ts";
import { availableBackends, checkRuns } from "./back_ends.ts";
import { listing } from "./kernel_form.ts";
import { type Mismatch, mismatch, type Pattern } from "./match.ts";
import { faulty, type Finding, type Part, type PartName, type Skipped, unsupported } from "./part.ts";
import { prepareMaps } from "./prepared.ts";
import { rewritten } from "./rewritten.ts";
import { judge, verdictPart } from "./verdict.ts";

/** What an object's tests are run with. */
export interface AnnotatedOptions {
  /** The object's name in the results. */
  readonly object: string;
  /** The kernel's types, if the unit does not bring them. */
  readonly targetBtf?: Btf;
  /** Only tests of these programs; all if left out. */
  readonly only?: (program: Program) => boolean;
  /** Where results are computed; every back end of this machine if left out. */
  readonly backends?: readonly Backend[];
}

/** A packet as the kernel's loader gives it. */
const PACKET_BYTES = 64;
const ARCHITECTURE = "x86_64";

/**
 * Runs an object's tests: the parts of each, and what was skipped. Objects without annotations give nothing. A test that cannot be run
 * for our fault or its own gives a part that says so.
 *
 * @example
 * ```ts
 * import { parseObject } from "../passes/parse/parse.ts";
 * import { runAnnotated } from "./annotated.ts";
 * const bytes = Deno.readFileSync(new URL("../tests/objects/annotated.bpf.o", import.meta.url));
 * for (const part of runAnnotated(parseObject(bytes, { name: "annotated.bpf.o" }), { object: "annotated.bpf.o" })) {
 *   console.log("skipped" in part ? part.skipped : `${part.test}: ${part.part} ${part.ok}`);
 * }
 * ```
 */
export function* runAnnotated(unit: Unit, options: AnnotatedOptions): Generator<Part | Skipped> {
  const tests: { readonly program: Program; readonly spec: TestSpec }[] = [];
  for (const program of unit.programs) {
    const { btfId } = program.subprogs[0];
    if (unit.btf === undefined || btfId === 0) continue;
    try {
      const spec = readAnnotations(unit.btf, btfId);
      if (spec !== undefined) tests.push({ program, spec });
    } catch (error) {
      const { name } = program.attrs;
      if (options.only?.(program) !== false) {
        yield { object: options.object, program: name, test: name, ...faulty(error) };
      }
    }
  }
  const auxiliaries = tests.filter(({ spec }) => spec.auxiliary && spec.privileged).map(({ program }) =>
    program
  );
  for (const { program, spec } of tests) {
    if (options.only?.(program) === false) continue;
    const head = { object: options.object, program: program.attrs.name };
    for (const skipped of reasonsToSkip(spec)) yield { ...head, skipped };
    if (spec.auxiliary || !spec.privileged || notHere(spec) !== undefined) continue;
    try {
      for (const finding of check(program, { spec, auxiliaries, options })) {
        yield { ...head, test: spec.name, ...finding };
      }
    } catch (error) {
      yield { ...head, test: spec.name, ...faulty(error) };
    }
  }
}

/** Why a test is not for here; undefined if it is. */
function notHere(spec: TestSpec): string | undefined {
  if (spec.architectures.length > 0 && !spec.architectures.includes(ARCHITECTURE)) {
    return "another architecture";
  }
  if (spec.loadMode === "no_jited") return "without JIT";
  return undefined;
}

function* reasonsToSkip(spec: TestSpec): Generator<string> {
  if (spec.unprivileged) yield "unprivileged";
  if (spec.auxiliary) yield "auxiliary";
  else if (spec.privileged) {
    const why = notHere(spec);
    if (why !== undefined) yield why;
  }
}

interface Test {
  readonly spec: TestSpec;
  readonly auxiliaries: readonly Program[];
  readonly options: AnnotatedOptions;
}

function* check(program: Program, test: Test): Generator<Finding> {
  const { spec, options } = test;
  if (spec.btfPath !== undefined) {
    yield unsupported("verdict", spec.expects, `another kernel's BTF: ${spec.btfPath}`);
    return;
  }
  if (spec.unknown.length > 0) {
    yield unsupported("verdict", spec.expects, `annotations ${spec.unknown.join(", ")}`);
    return;
  }
  const result = judge(program, {
    logLevel: spec.logLevel,
    again: true,
    ...(options.targetBtf === undefined ? {} : { targetBtf: options.targetBtf }),
  });
  yield verdictPart(spec.expects, result);
  if (result instanceof UnsupportedError) return;
  if (spec.messages.length > 0) yield textPart("msgs", spec.messages, result.log);
  if (result.verdict === "reject") return;
  if (spec.xlated.length > 0) yield xlatedPart(program, spec.xlated);
  if (spec.jited > 0) yield unsupported("jited", `${spec.jited} lines`, "the kernel's machine code");
  if (spec.printed > 0) yield unsupported("printed", `${spec.printed} lines`, "streams of programs");
  if (spec.retval !== undefined && spec.expects === "success") {
    yield checkRuns(program, {
      runs: [{ data: new Uint8Array(PACKET_BYTES), retval: spec.retval }],
      backends: options.backends ?? availableBackends(),
      others: test.auxiliaries,
      prepare: (runtime) => prepareMaps(options.object, program.unit, runtime),
    });
  }
}

function xlatedPart(program: Program, patterns: readonly Pattern[]): Finding {
  try {
    return textPart("xlated", patterns, listing(rewritten(program)));
  } catch (error) {
    const want = describe(patterns);
    if (error instanceof UnsupportedError) return unsupported("xlated", want, error.what);
    if (error instanceof RejectedError) {
      return { part: "xlated", ok: false, want, got: `rejected: ${error.message}` };
    }
    throw error;
  }
}

/** Expectations of a text as a part: what it lacks, and what stands there instead. */
function textPart(part: PartName, patterns: readonly Pattern[], text: string): Finding {
  const found = mismatch(text, patterns);
  if (found === undefined) return { part, ok: true, want: describe(patterns), got: describe(patterns) };
  return { part, ok: false, want: describe(patterns.slice(found.index, found.index + 1)), got: shown(found) };
}

function describe(patterns: readonly Pattern[]): string {
  return patterns.map(({ text, absent }) => absent ? `not: ${text}` : text).join("\n");
}

/** Lines of a text that results show at most. */
const SHOWN_LINES = 40;

function shown(found: Mismatch): string {
  switch (found.kind) {
    case "present":
      return `found: ${found.found}`;
    case "wrong line":
      return `not in the next line, but in: ${found.found}`;
    case "missing": {
      const lines = found.found.trimEnd().split("\n");
      // What decides a rejection stands at the end, a listing is short.
      const last = lines.slice(-SHOWN_LINES);
      return (lines.length > last.length ? "…\n" : "") + last.join("\n");
    }
  }
}

/**
 * Golden files: programs with what the passes must make of them. `golden_test.ts` runs all files of `tests/golden`, `bless.ts`
 * rewrites their exact sections.
 *
 * ```
 * ; one sentence: what the file shows               (the test's name)
 * from progs/verifier_x.c:name                      (where a case was transcribed from)
 * pass branch-prune, dce                            (which passes, in order; `name:variant` chooses a variant)
 * skip kfunc-inline                                 (not until there is a pass of this name: counts as skipped)
 * run r0 == 24                                      (must hold before the first pass and after every one)
 * run r0 == 3 given bpf_get_prandom_u32 = 7, r1 = 5
 * kernel xlated                                     (the running kernel must rewrite it in the same way)
 * type socket_filter                                (this and the rest: see ir/parse_text.ts)
 *
 * func main:
 *     r5 = r6    ; error[verify/uninitialized-register]: the message, or its beginning
 *     exit
 *
 * --- branch-prune
 * func main:
 *     ...
 * ```
 *
 * A section shows facts if the file's section does (`; {dead: true}`). `--- trace` is matched against the verifier's log. How
 * lines match is in `golden_match.ts`. A file without an `error` must be accepted by all its passes.
 *
 * @module
 */
import { join } from "@std/path";
import { BtfBuilder } from "../ir/btf/write.ts";
import type { Diagnostic } from "../ir/diagnostic.ts";
import { interpret, type InterpretOptions, Memory } from "../ir/interpret.ts";
import type { Callee } from "../ir/insn.ts";
import { parseText } from "../ir/parse_text.ts";
import type { HelperNames } from "../ir/print_insn.ts";
import { printProgram } from "../ir/print_text.ts";
import { Program } from "../ir/program.ts";
import { checkObserver, parsePasses } from "../passes/mod.ts";
import type { Observer, Pass, Target } from "../passes/pass.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { verifyProgram } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { GOLDEN_KFUNCS } from "./golden_kfuncs.ts";
import { isPartial, mismatch } from "./golden_match.ts";
import { runNative } from "./golden_native.ts";
import { ROOT } from "./shared.ts";

/** One `run` line. */
export interface GoldenRun {
  readonly r0: bigint;
  /** Results of helpers by name, and initial registers `r1`, `r2`. */
  readonly given: ReadonlyMap<string, bigint>;
  readonly line: number;
}

/** One `--- name` section. */
export interface GoldenSection {
  readonly name: string;
  /** 1-based, of the `---` line. */
  readonly line: number;
  readonly lines: readonly string[];
}

/** A file, read. */
export interface Golden {
  readonly file: string;
  readonly title: string;
  readonly passes: string;
  /** Empty if the file is to run. */
  readonly skip: string;
  readonly runs: readonly GoldenRun[];
  readonly errors: readonly { readonly line: number; readonly code: string; readonly message: string }[];
  readonly program: Program;
  /** Everything before the first section, as it stands in the file. */
  readonly head: string;
  readonly sections: readonly GoldenSection[];
}

/** Helpers by full name, from the profile. */
export const HELPERS: HelperNames = {
  helperName: (id) => {
    const helper = LINUX_6_18.helper(id);
    return helper === undefined ? undefined : `bpf_${helper.name}`;
  },
  helperId: (name) => LINUX_6_18.helperId(name.replace(/^bpf_/, "")),
};

/** What golden files are compiled for. */
export const TARGET: Target = { profile: LINUX_6_18, jit: true };

/** `may_goto` falls through this often: few enough to run, and the same before and after lowering. */
const MAY_GOTO_BUDGET = 8 * 1024 * 1024;

/** Reads a golden file. @throws {SyntaxError} If it is none. */
export function readGolden(text: string, file: string): Golden {
  const lines = text.split("\n");
  const cuts = lines.flatMap((line, i) => /^--- /.test(line) ? [i] : []);
  const headEnd = cuts[0] ?? lines.length;
  const head = lines.slice(0, headEnd);
  let passes = "", skip = "";
  const runs: GoldenRun[] = [];
  const unit = parseText(head.join("\n"), {
    name: file,
    helpers: HELPERS,
    key: (key, value, line) => {
      if (key === "pass") passes = value;
      else if (key === "run") runs.push(readRun(value, { file, line }));
      else if (key === "skip") skip = value;
      else if (key !== "from" && key !== "kernel") {
        throw new SyntaxError(`Cannot read ${file}:${line}: no header "${key}"`);
      }
    },
  });
  const errors = head.flatMap((line, i) => {
    const found = /; error\[([^\]]+)\](?:: (.*))?$/.exec(line);
    return found === null ? [] : [{ line: i + 1, code: found[1], message: (found[2] ?? "").trim() }];
  });
  const sections = cuts.map((start, i) => ({
    name: lines[start].slice(4).trim(),
    line: start + 1,
    lines: lines.slice(start + 1, cuts[i + 1] ?? lines.length),
  }));
  const title = head.find((line) => /^;\s*\S/.test(line))?.replace(/^;\s*/, "") ?? file;
  return {
    file,
    title,
    passes,
    skip,
    runs,
    errors,
    program: unit.programs[0],
    head: head.join("\n"),
    sections,
  };
}

function readRun(text: string, where: { readonly file: string; readonly line: number }): GoldenRun {
  const found = /^r0 == (\S+)(?: given (.+))?$/.exec(text.trim());
  if (found === null) throw new SyntaxError(`Cannot read ${where.file}:${where.line}: run "${text}"`);
  const given = new Map<string, bigint>();
  for (const part of found[2]?.split(",") ?? []) {
    const [name, value] = part.split("=").map((word) => word.trim());
    given.set(name, BigInt(value));
  }
  return { r0: unsigned(found[1]), given, line: where.line };
}

/** A decimal or hexadecimal number, possibly negative, as unsigned 64 bits. */
function unsigned(text: string): bigint {
  const value = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  return BigInt.asUintN(64, value);
}

/**
 * The program with a BTF in which each subprogram is a function of two parameters: verify, as the kernel, wants that of programs
 * that take addresses of functions, and text cannot say it.
 */
export function withFunctionTypes(program: Program): Program {
  const btf = new BtfBuilder();
  const long = btf.int("long", 8, { signed: true });
  const proto = btf.funcProto(long, [{ name: "index", type: long }, { name: "ctx", type: long }]);
  const subprogs = program.subprogs.map((subprog) => ({
    ...subprog,
    btfId: btf.func(subprog.name, proto, { linkage: subprog.linkage }),
  }));
  const { attrs, code, facts, nextInsnId, nextSubprogId } = program;
  const unit = { ...program.unit, btf: btf.build() };
  return new Program({ unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId });
}

/** What the passes of a file are given. */
export function inputOf(golden: Golden): Program {
  return golden.passes.startsWith("verify") ? withFunctionTypes(golden.program) : golden.program;
}

/** What a file's passes printed, by pass name, and what went wrong; see {@linkcode runGolden}. */
export interface GoldenOutcome {
  /** The program after each pass, without header, with facts if the file's section of that name shows some. */
  readonly printed: ReadonlyMap<string, string>;
  /** One sentence each; empty if the file passes. */
  readonly failures: readonly string[];
}

/** Runs one golden file; `bless` wants the printed programs, the test the failures. */
export function runGolden(golden: Golden): GoldenOutcome {
  const failures: string[] = [];
  const printed = new Map<string, string>();
  const passes = parsePasses(golden.passes);
  const execute = (stage: string, program: Program): void => {
    failures.push(...runFailures(golden, program).map((failure) => `${stage}: ${failure}`));
  };
  const observer: Observer = {
    name: "golden",
    after: (pass: Pass, program: Program) => {
      const section = golden.sections.find((each) => each.name === pass.name);
      const facts = section?.lines.some((line) => /; *\{/.test(line)) ?? false;
      const text = printProgram(program, { header: false, facts, helpers: HELPERS });
      printed.set(pass.name, text.replace(/^(func .*) btf=\d+:/gm, "$1:"));
      execute(`after ${pass.name}`, program);
    },
  };
  roundTrip(golden, failures);
  execute("at first", golden.program);
  try {
    new Pipeline({ passes, observers: [checkObserver(), observer] }).run(inputOf(golden), {
      target: TARGET,
      kfuncs: GOLDEN_KFUNCS,
    });
    for (const error of golden.errors) {
      failures.push(`${golden.file}:${error.line}: expected error[${error.code}], but all passes accept`);
    }
  } catch (error) {
    failures.push(...rejectionFailures(golden, error));
  }
  if (golden.sections.some((section) => section.name === "trace")) printed.set("trace", traceOf(golden));
  for (const section of golden.sections) {
    const text = printed.get(section.name);
    const why = text === undefined ? `no pass of this name ran` : mismatch(
      section.name === "trace" ? section.lines : section.lines.map(withoutComment),
      text.split("\n"),
    );
    if (why !== undefined) {
      const shown = text === undefined ? "" : `\n${text}`;
      failures.push(`${golden.file}:${section.line}: ${section.name}: ${why}${shown}`);
    }
  }
  return { printed, failures };
}

/** The verifier's log at level 2, of the program as the first pass gets it, without the lines of source between. */
function traceOf(golden: Golden): string {
  const rfc = golden.passes.startsWith("verify:rfc");
  const { log } = verifyProgram(inputOf(golden), {
    kfuncArguments: rfc ? "precise" : "recorded",
    profile: LINUX_6_18,
    logLevel: 2,
    kfuncs: GOLDEN_KFUNCS,
  });
  return log.split("\n").filter((line) => !/^; .* @ \S+:\d+$/.test(line)).join("\n");
}

/** A comment of the file's author goes; the facts in a margin stay. */
function withoutComment(line: string): string {
  return line.replace(/;(?! *\{).*$/, "");
}

/** The text with its exact sections replaced by what the passes print. */
export function blessed(golden: Golden, outcome: GoldenOutcome): string {
  const out = [golden.head];
  for (const section of golden.sections) {
    const text = outcome.printed.get(section.name);
    out.push(`--- ${section.name}`);
    if (text === undefined || isPartial(section.lines)) out.push(section.lines.join("\n"));
    else out.push(text + (section === golden.sections.at(-1) ? "" : "\n").replace(/\n$/, ""));
  }
  return out.join("\n");
}

/** Printing and parsing are inverse, for this program too. */
function roundTrip(golden: Golden, failures: string[]): void {
  const options = { facts: true, helpers: HELPERS };
  const once = printProgram(golden.program, options);
  const again = printProgram(parseText(once, { name: golden.file, helpers: HELPERS }).programs[0], options);
  if (again !== once) {
    failures.push(`${golden.file}: printing and parsing are not inverse:\n${once}\n${again}`);
  }
}

interface Refusal extends Error {
  readonly diagnostics: readonly Diagnostic[];
}

function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === "RejectedError" && "diagnostics" in error;
}

/** What an error of the passes says against the file's annotations. */
function rejectionFailures(golden: Golden, error: unknown): string[] {
  if (!isRefusal(error)) {
    const reproducer = error instanceof Error && "reproducer" in error ? `\n${error.reproducer}` : "";
    return [`${golden.file}: ${error instanceof Error ? error.stack : error}${reproducer}`];
  }
  const found = error.diagnostics[0];
  const line = found === undefined ? undefined : lineOf(golden, found);
  const what = `error[${found?.code}]: ${found?.message ?? error.message}`;
  if (golden.errors.length === 0) return [`${golden.file}:${line ?? 1}: refused: ${what}`];
  const expected = golden.errors[0];
  const at = insnLine(golden, expected.line);
  // A finding that names no place is right wherever the annotation stands.
  const asExpected = found?.code === expected.code && (line === undefined || line === at) &&
    (found.message.startsWith(expected.message) || error.message.startsWith(expected.message));
  return asExpected ? [] : [
    `${golden.file}:${expected.line}: expected error[${expected.code}]: ${expected.message}, ` +
    `found ${what} in line ${line ?? "unknown"}`,
  ];
}

function lineOf(golden: Golden, found: Diagnostic): number | undefined {
  if (found.position !== undefined) return found.position.line;
  const at = found.insn === undefined ? -1 : golden.program.indexOf(found.insn);
  return at < 0 ? undefined : golden.program.code.origins[at].position?.line;
}

/** The line of the first instruction at or behind a line: an annotation of a `func` is one of its entry. */
function insnLine(golden: Golden, line: number): number {
  const lines = golden.program.code.origins.map((origin) => origin.position?.line ?? -1);
  return Math.min(...lines.filter((each) => each >= line));
}

/** Runs a version of a file's program as its `run` lines say; why results differ, empty if none does. */
export function runFailures(golden: Golden, program: Program): string[] {
  return golden.runs.flatMap((run) => {
    const failure = runFailure(program, run);
    return failure === undefined ? [] : [`${golden.file}:${run.line}: ${failure}`];
  });
}

/** Paths of the golden files in a folder, relative to the repository's root, sorted. */
export function goldenFiles(folder: string): string[] {
  return [...Deno.readDirSync(join(ROOT, folder))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return goldenFiles(path);
    return entry.name.endsWith(".bpf") ? [path] : [];
  }).sort();
}

/** Runs a program on the interpreter and as machine code; why the result is not the expected one, or undefined. */
function runFailure(program: Program, run: GoldenRun): string | undefined {
  try {
    const { r0 } = interpret(program, {
      ...HOST,
      r1: CONTEXT_BASE,
      memory: memory(),
      keepsArguments: keepsArguments(program),
      ...given(run),
    });
    if (r0 !== run.r0) return `r0 is ${hex(r0)}, expected ${hex(run.r0)}`;
    // Only what ran well is let loose on the machine.
    const native = runNative(program, {
      given: run.given,
      context: new Uint8Array(CONTEXT_BYTES),
      nameOf: calleeName,
    });
    if (native !== undefined && native !== run.r0) {
      return `natively r0 is ${hex(native)}, expected ${hex(run.r0)}`;
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}

function hex(value: bigint): string {
  return `${value} (0x${value.toString(16)})`;
}

/** Where programs find their context: zero bytes, enough for every kind. */
const CONTEXT_BASE = 0x1000_0000n, CONTEXT_BYTES = 256;

function memory(): Memory {
  return new Memory([{
    name: "context",
    base: CONTEXT_BASE,
    bytes: new Uint8Array(CONTEXT_BYTES),
    writable: true,
  }]);
}

/** `BPF_FUNC_loop` and its limit. */
const FUNC_LOOP = 181, MAX_LOOPS = 8 * 1024 * 1024;
const E2BIG = 7n, EINVAL = 22n;

const HOST: Pick<InterpretOptions, "mayGotoBudget" | "fuel"> = {
  mayGotoBudget: MAY_GOTO_BUDGET,
  fuel: 2_000_000,
};

/** Helpers that keep r1 to r5 where they are inlined, which fastcall-remove counts on. */
function keepsArguments(program: Program): (callee: Callee) => boolean {
  const { type } = program.attrs;
  return (callee) =>
    callee.kind === "helper" && (LINUX_6_18.helper(callee.id, { type })?.allowFastcall ?? false);
}

/** Registers and helper results that a run states; bpf_loop is itself. */
function given(run: GoldenRun): Partial<InterpretOptions> {
  const r1 = run.given.get("r1"), r2 = run.given.get("r2");
  return {
    ...(r1 === undefined ? {} : { r1 }),
    ...(r2 === undefined ? {} : { r2 }),
    call: (callee: Callee, args, machine) => {
      const name = calleeName(callee);
      const value = run.given.get(name);
      if (value !== undefined) return value;
      if (callee.kind !== "helper" || callee.id !== FUNC_LOOP) {
        throw new RangeError(`Cannot call ${name}: the run gives no result for it`);
      }
      const callback = machine.subprogAt(args[1]);
      if (callback === undefined) throw new RangeError("Cannot call bpf_loop: r2 is no function");
      if (args[3] !== 0n) return BigInt.asUintN(64, -EINVAL);
      const limit = BigInt.asUintN(32, args[0]);
      if (limit > MAX_LOOPS) return BigInt.asUintN(64, -E2BIG);
      for (let i = 0n; i < limit; i++) {
        if (machine.invoke(callback, [i, args[2], 0n, 0n, 0n]) !== 0n) return i + 1n;
      }
      return limit;
    },
  };
}

function calleeName(callee: Callee): string {
  switch (callee.kind) {
    case "helper":
      return HELPERS.helperName(callee.id) ?? `helper#${callee.id}`;
    case "kfunc":
      return callee.func.name;
    case "subprog":
      return `subprogram ${callee.subprog}`;
  }
}

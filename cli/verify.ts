/**
 * `inlay verify`: the kernel's verdict on programs, without a kernel.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import { runningProcessors } from "../kernel/processors.ts";
import type { explainRejection } from "../passes/verify/explain/explain.ts";
import { NR_CPUS } from "../passes/verify/calls/helper_result.ts";
import { type VerifyOptions, verifyProgram, type VerifyResult } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { type Command, readOptions, UsageError } from "./command.ts";
import {
  readModuleTypes,
  readProgramType,
  readTargetBtf,
  readUnit,
  selectPrograms,
  selectUnreadable,
} from "./inputs.ts";
import { knowsVariables, runningLockdown } from "./kconfig.ts";
import { hasOtherModules, type Missing, missingInKernel } from "./missing.ts";
import { attachTo, lacksTarget, readTarget } from "./target.ts";
import { Progress } from "./terminal.ts";
import { describeVerdict, headOf, NO_FIGURES, openType, unreadableVerdict, type Verdict } from "./verdict.ts";

/** The command. */
export const command: Command = {
  name: "verify",
  summary: "says of programs whether the kernel would take them, and why not",
  help: `inlay verify OBJECT… [--program P] [--btf FILE] [--btf-module FILE]… [--type TYPE]
             [--target FILE[:PROGRAM[:FUNCTION]]] [--processors N] [--log 0|1|2] [--explain] [--json]

Verifies every program of the objects as Linux 6.18 does and prints a line for each. What is not
decided yet is "unsupported", never a guess. Needs no kernel and no permission but to read.

  --program P   only programs of this name
  --btf FILE    the kernel's BTF (the running kernel's if it can be read, else none)
  --btf-module FILE
                the BTF of a module that the kernel has loaded (/sys/kernel/btf/NAME); without it
                the kernel has none of its functions and types
  --type TYPE   what programs are whose section's name says nothing, e.g. sched_cls; else older
                loaders' names and what a program does decide, or its type stays open
  --target FILE[:PROGRAM[:FUNCTION]]
                the program that freplace programs replace a function of, and whose functions fentry
                and fexit programs trace; the function is the one their section names, or else the
                program itself
  --processors N
                how many processors the machine has (this machine's without --btf; else not known)
  --log N       the verifier's log: 1 what led to a rejection, 2 every path
  --explain     of rejections: what was asked of which value, where the value came from, what would
                have sufficed, and the path; takes a second verification of the programs refused
  --json        one object per line: object, section, program, type, verdict, errno, code, message,
                processed, total_states, peak_states, stack_depth, usec (and log with --log,
                explanation with --explain)

Codes of rejections are listed in docs/diagnostics.md.

Flags that an object states in test_prog_flags declaration tags are applied.
Exit status: 0 all accepted, 1 some were not, 2 something cannot be read, or
needs what the kernel has not got (its attach target, a kernel function).`,
  async run(args) {
    const options = readOptions(args, {
      flags: ["json", "explain"],
      strings: ["program", "btf", "type", "target", "processors", "log"],
      lists: ["btf-module"],
    });
    if (options.positional.length === 0) throw new UsageError("takes at least one object");
    const logLevel = options.integer("log", { min: 0, max: 2, default: 0 });
    const targetBtf = readTargetBtf(options.string("btf"));
    const modules = readModuleTypes(options.list("btf-module"), targetBtf);
    const type = readProgramType(options.string("type"));
    const target = readTarget(options.string("target"), { targetBtf, modules });
    // Of another kernel's machine nothing is known.
    const running = options.string("btf") === undefined;
    const processors = options.string("processors") === undefined
      ? running ? runningProcessors() : undefined
      : options.integer("processors", { min: 1, max: NR_CPUS, default: 1 });
    // What is in none of the kernel's types is not in the kernel.
    const complete = !running || !hasOtherModules(new Set(modules.map(({ name }) => name)));
    const json = options.flag("json"), wanted = options.string("program");
    // Loaded only where it is asked for: a plain verification starts without it.
    const explain = options.flag("explain") ? await import("../passes/verify/explain/explain.ts") : undefined;
    const progress = new Progress(options.positional.length);
    let status = 0, found = 0;
    options.positional.forEach((object, i) => {
      let programs: readonly Program[];
      progress.at(i, object);
      try {
        const unit = readUnit(object, targetBtf, { type, modules });
        for (const program of selectUnreadable(unit, wanted)) {
          status = 2;
          found++;
          const verdict = unreadableVerdict(program, object);
          console.log(json ? JSON.stringify(verdict) : describeVerdict(verdict, logLevel));
        }
        // One object of several may lack the program; that all of them do is a mistake.
        programs = options.positional.length === 1
          ? selectPrograms(unit, wanted)
          : unit.programs.filter((program) => wanted === undefined || program.attrs.name === wanted);
        if (target !== undefined) programs = programs.map((program) => attachTo(target, program));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        progress.end();
        console.error(`inlay verify: ${error.message}`);
        status = 2;
        return;
      }
      found += programs.length;
      for (const program of programs) {
        progress.at(i, `${object} ${program.attrs.name}`);
        const missing = complete ? missingInKernel(program, running) : undefined;
        const verdict = missing !== undefined ? missingVerdict(program, object, missing) : judge(program, {
          object,
          logLevel,
          targetBtf,
          processors,
          running,
          ending: !json && explain === undefined,
          explain: explain?.explainRejection,
        });
        if (verdict.verdict !== "accept") status = Math.max(status, missing === undefined ? 1 : 2);
        progress.end();
        console.log(json ? JSON.stringify(verdict) : describeVerdict(verdict, logLevel));
      }
    });
    progress.end();
    if (found === 0 && status === 0) throw new UsageError("there are no programs to verify");
    return status;
  },
};

function missingVerdict(program: Program, object: string, missing: Missing): Verdict {
  const code = "verify/missing-relocation";
  return { ...headOf(program, object), ...NO_FIGURES, verdict: "reject", code, ...missing };
}

interface JudgeOptions {
  readonly object: string;
  readonly logLevel: number;
  readonly targetBtf: Btf | undefined;
  readonly processors: number | undefined;
  /** It is meant for the running kernel. */
  readonly running: boolean;
  /** Get the log of a rejection even if none was asked for. */
  readonly ending: boolean;
  /** Says why a program is refused. */
  readonly explain: typeof explainRejection | undefined;
}

function judge(program: Program, options: JudgeOptions): Verdict {
  const head = headOf(program, options.object);
  const open = openType(program) ?? lacksTarget(program);
  if (open !== undefined) return { ...head, ...NO_FIGURES, verdict: "unsupported", message: open };
  const kernelVariables = knowsVariables(program);
  const lockdown = options.running ? runningLockdown(program) : undefined;
  const told: VerifyOptions = {
    profile: LINUX_6_18,
    ...(options.targetBtf === undefined ? {} : { targetBtf: options.targetBtf }),
    ...(options.processors === undefined ? {} : { processors: options.processors }),
    ...(kernelVariables === undefined ? {} : { kernelVariables }),
    ...(lockdown === undefined ? {} : { lockdown }),
  };
  const run = (logLevel: number): VerifyResult => verifyProgram(program, { ...told, logLevel });
  try {
    const result = run(options.logLevel);
    const rejected = result.verdict === "reject";
    const log = rejected && options.ending && options.logLevel === 0 ? run(1).log : result.log;
    const explanation = rejected ? options.explain?.(program, told) : undefined;
    return {
      ...head,
      verdict: result.verdict,
      errno: result.errno,
      code: result.code,
      message: result.message,
      processed: result.processed,
      total_states: result.totalStates,
      peak_states: result.peakStates,
      stack_depth: result.stackDepth.join("+"),
      usec: result.usec,
      ...(log === "" ? {} : { log }),
      ...(explanation === undefined ? {} : { explanation }),
    };
  } catch (error) {
    if (error instanceof UnsupportedError) {
      return { ...head, ...NO_FIGURES, verdict: "unsupported", message: error.message };
    }
    // The kernel's BTF is read when it is first needed.
    if (error instanceof UsageError) throw error;
    const message = error instanceof Error
      ? `internal fault: ${error.stack ?? error.message}`
      : String(error);
    return { ...head, ...NO_FIGURES, verdict: "error", message };
  }
}

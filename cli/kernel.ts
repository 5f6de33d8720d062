/**
 * `inlay kernel …`: the same questions to the running kernel. Loads, test-runs and reads back; never attaches, never pins.
 *
 * @module
 */
import { Compiler } from "../compiler/compiler.ts";
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import {
  comparableDump,
  comparableLines,
  diffLines,
  diffVerdict,
  EAGAIN,
  KernelError,
  KernelUnit,
  type OwnVerdict,
  progInfo,
  runningProcessors,
} from "../kernel/mod.ts";
import { verifyProgram } from "../passes/verify/verify.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { type Command, type Options, readOptions, UsageError } from "./command.ts";
import {
  InputError,
  readProgramType,
  readTargetBtf,
  readUnit,
  selectProgram,
  selectPrograms,
  selectUnreadable,
} from "./inputs.ts";
import { knowsVariables, runningLockdown } from "./kconfig.ts";
import { requireKernel, runOnKernel } from "./kernel_run.ts";
import { PACKET_OPTIONS, packetOf } from "./packet.ts";
import { describeRun } from "./run_outcome.ts";
import { bold, green, Progress, red, yellow } from "./terminal.ts";
import { describeVerdict, headOf, NO_FIGURES, openType, unreadableVerdict, type Verdict } from "./verdict.ts";

const ACTIONS: Readonly<Record<string, (args: readonly string[]) => number>> = { verify, xlated, run, diff };

/** The command. */
export const command: Command = {
  name: "kernel",
  summary: "asks the running kernel: verify, xlated, run, diff",
  help: `inlay kernel verify OBJECT… [--program P] [--type TYPE] [--log 0|1|2] [--json]
inlay kernel xlated OBJECT --program P
inlay kernel run    OBJECT --program P [--data FILE | --hex H] [--repeat N] [--json]
inlay kernel diff   OBJECT… [--program P] [--type TYPE] [--insns] [--json]

Asks the running kernel through bpf(2), which needs root. Loads, test-runs and reads back; never
attaches and never pins.

  verify   the kernel's verdict, in the fields of inlay verify
  xlated   the instructions as the kernel rewrote them
  run      BPF_PROG_TEST_RUN
  diff     where our verdict differs from the kernel's; with --insns also where our instructions
           differ from the kernel's (ours behind nop-remove, before contexts and helpers are lowered)

--type is the type of programs whose section's name says none, as in inlay verify.
Exit status: 0 all is well, 1 rejected or different, 2 cannot be read or asked.`,
  run(args) {
    const [action, ...rest] = args;
    if (action === undefined || !Object.hasOwn(ACTIONS, action)) {
      throw new UsageError(`takes one of ${Object.keys(ACTIONS).join(", ")}`);
    }
    requireKernel();
    return Promise.resolve(ACTIONS[action](rest));
  },
};

/**
 * Programs of several objects; the same object's share their maps in the kernel. What cannot be read is said and left out: exit
 * status 2, else 0.
 */
function eachProgram(
  options: Options,
  visit: (program: Program, at: { object: string; unit: KernelUnit }) => void,
  unreadable: (verdict: Verdict) => void,
): number {
  if (options.positional.length === 0) throw new UsageError("takes at least one object");
  const targetBtf = readTargetBtf(undefined);
  const type = readProgramType(options.string("type"));
  const wanted = options.string("program");
  const progress = new Progress(options.positional.length);
  let status = 0;
  options.positional.forEach((object, i) => {
    let unit: Unit;
    let programs: readonly Program[];
    try {
      unit = readUnit(object, targetBtf, { type });
      programs = options.positional.length === 1
        ? selectPrograms(unit, wanted)
        : unit.programs.filter((program) => wanted === undefined || program.attrs.name === wanted);
    } catch (error) {
      // One object alone that cannot be read is a mistake in what was asked.
      if (!(error instanceof InputError) || options.positional.length === 1) throw error;
      progress.end();
      console.error(`inlay kernel: ${error.message}`);
      status = 2;
      return;
    }
    for (const program of selectUnreadable(unit, wanted)) {
      status = 2;
      unreadable(unreadableVerdict(program, object));
    }
    using inKernel = new KernelUnit(unit);
    for (const program of programs) {
      progress.at(i, `${object} ${program.attrs.name}`);
      visit(program, { object, unit: inKernel });
    }
  });
  progress.end();
  return status;
}

function onlyProgram(
  args: readonly string[],
  strings: readonly string[],
): { program: Program; options: Options } {
  const options = readOptions(args, { flags: ["json"], strings: [...strings, "program"] });
  const [path, ...more] = options.positional;
  if (path === undefined || more.length > 0) throw new UsageError("takes one object");
  return {
    program: selectProgram(readUnit(path, readTargetBtf(undefined)), options.string("program")),
    options,
  };
}

function verify(args: readonly string[]): number {
  const options = readOptions(args, { flags: ["json"], strings: ["program", "type", "log"] });
  const logLevel = options.integer("log", { min: 0, max: 2, default: 0 });
  let status = 0;
  const say = (verdict: Verdict) =>
    console.log(options.flag("json") ? JSON.stringify(verdict) : describeVerdict(verdict, logLevel));
  const read = eachProgram(options, (program, { object, unit }) => {
    const verdict = askKernel(program, { object, unit, logLevel });
    if (verdict.verdict !== "accept") status = 1;
    say(verdict);
  }, say);
  return Math.max(status, read);
}

/** Figures come from a load without a log, the message and the log from a second one. */
function askKernel(program: Program, how: { object: string; unit: KernelUnit; logLevel: number }): Verdict {
  const head = headOf(program, how.object);
  const open = openType(program);
  if (open !== undefined) return { ...head, ...NO_FIGURES, verdict: "unsupported", message: open };
  try {
    using plain = how.unit.load(program, { logLevel: 4 });
    const { stats } = plain;
    if (plain.errno === EAGAIN) throw new UnsupportedError("a verification that the kernel did not finish");
    const wantsLog = how.logLevel > 0 || !plain.accepted;
    using logged = wantsLog ? how.unit.load(program, { logLevel: how.logLevel || 1 }) : undefined;
    return {
      ...head,
      verdict: plain.accepted ? "accept" : "reject",
      errno: plain.errno,
      message: logged === undefined || plain.accepted ? "" : logged.message,
      processed: stats.processed ?? 0,
      total_states: stats.totalStates ?? 0,
      peak_states: stats.peakStates ?? 0,
      stack_depth: (stats.stackDepth ?? []).join("+"),
      usec: stats.usec ?? 0,
      ...(logged === undefined ? {} : { log: logged.log }),
    };
  } catch (error) {
    if (!(error instanceof UnsupportedError || error instanceof KernelError)) throw error;
    return { ...head, ...NO_FIGURES, verdict: "unsupported", message: error.message };
  }
}

function xlated(args: readonly string[]): number {
  const { program } = onlyProgram(args, []);
  using unit = new KernelUnit(program.unit);
  using verdict = unit.load(program);
  if (!verdict.accepted) {
    using again = unit.load(program, { logLevel: 1 });
    console.error(`rejected by the kernel: ${again.message}\n${again.log}`.trimEnd());
    return 1;
  }
  console.log(
    comparableDump(progInfo(verdict.fd).xlated).map((line, i) => `${String(i).padStart(5)}: ${line}`).join(
      "\n",
    ),
  );
  return 0;
}

function run(args: readonly string[]): number {
  const { program, options } = onlyProgram(args, [...PACKET_OPTIONS, "repeat"]);
  const repeat = options.integer("repeat", { min: 1, max: 1_000_000, default: 1 });
  try {
    const outcome = runOnKernel(program, { data: packetOf(options), repeat });
    console.log(options.flag("json") ? JSON.stringify(outcome) : describeRun(outcome));
    return 0;
  } catch (error) {
    if (!(error instanceof RejectedError || error instanceof UnsupportedError)) throw error;
    console.error(
      error instanceof RejectedError
        ? `rejected by the kernel: ${error.message}\n${error.log}`.trimEnd()
        : error.message,
    );
    return 1;
  }
}

function diff(args: readonly string[]): number {
  const options = readOptions(args, { flags: ["json", "insns"], strings: ["program", "type"] });
  let status = 0;
  const undecided = (verdict: Verdict) =>
    console.log(
      options.flag("json")
        ? JSON.stringify({ ...verdict, outcome: "undecided" })
        : `${yellow("undecided".padEnd(12))} ${
          bold(`${verdict.object}: ${verdict.section}/${verdict.program}`)
        }\n    ${verdict.message}`,
    );
  const read = eachProgram(options, (program, { object, unit }) => {
    const open = openType(program);
    if (open !== undefined) {
      return undecided({ ...headOf(program, object), ...NO_FIGURES, verdict: "unsupported", message: open });
    }
    const name = `${object}: ${program.attrs.section}/${program.attrs.name}`;
    const own = ownVerdict(program);
    try {
      using plain = unit.load(program, { logLevel: 4 });
      if (plain.errno === EAGAIN) throw new UnsupportedError("a verification that the kernel did not finish");
      using verdict = plain.accepted ? plain : unit.load(program, { logLevel: 1 });
      const result = diffVerdict(own, verdict);
      const insns = options.flag("insns") && own.verdict === "accept" && verdict.accepted
        ? diffLines(comparableLines(rewritten(program)), comparableDump(progInfo(verdict.fd).xlated))
        : undefined;
      const differs = insns?.some((line) => line.side !== "same") ?? false;
      if (result.outcome.startsWith("wrong") || differs) status = 1;
      if (options.flag("json")) console.log(JSON.stringify({ ...headOf(program, object), ...result, insns }));
      else {
        const paint = result.outcome === "agree" ? green : result.outcome === "undecided" ? yellow : red;
        console.log(`${paint(result.outcome.padEnd(12))} ${bold(name)}`);
        for (const { what, ours, kernel } of result.differences) {
          console.log(`    ${what}: ours ${ours}, kernel ${kernel}`);
        }
        if (result.outcome === "undecided") console.log(`    ${own.message}`);
        const marks = { same: " ", ours: "-", kernel: "+" } as const;
        for (const line of insns ?? []) console.log(`    ${marks[line.side]} ${line.text}`);
      }
    } catch (error) {
      if (!(error instanceof UnsupportedError || error instanceof KernelError)) throw error;
      console.log(
        options.flag("json")
          ? JSON.stringify({ ...headOf(program, object), outcome: "undecided", message: error.message })
          : `${yellow("undecided".padEnd(12))} ${bold(name)}\n    ${error.message}`,
      );
    }
  }, undecided);
  return Math.max(status, read);
}

function ownVerdict(program: Program): OwnVerdict {
  try {
    const processors = runningProcessors(), kernelVariables = knowsVariables(program);
    const lockdown = runningLockdown(program);
    const result = verifyProgram(program, {
      profile: LINUX_6_18,
      ...(lockdown === undefined ? {} : { lockdown }),
      ...(kernelVariables === undefined ? {} : { kernelVariables }),
      ...(processors === undefined ? {} : { processors }),
    });
    const { verdict, message, processed, totalStates, peakStates } = result;
    return { verdict, message, processed, totalStates, peakStates };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { verdict: "unsupported", message: error.message };
  }
}

/** The program where ours and the kernel's instructions can be compared. */
function rewritten(program: Program): Program {
  return new Compiler({ until: "nop-remove" }).compile(program).program;
}

/**
 * verify: proves a program safe the way Linux 6.18 does, or says why not in the kernel's words; what it learnt on the way becomes
 * facts for the passes behind it.
 *
 * This file orders the stages of `bpf_check` and gathers the result. Programs of kinds that Inlay cannot decide yet end in
 * `UnsupportedError`, never in a verdict.
 *
 * @module
 */
import { UnsupportedError } from "../../ir/diagnostic.ts";
import type { Btf } from "../../ir/btf/btf.ts";
import { liveRegisters } from "../../ir/liveness.ts";
import type { Program } from "../../ir/program.ts";
import { sccOf } from "../../ir/scc.ts";
import type { Profile, ProgramTypeRules } from "../../profile/profile.ts";
import type { KfuncResolver } from "../kfuncs.ts";
import { backtracking } from "../precision/backtracking.ts";
import { everything } from "../precision/everything.ts";
import { resetBlocks } from "./states/blocks.ts";
import { checkAttachType, checkTarget } from "./context/attach.ts";
import { type LoadedProgram, loadedProgram } from "./context/loaded_program.ts";
import { callTraits } from "./flow/call_traits.ts";
import { checkCfg, checkOpcodes, checkSubprogs } from "./flow/cfg_check.ts";
import { CUR } from "./states/layout.ts";
import { W } from "./states/arena.ts";
import { EINVAL, Env, SUB_CALLED, SUB_VERIFIED } from "./env.ts";
import { Explored } from "./states/explored.ts";
import { Fastcall } from "./flow/fastcall.ts";
import { type Flow, flowOf } from "./flow/flow.ts";
import { setForms } from "./memo/forms.ts";
import { setUpEntry } from "./entry.ts";
import { findExceptionCallback } from "./calls/exceptions.ts";
import type { Lockdown } from "./calls/helper_allowed.ts";
import { assumeProcessors, PROCESSORS } from "./calls/helper_result.ts";
import { insnText } from "./log/log.ts";
import { Loops } from "./states/loops.ts";
import { checkKfuncs } from "./kfuncs/kfunc_call.ts";
import { preciseArguments, resolvers } from "./kfuncs/kfunc_proto.ts";
import { assumed } from "./memory/map_value.ts";
import type { Observer } from "./observer.ts";
import { Pending } from "./states/pending.ts";
import type { Demand, DiagnosticCode } from "./rejection.ts";
import { programWithFacts } from "./results.ts";
import { checkCallDepth } from "./flow/call_depth.ts";
import { StackLiveness } from "./flow/stack_liveness.ts";
import { beginRun } from "./memo/outcomes.ts";
import { beginValues } from "./states/values.ts";
import { beginSweeps } from "./states/value_sweep.ts";
import { walk } from "./walk.ts";

/** What {@linkcode verifyProgram} is told. */
export interface VerifyOptions {
  /** The kernel version whose rules hold. */
  readonly profile: Profile;
  /** Bits as in `union bpf_attr`: 1 short, 2 long, 4 statistics; 0 (the default) logs nothing. */
  readonly logLevel?: number;
  /**
   * How what a verdict depended on is found: by backtracking (the default), or not at all, so that everything counts. The latter costs
   * states and may refuse more, never less.
   */
  readonly precision?: "backtracking" | "everything";
  /** Stops the verification with its reason once it is aborted. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which to give up without a verdict; never by default. */
  readonly timeLimit?: number;
  /** The kernel's types, if the unit does not bring them. */
  readonly targetBtf?: Btf;
  /**
   * Whether the kernel keeps the addresses of its variables (`CONFIG_KALLSYMS_ALL`). Not known by default: what uses one is not
   * decided about.
   */
  readonly kernelVariables?: boolean | undefined;
  /**
   * What the kernel is locked down to, which takes `bpf_probe_write_user` from programs, and with confidentiality also what reads
   * kernel memory. Not known by default: what calls the former is not decided about, what calls the latter is taken for allowed.
   */
  readonly lockdown?: Lockdown | undefined;
  /**
   * How many processors the machine has (`nr_cpu_ids`). If it is not said, any number is reckoned with, and what is refused for one of
   * them alone is not decided about.
   */
  readonly processors?: number;
  /** The bodies that modules registered: prototypes of functions that no kernel's BTF knows. */
  readonly kfuncs?: KfuncResolver;
  /**
   * What bodies may rely on of numbers passed to them. `recorded`, the default: what is so on every path anyway. `precise`: the number
   * itself, on which the verdict then depends, as in the proposal of 2024; costs states and can refuse what the default accepts.
   */
  readonly kfuncArguments?: "recorded" | "precise";
  /** @ignore Watches the walk, for tests. */
  readonly observer?: Observer;
}

/** What came of a verification. */
export interface VerifyResult {
  /** Whether the kernel would load it. */
  readonly verdict: "accept" | "reject";
  /** The kernel's errno, positive; 0 if accepted. */
  readonly errno: number;
  /** Why it was refused, as the log's last line says; empty if accepted. */
  readonly message: string;
  /** What kind of rejection it is, one of the codes in `docs/diagnostics.md`; empty if accepted. */
  readonly code: DiagnosticCode | "";
  /** What was demanded, as far as the rejection is about a register or memory. */
  readonly demand: Demand | undefined;
  /** The log, as much as was asked for. */
  readonly log: string;
  /** The slot it was refused at; -1 if accepted, or not for what one instruction does. */
  readonly slot: number;
  /** Instructions processed, as `processed N insns` counts them. */
  readonly processed: number;
  /** States saved in all. */
  readonly totalStates: number;
  /** States kept at a time, at most. */
  readonly peakStates: number;
  /** The longest list of states looked through at one place. */
  readonly maxStatesPerInsn: number;
  /** By subprogram in layout order, in bytes. */
  readonly stackDepth: readonly number[];
  /** Microseconds. */
  readonly usec: number;
  /** The program with what was learnt about it; only if accepted. */
  readonly program: Program | undefined;
}

/**
 * Verifies a program.
 *
 * @throws {UnsupportedError} If it needs what Inlay cannot decide yet.
 */
export function verifyProgram(program: Program, options: VerifyOptions): VerifyResult {
  assumeProcessors(options.processors);
  try {
    const { result, unknown } = attempt(program, options);
    if (result.verdict === "accept" || unknown === undefined) return result;
    if (unknown !== PROCESSORS) throw new UnsupportedError(unknown);
    if (options.processors !== undefined) return result;
    // Fewer processors make results smaller and nothing larger: what is refused with one for the same reason is refused with any.
    assumeProcessors(1);
    const { message, slot, verdict } =
      attempt(program, { ...options, logLevel: 0, observer: undefined }).result;
    if (verdict !== "reject" || message !== result.message || slot !== result.slot) {
      throw new UnsupportedError(unknown);
    }
    return result;
  } finally {
    assumeProcessors();
  }
}

/** Verifies a program; `unknown`: what was taken for the worst that it can be, if anything was. */
function attempt(
  program: Program,
  options: VerifyOptions,
): { readonly result: VerifyResult; readonly env: Env; readonly unknown: string | undefined } {
  const { attachProgram } = program.attrs;
  // First, as one verification at a time has the memory.
  const host = attachProgram === undefined ? undefined : load(attachProgram, options);
  const begin = performance.now();
  const rules = rulesFor(program, options.profile, host);
  resetBlocks();
  W.fill(0, 0, CUR);
  beginRun(beginValues());
  beginSweeps();
  const env = new Env(program, {
    profile: options.profile,
    rules,
    precision: options.precision === "everything" ? everything : backtracking,
    host,
    logLevel: options.logLevel ?? 0,
    targetBtf: options.targetBtf,
    kernelVariables: options.kernelVariables,
    lockdown: options.lockdown,
  });
  if (options.kfuncs !== undefined) resolvers.set(env, options.kfuncs);
  if (options.kfuncArguments === "precise") preciseArguments.add(env);
  env.observer = options.observer;
  options.observer?.begin?.(env);
  env.signal = options.signal;
  options.signal?.throwIfAborted();
  if (options.timeLimit !== undefined) env.deadline = begin + options.timeLimit;
  let status = check(env);
  const walked = status === 0;
  if (walked) status = checkCallDepth(env);
  if (status === 0 && env.callsNothing) {
    status = env.fail(
      EINVAL,
      "kfunc-not-allowed",
      "invalid kernel function call not eliminated in verifier pass",
    );
  }
  const usec = Math.round((performance.now() - begin) * 1000);
  const { explored } = env;
  if (env.logLevel & 4) {
    env.log.append(`verification time ${usec} usec\nstack depth ${[...env.stackDepth].join("+")}\n`);
  }
  if (env.logLevel !== 0) {
    env.log.append(
      `processed ${env.processed} insns (limit ${env.profile.limits.processed}) max_states_per_insn ${
        explored?.maxPerInsn ?? 0
      } total_states ${explored?.total ?? 0} peak_states ${explored?.peak ?? 0} mark_read 0\n`,
    );
  }
  // Who only asks for the verdict does without.
  let found: Program | undefined;
  const result: VerifyResult = {
    verdict: status === 0 ? "accept" : "reject",
    errno: -status,
    message: status === 0 ? "" : env.message,
    code: status === 0 ? "" : `verify/${env.rejection}`,
    demand: status === 0 ? undefined : env.demand,
    log: env.log.toString(),
    slot: status !== 0 && !walked && env.processed > 0 ? env.insnIdx : -1,
    processed: env.processed,
    totalStates: explored?.total ?? 0,
    peakStates: explored?.peak ?? 0,
    maxStatesPerInsn: explored?.maxPerInsn ?? 0,
    stackDepth: [...env.stackDepth],
    usec,
    get program() {
      return status === 0 ? found ??= programWithFacts(env) : undefined;
    },
  };
  return { result, env, unknown: assumed.get(env) };
}

/** Has the kernel take a program, for another that is attached to one of its functions. */
function load(program: Program, options: VerifyOptions): LoadedProgram {
  const { result, env } = attempt(program, { ...options, logLevel: 0, observer: undefined });
  if (result.verdict === "accept") return loadedProgram(env);
  throw new UnsupportedError(
    `functions of program ${program.attrs.name}, which is refused itself: ${result.message}`,
  );
}

/** What a program is verified by: the rules of its type, or of the program whose function it replaces. */
function rulesFor(program: Program, profile: Profile, host: LoadedProgram | undefined): ProgramTypeRules {
  const { type } = program.attrs, rules = profile.programType(type);
  if (rules === undefined) throw new UnsupportedError(`program type ${type}`);
  if (type === "ext") {
    if (host !== undefined) return host.rules;
    throw new UnsupportedError("programs that replace a function, without the program that has it");
  }
  if (rules.unsupported !== undefined) {
    throw new UnsupportedError(`program type ${type}: ${rules.unsupported}`);
  }
  return rules;
}

function check(env: Env): number {
  let failed = checkProgramType(env) || checkAttachType(env) || checkKfuncs(env) ||
    findExceptionCallback(env);
  if (failed < 0) return failed;
  failed = checkSubprogs(env);
  if (failed < 0) return failed;
  failed = checkOpcodes(env);
  if (failed < 0) return failed;
  failed = checkCfg(env);
  if (failed < 0) return failed;
  failed = checkTarget(env);
  if (failed < 0) return failed;
  const flow = flowOf(env.cols), traits = callTraits(env);
  env.component = sccOf(env.cols);
  setForms(env);
  env.liveRegs = liveRegisters(env.cols, { arity: traits.arity });
  if (env.logLevel & 2) logLiveRegs(env);
  env.fastcall = new Fastcall(env, traits);
  failed = checkFunction(env, flow, 0);
  if (failed < 0) return failed;
  return checkGlobals(env, flow);
}

/** Fails where the kernel was built without the program's type: it says nothing then. */
function checkProgramType(env: Env): number {
  const { builtWith, name } = env.rules;
  if (builtWith === undefined) return 0;
  if (env.targetBtf === undefined) return env.unsupported(`program type ${name}: not in every kernel`);
  return env.targetBtf.find(builtWith, "func") === 0 ? env.failSilently(EINVAL, "program-type") : 0;
}

function logLiveRegs(env: Env): void {
  env.verbose("Live regs before insn:\n");
  for (let i = 0; i < env.cols.count; i++) {
    let text = env.component[i] !== 0 ? `${String(env.component[i]).padStart(3)} ` : "    ";
    text += `${String(i).padStart(3)}: `;
    for (let r = 0; r < 10; r++) text += (env.liveRegs[i] & (1 << r)) !== 0 ? r : ".";
    env.verbose(`${text} ${insnText(env, i)}\n`);
    if (env.code[i] === 0x18) i++;
  }
}

/** Walks one function: the program itself, or a global subprogram by its prototype. */
function checkFunction(env: Env, flow: Flow, subprog: number): number {
  const loops = new Loops(env);
  if (env.explored === undefined) {
    env.explored = new Explored(env, loops);
    env.pending = new Pending(env);
    env.stackLiveness = new StackLiveness(env, flow);
  } else env.explored.begin(loops);
  env.stackLiveness.reset();
  env.lastLine = undefined;
  env.parent = 0;
  env.history = env.historyCount = 0;
  env.dfsDepth = env.callbackUnrollDepth = env.mayGotoDepth = 0;
  env.refCount =
    env.activeLocks =
    env.preemptLocks =
    env.rcuLocks =
      0;
  env.irqId = env.lockId = env.lockPtr = 0;
  env.sleepable = (env.program.attrs.flags & 16) !== 0;
  env.setFrame(0);
  env.insnIdx = env.firstInsnIdx = env.cols.subprogStart[subprog];
  env.lastInsnIdx = -1;
  let failed = setUpEntry(env, subprog);
  if (failed < 0) return failed;
  failed = walk(env);
  if (failed < 0) return failed;
  if (env.logLevel !== 0 && (env.logLevel & 2) === 0) env.log.cut(0);
  return 0;
}

/** Walks the global subprograms that live code calls, until no new one is called. */
function checkGlobals(env: Env, flow: Flow): number {
  for (let again = true; again;) {
    again = false;
    for (let i = 1; i < env.subprogFlags.length; i++) {
      const flags = env.subprogFlags[i];
      if (!env.isGlobal(i) || (flags & SUB_CALLED) === 0 || (flags & SUB_VERIFIED) !== 0) continue;
      const failed = checkFunction(env, flow, i);
      if (failed < 0) return failed;
      env.verbose(
        `Func#${i} ('${env.program.subprogs[i].name}') is safe for any args that match its prototype\n`,
      );
      env.subprogFlags[i] |= SUB_VERIFIED;
      again = true;
    }
  }
  return 0;
}

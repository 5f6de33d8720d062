/**
 * Rejections that teach: what was asked of which value, where the value came from, what would have sufficed, and the path that led
 * there.
 *
 * A program that was refused is verified once more with a {@linkcode Recorder}; verification itself knows nothing of it. The kinds
 * are explained in `bounds.ts`, `pointer_use.ts`, `held.ts`, `flow.ts` and `calls.ts`; those without an explainer get the register,
 * its origin and the kind's usual remedy.
 *
 * @module
 */
import type { Program } from "../../../ir/program.ts";
import { type DiagnosticCode, type RejectionCode, REJECTIONS } from "../rejection.ts";
import { type VerifyOptions, verifyProgram, type VerifyResult } from "../verify.ts";
import {
  explainPacket,
  explainPointerOffset,
  explainRegion,
  explainReturn,
  explainSize,
  explainStack,
  generic,
} from "./bounds.ts";
import {
  explainContext,
  explainHelper,
  explainKfunc,
  explainLicense,
  explainRelocation,
  explainSleeping,
} from "./calls.ts";
import {
  explainBytecode,
  explainComplexity,
  explainLoop,
  explainStackDepth,
  explainUnreachable,
} from "./flow.ts";
import { explainLeak, explainSection, explainUnacquired } from "./held.ts";
import { explainSpecialField, explainStackObject, explainUnlocked } from "./objects.ts";
import { Path, type Place } from "./path.ts";
import {
  explainArithmetic,
  explainConstant,
  explainGlobalArgument,
  explainMoved,
  explainNotPointer,
  explainNullable,
  explainType,
  explainUninit,
  explainWrongPointer,
} from "./pointer_use.ts";
import type { Case, Reason } from "./reason.ts";
import { Recorder } from "./recorder.ts";

/** A place with what happened there. */
export interface ExplainedStep {
  /** Where; absent for what was so at the entry. */
  readonly place?: Place;
  /** What. */
  readonly says: string;
}

/** A branch of the path. */
export interface TakenBranch {
  /** Where it happens. */
  readonly place: Place;
  /** It jumped. */
  readonly taken: boolean;
}

/** Why a program was refused. */
export interface Explanation {
  /** The kind of rejection. */
  readonly code: DiagnosticCode;
  /** The kernel's words. */
  readonly message: string;
  /** What is wrong, in one sentence. */
  readonly summary: string;
  /** The instruction that was refused; absent if it was not for what one instruction does. */
  readonly at?: Place;
  /** The instruction was reached: `branches` leads to it. */
  readonly reached: boolean;
  /** The register at fault. */
  readonly register?: { readonly number: number; readonly kernel: string; readonly words: string };
  /** Where its value came from, oldest first. */
  readonly origin: readonly ExplainedStep[];
  /** Further sentences. */
  readonly notes: readonly string[];
  /** What would have sufficed, or usually helps. */
  readonly remedy: string;
  /** The bound that would have sufficed, if there is one: the register is at most `max` (64 bits, unsigned, in decimal) before the instruction. */
  readonly bound?: { readonly before: Place; readonly register: number; readonly max: string };
  /** The branches from the entry to the instruction, in order; of long paths the last ones. */
  readonly branches: readonly TakenBranch[];
  /** Branches before those. */
  readonly branchesBefore: number;
}

/** Branches of the path that are kept. */
const BRANCHES = 8;
/** Steps of a value's history that are kept. */
const STEPS = 10;

/**
 * Explains why a program is refused; undefined if it is accepted. Verifies it again: takes as long as that, and somewhat more.
 *
 * @throws {UnsupportedError} If it needs what Inlay cannot decide yet.
 */
export function explainRejection(program: Program, options: VerifyOptions): Explanation | undefined {
  const recorder = new Recorder(),
    result = verifyProgram(program, { ...options, logLevel: 0, observer: recorder });
  if (result.code === "") return undefined;
  const code = result.code.slice("verify/".length) as RejectionCode, { env } = recorder;
  // It is set when a verification begins, and one without has no result.
  if (env === undefined) return undefined;
  const path = new Path(env, recorder), c = caseOf(path, code, result);
  return assemble(c, result, reasonOf(c));
}

/** Text that goes on a sentence. */
function uncapital(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, "");
}

function caseOf(path: Path, code: RejectionCode, result: VerifyResult): Case {
  const { env } = path, step = result.slot < 0 ? -1 : path.length - 1;
  const { demand, message } = result, reg = step < 0 ? -1 : registerOf(path, step, result);
  const value = reg < 0 || step < 0 ? undefined : path.value(step, reg);
  return { env, path, code, message, demand, step, slot: result.slot, reg, value };
}

/** The register at fault: what the rejection says, else the instruction's base register, else what the message names. */
function registerOf(path: Path, step: number, result: VerifyResult): number {
  if (result.demand?.regno !== undefined) return result.demand.regno;
  const insn = path.insn(step), named = /\bR(\d+)\b/.exec(result.message);
  if (named !== null) return Number(named[1]);
  const arg = /\barg#?(\d)/.exec(result.message);
  if (arg !== null && insn.kind === "call") return Number(arg[1]) + 1;
  return insn.kind === "load" || insn.kind === "store" || insn.kind === "atomic" ? insn.base : -1;
}

/** By kind; `generic` for those not listed. */
const EXPLAINERS: Partial<Record<RejectionCode, (c: Case) => Reason>> = {
  "packet-bounds": explainPacket,
  "map-value-bounds": explainRegion,
  "map-key-bounds": explainRegion,
  "memory-bounds": explainRegion,
  "stack-bounds": explainStack,
  "size-argument": explainSize,
  "pointer-offset": explainPointerOffset,
  "return-range": explainReturn,
  "nullable": explainNullable,
  "not-a-pointer": explainNotPointer,
  "wrong-pointer": explainWrongPointer,
  "pointer-arithmetic": explainArithmetic,
  "untrusted-pointer": explainType,
  "uninit-register": explainUninit,
  "moved-pointer": explainMoved,
  "argument-type": explainType,
  "global-argument": explainGlobalArgument,
  "jump-target": explainBytecode,
  "invalid-instruction": explainBytecode,
  "return-type": explainType,
  "constant-argument": explainConstant,
  "leaked-reference": explainLeak,
  "held-at-exit": explainSection,
  "lock-held": explainSection,
  "unacquired-reference": explainUnacquired,
  "dynptr-state": explainStackObject,
  "iterator-state": explainStackObject,
  "stack-object": explainStackObject,
  "special-field": explainSpecialField,
  "lock-not-held": explainUnlocked,
  "infinite-loop": explainLoop,
  "too-complex": explainComplexity,
  "unreachable-code": explainUnreachable,
  "stack-depth": explainStackDepth,
  "helper-not-allowed": explainHelper,
  "kfunc-not-allowed": explainKfunc,
  "license": explainLicense,
  "sleeping-call": explainSleeping,
  "context-access": explainContext,
  "missing-relocation": explainRelocation,
};

/** What can be said of a rejection. */
function reasonOf(c: Case): Reason {
  return (EXPLAINERS[c.code] ?? generic)(c);
}

function assemble(c: Case, result: VerifyResult, reason: Reason): Explanation {
  const { path } = c, { meaning, remedy } = REJECTIONS[c.code];
  const reg = reason.reg ?? c.reg, value = reg < 0 || c.step < 0 ? undefined : path.value(c.step, reg);
  const events = [...reason.events ?? []].reverse();
  const kept = events.length <= STEPS ? events : [events[0], ...events.slice(events.length - STEPS + 1)];
  const origin = kept.map(({ step, says }): ExplainedStep =>
    step < 0 ? { says } : { place: path.place(path.slot(step)), says }
  );
  const { branches, before } = branchesOf(path, c.step), slot = reason.slot ?? c.slot;
  return {
    code: result.code as DiagnosticCode,
    message: result.message,
    summary: reason.summary === "" ? uncapital(meaning) : reason.summary,
    ...(slot < 0 || slot >= c.env.cols.count ? {} : { at: path.place(slot) }),
    reached: c.step >= 0,
    ...(value === undefined ? {} : { register: { number: reg, kernel: value.text, words: value.words } }),
    origin,
    notes: [...reason.notes ?? []],
    remedy: reason.remedy ?? uncapital(remedy),
    ...(reason.bound === undefined ? {} : {
      bound: {
        before: path.place(path.slot(reason.bound.step)),
        register: reason.bound.reg,
        max: reason.bound.max.toString(),
      },
    }),
    branches,
    branchesBefore: before,
  };
}

function branchesOf(path: Path, end: number): { branches: TakenBranch[]; before: number } {
  const branches: TakenBranch[] = [];
  let before = 0;
  for (let step = end - 1; step >= 0; step--) {
    if (path.insn(step).kind !== "branch") continue;
    const taken = path.jumped(step);
    if (taken === undefined) continue;
    if (branches.length === BRANCHES) before++;
    else branches.push({ place: path.place(path.slot(step)), taken });
  }
  return { branches: branches.reverse(), before };
}

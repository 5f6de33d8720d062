/**
 * The compiler's passes in the order in which they run: start reading here.
 *
 * {@linkcode defaultPasses} is that order, as a literal list. `parse` makes programs of bytes and stands before all passes, `jit`
 * makes machine code of programs and stands behind them; passes of plugins go in between. Every constraint of the order stands at
 * the pass it concerns, with its reason; `inlay passes` prints them all (see {@linkcode describePasses}).
 *
 * @module
 */
import { bpfLoopInline } from "./bpf_loop_inline.ts";
import { branchPrune } from "./branch_prune.ts";
import { dce } from "./dce.ts";
import { fastcallRemove } from "./fastcall_remove.ts";
import { kfuncDefine } from "./kfunc_define.ts";
import { kfuncInline } from "./kfunc_inline.ts";
import { kfuncResolve } from "./kfunc_resolve.ts";
import { exploreNothing, kfuncInstantiate } from "./kfunc_instantiate.ts";
import { lowerCalls } from "./lower/calls.ts";
import { lowerContexts } from "./lower/contexts.ts";
import { lowerMayGoto } from "./lower/may_goto.ts";
import { nopRemove } from "./nop_remove.ts";
import type { Pass } from "./pass.ts";
import { checkOrder, flattenPasses, type OrderEntry, type PassList } from "./pipeline.ts";
import { simplify } from "./simplify/simplify.ts";
import { stackCheck } from "./stack_check.ts";
import { verify } from "./verify/pass.ts";

export { bpfLoopInline, type BpfLoopInlineOptions } from "./bpf_loop_inline.ts";
export { branchPrune, type BranchPruneOptions } from "./branch_prune.ts";
export { dce } from "./dce.ts";
export * from "./facts.ts";
export { fastcallRemove } from "./fastcall_remove.ts";
export { kfuncDefine } from "./kfunc_define.ts";
export { kfuncInline } from "./kfunc_inline.ts";
export { kfuncResolve } from "./kfunc_resolve.ts";
export {
  type BodyFacts,
  type ExploreBody,
  exploreNothing,
  type ExploreOptions,
  kfuncInstantiate,
  type KfuncInstantiateOptions,
} from "./kfunc_instantiate.ts";
export * from "./kfuncs.ts";
export { lowerCalls } from "./lower/calls.ts";
export { lowerContexts } from "./lower/contexts.ts";
export { lowerMayGoto, type LowerMayGotoOptions } from "./lower/may_goto.ts";
export { nopRemove } from "./nop_remove.ts";
export * from "./observers.ts";
export * from "./pass.ts";
export * from "./pipeline.ts";
export type * from "../profile/profile.ts";
export { simplify } from "./simplify/simplify.ts";
export { checkStackDepth, stackCheck, type StackCheckOptions } from "./stack_check.ts";

/** A stage at either end of the passes: not a transformation of programs, but part of the order. */
export interface Stage extends OrderEntry {
  /** One sentence. */
  readonly summary: string;
  /** `frontend`: bytes to a unit. `backend`: a program to machine code. */
  readonly stage: "frontend" | "backend";
}

/** What stands before all passes. */
export const FRONTEND: Stage = {
  name: "parse",
  summary: "Reads an object file: ELF, BTF, CO-RE relocations, maps, externs, subprograms",
  stage: "frontend",
};

/** What stands behind all passes. */
export const BACKEND: Stage = {
  name: "jit",
  summary: "Makes x86-64 machine code",
  stage: "backend",
  after: {
    verify: "nothing runs that was not verified",
    "lower-may-goto": "the counter's stack slot is part of the frame",
  },
};

/**
 * The passes, in order. The list is the order.
 *
 * @example
 * ```ts
 * import { defaultPasses, Pipeline } from "./mod.ts";
 * const pipeline = new Pipeline({ passes: defaultPasses(), skip: ["branch-prune"] });
 * console.log(pipeline.toString());
 * ```
 */
export function defaultPasses(): readonly Pass[] {
  return [
    kfuncDefine(),
    verify(),
    kfuncInstantiate(),
    fastcallRemove(),
    stackCheck(),
    bpfLoopInline(),
    branchPrune(),
    dce(),
    nopRemove(),
    lowerContexts(),
    lowerMayGoto(),
    lowerCalls(),
    kfuncInline(),
    kfuncResolve(),
    simplify(),
  ];
}

/**
 * The list with kernel functions as the proposal of 2024 ("inlinable kfuncs for BPF") treats them: a verdict depends on every number
 * passed to a function with a body, and bodies are specialised for each. For comparison, and for its expected logs.
 */
export function rfcPasses(): readonly Pass[] {
  return defaultPasses().map((pass) => pass.name === "verify" ? verify({ kfuncArguments: "precise" }) : pass);
}

/** By the text that stands for a pass in golden files and on command lines: `name`, or `name:variant`. */
const FACTORIES: Readonly<Record<string, () => Pass>> = {
  "kfunc-define": kfuncDefine,
  verify: () => verify(),
  "verify:rfc": () => verify({ kfuncArguments: "precise" }),
  "fastcall-remove": fastcallRemove,
  "stack-check": stackCheck,
  "bpf-loop-inline": bpfLoopInline,
  "bpf-loop-inline:helper": () => bpfLoopInline({ semantics: "helper" }),
  "branch-prune": branchPrune,
  "branch-prune:kernel": () => branchPrune({ rule: "kernel" }),
  dce,
  "nop-remove": nopRemove,
  "lower-contexts": lowerContexts,
  "lower-may-goto": lowerMayGoto,
  "lower-calls": lowerCalls,
  "kfunc-instantiate": () => kfuncInstantiate(),
  "kfunc-instantiate:unexplored": () => kfuncInstantiate({ explore: exploreNothing }),
  "kfunc-inline": kfuncInline,
  "kfunc-resolve": kfuncResolve,
  simplify,
};

/**
 * Passes by their names, separated by commas: the inverse of `Pipeline.toString`.
 *
 * @throws {TypeError} If there is no pass of a name.
 *
 * @example
 * ```ts
 * import { parsePasses } from "./mod.ts";
 * const passes = parsePasses("branch-prune:kernel, dce");
 * console.log(passes.length); // 2
 * ```
 */
export function parsePasses(text: string): Pass[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((name) => {
    if (!Object.hasOwn(FACTORIES, name)) {
      throw new TypeError(
        `Cannot find pass "${name}": there are ${Object.keys(FACTORIES).join(", ")}`,
      );
    }
    return FACTORIES[name]();
  });
}

/**
 * The list as text, each pass with its constraints and their reasons, the stages at the ends included.
 *
 * @throws {TypeError} If the list breaks a constraint.
 */
export function describePasses(passes: PassList = defaultPasses()): string {
  const flat = flattenPasses(passes);
  const entries: readonly (Pass | Stage)[] = [FRONTEND, ...flat, BACKEND];
  checkOrder(entries);
  return entries.map(describe).join("\n");
}

function describe(entry: Pass | Stage): string {
  const mark = "stage" in entry ? ` (${entry.stage})` : entry.required === true ? " (required)" : "";
  const lines = [`${entry.name}${mark}`, `    ${entry.summary}`];
  for (const [name, reason] of Object.entries(entry.after ?? {})) lines.push(`    after ${name}: ${reason}`);
  for (const [name, reason] of Object.entries(entry.before ?? {})) {
    lines.push(`    before ${name}: ${reason}`);
  }
  const facts = (verb: string, list: OrderEntry["needs"]): void => {
    if (list !== undefined && list.length > 0) {
      lines.push(`    ${verb} ${list.map((fact) => fact.name).join(", ")}`);
    }
  };
  facts("needs", entry.needs);
  facts("gives", entry.gives);
  facts("ends", entry.ends);
  return lines.join("\n") + "\n";
}

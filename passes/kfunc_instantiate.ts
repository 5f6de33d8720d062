/**
 * kfunc-instantiate: gives each call of a kernel function with a trusted body an own copy of that body, explored with what is known
 * of the call's arguments, so that the passes that follow prune it for this very call.
 *
 * It runs after verify and cannot change a verdict: the caller was verified as if there were no bodies. What verify recorded at
 * each call (the *contexts*, one per state that reached it) is what a body may be specialised for, with one reservation. Verify
 * leaves out paths that equal one it walked in all that mattered to it, so a scalar that was constant at the call speaks for
 * every path only if it was precise there, or if it is the same constant on every path by a plain dataflow analysis
 * ({@linkcode ConstArgs}). All others are unknown to the body. The same holds for null pointers.
 *
 * The exploration has a budget of its own. A body that cannot be explored within it, or that would not be safe to move (it refers to
 * another unit's maps), is dropped and its call stays a call. Calls inside bodies stay calls.
 *
 * @module
 */
import { columnsOf } from "../ir/columns.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { Edit } from "../ir/edit.ts";
import type { InsnId, KfuncRef, SubprogId } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { scanBody } from "./body_scan.ts";
import { ConstArgs } from "./const_args.ts";
import {
  type BranchTaken,
  branchTaken,
  dead,
  type KfuncArgContext,
  type KfuncContext,
  kfuncContexts,
} from "./facts.ts";
import { exploreBody } from "./kfunc_explore.ts";
import type { KfuncBody } from "./kfuncs.ts";
import type { Pass, PassContext } from "./pass.ts";

/** Instructions one body may cost to explore, over all its contexts: far above any real body, far below a noticeable time. */
const BODY_BUDGET = 100_000;

/** What a body's exploration found out about its instructions, by their positions in the body. */
export interface BodyFacts {
  /** Instructions that no path reaches. */
  readonly dead: readonly number[];
  /** Which ways the conditional jumps went that did not go both. */
  readonly branches: ReadonlyMap<number, BranchTaken>;
}

/** What an explorer is given besides the body. */
export interface ExploreOptions {
  /** The states to start from; never empty. */
  readonly contexts: readonly KfuncContext[];
  /** Instructions it may process. */
  readonly budget: number;
  /** Of the pass that asks. */
  readonly context: PassContext;
}

/**
 * Walks a body, a program of one subprogram, from the given contexts and nothing else: arguments it knows only as
 * {@linkcode KfuncContext} says, whatever it loads through them is unknown.
 *
 * @throws {UnsupportedError} If the body does what the explorer does not know.
 * @returns Undefined if the budget is used up.
 */
export type ExploreBody = (body: Program, options: ExploreOptions) => BodyFacts | undefined;

/** Explores nothing: bodies are moved to their calls as they are. What inlining gains by itself, for comparison. */
export const exploreNothing: ExploreBody = (): BodyFacts => ({ dead: [], branches: new Map() });

/** How bodies are explored. */
export interface KfuncInstantiateOptions {
  /** {@linkcode exploreBody} if left out. */
  readonly explore?: ExploreBody;
}

/**
 * The pass. It does nothing for a target without a JIT, as bodies replace native code.
 *
 * @example
 * ```ts
 * import { exploreNothing, kfuncInstantiate } from "./kfunc_instantiate.ts";
 * const inliningAlone = kfuncInstantiate({ explore: exploreNothing });
 * console.log(inliningAlone.name);
 * ```
 */
export function kfuncInstantiate(options: KfuncInstantiateOptions = {}): Pass {
  const explore = options.explore ?? exploreBody;
  return {
    name: "kfunc-instantiate",
    summary: "Copies the trusted bodies of kernel functions for each call, explored with its arguments",
    after: {
      verify: "what is known of a call's arguments is what verify saw",
      "kfunc-define": "verified bodies are part of the program when it is verified",
    },
    before: {
      "branch-prune": "jumps that an instance never takes are folded like any other",
      dce: "code that an instance never reaches is deleted like any other",
      "kfunc-inline": "instances are made to be inlined",
    },
    needs: [kfuncContexts],
    gives: [dead, branchTaken],
    ends: [kfuncContexts],
    run: (program, context) => context.target.jit ? instantiate(program, { explore, context }) : program,
  };
}

/** A call to instantiate a body for. */
interface Site {
  readonly call: InsnId;
  readonly position: number;
  readonly body: KfuncBody;
}

function instantiate(
  program: Program,
  options: { readonly explore: ExploreBody; readonly context: PassContext },
): Program {
  const { context } = options;
  const sites = sitesOf(program, context);
  if (sites.length === 0) return program;
  const consts = new ConstArgs(program);
  const explorations = new Explorations(options);
  const cloning = new Edit(program, { by: "kfunc-instantiate" });
  const instances: { readonly id: SubprogId; readonly facts: BodyFacts }[] = [];
  for (const site of sites) {
    const { body, call } = site;
    const facts = explorations.of(body, contextsOf(program, { site, consts }));
    if (typeof facts === "string") {
      keep(program, { context, site, why: facts });
      continue;
    }
    const id = cloning.cloneSubprog(body.code, body.code.subprogs[0].id, {
      name: body.name,
      linkage: "static",
      hidden: true,
      instanceOf: call,
      stackDepth: scanBody(body.code.code.insns).stackBytes,
    });
    instances.push({ id, facts });
  }
  const cloned = cloning.commit();
  const knowing = new Edit(cloned, { by: "kfunc-instantiate" });
  for (const { id, facts } of instances) {
    // A clone has its source's instructions in its source's order.
    const start = cloned.indexOf(cloned.subprog(id).entry);
    for (const at of facts.dead) knowing.set(dead, cloned.code.ids[start + at], true);
    for (const [at, taken] of facts.branches) knowing.set(branchTaken, cloned.code.ids[start + at], taken);
  }
  return knowing.commit();
}

/** The explorations of one program: calls with equal arguments share one. */
class Explorations {
  readonly #options: { readonly explore: ExploreBody; readonly context: PassContext };
  readonly #known = new Map<KfuncBody, Map<string, BodyFacts | string>>();

  constructor(options: { readonly explore: ExploreBody; readonly context: PassContext }) {
    this.#options = options;
  }

  /** What is known of a body from these contexts, or why it cannot be known. */
  of(body: KfuncBody, contexts: readonly KfuncContext[]): BodyFacts | string {
    let known = this.#known.get(body);
    if (known === undefined) this.#known.set(body, known = new Map());
    const key = JSON.stringify(contexts);
    let facts = known.get(key);
    if (facts === undefined) known.set(key, facts = exploreSafely(body.code, { ...this.#options, contexts }));
    return facts;
  }
}

/** The calls in the program's own code that are reached and have trusted bodies. */
function sitesOf(program: Program, context: PassContext): Site[] {
  const sites: Site[] = [];
  const { insns, ids } = program.code;
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i];
    if (insn.kind !== "call" || insn.callee.kind !== "kfunc") continue;
    if (program.get(dead, ids[i]) || program.subprogAt(i).instanceOf !== undefined) continue;
    const body = trustedBody(insn.callee.func, { program, context });
    if (body !== undefined) sites.push({ call: ids[i], position: i, body });
  }
  return sites;
}

function trustedBody(
  func: KfuncRef,
  where: { readonly program: Program; readonly context: PassContext },
): KfuncBody | undefined {
  const resolution = where.context.kfuncs.resolve(func, where.program.attrs);
  return resolution.kind === "body" && resolution.body.trust === "trusted" ? resolution.body : undefined;
}

/** What the body may be specialised for: the recorded contexts without what holds on walked paths only, without duplicates. */
function contextsOf(
  program: Program,
  where: { readonly site: Site; readonly consts: ConstArgs },
): readonly KfuncContext[] {
  const { site, consts } = where;
  const recorded = program.get(kfuncContexts, site.call);
  const args = site.body.signature.args;
  if (recorded === null) return [{ args: args.map(() => ({ kind: "opaque" })) }];
  const distinct = new Map<string, KfuncContext>();
  for (const { args } of recorded) {
    const sound = args.map((arg, i): KfuncArgContext => {
      switch (arg.kind) {
        case "scalar":
          return arg.precise || consts.before(site.position, i + 1) !== undefined ? arg : { kind: "opaque" };
        case "null":
          return consts.before(site.position, i + 1) === 0 ? arg : { kind: "opaque" };
        case "dynptr":
        case "opaque":
          return arg;
      }
    });
    distinct.set(JSON.stringify(sound), { args: sound });
  }
  return [...distinct.values()];
}

/** The facts, or why there are none. */
function exploreSafely(
  body: Program,
  options: {
    readonly explore: ExploreBody;
    readonly context: PassContext;
    readonly contexts: readonly KfuncContext[];
  },
): BodyFacts | string {
  const { explore, context, contexts } = options;
  if (contexts.length === 0) return "its call is never reached";
  const unmovable = whyNotMovable(body);
  if (unmovable !== undefined) return unmovable;
  try {
    return explore(body, { contexts, budget: BODY_BUDGET, context }) ??
      `exploring its body takes more than ${BODY_BUDGET} instructions`;
  } catch (error) {
    if (error instanceof UnsupportedError) return error.message;
    throw error;
  }
}

/** Why a body cannot be copied into another program; registries let only such bodies pass that can. */
function whyNotMovable(body: Program): string | undefined {
  if (body.subprogs.length !== 1) return "its body is more than one function";
  const map = body.code.insns.some((insn) =>
    insn.kind === "imm64" && (insn.value.kind === "map" || insn.value.kind === "map_value")
  );
  return map ? "its body refers to a map of another unit" : undefined;
}

function keep(
  program: Program,
  what: { readonly context: PassContext; readonly site: Site; readonly why: string },
): void {
  const { context, site, why } = what;
  const slot = columnsOf(program).slot[site.position];
  const position = program.code.origins[site.position].position;
  context.report({
    code: "kfunc-instantiate/kept",
    message: `Can't inline kfunc ${site.body.name} at insn ${slot}, ${why}`,
    insn: site.call,
    slot,
    ...(position === undefined ? {} : { position }),
  });
}

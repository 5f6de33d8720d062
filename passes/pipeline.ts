/**
 * Runs an ordered list of passes over a program.
 *
 * The list is the order. Constraints (`after`, `before`, facts needed and given) are checked when the pipeline is made and never
 * used to sort; what is broken is reported with the reason its author wrote down. Passes of plugins find their place by one rule:
 * just behind the last pass they name in `after`, else just before the first in `before`, else at the end.
 *
 * Around the passes: analyses are computed once per code and kept until the code is gone; observers watch; what a pass throws
 * is sorted into the input's fault, which goes through as it is, and the pass's, which becomes a {@linkcode PassError} with a
 * file that reproduces it.
 *
 * It holds no state between runs and knows no pass by name.
 *
 * @module
 */
import type { Diagnostic } from "../ir/diagnostic.ts";
import type { AnyFact } from "../ir/fact.ts";
import { type Code, Program } from "../ir/program.ts";
import { verified } from "./facts.ts";
import { type KfuncResolver, NO_KFUNCS } from "./kfuncs.ts";
import { type Analysis, type Observer, type Pass, type PassContext, PassError, type Target } from "./pass.ts";
import { reproducer } from "./reproducer.ts";

/** Passes in order. Lists nest, so a preset is a list; falsy entries are skipped, so `debug && tracePass()` works. */
export type PassList = readonly (Pass | PassList | false | null | undefined)[];

/** What a pipeline takes from a plugin; the rest of a plugin is not its business. */
export interface PassSource {
  /** What the user trusts it by. */
  readonly name: string;
  /** To be put into the list. */
  readonly passes?: PassList;
  /** To watch all passes. */
  readonly observers?: readonly Observer[];
}

/** How a {@linkcode Pipeline} is made. */
export interface PipelineOptions {
  /** The passes in order. */
  readonly passes: PassList;
  /** Whose passes are put into the list, and whose observers watch. */
  readonly plugins?: readonly (PassSource | false | null | undefined)[];
  /** Names of passes to leave out. */
  readonly skip?: readonly string[];
  /** Leave out whatever stands behind the pass of this name. */
  readonly until?: string;
  /** Called in this order, before those of the plugins. */
  readonly observers?: readonly Observer[];
  /** Names of plugins or of their passes that may change a verified program without its losing the proof: the user's word. */
  readonly trust?: readonly string[];
}

/** What one run needs. */
export interface RunOptions {
  /** The kernel version whose rules hold. */
  readonly target: Target;
  /** None if left out. */
  readonly kfuncs?: KfuncResolver;
  /** Checked before every pass and by long ones within. */
  readonly signal?: AbortSignal;
}

/** A diagnostic with the pass that reported it. */
export interface PassDiagnostic extends Diagnostic {
  /** Its name. */
  readonly pass: string;
}

/** What comes out of a run. */
export interface PipelineResult {
  /** Behind the last pass. */
  readonly program: Program;
  /** In the order of reporting. */
  readonly diagnostics: readonly PassDiagnostic[];
}

/** The errors that are the input's fault, by name: a plugin may carry a copy of the classes. */
const INPUT_ERRORS: ReadonlySet<string> = new Set([
  "RejectedError",
  "MalformedError",
  "UnsupportedError",
  "PassError",
]);

/**
 * A list of passes, checked once and run often.
 *
 * @example
 * ```ts
 * import { Pipeline } from "./pipeline.ts";
 * import { dce } from "./dce.ts";
 * import { nopRemove } from "./nop_remove.ts";
 * const pipeline = new Pipeline({ passes: [dce(), nopRemove()] });
 * console.log(pipeline.toString()); // "dce, nop-remove"
 * ```
 */
export class Pipeline {
  /** In the order in which they run. */
  readonly passes: readonly Pass[];
  readonly #observers: readonly Observer[];
  /** Passes of plugins that the user did not trust. */
  readonly #untrusted: ReadonlySet<Pass>;

  /** Orders and checks the passes. @throws {TypeError} If two passes bear one name, a constraint is broken, `skip` or `until` names no pass, or `skip` a required one. */
  constructor(options: PipelineOptions) {
    const trust = new Set(options.trust ?? []);
    const untrusted = new Set<Pass>();
    const observers: Observer[] = [...options.observers ?? []];
    const own = flattenPasses(options.passes);
    const foreign: Pass[] = [];
    for (const plugin of options.plugins ?? []) {
      if (!plugin) continue;
      for (const pass of flattenPasses(plugin.passes ?? [])) {
        foreign.push(pass);
        if (!trust.has(plugin.name) && !trust.has(pass.name)) untrusted.add(pass);
      }
      observers.push(...plugin.observers ?? []);
    }
    const placed = placePasses(own, foreign);
    checkNames(placed);
    this.passes = upTo(withoutSkipped(placed, options.skip ?? []), options.until);
    checkOrder(this.passes);
    this.#observers = observers;
    this.#untrusted = untrusted;
  }

  /** The names in order, separated by `, `: what `pass` says in a golden file. */
  toString(): string {
    return this.passes.map((pass) => pass.name).join(", ");
  }

  /**
   * Takes a program through all passes.
   *
   * @throws {RejectedError} If the input is refused. @throws {UnsupportedError} If it needs what is still to come.
   * @throws {PassError} If a pass or an observer fails. @throws {unknown} The signal's reason, if it was aborted.
   */
  run(program: Program, options: RunOptions): PipelineResult {
    const diagnostics: PassDiagnostic[] = [];
    const analyses = new WeakMap<Code, Map<Analysis<unknown>, unknown>>();
    let current = program;
    for (let i = 0; i < this.passes.length; i++) {
      const pass = this.passes[i];
      options.signal?.throwIfAborted();
      const context: PassContext = {
        get: (analysis, version) => analysed(analyses, { analysis, version }),
        target: options.target,
        kfuncs: options.kfuncs ?? NO_KFUNCS,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        report: (diagnostic) => void diagnostics.push({ ...diagnostic, pass: pass.name }),
      };
      try {
        current = this.#step(current, { pass, context });
      } catch (error) {
        options.signal?.throwIfAborted();
        if (error instanceof Error && INPUT_ERRORS.has(error.name)) throw error;
        const rest = this.passes.slice(i).map((p) => p.name);
        throw new PassError(pass.name, {
          cause: error,
          reproducer: reproducer(current, { passes: rest, error }),
        });
      }
    }
    return { program: current, diagnostics };
  }

  #step(before: Program, what: { readonly pass: Pass; readonly context: PassContext }): Program {
    const { pass, context } = what;
    for (const observer of this.#observers) observer.before?.(pass, before);
    const start = performance.now();
    // What a required pass finds out others build on; nobody before it may speak in its name.
    const planted = pass.required === true ? (pass.gives ?? []).filter((fact) => before.has(fact)) : [];
    let next = pass.run(planted.length === 0 ? before : withoutFacts(before, planted), context);
    const ms = performance.now() - start;
    const ended = (pass.ends ?? []).filter((fact) => next.has(fact));
    // Facts are trusted too (dce believes `dead`), so any change at all costs the proof.
    if (this.#untrusted.has(pass) && next !== before && next.has(verified)) ended.push(verified);
    if (ended.length > 0) next = withoutFacts(next, ended);
    for (const observer of this.#observers) observer.after?.(pass, next, { before, ms });
    return next;
  }
}

/** Makes a pipeline and runs it once; see {@linkcode Pipeline}. Throws as its constructor and its `run`. */
export function runPipeline(program: Program, options: PipelineOptions & RunOptions): PipelineResult {
  return new Pipeline(options).run(program, options);
}

/** The passes of a nested list, in order, without the falsy entries. */
export function flattenPasses(list: PassList): Pass[] {
  const out: Pass[] = [];
  for (const entry of list) {
    if (!entry) continue;
    if (isList(entry)) out.push(...flattenPasses(entry));
    else out.push(entry);
  }
  return out;
}

function isList(entry: Pass | PassList): entry is PassList {
  return Array.isArray(entry);
}

function analysed<R>(
  cache: WeakMap<Code, Map<Analysis<unknown>, unknown>>,
  what: { readonly analysis: Analysis<R>; readonly version: Program },
): R {
  const { analysis, version } = what;
  let results = cache.get(version.code);
  if (results === undefined) cache.set(version.code, results = new Map());
  if (!results.has(analysis)) results.set(analysis, analysis.run(version));
  return results.get(analysis) as R;
}

/** Puts passes of plugins into the list by the rule of the header; those with one anchor keep their order among themselves. */
function placePasses(own: readonly Pass[], foreign: readonly Pass[]): Pass[] {
  const list: { readonly pass: Pass; readonly anchor: string }[] = own.map((pass) => ({ pass, anchor: "" }));
  const at = (name: string): number => list.findIndex((entry) => entry.pass.name === name);
  for (const pass of foreign) {
    const behind = Object.keys(pass.after ?? {}).map(at).filter((i) => i >= 0);
    const ahead = Object.keys(pass.before ?? {}).map(at).filter((i) => i >= 0);
    let index = list.length;
    let anchor = "";
    if (behind.length > 0) {
      const last = Math.max(...behind);
      anchor = `after ${list[last].pass.name}`;
      index = last + 1;
      while (index < list.length && list[index].anchor === anchor) index++;
    } else if (ahead.length > 0) index = Math.min(...ahead);
    list.splice(index, 0, { pass, anchor });
  }
  return list.map((entry) => entry.pass);
}

function checkNames(passes: readonly Pass[]): void {
  const seen = new Set<string>();
  for (const { name } of passes) {
    if (seen.has(name)) throw new TypeError(`Cannot make pipeline: two passes are named "${name}"`);
    seen.add(name);
  }
}

function withoutSkipped(passes: readonly Pass[], skip: readonly string[]): Pass[] {
  for (const name of skip) {
    const pass = passes.find((p) => p.name === name);
    if (pass === undefined) {
      const known = passes.map((p) => p.name).join(", ");
      throw new TypeError(`Cannot skip pass "${name}": there is none of this name (there are ${known})`);
    }
    if (pass.required === true) throw new TypeError(`Cannot skip pass "${name}": it is required`);
  }
  return passes.filter((p) => !skip.includes(p.name));
}

function upTo(passes: readonly Pass[], until: string | undefined): readonly Pass[] {
  if (until === undefined) return passes;
  const last = passes.findIndex((pass) => pass.name === until);
  if (last >= 0) return passes.slice(0, last + 1);
  const known = passes.map((p) => p.name).join(", ");
  throw new TypeError(`Cannot stop behind pass "${until}": there is none of this name (there are ${known})`);
}

/** What the order check needs to know of a pass or of a stage before or behind all passes. */
export type OrderEntry = Pick<Pass, "name" | "after" | "before" | "needs" | "gives" | "ends">;

/**
 * Checks a list against its own constraints. A constraint on a pass that is not in the list says nothing.
 *
 * @throws {TypeError} If one is broken, with its reason.
 */
export function checkOrder(entries: readonly OrderEntry[]): void {
  const at = new Map(entries.map((entry, i) => [entry.name, i]));
  for (const [i, entry] of entries.entries()) {
    for (const [name, reason] of Object.entries(entry.after ?? {})) {
      if ((at.get(name) ?? -1) > i) throw orderError(entry.name, `must come after "${name}": ${reason}`);
    }
    for (const [name, reason] of Object.entries(entry.before ?? {})) {
      if ((at.get(name) ?? Infinity) < i) {
        throw orderError(entry.name, `must come before "${name}": ${reason}`);
      }
    }
    for (const fact of entry.needs ?? []) checkNeed(entries, { i, fact });
  }
}

/** A fact that any pass of the list gives must be given before it is needed, and not have been ended in between. */
function checkNeed(
  entries: readonly OrderEntry[],
  what: { readonly i: number; readonly fact: AnyFact },
): void {
  const { i, fact } = what;
  const gives = (entry: OrderEntry): boolean => entry.gives?.includes(fact) ?? false;
  const givers = entries.filter(gives);
  if (givers.length === 0) return;
  for (let j = i - 1; j >= 0; j--) {
    if (gives(entries[j])) return;
    if (entries[j].ends?.includes(fact)) {
      throw orderError(
        entries[i].name,
        `needs the fact ${fact.name}, which does not hold any longer after "${entries[j].name}"`,
      );
    }
  }
  throw orderError(
    entries[i].name,
    `needs the fact ${fact.name}, which "${givers[0].name}" gives only later`,
  );
}

function orderError(name: string, what: string): TypeError {
  return new TypeError(`Cannot order passes: "${name}" ${what}`);
}

/** The same version without some facts. The code object stays, so no analysis is lost. */
function withoutFacts(program: Program, ended: readonly AnyFact[]): Program {
  const facts = new Map(program.facts);
  for (const fact of ended) facts.delete(fact);
  const { unit, attrs, code, subprogs, nextInsnId, nextSubprogId } = program;
  return new Program({ unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId });
}

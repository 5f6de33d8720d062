/**
 * What a pass is, what it is given, and how it fails. The list of passes is in `mod.ts`; the machine that runs it in `pipeline.ts`.
 *
 * @module
 */
import type { AnyFact } from "../ir/fact.ts";
import type { Diagnostic } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { Profile } from "../profile/profile.ts";
import type { KfuncResolver } from "./kfuncs.ts";

/** What the result is for: the kernel version whose rules hold, and what it can do. */
export interface Target {
  /** The kernel version. */
  readonly profile: Profile;
  /** Word size is 64 and a JIT runs the result: bpf_loop and kfunc inlining assume it. */
  readonly jit: boolean;
}

/** A function of a version, computed at most once per version and pipeline. */
export interface Analysis<R> {
  /** For messages. */
  readonly name: string;
  /** Computes it, from the code alone: facts may change without its being computed again. */
  run(program: Program): R;
}

/** What a pass is handed besides the program. */
export interface PassContext {
  /** The analysis of this version: computed now, or remembered. */
  get<R>(analysis: Analysis<R>, program: Program): R;
  /** What the program is compiled for. */
  readonly target: Target;
  /** The registered kfunc bodies. */
  readonly kfuncs: KfuncResolver;
  /** Aborts long passes; checked between passes and inside `verify`. */
  readonly signal?: AbortSignal;
  /** Adds a warning or a note to the result, under the pass's name. */
  report(diagnostic: Diagnostic): void;
}

/** A transformation of programs. Synchronous, stateless between runs. */
export interface Pass {
  /** `kebab-case`, unique in a pipeline. */
  readonly name: string;
  /** One sentence, printed by `inlay passes`. */
  readonly summary: string;
  /** Cannot be switched off. */
  readonly required?: boolean;
  /** Passes that must come earlier where they are present, each with the reason that is printed when the order is broken. */
  readonly after?: Readonly<Record<string, string>>;
  /** Passes that must come later where they are present, with the reason. */
  readonly before?: Readonly<Record<string, string>>;
  /** Facts it reads and cannot do without. */
  readonly needs?: readonly AnyFact[];
  /** Facts it writes. */
  readonly gives?: readonly AnyFact[];
  /** Facts that hold no longer after it. */
  readonly ends?: readonly AnyFact[];
  /** The next version, or the same object if nothing changed. */
  run(program: Program, context: PassContext): Program;
}

/** Watches a pipeline: dumps, timing, checking, tracing. Never changes a program. */
export interface Observer {
  /** For messages. */
  readonly name: string;
  /** Called with what a pass is about to be given. */
  before?(pass: Pass, program: Program): void;
  /** Called with what a pass made, and how long it took. */
  after?(pass: Pass, program: Program, info: { readonly before: Program; readonly ms: number }): void;
}

/** A pass broke: our fault, or the plugin author's, never the input's. */
export class PassError extends Error {
  /** What it is known by: plugins may carry copies of the class. */
  override readonly name = "PassError";
  /** The pass's name. */
  readonly pass: string;
  /** A golden test file that fails the same way. */
  readonly reproducer: string;
  /** `cause` is what the pass threw. */
  constructor(pass: string, options: { cause: unknown; reproducer: string }) {
    const why = options.cause instanceof Error ? options.cause.message : String(options.cause);
    super(`Cannot finish pass ${pass}: ${why}`, { cause: options.cause });
    this.pass = pass;
    this.reproducer = options.reproducer;
  }
}

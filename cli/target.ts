/**
 * `--target`: the program that others are attached to, which replace one of its functions or trace it.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { attachToProgram } from "../passes/parse/attach.ts";
import { UsageError } from "./command.ts";
import { type ReadOptions, readUnit, selectPrograms } from "./inputs.ts";

/** `BPF_TRACE_FENTRY`, `BPF_TRACE_FEXIT` and `BPF_MODIFY_RETURN`. */
const TRACING: ReadonlySet<number> = new Set([24, 25, 26]);

/** What `--target` named. */
export interface Target {
  /** As it was named, for messages. */
  readonly path: string;
  /** The object, or the one program of it that was named. */
  readonly programs: readonly Program[];
  /** The function, if it was named. */
  readonly func?: string;
}

/**
 * Reads `FILE[:PROGRAM[:FUNCTION]]`.
 *
 * @throws {InputError} If the file cannot be read. @throws {UsageError} If it has no such program.
 */
export function readTarget(
  text: string | undefined,
  kernel: { readonly targetBtf: Btf | undefined } & ReadOptions,
): Target | undefined {
  if (text === undefined) return undefined;
  const [, path, program, func] = /^(.+?)(?::(\w+)(?::(\w+))?)?$/.exec(text) ?? [];
  if (path === undefined) throw new UsageError("--target is FILE, FILE:PROGRAM or FILE:PROGRAM:FUNCTION");
  const unit: Unit = readUnit(path, kernel.targetBtf, kernel);
  return { path, programs: selectPrograms(unit, program), ...(func === undefined ? {} : { func }) };
}

/**
 * The program attached to the target, if it can be attached to programs: one that replaces a function always is, one that traces a
 * function if the target has it.
 *
 * @throws {UsageError} If the target has not the function, or several programs have it.
 */
export function attachTo(target: Target, program: Program): Program {
  const { type, attachType, attachTarget } = program.attrs, replaces = type === "ext";
  if (!replaces && !(type === "tracing" && TRACING.has(attachType))) return program;
  const wanted = target.func ?? attachTarget;
  if (!replaces && wanted === undefined) return program;
  const having = wanted === undefined
    ? target.programs
    : target.programs.filter(({ subprogs }) => subprogs.some(({ name }) => name === wanted));
  // A function of the object that no program has left is the kernel's to refuse, if it is said of which program.
  const [only] = having.length === 0 && target.func !== undefined ? target.programs : having;
  if (only === undefined) {
    if (!replaces) return program;
    const names = [...new Set(target.programs.flatMap(({ subprogs }) => subprogs.map(({ name }) => name)))];
    throw new UsageError(`there is no function "${wanted}" in ${target.path}; there are ${names.join(", ")}`);
  }
  const named = having.length > 1 ? having.find(({ subprogs }) => subprogs[0].name === wanted) : only;
  if (named === undefined) {
    const names = having.map(({ attrs }) => attrs.name).join(", ");
    throw new UsageError(`--target ${target.path}:PROGRAM is needed: that may be ${names}`);
  }
  try {
    return attachToProgram(program, named, wanted);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Why nothing can be said of a program whose target is not named; undefined if it needs none. */
export function lacksTarget(program: Program): string | undefined {
  if (program.attrs.type !== "ext" || program.attrs.attachProgram !== undefined) return undefined;
  return "not supported: a program that replaces a function, without the program that has it; --target FILE[:PROGRAM[:FUNCTION]] names that";
}

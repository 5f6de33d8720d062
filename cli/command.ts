/**
 * What a command is, and what all commands share: options, usage errors, exit statuses.
 *
 * Exit statuses: 0 all is well, 1 something was rejected or differs, 2 something cannot be read or was asked wrongly, 3 we are at fault.
 *
 * @module
 */
import { parseArgs } from "@std/cli";

/** One command of `inlay`. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help text, without a trailing newline. */
  readonly help: string;
  /** Runs with the arguments behind the command's name; gives the exit status. */
  run(args: readonly string[]): Promise<number>;
}

/** What an option takes. */
export interface OptionSpecs {
  readonly flags?: readonly string[];
  readonly strings?: readonly string[];
  /** May be given more than once. */
  readonly lists?: readonly string[];
}

/** Options as read. */
export interface Options {
  readonly positional: readonly string[];
  flag(name: string): boolean;
  string(name: string): string | undefined;
  list(name: string): readonly string[];
  /** A whole number within bounds, or the default. @throws {UsageError} */
  integer(name: string, bounds: { min: number; max: number; default: number }): number;
}

/** Asked wrongly: exit status 2, and where to find help. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads options. @throws {UsageError} For an option the command does not have, or one without its value. */
export function readOptions(args: readonly string[], specs: OptionSpecs): Options {
  const flags = specs.flags ?? [];
  const strings = specs.strings ?? [];
  const lists = specs.lists ?? [];
  const parsed = parseArgs(args, {
    boolean: flags,
    string: [...strings, ...lists],
    collect: lists,
    unknown: (arg, key) => {
      if (key !== undefined) throw new UsageError(`Unknown option ${arg}`);
      return true;
    },
  });
  for (const name of strings) {
    if (Array.isArray(parsed[name])) throw new UsageError(`Option --${name} is given more than once`);
    if (parsed[name] === "") throw new UsageError(`Option --${name} needs a value`);
  }
  return {
    positional: parsed._.map(String),
    flag: (name) => parsed[name] === true,
    string: (name) => parsed[name] as string | undefined,
    list: (name) => (parsed[name] ?? []) as string[],
    integer(name, bounds) {
      const text = parsed[name] as string | undefined;
      if (text === undefined) return bounds.default;
      const value = Number(text);
      if (!Number.isInteger(value) || value < bounds.min || value > bounds.max) {
        throw new UsageError(
          `Option --${name} takes a whole number from ${bounds.min} to ${bounds.max}, not "${text}"`,
        );
      }
      return value;
    },
  };
}

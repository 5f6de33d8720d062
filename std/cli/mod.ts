/**
 * `@std/cli` where JSR is out of reach: a typed door to the real package's JavaScript, as npm carries it.
 *
 * Delete `links` from deno.json and the published package takes this folder's place.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
// @ts-types="./impl.d.ts"
import { parseArgs as impl } from "npm:deno-std@1.4.0/cli/parse_args.js";

/** What {@linkcode parseArgs} takes: the options of the published package that are used here. */
export interface ParseOptions {
  /** Names always read as booleans. */
  readonly boolean?: readonly string[];
  /** Names always read as strings. */
  readonly string?: readonly string[];
  /** Names that may be given more than once. */
  readonly collect?: readonly string[];
  /** Values where an option is not given. */
  readonly default?: Record<string, unknown>;
  /** Other names of an option. */
  readonly alias?: Record<string, string | readonly string[]>;
  /** Names that `--no-X` turns off. */
  readonly negatable?: readonly string[];
  /** Stop reading options at the first positional argument. */
  readonly stopEarly?: boolean;
  /** Called for an option nobody named; returning `false` drops it. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The options by name, and the positional arguments under `_`. */
export function parseArgs(
  args: readonly string[],
  options: ParseOptions = {},
): Record<string, any> & { _: (string | number)[] } {
  return impl(args, options);
}

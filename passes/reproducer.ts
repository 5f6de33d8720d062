/**
 * The file that makes a broken pass fail again: a golden test of the program as it was before the pass, with its facts.
 *
 * Saved under `tests/golden/` it is the regression test.
 *
 * @module
 */
import { printProgram } from "../ir/print_text.ts";
import type { Program } from "../ir/program.ts";

/** What {@linkcode reproducer} writes besides the program. */
export interface ReproducerOptions {
  /** The pass that failed, and those that would have followed. */
  readonly passes: readonly string[];
  readonly error: unknown;
}

/** The text of a golden test file; a comment says that printing failed too, if it does. */
export function reproducer(program: Program, options: ReproducerOptions): string {
  const { passes, error } = options;
  const why = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const head = [
    ...why.split("\n").map((line) => `; ${line}`),
    `; origin: ${program.unit.name}, program ${program.attrs.name}`,
    `pass ${passes.join(", ")}`,
  ].join("\n");
  try {
    return `${head}\n${printProgram(program, { facts: true })}`;
  } catch (failure) {
    return `${head}\n; the program cannot be printed: ${failure}\n`;
  }
}

/**
 * What a test says of one of its parts.
 *
 * @module
 */

/** What is checked. */
export type PartName = "verdict" | "msgs" | "processed" | "xlated" | "jited" | "printed" | "retval";

/** One part's outcome, as `--json` prints it. */
export interface Part {
  /** The file. */
  readonly object: string;
  /** The function, or a case's number. */
  readonly program: string;
  /** The description. */
  readonly test: string;
  /** What was checked. */
  readonly part: PartName;
  /** Whether it is as expected; never if it could not be checked. */
  readonly ok: boolean;
  /** What was expected. */
  readonly want: string;
  /** What was found. */
  readonly got: string;
  /** Why it could not be checked: a kind to count by. */
  readonly unsupported?: string;
}

/** A part without the names that all parts of a test share. */
export type Finding = Omit<Part, "object" | "program" | "test">;

/** A test that was not run. */
export interface Skipped {
  /** The file. */
  readonly object: string;
  /** The function, or a case's number. */
  readonly program: string;
  /** Why: a kind to count by. */
  readonly skipped: string;
}

/** A part that could not be checked. */
export function unsupported(part: PartName, want: string, why: string): Finding {
  return { part, ok: false, want, got: `unsupported: ${why}`, unsupported: why };
}

/** Our own failure, or an annotation that cannot be read, as the outcome of a test: others go on. */
export function faulty(error: unknown): Finding {
  const why = error instanceof SyntaxError
    ? error.message
    : `${INTERNAL_FAULT}: ${error instanceof Error ? error.stack ?? error.message : error}`;
  return { part: "verdict", ok: false, want: "a test that can be run", got: why };
}

/** What {@linkcode faulty} begins with if we are at fault. */
export const INTERNAL_FAULT: string = "internal fault";

/**
 * What goes wrong, in three classes that are never mixed: the input is at fault ({@link RejectedError}, {@link MalformedError}),
 * something is still to come ({@link UnsupportedError}), or we are at fault (`PassError`, in passes/).
 *
 * @module
 */
import type { InsnId } from "./insn.ts";

/** Where in the C source an instruction comes from. */
export interface SourcePosition {
  /** Path as the compiler stored it. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** The source line itself, as the compiler stored it. */
  readonly text: string;
}

/** One finding with everything needed to show it. */
export interface Diagnostic {
  /** Stable, `area/what-is-wrong`, e.g. `verify/uninitialized-register`. */
  readonly code: string;
  /** Starts with a capital, no full stop. */
  readonly message: string;
  /** The instruction at fault. */
  readonly insn?: InsnId;
  /** The slot number the kernel's log would print. */
  readonly slot?: number;
  /** Where that is in the source. */
  readonly position?: SourcePosition;
  /** Further lines: the registers that matter, where a value came from, what would help. */
  readonly notes?: readonly string[];
}

/** The input cannot be read: what and where. `where` is e.g. `section .BTF, offset 0x18`. */
export class MalformedError extends SyntaxError {
  /** For telling errors apart. */
  override readonly name = "MalformedError";
  /** The place in the input. */
  readonly where: string;
  /** Says what is wrong and where in the input. */
  constructor(message: string, where: string) {
    super(`${message} (${where})`);
    this.where = where;
  }
}

/** The input is refused: the kernel would refuse it too. `log` is the kernel-shaped log, whole. */
export class RejectedError extends Error {
  /** For telling errors apart. */
  override readonly name = "RejectedError";
  /** The findings, the one that decided last. */
  readonly diagnostics: readonly Diagnostic[];
  /** The kernel-shaped log, whole; empty if none was asked for. */
  readonly log: string;
  /** The kernel's errno, positive (13 for EACCES, 22 for EINVAL, …). */
  readonly errno: number;
  /** The message is the log's last line, or what stands for it. */
  constructor(
    message: string,
    options: { diagnostics?: readonly Diagnostic[]; log?: string; errno: number },
  ) {
    super(message);
    this.diagnostics = options.diagnostics ?? [];
    this.log = options.log ?? "";
    this.errno = options.errno;
  }
}

/** Not supported yet: `what` names it exactly and is counted. Never a verdict. */
export class UnsupportedError extends Error {
  /** For telling errors apart. */
  override readonly name = "UnsupportedError";
  /** What is not supported, in words that can be counted. */
  readonly what: string;
  /** Names exactly what is not supported. */
  constructor(what: string) {
    super(`not supported: ${what}`);
    this.what = what;
  }
}

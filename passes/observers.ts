/**
 * Observers of a pipeline: print programs, take times, check invariants. They watch and never change a program.
 *
 * @module
 */
import { check } from "../ir/check.ts";
import { printProgram } from "../ir/print_text.ts";
import type { HelperNames } from "../ir/print_insn.ts";
import type { Observer, Pass } from "./pass.ts";

/** What {@linkcode dumpObserver} prints. */
export interface DumpOptions {
  /** Only after these passes; after every pass that changed something if left out. */
  readonly after?: readonly string[];
  /** Facts in the margin. */
  readonly facts?: boolean;
  /** Prints helpers by name. */
  readonly helpers?: Pick<HelperNames, "helperName">;
}

/** Writes the program after passes, each under a line `--- name`. */
export function dumpObserver(write: (text: string) => void, options: DumpOptions = {}): Observer {
  return {
    name: "dump",
    after(pass: Pass, program, info): void {
      const wanted = options.after === undefined
        ? program !== info.before
        : options.after.includes(pass.name);
      if (!wanted) return;
      const text = printProgram(program, {
        header: false,
        facts: options.facts ?? false,
        ...(options.helpers === undefined ? {} : { helpers: options.helpers }),
      });
      write(`--- ${pass.name}\n${text}`);
    },
  };
}

/** One line of {@linkcode TimeObserver.times}. */
export interface PassTime {
  /** Its name. */
  readonly pass: string;
  /** Milliseconds. */
  readonly ms: number;
  /** Instructions before and after (an `imm64` counts once). */
  readonly before: number;
  /** See {@linkcode before}. */
  readonly after: number;
}

/** An observer that remembers. */
export interface TimeObserver extends Observer {
  /** In the order of the passes, over all runs since it was made. */
  readonly times: readonly PassTime[];
}

/** Takes the time of every pass, and the program's length around it. */
export function timeObserver(): TimeObserver {
  const times: PassTime[] = [];
  return {
    name: "time",
    times,
    after(pass: Pass, program, info): void {
      times.push({ pass: pass.name, ms: info.ms, before: info.before.length, after: program.length });
    },
  };
}

/** Runs the structural check after every pass; what it finds is that pass's fault and ends the run with a `PassError`. */
export function checkObserver(): Observer {
  return {
    name: "check",
    after(_pass: Pass, program, info): void {
      if (program.code === info.before.code && program.subprogs === info.before.subprogs) return;
      const found = check(program);
      if (found.length > 0) {
        throw new RangeError(`The program is not well formed afterwards: ${found[0].message}`);
      }
    },
  };
}

/**
 * What runs programs: the machine, or the interpreter. Maps, packets and helpers are the same for both.
 *
 * @module
 */
import type { MachineCode } from "../abi/machine_code.ts";
import type { Callee, SubprogId } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import type { Host } from "./host.ts";
import type { RuntimeMap } from "./maps.ts";

/** The back end, given by whoever puts a runtime together: the runtime does not depend on passes. */
export type Compile = (program: Program, options: CompileOptions) => MachineCode;

/** What a runtime wants of the code it runs. */
export interface CompileOptions {
  /** Whether a call may run JavaScript, which can end the run: the abort word has to be tested after it. */
  readonly mayReachJs: (callee: Callee) => boolean;
  /** Count jumps back down in the control block, and leave when there is no fuel left. */
  readonly fuel: boolean;
}

/** Bodies of kernel functions by name, beside those the runtime has. */
export type FunctionBodies = ReadonlyMap<string, Program>;

/** One program, ready. */
export interface Prepared {
  /** What prog arrays hold for it. */
  readonly entry: number;
  /** Runs it with the context at `address`. */
  run(address: number, options: RunOptions): EngineResult;
  /** Bytes of machine code; 0 when interpreted. */
  readonly codeSize: number;
}

/** How a program is run. */
export interface RunOptions {
  /** Rounds, at least 1. */
  readonly repeat: number;
  /** The first so many bytes at the context's address are restored before every round; a multiple of 8, 0 for none. */
  readonly restore: number;
  /** How many jumps back all rounds may make together; for code that counts them. */
  readonly fuel?: number;
}

/** What the engine knows after a run. */
export interface EngineResult {
  /** r0 of the last round, unsigned 64 bits. */
  readonly r0: bigint;
  /** Nanoseconds of all rounds together. */
  readonly ns: number;
  /** Rounds begun. */
  readonly rounds: number;
}

/** What an engine needs to prepare a program. */
export interface PrepareOptions {
  readonly maps: readonly RuntimeMap[];
  readonly functions: FunctionBodies;
  /** Whether the code counts jumps back. */
  readonly limited: boolean;
}

/** See the module's header. */
export interface Engine {
  readonly host: Host;
  /** Calls a native function of the runtime; up to five arguments. */
  call(name: string, ...args: (number | bigint)[]): bigint;
  /** @throws {UnsupportedError} If the program calls or names something that the runtime does not have. */
  prepare(program: Program, options: PrepareOptions): Prepared;
}

/** A run was abandoned: a helper written in JavaScript failed, or the fuel is used up. */
export class AbortedError extends Error {
  /** The class's name. */
  override readonly name = "AbortedError";
}

/** What callbacks refer to in messages. */
export function describeCallee(callee: Callee<SubprogId>): string {
  switch (callee.kind) {
    case "helper":
      return `helper ${callee.id}`;
    case "kfunc":
      return `kernel function ${callee.func.name}`;
    case "subprog":
      return `subprogram ${callee.subprog}`;
  }
}

/**
 * What is known of a program that the kernel took, to others that are attached to its functions: what it is of, and which functions
 * it has left.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import type { Program } from "../../../ir/program.ts";
import type { ProgramTypeRules } from "../../../profile/profile.ts";
import {
  AUX_SEEN,
  type Env,
  SUB_CHANGES_PACKET,
  SUB_EXCEPTION_CALLBACK,
  SUB_MIGHT_SLEEP,
  SUB_UNRELIABLE,
} from "../env.ts";
import { subprogArgs } from "../types/prototypes.ts";

/** A program in the kernel. */
export interface LoadedProgram {
  readonly program: Program;
  /** Its types, as the kernel has them. */
  readonly btf: Btf | undefined;
  /** The rules it was verified by: for one that replaces a function, those of the program that has it. */
  readonly rules: ProgramTypeRules;
  /** `enum bpf_attach_type`, likewise. */
  readonly attachType: number;
  /** What it is attached to itself, if that is a program. */
  readonly host: LoadedProgram | undefined;
  /** Its functions that are ever called, in layout order: the others are gone. */
  readonly funcs: readonly LoadedFunc[];
}

/** A function of a program in the kernel. */
export interface LoadedFunc {
  /** Its FUNC in the program's BTF; 0 = none. */
  readonly btfId: number;
  /** Its prototype is not what it is called with, so nobody goes by it. */
  readonly unreliable: boolean;
  /** It may move packet data. */
  readonly changesPacket: boolean;
  readonly mightSleep: boolean;
  readonly exceptionCallback: boolean;
}

/** What came of a verification that ended well. */
export function loadedProgram(env: Env): LoadedProgram {
  const { program, btf, rules, attachType, host, cols } = env;
  const unreliable = program.subprogs.map((_, i) => isUnreliable(env, i));
  const funcs: LoadedFunc[] = [];
  program.subprogs.forEach(({ btfId }, i) => {
    if ((env.aux[cols.subprogStart[i]] & AUX_SEEN) === 0) return;
    const flags = env.subprogFlags[i];
    funcs.push({
      btfId,
      // The kernel takes functions out of its list of types and not out of this one, so that it reads another function's entry.
      unreliable: unreliable[funcs.length],
      changesPacket: (flags & SUB_CHANGES_PACKET) !== 0,
      mightSleep: (flags & SUB_MIGHT_SLEEP) !== 0,
      exceptionCallback: (flags & SUB_EXCEPTION_CALLBACK) !== 0,
    });
  });
  return { program, btf, rules, attachType, host, funcs };
}

function isUnreliable(env: Env, subprog: number): boolean {
  if (subprog !== 0) return (env.subprogFlags[subprog] & SUB_UNRELIABLE) !== 0;
  // Who replaces a function begins by its own prototype.
  if (env.extension || env.btf === undefined || env.program.subprogs[0].btfId === 0) return false;
  const args = subprogArgs(env, 0);
  return typeof args === "number" || args.length !== 1 || args[0].kind !== "ctx";
}

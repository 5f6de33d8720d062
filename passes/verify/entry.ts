/**
 * What a function begins with: the context in r1 for the program itself, whatever its prototype allows for a global subprogram and
 * for a program that replaces one.
 *
 * @module
 */
import { W } from "./states/arena.ts";
import { targetOf } from "./context/target.ts";
import { markDynptrArgument } from "./objects/dynptr.ts";
import { EINVAL, type Env, SUB_EXCEPTION_CALLBACK, SUB_UNRELIABLE } from "./env.ts";
import { initFrame } from "./states/frames.ts";
import { KERNEL_BTF } from "./types/kernel_ptr.ts";
import {
  AUX1,
  AUX2,
  DYNPTR_LOCAL,
  F_FLAGS,
  FRAMENO,
  ID,
  IN_EXCEPTION_CALLBACK,
  MEM_RDONLY,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REG_WORDS,
  TYPE,
} from "./states/layout.ts";
import { acquireReference } from "./objects/references.ts";
import { subprogArgs } from "./types/prototypes.ts";
import { markKnown, markUnknown } from "./numbers/scalar.ts";

function pointer(o: number, type: number): void {
  markKnown(o, 0, 0);
  W[o + TYPE] = type;
  W[o + FRAMENO] = 0;
}

/** Sets up frame 0 for a function: 0 or `-errno`. */
export function setUpEntry(env: Env, subprog: number): number {
  initFrame(env, { n: 0, callsite: -1, subprog });
  const r1 = env.regs + REG_WORDS;
  if (subprog === 0 && !env.extension) {
    // Nobody calls it: what its BTF says is for the log alone.
    if (env.logging && env.btf !== undefined && env.program.subprogs[0].btfId !== 0) {
      const args = subprogArgs(env, 0);
      if (typeof args === "number" || args.length !== 1 || args[0].kind !== "ctx") {
        env.subprogFlags[0] |= SUB_UNRELIABLE;
      }
    }
    pointer(r1, PTR_TO_CTX);
    const held = targetOf(env)?.held;
    for (const arg of held?.keys() ?? []) held!.set(arg, acquireReference(env));
    return 0;
  }
  env.verbose(`Validating ${env.program.subprogs[subprog].name}() func#${subprog}...\n`);
  const args = subprogArgs(env, subprog);
  if (typeof args === "number") return args;
  if ((env.subprogFlags[subprog] & SUB_EXCEPTION_CALLBACK) !== 0) {
    W[env.frame + F_FLAGS] |= IN_EXCEPTION_CALLBACK;
    if (args.length !== 1 || args[0].kind !== "scalar") {
      return env.fail(EINVAL, "exception", "exception cb only supports single integer argument");
    }
  }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i], o = r1 + i * REG_WORDS;
    switch (arg.kind) {
      case "ctx":
        pointer(o, PTR_TO_CTX);
        break;
      case "scalar":
      case "arena":
        markUnknown(o);
        break;
      case "mem":
        pointer(o, PTR_TO_MEM | (arg.maybeNull ? PTR_MAYBE_NULL : 0));
        W[o + AUX1] = arg.size;
        if (arg.maybeNull) W[o + ID] = env.newId();
        break;
      case "untrusted_mem":
        pointer(o, PTR_TO_MEM | MEM_RDONLY | PTR_UNTRUSTED);
        break;
      case "struct": {
        const trust = arg.untrusted ? PTR_UNTRUSTED : PTR_TRUSTED;
        pointer(o, PTR_TO_BTF_ID | trust | (arg.maybeNull ? PTR_MAYBE_NULL : 0));
        W[o + AUX1] = arg.typeId;
        W[o + AUX2] = KERNEL_BTF;
        W[o + ID] = env.newId();
        break;
      }
      case "dynptr":
        markDynptrArgument(env, o, DYNPTR_LOCAL);
        break;
    }
  }
  return 0;
}

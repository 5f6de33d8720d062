/**
 * Comparing a kfunc's body with its reference: the same call on equal memory, once as TypeScript, once as a function that is called,
 * once spliced into its caller. r0 and every byte must be equal.
 *
 * For tests of modules, ours and others'.
 *
 * @module
 */
import { Edit } from "../ir/edit.ts";
import type { Callee, Size } from "../ir/insn.ts";
import { type Arguments, interpret, Memory, type Region } from "../ir/interpret.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { kfuncInline } from "../passes/kfunc_inline.ts";
import { exploreNothing, kfuncInstantiate } from "../passes/kfunc_instantiate.ts";
import type { KfuncBody } from "../passes/kfuncs.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import type { KfuncCase, KfuncReference } from "./module.ts";
import type { RegisteredKfunc } from "./registry.ts";

/** One call to compare. */
export interface BodyCase {
  /** r1 to r5 as unsigned 64-bit numbers, as many as the prototype has. */
  readonly args: readonly bigint[];
  /** What the call may touch; each run gets a copy. */
  readonly regions: readonly Region[];
  /** Kernel functions that body and reference call; they see the copy. */
  readonly functions?: Readonly<Record<string, (args: readonly bigint[], memory: Memory) => bigint>>;
}

interface Outcome {
  readonly how: string;
  readonly r0: bigint;
  readonly memory: Memory;
}

/**
 * Why the body of a registered function does not do what its reference does; undefined if it does. After a function without
 * result r0 does not count, else all its 64 bits do.
 *
 * @throws {RangeError} If the function has no body or no reference.
 */
export function bodyDifference(kfunc: RegisteredKfunc, what: BodyCase): string | undefined {
  const { code, reference } = kfunc;
  if (code === undefined || reference === undefined) {
    throw new RangeError(`Cannot compare ${kfunc.name}: it has no body or no reference`);
  }
  const expected = runReference(reference, what);
  const runs = [
    runProgram({ how: "called", program: calling(kfunc.name, { code, args: what.args }), what }),
    runProgram({ how: "inlined", program: inlining(kfunc, { code, args: what.args }), what }),
  ];
  for (const run of runs) {
    if (kfunc.signature.returns !== "void" && run.r0 !== expected.r0) {
      return `${run.how}: r0 is 0x${run.r0.toString(16)}, expected 0x${expected.r0.toString(16)}`;
    }
    const region = run.memory.regions.find((r, i) => !equal(r.bytes, expected.memory.regions[i].bytes));
    if (region !== undefined) return `${run.how}: ${region.name} differs`;
  }
  return undefined;
}

/** Instructions that one case may take: cases are small. */
const CASE_FUEL = 100_000;

/** What is wrong with the results of a body's own cases, a sentence each; empty if nothing is. */
export function caseFaults(
  name: string,
  what: { readonly code: Program; readonly cases: readonly KfuncCase[] },
): string[] {
  return what.cases.flatMap(({ args, returns }) => {
    const call = `${name}(${args.join(", ")})`;
    try {
      const program = calling(name, { code: what.code, args });
      const { r0 } = interpret(program, { r1: 0n, memory: new Memory(), fuel: CASE_FUEL });
      return r0 === BigInt.asUintN(64, returns) ? [] : [`${call} gives ${r0}, expected ${returns}`];
    } catch (error) {
      return [`${call} cannot be run: ${error instanceof Error ? error.message : error}`];
    }
  });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function copyOf(regions: readonly Region[]): Memory {
  return new Memory(regions.map((region) => ({ ...region, bytes: region.bytes.slice() })));
}

function functionOf(what: BodyCase, name: string): (args: readonly bigint[], memory: Memory) => bigint {
  const found = what.functions?.[name];
  if (found === undefined) throw new RangeError(`Cannot call ${name}: the case does not have it`);
  return found;
}

function runReference(reference: KfuncReference, what: BodyCase): Outcome {
  const memory = copyOf(what.regions);
  const r0 = reference({
    args: what.args,
    read: (address, size) => memory.load(address, size as Size),
    write: (address, size, value) => memory.store(address, size as Size, value),
    call: (name, args) => functionOf(what, name)(args, memory),
  });
  return { how: "reference", r0: BigInt.asUintN(64, r0), memory };
}

function runProgram(
  run: { readonly how: string; readonly program: Program; readonly what: BodyCase },
): Outcome {
  const memory = copyOf(run.what.regions);
  const call = (callee: Callee, args: Arguments): bigint => {
    if (callee.kind !== "kfunc") throw new TypeError(`Cannot run the body: it calls a ${callee.kind}`);
    return functionOf(run.what, callee.func.name)(args, memory);
  };
  return { how: run.how, r0: interpret(run.program, { r1: 0n, memory, call }).r0, memory };
}

/** What a caller and the body in it are made of. */
interface Parts {
  readonly code: Program;
  readonly args: readonly bigint[];
}

/** A program that calls the function with constants. */
function caller(name: string, args: readonly bigint[]): Program {
  const loads = args.map((arg, i) => `    r${i + 1} = ${arg} ll\n`).join("");
  const text = `type xdp\n\nfunc main: ; {stack_depth: 0}\n${loads}    call kfunc ${name}\n    exit\n`;
  return parseText(text).programs[0];
}

/** The caller with the body as a subprogram in the function's place. */
function calling(name: string, parts: Parts): Program {
  const program = caller(name, parts.args);
  const edit = new Edit(program, { by: "testing" });
  const subprog = edit.cloneSubprog(parts.code, parts.code.subprogs[0].id, { name });
  edit.replace(program.code.ids[parts.args.length], { kind: "call", callee: { kind: "subprog", subprog } });
  return edit.commit();
}

/** The caller with the body spliced in, as kfunc-inline does it. */
function inlining(kfunc: RegisteredKfunc, parts: Parts): Program {
  const { name, module, signature, flags } = kfunc;
  const body: KfuncBody = { name, module, signature, flags, trust: "trusted", code: parts.code };
  const pipeline = new Pipeline({ passes: [kfuncInstantiate({ explore: exploreNothing }), kfuncInline()] });
  const { program } = pipeline.run(caller(name, parts.args), {
    target: { profile: LINUX_6_18, jit: true },
    kfuncs: { resolve: (func) => func.name === name ? { kind: "body", body } : { kind: "none" } },
  });
  return program;
}

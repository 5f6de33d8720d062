/**
 * kfunc-define: puts the verified bodies of kernel functions in the place of the calls, before verify.
 *
 * A verified body is the definition of its function: nobody vouches for it, it is checked like the caller's own code, with what
 * is known of the arguments at this very call. So the bounds of its result are known to the caller, and a memory access in it must
 * be one the caller could make itself. The idea is that of the kernel's "kfuncs that have a BPF body" (2026).
 *
 * What a caller may rely on stays what it may rely on at a call: where r1 to r5 would be read afterwards, or r0 after a function
 * that returns nothing, the call is left alone and verify says what the kernel says. Bodies are as small as that idea needs
 * ({@linkcode bodyFaults}): no calls, no loops, no stack, no registers above r5.
 *
 * @module
 */
import { columnsOf } from "../ir/columns.ts";
import { Edit } from "../ir/edit.ts";
import { effectsOf } from "../ir/effects.ts";
import type { InsnId, SubprogId } from "../ir/insn.ts";
import { liveRegisters } from "../ir/liveness.ts";
import type { Program } from "../ir/program.ts";
import { targetOf } from "../ir/references.ts";
import type { KfuncBody, KfuncSignature } from "./kfuncs.ts";
import type { Pass, PassContext } from "./pass.ts";

/** The pass. */
export function kfuncDefine(): Pass {
  return {
    name: "kfunc-define",
    summary: "Puts the verified bodies of kernel functions in the place of their calls",
    before: {
      verify: "a verified body is checked in its caller's context",
      "kfunc-instantiate": "what is left of the calls may have trusted bodies",
    },
    run: define,
  };
}

/** r0 to r5, which a body may use. */
const BODY_REGISTERS = 0x3f;
/** r1 to r5, which a call destroys without giving anything for them. */
const ARGUMENTS = 0x3e;
const R0 = 1;

/**
 * What keeps a program of one subprogram from being a verified body, as sentences; empty if nothing does. `signature` says which
 * registers hold arguments and whether r0 must hold a result.
 */
export function bodyFaults(body: Program, signature: KfuncSignature): string[] {
  const faults: string[] = [];
  if (body.subprogs.length !== 1) faults.push("it has more than one subprogram");
  const { insns } = body.code;
  insns.forEach((insn, i) => {
    switch (insn.kind) {
      case "call":
        faults.push(`instruction ${i} is a call`);
        break;
      case "ldabs":
      case "may_goto":
      case "addr_space_cast":
      case "raw":
        faults.push(`instruction ${i} is ${insn.kind}`);
        break;
      case "imm64":
        if (insn.value.kind !== "const") faults.push(`instruction ${i} refers to a ${insn.value.kind}`);
        break;
      case "alu":
      case "load":
      case "store":
      case "atomic":
      case "jump":
      case "branch":
      case "exit":
        break;
    }
    const { reads, writes } = effectsOf(insn);
    if (((reads | writes) & ~BODY_REGISTERS) !== 0) {
      faults.push(`instruction ${i} uses a register above r5`);
    }
    const target = targetOf(insn);
    if (target !== undefined && body.indexOf(target) <= i) faults.push(`instruction ${i} jumps backwards`);
  });
  if (faults.length > 0) return faults;
  const given = ((1 << signature.args.length) - 1) << 1;
  const returned = signature.returns === "void" ? R0 : 0;
  const missing = liveRegisters(columnsOf(body))[0] & ~given & ~returned;
  for (let reg = 0; reg <= 5; reg++) {
    if ((missing >> reg & 1) === 1) faults.push(`r${reg} is read before it is written and is no argument`);
  }
  return faults;
}

function define(program: Program, context: PassContext): Program {
  const sites = sitesOf(program, context);
  if (sites.length === 0) return program;
  const cloning = new Edit(program, { by: "kfunc-define" });
  const instances = sites.map(({ call, body }): { call: InsnId; body: KfuncBody; id: SubprogId } => ({
    call,
    body,
    id: cloning.cloneSubprog(body.code, body.code.subprogs[0].id, {
      name: body.name,
      hidden: true,
      instanceOf: call,
      stackDepth: 0,
    }),
  }));
  const splicing = new Edit(cloning.commit(), { by: "kfunc-define" });
  for (const { call, body, id } of instances) splicing.splice(call, id, { body: body.name });
  return splicing.commit();
}

/** The calls that a verified body can stand in for. */
function sitesOf(program: Program, context: PassContext): { call: InsnId; body: KfuncBody }[] {
  const { insns, ids } = program.code;
  const bodies = new Map<number, KfuncBody>();
  for (let i = 0; i < insns.length; i++) {
    const insn = insns[i];
    if (insn.kind !== "call" || insn.callee.kind !== "kfunc") continue;
    const resolution = context.kfuncs.resolve(insn.callee.func, program.attrs);
    if (resolution.kind === "body" && resolution.body.trust === "verified") bodies.set(i, resolution.body);
  }
  if (bodies.size === 0) return [];
  const columns = columnsOf(program);
  const live = liveRegisters(columns, { arity: (slot) => arityAt(program, { slot, context }) });
  return [...bodies].flatMap(([i, body]) => {
    const lost = body.signature.returns === "void" ? ARGUMENTS | R0 : ARGUMENTS;
    // The liveness counts all five arguments of every bpf2bpf call: look closer before giving up.
    const apart = i + 1 >= insns.length || (live[columns.slot[i + 1]] & lost) === 0 ||
      !isReadBehind(program, { position: i, lost, live, context });
    return apart ? [{ call: ids[i], body }] : [];
  });
}

/**
 * Whether some path behind a position reads one of the registers before it writes it, where a bpf2bpf call reads what is live at its
 * callee's entry.
 */
function isReadBehind(
  program: Program,
  from: {
    readonly position: number;
    readonly lost: number;
    readonly live: Int32Array;
    readonly context: PassContext;
  },
): boolean {
  const { live, context } = from;
  const columns = columnsOf(program);
  const { insns } = program.code;
  /** By position: registers that a path came with, still unwritten. */
  const carried = new Int32Array(insns.length);
  const work: number[] = [];
  const go = (position: number, registers: number): void => {
    if (position >= insns.length || (registers & ~carried[position]) === 0) return;
    carried[position] |= registers;
    work.push(position);
  };
  go(from.position + 1, from.lost);
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    const insn = insns[at];
    const slot = columns.slot[at];
    const { reads, writes } = insn.kind === "call" && insn.callee.kind === "subprog"
      ? { reads: live[columns.target[slot]] & ARGUMENTS, writes: BODY_REGISTERS }
      : effectsOf(insn, () => arityAt(program, { slot, context }));
    if ((reads & carried[at]) !== 0) return true;
    const rest = carried[at] & ~writes;
    const target = targetOf(insn);
    if (target !== undefined) go(program.indexOf(target), rest);
    if (insn.kind !== "jump" && insn.kind !== "exit") go(at + 1, rest);
  }
  return false;
}

/** How many arguments the helper or kernel function called at a slot takes; undefined if unknown. */
function arityAt(
  program: Program,
  where: { readonly slot: number; readonly context: PassContext },
): number | undefined {
  const insn = program.code.insns[columnsOf(program).position[where.slot]];
  if (insn.kind !== "call") return undefined;
  const { callee } = insn;
  switch (callee.kind) {
    case "helper": {
      const { type, attachType } = program.attrs;
      return where.context.target.profile.helper(callee.id, { type, attachType })?.args.length;
    }
    case "kfunc": {
      const resolution = where.context.kfuncs.resolve(callee.func, program.attrs);
      if (resolution.kind === "body") return resolution.body.signature.args.length;
      return parametersIn(program, callee.func.name);
    }
    case "subprog":
      return undefined;
  }
}

/** The parameters of a kernel function by the target's BTF; undefined if it is not there. */
function parametersIn(program: Program, name: string): number | undefined {
  const btf = program.unit.targetBtf;
  const id = btf?.find(name, "func") ?? 0;
  if (btf === undefined || id === 0) return undefined;
  const func = btf.type(id);
  const proto = func.kind === "func" ? btf.type(func.type) : func;
  return proto.kind === "func_proto" ? proto.params.length : undefined;
}

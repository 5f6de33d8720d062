/**
 * A pass by a third party: registers that hold a constant become immediates, and a multiplication by a power of two a shift.
 *
 * Once a kfunc's body is part of the program and its branches are decided, its arguments are constants in plain sight. This pass
 * follows them through straight-line code: at every place that something jumps to, and behind every call, it forgets what it knew,
 * so it never needs to know how control got there.
 *
 * @module
 */
import { type AluOp, Edit, type Insn, type InsnId, type Program } from "../../ir/mod.ts";
import type { Pass } from "../../passes/mod.ts";

/** Operators that take an immediate for a register without further thought. */
const PLAIN: ReadonlySet<AluOp> = new Set<AluOp>(["add", "sub", "mul", "and", "or", "xor", "mov"]);

/** What registers r0 to r10 hold, as a 32-bit signed constant that both widths agree on; undefined = unknown. */
type Constants = (number | undefined)[];

/** Makes the pass. */
export function constantOperands(): Pass {
  return {
    name: "constant-operands",
    summary: "Turns registers that hold a constant into immediates, and multiplications into shifts",
    after: { "nop-remove": "a body's constants are in plain sight only when its branches are gone" },
    run: (program) => rewrite(program),
  };
}

function rewrite(program: Program): Program {
  const edit = new Edit(program, { by: "constant-operands" });
  const landings = jumpTargets(program);
  let known: Constants = [];
  program.code.insns.forEach((insn, i) => {
    const id = program.code.ids[i];
    if (landings.has(id)) known = [];
    const better = improve(insn, known);
    if (better !== undefined) edit.replace(id, better);
    known = step(better?.at(-1) ?? insn, known);
  });
  return edit.commit();
}

/** Every instruction that control reaches otherwise than from the one before it. */
function jumpTargets(program: Program): ReadonlySet<InsnId> {
  const targets = new Set<InsnId>(program.subprogs.map((subprog) => subprog.entry));
  for (const insn of program.code.insns) {
    if (insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto") targets.add(insn.target);
  }
  return targets;
}

/** What the instruction can become, or undefined if it is best as it is. */
function improve(insn: Insn, known: Constants): readonly Insn[] | undefined {
  if (insn.kind !== "alu" || insn.src.kind !== "reg" || !PLAIN.has(insn.op)) return undefined;
  const { op, width, dst } = insn;
  const right = known[insn.src.reg];
  const left = known[dst];
  if (op === "mul" && right !== undefined && powerOfTwo(right)) {
    return [{ kind: "alu", op: "lsh", width, dst, src: { kind: "imm", imm: Math.log2(right) } }];
  }
  if (op === "mul" && left !== undefined && powerOfTwo(left)) {
    return [
      { kind: "alu", op: "mov", width, dst, src: insn.src },
      { kind: "alu", op: "lsh", width, dst, src: { kind: "imm", imm: Math.log2(left) } },
    ];
  }
  return right === undefined
    ? undefined
    : [{ kind: "alu", op, width, dst, src: { kind: "imm", imm: right } }];
}

function powerOfTwo(n: number): boolean {
  return n > 0 && (n & (n - 1)) === 0;
}

/** What is known behind the instruction. */
function step(insn: Insn, known: Constants): Constants {
  const next = [...known];
  switch (insn.kind) {
    case "alu":
      next[insn.dst] = undefined;
      // A negative 32-bit constant is zero-extended and a 64-bit one sign-extended: only non-negative ones are the same in both.
      if (insn.op === "mov" && insn.src.kind === "imm" && insn.src.imm >= 0) next[insn.dst] = insn.src.imm;
      return next;
    case "load":
    case "imm64":
    case "addr_space_cast":
      next[insn.dst] = undefined;
      return next;
    case "atomic":
      next[insn.src] = undefined;
      next[0] = undefined;
      return next;
    case "ldabs":
    case "call":
      return next.fill(undefined, 0, 6);
    case "store":
    case "branch":
    case "may_goto":
    case "jump":
    case "exit":
    case "raw":
      return next;
  }
}

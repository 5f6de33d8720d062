/**
 * Which argument registers of a call hold the same constant on every path, without looking at paths one by one.
 *
 * A forward dataflow over one subprogram: each register is a constant or unknown, and where paths meet, different constants are
 * unknown. It follows plain moves and nothing else, which is what compilers emit for constant arguments.
 *
 * It exists beside verify because verify may leave out a path it believes equal to one it walked, and a constant that it saw at
 * a call is then a constant of the walked path only, unless it is precise. What this analysis says holds on all of them.
 *
 * @module
 */
import type { Insn } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";

/** r0 to r9; r10 never is a constant. */
const REGS = 10;
/** A register's state in `#kind`: not reached yet, constant, or anything. */
const UNREACHED = 0, CONSTANT = 1, UNKNOWN = 2;

/** The constants of one program; see the module's header. Costs nothing until asked about a subprogram. */
export class ConstArgs {
  readonly #program: Program;
  /** By position and register: {@linkcode UNREACHED}, {@linkcode CONSTANT} or {@linkcode UNKNOWN}, before the instruction. */
  readonly #kind: Uint8Array;
  /** Values are those a move can load: 32 bits, sign- or zero-extended, so that a double holds them exactly. */
  readonly #value: Float64Array;
  readonly #done = new Set<number>();

  constructor(program: Program) {
    this.#program = program;
    this.#kind = new Uint8Array(program.length * REGS);
    this.#value = new Float64Array(program.length * REGS);
  }

  /** The constant (as a signed number) that a register holds before an instruction on every path to it; else undefined. */
  before(position: number, reg: number): number | undefined {
    const subprog = this.#program.subprogs.indexOf(this.#program.subprogAt(position));
    if (!this.#done.has(subprog)) {
      this.#done.add(subprog);
      this.#solve(this.#program.starts[subprog]);
    }
    const at = position * REGS + reg;
    return this.#kind[at] === CONSTANT ? this.#value[at] : undefined;
  }

  #solve(entry: number): void {
    this.#kind.fill(UNKNOWN, entry * REGS, (entry + 1) * REGS);
    const work = [entry];
    const kind = new Uint8Array(REGS), value = new Float64Array(REGS);
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      kind.set(this.#kind.subarray(at * REGS, (at + 1) * REGS));
      value.set(this.#value.subarray(at * REGS, (at + 1) * REGS));
      const insn = this.#program.code.insns[at];
      apply(insn, kind, value);
      if (insn.kind === "jump" || insn.kind === "branch" || insn.kind === "may_goto") {
        const target = this.#program.indexOf(insn.target);
        if (this.#join(target, kind, value)) work.push(target);
      }
      const falls = insn.kind !== "jump" && insn.kind !== "exit" && at + 1 < this.#program.length;
      if (falls && this.#join(at + 1, kind, value)) work.push(at + 1);
    }
  }

  /** Merges a state into the one before `at`. @returns Whether that one changed. */
  #join(at: number, kind: Uint8Array, value: Float64Array): boolean {
    let changed = false;
    for (let reg = 0; reg < REGS; reg++) {
      const slot = at * REGS + reg;
      const old = this.#kind[slot];
      if (old === UNKNOWN) continue;
      if (old === UNREACHED) {
        this.#kind[slot] = kind[reg];
        this.#value[slot] = value[reg];
        changed = true;
      } else if (kind[reg] !== CONSTANT || value[reg] !== this.#value[slot]) {
        this.#kind[slot] = UNKNOWN;
        changed = true;
      }
    }
    return changed;
  }
}

function apply(insn: Insn, kind: Uint8Array, value: Float64Array): void {
  switch (insn.kind) {
    case "alu":
      if (insn.op === "mov" && insn.src.kind === "imm") {
        kind[insn.dst] = CONSTANT;
        value[insn.dst] = insn.width === 64 ? insn.src.imm : insn.src.imm >>> 0;
      } else if (insn.op === "mov" && insn.src.kind === "reg" && insn.src.reg < REGS) {
        kind[insn.dst] = kind[insn.src.reg];
        value[insn.dst] = insn.width === 64 ? value[insn.src.reg] : value[insn.src.reg] >>> 0;
      } else {
        kind[insn.dst] = UNKNOWN;
      }
      return;
    case "load":
    case "imm64":
    case "addr_space_cast":
      kind[insn.dst] = UNKNOWN;
      return;
    case "atomic":
      if (insn.op === "load_acq" || insn.fetch) kind[insn.op === "cmpxchg" ? 0 : insn.src] = UNKNOWN;
      return;
    case "ldabs":
    case "call":
      kind.fill(UNKNOWN, 0, 6);
      return;
    case "store":
    case "jump":
    case "branch":
    case "may_goto":
    case "exit":
    case "raw":
      return;
  }
}

/**
 * One version of a program. It never changes: a pass takes a version and returns the next, made by `Edit`.
 *
 * The code is a linear list of instructions under stable ids; what is known about them lives in facts, keyed by id. Subprograms
 * are contiguous ranges of that list, in layout order; each begins at its entry and ends where the next begins.
 *
 * @module
 */
import type { AnyFact, Fact } from "./fact.ts";
import type { Insn, InsnId, SubprogId } from "./insn.ts";
import type { SourcePosition } from "./diagnostic.ts";
import type { Unit } from "./unit.ts";

/** Where an instruction comes from: the C source, the pass that made it, and for inlined code the call it replaced. */
export interface Origin {
  /** Where it is in the C source, if debug information says. */
  readonly position?: SourcePosition;
  /** The pass that made the instruction; absent for what the object held. */
  readonly by?: string;
  /** For spliced code: the call, and through it whatever the call was itself spliced from. */
  readonly inlinedAt?: Origin;
  /** For spliced code: the kfunc or module whose body it was, for messages. */
  readonly body?: string;
}

/** What a program is loaded as. */
export interface ProgramAttrs {
  /** The function's name. */
  readonly name: string;
  /** The ELF section it came from, e.g. `xdp`, `cgroup_skb/egress`. */
  readonly section: string;
  /** The program type as libbpf and the kernel name it, in lower case: `xdp`, `sched_cls`, `socket_filter`, `cgroup_skb`, …. */
  readonly type: string;
  /** The `enum bpf_attach_type` number; 0 if the section does not say. */
  readonly attachType: number;
  /** `BPF_F_*` of program load: strict alignment 1, any alignment 2, test state freq 8, sleepable 16, xdp has frags 32, dev-bound only 64, test reg invariants 128. */
  readonly flags: number;
  /** What the section or the user names as the attach target, e.g. the function of `fentry/X`. */
  readonly attachTarget?: string;
  /** Its type id in the target's BTF; 0 if none. */
  readonly attachBtfId: number;
  /** The program that the target is a function of (`attach_prog_fd`); it is the kernel's if absent. */
  readonly attachProgram?: Program;
  /** The module whose BTF that is: 1 + its index in `unit.modules`; the kernel itself if absent. */
  readonly attachModule?: number;
  /** The device it is bound to, as `Device.name`. */
  readonly device?: string;
  /** libbpf would not load it by itself (section name begins with `?`). */
  readonly optional?: boolean;
}

/** A function of a program. */
export interface Subprog {
  /** Its id, the same in all versions. */
  readonly id: SubprogId;
  /** Its name in the object, or the pass's for it. */
  readonly name: string;
  /** Its first instruction. */
  readonly entry: InsnId;
  /** `global` subprograms are verified on their own, by their BTF prototype. */
  readonly linkage: "static" | "global" | "extern";
  /** Added by a pass, not by the program's author: not counted against limits, never in func_info. */
  readonly hidden: boolean;
  /** The call this hidden subprogram was cloned for (`kfunc-instantiate`). */
  readonly instanceOf?: InsnId;
  /** Its FUNC in `unit.btf`; 0 = none. */
  readonly btfId: number;
}

/** The instructions of one version, in layout order, with parallel side arrays. */
export interface Code {
  /** In layout order. */
  readonly insns: readonly Insn[];
  /** By position: the instruction's id. */
  readonly ids: readonly InsnId[];
  /** By position: where it comes from. */
  readonly origins: readonly Origin[];
}

/** What {@linkcode Program} is made of. */
export interface ProgramParts {
  /** The unit it belongs to. */
  readonly unit: Unit;
  /** What it is loaded as. */
  readonly attrs: ProgramAttrs;
  /** The instructions. */
  readonly code: Code;
  /** In layout order; the first is the main program and its entry is the first instruction. */
  readonly subprogs: readonly Subprog[];
  /** By fact: the values written, by id. */
  readonly facts?: ReadonlyMap<AnyFact, ReadonlyMap<number, unknown>>;
  /** Ids at or above these are free. */
  readonly nextInsnId: number;
  /** Subprogram ids at or above it are free. */
  readonly nextSubprogId: number;
}

/** The id under which facts of scope `program` are kept. */
export const PROGRAM_SCOPE = 0;

/** One version of a program; see the module's header. */
export class Program {
  /** The unit it belongs to. */
  readonly unit: Unit;
  /** What it is loaded as. */
  readonly attrs: ProgramAttrs;
  /** The instructions. */
  readonly code: Code;
  /** In layout order; the first is the main program. */
  readonly subprogs: readonly Subprog[];
  /** Instruction ids at or above it are free. */
  readonly nextInsnId: number;
  /** Subprogram ids at or above it are free. */
  readonly nextSubprogId: number;
  /** By fact: the values written, by id. Read them with `get`. */
  readonly facts: ReadonlyMap<AnyFact, ReadonlyMap<number, unknown>>;
  #index: Int32Array | undefined;
  #starts: Int32Array | undefined;

  /** For `Edit`, `buildProgram` and the text parser; the parts are kept, not copied. */
  constructor(parts: ProgramParts) {
    this.unit = parts.unit;
    this.attrs = parts.attrs;
    this.code = parts.code;
    this.subprogs = parts.subprogs;
    this.facts = parts.facts ?? new Map();
    this.nextInsnId = parts.nextInsnId;
    this.nextSubprogId = parts.nextSubprogId;
  }

  /** How many instructions (an `imm64` counts once; for slots see `Columns.count`). */
  get length(): number {
    return this.code.insns.length;
  }

  /** The position of an instruction in `code`, or -1 if this version does not hold it. */
  indexOf(id: InsnId): number {
    let index = this.#index;
    if (index === undefined) {
      index = new Int32Array(this.nextInsnId).fill(-1);
      const ids = this.code.ids;
      for (let i = 0; i < ids.length; i++) index[ids[i]] = i;
      this.#index = index;
    }
    return id < index.length ? index[id] : -1;
  }

  /** The instruction, which must be part of this version. @throws {RangeError} If it is not. */
  insn(id: InsnId): Insn {
    const at = this.indexOf(id);
    if (at < 0) throw new RangeError(`Cannot read instruction ${id}: not part of this version`);
    return this.code.insns[at];
  }

  /** Start positions of all subprograms in `code`, in layout order, with the code's length behind the last. */
  get starts(): Int32Array {
    if (this.#starts === undefined) {
      this.#starts = Int32Array.from([...this.subprogs.map((s) => this.indexOf(s.entry)), this.length]);
    }
    return this.#starts;
  }

  /** The subprogram, by id. @throws {RangeError} If this version does not hold it. */
  subprog(id: SubprogId): Subprog {
    const found = this.subprogs.find((s) => s.id === id);
    if (found === undefined) throw new RangeError(`Cannot find subprogram ${id}: not part of this version`);
    return found;
  }

  /** The subprogram that holds the instruction at a position of `code`. */
  subprogAt(position: number): Subprog {
    const starts = this.starts;
    let low = 0, high = this.subprogs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= position) low = middle;
      else high = middle - 1;
    }
    return this.subprogs[low];
  }

  /** The fact's value for an instruction or subprogram id (scope `program`: no id); its initial value where none was written. */
  get<V>(fact: Fact<V>, id: number = PROGRAM_SCOPE): V {
    const values = this.facts.get(fact);
    return values !== undefined && values.has(id) ? values.get(id) as V : fact.initial;
  }

  /** Whether any value of the fact was ever written: tells "a pass that gives it has run" from "nothing to say". */
  has(fact: AnyFact): boolean {
    return this.facts.has(fact);
  }
}

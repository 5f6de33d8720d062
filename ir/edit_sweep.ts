/**
 * The sweep of `Edit.commit`: writes the code of the next version from the old one and what was wished for each instruction.
 *
 * Private to `edit.ts`, whose header explains landings. It places instructions and resolves targets; facts are not its business.
 *
 * @module
 */
import type { Insn, InsnId, SubprogId } from "./insn.ts";
import type { Code, Origin, Program, Subprog } from "./program.ts";
import { mapTarget, subprogOf, targetOf } from "./references.ts";

/** New code with its ids, all targets resolved to ids or landings. */
export interface Piece {
  readonly insns: readonly Insn[];
  readonly ids: readonly InsnId[];
  readonly origin: Origin;
  /** The id that lands behind the last instruction; -1 if nothing refers to it. */
  readonly end: number;
}

/** A piece to come before an instruction; with `move`, jumps to the instruction land on it. */
export interface Insertion {
  readonly piece: Piece;
  readonly move: boolean;
}

/** A subprogram to come in the place of a call. */
export interface Splice {
  readonly subprog: Subprog;
  readonly before: Piece | undefined;
  readonly after: Piece | undefined;
  /** The landing of the body's exits. */
  readonly end: InsnId;
  readonly rewrite: ((insn: Insn) => Insn) | undefined;
  readonly origin: Origin;
  readonly body: string;
}

/** A subprogram to come behind the last. */
export interface AddedSubprog {
  readonly subprog: Subprog;
  readonly insns: readonly Insn[];
  readonly ids: readonly InsnId[];
  readonly origins: readonly Origin[];
  readonly end: number;
}

/** What has been wished for one instruction of the old version. */
export interface Wish {
  before?: Insertion[];
  after?: Piece[];
  /** Absent: the instruction stays. Without instructions: it goes. */
  replacement?: Piece;
  splice?: Splice;
}

/** One sweep over the old version, writing the new one. */
export class Sweep {
  readonly #program: Program;
  readonly #wishes: ReadonlyMap<InsnId, Wish>;
  readonly #insns: Insn[] = [];
  readonly #ids: InsnId[] = [];
  readonly #origins: Origin[] = [];
  /** By id: the position it lands on; -1 if the new version has no such place. */
  readonly #landing: Int32Array;
  readonly #subprogs: { readonly subprog: Subprog; readonly start: number }[] = [];
  readonly #gone: InsnId[] = [];
  readonly #splicing = new Set<SubprogId>();

  constructor(program: Program, wishes: ReadonlyMap<InsnId, Wish>, ids: number) {
    this.#program = program;
    this.#wishes = wishes;
    this.#landing = new Int32Array(ids).fill(-1);
  }

  /** A subprogram of the old version, changed as wished; it disappears if nothing of it is left. */
  keep(subprog: Subprog): void {
    const start = this.#insns.length;
    const [from, to] = rangeOf(this.#program, subprog);
    for (let i = from; i < to; i++) this.#old(i, undefined);
    if (this.#insns.length > start) this.#subprogs.push({ subprog, start });
  }

  /** A subprogram that goes with all its instructions. */
  drop(subprog: Subprog): void {
    const [from, to] = rangeOf(this.#program, subprog);
    for (let i = from; i < to; i++) this.#gone.push(this.#program.code.ids[i]);
  }

  /** A subprogram of the old version with a new sequence of instructions. */
  arrange(
    subprog: Subprog,
    code: Omit<AddedSubprog, "subprog" | "end"> & { readonly gone: readonly InsnId[] },
  ): void {
    this.add({ ...code, subprog, end: -1 });
    for (const id of code.gone) this.#gone.push(id);
  }

  /** A subprogram of the edit's own. */
  add(added: AddedSubprog): void {
    this.#subprogs.push({ subprog: added.subprog, start: this.#insns.length });
    for (let i = 0; i < added.insns.length; i++) {
      this.#place(added.insns[i], added.ids[i], added.origins[i]);
    }
    if (added.end >= 0) this.#landing[added.end] = this.#insns.length;
  }

  /** Looks every target up. @throws {RangeError} See `Edit.commit`. */
  finish(): { code: Code; subprogs: Subprog[]; gone: InsnId[] } {
    const insns = this.#insns, ids = this.#ids;
    const present = new Set(this.#subprogs.map((s) => s.subprog.id));
    const subprogs: Subprog[] = [];
    for (let s = 0; s < this.#subprogs.length; s++) {
      const { subprog, start } = this.#subprogs[s];
      const end = s + 1 < this.#subprogs.length ? this.#subprogs[s + 1].start : insns.length;
      for (let i = start; i < end; i++) {
        const insn = insns[i];
        const target = targetOf(insn);
        if (target !== undefined) {
          const landed = target < this.#landing.length ? this.#landing[target] : -1;
          if (landed < start || landed >= end) {
            throw new RangeError(
              `Cannot commit: the jump at position ${i} would leave its subprogram "${subprog.name}"`,
            );
          }
          if (ids[landed] !== target) insns[i] = mapTarget(insn, () => ids[landed]);
        } else {
          const referred = subprogOf(insn);
          if (referred !== undefined && !present.has(referred)) {
            throw new RangeError(
              `Cannot commit: the instruction at position ${i} refers to subprogram ${referred}, which is gone`,
            );
          }
        }
      }
      subprogs.push(subprog.entry === ids[start] ? subprog : { ...subprog, entry: ids[start] });
    }
    return { code: { insns, ids, origins: this.#origins }, subprogs, gone: this.#gone };
  }

  #place(insn: Insn, id: InsnId, origin: Origin): void {
    // A place that jumps already lead to (code inserted before with `move`) stays where it is.
    if (this.#landing[id] < 0) this.#landing[id] = this.#insns.length;
    this.#insns.push(insn);
    this.#ids.push(id);
    this.#origins.push(origin);
  }

  /** New code; `within`: the body being spliced, if the code is for one of its instructions. */
  #piece(piece: Piece | undefined, within: Splice | undefined): void {
    if (piece === undefined) return;
    const origin = within === undefined ? piece.origin : inlinedOrigin(piece.origin, within);
    for (let i = 0; i < piece.insns.length; i++) this.#place(piece.insns[i], piece.ids[i], origin);
    if (piece.end >= 0) this.#landing[piece.end] = this.#insns.length;
  }

  /** The instruction at a position of the old version, with all that was wished for it. `within`: the body being spliced. */
  #old(position: number, within: Splice | undefined): void {
    const { code } = this.#program;
    const id = code.ids[position];
    const wish = this.#wishes.get(id);
    let insn = code.insns[position];
    let origin = code.origins[position];
    if (within !== undefined) {
      origin = inlinedOrigin(origin, within);
      if (insn.kind === "exit") insn = { kind: "jump", target: within.end, far: false };
      else if (within.rewrite !== undefined) insn = within.rewrite(insn);
    }
    if (wish === undefined) return this.#place(insn, id, origin);
    if (wish.before !== undefined) {
      for (const { piece, move } of wish.before) {
        if (move && this.#landing[id] < 0) this.#landing[id] = this.#insns.length;
        this.#piece(piece, within);
      }
    }
    if (wish.splice !== undefined) {
      if (this.#landing[id] < 0) this.#landing[id] = this.#insns.length;
      this.#splice({ ...wish.splice, origin }, within);
      this.#gone.push(id);
    } else if (wish.replacement !== undefined) {
      if (this.#landing[id] < 0) this.#landing[id] = this.#insns.length;
      this.#piece(wish.replacement, within);
    } else {
      this.#place(insn, id, origin);
    }
    if (wish.after !== undefined) { for (const piece of wish.after) this.#piece(piece, within); }
  }

  #splice(splice: Splice, within: Splice | undefined): void {
    if (this.#splicing.has(splice.subprog.id)) {
      throw new TypeError(`Cannot splice subprogram "${splice.subprog.name}": into itself`);
    }
    this.#splicing.add(splice.subprog.id);
    this.#piece(splice.before, within);
    const [from, to] = rangeOf(this.#program, splice.subprog);
    for (let i = from; i < to; i++) this.#old(i, splice);
    this.#landing[splice.end] = this.#insns.length;
    this.#piece(splice.after, within);
    this.#splicing.delete(splice.subprog.id);
  }
}

/** The origin of a spliced instruction: the outermost call that is not yet named becomes this one. */
function inlinedOrigin(origin: Origin, splice: Splice): Origin {
  const inlinedAt = origin.inlinedAt === undefined ? splice.origin : inlinedOrigin(origin.inlinedAt, splice);
  return { ...origin, inlinedAt, body: origin.body ?? splice.body };
}

/** First position of a subprogram, and the one behind its last. */
export function rangeOf(program: Program, subprog: Subprog): [number, number] {
  const at = program.subprogs.indexOf(subprog);
  return [program.starts[at], program.starts[at + 1]];
}

/**
 * The only code that changes programs: it moves jump targets, facts and source positions, so that no pass ever computes an
 * offset.
 *
 * An `Edit` collects wishes against one version and `commit` makes the next in one sweep, linear in the program however many
 * wishes there are. Nothing is visible before; the old version stays as it is.
 *
 * How jumps find their way: every place that can be jumped to has an id, either of an instruction or of a *landing*, an id that no
 * instruction bears (the end of a fragment). The sweep writes down the position that each id lands on; then every target is
 * looked up once. A removed instruction lands on whatever comes next.
 *
 * How facts find their way: an instruction that is replaced hands its facts to the new ones by the fact's `follows`; what is
 * inserted has initial values; what is moved or cloned takes its facts along; what is removed takes them to the grave. Values
 * given to `set` win.
 *
 * What it does not do: it does not judge. Whether a rewrite keeps the program's meaning is the pass's business, whether the
 * result is well formed that of `check`. It refuses only what it could not express: a jump out of its subprogram, a reference to a
 * subprogram that is gone.
 *
 * @module
 */
import type { AnyFact, Fact } from "./fact.ts";
import type { Fragment } from "./fragment.ts";
import type { Insn, InsnId, SubprogId } from "./insn.ts";
import { type AddedSubprog, type Piece, rangeOf, Sweep, type Wish } from "./edit_sweep.ts";
import { type Origin, Program, type ProgramParts, type Subprog } from "./program.ts";
import { mapTarget, subprogOf } from "./references.ts";
import { slotAligned, stackDepth } from "./stack_depth.ts";

/** What can be put into a program: a fragment, one instruction, or several whose targets are ids. */
export type NewCode = Fragment | Insn | readonly Insn[];

/** Who is making an {@linkcode Edit}. */
export interface EditOptions {
  /** The pass: recorded as `by` in the origin of every new instruction. */
  readonly by: string;
}

/** How {@linkcode Edit.insertBefore} treats jumps. */
export interface InsertOptions {
  /**
   * Where jumps to the instruction land afterwards: `move` on the inserted code, `stay` on the instruction itself, skipping it.
   * A call of a subprogram always runs what is inserted before its entry.
   */
  readonly jumps: "move" | "stay";
}

/** What {@linkcode Edit.addSubprog} and {@linkcode Edit.cloneSubprog} need to know of a new subprogram. */
export interface NewSubprog {
  /** Its name in text and messages. */
  readonly name: string;
  /** `static` if left out. */
  readonly linkage?: Subprog["linkage"];
  /** Whether it is the compiler's and not the author's; true if left out. */
  readonly hidden?: boolean;
  /** The call it was cloned for. */
  readonly instanceOf?: InsnId;
  /** 0 if left out. */
  readonly btfId?: number;
  /** Bytes of stack it uses; left out, {@linkcode stackDepth} of a clone is its source's, else the initial value. */
  readonly stackDepth?: number;
}

/** What {@linkcode Edit.splice} puts around a body and does to its instructions. */
export interface SpliceOptions {
  /** The function whose body it is: recorded as `body` in the origins. */
  readonly body: string;
  /** Code before the body, e.g. register saves. Jumps to the call land on it. */
  readonly before?: NewCode;
  /** Code behind the body, e.g. register restores. Every `exit` of the body becomes a jump to it. */
  readonly after?: NewCode;
  /** Changes an instruction of the body one to one, e.g. shifts stack offsets; facts stay. Not called for `exit`. */
  readonly rewrite?: (insn: Insn) => Insn;
}

/** One place of {@linkcode Edit.rearrange}. */
export interface Placed {
  /** What stands here; a target is an index into the sequence. */
  readonly insn: Insn<number>;
  /** The instruction it descends from. */
  readonly from: InsnId;
  /** It is still what the instruction it descends from is, but for its target: facts stay with it, and go with copies. */
  readonly same: boolean;
}

/** Slots of a subprogram that this edit hands out. */
interface StackUse {
  /** Depth at the start, aligned, plus what was reserved, in bytes. */
  depth: number;
  scratch: number;
}

/** A subprogram's new sequence, with ids given out. */
interface Arrangement {
  readonly insns: readonly Insn[];
  readonly ids: readonly InsnId[];
  readonly origins: readonly Origin[];
  /** Ids that the sequence does without. */
  readonly gone: readonly InsnId[];
  /** Ids that now stand for another instruction. */
  readonly changed: readonly InsnId[];
}

const NO_IDS: readonly InsnId[] = [];

/**
 * A set of changes to one version of a program; see the module's header.
 *
 * Every method refers to the version the edit was made from. `Edit` is used once: after `commit` start from its result.
 *
 * @example Drop an instruction; jumps to it land on the next
 * ```ts
 * import { Edit } from "./edit.ts";
 * import type { InsnId } from "./insn.ts";
 * import type { Program } from "./program.ts";
 * function withoutInsn(program: Program, id: InsnId): Program {
 *   const edit = new Edit(program, { by: "example" });
 *   edit.remove(id);
 *   return edit.commit();
 * }
 * ```
 */
export class Edit {
  readonly #program: Program;
  readonly #by: string;
  readonly #wishes = new Map<InsnId, Wish>();
  readonly #added: AddedSubprog[] = [];
  readonly #removedSubprogs = new Set<SubprogId>();
  readonly #splices = new Map<SubprogId, InsnId>();
  readonly #arranged = new Map<SubprogId, Arrangement>();
  readonly #values = new Map<AnyFact, Map<number, unknown>>();
  readonly #cleared = new Set<AnyFact>();
  readonly #stack = new Map<SubprogId, StackUse>();
  #nextInsnId: number;
  #nextSubprogId: number;
  #done = false;

  /** Begins a set of changes to `program`, which itself stays as it is. */
  constructor(program: Program, options: EditOptions) {
    this.#program = program;
    this.#by = options.by;
    this.#nextInsnId = program.nextInsnId;
    this.#nextSubprogId = program.nextSubprogId;
  }

  /** Whether anything has been asked for. */
  get changed(): boolean {
    return this.#changesCode() || this.#values.size > 0 || this.#cleared.size > 0 || this.#stack.size > 0;
  }

  /**
   * Puts other code in the place of an instruction. The first new instruction keeps its id, so jumps to it land there; facts
   * go by their `follows`. Without instructions it is {@linkcode remove}.
   *
   * @returns The ids of the new instructions.
   * @throws {RangeError} If the version does not hold the instruction.
   * @throws {TypeError} If the instruction was already replaced, removed or spliced over.
   */
  replace(id: InsnId, code: NewCode): readonly InsnId[] {
    const wish = this.#wishFor(id, "replace");
    this.#claim(wish, id);
    wish.replacement = this.#piece(code, this.#originAt(id), id);
    return wish.replacement.ids;
  }

  /** Takes an instruction out; jumps to it land on the next. Throws as {@linkcode replace}. */
  remove(id: InsnId): void {
    const wish = this.#wishFor(id, "remove");
    this.#claim(wish, id);
    wish.replacement = { insns: [], ids: NO_IDS, origin: this.#originAt(id), end: -1 };
  }

  /**
   * Inserts code before an instruction, behind whatever this edit inserted there earlier.
   *
   * @returns The ids of the new instructions.
   * @throws {RangeError} If the version does not hold the instruction.
   */
  insertBefore(id: InsnId, code: NewCode, options: InsertOptions): readonly InsnId[] {
    const wish = this.#wishFor(id, "insert before");
    const piece = this.#piece(code, this.#originAt(id));
    (wish.before ??= []).push({ piece, move: options.jumps === "move" });
    return piece.ids;
  }

  /**
   * Inserts code that runs when control falls out of an instruction (a call that returned, a branch not taken), behind whatever
   * this edit inserted there earlier. Jumps to the next instruction do not run it.
   *
   * @returns The ids of the new instructions.
   * @throws {RangeError} If the version does not hold the instruction.
   */
  insertAfter(id: InsnId, code: NewCode): readonly InsnId[] {
    const wish = this.#wishFor(id, "insert after");
    const piece = this.#piece(code, this.#originAt(id));
    (wish.after ??= []).push(piece);
    return piece.ids;
  }

  /** Adds a subprogram behind the last. @returns Its id, which calls made by this edit may already use. */
  addSubprog(code: NewCode, options: NewSubprog): SubprogId {
    const piece = this.#piece(code, { by: this.#by });
    const origins = piece.insns.map(() => piece.origin);
    return this.#add({ insns: piece.insns, ids: piece.ids, origins, end: piece.end }, options);
  }

  /**
   * Adds a copy of a subprogram behind the last: new ids, the same facts and origins. The source may be another program, such
   * as a kfunc's body; then it must stand alone.
   *
   * @throws {RangeError} If `from` does not hold the subprogram.
   * @throws {TypeError} If the source is another program's and refers to that program's subprograms or to its unit's maps.
   */
  cloneSubprog(from: Program, subprog: SubprogId, options: NewSubprog): SubprogId {
    const source = from.subprog(subprog);
    const [start, end] = rangeOf(from, source);
    const own = from === this.#program;
    const ids: InsnId[] = [];
    const copyOf = new Map<InsnId, InsnId>();
    for (let i = start; i < end; i++) {
      const id = this.#newInsnId();
      ids.push(id);
      copyOf.set(from.code.ids[i], id);
    }
    const insns: Insn[] = [];
    for (let i = start; i < end; i++) {
      const insn = from.code.insns[i];
      if (!own) refuseForeign(insn, { source, sameUnit: from.unit === this.#program.unit });
      insns.push(mapTarget(insn, (target) => {
        const copy = copyOf.get(target);
        if (copy === undefined) {
          throw new TypeError(`Cannot clone subprogram "${source.name}": a jump leaves it`);
        }
        return copy;
      }));
    }
    const added = { insns, ids, origins: from.code.origins.slice(start, end), end: -1 };
    const id = this.#add(added, { linkage: source.linkage, btfId: own ? source.btfId : 0, ...options });
    for (const [fact, values] of from.facts) {
      if (fact.scope === "insn") {
        for (const [old, copy] of copyOf) {
          if (values.has(old)) this.set(fact, copy, values.get(old));
        }
      } else if (fact.scope === "subprog" && values.has(subprog)) {
        if (fact === stackDepth && options.stackDepth !== undefined) continue;
        this.set(fact, id, values.get(subprog));
      }
    }
    return id;
  }

  /**
   * Moves a subprogram's code over a call of it, or of what it is an instance of; the subprogram ends to exist. Its instructions
   * keep ids and facts, their origins get the call as `inlinedAt`; each `exit` becomes a jump to what follows, the last one too.
   * The call's own facts end with it. Register saves and stack offsets are the caller's business, see {@linkcode SpliceOptions}.
   *
   * @throws {RangeError} If the version does not hold the call or the subprogram.
   * @throws {TypeError} If the instruction is no call, was already changed, or the subprogram was already spliced.
   */
  splice(call: InsnId, subprog: SubprogId, options: SpliceOptions): void {
    const wish = this.#wishFor(call, "splice over");
    if (this.#program.insn(call).kind !== "call") {
      throw new TypeError(`Cannot splice over instruction ${call}: not a call`);
    }
    const body = this.#program.subprog(subprog);
    if (this.#splices.has(subprog) || this.#removedSubprogs.has(subprog)) {
      throw new TypeError(`Cannot splice subprogram "${body.name}": it was already spliced or removed`);
    }
    if (body === this.#program.subprogs[0]) {
      throw new TypeError(`Cannot splice subprogram "${body.name}": it is the main program`);
    }
    this.#claim(wish, call);
    this.#splices.set(subprog, call);
    const origin = this.#originAt(call);
    wish.splice = {
      subprog: body,
      before: options.before === undefined ? undefined : this.#piece(options.before, origin),
      after: options.after === undefined ? undefined : this.#piece(options.after, origin),
      end: this.#newInsnId(),
      rewrite: options.rewrite,
      origin: this.#program.code.origins[this.#program.indexOf(call)],
      body: options.body,
    };
  }

  /**
   * Takes a whole subprogram out.
   *
   * @throws {RangeError} If the version does not hold it.
   * @throws {TypeError} If it is the main program or was already spliced. `commit` throws if something still refers to it.
   */
  removeSubprog(subprog: SubprogId): void {
    const found = this.#program.subprog(subprog);
    if (found === this.#program.subprogs[0] || this.#splices.has(subprog)) {
      throw new TypeError(`Cannot remove subprogram "${found.name}": it is the main program or was spliced`);
    }
    this.#removedSubprogs.add(subprog);
  }

  /**
   * Gives a whole subprogram a new sequence: its instructions in another order, some of them changed, several times there, or not at
   * all. Each has the origin of the one it descends from; one descendant keeps the id. Facts stay with what is the `same`,
   * copies of it get them too, and what is changed has them by their `follows`.
   *
   * @throws {RangeError} If the version does not hold the subprogram or an instruction, or a target is no index of the sequence.
   * @throws {TypeError} If the sequence is empty, or was already given.
   */
  rearrange(subprog: SubprogId, code: readonly Placed[]): void {
    const program = this.#program;
    const found = program.subprog(subprog);
    if (code.length === 0 || this.#arranged.has(subprog)) {
      throw new TypeError(`Cannot rearrange subprogram "${found.name}": no code, or already done`);
    }
    // Whatever is still the same has the first claim to its id.
    const heir = new Map<InsnId, number>();
    for (let i = 0; i < code.length; i++) {
      const claimed = heir.get(code[i].from);
      if (claimed === undefined || code[i].same && !code[claimed].same) heir.set(code[i].from, i);
    }
    const changed: InsnId[] = [];
    const copies: { readonly from: InsnId; readonly id: InsnId }[] = [];
    const ids = code.map(({ from, same }, i): InsnId => {
      if (heir.get(from) === i) {
        if (!same) changed.push(from);
        return from;
      }
      const id = this.#newInsnId();
      if (same) copies.push({ from, id });
      return id;
    });
    const insns: Insn[] = [];
    const origins: Origin[] = [];
    for (let i = 0; i < code.length; i++) {
      const { insn, from, same } = code[i];
      const at = program.indexOf(from);
      if (at < 0) throw new RangeError(`Cannot place instruction ${from}: not part of this version`);
      insns.push(mapTarget(insn, (target) => {
        if (ids[target] === undefined) {
          throw new RangeError(`Cannot place a jump to ${target}: there is no such place`);
        }
        return ids[target];
      }));
      const origin = program.code.origins[at];
      origins.push(same ? origin : { ...origin, by: this.#by });
    }
    for (const [fact, values] of program.facts) {
      if (fact.scope !== "insn") continue;
      for (const { from, id } of copies) if (values.has(from)) this.set(fact, id, values.get(from));
    }
    const [start, end] = rangeOf(program, found);
    const gone = program.code.ids.slice(start, end).filter((id) => !heir.has(id));
    this.#arranged.set(subprog, { insns, ids, origins, gone, changed });
  }

  /**
   * Takes stack for good; several reservations of one subprogram add up. All sizes are rounded up to `STACK_SLOT`.
   *
   * @returns The offset from r10 of the area's first byte: negative, a multiple of 8.
   * @throws {RangeError} If the version does not hold the subprogram, or the size is not a positive integer.
   * @throws {TypeError} If scratch was already handed out: what is reserved lies above it.
   */
  reserveStack(subprog: SubprogId, bytes: number): number {
    const use = this.#stackOf(subprog, bytes);
    if (use.scratch > 0) throw new TypeError("Cannot reserve stack: scratch was already handed out");
    use.depth += slotAligned(bytes);
    return -use.depth;
  }

  /**
   * Takes stack that is free again where the rewrite ends: all uses in one subprogram share the same bytes, and the depth grows
   * by the largest. Sizes are rounded up to `STACK_SLOT`.
   *
   * @returns The offset from r10 of the area's *end*: the use has the bytes from `end - size` up to `end`, wherever the largest
   *   use may reach.
   * @throws {RangeError} If the version does not hold the subprogram, or the size is not a positive integer.
   */
  scratch(subprog: SubprogId, bytes: number): number {
    const use = this.#stackOf(subprog, bytes);
    use.scratch = Math.max(use.scratch, slotAligned(bytes));
    return -use.depth;
  }

  /** Writes a fact for an instruction or a subprogram of the result (scope `program`: `PROGRAM_SCOPE`). */
  set<V>(fact: Fact<V>, id: number, value: V): void {
    let values = this.#values.get(fact);
    if (values === undefined) this.#values.set(fact, values = new Map());
    values.set(id, value);
  }

  /**
   * Forgets all that the version knows of a fact, whoever wrote it; values given to {@linkcode set} by this edit stay. For passes
   * whose facts others believe: what came in with the program must not speak in their name.
   */
  clear(fact: AnyFact): void {
    if (this.#program.has(fact)) this.#cleared.add(fact);
  }

  /**
   * The next version; the same object if nothing was asked for.
   *
   * @throws {RangeError} If a jump would leave its subprogram, or something refers to a subprogram that is gone.
   * @throws {TypeError} If called twice, or if a subprogram was rearranged and one of its instructions is to change besides.
   */
  commit(): Program {
    if (this.#done) throw new TypeError("Cannot commit: the edit was already committed");
    this.#done = true;
    const program = this.#program;
    if (!this.changed) return program;
    for (const [subprog, use] of this.#stack) this.set(stackDepth, subprog, use.depth + use.scratch);
    if (!this.#changesCode()) {
      return new Program({
        ...partsOf(program),
        facts: this.#nextFacts({ gone: NO_IDS, goneSubprogs: [] }),
      });
    }
    if (this.#arranged.size > 0) {
      for (const id of this.#wishes.keys()) {
        const { id: subprog, name } = program.subprogAt(program.indexOf(id));
        if (!this.#arranged.has(subprog)) continue;
        throw new TypeError(`Cannot change instruction ${id}: subprogram "${name}" is rearranged`);
      }
    }
    const sweep = new Sweep(program, this.#wishes, this.#nextInsnId);
    for (const subprog of program.subprogs) {
      if (this.#splices.has(subprog.id)) continue;
      const arranged = this.#arranged.get(subprog.id);
      if (this.#removedSubprogs.has(subprog.id)) sweep.drop(subprog);
      else if (arranged !== undefined) sweep.arrange(subprog, arranged);
      else sweep.keep(subprog);
    }
    for (const added of this.#added) sweep.add(added);
    const { code, subprogs, gone } = sweep.finish();
    const kept = new Set(subprogs.map((s) => s.id));
    const goneSubprogs = program.subprogs.filter((s) => !kept.has(s.id)).map((s) => s.id);
    return new Program({
      unit: program.unit,
      attrs: program.attrs,
      code,
      subprogs,
      facts: this.#nextFacts({ gone, goneSubprogs }),
      nextInsnId: this.#nextInsnId,
      nextSubprogId: this.#nextSubprogId,
    });
  }

  #changesCode(): boolean {
    return this.#wishes.size > 0 || this.#added.length > 0 || this.#removedSubprogs.size > 0 ||
      this.#arranged.size > 0;
  }

  #newInsnId(): InsnId {
    return this.#nextInsnId++ as InsnId;
  }

  #wishFor(id: InsnId, verb: string): Wish {
    if (this.#program.indexOf(id) < 0) {
      throw new RangeError(`Cannot ${verb} instruction ${id}: not part of this version`);
    }
    let wish = this.#wishes.get(id);
    if (wish === undefined) this.#wishes.set(id, wish = {});
    return wish;
  }

  #claim(wish: Wish, id: InsnId): void {
    if (wish.replacement !== undefined || wish.splice !== undefined) {
      throw new TypeError(`Cannot change instruction ${id}: this edit already replaces it`);
    }
  }

  #originAt(id: InsnId): Origin {
    return { ...this.#program.code.origins[this.#program.indexOf(id)], by: this.#by };
  }

  #stackOf(subprog: SubprogId, bytes: number): StackUse {
    if (!Number.isInteger(bytes) || bytes <= 0) {
      throw new RangeError(`Cannot take stack: ${bytes} is not a positive number of bytes`);
    }
    let use = this.#stack.get(subprog);
    if (use === undefined) {
      this.#program.subprog(subprog);
      use = { depth: slotAligned(this.#program.get(stackDepth, subprog)), scratch: 0 };
      this.#stack.set(subprog, use);
    }
    return use;
  }

  /** Gives ids to new code and turns labels into ids; `first` is the id that the first instruction takes over. */
  #piece(code: NewCode, origin: Origin, first?: InsnId): Piece {
    if (!("labels" in code)) {
      const insns: readonly Insn[] = "kind" in code ? [code] : code;
      const ids = insns.map((_, i) => i === 0 && first !== undefined ? first : this.#newInsnId());
      return { insns, ids, origin, end: -1 };
    }
    const ids = code.insns.map((_, i) => i === 0 && first !== undefined ? first : this.#newInsnId());
    const end = this.#newInsnId();
    const insns = code.insns.map((insn) =>
      mapTarget(insn, (target) => {
        if (typeof target === "number") return target;
        const at = code.labels.get(target);
        if (at === undefined) throw new TypeError(`Cannot place code: it has no label "${target}"`);
        return at === ids.length ? end : ids[at];
      })
    );
    return { insns, ids, origin, end };
  }

  #add(code: Omit<AddedSubprog, "subprog">, options: NewSubprog): SubprogId {
    if (code.insns.length === 0) {
      throw new TypeError(`Cannot add subprogram "${options.name}": it has no code`);
    }
    const id = this.#nextSubprogId++ as SubprogId;
    const subprog: Subprog = {
      id,
      name: options.name,
      entry: code.ids[0],
      linkage: options.linkage ?? "static",
      hidden: options.hidden ?? true,
      btfId: options.btfId ?? 0,
      ...(options.instanceOf === undefined ? {} : { instanceOf: options.instanceOf }),
    };
    this.#added.push({ ...code, subprog });
    if (options.stackDepth !== undefined) this.set(stackDepth, id, options.stackDepth);
    return id;
  }

  /** The old version's facts with this edit's changes; maps that nothing touches are shared. */
  #nextFacts(
    ends: { readonly gone: readonly InsnId[]; readonly goneSubprogs: readonly SubprogId[] },
  ): Map<AnyFact, ReadonlyMap<number, unknown>> {
    const next = new Map<AnyFact, ReadonlyMap<number, unknown>>(this.#program.facts);
    for (const fact of this.#cleared) next.delete(fact);
    for (const [fact, values] of this.#program.facts) {
      if (this.#cleared.has(fact)) continue;
      let copy: Map<number, unknown> | undefined;
      const own = (): Map<number, unknown> => copy ??= new Map(values);
      if (fact.scope === "insn") {
        for (const id of ends.gone) if (values.has(id)) own().delete(id);
        for (const [id, wish] of this.#wishes) {
          if (wish.replacement !== undefined && values.has(id)) {
            inherit(own(), { fact, id, ids: wish.replacement.ids });
          }
        }
        for (const { changed } of this.#arranged.values()) {
          for (const id of changed) if (values.has(id)) inherit(own(), { fact, id, ids: [id] });
        }
      } else if (fact.scope === "subprog") {
        for (const id of ends.goneSubprogs) if (values.has(id)) own().delete(id);
      }
      if (copy !== undefined) next.set(fact, copy);
    }
    for (const [fact, values] of this.#values) {
      const merged = new Map(next.get(fact));
      for (const [id, value] of values) merged.set(id, value);
      next.set(fact, merged);
    }
    return next;
  }
}

/** Hands the facts of a replaced instruction to the new ones. `values` holds one for `id`. */
function inherit(
  values: Map<number, unknown>,
  what: { readonly fact: AnyFact; readonly id: InsnId; readonly ids: readonly InsnId[] },
): void {
  const { fact, id, ids } = what;
  const value = values.get(id);
  values.delete(id);
  if (ids.length === 0) return;
  switch (fact.follows) {
    case "none":
      return;
    case "first":
      values.set(ids[0], value);
      return;
    case "last":
      values.set(ids[ids.length - 1], value);
      return;
    case "all":
      for (const each of ids) values.set(each, value);
  }
}

function partsOf(program: Program): ProgramParts {
  const { unit, attrs, code, subprogs, nextInsnId, nextSubprogId } = program;
  return { unit, attrs, code, subprogs, nextInsnId, nextSubprogId };
}

function refuseForeign(
  insn: Insn,
  where: { readonly source: Subprog; readonly sameUnit: boolean },
): void {
  if (subprogOf(insn) !== undefined) {
    throw new TypeError(
      `Cannot clone subprogram "${where.source.name}": it refers to a subprogram of its program`,
    );
  }
  if (insn.kind !== "imm64" || where.sameUnit) return;
  if (insn.value.kind === "map" || insn.value.kind === "map_value") {
    throw new TypeError(`Cannot clone subprogram "${where.source.name}": it refers to a map of its unit`);
  }
}

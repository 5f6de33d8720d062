/**
 * A program while it is generated: its lines, and what each register, pointer slot and label roughly is at the place that is written.
 *
 * What kinds of statements there are is not known here; {@linkcode Builder.statements} asks who made the builder.
 *
 * @module
 */
import type { Random } from "../../../ir/random_program.ts";
import { type ProgramType, typeOf, TYPES, type TypeTraits } from "./types.ts";

/** What a register holds. */
export type Kind = "none" | "num" | "ctx" | "sock" | "sk" | "task" | MemoryKind;

/** What can be said of memory behind a pointer of one kind. */
export interface MemoryTraits {
  /** Bytes that may be accessed. */
  readonly size: number;
  /** May not be written. */
  readonly readonly?: true;
  /** A number of unknown value may be added to the pointer. */
  readonly variable?: true;
  /** Atomic operations work on it. */
  readonly atomic?: true;
}

/** Memory that programs point to, by a name for what it is. */
export const MEMORY = {
  /** A value of map `a`, `m`, `h`, of the inner map, or of the map that each CPU has its own of. */
  a0: { size: 64, variable: true, atomic: true },
  /** A value of a map that gives up what was not used for long (`u`), that each CPU has its own of (`p`), or of prefixes (`x`). */
  u0: { size: 16, variable: true, atomic: true },
  p0: { size: 24, variable: true, atomic: true },
  x0: { size: 16, variable: true, atomic: true },
  /** What is kept for a socket. */
  y0: { size: 8, atomic: true },
  m0: { size: 48, variable: true, atomic: true },
  h0: { size: 16, variable: true, atomic: true },
  i0: { size: 16, variable: true, atomic: true },
  c0: { size: 24, variable: true, atomic: true },
  /** The numbers behind the lock of a value of map `l`, which begin at its offset 8. */
  l8: { size: 16, atomic: true },
  /** The key that `bpf_for_each_map_elem` hands to its callback. */
  key: { size: 4, readonly: true },
  /** A pointer to the caller's stack. */
  arg: { size: 16 },
  /** What a global function is handed, tested already. */
  mem: { size: 16, variable: true, atomic: true },
  /** A record of the ring buffer `b` under way. */
  ring: { size: 24, variable: true, atomic: true },
  /** An object of the program's own type. */
  own: { size: 16 },
  /** The number at the beginning of one that lists and trees can hold. */
  node: { size: 8 },
  /** The number behind a resilient lock. */
  v8: { size: 8 },
  /** The number behind a timer. */
  z8: { size: 8 },
  /** Packet data that was tested. */
  pkt: { size: 14 },
  /** Data of a dynptr, or the buffer that stands in for it. */
  slice: { size: 8 },
  /** The element of an iterator over numbers. */
  item: { size: 4, readonly: true },
} as const satisfies Readonly<Record<string, MemoryTraits>>;

/** A name of {@linkcode MEMORY}. */
export type MemoryKind = keyof typeof MEMORY;

/** Widths of accesses in bytes. */
export const SIZES = [1, 2, 4, 8] as const;
const NUMBERS = [0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 48, 63, 64, 127, 128, 255, 256, 4095, 65535, 65536]
  .concat([0x7fffffff, -0x80000000, -1, -2, -7, -8, -16, -64, -255, -256, -65536]);
/** Bytes of the frame that hold numbers; three slots for pointers follow after a gap. */
export const NUMBER_BYTES = 64;
/** Offsets of slots for pointers. */
export const POINTERS = [-104, -112, -120] as const;

/** A function while it is generated. */
export interface Frame {
  readonly lines: string[];
  kinds: Kind[];
  /** What the pointer slots hold. */
  slots: Kind[];
  /** Registers that a loop, a reference or the like relies on. */
  readonly locked: Set<number>;
  readonly main: boolean;
  /** Functions and loops around. */
  depth: number;
  /** What must be given back before the end. */
  held: number;
  /** Nothing is called (a lock is held). */
  quiet: boolean;
  /** Exceptions may be thrown: no callback is around. */
  throws: boolean;
  /** A number of the registers and slots, for what stands below them. */
  below: number;
}

/** See the module's header. */
export class Builder {
  readonly random: Random;
  readonly type: ProgramType;
  readonly traits: TypeTraits;
  /** Functions that are finished. */
  readonly functions: string[] = [];
  frame: Frame;
  /** Of a hundred checks, how many are wrong. */
  readonly #faults: number;
  readonly #statement: (builder: Builder) => void;
  #labels = 0;

  constructor(random: Random, statement: (builder: Builder) => void) {
    this.random = random;
    this.#statement = statement;
    this.type = typeOf(random);
    this.traits = TYPES[this.type];
    this.#faults = random(3) === 0 ? 0 : 1 + random(14);
    this.frame = this.#newFrame({ main: true, depth: 0 }, []);
  }

  #newFrame(around: { readonly main: boolean; readonly depth: number }, kinds: readonly Kind[]): Frame {
    return {
      lines: [],
      kinds: Array.from({ length: 10 }, (_, i) => kinds[i] ?? "none"),
      slots: POINTERS.map(() => "none"),
      locked: new Set(),
      ...around,
      held: 0,
      quiet: false,
      throws: around.main,
      below: 0,
    };
  }

  /** Writes a function beside the one under way. */
  function(name: string, kinds: readonly Kind[], body: () => void): void {
    const outer = this.frame;
    this.frame = this.#newFrame({ main: false, depth: outer.depth + 1 }, kinds);
    body();
    this.functions.push(`func ${name}:`, ...this.frame.lines);
    this.frame = outer;
  }

  /** Fills the slots for numbers. */
  fillSlots(): void {
    for (let at = 8; at <= NUMBER_BYTES; at += 8) {
      this.put(`*(u64 *)(r10 -${at}) = ${this.random(4) === 0 ? this.constant() : this.random(3)}`);
    }
  }

  put(...lines: string[]): void {
    this.frame.lines.push(...lines);
  }

  of<T>(items: readonly T[]): T {
    return items[this.random(items.length)];
  }

  /** Whether the next check shall be wrong. */
  fault(): boolean {
    return this.random(100) < this.#faults;
  }

  constant(): number {
    return this.random(3) === 0 ? this.random(64) - 8 : this.of(NUMBERS);
  }

  label(): string {
    return `l${this.#labels++}`;
  }

  /** The name of a function; its end says what a global function takes (see `program.ts`). */
  functionName(takes = ""): string {
    return `f${this.#labels++}${takes === "" ? "" : `_${takes}`}`;
  }

  kind(r: number): Kind {
    return this.frame.kinds[r];
  }

  set(r: number, kind: Kind): void {
    this.frame.kinds[r] = kind;
  }

  isLocked(r: number): boolean {
    return this.frame.locked.has(r);
  }

  /** A register that may be overwritten. */
  free(): number {
    for (let i = 0; i < 50; i++) {
      const r = this.random(10);
      if (!this.isLocked(r) && (this.kind(r) !== "ctx" || this.random(4) === 0)) return r;
    }
    // All are needed: whatever is overwritten, somebody will miss it.
    return this.random(10);
  }

  /** A register that may be overwritten and is none of those; undefined if chance finds none. */
  freeBut(...others: number[]): number | undefined {
    for (let i = 0; i < 20; i++) {
      const r = this.free();
      if (!others.includes(r)) return r;
    }
    return undefined;
  }

  /** A register that calls keep and that may be overwritten; undefined if there is none. */
  saved(): number | undefined {
    const have = [7, 8, 9].filter((r) => !this.isLocked(r));
    return have.length === 0 ? undefined : this.of(have);
  }

  /** A register with a number; made if there is none. */
  number(): number {
    const have = this.frame.kinds.flatMap((kind, r) => kind === "num" ? [r] : []);
    if (have.length > 0 && this.random(12) !== 0) return this.of(have);
    return this.#made();
  }

  /** A register with a number that may be changed. */
  changeable(): number {
    const have = this.frame.kinds.flatMap((kind, r) =>
      kind === "num" && r !== 6 && !this.isLocked(r) ? [r] : []
    );
    if (have.length > 0 && this.random(8) !== 0) return this.of(have);
    const r = this.free();
    return this.kind(r) === "num" ? r : this.#made(r);
  }

  #made(r = this.free()): number {
    this.put(`r${r} = ${this.constant()}`);
    this.set(r, "num");
    return r;
  }

  /** Puts the context into r1 for a call; false if it is not at hand. */
  contextTo(r: number): boolean {
    if (this.kind(6) !== "ctx") return false;
    this.put(`r${r} = r6`);
    return true;
  }

  /** What a call leaves: r0 a number, r1 to r5 nothing. */
  clobber(result: Kind = "num"): void {
    for (let r = 1; r <= 5; r++) this.set(r, "none");
    this.set(0, result);
  }

  /** Whether a call may take r0 to r5. */
  callable(): boolean {
    if (this.frame.quiet) return this.fault();
    for (let r = 0; r <= 5; r++) if (this.isLocked(r)) return false;
    return true;
  }

  /** Pointers to the packet are none any more. */
  packetMoved(): void {
    const gone = (kind: Kind): Kind => (kind === "pkt" || kind === "slice") && !this.fault() ? "none" : kind;
    this.frame.kinds = this.frame.kinds.map(gone);
    this.frame.slots = this.frame.slots.map(gone);
  }

  /** Some statements. */
  statements(count: number): void {
    for (let i = 0; i < count; i++) this.#statement(this);
  }

  /** Writes what may run or not; behind it holds what both ways have in common. */
  maybe(body: () => void): void {
    const { kinds, slots } = this.frame;
    this.frame.kinds = [...kinds];
    this.frame.slots = [...slots];
    body();
    this.meet(kinds, slots);
  }

  /** Only what holds here and there. */
  meet(kinds: readonly Kind[], slots: readonly Kind[]): void {
    this.frame.kinds = this.frame.kinds.map((kind, i) => kind === kinds[i] ? kind : "none");
    this.frame.slots = this.frame.slots.map((kind, i) => kind === slots[i] ? kind : "none");
  }

  /** Keeps registers from being overwritten while the body is written. */
  locking(registers: readonly number[], body: () => void): void {
    const fresh = registers.filter((r) => !this.isLocked(r));
    for (const r of fresh) this.frame.locked.add(r);
    body();
    for (const r of fresh) this.frame.locked.delete(r);
  }

  /** A place of so many bytes below pointers and numbers, for the body; undefined if the frame is too small for it. */
  reserve(bytes: number): number | undefined {
    const at = 120 + this.frame.below + bytes;
    if (at > (this.frame.main ? 256 : 152)) return undefined;
    this.frame.below += bytes;
    return -at;
  }

  /** The place is free again. */
  giveBack(bytes: number): void {
    this.frame.below -= bytes;
  }
}

/**
 * Accesses to the frame through copies of its address become accesses through r10, and what only carried the address is dropped.
 *
 * Inlined functions get their results through pointers to the caller's stack: the pointer is made, spilled, reloaded, and stored
 * through. Where every such pointer is the same distance from r10 on all paths, the access can name its slot, the pointer has no reader
 * left, and the slot can live in a register (`stack_slots.ts`).
 *
 * A forward analysis per subprogram: registers and words of the stack hold a known distance from r10, something that is surely no frame
 * address, or something that may be one. It gives up on a subprogram where the address goes out of sight: passed to a call, stored
 * elsewhere, calculated with, or read through where the distance is not known. So slots that nothing reads may be dropped with their
 * stores.
 *
 * @module
 */
import { type Cfg, cfgOf, slotsAt } from "../../../ir/cfg.ts";
import type { Columns } from "../../../ir/columns.ts";
import { liveRegisters } from "../../../ir/liveness.ts";
import { sizeOf } from "./operation.ts";

/** What a cell may hold besides a distance from r10, which is between these. */
const UNSEEN = 0x4000_0000, NONE = 0x4000_0001, MAYBE = 0x4000_0002;
/** Cells: r0 to r9, then 4-byte words of the stack from r10 - 4 downwards. A distance in an 8-byte slot is in both its words. */
const STACK = 512, CELLS = 10 + STACK / 4;

/** Values of `Analysis.carries`. */
const SPILLS = 1, RELOADS = 2;

/** An instruction that does nothing: what was dropped becomes this. */
const NOTHING = 0x07;

/** Blocks up to which the analysis is worth its half a kilobyte for each. */
const MOST_BLOCKS = 20_000;
/** Rounds of dropping: each takes one more link off a chain of values that only led to a dropped one; few are long. */
const ROUNDS = 8;

/** Whether a slot holds an instruction that was dropped. */
export function isNothing(columns: Columns, slot: number): boolean {
  return columns.code[slot] === NOTHING && columns.dst[slot] === 10 && columns.imm[slot] === 0;
}

/** The columns with accesses named and carriers dropped; the same object if there was nothing to do. */
export function nameFrameAccesses(columns: Columns): Columns {
  if (!mayHelp(columns)) return columns;
  const cfg = cfgOf(columns);
  if (cfg.last.length > MOST_BLOCKS) return columns;
  const analysis = new Analysis(cfg);
  const distances = analysis.run();
  if (distances === undefined) return columns;
  const changed: Columns = {
    ...columns,
    code: columns.code.slice(),
    dst: columns.dst.slice(),
    src: columns.src.slice(),
    off: columns.off.slice(),
    imm: columns.imm.slice(),
  };
  for (let slot = 0; slot < columns.count; slot++) {
    const distance = distances[slot];
    if (distance === NONE) continue;
    if ((columns.code[slot] & 7) === 1) changed.src[slot] = 10;
    else changed.dst[slot] = 10;
    changed.off[slot] = distance;
  }
  drop(changed, analysis);
  return changed;
}

/** A quick look: some register is made a copy of r10. */
function mayHelp(columns: Columns): boolean {
  for (let slot = 0; slot < columns.count; slot++) {
    if (columns.code[slot] === 0xbf && columns.src[slot] === 10) return true;
  }
  return false;
}

/** The cell that holds the byte at a negative offset from r10. */
function cellOf(offset: number): number {
  return 10 + ((-1 - offset) >> 2);
}

class Analysis {
  /** By subprogram: 1 where the address goes out of sight. */
  readonly escaped: Uint8Array;
  /** By slot: what it does with a value that is or may be the frame's address: {@linkcode SPILLS} or {@linkcode RELOADS} it; else 0. */
  readonly carries: Uint8Array;
  readonly #cfg: Cfg;
  readonly #before: Int32Array;
  readonly #now = new Int32Array(CELLS);
  #distances: Int32Array | undefined;
  #subprog = 0;

  constructor(cfg: Cfg) {
    this.#cfg = cfg;
    const { columns } = cfg;
    this.escaped = new Uint8Array(columns.subprogStart.length - 1);
    this.carries = new Uint8Array(columns.count);
    this.#before = new Int32Array(cfg.last.length * CELLS).fill(UNSEEN);
    for (let i = 0; i < this.escaped.length; i++) {
      const block = cfg.blockOf[columns.subprogStart[i]];
      this.#before.fill(NONE, block * CELLS, (block + 1) * CELLS);
    }
  }

  /** By slot: the offset from r10 of an access that has another base; NONE elsewhere. Undefined if there is no such access. */
  run(): Int32Array | undefined {
    const { start } = this.#cfg;
    const blocks = this.#cfg.last.length;
    for (let again = true; again;) {
      again = false;
      for (let block = 0; block < blocks; block++) {
        if (this.#before[block * CELLS] === UNSEEN && !this.#seen(block)) continue;
        this.#walk(block, start[block], start[block + 1]);
        const fall = this.#cfg.fall[block], jump = this.#cfg.jump[block];
        if (fall >= 0 && this.#meet(fall) && fall <= block) again = true;
        if (jump >= 0 && this.#meet(jump) && jump <= block) again = true;
      }
    }
    const distances = new Int32Array(this.#cfg.columns.count).fill(NONE);
    this.#distances = distances;
    for (let block = 0; block < blocks; block++) {
      if (this.#seen(block)) this.#walk(block, start[block], start[block + 1]);
    }
    let any = false;
    for (let slot = 0; slot < distances.length; slot++) {
      if (distances[slot] === NONE) continue;
      if (this.escaped[this.#cfg.columns.subprogOf[slot]] !== 0) distances[slot] = NONE;
      else any = true;
    }
    return any ? distances : undefined;
  }

  #seen(block: number): boolean {
    return this.#before[block * CELLS] !== UNSEEN;
  }

  #meet(block: number): boolean {
    let changed = false;
    for (let cell = 0, at = block * CELLS; cell < CELLS; cell++, at++) {
      const old = this.#before[at], now = this.#now[cell];
      if (old === now) continue;
      const met = old === UNSEEN ? now : MAYBE;
      if (met === old) continue;
      this.#before[at] = met;
      changed = true;
    }
    return changed;
  }

  #walk(block: number, from: number, until: number): void {
    const { columns } = this.#cfg;
    this.#now.set(this.#before.subarray(block * CELLS, (block + 1) * CELLS));
    this.#subprog = columns.subprogOf[from];
    for (let slot = from; slot < until; slot += slotsAt(columns, slot)) this.#step(slot);
  }

  #value(register: number): number {
    return register === 10 ? 0 : this.#now[register];
  }

  #escape(): void {
    this.escaped[this.#subprog] = 1;
  }

  /** The value goes where it cannot be followed. */
  #lose(value: number): void {
    if (value !== NONE) this.#escape();
  }

  #set(register: number, value: number): void {
    if (register < 10) this.#now[register] = value;
    else this.#escape();
  }

  #step(slot: number): void {
    const { columns } = this.#cfg;
    const code = columns.code[slot];
    const dst = columns.dst[slot], src = columns.src[slot];
    switch (code & 7) {
      case 0:
        if (code !== 0x18) this.#escape();
        return this.#set(dst, NONE);
      case 1:
        return this.#set(dst, this.#access(slot, src, undefined));
      case 2:
        this.#access(slot, dst, NONE);
        return;
      case 3:
        if ((code & 0xe0) === 0xc0) return this.#atomic(slot);
        this.#access(slot, dst, this.#value(src));
        return;
      case 4:
      case 7:
        return this.#alu(slot);
      default:
        if (code === 0x85) {
          for (let r = 1; r <= 5; r++) this.#lose(this.#now[r]);
          this.#now.fill(NONE, 0, 6);
        } else if (code === 0x95) this.#lose(this.#now[0]);
    }
  }

  #alu(slot: number): void {
    const { columns } = this.#cfg;
    const code = columns.code[slot];
    const dst = columns.dst[slot];
    const operation = code & 0xf0;
    const wide = (code & 7) === 7;
    const register = (code & 8) !== 0 && operation !== 0xd0;
    if (operation === 0xb0) {
      const value = register ? this.#value(columns.src[slot]) : NONE;
      if (!wide || columns.off[slot] !== 0) {
        this.#lose(value);
        return this.#set(dst, NONE);
      }
      return this.#set(dst, value);
    }
    const value = this.#value(dst);
    if (register) this.#lose(this.#value(columns.src[slot]));
    if (value === NONE) return this.#set(dst, NONE);
    const sign = operation === 0x00 ? 1 : operation === 0x10 ? -1 : 0;
    const sum = value + sign * columns.imm[slot];
    if (value === MAYBE || sign === 0 || !wide || register || Math.abs(sum) > 1 << 20) {
      this.#escape();
      return this.#set(dst, MAYBE);
    }
    this.#set(dst, sum);
  }

  /** A load (`stored` undefined), or a store of a value; gives what is loaded. */
  #access(slot: number, base: number, stored: number | undefined): number {
    const { columns } = this.#cfg;
    const pointer = this.#value(base);
    if (pointer === NONE) {
      if (stored !== undefined) this.#lose(stored);
      return NONE;
    }
    if (pointer >= UNSEEN) {
      this.#escape();
      return NONE;
    }
    const size = sizeOf(columns.code[slot]);
    const at = pointer + columns.off[slot];
    if (at < -STACK || at + size > 0) {
      this.#escape();
      return NONE;
    }
    if (base !== 10 && this.#distances !== undefined) this.#distances[slot] = at;
    const first = cellOf(at + size - 1), last = cellOf(at);
    if (size === 8 && (at & 7) === 0) {
      if (stored === undefined) {
        const loaded = this.#now[first] === this.#now[last] ? this.#now[first] : MAYBE;
        if (loaded !== NONE) this.carries[slot] = RELOADS;
        return loaded;
      }
      if (stored !== NONE) this.carries[slot] = SPILLS;
      this.#now[first] = this.#now[last] = stored;
      return NONE;
    }
    if (stored !== undefined) this.#lose(stored);
    for (let cell = first; cell <= last; cell++) {
      if (stored === undefined) this.#lose(this.#now[cell]);
      else if (size === 4 && (at & 3) === 0) this.#now[cell] = NONE;
      else if (this.#now[cell] !== NONE) this.#now[cell] = MAYBE;
    }
    return NONE;
  }

  #atomic(slot: number): void {
    const { columns } = this.#cfg;
    const acquire = columns.imm[slot] === 0x100;
    const base = acquire ? columns.src[slot] : columns.dst[slot];
    // Only r10 itself: their operand is not renamed.
    if (base === 10) {
      const size = sizeOf(columns.code[slot]);
      const at = columns.off[slot];
      if (at < -STACK || at + size > 0) this.#escape();
      else for (let byte = at; byte < at + size; byte++) this.#lose(this.#now[cellOf(byte)]);
    } else this.#lose(this.#value(base));
    if (!acquire) this.#lose(this.#value(columns.src[slot]));
    if (columns.imm[slot] === 0xf1) {
      this.#lose(this.#now[0]);
      this.#set(0, NONE);
    } else if (acquire) this.#set(columns.dst[slot], NONE);
    else if ((columns.imm[slot] & 1) !== 0) this.#set(columns.src[slot], NONE);
  }
}

/**
 * Drops, in a few rounds, register results that nobody reads, stores to slots that nobody reads, and, once nobody reloads the
 * frame's address, the stores that spilled it: what is read of those slots was written after.
 */
function drop(columns: Columns, analysis: Analysis): void {
  const { count } = columns;
  const { escaped, carries } = analysis;
  let again = true;
  for (let round = 0; again && round < ROUNDS; round++) {
    again = false;
    const live = liveRegisters(columns);
    const read = bytesRead(columns);
    const reloaded = new Uint8Array(escaped.length);
    for (let slot = 0; slot < count; slot++) {
      if (carries[slot] === RELOADS && !isNothing(columns, slot)) reloaded[columns.subprogOf[slot]] = 1;
    }
    for (let slot = 0; slot < count; slot += slotsAt(columns, slot)) {
      const subprog = columns.subprogOf[slot];
      if (escaped[subprog] !== 0 || isNothing(columns, slot)) continue;
      const code = columns.code[slot];
      const kind = code & 7;
      const dst = columns.dst[slot];
      let dead = false;
      if (kind === 4 || kind === 7 || kind === 1 && columns.src[slot] === 10) {
        dead = dst < 10 && slot + 1 < count && (live[slot + 1] >> dst & 1) === 0;
      } else if ((kind === 2 || kind === 3 && (code & 0xe0) === 0x60) && dst === 10) {
        const spill = carries[slot] === SPILLS && reloaded[subprog] === 0;
        dead = true;
        for (let i = 0; i < sizeOf(code); i++) {
          if (!spill && read.has(subprog * 1024 - (columns.off[slot] + i))) dead = false;
        }
      }
      if (!dead) continue;
      columns.code[slot] = NOTHING;
      columns.dst[slot] = 10;
      columns.src[slot] = columns.off[slot] = columns.imm[slot] = 0;
      again = true;
    }
  }
}

/** The stack bytes that some load or atomic reads: 1024 times the subprogram plus the distance below r10. */
function bytesRead(columns: Columns): Set<number> {
  const read = new Set<number>();
  for (let slot = 0; slot < columns.count; slot += slotsAt(columns, slot)) {
    const code = columns.code[slot];
    const kind = code & 7;
    const atomic = kind === 3 && (code & 0xe0) === 0xc0;
    const acquire = atomic && columns.imm[slot] === 0x100;
    const base = kind === 1 || acquire ? columns.src[slot] : atomic ? columns.dst[slot] : -1;
    if (base !== 10) continue;
    for (let i = 0; i < sizeOf(code); i++) read.add(columns.subprogOf[slot] * 1024 - (columns.off[slot] + i));
  }
  return read;
}

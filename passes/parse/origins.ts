/**
 * Where instructions come from: `.BTF.ext`'s lines and functions, by function of the object.
 *
 * A line record holds from its instruction to the next record's; all instructions under one record share one
 * `SourcePosition`, so that a log can see by identity whether the line has changed.
 *
 * @module
 */
import type { BtfExt, ExtRecords } from "../../ir/btf/ext.ts";
import { FUNC_WORDS, LINE_WORDS } from "../../ir/btf/ext.ts";
import type { IndexedBtf } from "../../ir/btf/read.ts";
import type { Elf } from "../../ir/elf/elf.ts";
import type { Origin } from "../../ir/program.ts";
import type { ObjectFunction } from "./object.ts";

/** Records by section number, ordered by offset. */
export class SectionRecords {
  readonly #bySection = new Map<number, Int32Array[]>();

  /** Sorts the tables' records by the sections of an object. */
  constructor(elf: Elf, btf: IndexedBtf, tables: { records: readonly ExtRecords[]; width: number }) {
    const numbers = new Map(elf.sections.map((section) => [section.name, section.index]));
    for (const { sectionName, count, words } of tables.records) {
      const section = numbers.get(btf.text(sectionName >>> 0));
      if (section === undefined) continue;
      const list = this.#bySection.get(section) ?? [];
      for (let i = 0; i < count; i++) list.push(words.subarray(i * tables.width, (i + 1) * tables.width));
      this.#bySection.set(section, list);
    }
    for (const list of this.#bySection.values()) list.sort((a, b) => (a[0] >>> 0) - (b[0] >>> 0));
  }

  /** The records whose offset lies in a function; the first word is the offset from the section's start, in bytes. */
  of(func: ObjectFunction): readonly Int32Array[] {
    const list = this.#bySection.get(func.section.index) ?? [];
    const lower = (offset: number) => {
      let low = 0, high = list.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((list[middle][0] >>> 0) < offset) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return list.slice(lower(func.start * 8), lower((func.start + func.count) * 8));
  }
}

const NOWHERE: Origin = {};

/** What `.BTF.ext` says about functions. Origins of a function are made at its first use and shared by all programs that hold it. */
export class FunctionInfo {
  readonly #btf: IndexedBtf | undefined;
  readonly #lines: SectionRecords | undefined;
  readonly #funcs: SectionRecords | undefined;
  readonly #origins = new Map<ObjectFunction, readonly Origin[]>();

  /** Reads nothing yet but the order of the records. */
  constructor(elf: Elf, btf: IndexedBtf | undefined, ext: BtfExt | undefined) {
    this.#btf = btf;
    if (btf === undefined || ext === undefined) return;
    this.#lines = new SectionRecords(elf, btf, { records: ext.lines, width: LINE_WORDS });
    this.#funcs = new SectionRecords(elf, btf, { records: ext.funcs, width: FUNC_WORDS });
  }

  /** The function's FUNC in the object's BTF; 0 if it has none. */
  typeOf(func: ObjectFunction): number {
    const record = this.#funcs?.of(func)[0];
    const id = record === undefined ? 0 : record[1] >>> 0;
    return this.#btf !== undefined && id < this.#btf.count && this.#btf.type(id).kind === "func" ? id : 0;
  }

  /** By slot of the function. */
  originsOf(func: ObjectFunction): readonly Origin[] {
    let origins = this.#origins.get(func);
    if (origins === undefined) {
      origins = this.#make(func);
      this.#origins.set(func, origins);
    }
    return origins;
  }

  #make(func: ObjectFunction): readonly Origin[] {
    const origins: Origin[] = new Array(func.count).fill(NOWHERE);
    const btf = this.#btf;
    const records = this.#lines?.of(func) ?? [];
    if (btf === undefined) return origins;
    records.forEach((record, i) => {
      const origin: Origin = {
        position: {
          file: btf.text(record[1] >>> 0),
          text: btf.text(record[2] >>> 0),
          line: record[3] >>> 10,
          column: record[3] & 0x3ff,
        },
      };
      const from = Math.floor((record[0] >>> 0) / 8) - func.start;
      const to = i + 1 < records.length ? Math.floor((records[i + 1][0] >>> 0) / 8) - func.start : func.count;
      origins.fill(origin, from, to);
    });
    return origins;
  }
}

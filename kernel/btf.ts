/**
 * What a kernel wants to know about a program's types: the object's BTF with the texts of line records, function and line records.
 *
 * Mirrors what libbpf hands over (`bpf_object__load_prog`): one line record where the source position changes, one function record
 * per subprogram.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { columnsOf } from "../ir/columns.ts";
import type { SourcePosition } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import { Attr, bpf, COMMAND, errnoName } from "./bpf.ts";

/** A unit's BTF with the source lines of its programs as texts, to which line records refer. */
export class BtfTexts {
  readonly #btf: Uint8Array;
  readonly #base: number;
  readonly #offsets = new Map<string, number>();
  readonly #added: Uint8Array[] = [];
  #length = 0;

  /** Collects the lines of all programs: one BTF serves them all, and the maps, whose types must be the programs' own. */
  constructor(btf: Btf, programs: readonly Program[]) {
    this.#btf = btf.bytes;
    this.#base = new DataView(btf.bytes.buffer, btf.bytes.byteOffset).getUint32(20, true);
    for (const { code } of programs) {
      for (const { position } of code.origins) {
        if (position === undefined) continue;
        this.#add(position.file);
        this.#add(position.text);
      }
    }
  }

  /** Where a text lies in the string section; undefined if no program of the unit has it. */
  offset(text: string): number | undefined {
    return this.#offsets.get(text);
  }

  /** The BTF with the texts: the string section is the last, so it just grows. */
  bytes(): Uint8Array<ArrayBuffer> {
    const source = new DataView(this.#btf.buffer, this.#btf.byteOffset);
    const end = source.getUint32(4, true) + source.getUint32(16, true) + source.getUint32(20, true);
    const bytes = new Uint8Array(end + this.#length);
    bytes.set(this.#btf.subarray(0, end));
    let at = end;
    for (const part of this.#added) {
      bytes.set(part, at);
      at += part.length;
    }
    new DataView(bytes.buffer).setUint32(20, this.#base + this.#length, true);
    return bytes;
  }

  #add(text: string): void {
    if (this.#offsets.has(text)) return;
    const bytes = new TextEncoder().encode(text.replaceAll("\0", " ") + "\0");
    this.#offsets.set(text, this.#base + this.#length);
    this.#added.push(bytes);
    this.#length += bytes.length;
  }
}

/** Loads a BTF. @returns Its descriptor, or what the kernel says against it. */
export function loadBtf(bytes: Uint8Array<ArrayBuffer>): { fd: number } | { refused: string } {
  const fd = bpf(COMMAND.BTF_LOAD, new Attr(32).pointer(0, bytes).u32(16, bytes.length));
  if (fd >= 0) return { fd };
  const log = new Uint8Array(1 << 20);
  const attr = new Attr(32).pointer(0, bytes).u32(16, bytes.length).pointer(8, log).u32(20, log.length).u32(
    24,
    1,
  );
  const again = bpf(COMMAND.BTF_LOAD, attr);
  if (again >= 0) return { fd: again };
  const text = new TextDecoder().decode(log.subarray(0, Math.max(0, log.indexOf(0)))).trim();
  return { refused: text.split("\n").at(-1) || errnoName(-fd) };
}

/** `struct bpf_func_info` records; undefined if a subprogram has no type. */
export function functionInfo(program: Program): Uint8Array<ArrayBuffer> | undefined {
  const { subprogStart } = columnsOf(program);
  const words: number[] = [];
  for (const [i, subprog] of program.subprogs.entries()) {
    if (subprog.btfId === 0) return undefined;
    words.push(subprogStart[i], subprog.btfId);
  }
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** `struct bpf_line_info` records; undefined if a subprogram does not begin with one, which the kernel demands. */
export function lineInfo(program: Program, texts: BtfTexts): Uint8Array<ArrayBuffer> | undefined {
  const { slot } = columnsOf(program);
  const starts = new Set(program.starts);
  const words: number[] = [];
  let last: SourcePosition | undefined;
  for (let i = 0; i < program.length; i++) {
    const position = program.code.origins[i].position;
    const start = starts.has(i);
    if (position === undefined) {
      if (start) return undefined;
      continue;
    }
    if (position === last && !start) continue;
    last = position;
    const file = texts.offset(position.file), text = texts.offset(position.text);
    // Code spliced in from elsewhere has lines that this BTF does not know.
    if (file === undefined || text === undefined) {
      if (start) return undefined;
      continue;
    }
    words.push(slot[i], file, text, (position.line << 10 | position.column & 0x3ff) >>> 0);
  }
  return words.length === 0 ? undefined : new Uint8Array(Uint32Array.from(words).buffer);
}

/**
 * What a kernel wants beside a program's instructions: BTF, and records that tie functions and source lines to it.
 *
 * The inverse of what parse reads from `.BTF.ext`, for any version of a program: records follow the instructions through edits,
 * since positions do. Hidden subprograms have no type, and a kernel takes function records for all or for none.
 *
 * @module
 */
import { slotsOf } from "../insn.ts";
import type { SourcePosition } from "../diagnostic.ts";
import type { Program } from "../program.ts";
import { assembleBtf } from "./write.ts";

/** Binary forms, as `bpf(BPF_PROG_LOAD)` takes them. */
export interface ProgInfo {
  /** To be loaded first. */
  readonly btf: Uint8Array<ArrayBuffer>;
  /** `struct bpf_func_info`: 8 bytes each, one per subprogram; empty if one has no type. */
  readonly funcInfo: Uint8Array<ArrayBuffer>;
  /** `struct bpf_line_info`: 16 bytes each; empty if a subprogram's first instruction has no position. */
  readonly lineInfo: Uint8Array<ArrayBuffer>;
}

/** The columns and lines that a record can hold. */
const MAX_LINE = 0x3fffff, MAX_COLUMN = 0x3ff;

/**
 * The records of a program; undefined if its unit has no BTF.
 *
 * @example
 * ```ts
 * import { progInfo } from "./prog_info.ts";
 * import { parseObject } from "../../passes/parse/parse.ts";
 * const bytes = Deno.readFileSync(new URL("../../tests/objects/xdp_subprogs.bpf.o", import.meta.url));
 * const [program] = parseObject(bytes, { name: "xdp_subprogs.bpf.o" }).programs;
 * console.log(progInfo(program)?.funcInfo.length); // 32: four subprograms
 * ```
 */
export function progInfo(program: Program): ProgInfo | undefined {
  const { btf } = program.unit;
  if (btf === undefined) return undefined;
  const file = new BtfFile(btf.bytes);
  const { insns, origins } = program.code;
  const { subprogs, starts } = program;
  const funcs: number[] = [], lines: number[] = [];
  let slot = 0, subprog = 0, complete = true;
  let last: SourcePosition | undefined;
  for (let i = 0; i < insns.length; i++) {
    const { position } = origins[i];
    const begins = subprog < subprogs.length && starts[subprog] === i;
    if (begins) {
      funcs.push(slot, subprogs[subprog].btfId);
      complete = complete && position !== undefined;
      subprog++;
    }
    if (position !== undefined && (begins || position !== last)) {
      const place = (Math.min(position.line, MAX_LINE) << 10) | Math.min(position.column, MAX_COLUMN);
      lines.push(slot, file.text(position.file), file.text(position.text), place);
    }
    if (position !== undefined) last = position;
    slot += slotsOf(insns[i]);
  }
  const typed = subprogs.every((item) => item.btfId !== 0);
  return {
    btf: file.bytes(),
    funcInfo: words(typed ? funcs : []),
    lineInfo: words(complete ? lines : []),
  };
}

function words(values: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.from(values).buffer);
}

/** A BTF file to whose strings texts can be added. */
class BtfFile {
  readonly #bytes: Uint8Array;
  readonly #stringsAt: number;
  readonly #stringsSize: number;
  readonly #offsets = new Map<string, number>();
  #added = "";
  #addedSize = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    const header = new DataView(bytes.buffer, bytes.byteOffset);
    this.#stringsAt = header.getUint32(4, true) + header.getUint32(16, true);
    this.#stringsSize = header.getUint32(20, true);
    const text = new TextDecoder();
    const end = this.#stringsAt + this.#stringsSize;
    for (let at = this.#stringsAt; at < end;) {
      const stop = bytes.indexOf(0, at);
      if (stop < 0 || stop >= end) break;
      const known = text.decode(bytes.subarray(at, stop));
      if (!this.#offsets.has(known)) this.#offsets.set(known, at - this.#stringsAt);
      at = stop + 1;
    }
  }

  /** The offset of a text, added if there is none: it may be there as the end of another, which is not looked for. */
  text(text: string): number {
    let offset = this.#offsets.get(text);
    if (offset === undefined) {
      offset = this.#stringsSize + this.#addedSize;
      this.#offsets.set(text, offset);
      this.#added += text + "\0";
      this.#addedSize += new TextEncoder().encode(text).length + 1;
    }
    return offset;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    if (this.#addedSize === 0) return this.#bytes.slice();
    const header = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);
    const typesAt = header.getUint32(4, true) + header.getUint32(8, true),
      typesSize = header.getUint32(12, true);
    const types = new Int32Array(this.#bytes.slice(typesAt, typesAt + typesSize).buffer);
    const strings = new Uint8Array(this.#stringsSize + this.#addedSize);
    strings.set(this.#bytes.subarray(this.#stringsAt, this.#stringsAt + this.#stringsSize));
    strings.set(new TextEncoder().encode(this.#added), this.#stringsSize);
    return assembleBtf(types, strings);
  }
}

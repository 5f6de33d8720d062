/**
 * .BTF.ext: what the compiler says about instructions, by section: the function that begins at one, its source line, and its
 * CO-RE relocation.
 *
 * Records stay as the file has them, with offsets in bytes from the start of their section; resolving texts and applying
 * relocations is for `passes/parse`.
 *
 * @module
 */
import { Reader } from "../elf/reader.ts";

/** Records of one section: `width` words each, in the file's order. */
export interface ExtRecords {
  /** Offset of the section's name in the BTF's strings. */
  readonly sectionName: number;
  /** How many records. */
  readonly count: number;
  /** `count` × `width` words. */
  readonly words: Int32Array;
}

/** The three tables; each lists its sections in the file's order. */
export interface BtfExt {
  /** Two words: offset in bytes, id of the FUNC. */
  readonly funcs: readonly ExtRecords[];
  /** Four words: offset in bytes, file name, line text (both offsets of strings), line << 10 | column. */
  readonly lines: readonly ExtRecords[];
  /** Four words: offset in bytes, root type id, access string, kind of the relocation. */
  readonly relocations: readonly ExtRecords[];
}

/** Words per record of the three tables. */
export const FUNC_WORDS = 2;
/** Words per line record. */
export const LINE_WORDS = 4;
/** Words per CO-RE relocation. */
export const RELOCATION_WORDS = 4;

const MAGIC = 0xeb9f;

/**
 * Reads a .BTF.ext section.
 *
 * @throws {MalformedError} If a header or a record lies outside the data.
 */
export function readBtfExt(bytes: Uint8Array, what: string = ".BTF.ext"): BtfExt {
  const little = bytes[0] === (MAGIC & 0xff);
  const reader = new Reader(bytes, what, little);
  if (reader.u16(0) !== MAGIC) throw reader.malformed("The data does not begin with BTF's magic 0xeb9f", 0);
  const version = reader.u8(2), headerSize = reader.u32(4);
  if (version !== 1) throw reader.malformed(`Version ${version} is unknown`, 2);
  if (headerSize < 24) throw reader.malformed(`A header of ${headerSize} bytes`, 4);
  // The CO-RE table came later: a short header has none.
  return {
    funcs: readTable(reader, { at: 8, headerSize, width: FUNC_WORDS }),
    lines: readTable(reader, { at: 16, headerSize, width: LINE_WORDS }),
    relocations: headerSize >= 32 ? readTable(reader, { at: 24, headerSize, width: RELOCATION_WORDS }) : [],
  };
}

function readTable(reader: Reader, table: { at: number; headerSize: number; width: number }): ExtRecords[] {
  const start = table.headerSize + reader.u32(table.at), size = reader.u32(table.at + 4);
  if (size === 0) return [];
  reader.need(start, size);
  const end = start + size;
  const recordSize = reader.u32(start);
  if (recordSize < table.width * 4 || recordSize % 4 !== 0) {
    throw reader.malformed(`Records of ${recordSize} bytes, at least ${table.width * 4} expected`, start);
  }
  const sections: ExtRecords[] = [];
  for (let at = start + 4; at < end;) {
    const sectionName = reader.u32(at), count = reader.u32(at + 4);
    const recordsAt = at + 8;
    if (count === 0 || recordsAt + count * recordSize > end) {
      throw reader.malformed(`${count} records do not fit into the table`, at);
    }
    const words = new Int32Array(count * table.width);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < table.width; j++) {
        words[i * table.width + j] = reader.s32(recordsAt + i * recordSize + j * 4);
      }
    }
    sections.push({ sectionName, count, words });
    at = recordsAt + count * recordSize;
  }
  return sections;
}

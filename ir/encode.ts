/**
 * Instructions to bytes, the inverse of `decode`.
 *
 * Map references, kernel variables and kfuncs are written with our own indices and the BTF ids at hand; making them descriptors
 * of a running kernel is the loader's work.
 *
 * @module
 */
import { type Columns, columnsOf } from "./columns.ts";
import type { DecodedInsn } from "./decode.ts";
import { type FieldArrays, writeFields } from "./fields.ts";
import { slotsOf } from "./insn.ts";
import type { Program } from "./program.ts";
import { subprogOf, targetOf } from "./references.ts";

/**
 * Encodes a program: 8 bytes a slot, little endian.
 *
 * @throws {RangeError} If an instruction cannot be encoded; see `columnsOf`.
 *
 * @example
 * ```ts
 * import { encode } from "./encode.ts";
 * import { parseText } from "./parse_text.ts";
 * const bytes = encode(parseText("type xdp\nfunc main:\n  r0 = 2\n  exit\n").programs[0]);
 * // bytes.length is 16
 * ```
 */
export function encode(program: Program): Uint8Array {
  const columns: Columns = columnsOf(program);
  return pack(columns, columns.count);
}

/**
 * Encodes decoded instructions, whose targets are absolute slots.
 *
 * @throws {RangeError} If an instruction cannot be encoded.
 */
export function encodeInsns(insns: readonly DecodedInsn[]): Uint8Array {
  let count = 0;
  for (const insn of insns) count += slotsOf(insn);
  const fields: FieldArrays = {
    code: new Int32Array(count),
    dst: new Int32Array(count),
    src: new Int32Array(count),
    off: new Int32Array(count),
    imm: new Int32Array(count),
  };
  let slot = 0;
  for (const insn of insns) {
    writeFields(fields, slot, insn, targetOf(insn) ?? subprogOf(insn) ?? -1);
    slot += slotsOf(insn);
  }
  return pack(fields, count);
}

function pack(fields: FieldArrays, count: number): Uint8Array {
  const bytes = new Uint8Array(count * 8);
  const view = new DataView(bytes.buffer);
  for (let slot = 0, at = 0; slot < count; slot++, at += 8) {
    bytes[at] = fields.code[slot];
    bytes[at + 1] = fields.dst[slot] | fields.src[slot] << 4;
    view.setInt16(at + 2, fields.off[slot], true);
    view.setInt32(at + 4, fields.imm[slot], true);
  }
  return bytes;
}

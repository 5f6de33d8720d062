/**
 * A BTF file of its two sections.
 *
 * @module
 */

const MAGIC = 0xeb9f, HEADER = 24;

/** Header, types and strings in one piece. */
export function btfFile(types: Uint8Array, strings: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEADER + types.length + strings.length);
  const view = new DataView(file.buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, 1);
  view.setUint32(4, HEADER, true);
  view.setUint32(12, types.length, true);
  view.setUint32(16, types.length, true);
  view.setUint32(20, strings.length, true);
  file.set(types, HEADER);
  file.set(strings, HEADER + types.length);
  return file;
}

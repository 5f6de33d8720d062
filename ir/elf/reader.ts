/**
 * A bounds-checked window over bytes of unknown origin, in either byte order.
 *
 * Every read outside the window is a `MalformedError` that names the window and the offset, so that the readers of ELF and
 * BTF need no checks of their own and cannot fail in any other way. It knows no format.
 *
 * @module
 */
import { MalformedError } from "../diagnostic.ts";

const decoder = new TextDecoder();

/** The longest text that is taken for a name, in bytes. Overlapping texts of a hostile file would otherwise cost its length squared. */
export const MAX_TEXT = 16384;

/** The bytes between two offsets as text, up to the first NUL; invalid UTF-8 reads as U+FFFD. */
export function textAt(bytes: Uint8Array, start: number, end: number): string {
  let stop = start;
  while (stop < end && bytes[stop] !== 0) stop++;
  // Most names are short and ASCII, where building the string by hand beats the decoder's fixed cost.
  if (stop - start <= 24) {
    let text = "";
    for (let i = start; i < stop; i++) {
      const byte = bytes[i];
      if (byte >= 0x80) return decoder.decode(bytes.subarray(start, stop));
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decoder.decode(bytes.subarray(start, stop));
}

/** Reads integers of a window by offset; see the module's header. */
export class Reader {
  /** The window. */
  readonly bytes: Uint8Array;
  /** What the window is, for messages, e.g. `section .BTF`. */
  readonly what: string;
  /** Whether multi-byte integers are stored low byte first. */
  readonly littleEndian: boolean;
  readonly #view: DataView;
  #textBytes = 0;

  /** A window over `bytes`; `what` names it in messages. */
  constructor(bytes: Uint8Array, what: string, littleEndian: boolean) {
    this.bytes = bytes;
    this.what = what;
    this.littleEndian = littleEndian;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** The window's length in bytes. */
  get length(): number {
    return this.bytes.length;
  }

  /** A `MalformedError` about an offset in this window, for the caller to throw. */
  malformed(message: string, offset: number): MalformedError {
    return new MalformedError(message, `${this.what}, offset 0x${offset.toString(16)}`);
  }

  /** Makes sure of a range. @throws {MalformedError} Unless `size` bytes at `offset` lie inside the window. */
  need(offset: number, size: number): void {
    if (!(offset >= 0 && size >= 0 && offset + size <= this.bytes.length)) {
      throw this.malformed(
        `${size} bytes are needed, the data ends at 0x${this.bytes.length.toString(16)}`,
        offset,
      );
    }
  }

  /** 8 bits, unsigned. @throws {MalformedError} Outside the window. */
  u8(offset: number): number {
    this.need(offset, 1);
    return this.bytes[offset];
  }

  /** 16 bits, unsigned. @throws {MalformedError} Outside the window. */
  u16(offset: number): number {
    this.need(offset, 2);
    return this.#view.getUint16(offset, this.littleEndian);
  }

  /** 32 bits, unsigned. @throws {MalformedError} Outside the window. */
  u32(offset: number): number {
    this.need(offset, 4);
    return this.#view.getUint32(offset, this.littleEndian);
  }

  /** 32 bits, signed. @throws {MalformedError} Outside the window. */
  s32(offset: number): number {
    return this.u32(offset) | 0;
  }

  /** 64 bits as a number. @throws {MalformedError} Outside the window, or above 2^53: no offset or size of a real file is. */
  u64(offset: number): number {
    const low = this.u32(offset + (this.littleEndian ? 0 : 4));
    const high = this.u32(offset + (this.littleEndian ? 4 : 0));
    if (high >= 0x200000) throw this.malformed("the value is beyond any file size", offset);
    return high * 0x100000000 + low;
  }

  /** 64 bits, signed, as a number. @throws {MalformedError} Outside the window, or if its size is above 2^53. */
  s64(offset: number): number {
    const low = this.u32(offset + (this.littleEndian ? 0 : 4));
    const high = this.s32(offset + (this.littleEndian ? 4 : 0));
    if (high >= 0x200000 || high < -0x200000) {
      throw this.malformed("the value is beyond any file size", offset);
    }
    return high * 0x100000000 + low;
  }

  /** The NUL-terminated text at an offset. @throws {MalformedError} Outside the window, or if no NUL follows. */
  text(offset: number): string {
    this.need(offset, 1);
    const end = this.bytes.indexOf(0, offset);
    if (end < 0) throw this.malformed("the text is not terminated", offset);
    this.#textBytes += end - offset;
    if (this.#textBytes > 64 * this.bytes.length + 65536) {
      throw this.malformed("the texts overlap more than any compiler lets them", offset);
    }
    if (end - offset > MAX_TEXT) throw this.malformed(`a name of ${end - offset} bytes is too long`, offset);
    return textAt(this.bytes, offset, end);
  }
}

/**
 * The text of a log while it is written: appended at the end, and cut back when a path that was fine is forgotten or a line is
 * taken up again. Positions are characters.
 *
 * @module
 */

/** Pieces that are joined where so many have come together. */
const PIECES = 512;

/** See the module's header. */
export class LogBuffer {
  /** What was appended long ago, in large parts, and how long that is. */
  readonly #chunks: string[] = [];
  #before = 0;
  /** What was appended since, piece by piece: cutting off a line must not touch what comes before it. */
  #pieces: string[] = [];
  #end = 0;

  /** Characters so far. */
  get end(): number {
    return this.#end;
  }

  append(text: string): void {
    if (this.#pieces.length === PIECES) {
      this.#chunks.push(this.#pieces.join(""));
      this.#before = this.#end;
      this.#pieces = [];
    }
    this.#pieces.push(text);
    this.#end += text.length;
  }

  /** Forgets everything from position `end` on. */
  cut(end: number): void {
    while (end < this.#before) {
      const chunk = this.#chunks.pop()!;
      this.#end = this.#before;
      this.#before -= chunk.length;
      this.#pieces = [chunk];
    }
    while (this.#end > end) {
      const piece = this.#pieces.pop()!;
      this.#end -= piece.length;
      if (this.#end < end) this.append(piece.slice(0, end - this.#end));
    }
  }

  toString(): string {
    return this.#chunks.join("") + this.#pieces.join("");
  }
}

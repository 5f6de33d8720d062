/**
 * The text of a log while it is written: appended at the end, and cut back when a path that was fine is forgotten or a line is
 * taken up again. Positions are characters.
 *
 * @module
 */

/** See the module's header. */
export class LogBuffer {
  #chunks: string[] = [];
  #before = 0;
  #tail = "";

  /** Characters so far. */
  get end(): number {
    return this.#before + this.#tail.length;
  }

  append(text: string): void {
    if (this.#tail.length > 1 << 16) {
      this.#chunks.push(this.#tail);
      this.#before += this.#tail.length;
      this.#tail = "";
    }
    this.#tail += text;
  }

  /** Forgets everything from position `end` on. */
  cut(end: number): void {
    while (end < this.#before) {
      this.#tail = this.#chunks.pop()!;
      this.#before -= this.#tail.length;
    }
    this.#tail = this.#tail.slice(0, end - this.#before);
  }

  toString(): string {
    return this.#chunks.join("") + this.#tail;
  }
}

/**
 * Counts by kind, with what was counted.
 *
 * @module
 */

/** See the module's header. */
export class Tally {
  readonly #kinds = new Map<string, string[]>();

  /** Adds something of a kind. */
  add(kind: string, what: string): void {
    const list = this.#kinds.get(kind);
    if (list === undefined) this.#kinds.set(kind, [what]);
    else list.push(what);
  }

  /** All kinds together. */
  get count(): number {
    return this.byCount().reduce((sum, [, list]) => sum + list.length, 0);
  }

  /** The most frequent first. */
  byCount(): [kind: string, list: readonly string[]][] {
    return [...this.#kinds].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1));
  }
}

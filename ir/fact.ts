/**
 * Facts: what a pass learnt about an instruction, a subprogram or the program, and cannot be computed again.
 *
 * A fact is declared once, with the rule by which it travels through edits; only `Edit` moves facts. `initial` is what a new
 * instruction has, so it must be the answer that is safe to believe: an instruction nobody looked at is not dead, its branch
 * not decided, its callback not constant.
 *
 * @module
 */

import type { SubprogId } from "./insn.ts";

/** What a fact is attached to. */
export type FactScope = "insn" | "subprog" | "program";

/** Who inherits a fact when one instruction becomes several: the first, the last, all of them, or nobody. */
export type FactFollows = "first" | "last" | "all" | "none";

/** The subprograms' names, for facts whose values are ids: handed to a fact's `text` by the printer and the parser. */
export interface FactNames {
  /** The name of a subprogram of the program being printed. */
  nameOf(subprog: SubprogId): string;
  /** The id of the subprogram of that name in the program being read; undefined if there is none. */
  subprogNamed(name: string): SubprogId | undefined;
}

/** A declared fact with values of type `V`. Compared by identity; `name` is its name in text. */
export interface Fact<V> {
  /** Its name in text, `snake_case`. Unique. */
  readonly name: string;
  /** What everything not written has: the answer that is safe to believe. */
  readonly initial: V;
  /** What it is attached to. */
  readonly scope: FactScope;
  /** Who inherits it when an instruction is replaced by several. */
  readonly follows: FactFollows;
  /** How a value prints in the margin, and reads back. Texts hold no comma and no closing brace outside of JSON. */
  readonly text: {
    print(value: V, names?: FactNames): string;
    parse(text: string, names?: FactNames): V;
  };
}

/** Any fact, where only the name and the rules matter. */
// deno-lint-ignore no-explicit-any
export type AnyFact = Fact<any>;

const registry = new Map<string, AnyFact>();

/** Every fact declared so far, by name: the text parser reads margins with it. */
export function factNamed(name: string): AnyFact | undefined {
  return registry.get(name);
}

/** Prints and parses values with JSON: enough for booleans, numbers, strings and plain objects. */
export function jsonText<V>(): Fact<V>["text"] {
  return { print: (value) => JSON.stringify(value), parse: (text) => JSON.parse(text) };
}

/**
 * Declares a fact.
 *
 * @throws {TypeError} If the name is taken.
 *
 * @example
 * ```ts
 * import { defineFact } from "./fact.ts";
 * const dead = defineFact("dead_example", false, { scope: "insn", follows: "all" });
 * ```
 */
export function defineFact<V>(
  name: string,
  initial: V,
  rules: { scope: FactScope; follows: FactFollows; text?: Fact<V>["text"] },
): Fact<V> {
  if (registry.has(name)) throw new TypeError(`Cannot define fact "${name}": the name is taken`);
  const fact: Fact<V> = {
    name,
    initial,
    scope: rules.scope,
    follows: rules.follows,
    text: rules.text ?? jsonText<V>(),
  };
  registry.set(name, fact);
  return fact;
}

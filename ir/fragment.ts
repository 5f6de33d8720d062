/**
 * Rewrites as text: the `bpf` template makes a {@link Fragment}, instructions with labels, that `Edit` puts into a
 * program.
 *
 * A fragment has no distances and no ids of its own. Its labels are its own; a target that is interpolated is an
 * instruction of the program it goes into. Helpers are written by number (`call helper#181`) or as a {@link Callee},
 * since a fragment knows no profile.
 *
 * @module
 */
import type { Callee, Insn, InsnId, KfuncRef, SubprogId } from "./insn.ts";
import { parseInsn } from "./parse_insn.ts";

/** Code with labels. A label may stand behind the last instruction: it means whatever follows. */
export interface Fragment {
  /** Targets are labels of the fragment, or ids of instructions of the program it goes into. */
  readonly insns: readonly Insn<string | InsnId, SubprogId>[];
  /** By label: the index of the instruction it stands before, `insns.length` for the end. */
  readonly labels: ReadonlyMap<string, number>;
}

/**
 * What can stand in a `bpf` template. A number is written as digits, so what it means depends on its place: an
 * immediate, an offset, a register behind `r`, a map's index behind `map #`, the {@link SubprogId} behind `call` and
 * `func`, the {@link InsnId} behind `goto`. A bigint is a constant before `ll`. Callees and kfuncs stand behind `call`;
 * an instruction or a fragment stands alone on its line, and a fragment's labels stay its own.
 */
export type FragmentValue = number | bigint | Callee | KfuncRef | Insn | Fragment;

/** Names the labels of fragments inside fragments apart; no label in text can contain it. */
const NESTED = "\u0002";

/**
 * Makes a fragment of text in the kernel's syntax: one instruction a line, labels end in `:`, comments begin with `;`.
 *
 * @throws {SyntaxError} If a line is no instruction, or a label is missing or defined twice.
 *
 * @example
 * ```ts
 * import { bpf } from "./fragment.ts";
 * const limit = 1 << 23;
 * const fragment = bpf`
 *     if r1 <= ${limit} goto start
 *     w0 = ${-7}
 *     goto end
 *   start:
 *     r0 = r1
 *   end:
 * `;
 * // fragment.insns.length is 4, fragment.labels.get("end") is 4
 * ```
 */
export function bpf(strings: TemplateStringsArray, ...values: readonly FragmentValue[]): Fragment {
  const objects: FragmentValue[] = [];
  let text = strings[0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number") {
      if (!Number.isSafeInteger(value)) {
        throw new SyntaxError(`Cannot put ${value} into bpf text: not an integer`);
      }
      text += value;
    } else if (typeof value === "bigint") {
      text += value;
    } else {
      text += `\u0001${objects.length}\u0001`;
      objects.push(value);
    }
    text += strings[i + 1];
  }
  return new FragmentParser(objects).parse(text);
}

class FragmentParser {
  readonly #objects: readonly FragmentValue[];
  readonly #insns: Insn<string | InsnId, SubprogId>[] = [];
  readonly #labels = new Map<string, number>();
  #nested = 0;

  constructor(objects: readonly FragmentValue[]) {
    this.#objects = objects;
  }

  parse(text: string): Fragment {
    const used: string[] = [];
    for (const whole of text.split("\n")) {
      const line = whole.replace(/;.*$/, "").trim();
      if (line === "") continue;
      const label = /^([A-Za-z_.$][\w.$]*):$/.exec(line);
      // deno-lint-ignore no-control-regex
      const mark = /^\u0001([0-9]+)\u0001$/.exec(line);
      if (label !== null) this.#define(label[1]);
      else if (mark !== null) this.#insert(this.#objects[Number(mark[1])]);
      else {
        this.#insns.push(parseInsn<string | InsnId, SubprogId>(line, {
          target: (target) => {
            if (/^[0-9]+$/.test(target)) return Number(target) as InsnId;
            used.push(target);
            return target;
          },
          subprog: (name) => /^[0-9]+$/.test(name) ? Number(name) as SubprogId : undefined,
          map: () => undefined,
          helper: () => undefined,
          callee: (index) => calleeOf(this.#objects[index]),
        }));
      }
    }
    for (const label of used) {
      if (!this.#labels.has(label)) {
        throw new SyntaxError(`Cannot jump to "${label}": there is no such label`);
      }
    }
    return { insns: this.#insns, labels: this.#labels };
  }

  #define(label: string, index: number = this.#insns.length): void {
    if (this.#labels.has(label)) {
      throw new SyntaxError(`Cannot define label "${label}": it stands here twice`);
    }
    this.#labels.set(label, index);
  }

  #insert(value: FragmentValue): void {
    if (typeof value === "object" && "labels" in value) {
      const prefix = `${this.#nested++}${NESTED}`;
      const start = this.#insns.length;
      for (const [label, index] of value.labels) this.#define(prefix + label, start + index);
      for (const insn of value.insns) this.#insns.push(renamed(insn, prefix));
    } else if (typeof value === "object" && "kind" in value && !isCallee(value)) {
      this.#insns.push(value);
    } else {
      throw new SyntaxError(
        "Cannot put this value on a line of its own: it is no instruction and no fragment",
      );
    }
  }
}

function renamed(insn: Insn<string | InsnId, SubprogId>, prefix: string): Insn<string | InsnId, SubprogId> {
  if (insn.kind !== "jump" && insn.kind !== "branch" && insn.kind !== "may_goto") return insn;
  return typeof insn.target === "string" ? { ...insn, target: prefix + insn.target } : insn;
}

function isCallee(value: Callee | Insn): value is Callee {
  return value.kind === "helper" || value.kind === "subprog" || value.kind === "kfunc";
}

function calleeOf(value: FragmentValue): Callee {
  if (typeof value === "object" && !("labels" in value)) {
    if (!("kind" in value)) return { kind: "kfunc", func: value };
    if (isCallee(value)) return value;
  }
  throw new SyntaxError("Cannot call this value: it is no subprogram, helper or kfunc");
}

/**
 * Text to a program, the inverse of `print_text.ts`: a header, then one `func` per subprogram, one instruction or label
 * a line.
 *
 * ```
 * type xdp
 * map counters type=array key=4 value=8 max=1
 *
 * func main:                 ; the first is the main program and global, the others static unless they say `global`
 *     r1 = map counters ll   ; comments begin with a semicolon
 *     if r1 == 0 goto out
 *     call callback          ; {dead: true} gives facts
 *   out:
 *     exit
 * func callback:
 *     exit
 * ```
 *
 * Header keys: `type`, `program` (the name, else that of the first func), `section`, `attach`, `target`,
 * `target_btf_id`, `flags`, `device`, `optional`, `license` (GPL unless said), `version`, `map`, `extern`, `facts` (of
 * the whole program). Labels belong to their func; a label of another func is found if it is the only one of its name.
 * `goto +2` counts slots, as the verifier's log does.
 *
 * @module
 */
import { MalformedError } from "./diagnostic.ts";
import { type AnyFact, factNamed, type FactNames } from "./fact.ts";
import type { Insn, InsnId, SubprogId } from "./insn.ts";
import { slotsOf } from "./insn.ts";
import { number, parseExtern, parseMap } from "./map_text.ts";
import { parseInsn, unquote } from "./parse_insn.ts";
import type { HelperNames } from "./print_insn.ts";
import { type Origin, Program, PROGRAM_SCOPE, type ProgramAttrs, type Subprog } from "./program.ts";
import type { Extern, MapDef, Unit } from "./unit.ts";

/** What {@linkcode parseText} can be told. */
export interface ParseTextOptions {
  /** What the text is called in positions and messages; `text` if left out. */
  readonly name?: string;
  /** Helpers by name; without it they are read only by number, `helper#181` or `bpf_loop#181`. */
  readonly helpers?: Pick<HelperNames, "helperId">;
  /** Called for header keys that are not the program's; without it they are errors. The line is 1-based. */
  readonly key?: (key: string, value: string, line: number) => void;
  /** The number of the text's first line, for texts that stand inside of others; 1 if left out. */
  readonly firstLine?: number;
}

interface Line {
  readonly number: number;
  /** Without its margin. */
  readonly text: string;
  /** What stands behind the first semicolon. */
  readonly margin: string;
  readonly whole: string;
}

/** A func while it is read. */
interface Func {
  readonly subprog: Omit<Subprog, "entry">;
  readonly line: Line;
  /** The label of the call that it is an instance of. */
  readonly instanceOf?: string;
  readonly first: number;
  readonly labels: Map<string, number>;
}

/**
 * Reads one program.
 *
 * @throws {MalformedError} If the text cannot be read: what, and in which line.
 *
 * @example
 * ```ts
 * import { parseText } from "./parse_text.ts";
 * const unit = parseText(`
 *   type socket_filter
 *   func main:
 *     r0 = 0
 *     exit
 * `);
 * // unit.programs[0].length is 2
 * ```
 */
export function parseText(text: string, options: ParseTextOptions = {}): Unit {
  return new TextParser(options).parse(text);
}

class TextParser {
  readonly #options: ParseTextOptions;
  readonly #file: string;
  readonly #maps: MapDef[] = [];
  readonly #externs: Extern[] = [];
  readonly #funcs: Func[] = [];
  readonly #lines: Line[] = [];
  readonly #facts = new Map<AnyFact, Map<number, unknown>>();
  /** Facts are read last: their values may name subprograms that come later. */
  readonly #margins: { readonly line: Line; readonly scope: AnyFact["scope"]; readonly id: number }[] = [];
  readonly #attrs: { -readonly [K in keyof ProgramAttrs]?: ProgramAttrs[K] } = {};
  #license = "GPL";
  #version = 0;

  constructor(options: ParseTextOptions) {
    this.#options = options;
    this.#file = options.name ?? "text";
  }

  parse(text: string): Unit {
    const first = this.#options.firstLine ?? 1;
    text.split("\n").forEach((whole, index) => {
      const line = splitLine(whole, first + index);
      if (line.text !== "") this.#at(line, () => this.#read(line));
    });
    if (this.#lines.length === 0) {
      throw new MalformedError("There is no program: no func with instructions", this.#file);
    }
    const last = this.#funcs[this.#funcs.length - 1];
    if (last.first === this.#lines.length) {
      throw new MalformedError(`Func "${last.subprog.name}" has no instructions`, this.#file);
    }

    const insns = this.#resolve(this.#lines.map((line) => this.#insn(line)));
    for (const { line, scope, id } of this.#margins) this.#readFacts(line, { scope, id });

    const programs: Program[] = [];
    const unit: Unit = {
      name: this.#file,
      license: this.#license,
      version: this.#version,
      maps: this.#maps,
      externs: this.#externs,
      programs,
    };
    programs.push(this.#program(unit, insns));
    return unit;
  }

  #program(unit: Unit, insns: readonly Insn[]): Program {
    const attrs: ProgramAttrs = {
      ...this.#attrs,
      name: this.#attrs.name ?? this.#funcs[0].subprog.name,
      section: this.#attrs.section ?? "",
      type: this.#attrs.type ?? "socket_filter",
      attachType: this.#attrs.attachType ?? 0,
      flags: this.#attrs.flags ?? 0,
      attachBtfId: this.#attrs.attachBtfId ?? 0,
    };
    const origins: Origin[] = this.#lines.map((line) => ({
      position: {
        file: this.#file,
        line: line.number,
        column: line.whole.length - line.whole.trimStart().length + 1,
        text: line.whole.trim(),
      },
    }));
    return new Program({
      unit,
      attrs,
      code: { insns, ids: insns.map((_, i) => i as InsnId), origins },
      subprogs: this.#funcs.map((func, index) => this.#subprog(func, index)),
      facts: this.#facts,
      nextInsnId: insns.length,
      nextSubprogId: this.#funcs.length,
    });
  }

  #subprog(func: Func, index: number): Subprog {
    const subprog: Subprog = { ...func.subprog, entry: func.first as InsnId };
    if (func.instanceOf === undefined) return subprog;
    const call = this.#label(func.instanceOf, index);
    if (call === undefined) this.#fail(func.line, `There is no label "${func.instanceOf}"`);
    return { ...subprog, instanceOf: call as InsnId };
  }

  #read(line: Line): void {
    const func = /^func (.+):$/.exec(line.text);
    if (func !== null) return this.#readFunc(line, func[1]);
    if (this.#funcs.length === 0) return this.#readHeader(line);
    const label = /^([A-Za-z_.$][\w.$]*):$/.exec(line.text);
    if (label !== null) {
      const { labels } = this.#funcs[this.#funcs.length - 1];
      if (labels.has(label[1])) this.#fail(line, `Label "${label[1]}" stands here twice in one func`);
      labels.set(label[1], this.#lines.length);
      return;
    }
    if (line.margin.startsWith("{")) this.#margins.push({ line, scope: "insn", id: this.#lines.length });
    this.#lines.push(line);
  }

  #readFunc(line: Line, text: string): void {
    const before = this.#funcs[this.#funcs.length - 1];
    if (before !== undefined && before.first === this.#lines.length) {
      this.#fail(line, `Func "${before.subprog.name}" has no instructions`);
    }
    const [word, ...words] = text.split(/\s+/);
    const name = unquote(word);
    if (this.#named(name) !== undefined) this.#fail(line, `Func "${name}" is there already`);
    let linkage: Subprog["linkage"] = this.#funcs.length === 0 ? "global" : "static";
    let hidden = false, btfId = 0, instanceOf: string | undefined;
    for (const word of words) {
      const btf = /^btf=([0-9]+)$/.exec(word);
      const instance = /^instance_of=(.+)$/.exec(word);
      if (word === "global" || word === "static" || word === "extern") linkage = word;
      else if (word === "hidden") hidden = true;
      else if (btf !== null) btfId = Number(btf[1]);
      else if (instance !== null) instanceOf = instance[1];
      else this.#fail(line, `A func cannot be "${word}"`);
    }
    const id = this.#funcs.length as SubprogId;
    if (line.margin.startsWith("{")) this.#margins.push({ line, scope: "subprog", id });
    this.#funcs.push({
      subprog: { id, name, linkage, hidden, btfId },
      line,
      instanceOf,
      first: this.#lines.length,
      labels: new Map(),
    });
  }

  #readHeader(line: Line): void {
    const [, key, value] = /^(\S+)\s*(.*)$/.exec(line.text)!;
    const attrs = this.#attrs;
    switch (key) {
      case "type":
        attrs.type = value;
        return;
      case "program":
        attrs.name = unquote(value);
        return;
      case "section":
        attrs.section = unquote(value);
        return;
      case "attach":
        attrs.attachType = number(value);
        return;
      case "target":
        attrs.attachTarget = unquote(value);
        return;
      case "target_btf_id":
        attrs.attachBtfId = number(value);
        return;
      case "flags":
        attrs.flags = number(value);
        return;
      case "device":
        attrs.device = unquote(value);
        return;
      case "optional":
        attrs.optional = true;
        return;
      case "license":
        this.#license = unquote(value);
        return;
      case "version":
        this.#version = number(value);
        return;
      case "map":
        this.#maps.push(parseMap(value));
        return;
      case "extern":
        this.#externs.push(parseExtern(value));
        return;
      case "facts":
        this.#margins.push({ line: { ...line, margin: value }, scope: "program", id: PROGRAM_SCOPE });
        return;
      default:
        if (this.#options.key === undefined) this.#fail(line, `There is no header key "${key}"`);
        this.#options.key(key, value, line.number);
    }
  }

  #insn(line: Line): Insn<string, SubprogId> {
    return this.#at(line, () =>
      parseInsn<string, SubprogId>(line.text, {
        target: (target) => target,
        subprog: (name) => this.#named(name),
        map: (name) => {
          const index = this.#maps.findIndex((map) => map.name === name);
          return index < 0 ? undefined : index;
        },
        helper: (name) => this.#options.helpers?.helperId(name),
      }));
  }

  /** Says in which line a syntax error is. */
  #at<R>(line: Line, read: () => R): R {
    try {
      return read();
    } catch (error) {
      if (error instanceof SyntaxError && !(error instanceof MalformedError)) this.#fail(line, error.message);
      throw error;
    }
  }

  #named(name: string): SubprogId | undefined {
    return this.#funcs.find((func) => func.subprog.name === name)?.subprog.id;
  }

  /** Labels and distances to ids. */
  #resolve(insns: readonly Insn<string, SubprogId>[]): Insn[] {
    const slots = new Map<number, number>();
    const slotOf: number[] = [];
    let slot = 0;
    insns.forEach((insn, i) => {
      slots.set(slot, i);
      slotOf.push(slot);
      slot += slotsOf(insn);
    });
    let func = -1;
    return insns.map((insn, i) => {
      while (func + 1 < this.#funcs.length && this.#funcs[func + 1].first <= i) func++;
      if (insn.kind !== "jump" && insn.kind !== "branch" && insn.kind !== "may_goto") return insn;
      const distance = /^(?:pc)?([+-][0-9]+)$/.exec(insn.target);
      const target = distance === null
        ? this.#label(insn.target, func)
        : slots.get(slotOf[i] + 1 + Number(distance[1]));
      if (target === undefined || target >= insns.length) {
        this.#fail(this.#lines[i], `There is no instruction at "${insn.target}"`);
      }
      return { ...insn, target: target as InsnId };
    });
  }

  #label(name: string, func: number): number | undefined {
    const own = this.#funcs[func].labels.get(name);
    if (own !== undefined) return own;
    const others = this.#funcs.flatMap(({ labels }) => labels.get(name) ?? []);
    return others.length === 1 ? others[0] : undefined;
  }

  /** Reads `{name: value, …}` in the margin of a line. */
  #readFacts(line: Line, place: { readonly scope: AnyFact["scope"]; readonly id: number }): void {
    const names: FactNames = {
      nameOf: (id) => this.#funcs[id].subprog.name,
      subprogNamed: (name) => this.#named(name),
    };
    for (
      const [name, text] of splitFacts(line.margin) ?? this.#fail(line, "The facts in the margin do not end")
    ) {
      const fact = factNamed(name) ?? this.#fail(line, `There is no fact "${name}"`);
      if (fact.scope !== place.scope) this.#fail(line, `Fact "${name}" belongs to a ${fact.scope}`);
      let values = this.#facts.get(fact);
      if (values === undefined) this.#facts.set(fact, values = new Map());
      try {
        values.set(place.id, fact.text.parse(text, names));
      } catch (error) {
        if (error instanceof SyntaxError) this.#fail(line, `Fact "${name}" cannot be "${text}"`);
        throw error;
      }
    }
  }

  #fail(line: Line, message: string): never {
    throw new MalformedError(message, `${this.#file}:${line.number}`);
  }
}

/** A line and its margin: the first semicolon outside of quotes parts them. */
function splitLine(whole: string, number: number): Line {
  let quoted = false;
  for (let i = 0; i < whole.length; i++) {
    const c = whole[i];
    if (c === "\\" && quoted) i++;
    else if (c === '"') quoted = !quoted;
    else if (c === ";" && !quoted) {
      return { number, whole, text: whole.slice(0, i).trim(), margin: whole.slice(i + 1).trim() };
    }
  }
  return { number, whole, text: whole.trim(), margin: "" };
}

/**
 * The entries of `{name: value, …}`, where values may be JSON; undefined if it does not end. What follows it is no
 * matter.
 */
function splitFacts(text: string): [name: string, value: string][] | undefined {
  const entries: [string, string][] = [];
  let depth = 0, quoted = false, start = 1;
  const take = (end: number): void => {
    const entry = text.slice(start, end);
    const colon = entry.indexOf(":");
    if (colon >= 0) entries.push([entry.slice(0, colon).trim(), entry.slice(colon + 1).trim()]);
    start = end + 1;
  };
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === "\\") i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === "{" || c === "[") depth++;
    else if (c === "]" || c === "}") {
      depth--;
      if (depth === 0) {
        take(i);
        return entries;
      }
    } else if (c === "," && depth === 1) take(i);
  }
  return undefined;
}

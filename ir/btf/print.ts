/**
 * Prints types as C: declarations in one line for messages, and definitions of structures and enumerations.
 *
 * For people, not for compilers: no layout attributes are reconstructed and nothing is ordered by dependency.
 *
 * @module
 */
import type { Btf, BtfType } from "./btf.ts";

/** Declarators nest; what is deeper than this in a hostile BTF is cut to `…`. */
const MAX_DEPTH = 32;

/** Types visited for one declaration: prototypes whose parameters are prototypes grow with every level. */
const MAX_STEPS = 2000;

/**
 * A declaration of `name` with a type, e.g. `int (*ops[4])(const char *)`; without a name, the type alone, e.g. `struct sock *`.
 *
 * @throws {RangeError} If the BTF has no such type.
 *
 * @example
 * ```ts
 * import { BtfBuilder } from "./write.ts";
 * import { declaration } from "./print.ts";
 * const b = new BtfBuilder();
 * const char = b.int("char", 1);
 * const array = b.array(char, 16, { index: char });
 * console.log(declaration(b.build(), array, "name")); // char name[16]
 * ```
 */
export function declaration(btf: Btf, id: number, name = ""): string {
  return new Declarer(btf).declare(id, name, 0);
}

/** Puts types around a declarator, as C reads: pointers to the left, arrays and parameters to the right. */
class Declarer {
  readonly #btf: Btf;
  #steps = 0;

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  declare(id: number, declarator: string, depth: number): string {
    if (depth > MAX_DEPTH || ++this.#steps > MAX_STEPS) return beside("…", declarator);
    const type = this.#btf.type(id);
    switch (type.kind) {
      case "ptr": {
        const target = this.#kindBehindTags(type.type);
        const pointer = target === "array" || target === "func_proto" ? `(*${declarator})` : `*${declarator}`;
        return this.declare(type.type, pointer, depth + 1);
      }
      case "array":
        return this.declare(type.type, `${declarator}[${type.count}]`, depth + 1);
      case "func_proto":
        return this.declare(type.ret, `${declarator}(${this.#parameters(type, depth)})`, depth + 1);
      case "func":
      case "var":
        return this.declare(type.type, declarator === "" ? type.name : declarator, depth + 1);
      case "const":
      case "volatile":
      case "restrict":
        // After a pointer the qualifier belongs to the declarator: `char *const p`.
        return this.#kindBehindTags(type.type) === "ptr"
          ? this.declare(type.type, beside(type.kind, declarator), depth + 1)
          : `${type.kind} ${this.declare(type.type, declarator, depth + 1)}`;
      case "type_tag":
        return this.declare(type.type, declarator, depth + 1);
      case "decl_tag":
        return beside(`/* tag "${type.name}" */`, declarator);
      case "void":
      case "int":
      case "float":
      case "typedef":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "fwd":
      case "datasec":
        return beside(baseName(type), declarator);
    }
  }

  #parameters(type: BtfType & { kind: "func_proto" }, depth: number): string {
    const list: string[] = [];
    for (const param of type.params) {
      if (this.#steps > MAX_STEPS) break;
      list.push(this.declare(param.type, param.name, depth + 1));
    }
    if (type.variadic) list.push("...");
    return list.length === 0 ? "void" : list.join(", ");
  }

  #kindBehindTags(id: number): BtfType["kind"] {
    for (let steps = 0; steps < MAX_DEPTH; steps++) {
      const type = this.#btf.type(id);
      if (type.kind !== "type_tag") return type.kind;
      id = type.type;
    }
    return "void";
  }
}

function beside(base: string, declarator: string): string {
  return declarator === "" ? base : `${base} ${declarator}`;
}

function baseName(type: BtfType): string {
  switch (type.kind) {
    case "struct":
    case "union":
      return `${type.kind} ${type.name === "" ? "{…}" : type.name}`;
    case "enum":
    case "enum64":
      return `enum ${type.name === "" ? "{…}" : type.name}`;
    case "fwd":
      return `${type.union ? "union" : "struct"} ${type.name}`;
    case "datasec":
      return `section ${type.name}`;
    case "int":
    case "float":
    case "typedef":
      return type.name;
    default:
      return "void";
  }
}

/**
 * The definition of a structure, union, enumeration, typedef or function over several lines, offsets in comments; of any other
 * type, its declaration.
 *
 * @throws {RangeError} If the BTF has no such type.
 */
export function definition(btf: Btf, id: number): string {
  const type = btf.type(id);
  switch (type.kind) {
    case "struct":
    case "union": {
      const lines = type.members.map((member) => {
        const bits = member.bitSize > 0 ? ` : ${member.bitSize}` : "";
        const place = member.bitOffset % 8 === 0
          ? `${member.bitOffset / 8}`
          : `${member.bitOffset >> 3}.${member.bitOffset & 7}`;
        return `  ${declaration(btf, member.type, member.name)}${bits};  /* ${place} */`;
      });
      return `${beside(type.kind, type.name)} {\n${lines.join("\n")}\n};  /* ${type.size} bytes */`;
    }
    case "enum":
    case "enum64": {
      const lines = type.values.map(({ name, value }) => `  ${name} = ${value},`);
      return `${beside("enum", type.name)} {\n${lines.join("\n")}\n};`;
    }
    case "typedef":
      return `typedef ${declaration(btf, type.type, type.name)};`;
    default:
      return `${declaration(btf, id)};`;
  }
}

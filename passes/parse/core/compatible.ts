/**
 * When two types, one of the object and one of the target, count as the same: the two relations CO-RE asks for.
 *
 * `typesAreCompatible` looks at kinds alone and is what existence, size and id of a type need, and symbols too;
 * `typesMatch` compares members and values by name (libbpf: `__bpf_core_types_are_compat`, `__bpf_core_types_match`). Both
 * leave the comparison of the root's name to the caller. Work on hostile types is bounded: what is deeper or wider than the
 * bounds is a `MalformedError`.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import { essentialName } from "../../../ir/btf/read.ts";
import { MalformedError } from "../../../ir/diagnostic.ts";

/** Nesting of prototypes, structures and pointers, all counted together. */
const MAX_LEVEL = 64;

/** Type pairs looked at in one comparison. Real ones need some hundreds; types that contain each other twice would need 2^32. */
const MAX_STEPS = 200_000;

interface Pair {
  readonly local: Btf;
  readonly target: Btf;
  steps: number;
}

function step(pair: Pair, level: number): void {
  if (level > MAX_LEVEL || ++pair.steps > MAX_STEPS) {
    throw new MalformedError("The types are nested too deeply to be compared", "BTF");
  }
}

/** Whether two kinds are one for CO-RE: the two sizes of enumerations are. */
export function kindsAreCompatible(a: BtfType, b: BtfType): boolean {
  return a.kind === b.kind || (isEnum(a) && isEnum(b));
}

function isEnum(type: BtfType): boolean {
  return type.kind === "enum" || type.kind === "enum64";
}

/**
 * Same kind, through typedefs and modifiers; pointers and arrays by what they lead to, prototypes by all of their parameters.
 *
 * @throws {MalformedError} If the types are nested without end.
 */
export function typesAreCompatible(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  if (!kindsAreCompatible(local.type(localId), target.type(targetId))) return false;
  return compatible({ local, target, steps: 0 }, localId, targetId, 0);
}

function compatible(pair: Pair, localId: number, targetId: number, level: number): boolean {
  step(pair, level);
  const a = pair.local.type(pair.local.resolve(localId));
  const b = pair.target.type(pair.target.resolve(targetId));
  if (!kindsAreCompatible(a, b)) return false;
  if (a.kind === "int" && b.kind === "int") return a.bitOffset === 0 && b.bitOffset === 0;
  if ((a.kind === "ptr" && b.kind === "ptr") || (a.kind === "array" && b.kind === "array")) {
    return compatible(pair, a.type, b.type, level + 1);
  }
  if (a.kind === "func_proto" && b.kind === "func_proto") {
    if (a.params.length !== b.params.length || a.variadic !== b.variadic) return false;
    return a.params.every((param, i) => compatible(pair, param.type, b.params[i].type, level + 1)) &&
      compatible(pair, a.ret, b.ret, level + 1);
  }
  return a.kind === "void" || a.kind === "struct" || a.kind === "union" || a.kind === "fwd" || isEnum(a);
}

/**
 * Same kind, names and sizes, members of the local type all present in the target's; behind a pointer, structures by name only.
 *
 * @throws {MalformedError} If the types are nested without end.
 */
export function typesMatch(local: Btf, localId: number, target: Btf, targetId: number): boolean {
  return match({ local, target, steps: 0 }, { localId, targetId, behindPointer: false, level: 1 });
}

interface MatchAt {
  readonly localId: number;
  readonly targetId: number;
  readonly behindPointer: boolean;
  readonly level: number;
}

function match(pair: Pair, at: MatchAt): boolean {
  step(pair, at.level);
  const a = pair.local.type(pair.local.resolve(at.localId));
  const b = pair.target.type(pair.target.resolve(at.targetId));
  if (!namesMatch(nameOf(a), nameOf(b))) return false;
  const inside = (localId: number, targetId: number, behindPointer: boolean) =>
    match(pair, { localId, targetId, behindPointer, level: at.level + 1 });
  switch (a.kind) {
    case "void":
      return b.kind === "void";
    case "fwd":
      if (b.kind === "fwd") return a.union === b.union;
      return at.behindPointer && b.kind === (a.union ? "union" : "struct");
    case "enum":
    case "enum64":
      return (b.kind === "enum" || b.kind === "enum64") && a.size === b.size &&
        valuesMatch(pair, a.values.map((value) => value.name), b.values.map((value) => value.name));
    case "struct":
    case "union":
      if (at.behindPointer) {
        return b.kind === a.kind || (b.kind === "fwd" && b.union === (a.kind === "union"));
      }
      if (
        (b.kind !== "struct" && b.kind !== "union") || b.kind !== a.kind ||
        a.members.length > b.members.length
      ) return false;
      return a.members.every((own) =>
        b.members.some((other) => {
          step(pair, at.level);
          return namesMatch(own.name, other.name) && inside(own.type, other.type, false);
        })
      );
    case "int":
      return b.kind === "int" && a.size === b.size && a.signed === b.signed;
    case "ptr":
      return b.kind === "ptr" && inside(a.type, b.type, true);
    case "array":
      return b.kind === "array" && a.count === b.count && inside(a.type, b.type, at.behindPointer);
    case "func_proto":
      if (b.kind !== "func_proto" || a.params.length !== b.params.length || a.variadic !== b.variadic) {
        return false;
      }
      return a.params.every((param, i) => inside(param.type, b.params[i].type, at.behindPointer)) &&
        inside(a.ret, b.ret, at.behindPointer);
    case "float":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "func":
    case "var":
    case "datasec":
    case "decl_tag":
    case "type_tag":
      return false;
  }
}

function valuesMatch(pair: Pair, own: readonly string[], others: readonly string[]): boolean {
  const essential = new Set(others.map(essentialName));
  pair.steps += own.length + others.length;
  return own.length <= others.length && own.every((name) => essential.has(essentialName(name)));
}

function nameOf(type: BtfType): string {
  return "name" in type ? type.name : "";
}

function namesMatch(own: string, other: string): boolean {
  return other === "" ? own === "" : essentialName(own) === essentialName(other);
}

/**
 * CO-RE access paths: which member, element or value of a type a relocation speaks of, in the object's types and in the target's.
 *
 * A path is written as numbers, `0:1:2`: member and element indices of the object's own types, beginning with an index of
 * the root as if it were an array. In the target the path is found again by names (libbpf: `bpf_core_parse_spec`,
 * `bpf_core_spec_match`), so members may have moved, gone into anonymous structures, or changed their size.
 *
 * @module
 */
import type { Btf, BtfType } from "../../../ir/btf/btf.ts";
import { essentialName } from "../../../ir/btf/read.ts";
import { MalformedError } from "../../../ir/diagnostic.ts";
import { kindsAreCompatible, typesAreCompatible, typesMatch } from "./compatible.ts";

/** `enum bpf_core_relo_kind`, by number. */
export const RELOCATION_KINDS = [
  "byte_off",
  "byte_sz",
  "field_exists",
  "signed",
  "lshift_u64",
  "rshift_u64",
  "local_type_id",
  "target_type_id",
  "type_exists",
  "type_size",
  "enumval_exists",
  "enumval_value",
  "type_matches",
] as const;

/** What a relocation asks for. */
export type RelocationKind = typeof RELOCATION_KINDS[number];

/** One step of a path: a named member of a structure, or (without name) an element of an array. */
export interface Accessor {
  /** The structure, or the element's type; modifiers already gone. */
  readonly type: number;
  /** Of the member or element. */
  readonly index: number;
  /** The member's; absent for elements. */
  readonly name?: string;
}

/** A path in one BTF. */
export interface Access {
  /** What the ids refer to. */
  readonly btf: Btf;
  /** As the relocation names it, modifiers and typedefs still on. */
  readonly root: number;
  /** What is asked for. */
  readonly kind: RelocationKind;
  /** Named members and elements, the first being an index of the root. */
  readonly accessors: readonly Accessor[];
  /** From the start of the root, in bits, modulo 2^32. */
  readonly bitOffset: number;
}

/** Steps of a path, anonymous members included, as in libbpf. */
const MAX_LENGTH = 64;

/** Members looked at to find one path: a bound for structures that contain each other anonymously again and again. */
const MAX_VISITS = 500_000;

/** Whether the kind speaks of a whole type. */
export function isTypeBased(kind: RelocationKind): boolean {
  return kind.startsWith("type_") || kind.endsWith("_type_id");
}

/** Whether the kind speaks of a value of an enumeration. */
export function isValueBased(kind: RelocationKind): boolean {
  return kind.startsWith("enumval_");
}

/** Size in bytes. @throws {MalformedError} If the type has none. */
export function sizeOfType(btf: Btf, id: number): number {
  try {
    return btf.sizeOf(id);
  } catch (error) {
    if (error instanceof RangeError) throw new MalformedError(error.message, "BTF");
    throw error;
  }
}

/**
 * The path in the object's own types.
 *
 * @throws {MalformedError} If the text is no path, or leads out of a type.
 */
export function localAccess(
  btf: Btf,
  relocation: { root: number; kind: RelocationKind; path: string },
): Access {
  const { root, kind, path } = relocation;
  const wrong = (why: string) =>
    new MalformedError(`CO-RE path "${path}" of type ${root} ${why}`, "section .BTF.ext");
  if (!/^\d+(:\d+)*$/.test(path)) throw wrong("is not a list of numbers");
  const indices = path.split(":").map(Number);
  if (indices.length > MAX_LENGTH) throw wrong("is too long");
  if (isTypeBased(kind)) {
    if (path !== "0") throw wrong("of a type-based relocation is not 0");
    return { btf, root, kind, accessors: [], bitOffset: 0 };
  }
  let id = btf.resolve(root);
  const first = indices[0];
  const rootType = btf.type(id);
  if (isValueBased(kind)) {
    const values = rootType.kind === "enum" || rootType.kind === "enum64" ? rootType.values : [];
    if (indices.length > 1 || first >= values.length) throw wrong("is no value of an enumeration");
    return {
      btf,
      root,
      kind,
      accessors: [{ type: id, index: first, name: values[first].name }],
      bitOffset: 0,
    };
  }
  const accessors: Accessor[] = [{ type: id, index: first }];
  let bitOffset = first * sizeOfType(btf, id) * 8;
  for (const index of indices.slice(1)) {
    id = btf.resolve(id);
    const type = btf.type(id);
    if (type.kind === "struct" || type.kind === "union") {
      const member = type.members[index];
      if (member === undefined) throw wrong(`asks ${type.kind} "${type.name}" for member ${index}`);
      bitOffset += member.bitOffset;
      if (member.name !== "") accessors.push({ type: id, index, name: member.name });
      id = member.type;
    } else if (type.kind === "array") {
      if (index >= type.count && !isFlexible(btf, accessors.at(-1)!, type)) {
        throw wrong(`asks an array for element ${index}`);
      }
      id = btf.resolve(type.type);
      accessors.push({ type: id, index });
      bitOffset += index * sizeOfType(btf, id) * 8;
    } else {
      throw wrong(`leads into type ${id} (${type.kind})`);
    }
  }
  return { btf, root, kind, accessors, bitOffset: bitOffset >>> 0 };
}

/** An array of no elements that ends its structure may be indexed at will. */
function isFlexible(btf: Btf, accessor: Accessor, array: BtfType & { kind: "array" }): boolean {
  if (accessor.name === undefined || array.count > 0) return false;
  const type = btf.type(accessor.type);
  return (type.kind === "struct" || type.kind === "union") && accessor.index === type.members.length - 1;
}

/**
 * The same path in a candidate type of the target; undefined if it has none.
 *
 * @throws {MalformedError} If types are nested without end.
 */
export function targetAccess(local: Access, btf: Btf, root: number): Access | undefined {
  const { kind } = local;
  if (isTypeBased(kind)) {
    const same = kind === "type_matches" ? typesMatch : typesAreCompatible;
    return same(local.btf, local.root, btf, root)
      ? { btf, root, kind, accessors: [], bitOffset: 0 }
      : undefined;
  }
  if (isValueBased(kind)) {
    const type = btf.resolve(root);
    const enumeration = btf.type(type);
    if (enumeration.kind !== "enum" && enumeration.kind !== "enum64") return undefined;
    const wanted = essentialName(local.accessors[0].name!);
    const index = enumeration.values.findIndex((value) => essentialName(value.name) === wanted);
    if (index < 0) return undefined;
    return {
      btf,
      root,
      kind,
      accessors: [{ type, index, name: enumeration.values[index].name }],
      bitOffset: 0,
    };
  }
  const search: Search = { local: local.btf, target: btf, visits: 0 };
  const accessors: Accessor[] = [];
  let id = root, bitOffset = 0;
  for (const [i, own] of local.accessors.entries()) {
    id = btf.resolve(id);
    if (own.name !== undefined) {
      const found = findMember(search, own, { id, depth: 0 });
      if (found === undefined) return undefined;
      accessors.push(found.accessor);
      bitOffset += found.bitOffset;
      id = found.next;
      continue;
    }
    // The first index is into an array of roots, so `id` is the element already; later ones need an array here too.
    if (i > 0) {
      const array = btf.type(id);
      if (array.kind !== "array") return undefined;
      if (own.index >= array.count && !isFlexible(btf, accessors.at(-1)!, array)) return undefined;
      id = btf.resolve(array.type);
    }
    accessors.push({ type: id, index: own.index });
    bitOffset += own.index * sizeOfType(btf, id) * 8;
  }
  return { btf, root, kind, accessors, bitOffset: bitOffset >>> 0 };
}

interface Search {
  readonly local: Btf;
  readonly target: Btf;
  visits: number;
}

interface FoundMember {
  readonly accessor: Accessor;
  /** From the start of the structure the search began in. */
  readonly bitOffset: number;
  /** The member's type. */
  readonly next: number;
}

/** The member with the local member's name and a compatible type, through anonymous structures, in order. */
function findMember(
  search: Search,
  own: Accessor,
  at: { id: number; depth: number },
): FoundMember | undefined {
  if (at.depth > MAX_LENGTH) throw new MalformedError("Anonymous members are nested too deeply", "BTF");
  const id = search.target.resolve(at.id);
  const type = search.target.type(id);
  if (type.kind !== "struct" && type.kind !== "union") return undefined;
  for (const [index, member] of type.members.entries()) {
    if (++search.visits > MAX_VISITS) {
      throw new MalformedError("Anonymous members are nested without end", "BTF");
    }
    if (member.name === "") {
      const inner = findMember(search, own, { id: member.type, depth: at.depth + 1 });
      if (inner !== undefined) return { ...inner, bitOffset: member.bitOffset + inner.bitOffset };
    } else if (member.name === own.name) {
      const ownType = search.local.type(own.type);
      if (ownType.kind !== "struct" && ownType.kind !== "union") return undefined;
      const fits = fieldsAreCompatible(search, ownType.members[own.index].type, member.type);
      return fits
        ? { accessor: { type: id, index, name: member.name }, bitOffset: member.bitOffset, next: member.type }
        : undefined;
    }
  }
  return undefined;
}

/** Whether a member may be read as the other: structures and pointers always, integers of any size, enumerations by name. */
function fieldsAreCompatible(search: Search, localId: number, targetId: number): boolean {
  for (let depth = 0; depth < MAX_LENGTH; depth++) {
    const a = search.local.type(search.local.resolve(localId));
    const b = search.target.type(search.target.resolve(targetId));
    if ((a.kind === "struct" || a.kind === "union") && (b.kind === "struct" || b.kind === "union")) {
      return true;
    }
    if (!kindsAreCompatible(a, b)) return false;
    if (a.kind === "array" && b.kind === "array") {
      localId = a.type;
      targetId = b.type;
      continue;
    }
    if (a.kind === "ptr" || a.kind === "float") return true;
    if (a.kind === "int" && b.kind === "int") return a.bitOffset === 0 && b.bitOffset === 0;
    if ((a.kind === "fwd" || a.kind === "enum" || a.kind === "enum64") && "name" in b) {
      const own = essentialName(a.name), other = essentialName(b.name);
      return own === "" || other === "" || own === other;
    }
    return false;
  }
  throw new MalformedError("Arrays are nested without end", "BTF");
}

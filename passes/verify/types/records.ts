/**
 * The fields of map values and allocated objects that are more than bytes, as the program's BTF declares them, and what lists and
 * trees hold. Nothing here knows of registers.
 *
 * Mirrors `btf_parse_fields`, `btf_parse_struct_metas` and `btf_parse_graph_root` of Linux 6.18. Objects
 * have a record only if their structure has a special field as a direct member: that is how the kernel looks for them.
 *
 * @module
 */
import type { Btf, BtfMember, BtfType } from "../../../ir/btf/btf.ts";
import { BASE_TYPE_MASK, MEM_ALLOC, NON_OWN_REF, PTR_TO_BTF_ID } from "../states/layout.ts";

/** A field of a map's value or an allocated object that is more than bytes. */
export interface SpecialField {
  /** `bpf_spin_lock`, `bpf_timer`, …, or `kptr_untrusted`, `kptr`, `percpu_kptr`, `uptr`. */
  readonly kind: string;
  /** Bytes from the start of the value. */
  readonly offset: number;
  /** Bytes. */
  readonly size: number;
  /** Of pointers: the type pointed to, in the program's BTF. */
  readonly pointee?: number;
}

/** The structures that make a field special, as `enum btf_field_type` has them. */
const SPECIAL: ReadonlySet<string> = new Set([
  "bpf_spin_lock",
  "bpf_res_spin_lock",
  "bpf_timer",
  "bpf_wq",
  "bpf_task_work",
  "bpf_list_head",
  "bpf_list_node",
  "bpf_rb_root",
  "bpf_rb_node",
  "bpf_refcount",
]);
const KPTR_TAGS: ReadonlySet<string> = new Set(["kptr_untrusted", "kptr", "percpu_kptr", "uptr"]);

/** Fields that allocated objects may have. */
const OF_OBJECTS: ReadonlySet<string> = new Set([
  "bpf_spin_lock",
  "bpf_res_spin_lock",
  "bpf_list_head",
  "bpf_list_node",
  "bpf_rb_root",
  "bpf_rb_node",
  "bpf_refcount",
  "kptr_untrusted",
  "kptr",
  "percpu_kptr",
]);

/** What a list or tree holds. */
export interface Graph {
  /** The structure of its elements, in the program's BTF. */
  readonly typeId: number;
  /** Where in it the node lies, bytes. */
  readonly nodeOffset: number;
}

/** Whether a type is that of pointers to allocated objects (`type_is_ptr_alloc_obj`). */
export function isObject(type: number): boolean {
  return (type & BASE_TYPE_MASK) === PTR_TO_BTF_ID && (type & MEM_ALLOC) !== 0;
}

/** Whether a type is that of references to allocated objects that own nothing (`type_is_non_owning_ref`). */
export function isBorrowed(type: number): boolean {
  return isObject(type) && (type & NON_OWN_REF) !== 0;
}

const known = new WeakMap<Btf, Map<number, readonly SpecialField[]>>();

/** The special fields of a structure of the program's; none if the kernel keeps no record of it. */
export function structFields(btf: Btf, typeId: number): readonly SpecialField[] {
  let structs = known.get(btf);
  if (structs === undefined) known.set(btf, structs = new Map());
  let fields = structs.get(typeId);
  if (fields === undefined) structs.set(typeId, fields = findFields(btf, typeId));
  return fields;
}

/** What is trusted where a record was found sound before. */
const ANYTHING: KeptTypes = { has: () => false, releases: () => true };

function findFields(btf: Btf, typeId: number): readonly SpecialField[] {
  const struct = btf.type(typeId);
  if (struct.kind !== "struct" || !struct.members.some((m) => makesRecord(btf, m.type))) return [];
  return recordOf(btf, typeId, { kinds: OF_OBJECTS, kernel: ANYTHING }) ?? [];
}

/** Whether the kernel has no use for a program's types because of a structure whose special fields it makes no sense of. */
export function isRefused(btf: Btf, kernel: KeptTypes): boolean {
  for (let id = 1; id < btf.count; id++) {
    const struct = btf.type(id);
    if (struct.kind !== "struct" || !struct.members.some((m) => makesRecord(btf, m.type))) continue;
    const record = recordOf(btf, id, { kinds: OF_OBJECTS, kernel });
    if (record === undefined || record.length === 0 || ownsOwners(btf, id, record)) return true;
  }
  return false;
}

/** Whether a structure that can be an element holds such as hold others in their turn: a circle could come of it. */
export function ownsOwners(btf: Btf, typeId: number, record: readonly SpecialField[]): boolean {
  const isRoot = (field: SpecialField): boolean =>
    field.kind === "bpf_list_head" || field.kind === "bpf_rb_root";
  if (!record.some((field) => field.kind === "bpf_list_node" || field.kind === "bpf_rb_node")) return false;
  return record.filter(isRoot).some((root) => {
    const element = graphOf(btf, typeId, root.offset);
    return element !== undefined && structFields(btf, element.typeId).some(isRoot);
  });
}

function makesRecord(btf: Btf, id: number): boolean {
  const type = btf.type(id);
  if (type.kind === "struct") return SPECIAL.has(type.name) && OF_OBJECTS.has(type.name);
  const pointer = keptPointer(btf, type, OF_OBJECTS);
  return pointer !== undefined && pointer !== "wrong";
}

const knownGraphs = new WeakMap<Btf, Map<number, Graph | undefined>>();

/** What the list or tree at `offset` of a value of type `typeId` holds; undefined if its declaration does not say so rightly. */
export function graphOf(btf: Btf, typeId: number, offset: number): Graph | undefined {
  let graphs = knownGraphs.get(btf);
  if (graphs === undefined) knownGraphs.set(btf, graphs = new Map());
  const key = typeId * 0x100000000 + offset;
  let graph = graphs.get(key);
  if (graph === undefined && !graphs.has(key)) graphs.set(key, graph = findGraph(btf, typeId, offset));
  return graph;
}

function findGraph(btf: Btf, typeId: number, offset: number): Graph | undefined {
  const found = declarationAt(btf, btf.resolve(typeId), offset);
  if (found === undefined) return undefined;
  const tags = found.tags.filter((tag) => tag.startsWith("contains:"));
  if (tags.length !== 1) return undefined;
  const [, struct, ...rest] = tags[0].split(":"), name = rest.join(":");
  const element = btf.find(struct, "struct"), type = btf.type(element);
  if (type.kind !== "struct") return undefined;
  const members = type.members.filter((m) => m.name === name);
  if (members.length !== 1) return undefined;
  const node = btf.type(members[0].type),
    wanted = found.root === "bpf_list_head" ? "bpf_list_node" : "bpf_rb_node";
  const at = members[0].bitOffset;
  if (node.kind !== "struct" || node.name !== wanted || at % 64 !== 0) return undefined;
  return { typeId: element, nodeOffset: at / 8 };
}

/** The root at an offset of a type, with the tags of the member or variable that is it, or that it is an element of. */
function declarationAt(
  btf: Btf,
  typeId: number,
  offset: number,
): { readonly root: string; readonly tags: readonly string[] } | undefined {
  let id = typeId, off = offset, tags: readonly string[] = [];
  for (;;) {
    const type = btf.type(id);
    if (type.kind === "struct") {
      if (SPECIAL.has(type.name)) return off === 0 ? { root: type.name, tags } : undefined;
      const i = type.members.findIndex((m) => m.bitSize === 0 && holds(btf, m.type, m.bitOffset / 8, off));
      if (i < 0) return undefined;
      tags = btf.tags(id, i);
      off -= type.members[i].bitOffset / 8;
      id = btf.resolve(type.members[i].type);
    } else if (type.kind === "datasec") {
      const variable = type.vars.find((v) => off >= v.offset && off < v.offset + v.size);
      const declared = variable === undefined ? undefined : btf.type(variable.type);
      if (variable === undefined || declared?.kind !== "var") return undefined;
      tags = btf.tags(variable.type, -1);
      off -= variable.offset;
      id = btf.resolve(declared.type);
    } else if (type.kind === "array") {
      off %= btf.sizeOf(type.type);
      id = btf.resolve(type.type);
    } else return undefined;
  }
}

function holds(btf: Btf, id: number, at: number, off: number): boolean {
  return off >= at && off < at + btf.sizeOf(id);
}

/** What the kernel has of structures that pointers are kept to. */
export interface KeptTypes {
  /** Whether the kernel or one of its modules has a structure of this name. */
  has(name: string): boolean;
  /** Whether it knows how to release such a structure that a map owns. */
  releases(name: string): boolean;
}

/** Alignment of fields that is not 8 bytes: elsewhere they are no fields. */
const ALIGN: Readonly<Record<string, number>> = { bpf_spin_lock: 4, bpf_res_spin_lock: 4, bpf_refcount: 4 };
/** Bytes of fields that are structures, as the kernel has them: others of the name are no fields. */
const SIZE: Readonly<Record<string, number>> = {
  bpf_spin_lock: 4,
  bpf_res_spin_lock: 4,
  bpf_timer: 16,
  bpf_wq: 16,
  bpf_task_work: 8,
  bpf_list_head: 16,
  bpf_list_node: 24,
  bpf_rb_root: 16,
  bpf_rb_node: 32,
  bpf_refcount: 4,
};
/** Fields of which a value has one. */
const UNIQUE: ReadonlySet<string> = new Set([
  "bpf_spin_lock",
  "bpf_res_spin_lock",
  "bpf_timer",
  "bpf_wq",
  "bpf_task_work",
]);
/** Fields that arrays may be made of. */
const REPEATED: ReadonlySet<string> = new Set([...KPTR_TAGS, "bpf_list_head", "bpf_rb_root"]);
/** `BTF_FIELDS_MAX` and `MAX_RESOLVE_DEPTH`. */
const MAX_FIELDS = 11, MAX_DEPTH = 32;

/** What is looked for in a value: fields of these kinds, and what the kernel has. */
export interface Wanted {
  readonly kinds: ReadonlySet<string>;
  readonly kernel: KeptTypes;
}

/**
 * The record of a value of type `typeId`: its fields of the wanted kinds, in order; undefined if the kernel makes no sense of them.
 * Mirrors `btf_parse_fields`.
 */
export function recordOf(btf: Btf, typeId: number, wanted: Wanted): readonly SpecialField[] | undefined {
  const search = { btf, ...wanted, seen: new Set<string>(), found: [] as SpecialField[] };
  const type = btf.type(typeId);
  if (type.kind === "struct") {
    if (!searchStruct(search, type, { off: 0, depth: 0 })) return undefined;
  } else if (type.kind === "datasec") {
    for (const { type: id, offset, size } of type.vars) {
      const variable = btf.type(id);
      if (variable.kind !== "var") return undefined;
      if (!searchOne(search, variable.type, { off: offset, size, depth: 0 })) return undefined;
    }
  }
  return isSound(search, typeId) ? search.found : undefined;
}

interface Search extends Wanted {
  readonly btf: Btf;
  readonly seen: Set<string>;
  readonly found: SpecialField[];
}

function searchStruct(
  search: Search,
  type: { readonly members: readonly BtfMember[] },
  at: { readonly off: number; readonly depth: number },
): boolean {
  if (at.depth >= MAX_DEPTH) return false;
  return type.members.every((member) =>
    member.bitOffset % 8 === 0 &&
    searchOne(search, member.type, { off: at.off + member.bitOffset / 8, size: 0, depth: at.depth })
  );
}

/** Looks at a member or variable; `size` is what it must have, 0 for anything. False if the kernel gives up. */
function searchOne(
  search: Search,
  id: number,
  at: { readonly off: number; readonly size: number; readonly depth: number },
): boolean {
  const { btf, kinds, seen, found } = search;
  let type = btf.type(id), count = 1;
  while (type.kind === "array") {
    count *= type.count;
    id = type.type;
    type = btf.type(id);
  }
  if (count === 0) return true;
  const name = "name" in type ? type.name : "", first = found.length;
  let size = SIZE[name] ?? 0, field: SpecialField | undefined;
  if (kinds.has(name)) {
    if (UNIQUE.has(name)) {
      if (seen.has(name)) return false;
      seen.add(name);
    }
    const is = type.kind === "struct" && type.size === size;
    if (is) field = { kind: name, offset: at.off, size };
  } else if (type.kind === "struct") {
    if (at.size !== 0 && at.size !== type.size * count) return true;
    size = type.size;
    if (!searchStruct(search, type, { off: at.off, depth: at.depth + 1 })) return false;
    if (found.length === first) return true;
  } else {
    const pointer = keptPointer(btf, type, kinds);
    if (pointer === "wrong") return false;
    size = 8;
    if (pointer !== undefined) field = { ...pointer, offset: at.off, size: 8 };
  }
  if (field !== undefined) {
    if (at.size !== 0 && at.size !== size * count) return true;
    if (at.off % (ALIGN[name] ?? 8) !== 0) return true;
    found.push(field);
  }
  if (found.length === first) return true;
  const made = found.slice(first);
  if (count > 1 && !made.every((f) => REPEATED.has(f.kind))) return false;
  if (first + made.length * count > MAX_FIELDS) return false;
  for (let i = 1; i < count; i++) for (const f of made) found.push({ ...f, offset: f.offset + i * size });
  return true;
}

/** What kind of pointer is kept, and to what; undefined if it is a pointer like any other, `wrong` if it cannot be kept. */
function keptPointer(
  btf: Btf,
  type: BtfType,
  kinds: ReadonlySet<string>,
): { readonly kind: string; readonly pointee: number } | "wrong" | undefined {
  if (!kinds.has("kptr")) return undefined;
  const pointer = type.kind === "volatile" ? btf.type(type.type) : type;
  if (pointer.kind !== "ptr") return undefined;
  const tag = btf.type(pointer.type);
  if (tag.kind !== "type_tag" || tag.attribute) return undefined;
  if (btf.type(tag.type).kind === "type_tag" || !KPTR_TAGS.has(tag.name)) return "wrong";
  if (!kinds.has(tag.name)) return undefined;
  const pointee = btf.resolve(tag.type);
  return btf.type(pointee).kind === "struct" ? { kind: tag.name, pointee } : "wrong";
}

/** Whether the fields go together: none overlap, roots have a lock and say what they hold, what maps own can be released. */
function isSound(search: Search, typeId: number): boolean {
  const { btf, kernel, found } = search, has = (kind: string): boolean => found.some((f) => f.kind === kind);
  let end = 0;
  for (const field of found) {
    if (field.offset < end) return false;
    end = field.offset + field.size;
    if (field.kind !== "kptr") continue;
    const name = btf.name(field.pointee!);
    if (kernel.has(name) && !kernel.releases(name)) return false;
  }
  if (has("bpf_spin_lock") && has("bpf_res_spin_lock")) return false;
  const roots = found.filter((field) => field.kind === "bpf_list_head" || field.kind === "bpf_rb_root");
  if (roots.length > 0 && !has("bpf_spin_lock") && !has("bpf_res_spin_lock")) return false;
  if (has("bpf_list_node") && has("bpf_rb_node") && !has("bpf_refcount")) return false;
  return roots.every((root) => graphOf(btf, typeId, root.offset) !== undefined);
}

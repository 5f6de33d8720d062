/**
 * The fields of map values and allocated objects that are more than bytes, as the program's BTF declares them, and what lists and
 * trees hold. Nothing here knows of registers.
 *
 * Mirrors `btf_parse_fields`, `btf_parse_struct_metas` and `btf_parse_graph_root` of Linux 6.18. Objects
 * have a record only if their structure has a special field as a direct member: that is how the kernel looks for them.
 *
 * @module
 */
import type { Btf, BtfType } from "../../ir/btf/btf.ts";
import { BASE_TYPE_MASK, MEM_ALLOC, NON_OWN_REF, PTR_TO_BTF_ID } from "./layout.ts";

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

function findFields(btf: Btf, typeId: number): readonly SpecialField[] {
  const struct = btf.type(typeId);
  if (struct.kind !== "struct" || !struct.members.some((m) => makesRecord(btf, m.type))) return [];
  const found: SpecialField[] = [];
  collectFields(btf, typeId, 0, found);
  return found.filter((field) => OF_OBJECTS.has(field.kind));
}

function makesRecord(btf: Btf, id: number): boolean {
  const type = btf.type(id);
  if (type.kind === "struct") return SPECIAL.has(type.name) && OF_OBJECTS.has(type.name);
  if (type.kind !== "ptr") return false;
  const target = btf.type(type.type);
  return target.kind === "type_tag" && OF_OBJECTS.has(target.name);
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

/** Whether the kernel takes these fields of a value: roots say what they hold and have a lock, nodes of two kinds have a count. */
export function isValidRecord(btf: Btf, typeId: number, fields: readonly SpecialField[]): boolean {
  const has = (kind: string): boolean => fields.some((field) => field.kind === kind);
  const roots = fields.filter((field) => field.kind === "bpf_list_head" || field.kind === "bpf_rb_root");
  if (roots.length > 0 && !has("bpf_spin_lock") && !has("bpf_res_spin_lock")) return false;
  if (has("bpf_list_node") && has("bpf_rb_node") && !has("bpf_refcount")) return false;
  return roots.every((root) => graphOf(btf, typeId, root.offset) !== undefined);
}

/** Finds the special fields of a type that begins at `offset`. */
export function collectFields(btf: Btf, id: number, offset: number, out: SpecialField[]): void {
  const real = btf.resolve(id);
  const type: BtfType = btf.type(real);
  switch (type.kind) {
    case "struct":
      if (SPECIAL.has(type.name)) {
        out.push({ kind: type.name, offset, size: type.size });
        return;
      }
      for (const m of type.members) {
        if (m.bitSize === 0) collectFields(btf, m.type, offset + m.bitOffset / 8, out);
      }
      return;
    case "datasec":
      for (const v of type.vars) {
        const variable = btf.type(v.type);
        if (variable.kind === "var") collectFields(btf, variable.type, offset + v.offset, out);
      }
      return;
    case "array": {
      const element = btf.sizeOf(type.type), before = out.length;
      for (let i = 0; i < type.count; i++) {
        collectFields(btf, type.type, offset + i * element, out);
        if (i === 0 && out.length === before) return;
      }
      return;
    }
    case "ptr": {
      const target = btf.type(type.type);
      if (target.kind === "type_tag" && KPTR_TAGS.has(target.name)) {
        out.push({ kind: target.name, offset, size: 8, pointee: btf.resolve(target.type) });
      }
      return;
    }
    default:
      return;
  }
}

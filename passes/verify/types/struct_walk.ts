/**
 * What lies at an offset in a kernel structure: numbers, pointers to structures, pointers to anything else. Walks members, nested
 * structures, arrays, unions, bit fields and flexible arrays as BTF describes them.
 *
 * Mirrors `btf_struct_access`, `btf_struct_walk` and `btf_struct_ids_match` of Linux 6.18's `kernel/bpf/btf.c`. Whether the
 * result may be trusted is decided in `kernel_ptr.ts`.
 *
 * @module
 */
import type { Btf, BtfMember, BtfType } from "../../../ir/btf/btf.ts";
import { EACCES, EFAULT, EINVAL, type Env } from "../env.ts";
import {
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_USER,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_UNTRUSTED,
  SCALAR_VALUE,
} from "../states/layout.ts";

/** An access to a structure; offset and size in bytes. */
export interface StructAccess {
  readonly typeId: number;
  readonly off: number;
  readonly size: number;
  /** The object is the program's own (`MEM_ALLOC`): no flexible arrays, and pointers to structures in it are numbers. */
  readonly own: boolean;
}

/** What an access finds. */
export interface Found {
  /** `SCALAR_VALUE`, `PTR_TO_BTF_ID`, or `PTR_TO_MEM` of unknown size. */
  readonly base: number;
  /** Of `PTR_TO_BTF_ID`: the structure pointed to; else 0. */
  readonly typeId: number;
  /** `MEM_RCU`, `PTR_UNTRUSTED` and their kin, as the walk came by them. */
  readonly flags: number;
  /** The member with the pointer; empty for numbers. */
  readonly field: string;
}

interface Struct {
  readonly name: string;
  readonly size: number;
  readonly union: boolean;
  readonly members: readonly Member[];
}

/** A member, with what the walk asks of its type. */
interface Member {
  readonly name: string;
  /** Bytes from the structure's start. */
  readonly off: number;
  /** First bit behind a bit field; 0 for other members. */
  readonly endBit: number;
  /** Bytes; -1 if the type has none. */
  readonly size: number;
  /** Elements of all dimensions; -1 if it is no array. */
  readonly count: number;
  /** The type without modifiers; of arrays the element's. */
  readonly type: BtfType;
  /** The id a nested structure is known by, as the kernel names it. */
  readonly typeId: number;
}

const NUMBER: Found = { base: SCALAR_VALUE, typeId: 0, flags: 0, field: "" };
const structs = new WeakMap<Btf, Map<number, Struct | undefined>>();
const accesses = new WeakMap<Btf, Map<number, Found>>();

function isStruct(type: BtfType): type is BtfType & { kind: "struct" | "union" } {
  return type.kind === "struct" || type.kind === "union";
}

/** A structure or union by id; undefined for other types. */
function structOf(btf: Btf, id: number): Struct | undefined {
  let known = structs.get(btf);
  if (known === undefined) structs.set(btf, known = new Map());
  if (known.has(id)) return known.get(id);
  const type = btf.type(btf.resolve(id));
  const struct = !isStruct(type) ? undefined : {
    name: type.name === "" ? "(anon)" : type.name,
    size: type.size,
    union: type.kind === "union",
    members: type.members.map((m) => memberOf(btf, m)),
  };
  known.set(id, struct);
  return struct;
}

function memberOf(btf: Btf, member: BtfMember): Member {
  const off = Math.floor(member.bitOffset / 8);
  const endBit = member.bitSize === 0 ? 0 : member.bitOffset + member.bitSize;
  let id = member.type, type = btf.type(id), count = -1, typeId = id;
  for (;;) {
    if (type.kind === "array") {
      count = Math.abs(count) * type.count;
      id = typeId = type.type;
    } else if (isModifier(type)) id = type.type;
    else break;
    type = btf.type(id);
  }
  if (count < 0) typeId = id;
  let size = -1;
  try {
    size = btf.sizeOf(id) * Math.abs(count);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return { name: member.name === "" ? "(anon)" : member.name, off, endBit, size, count, type, typeId };
}

function isModifier(
  type: BtfType,
): type is BtfType & { kind: "typedef" | "volatile" | "const" | "restrict" | "type_tag" } {
  switch (type.kind) {
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "type_tag":
      return true;
    default:
      return false;
  }
}

/** What an access finds, or `-errno` with its message. */
export function structAccess(env: Env, btf: Btf, access: StructAccess): Found | number {
  const key = ((access.typeId * 65536 + (access.off & 0xffff)) * 16 + access.size) * 2 + (access.own ? 1 : 0);
  const small = access.off < 65536 && access.size <= 8;
  let known = accesses.get(btf);
  if (known === undefined) accesses.set(btf, known = new Map());
  const before = small ? known.get(key) : undefined;
  if (before !== undefined) return before;
  let { typeId, off } = access, flags = 0;
  for (;;) {
    const step = walk(env, btf, { ...access, typeId, off }, flags);
    if (typeof step === "number") return step;
    flags = step.flags;
    if (step.base === INNER) {
      typeId = step.typeId;
      off = 0;
      continue;
    }
    const found = step.base === SCALAR_VALUE
      ? NUMBER
      : step.base === PTR_TO_MEM
      ? { base: PTR_TO_MEM, typeId: 0, flags: MEM_RDONLY | PTR_UNTRUSTED, field: "" }
      : access.own
      ? NUMBER
      : step;
    if (small) known.set(key, found);
    return found;
  }
}

/** Not a base type: the access is to the beginning of a nested structure. */
const INNER = -1;

/** One look into a structure: what is found, a nested structure that begins there ({@linkcode INNER}), or `-errno`. */
function walk(env: Env, btf: Btf, access: StructAccess, flags: number): Found | number {
  const { size, own } = access;
  let { typeId, off } = access;
  for (;;) {
    const struct = structOf(btf, typeId);
    if (struct === undefined) {
      return env.fail(EINVAL, "struct-access", `Type '${btf.name(btf.resolve(typeId))}' is not a struct`);
    }
    // Which member of a union is there nobody knows.
    if (struct.union && struct.members.length !== 1) flags |= PTR_UNTRUSTED;
    if (off + size > struct.size) {
      const inner = own ? undefined : flexibleElement(btf, struct, off);
      if (inner === undefined) {
        return env.fail(
          EACCES,
          "struct-access",
          `access beyond struct ${struct.name} at off ${off} size ${size}`,
        );
      }
      if (inner.typeId === 0) return { ...NUMBER, flags };
      ({ typeId, off } = inner);
      continue;
    }
    const member = memberAt(struct, off, size);
    if (member === undefined) {
      return env.fail(EINVAL, "struct-access", `struct ${struct.name} doesn't have field at offset ${off}`);
    }
    if (member.endBit !== 0) return { ...NUMBER, flags };
    if (member.size < 0) return env.fail(EFAULT, "struct-access", `field ${member.name} doesn't have size`);
    const end = member.off + member.size, one = member.count < 0 ? member.size : member.size / member.count;
    const start = member.count < 0 ? member.off : member.off + Math.floor((off - member.off) / one) * one;
    if (isStruct(member.type)) {
      typeId = member.typeId;
      if (off === start) return { base: INNER, typeId, flags, field: "" };
      off -= start;
      continue;
    }
    if (member.type.kind === "ptr") {
      if (one !== size || off !== start) {
        const where =
          `${member.name} with moff ${start} in struct ${struct.name} with off ${off} size ${size}`;
        return env.fail(EACCES, "struct-access", `cannot access ptr member ${where}`);
      }
      return pointer(btf, member.type.type, { flags, field: member.name });
    }
    if (off + size > end && (flags & PTR_UNTRUSTED) === 0) {
      const where = `${member.name} (mend:${end}) in struct ${struct.name} with off ${off} size ${size}`;
      return env.fail(EACCES, "struct-access", `access beyond the end of member ${where}`);
    }
    return { ...NUMBER, flags };
  }
}

/** The member that an access within the structure touches first, as far as it can be accessed at all. */
function memberAt(struct: Struct, off: number, size: number): Member | undefined {
  for (const member of struct.members) {
    if (off + size <= member.off) return undefined;
    if (member.endBit !== 0) {
      if (off <= member.off && Math.ceil(member.endBit / 8) <= off + size) return member;
      continue;
    }
    if (off < member.off) return undefined;
    if (member.size < 0) return member;
    if (off >= member.off + member.size) continue;
    return member;
  }
  return undefined;
}

/** Where an access beyond a structure's size lands in its flexible array: a structure, a number (id 0), or nowhere. */
function flexibleElement(btf: Btf, struct: Struct, off: number): { typeId: number; off: number } | undefined {
  const last = struct.members.at(-1);
  if (last === undefined || last.count !== 0 || off < last.off) return undefined;
  const type = btf.type(btf.resolve(last.typeId));
  if (type.kind === "int") return { typeId: 0, off: 0 };
  if (!isStruct(type) || type.size === 0) return undefined;
  return { typeId: last.typeId, off: (off - last.off) % type.size };
}

function pointer(btf: Btf, target: number, member: { flags: number; field: string }): Found {
  const tag = btf.type(target), id = btf.resolve(target);
  if (!isStruct(btf.type(id))) {
    return { base: PTR_TO_MEM, typeId: 0, flags: member.flags, field: member.field };
  }
  let { flags } = member;
  if (tag.kind === "type_tag") {
    if (tag.name === "user") flags |= MEM_USER;
    else if (tag.name === "percpu") flags |= MEM_PERCPU;
    else if (tag.name === "rcu") flags |= MEM_RCU;
  }
  return { base: PTR_TO_BTF_ID, typeId: id, flags, field: member.field };
}

/** A structure type of a BTF. */
export interface TypeRef {
  readonly btf: Btf;
  readonly typeId: number;
}

/**
 * Whether what lies `off` bytes into `has` is a `needs`: the type itself, or (unless `strict`) one nested at that place. A
 * mismatch is no failure, but may leave a message about the walk in the log.
 */
export function structMatches(
  env: Env,
  has: TypeRef & { readonly off: number },
  needs: TypeRef & { readonly strict: boolean; readonly own: boolean },
): boolean {
  let { typeId, off } = has;
  // What modules take over from the kernel has the kernel's numbers.
  const kernels = env.targetBtf === undefined || has.btf === env.btf || needs.btf === env.btf
    ? 0
    : env.targetBtf.count;
  const same = (): boolean => typeId === needs.typeId && (has.btf === needs.btf || typeId < kernels);
  if (off === 0 && same()) return true;
  if (needs.strict) return false;
  for (;;) {
    const step = walk(env, has.btf, { typeId, off, size: 1, own: needs.own }, 0);
    if (typeof step === "number" || step.base !== INNER) return false;
    typeId = step.typeId;
    if (same()) return true;
    off = 0;
  }
}

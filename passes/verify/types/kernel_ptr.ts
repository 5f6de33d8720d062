/**
 * Loads and stores through pointers to kernel structures, and how far what they load may be trusted in turn.
 *
 * Mirrors `check_ptr_to_btf_access`, `check_ptr_to_map_access` and `btf_nested_type_is_trusted` of Linux 6.18. Which fields keep
 * their structure's trust is read off the kernel's own BTF, where it lists them in structures named `X__safe_rcu` and the like.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import { W } from "../states/arena.ts";
import {
  collectRegs,
  EACCES,
  EFAULT,
  EINVAL,
  type Env,
  frameAt,
  slotByte,
  slotTypesAt,
  spillAt,
} from "../env.ts";
import { isGplCompatible } from "../calls/gpl.ts";
import { checkKernelWrite } from "./kernel_write.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_BITS,
  BASE_TYPE_MASK,
  CONST_PTR_TO_MAP,
  F_NSLOTS,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  FRAMENO,
  ID,
  MAX_FRAMES,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_USER,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  STACK_ITER,
  TMASK,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { mapOf } from "../memory/map_pointer.ts";
import { tnumText } from "../numbers/number_text.ts";
import { checkPlainBytes } from "../objects/record_access.ts";
import { isConst, markKnown, markRange32, markUnknown } from "../numbers/scalar.ts";
import { type Found, structAccess } from "./struct_walk.ts";

/** `AUX2` of a pointer to a structure of the kernel's BTF; positive numbers are 1 + the index of a module. */
export const KERNEL_BTF = 0;
/** `AUX2` of a pointer to a structure of the program's own BTF. */
export const PROGRAM_BTF = -1;

const TRUSTED_FLAGS = MEM_ALLOC | PTR_TRUSTED | NON_OWN_REF;
/** Sockets and maps are also kernel structures, by another name; such pointers are trusted. */
const STANDS_FOR_STRUCT = 1 << PTR_TO_SOCKET | 1 << PTR_TO_SOCK_COMMON | 1 << PTR_TO_TCP_SOCK |
  1 << CONST_PTR_TO_MAP;

/** The BTF that a pointer's type id belongs to. */
export function btfOf(env: Env, aux2: number): Btf {
  const btf = env.btfAt(aux2);
  if (btf === undefined) return env.unsupported("kernel structures without the kernel's BTF");
  return btf;
}

/** Whether the flags of a type besides its base go beyond those of trusted pointers. */
export function hasUnsafeModifiers(type: number): boolean {
  return (type >>> BASE_TYPE_BITS << BASE_TYPE_BITS & ~TRUSTED_FLAGS) !== 0;
}

/** Whether the pointer at `o` is certain to be valid (`is_trusted_reg`). */
export function isTrusted(o: number): boolean {
  if (W[o + REF_ID] !== 0) return true;
  const type = W[o + TYPE];
  if ((STANDS_FOR_STRUCT & 1 << (type & BASE_TYPE_MASK)) !== 0 && !hasUnsafeModifiers(type)) return true;
  return (type & TRUSTED_FLAGS) !== 0 && !hasUnsafeModifiers(type);
}

/** Whether the path is in an RCU read section; programs that cannot sleep always are. */
export function inRcuSection(env: Env): boolean {
  return env.rcuLocks !== 0 || env.activeLocks !== 0 || !env.sleepable;
}

/** A type of pointer to a kernel structure. */
export interface KernelType {
  readonly base: number;
  readonly flags: number;
  readonly typeId: number;
  /** {@linkcode KERNEL_BTF}, a module, or {@linkcode PROGRAM_BTF}. */
  readonly btf: number;
  /** The reference that stands for it; none if absent. */
  readonly ref?: number;
  /** Of numbers: what is known, 32 bits, both ends included. */
  readonly range?: { readonly min: number; readonly max: number };
}

/** Gives the register at `o` what a load found (`mark_btf_ld_reg`). */
export function setKernelPointer(env: Env, o: number, type: KernelType): void {
  if (type.base === SCALAR_VALUE) {
    if (type.range === undefined) markUnknown(o);
    else markRange32(o, type.range.min, type.range.max);
    return;
  }
  markKnown(o, 0, 0);
  W[o + TYPE] = type.base | type.flags;
  W[o + FRAMENO] = 0;
  if (type.base === PTR_TO_MEM) return;
  W[o + AUX1] = type.typeId;
  // What modules take over from the kernel is the kernel's.
  W[o + AUX2] = type.btf > KERNEL_BTF && type.typeId < env.targetBtf!.count ? KERNEL_BTF : type.btf;
  if ((type.flags & PTR_MAYBE_NULL) !== 0) W[o + ID] = env.newId();
  if (type.ref !== undefined) W[o + REF_ID] = type.ref;
}

const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/** At the end of an RCU read section: what it protected may be gone. */
export function endRcuSection(env: Env): void {
  const n = collectRegs(env, all);
  for (let i = 0; i < n; i++) loseRcu(all[i]);
  for (let f = 0; f <= env.curframe; f++) {
    const frame = frameAt(f);
    for (let s = 0; s < W[frame + F_NSLOTS]; s++) {
      if (slotByte(W[slotTypesAt(frame, s)], 7) === STACK_ITER) loseRcu(spillAt(frame, s));
    }
  }
}

function loseRcu(o: number): void {
  if ((W[o + TYPE] & MEM_RCU) === 0) return;
  W[o + VID] = 0;
  W[o + TYPE] = W[o + TYPE] & ~(MEM_RCU | PTR_MAYBE_NULL) | PTR_UNTRUSTED;
}

/** An access through a pointer to a kernel structure. */
export interface KernelAccess {
  /** Bytes, the register's fixed offset included. */
  readonly off: number;
  readonly size: number;
  readonly write: boolean;
  /** The register loaded into; -1 for none. */
  readonly value: number;
}

/** Verifies an access through the `PTR_TO_BTF_ID` in `regno`: 0 or `-errno`. */
export function checkKernelAccess(env: Env, regno: number, access: KernelAccess): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE], typeId = W[o + AUX1];
  const btf = btfOf(env, W[o + AUX2]), { off, size, write } = access;
  if (!isGplCompatible(env.unit.license) && W[o + AUX2] !== PROGRAM_BTF) {
    return env.fail(
      EINVAL,
      "license",
      `Cannot access kernel 'struct ${structName(btf, o)}' from non-GPL compatible program`,
    );
  }
  if (off < 0) {
    return env.fail(
      EACCES,
      "struct-bounds",
      `R${regno} is ptr_${structName(btf, o)} invalid negative access: off=${off}`,
    );
  }
  if (!isConst(o) || (W[o + TVAL] | W[o + TVAL + 1] | W[o + TMASK]) !== 0) {
    const what = `invalid variable offset: off=${off}, var_off=${tnumText(o + TVAL)}`;
    return env.fail(EACCES, "struct-access", `R${regno} is ptr_${structName(btf, o)} ${what}`);
  }
  const elsewhere = (type & MEM_USER) !== 0 ? "user" : (type & MEM_PERCPU) !== 0 ? "percpu" : "";
  if (elsewhere !== "") {
    return env.fail(
      EACCES,
      "struct-access",
      `R${regno} is ptr_${structName(btf, o)} access ${elsewhere} memory: off=${off}`,
    );
  }
  const own = (type & MEM_ALLOC) !== 0;
  if (write) {
    const allocated = own && (type & PTR_UNTRUSTED) === 0;
    if (!allocated) {
      return own
        ? onlyReads(env)
        : checkKernelWrite(env, { btf, typeId, name: structName(btf, o), off, size });
    }
  }
  if (own) {
    const lasting = W[o + REF_ID] !== 0 || (type & (NON_OWN_REF | MEM_RCU)) !== 0;
    if (!lasting) {
      return env.fail(EFAULT, "kernel-bug", "verifier bug: ref_obj_id for allocated object must be non-zero");
    }
    const bad = checkPlainBytes(env, typeId, access);
    if (bad < 0) return bad;
  }
  const found = structAccess(env, btf, { typeId, off, size, own });
  if (typeof found === "number") return found;
  if (write || access.value < 0) return 0;
  const flags = found.base === PTR_TO_BTF_ID ? loadedFlags(env, o, btf, found) : found.flags;
  setKernelPointer(env, env.regs + access.value * REG_WORDS, {
    base: found.base,
    flags,
    typeId: found.typeId,
    btf: W[o + AUX2],
  });
  return 0;
}

/** The name of the structure that the register at `o` points to. */
function structName(btf: Btf, o: number): string {
  return btf.name(btf.resolve(W[o + AUX1]));
}

function onlyReads(env: Env): number {
  return env.fail(EACCES, "read-only", "only read is supported");
}

/** The flags of a pointer loaded through the one at `o`. */
function loadedFlags(env: Env, o: number, btf: Btf, found: Found): number {
  const type = W[o + TYPE], { flags } = found;
  if ((type & PTR_UNTRUSTED) !== 0) return PTR_UNTRUSTED;
  if (!isTrusted(o) && (type & MEM_RCU) === 0) return flags & ~(TRUSTED_FLAGS | MEM_RCU);
  const lists = listsOf(btf, W[o + AUX1], found);
  if ((lists & LISTED_TRUSTED) !== 0) return flags | PTR_TRUSTED;
  if ((lists & LISTED_TRUSTED_OR_NULL) !== 0) return flags | PTR_TRUSTED | PTR_MAYBE_NULL;
  // A pointer outside of a section may be stale at once.
  if (!inRcuSection(env) || (type & PTR_MAYBE_NULL) !== 0) return PTR_UNTRUSTED;
  if ((lists & LISTED_RCU) !== 0) return flags | MEM_RCU;
  const orNull = (lists & LISTED_RCU_OR_NULL) !== 0;
  if ((flags & MEM_RCU) !== 0 || orNull) {
    return (orNull ? flags & ~PTR_UNTRUSTED : flags) | MEM_RCU | PTR_MAYBE_NULL;
  }
  if ((flags & (MEM_PERCPU | MEM_USER)) !== 0) return flags;
  return flags & ~(TRUSTED_FLAGS | MEM_RCU);
}

/** Lists of fields that keep their structure's trust: valid always, in an RCU section, and the same or null. */
const LISTED_TRUSTED = 1, LISTED_TRUSTED_OR_NULL = 2, LISTED_RCU = 4, LISTED_RCU_OR_NULL = 8;
const SUFFIXES = ["__safe_trusted", "__safe_trusted_or_null", "__safe_rcu", "__safe_rcu_or_null"];

/** By access: the lists its field is on. An access that was seen before is the same object. */
const listed = new WeakMap<Found, number>();

function listsOf(btf: Btf, struct: number, found: Found): number {
  let lists = listed.get(found);
  if (lists === undefined) {
    const parent = btf.resolve(struct);
    lists = SUFFIXES.reduce(
      (bits, suffix, i) => findListed(btf, parent, found, suffix) ? bits | 1 << i : bits,
      0,
    );
    listed.set(found, lists);
  }
  return lists;
}

function findListed(btf: Btf, parent: number, found: Found, suffix: string): boolean {
  const type = btf.type(parent);
  const list = btf.find(btf.name(parent) + suffix, type.kind);
  const fields = list === 0 ? undefined : btf.type(list);
  if (fields === undefined || (fields.kind !== "struct" && fields.kind !== "union")) return false;
  return fields.members.some((member) => {
    const pointer = btf.type(member.type);
    return pointer.kind === "ptr" && btf.resolve(pointer.type) === found.typeId &&
      member.name === found.field;
  });
}

/** By `enum bpf_map_type`: the structure behind a map pointer; absent where programs may not look. */
const MAP_STRUCTS: Readonly<Record<number, string>> = {
  1: "bpf_htab",
  2: "bpf_array",
  3: "bpf_array",
  4: "bpf_array",
  5: "bpf_htab",
  6: "bpf_array",
  7: "bpf_stack_map",
  8: "bpf_array",
  9: "bpf_htab",
  10: "bpf_htab",
  11: "lpm_trie",
  12: "bpf_array",
  13: "bpf_htab",
  14: "bpf_dtab",
  15: "bpf_stab",
  16: "bpf_cpu_map",
  17: "xsk_map",
  18: "bpf_shtab",
  19: "bpf_cgroup_storage_map",
  20: "reuseport_array",
  21: "bpf_cgroup_storage_map",
  22: "bpf_queue_stack",
  23: "bpf_queue_stack",
  24: "bpf_local_storage_map",
  25: "bpf_dtab",
  26: "bpf_struct_ops_map",
  27: "bpf_ringbuf_map",
  28: "bpf_local_storage_map",
  29: "bpf_local_storage_map",
  30: "bpf_bloom_filter",
  31: "bpf_ringbuf_map",
  32: "bpf_local_storage_map",
  33: "bpf_arena",
};

/** Verifies a load of a field of the kernel's own structure of the map in `regno`: 0 or `-errno`. */
export function checkMapPointerAccess(env: Env, regno: number, access: KernelAccess): number {
  const o = env.regs + regno * REG_WORDS, btf = btfOf(env, KERNEL_BTF), { off, size, write } = access;
  const name = MAP_STRUCTS[mapOf(env, W[o + AUX1]).type], typeId = btf.find(name ?? "", "struct");
  if (typeId === 0) return env.unsupported("access to the fields of this type of map");
  if (off < 0) {
    return env.fail(EACCES, "struct-bounds", `R${regno} is ${name} invalid negative access: off=${off}`);
  }
  if (write) return env.fail(EACCES, "read-only", `only read from ${name} is supported`);
  const found = structAccess(env, btf, { typeId, off, size, own: false });
  if (typeof found === "number") return found;
  if (access.value < 0) return 0;
  setKernelPointer(env, env.regs + access.value * REG_WORDS, { ...found, btf: KERNEL_BTF });
  return 0;
}

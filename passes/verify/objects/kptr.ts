/**
 * Pointers to kernel structures and allocated objects kept in map values and in other objects: what a load of one gives, what may be
 * stored in one, and exchanges by `bpf_kptr_xchg`.
 *
 * Mirrors `check_map_kptr_access`, `map_kptr_match_type`, `btf_ld_kptr_type` and `process_kptr_func` of Linux 6.18. A structure that
 * neither the kernel nor one of its modules has is the program's own.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { isNull, relyOnNull } from "../calls/call_memory.ts";
import { collectRegs, EACCES, EINVAL, type Env } from "../env.ts";
import { btfOf, inRcuSection, KERNEL_BTF, PROGRAM_BTF, setKernelPointer } from "../types/kernel_ptr.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_BITS,
  BASE_TYPE_MASK,
  FRAME_REG_COUNT,
  FRAME_SLOTS,
  ID,
  MAX_FRAMES,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  NON_OWN_REF,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REF_ID,
  REG_WORDS,
  TVAL,
  TYPE,
  VID,
} from "../states/layout.ts";
import { fieldsOf, mapOf, specialFields } from "../memory/map_pointer.ts";
import { type SpecialField, structFields } from "../types/records.ts";
import { checkUnmoved } from "../memory/region.ts";
import { dropReference } from "./references.ts";
import { isConst, markUnknown } from "../numbers/scalar.ts";
import { structMatches } from "../types/struct_walk.ts";
import { typeName } from "../log/type_names.ts";

/** Kernel types whose objects stay until a section ends (`rcu_protected_types`). */
const RCU_PROTECTED: ReadonlySet<string> = new Set([
  "prog_test_ref_kfunc",
  "cgroup",
  "bpf_cpumask",
  "task_struct",
  "bpf_crypto_ctx",
]);

/** What makes an object an element of lists or trees. */
const NODES: ReadonlySet<string> = new Set(["bpf_list_node", "bpf_rb_node"]);

/** `BPF_MODE`, and `BPF_MEM` of it. */
const MODE = 0xe0, MEM = 0x60;
/** Classes of instructions that access memory. */
const LDX = 1, ST = 2;

/** A field of a map's value or an object that holds a pointer. */
export interface Kptr {
  readonly field: SpecialField;
  /** The structure pointed to. */
  readonly typeId: number;
  /** Whose BTF has it: `KERNEL_BTF`, a module's, or `PROGRAM_BTF`. */
  readonly btf: number;
}

/** The type that a field points to: the kernel's of that name, else the program's own. */
function kptrOf(env: Env, field: SpecialField): Kptr {
  const pointee = field.pointee ?? 0, name = env.btf!.name(pointee);
  for (let btf = KERNEL_BTF; btf <= (env.unit.modules?.length ?? 0); btf++) {
    const typeId = btfOf(env, btf).find(name, "struct");
    if (typeId !== 0) return { field, typeId, btf };
  }
  return { field, typeId: pointee, btf: PROGRAM_BTF };
}

function isKptr(field: SpecialField): boolean {
  return field.kind === "kptr" || field.kind === "kptr_untrusted" || field.kind === "percpu_kptr";
}

/** The kernel or user pointer at `off` of the map value whose register is at `o`, if one lies exactly there. */
export function pointerFieldAt(env: Env, o: number, off: number): SpecialField | undefined {
  if (!isConst(o)) return undefined;
  const at = off + W[o + TVAL];
  return specialFields(env, W[o + AUX1]).find((f) => f.offset === at && (isKptr(f) || f.kind === "uptr"));
}

/** Verifies the load or store of such a field by the current instruction; `value` is the register loaded or stored, -1 for none. 0 or `-errno`. */
export function checkPointerField(env: Env, field: SpecialField, value: number): number {
  const slot = env.insnIdx, code = env.code[slot], kind = code & 7;
  if ((code & MODE) !== MEM) {
    return env.fail(
      EACCES,
      "kernel-pointer-field",
      "kptr in map can only be accessed using BPF_MEM instruction mode",
    );
  }
  if (kind !== LDX && (field.kind === "kptr" || field.kind === "percpu_kptr")) {
    return env.fail(EACCES, "kernel-pointer-field", "store to referenced kptr disallowed");
  }
  if (kind !== LDX && field.kind === "uptr") {
    return env.fail(EACCES, "kernel-pointer-field", "store to uptr disallowed");
  }
  if (kind === ST) {
    if (env.imm[slot] === 0) return 0;
    return env.fail(
      EACCES,
      "kernel-pointer-field",
      `BPF_ST imm must be 0 when storing to kptr at off=${field.offset}`,
    );
  }
  const v = env.regs + value * REG_WORDS;
  if (kind === LDX) return field.kind === "uptr" ? loadUserPointer(env, v, field) : loadKptr(env, v, field);
  if (isNull(v)) return relyOnNull(env, value);
  return checkFits(env, kptrOf(env, field), value) === 0 ? 0 : -EACCES;
}

function loadKptr(env: Env, v: number, field: SpecialField): number {
  const { typeId, btf } = kptrOf(env, field),
    perCpu = field.kind === "percpu_kptr",
    own = btf === PROGRAM_BTF;
  const lasting = perCpu ||
    (field.kind === "kptr" && (own || RCU_PROTECTED.has(btfOf(env, btf).name(typeId))));
  let flags = PTR_MAYBE_NULL;
  if (!lasting || !inRcuSection(env)) flags |= PTR_UNTRUSTED;
  else {
    flags |= MEM_RCU | (perCpu ? MEM_PERCPU : own ? MEM_ALLOC : 0);
    if (own && structFields(env.btf!, typeId).some((f) => NODES.has(f.kind))) flags |= NON_OWN_REF;
  }
  setKernelPointer(env, v, { base: PTR_TO_BTF_ID, flags, typeId, btf });
  return 0;
}

function loadUserPointer(env: Env, v: number, field: SpecialField): number {
  setKernelPointer(env, v, { base: PTR_TO_MEM, flags: PTR_MAYBE_NULL, typeId: 0, btf: KERNEL_BTF });
  W[v + AUX1] = env.btf!.sizeOf(field.pointee!);
  W[v + ID] = env.newId();
  return 0;
}

/** Whether register `regno` may be kept in a field: 0 or `-errno`. */
export function checkFits(env: Env, kptr: Kptr, regno: number): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE], { kind } = kptr.field;
  const loose = kind === "kptr_untrusted", wantedBtf = btfOf(env, kptr.btf);
  // Beyond the kernel, which takes any object where each CPU's are kept.
  const perCpu = kind === "percpu_kptr" && (type & MEM_PERCPU) === 0 ? MEM_PERCPU : 0;
  let name = "";
  if ((type & BASE_TYPE_MASK) === PTR_TO_BTF_ID) {
    if (
      perCpu === 0 && (type >>> BASE_TYPE_BITS << BASE_TYPE_BITS & ~allowedFlags(kind, W[o + AUX2])) === 0
    ) {
      const btf = btfOf(env, W[o + AUX2]), typeId = btf.resolve(W[o + AUX1]);
      name = btf.name(typeId);
      if (checkUnmoved(env, regno, true) < 0) return -EACCES;
      const fits = structMatches(
        env,
        { btf, typeId, off: W[o + OFF] },
        { btf: wantedBtf, typeId: kptr.typeId, strict: !loose, own: false },
      );
      if (fits) return 0;
    }
  }
  const wanted = wantedBtf.name(kptr.typeId), plain = `${typeName(PTR_TO_BTF_ID | perCpu)}${wanted}`;
  const or = loose ? ` or ${typeName(PTR_TO_BTF_ID | PTR_UNTRUSTED)}${wanted}` : "";
  const has = `R${regno} type=${typeName(type)}${name}`;
  return env.fail(EINVAL, "kernel-pointer-field", `invalid kptr access, ${has} expected=${plain}${or}`);
}

/** The flags that a pointer to a structure of this BTF may have to be kept in a field of this kind. */
function allowedFlags(kind: string, btf: number): number {
  if (btf === PROGRAM_BTF) return PTR_MAYBE_NULL | MEM_ALLOC | (kind === "percpu_kptr" ? MEM_PERCPU : 0);
  return PTR_MAYBE_NULL | PTR_TRUSTED | MEM_RCU | (kind === "kptr_untrusted" ? PTR_UNTRUSTED : 0);
}

/** The field that `bpf_kptr_xchg` exchanges through register `regno`, or `-errno`. */
export function exchangedField(env: Env, regno: number): Kptr | number {
  const o = env.regs + regno * REG_WORDS;
  const map = W[o + TYPE] === PTR_TO_MAP_VALUE ? mapOf(env, W[o + AUX1]) : undefined;
  if (map !== undefined && (map.valueTypeId === 0 || env.btf === undefined)) {
    return env.fail(
      EINVAL,
      "kernel-pointer-field",
      `map '${map.name}' has to have BTF in order to use bpf_kptr_xchg`,
    );
  }
  if (!isConst(o)) {
    const what = "doesn't have constant offset. kptr has to be at the constant offset";
    return env.fail(EINVAL, "kernel-pointer-field", `R${regno} ${what}`);
  }
  const kptrs = fieldsOf(env, o).filter(isKptr);
  if (kptrs.length === 0) return env.fail(EINVAL, "kernel-pointer-field", `R${regno} has no valid kptr`);
  const off = W[o + OFF] + W[o + TVAL], field = kptrs.find((f) => f.offset === off);
  if (field === undefined) {
    return env.fail(EACCES, "kernel-pointer-field", `off=${off} doesn't point to kptr`);
  }
  if (field.kind === "kptr_untrusted") {
    return env.fail(EACCES, "kernel-pointer-field", `off=${off} kptr isn't referenced kptr`);
  }
  return kptrOf(env, field);
}

const all = new Int32Array(MAX_FRAMES * (FRAME_REG_COUNT + FRAME_SLOTS));

/**
 * The reference `id` belongs to the field it was exchanged into. Objects that each CPU has its own of may be used on until the read
 * section ends; all others are nobody's business any more. 0, or `-EINVAL` if the reference is not held.
 */
export function handToMap(env: Env, id: number): number {
  if (!dropReference(env, id)) return -EINVAL;
  const lasting = inRcuSection(env), n = collectRegs(env, all), perCpu = MEM_ALLOC | MEM_PERCPU;
  for (let i = 0; i < n; i++) {
    const o = all[i];
    if (W[o + REF_ID] !== id) continue;
    if (lasting && (W[o + TYPE] & perCpu) === perCpu) {
      W[o + VID] = 0;
      W[o + REF_ID] = 0;
      W[o + TYPE] = W[o + TYPE] & ~MEM_ALLOC | MEM_RCU;
    } else markUnknown(o);
  }
  return 0;
}

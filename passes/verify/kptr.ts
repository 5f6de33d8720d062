/**
 * Kernel pointers kept in map values: what a load of one gives, what may be stored in one, and exchanges by `bpf_kptr_xchg`.
 *
 * Mirrors `check_map_kptr_access`, `map_kptr_match_type`, `btf_ld_kptr_type` and `process_kptr_func` of Linux 6.18. Pointers to types
 * of the program itself, which it would have to allocate, are not decided about.
 *
 * @module
 */
import { W } from "./arena.ts";
import { isNull } from "./call_memory.ts";
import { EACCES, EINVAL, type Env } from "./env.ts";
import { btfOf, inRcuSection, KERNEL_BTF, setKernelPointer } from "./kernel_ptr.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_BITS,
  BASE_TYPE_MASK,
  ID,
  MEM_RCU,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REG_WORDS,
  TVAL,
  TYPE,
} from "./layout.ts";
import { mapOf, type SpecialField, specialFields } from "./map_pointer.ts";
import { checkUnmoved } from "./region.ts";
import { isConst } from "./scalar.ts";
import { structMatches } from "./struct_walk.ts";
import { typeName } from "./type_names.ts";

/** Kernel types whose objects stay until a section ends (`rcu_protected_types`). */
const RCU_PROTECTED: ReadonlySet<string> = new Set([
  "prog_test_ref_kfunc",
  "cgroup",
  "bpf_cpumask",
  "task_struct",
  "bpf_crypto_ctx",
]);

/** `BPF_MODE`, and `BPF_MEM` of it. */
const MODE = 0xe0, MEM = 0x60;
/** Classes of instructions that access memory. */
const LDX = 1, ST = 2;

/** A field of a map's value that holds a kernel pointer. */
export interface Kptr {
  readonly field: SpecialField;
  /** The structure pointed to, in the kernel's BTF. */
  readonly typeId: number;
}

/** The kernel type that a field points to. */
function kptrOf(env: Env, field: SpecialField): Kptr {
  const own = env.btf?.type(field.pointee ?? 0), kernel = btfOf(env, KERNEL_BTF);
  const typeId = own !== undefined && "name" in own ? kernel.find(own.name, own.kind) : 0;
  if (typeId === 0) return env.unsupported("pointers to allocated objects in maps");
  return { field, typeId };
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
    return env.fail(EACCES, "kptr in map can only be accessed using BPF_MEM instruction mode");
  }
  if (kind !== LDX && (field.kind === "kptr" || field.kind === "percpu_kptr")) {
    return env.fail(EACCES, "store to referenced kptr disallowed");
  }
  if (kind !== LDX && field.kind === "uptr") return env.fail(EACCES, "store to uptr disallowed");
  if (kind === ST) {
    if (env.imm[slot] === 0) return 0;
    return env.fail(EACCES, `BPF_ST imm must be 0 when storing to kptr at off=${field.offset}`);
  }
  const v = env.regs + value * REG_WORDS;
  if (kind === LDX) return field.kind === "uptr" ? loadUserPointer(env, v, field) : loadKptr(env, v, field);
  if (isNull(v)) return env.precision.markReg(env, value);
  return checkFits(env, kptrOf(env, field), value) === 0 ? 0 : -EACCES;
}

function loadKptr(env: Env, v: number, field: SpecialField): number {
  const { typeId } = kptrOf(env, field);
  const lasting = field.kind === "kptr" && RCU_PROTECTED.has(btfOf(env, KERNEL_BTF).name(typeId));
  const flags = PTR_MAYBE_NULL | (lasting && inRcuSection(env) ? MEM_RCU : PTR_UNTRUSTED);
  setKernelPointer(env, v, { base: PTR_TO_BTF_ID, flags, typeId, btf: KERNEL_BTF });
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
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE], loose = kptr.field.kind === "kptr_untrusted";
  const kernel = btfOf(env, KERNEL_BTF);
  const allowed = PTR_MAYBE_NULL | PTR_TRUSTED | MEM_RCU | (loose ? PTR_UNTRUSTED : 0);
  let name = "";
  if ((type & BASE_TYPE_MASK) === PTR_TO_BTF_ID) {
    if (W[o + AUX2] !== KERNEL_BTF) return env.unsupported("allocated objects in maps");
    if ((type >>> BASE_TYPE_BITS << BASE_TYPE_BITS & ~allowed) === 0 && kptr.field.kind !== "percpu_kptr") {
      name = kernel.name(kernel.resolve(W[o + AUX1]));
      if (checkUnmoved(env, regno, true) < 0) return -EACCES;
      const fits = structMatches(
        env,
        { btf: kernel, typeId: W[o + AUX1], off: W[o + OFF] },
        { btf: kernel, typeId: kptr.typeId, strict: !loose, own: false },
      );
      if (fits) return 0;
    }
  }
  const wanted = kernel.name(kptr.typeId), plain = `${typeName(PTR_TO_BTF_ID)}${wanted}`;
  const or = loose ? ` or ${typeName(PTR_TO_BTF_ID | PTR_UNTRUSTED)}${wanted}` : "";
  const has = `R${regno} type=${typeName(type)}${name}`;
  return env.fail(EINVAL, `invalid kptr access, ${has} expected=${plain}${or}`);
}

/** The field that `bpf_kptr_xchg` exchanges through register `regno`, or `-errno`. */
export function exchangedField(env: Env, regno: number): Kptr | number {
  const o = env.regs + regno * REG_WORDS;
  if (W[o + TYPE] !== PTR_TO_MAP_VALUE) return env.unsupported("kernel pointers in allocated objects");
  const map = mapOf(env, W[o + AUX1]);
  if (map.valueTypeId === 0 || env.btf === undefined) {
    return env.fail(EINVAL, `map '${map.name}' has to have BTF in order to use bpf_kptr_xchg`);
  }
  if (!isConst(o)) {
    const what = "doesn't have constant offset. kptr has to be at the constant offset";
    return env.fail(EINVAL, `R${regno} ${what}`);
  }
  const kptrs = specialFields(env, W[o + AUX1]).filter(isKptr);
  if (kptrs.length === 0) return env.fail(EINVAL, `R${regno} has no valid kptr`);
  const off = W[o + OFF] + W[o + TVAL], field = kptrs.find((f) => f.offset === off);
  if (field === undefined) return env.fail(EACCES, `off=${off} doesn't point to kptr`);
  if (field.kind === "kptr_untrusted") return env.fail(EACCES, `off=${off} kptr isn't referenced kptr`);
  return kptrOf(env, field);
}

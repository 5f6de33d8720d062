/**
 * What the kernel keeps of an object's types: none of them, if it makes no sense of a name or a structure; none for a map, if its values have
 * fields that maps of its type cannot have. Loaders then go on without, and so do programs, until something asks for the types.
 *
 * Mirrors `map_check_btf`, `array_map_check_btf` and their kin, and `btf_parse_struct_metas` of Linux 6.18.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import type { MapDef, Unit } from "../../../ir/unit.ts";
import type { Profile } from "../../../profile/profile.ts";
import { isWellNamed } from "./btf_check.ts";
import { isRefused, type KeptTypes, ownsOwners, recordOf, type SpecialField } from "./records.ts";

/** What a verification works with. */
export interface LoadedTypes {
  readonly btf: Btf | undefined;
  readonly maps: readonly MapDef[];
}

const HASH = 1,
  ARRAY = 2,
  PERCPU_HASH = 5,
  PERCPU_ARRAY = 6,
  LRU_HASH = 9,
  LRU_PERCPU_HASH = 10,
  LPM_TRIE = 11;
const CGROUP_STORAGE = 19, SK_STORAGE = 24, INODE_STORAGE = 28, TASK_STORAGE = 29, CGRP_STORAGE = 32;
const LOCAL: readonly number[] = [SK_STORAGE, INODE_STORAGE, TASK_STORAGE, CGRP_STORAGE];
/** `BPF_F_RDONLY_PROG` and `BPF_F_WRONLY_PROG`. */
const ONE_WAY = 0x180;

const LOCKED = new Set([HASH, ARRAY, CGROUP_STORAGE, ...LOCAL]);
const TIMED = new Set([HASH, LRU_HASH, ARRAY]);
const KEEPING = new Set([HASH, PERCPU_HASH, LRU_HASH, LRU_PERCPU_HASH, ARRAY, PERCPU_ARRAY, ...LOCAL]);
/** Which types of maps may have values with a field. Fields that are not here are plain bytes in maps. */
const MAPS_WITH: ReadonlyMap<string, ReadonlySet<number>> = new Map<string, ReadonlySet<number>>([
  ["bpf_spin_lock", LOCKED],
  ["bpf_res_spin_lock", LOCKED],
  ["bpf_timer", TIMED],
  ["bpf_wq", TIMED],
  ["bpf_task_work", TIMED],
  ["kptr_untrusted", KEEPING],
  ["kptr", KEEPING],
  ["percpu_kptr", KEEPING],
  ["bpf_refcount", KEEPING],
  ["uptr", new Set([TASK_STORAGE])],
  ["bpf_list_head", TIMED],
  ["bpf_rb_root", TIMED],
]);
const OF_MAPS: ReadonlySet<string> = new Set(MAPS_WITH.keys());

/** The special fields of values of a map that was made with types; none if the kernel makes no sense of them. */
export function mapFields(btf: Btf, valueTypeId: number, kernel: KeptTypes): readonly SpecialField[] {
  return recordOf(btf, btf.resolve(valueTypeId), { kinds: OF_MAPS, kernel }) ?? [];
}

/** What the kernel has of structures that pointers are kept to; without its types nothing is refused. */
export function keptTypes(profile: Profile, kernels: readonly Btf[]): KeptTypes {
  return {
    has: (name) => kernels.some((btf) => btf.find(name, "struct") !== 0),
    releases: (name) => {
      const func = profile.releases.get(name);
      return func === "" || (func !== undefined && kernels.some((btf) => btf.find(func, "func") !== 0));
    },
  };
}

/** The kernel's types and those of its modules. */
export function kernelTypes(unit: Unit, kernel: Btf | undefined): readonly Btf[] {
  return kernel === undefined ? [] : [kernel, ...(unit.modules ?? []).map((module) => module.btf)];
}

const known = new WeakMap<Unit, { readonly kernel: Btf | undefined; readonly types: LoadedTypes }>();

/** The types of a unit that is loaded into a kernel with these types of its own. */
export function loadedTypes(unit: Unit, profile: Profile, kernel: Btf | undefined): LoadedTypes {
  const before = known.get(unit);
  if (before !== undefined && before.kernel === kernel) return before.types;
  const types = load(unit, keptTypes(profile, kernelTypes(unit, kernel)));
  known.set(unit, { kernel, types });
  return types;
}

function load(unit: Unit, kernel: KeptTypes): LoadedTypes {
  const { btf, maps } = unit;
  if (btf === undefined) return { btf, maps };
  if (!isWellNamed(btf) || isRefused(btf, kernel)) return { btf: undefined, maps: maps.map(untyped) };
  const loaded = maps.map((map) => loadedMap(btf, map, kernel));
  return { btf, maps: loaded.every((map, i) => map === maps[i]) ? maps : loaded };
}

function untyped(map: MapDef): MapDef {
  const inner = map.inner === undefined ? {} : { inner: untyped(map.inner) };
  return { ...map, ...inner, keyTypeId: 0, valueTypeId: 0 };
}

function loadedMap(btf: Btf, map: MapDef, kernel: KeptTypes): MapDef {
  const inner = map.inner === undefined ? undefined : loadedMap(btf, map.inner, kernel);
  const typed = map.valueTypeId === 0 || takesTypes(btf, map, kernel);
  const same = inner === map.inner ? map : { ...map, inner };
  return typed ? same : { ...same, keyTypeId: 0, valueTypeId: 0 };
}

function takesTypes(btf: Btf, map: MapDef, kernel: KeptTypes): boolean {
  const fields = mapFields(btf, map.valueTypeId, kernel);
  if (fields.length > 0 && (map.flags & ONE_WAY) !== 0) return false;
  if (!fields.every((field) => MAPS_WITH.get(field.kind)?.has(map.type))) return false;
  if (ownsOwners(btf, map.valueTypeId, fields)) return false;
  if (map.keyTypeId === 0) return true;
  const key = btf.type(btf.resolve(map.keyTypeId));
  switch (map.type) {
    case ARRAY:
    case PERCPU_ARRAY:
    case SK_STORAGE:
    case INODE_STORAGE:
    case TASK_STORAGE:
    case CGRP_STORAGE:
      return key.kind === "int" && key.size === 4;
    case LPM_TRIE:
      return key.kind === "struct";
    default:
      return true;
  }
}

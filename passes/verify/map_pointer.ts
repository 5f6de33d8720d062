/**
 * Which map a register means, what its values hold besides plain bytes, and what a looked-up value becomes when it is not null.
 *
 * Maps are indices into `unit.maps`; {@linkcode INNER_MAP} added means the definition of that map's inner maps.
 *
 * @module
 */
import type { Btf, BtfType } from "../../ir/btf/btf.ts";
import type { MapDef } from "../../ir/unit.ts";
import { W } from "./arena.ts";
import type { Env } from "./env.ts";
import {
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  CONST_PTR_TO_MAP,
  ID,
  PTR_MAYBE_NULL,
  PTR_TO_MAP_VALUE,
  PTR_TO_SOCKET,
  PTR_TO_XDP_SOCK,
  TYPE,
  VID,
} from "./layout.ts";

/** In `AUX1` of a map pointer: the inner map of the map with the index below. */
export const INNER_MAP: number = 1 << 20;

/** In AUX1 of a socket pointer: it came from the map whose index stands below. */
export const SOCKET_OF_MAP: number = 1 << 30;

const MAP_TYPE_SOCKMAP = 15, MAP_TYPE_XSKMAP = 17, MAP_TYPE_SOCKHASH = 18;

/** The map that a register's `AUX1` means. */
export function mapOf(env: Env, aux: number): MapDef {
  if ((aux & INNER_MAP) === 0) return env.maps[aux];
  return env.maps[aux & ~INNER_MAP].inner!;
}

/** `BPF_F_RDONLY_PROG`, `BPF_MAP_TYPE_DEVMAP` and `BPF_MAP_TYPE_DEVMAP_HASH`. */
const RDONLY_PROG = 1 << 7, DEVMAP = 14, DEVMAP_HASH = 25;

/** A map's flags once it is made: the kernel lets no program write into maps of devices, whatever was asked for. */
export function mapFlags(map: MapDef): number {
  return map.type === DEVMAP || map.type === DEVMAP_HASH ? map.flags | RDONLY_PROG : map.flags;
}

/** A field of a map's value that is more than bytes. */
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
const SPECIAL = new Set([
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
/** `BTF_FIELDS_MAX`. */
const MAX_FIELDS = 11;
const KPTR_TAGS = new Set(["kptr_untrusted", "kptr", "percpu_kptr", "uptr"]);

const known = new WeakMap<MapDef, readonly SpecialField[]>();

/** The special fields of a map's values. */
export function specialFields(env: Env, aux: number): readonly SpecialField[] {
  const map = mapOf(env, aux);
  let fields = known.get(map);
  if (fields === undefined) {
    const found: SpecialField[] = [];
    if (map.valueTypeId !== 0 && env.btf !== undefined) collect(env.btf, map.valueTypeId, 0, found);
    // A kernel that finds more forgets them all.
    fields = found.length > MAX_FIELDS ? [] : found;
    known.set(map, fields);
  }
  return fields;
}

function collect(btf: Btf, id: number, offset: number, out: SpecialField[]): void {
  const real = btf.resolve(id);
  const type: BtfType = btf.type(real);
  switch (type.kind) {
    case "struct":
      if (SPECIAL.has(type.name)) {
        out.push({ kind: type.name, offset, size: type.size });
        return;
      }
      for (const m of type.members) {
        if (m.bitSize === 0) collect(btf, m.type, offset + m.bitOffset / 8, out);
      }
      return;
    case "datasec":
      for (const v of type.vars) {
        const variable = btf.type(v.type);
        if (variable.kind === "var") collect(btf, variable.type, offset + v.offset, out);
      }
      return;
    case "array": {
      const element = btf.sizeOf(type.type), before = out.length;
      for (let i = 0; i < type.count; i++) {
        collect(btf, type.type, offset + i * element, out);
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

/** Whether the pointer's target has a lock in it: such pointers keep their id, which tells whose lock it is. */
export function mayHoldSpinLock(env: Env, o: number): boolean {
  if (W[o + TYPE] !== PTR_TO_MAP_VALUE) return false;
  return specialFields(env, W[o + AUX1]).some((f) =>
    f.kind === "bpf_spin_lock" || f.kind === "bpf_res_spin_lock"
  );
}

/** The maybe-null pointer at `o` is valid: what a lookup gave becomes a value, an inner map, or a socket. */
export function becomeNonNull(env: Env, o: number): void {
  W[o + VID] = 0;
  const type = W[o + TYPE];
  if ((type & BASE_TYPE_MASK) !== PTR_TO_MAP_VALUE) {
    W[o + TYPE] = type & ~PTR_MAYBE_NULL;
    return;
  }
  const aux = W[o + AUX1], map = mapOf(env, aux);
  if (map.inner !== undefined) {
    W[o + TYPE] = CONST_PTR_TO_MAP;
    W[o + AUX1] = aux | INNER_MAP;
    // Each lookup gives another inner map: its id tells timers of one from those of another.
    const timed = specialFields(env, aux | INNER_MAP).some((f) =>
      f.kind === "bpf_timer" || f.kind === "bpf_wq" || f.kind === "bpf_task_work"
    );
    if (timed) W[o + AUX2] = W[o + ID];
  } else if (map.type === MAP_TYPE_XSKMAP) {
    W[o + TYPE] = PTR_TO_XDP_SOCK;
  } else if (map.type === MAP_TYPE_SOCKMAP || map.type === MAP_TYPE_SOCKHASH) {
    // The map stays part of what the pointer is: it does not equal a socket from elsewhere.
    W[o + TYPE] = PTR_TO_SOCKET;
    W[o + AUX1] = aux | SOCKET_OF_MAP;
  } else {
    W[o + TYPE] = PTR_TO_MAP_VALUE;
  }
}

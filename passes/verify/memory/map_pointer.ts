/**
 * Which map a register means, what its values hold besides plain bytes, and what a looked-up value becomes when it is not null.
 *
 * Maps are indices into `unit.maps`; {@linkcode INNER_MAP} added means the definition of that map's inner maps.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import type { MapDef } from "../../../ir/unit.ts";
import { W } from "../states/arena.ts";
import type { Env } from "../env.ts";
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
} from "../states/layout.ts";
import { keptTypes, kernelTypes, mapFields } from "../types/loaded_types.ts";
import { type Graph, graphOf, isObject, type SpecialField, structFields } from "../types/records.ts";

export type { SpecialField } from "../types/records.ts";

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

const known = new WeakMap<MapDef, readonly SpecialField[]>();

function kernelsOf(env: Env): readonly Btf[] {
  return kernelTypes(env.unit, env.targetBtf);
}

/** The special fields of a map's values. */
export function specialFields(env: Env, aux: number): readonly SpecialField[] {
  const map = mapOf(env, aux);
  let fields = known.get(map);
  if (fields === undefined) {
    fields = map.valueTypeId === 0 || env.btf === undefined
      ? []
      : mapFields(env.btf, map.valueTypeId, keptTypes(env.profile, kernelsOf(env)));
    known.set(map, fields);
  }
  return fields;
}

/** The special fields of what the register at `o` points to. */
export function fieldsOf(env: Env, o: number): readonly SpecialField[] {
  const type = W[o + TYPE];
  if (type === PTR_TO_MAP_VALUE) return specialFields(env, W[o + AUX1]);
  return isObject(type) && env.btf !== undefined ? structFields(env.btf, W[o + AUX1]) : [];
}

/** What the list or tree at `offset` of the object at `o` holds; undefined if its declaration does not say so rightly. */
export function graphAt(env: Env, o: number, offset: number): Graph | undefined {
  const { btf } = env, type = W[o + TYPE];
  if (btf === undefined) return undefined;
  return graphOf(btf, type === PTR_TO_MAP_VALUE ? mapOf(env, W[o + AUX1]).valueTypeId : W[o + AUX1], offset);
}

/** Whether the pointer's target has a lock in it: such pointers keep their id, which tells whose lock it is. */
export function mayHoldSpinLock(env: Env, o: number): boolean {
  return fieldsOf(env, o).some((f) => f.kind === "bpf_spin_lock" || f.kind === "bpf_res_spin_lock");
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

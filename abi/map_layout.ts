/**
 * How the values of array maps lie in memory: what the runtime makes and what inlined lookups assume.
 *
 * @module
 */
import type { MapDef } from "../ir/unit.ts";
import { fieldOf } from "./layouts.ts";

/** `BPF_MAP_TYPE_ARRAY` and `BPF_MAP_TYPE_PERCPU_ARRAY`; there is one CPU, so both are the same. */
const ARRAYS: readonly number[] = [2, 6];

/** Whether a map's values lie one behind the other from {@linkcode ARRAY_VALUES} on, by index, and programs may look them up. */
export function isPlainArray(def: MapDef): boolean {
  return ARRAYS.includes(def.type);
}

/** Bytes from an array map's structure to its first value. */
export const ARRAY_VALUES: number = fieldOf("bpf_array", "value").offset;

/** Bytes from one value of an array to the next. */
export function arrayStride(valueSize: number): number {
  return Math.ceil(valueSize / 8) * 8;
}

/**
 * Objects of the kernel's tests whose loader fills a map before it runs a test (`init_array_access_maps` and its like of
 * prog_tests/verifier.c): nothing in the object says so.
 *
 * @module
 */
import type { Unit } from "../ir/unit.ts";
import type { Runtime } from "../runtime/mod.ts";
import { filledValue } from "./legacy_maps.ts";

/** By the object's name: the array whose first element is filled. */
const FILLED: Readonly<Record<string, string>> = {
  verifier_array_access: "map_array_ro",
  verifier_value_ptr_arith: "map_array_48b",
};

/** Fills the maps of an object that its tests find filled. `object`: the file's name. */
export function prepareMaps(object: string, unit: Unit, runtime: Runtime): void {
  const name = /([^/]*?)(\.bpf)?\.o$/.exec(object)?.[1] ?? "";
  if (!Object.hasOwn(FILLED, name)) return;
  const map = runtime.maps(unit).find(({ def }) => def.name === FILLED[name]);
  map?.set(new Uint8Array(4), filledValue(map.def.valueSize));
}

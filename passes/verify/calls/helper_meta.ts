/**
 * What a helper's arguments told, kept from the check of the arguments to that of the result (`struct bpf_call_arg_meta` of Linux 6.18).
 *
 * @module
 */
import type { PerCpu } from "./kernel_arg.ts";
import type { Kptr } from "../objects/kptr.ts";

/** What the arguments told; one call is verified at a time. */
export const meta = {
  /** The map argument's `AUX1`, -1 for none. */
  map: -1,
  mapUid: 0,
  /** Memory that the helper fills: its register, and `raw.size` bytes; 0 = none. */
  rawRegno: 0,
  raw: { size: 0 },
  releaseRegno: 0,
  refId: 0,
  /** Upper bound of the size argument. */
  sizeMaxLo: 0,
  sizeMaxHi: 0,
  memSize: 0,
  /** The key's number if it is known and the map is an array; else -1. */
  key: -1,
  subprog: 0,
  /** The dynptr that the result is a slice of; 0 = none. */
  dynptrId: 0,
  /** The per-CPU variable among the arguments. */
  perCpu: { typeId: 0, btf: 0 } as PerCpu,
  /** The field whose pointer is exchanged. */
  kptr: undefined as Kptr | undefined,
};

/** Nothing is told yet. */
export function resetMeta(): void {
  meta.map = -1;
  meta.mapUid = 0;
  meta.rawRegno = 0;
  meta.raw.size = 0;
  meta.releaseRegno = 0;
  meta.refId = 0;
  meta.sizeMaxLo = 0;
  meta.sizeMaxHi = 0;
  meta.memSize = 0;
  meta.key = 0;
  meta.subprog = 0;
  meta.dynptrId = 0;
  meta.kptr = undefined;
}

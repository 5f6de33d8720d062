/**
 * What the arguments of a call of a kernel function told, for its effects and its result; one call is verified at a time.
 *
 * @module
 */
import type { Shared } from "../objects/objects.ts";
import type { Graph } from "../types/records.ts";

/** See the module's header. */
export const meta = {
  /** The value of the one constant parameter, if there is one. */
  constant: 0,
  constantHi: 0,
  hasConstant: false,
  /** The object that is shared, and what the list or tree among the arguments holds. */
  shared: undefined as Shared | undefined,
  graph: undefined as Graph | undefined,
  /** The callback among the arguments. */
  callback: 0,
  /** The map of the timer-like field among the arguments, or of a map argument; -1 for none. And which map of its kind. */
  map: -1,
  mapUid: 0,
  /** The initialised dynptr among the arguments: kind, id, reference. */
  dynptrKind: 0,
  dynptrId: 0,
  dynptrRef: 0,
  /** The size of the memory r0 points to, as an argument says (bytes). */
  resultSize: 0,
  resultRdonly: false,
  refId: 0,
  /** The register whose reference is given back; 0 = none. */
  releaseRegno: 0,
  /** The kernel's structure behind the context. */
  contextType: 0,
  /** Word of the first slot of the iterator among the arguments. */
  iterator: 0,
};

/** Nothing is told yet. */
export function resetMeta(): void {
  meta.constant = 0;
  meta.constantHi = 0;
  meta.hasConstant = false;
  meta.shared = undefined;
  meta.graph = undefined;
  meta.map = -1;
  meta.mapUid = 0;
  meta.dynptrKind = 0;
  meta.dynptrId = 0;
  meta.dynptrRef = 0;
  meta.resultSize = 0;
  meta.resultRdonly = false;
  meta.refId = 0;
  meta.releaseRegno = 0;
}

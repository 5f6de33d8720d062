/**
 * What a verification finds out for the passes behind it, by slot: pointers behind memory accesses, maps of helper calls, callbacks
 * of bpf_loop, arguments of kernel function calls. `results.ts` makes facts of it.
 *
 * @module
 */
import { words } from "../../ir/words.ts";
import type { KfuncContext } from "../facts.ts";
import { BASE_TYPE_MASK, MEM_ALLOC, MEM_PERCPU, PTR_TO_BTF_ID, PTR_UNTRUSTED } from "./states/layout.ts";

/** In {@linkcode Findings.pointers}: some path came with an untrusted pointer. */
export const UNTRUSTED_POINTER = 1 << 30;
/** Some path came with an object of the program's own, which is there as long as the program holds it. */
export const OBJECT_POINTER = 1 << 29;

/** Of an object that the program allocated, and of which there is one for all CPUs. */
const OWN_OBJECT = PTR_TO_BTF_ID | MEM_ALLOC, ASIDE = BASE_TYPE_MASK | MEM_ALLOC | MEM_PERCPU | PTR_UNTRUSTED;

/** See the module's header. */
export class Findings {
  /** By slot of a load, store or atomic: a bit for each base type its base register had, and {@linkcode UNTRUSTED_POINTER}. */
  readonly pointers: Int32Array;
  /** By slot of a helper call: 1 + the map's index; 0 = none, -1 = several. */
  readonly maps: Int32Array;
  /** By slot of a call of bpf_loop: 1 + the callback's subprogram; 0 = never reached, -1 = not fit for inlining. */
  readonly loops: Int32Array;
  /** By slot of a kfunc call: its arguments in each state that reached it. */
  readonly kfuncs: Map<number, KfuncContext[]> = new Map();
  readonly #kfuncKeys: Map<number, Set<string>> = new Map();

  constructor(slots: number) {
    this.pointers = words(slots);
    this.maps = words(slots);
    this.loops = words(slots);
  }

  /** The memory access at `slot` goes through a pointer of this type. */
  pointer(slot: number, type: number): void {
    this.pointers[slot] |= ((type & ASIDE) === OWN_OBJECT ? OBJECT_POINTER : 1 << (type & BASE_TYPE_MASK)) |
      ((type & PTR_UNTRUSTED) !== 0 ? UNTRUSTED_POINTER : 0);
  }

  /** The helper call at `slot` uses this map. */
  map(slot: number, map: number): void {
    const seen = this.maps[slot];
    if (seen === 0) this.maps[slot] = map + 1;
    else if (seen !== map + 1) this.maps[slot] = -1;
  }

  /** bpf_loop at `slot` runs this callback; `fit`: its flags are known to be 0. Once unfit, it stays unfit. */
  loop(slot: number, subprog: number, fit: boolean): void {
    const seen = this.loops[slot];
    if (seen === 0) this.loops[slot] = fit ? subprog + 1 : -1;
    else if (seen > 0 && (!fit || seen !== subprog + 1)) this.loops[slot] = -1;
  }

  /**
   * The kfunc call at `slot` is reached with arguments that `key` tells apart from others; `context` is asked for them if they are new.
   */
  kfunc(slot: number, key: string, context: () => KfuncContext): void {
    let keys = this.#kfuncKeys.get(slot);
    if (keys === undefined) this.#kfuncKeys.set(slot, keys = new Set());
    if (keys.has(key)) return;
    keys.add(key);
    const seen = this.kfuncs.get(slot), now = context();
    if (seen === undefined) {
      this.kfuncs.set(slot, [now]);
      return;
    }
    const text = JSON.stringify(now);
    if (!seen.some((other) => JSON.stringify(other) === text)) seen.push(now);
  }
}

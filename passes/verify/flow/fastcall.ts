/**
 * The bpf_fastcall pattern: clang saves registers around calls that do not clobber them once inlined; where the slots serve
 * nothing else, the saving can go.
 *
 * Found before the walk by its shape; the walk reports every access to the stack, and one access from elsewhere to these slots
 * keeps all of the subprogram's. Mirrors `mark_fastcall_patterns` and `check_fastcall_stack_contract` of Linux 6.18. Taking the
 * instructions out is the pass fastcall-remove.
 *
 * @module
 */
import { words } from "../../../ir/words.ts";
import type { Env } from "../env.ts";
import type { CallArity } from "../../../ir/effects.ts";

const SPILL = 0x7b, FILL = 0x79, CALL = 0x85, CALLER_SAVED = 0x3f;

/** What the search must know of the function called at a slot. */
export interface CallTraits {
  readonly arity: CallArity;
  /** The function returns nothing. */
  isVoid(slot: number): boolean;
  /** The call will be inlined by code that clobbers only its arguments and its result. */
  isFast(slot: number): boolean;
}

/** See the module's header. */
export class Fastcall {
  /** By slot: belongs to a pattern. */
  readonly #pattern: Int32Array;
  /** By slot of a call: pairs of spill and fill around it that may go. */
  readonly spills: Int32Array;
  /** By subprogram: the lowest offset that only patterns use; -32768 once something else does. */
  readonly #offset: Int32Array;
  /** By subprogram: some patterns stay, so the slots stay. */
  readonly #keep: Int32Array;
  readonly #env: Env;

  constructor(env: Env, traits: CallTraits) {
    const { cols } = env, starts = cols.subprogStart, count = starts.length - 1;
    this.#env = env;
    this.#pattern = words(cols.count);
    this.spills = words(cols.count);
    this.#offset = words(count);
    this.#keep = words(count);
    for (let s = 0; s < count; s++) {
      let lowest = 0;
      for (let i = starts[s]; i < starts[s + 1]; i++) {
        if (env.code[i] === SPILL && env.dst[i] === 10) lowest = Math.min(lowest, env.off[i]);
      }
      for (let i = starts[s]; i < starts[s + 1]; i++) {
        if (env.code[i] === CALL && env.src[i] !== 1) this.#find(i, { subprog: s, lowest, traits });
      }
    }
  }

  #find(call: number, where: { subprog: number; lowest: number; traits: CallTraits }): void {
    const { code, src, dst, off, cols } = this.#env, { traits, subprog } = where;
    const arity = traits.arity(call);
    if (arity === undefined) return;
    let clobbered = 0;
    for (let r = traits.isVoid(call) ? 1 : 0; r <= arity; r++) clobbered |= 1 << r;
    let expected = ~clobbered & CALLER_SAVED, pairs = 0;
    for (let i = 1, at = where.lowest; i <= 6; i++, at += 8) {
      const spill = call - i, fill = call + i;
      if (spill < 0 || fill >= cols.count) break;
      if (code[spill] !== SPILL || code[fill] !== FILL || dst[spill] !== 10 || src[fill] !== 10) break;
      if (src[spill] !== dst[fill] || (expected & (1 << src[spill])) === 0) break;
      if (off[spill] !== at || off[fill] !== at) break;
      expected &= ~(1 << src[spill]);
      this.#pattern[spill] = this.#pattern[fill] = 1;
      pairs = i;
    }
    if (pairs === 0) return;
    if (traits.isFast(call)) this.spills[call] = pairs;
    else this.#keep[subprog] = 1;
    this.#offset[subprog] = Math.min(this.#offset[subprog], where.lowest + 8 * pairs);
  }

  /** The instruction at `slot` accesses the stack of a subprogram at `off`. */
  touch(subprog: number, slot: number, off: number): void {
    if (this.#offset[subprog] <= off || this.#pattern[slot] !== 0) return;
    this.#offset[subprog] = -32768;
    const starts = this.#env.cols.subprogStart;
    this.spills.fill(0, starts[subprog], starts[subprog + 1]);
    this.#pattern.fill(0, starts[subprog], starts[subprog + 1]);
  }

  /** Bytes of stack a subprogram needs once the pattern is gone; -1 if it is not, or nothing changes. */
  depthWithout(subprog: number): number {
    const starts = this.#env.cols.subprogStart;
    if (this.#keep[subprog] !== 0) return -1;
    for (let i = starts[subprog]; i < starts[subprog + 1]; i++) {
      if (this.spills[i] !== 0) return -this.#offset[subprog];
    }
    return -1;
  }
}

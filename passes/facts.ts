/**
 * The facts that passes share: what `verify` learnt and nobody can compute again.
 *
 * For each: who gives it, who reads it, and why its initial value is safe to believe of code that nobody looked at (see
 * `ir/fact.ts`). Facts of one pass alone are declared in that pass.
 *
 * @module
 */
import { defineFact, type Fact, type FactNames } from "../ir/fact.ts";
import type { SubprogId } from "../ir/insn.ts";

export { stackDepth } from "../ir/stack_depth.ts";

/**
 * The instruction is never reached. Given by verify (never visited on a path that is not speculative), read by branch-prune and
 * dce. Initially false: removing nothing is safe.
 */
export const dead: Fact<boolean> = defineFact("dead", false, { scope: "insn", follows: "all" });

/** Which ways a conditional jump went on all visited paths together. */
export type BranchTaken = "both" | "jumped" | "fell" | "neither";

/**
 * Which ways a conditional jump can go, over every visit of every state that is not speculative; `neither` for one that is
 * dead. Given by verify, read by branch-prune. Initially `both`: nothing is folded. It belongs to the very comparison, so code
 * that replaces the jump does not inherit it.
 */
export const branchTaken: Fact<BranchTaken> = defineFact<BranchTaken>("branch_taken", "both", {
  scope: "insn",
  follows: "none",
  text: {
    print: (value) => value,
    parse: (text) => {
      if (text === "both" || text === "jumped" || text === "fell" || text === "neither") return text;
      throw new SyntaxError(`Cannot read branch_taken: "${text}" is none of both, jumped, fell, neither`);
    },
  },
});

/** The value of {@linkcode loopCallback} that allows nothing. */
export const NO_CALLBACK: -1 = -1;

/**
 * For a call of bpf_loop whose flags are 0 and whose callback is the same on every path: that callback. Given by verify, read by
 * bpf-loop-inline. Initially {@linkcode NO_CALLBACK}: the call stays a call.
 */
export const loopCallback: Fact<SubprogId | typeof NO_CALLBACK> = defineFact<
  SubprogId | typeof NO_CALLBACK
>("loop_callback", NO_CALLBACK, {
  scope: "insn",
  follows: "none",
  text: {
    print: (value, names?: FactNames) =>
      value === NO_CALLBACK || names === undefined ? String(value) : names.nameOf(value as SubprogId),
    parse: (text, names?: FactNames) => {
      const found = names?.subprogNamed(text);
      if (found !== undefined) return found;
      if (!/^-?\d+$/.test(text)) throw new SyntaxError(`Cannot read loop_callback: no subprogram "${text}"`);
      return Number(text) as SubprogId;
    },
  },
});

/**
 * For a call of the bpf_fastcall pattern that will be inlined: how many spills stand directly before and as many fills directly
 * behind, which nothing else needs. Given by verify, read by fastcall-remove. Initially 0: all spills stay.
 */
export const fastcallSpills: Fact<number> = defineFact("fastcall_spills", 0, {
  scope: "insn",
  follows: "none",
});

/** A stack depth before and after, in bytes. */
export interface DepthChange {
  /** As it was measured. */
  readonly from: number;
  /** As it may become. */
  readonly to: number;
}

/**
 * What the subprogram's stack depth becomes once its fastcall spills are gone, and what it was when verify found that out: whoever
 * took stack since then has it below `from`. Given by verify, read by fastcall-remove. Initially `null`: the slots of the spills
 * are used otherwise too, the depth stays. Prints as `24 > 8`.
 */
export const fastcallDepth: Fact<DepthChange | null> = defineFact<DepthChange | null>(
  "fastcall_depth",
  null,
  {
    scope: "subprog",
    follows: "none",
    text: {
      print: (value) => value === null ? "null" : `${value.from} > ${value.to}`,
      parse: (text) => {
        const found = /^(\d+) *> *(\d+)$/.exec(text.trim());
        if (found !== null) return { from: Number(found[1]), to: Number(found[2]) };
        if (text.trim() === "null") return null;
        throw new SyntaxError(`Cannot read fastcall_depth: "${text}" is not like "24 > 8"`);
      },
    },
  },
);

/**
 * What a subprogram is called as besides by calls: `no`, a synchronous callback of a helper, an asynchronous one (timer, work
 * queue: on a stack of its own), or the exception callback. Given by verify, read by stack-check. Initially `no`: then it counts
 * into the depth of whoever takes its address, which is the larger sum.
 */
export const callbackKind: Fact<"no" | "sync" | "async" | "exception"> = defineFact<
  "no" | "sync" | "async" | "exception"
>("callback", "no", {
  scope: "subprog",
  follows: "none",
  text: {
    print: (value) => value,
    parse: (text) => {
      if (text === "no" || text === "sync" || text === "async" || text === "exception") return text;
      throw new SyntaxError(`Cannot read callback: "${text}" is none of no, sync, async, exception`);
    },
  },
});

/**
 * What a memory access goes through. `btf`: a structure of the kernel, which may be gone; `object`: one that the program allocated and
 * holds; `mixed`: different kinds on different paths.
 */
export type PointerKind =
  | "unknown"
  | "ctx"
  | "stack"
  | "packet"
  | "map_value"
  | "mem"
  | "sock"
  | "tcp_sock"
  | "xdp_sock"
  | "btf"
  | "object"
  | "untrusted"
  | "arena"
  | "mixed";

const POINTER_KINDS: ReadonlySet<string> = new Set<PointerKind>([
  "unknown",
  "ctx",
  "stack",
  "packet",
  "map_value",
  "mem",
  "sock",
  "tcp_sock",
  "xdp_sock",
  "btf",
  "object",
  "untrusted",
  "arena",
  "mixed",
]);

/**
 * What the base register of a load, store or atomic points to. Given by verify, read by the lowering of contexts and by what
 * guards accesses at run time. Initially `unknown`: not a context, not to be trusted. Code that replaces the access does not
 * inherit it.
 */
export const pointerKind: Fact<PointerKind> = defineFact<PointerKind>("pointer", "unknown", {
  scope: "insn",
  follows: "none",
  text: {
    print: (value) => value,
    parse: (text) => {
      if (POINTER_KINDS.has(text)) return text as PointerKind;
      throw new SyntaxError(`Cannot read pointer: "${text}" is no kind of pointer`);
    },
  },
});

/** The value of {@linkcode callMap} that says nothing. */
export const NO_MAP: -1 = -1;

/**
 * For a helper call with a map parameter: the map's index in `unit.maps`, if it is the same on every path. Given by verify, read
 * by the lowering of helper calls. Initially {@linkcode NO_MAP}: the call looks the map up itself.
 */
export const callMap: Fact<number> = defineFact("call_map", NO_MAP, { scope: "insn", follows: "none" });

/** What one argument of a kernel function call was known to be, in one state that reached the call. */
export type KfuncArgContext =
  /** `words`: the register's words in the verifier's layout (`passes/verify/states/layout.ts`), with its ids cleared. */
  | { readonly kind: "scalar"; readonly words: readonly number[]; readonly precise: boolean }
  | { readonly kind: "null" }
  /** A dynptr; `type` is `BPF_DYNPTR_TYPE_*` (1 local, 2 ringbuf, 3 skb, 4 xdp), 0 if unknown. */
  | { readonly kind: "dynptr"; readonly type: number }
  /** Any other pointer: nothing is known of what it points to. */
  | { readonly kind: "opaque" };

/** The arguments of one call in one state, in the order of the prototype. */
export interface KfuncContext {
  /** Without those beyond the fifth. */
  readonly args: readonly KfuncArgContext[];
}

/**
 * For a call of a kernel function that may have a body: what its arguments were in each state that reached it, without
 * duplicates; `null` if nobody recorded anything. Given by verify, read by kfunc-instantiate. Initially `null`, which means
 * arguments of which nothing is known, not a call that is never reached.
 */
export const kfuncContexts: Fact<readonly KfuncContext[] | null> = defineFact<
  readonly KfuncContext[] | null
>("kfunc_contexts", null, { scope: "insn", follows: "none" });

/**
 * The program was proven safe, and every change since was made by a pass whose word counts. Given by verify; the pipeline takes
 * it back after a plugin's pass that the user did not trust. Initially false: not to be run.
 */
export const verified: Fact<boolean> = defineFact("verified", false, { scope: "program", follows: "none" });

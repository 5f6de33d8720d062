/**
 * What a back end hands to the runtime: position-independent bytes and what they refer to, by symbol.
 *
 * @module
 */
import type { SubprogId } from "../ir/insn.ts";

/** What compiled code may refer to. The runtime resolves symbols when it links. */
export type Symbol =
  /** The map object that helpers take (`struct bpf_map *` of the runtime). Index into `unit.maps`. */
  | { readonly kind: "map"; readonly map: number }
  /** The first value of an array map, plus an offset in bytes. */
  | { readonly kind: "map_value"; readonly map: number; readonly offset: number }
  /** The native entry of a helper. */
  | { readonly kind: "helper"; readonly id: number }
  /** The native entry of a kernel function. */
  | { readonly kind: "kfunc"; readonly name: string }
  /** The address of a kernel variable's twin. */
  | { readonly kind: "kernel_var"; readonly name: string }
  /** A cell of the run's control block; see {@linkcode CONTROL}. */
  | { readonly kind: "control" };

/** A place in the code to patch. */
export interface Relocation {
  /** Bytes from the start of the code. */
  readonly offset: number;
  /** `abs64`: the symbol's 64-bit address. */
  readonly kind: "abs64";
  /** Whose address goes there. */
  readonly symbol: Symbol;
  /** Bytes added to the symbol's address. */
  readonly addend: number;
}

/** Compiled code. Entry convention: System V, `u64 entry(u64 r1, u64 r2)`; every subprogram keeps BPF's own convention inside. */
export interface MachineCode {
  /** What it runs on. */
  readonly arch: "x86_64";
  /** The code, with zeros where addresses go. */
  readonly bytes: Uint8Array;
  /** Where addresses go. */
  readonly relocations: readonly Relocation[];
  /** Where the main program begins, in bytes. */
  readonly entry: number;
  /** Where each subprogram begins (callable with BPF's convention mapped to System V: r1–r5 in rdi, rsi, rdx, rcx, r8), in bytes. */
  readonly subprogs: readonly { readonly id: SubprogId; readonly name: string; readonly offset: number }[];
  /** By instruction position of the compiled program: offset of its first byte, for listings. */
  readonly offsets: Int32Array;
}

/**
 * The control block of a run: one cache line that compiled code reads through the symbol `control`. Offsets in bytes.
 *
 * `abort`: u32, non-zero when a JavaScript callback failed; native code tests it after every call that may reach JavaScript and leaves.
 * `fuel`: s64, decremented on back edges when code was compiled with fuel; below zero the run ends with `abort` = 2.
 * `unwindSp`: u64, where the return address of the program's entry lies: `mov rsp, [control+unwindSp]; ret` abandons a run from any
 * depth, whatever the other registers hold.
 * `tailCalls`: u32, tail calls done in this run. `tailCalled`: u32, the tail call just returned from did happen, its caller must exit.
 */
export const CONTROL = { abort: 0, fuel: 8, unwindSp: 16, tailCalls: 24, tailCalled: 28, size: 64 } as const;

/** Values of the control block's `abort`: a callback into JavaScript failed, or the fuel is used up. */
export const ABORT = { callback: 1, fuel: 2 } as const;

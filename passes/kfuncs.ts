/**
 * Kernel functions that have bodies: what modules register and passes ask for.
 *
 * The registry itself (checks, trust, lifetimes, device resolution) is in `plugins/module.ts`; passes see only this interface,
 * so that they can be tested with a literal.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import type { KfuncRef } from "../ir/insn.ts";
import type { KfuncFlag } from "../profile/profile.ts";

/** The body of one kernel function. */
export interface KfuncBody {
  /** The function the body belongs to; for device-bound kfuncs the driver's function, not the stub. */
  readonly name: string;
  /** The module that registered it. */
  readonly module: string;
  /**
   * `trusted` bodies are explored with opaque kernel values and spliced after verification; `verified` ones are spliced before it
   * and checked in the caller's context.
   */
  readonly trust: "trusted" | "verified";
  /** The body as a program of one subprogram: arguments in r1–r5, result in r0, ends in `exit`. Calls in it stay calls. */
  readonly code: Program;
  /** The C prototype, e.g. `int (const struct xdp_md *ctx, __u32 *hash, __u32 *type)`, parsed. */
  readonly signature: KfuncSignature;
  /** The function's `KF_*` flags. */
  readonly flags: ReadonlySet<KfuncFlag>;
}

/** A kfunc's prototype, as far as inlining and verification need it. */
export interface KfuncSignature {
  /** In order. */
  readonly args: readonly KfuncArg[];
  /** Whether r0 means anything after the call. */
  readonly returns: "void" | "scalar" | "pointer";
}

/** One parameter. */
export interface KfuncArg {
  /** As written. */
  readonly name: string;
  /** A pointer to `struct bpf_dynptr` is passed on as its layout in a fake frame. */
  readonly kind: "scalar" | "pointer" | "dynptr";
  /** The C type as written. */
  readonly type: string;
  /** In bytes, for scalars. */
  readonly size: number;
  /** What a pointer points to: its size in bytes (0 if unknown) and the structure's name, if it is one. */
  readonly pointee?: { readonly size: number; readonly struct?: string };
}

/** Which body a call gets: see `design` of device-bound kfuncs in docs/modules.md. */
export type KfuncResolution =
  /** Splice this body. */
  | { readonly kind: "body"; readonly body: KfuncBody }
  /** Call this function instead of the one named (a driver's function without a body). */
  | { readonly kind: "call"; readonly name: string }
  /** No module knows it: a plain call. */
  | { readonly kind: "none" };

/** What is known of a function whether or not it has a body that may be used. */
export type KfuncDeclaration = Pick<KfuncBody, "name" | "signature" | "flags">;

/** The program that calls, as far as it decides about the body; `ProgramAttrs` is one. */
export interface KfuncUser {
  /** Its type; undefined stands for any. */
  readonly type?: string;
  /** The device it is bound to. */
  readonly device?: string;
}

/** Looks bodies up. */
export interface KfuncResolver {
  /** What a call of `func` becomes in a program; without one, in a program of any type that is bound to no device. */
  resolve(func: KfuncRef, program: KfuncUser | undefined): KfuncResolution;
  /** The function as a module declares it; undefined if no module does. For functions that no kernel's BTF knows. */
  declaration?(func: KfuncRef): KfuncDeclaration | undefined;
}

/** A resolver that knows nothing. */
export const NO_KFUNCS: KfuncResolver = { resolve: () => ({ kind: "none" }) };

/**
 * A kfunc module: kernel functions with bodies, as a subsystem or a driver ships them.
 *
 * A module is data. Defining one checks nothing but its shape; a {@linkcode ModuleRegistry} checks all of it at once when it is
 * registered, and grants what the host grants.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import type { KfuncFlag } from "../profile/profile.ts";
import type { BodySource } from "./body.ts";

/**
 * What a body needs to be believed. `verified` (the default): nothing, it is checked in its caller's context. `asks`: the host's
 * word, since it reads memory that no verifier can know about.
 */
export type TrustWish = "asks" | "verified";

/** What a reference implementation is handed. */
export interface ReferenceCall {
  /** r1 to r5 as unsigned 64-bit numbers, as many as the prototype has. */
  readonly args: readonly bigint[];
  /** Reads a little-endian number of 1, 2, 4 or 8 bytes. */
  read(address: bigint, size: number): bigint;
  /** Writes a little-endian number of 1, 2, 4 or 8 bytes. */
  write(address: bigint, size: number, value: bigint): void;
  /** Calls another kernel function. */
  call(name: string, args: readonly bigint[]): bigint;
}

/** The same function in TypeScript: differential tests compare body and reference on random input. Gives r0, unsigned 64 bits. */
export type KfuncReference = (call: ReferenceCall) => bigint;

/** A call with numbers and what it must return: checked when the module is registered. For functions that need no memory. */
export interface KfuncCase {
  /** r1 to r5 as unsigned 64-bit numbers, as many as the prototype has. */
  readonly args: readonly bigint[];
  /** r0, unsigned 64 bits. */
  readonly returns: bigint;
}

/** One kernel function. */
export interface KfuncSpec {
  /** As programs call it. */
  readonly name: string;
  /** The C prototype, without the name: `int (const struct xdp_md *ctx, __u32 *hash)`. */
  readonly signature: string;
  /** `KF_*` flags in lower case. */
  readonly flags?: readonly KfuncFlag[];
  /** Left out for a function that exists but has no body: calls of it stay calls. */
  readonly body?: BodySource;
  /** `verified` if left out. */
  readonly trust?: TrustWish;
  /**
   * The function only answers programs that are bound to a device; drivers take its place, see {@linkcode ModuleSpec.implements}.
   * Its own body is what devices get whose drivers do not.
   */
  readonly deviceBound?: boolean;
  /** The program types whose calls get the body, where it does not do for all; calls of others stay calls. */
  readonly types?: readonly string[];
  /** The same function in TypeScript, for tests. */
  readonly reference?: KfuncReference;
  /** Calls whose results are known: a body that gives others is not registered. */
  readonly cases?: readonly KfuncCase[];
}

/** Bodies compiled from C: each function tagged `bpf_kfunc` becomes a kernel function. */
export interface ObjectSpec {
  /** The file's name, for messages. */
  readonly name: string;
  /** The object file. */
  readonly bytes: Uint8Array;
  /** For all its functions; `verified` if left out. */
  readonly trust?: TrustWish;
  /** What its CO-RE relocations refer to; the runtime's structures if left out. */
  readonly targetBtf?: Btf;
  /** Names of its functions that are device-bound, see {@linkcode KfuncSpec.deviceBound}. */
  readonly deviceBound?: readonly string[];
  /** By function. */
  readonly references?: Readonly<Record<string, KfuncReference>>;
  /** By function, see {@linkcode KfuncSpec.types}. */
  readonly types?: Readonly<Record<string, readonly string[]>>;
  /** By function, see {@linkcode KfuncSpec.cases}. */
  readonly cases?: Readonly<Record<string, readonly KfuncCase[]>>;
}

/** What {@linkcode defineModule} takes. */
export interface ModuleSpec {
  /** `snake_case` or `kebab-case`; unique in a registry. */
  readonly name: string;
  /** Functions described one by one. */
  readonly kfuncs?: readonly KfuncSpec[];
  /** Objects that hold bodies. */
  readonly objects?: readonly ObjectSpec[];
  /** By device-bound kfunc: which of this module's functions answers for devices of which driver. */
  readonly implements?: Readonly<Record<string, Implementation>>;
}

/** A driver's answer to a device-bound kfunc. */
export interface Implementation {
  /** The driver's name, or all names it goes by. */
  readonly driver: string | readonly string[];
  /** The name of a function of this module. */
  readonly by: string;
}

/** A module, ready to be registered. */
export type Module = Readonly<ModuleSpec> & { readonly kind: "module" };

/**
 * Makes a module.
 *
 * @throws {TypeError} If the name is not usable.
 *
 * @example
 * ```ts
 * import { bpf } from "../ir/fragment.ts";
 * import { defineModule } from "./module.ts";
 * const lengths = defineModule({
 *   name: "lengths",
 *   kfuncs: [{
 *     name: "length_class",
 *     signature: "__u32 (__u32 length)",
 *     body: bpf`
 *       w0 = 0
 *       if w1 < 128 goto out
 *       w0 = 1
 *     out:
 *       exit
 *     `,
 *   }],
 * });
 * console.log(lengths.name);
 * ```
 */
export function defineModule(spec: ModuleSpec): Module {
  if (!/^[a-z][a-z0-9_-]*$/.test(spec.name)) {
    throw new TypeError(
      `Cannot define module "${spec.name}": a name is of small letters, digits, "_" and "-"`,
    );
  }
  return { ...spec, kind: "module" };
}

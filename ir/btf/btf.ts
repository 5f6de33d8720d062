/**
 * BTF: the type information of an object or a kernel, read from its binary form.
 *
 * Types are numbered as in the file; id 0 is void. Split BTF continues its base's numbering. Reading is lazy where a kernel's
 * BTF would cost: offsets are indexed once, types are made when asked for.
 *
 * @module
 */

/** A type; `kind` is the kernel's `BTF_KIND_*` in lower case. Ids refer to the same {@link Btf}. */
export type BtfType =
  | { readonly kind: "void" }
  | {
    readonly kind: "int";
    readonly name: string;
    readonly size: number;
    readonly signed: boolean;
    readonly char: boolean;
    readonly bool: boolean;
    readonly bitOffset: number;
    readonly bits: number;
  }
  | { readonly kind: "ptr"; readonly type: number }
  | { readonly kind: "array"; readonly type: number; readonly index: number; readonly count: number }
  | {
    readonly kind: "struct" | "union";
    readonly name: string;
    readonly size: number;
    readonly members: readonly BtfMember[];
  }
  | {
    readonly kind: "enum";
    readonly name: string;
    readonly size: number;
    readonly signed: boolean;
    readonly values: readonly { readonly name: string; readonly value: number }[];
  }
  | {
    readonly kind: "enum64";
    readonly name: string;
    readonly size: number;
    readonly signed: boolean;
    readonly values: readonly { readonly name: string; readonly value: bigint }[];
  }
  | { readonly kind: "fwd"; readonly name: string; readonly union: boolean }
  | { readonly kind: "typedef"; readonly name: string; readonly type: number }
  | { readonly kind: "volatile" | "const" | "restrict"; readonly type: number }
  | {
    readonly kind: "func";
    readonly name: string;
    readonly type: number;
    readonly linkage: "static" | "global" | "extern";
  }
  | {
    readonly kind: "func_proto";
    readonly ret: number;
    readonly params: readonly { readonly name: string; readonly type: number }[];
    readonly variadic: boolean;
  }
  | {
    readonly kind: "var";
    readonly name: string;
    readonly type: number;
    readonly linkage: "static" | "global" | "extern";
  }
  | {
    readonly kind: "datasec";
    readonly name: string;
    readonly size: number;
    readonly vars: readonly { readonly type: number; readonly offset: number; readonly size: number }[];
  }
  | { readonly kind: "float"; readonly name: string; readonly size: number }
  | {
    readonly kind: "decl_tag";
    readonly name: string;
    readonly type: number;
    readonly component: number; /* -1: the type itself */
  }
  | {
    readonly kind: "type_tag";
    readonly name: string;
    readonly type: number;
    /** It stands for an attribute of the compiler by its own name, not for a tag. */
    readonly attribute?: boolean;
  };

/** A structure's or union's member. */
export interface BtfMember {
  /** Empty for anonymous structures and unions. */
  readonly name: string;
  /** The member's type. */
  readonly type: number;
  /** From the start of the structure. */
  readonly bitOffset: number;
  /** 0 if it is no bit field. */
  readonly bitSize: number;
}

/** Type information. */
export interface Btf {
  /** How many types, void and a base's included: ids are below it. */
  readonly count: number;
  /** The type with an id. @throws {RangeError} If there is none. */
  type(id: number): BtfType;
  /** The name of a type, "" if it has none: cheaper than `type(id).name`. */
  name(id: number): string;
  /** The first id of a kind with a name, or 0. */
  find(name: string, kind: BtfType["kind"]): number;
  /** All ids of a kind with a name. */
  findAll(name: string, kind: BtfType["kind"]): readonly number[];
  /** The type behind typedefs, const, volatile, restrict and type tags. */
  resolve(id: number): number;
  /** Size in bytes, through arrays and modifiers. @throws {RangeError} If the type has none. */
  sizeOf(id: number): number;
  /** The declaration tags on a type (component -1) or on one of its members or parameters. */
  tags(id: number, component?: number): readonly string[];
  /** The whole file, for handing to a kernel. */
  readonly bytes: Uint8Array;
}

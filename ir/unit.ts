/**
 * A unit: what one object file holds, after linking its parts and before any program of it is verified.
 *
 * @module
 */
import type { Btf } from "./btf/btf.ts";
import type { Program } from "./program.ts";

/** A map's definition as a program sees it; the runtime and the kernel make real maps of it. */
export interface MapDef {
  /** As the object names it. */
  readonly name: string;
  /** The `BPF_MAP_TYPE_*` number. */
  readonly type: number;
  /** Bytes. */
  readonly keySize: number;
  /** Bytes. */
  readonly valueSize: number;
  /** How many entries it holds at most; bytes for ring buffers, pages for arenas. */
  readonly maxEntries: number;
  /** `BPF_F_*` of map creation. */
  readonly flags: number;
  /** Types in `unit.btf`; 0 = none. */
  readonly keyTypeId: number;
  /** The value's type in `unit.btf`; 0 = none. */
  readonly valueTypeId: number;
  /** Per-type extra parameter, e.g. the number of hash functions of a bloom filter. */
  readonly mapExtra: bigint;
  /** 1 = `LIBBPF_PIN_BY_NAME`, other numbers are other loaders'; kept, never acted on. */
  readonly pinning: number;
  /** The NUMA node to allocate on, where `flags` ask for one. */
  readonly numaNode: number;
  /** The definition of the inner map of a map of maps. */
  readonly inner?: MapDef;
  /** Statically initialised entries: inner maps or programs, by slot; -1 where empty. */
  readonly initial?: readonly { readonly index: number; readonly map?: number; readonly program?: string }[];
  /** For `.data`, `.rodata`, `.bss`, `.kconfig`: the section it holds, and its bytes, which are the map's only value. */
  readonly section?: string;
  /** The section's bytes; zeros for `.bss`. */
  readonly data?: Uint8Array;
  /** Read-only for programs and for everybody (`.rodata`, `.kconfig`): loads from it may be folded to constants. */
  readonly frozen: boolean;
  /** Struct_ops: the BTF value type's name in the kernel. */
  readonly structOps?: string;
}

/** A definition with nothing said yet. */
export function emptyMap(name: string): MapDef {
  return {
    name,
    type: 0,
    keySize: 0,
    valueSize: 0,
    maxEntries: 0,
    flags: 0,
    keyTypeId: 0,
    valueTypeId: 0,
    mapExtra: 0n,
    pinning: 0,
    numaNode: 0,
    frozen: false,
  };
}

/** A kernel symbol the object asks for. */
export interface Extern {
  /** The symbol's name. */
  readonly name: string;
  /** A function, a variable, or a configuration value. */
  readonly kind: "kfunc" | "ksym" | "kconfig";
  /** May be missing in the target. */
  readonly weak: boolean;
  /** The FUNC or VAR in `unit.btf`. */
  readonly typeId: number;
  /** Found in the target's BTF (`kfunc`, typed `ksym`); 0 = not found. */
  readonly targetBtfId: number;
  /** A variable declared without a type: found by its address, not in any BTF. */
  readonly typeless?: boolean;
  /** The module it was found in: 1 + its index in `unit.modules`; the kernel itself if absent. */
  readonly module?: number;
}

/** A program of an object that cannot be linked, although others of the object can. */
export interface UnreadableProgram {
  /** The function's name. */
  readonly name: string;
  /** The section it lies in. */
  readonly section: string;
  /** What is wrong with it, and where. */
  readonly message: string;
}

/** A module of the kernel, as far as its types go. */
export interface KernelModule {
  /** E.g. `nf_conntrack`. */
  readonly name: string;
  /** Its types: split BTF that continues the kernel's. */
  readonly btf: Btf;
}

/** One object file. */
export interface Unit {
  /** Where it came from, for messages. */
  readonly name: string;
  /** Compiled for machines of the other byte order; instructions and data are in ours all the same. */
  readonly bigEndian?: boolean;
  /** The `license` section; empty if there is none. */
  readonly license: string;
  /** The `version` section, for old kprobes; 0 if there is none. */
  readonly version: number;
  /** The object's own types. */
  readonly btf?: Btf;
  /** The BTF of the kernel it is meant for: types of pointers, kfuncs, kernel variables. */
  readonly targetBtf?: Btf;
  /** The modules that kernel has loaded. */
  readonly modules?: readonly KernelModule[];
  /** In the order of their definitions; instructions refer to them by index. */
  readonly maps: readonly MapDef[];
  /** What the object expects the kernel to provide. */
  readonly externs: readonly Extern[];
  /** Filled last; each program points back at the unit. */
  readonly programs: readonly Program[];
  /** Programs that are not among them, with the reason. */
  readonly unreadable?: readonly UnreadableProgram[];
}

/**
 * What a kernel version knows, as data: the types of the tables; the tables of Linux 6.18 are in `linux_6_18/`.
 *
 * Names are the kernel's own (`ARG_PTR_TO_MAP_KEY`, `RET_INTEGER`), so that a reader can look them up; modifiers that the kernel
 * ORs in are separate flags here.
 *
 * @module
 */

/** `enum bpf_arg_type` without modifiers. */
export type ArgBase =
  | "ARG_DONTCARE"
  | "ARG_CONST_MAP_PTR"
  | "ARG_PTR_TO_MAP_KEY"
  | "ARG_PTR_TO_MAP_VALUE"
  | "ARG_PTR_TO_MEM"
  | "ARG_PTR_TO_ARENA"
  | "ARG_CONST_SIZE"
  | "ARG_CONST_SIZE_OR_ZERO"
  | "ARG_PTR_TO_CTX"
  | "ARG_ANYTHING"
  | "ARG_PTR_TO_SPIN_LOCK"
  | "ARG_PTR_TO_SOCK_COMMON"
  | "ARG_PTR_TO_SOCKET"
  | "ARG_PTR_TO_BTF_ID"
  | "ARG_PTR_TO_RINGBUF_MEM"
  | "ARG_CONST_ALLOC_SIZE_OR_ZERO"
  | "ARG_PTR_TO_BTF_ID_SOCK_COMMON"
  | "ARG_PTR_TO_PERCPU_BTF_ID"
  | "ARG_PTR_TO_FUNC"
  | "ARG_PTR_TO_STACK"
  | "ARG_PTR_TO_CONST_STR"
  | "ARG_PTR_TO_TIMER"
  | "ARG_KPTR_XCHG_DEST"
  | "ARG_PTR_TO_DYNPTR";

/** A helper's parameter. */
export interface ArgProto {
  /** What kind of argument it takes. */
  readonly base: ArgBase;
  /** `PTR_MAYBE_NULL`. */
  readonly maybeNull?: boolean;
  /** `MEM_UNINIT`: written, need not be initialised. */
  readonly uninit?: boolean;
  /** `MEM_RDONLY`. */
  readonly rdonly?: boolean;
  /** `MEM_WRITE`: the helper writes it. */
  readonly write?: boolean;
  /** `MEM_ALIGNED`. */
  readonly aligned?: boolean;
  /** `OBJ_RELEASE`. */
  readonly release?: boolean;
  /** `MEM_FIXED_SIZE`: the size in bytes. */
  readonly fixedSize?: number;
  /** `DYNPTR_TYPE_*`, lower case: `local`, `ringbuf`, `skb`, `xdp`. */
  readonly dynptr?: string;
  /** For BTF-typed parameters: the structure's name. */
  readonly btfType?: string;
}

/** `enum bpf_return_type` without modifiers. */
export type RetBase =
  | "RET_INTEGER"
  | "RET_VOID"
  | "RET_PTR_TO_MAP_VALUE"
  | "RET_PTR_TO_SOCKET"
  | "RET_PTR_TO_TCP_SOCK"
  | "RET_PTR_TO_SOCK_COMMON"
  | "RET_PTR_TO_MEM"
  | "RET_PTR_TO_MEM_OR_BTF_ID"
  | "RET_PTR_TO_BTF_ID";

/** A helper's result. */
export interface RetProto {
  /** What kind of value it returns. */
  readonly base: RetBase;
  /** `PTR_MAYBE_NULL`. */
  readonly maybeNull?: boolean;
  /** `PTR_TRUSTED`. */
  readonly trusted?: boolean;
  /** The result is a ringbuf reservation (`MEM_RINGBUF`). */
  readonly ringbuf?: boolean;
  /** `MEM_RDONLY`: the program may not write through it. */
  readonly rdonly?: boolean;
  /** For results of BTF types: the structure's name. */
  readonly btfType?: string;
}

/** A helper function's prototype, as `struct bpf_func_proto` has it. */
export interface HelperProto {
  /** `BPF_FUNC_*`. */
  readonly id: number;
  /** Without the `bpf_` prefix, as the log prints it after `bpf_`. */
  readonly name: string;
  /** Only for programs under a licence compatible with the GPL. */
  readonly gplOnly: boolean;
  /** Packet pointers may be passed as memory. */
  readonly pktAccess: boolean;
  /** Only where a program may sleep. */
  readonly mightSleep: boolean;
  /** May preserve r1 to r5 that it does not take (`bpf_fastcall`). */
  readonly allowFastcall: boolean;
  /** Packet pointers are invalid after the call (`bpf_helper_changes_pkt_data`). */
  readonly changesPacket: boolean;
  /** What it returns. */
  readonly ret: RetProto;
  /** At most five; absent parameters are left out. */
  readonly args: readonly ArgProto[];
}

/** Who asks for a helper: some ids have another prototype for some program types. */
export interface HelperUse {
  /** The program type as in {@linkcode ProgramTypeRules.name}. */
  readonly type: string;
  /** The expected attach type (`enum bpf_attach_type`); 0 if absent. */
  readonly attachType?: number;
  /** The program may sleep. */
  readonly sleepable?: boolean;
}

/** How a context field may be used. */
export interface CtxField {
  /** As in the structure. */
  readonly name: string;
  /** Bytes from the start of the context. */
  readonly offset: number;
  /** Bytes; an array counts whole. */
  readonly size: number;
  /** Allowed access widths in bytes, or `narrow`: 1, 2, 4 (up to the field's size), aligned, within it. */
  readonly access: "narrow" | readonly number[];
  /** Whether programs may write it. */
  readonly write: boolean;
  /** Widths of stores in bytes where they are not those of loads; a `narrow` field is else stored whole. */
  readonly writeAccess?: readonly number[];
  /** Attach types (`enum bpf_attach_type` numbers) in which it may be written; in all where it exists if absent. */
  readonly writeAttachTypes?: readonly number[];
  /** Every access must begin within this many bytes from the field's start; anywhere in it if absent. */
  readonly startsWithin?: number;
  /** What a load gives; scalars where absent. */
  readonly result?:
    | "packet"
    | "packet_meta"
    | "packet_end"
    | "socket"
    | "socket_or_null"
    | "tp_buffer"
    | "sock_common_or_null"
    | "flow_keys"
    | "btf";
  /** For `btf`: the kernel structure that the pointer leads to. */
  readonly btfType?: string;
  /** Attach types (`enum bpf_attach_type` numbers) in which the field exists; everywhere if absent. */
  readonly attachTypes?: readonly number[];
}

/** A program type's rules. */
export interface ProgramTypeRules {
  /** Lower case: `xdp`, `sched_cls`, …. */
  readonly name: string;
  /** `BPF_PROG_TYPE_*`. */
  readonly id: number;
  /** The context's structure, e.g. `xdp_md`, `__sk_buff`; absent if the context is typed by BTF or is raw arguments. */
  readonly ctx?: string;
  /** Size of the context in bytes. */
  readonly ctxSize: number;
  /** What may be accessed in it. */
  readonly fields: readonly CtxField[];
  /** The attach types (`enum bpf_attach_type`) with which it is loaded, the first one where none is asked for (0); any if absent. */
  readonly attachTypes?: readonly number[];
  /** The context is the arguments of what the program is attached to, typed by the kernel's BTF. */
  readonly typedContext: boolean;
  /** May the program write packet data directly. */
  readonly packetWrite: boolean;
  /** May the program read packet data directly. */
  readonly packetRead: boolean;
  /**
   * The helpers it may call, for a given expected attach type. `target` is what the section names as attach target, where that
   * decides: the iterator (`tcp`) or the structure (`tcp_congestion_ops`).
   */
  helpers(attachType: number, target?: string): ReadonlySet<number>;
  /** The return value's allowed range by attach type; undefined = anything. */
  returns(attachType: number): { readonly min: number; readonly max: number } | undefined;
  /** A function that only those kernels have that were built with this type; absent if all are. */
  readonly builtWith?: string;
  /** `verify` does not yet know this type well enough to decide about its programs. */
  readonly unsupported?: string;
}

/** `KF_*` flags of a kernel function, without the prefix and in lower case. */
export type KfuncFlag =
  | "acquire"
  | "release"
  | "ret_null"
  | "trusted_args"
  | "sleepable"
  | "destructive"
  | "rcu"
  | "iter_new"
  | "iter_next"
  | "iter_destroy"
  | "rcu_protected"
  | "fastcall"
  | "arena_ret"
  | "arena_arg1"
  | "arena_arg2";

/** What the kernel registers about a function that programs may call; arguments come from BTF. */
export interface KfuncRules {
  /** The function's name. */
  readonly name: string;
  /** `KF_*`. */
  readonly flags: ReadonlySet<KfuncFlag>;
  /** The program types that may call it. */
  readonly types: ReadonlySet<string>;
  /** The attach types (`enum bpf_attach_type`) whose programs may call it; all if absent. */
  readonly attachTypes?: readonly number[];
  /** Among callbacks, only those of this structure may call it, or only some of its members. */
  readonly callbacks?: { readonly struct: string; readonly members?: ReadonlySet<string> };
  /** Only programs bound to a device may call it (XDP metadata). */
  readonly deviceBound: boolean;
}

/** An argument of an attach target that is not what its prototype says. */
export interface TargetArg {
  /** Its position, from 0. */
  readonly arg: number;
  /** A pointer to its structure, or to a buffer of a size that the attachment decides. */
  readonly kind: "struct" | "buffer" | "rdonly_buffer";
  /** `PTR_TRUSTED`; plain pointers to structures otherwise. */
  readonly trusted?: boolean;
}

/** What a tracepoint passes besides valid pointers: positions from 0. */
export interface TracepointArgs {
  /** Arguments, from 0, that may be null. */
  readonly mayBeNull: readonly number[];
  /** Pointers that may hold an error: seen as numbers. */
  readonly mayBeError: readonly number[];
}

/** A structure of callbacks that programs may implement. */
export interface StructOpsRules {
  /** Members that programs cannot implement. */
  readonly unsupported: ReadonlySet<string>;
  /** The only members that programs can implement; all others if absent. */
  readonly members?: ReadonlySet<string>;
  /** The only members whose programs may sleep; any if absent. */
  readonly sleepable?: ReadonlySet<string>;
  /** By member: the positions of arguments that may be null. */
  readonly nullable?: Readonly<Record<string, readonly number[]>>;
  /** By member: the positions of arguments that the program owns, to give back or keep (`__ref`). */
  readonly owned?: Readonly<Record<string, readonly number[]>>;
  /** By member and position: the structure that an argument is taken for a valid pointer to, whatever the prototype says. */
  readonly passedAs?: Readonly<Record<string, Readonly<Record<number, string>>>>;
  /** Arguments of the first structure are passed as the second. */
  readonly promotes?: readonly [from: string, to: string];
  /**
   * How stores that are not allowed are refused: by the field they miss (the default), by the range of the structure, or without a
   * word. In the last two a store may begin anywhere in a field.
   */
  readonly wording?: "fields" | "ranges" | "none";
  /** The structures that programs may write to, and the fields; a structure without fields as a whole. */
  readonly writes?: readonly {
    readonly struct: string;
    /**
     * `struct.member` paths from a structure that begins where `struct` does; `a+b` for what begins at `b` of what lies at `a`; with `*`
     * behind it, a text whose last byte stays.
     */
    readonly fields?: readonly string[];
  }[];
}

/** A security hook. */
export interface HookRules {
  /** No program may be attached to it. */
  readonly disabled: boolean;
  /** Its programs may sleep. */
  readonly sleepable: boolean;
  /** Its arguments are not known to be valid. */
  readonly untrusted: boolean;
  /** Its result is 0 or 1; others' is 0 or an error. */
  readonly boolean: boolean;
}

/** What is known of attach targets beyond their BTF prototypes. */
export interface TargetRules {
  /** The typed arguments of an iterator's programs, by its name (`task`); undefined if there is no such iterator. */
  iterator(name: string): readonly TargetArg[] | undefined;
  /** By the tracepoint's name (`sched_switch`); undefined if its pointers are all valid. */
  tracepoint(name: string): TracepointArgs | undefined;
  /** By the security hook's name (`file_open`), whether there is one or not. */
  hook(name: string): HookRules;
  /** A function whose result programs may change by name; undefined for all others. */
  modifiable(name: string): { readonly sleepable: boolean } | undefined;
  /** Whether errors may be injected into a kernel function (`ALLOW_ERROR_INJECTION`); undefined if that is not known. */
  takesErrors(name: string): boolean | undefined;
  /** By the structure's name (`tcp_congestion_ops`); undefined if unknown. */
  structOps(name: string): StructOpsRules | undefined;
}

/** The limits of `include/linux/bpf_verifier.h` and friends. */
export interface Limits {
  /** Instructions processed (`BPF_COMPLEXITY_LIMIT_INSNS`). */
  readonly processed: number;
  /** Paths put off at a time (`BPF_COMPLEXITY_LIMIT_JMP_SEQ`). */
  readonly jumpSequence: number;
  /** Bytes of stack of one call chain (`MAX_BPF_STACK`). */
  readonly stackBytes: number;
  /** Frames of one call chain (`MAX_CALL_FRAMES`). */
  readonly frames: number;
  /** Subprograms (`BPF_MAX_SUBPROGS`). */
  readonly subprogs: number;
  /** Instructions of a program. */
  readonly insns: number;
  /** Greatest variable offset of a pointer (`BPF_MAX_VAR_OFF`). */
  readonly maxVarOff: number;
  /** Greatest size known only as a range (`BPF_MAX_VAR_SIZ`). */
  readonly maxVarSize: number;
}

/** A kernel version. */
export interface Profile {
  /** e.g. `linux-6.18`. */
  readonly name: string;
  /** The prototype of a helper, as programs of `use` see it; of its most common users where `use` is absent. Undefined for unknown ids; says nothing about whether the type may call it. */
  helper(id: number, use?: HelperUse): HelperProto | undefined;
  /** The id of a helper by its name without `bpf_`. */
  helperId(name: string): number | undefined;
  /** The rules of a program type by name; undefined if there is no such type. */
  programType(name: string): ProgramTypeRules | undefined;
  /** What is known of a kernel function by name beyond its BTF prototype; undefined if programs may not call it. */
  kfunc(name: string): KfuncRules | undefined;
  /** What is known of attach targets. */
  readonly targets: TargetRules;
  /**
   * The kernel's structures whose references maps can own: those with a destructor (`register_btf_id_dtor_kfuncs`). With the function
   * that a kernel has only if it has the destructor; empty if all do.
   */
  readonly releases: ReadonlyMap<string, string>;
  /** How far a verification may go. */
  readonly limits: Limits;
}

/**
 * Where everything the verifier knows about a path lies in the arena `W`: word offsets and constants, nothing else.
 *
 * A register is 24 words (`REG`), a frame is 11 registers and 64 stack slots, and the path under exploration is eight frames at
 * fixed places (`CUR`), so that "register 3 of the current frame" is one addition. Saved states hold no registers but ids of
 * immutable register values (see `values.ts`), with which saving, restoring and comparing cost tens of nanoseconds.
 *
 * Type and flag numbers are those of `enum bpf_reg_type` and `enum bpf_type_flag` in Linux 6.18's `include/linux/bpf.h`.
 *
 * @module
 */

/** Words of a register. */
export const REG_WORDS = 24;

// Numbers of a register: 64-bit ones as low and high half, 32-bit ones in one word (unsigned ones as int32 bits).
/** Word of the low half of the signed 64-bit minimum. */
export const SMIN = 0;
/** Word of the low half of the signed 64-bit maximum. */
export const SMAX = 2;
/** Word of the low half of the unsigned 64-bit minimum. */
export const UMIN = 4;
/** Word of the low half of the unsigned 64-bit maximum. */
export const UMAX = 6;
/** Word of the low half of the known bits' values. */
export const TVAL = 8;
/** Word of the low half of the mask of unknown bits. */
export const TMASK = 10;
/** Word of the unsigned 32-bit minimum. */
export const U32MIN = 12;
/** Word of the unsigned 32-bit maximum. */
export const U32MAX = 13;
/** Word of the signed 32-bit minimum. */
export const S32MIN = 14;
/** Word of the signed 32-bit maximum. */
export const S32MAX = 15;
/** Word of the type, with flags above the low 8 bits. */
export const TYPE = 16;
/** Word of the fixed offset of a pointer, or the constant of a scalar linked with {@linkcode ADD_CONST}. Signed. */
export const OFF = 17;
/**
 * Word of the first of the type's own properties: map index (`CONST_PTR_TO_MAP`, `PTR_TO_MAP_VALUE`, `PTR_TO_MAP_KEY`), range
 * (packet pointers, signed), size in bytes (`PTR_TO_MEM`), type id (`PTR_TO_BTF_ID`), subprogram (`PTR_TO_FUNC`),
 * {@linkcode dynptrType} and first-slot bit (dynptrs). Zero for scalars.
 */
export const AUX1 = 18;
/** Word of the second: map uid (maps), whose BTF (`PTR_TO_BTF_ID`: 0 the kernel's, -1 the program's), dynptr id (slices). Zero for scalars. */
export const AUX2 = 19;
/** Word of the id shared by registers that hold the same value; bits 30 and 31 are {@linkcode ADD_CONST}. */
export const ID = 20;
/** Word of the id of the reference the pointer came from. */
export const REF_ID = 21;
/** Word of the frame a stack pointer points into. */
export const FRAMENO = 22;
/**
 * Word of the id of the immutable value that equals words 0 to 22 (of a scalar: but for the link in `ID`), or 0 if there is none yet.
 * Whoever changes any of those words writes 0 here; copying a register copies it too.
 */
export const VID = 23;

/** In `ID`: the register is its peers' value plus its own `OFF`, added (or subtracted) as 64 bits. */
export const ADD_CONST64 = 0x80000000 | 0;
/** In `ID`: the same, as 32 bits with zero extension. */
export const ADD_CONST32 = 0x40000000;
/** In `ID`: either of the two. */
export const ADD_CONST: number = ADD_CONST64 | ADD_CONST32;

// enum bpf_reg_type
export const NOT_INIT = 0;
export const SCALAR_VALUE = 1;
export const PTR_TO_CTX = 2;
export const CONST_PTR_TO_MAP = 3;
export const PTR_TO_MAP_VALUE = 4;
export const PTR_TO_MAP_KEY = 5;
export const PTR_TO_STACK = 6;
export const PTR_TO_PACKET_META = 7;
export const PTR_TO_PACKET = 8;
export const PTR_TO_PACKET_END = 9;
export const PTR_TO_FLOW_KEYS = 10;
export const PTR_TO_SOCKET = 11;
export const PTR_TO_SOCK_COMMON = 12;
export const PTR_TO_TCP_SOCK = 13;
export const PTR_TO_TP_BUFFER = 14;
export const PTR_TO_XDP_SOCK = 15;
export const PTR_TO_BTF_ID = 16;
export const PTR_TO_MEM = 17;
export const PTR_TO_ARENA = 18;
export const PTR_TO_BUF = 19;
export const PTR_TO_FUNC = 20;
export const CONST_PTR_TO_DYNPTR = 21;
/** Ours alone: a value of a trusted body that nothing is known about and everything is allowed with. */
export const KERNEL_VALUE = 22;

/** Bits of the base type. */
export const BASE_TYPE_BITS = 8;
/** Mask of the base type. */
export const BASE_TYPE_MASK = 0xff;

// enum bpf_type_flag
export const PTR_MAYBE_NULL = 1 << 8;
export const MEM_RDONLY = 1 << 9;
export const MEM_RINGBUF = 1 << 10;
export const MEM_USER = 1 << 11;
export const MEM_PERCPU = 1 << 12;
export const OBJ_RELEASE = 1 << 13;
export const PTR_UNTRUSTED = 1 << 14;
export const MEM_UNINIT = 1 << 15;
export const DYNPTR_TYPE_LOCAL = 1 << 16;
export const DYNPTR_TYPE_RINGBUF = 1 << 17;
export const MEM_FIXED_SIZE = 1 << 18;
export const MEM_ALLOC = 1 << 19;
export const PTR_TRUSTED = 1 << 20;
export const MEM_RCU = 1 << 21;
export const NON_OWN_REF = 1 << 22;
export const DYNPTR_TYPE_SKB = 1 << 23;
export const DYNPTR_TYPE_XDP = 1 << 24;
export const MEM_ALIGNED = 1 << 25;
export const MEM_WRITE = 1 << 26;
export const DYNPTR_TYPE_SKB_META = 1 << 27;

/** Range of a packet pointer known to be at the end, exactly. */
export const AT_PKT_END = -1;
/** Range of a packet pointer known to be beyond the end. */
export const BEYOND_PKT_END = -2;

// enum bpf_dynptr_type: the low 8 bits of a dynptr register's AUX1.
export const DYNPTR_INVALID = 0;
export const DYNPTR_LOCAL = 1;
export const DYNPTR_RINGBUF = 2;
export const DYNPTR_SKB = 3;
export const DYNPTR_XDP = 4;
export const DYNPTR_SKB_META = 5;
/** In AUX1 of a dynptr register: the first of its two slots. */
export const DYNPTR_FIRST_SLOT = 1 << 8;

/** The `enum bpf_dynptr_type` of a dynptr register's AUX1. */
export function dynptrType(aux1: number): number {
  return aux1 & 0xff;
}

// enum bpf_stack_slot_type: 4 bits per byte of a slot. Bits 4j..4j+3 are the kernel's slot_type[j]: j = 0 is the byte at the HIGHEST address (fp-1 in slot 0).
export const STACK_INVALID = 0;
export const STACK_SPILL = 1;
export const STACK_MISC = 2;
export const STACK_ZERO = 3;
export const STACK_DYNPTR = 4;
export const STACK_ITER = 5;
export const STACK_IRQ_FLAG = 6;

/** Multiplied by a slot type: the type word of a slot whose eight bytes all have it. */
export const ALL_BYTES = 0x11111111;

// A frame of the path under exploration.
/** Registers of a frame, r0 to r10. */
export const FRAME_REG_COUNT = 11;
/** Stack slots of a frame: 512 bytes. */
export const FRAME_SLOTS = 64;
/** Frames of a path. */
export const MAX_FRAMES = 8;
/** Word of a frame: the slot of the call that made it; -1 for the program's own. */
export const F_CALLSITE = 0;
/** Word of a frame: its subprogram's index in layout order. */
export const F_SUBPROG = 1;
/** Word of a frame: flags {@linkcode IN_CALLBACK} and its kin. */
export const F_FLAGS = 2;
/** Word of a frame: least return value a callback may give. */
export const F_CB_MIN = 3;
/** Word of a frame: greatest return value a callback may give. */
export const F_CB_MAX = 4;
/** Word of a frame: how many times the callback called next is nested in its own simulation. */
export const F_CB_DEPTH = 5;
/** Word of a frame: how many stack slots are in use (the kernel's allocated_stack / 8). */
export const F_NSLOTS = 6;
/** Word of a frame: for asynchronous callbacks, the number of their entry. */
export const F_ASYNC = 7;
/** Word of a frame: how many times it went on at a `may_goto`. */
export const F_MAY_GOTO = 8;
/** Words of a frame before its registers. */
export const F_REGS = 16;
/** First of the 64 type words of a frame's slots. */
export const F_SLOT_TYPES = F_REGS + FRAME_REG_COUNT * REG_WORDS;
/** First of the 64 registers spilled to a frame's slots. */
export const F_SPILLS = F_SLOT_TYPES + FRAME_SLOTS;
/** Words of a frame. */
export const FRAME_WORDS = F_SPILLS + FRAME_SLOTS * REG_WORDS;

/** In `F_FLAGS`: called as a callback, synchronously. */
export const IN_CALLBACK = 1;
/** In `F_FLAGS`: an asynchronous callback. */
export const IN_ASYNC_CALLBACK = 2;
/** In `F_FLAGS`: an exception callback. */
export const IN_EXCEPTION_CALLBACK = 4;

// Places in the arena.
/** First of 64 scratch registers; the first eight belong to the walk, the next to `alu.ts`, see the named ones below. */
export const SCRATCH = 0;
/** An immediate made into a register, for ALU operations. */
export const SCRATCH_ALU = 8 * REG_WORDS;
/** Further scratch of ALU operations and bounds: 16 registers from here. */
export const SCRATCH_ALU2 = 9 * REG_WORDS;
/** An immediate made into a register, for branches; further seven behind it. */
export const SCRATCH_BRANCH = 26 * REG_WORDS;
/** Scratch of memory and call checks: 16 registers from here. */
export const SCRATCH_CALL = 36 * REG_WORDS;
/** The path under exploration: eight frames. */
export const CUR = 2048;
/** Immutable register values, by id. */
export const VALUES = 32768;
/** How many values there can be. */
export const VALUE_LIMIT = 5_000_000;
/** Saved states and history entries. */
export const BLOCKS = VALUES + VALUE_LIMIT * REG_WORDS;
/** Words of the arena: 1 GiB, reserved and not touched until used. */
export const ARENA_WORDS = 1 << 28;

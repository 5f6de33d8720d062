/**
 * The kinds of rejection: one stable code for each, what it means and what usually helps.
 *
 * The code is given where the rejection is made ({@linkcode Env.fail}), never read off a message. Codes do not change between
 * versions; new ones may be added. `docs/diagnostics.md` prints this table: after a change, `deno run -A tools/build_diagnostics.ts`.
 *
 * @module
 */

/** What is known of a kind of rejection. */
export interface RejectionKind {
  /** What the program does that is refused. */
  readonly meaning: string;
  /** What usually helps. */
  readonly remedy: string;
}

/** What was demanded of a register or of memory, as far as a rejection is about that. */
export interface Demand {
  /** The register. */
  readonly regno?: number;
  /** The register that says how many bytes are accessed through the one before it. */
  readonly sizeRegno?: number;
  /** Bytes from where the register's variable part leads; of the stack, from the frame pointer. */
  readonly off?: number;
  /** Bytes accessed. */
  readonly size?: number;
  /** Bytes that may be accessed. */
  readonly limit?: number;
  /** The least number allowed. */
  readonly min?: number;
  /** The greatest number allowed. */
  readonly max?: number;
}

/** A kind of rejection, as it stands behind `verify/` in a diagnostic's code. */
export type RejectionCode =
  | "packet-bounds"
  | "map-value-bounds"
  | "map-key-bounds"
  | "memory-bounds"
  | "stack-bounds"
  | "stack-object"
  | "uninit-register"
  | "nullable"
  | "not-a-pointer"
  | "wrong-pointer"
  | "untrusted-pointer"
  | "read-only"
  | "misaligned"
  | "moved-pointer"
  | "partial-pointer"
  | "stack-escape"
  | "frame-pointer"
  | "mixed-pointers"
  | "atomic-access"
  | "special-field"
  | "context-access"
  | "socket-access"
  | "struct-access"
  | "struct-bounds"
  | "pointer-arithmetic"
  | "pointer-offset"
  | "division-by-zero"
  | "invalid-shift"
  | "argument-type"
  | "constant-argument"
  | "constant-string"
  | "size-argument"
  | "helper-unknown"
  | "missing-relocation"
  | "helper-not-allowed"
  | "helper-packet"
  | "kfunc-not-allowed"
  | "license"
  | "sleeping-call"
  | "lock-held"
  | "lock-not-held"
  | "lock-misuse"
  | "held-at-exit"
  | "leaked-reference"
  | "unacquired-reference"
  | "two-references"
  | "dynptr-state"
  | "iterator-state"
  | "kernel-pointer-field"
  | "graph-object"
  | "allocated-type"
  | "exception"
  | "callback"
  | "map-helper"
  | "map-not-allowed"
  | "map-reference"
  | "too-many-maps"
  | "tail-call"
  | "legacy-load"
  | "return-range"
  | "return-type"
  | "global-prototype"
  | "global-argument"
  | "infinite-loop"
  | "too-complex"
  | "call-depth"
  | "stack-depth"
  | "too-many-subprograms"
  | "unreachable-code"
  | "jump-target"
  | "falls-off-the-end"
  | "invalid-instruction"
  | "program-type"
  | "attach-target"
  | "replacement"
  | "not-sleepable"
  | "kernel-type"
  | "kernel-bug"
  | "rejected";

/** The code of a diagnostic about a rejection. */
export type DiagnosticCode = `verify/${RejectionCode}`;

/** Meaning and remedy of every kind. */
export const REJECTIONS: Readonly<Record<RejectionCode, RejectionKind>> = {
  // Memory.
  "packet-bounds": {
    meaning: "Packet data is accessed beyond what was compared with data_end on this path.",
    remedy:
      "Compare the pointer plus the size with data_end before the access, with the same pointer as is used later.",
  },
  "map-value-bounds": {
    meaning: "A map value is accessed outside of its bytes, or at an offset that is not known to lie inside.",
    remedy:
      "Bound the index from both sides before it is added; `if (i >= N) return 0;` on an unsigned copy does both.",
  },
  "map-key-bounds": {
    meaning: "A map key that a callback was given is accessed outside of its bytes.",
    remedy: "Access no more than the map's key_size.",
  },
  "memory-bounds": {
    meaning:
      "Memory of known size (a helper's result, an argument, a buffer) is accessed outside of its bytes.",
    remedy: "Bound the offset against the size of the memory, or ask for more memory.",
  },
  "stack-bounds": {
    meaning: "The stack is accessed outside of the frame, or at an offset that is not known well enough.",
    remedy: "Bound the index into the array on the stack from both sides; a frame has 512 bytes.",
  },
  "stack-object": {
    meaning: "Stack bytes are read as data that hold a dynptr, an iterator or an interrupt flag.",
    remedy: "Keep such objects apart from buffers, and read them through their functions only.",
  },
  "uninit-register": {
    meaning: "A register is read that holds nothing: it was not set on this path, or a call took its value.",
    remedy: "Initialise the variable on every path; declare parameters and results with their types.",
  },
  "nullable": {
    meaning: "A pointer that may be NULL is used as if it were not.",
    remedy: "Compare it with NULL first and use it only on the path where it is not.",
  },
  "not-a-pointer": {
    meaning: "Memory is accessed through a number.",
    remedy:
      "Keep the pointer a pointer: no masks, no 32-bit copies, and fetch packet pointers again after helpers that move them.",
  },
  "wrong-pointer": {
    meaning: "Memory is accessed through a pointer that gives no access, such as the end of the packet.",
    remedy: "Use the pointer to the data, or a helper that reads for you.",
  },
  "untrusted-pointer": {
    meaning: "A pointer is passed that is not known to be valid any more, or never was.",
    remedy:
      "Take a reference (an acquire function), or use the pointer within the RCU section it was read in.",
  },
  "read-only": {
    meaning: "Memory is written that the program may only read, or read that it may only write.",
    remedy: "Write to a copy, or use the helper that writes for you.",
  },
  "misaligned": {
    meaning: "An access is not aligned to its size where that is demanded.",
    remedy: "Align the offset, or access the bytes one by one.",
  },
  "moved-pointer": {
    meaning: "A pointer that must be used as it was given has had something added to it.",
    remedy:
      "Use the pointer itself and let the access carry the offset; do not index a context with a variable.",
  },
  "partial-pointer": {
    meaning: "A pointer on the stack is read or overwritten in part.",
    remedy: "Read and write pointers whole (8 bytes, aligned).",
  },
  "stack-escape": {
    meaning: "A pointer to a frame would outlive the frame.",
    remedy: "Let the caller pass the buffer.",
  },
  "frame-pointer": {
    meaning: "R10, the frame pointer, is written.",
    remedy: "Copy it to another register first.",
  },
  "mixed-pointers": {
    meaning: "One instruction accesses memory of different kinds on different paths.",
    remedy:
      'Duplicate the access, one per kind; `barrier_var` or `asm volatile ("" ::: "memory")` keeps the compiler from merging.',
  },
  "atomic-access": {
    meaning: "An atomic instruction is used on memory that does not take it.",
    remedy: "Use atomics on map values and the stack only.",
  },
  "special-field": {
    meaning: "A field that only helpers may touch (timer, lock, list, kernel pointer) is accessed directly.",
    remedy: "Use the field's own helpers, and keep other accesses clear of it.",
  },
  "context-access": {
    meaning:
      "The context has no such field for this program type, or the field is not accessed in this size or direction.",
    remedy: "Use a field of the context that this program type may access, in its own size.",
  },
  "socket-access": {
    meaning: "The socket structure has no such field, or not in this size.",
    remedy: "Use a field of `struct bpf_sock` and its kin, in its own size.",
  },
  "struct-access": {
    meaning: "A kernel structure has no such field at this offset and size.",
    remedy: "Access whole fields through the structure's type (CO-RE keeps offsets right).",
  },
  "struct-bounds": {
    meaning: "A pointer to a kernel structure is used at a negative or unknown offset.",
    remedy: "Access kernel structures at constant offsets.",
  },
  // Arithmetic.
  "pointer-arithmetic": {
    meaning: "An operation that pointers do not take, or not pointers of this kind.",
    remedy: "Only add numbers to pointers, in 64 bits; compute on numbers and add last.",
  },
  "pointer-offset": {
    meaning: "What is added to a pointer may be too large (2^29 and more) or has no lower bound.",
    remedy: "Bound the number before it is added.",
  },
  "division-by-zero": {
    meaning: "A division by the constant zero.",
    remedy: "Divide by something else.",
  },
  "invalid-shift": {
    meaning: "A shift by a constant not less than the operand's width.",
    remedy: "Shift by less.",
  },
  // Calls.
  "argument-type": {
    meaning: "A function is given an argument of another type than it takes.",
    remedy: "Pass what the function's prototype says.",
  },
  "constant-argument": {
    meaning: "An argument that must be known at verification is not.",
    remedy: "Pass a constant, or branch so that it is one constant on each path.",
  },
  "constant-string": {
    meaning: "A format or string is not a constant, zero-terminated one in a read-only map.",
    remedy: "Declare it `static const char []` with its zero.",
  },
  "size-argument": {
    meaning: "A size passed with a pointer may be negative, zero or too large.",
    remedy:
      "Bound the size from both sides just before the call, e.g. `if (n > sizeof(buf)) return 0;` on an unsigned variable.",
  },
  "helper-unknown": {
    meaning: "There is no helper of this number.",
    remedy: "Use a helper that this kernel has.",
  },
  "missing-relocation": {
    meaning: "An instruction that depends on a type, field, function or map that is not there.",
    remedy: "Test for it first (bpf_core_field_exists and its kin), or load on a kernel that has it.",
  },
  "helper-not-allowed": {
    meaning: "The helper cannot be called from programs of this type.",
    remedy: "Use another program type, or another helper that does it (bpf-helpers(7) lists them).",
  },
  "helper-packet": {
    meaning: "A helper that does not take packet data is given a pointer into the packet.",
    remedy: "Copy the bytes to the stack and pass them from there.",
  },
  "kfunc-not-allowed": {
    meaning: "The kernel function cannot be called from this program.",
    remedy: "Use a program type it is registered for.",
  },
  "license": {
    meaning: "A function or structure that is for GPL-compatible programs only.",
    remedy: "Give the object a GPL-compatible license section.",
  },
  "sleeping-call": {
    meaning: "A function that may sleep is called where the program must not.",
    remedy: "Make the program sleepable (`.s` sections), or leave the locked or RCU section first.",
  },
  "lock-held": {
    meaning: "Something is done under a lock that is not allowed there.",
    remedy: "Release the lock first.",
  },
  "lock-not-held": {
    meaning: "A list or tree is used without its lock.",
    remedy: "Take the lock that lies beside it.",
  },
  "lock-misuse": {
    meaning: "Locks, RCU or interrupt sections do not nest, or the wrong one is released.",
    remedy: "Release what was taken, once, in reverse order.",
  },
  "held-at-exit": {
    meaning: "A path ends within a locked, RCU, preemption or interrupt section.",
    remedy: "Leave the section on every path.",
  },
  "leaked-reference": {
    meaning: "A path ends with a reference that was not released.",
    remedy: "Release it on every path, error paths included.",
  },
  "unacquired-reference": {
    meaning: "Something is released, or handed over, that the program holds no reference to.",
    remedy: "Release each reference once, through the pointer that was acquired.",
  },
  "two-references": {
    meaning: "One call is given two referenced objects.",
    remedy: "Pass one at a time.",
  },
  "dynptr-state": {
    meaning:
      "A dynptr is used uninitialised, moved, overwritten, or of another kind than the function takes.",
    remedy: "Keep dynptrs on the stack untouched from their construction to their release.",
  },
  "iterator-state": {
    meaning: "An iterator is used before it is made or after it is destroyed.",
    remedy: "Call new, next and destroy in this order, on every path.",
  },
  "kernel-pointer-field": {
    meaning: "A kernel pointer kept in a map is accessed or exchanged in a way that is not allowed.",
    remedy: "Load and store it whole, store with bpf_kptr_xchg, and only pointers of its type.",
  },
  "graph-object": {
    meaning: "A list or tree function is given something that is no root or node of it.",
    remedy: "Pass the root and a node of the type that its `__contains` tag names.",
  },
  "allocated-type": {
    meaning: "An object of this type cannot be allocated.",
    remedy: "Allocate structures of the program's own BTF.",
  },
  "exception": {
    meaning: "An exception is thrown (bpf_throw) where it cannot pass.",
    remedy: "Release what is held before, and do not throw through callbacks.",
  },
  "callback": {
    meaning: "A function cannot be used as this callback.",
    remedy: "Use a static function with BTF, with the prototype that the helper asks for.",
  },
  "map-helper": {
    meaning: "The helper does not take maps of this type, or not this map.",
    remedy: "Use the helper that belongs to the map's type.",
  },
  "map-not-allowed": {
    meaning: "Programs of this type cannot use this map.",
    remedy: "Use another map or program type.",
  },
  "map-reference": {
    meaning: "An instruction names a map, or a place in its value, that does not exist.",
    remedy: "Declare the map; address values of maps with one element only.",
  },
  "too-many-maps": {
    meaning: "The program uses more than 64 maps.",
    remedy: "Use fewer maps.",
  },
  "tail-call": {
    meaning: "A subprogram that tail-calls has no BTF or does not return int.",
    remedy: "Let it return int, and compile with -g.",
  },
  "legacy-load": {
    meaning: "The old packet loads are used where they are not allowed.",
    remedy: "Use direct packet access or bpf_skb_load_bytes.",
  },
  // Functions and exits.
  "return-range": {
    meaning: "A program or callback may return a value that is not allowed.",
    remedy: "Return one of the allowed constants on every path.",
  },
  "return-type": {
    meaning: "A program or callback returns something that is no number.",
    remedy: "Return a number.",
  },
  "global-prototype": {
    meaning: "A global function has parameters or a result that cannot be verified on their own.",
    remedy: "Make it static, or give it parameters that are numbers, the context or pointers to structures.",
  },
  "global-argument": {
    meaning: "A global function is called with arguments that do not fit its prototype.",
    remedy: "Check the pointer for NULL before the call, or tag the parameter.",
  },
  // Control flow and limits.
  "infinite-loop": {
    meaning: "A loop came back to a state it had been in: nothing that its condition depends on changes.",
    remedy: "Make the loop's counter change in every round, or use bpf_loop or bpf_for.",
  },
  "too-complex": {
    meaning: "Verification needs more instructions or waiting paths than the kernel spends.",
    remedy:
      "Bound loops lower, move bodies to global functions or bpf_loop, and avoid branches inside of loops.",
  },
  "call-depth": {
    meaning: "More than eight frames of calls.",
    remedy: "Inline functions, or do not recurse.",
  },
  "stack-depth": {
    meaning: "The frames of a chain of calls need more than 512 bytes together.",
    remedy: "Move large variables to a map (a per-CPU array of one element).",
  },
  "too-many-subprograms": {
    meaning: "More than 256 functions.",
    remedy: "Inline functions.",
  },
  "unreachable-code": {
    meaning: "Instructions that no path reaches.",
    remedy: "Remove them; in C, look for code behind an endless loop or a call that does not return.",
  },
  "jump-target": {
    meaning: "A jump or call leads out of the function or into the middle of an instruction.",
    remedy: "Jump within the function.",
  },
  "falls-off-the-end": {
    meaning: "A function does not end with exit or a jump.",
    remedy:
      "End it with exit; in C, look for a function without a return or code that the compiler knows to be undefined.",
  },
  "invalid-instruction": {
    meaning: "An instruction that does not exist, or with bits set that must be zero.",
    remedy: "Compile for the instruction set that this kernel has (-mcpu).",
  },
  // Loading.
  "program-type": {
    meaning: "The kernel was built without programs of this type.",
    remedy: "Load it on a kernel that has them.",
  },
  "attach-target": {
    meaning: "The program cannot be attached to what it names.",
    remedy: "Name an existing target whose prototype can be described.",
  },
  "replacement": {
    meaning: "The program cannot take the place of the function that it names.",
    remedy:
      "Give it that function's prototype; let it move packet data and sleep only if the function may; and replace global functions alone, of programs that do neither trace nor replace.",
  },
  "not-sleepable": {
    meaning: "Programs of this kind cannot be sleepable, or must be.",
    remedy: "Use the section name that fits (`.s` or not).",
  },
  "kernel-type": {
    meaning: "A type or variable of the kernel does not exist or is not what it is used as.",
    remedy: "Compile against the BTF of the kernel that will load it.",
  },
  "kernel-bug": {
    meaning: "The kernel's verifier contradicts itself here and gives up.",
    remedy: 'Rearrange the code; the kernel\'s own message begins with "verifier bug".',
  },
  "rejected": {
    meaning: "Anything else.",
    remedy: "See the log.",
  },
};

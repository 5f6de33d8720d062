/**
 * The sixteen general registers of x86-64 by encoding, and which of them hold BPF's.
 *
 * r1–r5 sit where System V passes arguments and r0 where it returns, so a call moves nothing; r6–r9 are registers a callee
 * preserves. r10 has no register: the frame is addressed from rsp. What is left over is scratch for the lowering (r10, r11) or free
 * for values the allocator of stack slots puts there (r9, r12, rbp).
 *
 * @module
 */

/** Encodings. */
export const RAX = 0, RCX = 1, RDX = 2, RBX = 3, RSP = 4, RBP = 5, RSI = 6, RDI = 7;
/** Encodings, continued. */
export const R8 = 8, R9 = 9, R10 = 10, R11 = 11, R12 = 12, R13 = 13, R14 = 14, R15 = 15;

/** By BPF register 0–9: the x86-64 register that holds it. r10 is not here: see the module's header. */
export const REGISTER_OF: Int32Array = Int32Array.of(RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15);

/** Scratch for one instruction's lowering; never live between instructions. */
export const SCRATCH = R11, SCRATCH2 = R10;

/** Free registers that a call destroys. */
export const SPARE_VOLATILE: readonly number[] = [R9];
/** Free registers that every function preserves. */
export const SPARE_PRESERVED: readonly number[] = [RBP, R12];

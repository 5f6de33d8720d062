/**
 * The sixteen general registers of x86-64 by encoding, and which of them hold BPF's.
 *
 * r1–r5 sit where System V passes arguments and r0 where it returns, so a call moves nothing; r6–r9 are registers a callee
 * preserves. r10 has no register: the frame is addressed from rsp. What is left over is scratch for the lowering (r10, r11) or free
 * for values the allocator of stack slots puts there (r9, r12, rbp).
 *
 * @module
 */

/** rax. */
export const RAX = 0;
/** rcx. */
export const RCX = 1;
/** rdx. */
export const RDX = 2;
/** rbx. */
export const RBX = 3;
/** rsp. */
export const RSP = 4;
/** rbp. */
export const RBP = 5;
/** rsi. */
export const RSI = 6;
/** rdi. */
export const RDI = 7;
/** r8. */
export const R8 = 8;
/** r9. */
export const R9 = 9;
/** r10. */
export const R10 = 10;
/** r11. */
export const R11 = 11;
/** r12. */
export const R12 = 12;
/** r13. */
export const R13 = 13;
/** r14. */
export const R14 = 14;
/** r15. */
export const R15 = 15;

/** By BPF register 0–9: the x86-64 register that holds it. r10 is not here: see the module's header. */
export const REGISTER_OF: Int32Array = Int32Array.of(RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15);

/** Scratch for one instruction's lowering; never live between instructions. */
export const SCRATCH: number = R11;
/** A second one. */
export const SCRATCH2: number = R10;

/** Free registers that a call destroys. */
export const SPARE_VOLATILE: readonly number[] = [R9];
/** Free registers that every function preserves. */
export const SPARE_PRESERVED: readonly number[] = [RBP, R12];

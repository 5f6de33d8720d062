/**
 * Native functions that BPF cannot express, as machine code: calling an address, bpf_loop, leaving all frames, and the clock.
 *
 * They follow System V with r1 to r5 in rdi, rsi, rdx, rcx, r8, like everything that compiled programs call.
 *
 * @module
 */

/** Machine code with at most one address to fill in. */
export interface Stub {
  readonly bytes: Uint8Array;
  /** Where the 64-bit address goes, in bytes: of a C library function, or of the control block if it is called `control`. */
  readonly address?: { readonly offset: number; readonly name: string };
}

function code(listing: string): Uint8Array {
  const hex = listing.replaceAll(/;.*$/gm, "").replaceAll(/\s+/g, "");
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** `inlay_invoke(callback, a, b, c, d)`: the callback's own r5 is 0. */
const INVOKE = code(`
  48 89 f8              ; mov rax, rdi
  48 89 f7              ; mov rdi, rsi
  48 89 d6              ; mov rsi, rdx
  48 89 ca              ; mov rdx, rcx
  4c 89 c1              ; mov rcx, r8
  45 31 c0              ; xor r8d, r8d
  ff e0                 ; jmp rax`);

/** `bpf_loop(nr_loops, callback, context, flags)`: counts in ebx up to ebp, callback in r12, context in r13. */
const LOOP = code(`
  48 85 c9              ; test rcx, rcx
  75 47                 ; jnz invalid
  81 ff 00 00 80 00     ; cmp edi, BPF_MAX_LOOPS
  77 47                 ; ja too_big
  53                    ; push rbx
  55                    ; push rbp
  41 54                 ; push r12
  41 55                 ; push r13
  48 83 ec 08           ; sub rsp, 8
  89 fd                 ; mov ebp, edi
  49 89 f4              ; mov r12, rsi
  49 89 d5              ; mov r13, rdx
  31 db                 ; xor ebx, ebx
  85 ed                 ; test ebp, ebp
  74 1a                 ; jz done
                        ; round:
  89 df                 ; mov edi, ebx
  4c 89 ee              ; mov rsi, r13
  31 d2                 ; xor edx, edx
  31 c9                 ; xor ecx, ecx
  45 31 c0              ; xor r8d, r8d
  41 ff d4              ; call r12
  ff c3                 ; inc ebx
  48 85 c0              ; test rax, rax
  75 04                 ; jnz done
  39 eb                 ; cmp ebx, ebp
  72 e6                 ; jb round
                        ; done:
  89 d8                 ; mov eax, ebx
  48 83 c4 08           ; add rsp, 8
  41 5d                 ; pop r13
  41 5c                 ; pop r12
  5d                    ; pop rbp
  5b                    ; pop rbx
  c3                    ; ret
                        ; invalid:
  48 c7 c0 ea ff ff ff  ; mov rax, -EINVAL
  c3                    ; ret
                        ; too_big:
  48 c7 c0 f9 ff ff ff  ; mov rax, -E2BIG
  c3                    ; ret`);

/**
 * `inlay_enter(entry, context)`: runs a program within a run, which comes back here if it throws, with any values in the registers. The
 * place to come back to of the program around it is kept meanwhile.
 */
const ENTER: Stub = {
  bytes: code(`
    55                    ; push rbp
    53                    ; push rbx
    41 54                 ; push r12
    41 55                 ; push r13
    41 56                 ; push r14
    41 57                 ; push r15
    48 b8 00 00 00 00 00 00 00 00 ; mov rax, control
    ff 70 10              ; push qword [rax+unwindSp]
    50                    ; push rax
    48 83 ec 08           ; sub rsp, 8                  aligns to 16
    48 8d 54 24 f8        ; lea rdx, [rsp-8]            where the call below puts its return address
    48 89 50 10           ; mov [rax+unwindSp], rdx
    48 89 f8              ; mov rax, rdi
    48 89 f7              ; mov rdi, rsi
    31 f6                 ; xor esi, esi
    ff d0                 ; call rax
    48 8b 4c 24 08        ; mov rcx, [rsp+8]
    48 8b 54 24 10        ; mov rdx, [rsp+16]
    48 89 51 10           ; mov [rcx+unwindSp], rdx
    48 83 c4 18           ; add rsp, 24
    41 5f                 ; pop r15
    41 5e                 ; pop r14
    41 5d                 ; pop r13
    41 5c                 ; pop r12
    5b                    ; pop rbx
    5d                    ; pop rbp
    c3                    ; ret`),
  address: { offset: 12, name: "control" },
};

/**
 * `bpf_throw(r0)`: comes back where the program was entered, as if its main function had returned. There the stack pointer alone is
 * relied on (`inlay_enter`, `trampoline.ts`).
 */
const UNWIND: Stub = {
  bytes: code(`
    48 89 f8              ; mov rax, rdi
    48 b9 00 00 00 00 00 00 00 00 ; mov rcx, control
    48 8b 61 10           ; mov rsp, [rcx+unwindSp]
    c3                    ; ret`),
  address: { offset: 5, name: "control" },
};

/** Nanoseconds of a clock of `clock_gettime`. */
function clock(id: number): Stub {
  const bytes = code(`
    48 83 ec 18           ; sub rsp, 24
    48 89 e6              ; mov rsi, rsp
    48 b8 00 00 00 00 00 00 00 00 ; mov rax, clock_gettime
    bf ${id.toString(16).padStart(2, "0")} 00 00 00 ; mov edi, id
    ff d0                 ; call rax
    48 69 04 24 00 ca 9a 3b ; imul rax, [rsp], 1000000000
    48 03 44 24 08        ; add rax, [rsp+8]
    48 83 c4 18           ; add rsp, 24
    c3                    ; ret`);
  return { bytes, address: { offset: 9, name: "clock_gettime" } };
}

/** By name: `CLOCK_MONOTONIC` 1, `CLOCK_MONOTONIC_COARSE` 6, `CLOCK_BOOTTIME` 7, `CLOCK_TAI` 11. */
export const STUBS: ReadonlyMap<string, Stub> = new Map<string, Stub>([
  ["inlay_invoke", { bytes: INVOKE }],
  ["bpf_loop", { bytes: LOOP }],
  ["inlay_enter", ENTER],
  ["bpf_throw", UNWIND],
  ["inlay_unwind", UNWIND],
  ["bpf_ktime_get_ns", clock(1)],
  ["bpf_ktime_get_coarse_ns", clock(6)],
  ["bpf_ktime_get_boot_ns", clock(7)],
  ["bpf_ktime_get_tai_ns", clock(11)],
]);

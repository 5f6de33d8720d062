/**
 * The way from JavaScript into compiled code: a few lines of machine code in a library made on the spot.
 *
 * `call2` and `call5` jump to an address with two or five arguments (a bpf2bpf entry, a helper); nothing guards them.
 * `run` executes a program as a test run does: a loop in machine code around the entry, with the clock read before and after, and
 * the place to come back to when a run is abandoned. It is told everything by a descriptor ({@linkcode RUN}) in native memory.
 *
 * @module
 */
import { CONTROL } from "../../abi/machine_code.ts";
import { elfLibrary } from "./elf_library.ts";
import { addressOf, libc } from "./libc.ts";

/** The descriptor of `run`: offsets of its 64-bit words, in bytes. */
export const RUN = {
  /** Address of the entry, `u64 entry(u64 r1, u64 r2)`. */
  code: 0,
  r1: 8,
  r2: 16,
  /** Address of the control block. */
  control: 24,
  /** How many rounds, at least 1. */
  repeat: 32,
  /** Before every round, `words` 8-byte words are copied from `image` to `target`; `words` is 0 if nothing is. */
  image: 40,
  target: 48,
  words: 56,
  /** Address of `clock_gettime`. */
  clock: 64,
  /** Out: nanoseconds from before the first round to after the last. */
  ns: 72,
  /** Out: r0 of the last round. */
  result: 80,
  /** Out: rounds not done because a run was abandoned; 0 after a full run. */
  left: 88,
  size: 96,
} as const;

/** A hexadecimal listing without its comments. */
function code(listing: string): Uint8Array {
  const hex = listing.replaceAll(/;.*$/gm, "").replaceAll(/\s+/g, "");
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

const CALL2 = code(`
  48 89 f8              ; mov rax, rdi
  48 89 f7              ; mov rdi, rsi
  48 89 d6              ; mov rsi, rdx
  ff e0                 ; jmp rax`);

const CALL5 = code(`
  48 89 f8              ; mov rax, rdi
  48 89 f7              ; mov rdi, rsi
  48 89 d6              ; mov rsi, rdx
  48 89 ca              ; mov rdx, rcx
  4c 89 c1              ; mov rcx, r8
  4d 89 c8              ; mov r8, r9
  ff e0                 ; jmp rax`);

// rbx holds the descriptor, r13 the control block. Both are loaded again after the call: an abandoned run comes back with the
// stack pointer it should have and any value in the other registers, so only the stack can be relied on. For the same reason
// the count of rounds lives in memory.
const RUN_CODE = code(`
  55                    ; push rbp
  53                    ; push rbx
  41 54                 ; push r12
  41 55                 ; push r13
  41 56                 ; push r14
  41 57                 ; push r15
  48 83 ec 18           ; sub rsp, 24                 timespec, descriptor; aligns to 16
  48 89 7c 24 10        ; mov [rsp+16], rdi
  48 89 fb              ; mov rbx, rdi
  4c 8b 6b 18           ; mov r13, [rbx+control]
  48 8d 44 24 f8        ; lea rax, [rsp-8]            where the call below puts its return address
  49 89 45 10           ; mov [r13+unwindSp], rax
  48 8b 43 20           ; mov rax, [rbx+repeat]
  48 89 43 58           ; mov [rbx+left], rax
  bf 01 00 00 00        ; mov edi, CLOCK_MONOTONIC
  48 89 e6              ; mov rsi, rsp
  ff 53 40              ; call [rbx+clock]
  48 69 04 24 00 ca 9a 3b ; imul rax, [rsp], 1000000000
  48 03 44 24 08        ; add rax, [rsp+8]
  48 89 43 48           ; mov [rbx+ns], rax
                        ; round:
  48 8b 4b 38           ; mov rcx, [rbx+words]
  48 85 c9              ; test rcx, rcx
  74 17                 ; jz go
  48 8b 73 28           ; mov rsi, [rbx+image]
  48 8b 7b 30           ; mov rdi, [rbx+target]
                        ; copy:
  48 8b 44 ce f8        ; mov rax, [rsi+rcx*8-8]
  48 89 44 cf f8        ; mov [rdi+rcx*8-8], rax
  48 ff c9              ; dec rcx
  75 f1                 ; jnz copy
                        ; go:
  49 c7 45 18 00 00 00 00 ; mov qword [r13+tailCalls], 0
  48 8b 7b 08           ; mov rdi, [rbx+r1]
  48 8b 73 10           ; mov rsi, [rbx+r2]
  ff 13                 ; call [rbx+code]
  48 8b 5c 24 10        ; mov rbx, [rsp+16]
  4c 8b 6b 18           ; mov r13, [rbx+control]
  48 89 43 50           ; mov [rbx+result], rax
  48 ff 4b 58           ; dec qword [rbx+left]
  74 07                 ; jz done
  41 83 7d 00 00        ; cmp dword [r13+abort], 0
  74 b4                 ; je round
                        ; done:
  bf 01 00 00 00        ; mov edi, CLOCK_MONOTONIC
  48 89 e6              ; mov rsi, rsp
  ff 53 40              ; call [rbx+clock]
  48 69 04 24 00 ca 9a 3b ; imul rax, [rsp], 1000000000
  48 03 44 24 08        ; add rax, [rsp+8]
  48 2b 43 48           ; sub rax, [rbx+ns]
  48 89 43 48           ; mov [rbx+ns], rax
  48 8b 43 50           ; mov rax, [rbx+result]
  48 83 c4 18           ; add rsp, 24
  41 5f                 ; pop r15
  41 5e                 ; pop r14
  41 5d                 ; pop r13
  41 5c                 ; pop r12
  5b                    ; pop rbx
  5d                    ; pop rbp
  c3                    ; ret`);

const SYMBOLS = {
  call2: { parameters: ["u64", "u64", "u64"], result: "u64" },
  call5: { parameters: ["u64", "u64", "u64", "u64", "u64", "u64"], result: "u64" },
  run: { parameters: ["u64"], result: "u32" },
} as const;

/** The entries. Addresses and arguments are numbers (which Deno takes for 64-bit parameters, and fast) or bigints. */
export interface Trampoline {
  /** Calls `code(r1, r2)`; 64 bits come back. */
  call2(code: number | bigint, r1: number | bigint, r2: number | bigint): bigint;
  /** Calls `code(r1, …, r5)`; 64 bits come back. */
  call5(
    code: number | bigint,
    r1: number | bigint,
    r2: number | bigint,
    r3: number | bigint,
    r4: number | bigint,
    r5: number | bigint,
  ): bigint;
  /** Runs what a {@linkcode RUN} descriptor at `descriptor` says; the low 32 bits of the last r0 come back. */
  run(descriptor: number | bigint): number;
}

let opened: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

/**
 * The library's entries, made on first use and kept until the process ends.
 *
 * @throws {Error} Where code cannot be made executable; ask `nativeUnavailable` first.
 */
export function trampoline(): Trampoline {
  opened ??= open();
  return opened.symbols as unknown as Trampoline;
}

function open(): Deno.DynamicLibrary<typeof SYMBOLS> {
  const c = libc();
  const bytes = elfLibrary(new Map([["call2", CALL2], ["call5", CALL5], ["run", RUN_CODE]]));
  const fd = c.memfd_create(new TextEncoder().encode("inlay-trampoline\0"), 1 /* MFD_CLOEXEC */);
  if (fd < 0) throw new Error("Cannot make the trampoline: memfd_create failed");
  try {
    if (Number(c.write(fd, bytes, BigInt(bytes.length))) !== bytes.length) {
      throw new Error("Cannot make the trampoline: short write");
    }
    return Deno.dlopen(`/proc/self/fd/${fd}`, SYMBOLS);
  } finally {
    c.close(fd);
  }
}

/** The address of `clock_gettime`, for {@linkcode RUN}. */
export function clockAddress(): number {
  return addressOf("clock_gettime");
}

// The listing has these offsets written into it; whoever moves the control block has to change both.
if (CONTROL.abort !== 0 || CONTROL.unwindSp !== 16 || CONTROL.tailCalls !== 24 || CONTROL.tailCalled !== 28) {
  throw new Error("The trampoline's machine code does not fit the control block");
}

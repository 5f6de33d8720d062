/**
 * The rules of the walk, each by a program that breaks it and, where that says more, by one that does not; with what Linux 6.18 says.
 *
 * `rules_test.ts` holds the verifier to them, `tests/verify_kernel_test.ts` the running kernel.
 *
 * @module
 */
import type { ProgramOptions } from "./programs.ts";

/** Save a state wherever states are compared (`BPF_F_TEST_STATE_FREQ`). */
const OFTEN = 8;

/** A program and its verdict. */
export interface Rule extends ProgramOptions {
  readonly name: string;
  readonly text: string;
  /** The message of the refusal; undefined: accepted. */
  readonly message?: string;
  /** Too long to be logged, or to be done without backtracking, which would not converge. */
  readonly long?: true;
  /** Rounds of a callback are kept here and not in the kernel, so the logs differ: see `docs/kernel_divergences.md`. */
  readonly roundsKept?: true;
  /** The kernel accepts it all the same, wrongly: see `docs/kernel_divergences.md`. */
  readonly kernelAccepts?: true;
}

/** See the module's header. */
export const RULES: Rule[] = [];

RULES.push(
  {
    name: "an instruction that nothing leads to is refused",
    text: "func main:\n  r0 = 0\n  exit\n  r0 = 1\n  exit\n",
    message: "unreachable insn 2",
  },
  {
    name: "a subprogram cannot run into the next",
    text: "func main:\n  call sub\n  exit\nfunc sub:\n  r0 = 0\n",
    message: "last insn is not an exit or jmp",
  },
  {
    name: "a register nobody wrote cannot be read",
    text: "func main:\n  r0 = r2\n  exit\n",
    message: "R2 !read_ok",
  },
  { name: "a program must return something", text: "func main:\n  exit\n", message: "R0 !read_ok" },
  {
    name: "the frame pointer cannot be written",
    text: "func main:\n  r10 = 0\n  r0 = 0\n  exit\n",
    message: "frame pointer is read only",
  },
  {
    name: "a call leaves nothing in r1 to r5",
    text: "func main:\n  r1 = 1\n  call bpf_get_prandom_u32#7\n  r0 = r1\n  exit\n",
    message: "R1 !read_ok",
  },
  {
    name: "a call keeps r6 to r9",
    text: "func main:\n  r6 = 1\n  call bpf_get_prandom_u32#7\n  r0 = r6\n  exit\n",
  },
  {
    name: "a callee does not see its caller's r6",
    text: "func main:\n  r6 = 1\n  call sub\n  exit\nfunc sub:\n  r0 = r6\n  exit\n",
    message: "R6 !read_ok",
  },
  {
    name: "a callee's r6 is not its caller's",
    text: "func main:\n  call sub\n  r0 = r6\n  exit\nfunc sub:\n  r6 = 0\n  r0 = 0\n  exit\n",
    message: "R6 !read_ok",
  },
  {
    name: "a callee's result is its caller's r0",
    text:
      "func main:\n  call sub\n  if r0 == 7 goto out\n  r0 = r9\nout:\n  exit\nfunc sub:\n  r0 = 7\n  exit\n",
  },
  {
    name: "recursion ends at eight frames",
    text: "func main:\n  call sub\n  exit\nfunc sub:\n  call sub\n  exit\n",
    message: "the call stack of 9 frames is too deep",
  },
  {
    name: "a stack pointer cannot be returned to a caller",
    text: "func main:\n  call sub\n  exit\nfunc sub:\n  r0 = r10\n  exit\n",
    message: "cannot return stack pointer to the caller",
  },
  {
    name: "a callee's stack pointer cannot be put into its caller's stack",
    text:
      "func main:\n  r1 = r10\n  r1 += -8\n  call sub\n  r0 = 0\n  exit\nfunc sub:\n  *(u64 *)(r1 +0) = r10\n  r0 = 0\n  exit\n",
    message: "cannot spill pointers to stack into stack frame of the caller",
  },
  {
    name: "a callee reads and writes its caller's stack",
    text:
      "func main:\n  *(u64 *)(r10 -8) = 3\n  r1 = r10\n  r1 += -8\n  call sub\n  r0 = *(u64 *)(r10 -8)\n  if r0 == 4 goto out\n  r0 = r9\nout:\n  exit\n" +
      "func sub:\n  r2 = *(u64 *)(r1 +0)\n  r2 += 1\n  *(u64 *)(r1 +0) = r2\n  r0 = 0\n  exit\n",
  },
);

RULES.push(
  {
    name: "the stack ends 512 bytes below the frame pointer",
    text: "func main:\n  *(u64 *)(r10 -520) = 0\n  r0 = 0\n  exit\n",
    message: "invalid write to stack R10 off=-520 size=8",
  },
  {
    name: "nothing of the stack is at or above the frame pointer",
    text: "func main:\n  *(u32 *)(r10 -2) = 0\n  r0 = 0\n  exit\n",
    message: "misaligned stack access off 0+0+-2 size 4",
  },
  {
    name: "an access at a variable offset must stay within the stack",
    text:
      "func main:\n  call bpf_get_prandom_u32#7\n  r0 &= 1023\n  r1 = r10\n  r1 += -512\n  r1 += r0\n  r0 = *(u8 *)(r1 +0)\n  exit\n",
    message: "invalid variable-offset read from stack R1 var_off=(0x0; 0x3ff) off=-512 size=1",
  },
  {
    name: "a filled pointer is the pointer that was spilled",
    text: "func main:\n  *(u64 *)(r10 -8) = r1\n  r2 = *(u64 *)(r10 -8)\n  r0 = *(u32 *)(r2 +0)\n  exit\n",
  },
  {
    name: "a pointer cannot be spilled in part",
    text: "func main:\n  *(u32 *)(r10 -8) = r1\n  r0 = 0\n  exit\n",
    message: "invalid size of register spill",
  },
  {
    name: "a pointer cannot be filled in part",
    text: "func main:\n  *(u64 *)(r10 -8) = r1\n  r0 = *(u32 *)(r10 -8)\n  exit\n",
    message: "invalid size of register fill",
  },
  {
    name: "a pointer overwritten in part is none",
    text:
      "func main:\n  *(u64 *)(r10 -8) = r1\n  *(u8 *)(r10 -4) = 0\n  r2 = *(u64 *)(r10 -8)\n  r0 = *(u32 *)(r2 +0)\n  exit\n",
    message: "R2 invalid mem access 'scalar'",
  },
  {
    name: "a write at a variable offset voids the pointers it may hit",
    text:
      "func main:\n  *(u64 *)(r10 -8) = r1\n  *(u64 *)(r10 -16) = 0\n  call bpf_get_prandom_u32#7\n  r0 &= 8\n  r2 = r10\n  r2 += -16\n  r2 += r0\n" +
      "  *(u64 *)(r2 +0) = 1\n  r3 = *(u64 *)(r10 -8)\n  r0 = *(u32 *)(r3 +0)\n  exit\n",
    message: "R3 invalid mem access 'scalar'",
  },
  {
    name: "the low half of a spilled number is that of the number",
    text:
      "func main:\n  r1 = 0x1234567890 ll\n  *(u64 *)(r10 -8) = r1\n  w2 = *(u32 *)(r10 -8)\n  if w2 == 0x34567890 goto out\n  r0 = r9\nout:\n  r0 = 0\n  exit\n"
        .replace("w2 = *(u32", "r2 = *(u32"),
  },
  {
    name: "the high half of a spilled number is not its low half",
    text:
      "func main:\n  r1 = 0x1234567890 ll\n  *(u64 *)(r10 -8) = r1\n  r2 = *(u32 *)(r10 -4)\n  if r2 == 0x34567890 goto out\n  r0 = r9\nout:\n  r0 = 0\n  exit\n",
    message: "R9 !read_ok",
  },
  {
    name: "a narrow spill of a wide number keeps nothing of its upper half",
    text:
      "func main:\n  r1 = 0x1234567890 ll\n  *(u32 *)(r10 -8) = r1\n  r2 = *(u32 *)(r10 -8)\n  if r2 == 0x34567890 goto out\n  r0 = r9\nout:\n  r0 = 0\n  exit\n",
  },
  {
    name: "zeroed bytes read as zero",
    text:
      "func main:\n  *(u32 *)(r10 -4) = 0\n  r1 = *(u32 *)(r10 -4)\n  r2 = r10\n  r2 += r1\n  *(u64 *)(r2 -8) = 1\n  r0 = 0\n  exit\n",
  },
  {
    name: "frames of a chain of calls share the stack",
    text:
      "func main:\n  *(u64 *)(r10 -400) = 0\n  call sub\n  exit\nfunc sub:\n  *(u64 *)(r10 -120) = 0\n  r0 = 0\n  exit\n",
    message: "combined stack size of 2 calls is 528. Too large",
  },
);

RULES.push(
  {
    name: "a loop that changes nothing is refused",
    text: "func main:\n  r0 = 0\nloop:\n  if r1 != 0 goto loop\n  exit\n",
    message: "infinite loop detected at insn 1",
    flags: OFTEN,
  },
  {
    name: "a loop that counts to its end is accepted",
    text: "func main:\n  r6 = 0\nloop:\n  r6 += 1\n  if r6 < 100 goto loop\n  r0 = 0\n  exit\n",
  },
  {
    name: "a loop that does not end within a million instructions is refused",
    text: "func main:\n  r6 = 0\nloop:\n  r6 += 1\n  if r6 < 9000000 goto loop\n  r0 = 0\n  exit\n",
    message: "BPF program is too large. Processed 1000001 insn",
    long: true,
  },
  {
    name: "a branch that is never taken leads nowhere",
    text: "func main:\n  r1 = 5\n  r0 = 0\n  if r1 == 5 goto out\n  r0 = r9\nout:\n  exit\n",
  },
);

/** An index that is safe on the path walked first and not on the other, used where both have met. */
function meeting(unsafe: string, use: string): string {
  return "func main:\n  call bpf_get_prandom_u32#7\n  r6 = 0\n  if r0 != 0 goto other\n  r7 = -8\n  goto met\nother:\n" +
    `  ${unsafe}\nmet:\n  r8 = 1\n  r8 = 2\n  r8 = 3\n  r8 = 4\n${use}`;
}

RULES.push(
  {
    name: "a number that an access depends on must match where paths meet",
    text: meeting("r7 = -600", "  r1 = r10\n  r1 += r7\n  *(u64 *)(r1 +0) = 0\n  r0 = 0\n  exit\n"),
    flags: OFTEN,
    message: "invalid write to stack R1 off=-600 size=8",
  },
  {
    name: "a number nobody depends on need not match where paths meet",
    text: meeting("r7 = -600", "  r0 = 0\n  exit\n"),
    flags: OFTEN,
  },
  {
    name: "dependence is followed through arithmetic and the stack",
    text: meeting(
      "r7 = -600",
      "  *(u64 *)(r10 -16) = r7\n  r7 = 0\n  r2 = *(u64 *)(r10 -16)\n  r2 += 0\n  r1 = r10\n  r1 += r2\n  *(u64 *)(r1 +0) = 0\n  r0 = 0\n  exit\n",
    ),
    flags: OFTEN,
    message: "invalid write to stack R1 off=-600 size=8",
  },
  {
    name: "dependence is followed into a callee and back",
    text: meeting(
      "r7 = -600",
      "  r1 = r7\n  call sub\n  r1 = r10\n  r1 += r0\n  *(u64 *)(r1 +0) = 0\n  r0 = 0\n  exit\nfunc sub:\n  r0 = r1\n  exit\n",
    ),
    flags: OFTEN,
    message: "invalid write to stack R1 off=-600 size=8",
  },
  {
    name: "a register that is read later must match where paths meet",
    text: meeting("r6 = r10", "  if r6 == 0 goto out\n  r0 = r9\nout:\n  r0 = 0\n  exit\n").replace(
      "  r0 = r9",
      "  *(u64 *)(r6 +0) = 0",
    ),
    flags: OFTEN,
    message: "invalid write to stack R6 off=0 size=8",
  },
  {
    name: "a stack slot that is read later must match where paths meet",
    text:
      "func main:\n  r6 = r1\n  call bpf_get_prandom_u32#7\n  *(u64 *)(r10 -8) = r6\n  if r0 != 0 goto other\n  goto met\nother:\n" +
      "  *(u64 *)(r10 -8) = 7\nmet:\n  r8 = 1\n  r8 = 2\n  r1 = *(u64 *)(r10 -8)\n  r0 = *(u32 *)(r1 +0)\n  exit\n",
    flags: OFTEN,
    message: "R1 invalid mem access 'scalar'",
  },
  {
    name: "a store that writes a slot on some paths only does not make it dead before",
    text:
      "func main:\n  r6 = r1\n  call bpf_get_prandom_u32#7\n  *(u64 *)(r10 -8) = r6\n  *(u64 *)(r10 -16) = r6\n  if r0 == 2 goto third\n" +
      "  if r0 == 1 goto second\n  r2 = r10\n  r2 += -16\n  goto met\nthird:\n  *(u64 *)(r10 -8) = 7\n  r2 = r10\n  r2 += -16\n  goto met\n" +
      "second:\n  r2 = r10\n  r2 += -8\n  goto store\nmet:\n  r8 = 1\n  r8 = 2\nstore:\n  *(u64 *)(r2 +0) = r6\n  r3 = *(u64 *)(r10 -8)\n  r0 = *(u32 *)(r3 +0)\n  exit\n",
    flags: OFTEN,
    message: "R3 invalid mem access 'scalar'",
  },
  {
    name: "a packet pointer beyond the end does not stand for one within the packet",
    text:
      "func main:\n  r7 = *(u32 *)(r1 +76)\n  r8 = *(u32 *)(r1 +80)\n  r2 = r7\n  r2 += 14\n  if r2 <= r8 goto good\n  r9 = 1\n  goto met\ngood:\n" +
      "  r9 = 2\nmet:\n  r9 = 3\n  r9 = 4\n  if r2 > r8 goto out\n  r0 = *(u64 *)(r7 +20)\nout:\n  r0 = 0\n  exit\n",
    type: "sched_cls",
    flags: OFTEN,
    message: "R7 offset is outside of the packet",
  },
  {
    name: "what is left of a number overwritten in part at a variable offset is data",
    text:
      "func main:\n  r6 = 5\n  *(u64 *)(r10 -8) = r6\n  call bpf_get_prandom_u32#7\n  r0 &= 3\n  r2 = r10\n  r2 += -4\n  r2 += r0\n" +
      "  *(u8 *)(r2 +0) = 1\n  r1 = *(u32 *)(r10 -8)\n  r0 = 0\n  exit\n",
  },
  {
    name: "a stack slot that is written before it is read need not match",
    text:
      "func main:\n  r6 = r1\n  call bpf_get_prandom_u32#7\n  *(u64 *)(r10 -8) = r6\n  if r0 == 0 goto met\n" +
      "  *(u64 *)(r10 -8) = 7\nmet:\n  r8 = 1\n  *(u64 *)(r10 -8) = 5\n  r0 = *(u64 *)(r10 -8)\n  exit\n",
    flags: OFTEN,
  },
  {
    name: "numbers that were equal must be equal where paths meet",
    text:
      "func main:\n  call bpf_get_prandom_u32#7\n  r6 = r0\n  call bpf_get_prandom_u32#7\n  r7 = r0\n  if r6 > r7 goto met\n  r6 = r7\nmet:\n" +
      "  r8 = 1\n  if r6 > 4 goto out\n  r1 = r10\n  r1 += -8\n  r1 += r7\n  *(u8 *)(r1 +0) = 0\nout:\n  r0 = 0\n  exit\n",
    flags: OFTEN,
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "marks that come late in a loop reach the states matched before",
    // The loop is left any time; r7 is a good index at first and a bad one when the loop came round.
    text:
      "func main:\n  r7 = -16\nloop:\n  may_goto out\n  call bpf_get_prandom_u32#7\n  if r0 == 42 goto use\n  r7 = -600\n  goto loop\n" +
      "use:\n  r1 = r10\n  r1 += r7\n  *(u64 *)(r1 +0) = 0\n  goto loop\nout:\n  r0 = 0\n  exit\n",
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a may_goto loop needs no end of its own",
    text: "func main:\n  r6 = 0\nloop:\n  may_goto out\n  r6 += 1\n  goto loop\nout:\n  r0 = 0\n  exit\n",
    long: true,
  },
);

const LOOP = "  r2 = func body ll\n  r4 = 0\n  call bpf_loop#181\n";

RULES.push(
  {
    name: "a callback must return 0 or 1",
    text: `func main:\n  r1 = 10\n  r3 = r10\n${LOOP}  r0 = 0\n  exit\nfunc body:\n  r0 = 2\n  exit\n`,
    typed: true,
    message: "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]",
  },
  {
    name: "a callback must return 0 or 1 on every way",
    text: `func main:\n  r1 = 10\n  r3 = r10\n${LOOP}  r0 = 0\n  exit\n` +
      "func body:\n  call bpf_get_prandom_u32#7\n  r6 = 2\n  if r0 == 7 goto on\n  r6 = 0\non:\n  r0 = r6\n  exit\n",
    roundsKept: true,
    typed: true,
    flags: OFTEN,
    message: "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]",
  },
  {
    name: "a callback that is not run on one way may be on another",
    text:
      `func main:\n  call bpf_get_prandom_u32#7\n  r6 = 3\n  if r0 == 7 goto on\n  r6 = 0\non:\n  r1 = r6\n  r3 = r10\n${LOOP}  r0 = 0\n  exit\n` +
      "func body:\n  r0 = r9\n  exit\n",
    typed: true,
    flags: OFTEN,
    message: "R9 !read_ok",
  },
  {
    name: "what a callback returns may come from its caller",
    text:
      `func main:\n  call bpf_get_prandom_u32#7\n  r6 = 2\n  if r0 == 7 goto on\n  r6 = 0\non:\n  *(u64 *)(r10 -8) = r6\n  r1 = 10\n  r3 = r10\n  r3 += -8\n${LOOP}  r0 = 0\n  exit\n` +
      "func body:\n  r0 = *(u64 *)(r2 +0)\n  exit\n",
    roundsKept: true,
    typed: true,
    flags: OFTEN,
    message: "At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]",
  },
  {
    name: "what a callback reads in one round counts for the rounds before it",
    text:
      `func main:\n  *(u64 *)(r10 -8) = -16\n  r1 = 10\n  r3 = r10\n  r3 += -8\n${LOOP}  r0 = 0\n  exit\n` +
      "func body:\n  r8 = r2\n  call bpf_get_prandom_u32#7\n  if r0 == 5 goto use\n  call bpf_get_prandom_u32#7\n" +
      "  if r0 == 7 goto write\njoin:\n  r0 = 0\n  exit\nwrite:\n  *(u64 *)(r8 +0) = -600\n  goto join\n" +
      "use:\n  r1 = *(u64 *)(r8 +0)\n  r2 = r10\n  r2 += r1\n  *(u8 *)(r2 +0) = 0\n  r0 = 0\n  exit\n",
    typed: true,
    flags: OFTEN,
    message: "math between fp pointer and register with unbounded min value is not allowed",
    kernelAccepts: true,
  },
  {
    name: "a callback may run any number of times, or not at all",
    text:
      `func main:\n  *(u64 *)(r10 -8) = 0\n  r1 = 10\n  r3 = r10\n  r3 += -8\n${LOOP}  r1 = *(u64 *)(r10 -8)\n  r2 = r10\n  r2 += r1\n  *(u8 *)(r2 -16) = 1\n  r0 = 0\n  exit\n` +
      "func body:\n  *(u64 *)(r2 +0) = 64\n  r0 = 0\n  exit\n",
    typed: true,
    message: "invalid write to stack R2 off=48 size=1",
  },
  {
    name: "a callback comes round only with numbers within its own",
    text:
      `func main:\n  *(u64 *)(r10 -8) = -16\n  r1 = 10\n  r3 = r10\n  r3 += -8\n${LOOP}  r0 = 0\n  exit\n` +
      "func body:\n  r6 = r2\n  call bpf_get_prandom_u32#7\n  if r0 == 42 goto use\n  *(u64 *)(r6 +0) = -600\n  r0 = 0\n  exit\n" +
      "use:\n  r1 = *(u64 *)(r6 +0)\n  r2 = r10\n  r2 += r1\n  *(u8 *)(r2 +0) = 0\n  r0 = 0\n  exit\n",
    roundsKept: true,
    typed: true,
    flags: OFTEN,
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "a loop around a callback that goes on for ever is refused",
    text:
      `func main:\n  call bpf_get_prandom_u32#7\n  r6 = r0\ntop:\n  r1 = 2\n  r3 = r10\n${LOOP}  if r6 == 5 goto top\n  r0 = 0\n  exit\n` +
      "func body:\n  r0 = 0\n  exit\n",
    typed: true,
    message: "infinite loop detected at insn 7",
    kernelAccepts: true,
  },
  {
    name: "a loop that a callback's rounds keep going is refused",
    text:
      `func main:\ntop:\n  *(u64 *)(r10 -8) = 0\n  r1 = 2\n  r3 = r10\n  r3 += -8\n${LOOP}  r1 = *(u64 *)(r10 -8)\n  if r1 == 1 goto top\n  r0 = 0\n  exit\n` +
      "func body:\n  *(u64 *)(r2 +0) = 1\n  r0 = 0\n  exit\n",
    typed: true,
    message: "infinite loop detected at insn 6",
    kernelAccepts: true,
  },
  {
    name: "a loop around a function whose own loop ends by itself is refused",
    text:
      "func main:\ntop:\n  call f\n  if r0 == 1 goto top\n  r0 = 0\n  exit\nfunc f:\n  r0 = 0\nnext:\n  may_goto out\n  r0 = 1\n  goto next\nout:\n  exit\n",
    message: "infinite loop detected at insn 5",
    kernelAccepts: true,
  },
  {
    name: "a loop around a callback that its counter ends is none that goes on for ever",
    text:
      `func main:\n  r6 = 0\ntop:\n  r1 = 2\n  r3 = r10\n${LOOP}  r6 += 1\n  if r6 < 5 goto top\n  r0 = 0\n  exit\n` +
      "func body:\n  r0 = 0\n  exit\n",
    roundsKept: true,
    typed: true,
  },
  {
    name: "what a callback counts becomes unknown if nobody depends on it",
    text:
      `func main:\n  *(u64 *)(r10 -8) = 0\n  r1 = 1000000\n  r3 = r10\n  r3 += -8\n${LOOP}  r0 = 0\n  exit\n` +
      "func body:\n  r3 = *(u64 *)(r2 +0)\n  r3 += 1\n  *(u64 *)(r2 +0) = r3\n  r0 = 0\n  exit\n",
    typed: true,
    long: true,
  },
);

RULES.push(
  {
    name: "a legacy packet load wants the packet in r6",
    text: "func main:\n  r6 = 1\n  r0 = *(u32 *)skb[0]\n  exit\n",
    message: "at the time of BPF_LD_ABS|IND R6 != pointer to skb",
  },
  {
    name: "a legacy packet load leaves nothing in r1",
    text: "func main:\n  r6 = r1\n  r1 = 1\n  r0 = *(u32 *)skb[0]\n  r0 = r1\n  exit\n",
    message: "R1 !read_ok",
  },
  {
    name: "what egress filters return is limited",
    text: "func main:\n  r0 = 4\n  exit\n",
    type: "cgroup_skb\nattach 1",
    message: "At program exit the register R0 has smin=4 smax=4 should have been in [0, 3]",
  },
);

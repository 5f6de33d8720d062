/**
 * Calls of global functions, which are taken at their prototype's word: what they may have done, and what they may be handed.
 */
import { assertEquals } from "@std/assert";
import { kernelUnavailable, KernelUnit } from "../../../kernel/mod.ts";
import { readProgram } from "../../../tests/fuzz_verify/program.ts";
import { verdictOf } from "../testing/programs.ts";

const unavailable = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `its messages are those of ${Deno.osRelease()}`);
if (unavailable !== undefined) console.log(`skipped: global functions in the running kernel: ${unavailable}`);

interface Case {
  readonly name: string;
  /** What the name of a function says behind `_` it takes: see `readProgram`. */
  readonly text: string;
  readonly message?: string;
}

const MAP = "map m type=hash key=4 value=16 max=1\n";

const CASES: readonly Case[] = [
  {
    name: "a global function that moves the packet moves it for its caller",
    text: `type sched_cls
func main:
  r6 = r1
  r7 = *(u32 *)(r1 +76)
  r8 = *(u32 *)(r1 +80)
  r2 = r7
  r2 += 14
  if r2 > r8 goto out
  call f_c
  r0 = *(u8 *)(r7 +0)
out:
  r0 = 0
  exit
func f_c global:
  r2 = 0
  call bpf_skb_pull_data#39
  r0 = 0
  exit
`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "a global function that calls one that moves the packet moves it, too",
    text: `type sched_cls
func main:
  r6 = r1
  r7 = *(u32 *)(r1 +76)
  r8 = *(u32 *)(r1 +80)
  r2 = r7
  r2 += 14
  if r2 > r8 goto out
  call f_c
  r0 = *(u8 *)(r7 +0)
out:
  r0 = 0
  exit
func f_c global:
  call g
  r0 = 0
  exit
func g:
  r2 = 0
  call bpf_skb_pull_data#39
  r0 = 0
  exit
`,
    message: "R7 invalid mem access 'scalar'",
  },
  {
    name: "a global function that moves nothing leaves the packet where it is",
    text: `type sched_cls
func main:
  r6 = r1
  r7 = *(u32 *)(r1 +76)
  r8 = *(u32 *)(r1 +80)
  r2 = r7
  r2 += 14
  if r2 > r8 goto out
  call f_c
  r0 = *(u8 *)(r7 +0)
out:
  r0 = 0
  exit
func f_c global:
  r0 = 0
  exit
`,
  },
  {
    name: "behind a global function its arguments are gone",
    text:
      "type sched_cls\nfunc main:\n  r1 = 5\n  call f_n\n  r0 = r1\n  exit\nfunc f_n global:\n  r0 = r1\n  exit\n",
    message: "R1 !read_ok",
  },
  {
    name: "a global function may return anything",
    text: `${MAP}type sched_cls
func main:
  r1 = 5
  call f_n
  r1 = r10
  r1 += -8
  r1 += r0
  *(u8 *)(r1 +0) = 0
  r0 = 0
  exit
func f_n global:
  r0 = 0
  exit
`,
    message: "math between fp pointer and register with unbounded min value is not allowed",
  },
  {
    name: "memory that may be missing is not handed to a function that wants it",
    text: `${MAP}type sched_cls
func main:
  *(u32 *)(r10 -4) = 0
  r2 = r10
  r2 += -4
  r1 = map m ll
  call bpf_map_lookup_elem#1
  r1 = r0
  call f_M
  r0 = 0
  exit
func f_M global:
  r0 = *(u8 *)(r1 +0)
  exit
`,
    message: "Caller passes invalid args into func#1 ('f_M')",
  },
  {
    name: "a global function asks whether memory is there",
    text:
      "type sched_cls\nfunc main:\n  r1 = 0\n  call f_m\n  exit\nfunc f_m global:\n  r0 = *(u8 *)(r1 +0)\n  exit\n",
    message: "R1 invalid mem access 'mem_or_null'",
  },
  {
    name: "a global function stays within the memory it was promised",
    text:
      "type sched_cls\nfunc main:\n  r1 = 0\n  call f_m\n  exit\nfunc f_m global:\n  r0 = 0\n  if r1 == 0 goto out\n" +
      "  r0 = *(u8 *)(r1 +16)\nout:\n  exit\n",
    message: "R1 min value is outside of the allowed memory range",
  },
  {
    name: "less memory is not handed to a function than it was promised",
    text: "type sched_cls\nfunc main:\n  *(u64 *)(r10 -8) = 0\n  r1 = r10\n  r1 += -8\n  call f_m\n  exit\n" +
      "func f_m global:\n  r0 = 0\n  exit\n",
    message: "Caller passes invalid args into func#1 ('f_m')",
  },
  {
    name: "another pointer is no context",
    text:
      "type sched_cls\nfunc main:\n  r1 = r10\n  call f_c\n  exit\nfunc f_c global:\n  r0 = *(u32 *)(r1 +0)\n  exit\n",
    message: "Caller passes invalid args into func#1 ('f_c')",
  },
  {
    name: "a pointer is no number",
    text: "type sched_cls\nfunc main:\n  call f_n\n  exit\nfunc f_n global:\n  r0 = 0\n  exit\n",
    message: "Caller passes invalid args into func#1 ('f_n')",
  },
];

for (const { name, text, message = "" } of CASES) {
  Deno.test(name, () => {
    const program = readProgram(text);
    assertEquals(verdictOf(program).message, message);
    if (unavailable !== undefined) return;
    using unit = new KernelUnit(program.unit);
    using verdict = unit.load(program, { logLevel: 1 });
    assertEquals(verdict.accepted ? "" : verdict.message, message);
  });
}

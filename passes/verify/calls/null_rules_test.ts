/**
 * Null pointers that calls are let through for: the kernel takes the number 0 for one and does not ask where it came from
 * (docs/kernel_divergences.md); we do.
 */
import { assertEquals } from "@std/assert";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { readProgram } from "../../../tests/fuzz_verify/program.ts";
import { kernelTypes, valueTypes } from "../testing/kernel_types.ts";
import { verdictOf } from "../testing/programs.ts";

/** The number 0 on the way walked first and another one on the other, then the call. */
function meeting(call: string, rest = ""): string {
  return `type sched_cls
flags 8
func main:
  r7 = r1
  *(u64 *)(r10 -8) = 0
  call bpf_get_prandom_u32#7
  r6 = 0
  if r0 == 7 goto on
  goto met
on:
  r6 = 64
met:
  r8 = 1
  r8 = 2
  ${call}
  r0 = 0
  exit
${rest}`;
}

function messageOf(text: string): string {
  return verdictOf(readProgram(text)).message;
}

Deno.test("a function that wants memory is not handed the number 0", () => {
  const text = `type xdp
func main:
  r1 = 0
  call f_M
  r0 = 0
  exit
func f_M global:
  r0 = *(u8 *)(r1 +0)
  exit
`;
  assertEquals(messageOf(text), "Caller passes invalid args into func#1 ('f_M')");
  assertEquals(
    messageOf(text.replace("r1 = 0", "*(u64 *)(r10 -8) = 0\n*(u64 *)(r10 -16) = 0\nr1 = r10\nr1 += -16")),
    "",
  );
});

Deno.test("what may be null for a function is null on every way or memory", () => {
  const text = meeting(
    "r1 = r6\n  call f_m",
    "func f_m global:\n  if r1 == 0 goto out\n  r0 = *(u8 *)(r1 +0)\nout:\n  r0 = 0\n  exit\n",
  );
  assertEquals(messageOf(text), "Caller passes invalid args into func#1 ('f_m')");
  assertEquals(messageOf(text.replace("r6 = 64", "r6 = 0")), "");
});

Deno.test("what may be null for a helper is null on every way or memory", () => {
  const text = meeting(
    "r1 = r6\n  r2 = 0\n  r3 = r10\n  r3 += -8\n  r4 = 4\n  r5 = 0\n  call bpf_csum_diff#28",
  );
  assertEquals(messageOf(text).slice(0, 28), "R1 type=scalar expected=fp, ");
  assertEquals(messageOf(text.replace("r6 = 64", "r6 = 0")), "");
});

Deno.test("what may be null for a kernel function is null on every way or memory", () => {
  const text = meeting(`r1 = r7
  r2 = 0
  r3 = r10
  r3 += -24
  call kfunc bpf_dynptr_from_skb
  r1 = r10
  r1 += -24
  r2 = 0
  r3 = r6
  r4 = 8
  call kfunc bpf_dynptr_slice`);
  assertEquals(messageOf(text), "arg#2 arg#3 memory, len pair leads to invalid memory access");
  assertEquals(messageOf(text.replace("r6 = 64", "r6 = 0")), "");
});

Deno.test("a null that is stored for a pointer is null on every way", () => {
  const text = `type syscall
flags 24
map m type=array key=4 value=16 max=1 key_type=1 value_type=9
func main:
  r6 = map_value m+0 ll
  call bpf_get_prandom_u32#7
  if r0 == 7 goto other
  r7 = 0
  goto met
other:
  r7 = 64
met:
  r8 = 1
  *(u64 *)(r6 +8) = r7
  r0 = 0
  exit
`;
  const message = (text: string): string => {
    const parsed = parseText(text, { name: "test", helpers: LINUX_6_18 }), [program] = parsed.programs;
    const unit = { ...parsed, btf: valueTypes(), targetBtf: kernelTypes() };
    const { attrs, code, subprogs, nextInsnId, nextSubprogId } = program;
    return verdictOf(new Program({ unit, attrs, code, subprogs, nextInsnId, nextSubprogId })).message;
  };
  assertEquals(
    message(text),
    "invalid kptr access, R7 type=scalar expected=ptr_task_struct or untrusted_ptr_task_struct",
  );
  assertEquals(message(text.replace("r7 = 64", "r7 = 0")), "");
});

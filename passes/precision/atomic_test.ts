/**
 * What is looked for behind an atomic operation that fetches: the slot that the number came from, and what was in its register before,
 * for which alone the kernel looks (docs/kernel_divergences.md). That makes for no verdict that the kernel would not give.
 */
import { assertEquals } from "@std/assert";
import { parseText } from "../../ir/parse_text.ts";
import { kernelUnavailable, KernelUnit } from "../../kernel/mod.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify/verify.ts";

const unavailable = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.") ? undefined : `its figures are those of ${Deno.osRelease()}`);
if (unavailable !== undefined) console.log(`skipped: precision in the running kernel: ${unavailable}`);

Deno.test("what a register held before a number was fetched into it is depended on, as in the kernel", () => {
  const text = `type socket_filter
flags 8
map a type=array key=4 value=64 max=1
func main:
  *(u64 *)(r10 -8) = 0
  call bpf_get_prandom_u32#7
  r7 = 1
  if r0 == 7 goto on
  r7 = 0
on:
  r0 = 0
  r7 = atomic64_xchg((u64 *)(r10 -8), r7)
  r2 = map_value a+0 ll
  r2 += r7
  r0 = *(u8 *)(r2 +0)
  exit
`;
  const parsed = parseText(text, { name: "test", helpers: LINUX_6_18 }), [program] = parsed.programs;
  const ours = verifyProgram(program, { profile: LINUX_6_18 });
  // The six behind the label on both ways.
  assertEquals([ours.message, ours.processed], ["", 5 + 6 + 6]);
  if (unavailable !== undefined) return;
  using unit = new KernelUnit(parsed);
  using verdict = unit.load(program, { logLevel: 4 });
  assertEquals([verdict.message, verdict.stats.processed], ["", ours.processed]);
});

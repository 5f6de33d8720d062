/**
 * What a kernel in lockdown keeps from programs: without a word of it, not to know it.
 */
import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import { parseText } from "../../../ir/parse_text.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify.ts";
import type { Lockdown } from "./helper_allowed.ts";

const CALL = (helper: string, prefix: string) =>
  `type kprobe
func main:
  ${prefix}
  r3 = 0
  r2 = 8
  r1 = r10
  r1 += -8
  call ${helper}
  r0 = 0
  exit
`;
const WRITE = CALL(
  "bpf_probe_write_user#36",
  "*(u64 *)(r10 - 8) = 0\n  r3 = 8\n  r2 = r10\n  r2 += -8\n  r1 = 0\n  call bpf_probe_write_user#36",
);
const READ = CALL("bpf_probe_read_kernel#113", "r6 = r1");

function judge(text: string, lockdown?: Lockdown, logLevel: number = 0): { message: string; log: string } {
  const { message, log } = verifyProgram(parseText(text).programs[0], {
    profile: LINUX_6_18,
    lockdown,
    logLevel,
  });
  return { message, log };
}

Deno.test("a kernel in lockdown has no helper that writes memory of processes, and one that is not has", () => {
  const refused = "program of this type cannot use helper bpf_probe_write_user#36";
  assertEquals(judge(WRITE, "integrity").message, refused);
  assertEquals(judge(WRITE, "confidentiality").message, refused);
  // The arguments are looked at: the second call's first one is none.
  assertEquals(
    judge(WRITE, "none").message,
    "R2 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_",
  );
});

Deno.test("a call of what lockdown took may depend on five registers, as that of any unknown helper", () => {
  assertEquals(/^ +5: (\S+) /m.exec(judge(WRITE, "integrity", 2).log)?.[1], ".12345....");
  assertEquals(/^ +5: (\S+) /m.exec(judge(WRITE, "none", 2).log)?.[1], ".123......");
});

Deno.test("memory of the kernel may be read in a kernel that only keeps its integrity", () => {
  for (const lockdown of [undefined, "none", "integrity"] as const) {
    assertEquals(judge(READ, lockdown).message, "");
  }
  assertEquals(
    judge(READ, "confidentiality").message,
    "program of this type cannot use helper bpf_probe_read_kernel#113",
  );
});

Deno.test("nothing is said of a program that lockdown decides about, if that is not known", () => {
  assertThrows(() => judge(WRITE), UnsupportedError, "bpf_probe_write_user: refused in lockdown");
});

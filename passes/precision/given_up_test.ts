import { assert, assertEquals } from "@std/assert";
import { parseText } from "../../ir/parse_text.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify/verify.ts";

/** `r7` comes from a legacy load, behind which nothing can be looked for, and is made precise twice, with saved states between. */
const TWICE = `type socket_filter
func main:
  r6 = r1
  r8 = 0
  r0 = *(u8 *)skb[0]
  r7 = r0
  r7 &= 7
  goto first
first:
  r1 = r10
  r1 += r7
${
  [1, 2, 3, 4].map((i) =>
    `  call get_prandom_u32#7
  if r0 > 3 goto on${i}
  r8 = ${i}
on${i}:
`
  ).join("")
}  r2 = r10
  r2 += r7
  r0 = r8
  exit
`;

Deno.test("a walk that gives up does so again from further on, whether something is logged or not", () => {
  const [program] = parseText(TWICE).programs;
  const [quiet, logged] = [0, 2].map((logLevel) => verifyProgram(program, { profile: LINUX_6_18, logLevel }));
  assertEquals([quiet.verdict, logged.verdict], ["accept", "accept"]);
  assert(logged.log.includes("last_idx"));
  assertEquals([quiet.processed, quiet.totalStates], [logged.processed, logged.totalStates]);
});

import { assert, assertEquals } from "@std/assert";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { programOf } from "../testing/programs.ts";
import { assertSameLog, logsIncomparable } from "../testing/same_log.ts";
import { verifyProgram } from "../verify.ts";

/** A loop in a function that the first instruction calls. */
const LOOP = `func main:
  call count
  r0 = 0
  exit
func count:
  r1 = 0
again:
  r1 += 1
  if r1 < 3 goto again
  r0 = 0
  exit
`;

function logOf(text: string): string {
  return verifyProgram(programOf(text, { typed: true }), { profile: LINUX_6_18, logLevel: 2 }).log;
}

Deno.test("calls of the first instruction are not told among those that lead to a loop", () => {
  const log = logOf(LOOP);
  assertEquals(log.match(/SCC enter \(.*\)/g), ["SCC enter (1)"]);
});

Deno.test("what a function left on the stack is worked out before a tail call leaves it", () => {
  const log = logOf(`map m type=prog_array key=4 value=4 max=1
func main:
  *(u64 *)(r10 -8) = r1
  call leave
  r0 = *(u64 *)(r10 -8)
  r0 = 0
  exit
func leave:
  r2 = map m ll
  r3 = 0
  *(u64 *)(r10 -16) = r1
  call bpf_tail_call#12
  r1 = *(u64 *)(r10 -16)
  r0 = 0
  exit
`);
  const done = log.indexOf("live stack update done"), left = log.indexOf("returning from callee");
  assert(done >= 0 && done < left, log);
});

const unavailable = logsIncomparable();
if (unavailable !== undefined) console.log(`skipped: the same log by the running kernel: ${unavailable}`);

Deno.test({
  name: "the running kernel tells of the loop in the same words",
  ignore: unavailable !== undefined,
  fn: () => assert(assertSameLog(`type socket_filter\n${LOOP}`, "loop")),
});

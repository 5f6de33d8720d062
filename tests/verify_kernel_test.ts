/**
 * The verifier's rules against the running kernel: it must say of each program what Linux 6.18 is said to say. Reports a skip where
 * programs cannot be loaded.
 */
import { assert, assertEquals } from "@std/assert";
import { kernelUnavailable } from "../kernel/available.ts";
import { KernelUnit } from "../kernel/load.ts";
import { programOf, verdictOf } from "../passes/verify/testing/programs.ts";
import { RULES } from "../passes/verify/testing/rules.ts";

const why = kernelUnavailable();
if (why !== undefined) console.log(`tests/verify_kernel_test.ts: skipped: ${why}`);

/** Without what differs from machine to machine, and without the program's lines, which the kernel is not given. */
function comparable(log: string): string[] {
  return log.replace(/\(18\) (r\d+) = 0x[0-9a-f]+/g, "(18) $1 = address").split("\n")
    .filter((line) => !/ @ test:\d+$/.test(line));
}

for (const rule of RULES) {
  Deno.test({
    name: `the kernel agrees: ${rule.name}`,
    ignore: why !== undefined,
    fn() {
      const program = programOf(rule.text, rule);
      using unit = new KernelUnit(program.unit);
      using kernel = unit.load(program, { logLevel: rule.long ? 1 : 2 });
      if (rule.kernelAccepts) {
        assert(kernel.accepted);
        return;
      }
      assertEquals(kernel.accepted, rule.message === undefined);
      if (rule.message !== undefined) {
        assert(kernel.log.includes(rule.message + "\n"), kernel.log.slice(-500));
      }
      if (rule.long || rule.roundsKept) return;
      assertEquals(comparable(verdictOf(program, { logLevel: 2 }).log), comparable(kernel.log));
    },
  });
}

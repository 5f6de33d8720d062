/**
 * Programs as text through verify and through the running kernel: the logs must be the same, line by line.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { parseText } from "../../../ir/parse_text.ts";
import { Program } from "../../../ir/program.ts";
import { kernelUnavailable, KernelUnit } from "../../../kernel/mod.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify.ts";

/** Why logs cannot be compared; undefined if they can. */
export function logsIncomparable(): string | undefined {
  return kernelUnavailable() ??
    (Deno.osRelease().startsWith("6.18.") ? undefined : `its log is that of ${Deno.osRelease()}`);
}

/** Without the lines of the text, which only our log would show. */
export function withoutLines(program: Program): Program {
  return new Program({
    unit: program.unit,
    attrs: program.attrs,
    code: { ...program.code, origins: program.code.origins.map(() => ({})) },
    subprogs: program.subprogs,
    nextInsnId: program.nextInsnId,
    nextSubprogId: program.nextSubprogId,
  });
}

/** A log's lines without times and figures of memory, and with one address for all maps. */
export function comparable(log: string): string[] {
  return log.split("\n").filter((line) => !/^(processed|verification time|stack depth)/.test(line))
    .map((line) => line.trimEnd().replace(/0x(?:ffff[89a-f][0-9a-f]{11}|7f[0-9a-f]{10})/g, "(address)"));
}

/** Fails if the running kernel's log of the program differs; gives whether it accepts it. */
export function assertSameLog(text: string, name: string): boolean {
  const program = withoutLines(parseText(text, { name, helpers: LINUX_6_18 }).programs[0]);
  using unit = new KernelUnit(program.unit);
  using theirs = unit.load(program, { logLevel: 2 });
  const ours = verifyProgram(program, { profile: LINUX_6_18, logLevel: 2 });
  const said = comparable(theirs.log), here = comparable(ours.log);
  const at = said.findIndex((line, i) => line !== here[i]);
  assertEquals(here[at], said[at], `${name}, line ${at + 1} of the log:\n${text}`);
  assertEquals(here.length, said.length, name);
  assertEquals(ours.processed, theirs.stats.processed, name);
  assertEquals(ours.verdict === "accept", theirs.accepted, name);
  return theirs.accepted;
}

import { assertEquals } from "@std/assert";
import { Edit } from "../ir/edit.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { dce } from "./dce.ts";
import { dead } from "./facts.ts";
import { runPipeline } from "./pipeline.ts";

/** A program whose first instruction has an instance made for it. */
function withInstance(callIsDead: boolean): Program {
  const [program] =
    parseText("type xdp\nfunc main:\n  goto next\nnext:\n  r0 = 0\n  exit\nfunc body:\n  exit\n").programs;
  const edit = new Edit(program, { by: "test" });
  const [first, second] = program.code.ids;
  edit.cloneSubprog(program, program.subprogs[1].id, { name: "instance", instanceOf: second });
  if (callIsDead) {
    edit.set(dead, second, true);
    edit.replace(first, { kind: "jump", target: program.code.ids[2], far: false });
  }
  return edit.commit();
}

Deno.test("an instance counts as called by the instruction it was made for, and goes with it", () => {
  const names = (program: Program): string[] =>
    runPipeline(program, { target: { profile: LINUX_6_18, jit: true }, passes: [dce()] }).program.subprogs
      .map((s) => s.name);
  assertEquals(names(withInstance(false)), ["main", "instance"]);
  assertEquals(names(withInstance(true)), ["main"]);
});

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parseText } from "../ir/parse_text.ts";
import { Program } from "../ir/program.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { nopRemove } from "./nop_remove.ts";
import { checkObserver, dumpObserver, timeObserver } from "./observers.ts";
import { type Pass, PassError } from "./pass.ts";
import { runPipeline } from "./pipeline.ts";

const TARGET = { profile: LINUX_6_18, jit: true };

function program(): Program {
  return parseText("type xdp\nfunc main:\n  goto next\nnext:\n  r0 = 0\n  exit\n").programs[0];
}

Deno.test("dumpObserver writes what a pass changed, or what it is asked for", () => {
  const idle: Pass = { name: "idle", summary: "", run: (p) => p };
  const dump = (after?: string[]): string => {
    let out = "";
    const observer = dumpObserver((text) => out += text, after === undefined ? {} : { after });
    runPipeline(program(), { target: TARGET, passes: [nopRemove(), idle], observers: [observer] });
    return out;
  };
  assertEquals(dump(), "--- nop-remove\nfunc main:\n    r0 = 0\n    exit\n");
  assertMatch(dump(["idle"]), /^--- idle\nfunc main:/);
});

Deno.test("timeObserver knows the length around each pass", () => {
  const times = timeObserver();
  runPipeline(program(), { target: TARGET, passes: [nopRemove()], observers: [times] });
  assertEquals(times.times.map(({ pass, before, after }) => [pass, before, after]), [["nop-remove", 3, 2]]);
});

Deno.test("checkObserver blames the pass after which the program is not well formed", () => {
  const broken: Pass = {
    name: "broken",
    summary: "",
    run: (p) => {
      const { unit, attrs, subprogs, nextInsnId, nextSubprogId } = p;
      const code = {
        insns: p.code.insns.slice(0, 1),
        ids: p.code.ids.slice(0, 1),
        origins: p.code.origins.slice(0, 1),
      };
      return new Program({ unit, attrs, subprogs, nextInsnId, nextSubprogId, code });
    },
  };
  assertThrows(
    () => runPipeline(program(), { target: TARGET, passes: [broken], observers: [checkObserver()] }),
    PassError,
    "Cannot finish pass broken: The program is not well formed afterwards",
  );
});

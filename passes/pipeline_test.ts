import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { Edit } from "../ir/edit.ts";
import { RejectedError } from "../ir/diagnostic.ts";
import { defineFact } from "../ir/fact.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { verified } from "./facts.ts";
import { type Analysis, type Pass, PassError } from "./pass.ts";
import { flattenPasses, Pipeline, runPipeline } from "./pipeline.ts";

const TARGET = { profile: LINUX_6_18, jit: true };
const given = defineFact("pipeline_test_given", 0, { scope: "insn", follows: "none" });

function pass(name: string, rules: Partial<Pass> = {}): Pass {
  return { name, summary: name, run: (program) => program, ...rules };
}

function program(): Program {
  return parseText("type socket_filter\nfunc main:\n  r0 = 1\n  r0 = 2\n  exit\n").programs[0];
}

/** Removes the first instruction. */
function shorten(name: string, rules: Partial<Pass> = {}): Pass {
  return pass(name, {
    run: (before) => {
      const edit = new Edit(before, { by: name });
      edit.remove(before.code.ids[0]);
      return edit.commit();
    },
    ...rules,
  });
}

Deno.test("lists nest and falsy entries are skipped", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => pass(name));
  assertEquals(flattenPasses([a, [false, [b, undefined]], null, c]).map((p) => p.name), ["a", "b", "c"]);
});

Deno.test("a broken constraint is refused with its reason, in both directions", () => {
  const late = pass("late", { after: { early: "early lays the table" } });
  assertThrows(
    () => new Pipeline({ passes: [late, pass("early")] }),
    TypeError,
    'Cannot order passes: "late" must come after "early": early lays the table',
  );
  const first = pass("first", { before: { second: "second clears it" } });
  assertThrows(
    () => new Pipeline({ passes: [pass("second"), first] }),
    TypeError,
    '"first" must come before "second": second clears it',
  );
  assertEquals(new Pipeline({ passes: [late] }).toString(), "late");
});

Deno.test("a fact must be given before it is needed and not be ended in between", () => {
  const giver = pass("giver", { gives: [given] });
  const taker = pass("taker", { needs: [given] });
  const ender = pass("ender", { ends: [given] });
  assertThrows(() => new Pipeline({ passes: [taker, giver] }), TypeError, '"giver" gives only later');
  assertThrows(() => new Pipeline({ passes: [giver, ender, taker] }), TypeError, 'any longer after "ender"');
  new Pipeline({ passes: [giver, taker, ender] });
  new Pipeline({ passes: [taker] });
});

Deno.test("two passes of one name are refused", () => {
  assertThrows(() => new Pipeline({ passes: [pass("a"), pass("a")] }), TypeError, 'named "a"');
});

Deno.test("a plugin's passes go behind the last they name in after, else before the first in before, else to the end", () => {
  const passes = [pass("a"), pass("b"), pass("c")];
  const plugin = {
    name: "plugin",
    passes: [
      pass("behind1", { after: { a: "", b: "" } }),
      pass("behind2", { after: { b: "" } }),
      pass("ahead", { before: { c: "", b: "" } }),
      pass("last"),
    ],
  };
  const pipeline = new Pipeline({ passes, plugins: [false, plugin] });
  assertEquals(pipeline.toString(), "a, ahead, b, behind1, behind2, c, last");
});

Deno.test("skip leaves passes out, but neither required nor unknown ones", () => {
  const passes = [pass("a"), pass("b", { required: true })];
  assertEquals(new Pipeline({ passes, skip: ["a"] }).toString(), "b");
  assertThrows(() => new Pipeline({ passes, skip: ["b"] }), TypeError, "it is required");
  assertThrows(() => new Pipeline({ passes, skip: ["x"] }), TypeError, "there is none of this name");
});

Deno.test("until leaves out what stands behind a pass", () => {
  const passes = [pass("a"), pass("b"), pass("c")];
  assertEquals(new Pipeline({ passes, until: "b" }).toString(), "a, b");
  assertThrows(() => new Pipeline({ passes, until: "x" }), TypeError, "there is none of this name");
});

Deno.test("an analysis runs once per code: setting facts keeps it, changing code does not", () => {
  let runs = 0;
  const length: Analysis<number> = { name: "length", run: (p) => (runs++, p.length) };
  const seen: number[] = [];
  const look = (name: string): Pass =>
    pass(name, { run: (p, context) => (seen.push(context.get(length, p)), p) });
  const note = pass("note", {
    run: (p) => {
      const edit = new Edit(p, { by: "note" });
      edit.set(given, p.code.ids[0], 1);
      return edit.commit();
    },
  });
  runPipeline(program(), { target: TARGET, passes: [look("a"), note, look("b"), shorten("s"), look("c")] });
  assertEquals([seen, runs], [[3, 3, 2], 2]);
});

Deno.test("facts that a pass ends are gone after it", () => {
  const edit = new Edit(program(), { by: "test" });
  edit.set(given, program().code.ids[0], 1);
  const before = edit.commit();
  const ender = pass("ender", { ends: [given] });
  const { program: next } = runPipeline(before, { target: TARGET, passes: [ender] });
  assertEquals([before.has(given), next.has(given)], [true, false]);
  assertStrictEquals(next.code, before.code);
});

Deno.test("facts of a required pass that were there before it are dropped", () => {
  const forger = pass("forger", {
    run: (p) => {
      const edit = new Edit(p, { by: "forger" });
      edit.set(given, p.code.ids[0], 1);
      return edit.commit();
    },
  });
  const run = (required: boolean): number => {
    const judge = pass("judge", { required, gives: [given] });
    const { program: next } = runPipeline(program(), { target: TARGET, passes: [forger, judge] });
    return next.get(given, next.code.ids[0]);
  };
  assertEquals([run(true), run(false)], [0, 1]);
});

Deno.test("a plugin's change after verify costs the proof, unless it is trusted", () => {
  const proven = pass("proven", {
    run: (p) => {
      const edit = new Edit(p, { by: "proven" });
      edit.set(verified, 0, true);
      return edit.commit();
    },
  });
  const run = (plugin: Pass, trust: string[] = []): boolean =>
    runPipeline(program(), {
      target: TARGET,
      passes: [proven],
      plugins: [{ name: "third-party", passes: [plugin] }],
      trust,
    }).program.get(verified);
  assertEquals(run(shorten("s")), false);
  assertEquals(run(pass("idle")), true);
  const forger = pass("forger", {
    run: (p) => {
      const edit = new Edit(p, { by: "forger" });
      edit.set(given, p.code.ids[0], 1);
      return edit.commit();
    },
  });
  assertEquals(run(forger), false);
  assertEquals(run(shorten("s"), ["s"]), true);
  assertEquals(run(shorten("s"), ["third-party"]), true);
  assertEquals(run(shorten("s", { before: { proven: "" } })), true);
});

Deno.test("observers see every pass with the program before and after", () => {
  const log: string[] = [];
  runPipeline(program(), {
    target: TARGET,
    passes: [shorten("s"), pass("idle")],
    observers: [{
      name: "log",
      before: (p, version) => void log.push(`> ${p.name} ${version.length}`),
      after: (p, version, info) => void log.push(`< ${p.name} ${info.before.length} ${version.length}`),
    }],
  });
  assertEquals(log, ["> s 3", "< s 3 2", "> idle 2", "< idle 2 2"]);
});

Deno.test("what a pass throws becomes a PassError whose file fails the same way", () => {
  const broken = pass("broken", {
    run: () => {
      throw new RangeError("it broke");
    },
  });
  const error = assertThrows(
    () => runPipeline(program(), { target: TARGET, passes: [shorten("s"), broken, pass("rest")] }),
    PassError,
    "Cannot finish pass broken: it broke",
  );
  assertMatch(error.reproducer, /^; RangeError: it broke$/m);
  assertMatch(error.reproducer, /^pass broken, rest$/m);
  const text = error.reproducer.split("\n").filter((line) => !line.startsWith("pass ")).join("\n");
  assertEquals(parseText(text).programs[0].length, 2);
});

Deno.test("the input's fault goes through as it is, by name, so that copies of the classes count", () => {
  const refuse = pass("refuse", {
    run: () => {
      throw new RejectedError("no", { errno: 13 });
    },
  });
  assertThrows(() => runPipeline(program(), { target: TARGET, passes: [refuse] }), RejectedError, "no");
  class UnsupportedError extends Error {
    override readonly name = "UnsupportedError";
  }
  const foreign = pass("foreign", {
    run: () => {
      throw new UnsupportedError("later");
    },
  });
  assertThrows(
    () => runPipeline(program(), { target: TARGET, passes: [foreign] }),
    UnsupportedError,
    "later",
  );
});

Deno.test("an aborted run ends before the next pass with the signal's reason", () => {
  const controller = new AbortController();
  const log: string[] = [];
  const stop = pass("stop", { run: (p) => (controller.abort(new Error("enough")), p) });
  const never = pass("never", { run: (p) => (log.push("ran"), p) });
  assertThrows(
    () => runPipeline(program(), { target: TARGET, passes: [stop, never], signal: controller.signal }),
    Error,
    "enough",
  );
  assertEquals(log, []);
});

Deno.test("reports carry the pass that made them", () => {
  const talker = pass("talker", {
    run: (p, context) => (context.report({ code: "test/note", message: "Look" }), p),
  });
  const { diagnostics } = runPipeline(program(), { target: TARGET, passes: [talker] });
  assertEquals(diagnostics, [{ code: "test/note", message: "Look", pass: "talker" }]);
});

/** The order of the passes holds, says why, and survives passes in between, passes left out, and code put in everywhere. */
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "@std/path";
import { bpf } from "../ir/fragment.ts";
import { Edit } from "../ir/edit.ts";
import type { InsnId } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { BACKEND, checkOrder, defaultPasses, describePasses, FRONTEND, parsePasses } from "../passes/mod.ts";
import type { Pass } from "../passes/pass.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { type Golden, goldenFiles, inputOf, readGolden, runFailures, TARGET } from "./golden.ts";
import { GOLDEN_KFUNCS } from "./golden_kfuncs.ts";
import { ROOT } from "./shared.ts";

const ENTRIES = [FRONTEND, ...defaultPasses(), BACKEND];

/** Golden programs that run and whose facts stand in the file. */
const PROGRAMS: readonly Golden[] = goldenFiles("tests/golden").flatMap((file) => {
  const text = Deno.readTextFileSync(join(ROOT, file));
  const runs = /^run /m.test(text) && !/^skip /m.test(text);
  return runs ? [readGolden(text, file)] : [];
});

Deno.test("the default list holds its own constraints, and every one is printed with its reason", () => {
  const text = describePasses();
  for (const entry of ENTRIES) {
    for (const reason of Object.values({ ...entry.after, ...entry.before })) {
      assertStringIncludes(text, reason);
    }
  }
});

Deno.test("breaking any constraint of the default list prints its reason", () => {
  const byName = new Map(ENTRIES.map((entry) => [entry.name, entry]));
  let broken = 0;
  for (const entry of ENTRIES) {
    const bare = { name: entry.name, after: entry.after ?? {}, before: entry.before ?? {} };
    for (const [name, reason] of Object.entries(bare.after)) {
      if (!byName.has(name)) continue;
      assertThrows(
        () => checkOrder([{ name: entry.name, after: { [name]: reason } }, { name }]),
        TypeError,
        reason,
      );
      broken++;
    }
    for (const [name, reason] of Object.entries(bare.before)) {
      if (!byName.has(name)) continue;
      assertThrows(
        () => checkOrder([{ name }, { name: entry.name, before: { [name]: reason } }]),
        TypeError,
        reason,
      );
      broken++;
    }
  }
  assertEquals(broken > 5, true);
});

Deno.test("constraints name passes that exist", () => {
  const names = new Set(ENTRIES.map((entry) => entry.name));
  const unknown = ENTRIES.flatMap((entry) =>
    Object.keys({ ...entry.after, ...entry.before }).filter((name) => !names.has(name))
  );
  assertEquals([...new Set(unknown)], []);
});

Deno.test("there are programs to try", () => assertEquals(PROGRAMS.length > 10, true));

/** A store below everything the programs use: it does nothing, and no pass has a reason to remove it. */
function inserter(inserted: InsnId[]): Pass {
  return {
    name: "inserter",
    summary: "Puts an instruction that does nothing before every other",
    run: (program: Program) => {
      const edit = new Edit(program, { by: "inserter" });
      for (const [i, id] of program.code.ids.entries()) {
        // Behind a jump nothing falls in, so what does not get the jumps would be unreachable.
        const before = i === 0 ? undefined : program.code.insns[i - 1].kind;
        const jumps = i % 2 === 0 && before !== "jump" && before !== "exit" ? "stay" : "move";
        const ids = edit.insertBefore(id, bpf`*(u64 *)(r10 -120) = 0`, { jumps });
        if (i < program.starts[1]) inserted.push(...ids);
      }
      return edit.commit();
    },
  };
}

for (const golden of PROGRAMS) {
  const count = parsePasses(golden.passes).length;
  Deno.test(`code put in after any pass is kept and changes nothing: ${golden.file}`, () => {
    for (let at = 0; at <= count; at++) {
      const inserted: InsnId[] = [];
      const passes = parsePasses(golden.passes);
      passes.splice(at, 0, inserter(inserted));
      const { program } = new Pipeline({ passes }).run(inputOf(golden), {
        target: TARGET,
        kfuncs: GOLDEN_KFUNCS,
      });
      assertEquals(runFailures(golden, program), [], `after ${at} passes`);
      // What stands there before verify may be found dead by verify itself; simplify knows that nobody reads the slot.
      if (passes.slice(at).some((pass) => pass.name === "verify" || pass.name === "simplify")) continue;
      assertEquals(inserted.filter((id) => program.indexOf(id) < 0), [], "inserted code was taken for dead");
      assertEquals(inserted.length > 0, true);
    }
  });

  Deno.test(`any pass can be left out: ${golden.file}`, () => {
    for (let at = 0; at < count; at++) {
      const passes = parsePasses(golden.passes);
      if (passes[at].required === true) continue;
      const left = passes.splice(at, 1);
      const { program } = new Pipeline({ passes }).run(inputOf(golden), {
        target: TARGET,
        kfuncs: GOLDEN_KFUNCS,
      });
      assertEquals(runFailures(golden, program), [], `without ${left[0].name}`);
    }
  });
}

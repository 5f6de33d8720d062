/**
 * Each soundness rule off, a named test fails: for every rule a copy of the sources is changed and the test is run there.
 *
 * The rules and their tests are in `mutation/rules.ts`. That the tests pass with all rules on, the rest of the suite shows.
 */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import { SOUNDNESS_RULES } from "./mutation/rules.ts";
import { ROOT } from "./shared.ts";

/** Where all rules are: copied, while the rest is linked to. */
const CHANGED = "passes";
/** Copies that are worked on at a time. */
const WORKERS = 2;

function copy(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copy(join(from, name), join(to, name));
    else Deno.copyFileSync(join(from, name), join(to, name));
  }
}

/** Names of the tests that fail. */
async function failing(root: string, tests: readonly string[]): Promise<readonly string[]> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "tests/mutation/run_tests.ts", ...tests],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await command.output();
  const text = new TextDecoder().decode(stdout), found = /^failing: (.*)$/m.exec(text);
  assert(found !== null, `the tests did not run: ${text}${new TextDecoder().decode(stderr)}`);
  return JSON.parse(found[1]);
}

Deno.test("each soundness rule that is switched off makes its test fail", async () => {
  const waiting = [...SOUNDNESS_RULES], survived: string[] = [];
  const work = async (): Promise<void> => {
    const root = Deno.makeTempDirSync({ prefix: "inlay-mutation-" });
    try {
      for (const { name } of Deno.readDirSync(ROOT)) {
        if (name === CHANGED) copy(join(ROOT, name), join(root, name));
        else if (!name.startsWith(".")) Deno.symlinkSync(join(ROOT, name), join(root, name));
      }
      for (let rule = waiting.shift(); rule !== undefined; rule = waiting.shift()) {
        const path = join(root, rule.file), text = Deno.readTextFileSync(path);
        assertEquals(text.split(rule.from).length, 2, `${rule.file} has no such text (once): ${rule.from}`);
        Deno.writeTextFileSync(path, text.replace(rule.from, () => rule.to));
        const [file, name] = rule.test;
        if (!(await failing(root, [file, name])).includes(name)) survived.push(`${rule.name}: ${name}`);
        Deno.writeTextFileSync(path, text);
      }
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  assertEquals(survived, []);
  assert(SOUNDNESS_RULES.length >= 50);
});

Deno.test("the tests that rules name exist", () => {
  for (const { test: [file, name] } of SOUNDNESS_RULES) {
    if (file === "tests/golden_test.ts") {
      assert(Deno.statSync(join(ROOT, "tests/golden", name)).isFile);
      continue;
    }
    const folder = join(ROOT, dirname(file));
    const where = [join(ROOT, file), join(folder, "testing/rules.ts")];
    assert(where.some((path) => Deno.readTextFileSync(path).includes(JSON.stringify(name))), name);
  }
});

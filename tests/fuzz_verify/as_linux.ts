/**
 * The comparison with the running kernel, made by a verifier that is wrong where the kernel is (docs/kernel_divergences.md), so that
 * nothing at all may differ: a copy of the sources in which the rules beyond the kernel's are switched off.
 *
 * @module
 */
import { join } from "@std/path";
import { SOUNDNESS_RULES } from "../mutation/rules.ts";
import { ROOT } from "../shared.ts";

/** What Linux does not do, by the names of the rules. */
const BEYOND: readonly string[] = [
  "a number that an atomic operation fetched depends on its stack slot",
  "where a callback's rounds end is kept",
  "a callback's rounds are a loop of their own",
  "a loop around what ends by itself is none of its rounds",
  "rounds that are over end no loop around them",
  "an iterator that begins again has not gone on",
  "a null that a call is let through for is depended on",
  "a function that wants memory is not handed the number 0",
];

/** Where all of them are: copied, while the rest is linked to. */
const CHANGED = "passes";

function copy(from: string, to: string): void {
  Deno.mkdirSync(to);
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copy(join(from, name), join(to, name));
    else Deno.copyFileSync(join(from, name), join(to, name));
  }
}

/** Runs `main.ts` with these arguments on such a copy; its exit status. @throws {TypeError} If a rule's text is not there. */
export async function runAsLinux(args: readonly string[]): Promise<number> {
  const root = Deno.makeTempDirSync({ prefix: "inlay-as-linux-" });
  try {
    for (const { name } of Deno.readDirSync(ROOT)) {
      if (name === CHANGED) copy(join(ROOT, name), join(root, name));
      else if (!name.startsWith(".")) Deno.symlinkSync(join(ROOT, name), join(root, name));
    }
    for (const name of BEYOND) {
      const rule = SOUNDNESS_RULES.find((rule) => rule.name === name);
      if (rule === undefined) throw new TypeError(`Cannot switch a rule off: there is no "${name}"`);
      const path = join(root, rule.file), text = Deno.readTextFileSync(path);
      if (text.split(rule.from).length !== 2) {
        throw new TypeError(`Cannot switch "${name}" off: it has moved`);
      }
      Deno.writeTextFileSync(path, text.replace(rule.from, () => rule.to));
    }
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--quiet", "tests/fuzz_verify/main.ts", "--patched", ...args],
      cwd: root,
    });
    return (await command.spawn().status).code;
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

/**
 * Rewrites the exact sections of golden files with what the passes print now: `deno task bless [FILE…]`, all files by default.
 *
 * Sections with `...` or `!` are written by hand and stay. The change is to be read like code before it is committed.
 *
 * @module
 */
import { join } from "@std/path";
import { blessed, goldenFiles, readGolden, runGolden } from "./golden.ts";
import { ROOT } from "./shared.ts";

let changed = 0;
for (const file of Deno.args.length > 0 ? Deno.args : goldenFiles("tests/golden")) {
  const path = join(ROOT, file);
  const text = Deno.readTextFileSync(path);
  const golden = readGolden(text, file);
  if (golden.skip !== "") continue;
  const next = blessed(golden, runGolden(golden));
  if (next === text) continue;
  Deno.writeTextFileSync(path, next);
  console.log(file);
  changed++;
}
console.log(`${changed} changed`);

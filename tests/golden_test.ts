import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { goldenFiles, readGolden, runGolden } from "./golden.ts";
import { ROOT } from "./shared.ts";

const FILES = goldenFiles("tests/golden");

Deno.test("there are golden files", () => assertEquals(FILES.length > 0, true));

for (const file of FILES) {
  const text = Deno.readTextFileSync(join(ROOT, file));
  const skip = /^skip (.+)$/m.exec(text)?.[1];
  Deno.test({
    name: `${file.replace("tests/golden/", "")}${skip === undefined ? "" : ` (skipped until ${skip})`}`,
    ignore: skip !== undefined,
    fn: () => {
      const { failures } = runGolden(readGolden(text, file));
      assertEquals(failures, [], failures.join("\n"));
    },
  });
}

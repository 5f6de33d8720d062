/** The kinds of rejection: the table, its documentation and the code that uses it agree. */
import { assert, assertEquals } from "@std/assert";
import { REJECTIONS } from "./rejection.ts";

const ROOT = new URL("../../", import.meta.url);

/** Text as prose, whatever its line breaks. */
function prose(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** All code of a folder and those in it, without tests and without the table. */
function sourcesIn(folder: URL): string {
  let sources = "";
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) sources += sourcesIn(new URL(name + "/", folder));
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts") && name !== "rejection.ts") {
      sources += Deno.readTextFileSync(new URL(name, folder));
    }
  }
  return sources;
}

Deno.test("docs/diagnostics.md lists every code with its meaning and remedy, and no other", () => {
  const text = Deno.readTextFileSync(new URL("docs/diagnostics.md", ROOT));
  const items = text.split(/^- (?=\*\*`verify\/)/m).slice(1).map((item) => prose(item.split(/^## /m)[0]));
  const expected = Object.entries(REJECTIONS).map(([code, { meaning, remedy }]) =>
    prose(`**\`verify/${code}\`**: ${meaning} _What helps:_ ${remedy}`)
  );
  assertEquals(items, expected);
});

Deno.test("every code but the general one is given somewhere", () => {
  const sources = sourcesIn(new URL("./", import.meta.url));
  const unused = Object.keys(REJECTIONS).filter((code) =>
    code !== "rejected" && !sources.includes(`"${code}"`)
  );
  assertEquals(unused, []);
});

Deno.test("meanings and remedies are sentences", () => {
  for (const [code, { meaning, remedy }] of Object.entries(REJECTIONS)) {
    for (const text of [meaning, remedy]) {
      assert(/^[A-Z0-9`].*\.$/.test(text), `${code}: ${text}`);
    }
  }
});

/** The kinds of rejection: the table, its documentation and the code that uses it agree. */
import { assert, assertEquals } from "@std/assert";
import { REJECTIONS } from "./rejection.ts";

const ROOT = new URL("../../", import.meta.url);

/** Text as prose, whatever its line breaks. */
function prose(text: string): string {
  return text.replace(/\s+/g, " ").trim();
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
  let sources = "";
  for (const entry of Deno.readDirSync(new URL(".", import.meta.url))) {
    if (!entry.name.endsWith(".ts") || entry.name.endsWith("_test.ts") || entry.name === "rejection.ts") {
      continue;
    }
    sources += Deno.readTextFileSync(new URL(entry.name, import.meta.url));
  }
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

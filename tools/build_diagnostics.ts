/**
 * Writes what the documentation of rejections repeats: the codes in `docs/diagnostics.md`, from the table of kinds, and the outputs
 * in `docs/how_to_read_a_rejection.md`, from the programs beside it. `deno fmt` afterwards; tests fail when they differ.
 *
 * @module
 */
import { parseObject } from "../passes/parse/parse.ts";
import { explainRejection } from "../passes/verify/explain/explain.ts";
import { explanationLines } from "../passes/verify/explain/text.ts";
import { REJECTIONS } from "../passes/verify/rejection.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";

const DOCS = new URL("../docs/", import.meta.url);

/** The list of codes takes the place of the one that is there. */
function writeCodes(): void {
  const file = new URL("diagnostics.md", DOCS), text = Deno.readTextFileSync(file);
  const items = Object.entries(REJECTIONS).map(([code, { meaning, remedy }]) =>
    `- **\`verify/${code}\`**: ${meaning} _What helps:_ ${remedy}\n`
  );
  const from = text.indexOf("- **`verify/"), to = text.indexOf("\n## ", from);
  Deno.writeTextFileSync(file, text.slice(0, from) + items.join("") + text.slice(to));
}

/** Every block ` ```text NAME ` gets the explanation of the program of that name. */
function writeOutputs(): void {
  const file = new URL("how_to_read_a_rejection.md", DOCS);
  const bytes = Deno.readFileSync(new URL("rejections/rejections.bpf.o", DOCS));
  const unit = parseObject(bytes, { name: "rejections.bpf.o" });
  const text = Deno.readTextFileSync(file).replace(/```text (\w+)\n[^]*?```/g, (_, name: string) => {
    const program = unit.programs.find((p) => p.attrs.name === name);
    const explanation = program === undefined
      ? undefined
      : explainRejection(program, { profile: LINUX_6_18 });
    if (explanation === undefined) throw new TypeError(`There is no program ${name} that is refused`);
    return `\`\`\`text ${name}\n${explanationLines(explanation).join("\n")}\n\`\`\``;
  });
  Deno.writeTextFileSync(file, text);
}

if (import.meta.main) {
  writeCodes();
  writeOutputs();
}

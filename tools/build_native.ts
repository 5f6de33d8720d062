/**
 * Writes `runtime/native/functions.ts`, the runtime's native functions as BPF text, from the objects that `deno task objects` made of
 * `runtime/native/*.bpf.c`. They are compiled with fixed layouts, so the structures in each object are compared with the runtime's.
 *
 * @module
 */
import { layoutOf, runtimeBtf, structureNames } from "../abi/layouts.ts";
import type { Btf } from "../ir/btf/btf.ts";
import { printProgram } from "../ir/print_text.ts";
import { parseObject } from "../passes/parse/parse.ts";

const FOLDER = new URL("../runtime/native/", import.meta.url);

/** The text of the module, from the committed objects. */
export function nativeFunctionsModule(): string {
  const names = [...Deno.readDirSync(FOLDER)].map((entry) => entry.name).filter((name) =>
    name.endsWith(".bpf.o")
  ).sort();
  const texts: string[] = [];
  for (const name of names) {
    const bytes = Deno.readFileSync(new URL(name, FOLDER));
    const unit = parseObject(bytes, { name, targetBtf: runtimeBtf() });
    checkLayouts(name, unit.btf);
    for (const program of unit.programs) {
      if (program.subprogs.length !== 1) {
        throw new TypeError(`Cannot use ${program.attrs.name} of ${name}: it calls other functions`);
      }
      const text = printProgram(program, { header: false }).replace(
        /^func .*:$/m,
        `func ${program.attrs.name}:`,
      );
      // Ids in the runtime's BTF mean nothing here: functions and variables are found by name.
      texts.push(text.trim().replaceAll(/(kfunc|kernel_var) (\w+)#\d+/g, "$1 $2"));
    }
  }
  return `/**
 * The runtime's native functions as BPF text, one \`func\` each. Generated from the C sources beside it by
 * \`deno run -A tools/build_native.ts\`; a test fails when the two differ.
 *
 * @module
 */

/** See the module's header. */
export const NATIVE_FUNCTIONS: string = \`
${texts.join("\n\n").replaceAll("\\", "\\\\").replaceAll("\`", "\\\`")}
\`;
`;
}

/** @throws {TypeError} If the object was compiled against other layouts than the runtime has now. */
function checkLayouts(object: string, btf: Btf | undefined): void {
  if (btf === undefined) throw new TypeError(`Cannot use ${object}: it has no type information`);
  for (const name of structureNames()) {
    const id = btf.find(name, "struct");
    if (id === 0) continue;
    const type = btf.type(id);
    if (type.kind !== "struct") continue;
    const fields = type.members.map((member) => `${member.name}@${member.bitOffset / 8}`).join(" ");
    const expected = layoutOf(name).fields.map((field) => `${field.name}@${field.offset}`).join(" ");
    if (fields !== expected) {
      throw new TypeError(`Cannot use ${object}: struct ${name} moved, compile it again`);
    }
  }
}

if (import.meta.main) Deno.writeTextFileSync(new URL("functions.ts", FOLDER), nativeFunctionsModule());

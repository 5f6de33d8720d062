import { assert, assertEquals } from "@std/assert";
import { buildProgram } from "../ir/build.ts";
import { decode } from "../ir/decode.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { shared } from "./shared.ts";

const path = shared("corpus/loaded_insns.jsonl");
if (path === undefined) console.log("skipped: compiling the corpus: ../shared/corpus is not there");

/** What the back end may say no to. All else has to compile, whether a verifier likes it or not. */
const UNSUPPORTED = [
  /^addr_space_cast /,
  /^legacy packet load /,
  /^writing r10$/,
  /^unknown instruction, /,
  /^jump into another subprogram$/,
];

Deno.test({
  name: "every program of the corpus compiles, or says exactly what is not supported",
  ignore: path === undefined,
  fn: () => {
    let compiled = 0;
    const refused: string[] = [];
    for (const line of Deno.readTextFileSync(path!).trim().split("\n")) {
      const { obj, prog, insns } = JSON.parse(line);
      const unit = { name: obj, license: "GPL", version: 0, maps: [], externs: [], programs: [] };
      const attrs = { name: prog, section: "", type: "", attachType: 0, flags: 0, attachBtfId: 0 };
      const program = buildProgram({
        unit,
        attrs,
        insns: decode(Uint8Array.fromHex(insns)).insns,
        subprogs: [],
      });
      try {
        const code = compileX86(program, { fuel: true, features: { bmi2: true, movbe: true } });
        assertEquals(code.offsets.length, program.length);
        assert(code.bytes.length > 0);
        compiled++;
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        const { what } = error;
        assert(UNSUPPORTED.some((pattern) => pattern.test(what)), `${obj} ${prog}: ${what}`);
        refused.push(what);
      }
    }
    assert(compiled > 2000, `only ${compiled} compiled`);
    assert(refused.length < 60, `${refused.length} refused`);
  },
});

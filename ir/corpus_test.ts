import { assertEquals } from "@std/assert";
import { shared } from "../tests/shared.ts";
import { buildProgram } from "./build.ts";
import { check } from "./check.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { parseText } from "./parse_text.ts";
import { printProgram } from "./print_text.ts";

interface Loaded {
  readonly obj?: string;
  readonly prog?: string;
  readonly name?: string;
  readonly insns: string | null;
  readonly verdict?: string;
  readonly kernel?: { readonly verdict: string };
}

for (const file of ["corpus/loaded_insns.jsonl", "corpus/legacy_tests.jsonl"]) {
  const path = shared(file);
  Deno.test({
    name: `${file}: programs of kernel tests come back from bytes, from columns and from text`,
    ignore: path === undefined,
    fn: () => {
      const unit = { name: "corpus", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
      const attrs = { name: "main", section: "", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 };
      let programs = 0;
      for (const line of Deno.readTextFileSync(path!).trim().split("\n")) {
        const loaded: Loaded = JSON.parse(line);
        if (!loaded.insns) continue;
        programs++;
        const name = `${loaded.obj ?? loaded.name} ${loaded.prog ?? ""}`;
        const bytes = Uint8Array.from(loaded.insns.match(/../g)!, (byte) => parseInt(byte, 16));
        const program = buildProgram({ unit, attrs, insns: decode(bytes).insns, subprogs: [] });
        assertEquals(encode(program), bytes, name);
        assertEquals(check(program, { flow: false }), [], name);
        const [back] = parseText(printProgram(program)).programs;
        assertEquals(encode(back), bytes, name);
        // Nothing that the kernel takes is unknown to us.
        const accepted = (loaded.verdict ?? loaded.kernel?.verdict) === "accept";
        if (accepted) {
          assertEquals(check(program), [], name);
          assertEquals(program.code.insns.filter((insn) => insn.kind === "raw"), [], name);
        }
      }
      assertEquals(programs > 300, true, `only ${programs} programs`);
    },
  });
}

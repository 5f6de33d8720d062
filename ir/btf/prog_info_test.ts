import { assert, assertEquals } from "@std/assert";
import { parseObject } from "../../passes/parse/parse.ts";
import { Program, type ProgramParts } from "../program.ts";
import { progInfo } from "./prog_info.ts";
import { openBtf } from "./read.ts";

function load(name: string, program: string): Program {
  const bytes = Deno.readFileSync(new URL(`../../tests/objects/${name}`, import.meta.url));
  return parseObject(bytes, { name }).programs.find((candidate) => candidate.attrs.name === program)!;
}

function partsOf(program: Program): ProgramParts {
  const { unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId } = program;
  return { unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId };
}

Deno.test("records lead back to functions, files and lines", () => {
  const program = load("xdp_subprogs.bpf.o", "count_packet");
  const info = progInfo(program)!;
  const btf = openBtf(info.btf);
  const funcs = new Int32Array(info.funcInfo.buffer);
  assertEquals([1, 3, 5, 7].map((i) => btf.name(funcs[i])), [
    "count_packet",
    "concealed",
    "checked",
    "twice",
  ]);
  assertEquals([0, 2, 4, 6].map((i) => funcs[i]), [0, 24, 29, 37]);
  const lines = new Int32Array(info.lineInfo.buffer);
  const found: string[] = [];
  for (let i = 0; i < lines.length; i += 4) {
    if (i > 0) assert(lines[i] > lines[i - 4]);
    found.push(
      `${lines[i]} ${btf.text(lines[i + 1])}:${lines[i + 3] >>> 10} ${btf.text(lines[i + 2]).trim()}`,
    );
  }
  assertEquals(found[0], "0 ./xdp_subprogs.bpf.c:80 int count_packet(struct xdp_md *ctx)");
  assert(
    found.some((line) => line.startsWith("37 ") && line.includes("return value + value")),
    found.join("\n"),
  );
});

Deno.test("a text that the BTF does not hold is added behind its strings", () => {
  const program = load("legacy_maps.bpf.o", "look");
  const position = { file: "made/up.c", line: 3, column: 2, text: "new text" };
  const origins = program.code.origins.map(() => ({ position }));
  const info = progInfo(new Program({ ...partsOf(program), code: { ...program.code, origins } }))!;
  const btf = openBtf(info.btf);
  const [slot, file, text, place] = new Int32Array(info.lineInfo.buffer);
  assertEquals([slot, btf.text(file), btf.text(text), place], [0, "made/up.c", "new text", (3 << 10) | 2]);
  assertEquals(info.lineInfo.length, 16);
  assertEquals(btf.count, program.unit.btf!.count);
});

Deno.test("without a type for every subprogram there are no function records", () => {
  const program = load("legacy_maps.bpf.o", "look");
  const subprogs = program.subprogs.map((subprog) => ({ ...subprog, btfId: 0 }));
  assertEquals(progInfo(new Program({ ...partsOf(program), subprogs }))?.funcInfo.length, 0);
});

/**
 * What the passes make of golden programs marked `kernel xlated` is, instruction by instruction, what the running kernel makes of
 * them.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { columnsOf } from "../ir/columns.ts";
import { disasmSlot } from "../ir/disasm.ts";
import { encode } from "../ir/encode.ts";
import type { Program } from "../ir/program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { Attr, bpf, closeFd, COMMAND } from "../kernel/bpf.ts";
import { loadRaw, programTypeNumber } from "../kernel/prog_load.ts";
import { progInfo } from "../kernel/xlated.ts";
import { parsePasses } from "../passes/mod.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { type EncodedInsn, encodedInsns } from "../selftest/insn_pattern.ts";
import { goldenFiles, readGolden, TARGET, withFunctionTypes } from "./golden.ts";
import { ROOT } from "./shared.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: rewritten programs against the kernel: ${unavailable}`);

/** The passes that rewrite as Linux does, before its own fixups. */
const PASSES = "fastcall-remove, stack-check, bpf-loop-inline, branch-prune:kernel, dce, nop-remove";

/** The program's BTF in the kernel, and which of its functions each subprogram is. */
function loadBtf(program: Program): { fd: number; funcInfo: Uint8Array<ArrayBuffer> } {
  const columns = columnsOf(program);
  const records = program.subprogs.flatMap((s, i) => [columns.subprogStart[i], s.btfId]);
  const bytes = new Uint8Array(program.unit.btf!.bytes);
  const fd = bpf(COMMAND.BTF_LOAD, new Attr(32).pointer(0, bytes).u32(16, bytes.length));
  assert(fd >= 0, `the kernel refuses the BTF: ${fd}`);
  return { fd, funcInfo: new Uint8Array(Uint32Array.from(records).buffer) };
}

function xlated(program: Program): Uint8Array {
  const { fd, funcInfo } = loadBtf(program);
  try {
    using verdict = loadRaw({
      type: programTypeNumber(program.attrs.type)!,
      insns: new Uint8Array(encode(program)),
      license: "GPL",
      logLevel: 1,
      btfFd: fd,
      funcInfo,
    });
    assert(verdict.accepted, verdict.log);
    return progInfo(verdict.fd).xlated;
  } finally {
    closeFd(fd);
  }
}

/**
 * A dump without the JIT's marks: it moves the distance of a call into the offset, and writes into the second half of a
 * function's address (the first keeps the distance).
 */
function withoutMarks(insns: readonly EncodedInsn[]): EncodedInsn[] {
  return insns.map((insn, i) => {
    const first = insns[i - 1];
    if (first?.code === 0x18 && first.src === 4) return { ...insn, imm: 0 };
    return insn.code === 0x85 && insn.src === 1 && insn.off !== 0 ? { ...insn, off: 0, imm: insn.off } : insn;
  });
}

const FILES = goldenFiles("tests/golden").filter((file) =>
  /^kernel xlated$/m.test(Deno.readTextFileSync(join(ROOT, file)))
);

Deno.test("there are programs to compare", () => assertEquals(FILES.length > 5, true));

for (const file of FILES) {
  Deno.test({
    name: `rewritten as the running kernel does: ${file}`,
    ignore: unavailable !== undefined,
    fn: () => {
      const { program, passes } = readGolden(Deno.readTextFileSync(join(ROOT, file)), file);
      const list = passes.startsWith("verify") ? `verify, ${PASSES}` : PASSES;
      const input = withFunctionTypes(program);
      const ours = new Pipeline({ passes: parsePasses(list) }).run(input, { target: TARGET }).program;
      const columns = columnsOf(ours);
      const listing = Array.from({ length: columns.count }, (_, slot) => disasmSlot(columns, slot)).join(
        "\n",
      );
      const theirs = withoutMarks(encodedInsns(xlated(input)));
      assertEquals(withoutMarks(encodedInsns(encode(ours))), theirs, listing);
    },
  });
}

/**
 * The running kernel's opinion of what parse makes of this repository's objects: it takes the completed BTF, and programs with
 * their function and line records. Loads only.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { progInfo } from "../ir/btf/prog_info.ts";
import { encode } from "../ir/encode.ts";
import type { Program } from "../ir/program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { Attr, bpf, closeFd, COMMAND } from "../kernel/bpf.ts";
import { loadRaw, programTypeNumber } from "../kernel/prog_load.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { ROOT } from "./shared.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: parsed objects in the kernel: ${unavailable}`);

function loadBtf(bytes: Uint8Array<ArrayBuffer>): number {
  return bpf(COMMAND.BTF_LOAD, new Attr(32).pointer(0, bytes).u32(16, bytes.length));
}

Deno.test({
  name: "the running kernel takes the completed BTF of every object",
  ignore: unavailable !== undefined,
  fn: () => {
    const folder = `${ROOT}/tests/objects`;
    const names = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) =>
      name.endsWith(".bpf.o")
    );
    assert(names.length >= 7);
    for (const name of names) {
      const { btf } = parseObject(Deno.readFileSync(`${folder}/${name}`), { name });
      const fd = loadBtf(new Uint8Array(btf!.bytes));
      assert(fd >= 0, `${name}: errno ${-fd}`);
      closeFd(fd);
    }
  },
});

Deno.test({
  name: "the running kernel takes a program with its function and line records, and names the lines",
  ignore: unavailable !== undefined,
  fn: () => {
    const name = "struct_ops.bpf.o";
    const unit = parseObject(Deno.readFileSync(`${ROOT}/tests/objects/${name}`), {
      name,
      textFunctions: true,
    });
    const program = unit.programs.find((candidate) => candidate.attrs.name === "caught") as Program;
    const info = progInfo(program)!;
    const btfFd = loadBtf(info.btf);
    try {
      using verdict = loadRaw({
        type: programTypeNumber("syscall")!,
        flags: 16,
        insns: new Uint8Array(encode(program)),
        license: unit.license,
        name: "caught",
        logLevel: 2,
        btfFd,
        funcInfo: info.funcInfo,
        lineInfo: info.lineInfo,
      });
      assertEquals(info.funcInfo.length, 8);
      assert(verdict.log.includes("@ struct_ops.bpf.c:"), verdict.log);
    } finally {
      closeFd(btfFd);
    }
  },
});

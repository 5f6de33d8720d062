import { assert, assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { openBtf } from "../ir/btf/read.ts";
import { parseText } from "../ir/parse_text.ts";
import { Program, type ProgramParts } from "../ir/program.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { kernelUnavailable } from "./available.ts";
import { KernelError } from "./bpf.ts";
import { KernelUnit } from "./load.ts";
import { lookupElem } from "./maps.ts";
import { kernelTestRun } from "./test_run.ts";
import { vmlinuxBtf } from "./vmlinux.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: loading into the running kernel: ${unavailable}`);

function withKernel(name: string, fn: () => void): void {
  Deno.test({ name, ignore: unavailable !== undefined, fn });
}

withKernel("programs of a unit share its maps", () => {
  const unit = parseText(`type xdp
  map counts type=array key=4 value=8 max=1
  func main:
    r1 = map_value counts+0 ll
    r2 = *(u64 *)(r1 +0)
    r2 += 1
    *(u64 *)(r1 +0) = r2
    r0 = r2
    exit`);
  using inKernel = new KernelUnit(unit);
  using one = inKernel.load(unit.programs[0], { logLevel: 1 });
  using other = inKernel.load(unit.programs[0]);
  assert(one.accepted, one.log);
  assertEquals(kernelTestRun(one.fd, { data: new Uint8Array(64), repeat: 3 }).retval, 3);
  assertEquals(kernelTestRun(other.fd, { data: new Uint8Array(64) }).retval, 4);
  const value = lookupElem(inKernel.map(0), new Uint8Array(4), 8)!;
  assertEquals(value[0], 4);
});

withKernel("programs of different types do not share a program array, which a kernel would not have", () => {
  const unit = parseText(`type socket_filter
  map calls type=prog_array key=4 value=4 max=2
  func main:
    r2 = map calls ll
    r3 = 1
    call bpf_tail_call#12
    r0 = 7
    exit`);
  const [program] = unit.programs;
  const classifier = new Program({ ...parts(program), attrs: { ...program.attrs, type: "sched_cls" } });
  const target = new Program({ ...parts(program), attrs: { ...program.attrs, name: "called" } });
  using inKernel = new KernelUnit(unit);
  using one = inKernel.load(program);
  using other = inKernel.load(classifier);
  using called = inKernel.load(target);
  assertEquals([one.accepted, other.accepted, called.accepted], [true, true, true]);
  assert(inKernel.map(0, program) === inKernel.map(0, target));
  inKernel.setProgram({ map: 0, index: 1 }, { program: target, verdict: called });
  assertThrows(
    () => inKernel.setProgram({ map: 0, index: 0 }, { program, verdict: other }),
    KernelError,
    "EINVAL",
  );
});

function parts({ unit, attrs, code, subprogs, nextInsnId, nextSubprogId }: Program): ProgramParts {
  return { unit, attrs, code, subprogs, nextInsnId, nextSubprogId };
}

withKernel("types and source lines reach the log", () => {
  const bytes = Deno.readFileSync(new URL("../examples/bpf_loop/bpf_loop.bpf.o", import.meta.url));
  const unit = parseObject(bytes, { name: "bpf_loop.bpf.o" });
  const program = unit.programs.find((candidate) => candidate.attrs.name === "sum")!;
  using inKernel = new KernelUnit(unit);
  using verdict = inKernel.load(program, { logLevel: 2 });
  assert(verdict.accepted, verdict.log);
  assert(/^; .*bpf_loop\(ROUNDS, add_index.* @ bpf_loop\.bpf\.c:\d+$/m.test(verdict.log), verdict.log);
  using bare = inKernel.load(unit.programs.find((p) => p.attrs.name === "empty_ideal")!, {
    logLevel: 2,
    types: false,
  });
  assert(bare.accepted && !bare.log.includes("; for"), bare.log);
});

withKernel("ids of another kernel's types are not handed to this one", () => {
  const btf = openBtf(vmlinuxBtf()!);
  const id = btf.find("bpf_rcu_read_lock", "func");
  const unit = parseText(`type xdp\nfunc main:\n call kfunc bpf_rcu_read_lock#${id}\n r0 = 0\n exit`);
  using inKernel = new KernelUnit(unit);
  assertThrows(() => inKernel.load(unit.programs[0]), UnsupportedError, "not read against");
});

withKernel("a map that is none is left to the kernel to refuse", () => {
  const unit = parseText(
    "type xdp\nmap m type=array key=4 value=8 max=1\nfunc main:\n r1 = map m ll\n r0 = 0\n exit",
  );
  const [program] = unit.programs, insns = [...program.code.insns];
  insns[0] = { ...insns[0], value: { kind: "map", map: 7 } } as typeof insns[0];
  using inKernel = new KernelUnit(unit);
  using verdict = inKernel.load(new Program({ ...parts(program), code: { ...program.code, insns } }), {
    logLevel: 1,
  });
  assert(!verdict.accepted);
  assertEquals(verdict.message, "fd -1 is not pointing to valid bpf_map");
});

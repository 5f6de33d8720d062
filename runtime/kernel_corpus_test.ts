/**
 * Programs of the kernel's own test suite run here as in the running kernel: verified, taken through all passes, natively and on the
 * interpreter, on a few packets. Each program gets maps of its own on every side.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { Compiler } from "../compiler/compiler.ts";
import { createRuntime, load } from "../compiler/run.ts";
import { openBtf } from "../ir/btf/read.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { KernelError } from "../kernel/bpf.ts";
import { KernelUnit } from "../kernel/load.ts";
import type { KernelVerdict } from "../kernel/prog_load.ts";
import { kernelTestRun } from "../kernel/test_run.ts";
import { vmlinuxBtf } from "../kernel/vmlinux.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { shared } from "../tests/shared.ts";
import { nativeUnavailable } from "./exec/libc.ts";
import { RunError } from "./run_error.ts";
import { testRun } from "./test_run.ts";

const TYPES = ["xdp", "sched_cls", "sched_act", "socket_filter", "cgroup_skb"];
/** No program is run that takes the verifier more instructions than this. */
const LONGEST = 20_000;

/** Programs whose result is no function of packet and maps, and why. */
const NOT_COMPARABLE: Readonly<Record<string, string>> = {
  global_func16: "reads stack that nobody wrote",
  uninitialized_stack2: "reads stack that nobody wrote",
  stack_no_skb_load_bytes: "reads stack that nobody wrote",
  state_equality_check_way_1: "returns a pointer",
  state_equality_check_way_2: "returns a pointer",
  unpriv_return_pointer: "returns a pointer",
  check_valid_spill_fill: "returns a pointer",
  check_corrupted_spill_fill_lsb: "returns part of a pointer",
  check_corrupted_spill_fill_msb: "returns part of a pointer",
  test18_imm_pkt_ptr_1: "writes a pointer into the packet",
  test19_imm_pkt_ptr_2: "writes a pointer into the packet",
  test22_x_pkt_ptr_3: "writes a pointer into the packet",
  direct_packet_access_test4_write: "writes a pointer into the packet",
};
/** Helpers that give what nobody can repeat: time and random numbers. */
const UNREPEATABLE: ReadonlySet<number> = new Set([5, 7, 14, 118, 125, 160, 208]);

const folder = shared("corpus/selftests");
const verdicts = shared("corpus/verdicts.jsonl");
const unavailable = kernelUnavailable() ?? nativeUnavailable() ??
  (folder === undefined || verdicts === undefined ? "the corpus is not there" : undefined);
if (unavailable !== undefined) console.log(`skipped: test suite programs against the kernel: ${unavailable}`);

function packets(): Uint8Array[] {
  const ipv4 = (length: number, protocol: number) => {
    const data = Uint8Array.from({ length }, (_, i) => (i * 37 + 11) & 0xff);
    data.set([8, 0, 0x45, 0, 0, length - 14], 12);
    data.set([64, protocol], 22);
    return data;
  };
  return [ipv4(200, 6), ipv4(64, 17), new Uint8Array(100)];
}

interface Outcome {
  readonly retval?: number;
  readonly data?: string;
  readonly errno?: number;
}

function outcome(run: () => { retval: number; dataOut: Uint8Array }): Outcome {
  try {
    const { retval, dataOut } = run();
    return { retval, data: dataOut.toHex() };
  } catch (error) {
    if (error instanceof KernelError || error instanceof RunError) return { errno: error.errno };
    throw error;
  }
}

/** What the prog arrays of a unit hold from the start. */
function tailCalls(unit: Unit): { map: number; index: number; target: Program }[] {
  return unit.maps.flatMap((def, map) =>
    (def.initial ?? []).flatMap(({ index, program }) => {
      const target = unit.programs.find((candidate) => candidate.attrs.name === program);
      return target === undefined ? [] : [{ map, index, target }];
    })
  );
}

function inKernel(program: Program): Outcome[] | undefined {
  using unit = new KernelUnit(program.unit);
  const loaded: KernelVerdict[] = [];
  try {
    const verdict = unit.load(program);
    loaded.push(verdict);
    if (!verdict.accepted) return undefined;
    for (const { map, index, target } of tailCalls(program.unit)) {
      const other = unit.load(target);
      loaded.push(other);
      if (other.accepted) unit.setProgram({ map, index }, { program: target, verdict: other });
    }
    return packets().map((data) => outcome(() => kernelTestRun(verdict.fd, { data })));
  } finally {
    for (const verdict of loaded) verdict[Symbol.dispose]();
  }
}

function here(program: Program, backend: "x86_64" | "interpret"): Outcome[] {
  const compiler = new Compiler();
  using runtime = createRuntime(backend, { seed: 1n });
  for (const { target } of tailCalls(program.unit)) {
    if (target !== program) load(runtime, { compiler, compiled: compiler.compile(target) });
  }
  const loaded = load(runtime, { compiler, compiled: compiler.compile(program) });
  return packets().map((data) => outcome(() => testRun(loaded, { data })));
}

function repeatable(program: Program): boolean {
  return !Object.hasOwn(NOT_COMPARABLE, program.attrs.name) &&
    !program.code.insns.some((insn) =>
      insn.kind === "call" && insn.callee.kind === "helper" && UNREPEATABLE.has(insn.callee.id)
    );
}

Deno.test({
  name: "programs of the kernel's test suite run here as in the running kernel",
  ignore: unavailable !== undefined,
  fn: () => {
    const accepted = new Set<string>();
    for (const line of Deno.readTextFileSync(verdicts!).trim().split("\n")) {
      const { obj, prog, verdict, processed } = JSON.parse(line);
      if (verdict === "accept" && processed <= LONGEST) accepted.add(`${obj}.bpf.o ${prog}`);
    }
    const targetBtf = openBtf(vmlinuxBtf()!);
    const names = [...Deno.readDirSync(folder!)].map((entry) => entry.name).filter((name) =>
      name.endsWith(".bpf.o")
    ).sort();
    let candidates = 0, compared = 0, unsupported = 0;
    for (const name of names) {
      const unit = parseObject(Deno.readFileSync(join(folder!, name)), { name, targetBtf });
      for (const program of unit.programs) {
        if (!TYPES.includes(program.attrs.type) || !accepted.has(`${name} ${program.attrs.name}`)) continue;
        candidates++;
        if (!repeatable(program)) continue;
        try {
          const expected = inKernel(program);
          if (expected === undefined) continue;
          for (const backend of ["x86_64", "interpret"] as const) {
            assertEquals(here(program, backend), expected, `${name} ${program.attrs.name} on ${backend}`);
          }
          compared++;
        } catch (error) {
          if (!(error instanceof UnsupportedError)) throw error;
          unsupported++;
        }
      }
    }
    console.log(`compared ${compared} programs with the running kernel, ${unsupported} not supported`);
    assert(compared > 100, `only ${compared} of ${candidates} programs were compared`);
  },
});

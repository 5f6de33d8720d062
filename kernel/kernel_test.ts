import { assert, assertEquals } from "@std/assert";
import { kernelUnavailable } from "./available.ts";
import { errnoName } from "./bpf.ts";
import { lastMessage, logStats } from "./log.ts";
import { loadRaw, programTypeNumber } from "./prog_load.ts";
import { kernelTestRun } from "./test_run.ts";
import { progInfo } from "./xlated.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: running kernel: ${unavailable}`);

function withKernel(name: string, fn: () => void): void {
  Deno.test({ name, ignore: unavailable !== undefined, fn });
}

/** r0 = 2; exit */
const PASS = new Uint8Array([0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);

withKernel("a good program is accepted, with figures in its log", () => {
  using verdict = loadRaw({
    type: programTypeNumber("xdp")!,
    insns: PASS,
    license: "GPL",
    logLevel: 2,
    name: "pass",
  });
  assert(verdict.accepted, verdict.log);
  assertEquals(verdict.stats.processed, 2);
  assert(verdict.log.includes("0: (b7) r0 = 2"), verdict.log);
});

withKernel("a program that returns garbage is refused, with the kernel's words", () => {
  using verdict = loadRaw({ type: 6, insns: PASS.slice(8), license: "GPL", logLevel: 1 });
  assertEquals(verdict.accepted, false);
  assertEquals(errnoName(verdict.errno), "EACCES");
  assertEquals(verdict.message, "R0 !read_ok");
  assertEquals(verdict.fd, -1);
});

withKernel("what the kernel made of a program can be read back", () => {
  using verdict = loadRaw({ type: 6, insns: PASS, license: "GPL" });
  const info = progInfo(verdict.fd);
  assertEquals(info.xlated, PASS);
  assertEquals(info.jitedLengths.length, 1);
  assertEquals(info.verifiedInsns, 2);
});

withKernel("a test run gives the result, the packet and a time", () => {
  using verdict = loadRaw({ type: 6, insns: PASS, license: "GPL" });
  const data = Uint8Array.from({ length: 64 }, (_, i) => i);
  const run = kernelTestRun(verdict.fd, { data, repeat: 100 });
  assertEquals(run.retval, 2);
  assertEquals(run.dataOut, data);
  assert(run.ns < 100_000);
});

Deno.test("figures are read from the log's end", () => {
  const log = "func#0 @0\n0: (95) exit\nR0 !read_ok\nverification time 36 usec\nstack depth 0+16\n" +
    "processed 15 insns (limit 1000000) max_states_per_insn 1 total_states 3 peak_states 2 mark_read 0\n";
  assertEquals(logStats(log), {
    processed: 15,
    maxStatesPerInsn: 1,
    totalStates: 3,
    peakStates: 2,
    usec: 36,
    stackDepth: [0, 16],
  });
  assertEquals(lastMessage(log), "R0 !read_ok");
});

Deno.test("program types have the kernel's numbers", () => {
  assertEquals(programTypeNumber("sched_cls"), 3);
  assertEquals(programTypeNumber("tracing"), 26);
  assertEquals(programTypeNumber("netfilter"), 32);
  assertEquals(programTypeNumber("nonsense"), undefined);
});

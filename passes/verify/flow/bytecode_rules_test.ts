/**
 * Bytecode that no compiler writes: calls with reserved fields, calls to nowhere, calls that name nothing. The running kernel says the
 * same.
 */
import { assertEquals } from "@std/assert";
import { buildProgram } from "../../../ir/build.ts";
import { decode } from "../../../ir/decode.ts";
import type { Program } from "../../../ir/program.ts";
import { kernelUnavailable } from "../../../kernel/available.ts";
import { loadRaw, programTypeNumber } from "../../../kernel/prog_load.ts";
import { LINUX_6_18 } from "../../../profile/linux_6_18/mod.ts";
import { verifyProgram } from "../verify.ts";

const unavailable = kernelUnavailable();
if (unavailable !== undefined) console.log(`skipped: bytecode against the kernel: ${unavailable}`);

const CALL = 0x85, EXIT = "9500000000000000", SET_R0 = "b700000000000000", LOAD64 = "1801000000000000";
const ZEROS = "0000000000000000";

/** A call: kind of callee, offset, immediate. */
function call(kind: number, off: number, imm: number): string {
  const bytes = new Uint8Array(8), view = new DataView(bytes.buffer);
  bytes[0] = CALL;
  bytes[1] = kind << 4;
  view.setInt16(2, off, true);
  view.setInt32(4, imm, true);
  return bytes.toHex();
}

/** Four bytes of a packet, from its second on. */
const UNALIGNED: readonly string[] = [
  "6112000000000000",
  "6113040000000000",
  SET_R0,
  "bf24000000000000",
  "0704000008000000",
  "2d34010000000000",
  "6125010000000000",
  EXIT,
];

interface Case {
  readonly name: string;
  /** `socket_filter` if left out. */
  readonly type?: "xdp";
  readonly insns: readonly string[];
  readonly flags?: number;
  /** The last line of the log; accepted without one. */
  readonly message?: string;
}

const CASES: readonly Case[] = [
  {
    name: "a call with an offset begins a subprogram before it is refused",
    insns: [call(1, -1, 2), SET_R0, EXIT, SET_R0, EXIT],
    message: "BPF_CALL uses reserved fields",
  },
  {
    name: "a call before the program",
    insns: [call(1, 0, -2), EXIT],
    message: "call to invalid destination",
  },
  { name: "a call behind the program", insns: [call(1, 0, 9), EXIT], message: "call to invalid destination" },
  {
    name: "a call into a 16-byte load",
    insns: [call(1, 0, 3), SET_R0, EXIT, LOAD64, ZEROS, SET_R0, EXIT],
    message: "last insn is not an exit or jmp",
  },
  {
    name: "a kernel function that is none",
    insns: [call(2, 0, 0), SET_R0, EXIT],
    message: "invalid kernel function call not eliminated in verifier pass",
  },
  {
    name: "a kernel function that is none in dead code",
    insns: [SET_R0, "1500010000000000", call(2, 0, 0), EXIT],
  },
  {
    name: "strict alignment",
    type: "xdp",
    insns: UNALIGNED,
    flags: 1,
    message: "misaligned packet access off 2+0+0+1 size 4",
  },
  { name: "any alignment takes strict alignment back", type: "xdp", insns: UNALIGNED, flags: 3 },
];

function programOf({ type, insns, flags }: Case): Program {
  const unit = { name: "test", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
  const attrs = {
    name: "main",
    section: type ?? "socket",
    type: type ?? "socket_filter",
    attachType: 0,
    flags: flags ?? 0,
    attachBtfId: 0,
  };
  return buildProgram({ unit, attrs, insns: decode(Uint8Array.fromHex(insns.join(""))).insns, subprogs: [] });
}

function lastLine(log: string): string {
  return log.trimEnd().split("\n").at(-2) ?? "";
}

for (const rule of CASES) {
  Deno.test(`bytecode: ${rule.name}`, () => {
    const result = verifyProgram(programOf(rule), { profile: LINUX_6_18, logLevel: 1 });
    assertEquals(result.message, rule.message ?? "");
  });
  Deno.test({
    name: `bytecode in the running kernel: ${rule.name}`,
    ignore: unavailable !== undefined,
    fn() {
      const insns = Uint8Array.fromHex(rule.insns.join(""));
      using verdict = loadRaw({
        type: programTypeNumber(rule.type ?? "socket_filter")!,
        insns,
        license: "GPL",
        logLevel: 1,
        flags: rule.flags ?? 0,
      });
      assertEquals(verdict.accepted ? "" : lastLine(verdict.log), rule.message ?? "");
      const ours = verifyProgram(programOf(rule), { profile: LINUX_6_18, logLevel: 1 });
      assertEquals(ours.processed, verdict.stats.processed);
    },
  });
}

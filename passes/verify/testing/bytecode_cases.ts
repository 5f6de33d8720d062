/**
 * Rules as bytecode, for what neither the text nor a compiler has a form: reserved fields, opcodes that are none, jumps to nowhere. Each
 * is also put to the running kernel where there is one.
 *
 * @module
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

/** `r0 = 0` and `exit`. */
export const SET_R0 = "b700000000000000", EXIT = "9500000000000000";

/** An instruction's 8 bytes in hexadecimal. */
export function insn(
  code: number,
  fields: { readonly dst?: number; readonly src?: number; readonly off?: number; readonly imm?: number } = {},
): string {
  const bytes = new Uint8Array(8), view = new DataView(bytes.buffer);
  bytes[0] = code;
  bytes[1] = (fields.src ?? 0) << 4 | (fields.dst ?? 0);
  view.setInt16(2, fields.off ?? 0, true);
  view.setInt32(4, fields.imm ?? 0, true);
  return bytes.toHex();
}

/** One program. */
export interface BytecodeCase {
  readonly name: string;
  /** `socket_filter` if left out. */
  readonly type?: "xdp";
  /** In hexadecimal, 8 bytes each. */
  readonly insns: readonly string[];
  /** `BPF_F_*`. */
  readonly flags?: number;
  /** The last line of the log; accepted without one. */
  readonly message?: string;
}

function programOf({ type, insns, flags }: BytecodeCase): Program {
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

/** Makes two tests of each case: what verify says, and what the running kernel says. */
export function bytecodeCases(cases: readonly BytecodeCase[]): void {
  for (const rule of cases) {
    Deno.test(rule.name, () => {
      const result = verifyProgram(programOf(rule), { profile: LINUX_6_18, logLevel: 1 });
      assertEquals(result.message, rule.message ?? "");
    });
    Deno.test({
      name: `in the running kernel: ${rule.name}`,
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
        assertEquals([ours.errno, ours.processed], [verdict.errno, verdict.stats.processed]);
      },
    });
  }
}

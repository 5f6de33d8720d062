import { assert, assertEquals } from "@std/assert";
import { kernelUnavailable } from "../kernel/available.ts";
import { loadRaw } from "../kernel/prog_load.ts";
import { columnsOf } from "./columns.ts";
import { disasmSlot } from "./disasm.ts";
import { encode } from "./encode.ts";
import type { Insn, InsnId } from "./insn.ts";
import { liveRegisters } from "./liveness.ts";
import { Program } from "./program.ts";
import { type Random, randomOf, randomProgram } from "./random_program.ts";
import { sccOf } from "./scc.ts";

const reason = kernelUnavailable() ??
  (Deno.osRelease().startsWith("6.18.")
    ? undefined
    : `its log is not that of 6.18 but of ${Deno.osRelease()}`);
if (reason !== undefined) console.log(`skipped: running kernel: ${reason}`);

/** Helpers of every program type: id, full name, number of arguments. */
const HELPERS: readonly (readonly [id: number, name: string, args: number])[] = [
  [1, "bpf_map_lookup_elem", 2],
  [2, "bpf_map_update_elem", 4],
  [5, "bpf_ktime_get_ns", 0],
  [7, "bpf_get_prandom_u32", 0],
];

/** A random program of one function in which every instruction is reachable, so that the kernel gets as far as its liveness. */
function reachableProgram(random: Random): Program {
  const source = randomProgram(random, 60);
  const insns: Insn[] = source.code.insns.flatMap((insn): Insn[] => {
    switch (insn.kind) {
      case "raw":
      case "jump":
      case "exit":
        return [];
      case "imm64":
        return insn.value.kind === "const" ? [insn] : [];
      case "call":
        return [{ kind: "call", callee: { kind: "helper", id: HELPERS[random(HELPERS.length)][0] } }];
      default:
        return [insn];
    }
  });
  insns.push({ kind: "exit" });
  const placed = insns.map((insn): Insn =>
    insn.kind === "branch" || insn.kind === "may_goto"
      ? { ...insn, target: random(insns.length) as InsnId }
      : insn
  );
  return new Program({
    unit: source.unit,
    attrs: { ...source.attrs, type: "socket_filter" },
    code: { insns: placed, ids: placed.map((_, i) => i as InsnId), origins: placed.map(() => ({})) },
    subprogs: [source.subprogs[0]],
    nextInsnId: placed.length,
    nextSubprogId: 1,
  });
}

Deno.test({
  name:
    "on random programs the running 6.18 kernel prints the same instructions, live registers and components",
  ignore: reason !== undefined,
  fn: () => {
    const random = randomOf(2026);
    const arity = new Map(HELPERS.map(([id, , args]) => [id, args]));
    const names = new Map(HELPERS.map(([id, name]) => [id, name]));
    let lines = 0;
    for (let round = 0; round < 150; round++) {
      const program = reachableProgram(random);
      const cols = columnsOf(program);
      using verdict = loadRaw({
        type: 1,
        insns: new Uint8Array(encode(program)),
        license: "GPL",
        logLevel: 2,
      });
      const start = verdict.log.indexOf("Live regs before insn:\n");
      assert(start >= 0, verdict.log);
      const scc = sccOf(cols);
      const live = liveRegisters(cols, { arity: (slot) => arity.get(cols.imm[slot]) });
      for (const line of verdict.log.slice(start).split("\n").slice(1)) {
        const match = /^(....) *([0-9]+): ([0-9.]{10}) /.exec(line);
        if (match === null) break;
        const slot = Number(match[2]);
        const component = scc[slot] === 0 ? "    " : `${String(scc[slot]).padStart(3)} `;
        const registers = Array.from({ length: 10 }, (_, r) => live[slot] & 1 << r ? r : ".").join("");
        const text = disasmSlot(cols, slot, { helperName: (id) => names.get(id) });
        assertEquals(`${component}${String(slot).padStart(3)}: ${registers} ${text}`, line);
        lines++;
      }
    }
    assert(lines > 3000, `only ${lines} lines`);
  },
});

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Program } from "../ir/program.ts";
import { printProgram } from "../ir/print_text.ts";
import { type Case, cases } from "./cases.ts";
import { compiled, measure } from "./measure.ts";
import { nativeUnavailable } from "../runtime/mod.ts";

const all = await cases();

function named(name: string): Case {
  return all.find((item) => item.name === name)!;
}

function callsOf(program: Program): string[] {
  return program.code.insns.flatMap((insn) => {
    if (insn.kind !== "call") return [];
    const { callee } = insn;
    return [
      callee.kind === "kfunc"
        ? callee.func.name
        : callee.kind === "helper"
        ? `helper ${callee.id}`
        : "subprog",
    ];
  });
}

/** Instructions that came from the body of a function. */
function bodyOf(program: Program, name: string) {
  return program.code.insns.filter((_, i) => program.code.origins[i].body === name);
}

for (const context of ["xdp", "tc"]) {
  Deno.test(`a pruned slice of ${context} has no call, no type switch and no buffer test left`, () => {
    const item = named(`dynptr_slice/${context}`);
    const program = compiled(item, "pruned");
    assertEquals(callsOf(program), []);
    const body = bodyOf(program, "bpf_dynptr_slice");
    assert(body.length > item.ops);
    // The kind of the dynptr stands in bits 28 to 30 of its size: whoever asks for it shifts.
    assertEquals(body.filter((insn) => insn.kind === "alu" && insn.op === "rsh"), []);
    // Is there data, is the slice within the dynptr, is it within the packet.
    assert(body.filter((insn) => insn.kind === "branch").length <= 3 * item.ops);
    // All of that is there without pruning: the checks above can fail.
    const inlined = bodyOf(compiled(item, "inlined"), "bpf_dynptr_slice");
    assert(inlined.some((insn) => insn.kind === "alu" && insn.op === "rsh"));
    assert(inlined.filter((insn) => insn.kind === "branch").length > 3 * item.ops);
  });
}

Deno.test("pruned metadata reads call nothing, and the body changes with the device", () => {
  const texts = ["veth", "mlx5"].map((driver) => {
    const program = compiled(named(`xdp_metadata/${driver}`), "pruned");
    assertEquals(callsOf(program), []);
    const prefix = driver === "mlx5" ? "mlx5e" : driver;
    assert(bodyOf(program, `${prefix}_xdp_rx_hash`).length > 0);
    return printProgram(program, { header: false });
  });
  assertNotEquals(texts[0], texts[1]);
});

Deno.test({
  name: "every variant of a case is measured",
  ignore: nativeUnavailable() !== undefined,
  fn() {
    const results = measure(named("dynptr_slice/xdp"), { rounds: 1, roundMs: 0.1 });
    const own = results.filter((result) => result.backend === "x86_64");
    assertEquals(own.map((result) => result.variant), ["called", "inlined", "pruned", "ideal", "direct"]);
    assert(results.every((result) => result.ns > 0));
    assertEquals(Object.keys(own[2].ratio_to), ["called", "ideal"]);
  },
});

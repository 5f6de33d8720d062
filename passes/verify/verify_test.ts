import { assert, assertEquals, assertThrows } from "@std/assert";
import { RejectedError, UnsupportedError } from "../../ir/diagnostic.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import {
  branchTaken,
  callbackKind,
  callMap,
  dead,
  loopCallback,
  pointerKind,
  stackDepth,
  verified,
} from "../facts.ts";
import { NO_KFUNCS } from "../kfuncs.ts";
import type { PassContext } from "../pass.ts";
import { programOf, verdictOf } from "./testing/programs.ts";
import { verify } from "./pass.ts";

const context: PassContext = {
  get: (analysis, program) => analysis.run(program),
  target: { profile: LINUX_6_18, jit: true },
  kfuncs: NO_KFUNCS,
  report: () => {},
};

Deno.test("what no path reaches is dead, and branches know which ways they went", () => {
  const before = programOf(
    "func main:\n  r2 = 5\n  r0 = 0\n  if r2 == 5 goto out\n  r0 = 1\nout:\n  r3 = *(u32 *)(r1 +0)\n  if r3 == 0 goto end\n  r0 = 2\nend:\n  exit\n",
  );
  const after = verify().run(before, context), { ids } = after.code;
  assertEquals(ids.map((id) => after.get(dead, id)), [false, false, false, true, false, false, false, false]);
  assertEquals(after.get(branchTaken, ids[2]), "jumped");
  assertEquals(after.get(branchTaken, ids[5]), "both");
  assertEquals(after.get(pointerKind, ids[4]), "ctx");
  assert(after.get(verified));
  assert(!before.get(verified));
});

Deno.test("a load that meets two kinds of memory is mixed", () => {
  const after = verify().run(
    programOf(
      "map m type=array key=4 value=8 max=1\nfunc main:\n  r6 = r1\n  *(u64 *)(r10 -8) = 0\n  r1 = map m ll\n  r2 = r10\n  r2 += -8\n" +
        "  call bpf_map_lookup_elem#1\n  r7 = r10\n  r7 += -8\n  if r0 == 0 goto use\n  r7 = r0\nuse:\n  r0 = *(u64 *)(r7 +0)\n  exit\n",
    ),
    context,
  );
  const { insns, ids } = after.code;
  const load = insns.findIndex((insn) => insn.kind === "load");
  assertEquals(after.get(pointerKind, ids[load]), "mixed");
  assertEquals(after.get(callMap, ids[insns.findIndex((insn) => insn.kind === "call")]), 0);
});

Deno.test("a callback that is the same on every path is known", () => {
  const text = (flags: string): string =>
    `func main:\n  r1 = 3\n  r2 = func body ll\n  r3 = 0\n  r4 = ${flags}\n  call bpf_loop#181\n  r0 = 0\n  exit\nfunc body:\n  *(u64 *)(r10 -24) = 1\n  r0 = 0\n  exit\n`;
  const after = verify().run(programOf(text("0"), { typed: true }), context);
  const call = after.code.insns.findIndex((insn) => insn.kind === "call"), [main, body] = after.subprogs;
  assertEquals(after.get(loopCallback, after.code.ids[call]), body.id);
  assertEquals([after.get(stackDepth, main.id), after.get(stackDepth, body.id)], [0, 24]);
  assertEquals(after.get(callbackKind, body.id), "sync");
});

Deno.test("a refusal names the instruction and carries the kernel's log", () => {
  const program = programOf("func main:\n  r0 = 0\n  r0 = r6\n  exit\n");
  const error = assertThrows(() => verify().run(program, context), RejectedError, "R6 !read_ok");
  assertEquals(error.errno, 13);
  assertEquals(error.diagnostics[0].insn, program.code.ids[1]);
  assertEquals(error.diagnostics[0].slot, 1);
  assertEquals(error.diagnostics[0].code, "verify/uninit-register");
  assertEquals(error.diagnostics[0].notes, [
    "R6 is read, but holds nothing on this path",
    "r6 is never set on this path",
    "Help: set it on every path that leads here",
  ]);
  assert(error.log.includes("1: (bf) r0 = r6\nR6 !read_ok\nprocessed 2 insns"));
});

Deno.test("what cannot be decided is no verdict", () => {
  const program = programOf("func main:\n  r0 = 0\n  exit\n", { type: "no_such_type" });
  assertThrows(() => verdictOf(program), UnsupportedError, "program type no_such_type");
  const endless = programOf(
    "func main:\n  r6 = 0\nloop:\n  r6 += 1\n  if r6 < 900000 goto loop\n  r0 = 0\n  exit\n",
  );
  assertThrows(() => verdictOf(endless, { timeLimit: 0 }), UnsupportedError, "longer than it may");
});

Deno.test("an accepted program's short log holds its figures only, the long one every state", () => {
  const program = programOf("func main:\n  r0 = 0\n  exit\n");
  const figures =
    "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n";
  assertEquals(verdictOf(program, { logLevel: 1 }).log, figures);
  assert(verdictOf(program, { logLevel: 2 }).log.includes("0: (b7) r0 = 0                        ; R0=0\n"));
  assertEquals(verdictOf(program).log, "");
});

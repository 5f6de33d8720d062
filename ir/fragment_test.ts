import { assertEquals, assertThrows } from "@std/assert";
import { bpf } from "./fragment.ts";
import { imm, type InsnId, reg, type SubprogId } from "./insn.ts";

Deno.test("bpf reads the rewrite of a bpf_loop call with interpolated numbers and a subprogram", () => {
  const slot = -24, callback = 3 as SubprogId;
  const { insns, labels } = bpf`
      if r1 <= ${1 << 23} goto start
      w0 = ${-7}
      goto end
    start:
      *(u64 *)(r10 ${slot}) = r6          ; r6 = limit, r7 = count
      *(u64 *)(r10 ${slot + 32}) = r7
    head:
      if r7 >= r6 goto done
      call ${callback}
      r7 += 1
      if r0 == 0 goto head
    done:
      r6 = *(u64 *)(r10 ${slot})
    end:
  `;
  assertEquals([...labels], [["start", 3], ["head", 5], ["done", 9], ["end", 10]]);
  assertEquals(insns[0], {
    kind: "branch",
    op: "le",
    width: 64,
    left: 1,
    right: imm(8388608),
    target: "start",
  });
  assertEquals(insns[1], { kind: "alu", op: "mov", width: 32, dst: 0, src: imm(-7) });
  assertEquals(insns[3], { kind: "store", size: 8, base: 10, offset: -24, src: reg(6) });
  assertEquals(insns[4], { kind: "store", size: 8, base: 10, offset: 8, src: reg(7) });
  assertEquals(insns[6], { kind: "call", callee: { kind: "subprog", subprog: callback } });
  assertEquals(insns.length, 10);
});

Deno.test("bpf takes callees, kfuncs, constants, registers, map indices and instruction ids", () => {
  const func = { name: "bpf_rdonly_cast", btfId: 12, module: 0 };
  const r = 7, id = 40 as InsnId;
  const { insns } = bpf`
    call ${func}
    call ${{ kind: "helper", id: 181 }}
    call helper#1
    r${r} = ${0x1122334455667788n} ll
    r1 = map #${2} ll
    r1 = map_value #${2}+${16} ll
    r2 = func ${5 as SubprogId} ll
    goto ${id}
    call kfunc bpf_cast_to_kern_ctx
  `;
  assertEquals(insns, [
    { kind: "call", callee: { kind: "kfunc", func } },
    { kind: "call", callee: { kind: "helper", id: 181 } },
    { kind: "call", callee: { kind: "helper", id: 1 } },
    { kind: "imm64", dst: 7, value: { kind: "const", value: 0x1122334455667788n } },
    { kind: "imm64", dst: 1, value: { kind: "map", map: 2 } },
    { kind: "imm64", dst: 1, value: { kind: "map_value", map: 2, offset: 16 } },
    { kind: "imm64", dst: 2, value: { kind: "func", subprog: 5 as SubprogId } },
    { kind: "jump", target: id, far: false },
    {
      kind: "call",
      callee: { kind: "kfunc", func: { name: "bpf_cast_to_kern_ctx", btfId: 0, module: 0 } },
    },
  ]);
});

Deno.test("bpf takes whole instructions and fragments, whose labels stay their own", () => {
  const inner = bpf`
      if r1 == 0 goto end
      r0 = 1
    end:
  `;
  const { insns, labels } = bpf`
      goto end
      ${inner}
      ${{ kind: "exit" }}
      ${inner}
    end:
  `;
  assertEquals(insns.map((insn) => insn.kind), ["jump", "branch", "alu", "exit", "branch", "alu"]);
  const targets = insns.flatMap((insn) =>
    insn.kind === "branch" || insn.kind === "jump" ? [insn.target] : []
  );
  assertEquals(targets.map((label) => labels.get(label as string)), [6, 3, 6]);
});

Deno.test("bpf refuses what is no instruction, unknown labels and double ones", () => {
  assertThrows(() => bpf`r0 = = 1`, SyntaxError, 'Cannot read instruction "r0 = = 1"');
  assertThrows(() => bpf`goto nowhere`, SyntaxError, '"nowhere"');
  assertThrows(
    () =>
      bpf`
    a:
    exit
    a:
  `,
    SyntaxError,
    "twice",
  );
  assertThrows(() => bpf`r0 = ${1.5}`, SyntaxError, "not an integer");
  assertThrows(() => bpf`r0 = ${0x1_0000_0000}`, SyntaxError, "32 bits");
  assertThrows(() => bpf`call bpf_loop`, SyntaxError, "no helper");
  assertThrows(() => bpf`${{ kind: "helper", id: 1 }}`, SyntaxError, "line of its own");
});

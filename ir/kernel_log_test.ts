import { assertEquals } from "@std/assert";
import { buildProgram } from "./build.ts";
import { cfgOf, fallSlot, jumpSlot } from "./cfg.ts";
import { columnsOf } from "./columns.ts";
import { decode } from "./decode.ts";
import { disasmSlot } from "./disasm.ts";
import { defsAt, effectsOf, usesAt } from "./effects.ts";
import type { Insn } from "./insn.ts";
import { liveRegisters } from "./liveness.ts";
import { parseText } from "./parse_text.ts";
import { randomOf, randomProgram } from "./random_program.ts";
import { sccOf } from "./scc.ts";

/** A program that Linux 6.18 was given with log level 2, ... */
const PROGRAM = `
func main:
    r6 = r1
    r7 = 0
  outer:
    r8 = 10
  inner:
    r8 += -1
    if r8 s> 0x0 goto inner
    call helper#5
    r9 = r0
    r0 = be16 r0
    r0 = bswap64 r0
    r0 = (s8)r0
    w0 = -w0
    w0 s/= 7
    r0 s%= r9
    *(u32 *)(r10 -4) = -2
    *(u64 *)(r10 -16) = r9
    lock *(u64 *)(r10 -16) += r9
    r9 = atomic64_fetch_xor((u64 *)(r10 -16), r9)
    r0 = atomic_cmpxchg((u32 *)(r10 -4), r0, r9)
    r9 = atomic64_xchg((u64 *)(r10 -16), r9)
    w3 = load_acquire((u32 *)(r10 -4))
    store_release((u8 *)(r10 -4), w3)
    r2 = *(s16 *)(r10 -4)
    r7 += 1
    may_goto skip
    if w7 < 0xfffffff0 goto outer
  skip:
    r5 = 0x123456789abcdef0 ll
    r1 = r6
    r2 = 14
    r0 = *(u16 *)skb[12]
    r0 = *(u8 *)skb[r7 + 20]
    call sub
    if w0 & w7 goto out
    gotol out
  out:
    exit

func sub:
    if r1 != 0xffffffff goto end
    r1 = func cb ll
    goto end
  end:
    w0 = 0
    exit
func cb:
    r0 = r1
    exit
`;

/** ... and how it printed it: component, slot, live registers, instruction. */
const KERNEL_LOG = `\
      0: .1........ (bf) r6 = r1
      1: ......6... (b7) r7 = 0
  1   2: ......67.. (b7) r8 = 10
  1   3: ......678. (07) r8 += -1
  1   4: ......678. (65) if r8 s> 0x0 goto pc-2
  1   5: ......678. (85) call bpf_ktime_get_ns#5
  1   6: 0...4.678. (bf) r9 = r0
  1   7: 0...4.6789 (dc) r0 = be16 r0
  1   8: 0...4.6789 (d7) r0 = bswap64 r0
  1   9: 0...4.6789 (bf) r0 = (s8)r0
  1  10: 0...4.6789 (84) w0 = -w0
  1  11: 0...4.6789 (34) w0 s/= 7
  1  12: 0...4.6789 (9f) r0 s%= r9
  1  13: 0...4.6789 (62) *(u32 *)(r10 -4) = -2
  1  14: 0...4.6789 (7b) *(u64 *)(r10 -16) = r9
  1  15: 0...4.6789 (db) lock *(u64 *)(r10 -16) += r9
  1  16: 0...4.6789 (db) r9 = atomic64_fetch_xor((u64 *)(r10 -16), r9)
  1  17: 0...4.6789 (c3) r0 = atomic_cmpxchg((u32 *)(r10 -4), r0, r9)
  1  18: 0...4.6789 (db) r9 = atomic64_xchg((u64 *)(r10 -16), r9)
  1  19: 0...4.6789 (c3) r3 = load_acquire((u32 *)(r10 -4))
  1  20: 0..34.6789 (d3) store_release((u8 *)(r10 -4), r3)
  1  21: 0..34.6789 (89) r2 = *(s16 *)(r10 -4)
  1  22: 0..34.6789 (07) r7 += 1
  1  23: 0..34.6789 (e5) may_goto pc+1
  1  24: 0..34.6789 (a6) if w7 < 0xfffffff0 goto pc-23
     25: 0..34.6789 (18) r5 = 0x123456789abcdef0
     27: 0..3456789 (bf) r1 = r6
     28: 01.3456789 (b7) r2 = 14
     29: 0123456789 (28) r0 = *(u16 *)skb[12]
     30: 0123456789 (50) r0 = *(u8 *)skb[r7 + 20]
     31: .12345.7.. (85) call pc+3
     32: 0......7.. (4e) if w0 & w7 goto pc+1
     33: 0......... (06) gotol pc+0
     34: 0......... (95) exit
     35: .1........ (55) if r1 != 0xffffffff goto pc+3
     36: .......... (18) r1 = 0x4
     38: .......... (05) goto pc+0
     39: .......... (b4) w0 = 0
     40: 0......... (95) exit
     41: .1........ (bf) r0 = r1
     42: 0......... (95) exit`;

Deno.test("disassembly, liveness and components read as in the level-2 log of Linux 6.18", () => {
  const columns = columnsOf(parseText(PROGRAM).programs[0]);
  const scc = sccOf(columns);
  const live = liveRegisters(columns, { arity: (slot) => columns.imm[slot] === 5 ? 0 : undefined });
  const lines: string[] = [];
  for (let slot = 0; slot < columns.count; slot++) {
    if (slot > 0 && columns.position[slot] === columns.position[slot - 1]) continue;
    const component = scc[slot] === 0 ? "    " : `${String(scc[slot]).padStart(3)} `;
    const registers = Array.from({ length: 10 }, (_, r) => live[slot] & 1 << r ? r : ".").join("");
    const text = disasmSlot(columns, slot, { helperName: () => "bpf_ktime_get_ns" });
    lines.push(`${component}${String(slot).padStart(3)}: ${registers} ${text}`);
  }
  assertEquals(lines.join("\n"), KERNEL_LOG);
});

Deno.test("disasmSlot asks for names and falls back as the kernel does", () => {
  const [program] = parseText(`
    map m type=array key=4 value=8
    func main:
      r1 = map m ll
      call kfunc bpf_rdonly_cast#7
      call helper#9999
      call sub
      raw 8d00000000000000
      raw ff00000000000000
      raw 0000000000000000
      raw c600000000000000
      raw d700000000000000
      exit
    func sub:
      exit
  `).programs;
  const columns = columnsOf(program);
  const at = (slot: number) => disasmSlot(columns, slot);
  assertEquals(at(0), "(18) r1 = 0x0");
  assertEquals(at(2), "(85) call kernel-function#7");
  assertEquals(at(3), "(85) call unknown#9999");
  assertEquals(at(4), "(85) call pc+6");
  assertEquals(at(5), "(8d) call unknown#0");
  assertEquals(at(7), "(00) BUG_ld_00");
  const names = {
    imm64: () => "map[name:m]",
    kfuncName: () => "bpf_rdonly_cast",
    subprog: () => "+6#sub",
  };
  assertEquals(disasmSlot(columns, 0, names), "(18) r1 = map[name:m]");
  assertEquals(disasmSlot(columns, 2, names), "(85) call bpf_rdonly_cast#7");
  assertEquals(disasmSlot(columns, 4, names), "(85) call pc+6#sub");
});

Deno.test("cfgOf cuts blocks at branches, targets and subprograms, and finds what is reachable", () => {
  const [program] = parseText(`
    func main:
      if r1 == 0 goto out
      r2 = 1 ll
    loop:
      r2 += 1
      if r2 < 9 goto loop
      goto out
      r0 = 7
    out:
      exit
    func sub:
      exit
  `).programs;
  const cfg = cfgOf(columnsOf(program));
  assertEquals([...cfg.start], [0, 1, 3, 5, 6, 7, 8, 9]);
  assertEquals([...cfg.last], [0, 1, 4, 5, 6, 7, 8]);
  assertEquals([...cfg.fall], [1, 2, 3, -1, 5, -1, -1]);
  assertEquals([...cfg.jump], [5, -1, 2, 5, -1, -1, -1]);
  assertEquals([...cfg.reachable], [1, 1, 1, 1, 0, 1, 1]);
  assertEquals([...cfg.subprogBlock], [0, 6, 7]);
  assertEquals([...cfg.postorder], [5, 3, 2, 1, 0, 6]);
  const preds = (block: number) => [...cfg.preds.subarray(cfg.predStart[block], cfg.predStart[block + 1])];
  assertEquals(preds(2), [1, 2]);
  assertEquals(preds(5), [0, 3, 4]);
  assertEquals(preds(0), []);
});

Deno.test("on random programs live registers satisfy the equations that define them, and are the least to do so", () => {
  const random = randomOf(11);
  for (let round = 0; round < 60; round++) {
    const columns = columnsOf(randomProgram(random, 40));
    const live = liveRegisters(columns);
    const cfg = cfgOf(columns);
    // The least solution, by brute force.
    const least = new Int32Array(columns.count);
    for (let changed = true; changed;) {
      changed = false;
      for (let slot = columns.count - 1; slot >= 0; slot--) {
        const second = slot > 0 && columns.position[slot] === columns.position[slot - 1];
        if (second || !cfg.reachable[cfg.blockOf[slot]]) continue;
        const out = [fallSlot(columns, slot), jumpSlot(columns, slot)].reduce(
          (mask, next) => next < 0 ? mask : mask | least[next],
          0,
        );
        const before = out & ~defsAt(columns, slot) | usesAt(columns, slot);
        if (before !== least[slot]) changed = true;
        least[slot] = before;
      }
    }
    assertEquals(live, least);
  }
});

Deno.test("on random programs two slots have one component exactly if each reaches the other", () => {
  const random = randomOf(12);
  for (let round = 0; round < 60; round++) {
    const columns = columnsOf(randomProgram(random, 12));
    const scc = sccOf(columns);
    const { count } = columns;
    const reach = Array.from({ length: count }, () => new Uint8Array(count));
    for (let from = 0; from < count; from++) {
      const todo = [from];
      while (todo.length > 0) {
        const slot = todo.pop()!;
        if (slot !== from && columns.position[slot] === columns.position[slot - 1]) continue;
        for (const next of [fallSlot(columns, slot), jumpSlot(columns, slot)]) {
          if (next >= 0 && !reach[from][next]) {
            reach[from][next] = 1;
            todo.push(next);
          }
        }
      }
    }
    for (let a = 0; a < count; a++) {
      if (a > 0 && columns.position[a] === columns.position[a - 1]) continue;
      assertEquals(scc[a] !== 0, reach[a][a] === 1, `slot ${a}`);
      for (let b = 0; b < a; b++) {
        if (scc[a] === 0 || scc[b] === 0) continue;
        assertEquals(scc[a] === scc[b], reach[a][b] === 1 && reach[b][a] === 1, `slots ${a} and ${b}`);
      }
    }
  }
});

Deno.test("a hundred thousand backward jumps take liveness and components no quadratic time", () => {
  // Laid out against the flow: entry at the top jumps to the bottom, each block jumps to the one above it.
  const count = 100_000;
  const insns: Insn<number, number>[] = [{ kind: "jump", target: count, far: true }, { kind: "exit" }];
  for (let slot = 2; slot <= count; slot++) insns.push({ kind: "jump", target: slot - 1, far: false });
  const unit = { name: "t", license: "", version: 0, maps: [], externs: [], programs: [] };
  const attrs = { name: "main", section: "", type: "xdp", attachType: 0, flags: 0, attachBtfId: 0 };
  const columns = columnsOf(buildProgram({ unit, attrs, insns, subprogs: [] }));
  const start = performance.now();
  const live = liveRegisters(columns);
  const scc = sccOf(columns);
  const ms = performance.now() - start;
  assertEquals(live.every((mask) => mask === 1), true);
  assertEquals(scc.every((component) => component === 0), true);
  assertEquals(ms < 2000, true, `took ${ms} ms`);
});

Deno.test("effects of an instruction and of its slot agree, but for packet loads and raw bytes", () => {
  const random = randomOf(13);
  for (let round = 0; round < 60; round++) {
    const program = randomProgram(random, 40);
    const columns = columnsOf(program);
    program.code.insns.forEach((insn, i) => {
      if (insn.kind === "ldabs" || insn.kind === "raw") return;
      const slot = columns.slot[i];
      const { reads, writes } = effectsOf(insn, () => 2);
      assertEquals(reads, usesAt(columns, slot, () => 2), JSON.stringify(insn.kind));
      assertEquals(writes, defsAt(columns, slot), JSON.stringify(insn.kind));
    });
  }
  const { insns } = decode(Uint8Array.of(0x40, 0x70, 0, 0, 20, 0, 0, 0));
  assertEquals(effectsOf(insns[0]), { reads: 1 << 6 | 1 << 7, writes: 0x3f });
});

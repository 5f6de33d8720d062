/**
 * Random well-formed programs, for tests that compare two ways of saying or doing the same thing. Every kind of
 * instruction and every row of the opcode table occurs; the programs mean nothing and no verifier would take them.
 *
 * @module
 */
import { emptyMap } from "./unit.ts";
import type { AluOp, Imm64, Insn, InsnId, Operand, Reg, Size, SubprogId } from "./insn.ts";
import { imm, reg } from "./insn.ts";
import { ALU_ROWS, ATOMIC_ROWS, BRANCH_ROWS, ENDIAN_ROWS } from "./opcodes.ts";
import { Program, type Subprog } from "./program.ts";
import type { MapDef, Unit } from "./unit.ts";

/**
 * A generator of numbers from 0 up to (not including) its argument, at most 2 ** 32. The same seed gives the same
 * numbers.
 */
export type Random = (below: number) => number;

/** A {@linkcode Random} (xorshift, 32 bits). */
export function randomOf(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A map of 8-byte values named as asked. */
export function testMap(name: string): MapDef {
  return { ...emptyMap(name), type: 2, keySize: 4, valueSize: 8, maxEntries: 1 };
}

/** A program of some three subprograms and about `length` instructions, the last of each being `exit`. */
export function randomProgram(random: Random, length: number): Program {
  const programs: Program[] = [];
  const unit: Unit = {
    name: "random",
    license: "GPL",
    version: 0,
    maps: [testMap("first"), testMap(".rodata.str1.1")],
    externs: [],
    programs,
  };
  const entries: number[] = [0];
  while (entries.length < 3) {
    const entry = 1 + random(Math.max(length, 3));
    if (!entries.includes(entry)) entries.push(entry);
  }
  entries.sort((a, b) => a - b);
  const total = entries[2] + 1 + random(length);
  const insns: Insn[] = [];
  for (let i = 0; i < total; i++) {
    const owner = entries.findLastIndex((entry) => entry <= i);
    const end = entries[owner + 1] ?? total;
    const inside = (): InsnId => entries[owner] + random(end - entries[owner]) as InsnId;
    insns.push(i === end - 1 ? { kind: "exit" } : randomInsn(random, inside));
  }
  const subprogs: Subprog[] = entries.map((entry, index) => ({
    id: index as SubprogId,
    name: ["main", "callback", "global_func"][index],
    entry: entry as InsnId,
    linkage: index === 1 ? "static" : "global",
    hidden: false,
    btfId: 0,
  }));
  const program = new Program({
    unit,
    attrs: { name: "main", section: "xdp", type: "xdp", attachType: 37, flags: 8, attachBtfId: 0 },
    code: { insns, ids: insns.map((_, i) => i as InsnId), origins: insns.map(() => ({})) },
    subprogs,
    nextInsnId: total,
    nextSubprogId: subprogs.length,
  });
  programs.push(program);
  return program;
}

function randomInsn(random: Random, inside: () => InsnId): Insn {
  const register = (): Reg => random(11);
  const operand = (): Operand => random(2) ? reg(register()) : imm(constant(random));
  const size = (): Size => ([1, 2, 4, 8] as const)[random(4)];
  const offset = random(3) ? random(64) - 32 : random(65536) - 32768;
  switch (random(16)) {
    case 0:
    case 1:
    case 2: {
      const row = ALU_ROWS[random(ALU_ROWS.length)];
      const src = row.imm ? operand() : reg(register());
      return { kind: "alu", op: row.op, width: row.narrow && random(2) ? 32 : 64, dst: register(), src };
    }
    case 3: {
      if (random(4) === 0) {
        return { kind: "alu", op: "neg", width: random(2) ? 32 : 64, dst: register(), src: imm(0) };
      }
      const op: AluOp = ENDIAN_ROWS[random(ENDIAN_ROWS.length)].op;
      return { kind: "alu", op, width: 64, dst: register(), src: imm(0) };
    }
    case 4: {
      const bytes = size();
      return {
        kind: "load",
        size: bytes,
        signed: bytes !== 8 && random(3) === 0,
        dst: register(),
        base: register(),
        offset,
      };
    }
    case 5:
      return { kind: "store", size: size(), base: register(), offset, src: operand() };
    case 6: {
      const row = ATOMIC_ROWS[random(ATOMIC_ROWS.length)];
      const bytes = row.sizes[random(row.sizes.length)];
      const { op, fetch } = row;
      return { kind: "atomic", op, fetch, size: bytes, base: register(), offset, src: register() };
    }
    case 7: {
      const bytes = ([1, 2, 4] as const)[random(3)];
      return random(2)
        ? { kind: "ldabs", mode: "abs", size: bytes, index: 0, imm: constant(random) }
        : { kind: "ldabs", mode: "ind", size: bytes, index: register(), imm: constant(random) };
    }
    case 8:
    case 9:
      return { kind: "imm64", dst: register(), value: randomImm64(random) };
    case 10:
      return { kind: "jump", target: inside(), far: random(3) === 0 };
    case 11:
    case 12: {
      const { op } = BRANCH_ROWS[random(BRANCH_ROWS.length)];
      const width = random(2) ? 32 : 64;
      return { kind: "branch", op, width, left: register(), right: operand(), target: inside() };
    }
    case 13:
      return { kind: "may_goto", target: inside() };
    case 14:
      switch (random(4)) {
        case 0:
          return { kind: "call", callee: { kind: "helper", id: random(212) } };
        case 1:
          return { kind: "call", callee: { kind: "subprog", subprog: random(3) as SubprogId } };
        case 2:
          return {
            kind: "call",
            callee: { kind: "kfunc", func: { name: "bpf_rdonly_cast", btfId: random(3), module: random(2) } },
          };
        default:
          return {
            kind: "call",
            callee: { kind: "kfunc", func: { name: "", btfId: 1 + random(9), module: 0, weak: true } },
          };
      }
    default:
      if (random(4)) {
        return {
          kind: "addr_space_cast",
          dst: register(),
          src: register(),
          dstSpace: random(3),
          srcSpace: random(65536),
        };
      }
      return { kind: "raw", bytes: Uint8Array.from({ length: 8 }, (_, i) => i === 0 ? 0xff : random(256)) };
  }
}

function randomImm64(random: Random): Imm64 {
  switch (random(7)) {
    case 0:
      return { kind: "map", map: random(3) };
    case 1:
      return { kind: "map_value", map: random(3), offset: constant(random) >>> 0 };
    case 2:
      return random(2)
        ? { kind: "map", map: 1, fdArray: true }
        : { kind: "map_value", map: 0, offset: 8, fdArray: true };
    case 3:
      return { kind: "kernel_var", name: "bpf_prog_active", btfId: random(3), module: random(2) };
    case 4:
      return { kind: "func", subprog: random(3) as SubprogId };
    default:
      return { kind: "const", value: BigInt(random(2 ** 32)) << 32n | BigInt(random(2 ** 32)) };
  }
}

function constant(random: Random): number {
  return random(2) ? random(256) - 128 : random(2 ** 32) | 0;
}

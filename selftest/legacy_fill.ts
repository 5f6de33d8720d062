/**
 * Array-style tests whose instructions are too many to write down: the kernel's test_verifier makes them when it runs
 * (`fill_helper`), and so does this. Numbers that are random there are others here; no test depends on them.
 *
 * @module
 */
import { UnsupportedError } from "../ir/diagnostic.ts";
import { CLASS, OPCODE } from "../ir/opcodes.ts";

/** Which test, and how large. */
export interface FillRequest {
  readonly name: string;
  /** Tells tests of one family apart. */
  readonly fill_param: number;
  /** Slots. */
  readonly n_insns: number;
}

/** `BPF_FUNC_*`. */
const HELPER = { get_prandom_u32: 7, skb_vlan_push: 18, skb_vlan_pop: 19 } as const;
/** Opcodes beside {@linkcode OPCODE}. */
const MOV32_IMM = 0xb4, MOV64_IMM = 0xb7, LD_ABS_B = 0x30, STX_DW = 0x7b;
const JEQ_IMM = 0x15, JNE_IMM = 0x55, JNE32_IMM = 0x50 | CLASS.JMP32;

/** Branches in a row: `MAX_JMP_SEQ`, the most that may be waiting. */
const JUMPS = 8192;
/** Calls inside each other before those branches, in the second test of scale. */
const NESTED = 7;
/** Stack slots of a program, and of one of eight frames that share them. */
const SLOTS = 64;
/** VLAN tags put on and taken off again, and how often. */
const TAGS = 51, ROUNDS = 5;

/** The instructions. @throws {UnsupportedError} If it is not known how a test is filled. */
export function filledInsns(test: FillRequest): Uint8Array<ArrayBuffer> {
  const writer = new Writer(test.n_insns);
  if (test.name.startsWith("scale: ")) scale(writer, test.fill_param === 2 ? NESTED : 0);
  else if (test.name.startsWith("ld_abs: vlan")) vlanTags(writer);
  else if (test.name.startsWith("ld_abs: jump around")) aroundLoads(writer);
  else throw new UnsupportedError("tests filled in a way that is not known");
  return writer.bytes;
}

/** A program of known length, from front to back. */
class Writer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  #view: DataView;
  /** The next slot. */
  at = 0;

  constructor(length: number) {
    this.length = length;
    this.bytes = new Uint8Array(length * 8);
    this.#view = new DataView(this.bytes.buffer);
  }

  put(code: number, fields: { dst?: number; src?: number; off?: number; imm?: number } = {}): void {
    const at = this.at++ * 8;
    this.bytes[at] = code;
    this.bytes[at + 1] = (fields.src ?? 0) << 4 | (fields.dst ?? 0);
    this.#view.setInt16(at + 2, fields.off ?? 0, true);
    this.#view.setInt32(at + 4, fields.imm ?? 0, true);
  }

  move(dst: number, src: number): void {
    this.put(OPCODE.MOV64_REG, { dst, src });
  }

  set(dst: number, imm: number): void {
    this.put(MOV64_IMM, { dst, imm });
  }

  call(helper: number): void {
    this.put(OPCODE.CALL, { imm: helper });
  }

  /** A branch to a slot, comparing r0. */
  branch(code: number, imm: number, slot: number): void {
    this.put(code, { imm, off: slot - this.at - 1 });
  }
}

/** As many unknown branches in a row as can wait, in a program as long as a program can be walked. */
function scale(writer: Writer, nested: number): void {
  for (let i = 0; i < nested; i++) {
    writer.put(OPCODE.CALL, { src: 1, imm: 1 });
    writer.put(OPCODE.EXIT);
  }
  writer.move(6, 1);
  const slots = SLOTS - 4 * nested;
  for (let k = 1; k <= JUMPS; k++) {
    writer.call(HELPER.get_prandom_u32);
    writer.put(JEQ_IMM, { imm: Math.imul(k, 0x9e3779b1), off: 2 });
    writer.move(1, 10);
    writer.put(STX_DW, { dst: 1, src: 6, off: -8 * (k % slots + 1) });
  }
  while (writer.at < writer.length - 1) writer.set(0, 42);
  writer.put(OPCODE.EXIT);
}

/** Packet loads between calls that change the packet. */
function vlanTags(writer: Writer): void {
  const failed = writer.length - 2;
  const load = (): void => {
    writer.put(LD_ABS_B);
    writer.branch(JNE32_IMM, 0x34, failed);
    writer.move(1, 6);
  };
  writer.move(6, 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < TAGS; i++) {
      load();
      writer.set(2, 1);
      writer.set(3, 2);
      writer.call(HELPER.skb_vlan_push);
      writer.branch(JNE_IMM, 0, failed);
    }
    for (let i = 0; i < TAGS; i++) {
      load();
      writer.call(HELPER.skb_vlan_pop);
      writer.branch(JNE_IMM, 0, failed);
    }
  }
  while (writer.at < writer.length - 3) writer.set(0, 0xbef);
  writer.put(OPCODE.GOTO, { off: 1 });
  writer.put(MOV32_IMM);
  writer.put(OPCODE.EXIT);
}

/** A branch over as many packet loads as it can reach over, each of which becomes several instructions. */
function aroundLoads(writer: Writer): void {
  writer.move(6, 1);
  writer.put(LD_ABS_B);
  writer.branch(JEQ_IMM, 10, writer.length - 1);
  while (writer.at < writer.length - 1) writer.put(LD_ABS_B, { imm: 1 });
  writer.put(OPCODE.EXIT);
}

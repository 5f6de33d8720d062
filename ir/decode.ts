/**
 * Bytes to instructions: eight bytes at a time, with the encoding's oddities turned into clean operators.
 *
 * Decoding never fails on what the bytes say. Whatever is reserved, unknown, or would not come back byte for byte from
 * the encoder becomes `raw`; whether that matters is for the verifier to say when the instruction is reached. Targets
 * are not checked here: they are absolute slot numbers that may point anywhere (`buildProgram` decides).
 *
 * @module
 */
import { MalformedError } from "./diagnostic.ts";
import type { Imm64, Insn, Operand } from "./insn.ts";
import { ADDR_SPACE_CAST, atomicRowOf, CALL_KIND, FORMS, OPCODE, PSEUDO } from "./opcodes.ts";

/** Instructions as {@linkcode decode} makes them: jump targets and subprograms are absolute slot numbers. */
export type DecodedInsn = Insn<number, number>;

/** What {@linkcode decode} returns. */
export interface Decoded {
  /** In layout order. */
  readonly insns: DecodedInsn[];
  /** The first slot of each instruction. */
  readonly slots: Int32Array;
}

const NO_OPERAND: Operand = { kind: "imm", imm: 0 };
const REGISTERS: readonly Operand[] = Array.from({ length: 11 }, (_, reg) => ({ kind: "reg", reg }));
const EXIT: DecodedInsn = { kind: "exit" };

/**
 * Decodes little-endian BPF bytecode. Encoding the result gives the same bytes again.
 *
 * @throws {MalformedError} If the length is not a multiple of 8.
 *
 * @example
 * ```ts
 * import { decode } from "./decode.ts";
 * const { insns } = decode(Uint8Array.of(0xb7, 0, 0, 0, 42, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0));
 * // insns[0] is { kind: "alu", op: "mov", width: 64, dst: 0, src: { kind: "imm", imm: 42 } }
 * ```
 */
export function decode(bytes: Uint8Array): Decoded {
  if (bytes.length % 8 !== 0) {
    throw new MalformedError(
      `Cannot decode ${bytes.length} bytes: instructions are 8 bytes long`,
      `offset ${bytes.length - bytes.length % 8}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length / 8;
  const insns: DecodedInsn[] = [];
  const slots = new Int32Array(count);
  let slot = 0;
  while (slot < count) {
    slots[insns.length] = slot;
    const insn = decodeSlot(view, slot) ?? { kind: "raw", bytes: bytes.slice(slot * 8, slot * 8 + 8) };
    insns.push(insn);
    slot += insn.kind === "imm64" ? 2 : 1;
  }
  return { insns, slots: slots.slice(0, insns.length) };
}

/** The instruction at a slot, or undefined if it has to stay raw. */
function decodeSlot(view: DataView, slot: number): DecodedInsn | undefined {
  const at = slot * 8;
  const code = view.getUint8(at);
  const form = FORMS[code];
  if (form === undefined) return undefined;
  const registers = view.getUint8(at + 1);
  const dst = registers & 15, src = registers >> 4;
  const off = view.getInt16(at + 2, true), imm = view.getInt32(at + 4, true);
  if (dst > 10 || src > 10) return undefined;
  switch (form.kind) {
    case "alu": {
      if (form.register) {
        if (code === OPCODE.MOV64_REG && off === ADDR_SPACE_CAST) {
          return { kind: "addr_space_cast", dst, src, dstSpace: imm >>> 16, srcSpace: imm & 0xffff };
        }
        if (imm !== 0) return undefined;
      } else if (src !== 0) {
        return undefined;
      }
      for (const row of form.rows) {
        if (row.off === off) {
          const operand: Operand = form.register ? REGISTERS[src] : { kind: "imm", imm };
          return { kind: "alu", op: row.op, width: form.width, dst, src: operand };
        }
      }
      return undefined;
    }
    case "neg":
      if (src !== 0 || off !== 0 || imm !== 0) return undefined;
      return { kind: "alu", op: "neg", width: form.width, dst, src: NO_OPERAND };
    case "endian":
      if (src !== 0 || off !== 0) return undefined;
      for (const row of form.rows) {
        if (row.bits === imm) return { kind: "alu", op: row.op, width: 64, dst, src: NO_OPERAND };
      }
      return undefined;
    case "branch": {
      if (form.register ? imm !== 0 : src !== 0) return undefined;
      const right: Operand = form.register ? REGISTERS[src] : { kind: "imm", imm };
      return {
        kind: "branch",
        op: form.row.op,
        width: form.width,
        left: dst,
        right,
        target: slot + 1 + off,
      };
    }
    case "load":
      if (imm !== 0) return undefined;
      return { kind: "load", size: form.size, signed: form.signed, dst, base: src, offset: off };
    case "store":
      if (form.register) {
        if (imm !== 0) return undefined;
        return { kind: "store", size: form.size, base: dst, offset: off, src: REGISTERS[src] };
      }
      if (src !== 0) return undefined;
      return { kind: "store", size: form.size, base: dst, offset: off, src: { kind: "imm", imm } };
    case "atomic": {
      const row = atomicRowOf(imm);
      if (row === undefined || !row.sizes.includes(form.size)) return undefined;
      const { op, fetch } = row;
      const size = form.size;
      // A load has its address in the source field and its result in the destination field; all others the reverse.
      if (op === "load_acq") return { kind: "atomic", op, fetch, size, base: src, offset: off, src: dst };
      return { kind: "atomic", op, fetch, size, base: dst, offset: off, src };
    }
    case "ldabs":
      if (dst !== 0 || off !== 0 || (form.mode === "abs" && src !== 0)) return undefined;
      return { kind: "ldabs", mode: form.mode, size: form.size, index: src, imm };
    case "imm64": {
      if (off !== 0 || at + 16 > view.byteLength || view.getInt32(at + 8, true) !== 0) return undefined;
      const value = decodeImm64(src, imm, view.getInt32(at + 12, true), slot);
      return value && { kind: "imm64", dst, value };
    }
    case "goto":
      if (dst !== 0 || src !== 0 || imm !== 0) return undefined;
      return { kind: "jump", target: slot + 1 + off, far: false };
    case "gotol":
      if (dst !== 0 || src !== 0 || off !== 0) return undefined;
      return { kind: "jump", target: slot + 1 + imm, far: true };
    case "may_goto":
      if (dst !== 0 || src !== 0 || imm !== 0) return undefined;
      return { kind: "may_goto", target: slot + 1 + off };
    case "call":
      if (dst !== 0) return undefined;
      if (src === CALL_KIND.KFUNC) {
        return { kind: "call", callee: { kind: "kfunc", func: { name: "", btfId: imm, module: off } } };
      }
      if (off !== 0) return undefined;
      if (src === CALL_KIND.HELPER) return { kind: "call", callee: { kind: "helper", id: imm } };
      if (src === CALL_KIND.SUBPROG) {
        return { kind: "call", callee: { kind: "subprog", subprog: slot + 1 + imm } };
      }
      return undefined;
    case "exit":
      if (dst !== 0 || src !== 0 || off !== 0 || imm !== 0) return undefined;
      return EXIT;
  }
}

/**
 * What a 16-byte load loads, by its `src` field and its two immediates; undefined where Linux reserves the combination.
 */
function decodeImm64(pseudo: number, low: number, high: number, slot: number): Imm64<number> | undefined {
  switch (pseudo) {
    case PSEUDO.CONST:
      return { kind: "const", value: BigInt(high >>> 0) << 32n | BigInt(low >>> 0) };
    case PSEUDO.MAP_FD:
      return high === 0 ? { kind: "map", map: low } : undefined;
    case PSEUDO.MAP_IDX:
      return high === 0 ? { kind: "map", map: low, fdArray: true } : undefined;
    case PSEUDO.MAP_VALUE:
      return { kind: "map_value", map: low, offset: high >>> 0 };
    case PSEUDO.MAP_IDX_VALUE:
      return { kind: "map_value", map: low, offset: high >>> 0, fdArray: true };
    case PSEUDO.BTF_ID:
      return { kind: "kernel_var", name: "", btfId: low, module: high };
    case PSEUDO.FUNC:
      return high === 0 ? { kind: "func", subprog: slot + 1 + low } : undefined;
    default:
      return undefined;
  }
}

/**
 * The assembly dialect of the bpf_conformance suite, to bytes. Only for its tests: Inlay's own text form is in `ir/`.
 *
 * Registers are `%r0`–`%r10`; a bare mnemonic is 64 bits wide, the suffix `32` makes it 32; memory is `[%r1+2]`; jumps go to a
 * label, `+n` or `-n` slots; the first `exit` of a program is also a label `exit`.
 *
 * @module
 */
import { MalformedError } from "../../ir/diagnostic.ts";

const ALU: Readonly<Record<string, number>> = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
};
const JUMPS: Readonly<Record<string, number>> = {
  jeq: 0x10,
  jgt: 0x20,
  jge: 0x30,
  jset: 0x40,
  jne: 0x50,
  jsgt: 0x60,
  jsge: 0x70,
  jlt: 0xa0,
  jle: 0xb0,
  jslt: 0xc0,
  jsle: 0xd0,
};
const SIZES: Readonly<Record<string, number>> = { w: 0x00, h: 0x08, b: 0x10, dw: 0x18 };
const ATOMICS: Readonly<Record<string, number>> = {
  add: 0x00,
  or: 0x40,
  and: 0x50,
  xor: 0xa0,
  xchg: 0xe1,
  cmpxchg: 0xf1,
};

/** Assembles lines free of comments. @throws {MalformedError} Naming the line. */
export function assemble(lines: readonly string[]): Uint8Array {
  const labels = new Map<string, number>();
  const code: { text: string; slot: number }[] = [];
  let slot = 0;
  for (let line of lines) {
    const label = /^([A-Za-z_][\w.]*):\s*/.exec(line);
    if (label !== null) {
      labels.set(label[1], slot);
      line = line.slice(label[0].length);
    }
    if (line === "") continue;
    if (line === "exit" && !labels.has("exit")) labels.set("exit", slot);
    code.push({ text: line, slot });
    slot += line.startsWith("lddw") ? 2 : 1;
  }
  const view = new DataView(new ArrayBuffer(slot * 8));
  for (const line of code) assembleLine(line.text, { view, slot: line.slot, labels });
  return new Uint8Array(view.buffer);
}

interface Place {
  readonly view: DataView;
  readonly slot: number;
  readonly labels: ReadonlyMap<string, number>;
}

function assembleLine(text: string, place: Place): void {
  const bad = (why: string): never => {
    throw new MalformedError(`${why}: ${text}`, `slot ${place.slot}`);
  };
  const space = text.search(/\s/);
  const mnemonic = space < 0 ? text : text.slice(0, space);
  const args = space < 0 ? [] : text.slice(space).split(",").map((arg) => arg.trim());
  const put = (
    opcode: number,
    fields: { dst?: number; src?: number; off?: number; imm?: number; at?: number },
  ): void => {
    const at = (fields.at ?? place.slot) * 8;
    const off = fields.off ?? 0;
    if (off < -0x8000 || off > 0x7fff) bad(`Offset ${off} exceeds 16 bits`);
    place.view.setUint8(at, opcode);
    place.view.setUint8(at + 1, (fields.src ?? 0) << 4 | (fields.dst ?? 0));
    place.view.setInt16(at + 2, off, true);
    place.view.setInt32(at + 4, fields.imm ?? 0, true);
  };
  const register = (arg: string | undefined): number => {
    const match = /^%r(\d+)$/.exec(arg ?? "");
    if (match === null || Number(match[1]) > 10) return bad(`Not a register: "${arg}"`);
    return Number(match[1]);
  };
  const isRegister = (arg: string | undefined): boolean => arg !== undefined && arg.startsWith("%");
  const number = (arg: string | undefined, bits: 32 | 64): bigint => {
    const match = /^([-+]?)(0[xX][0-9a-fA-F]+|\d+)$/.exec(arg ?? "");
    if (match === null) return bad(`Not a number: "${arg}"`);
    const value = match[1] === "-" ? -BigInt(match[2]) : BigInt(match[2]);
    if (value < -(1n << BigInt(bits - 1)) || value >= 1n << BigInt(bits)) bad(`Number exceeds ${bits} bits`);
    return value;
  };
  const immediate = (arg: string | undefined): number => Number(BigInt.asIntN(32, number(arg, 32)));
  const memory = (arg: string | undefined): { base: number; off: number } => {
    const match = /^\[(%r\d+)\s*([-+]\s*\w+)?\]$/.exec(arg ?? "");
    if (match === null) return bad(`Not a memory operand: "${arg}"`);
    return {
      base: register(match[1]),
      off: match[2] === undefined ? 0 : Number(number(match[2].replaceAll(/\s/g, ""), 32)),
    };
  };
  const target = (arg: string | undefined): number => {
    if (arg !== undefined && /^[-+]/.test(arg)) return immediate(arg);
    const found = place.labels.get(arg ?? "");
    return found === undefined ? bad(`No label "${arg}"`) : found - place.slot - 1;
  };
  const count = (n: number): void => {
    if (args.length !== n) bad(`${mnemonic} takes ${n} operands`);
  };

  const [, stem, suffix] = /^([a-z]+?)(32)?$/.exec(mnemonic) ?? [undefined, mnemonic, undefined];
  const narrow = suffix === "32";
  if (mnemonic === "exit") {
    count(0);
    put(0x95, {});
  } else if (mnemonic === "lddw") {
    count(2);
    const value = BigInt.asUintN(64, number(args[1], 64));
    put(0x18, { dst: register(args[0]), imm: Number(BigInt.asIntN(32, value)) });
    put(0, { at: place.slot + 1, imm: Number(BigInt.asIntN(32, value >> 32n)) });
  } else if (mnemonic === "ja") {
    count(1);
    put(0x05, { off: target(args[0]) });
  } else if (mnemonic === "ja32") {
    count(1);
    put(0x06, { imm: target(args[0]) });
  } else if (mnemonic === "call") {
    count(1);
    const [kind, what] = args[0].includes(" ") ? args[0].split(/\s+/) : ["helper", args[0]];
    if (kind === "helper") put(0x85, { imm: immediate(what) });
    else if (kind === "local") put(0x85, { src: 1, imm: target(what) });
    else if (kind === "runtime") put(0x85, { src: 2, imm: immediate(what) });
    else bad(`Unknown kind of call "${kind}"`);
  } else if (mnemonic === "lock") {
    const match = /^lock\s+(fetch\s+)?([a-z]+?)(32)?\s+(\[.*?\])\s*,\s*(%r\d+)$/.exec(text);
    if (match === null || ATOMICS[match[2]] === undefined) return bad("Not an atomic operation");
    const { base, off } = memory(match[4]);
    put(match[3] === "32" ? 0xc3 : 0xdb, {
      dst: base,
      src: register(match[5]),
      off,
      imm: ATOMICS[match[2]] | (match[1] === undefined ? 0 : 1),
    });
  } else if (/^(be|le|swap|bswap)(16|32|64)$/.test(mnemonic)) {
    count(1);
    const bits = Number(/\d+/.exec(mnemonic)![0]);
    put(mnemonic.startsWith("be") ? 0xdc : mnemonic.startsWith("le") ? 0xd4 : 0xd7, {
      dst: register(args[0]),
      imm: bits,
    });
  } else if (/^movsx(8|16|32)(32|64)$/.test(mnemonic)) {
    count(2);
    const [, from, to] = /^movsx(8|16|32)(32|64)$/.exec(mnemonic)!;
    put(to === "64" ? 0xbf : 0xbc, { dst: register(args[0]), src: register(args[1]), off: Number(from) });
  } else if (/^ldx(b|h|w|dw|sb|sh|sw)$/.test(mnemonic)) {
    count(2);
    const signed = mnemonic[3] === "s";
    const { base, off } = memory(args[1]);
    put((signed ? 0x81 : 0x61) | SIZES[mnemonic.slice(signed ? 4 : 3)], {
      dst: register(args[0]),
      src: base,
      off,
    });
  } else if (/^stx(b|h|w|dw)$/.test(mnemonic)) {
    count(2);
    const { base, off } = memory(args[0]);
    put(0x63 | SIZES[mnemonic.slice(3)], { dst: base, src: register(args[1]), off });
  } else if (/^st(b|h|w|dw)$/.test(mnemonic)) {
    count(2);
    const { base, off } = memory(args[0]);
    put(0x62 | SIZES[mnemonic.slice(2)], { dst: base, off, imm: immediate(args[1]) });
  } else if (stem === "neg") {
    count(1);
    put(narrow ? 0x84 : 0x87, { dst: register(args[0]) });
  } else if (ALU[stem] !== undefined || stem === "sdiv" || stem === "smod") {
    count(2);
    const signed = stem === "sdiv" || stem === "smod";
    const opcode = ALU[signed ? stem.slice(1) : stem] | (narrow ? 0x04 : 0x07);
    const off = signed ? 1 : 0;
    if (isRegister(args[1])) {
      put(opcode | 8, { dst: register(args[0]), src: register(args[1]), off });
    } else put(opcode, { dst: register(args[0]), imm: immediate(args[1]), off });
  } else if (JUMPS[stem] !== undefined) {
    count(3);
    const opcode = JUMPS[stem] | (narrow ? 0x06 : 0x05);
    const off = target(args[2]);
    if (isRegister(args[1])) put(opcode | 8, { dst: register(args[0]), src: register(args[1]), off });
    else put(opcode, { dst: register(args[0]), imm: immediate(args[1]), off });
  } else bad("Unknown mnemonic");
}

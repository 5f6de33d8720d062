/**
 * The log's words: registers, frames, instructions and source lines as Linux 6.18's `kernel/bpf/log.c` prints them.
 *
 * Nothing here is called unless a log was asked for. 64-bit numbers are BigInt here, and only here.
 *
 * @module
 */
import { disasmSlot } from "../../../ir/disasm.ts";
import { W } from "../states/arena.ts";
import { type Env, frameAt } from "../env.ts";
import {
  ADD_CONST,
  AUX1,
  AUX2,
  BASE_TYPE_MASK,
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  DYNPTR_FIRST_SLOT,
  DYNPTR_LOCAL,
  DYNPTR_RINGBUF,
  DYNPTR_SKB,
  DYNPTR_SKB_META,
  DYNPTR_XDP,
  dynptrType,
  F_FLAGS,
  F_NSLOTS,
  F_REGS,
  F_SLOT_TYPES,
  F_SPILLS,
  FRAME_REG_COUNT,
  FRAMENO,
  ID,
  IN_ASYNC_CALLBACK,
  IN_CALLBACK,
  KERNEL_VALUE,
  MEM_ALLOC,
  NON_OWN_REF,
  NOT_INIT,
  OFF,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  REF_ID,
  REG_WORDS,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SMAX,
  SMIN,
  STACK_DYNPTR,
  STACK_ITER,
  STACK_SPILL,
  TMASK,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
} from "../states/layout.ts";
import { INNER_MAP, mapOf } from "../memory/map_pointer.ts";
import { iteratorName, typeName } from "./type_names.ts";
import {
  savedFrame,
  savedReg,
  savedSlotTypes,
  savedSpill,
  SFR_FLAGS,
  SFR_NSLOTS,
  SFR_PRECISE_REGS,
  SFR_PRECISE_SLOTS,
  ST_REF_COUNT,
  ST_REFS,
} from "../states/states.ts";

/** The unsigned 64 bits at words `o` and `o + 1`. */
export function u64At(o: number): bigint {
  return (BigInt(W[o + 1] >>> 0) << 32n) | BigInt(W[o] >>> 0);
}

/** The signed 64 bits at words `o` and `o + 1`. */
export function s64At(o: number): bigint {
  return BigInt.asIntN(64, u64At(o));
}

function hex(value: bigint): string {
  return "0x" + BigInt.asUintN(64, value).toString(16);
}

function unsignedText(value: bigint): string {
  return value <= 0xffffn ? value.toString() : hex(value);
}

function signedText(value: bigint): string {
  return value >= -0x8000n && value <= 0x7fffn ? value.toString() : hex(value);
}

/** A tnum: its value if it is known, else `(value; mask)`. `o` is the register. */
export function tnumText(o: number): string {
  const value = u64At(o + TVAL), mask = u64At(o + TMASK);
  return mask === 0n ? unsignedText(value) : `(${hex(value)}; ${hex(mask)})`;
}

function rangesText(o: number): string[] {
  const small = (v: number): bigint => v >= -0x8000 && v <= 0x7fff ? BigInt(v) : BigInt(v >>> 0);
  const rows: { name: string; value: bigint; omit: boolean }[] = [
    { name: "smin", value: s64At(o + SMIN), omit: s64At(o + SMIN) === -(1n << 63n) },
    { name: "smax", value: s64At(o + SMAX), omit: s64At(o + SMAX) === (1n << 63n) - 1n },
    { name: "umin", value: u64At(o + UMIN), omit: u64At(o + UMIN) === 0n },
    { name: "umax", value: u64At(o + UMAX), omit: u64At(o + UMAX) === (1n << 64n) - 1n },
    { name: "smin32", value: small(W[o + S32MIN]), omit: W[o + S32MIN] === -0x80000000 },
    { name: "smax32", value: small(W[o + S32MAX]), omit: W[o + S32MAX] === 0x7fffffff },
    { name: "umin32", value: BigInt(W[o + U32MIN] >>> 0), omit: W[o + U32MIN] === 0 },
    { name: "umax32", value: BigInt(W[o + U32MAX] >>> 0), omit: W[o + U32MAX] === -1 },
  ];
  const out: string[] = [];
  const bits = (v: bigint): bigint => BigInt.asUintN(64, v);
  const negative = (row: { name: string; value: bigint }): boolean =>
    row.name[0] === "s" && BigInt.asIntN(64, row.value) < 0n;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (row.omit) continue;
    let text = row.name + "=";
    for (let k = i + 2; k < rows.length; k += 2) {
      const other = rows[k];
      if (other.omit || bits(other.value) !== bits(row.value) || negative(other) !== negative(row)) continue;
      other.omit = true;
      text += other.name + "=";
    }
    out.push(
      text +
        (row.name[0] === "s" ? signedText(BigInt.asIntN(64, row.value)) : unsignedText(bits(row.value))),
    );
  }
  return out;
}

const DYNPTR_NAMES: Record<number, string> = {
  0: "<invalid>",
  [DYNPTR_LOCAL]: "local",
  [DYNPTR_RINGBUF]: "ringbuf",
  [DYNPTR_SKB]: "skb",
  [DYNPTR_XDP]: "xdp",
  [DYNPTR_SKB_META]: "skb_meta",
};

/** A dynptr's kind in words. */
export function dynptrText(type: number): string {
  return DYNPTR_NAMES[type] ?? "<unknown>";
}

/** The register at word `o`, which is one of frame `frame`. */
export function regText(env: Env, o: number, where: { frame: number; precise: boolean }): string {
  const type = W[o + TYPE], base = type & BASE_TYPE_MASK;
  const known = (W[o + TMASK] | W[o + TMASK + 1]) === 0;
  if (type === SCALAR_VALUE) {
    const mark = where.precise ? "P" : "";
    if (known) return mark + signedText(s64At(o + TVAL));
    return `${mark}scalar(${attributes(env, o, known).join(",")})`;
  }
  let out = typeName(type);
  if (type === PTR_TO_ARENA || base === KERNEL_VALUE) return out;
  if (type === PTR_TO_STACK) {
    if (W[o + FRAMENO] !== where.frame) out += `[${W[o + FRAMENO]}]`;
    if (known) return out + signedText(s64At(o + TVAL) + BigInt(W[o + OFF]));
  }
  if (base === PTR_TO_BTF_ID) {
    out += env.btfAt(W[o + AUX2])?.name(W[o + AUX1]) ?? "";
  }
  return `${out}(${attributes(env, o, known).join(",")})`;
}

function attributes(env: Env, o: number, known: boolean): string[] {
  const type = W[o + TYPE], base = type & BASE_TYPE_MASK, id = W[o + ID];
  const out: string[] = [];
  if (id !== 0) {
    let text = `id=${id & ~ADD_CONST}`;
    if (id & ADD_CONST) text += (W[o + OFF] < 0 ? "" : "+") + W[o + OFF];
    out.push(text);
  }
  if (W[o + REF_ID] !== 0) out.push(`ref_obj_id=${W[o + REF_ID]}`);
  if ((type & MEM_ALLOC) && (type & NON_OWN_REF)) out.push("non_own_ref");
  if (base === CONST_PTR_TO_MAP || base === PTR_TO_MAP_KEY || base === PTR_TO_MAP_VALUE) {
    const map = mapOf(env, W[o + AUX1]);
    // Names have 15 characters in the kernel; what describes an inner map has none.
    if (map.name !== "" && (W[o + AUX1] & INNER_MAP) === 0) out.push(`map=${map.name.slice(0, 15)}`);
    out.push(`ks=${map.keySize},vs=${map.valueSize}`);
  }
  if (type !== SCALAR_VALUE && W[o + OFF] !== 0) out.push(`off=${signedText(BigInt(W[o + OFF]))}`);
  if (base === PTR_TO_PACKET || base === PTR_TO_PACKET_META) {
    out.push(`r=${unsignedText(BigInt.asUintN(64, BigInt(W[o + AUX1])))}`);
  }
  if (base === PTR_TO_MEM) out.push(`sz=${unsignedText(BigInt(W[o + AUX1] >>> 0))}`);
  if (type === CONST_PTR_TO_DYNPTR) out.push(`type=${dynptrText(dynptrType(W[o + AUX1]))}`);
  if (known) {
    const value = s64At(o + TVAL);
    if (value !== 0n) out.push(`imm=${signedText(value)}`);
    return out;
  }
  out.push(...rangesText(o));
  if ((W[o + TVAL] | W[o + TVAL + 1] | ~W[o + TMASK] | ~W[o + TMASK + 1]) !== 0) {
    out.push(`var_off=${tnumText(o)}`);
  }
  return out;
}

/** A frame to print, of the path under exploration or of a saved state. */
interface FrameView {
  readonly frame: number;
  readonly flags: number;
  readonly slots: number;
  readonly refs: readonly number[];
  reg(n: number): number;
  types(spi: number): number;
  spill(spi: number): number;
  preciseReg(n: number): boolean;
  preciseSlot(spi: number): boolean;
}

function currentView(env: Env, frame: number): FrameView {
  const at = frameAt(frame), refs: number[] = [];
  for (let i = 0; i < env.refCount; i++) refs.push(env.refs[4 * i + 1]);
  return {
    frame,
    flags: W[at + F_FLAGS],
    slots: W[at + F_NSLOTS],
    refs,
    reg: (n) => at + F_REGS + n * REG_WORDS,
    types: (spi) => W[at + F_SLOT_TYPES + spi],
    spill: (spi) => at + F_SPILLS + spi * REG_WORDS,
    preciseReg: () => false,
    preciseSlot: () => false,
  };
}

function savedView(state: number, frame: number): FrameView {
  const at = savedFrame(state, frame), refs: number[] = [];
  const first = state + W[state + ST_REFS];
  for (let i = 0; i < W[state + ST_REF_COUNT]; i++) refs.push(W[first + 4 * i + 1]);
  return {
    frame,
    flags: W[at + SFR_FLAGS],
    slots: W[at + SFR_NSLOTS],
    refs,
    reg: (n) => savedReg(at, n),
    types: (spi) => savedSlotTypes(at, spi),
    spill: (spi) => savedSpill(at, spi),
    preciseReg: (n) => (W[at + SFR_PRECISE_REGS] & (1 << n)) !== 0,
    preciseSlot: (spi) => (W[at + SFR_PRECISE_SLOTS + (spi >>> 5)] & (1 << (spi & 31))) !== 0,
  };
}

const SLOT_CHARS = "?rm0dif";

const ITERATOR_STATES = ["<invalid>", "active", "drained"];

function slotText(env: Env, view: FrameView, spi: number): { text: string; last: number } {
  const types = view.types(spi), o = view.spill(spi);
  let chars = "";
  for (let j = 0; j < 8; j++) chars += SLOT_CHARS[(types >>> (4 * j)) & 15];
  switch (types >>> 28) {
    case STACK_SPILL: {
      const upper = chars.slice(0, chars.indexOf("r"));
      const reg = regText(env, o, { frame: view.frame, precise: view.preciseSlot(spi) });
      return { text: ` fp${-(spi + 1) * 8}=${upper}${reg}`, last: spi };
    }
    case STACK_DYNPTR: {
      const main = view.spill(spi + 1), parts: string[] = [];
      if (W[main + ID]) parts.push(`id=${W[main + ID]}`);
      if (W[main + REF_ID]) parts.push(`ref_id=${W[main + REF_ID]}`);
      // The kernel shows the mark of the first slot under this name: the two share a place in memory.
      if ((W[main + AUX1] & DYNPTR_FIRST_SLOT) !== 0) parts.push("dynptr_id=1");
      const kind = dynptrText(dynptrType(W[main + AUX1]));
      return { text: ` fp${-(spi + 2) * 8}=dynptr_${kind}(${parts.join(",")})`, last: spi + 1 };
    }
    case STACK_ITER: {
      // The first slot alone has the reference; the others are not shown.
      if (W[o + REF_ID] === 0) return { text: "", last: spi };
      const type = iteratorName(env.targetBtf?.name(W[o + AUX1]) ?? "");
      const state = ITERATOR_STATES[W[o + AUX2] & 0xff] ?? "<invalid>";
      const text = `(ref_id=${W[o + REF_ID]},state=${state},depth=${W[o + AUX2] >>> 8})`;
      return { text: ` fp${-(spi + 1) * 8}=iter_${type}${text}`, last: spi };
    }
    default:
      return { text: ` fp${-(spi + 1) * 8}=${chars}`, last: spi };
  }
}

function frameText(env: Env, view: FrameView, all: boolean): string {
  let out = view.frame !== 0 ? ` frame${view.frame}:` : "";
  for (let n = 0; n < FRAME_REG_COUNT; n++) {
    const o = view.reg(n);
    if (W[o + TYPE] === NOT_INIT) continue;
    if (!all && (env.scratchedRegs & (1 << n)) === 0) continue;
    out += ` R${n}=${regText(env, o, { frame: view.frame, precise: view.preciseReg(n) })}`;
  }
  for (let spi = 0; spi < view.slots; spi++) {
    const scratched = spi < 32 ? env.scratchedSlotsLo & (1 << spi) : env.scratchedSlotsHi & (1 << (spi - 32));
    if (!all && scratched === 0) continue;
    if (view.types(spi) === 0) continue;
    const { text, last } = slotText(env, view, spi);
    out += text;
    spi = last;
  }
  if (view.refs.length > 0 && view.refs[0] !== 0) {
    out += ` refs=${view.refs.filter((r) => r !== 0).join(",")}`;
  }
  if (view.flags & IN_CALLBACK) out += " cb";
  if (view.flags & IN_ASYNC_CALLBACK) out += " async_cb";
  return out + "\n";
}

/** Prints all of a frame of the path under exploration. */
export function printCurrent(env: Env, frame: number): void {
  env.verbose(frameText(env, currentView(env, frame), true));
}

/** Prints all of a frame of a saved state. */
export function printSaved(env: Env, state: number, frame: number): void {
  env.verbose(frameText(env, savedView(state, frame), true));
}

/** Whether anything was touched since the last line. */
export function anyScratched(env: Env): boolean {
  return (env.scratchedRegs | env.scratchedSlotsLo | env.scratchedSlotsHi) !== 0;
}

/** Everything counts as touched: the next line shows all. */
export function scratchAll(env: Env): void {
  env.scratchedRegs = -1;
  env.scratchedSlotsLo = -1;
  env.scratchedSlotsHi = -1;
}

/** Prints what the instruction just shown touched, on its own line, behind a semicolon. */
export function printInsnState(env: Env): void {
  const { log } = env;
  if (env.prevLogEnd !== 0 && env.prevLogEnd === log.end) {
    log.cut(env.prevLogEnd - 1);
    const pos = env.prevInsnLength;
    const width = Math.ceil(Math.max(pos + 4, 40) / 8) * 8 - pos - 1;
    env.verbose(" ".padStart(width) + ";");
  } else {
    env.verbose(`${env.insnIdx}:`);
  }
  env.verbose(frameText(env, currentView(env, env.curframe), false));
  env.scratchedRegs = env.scratchedSlotsLo = env.scratchedSlotsHi = 0;
}

/** An instruction as the log shows it, without its number. */
export function insnText(env: Env, slot: number): string {
  return disasmSlot(env.cols, slot, {
    helperName: (id) => {
      const helper = env.profile.helper(id);
      return helper === undefined ? undefined : `bpf_${helper.name}`;
    },
    kfuncName: (at) => {
      const insn = env.program.code.insns[env.cols.position[at]];
      return insn.kind === "call" && insn.callee.kind === "kfunc" ? insn.callee.func.name : undefined;
    },
    imm64: (at) => env.imm64Text(at),
  });
}

/** Prints the source line of a slot, if it is another than the one printed last. */
export function verboseLine(env: Env, slot: number, prefix: string): void {
  if (!env.logging) return;
  const position = env.program.code.origins[env.cols.position[slot]]?.position;
  if (position === undefined || position === env.lastLine) return;
  const last = env.lastLine;
  if (last !== undefined && last.file === position.file && last.line === position.line) return;
  const file = position.file.slice(position.file.lastIndexOf("/") + 1);
  env.verbose(`${prefix}${position.text.trimStart()} @ ${file}:${position.line}\n`);
  env.lastLine = position;
}

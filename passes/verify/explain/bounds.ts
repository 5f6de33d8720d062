/**
 * Explains accesses out of bounds: of map values, memory, the stack and the packet, sizes passed with pointers, and numbers that
 * make a pointer useless.
 *
 * @module
 */
import {
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
} from "../states/layout.ts";
import { callName, type Event, type Origin, originOf } from "./origin.ts";
import { boundOf, boundWords, bytes, type Case, otherChecks, placeWords, type Reason } from "./reason.ts";
import type { Operand } from "../../../ir/insn.ts";
import { mapOf } from "../memory/map_pointer.ts";
import { REJECTIONS } from "../rejection.ts";
import { isPointer, isScalar, numberText, rangeWords, type Value } from "./value.ts";

/** Bytes of a frame. */
const FRAME = 512;

/** The number added to a pointer, and what is known of it. */
interface Index {
  readonly step: number;
  readonly reg: number;
  readonly origin: Origin;
}

/** What a pointer points to, without its offsets. */
function target(value: Value): string {
  if (value.base === PTR_TO_MEM) return "the memory";
  return value.words.replace(/^a pointer to /, "").replace(/,.*$/, "").replace(/ \(\d+ bytes\)$/, "").replace(
    /^.* in (\.[\w.]+)$/,
    "$1",
  );
}

/** The variable that was added to the pointer; `max`: what the pointer's variable part must not exceed. */
function indexOf(c: Case, pointer: Origin, max: bigint | undefined): Index | undefined {
  const { index } = pointer;
  if (index === undefined) return undefined;
  const { path } = c, added = path.value(index.step, index.reg), whole = c.value?.umax ?? 0n;
  const rest = added === undefined || whole < added.umax ? 0n : whole - added.umax;
  const limit = max === undefined ? undefined : max - rest;
  const query = { step: index.step, reg: index.reg };
  const origin = originOf(path, limit === undefined || limit < 0n ? query : { ...query, max: limit });
  return { ...index, origin };
}

/** The pointer's own history, then the number's: newest first. */
function allEvents(pointer: Origin, index: Index | undefined): Event[] {
  if (index === undefined) return [...pointer.events];
  const base = pointer.events.filter((event) => event.kind === "source" || event.step === index.step);
  return [...base, ...index.origin.events].sort((a, b) => b.step - a.step);
}

/** Map values, keys and memory of known size. */
export function explainRegion(c: Case): Reason {
  const { demand, value, path } = c;
  if (demand?.off === undefined || demand.size === undefined || value === undefined) return generic(c);
  const { off, size, limit = 0, sizeRegno } = demand, what = target(value);
  const pointer = originOf(path, { step: c.step, reg: c.reg });
  const has = `${what} has ${bytes(limit)}`;
  if (sizeRegno !== undefined) return sizeReason(c, { what, room: limit - off, pointer });
  if (value.known) {
    const at = off + Number(value.smin);
    const summary = at < 0
      ? `accesses ${bytes(size)} at ${bytes(-at)} before the beginning of ${what}`
      : `accesses ${bytes(size)} at offset ${at}, but ${has}`;
    const remedy = at < 0
      ? `do not go below the beginning of ${what}`
      : limit >= size
      ? `stay within the ${bytes(limit)}: the last offset for ${bytes(size)} is ${limit - size}`
      : `${what} is smaller than the access: make it at least ${bytes(at + size)}, or access less`;
    return { summary, events: allEvents(pointer, indexOf(c, pointer, undefined)), remedy };
  }
  const max = BigInt(limit - size - off), index = indexOf(c, pointer, max);
  const events = allEvents(pointer, index);
  const negative = value.smin + BigInt(off) < 0n;
  const variable = `the variable part of r${c.reg} is ${rangeWords(value)}`;
  const summary = negative
    ? `accesses ${bytes(size)} at an offset that may be negative: ${variable}`
    : `accesses ${bytes(size)} at offsets up to ${numberText(value.umax + BigInt(off))}, but ${has}`;
  const bound = index === undefined ? undefined : boundOf(path, index.origin);
  const suffices = bound === undefined ? undefined : boundWords(path, bound);
  const notes = index === undefined ? [] : otherChecks(path, index);
  const remedy = suffices ??
    (max < 0n
      ? `no index will do: ${bytes(size)} at ${off} do not fit`
      : `keep the offset within 0 to ${max}${negative ? ": compare it from below too, or unsigned" : ""}`);
  return { summary, events, notes, remedy, ...(bound === undefined ? {} : { bound }) };
}

/** A size that comes with a pointer to less memory. */
function sizeReason(c: Case, to: { what: string; room: number; pointer: Origin }): Reason {
  const { path, demand } = c, reg = demand!.sizeRegno!, size = path.value(c.step, reg);
  const origin = originOf(path, { step: c.step, reg, max: BigInt(Math.max(0, to.room)) });
  const most = size === undefined
    ? "more bytes"
    : size.known
    ? bytes(Number(size.umax))
    : `up to ${numberText(size.umax)} bytes`;
  const bound = size === undefined || size.known || to.room <= 0 ? undefined : boundOf(path, origin);
  const room = to.room <= 0 ? "nothing is left there" : `there are ${to.room}`;
  return {
    summary: `${most} are passed from r${reg - 1}, ${to.what}, but ${room}`,
    reg,
    events: [...origin.events, ...to.pointer.events.filter((event) => event.kind === "source")],
    notes: otherChecks(path, { step: c.step, reg }),
    ...(bound === undefined ? {} : { bound }),
    remedy: bound !== undefined ? boundWords(path, bound) : `pass at most ${Math.max(0, to.room)} in r${reg}`,
  };
}

/** Packet data beyond what was compared with the packet's end. */
export function explainPacket(c: Case): Reason {
  const { demand, value, path } = c;
  if (demand?.off === undefined || demand.size === undefined || value === undefined) return generic(c);
  const { off, size, limit = 0 } = demand, pointer = originOf(path, { step: c.step, reg: c.reg });
  const index = indexOf(c, pointer, undefined), events = allEvents(pointer, index);
  const from = value.known ? "the packet" : "where its variable part leads";
  const checks = packetChecks(c, { used: value, needed: off + size });
  if (off < 0) {
    return {
      summary: `accesses ${bytes(size)} at offset ${off} of ${from}: before the beginning`,
      events,
      remedy: "do not go below the pointer that was compared",
    };
  }
  const there = limit > 0
    ? `only ${bytes(limit)} of it are known to be there`
    : "it was never compared with the packet's end on this path";
  const end = off + size, metadata = value.base === PTR_TO_PACKET_META;
  const remedy = value.smin < 0n
    ? "bound what is added to the packet pointer from below: it may be negative"
    : `before ${placeWords(path, c.step)}: \`if (${
      value.known ? (metadata ? "data_meta" : "data") : "p"
    } + ${end} > ${metadata ? "data" : "data_end"}) return …;\`${
      value.known ? "" : ", where p is the pointer with its variable part, and use p itself afterwards"
    }`;
  return {
    summary: `accesses ${bytes(size)} at offset ${off} of ${from}, but ${there}`,
    events,
    notes: checks,
    remedy,
  };
}

/** Comparisons with the packet's end on the path. */
function packetChecks(c: Case, access: { readonly used: Value; readonly needed: number }): string[] {
  const { path } = c, { used, needed } = access, notes: string[] = [];
  for (let i = c.step - 1; i >= 0 && notes.length < 2; i--) {
    const insn = path.insn(i);
    if (insn.kind !== "branch" || insn.right.kind !== "reg") continue;
    const values = [path.value(i, insn.left), path.value(i, insn.right.reg)];
    const end = values.some((v) =>
      v?.base === PTR_TO_PACKET_END || (used.base === PTR_TO_PACKET_META && v?.base === PTR_TO_PACKET)
    );
    const compared = values.find((v) => v?.base === used.base);
    if (!end || compared === undefined) continue;
    const other = compared.id !== used.id
      ? ", for a pointer with another variable part"
      : compared.off >= needed
      ? ": the way taken here is the one on which that much may not be there"
      : "";
    notes.push(
      `\`${path.place(path.slot(i)).text}\` at ${
        placeWords(path, i)
      } compared offset ${compared.off} with the end${other}`,
    );
  }
  return notes;
}

/** The stack, at offsets that leave the frame. */
export function explainStack(c: Case): Reason {
  const { demand, value, path } = c;
  if (demand?.off === undefined || demand.size === undefined || value === undefined) return generic(c);
  const { off, size } = demand, pointer = originOf(path, { step: c.step, reg: c.reg });
  if (value.known) {
    const at = off + Number(value.smin);
    const summary = at >= 0
      ? `accesses ${bytes(size)} at fp+${at}: the frame ends at the frame pointer`
      : at < -FRAME
      ? `accesses ${bytes(size)} at fp${at}: a frame has ${FRAME} bytes`
      : `accesses ${bytes(size)} at fp${at}, ${at + size} of them beyond the frame pointer`;
    if (demand.sizeRegno !== undefined) {
      return { ...sizeReason(c, { what: `the stack at fp${at}`, room: -at, pointer }), summary };
    }
    const remedy = at >= 0
      ? "variables lie below the frame pointer, at negative offsets"
      : at < -FRAME
      ? "use less stack: large variables belong in a map (a per-CPU array with one element)"
      : `access at most ${bytes(Math.max(0, -at))} from fp${at}`;
    return { summary, events: pointer.events, remedy };
  }
  const max = BigInt(-size - off), index = indexOf(c, pointer, max);
  const bound = index === undefined ? undefined : boundOf(path, index.origin);
  const suffices = bound === undefined ? undefined : boundWords(path, bound);
  const low = value.smin + BigInt(off) < BigInt(-FRAME);
  return {
    summary: `accesses ${bytes(size)} at fp${off < 0 ? off : `+${off}`} plus ${
      rangeWords(value)
    }, which may lie outside of the frame`,
    events: allEvents(pointer, index),
    notes: index === undefined ? [] : otherChecks(path, index),
    ...(bound === undefined ? {} : { bound }),
    remedy: low && value.smin < 0n
      ? `bound the index from below too (\`if (i < 0) return 0;\`, or an unsigned i)${
        suffices === undefined ? "" : `; ${suffices}`
      }`
      : suffices ?? `keep the index within 0 to ${max < 0n ? 0 : max}`,
  };
}

/** A size argument that may be anything. */
export function explainSize(c: Case): Reason {
  const { demand, value, path } = c;
  if (value === undefined || !isScalar(value)) return generic(c);
  const origin = originOf(path, {
    step: c.step,
    reg: c.reg,
    ...(demand?.max === undefined ? {} : { max: BigInt(demand.max) }),
  });
  const notes = otherChecks(path, { step: c.step, reg: c.reg });
  if (demand?.min !== undefined) {
    return {
      summary: `r${c.reg}, the size of the memory in r${
        c.reg - 1
      }, may be zero, which this function does not take`,
      events: origin.events,
      notes,
      remedy: "make sure that it is at least 1, e.g. `if (n == 0) return 0;`",
    };
  }
  const negative = value.smin < 0n;
  if (value.lowHalfBounded) {
    return {
      summary: `r${c.reg}, the size of the memory in r${
        c.reg - 1
      }, is bounded in its low 32 bits only: it is ${value.words}`,
      events: origin.events,
      notes,
      remedy:
        "let the variable that is compared and passed be 64 bits wide (`__u64 n`), or cut it again after the comparison (`n &= 0x3f`)",
    };
  }
  return {
    summary: `r${c.reg}, the size of the memory in r${c.reg - 1}, ${
      negative ? "may be negative" : "is not bounded"
    }: it is ${value.words}`,
    events: origin.events,
    notes,
    remedy:
      `bound it by the size of the buffer on the same variable, unsigned, just before the call: \`if (n > sizeof(buf)) return 0;\`, or \`n &= sizeof(buf) - 1\` for powers of two`,
  };
}

/** Arithmetic that leads a pointer too far. */
export function explainPointerOffset(c: Case): Reason {
  const { path } = c, insn = c.step < 0 ? undefined : path.insn(c.step);
  if (insn?.kind !== "alu") return generic(c);
  const registers = insn.src.kind === "reg" ? [insn.src.reg, insn.dst] : [insn.dst];
  const reg = registers.find((r) => {
    const v = path.value(c.step, r);
    return v !== undefined && isScalar(v);
  });
  if (reg === undefined) {
    return {
      summary: "the pointer would lie too far from what it points to",
      reg: insn.dst,
      events: originOf(path, { step: c.step, reg: insn.dst }).events,
    };
  }
  const value = path.value(c.step, reg)!,
    max = roomFor(c, insn.src.kind === "reg" && insn.src.reg === reg ? insn.dst : insn.src);
  const origin = originOf(path, { step: c.step, reg, ...(max === undefined ? {} : { max }) });
  const negative = value.smin < 0n;
  const both = negative ? "compare it unsigned, or from below too (`if (i < 0) return 0;`)" : "bound it";
  const bound = value.known ? undefined : boundOf(path, origin);
  const suffices = bound === undefined ? undefined : boundWords(path, bound);
  return {
    summary: `r${reg}, which is ${value.words}, is added to a pointer: ${
      negative ? "it may be negative" : "that may lead further than 2^29 bytes"
    }`,
    reg,
    events: origin.events,
    notes: otherChecks(path, { step: c.step, reg }),
    ...(bound === undefined ? {} : { bound }),
    remedy: value.known
      ? "add less: a pointer is moved by no more than 2^29"
      : suffices ?? `${both} before ${placeWords(path, c.step)}, by the size of what is indexed`,
  };
}

/**
 * What a number added to a pointer must not exceed: the size of what is pointed to, less the access that follows; undefined if that
 * is not known.
 */
function roomFor(c: Case, pointer: number | Operand): bigint | undefined {
  const reg = typeof pointer === "number" ? pointer : pointer.kind === "reg" ? pointer.reg : -1;
  const { path } = c, value = reg < 0 ? undefined : path.value(c.step, reg), added = path.insn(c.step);
  if (value === undefined || !value.known || value.base !== PTR_TO_MAP_VALUE || added.kind !== "alu") {
    return undefined;
  }
  const fixed = value.off + Number(value.smin), limit = mapOf(c.env, value.aux).valueSize;
  for (let slot = c.slot + 1; slot < Math.min(c.env.cols.count, c.slot + 8); slot++) {
    const insn = path.insnAt(slot);
    if ((insn.kind === "load" || insn.kind === "store") && insn.base === added.dst) {
      return BigInt(limit - fixed - insn.offset - insn.size);
    }
    if (insn.kind !== "alu" || insn.dst === added.dst) break;
  }
  return BigInt(limit - fixed - 1);
}

/** A value returned that is not among those allowed. */
export function explainReturn(c: Case): Reason {
  const { demand, value, path } = c;
  if (demand?.min === undefined || demand.max === undefined || value === undefined) return generic(c);
  const { min, max } = demand, origin = originOf(path, { step: c.step, reg: c.reg });
  const allowed = min === max ? `${min}` : `${min} to ${max}`;
  return {
    summary: `the value returned is ${value.words}, but only ${allowed} may be returned here`,
    events: origin.events,
    notes: otherChecks(path, { step: c.step, reg: c.reg }),
    remedy: value.known
      ? `return ${min === max ? allowed : `a value from ${allowed}`} on this path`
      : `return a constant (${allowed}) on this path, or compare the value with the bounds first`,
  };
}

/** What can be said of any register: what it is and where it came from. */
export function generic(c: Case): Reason {
  if (c.reg < 0 || c.step < 0) return { summary: "" };
  const { events } = originOf(c.path, { step: c.step, reg: c.reg }), insn = c.path.insn(c.step);
  if (insn.kind === "call" && c.value !== undefined) {
    const { meaning } = REJECTIONS[c.code],
      given = `${callName(c.path, c.step)} is given r${c.reg}, ${c.value.words}`;
    return { summary: `${given}: ${meaning.charAt(0).toLowerCase()}${meaning.slice(1, -1)}`, events };
  }
  if ((insn.kind !== "load" && insn.kind !== "store") || c.value === undefined || !isPointer(c.value)) {
    return { summary: "", events };
  }
  const what = c.value.words.replace(/^a pointer to /, "").replace(/,.*$/, ""),
    meaning = REJECTIONS[c.code].meaning;
  const access = `${insn.kind === "load" ? "reads" : "writes"} ${bytes(insn.size)} at offset ${
    c.value.off + insn.offset
  }`;
  if (c.code === "read-only") {
    return {
      summary: `${access} of ${what}, which this program may only ${insn.kind === "load" ? "write" : "read"}`,
      events,
    };
  }
  return {
    summary: `${access} of ${what}: ${meaning.charAt(0).toLowerCase()}${meaning.slice(1, -1)}`,
    events,
  };
}

/**
 * A register's contents as an explanation needs them: plain numbers and two texts, the kernel's and one for people.
 *
 * @module
 */
import type { MapDef } from "../../../ir/unit.ts";
import { W } from "../states/arena.ts";
import type { Env } from "../env.ts";
import {
  AUX1,
  BASE_TYPE_MASK,
  CONST_PTR_TO_MAP,
  FRAMENO,
  ID,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_USER,
  NON_OWN_REF,
  NOT_INIT,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  REF_ID,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SMAX,
  SMIN,
  TMASK,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
} from "../states/layout.ts";
import { regText, s64At, u64At } from "../log/log.ts";
import { mapOf } from "../memory/map_pointer.ts";
import { typeName } from "../log/type_names.ts";

/** See the module's header. Numbers of a pointer are those of its variable part. */
export interface Value {
  readonly type: number;
  readonly base: number;
  readonly typeName: string;
  readonly off: number;
  readonly aux: number;
  readonly id: number;
  readonly refId: number;
  readonly frame: number;
  readonly smin: bigint;
  readonly smax: bigint;
  readonly umin: bigint;
  readonly umax: bigint;
  /** Bits that are not known, in a mask. */
  readonly unknown: bigint;
  /** Of a number whose upper half is not known: the low half is bounded. */
  readonly lowHalfBounded: boolean;
  /** The number, or the variable part, is known. */
  readonly known: boolean;
  /** As the log prints it. */
  readonly text: string;
  /** For people. */
  readonly words: string;
}

/** Whether it holds a number. */
export function isScalar(value: Value): boolean {
  return value.type === SCALAR_VALUE;
}

/** Whether it holds a pointer of any kind. */
export function isPointer(value: Value): boolean {
  return value.type !== SCALAR_VALUE && value.type !== NOT_INIT;
}

/** Whether it may be null. */
export function mayBeNull(value: Pick<Value, "type">): boolean {
  return (value.type & PTR_MAYBE_NULL) !== 0;
}

/** The register at word `o`, which is one of frame `frame`. */
export function valueAt(env: Env, o: number, frame: number): Value {
  const type = W[o + TYPE], known = (W[o + TMASK] | W[o + TMASK + 1]) === 0;
  const plain = {
    type,
    base: type & BASE_TYPE_MASK,
    typeName: typeName(type),
    off: W[o + OFF],
    aux: W[o + AUX1],
    id: W[o + ID],
    refId: W[o + REF_ID],
    frame: W[o + FRAMENO],
    smin: s64At(o + SMIN),
    smax: s64At(o + SMAX),
    umin: u64At(o + UMIN),
    umax: u64At(o + UMAX),
    unknown: u64At(o + TMASK),
    lowHalfBounded: tight(o),
    known,
    text: type === NOT_INIT ? "nothing" : regText(env, o, { frame, precise: false }),
  };
  const value = known ? s64At(o + TVAL) : 0n;
  return {
    ...plain,
    words: type === SCALAR_VALUE
      ? numberWords(plain, value, o)
      : pointerWords(env, plain, { variable: value, frame }),
  };
}

const U64_MAX = (1n << 64n) - 1n,
  U32_MAX = (1n << 32n) - 1n,
  S64_MIN = -(1n << 63n),
  S64_MAX = (1n << 63n) - 1n;

/** A bound for people: decimal while that can be read. */
export function numberText(value: bigint): string {
  if (value > -1_000_000n && value < 1_000_000n) return value.toString();
  const size = value < 0n ? -value : value, sign = value < 0n ? "-" : "";
  if ((size & (size - 1n)) === 0n) return `${sign}2^${size.toString(2).length - 1}`;
  if ((size & (size + 1n)) === 0n) {
    return value < 0n ? `-(2^${size.toString(2).length}-1)` : `2^${size.toString(2).length}-1`;
  }
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

type Range = Pick<Value, "smin" | "smax" | "umin" | "umax" | "known">;

const S32_MIN = -0x80000000, S32_MAX = 0x7fffffff;

/** Whether the low half is bounded well although the whole is not. */
function tight(o: number): boolean {
  const umax = W[o + U32MAX] >>> 0;
  return W[o + UMAX + 1] !== 0 && umax > 0 && umax <= S32_MAX;
}

/** What is known of the low half of a number where nothing is known of the whole; empty if nothing is. */
function lowHalfWords(o: number): string {
  const smin = W[o + S32MIN], smax = W[o + S32MAX], umin = W[o + U32MIN] >>> 0, umax = W[o + U32MAX] >>> 0;
  if (umin > 0 || umax < 0xffffffff) {
    if (smin >= 0 || smax === S32_MAX) {
      return `, whose low 32 bits are ${numberText(BigInt(umin))} to ${numberText(BigInt(umax))}`;
    }
  }
  if (smin === S32_MIN && smax === S32_MAX) return "";
  return `, whose low 32 bits, signed, are ${numberText(BigInt(smin))} to ${numberText(BigInt(smax))}`;
}

/** From what to what a number goes, signed where it may be negative. */
export function rangeWords(range: Range): string {
  if (range.smin < 0n) {
    if (range.smin === S64_MIN && range.smax === S64_MAX) {
      if (range.umin === 0n && range.umax === U64_MAX) return "any number";
      return `${numberText(range.umin)} to ${numberText(range.umax)}, unsigned`;
    }
    return `${numberText(range.smin)} to ${numberText(range.smax)}`;
  }
  return range.umin === range.umax
    ? numberText(range.umin)
    : `${numberText(range.umin)} to ${numberText(range.umax)}`;
}

function numberWords(range: Range, value: bigint, o: number): string {
  if (range.known) return `the number ${numberText(value)}`;
  if (range.smin === S64_MIN && range.smax === S64_MAX && range.umin === 0n && range.umax === U64_MAX) {
    return `any 64-bit number${lowHalfWords(o)}`;
  }
  if (range.umin === 0n && range.umax === U32_MAX) return `any 32-bit number${lowHalfWords(o)}`;
  if (range.umin === 0n && range.umax === 0xffffn) return "any 16-bit number";
  if (range.umin === 0n && range.umax === 0xffn) return "any byte";
  return `a number from ${rangeWords(range)}${range.smin < 0n && tight(o) ? lowHalfWords(o) : ""}`;
}

const POINTEES: Readonly<Record<number, string>> = {
  [PTR_TO_CTX]: "the context",
  [PTR_TO_PACKET]: "the packet's data",
  [PTR_TO_PACKET_META]: "the packet's metadata",
  [PTR_TO_PACKET_END]: "the packet's end",
};

/** A place in a section of variables: the variable there, if types tell. */
function sectionWords(env: Env, map: MapDef, value: Omit<Value, "words">): string {
  const { btf } = env, whole = `${map.section} (${map.valueSize} bytes)`;
  const type = btf?.type(btf.find(map.section ?? "", "datasec"));
  if (btf === undefined || type?.kind !== "datasec") return whole;
  const at = type.vars.find((v) => value.off >= v.offset && value.off < v.offset + v.size);
  const named = at === undefined ? undefined : btf.type(at.type);
  return named?.kind !== "var" ? whole : `${named.name} in ${whole}`;
}

function pointee(env: Env, value: Omit<Value, "words">): string {
  switch (value.base) {
    case NOT_INIT:
      return "";
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MAP_KEY: {
      const map = mapOf(env, value.aux), key = value.base === PTR_TO_MAP_KEY;
      const name = map.section ?? (map.name === "" ? "an inner map" : map.name);
      if (map.section !== undefined && !key) return sectionWords(env, map, value);
      return `a ${key ? "key" : "value"} of ${name} (${key ? map.keySize : map.valueSize} bytes)`;
    }
    case CONST_PTR_TO_MAP:
      return `the map ${mapOf(env, value.aux).name || "inside a map"}`;
    case PTR_TO_STACK:
      return "the stack";
    case PTR_TO_MEM:
      return `${value.aux >>> 0} byte${value.aux === 1 ? "" : "s"} of memory`;
    case PTR_TO_BTF_ID:
      return `struct ${value.text.slice(value.typeName.length).replace(/\(.*$/, "") || "(anonymous)"}`;
    default:
      return POINTEES[value.base] ?? value.typeName.replace(/_or_null$/, "");
  }
}

/** How far a pointer to a structure can be relied on. */
function trustWords(type: number): string[] {
  if ((type & MEM_ALLOC) !== 0) return (type & NON_OWN_REF) !== 0 ? ["borrowed"] : [];
  const words: string[] = [];
  if ((type & PTR_UNTRUSTED) !== 0) words.push("not trusted");
  if ((type & PTR_TRUSTED) !== 0) words.push("trusted");
  if ((type & MEM_RCU) !== 0) words.push("valid under RCU only");
  if ((type & MEM_PERCPU) !== 0) words.push("one per CPU");
  if ((type & MEM_USER) !== 0) words.push("in user memory");
  return words;
}

function pointerWords(
  env: Env,
  value: Omit<Value, "words">,
  at: { readonly variable: bigint; readonly frame: number },
): string {
  const { variable, frame } = at;
  if (value.type === NOT_INIT) return "nothing";
  const what = `a pointer to ${pointee(env, value)}`, parts: string[] = [];
  const fixed = BigInt(value.off) + (value.known ? variable : 0n);
  if (value.base === PTR_TO_STACK) {
    parts.push(fixed === 0n ? "at the frame pointer" : `at fp${fixed < 0n ? fixed : `+${fixed}`}`);
    if (value.frame !== frame) parts.push("in a caller's frame");
  } else if (fixed !== 0n) parts.push(`${fixed < 0n ? fixed : `+${fixed}`} bytes`);
  if (!value.known) parts.push(`plus ${rangeWords(value)}`);
  if (value.base === PTR_TO_BTF_ID) parts.push(...trustWords(value.type));
  if (mayBeNull(value)) parts.push("or NULL");
  if (value.base === PTR_TO_PACKET || value.base === PTR_TO_PACKET_META) {
    parts.push(value.aux > 0 ? `${value.aux} bytes compared with the end` : "not compared with the end");
  }
  return parts.length === 0 ? what : `${what}, ${parts.join(", ")}`;
}

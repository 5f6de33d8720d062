/**
 * Format strings of `bpf_snprintf`, which the verifier reads because they cannot change (`check_bpf_snprintf_call` and
 * `bpf_bprintf_prepare` of Linux 6.18). Those of other helpers are looked at when they run.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { EINVAL, type Env } from "../env.ts";
import { AUX1, OFF, REG_WORDS, TVAL } from "../states/layout.ts";
import { mapOf } from "../memory/map_pointer.ts";

/** Codes of characters. */
const PERCENT = 0x25;

/** Whether a byte is a mark of ASCII or, for that is the kernel's table, of Latin-1. */
function isPunctuation(c: number): boolean {
  if (c >= 0x7f) return (c >= 0xa0 && c <= 0xbf) || c === 0xd7 || c === 0xf7;
  return c > 0x20 && !isDigit(c) && !isLetter(c);
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

function isLetter(c: number): boolean {
  return ((c | 0x20) >= 0x61) && ((c | 0x20) <= 0x7a);
}

function isSpace(c: number): boolean {
  return c === 0x20 || (c >= 9 && c <= 13);
}

/** Whether a specifier may end before this byte: the string's end, a space or a punctuation mark. */
function ends(c: number): boolean {
  return c === 0 || isSpace(c) || isPunctuation(c);
}

/** Reads a format, zero-terminated; how many arguments it takes, or -1 if the kernel does not take it or the arguments do not suffice. */
export function countArguments(format: Uint8Array, given: number): number {
  const at = (i: number): number => format[i] ?? 0,
    is = (i: number, set: string): boolean => at(i) !== 0 && set.includes(String.fromCharCode(at(i)));
  let taken = 0;
  for (let i = 0; at(i) !== 0; i++) {
    // Bytes beyond ASCII are text in UTF-8.
    if (at(i) === 0x7f || (at(i) < 0x20 && !isSpace(at(i)))) return -1;
    if (at(i) !== PERCENT) continue;
    if (at(i + 1) === PERCENT) {
      i++;
      continue;
    }
    if (taken >= given) return -1;
    i = afterWidth(format, i + 1);
    const used = specifier(i, at, is);
    if (used < 0) return -1;
    i += used - 1;
    taken++;
  }
  return taken;
}

/** Where a specifier's kind stands, behind flags and width. */
function afterWidth(format: Uint8Array, from: number): number {
  let i = from;
  while ([0x30, 0x2b, 0x2d, 0x20].includes(format[i])) i++;
  if (format[i] >= 0x31 && format[i] <= 0x39) {
    i++;
    while (isDigit(format[i])) i++;
  }
  return i;
}

/** How many characters the specifier at `i` has; -1 if there is no such specifier. */
function specifier(
  i: number,
  at: (i: number) => number,
  is: (i: number, set: string) => boolean,
): number {
  if (is(i, "p")) return pointer(i, at, is);
  if (is(i, "s")) return ends(at(i + 1)) ? 1 : -1;
  if (is(i, "c")) return 1;
  const long = is(i, "l") ? is(i + 1, "l") ? 2 : 1 : 0;
  return is(i + long, "iduxX") ? long + 1 : -1;
}

function pointer(i: number, at: (i: number) => number, is: (i: number, set: string) => boolean): number {
  if (ends(at(i + 1))) return 1;
  if (is(i + 1, "ku") && is(i + 2, "s")) return ends(at(i + 3)) ? 3 : -1;
  if (is(i + 1, "KxsSB")) return 2;
  return is(i + 1, "iI") && is(i + 2, "46") ? 3 : -1;
}

/** Verifies a call of `bpf_snprintf` whose arguments fit its prototype: 0 or `-errno`. */
export function checkFormat(env: Env): number {
  const format = env.regs + 3 * REG_WORDS, size = W[env.regs + 5 * REG_WORDS + TVAL];
  // The kernel has no words for this.
  if (size % 8 !== 0) return env.failSilently(EINVAL, "size-argument");
  const map = mapOf(env, W[format + AUX1]), from = W[format + OFF] + W[format + TVAL];
  if (map.data === undefined) return env.unsupported(`contents of the read-only map ${map.name}`);
  const end = map.data.indexOf(0, from);
  const bytes = map.data.subarray(from, end < 0 ? map.data.length : end);
  return countArguments(bytes, size / 8) < 0
    ? env.fail(EINVAL, "constant-string", "Invalid format string")
    : 0;
}

/**
 * Patterns of encoded instructions, matched as the kernel's test_verifier matches `expected_insns` and `unexpected_insns`
 * (tools/testing/selftests/bpf/test_verifier.c): for expectations transcribed from it.
 *
 * A pattern is a list of instructions in which an offset of -1 or an immediate of -1 stands for any, and {@linkcode SKIP} for any number
 * of instructions. What stands between two SKIPs must be found without a gap, each part behind the one before; parts at the ends are
 * not tied there.
 *
 * @module
 */

/** One encoded instruction: fields of `struct bpf_insn`. */
export interface EncodedInsn {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  /** Signed 16 bits; in a pattern -1 is any. */
  readonly off: number;
  /** Signed 32 bits; in a pattern -1 is any. */
  readonly imm: number;
}

/** Any number of instructions. */
export const SKIP = "skip";

/** A pattern; see the module's header. */
export type InsnPattern = readonly (EncodedInsn | typeof SKIP)[];

/** The wildcard of `off` (0xFFFF) and of `imm` (0xFFFFFFFF), as the signed fields read. */
export const ANY = -1;

/** Eight-byte slots as instructions; the second slot of a 16-byte load is one of its own, as in the kernel's arrays. */
export function encodedInsns(bytes: Uint8Array): EncodedInsn[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out: EncodedInsn[] = [];
  for (let at = 0; at < bytes.length; at += 8) {
    out.push({
      code: bytes[at],
      dst: bytes[at + 1] & 15,
      src: bytes[at + 1] >> 4,
      off: view.getInt16(at + 2, true),
      imm: view.getInt32(at + 4, true),
    });
  }
  return out;
}

/** Whether the pattern occurs; an empty one always does. */
export function occurs(pattern: InsnPattern, insns: readonly EncodedInsn[]): boolean {
  let from = 0;
  for (const part of partsOf(pattern)) {
    const at = find(part, insns, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}

/** Why a program does not fit what is expected and what must not be there; undefined if it does. */
export function patternFailure(
  insns: readonly EncodedInsn[],
  patterns: { readonly expected?: InsnPattern; readonly unexpected?: InsnPattern },
): string | undefined {
  const { expected, unexpected } = patterns;
  if (expected !== undefined && !occurs(expected, insns)) return "expected instructions not found";
  if (unexpected !== undefined && unexpected.length > 0 && occurs(unexpected, insns)) {
    return "unexpected instructions found";
  }
  return undefined;
}

function partsOf(pattern: InsnPattern): EncodedInsn[][] {
  const parts: EncodedInsn[][] = [];
  let part: EncodedInsn[] = [];
  for (const insn of pattern) {
    if (insn !== SKIP) part.push(insn);
    else {
      if (part.length > 0) parts.push(part);
      part = [];
    }
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function find(part: readonly EncodedInsn[], insns: readonly EncodedInsn[], from: number): number {
  for (let at = from; at + part.length <= insns.length; at++) {
    if (part.every((want, i) => matches(want, insns[at + i]))) return at;
  }
  return -1;
}

function matches(want: EncodedInsn, have: EncodedInsn): boolean {
  return want.code === have.code && want.dst === have.dst && want.src === have.src &&
    (want.off === ANY || want.off === have.off) && (want.imm === ANY || want.imm === have.imm);
}

/**
 * Reads the `.data` files of the bpf_conformance suite: sections that begin with `-- name`, `#` comments.
 *
 * @module
 */
import { MalformedError } from "../../ir/diagnostic.ts";
import { assemble } from "./asm.ts";

/** One case. */
export interface ConformanceCase {
  /** The bytecode; empty if the file has neither `asm` nor `raw`. */
  readonly code: Uint8Array;
  /** What r1 points at; undefined if the program gets no memory. */
  readonly memory?: Uint8Array;
  /** The expected r0, unsigned 64 bits. */
  readonly result?: bigint;
  /** The program must fail; the text it should fail with (may be empty). */
  readonly error?: string;
  /** The program contains a call through a register, which Linux does not have. */
  readonly callx: boolean;
}

/** Reads a case. @throws {MalformedError} If the assembly or a number cannot be read. */
export function readCase(text: string): ConformanceCase {
  const sections = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of text.split(/\r?\n/)) {
    const header = /^--\s+(.*?)\s*$/.exec(line);
    if (header !== null) sections.set(header[1], current = []);
    else if (current !== undefined) {
      const bare = line.replace(/#.*$/, "").trim();
      if (bare !== "") current.push(bare);
    }
  }
  const asm = sections.get("asm"), raw = sections.get("raw");
  const memory = sections.get("mem"), result = sections.get("result"), error = sections.get("error");
  const callx = (asm ?? []).some((line) => /^call\s+%r/.test(line));
  return {
    code: raw !== undefined ? rawBytes(raw) : asm !== undefined && !callx ? assemble(asm) : new Uint8Array(0),
    memory: memory === undefined ? undefined : hexBytes(memory),
    result: result === undefined ? undefined : number64(result.join("")),
    error: error?.join("\n"),
    callx,
  };
}

function words(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split(/\s+/)).filter((word) => word !== "");
}

function hexBytes(lines: readonly string[]): Uint8Array {
  return Uint8Array.from(words(lines), (word) => {
    if (!/^[0-9a-fA-F]{2}$/.test(word)) throw new MalformedError(`Cannot read byte "${word}"`, "section mem");
    return parseInt(word, 16);
  });
}

/** Tokens are 64-bit little-endian words; two bare hexadecimal digits are a byte. */
function rawBytes(lines: readonly string[]): Uint8Array {
  const bytes: number[] = [];
  for (const word of words(lines)) {
    if (/^[0-9a-fA-F]{2}$/.test(word)) bytes.push(parseInt(word, 16));
    else {
      const value = number64(word);
      for (let i = 0; i < 8; i++) bytes.push(Number(value >> BigInt(8 * i) & 0xffn));
    }
  }
  return Uint8Array.from(bytes);
}

function number64(text: string): bigint {
  const match = /^(-?)(0[xX][0-9a-fA-F]+|[0-9]+)$/.exec(text.trim());
  if (match === null) throw new MalformedError(`Cannot read number "${text}"`, "section result or raw");
  return BigInt.asUintN(64, match[1] === "-" ? -BigInt(match[2]) : BigInt(match[2]));
}

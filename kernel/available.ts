/**
 * Whether bpf(2) can be used here, and if not, why: every command that needs the kernel says so and the rest works.
 *
 * @module
 */
import { Attr, bpf, closeFd, COMMAND, effectiveUser, errnoName } from "./bpf.ts";

let answer: string | false | undefined;

/**
 * Why the running kernel cannot be asked, as a sentence without a full stop; undefined if it can. Asked once, by loading and
 * closing a program of two instructions.
 */
export function kernelUnavailable(): string | undefined {
  answer ??= ask() ?? false;
  return answer === false ? undefined : answer;
}

function ask(): string | undefined {
  if (Deno.build.os !== "linux") return `bpf(2) needs Linux, this is ${Deno.build.os}`;
  try {
    // r0 = 0; exit
    const insns = new Uint8Array([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
    const license = new TextEncoder().encode("GPL\0");
    const attr = new Attr(48).u32(0, 1).u32(4, 2).pointer(8, insns).pointer(16, license);
    const fd = bpf(COMMAND.PROG_LOAD, attr);
    if (fd >= 0) {
      closeFd(fd);
      return undefined;
    }
    if (effectiveUser() !== 0) return `bpf(2) needs root (${errnoName(-fd)})`;
    return `the kernel does not let this process load programs (${errnoName(-fd)})`;
  } catch (error) {
    return `bpf(2) needs full --allow-ffi and glibc: ${error instanceof Error ? error.message : error}`;
  }
}

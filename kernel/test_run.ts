/**
 * BPF_PROG_TEST_RUN: runs a loaded program on data of ours, without attaching it to anything.
 *
 * @module
 */
import { Attr, bpf, COMMAND, KernelError } from "./bpf.ts";

/** What a run gave. */
export interface KernelRun {
  /** The low 32 bits of r0. */
  readonly retval: number;
  /** The packet afterwards. */
  readonly dataOut: Uint8Array;
  /** The context afterwards; empty if none was given. */
  readonly ctxOut: Uint8Array;
  /** The kernel's own average per round, whole nanoseconds. */
  readonly ns: number;
}

/** What a run is given. */
export interface KernelRunOptions {
  /** The packet, at least 14 bytes for packet programs. */
  readonly data?: Uint8Array;
  /** The context structure as user space sees it (`xdp_md`, `__sk_buff`). */
  readonly ctx?: Uint8Array;
  /** Rounds; 1 if absent. Context and packet are not restored between them. */
  readonly repeat?: number;
  /** `BPF_F_TEST_*`. */
  readonly flags?: number;
}

/** Room for what a program may add to its packet, in bytes. */
const GROWTH = 4096;

/** Runs the program. @throws {KernelError} If the kernel refuses the data, or the type cannot be test-run. */
export function kernelTestRun(fd: number, options: KernelRunOptions = {}): KernelRun {
  const data = options.data === undefined ? undefined : new Uint8Array(options.data);
  const dataOut = new Uint8Array(data === undefined ? 0 : data.length + GROWTH);
  const ctx = options.ctx === undefined ? undefined : new Uint8Array(options.ctx);
  const ctxOut = new Uint8Array(ctx?.length ?? 0);
  const attr = new Attr(80)
    .u32(0, fd)
    .u32(8, data?.length ?? 0)
    .u32(12, dataOut.length)
    .pointer(16, data)
    .pointer(24, dataOut)
    .u32(32, options.repeat ?? 1)
    .u32(40, ctx?.length ?? 0)
    .u32(44, ctxOut.length)
    .pointer(48, ctx)
    .pointer(56, ctxOut)
    .u32(64, options.flags ?? 0);
  const result = bpf(COMMAND.PROG_TEST_RUN, attr);
  if (result < 0) throw new KernelError("test-run the program", -result);
  return {
    retval: attr.read32(4),
    dataOut: dataOut.subarray(0, Math.min(attr.read32(12), dataOut.length)),
    ctxOut: ctxOut.subarray(0, Math.min(attr.read32(44), ctxOut.length)),
    ns: attr.read32(36),
  };
}

/**
 * Reads back what the kernel made of a loaded program: rewritten instructions, machine code, figures.
 *
 * @module
 */
import { Attr, bpf, COMMAND, KernelError } from "./bpf.ts";

/** `struct bpf_prog_info`, as far as it is of use. */
export interface ProgInfo {
  /** The instructions after verification and rewriting, as bpftool's `prog dump xlated` has them. */
  readonly xlated: Uint8Array;
  /** Machine code of all subprograms, one behind the other; empty without a JIT or without the right to see it. */
  readonly jited: Uint8Array;
  /** Bytes of machine code per subprogram. */
  readonly jitedLengths: readonly number[];
  /** Instructions the verifier walked. */
  readonly verifiedInsns: number;
  /** The 8-byte tag in hex. */
  readonly tag: string;
}

const INFO_SIZE = 232;

/** Reads a program's info. @throws {KernelError} If the descriptor is no program's. */
export function progInfo(fd: number): ProgInfo {
  // The kernel overwrites the structure, lengths included: the first call learns sizes, the second starts from zero.
  const sizes = new Attr(INFO_SIZE);
  getInfo(fd, sizes);
  const jited = new Uint8Array(sizes.read32(16));
  const xlated = new Uint8Array(sizes.read32(20));
  const lengths = new Uint8Array(4 * sizes.read32(108));
  const info = new Attr(INFO_SIZE)
    .u32(16, jited.length).pointer(24, jited)
    .u32(20, xlated.length).pointer(32, xlated)
    .u32(108, lengths.length / 4).pointer(120, lengths);
  getInfo(fd, info);
  const view = new DataView(lengths.buffer);
  return {
    xlated,
    jited,
    jitedLengths: Array.from({ length: lengths.length / 4 }, (_, i) => view.getUint32(4 * i, true)),
    verifiedInsns: info.read32(216),
    tag: [...info.bytes.subarray(8, 16)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
  };
}

function getInfo(fd: number, info: Attr): void {
  const attr = new Attr(16).u32(0, fd).u32(4, INFO_SIZE).pointer(8, info.bytes);
  const result = bpf(COMMAND.OBJ_GET_INFO_BY_FD, attr);
  if (result < 0) throw new KernelError("read a program's info", -result);
}

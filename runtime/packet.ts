/**
 * Packets of test runs: what both kinds have in common.
 *
 * @module
 */
import type { RxMetadata } from "./device.ts";
import type { StructView } from "./struct_view.ts";

/** What a run is given. */
export interface PacketInput {
  readonly data: Uint8Array;
  /** The context as user space writes it (`xdp_md`, `__sk_buff`). */
  readonly ctx?: Uint8Array;
  readonly metadata?: RxMetadata;
}

/** What is left after a run. */
export interface PacketOutput {
  readonly dataOut: Uint8Array;
  /** The context as user space reads it; absent if the run was given none. */
  readonly ctxOut?: Uint8Array;
}

/** The memory of one packet. */
export interface Packet {
  /** Of the structure that lowered programs are handed. */
  readonly address: number;
  /** The context that programs are written against. */
  readonly layout: "xdp_md" | "__sk_buff";
  /** The `xdp_buff` or `sk_buff`. */
  readonly structure: StructView;
  /** Makes everything as the kernel's test runs find it. @throws {RunError} If the kernel refuses such input. */
  prepare(input: PacketInput): void;
  /** Reads what the run left. */
  result(): PacketOutput;
  /** A legacy packet load: bytes in network order at an offset, as a number; undefined beyond the packet. Socket buffers only. */
  load?(offset: number, size: 1 | 2 | 4): bigint | undefined;
}

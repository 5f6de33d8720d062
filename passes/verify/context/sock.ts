/**
 * Accesses to the sockets that contexts and helpers give: `struct bpf_sock`, `bpf_tcp_sock`, `bpf_xdp_sock`, read-only, field by
 * field as `net/core/filter.c` allows them (`bpf_*_sock_is_valid_access`, Linux 6.18).
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { EACCES, type Env } from "../env.ts";
import {
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  REG_WORDS,
  TYPE,
} from "../states/layout.ts";
import { markUnknown } from "../numbers/scalar.ts";
import { typeName } from "../log/type_names.ts";

/** Size of `struct bpf_sock` in bytes; its first fields, up to `priority`, are missing from `PTR_TO_SOCK_COMMON`. */
const SOCK_SIZE = 80, SOCK_FULL_ONLY_END = 24;
/** Fields of `struct bpf_sock` that may be read in part, from their start: family, type, protocol, src_port, state, rx_queue_mapping. */
const SOCK_NARROW_AT_START = [4, 8, 12, 44, 72, 76];
/** Fields that may be read in part anywhere: source and destination addresses, as `[start, end)`. */
const SOCK_NARROW = [[24, 44], [52, 72]];
/** `dst_port`, two bytes and two of padding. */
const DST_PORT = 48, DST_PORT_END = 50;
/** Size of `struct bpf_tcp_sock` up to `icsk_retransmits`, and its two 8-byte counters. */
const TCP_SOCK_SIZE = 112, TCP_SOCK_WIDE = [80, 88];
/** Size of `struct bpf_xdp_sock`: `queue_id`. */
const XDP_SOCK_SIZE = 4;

function sockValid(off: number, size: number): boolean {
  if (off < 0 || off >= SOCK_SIZE || off % size !== 0) return false;
  if (SOCK_NARROW_AT_START.includes(off) || SOCK_NARROW.some(([from, to]) => off >= from && off < to)) {
    return size <= 4;
  }
  if (off >= DST_PORT && off < DST_PORT_END) return size === 4 || size <= 2;
  return size === 4;
}

function isValid(type: number, off: number, size: number): boolean {
  switch (type) {
    case PTR_TO_SOCK_COMMON:
      return !(off >= 8 && off < SOCK_FULL_ONLY_END) && sockValid(off, size);
    case PTR_TO_SOCKET:
      return sockValid(off, size);
    case PTR_TO_TCP_SOCK:
      return off >= 0 && off < TCP_SOCK_SIZE && off % size === 0 &&
        size === (TCP_SOCK_WIDE.includes(off) ? 8 : 4);
    case PTR_TO_XDP_SOCK:
      return off >= 0 && off < XDP_SOCK_SIZE && off % size === 0 && off === 0 && size === 4;
    default:
      return false;
  }
}

/** Verifies an access to the socket in `regno` and gives register `value` (-1 for none) an unknown number: 0 or `-errno`. */
export function checkSockAccess(
  env: Env,
  regno: number,
  value: number,
  access: { readonly off: number; readonly size: number; readonly write: boolean },
): number {
  const type = W[env.regs + regno * REG_WORDS + TYPE];
  if (access.write) return env.fail(EACCES, "read-only", `R${regno} cannot write into ${typeName(type)}`);
  // Sockets are not moved: nothing but the access's own offset is to be looked at.
  if (!isValid(type, access.off, access.size)) {
    return env.fail(
      EACCES,
      "socket-access",
      `R${regno} invalid ${typeName(type)} access off=${access.off} size=${access.size}`,
    );
  }
  if (value >= 0) markUnknown(env.regs + value * REG_WORDS);
  return 0;
}

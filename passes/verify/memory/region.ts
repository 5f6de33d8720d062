/**
 * Whether an access lies within a region of known size: map values and keys, packet data, memory that a helper gave.
 *
 * Offsets are signed bytes from the region's start, without the pointer's variable part; sizes are bytes.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { MAX_VAR_OFF } from "../insns/alu_pointer.ts";
import { EACCES, EINVAL, type Env } from "../env.ts";
import {
  AUX1,
  ID,
  OFF,
  PTR_TO_ARENA,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  REG_WORDS,
  SMIN,
  TMASK,
  TVAL,
  TYPE,
  UMAX,
} from "../states/layout.ts";
import { tnumText } from "../numbers/number_text.ts";
import type { Demand, RejectionCode } from "../rejection.ts";
import { toNumber } from "../numbers/scalar.ts";
import { typeName } from "../log/type_names.ts";
import { isConst } from "../numbers/scalar.ts";

/** Whether `size` bytes at `off` lie within `memSize` bytes; 0 or `-errno`, with the message for the register's type. */
function checkFixed(
  env: Env,
  regno: number,
  off: number,
  size: number,
  memSize: number,
  zeroAllowed: boolean,
): number {
  if (off >= 0 && (size > 0 || (size === 0 && zeroAllowed)) && off + size <= memSize) return 0;
  const o = env.regs + regno * REG_WORDS;
  switch (W[o + TYPE]) {
    case PTR_TO_MAP_KEY:
      return env.fail(
        EACCES,
        "map-key-bounds",
        `invalid access to map key, key_size=${memSize} off=${off} size=${size}`,
      );
    case PTR_TO_MAP_VALUE:
      return env.fail(
        EACCES,
        "map-value-bounds",
        `invalid access to map value, value_size=${memSize} off=${off} size=${size}`,
      );
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END: {
      const pointer = `R${regno}(id=${W[o + ID]},off=${off},r=${memSize})`;
      return env.fail(
        EACCES,
        "packet-bounds",
        `invalid access to packet, off=${off} size=${size}, ${pointer}`,
      );
    }
    default:
      return env.fail(
        EACCES,
        "memory-bounds",
        `invalid access to memory, mem_size=${memSize} off=${off} size=${size}`,
      );
  }
}

/** The kind of rejection of an access outside of what a pointer of this type points to. */
function boundsCode(type: number): RejectionCode {
  switch (type) {
    case PTR_TO_MAP_KEY:
      return "map-key-bounds";
    case PTR_TO_MAP_VALUE:
      return "map-value-bounds";
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_PACKET_END:
      return "packet-bounds";
    default:
      return "memory-bounds";
  }
}

/** Refuses an access that a register may lead out of what it points to. */
function outside(env: Env, message: string, demand: Demand & { readonly regno: number }): number {
  const { regno } = demand, code = boundsCode(W[env.regs + regno * REG_WORDS + TYPE]);
  return env.fail(EACCES, code, `R${regno} ${message}`, demand);
}

const NEGATIVE = "min value is negative, either use unsigned index or do a if (index >=0) check.";

/** Whether `size` bytes at `off` of the pointer in `regno`, wherever its variable part leads, lie within `memSize` bytes. */
export function checkRegion(
  env: Env,
  regno: number,
  off: number,
  size: number,
  memSize: number,
  zeroAllowed: boolean,
): number {
  const o = env.regs + regno * REG_WORDS;
  const smin = toNumber(W[o + SMIN], W[o + SMIN + 1]);
  if (smin < 0 && (smin + off < 0 || smin + off !== ((smin + off) | 0))) {
    return outside(env, NEGATIVE, { regno, off, size, limit: memSize });
  }
  // The kernel's check takes an int: what was cut off is caught by the upper bound below.
  let err = checkFixed(env, regno, (W[o + SMIN] + off) | 0, size, memSize, zeroAllowed);
  if (err !== 0) {
    const message = "min value is outside of the allowed memory range";
    outside(env, message, { regno, off, size, limit: memSize });
    return err;
  }
  if (W[o + UMAX + 1] !== 0 || (W[o + UMAX] >>> 0) >= MAX_VAR_OFF) {
    const advice = "make sure to bounds check any such access";
    const message = `unbounded memory access, ${advice}`;
    return outside(env, message, { regno, off, size, limit: memSize });
  }
  err = checkFixed(env, regno, (W[o + UMAX] + off) | 0, size, memSize, zeroAllowed);
  if (err !== 0) {
    const message = "max value is outside of the allowed memory range";
    outside(env, message, { regno, off, size, limit: memSize });
    return err;
  }
  return 0;
}

/** Whether `size` bytes at `off` of the packet pointer in `regno` were checked against the packet's end. */
export function checkPacket(
  env: Env,
  regno: number,
  off: number,
  size: number,
  zeroAllowed: boolean,
): number {
  const o = env.regs + regno * REG_WORDS;
  // The range was found for the pointer with its variable part: only the fixed part is left to check.
  const range = W[o + AUX1];
  if (W[o + SMIN + 1] < 0) return outside(env, NEGATIVE, { regno, off, size, limit: range });
  const err = range < 0 ? -EINVAL : checkFixed(env, regno, off, size, range, zeroAllowed);
  if (err !== 0) {
    const message = `R${regno} offset is outside of the packet`;
    env.fail(-err, "packet-bounds", message, { regno, off, size, limit: range });
    return err;
  }
  return 0;
}

/** Whether a pointer is as it was made, or (`fixedOk`) moved by a constant only: what contexts and objects demand. */
export function checkUnmoved(env: Env, regno: number, fixedOk: boolean): number {
  const o = env.regs + regno * REG_WORDS, off = W[o + OFF], name = typeName(W[o + TYPE]);
  if (off < 0) {
    const message = `negative offset ${name} ptr R${regno} off=${off} disallowed`;
    return env.fail(EACCES, "moved-pointer", message, { regno });
  }
  if (!fixedOk && off !== 0) {
    return env.fail(
      EACCES,
      "moved-pointer",
      `dereference of modified ${name} ptr R${regno} off=${off} disallowed`,
      { regno },
    );
  }
  if (!isConst(o) || (W[o + TVAL] | W[o + TVAL + 1]) !== 0) {
    return env.fail(
      EACCES,
      "moved-pointer",
      `variable ${name} access var_off=${tnumText(o + TVAL)} disallowed`,
      { regno },
    );
  }
  return 0;
}

/** What a misaligned access through a type is called. */
function alignmentName(type: number): string {
  switch (type) {
    case PTR_TO_FLOW_KEYS:
      return "flow keys ";
    case PTR_TO_MAP_KEY:
      return "key ";
    case PTR_TO_MAP_VALUE:
      return "value ";
    case PTR_TO_CTX:
      return "context ";
    case PTR_TO_STACK:
      return "stack ";
    case PTR_TO_SOCKET:
      return "sock ";
    case PTR_TO_SOCK_COMMON:
      return "sock_common ";
    case PTR_TO_TCP_SOCK:
      return "tcp_sock ";
    case PTR_TO_XDP_SOCK:
      return "xdp_sock ";
    default:
      return "";
  }
}

/** How far packet data is assumed to be misaligned by itself where alignment counts (`NET_IP_ALIGN`), in bytes. */
const IP_ALIGN = 2;

/** Whether an access of `size` bytes is aligned, where that is asked for; stack accesses always must be. */
export function checkAlignment(env: Env, regno: number, off: number, size: number, strict: boolean): number {
  if (size === 1) return 0;
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  if (type === PTR_TO_ARENA || (!strict && !env.strictAlignment && type !== PTR_TO_STACK)) return 0;
  const packet = type === PTR_TO_PACKET || type === PTR_TO_PACKET_META;
  const fixed = W[o + OFF] + off + (packet ? IP_ALIGN : 0);
  // An unknown low bit stays unknown in the sum; without any, the sum's low bits are exact.
  if (((W[o + TMASK] | (W[o + TVAL] + fixed)) & (size - 1)) === 0) return 0;
  const sum = `${tnumText(o + TVAL)}+${W[o + OFF]}+${off} size ${size}`;
  return env.fail(
    EACCES,
    "misaligned",
    packet
      ? `misaligned packet access off ${IP_ALIGN}+${sum}`
      : `misaligned ${alignmentName(type)}access off ${sum}`,
  );
}

/**
 * Loads and stores through a register: what its type allows, and what a load gives (`check_mem_access` of Linux 6.18).
 *
 * Stack accesses are in `stack.ts`, the rest in a file per kind of memory. Accesses to arenas need no bounds: beyond them is a guard
 * that faults are handled in.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { checkBuffer } from "./buffer.ts";
import { checkCtxAccess } from "../context/ctx.ts";
import { EACCES, type Env } from "../env.ts";
import { checkKernelAccess, checkMapPointerAccess } from "../types/kernel_ptr.ts";
import { checkPointerField, pointerFieldAt } from "../objects/kptr.ts";
import {
  AUX1,
  BASE_TYPE_MASK,
  CONST_PTR_TO_MAP,
  KERNEL_VALUE,
  MEM_RDONLY,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_TP_BUFFER,
  PTR_TO_XDP_SOCK,
  PTR_UNTRUSTED,
  REG_WORDS,
  SCALAR_VALUE,
  TYPE,
  VID,
} from "../states/layout.ts";
import { checkMapAccess, checkMapFlags, loadMapValue } from "./map_value.ts";
import { mapOf } from "./map_pointer.ts";
import type { RejectionCode } from "../rejection.ts";
import { checkAlignment, checkPacket, checkRegion } from "./region.ts";
import { markUnknown, signExtend, truncate } from "../numbers/scalar.ts";
import { checkSockAccess } from "../context/sock.ts";
import { checkStackRead, checkStackWrite } from "./stack.ts";
import { typeName } from "../log/type_names.ts";

/** Size of `struct bpf_flow_keys` in bytes. */
const FLOW_KEYS_SIZE = 56;

/** An access. */
export interface MemAccess {
  /** Bytes: 1, 2, 4 or 8. */
  readonly size: number;
  readonly write: boolean;
  /** The register loaded into, or stored; -1 for none (immediates, the memory side of atomics). */
  readonly value: number;
  /** Must be aligned whatever the flags say: atomics. */
  readonly strict: boolean;
  /** A sign-extending load. */
  readonly signed: boolean;
}

/**
 * Verifies an access through register `regno` at `insnOff` (the instruction's own offset, bytes) and gives the loaded register its
 * value: 0 or `-errno`. Alignment, bounds, rights and what the memory holds.
 */
export function checkMemAccess(env: Env, regno: number, insnOff: number, access: MemAccess): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE], { size, write, value } = access;
  if (type === KERNEL_VALUE) {
    if (!write && value >= 0) {
      markUnknown(env.regs + value * REG_WORDS);
      W[env.regs + value * REG_WORDS + TYPE] = KERNEL_VALUE;
    }
    return 0;
  }
  const aligned = checkAlignment(env, regno, insnOff, size, access.strict);
  if (aligned !== 0) return aligned;
  const err = dispatch(env, regno, insnOff + W[o + OFF], access, type);
  if (err !== 0 || write || value < 0) return err;

  const v = env.regs + value * REG_WORDS;
  if (size < 8 && W[v + TYPE] === SCALAR_VALUE) {
    W[v + VID] = 0;
    if (access.signed) signExtend(v, size);
    else truncate(v, size);
  }
  return 0;
}

/** The access by type of memory; `off` includes the register's fixed offset. */
function dispatch(env: Env, regno: number, off: number, access: MemAccess, type: number): number {
  const o = env.regs + regno * REG_WORDS, { size, write, value } = access;
  switch (type) {
    case PTR_TO_STACK:
      return write
        ? checkStackWrite(env, regno, off, { size, valueRegno: value })
        : checkStackRead(env, regno, off, { size, valueRegno: value });
    case PTR_TO_CTX:
      return checkCtxAccess(env, regno, value, { off, size, write, signed: access.signed });
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
      if (write && !env.rules.packetWrite) return env.fail(EACCES, "read-only", "cannot write into packet");
      return loaded(env, checkPacket(env, regno, off, size, false), access);
    case PTR_TO_MAP_VALUE: {
      const err = checkMapFlags(env, regno, off, size, write) ||
        checkMapAccess(env, regno, off, size, true, false);
      if (err !== 0) return err;
      const field = pointerFieldAt(env, o, off);
      if (field !== undefined) return checkPointerField(env, field, value);
      if (write || value < 0) return 0;
      return loadMapValue(env, regno, off, { size, signed: access.signed, value });
    }
    case PTR_TO_MAP_KEY:
      if (write) return env.fail(EACCES, "read-only", `write to change key R${regno} not allowed`);
      return loaded(env, checkRegion(env, regno, off, size, mapOf(env, W[o + AUX1]).keySize, false), access);
    case PTR_TO_FLOW_KEYS:
      if (off < 0 || off + size > FLOW_KEYS_SIZE) {
        return env.fail(EACCES, "memory-bounds", `invalid access to flow keys off=${off} size=${size}`);
      }
      return loaded(env, 0, access);
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
      return checkSockAccess(env, regno, value, { off, size, write });
    case PTR_TO_ARENA:
      return loaded(env, 0, access);
    case PTR_TO_TP_BUFFER:
      return loaded(env, checkBuffer(env, regno, off, size), access);
    case CONST_PTR_TO_MAP:
      return checkMapPointerAccess(env, regno, { off, size, write, value });
  }
  switch (type & BASE_TYPE_MASK) {
    case PTR_TO_MEM:
      return checkMem(env, regno, off, access);
    case PTR_TO_BTF_ID:
      if ((type & PTR_MAYBE_NULL) === 0) return checkKernelAccess(env, regno, { off, size, write, value });
      return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);
    case PTR_TO_BUF:
      if ((type & PTR_MAYBE_NULL) !== 0) {
        return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);
      }
      if (write && (type & MEM_RDONLY) !== 0) {
        return env.fail(EACCES, "read-only", `R${regno} cannot write into ${typeName(type)}`);
      }
      return loaded(env, checkBuffer(env, regno, off, size), access);
    default:
      return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);
  }
}

/** The kind of rejection of an access through something that gives none. */
function memCode(type: number): RejectionCode {
  if (type === SCALAR_VALUE) return "not-a-pointer";
  return (type & PTR_MAYBE_NULL) !== 0 ? "nullable" : "wrong-pointer";
}

/** After a check that gave `err`: a load's register holds anything. */
function loaded(env: Env, err: number, access: MemAccess): number {
  if (err === 0 && !access.write && access.value >= 0) markUnknown(env.regs + access.value * REG_WORDS);
  return err;
}

/** Memory of known size that a helper or a global function's argument gave. */
function checkMem(env: Env, regno: number, off: number, access: MemAccess): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  if ((type & PTR_MAYBE_NULL) !== 0) {
    return env.fail(EACCES, memCode(type), `R${regno} invalid mem access '${typeName(type)}'`);
  }
  const readOnly = (type & MEM_RDONLY) !== 0;
  if (access.write && readOnly) {
    return env.fail(EACCES, "read-only", `R${regno} cannot write into ${typeName(type)}`);
  }
  // Untrusted memory is read with a fault handler: any address will do.
  const faulting = readOnly && (type & PTR_UNTRUSTED) !== 0;
  const err = faulting ? 0 : checkRegion(env, regno, off, access.size, W[o + AUX1], false);
  return loaded(env, err, access);
}

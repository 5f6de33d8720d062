/**
 * Load, store and atomic instructions: their operands, and what they demand of the memory they access.
 *
 * Mirrors `check_load_mem`, `check_store_reg`, `check_atomic` and `save_aux_ptr_type` of Linux 6.18's `kernel/bpf/verifier.c`.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { isAtomicOfArenas } from "../memory/arena_memory.ts";
import { EACCES, EINVAL, type Env } from "../env.ts";
import {
  BASE_TYPE_MASK,
  MEM_RDONLY,
  NOT_INIT,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_FLOW_KEYS,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_UNTRUSTED,
  REG_WORDS,
  TYPE,
} from "../states/layout.ts";
import { checkMemAccess, type MemAccess } from "../memory/memory.ts";
import { checkInvariants, checkRead, checkWrite } from "./reg_arg.ts";
import { markUnknown } from "../numbers/scalar.ts";
import { typeName } from "../log/type_names.ts";

const SIZES = [4, 2, 1, 8] as const;
const LOAD_ACQ = 0x100, STORE_REL = 0x110, CMPXCHG = 0xf1, FETCH = 1;
/** Immediates of atomic operations: add, and, or, xor, each also with fetch; xchg, cmpxchg. */
const ATOMICS: ReadonlySet<number> = new Set([0x00, 0x01, 0x50, 0x51, 0x40, 0x41, 0xa0, 0xa1, 0xe1, CMPXCHG]);

function typeOf(env: Env, regno: number): number {
  return W[env.regs + regno * REG_WORDS + TYPE];
}

/** Accesses through these types are rewritten, so an instruction must see one of them on all paths or on none. */
function mustAgree(type: number): boolean {
  switch (type & BASE_TYPE_MASK) {
    case PTR_TO_CTX:
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
    case PTR_TO_BTF_ID:
    case PTR_TO_ARENA:
      return true;
    default:
      return false;
  }
}

function isMemOrBtf(type: number): boolean {
  const base = type & BASE_TYPE_MASK;
  return base === PTR_TO_MEM || base === PTR_TO_BTF_ID;
}

/** Remembers the type of pointer an instruction is used with, and refuses another that does not go with it: 0 or `-errno`. */
function rememberPointer(env: Env, slot: number, pointer: { type: number; trustMayDiffer: boolean }): number {
  const { type } = pointer, before = env.auxPtrType[slot];
  env.findings.pointer(slot, type);
  if (before === NOT_INIT) {
    env.auxPtrType[slot] = type;
    return 0;
  }
  if (before === type || (!mustAgree(type) && !mustAgree(before))) return 0;
  if (!pointer.trustMayDiffer || !isMemOrBtf(type) || !isMemOrBtf(before)) {
    return env.fail(EINVAL, "mixed-pointers", "same insn cannot be used with different pointers");
  }
  const mem = (type & BASE_TYPE_MASK) === PTR_TO_MEM || (before & BASE_TYPE_MASK) === PTR_TO_MEM;
  env.auxPtrType[slot] = (mem ? PTR_TO_MEM : PTR_TO_BTF_ID) | (type | before) & (PTR_UNTRUSTED | MEM_RDONLY);
  return 0;
}

// One access at a time is looked at, so one object serves them all.
const access: { -readonly [K in keyof MemAccess]: MemAccess[K] } = {
  size: 8,
  write: false,
  value: -1,
  strict: false,
  signed: false,
};

function accessOf(env: Env, slot: number, write: boolean, value: number): MemAccess {
  access.size = SIZES[(env.code[slot] >> 3) & 3];
  access.write = write;
  access.value = value;
  access.strict = false;
  access.signed = false;
  return access;
}

/** Verifies a load: 0 or `-errno`. */
export function checkLoad(env: Env, slot: number): number {
  const src = env.src[slot], dst = env.dst[slot];
  const bad = checkRead(env, src) || checkWrite(env, dst);
  if (bad !== 0) return bad;
  const type = typeOf(env, src);
  accessOf(env, slot, false, dst);
  access.signed = (env.code[slot] & 0xe0) === 0x80;
  const failed = checkMemAccess(env, src, env.off[slot], access) ||
    rememberPointer(env, slot, { type, trustMayDiffer: true });
  if (failed !== 0) return failed;
  return checkInvariants(env, env.regs + dst * REG_WORDS, "ldx");
}

/** Verifies a store of a register or an immediate: 0 or `-errno`. */
export function checkStore(env: Env, slot: number): number {
  const code = env.code[slot], dst = env.dst[slot], register = (code & 7) === 3;
  if (register ? env.imm[slot] !== 0 : env.src[slot] !== 0) {
    return env.fail(EINVAL, "invalid-instruction", `BPF_ST${register ? "X" : ""} uses reserved fields`);
  }
  const bad = (register ? checkRead(env, env.src[slot]) : 0) || checkRead(env, dst);
  if (bad !== 0) return bad;
  const type = typeOf(env, dst);
  accessOf(env, slot, true, register ? env.src[slot] : -1);
  return checkMemAccess(env, dst, env.off[slot], access) ||
    rememberPointer(env, slot, { type, trustMayDiffer: false });
}

/** Whether atomic operations may be used on memory of this type. */
function atomicAllowed(env: Env, slot: number, regno: number): boolean {
  const type = typeOf(env, regno);
  switch (type & BASE_TYPE_MASK) {
    case PTR_TO_CTX:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_FLOW_KEYS:
    case PTR_TO_SOCKET:
    case PTR_TO_SOCK_COMMON:
    case PTR_TO_TCP_SOCK:
    case PTR_TO_XDP_SOCK:
      return false;
    case PTR_TO_ARENA:
      return isAtomicOfArenas(env.imm[slot]);
    default:
      return true;
  }
}

/** Verifies an atomic operation: 0 or `-errno`. */
export function checkAtomic(env: Env, slot: number): number {
  const imm = env.imm[slot];
  if (imm === LOAD_ACQ) return checkLoadAcquire(env, slot);
  if (imm === STORE_REL) return checkStoreRelease(env, slot);
  if (!ATOMICS.has(imm)) {
    return env.fail(
      EINVAL,
      "invalid-instruction",
      `BPF_ATOMIC uses invalid atomic opcode ${(imm >>> 0).toString(16).padStart(2, "0")}`,
    );
  }
  return checkReadModifyWrite(env, slot);
}

function checkReadModifyWrite(env: Env, slot: number): number {
  const imm = env.imm[slot],
    dst = env.dst[slot],
    src = env.src[slot],
    size = SIZES[(env.code[slot] >> 3) & 3];
  if (size < 4) return env.fail(EINVAL, "invalid-instruction", "invalid atomic operand size");
  const bad = checkRead(env, src) || checkRead(env, dst) || (imm === CMPXCHG ? checkRead(env, 0) : 0);
  if (bad !== 0) return bad;
  const type = typeOf(env, dst);
  if (!atomicAllowed(env, slot, dst)) {
    return env.fail(
      EACCES,
      "atomic-access",
      `BPF_ATOMIC stores into R${dst} ${typeName(type)} is not allowed`,
    );
  }
  let loaded = -1;
  if ((imm & FETCH) !== 0) {
    loaded = imm === CMPXCHG ? 0 : src;
    const failed = checkWrite(env, loaded);
    if (failed !== 0) return failed;
    markUnknown(env.regs + loaded * REG_WORDS);
  }
  accessOf(env, slot, false, -1);
  access.strict = true;
  let failed = checkMemAccess(env, dst, env.off[slot], access);
  if (failed !== 0) return failed;
  if (loaded >= 0) {
    access.value = loaded;
    failed = checkMemAccess(env, dst, env.off[slot], access);
    if (failed !== 0) return failed;
  }
  env.findings.pointer(slot, type);
  if (type === PTR_TO_ARENA) {
    failed = rememberPointer(env, slot, { type, trustMayDiffer: false });
    if (failed !== 0) return failed;
  }
  access.write = true;
  access.value = -1;
  return checkMemAccess(env, dst, env.off[slot], access);
}

function checkLoadAcquire(env: Env, slot: number): number {
  const src = env.src[slot], dst = env.dst[slot];
  const bad = checkRead(env, src) || checkWrite(env, dst);
  if (bad !== 0) return bad;
  const type = typeOf(env, src);
  accessOf(env, slot, false, dst);
  access.strict = true;
  const failed = checkMemAccess(env, src, env.off[slot], access) ||
    rememberPointer(env, slot, { type, trustMayDiffer: false }) ||
    checkInvariants(env, env.regs + dst * REG_WORDS, "atomic_load");
  if (failed !== 0) return failed;
  if (atomicAllowed(env, slot, src)) return 0;
  return env.fail(
    EACCES,
    "atomic-access",
    `BPF_ATOMIC loads from R${src} ${typeName(typeOf(env, src))} is not allowed`,
  );
}

function checkStoreRelease(env: Env, slot: number): number {
  const src = env.src[slot], dst = env.dst[slot];
  const bad = checkRead(env, src) || checkRead(env, dst);
  if (bad !== 0) return bad;
  const type = typeOf(env, dst);
  accessOf(env, slot, true, src);
  access.strict = true;
  const failed = checkMemAccess(env, dst, env.off[slot], access) ||
    rememberPointer(env, slot, { type, trustMayDiffer: false });
  if (failed !== 0) return failed;
  if (atomicAllowed(env, slot, dst)) return 0;
  return env.fail(EACCES, "atomic-access", `BPF_ATOMIC stores into R${dst} ${typeName(type)} is not allowed`);
}

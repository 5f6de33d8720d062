/**
 * Calls of helpers: whether the program may call it, whether its arguments fit, and what r0 holds after (`check_helper_call` of
 * Linux 6.18).
 *
 * The prototypes are the profile's.
 *
 * @module
 */
import { MAP_TYPE } from "../../../ir/map_types.ts";
import type { ArgProto, HelperProto } from "../../../profile/profile.ts";
import { W } from "../states/arena.ts";
import { fillStack } from "../memory/stack.ts";
import { checkArgOffset, checkArgType } from "./call_args.ts";
import { checkHelperMemory, checkSizedMemory, isNull, relyOnNull } from "./call_memory.ts";
import { checkAsyncField, pushAsyncCallback } from "./async.ts";
import { pushCallback } from "./calls.ts";
import { checkDynptrArg, dynptrKind, dynptrReg, releaseDynptr, stackObjectSlot } from "../objects/dynptr.ts";
import {
  EACCES,
  EFAULT,
  EINVAL,
  ENOTSUPP,
  type Env,
  frameAt,
  isSpilled,
  slotByte,
  slotTypesAt,
  spillAt,
} from "../env.ts";
import { checkConstString } from "./const_string.ts";
import { checkResourceLeak, leaveByTailCall } from "../exits.ts";
import { checkFormat } from "./format.ts";
import { clearCallerSaved } from "../states/frames.ts";
import { helperTarget } from "../context/target.ts";
import { allowedHere, hasResult, lockedOut } from "./helper_allowed.ts";
import { isGplCompatible } from "./gpl.ts";
import { checkKernelArg, perCpuArg } from "./kernel_arg.ts";
import { exchangedField, handToMap } from "../objects/kptr.ts";
import {
  AUX1,
  AUX2,
  DYNPTR_SKB,
  DYNPTR_SKB_META,
  dynptrType,
  F_CB_DEPTH,
  FRAMENO,
  ID,
  KERNEL_VALUE,
  OFF,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_STACK,
  REF_ID,
  REG_WORDS,
  SCALAR_VALUE,
  STACK_SPILL,
  STACK_ZERO,
  TVAL,
  TYPE,
  UMAX,
} from "../states/layout.ts";
import { checkMapFunction } from "./map_func.ts";
import { inTreeCallback } from "../objects/graph.ts";
import { mapFlags, mapOf } from "../memory/map_pointer.ts";
import { clearPacketPointers } from "../memory/packet.ts";
import { releaseReference } from "../objects/references.ts";
import { checkRead } from "../insns/reg_arg.ts";
import { checkAlignment } from "../memory/region.ts";
import { isConst, ult64 } from "../numbers/scalar.ts";
import { checkSpinLock } from "../objects/spin_lock.ts";
import { FUNC, FUNC_MAX_ID } from "./helper_ids.ts";
import { meta, resetMeta } from "./helper_meta.ts";
import { setResult } from "./helper_result.ts";
import { typeName } from "../log/type_names.ts";

/** Helpers whose map the later passes want to know. */
const MAP_RECORDED: ReadonlySet<number> = new Set([
  FUNC.tail_call,
  FUNC.map_lookup_elem,
  FUNC.map_update_elem,
  FUNC.map_delete_elem,
  FUNC.map_push_elem,
  FUNC.map_pop_elem,
  FUNC.map_peek_elem,
  FUNC.for_each_map_elem,
  FUNC.redirect_map,
  FUNC.map_lookup_percpu_elem,
]);
const MAP_WRITES: ReadonlySet<number> = new Set([
  FUNC.map_delete_elem,
  FUNC.map_update_elem,
  FUNC.map_push_elem,
  FUNC.map_pop_elem,
]);
/** `BPF_F_SLEEPABLE`: decides about prototypes, also in callbacks that may sleep where the program may not. */
const SLEEPABLE = 1 << 4;
/** `BPF_TRACE_FENTRY`, `FEXIT` and `BPF_MODIFY_RETURN`: attach types of programs at functions. */
const AT_FUNCTIONS: ReadonlySet<number> = new Set([24, 25, 26]);
/** `BPF_F_RDONLY_PROG`. */
const RDONLY_PROG = 1 << 7;
/** By environment: the helpers it has asked for, by id; null where the type may not call it. */
const prototypes = new WeakMap<Env, (HelperProto | null | undefined)[]>();

function prototypeOf(env: Env, id: number): HelperProto | null {
  let known = prototypes.get(env);
  if (known === undefined) prototypes.set(env, known = []);
  let proto = known[id];
  if (proto === undefined) {
    const { attachType } = env, target = helperTarget(env);
    const allowed = env.rules.helpers(attachType, target).has(id);
    const use = { type: env.rules.name, attachType, sleepable: (env.program.attrs.flags & SLEEPABLE) !== 0 };
    proto = allowed ? env.profile.helper(id, use) ?? null : null;
    known[id] = proto;
  }
  return proto;
}

/** What libbpf makes of an instruction whose relocation the target kernel cannot satisfy: a call of this helper. */
const POISONED = 0xbad2310;
/** And of one that names a map that was not created, or (higher) a kernel function that is not there. */
const POISONED_MAP = 2_001_000_000;

/** Verifies a helper call and updates the registers: 0 or `-errno`. */
export function checkHelperCall(env: Env, slot: number): number {
  const id = env.imm[slot];
  if (id < 0 || id >= FUNC_MAX_ID) {
    const code = id === POISONED || id >= POISONED_MAP ? "missing-relocation" : "helper-unknown";
    return env.fail(EINVAL, code, `invalid func unknown#${id}`);
  }
  const proto = prototypeOf(env, id);
  if (proto === null || lockedOut(env, id)) {
    const name = id === 0 ? "unspec" : env.profile.helper(id)?.name ?? "unknown";
    return env.fail(EINVAL, "helper-not-allowed", `program of this type cannot use helper bpf_${name}#${id}`);
  }
  if (proto.gplOnly && !isGplCompatible(env.unit.license)) {
    return env.fail(EINVAL, "license", "cannot call GPL-restricted function from non-GPL compatible program");
  }
  if (!allowedHere(env, id)) {
    return env.fail(EINVAL, "helper-not-allowed", "helper call is not allowed in probe");
  }
  if (proto.mightSleep) {
    if (!env.sleepable) {
      return env.fail(EINVAL, "sleeping-call", "helper call might sleep in a non-sleepable prog");
    }
    const where = env.rcuLocks !== 0
      ? "rcu_read_lock region"
      : env.preemptLocks !== 0
      ? "non-preemptible region"
      : env.irqId !== 0
      ? "IRQ-disabled region"
      : "";
    if (where !== "") {
      return env.fail(EINVAL, "sleeping-call", `sleepable helper bpf_${proto.name}#${id} in ${where}`);
    }
  }

  // Whether it is there is up to the machine's administrator.
  if (id === FUNC.probe_write_user && env.lockdown === undefined) {
    return env.unsupported("bpf_probe_write_user: refused in lockdown");
  }

  resetMeta();
  for (let i = 0; i < proto.args.length; i++) {
    const err = checkArg(env, proto, i);
    if (err < 0) return env.blame(err, { regno: i + 1 });
  }
  let err = recordMap(env, id) || recordKey(env, id) || writeRaw(env) || release(env, proto);
  if (err < 0) return err;
  let changesPacket = proto.changesPacket;
  if (id === FUNC.dynptr_write) {
    const kind = dynptrType(W[dynptrReg(env, env.regs + dynptrRegno(proto) * REG_WORDS) + AUX1]);
    if (kind === DYNPTR_SKB || kind === DYNPTR_SKB_META) changesPacket = true;
  }
  err = special(env, proto);
  if (err < 0) return err;

  clearCallerSaved(env);
  err = setResult(env, proto);
  if (err < 0) return err;
  if (meta.map >= 0) {
    err = checkMapFunction(env, mapOf(env, meta.map).type, proto);
    if (err < 0) return err;
  }
  if (id === FUNC.get_func_ip && !knowsItsFunction(env)) {
    const where = env.rules.name === "tracing"
      ? "supported only for fentry/fexit/fmod_ret programs"
      : `not supported for program type ${env.rules.id}`;
    return env.fail(ENOTSUPP, "helper-not-allowed", `func bpf_get_func_ip#${id} ${where}`);
  }
  // What the called program does to the packet concerns only callers of this frame: there is no coming back into it.
  if (id === FUNC.tail_call) return env.curframe > 0 ? leaveByTailCall(env) : 0;
  if (changesPacket) clearPacketPointers(env);
  return 0;
}

/** Whether the program runs at a function, whose address it may ask for. */
function knowsItsFunction(env: Env): boolean {
  return env.rules.name === "kprobe" || env.rules.name === "tracing" && AT_FUNCTIONS.has(env.attachType);
}

/** Verifies argument `i` of a helper: 0 or `-errno`. What later steps need goes to `meta`. */
function checkArg(env: Env, proto: HelperProto, i: number): number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS;
  let arg = proto.args[i];
  if (arg.base === "ARG_DONTCARE") return 0;
  const read = checkRead(env, regno);
  if (read < 0) return read;
  const type = W[o + TYPE];
  if (arg.base === "ARG_ANYTHING" || type === KERNEL_VALUE) return 0;
  if ((type === PTR_TO_PACKET || type === PTR_TO_PACKET_META) && !takesPacket(env, proto)) {
    return env.fail(EACCES, "helper-packet", "helper access to the packet is not allowed");
  }
  if (arg.base === "ARG_PTR_TO_MAP_VALUE") {
    const resolved = resolveMapValue(env, proto, arg);
    if (typeof resolved === "number") return resolved;
    arg = resolved;
  }
  if (!(arg.maybeNull && isNull(o))) {
    const err = checkArgType(env, regno, arg) ||
      checkKernelArg(env, regno, { arg, helper: proto, kptr: meta.kptr }) ||
      checkArgOffset(env, regno, { release: arg.release === true, dynptr: arg.base === "ARG_PTR_TO_DYNPTR" });
    if (err < 0) return err;
  } else {
    const err = relyOnNull(env, regno);
    if (err < 0) return err;
  }
  if (arg.release) {
    const err = checkRelease(env, regno, arg);
    if (err < 0) return err;
  }
  if (W[o + REF_ID] !== 0 && arg.base !== "ARG_KPTR_XCHG_DEST") {
    if (meta.refId !== 0) {
      return env.failUnterminated(
        EACCES,
        "two-references",
        `more than one arg with ref_obj_id R${regno} ${W[o + REF_ID]} ${meta.refId}`,
      );
    }
    meta.refId = W[o + REF_ID];
  }
  return checkArgKind(env, proto, i, arg);
}

/** Whether a helper may be given packet data; to a socket option's value, which goes for a packet, all helpers are open. */
function takesPacket(env: Env, proto: HelperProto): boolean {
  return env.rules.packetRead && (proto.pktAccess || env.rules.name === "cgroup_sockopt");
}

/** Socket maps hold sockets, and looking into a bloom filter takes a value: 0, or the parameter as this map makes it. */
function resolveMapValue(env: Env, proto: HelperProto, arg: ArgProto): ArgProto | number {
  if (meta.map < 0) {
    return env.fail(EFAULT, "kernel-bug", "verifier bug: invalid map_ptr to access map->type");
  }
  switch (mapOf(env, meta.map).type) {
    case MAP_TYPE.SOCKMAP:
    case MAP_TYPE.SOCKHASH:
      if (arg.maybeNull || arg.uninit || arg.write) {
        return env.fail(EINVAL, "map-helper", "invalid arg_type for sockmap/sockhash");
      }
      return { base: "ARG_PTR_TO_BTF_ID_SOCK_COMMON" };
    case MAP_TYPE.BLOOM_FILTER:
      return proto.id === FUNC.map_peek_elem ? { base: "ARG_PTR_TO_MAP_VALUE" } : arg;
    default:
      return arg;
  }
}

function checkRelease(env: Env, regno: number, arg: ArgProto): number {
  const o = env.regs + regno * REG_WORDS;
  if (arg.base === "ARG_PTR_TO_DYNPTR") {
    if (W[o + TYPE] !== PTR_TO_STACK) {
      return env.fail(EINVAL, "unacquired-reference", "cannot release unowned const bpf_dynptr");
    }
    if (!holdsDynptrReference(env, o)) {
      return env.fail(EINVAL, "unacquired-reference", `arg ${regno} is an unacquired reference`);
    }
  } else if (W[o + REF_ID] === 0 && !isNull(o)) {
    return env.fail(
      EINVAL,
      "unacquired-reference",
      `R${regno} must be referenced when passed to release function`,
    );
  }
  meta.releaseRegno = regno;
  return 0;
}

function holdsDynptrReference(env: Env, o: number): boolean {
  const spi = stackObjectSlot(env, o, "dynptr", 2);
  return spi >= 0 && W[spillAt(frameAt(W[o + FRAMENO]), spi) + REF_ID] !== 0;
}

/** The part of a parameter's check that depends on its kind: 0 or `-errno`. */
function checkArgKind(env: Env, proto: HelperProto, i: number, arg: ArgProto): number {
  const regno = i + 1, o = env.regs + regno * REG_WORDS;
  switch (arg.base) {
    case "ARG_CONST_MAP_PTR":
      return checkMapArg(env, o);
    case "ARG_PTR_TO_MAP_KEY":
      return checkKey(env, regno);
    case "ARG_PTR_TO_MAP_VALUE": {
      if (arg.maybeNull && isNull(o)) return 0;
      const size = mapOf(env, meta.map).valueSize;
      return checkHelperMemory(env, regno, size, memoryUse(regno, arg, false));
    }
    case "ARG_PTR_TO_FUNC":
      meta.subprog = W[o + AUX1];
      return 0;
    case "ARG_PTR_TO_MEM": {
      if (arg.fixedSize === undefined) return 0;
      const err = checkHelperMemory(env, regno, arg.fixedSize, memoryUse(regno, arg, false));
      if (err < 0 || !arg.aligned) return err;
      return checkAlignment(env, regno, 0, arg.fixedSize, true);
    }
    case "ARG_CONST_SIZE":
    case "ARG_CONST_SIZE_OR_ZERO": {
      meta.sizeMaxLo = W[o + UMAX];
      meta.sizeMaxHi = W[o + UMAX + 1];
      const memory = proto.args[i - 1];
      return checkSizedMemory(
        env,
        regno,
        memoryUse(regno - 1, memory, arg.base === "ARG_CONST_SIZE_OR_ZERO"),
      );
    }
    case "ARG_CONST_ALLOC_SIZE_OR_ZERO":
      if (!isConst(o)) return env.fail(EACCES, "constant-argument", `R${regno} is not a known constant'`);
      meta.memSize = W[o + TVAL];
      return env.precision.markReg(env, regno);
    case "ARG_PTR_TO_DYNPTR":
      return checkDynptrArg(env, regno, {
        kind: dynptrKind(arg.dynptr),
        uninit: arg.uninit === true,
        rdonly: arg.rdonly === true,
        cloneRef: 0,
      });
    case "ARG_PTR_TO_CONST_STR":
      return checkConstString(env, regno);
    case "ARG_PTR_TO_SPIN_LOCK":
      if (inTreeCallback(env)) {
        return env.fail(EACCES, "lock-misuse", "can't spin_{lock,unlock} in rbtree cb");
      }
      return checkSpinLock(env, regno, proto.id);
    case "ARG_PTR_TO_TIMER": {
      const err = checkAsyncField(env, regno, "bpf_timer");
      if (err < 0) return err;
      meta.map = W[o + AUX1];
      meta.mapUid = W[o + AUX2];
      return 0;
    }
    case "ARG_KPTR_XCHG_DEST": {
      const found = exchangedField(env, regno);
      if (typeof found === "number") return found;
      meta.kptr = found;
      if (W[o + TYPE] === PTR_TO_MAP_VALUE) meta.map = W[o + AUX1];
      return 0;
    }
    case "ARG_PTR_TO_PERCPU_BTF_ID": {
      const found = perCpuArg(env, regno);
      if (typeof found === "number") return found;
      meta.perCpu = found;
      return 0;
    }
    default:
      return 0;
  }
}

/** How a helper uses the memory in register `regno`. Memory it fills is written in full after the arguments are checked. */
function memoryUse(
  regno: number,
  arg: ArgProto,
  zeroAllowed: boolean,
): { write: boolean; zeroAllowed: boolean; raw?: { size: number } } {
  const write = arg.write === true;
  if (!arg.uninit) return { write, zeroAllowed };
  meta.rawRegno = regno;
  return { write, zeroAllowed, raw: meta.raw };
}

function checkMapArg(env: Env, o: number): number {
  const map = W[o + AUX1], uid = W[o + AUX2];
  if (meta.map >= 0 && (meta.map !== map || meta.mapUid !== uid)) {
    const message =
      `timer pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${uid}`;
    return env.fail(EINVAL, "map-helper", message);
  }
  meta.map = map;
  meta.mapUid = uid;
  return 0;
}

function checkKey(env: Env, regno: number): number {
  const map = mapOf(env, meta.map);
  const err = checkHelperMemory(env, regno, map.keySize, { write: false, zeroAllowed: false });
  if (err < 0) return err;
  // Of arrays it is known which keys exist: a lookup of one cannot fail.
  if (map.type !== MAP_TYPE.ARRAY && map.type !== MAP_TYPE.PERCPU_ARRAY) return 0;
  meta.key = -1;
  return constantKey(env, env.regs + regno * REG_WORDS, map.keySize);
}

/** Finds the key's number if it is on the stack and known, and relies on it: 0 or `-errno`. */
function constantKey(env: Env, key: number, keySize: number): number {
  if (W[key + TYPE] !== PTR_TO_STACK || !isConst(key)) return 0;
  const byte = -(W[key + OFF] + W[key + TVAL]) - 1, spi = byte >> 3, last = byte & 7;
  const frame = frameAt(W[key + FRAMENO]), types = W[slotTypesAt(frame, spi)];
  let zeros = 0;
  for (let j = last; j >= 0 && slotByte(types, j) === STACK_ZERO; j--) zeros++;
  if (zeros >= keySize) {
    meta.key = 0;
    return 0;
  }
  const spill = spillAt(frame, spi);
  if (!isSpilled(types) || W[spill + TYPE] !== SCALAR_VALUE || !isConst(spill)) return 0;
  let spilled = 0;
  for (let j = last; j >= 0 && slotByte(types, j) === STACK_SPILL; j--) spilled++;
  if (spilled !== keySize) return 0;
  const err = env.precision.markSlot(env, W[key + FRAMENO], spi);
  if (err < 0) return err;
  // Keys of arrays are four bytes: a number that does not fit is none that exists.
  meta.key = W[spill + TVAL + 1] === 0 ? W[spill + TVAL] >>> 0 : W[spill + TVAL + 1] < 0 ? -1 : 2 ** 40;
  return 0;
}

/** What later passes learn of the call's map; writing to a read-only one is refused here. */
function recordMap(env: Env, id: number): number {
  if (!MAP_RECORDED.has(id)) return 0;
  if (meta.map < 0) return env.fail(EFAULT, "kernel-bug", "verifier bug: expected map for helper call");
  if ((mapFlags(mapOf(env, meta.map)) & RDONLY_PROG) !== 0 && MAP_WRITES.has(id)) {
    return env.fail(EACCES, "read-only", "write into map forbidden");
  }
  env.findings.map(env.insnIdx, meta.map);
  return 0;
}

/** A tail call's index is relied on if it is known. */
function recordKey(env: Env, id: number): number {
  if (id !== FUNC.tail_call) return 0;
  const map = mapOf(env, meta.map);
  if (map.type !== MAP_TYPE.PROG_ARRAY) {
    return env.failUnterminated(EINVAL, "map-helper", "expected prog array map for tail call");
  }
  const r3 = env.regs + 3 * REG_WORDS;
  const known = W[r3 + TYPE] === SCALAR_VALUE && isConst(r3) && W[r3 + TVAL + 1] === 0 &&
    (W[r3 + TVAL] >>> 0) < map.maxEntries;
  return known ? env.precision.markReg(env, 3) : 0;
}

/** The memory that the helper fills, with what that does to the stack. */
function writeRaw(env: Env): number {
  return meta.raw.size === 0 ? 0 : fillStack(env, meta.rawRegno, meta.raw.size);
}

function release(env: Env, proto: HelperProto): number {
  if (meta.releaseRegno === 0) return 0;
  const o = env.regs + meta.releaseRegno * REG_WORDS;
  let err = -EINVAL;
  if (proto.args[meta.releaseRegno - 1].base === "ARG_PTR_TO_DYNPTR") err = releaseDynptr(env, o);
  else if (meta.refId !== 0) {
    err = meta.kptr === undefined ? releaseReference(env, meta.refId) : handToMap(env, meta.refId);
  } else if (isNull(o)) err = 0;
  if (err === 0) return 0;
  env.fail(
    -err,
    "unacquired-reference",
    `func bpf_${proto.name}#${proto.id} reference has not been acquired before`,
  );
  return err;
}

/** The register of a helper's dynptr parameter. */
function dynptrRegno(proto: HelperProto): number {
  return proto.args.findIndex((arg) => arg.base === "ARG_PTR_TO_DYNPTR") + 1;
}

/** What single helpers demand: 0 or `-errno`. */
function special(env: Env, proto: HelperProto): number {
  switch (proto.id) {
    case FUNC.tail_call:
      return checkResourceLeak(env, { locks: true, prefix: "tail_call" });
    case FUNC.get_local_storage:
      return isNull(env.regs + 2 * REG_WORDS)
        ? 0
        : env.fail(EINVAL, "constant-argument", "get_local_storage() doesn't support non-zero flags");
    case FUNC.for_each_map_elem:
      return pushCallback(env, { subprog: meta.subprog, kind: "for_each_map_elem" });
    case FUNC.loop:
      return checkLoop(env);
    case FUNC.find_vma:
      return pushCallback(env, { subprog: meta.subprog, kind: "find_vma" });
    case FUNC.user_ringbuf_drain:
      return pushCallback(env, { subprog: meta.subprog, kind: "user_ringbuf_drain" });
    case FUNC.timer_set_callback: {
      const keeper = env.regs + REG_WORDS;
      return pushAsyncCallback(env, { subprog: meta.subprog, keeper, sleepable: false, returns: 0 });
    }
    case FUNC.snprintf:
      return checkFormat(env);
    case FUNC.set_retval: {
      if (hasResult(env)) return 0;
      const message = "BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!";
      return env.fail(EINVAL, "helper-not-allowed", message);
    }
    case FUNC.dynptr_from_mem: {
      const type = W[env.regs + REG_WORDS + TYPE];
      if (type === PTR_TO_MAP_VALUE) return 0;
      return env.fail(
        EACCES,
        "dynptr-state",
        `Unsupported reg type ${typeName(type)} for bpf_dynptr_from_mem data`,
      );
    }
    case FUNC.dynptr_data: {
      const dynptr = dynptrReg(env, env.regs + dynptrRegno(proto) * REG_WORDS);
      meta.dynptrId = W[dynptr + ID];
      meta.refId = W[dynptr + REF_ID];
      return 0;
    }
    default:
      return 0;
  }
}

/** bpf_loop: its callback is walked into as long as the count allows another turn. */
function checkLoop(env: Env): number {
  const r1 = env.regs + REG_WORDS, noFlags = isNull(env.regs + 4 * REG_WORDS);
  if (noFlags && env.findings.loops[env.insnIdx] >= 0) {
    const err = env.precision.markReg(env, 4);
    if (err < 0) return err;
  }
  env.findings.loop(env.insnIdx, meta.subprog, noFlags);
  const err = env.precision.markReg(env, 1);
  if (err < 0) return err;
  if (ult64(W[env.frame + F_CB_DEPTH], 0, W[r1 + UMAX], W[r1 + UMAX + 1])) {
    return pushCallback(env, { subprog: meta.subprog, kind: "loop" });
  }
  W[env.frame + F_CB_DEPTH] = 0;
  if ((env.logLevel & 2) !== 0) env.verbose(`frame${env.curframe} bpf_loop iteration limit reached\n`);
  return 0;
}

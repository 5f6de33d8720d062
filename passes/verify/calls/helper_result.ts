/**
 * What r0 holds after a helper: the second half of `check_helper_call` of Linux 6.18.
 *
 * @module
 */
import { MAP_TYPE } from "../../../ir/map_types.ts";
import type { HelperProto } from "../../../profile/profile.ts";
import { W } from "../states/arena.ts";
import type { Env } from "../env.ts";
import { setKernelResult, setPerCpuResult } from "./kernel_arg.ts";
import { PROGRAM_BTF } from "../types/kernel_ptr.ts";
import {
  AUX1,
  AUX2,
  FRAMENO,
  ID,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RDONLY,
  MEM_RINGBUF,
  NOT_INIT,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TRUSTED,
  REF_ID,
  S32MAX,
  S32MIN,
  SMAX,
  SMIN,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VID,
} from "../states/layout.ts";
import { mapOf, mayHoldSpinLock } from "../memory/map_pointer.ts";
import { assumed } from "../memory/map_value.ts";
import { acquireReference } from "../objects/references.ts";
import { checkInvariants } from "../insns/reg_arg.ts";
import { boundsSync, markKnown, markUnknown } from "../numbers/scalar.ts";
import { FUNC } from "./helper_ids.ts";
import { meta } from "./helper_meta.ts";

/** Results that share the reference of their argument. */
const CASTS: ReadonlySet<number> = new Set([
  FUNC.tcp_sock,
  FUNC.sk_fullsock,
  FUNC.skc_to_tcp_sock,
  FUNC.skc_to_tcp6_sock,
  FUNC.skc_to_udp6_sock,
  FUNC.skc_to_mptcp_sock,
  FUNC.skc_to_tcp_timewait_sock,
  FUNC.skc_to_tcp_request_sock,
]);
/** Results with a reference of their own. */
const ACQUIRES: ReadonlySet<number> = new Set([
  FUNC.sk_lookup_tcp,
  FUNC.sk_lookup_udp,
  FUNC.skc_lookup_tcp,
  FUNC.ringbuf_reserve,
  FUNC.kptr_xchg,
]);
/** `MAX_ERRNO`. */
const MAX_ERRNO = 4095;
/**
 * `nr_cpu_ids` of the machine a program is for is not known here: the greatest number a kernel can be built for on x86-64, which
 * bounds every real one. What is refused after it was relied on is decided only if it is refused with a single one too.
 */
export const NR_CPUS = 8192;

/** What is not decided where the number of processors matters. */
export const PROCESSORS = "how many processors the machine has";

let processors = NR_CPUS;

/** How many processors there are at most, for the verifications to come; as many as there can be if left out. */
export function assumeProcessors(count: number = NR_CPUS): void {
  processors = count;
}

/** Gives r0 what the helper returns: 0 or `-errno`. */
export function setResult(env: Env, proto: HelperProto): number {
  const r0 = env.regs, { ret, id } = proto;
  const flags = (ret.maybeNull ? PTR_MAYBE_NULL : 0) | (ret.ringbuf ? MEM_RINGBUF : 0);
  const ref = id === FUNC.dynptr_data || CASTS.has(id) ? meta.refId : 0;
  switch (ret.base) {
    case "RET_INTEGER":
      markUnknown(r0);
      break;
    case "RET_VOID":
      W[r0 + TYPE] = NOT_INIT;
      W[r0 + VID] = 0;
      return 0;
    case "RET_PTR_TO_MAP_VALUE":
      setMapValue(env, id, flags);
      break;
    case "RET_PTR_TO_SOCKET":
      setPointer(r0, PTR_TO_SOCKET | flags, 0);
      break;
    case "RET_PTR_TO_SOCK_COMMON":
      setPointer(r0, PTR_TO_SOCK_COMMON | flags, 0);
      break;
    case "RET_PTR_TO_TCP_SOCK":
      setPointer(r0, PTR_TO_TCP_SOCK | flags, 0);
      break;
    case "RET_PTR_TO_MEM":
      setPointer(r0, PTR_TO_MEM | flags, meta.memSize);
      W[r0 + AUX2] = meta.dynptrId;
      break;
    case "RET_PTR_TO_MEM_OR_BTF_ID": {
      const err = setPerCpuResult(env, meta.perCpu, flags | MEM_RDONLY);
      if (err < 0) return err;
      break;
    }
    case "RET_PTR_TO_BTF_ID": {
      if (meta.kptr !== undefined) {
        const { typeId, btf, field } = meta.kptr;
        const own = btf !== PROGRAM_BTF ? 0 : MEM_ALLOC | (field.kind === "percpu_kptr" ? MEM_PERCPU : 0);
        setPointer(r0, PTR_TO_BTF_ID | own | flags, typeId);
        W[r0 + AUX2] = btf;
        break;
      }
      const err = setKernelResult(env, proto, flags | (ret.trusted ? PTR_TRUSTED : 0));
      if (err < 0) return err;
      break;
    }
  }
  if ((W[r0 + TYPE] & PTR_MAYBE_NULL) !== 0) W[r0 + ID] = env.newId();
  W[r0 + REF_ID] = ref;
  const socketLookup = id === FUNC.map_lookup_elem && meta.map >= 0 &&
    (mapOf(env, meta.map).type === MAP_TYPE.SOCKMAP || mapOf(env, meta.map).type === MAP_TYPE.SOCKHASH);
  if (ACQUIRES.has(id) || socketLookup) {
    const acquired = acquireReference(env);
    W[r0 + ID] = acquired;
    W[r0 + REF_ID] = acquired;
  }
  return ret.base === "RET_INTEGER" ? refineResult(env, id) : 0;
}

function setPointer(o: number, type: number, size: number): void {
  markKnown(o, 0, 0);
  W[o + TYPE] = type;
  W[o + FRAMENO] = 0;
  W[o + AUX1] = size;
}

function setMapValue(env: Env, id: number, flags: number): void {
  const r0 = env.regs, map = mapOf(env, meta.map);
  const array = map.type === MAP_TYPE.ARRAY || map.type === MAP_TYPE.PERCPU_ARRAY;
  if (id === FUNC.map_lookup_elem && array && meta.key >= 0 && meta.key < map.maxEntries) {
    flags &= ~PTR_MAYBE_NULL;
  }
  setPointer(r0, PTR_TO_MAP_VALUE | flags, meta.map);
  W[r0 + AUX2] = meta.mapUid;
  if ((flags & PTR_MAYBE_NULL) === 0 && mayHoldSpinLock(env, r0)) W[r0 + ID] = env.newId();
}

/** Bounds of results that are lengths or CPU numbers. */
function refineResult(env: Env, id: number): number {
  const r0 = env.regs;
  switch (id) {
    case FUNC.get_stack:
    case FUNC.get_task_stack:
    case FUNC.probe_read_str:
    case FUNC.probe_read_kernel_str:
    case FUNC.probe_read_user_str:
      W[r0 + SMAX] = meta.sizeMaxLo;
      W[r0 + SMAX + 1] = meta.sizeMaxHi;
      W[r0 + S32MAX] = meta.sizeMaxLo;
      W[r0 + SMIN] = -MAX_ERRNO;
      W[r0 + SMIN + 1] = -1;
      W[r0 + S32MIN] = -MAX_ERRNO;
      boundsSync(r0);
      break;
    case FUNC.get_smp_processor_id:
      if (!assumed.has(env)) assumed.set(env, PROCESSORS);
      W[r0 + UMAX] =
        W[r0 + SMAX] =
        W[r0 + U32MAX] =
        W[r0 + S32MAX] =
          processors - 1;
      W[r0 + UMAX + 1] = W[r0 + SMAX + 1] = 0;
      W[r0 + UMIN] =
        W[r0 + SMIN] =
        W[r0 + U32MIN] =
        W[r0 + S32MIN] =
          0;
      W[r0 + UMIN + 1] = W[r0 + SMIN + 1] = 0;
      boundsSync(r0);
      break;
  }
  return checkInvariants(env, r0, "retval");
}

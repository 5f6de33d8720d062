/**
 * Whether a register's type fits a function's parameter, and whether its offset does (`check_reg_type`,
 * `check_func_arg_reg_off` of Linux 6.18).
 *
 * @module
 */
import type { ArgBase, ArgProto } from "../../../profile/profile.ts";
import { W } from "../states/arena.ts";
import { EACCES, EINVAL, type Env } from "../env.ts";
import {
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  NON_OWN_REF,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_TRUSTED,
  REG_WORDS,
  SCALAR_VALUE,
  TYPE,
} from "../states/layout.ts";
import { checkUnmoved } from "../memory/region.ts";
import { typeName } from "../log/type_names.ts";

const DYNPTR_FLAGS = DYNPTR_TYPE_LOCAL | DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP |
  DYNPTR_TYPE_SKB_META;

const SOCKS = [PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK];
const MEMORY = [
  PTR_TO_STACK,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_MEM | MEM_RINGBUF,
  PTR_TO_BUF,
  PTR_TO_BTF_ID | PTR_TRUSTED,
];
const SCALARS = [SCALAR_VALUE];
const VALUES = [PTR_TO_MAP_VALUE];
const OBJECTS = [PTR_TO_MAP_VALUE, PTR_TO_BTF_ID | MEM_ALLOC];

/** The register types that fit a parameter, in the order in which a message names them. */
const COMPATIBLE: Readonly<Record<ArgBase, readonly number[]>> = {
  ARG_DONTCARE: [],
  ARG_ANYTHING: [],
  ARG_PTR_TO_MAP_KEY: MEMORY,
  ARG_PTR_TO_MAP_VALUE: MEMORY,
  ARG_PTR_TO_MEM: MEMORY,
  ARG_CONST_SIZE: SCALARS,
  ARG_CONST_SIZE_OR_ZERO: SCALARS,
  ARG_CONST_ALLOC_SIZE_OR_ZERO: SCALARS,
  ARG_CONST_MAP_PTR: [CONST_PTR_TO_MAP],
  ARG_PTR_TO_CTX: [PTR_TO_CTX],
  ARG_PTR_TO_SOCK_COMMON: SOCKS,
  ARG_PTR_TO_BTF_ID_SOCK_COMMON: [...SOCKS, PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED],
  ARG_PTR_TO_SOCKET: [PTR_TO_SOCKET],
  ARG_PTR_TO_BTF_ID: [PTR_TO_BTF_ID, PTR_TO_BTF_ID | PTR_TRUSTED, PTR_TO_BTF_ID | MEM_RCU],
  ARG_PTR_TO_SPIN_LOCK: OBJECTS,
  ARG_PTR_TO_RINGBUF_MEM: [PTR_TO_MEM | MEM_RINGBUF],
  ARG_PTR_TO_PERCPU_BTF_ID: [
    PTR_TO_BTF_ID | MEM_PERCPU,
    PTR_TO_BTF_ID | MEM_PERCPU | MEM_RCU,
    PTR_TO_BTF_ID | MEM_PERCPU | PTR_TRUSTED,
  ],
  ARG_PTR_TO_FUNC: [PTR_TO_FUNC],
  ARG_PTR_TO_STACK: [PTR_TO_STACK],
  ARG_PTR_TO_CONST_STR: VALUES,
  ARG_PTR_TO_TIMER: VALUES,
  ARG_KPTR_XCHG_DEST: OBJECTS,
  ARG_PTR_TO_DYNPTR: [PTR_TO_STACK, CONST_PTR_TO_DYNPTR],
  ARG_PTR_TO_ARENA: [PTR_TO_ARENA],
};

/** Pointers to kernel structures that are taken with a fixed offset. */
const MAY_BE_MOVED: ReadonlySet<number> = new Set([
  PTR_TO_BTF_ID,
  PTR_TO_BTF_ID | MEM_ALLOC,
  PTR_TO_BTF_ID | PTR_TRUSTED,
  PTR_TO_BTF_ID | MEM_RCU,
  PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF,
  PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF | MEM_RCU,
]);

/** Whether the type of register `regno` fits a parameter: 0 or `-errno`. Which structure it points to is not looked at. */
export function checkArgType(env: Env, regno: number, arg: ArgProto): number {
  const actual = W[env.regs + regno * REG_WORDS + TYPE];
  let type = actual;
  if (arg.rdonly) type &= ~MEM_RDONLY;
  if (arg.maybeNull) type &= ~PTR_MAYBE_NULL;
  if (arg.base === "ARG_PTR_TO_MEM") type &= ~DYNPTR_FLAGS;
  // What bpf_kptr_xchg takes may be the program's own.
  if (arg.base === "ARG_PTR_TO_BTF_ID" && arg.release) type &= ~(MEM_ALLOC | MEM_PERCPU);
  const compatible = COMPATIBLE[arg.base];
  if (!compatible.includes(type)) {
    const expected = compatible.map(typeName).join(", ");
    return env.fail(
      EACCES,
      (actual & PTR_MAYBE_NULL) !== 0 ? "nullable" : "argument-type",
      `R${regno} type=${typeName(actual)} expected=${expected}`,
    );
  }
  return 0;
}

/** Whether the offset of register `regno` fits: contexts, sockets and the like are taken only as they were given. 0 or `-errno`. */
export function checkArgOffset(
  env: Env,
  regno: number,
  arg: { release?: boolean; dynptr?: boolean },
): number {
  const o = env.regs + regno * REG_WORDS, type = W[o + TYPE];
  if (arg.release) {
    if (arg.dynptr && type === PTR_TO_STACK) return 0;
    if (W[o + OFF] !== 0) {
      const to = "release func or trusted arg to kfunc";
      return env.fail(EINVAL, "moved-pointer", `R${regno} must have zero offset when passed to ${to}`);
    }
    return checkUnmoved(env, regno, false);
  }
  switch (type) {
    case PTR_TO_STACK:
    case PTR_TO_PACKET:
    case PTR_TO_PACKET_META:
    case PTR_TO_MAP_KEY:
    case PTR_TO_MAP_VALUE:
    case PTR_TO_MEM:
    case PTR_TO_MEM | MEM_RDONLY:
    case PTR_TO_MEM | MEM_RINGBUF:
    case PTR_TO_BUF:
    case PTR_TO_BUF | MEM_RDONLY:
    case PTR_TO_ARENA:
    case SCALAR_VALUE:
      return 0;
    default:
      return checkUnmoved(env, regno, MAY_BE_MOVED.has(type));
  }
}

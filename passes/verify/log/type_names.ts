/**
 * The names of register types, as the kernel's log and messages print them (`reg_type_str` of `kernel/bpf/log.c`).
 *
 * @module
 */
import {
  BASE_TYPE_MASK,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  MEM_USER,
  PTR_MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
} from "../states/layout.ts";

/** By base type; `enum bpf_reg_type` order. */
const NAMES = [
  "?",
  "scalar",
  "ctx",
  "map_ptr",
  "map_value",
  "map_key",
  "fp",
  "pkt_meta",
  "pkt",
  "pkt_end",
  "flow_keys",
  "sock",
  "sock_common",
  "tcp_sock",
  "tp_buffer",
  "xdp_sock",
  "ptr_",
  "mem",
  "arena",
  "buf",
  "func",
  "dynptr_ptr",
  "kval",
] as const;

const PREFIXES: readonly (readonly [number, string])[] = [
  [MEM_RDONLY, "rdonly_"],
  [MEM_RINGBUF, "ringbuf_"],
  [MEM_USER, "user_"],
  [MEM_PERCPU, "percpu_"],
  [MEM_RCU, "rcu_"],
  [PTR_UNTRUSTED, "untrusted_"],
  [PTR_TRUSTED, "trusted_"],
];

/** The name of a type with its flags, e.g. `map_value_or_null`, `rdonly_mem`; for `PTR_TO_BTF_ID` the structure's name follows. */
export function typeName(type: number): string {
  const base = type & BASE_TYPE_MASK;
  let name = "";
  for (const [flag, prefix] of PREFIXES) if ((type & flag) !== 0) name += prefix;
  name += NAMES[base];
  if ((type & PTR_MAYBE_NULL) !== 0) name += base === PTR_TO_BTF_ID ? "or_null_" : "_or_null";
  return name;
}

const ITERATOR_PREFIX = "bpf_iter_";

/** How messages name an iterator's type, by its structure. */
export function iteratorName(struct: string): string {
  return struct.startsWith(ITERATOR_PREFIX) ? struct.slice(ITERATOR_PREFIX.length) : struct;
}

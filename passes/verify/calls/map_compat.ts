/**
 * Which maps a program may use at all, whatever it does with them (`check_map_prog_compatibility` of Linux 6.18).
 *
 * @module
 */
import type { MapDef } from "../../../ir/unit.ts";
import { E2BIG, EBUSY, EINVAL, type Env } from "../env.ts";
import { specialFields } from "../memory/map_pointer.ts";

const LD_IMM64 = 0x18;
/** `MAX_USED_MAPS`. */
const MAX_USED_MAPS = 64;
const STRUCT_OPS = 26, CGROUP_STORAGE = 19, PERCPU_CGROUP_STORAGE = 21, ARENA = 33;
/** `BPF_F_SLEEPABLE`. */
const SLEEPABLE = 1 << 4;
/** Types of maps for programs that sleep: hashes, arrays, ring buffers, queues, local storage, arenas. */
const FOR_SLEEPERS: ReadonlySet<number> = new Set([
  1,
  2,
  5,
  6,
  9,
  10,
  12,
  13,
  22,
  23,
  24,
  27,
  28,
  29,
  31,
  32,
  33,
]);
/** Types of programs that may interrupt anything. */
const TRACING: ReadonlySet<string> = new Set([
  "kprobe",
  "tracepoint",
  "perf_event",
  "raw_tracepoint",
  "raw_tracepoint_writable",
]);

/** Looks at every map that the program names, reachable or not: 0 or `-errno`. */
export function checkMaps(env: Env): number {
  const maps = new Set<number>();
  for (let slot = 0; slot < env.cols.count; slot++) {
    if (env.code[slot] !== LD_IMM64) continue;
    const index = env.imm[slot], pseudo = env.src[slot];
    const named = pseudo === 1 || pseudo === 2 || pseudo === 5 || pseudo === 6;
    slot++;
    if (!named || maps.has(index) || env.maps[index] === undefined) continue;
    if (maps.size >= MAX_USED_MAPS) {
      const limit = `has reached the limit of ${MAX_USED_MAPS}`;
      return env.fail(E2BIG, "too-many-maps", `The total number of maps per program ${limit}`);
    }
    const failed = checkCompatibility(env, index, maps);
    if (failed < 0) return failed;
    maps.add(index);
  }
  return 0;
}

function checkCompatibility(env: Env, index: number, others: ReadonlySet<number>): number {
  const map = env.maps[index], has = new Set(specialFields(env, index).map((field) => field.kind));
  const tracing = TRACING.has(env.rules.name);
  if (tracing && (has.has("bpf_list_head") || has.has("bpf_rb_root"))) {
    return env.fail(EINVAL, "map-not-allowed", "tracing progs cannot use bpf_{list_head,rb_root} yet");
  }
  if (has.has("bpf_spin_lock") || has.has("bpf_res_spin_lock")) {
    if (env.rules.name === "socket_filter") {
      return env.fail(EINVAL, "map-not-allowed", "socket filter progs cannot use bpf_spin_lock yet");
    }
    if (tracing) return env.fail(EINVAL, "map-not-allowed", "tracing progs cannot use bpf_spin_lock yet");
  }
  if (tracing && has.has("bpf_timer")) {
    return env.fail(EINVAL, "map-not-allowed", "tracing progs cannot use bpf_timer yet");
  }
  if (tracing && has.has("bpf_wq")) {
    return env.fail(EINVAL, "map-not-allowed", "tracing progs cannot use bpf_wq yet");
  }
  if (map.type === STRUCT_OPS) {
    return env.fail(EINVAL, "map-not-allowed", "bpf_struct_ops map cannot be used in prog");
  }
  if ((env.program.attrs.flags & SLEEPABLE) !== 0 && !FOR_SLEEPERS.has(map.type)) {
    return env.fail(
      EINVAL,
      "map-not-allowed",
      "Sleepable programs can only use array, hash, ringbuf and local storage maps",
    );
  }
  if (isUnique(map) && [...others].some((other) => env.maps[other].type === map.type)) {
    return env.fail(
      EBUSY,
      "map-not-allowed",
      map.type === ARENA ? "Only one arena per program" : "only one cgroup storage of each type is allowed",
    );
  }
  return 0;
}

function isUnique(map: MapDef): boolean {
  return map.type === CGROUP_STORAGE || map.type === PERCPU_CGROUP_STORAGE || map.type === ARENA;
}

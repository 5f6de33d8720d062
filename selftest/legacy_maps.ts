/**
 * The maps that array-style tests name in their fixups: `create_map` and its like of the kernel's test_verifier.c, as definitions.
 *
 * @module
 */
import { emptyMap } from "../ir/unit.ts";
import type { Btf } from "../ir/btf/btf.ts";
import { openBtf } from "../ir/btf/read.ts";
import type { MapDef } from "../ir/unit.ts";
import { btfFile } from "./legacy_btf.ts";

/** `BPF_MAP_TYPE_*`. */
const TYPE = {
  HASH: 1,
  ARRAY: 2,
  PERF_EVENT_ARRAY: 4,
  STACK_TRACE: 7,
  ARRAY_OF_MAPS: 12,
  SOCKMAP: 15,
  XSKMAP: 17,
  SOCKHASH: 18,
  CGROUP_STORAGE: 19,
  REUSEPORT_SOCKARRAY: 20,
  PERCPU_CGROUP_STORAGE: 21,
  SK_STORAGE: 24,
  RINGBUF: 27,
} as const;

/** `BPF_F_NO_PREALLOC`, `BPF_F_RDONLY_PROG`, `BPF_F_WRONLY_PROG`. */
const NO_PREALLOC = 1, RDONLY_PROG = 1 << 7, WRONLY_PROG = 1 << 8;

/** Bytes of `struct test_val`: an index and eleven numbers. */
const TEST_VALUE = 48;
const PAGE = 4096;

/** Types of {@linkcode MAP_TYPES}. */
const VALUE = { spinLock: 3, timer: 5, kptr: 14 } as const;

function map(
  name: string,
  type: number,
  sizes: readonly [key: number, value: number, entries: number],
  more: Partial<MapDef> = {},
): MapDef {
  const [keySize, valueSize, maxEntries] = sizes;
  return { ...emptyMap(name), type, keySize, valueSize, maxEntries, ...more };
}

const hash = (name: string, value: number) => map(name, TYPE.HASH, [8, value, 1], { flags: NO_PREALLOC });
const typed = (type: number, value: number) => ({ keyTypeId: 1, valueTypeId: type, valueSize: value });

/** By fixup. Prog arrays are not among them: their programs are made for each test. */
export const FIXUP_MAPS: Readonly<Record<string, MapDef>> = {
  fixup_map_hash_8b: hash("hash_8b", 8),
  fixup_map_hash_16b: hash("hash_16b", 16),
  fixup_map_hash_48b: hash("hash_48b", TEST_VALUE),
  fixup_map_array_48b: map("array_48b", TYPE.ARRAY, [4, TEST_VALUE, 1]),
  fixup_map_array_ro: map("array_ro", TYPE.ARRAY, [4, TEST_VALUE, 1], { flags: RDONLY_PROG }),
  fixup_map_array_wo: map("array_wo", TYPE.ARRAY, [4, TEST_VALUE, 1], { flags: WRONLY_PROG }),
  fixup_map_array_small: map("array_small", TYPE.ARRAY, [4, 1, 1]),
  fixup_map_sockmap: map("sockmap", TYPE.SOCKMAP, [4, 4, 1]),
  fixup_map_sockhash: map("sockhash", TYPE.SOCKHASH, [4, 4, 1]),
  fixup_map_xskmap: map("xskmap", TYPE.XSKMAP, [4, 4, 1]),
  fixup_map_stacktrace: map("stacktrace", TYPE.STACK_TRACE, [4, 8, 1]),
  fixup_map_in_map: map("map_in_map", TYPE.ARRAY_OF_MAPS, [4, 4, 1], {
    inner: map("inner", TYPE.ARRAY, [4, 4, 1]),
  }),
  fixup_cgroup_storage: map("cgroup_storage", TYPE.CGROUP_STORAGE, [16, 64, 0]),
  fixup_percpu_cgroup_storage: map("percpu_cgroup_storage", TYPE.PERCPU_CGROUP_STORAGE, [16, 64, 0]),
  fixup_map_spin_lock: map("test_map", TYPE.ARRAY, [4, 8, 1], typed(VALUE.spinLock, 8)),
  fixup_sk_storage_map: map("test_map", TYPE.SK_STORAGE, [4, 8, 0], {
    flags: NO_PREALLOC,
    ...typed(VALUE.spinLock, 8),
  }),
  fixup_map_timer: map("test_map", TYPE.ARRAY, [4, 16, 1], typed(VALUE.timer, 16)),
  fixup_map_kptr: map("test_map", TYPE.ARRAY, [4, 24, 1], typed(VALUE.kptr, 24)),
  fixup_map_event_output: map("event_output", TYPE.PERF_EVENT_ARRAY, [4, 4, 1]),
  fixup_map_reuseport_array: map("reuseport_array", TYPE.REUSEPORT_SOCKARRAY, [4, 8, 1]),
  fixup_map_ringbuf: map("ringbuf", TYPE.RINGBUF, [0, 0, PAGE]),
};

/** Fixups whose map holds a value: a distance into it, and a number there (`update_map`). */
export const FILLED: ReadonlySet<string> = new Set([
  "fixup_map_array_48b",
  "fixup_map_array_ro",
  "fixup_map_array_wo",
  "fixup_map_array_small",
]);

/** The value of {@linkcode FILLED}: `index` is the distance of `foo[6]`, which is 0xabcdef12. */
export function filledValue(size: number): Uint8Array {
  const value = new Uint8Array(TEST_VALUE);
  const view = new DataView(value.buffer);
  view.setUint32(0, 7 * 4, true);
  view.setUint32(4 + 6 * 4, 0xabcdef12, true);
  return value.subarray(0, size);
}

let types: Btf | undefined;

/** The types of the maps' values: locks, timers, pointers to kernel objects. */
export function mapTypes(): Btf {
  return types ??= openBtf(btfFile(...typeWords()), { what: "types of the tests' maps" });
}

/** `btf_raw_types` and `btf_str_sec` of test_verifier.c: the ids are those that {@linkcode FIXUP_MAPS} uses. */
function typeWords(): [Uint8Array, Uint8Array] {
  const names = [""];
  const offsets = new Map<string, number>();
  let length = 1;
  const text = (name: string): number => {
    if (name === "") return 0;
    let at = offsets.get(name);
    if (at === undefined) {
      at = length;
      offsets.set(name, at);
      names.push(name);
      length += name.length + 1;
    }
    return at;
  };
  const INT = 1, PTR = 2, STRUCT = 4, TYPE_TAG = 18;
  const words: number[] = [];
  const type = (name: string, kind: number, count: number, third: number, ...rest: number[]): void => {
    words.push(text(name), kind << 24 | count, third, ...rest);
  };
  const member = (name: string, id: number, bit: number): number[] => [text(name), id, bit];
  type("", INT, 0, 4, 1 << 24 | 32); // 1
  type("bpf_spin_lock", STRUCT, 1, 4, ...member("val", 1, 0));
  type("val", STRUCT, 2, 8, ...member("cnt", 1, 0), ...member("l", 2, 32));
  type("bpf_timer", STRUCT, 0, 16); // 4
  type("timer", STRUCT, 1, 16, ...member("t", 4, 0));
  type("prog_test_ref_kfunc", STRUCT, 0, 0);
  type("prog_test_member", STRUCT, 0, 0); // 7
  type("kptr_untrusted", TYPE_TAG, 0, 6);
  type("kptr", TYPE_TAG, 0, 6);
  type("kptr", TYPE_TAG, 0, 7); // 10
  type("", PTR, 0, 8);
  type("", PTR, 0, 9);
  type("", PTR, 0, 10);
  type(
    "btf_ptr",
    STRUCT,
    3,
    24,
    ...member("ptr", 11, 0),
    ...member("ptr", 12, 64),
    ...member("ptr", 13, 128),
  );
  return [new Uint8Array(Uint32Array.from(words).buffer), new TextEncoder().encode(names.join("\0") + "\0")];
}

/**
 * Accesses to map values: what the map's flags forbid, what lies where in a value, and the contents of maps that never change.
 *
 * @module
 */
import { W } from "../states/arena.ts";
import { EACCES, ENOTSUPP, type Env } from "../env.ts";
import { AUX1, REG_WORDS, SMIN, TVAL, UMAX } from "../states/layout.ts";
import { mapFlags, mapOf, type SpecialField, specialFields } from "./map_pointer.ts";
import { unsigned64 } from "../numbers/number_text.ts";
import { checkRegion } from "./region.ts";
import { isConst, markConst, markUnknown, toNumber } from "../numbers/scalar.ts";

/** `BPF_F_RDONLY_PROG` and `BPF_F_WRONLY_PROG` of map creation. */
const RDONLY_PROG = 1 << 7, WRONLY_PROG = 1 << 8;
/** `BPF_MAP_TYPE_ARRAY`: the only type whose values can be read at verification. */
const ARRAY = 2;

/**
 * What a verification took to be anything although a kernel would know it: what was accepted is safe all the same, but nothing may be
 * refused.
 */
export const assumed: WeakMap<Env, string> = new WeakMap();

/** Whether the program may read, or write, the map that register `regno` points into: 0 or `-errno`. */
export function checkMapFlags(env: Env, regno: number, off: number, size: number, write: boolean): number {
  const map = mapOf(env, W[env.regs + regno * REG_WORDS + AUX1]);
  const access = mapFlags(map) & (RDONLY_PROG | WRONLY_PROG);
  if (access !== (write ? RDONLY_PROG : WRONLY_PROG)) return 0;
  const what = write ? "write into" : "read from";
  return env.fail(
    EACCES,
    "read-only",
    `${what} map forbidden, value_size=${map.valueSize} off=${off} size=${size}`,
    { regno },
  );
}

/**
 * Whether `size` bytes at `off` of the map value in `regno` are its own and plain data: 0 or `-errno`. Kernel pointers in values
 * may be accessed whole by loads and stores (`direct`), which `kptr.ts` looks at.
 */
export function checkMapAccess(
  env: Env,
  regno: number,
  off: number,
  size: number,
  direct: boolean,
  zeroAllowed: boolean,
): number {
  const o = env.regs + regno * REG_WORDS, aux = W[o + AUX1];
  const err = checkRegion(env, regno, off, size, mapOf(env, aux).valueSize, zeroAllowed);
  if (err !== 0) return err;
  const fields = specialFields(env, aux);
  if (fields.length === 0) return 0;
  const min = toNumber(W[o + SMIN], W[o + SMIN + 1]) + off, max = (W[o + UMAX] >>> 0) + off + size;
  for (const field of fields) {
    if (min >= field.offset + field.size || field.offset >= max) continue;
    const bad = checkField(env, o, field, { off, size, direct });
    if (bad !== 0) return bad;
  }
  return 0;
}

/** How `enum btf_field_type` is printed. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  bpf_timer: "bpf_timer",
  kptr_untrusted: "kptr",
  kptr: "kptr",
  percpu_kptr: "percpu_kptr",
  uptr: "uptr",
};

function checkField(
  env: Env,
  o: number,
  field: SpecialField,
  access: { off: number; size: number; direct: boolean },
): number {
  const name = FIELD_NAMES[field.kind] ?? field.kind;
  switch (field.kind) {
    case "kptr_untrusted":
    case "kptr":
    case "percpu_kptr":
    case "uptr": {
      if (!access.direct) {
        return env.fail(EACCES, "special-field", `${name} cannot be accessed indirectly by helper`);
      }
      if (!isConst(o)) return env.fail(EACCES, "special-field", `${name} access cannot have variable offset`);
      const at = access.off + toNumber(W[o + TVAL], W[o + TVAL + 1]);
      if (at !== field.offset) {
        const off = unsigned64(at | 0, at < 0 ? -1 : 0);
        return env.fail(
          EACCES,
          "special-field",
          `${name} access misaligned expected=${field.offset} off=${off}`,
        );
      }
      if (access.size !== 8) return env.fail(EACCES, "special-field", `${name} access size must be BPF_DW`);
      return 0;
    }
    default:
      return env.fail(EACCES, "special-field", `${name} cannot be accessed directly by load/store`);
  }
}

/**
 * A load of `size` bytes at `off` of the map value in `regno` into register `value`: a known number if the map's contents can
 * never change, else anything. 0 or `-errno`.
 */
export function loadMapValue(
  env: Env,
  regno: number,
  off: number,
  load: { readonly size: number; readonly signed: boolean; readonly value: number },
): number {
  const o = env.regs + regno * REG_WORDS, v = env.regs + load.value * REG_WORDS;
  const map = mapOf(env, W[o + AUX1]);
  if (!isConst(o) || (map.flags & RDONLY_PROG) === 0 || !map.frozen || map.type !== ARRAY) {
    if (map.section === ".kconfig" && isConst(o)) assumed.set(env, "the kernel's configuration");
    markUnknown(v);
    return 0;
  }
  if (map.maxEntries !== 1) return env.failSilently(ENOTSUPP, "map-reference");
  const at = off + W[o + TVAL];
  if (map.data === undefined) return env.unsupported(`contents of the read-only map ${map.name}`);
  const view = new DataView(map.data.buffer, map.data.byteOffset, map.data.byteLength);
  // Bytes behind the section's end are the map's padding: zero.
  const byte = (i: number) => at + i < map.data!.length ? view.getUint8(at + i) : 0;
  let lo = 0, hi = 0;
  for (let i = 0; i < load.size && i < 4; i++) lo |= byte(i) << (8 * i);
  for (let i = 4; i < load.size; i++) hi |= byte(i) << (8 * (i - 4));
  if (load.signed && load.size < 8) {
    const unused = 32 - 8 * Math.min(load.size, 4);
    lo = (lo << unused) >> unused;
    hi = lo >> 31;
  }
  markConst(v, lo, hi);
  return 0;
}

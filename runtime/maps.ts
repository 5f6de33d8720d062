/**
 * Maps: the memory behind a definition, and the same operations for the host that programs have.
 *
 * The structures are those of `abi/structures.ts`; what looks up, updates and deletes is the code that programs call too
 * (`native/maps.bpf.c`), so there is one idea of a hash. There is one CPU: per-CPU maps hold one value per key.
 *
 * @module
 */
import { fieldOf, layoutOf } from "../abi/layouts.ts";
import { ARRAY_VALUES, arrayStride } from "../abi/map_layout.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { MapDef, Unit } from "../ir/unit.ts";
import type { AddressSpace, Block } from "./memory.ts";
import { StructView } from "./struct_view.ts";

/** What a map is made of. */
type Made = "array" | "hash" | "trie" | "ring" | "filter" | "none";

/** What is known of a type. */
interface Kind {
  readonly name: string;
  readonly made: Made;
  /** Bytes of an element, if not of a value as the definition has it. */
  readonly elem?: number;
  /** How many elements, if not as many as the definition says. */
  readonly entries?: number;
}

/** `BPF_MAP_TYPE_*` by number, as far as the runtime has them; what each is made of. */
const KINDS: Readonly<Record<number, Kind>> = {
  1: { name: "hash", made: "hash" },
  2: { name: "array", made: "array" },
  3: { name: "prog_array", made: "array", elem: 8 },
  4: { name: "perf_event_array", made: "array", elem: 8 },
  5: { name: "percpu_hash", made: "hash" },
  6: { name: "percpu_array", made: "array" },
  9: { name: "lru_hash", made: "hash" },
  10: { name: "lru_percpu_hash", made: "hash" },
  11: { name: "lpm_trie", made: "trie" },
  12: { name: "array_of_maps", made: "array", elem: 8 },
  13: { name: "hash_of_maps", made: "hash", elem: 8 },
  14: { name: "devmap", made: "array" },
  16: { name: "cpumap", made: "array" },
  17: { name: "xskmap", made: "array" },
  22: { name: "queue", made: "ring" },
  23: { name: "stack", made: "ring" },
  // There is one socket, the packet's.
  24: { name: "sk_storage", made: "array", entries: 1 },
  27: { name: "ringbuf", made: "none" },
  30: { name: "bloom_filter", made: "filter" },
};

/** Any other: programs that use it are refused, but not others of the same object. */
const UNKNOWN: Kind = { name: "unknown", made: "none" };

const PROG_ARRAY = 3, SK_STORAGE = 24;
/** Flags of a trie's node that is in use and no mere joint. */
const NODE_WITH_VALUE = 1;
const BPF_F_NO_PREALLOC = 1;
/** Of a bloom filter that does not say how many it wants. */
const HASH_FUNCTIONS = 5;
/** Largest memory for one map's elements, in bytes. */
const LARGEST = 1 << 30;

/** Calls one of the runtime's native functions by name; addresses and numbers in, r0 out. */
export type CallNative = (name: string, ...args: (number | bigint)[]) => bigint;

/** An update or deletion that the map refused; `errno` is positive. */
export class MapError extends Error {
  /** The class's name. */
  override readonly name = "MapError";
  /** Positive. */
  readonly errno: number;
  /** @ignore */
  constructor(what: string, errno: number) {
    super(`Cannot ${what} (errno ${errno})`);
    this.errno = errno;
  }
}

/** A map that programs and the host share. */
export class RuntimeMap {
  /** What it was made from. */
  readonly def: MapDef;
  /** Of its `struct bpf_map`: what programs hold as the map. */
  readonly address: number;
  /** Bytes from the map to the first value of an array; undefined for others. */
  readonly valueOffset: number | undefined;
  /** Bytes an element takes: of the value in an array, of everything in a hash. */
  readonly stride: number;
  readonly #made: Made;
  readonly #block: Block;
  readonly #elems: Block | undefined;
  readonly #space: AddressSpace;
  readonly #scratch: Block;
  readonly #call: CallNative;

  /** @ignore Made by a runtime. One of a type that the runtime does not have is there, but has nothing in it. */
  constructor(def: MapDef, options: { space: AddressSpace; call: CallNative; id: number; seed: number }) {
    const kind = KINDS[def.type] ?? UNKNOWN;
    const { space } = options;
    this.def = def;
    this.#space = space;
    this.#call = options.call;
    this.#made = kind.made;
    const valueSize = kind.elem ?? def.valueSize;
    const entries = kind.entries ?? def.maxEntries;
    switch (kind.made) {
      case "array": {
        this.stride = arrayStride(valueSize);
        this.valueOffset = ARRAY_VALUES;
        checkSize(def, this.stride * entries);
        this.#block = space.allocate(this.valueOffset + this.stride * entries, { name: `map ${def.name}` });
        new StructView("bpf_array", this.#block).set("elem_size", this.stride);
        break;
      }
      case "hash": {
        const valueOffset = fieldOf("htab_elem", "key").offset + Math.ceil(def.keySize / 8) * 8;
        this.stride = valueOffset + Math.ceil(valueSize / 8) * 8;
        this.valueOffset = undefined;
        checkSize(def, this.stride * entries);
        let buckets = 1;
        while (buckets < entries) buckets *= 2;
        const heads = space.allocate(4 * buckets, { name: `buckets of map ${def.name}` });
        this.#elems = space.allocate(this.stride * entries, { name: `elements of map ${def.name}` });
        this.#block = space.allocate(layoutOf("bpf_htab").size, { name: `map ${def.name}` });
        new StructView("bpf_htab", this.#block).assign({
          buckets: heads.address,
          elems: this.#elems.address,
          elem_size: this.stride,
          value_offset: valueOffset,
          bucket_mask: buckets - 1,
          hashrnd: options.seed,
        });
        break;
      }
      case "trie": {
        const valueOffset = fieldOf("lpm_trie_node", "data").offset + Math.ceil((def.keySize - 4) / 8) * 8;
        this.stride = valueOffset + Math.ceil(valueSize / 8) * 8;
        this.valueOffset = undefined;
        // Besides one node per entry, a trie needs at most as many that only part others.
        checkSize(def, this.stride * entries * 2);
        this.#elems = space.allocate(this.stride * entries * 2, { name: `nodes of map ${def.name}` });
        this.#block = space.allocate(layoutOf("lpm_trie").size, { name: `map ${def.name}` });
        new StructView("lpm_trie", this.#block).assign({
          nodes: this.#elems.address,
          elem_size: this.stride,
          value_offset: valueOffset,
        });
        break;
      }
      case "ring": {
        this.stride = Math.ceil(valueSize / 8) * 8;
        this.valueOffset = undefined;
        checkSize(def, this.stride * entries);
        const first = fieldOf("bpf_queue_stack", "value").offset;
        this.#block = space.allocate(first + this.stride * entries, { name: `map ${def.name}` });
        new StructView("bpf_queue_stack", this.#block).set("elem_size", this.stride);
        break;
      }
      case "filter": {
        this.stride = 0;
        this.valueOffset = undefined;
        const functions = Number(def.mapExtra & 0xfn) || HASH_FUNCTIONS;
        const bits = bitsOfFilter(entries * functions);
        checkSize(def, bits / 8);
        const first = fieldOf("bpf_bloom_filter", "bitset").offset;
        this.#block = space.allocate(first + bits / 8, { name: `map ${def.name}` });
        new StructView("bpf_bloom_filter", this.#block).assign({
          hash_seed: options.seed,
          bitset_mask: bits - 1,
          nr_hash_funcs: functions,
        });
        break;
      }
      case "none":
        this.stride = 0;
        this.valueOffset = undefined;
        this.#block = space.allocate(layoutOf("bpf_map").size, { name: `map ${def.name}` });
    }
    this.address = this.#block.address;
    new StructView("bpf_map", this.#block).assign({
      map_type: def.type,
      key_size: def.keySize,
      value_size: valueSize,
      max_entries: entries,
      map_flags: def.flags & ~BPF_F_NO_PREALLOC,
      id: options.id,
      map_extra: def.mapExtra,
    });
    this.#scratch = space.allocate(def.keySize + 16 + valueSize, { name: `scratch of map ${def.name}` });
    if (def.data !== undefined && this.valueOffset !== undefined) this.data.set(def.data);
  }

  /** Whether its values belong to sockets, which live as long as a run. */
  get ofSockets(): boolean {
    return this.def.type === SK_STORAGE;
  }

  /** Forgets the values of sockets. */
  forgetSockets(): void {
    new StructView("bpf_map", this.#block).set("map_extra", 0);
    this.data.fill(0);
  }

  /** The values of an array, in place: element `i` lies at `i * stride`. @throws {TypeError} For other maps. */
  get data(): Uint8Array {
    if (this.valueOffset === undefined) {
      throw new TypeError(`Cannot view map ${this.def.name} as an array: it is none`);
    }
    return this.#block.bytes.subarray(this.valueOffset);
  }

  /**
   * A copy of the value under a key, or undefined; of a queue or stack, whose keys are empty, of what would be popped next.
   *
   * @throws {RangeError} If the key has the wrong size.
   */
  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#made === "ring") {
      const to = this.#putKey(key);
      if (this.#call("bpf_map_peek_elem", this.address, to) !== 0n) return undefined;
      return this.#scratch.bytes.slice(0, this.#valueSize);
    }
    const address = this.#call("inlay_map_value", this.address, this.#putKey(key));
    if (address === 0n) return undefined;
    return this.#space.at(address, this.#valueSize).slice();
  }

  /**
   * Sets the value under a key; `flags` are `BPF_ANY` 0, `BPF_NOEXIST` 1, `BPF_EXIST` 2. Into a queue, stack or filter, whose keys are
   * empty, it is pushed.
   *
   * @throws {RangeError} If key or value have the wrong size.
   * @throws {MapError} If the map is full, or the flags forbid it.
   */
  set(key: Uint8Array, value: Uint8Array, flags: number = 0): void {
    if (this.#made === "none") throw new TypeError(`Cannot update map ${this.def.name}: it has no elements`);
    if (value.length !== this.#valueSize) {
      throw new RangeError(
        `Cannot update map ${this.def.name}: a value has ${this.#valueSize} bytes, not ${value.length}`,
      );
    }
    const keyAt = this.#putKey(key);
    const valueAt = Math.ceil(this.def.keySize / 8) * 8;
    this.#scratch.bytes.set(value, valueAt);
    const from = this.#scratch.address + valueAt;
    const result = this.#made === "ring" || this.#made === "filter"
      ? this.#call("bpf_map_push_elem", this.address, from, flags)
      : this.#call("inlay_map_set", this.address, keyAt, from, flags);
    this.#check("update", result);
  }

  /** Removes a key; false if it was not there. @throws {MapError} If the map does not delete. */
  delete(key: Uint8Array): boolean {
    const result = this.#call("bpf_map_delete_elem", this.address, this.#putKey(key));
    if (BigInt.asIntN(64, result) === -2n) return false;
    this.#check("delete from", result);
    return true;
  }

  /** Keys and values, copied: all elements of an array, the present ones of others, those of a queue or stack from the oldest on. */
  *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    switch (this.#made) {
      case "array":
        for (let i = 0; i < this.def.maxEntries; i++) {
          const key = new Uint8Array(4);
          new DataView(key.buffer).setUint32(0, i, true);
          yield [key, this.data.slice(i * this.stride, i * this.stride + this.#valueSize)];
        }
        return;
      case "hash": {
        const htab = new StructView("bpf_htab", this.#block);
        for (let i = 0; i < htab.get("fresh"); i++) {
          const elem = new StructView("htab_elem", this.#elems!, i * this.stride);
          if (elem.get("used") === 0) continue;
          const key = fieldOf("htab_elem", "key").offset + i * this.stride;
          const value = htab.get("value_offset") + i * this.stride;
          yield [
            this.#elems!.bytes.slice(key, key + this.def.keySize),
            this.#elems!.bytes.slice(value, value + this.#valueSize),
          ];
        }
        return;
      }
      case "trie": {
        const trie = new StructView("lpm_trie", this.#block);
        const data = fieldOf("lpm_trie_node", "data").offset;
        for (let i = 0; i < trie.get("fresh"); i++) {
          const at = i * this.stride;
          const node = new StructView("lpm_trie_node", this.#elems!, at);
          if (node.get("flags") !== NODE_WITH_VALUE) continue;
          const key = new Uint8Array(this.def.keySize);
          new DataView(key.buffer).setUint32(0, node.get("prefixlen"), true);
          key.set(this.#elems!.bytes.subarray(at + data, at + data + this.def.keySize - 4), 4);
          const value = at + trie.get("value_offset");
          yield [key, this.#elems!.bytes.slice(value, value + this.#valueSize)];
        }
        return;
      }
      case "ring": {
        const ring = new StructView("bpf_queue_stack", this.#block);
        const first = fieldOf("bpf_queue_stack", "value").offset;
        for (let i = 0; i < ring.get("count"); i++) {
          const at = first + (ring.get("first") + i) % this.def.maxEntries * this.stride;
          yield [new Uint8Array(0), this.#block.bytes.slice(at, at + this.#valueSize)];
        }
        return;
      }
      case "filter":
      case "none":
    }
  }

  /** Puts a number into element `index` of an array of pointers: a program's entry, an inner map's address. */
  setPointer(index: number, address: number): void {
    if (this.#made !== "array" || this.stride !== 8) {
      throw new TypeError(`Cannot put a pointer into map ${this.def.name}: it holds none`);
    }
    if (index < 0 || index >= this.def.maxEntries) {
      throw new RangeError(
        `Cannot set element ${index} of map ${this.def.name}: it has ${this.def.maxEntries}`,
      );
    }
    this.#block.view.setBigUint64(this.valueOffset! + index * 8, BigInt(address), true);
  }

  /** Whether its elements are programs. */
  get holdsPrograms(): boolean {
    return this.def.type === PROG_ARRAY;
  }

  get #valueSize(): number {
    return (KINDS[this.def.type] ?? UNKNOWN).elem ?? this.def.valueSize;
  }

  #putKey(key: Uint8Array): number {
    if (key.length !== this.def.keySize) {
      throw new RangeError(
        `Cannot use map ${this.def.name}: a key has ${this.def.keySize} bytes, not ${key.length}`,
      );
    }
    this.#scratch.bytes.set(key);
    return this.#scratch.address;
  }

  #check(what: string, result: bigint): void {
    const signed = BigInt.asIntN(64, result);
    if (signed < 0n) throw new MapError(`${what} map ${this.def.name}`, Number(-signed));
  }
}

/** Refuses a program that refers to maps of types that the runtime does not have. @throws {UnsupportedError} */
export function refuseUnknownMaps(program: Program): void {
  for (const insn of program.code.insns) {
    if (insn.kind !== "imm64" || (insn.value.kind !== "map" && insn.value.kind !== "map_value")) continue;
    const def = program.unit.maps[insn.value.map];
    if (def !== undefined && KINDS[def.type] === undefined) {
      throw new UnsupportedError(`maps of type ${def.type} (map ${def.name})`);
    }
  }
}

/** Bits of a bloom filter, a power of two: for so many set ones about 1/ln(2) as many, as the kernel has it. */
function bitsOfFilter(set: number): number {
  let bits = 64;
  while (bits < Math.floor(set / 5) * 7) bits *= 2;
  return bits;
}

function checkSize(def: MapDef, bytes: number): void {
  if (bytes > LARGEST) throw new RangeError(`Cannot make map ${def.name}: it would take ${bytes} bytes`);
}

/** The maps of a unit, inner maps filled in. @throws {UnsupportedError} If one has initial values that the runtime cannot give it. */
export function createMaps(
  unit: Unit,
  options: { space: AddressSpace; call: CallNative; seed: number },
): RuntimeMap[] {
  const maps = unit.maps.map((def, i) => new RuntimeMap(def, { ...options, id: i + 1 }));
  for (const [i, { initial }] of unit.maps.entries()) {
    for (const { index, map } of initial ?? []) {
      if (map === undefined) continue;
      if (maps[i].valueOffset !== undefined) maps[i].setPointer(index, maps[map].address);
      else throw new UnsupportedError(`initial values of hash maps (map ${unit.maps[i].name})`);
    }
  }
  return maps;
}

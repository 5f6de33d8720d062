/**
 * The older plain structures of `maps` sections: those of libbpf before 1.0 and its samples, of iproute2, and of gobpf.
 *
 * All begin with the same five words: type, key size, value size, entries, flags. What follows is told apart by the size of a
 * definition, which is one for a whole section, and by what the map can have:
 * - 28 bytes: for maps of maps the samples' index of the inner map and NUMA node; with `BPF_F_NUMA_NODE` the node alone; else what
 *   iproute2 had at that time, id and pinning.
 * - `maps/NAME` of 280 bytes: gobpf's pinning and namespace.
 * - Every other size: iproute2's `struct bpf_elf_map`, id, pinning, inner id, inner index, as far as it goes. Like iproute2, what is
 *   beyond must be zero.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { ElfSection, ElfSymbol } from "../../ir/elf/elf.ts";
import { MAP_TYPE } from "../../ir/map_types.ts";
import type { MapDef } from "../../ir/unit.ts";
import { emptyMap } from "../../ir/unit.ts";
import { finished, type ObjectMap, type Writable } from "./maps.ts";
import type { ObjectParts } from "./object.ts";

/** Bytes that all formats have in common. */
const COMMON_SIZE = 20;
/** Bytes of the samples' definition, and of iproute2's without inner maps. */
const SAMPLES_SIZE = 28;
/** Bytes of gobpf's definition: six words and a text of 256. */
const GOBPF_SIZE = 280;
/** Words of iproute2's definition. */
const IPROUTE2_WORDS = 9;
/** `BPF_F_NUMA_NODE` of map creation. */
const F_NUMA_NODE = 4;

/** A definition with what it says of others. */
interface Found {
  readonly map: ObjectMap;
  /** iproute2's number, by which others name it; 0 if it has none. */
  readonly id: number;
  /** The number of the inner map: its place among all, or its id. */
  readonly inner?: { readonly index: number } | { readonly id: number };
}

/** What stands behind the common words. */
interface Rest {
  readonly id: number;
  readonly pinning: number;
  readonly numaNode: number;
  readonly inner?: Found["inner"];
}

/**
 * The maps of `maps` sections, in the order of sections and offsets.
 *
 * @throws {MalformedError} If a section does not divide into definitions, or one says what no format can.
 */
export function legacyMaps(object: ObjectParts, btf: Btf | undefined): ObjectMap[] {
  const found: Found[] = [];
  for (const section of object.elf.sections) {
    if (section.name !== "maps" && !section.name.startsWith("maps/")) continue;
    found.push(...definitions(object, section, btf));
  }
  return found.map(({ map, inner }) => {
    if (inner === undefined) return map;
    const place = "index" in inner ? inner.index : found.findIndex(({ id }) => id === inner.id);
    const target = found[place];
    if (target === undefined || isOfMaps(target.map.def.type)) {
      const named = "index" in inner ? `${inner.index}` : `with the id ${inner.id}`;
      throw new MalformedError(
        `The inner map of "${map.def.name}" is map ${named}, which ${
          target === undefined ? "does not exist" : "holds maps itself"
        }`,
        `section ${object.elf.sections[map.section].name}`,
      );
    }
    return { ...map, def: { ...map.def, inner: target.map.def } };
  });
}

function isOfMaps(type: number): boolean {
  return type === MAP_TYPE.ARRAY_OF_MAPS || type === MAP_TYPE.HASH_OF_MAPS;
}

function definitions(object: ObjectParts, section: ElfSection, btf: Btf | undefined): Found[] {
  const { elf } = object;
  const symbols = elf.symbols
    .filter((symbol) => symbol.section === section.index && symbol.name !== "" && symbol.type !== "section")
    .sort((a, b) => a.value - b.value);
  if (symbols.length === 0) return [];
  const wrong = (what: string) => new MalformedError(what, `section ${section.name}`);
  const size = sizeOfAll(symbols) ?? section.size / symbols.length;
  if (!Number.isInteger(size) || size < COMMON_SIZE || size % 4 !== 0) {
    throw wrong(`${section.size} bytes do not divide into ${symbols.length} map definitions`);
  }
  const data = elf.data(section);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < section.size) throw wrong("The map definitions have no bytes");
  return symbols.map((symbol) => {
    const at = symbol.value;
    if (at % size !== 0 || at + size > data.length) {
      throw wrong(`Map "${symbol.name}" does not begin at a definition`);
    }
    const words = Array.from({ length: size / 4 }, (_, i) => view.getUint32(at + i * 4, elf.littleEndian));
    const [type, keySize, valueSize, maxEntries, flags] = words;
    const isGobpf = size === GOBPF_SIZE && section.name !== "maps";
    if (!isGobpf && words.slice(IPROUTE2_WORDS).some((word) => word !== 0)) {
      throw wrong(`Map "${symbol.name}" has more than the nine known numbers`);
    }
    const { id, pinning, numaNode, inner } = isGobpf
      ? { id: 0, pinning: words[5], numaNode: 0, inner: undefined }
      : restOf(words, size);
    const def: Writable<MapDef> = {
      ...emptyMap(symbol.name),
      type,
      keySize,
      // Loaders put a descriptor into the elements, and their size was often left out.
      valueSize: isOfMaps(type) && valueSize === 0 ? 4 : valueSize,
      // Left to the loader, which takes the number of CPUs. One is what every loader must have.
      maxEntries: maxEntries === 0 && type !== MAP_TYPE.PERF_EVENT_ARRAY && takesEntries(type)
        ? 1
        : maxEntries,
      flags,
      numaNode,
      pinning,
      ...annotatedTypes(btf, symbol.name),
    };
    const map = { def: finished(def), section: section.index, offset: at, size, variables: false };
    return inner === undefined ? { map, id } : { map, id, inner };
  });
}

/** The size that all symbols state, where they do: linkers leave gaps of definitions without a name. */
function sizeOfAll(symbols: readonly ElfSymbol[]): number | undefined {
  const [{ size }] = symbols;
  return size > 0 && symbols.every((symbol) => symbol.size === size) ? size : undefined;
}

function restOf(words: readonly number[], size: number): Rest {
  const [type, , , , flags, fifth = 0, sixth = 0, seventh = 0] = words;
  if (size === SAMPLES_SIZE) {
    if (isOfMaps(type)) return { id: 0, pinning: 0, numaNode: sixth, inner: { index: fifth } };
    if ((flags & F_NUMA_NODE) !== 0) return { id: 0, pinning: 0, numaNode: sixth };
  }
  const rest = { id: fifth, pinning: sixth, numaNode: 0 };
  return isOfMaps(type) && seventh !== 0 ? { ...rest, inner: { id: seventh } } : rest;
}

/** Whether a kernel refuses a map of this type without entries. */
function takesEntries(type: number): boolean {
  return type >= MAP_TYPE.HASH && type <= MAP_TYPE.SOCKHASH;
}

/** `BPF_ANNOTATE_KV_PAIR` declares `struct ____btf_map_NAME { key_type key; value_type value; }`. */
function annotatedTypes(btf: Btf | undefined, name: string): { keyTypeId?: number; valueTypeId?: number } {
  const struct = btf?.type(btf.find(`____btf_map_${name}`, "struct"));
  if (struct?.kind !== "struct" || struct.members.length !== 2) return {};
  return { keyTypeId: struct.members[0].type, valueTypeId: struct.members[1].type };
}

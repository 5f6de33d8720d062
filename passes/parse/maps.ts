/**
 * Maps that a program declares: structures in `.maps`, whose member types spell the numbers. The older plain structures are in
 * `legacy_maps.ts`.
 *
 * Mirrors libbpf's `parse_btf_map_def` and `bpf_object__collect_map_relos`. Pinning is kept and never acted on, so that other
 * loaders' numbers for it are taken too.
 *
 * @module
 */
import { MAP_TYPE } from "../../ir/map_types.ts";
import { emptyMap } from "../../ir/unit.ts";
import type { Btf, BtfMember } from "../../ir/btf/btf.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { MapDef } from "../../ir/unit.ts";
import type { ObjectParts } from "./object.ts";

/** A map and where in the file it is declared: what relocations refer to. */
export interface ObjectMap {
  /** What it declares. */
  readonly def: MapDef;
  /** The section's number. */
  readonly section: number;
  /** In it, in bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
  /** The section holds variables, and all of it is this map's value. */
  readonly variables: boolean;
}

/** Types for which a kernel takes no key and value types, so that loaders hand over none. */
const UNTYPED: ReadonlySet<number> = new Set<number>([
  MAP_TYPE.PERF_EVENT_ARRAY,
  MAP_TYPE.CGROUP_ARRAY,
  MAP_TYPE.STACK_TRACE,
  MAP_TYPE.ARRAY_OF_MAPS,
  MAP_TYPE.HASH_OF_MAPS,
  MAP_TYPE.DEVMAP,
  MAP_TYPE.DEVMAP_HASH,
  MAP_TYPE.CPUMAP,
  MAP_TYPE.XSKMAP,
  MAP_TYPE.SOCKMAP,
  MAP_TYPE.SOCKHASH,
]);

/** A type without its `readonly`. */
export type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The maps of `.maps`, in the order of their offsets.
 *
 * @param btf The completed BTF: offsets of variables are needed.
 * @throws {MalformedError} If a definition says something that no map has, or the same twice and differently.
 */
export function btfMaps(object: ObjectParts, btf: Btf | undefined): ObjectMap[] {
  const section = object.section(".maps");
  if (section === undefined) return [];
  const datasec = btf?.type(btf.find(".maps", "datasec"));
  if (btf === undefined || datasec?.kind !== "datasec") {
    throw new MalformedError("The maps have no type information", "section .maps");
  }
  return datasec.vars.map((entry) => {
    const variable = btf.type(entry.type);
    if (variable.kind !== "var" || variable.name === "") {
      throw new MalformedError(`Type ${entry.type} declares no map`, "section .maps");
    }
    const { name } = variable;
    const wrong = (what: string) => new MalformedError(`Map "${name}": ${what}`, "section .maps");
    if (entry.offset + entry.size > section.size) throw wrong("its definition ends behind the section");
    if (variable.linkage !== "global") throw wrong(`${variable.linkage} maps are not supported`);
    const struct = btf.type(btf.resolve(variable.type));
    if (struct.kind !== "struct") throw wrong(`its definition is no structure but ${struct.kind}`);
    const def = mapFromStruct(btf, struct.members, { name, isInner: false });
    return { def, section: section.index, offset: entry.offset, size: entry.size, variables: false };
  });
}

function mapFromStruct(
  btf: Btf,
  members: readonly BtfMember[],
  options: { name: string; isInner: boolean },
): MapDef {
  const { name, isInner } = options;
  const wrong = (what: string) => new MalformedError(`Map "${name}": ${what}`, "section .maps");
  const def: Writable<MapDef> = { ...emptyMap(name) };
  const size = (what: "keySize" | "valueSize", bytes: number) => {
    if (def[what] !== 0 && def[what] !== bytes) throw wrong(`its ${what} is ${def[what]} and ${bytes}`);
    def[what] = bytes;
  };
  for (const [i, member] of members.entries()) {
    const number = () => encodedNumber(btf, member, wrong);
    switch (member.name) {
      case "type":
        def.type = number();
        break;
      case "max_entries":
        def.maxEntries = number();
        break;
      case "map_flags":
        def.flags = number();
        break;
      case "numa_node":
        def.numaNode = number();
        break;
      case "key_size":
        size("keySize", number());
        break;
      case "value_size":
        size("valueSize", number());
        break;
      case "key":
        def.keyTypeId = pointedType(btf, member, wrong);
        size("keySize", sizeOf(btf, def.keyTypeId, wrong));
        break;
      case "value":
        def.valueTypeId = pointedType(btf, member, wrong);
        size("valueSize", sizeOf(btf, def.valueTypeId, wrong));
        break;
      case "map_extra":
        def.mapExtra = encodedLong(btf, member, wrong);
        break;
      case "pinning":
        def.pinning = number();
        if (isInner) throw wrong("inner maps are not pinned");
        break;
      case "values": {
        if (isInner) throw wrong("maps of maps of maps do not exist");
        if (i !== members.length - 1) throw wrong("`values` is not its last member");
        size("valueSize", 4);
        const inner = innerDefinition(btf, member, { name, type: def.type });
        if (inner !== undefined) def.inner = inner;
        break;
      }
      default:
        throw wrong(`it has an unknown member "${member.name}"`);
    }
  }
  if (def.type === 0) throw wrong("its type is missing");
  return finished(def);
}

/** What loaders change before they ask a kernel for a map. */
export function finished(def: Writable<MapDef>): MapDef {
  if (def.type === MAP_TYPE.RINGBUF || def.type === MAP_TYPE.USER_RINGBUF) {
    def.maxEntries = ringbufSize(def.maxEntries);
    // A ring has no elements; a value's type says what a program puts in. (cilium/ebpf does so too, libbpf fails.)
    def.keySize = 0;
    def.valueSize = 0;
  }
  if (def.type === MAP_TYPE.PERF_EVENT_ARRAY) {
    // Descriptors by CPU; a value's type is that of the samples.
    def.keySize ||= 4;
    if (def.valueSize === 0 || def.valueTypeId !== 0) def.valueSize = 4;
  }
  if (UNTYPED.has(def.type)) {
    def.keyTypeId = 0;
    def.valueTypeId = 0;
  }
  return def;
}

/** A ring's size must be a power of two of pages (of 4096 bytes): the next one that is larger. */
function ringbufSize(size: number): number {
  const pages = size / 4096;
  if (size === 0 || (Number.isInteger(pages) && Number.isInteger(Math.log2(pages)))) return size;
  for (let rounded = 4096; rounded < 2 ** 32; rounded *= 2) if (rounded > size) return rounded;
  return size;
}

type Wrong = (what: string) => MalformedError;

/** `int (*name)[N]` spells N. */
function encodedNumber(btf: Btf, member: BtfMember, wrong: Wrong): number {
  const pointer = btf.type(btf.resolve(member.type));
  const array = pointer.kind === "ptr" ? btf.type(pointer.type) : pointer;
  if (pointer.kind !== "ptr" || array.kind !== "array") {
    throw wrong(`its member "${member.name}" is ${array.kind}, not a pointer to an array`);
  }
  return array.count;
}

/** Numbers that may be wider are also spelled as an enumeration with one value. */
function encodedLong(btf: Btf, member: BtfMember, wrong: Wrong): bigint {
  const type = btf.type(btf.resolve(member.type));
  switch (type.kind) {
    case "enum":
    case "enum64":
      if (type.values.length !== 1) {
        throw wrong(`its member "${member.name}" has ${type.values.length} values, not one`);
      }
      return BigInt.asUintN(64, BigInt(type.values[0].value));
    default:
      return BigInt(encodedNumber(btf, member, wrong));
  }
}

function pointedType(btf: Btf, member: BtfMember, wrong: Wrong): number {
  const pointer = btf.type(member.type);
  if (pointer.kind !== "ptr") throw wrong(`its member "${member.name}" is ${pointer.kind}, not a pointer`);
  return pointer.type;
}

function sizeOf(btf: Btf, id: number, wrong: Wrong): number {
  try {
    return btf.sizeOf(id);
  } catch (error) {
    if (error instanceof RangeError) throw wrong(error.message);
    throw error;
  }
}

/** `values` of a map of maps points to the inner definition, of a program array to a prototype. */
function innerDefinition(
  btf: Btf,
  member: BtfMember,
  map: { name: string; type: number },
): MapDef | undefined {
  const wrong = (what: string) => new MalformedError(`Map "${map.name}": ${what}`, "section .maps");
  const ofMaps = map.type === MAP_TYPE.ARRAY_OF_MAPS || map.type === MAP_TYPE.HASH_OF_MAPS;
  if (!ofMaps && map.type !== MAP_TYPE.PROG_ARRAY) {
    throw wrong("only maps of maps and of programs have `values`");
  }
  const array = btf.type(member.type);
  if (array.kind !== "array" || array.count !== 0) throw wrong("`values` is no array of no elements");
  const pointer = btf.type(btf.resolve(array.type));
  const target = pointer.kind === "ptr" ? btf.type(btf.resolve(pointer.type)) : pointer;
  if (!ofMaps) {
    if (target.kind !== "func_proto") throw wrong(`\`values\` are ${target.kind}, not functions`);
    return undefined;
  }
  if (pointer.kind !== "ptr" || target.kind !== "struct") {
    throw wrong(`\`values\` are ${target.kind}, not map definitions`);
  }
  return mapFromStruct(btf, target.members, { name: `${map.name}.inner`, isInner: true });
}

/** By offset in `.maps`: what the relocations there put into a slot. */
export function initialEntries(
  object: ObjectParts,
  btf: Btf,
  maps: readonly ObjectMap[],
): Map<ObjectMap, { index: number; map?: number; program?: string }[]> {
  const found = new Map<ObjectMap, { index: number; map?: number; program?: string }[]>();
  const section = object.section(".maps");
  if (section === undefined) return found;
  for (const relocation of object.relocationsOf(section)) {
    const wrong = (what: string) =>
      new MalformedError(what, `section .maps, offset 0x${relocation.offset.toString(16)}`);
    const owner = maps.find((map) =>
      map.section === section.index && map.offset <= relocation.offset &&
      relocation.offset + 8 <= map.offset + map.size
    );
    if (owner === undefined) throw wrong("A relocation lies in no map's definition");
    const valuesAt = offsetOfValues(btf, owner.def.name);
    const place = relocation.offset - owner.offset - valuesAt;
    if (valuesAt < 0 || place < 0 || place % 8 !== 0) {
      throw wrong(`Map "${owner.def.name}" has no value there`);
    }
    const index = place / 8;
    const symbol = object.elf.symbols[relocation.symbol];
    const list = found.get(owner) ?? [];
    found.set(owner, list);
    if (owner.def.type === MAP_TYPE.PROG_ARRAY) {
      const func = object.functionAt(symbol.section, symbol.value / 8);
      if (func === undefined || !func.entry || func.start * 8 !== symbol.value) {
        throw wrong(`"${symbol.name}" is no program that map "${owner.def.name}" could hold`);
      }
      list.push({ index, program: func.name });
    } else {
      const map = maps.findIndex((candidate) =>
        candidate.section === symbol.section && candidate.offset === symbol.value
      );
      if (map < 0) throw wrong(`"${symbol.name}" is no map that map "${owner.def.name}" could hold`);
      list.push({ index, map });
    }
  }
  return found;
}

function offsetOfValues(btf: Btf, name: string): number {
  const variable = btf.type(btf.find(name, "var"));
  const struct = variable.kind === "var" ? btf.type(btf.resolve(variable.type)) : variable;
  const last = struct.kind === "struct" ? struct.members.at(-1) : undefined;
  return last?.name === "values" ? last.bitOffset / 8 : -1;
}

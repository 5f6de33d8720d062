/**
 * Makes the maps of a unit in the running kernel, as libbpf makes them.
 *
 * @module
 */
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { MapDef } from "../ir/unit.ts";
import { Attr, bpf, closeFd, COMMAND, KernelError, writeMapped } from "./bpf.ts";

/** Types whose maps take no BTF for keys and values (`bpf_object__create_map`). */
const WITHOUT_BTF: ReadonlySet<number> = new Set([4, 7, 8, 12, 13, 14, 15, 16, 17, 18, 22, 23, 25, 33]);
const PERF_EVENT_ARRAY = 4, ARRAY_OF_MAPS = 12, HASH_OF_MAPS = 13, STRUCT_OPS = 26, RINGBUF = 27, ARENA = 33;
const BPF_F_NUMA_NODE = 4;
const PAGE = 4096;

/** Makes one map; its descriptor. @throws {KernelError} If the kernel refuses. @throws {UnsupportedError} For struct_ops. */
export function createMap(def: MapDef, options: { btfFd: number; innerFd?: number }): number {
  if (def.type === STRUCT_OPS || def.structOps !== undefined) {
    throw new UnsupportedError(`loading struct_ops maps (map ${def.name})`);
  }
  let innerFd = options.innerFd ?? 0;
  let temporary = -1;
  if (innerFd === 0 && (def.type === ARRAY_OF_MAPS || def.type === HASH_OF_MAPS)) {
    if (def.inner === undefined) throw new UnsupportedError(`maps of unknown maps (map ${def.name})`);
    temporary = createMap(def.inner, { btfFd: options.btfFd });
    innerFd = temporary;
  }
  try {
    const attr = (withBtf: boolean) => {
      const value = new Attr(80)
        .u32(0, def.type)
        .u32(4, def.keySize)
        .u32(8, def.valueSize)
        .u32(12, maxEntries(def))
        .u32(16, def.flags | (def.numaNode !== 0 ? BPF_F_NUMA_NODE : 0))
        .u32(20, innerFd)
        .u32(24, def.numaNode)
        .objectName(28, def.name)
        .u64(64, def.mapExtra);
      return withBtf ? value.u32(48, options.btfFd).u32(52, def.keyTypeId).u32(56, def.valueTypeId) : value;
    };
    const typed = options.btfFd > 0 && def.valueTypeId !== 0 && !WITHOUT_BTF.has(def.type);
    let fd = bpf(COMMAND.MAP_CREATE, attr(typed));
    // Types that the kernel has something against are left away, as libbpf does.
    if (fd < 0 && typed) fd = bpf(COMMAND.MAP_CREATE, attr(false));
    if (fd < 0) throw new KernelError(`create map ${def.name}`, -fd);
    if (def.type === ARENA) fillArena(fd, def);
    else if (def.data !== undefined) fill(fd, def);
    else if (def.frozen) freeze(fd, def);
    return fd;
  } finally {
    if (temporary >= 0) closeFd(temporary);
  }
}

/** Puts a descriptor into an element: a map into a map of maps, a program into a prog array. */
export function setFd(def: MapDef, fd: number, element: { index: number; fd: number }): void {
  const key = new Uint8Array(Uint32Array.of(element.index).buffer);
  const value = new Uint8Array(Uint32Array.of(element.fd).buffer);
  const result = bpf(COMMAND.MAP_UPDATE_ELEM, new Attr(32).u32(0, fd).pointer(8, key).pointer(16, value));
  if (result < 0) throw new KernelError(`fill map ${def.name}`, -result);
}

/** Looks a value up; undefined if there is none. @throws {KernelError} For other failures. */
export function lookupElem(
  fd: number,
  key: Uint8Array<ArrayBuffer>,
  valueSize: number,
): Uint8Array | undefined {
  const value = new Uint8Array(valueSize);
  const result = bpf(COMMAND.MAP_LOOKUP_ELEM, new Attr(32).u32(0, fd).pointer(8, key).pointer(16, value));
  if (result === -2) return undefined;
  if (result < 0) throw new KernelError("look up a map's element", -result);
  return value;
}

/** Writes the bytes of a section into the map's only element, and freezes what nobody may write. */
function fill(fd: number, def: MapDef): void {
  const value = new Uint8Array(def.valueSize);
  value.set(def.data!.subarray(0, def.valueSize));
  const attr = new Attr(32).u32(0, fd).pointer(8, new Uint8Array(4)).pointer(16, value);
  const failed = bpf(COMMAND.MAP_UPDATE_ELEM, attr);
  if (failed < 0) {
    closeFd(fd);
    throw new KernelError(`fill map ${def.name}`, -failed);
  }
  if (def.frozen) freeze(fd, def);
}

/** Keeps everybody from writing the map by system calls from now on. */
function freeze(fd: number, def: MapDef): void {
  const failed = bpf(COMMAND.MAP_FREEZE, new Attr(4).u32(0, fd));
  if (failed < 0) {
    closeFd(fd);
    throw new KernelError(`freeze map ${def.name}`, -failed);
  }
}

/** Gives an arena its address in user space, by mapping it once, and the variables in it their values. */
function fillArena(fd: number, def: MapDef): void {
  const memory = {
    address: def.mapExtra,
    size: def.maxEntries * PAGE,
    data: def.data ?? new Uint8Array(),
  };
  const failed = writeMapped(fd, memory);
  if (failed === 0) return;
  closeFd(fd);
  throw new KernelError(`map arena ${def.name}`, -failed);
}

function maxEntries(def: MapDef): number {
  if (def.type === PERF_EVENT_ARRAY && def.maxEntries === 0) return navigator.hardwareConcurrency;
  if (def.type !== RINGBUF) return def.maxEntries;
  // The kernel wants a power of two of pages.
  let size = PAGE;
  while (size < def.maxEntries) size *= 2;
  return size;
}

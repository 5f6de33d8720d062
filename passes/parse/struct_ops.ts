/**
 * Structures of callbacks (`.struct_ops`, `.struct_ops.link`): maps whose value is a kernel structure with programs in its
 * function pointers, and what those programs thereby are attached to.
 *
 * Mirrors libbpf's `init_struct_ops_maps`, `bpf_object__collect_st_ops_relos` and `bpf_map__init_kern_struct_ops`. What the
 * target's BTF does not know stays unresolved: loading is refused then, reading is not.
 *
 * @module
 */
import { MAP_TYPE } from "../../ir/map_types.ts";
import { emptyMap } from "../../ir/unit.ts";
import type { Btf, BtfMember } from "../../ir/btf/btf.ts";
import { essentialName } from "../../ir/btf/read.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { KernelModule, MapDef } from "../../ir/unit.ts";
import type { ObjectFunction, ObjectParts } from "./object.ts";

/** `BPF_F_LINK` of map creation. */
const F_LINK = 8192;

/** Largest structure of callbacks read; a kernel's have some hundred bytes. */
const MAX_SIZE = 1 << 20;

/** What a program that stands in a structure is loaded as. */
export interface StructOpsAttach {
  /** The structure in the BTF of the target or of one of its modules; 0 if they have none. */
  readonly attachBtfId: number;
  /** The module whose BTF that is: 1 + its index; 0 for the target itself. */
  readonly attachModule: number;
  /** Which member of it, as the attach type. */
  readonly attachType: number;
  /** `structure.member`. */
  readonly target: string;
}

/** The maps of an object, and what their programs attach to. */
export interface StructOps {
  /** In the order of their sections. */
  readonly maps: readonly MapDef[];
  /** By program: where it stands. */
  readonly programs: ReadonlyMap<ObjectFunction, StructOpsAttach>;
}

interface Instance {
  readonly name: string;
  readonly section: number;
  readonly offset: number;
  readonly typeId: number;
  readonly typeName: string;
  readonly size: number;
  readonly members: readonly BtfMember[];
  readonly flags: number;
  readonly data: Uint8Array;
  /** By member index. */
  readonly programs: Map<number, ObjectFunction>;
}

/** Reads the structures. @throws {MalformedError} If one lies outside its section or a pointer leads to no program. */
export function structOps(
  object: ObjectParts,
  btf: Btf | undefined,
  kernel: { readonly target: Btf | undefined; readonly modules?: readonly KernelModule[] | undefined },
): StructOps {
  const instances = btf === undefined ? [] : readInstances(object, btf);
  const programs = new Map<ObjectFunction, StructOpsAttach>();
  const maps = instances.map((instance) => {
    const found = owner(kernel, instance.typeName);
    if (found === undefined) {
      for (const [index, func] of instance.programs) {
        const member = `${essentialName(instance.typeName)}.${instance.members[index].name}`;
        if (!programs.has(func)) {
          programs.set(func, { attachBtfId: 0, attachModule: 0, attachType: 0, target: member });
        }
      }
    } else {
      for (const [index, func] of instance.programs) {
        const { name } = instance.members[index];
        const attachType = found.members.findIndex((member) => member.name === name);
        const known = programs.get(func);
        if (attachType < 0 || (known !== undefined && known.attachBtfId !== 0)) continue;
        const { typeId, module } = found;
        programs.set(func, {
          attachBtfId: typeId,
          attachModule: module,
          attachType,
          target: `${found.name}.${name}`,
        });
      }
    }
    return toMap(instance, { kernel: found, btf: btf! });
  });
  return { maps, programs };
}

function readInstances(object: ObjectParts, btf: Btf): Instance[] {
  const instances: Instance[] = [];
  for (const section of object.elf.sections) {
    const match = /^\??\.struct_ops(\.link)?$/.exec(section.name);
    if (match === null) continue;
    const where = `section ${section.name}`;
    const datasec = btf.type(btf.find(section.name, "datasec"));
    if (datasec.kind !== "datasec") {
      throw new MalformedError("The structures have no type information", where);
    }
    const data = object.elf.data(section);
    for (const entry of datasec.vars) {
      const variable = btf.type(entry.type);
      const typeId = variable.kind === "var" ? btf.resolve(variable.type) : 0;
      const type = btf.type(typeId);
      if (variable.kind !== "var" || type.kind !== "struct" || type.name === "") {
        throw new MalformedError(`Type ${entry.type} declares no named structure`, where);
      }
      if (type.size > MAX_SIZE || entry.offset + type.size > data.length) {
        throw new MalformedError(`"${variable.name}" ends behind the section`, where);
      }
      instances.push({
        name: variable.name,
        section: section.index,
        offset: entry.offset,
        typeId,
        typeName: type.name,
        size: type.size,
        members: type.members,
        flags: match[1] === undefined ? 0 : F_LINK,
        data: data.slice(entry.offset, entry.offset + type.size),
        programs: new Map(),
      });
    }
    assignPrograms(object, section, instances);
  }
  return instances;
}

function assignPrograms(
  object: ObjectParts,
  section: ObjectParts["elf"]["sections"][number],
  instances: readonly Instance[],
): void {
  for (const relocation of object.relocationsOf(section)) {
    const wrong = (what: string) =>
      new MalformedError(what, `section ${section.name}, offset 0x${relocation.offset.toString(16)}`);
    const instance = instances.find((candidate) =>
      candidate.section === section.index && candidate.offset <= relocation.offset &&
      relocation.offset < candidate.offset + candidate.size
    );
    if (instance === undefined) throw wrong("A relocation lies in no structure");
    const place = (relocation.offset - instance.offset) * 8;
    const index = instance.members.findIndex((member) => member.bitOffset === place);
    if (index < 0) throw wrong(`"${instance.name}" has no member there`);
    const symbol = object.elf.symbols[relocation.symbol];
    const func = object.functionAt(symbol.section, symbol.value / 8);
    if (func === undefined || func.start * 8 !== symbol.value) throw wrong(`"${symbol.name}" is no program`);
    instance.programs.set(index, func);
  }
}

interface KernelTypes {
  /** The types of the target or of the module. */
  readonly btf: Btf;
  /** 1 + the module's index; 0 for the target itself. */
  readonly module: number;
  readonly name: string;
  readonly typeId: number;
  readonly members: readonly BtfMember[];
  /** `bpf_struct_ops_NAME`, which holds the structure behind a header. */
  readonly valueName: string;
  readonly valueSize: number;
  /** Where in it the structure begins, in bytes. */
  readonly dataOffset: number;
}

/** Who has the structure: the target itself, or else the first of its modules that has. */
function owner(
  kernel: { readonly target: Btf | undefined; readonly modules?: readonly KernelModule[] | undefined },
  localName: string,
): KernelTypes | undefined {
  const { target, modules = [] } = kernel;
  if (target === undefined) return undefined;
  const all = [target, ...modules.map(({ btf }) => btf)];
  for (const [module, btf] of all.entries()) {
    const found = kernelTypes(btf, module, localName);
    if (found !== undefined) return found;
  }
  return undefined;
}

function kernelTypes(target: Btf, module: number, localName: string): KernelTypes | undefined {
  const name = essentialName(localName);
  const typeId = target.find(name, "struct");
  const type = target.type(typeId);
  const valueName = `bpf_struct_ops_${name}`;
  const value = target.type(target.find(valueName, "struct"));
  if (type.kind !== "struct" || value.kind !== "struct" || value.size > MAX_SIZE) return undefined;
  const data = value.members.find((member) => member.type === typeId);
  if (data === undefined) return undefined;
  return {
    btf: target,
    module,
    name,
    typeId,
    members: type.members,
    valueName,
    valueSize: value.size,
    dataOffset: data.bitOffset / 8,
  };
}

/** The map, its value in the kernel's layout where that is known. */
function toMap(
  instance: Instance,
  context: { kernel: KernelTypes | undefined; btf: Btf },
): MapDef {
  const { kernel, btf } = context;
  const base: MapDef = {
    ...emptyMap(instance.name),
    type: MAP_TYPE.STRUCT_OPS,
    keySize: 4,
    valueSize: kernel?.valueSize ?? instance.size,
    maxEntries: 1,
    flags: instance.flags,
    valueTypeId: instance.typeId,
    structOps: kernel?.valueName ?? `bpf_struct_ops_${essentialName(instance.typeName)}`,
  };
  if (kernel === undefined) {
    const initial = [...instance.programs].map(([index, func]) => ({ index, program: func.name }));
    return { ...base, initial, data: instance.data };
  }
  const data = new Uint8Array(kernel.valueSize);
  const initial: { index: number; program: string }[] = [];
  for (const [i, member] of instance.members.entries()) {
    const index = kernel.members.findIndex((candidate) => candidate.name === member.name);
    if (index < 0) continue;
    const program = instance.programs.get(i);
    if (program !== undefined) {
      initial.push({ index, program: program.name });
      continue;
    }
    const size = sizeOrZero(btf, member.type);
    const from = member.bitOffset / 8;
    const to = kernel.dataOffset + kernel.members[index].bitOffset / 8;
    if (
      member.bitSize > 0 || size !== sizeOrZero(kernel.btf, kernel.members[index].type) ||
      to + size > data.length
    ) continue;
    data.set(instance.data.subarray(from, from + size), to);
  }
  return { ...base, initial, data };
}

function sizeOrZero(btf: Btf, id: number): number {
  try {
    return btf.sizeOf(id);
  } catch (error) {
    if (error instanceof RangeError) return 0;
    throw error;
  }
}

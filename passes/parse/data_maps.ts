/**
 * Global variables as maps: each of `.data*`, `.rodata*`, `.bss*` becomes an array map of one value that holds the section.
 *
 * Names, order and flags are libbpf's (`bpf_object__init_internal_map`, `internal_map_name`): up to eight characters of the
 * object's name before `.data`, `.rodata`, `.bss` and `.kconfig`, the section's own name where it has a second dot, fifteen
 * characters at most. Constants and settings are read-only for programs; sections with a global variable can be mapped.
 *
 * @module
 */
import { MAP_TYPE } from "../../ir/map_types.ts";
import { emptyMap } from "../../ir/unit.ts";
import type { Btf } from "../../ir/btf/btf.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import { SHF_EXECINSTR, SHT } from "../../ir/elf/elf.ts";
import type { MapDef } from "../../ir/unit.ts";
import type { ObjectMap } from "./maps.ts";
import type { ObjectParts } from "./object.ts";

/** `BPF_F_RDONLY_PROG` of map creation. */
const F_RDONLY_PROG = 128;
/** `BPF_F_MMAPABLE` of map creation. */
const F_MMAPABLE = 1024;

/** The kernel's limit for names, without the terminator. */
const NAME_LENGTH = 15;

/** Bytes of all variables of an object. More is refused, since a size costs a hostile file nothing. */
const MAX_VARIABLES = 256 << 20;

/** The maps of an object's variables, by section. @throws {MalformedError} If a section is larger than a map can be. */
export function dataMaps(object: ObjectParts, btf: Btf | undefined, objectName: string): ObjectMap[] {
  const maps: ObjectMap[] = [];
  let total = 0;
  for (const section of object.elf.sections) {
    const isCode = (section.flags & SHF_EXECINSTR) !== 0;
    const kind = isCode ? undefined : kindOf(section.name, section.type);
    if (kind === undefined || section.size === 0) continue;
    total += section.size;
    if (total > MAX_VARIABLES) {
      throw new MalformedError(
        `${total} bytes of variables are more than an object can have`,
        `section ${section.name}`,
      );
    }
    const data = kind === ".bss" ? new Uint8Array(section.size) : object.elf.data(section).slice();
    const def = valueMap(section.name, { data, btf, objectName, readOnly: kind === ".rodata" });
    maps.push({ def, section: section.index, offset: 0, size: section.size, variables: true });
  }
  return maps;
}

function kindOf(name: string, type: number): ".data" | ".rodata" | ".bss" | undefined {
  const is = (kind: string) => name === kind || name.startsWith(`${kind}.`);
  if (type === SHT.PROGBITS) return is(".data") ? ".data" : is(".rodata") ? ".rodata" : undefined;
  return type === SHT.NOBITS && is(".bss") ? ".bss" : undefined;
}

/** An array map whose only value is a section. */
export function valueMap(
  section: string,
  options: { data: Uint8Array; btf: Btf | undefined; objectName: string; readOnly: boolean },
): MapDef {
  const { data, btf, readOnly } = options;
  const valueTypeId = btf?.find(section, "datasec") ?? 0;
  return {
    ...emptyMap(internalMapName(options.objectName, section)),
    type: MAP_TYPE.ARRAY,
    keySize: 4,
    valueSize: data.length,
    maxEntries: 1,
    flags: (readOnly ? F_RDONLY_PROG : 0) | (hasGlobal(btf, valueTypeId) ? F_MMAPABLE : 0),
    valueTypeId,
    section,
    data,
    frozen: readOnly,
  };
}

function hasGlobal(btf: Btf | undefined, id: number): boolean {
  const datasec = btf?.type(id);
  return datasec?.kind === "datasec" && datasec.vars.some((entry) => {
    const variable = btf!.type(entry.type);
    return variable.kind === "var" && variable.linkage !== "static";
  });
}

/** What the kernel will call the map of a section. */
export function internalMapName(objectName: string, section: string): string {
  const suffix = Math.min(Math.max(7, section.length), NAME_LENGTH);
  const prefix = section.indexOf(".", 1) >= 0 ? 0 : NAME_LENGTH - suffix;
  return (objectName.slice(0, prefix) + section.slice(0, suffix)).replace(/[^A-Za-z0-9_.]/g, "_");
}

/**
 * Parse: an object file made by a compiler becomes a unit, as libbpf reads it.
 *
 * The steps, each in a file of its own: sections and functions (`object.ts`), externs (`externs.ts`), completed BTF
 * (`fixup_btf.ts`), maps (`maps.ts`, `data_maps.ts`, `kconfig.ts`, `struct_ops.ts`), CO-RE (`core/`), linking (`link.ts`),
 * attributes (`attach.ts`), types of programs that libbpf would not know (`program_types.ts`). The file is input from anywhere: the
 * only error is `MalformedError`. A program that cannot be linked is one only if there is no other; else the unit lists it.
 *
 * Where libbpf asks the running kernel, this asks the target's BTF, and what that does not know stays open in the unit: a
 * missing kernel function has the id 0, a program's unknown attach point too. Without a target CO-RE relocations
 * are left as compiled.
 *
 * @module
 */
import { MAP_TYPE } from "../../ir/map_types.ts";
import type { Btf } from "../../ir/btf/btf.ts";
import type { BtfExt } from "../../ir/btf/ext.ts";
import { readBtfExt, RELOCATION_WORDS } from "../../ir/btf/ext.ts";
import type { IndexedBtf } from "../../ir/btf/read.ts";
import { essentialName, openBtf } from "../../ir/btf/read.ts";
import { buildProgram } from "../../ir/build.ts";
import { decode } from "../../ir/decode.ts";
import type { Decoded, DecodedInsn } from "../../ir/decode.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import { readElf } from "../../ir/elf/elf.ts";
import type { Origin, Program, ProgramAttrs, Subprog } from "../../ir/program.ts";
import type { KernelModule, MapDef, Unit, UnreadableProgram } from "../../ir/unit.ts";
import type { Profile } from "../../profile/profile.ts";
import { attrsOf } from "./attach.ts";
import { CoreRelocator } from "./core/apply.ts";
import { dataMaps } from "./data_maps.ts";
import type { ObjectExtern } from "./externs.ts";
import { collectExterns } from "./externs.ts";
import { fixupBtf } from "./fixup_btf.ts";
import { kconfigMap } from "./kconfig.ts";
import { legacyMaps } from "./legacy_maps.ts";
import type { LinkContext, Linked } from "./link.ts";
import { link } from "./link.ts";
import type { ObjectMap } from "./maps.ts";
import { btfMaps, initialEntries } from "./maps.ts";
import type { ObjectFunction, ObjectParts } from "./object.ts";
import { readObject } from "./object.ts";
import { FunctionInfo, SectionRecords } from "./origins.ts";
import { decideTypes } from "./program_types.ts";
import { structOps } from "./struct_ops.ts";
import { exceptionCallbacks, taggedFlags } from "./tags.ts";
import { useOf } from "./use.ts";

/** What an object is read with. */
export interface ParseOptions {
  /** The file's name, for messages and for the names of maps of variables. */
  readonly name: string;
  /** The BTF of the kernel the programs are meant for. */
  readonly targetBtf?: Btf;
  /** The modules that kernel has loaded, each with split BTF that continues `targetBtf`. */
  readonly modules?: readonly KernelModule[];
  /** The kernel's configuration, lines `CONFIG_X=y`. Without it such settings are unknown. */
  readonly kconfig?: string;
  /** `major << 16 | minor << 8 | patch`, which `LINUX_KERNEL_VERSION` gives; 6.18.0 if left out. */
  readonly kernelVersion?: number;
  /** Addresses of kernel symbols, as /proc/kallsyms has them, for externs without a type. Without it such a load is a `kernel_var` with the id 0. */
  readonly addresses?: ReadonlyMap<string, bigint>;
  /** The type of programs whose section says none, neither as libbpf nor as older loaders name sections, e.g. `sched_cls`. */
  readonly type?: string;
  /** What program types can do: decides about programs of other sections, where {@linkcode ParseOptions.type} does not. */
  readonly profile?: Profile;
  /** Make a program of every global function of `.text` too, of type `unspec`: for objects that hold bodies, not programs. */
  readonly textFunctions?: boolean;
}

const LINUX_6_18 = (6 << 16) | (18 << 8);

/** Variables in an arena. */
const ARENA_SECTION = ".addr_space.1";

/** Slots of all programs of one unit together: a subprogram is copied into each program that reaches it. */
const MAX_UNIT = 2_000_000;

/**
 * Reads an object file.
 *
 * @throws {MalformedError} If the bytes are no BPF object, contradict themselves, or do not fit the target.
 *
 * @example
 * ```ts
 * import { parseObject } from "./parse.ts";
 * const bytes = Deno.readFileSync(new URL("../../tests/objects/xdp_subprogs.bpf.o", import.meta.url));
 * const unit = parseObject(bytes, { name: "xdp_subprogs.bpf.o" });
 * console.log(unit.programs.map((program) => `${program.attrs.type} ${program.attrs.name}`));
 * ```
 */
export function parseObject(bytes: Uint8Array, options: ParseOptions): Unit {
  const elf = readElf(bytes);
  const object = readObject(elf);
  const { btf: rawBtf, ext } = readTypes(object);
  const externs = collectExterns(elf, rawBtf, {
    ...(options.targetBtf === undefined ? {} : { target: options.targetBtf }),
    ...(options.modules === undefined ? {} : { modules: options.modules }),
  });
  const btf = rawBtf === undefined ? undefined : fixupBtf(rawBtf, object, externs);
  const info = new FunctionInfo(elf, rawBtf, ext);
  const unrelocated = relocateTypes(object, {
    rawBtf,
    ext,
    target: options.targetBtf,
    modules: options.modules,
  });

  const ops = structOps(object, btf, { target: options.targetBtf, modules: options.modules });
  const callbacks = new Map<ObjectFunction, ObjectFunction>();
  const { maps: declared, ...places } = collectMaps(object, { btf, externs, options });
  const context: LinkContext = {
    object,
    ...places,
    externs: new Map(externs.map((extern, index) => [extern.symbol, { extern, index }])),
    hasTarget: options.targetBtf !== undefined,
    addresses: options.addresses,
    exceptionCallbacks: callbacks,
  };
  const isBody = (func: ObjectFunction) =>
    options.textFunctions === true && func.global && func.section.name === ".text";
  const programs: Program[] = [];
  const unreadable: UnreadableProgram[] = [];
  const unit: Unit = {
    name: options.name,
    ...(elf.littleEndian ? {} : { bigEndian: true }),
    license: object.license,
    version: object.version,
    ...(btf === undefined ? {} : { btf }),
    ...(options.targetBtf === undefined ? {} : { targetBtf: options.targetBtf }),
    ...(options.modules === undefined ? {} : { modules: options.modules }),
    maps: [...declared.map((map) => map.def), ...ops.maps],
    externs: externs.map(({ name, kind, weak, typeId, targetBtfId, module, typeless }) => ({
      name,
      kind,
      weak,
      typeId,
      targetBtfId,
      ...(module === undefined ? {} : { module }),
      ...(typeless ? { typeless } : {}),
    })),
    programs,
    unreadable,
  };
  let slots = 0, firstError: MalformedError | undefined;
  const found: LinkedProgram[] = [];
  for (const func of object.functions) {
    if (!func.entry && !isBody(func)) continue;
    const funcId = info.typeOf(func);
    if (btf !== undefined && funcId !== 0) {
      const callback = callbackOf(object, exceptionCallbacks(btf, funcId));
      if (callback !== undefined) callbacks.set(func, callback);
    }
    try {
      const linked = link(context, func);
      slots += linked.bytes.length / 8;
      const failed = linked.parts.find((part) => unrelocated.has(part.func));
      if (failed !== undefined) throw unrelocated.get(failed.func);
      const attrs = attrsOf(func, {
        target: options.targetBtf,
        modules: options.modules,
        structOps: ops.programs.get(func),
        flags: btf === undefined || funcId === 0 ? 0 : taggedFlags(btf, funcId),
      });
      found.push({ linked, attrs, decoded: decode(linked.bytes) });
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      firstError ??= error;
      unreadable.push({ name: func.name, section: func.section.name, message: error.message });
    }
    if (slots > MAX_UNIT) {
      throw new MalformedError("The programs together are larger than any object", `function ${func.name}`);
    }
  }
  if (found.length === 0 && firstError !== undefined) throw firstError;
  const types = typesOf(found, unit, options);
  // What nobody could load by itself and others call is a part of those. So are functions of `.text` of objects with types, which
  // are linked to others first: no loader that knows types ever took them for programs.
  const called = new Set(found.flatMap(({ linked }) => linked.parts.slice(1).map(({ func }) => func)));
  found.forEach((program, i) => {
    const { attrs, linked } = program;
    const { func } = linked.parts[0],
      isPart = called.has(func) || (btf !== undefined && attrs.section === ".text");
    if (types[i] === "unspec" && !isBody(func) && isPart) return;
    const attachType = attrs.type === "unspec"
      ? firstAttachType(types[i], options.profile)
      : attrs.attachType;
    programs.push(toProgram(unit, { ...program, attrs: { ...attrs, type: types[i], attachType }, info }));
  });
  return unit;
}

function readTypes(object: ObjectParts): { btf?: IndexedBtf; ext?: BtfExt } {
  const section = object.section(".BTF");
  if (section === undefined || section.size === 0) return {};
  const btf = openBtf(object.elf.data(section), { what: "section .BTF" });
  const extSection = object.section(".BTF.ext");
  if (extSection === undefined || extSection.size === 0) return { btf };
  return { btf, ext: readBtfExt(object.elf.data(extSection), "section .BTF.ext") };
}

/** An entry point with what it reaches. */
interface LinkedProgram {
  readonly linked: Linked;
  readonly attrs: ProgramAttrs;
  readonly decoded: Decoded;
}

/** The types of all programs; those whose sections libbpf does not know are decided together. */
function typesOf(found: readonly LinkedProgram[], unit: Unit, options: ParseOptions): readonly string[] {
  if (found.every(({ attrs }) => attrs.type !== "unspec")) return found.map(({ attrs }) => attrs.type);
  const candidates = found.map(({ attrs, linked, decoded }) => ({
    section: attrs.section,
    type: attrs.type,
    use: useOf(decoded.insns, {
      slots: decoded.slots,
      mainSlots: linked.parts[1]?.start ?? linked.bytes.length / 8,
    }),
    progArrays: decoded.insns.flatMap((insn) =>
      insn.kind === "imm64" && insn.value.kind === "map" &&
        unit.maps[insn.value.map]?.type === MAP_TYPE.PROG_ARRAY
        ? [insn.value.map]
        : []
    ),
  }));
  return decideTypes(candidates, { asked: options.type, profile: options.profile });
}

/** What a program of a type is loaded with where nobody asks for an attach type. */
function firstAttachType(type: string, profile: Profile | undefined): number {
  return profile?.programType(type)?.attachTypes?.[0] ?? 0;
}

/** CO-RE, function by function. Gives the functions in which something does not fit, with the reason. */
function relocateTypes(
  object: ObjectParts,
  types: {
    rawBtf: IndexedBtf | undefined;
    ext: BtfExt | undefined;
    target: Btf | undefined;
    modules: readonly KernelModule[] | undefined;
  },
): ReadonlyMap<ObjectFunction, MalformedError> {
  const { rawBtf, ext, target } = types;
  const failed = new Map<ObjectFunction, MalformedError>();
  if (rawBtf === undefined || ext === undefined || target === undefined || ext.relocations.length === 0) {
    return failed;
  }
  const relocator = new CoreRelocator(rawBtf, target, types.modules);
  const records = new SectionRecords(object.elf, rawBtf, {
    records: ext.relocations,
    width: RELOCATION_WORDS,
  });
  for (const func of object.functions) {
    try {
      relocateFunction(func, { relocator, rawBtf, records: records.of(func) });
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error;
      failed.set(func, error);
    }
  }
  return failed;
}

function relocateFunction(
  func: ObjectFunction,
  parts: { relocator: CoreRelocator; rawBtf: IndexedBtf; records: ReturnType<SectionRecords["of"]> },
): void {
  const { relocator, rawBtf, records } = parts;
  for (const [offset, type, path, kind] of records) {
    const slot = (offset >>> 0) / 8 - func.start;
    const where = `function ${func.name}, section ${func.section.name}, offset 0x${
      (offset >>> 0).toString(16)
    }`;
    if (!Number.isInteger(slot)) {
      throw new MalformedError("A CO-RE relocation lies inside an instruction", where);
    }
    relocator.apply(func.bytes, slot, {
      relocation: { type: type >>> 0, path: rawBtf.text(path >>> 0), kind: kind >>> 0 },
      where,
    });
  }
}

type Maps = Pick<LinkContext, "mapAt" | "variablesOf" | "kconfigMap" | "arenaMap" | "arenaSection"> & {
  readonly maps: readonly ObjectMap[];
};

/** All maps but structures of callbacks, which no instruction refers to, in libbpf's order. */
function collectMaps(
  object: ObjectParts,
  context: { btf: IndexedBtf | undefined; externs: readonly ObjectExtern[]; options: ParseOptions },
): Maps {
  const { btf, externs, options } = context;
  const objectName = (options.name.split("/").at(-1) ?? "").split(".")[0];
  const maps: ObjectMap[] = [...btfMaps(object, btf), ...legacyMaps(object, btf)];
  if (btf !== undefined) {
    for (const [map, initial] of initialEntries(object, btf, maps)) setDef(maps, map, { initial });
  }
  const arenaMap = maps.findIndex((map) => map.def.type === MAP_TYPE.ARENA);
  const arena = object.section(ARENA_SECTION);
  if (arena !== undefined && arena.size > 0) {
    const where = `section ${ARENA_SECTION}`;
    if (arenaMap < 0) {
      throw new MalformedError("There are variables in an arena, but no arena among the maps", where);
    }
    const data = object.elf.data(arena).slice();
    if (data.length > maps[arenaMap].def.maxEntries * 4096) {
      throw new MalformedError("The arena is too small for its variables", where);
    }
    setDef(maps, maps[arenaMap], { section: ARENA_SECTION, data });
  }
  maps.push(...dataMaps(object, btf, objectName));
  const kconfig = kconfigMap(externs, btf, {
    objectName,
    kernelVersion: options.kernelVersion ?? LINUX_6_18,
    ...(options.kconfig === undefined ? {} : { kconfig: options.kconfig }),
  });
  const kconfigIndex = kconfig === undefined ? -1 : maps.length;
  if (kconfig !== undefined) maps.push({ def: kconfig, section: -1, offset: 0, size: 0, variables: true });
  const mapAt = new Map<string, number>(), variablesOf = new Map<number, number>();
  maps.forEach((map, index) => {
    if (map.variables) variablesOf.set(map.section, index);
    else mapAt.set(`${map.section}:${map.offset}`, index);
  });
  return { maps, mapAt, variablesOf, kconfigMap: kconfigIndex, arenaMap, arenaSection: arena?.index ?? -1 };
}

function setDef(maps: ObjectMap[], map: ObjectMap, more: Partial<MapDef>): void {
  maps[maps.indexOf(map)] = { ...map, def: { ...map.def, ...more } };
}

function callbackOf(object: ObjectParts, names: readonly string[]): ObjectFunction | undefined {
  // More than one is an error that the verifier reports.
  if (names.length !== 1) return undefined;
  return object.functions.find((func) => !func.entry && func.name === names[0]);
}

/** Bytes to instructions, with the names that bytes cannot hold. */
function toProgram(
  unit: Unit,
  parts: LinkedProgram & { info: FunctionInfo },
): Program {
  const { linked, attrs, info } = parts;
  const { insns, slots } = parts.decoded;
  const origins: Origin[] = new Array(insns.length);
  let part = 0;
  for (let i = 0; i < insns.length; i++) {
    const slot = slots[i];
    while (part + 1 < linked.parts.length && linked.parts[part + 1].start <= slot) part++;
    const { func, start } = linked.parts[part];
    origins[i] = info.originsOf(func)[slot - start];
    const extern = linked.externs.get(slot);
    if (extern !== undefined) insns[i] = named(insns[i], extern);
  }
  const subprogs = linked.parts.map(({ func, start }) => {
    const btfId = info.typeOf(func);
    return { name: func.name, start, linkage: linkageOf(unit, { btfId, isMain: start === 0 }), btfId };
  });
  return buildProgram({ unit, attrs, insns, subprogs, origins });
}

function named(insn: DecodedInsn, extern: ObjectExtern): DecodedInsn {
  if (insn.kind === "call" && insn.callee.kind === "kfunc") {
    const func = { ...insn.callee.func, name: essentialName(extern.name) };
    const weak = extern.weak && extern.targetBtfId === 0;
    return { kind: "call", callee: { kind: "kfunc", func: weak ? { ...func, weak } : func } };
  }
  if (insn.kind === "imm64" && insn.value.kind === "kernel_var") {
    return { ...insn, value: { ...insn.value, name: extern.name } };
  }
  return insn;
}

/** As a kernel sees it: without BTF every subprogram is static. */
function linkageOf(unit: Unit, options: { btfId: number; isMain: boolean }): Subprog["linkage"] {
  const type = unit.btf?.type(options.btfId);
  if (type?.kind === "func") return type.linkage;
  return options.isMain ? "global" : "static";
}

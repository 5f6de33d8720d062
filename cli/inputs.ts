/**
 * What commands read: objects, a kernel's BTF, plugins and modules, devices.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { openBtf } from "../ir/btf/read.ts";
import { MalformedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { KernelModule, Unit, UnreadableProgram } from "../ir/unit.ts";
import type { HelperNames } from "../ir/print_insn.ts";
import { parseText } from "../ir/parse_text.ts";
import { parseObject, type ParseOptions } from "../passes/parse/parse.ts";
import type { Device } from "../plugins/device.ts";
import { defineModule, type Module } from "../plugins/module.ts";
import type { Plugin } from "../plugins/plugin.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { UsageError } from "./command.ts";
import { runningAddresses } from "./kallsyms.ts";
import { asksForConfig, dependsOnConfig, runningConfig } from "./kconfig.ts";

/** Something that was named cannot be read: exit status 2. */
export class InputError extends UsageError {}

/** Helpers as text names them: `bpf_` and the profile's name. */
export const HELPER_NAMES: HelperNames = {
  helperName(id) {
    const name = LINUX_6_18.helper(id)?.name;
    return name === undefined ? undefined : `bpf_${name}`;
  },
  helperId: (name) => name.startsWith("bpf_") ? LINUX_6_18.helperId(name.slice(4)) : undefined,
};

/** The running kernel's BTF. */
const RUNNING_KERNEL = "/sys/kernel/btf/vmlinux";

/** The BTF of a file, or the running kernel's if none is named, or undefined if there is none either. */
export function readTargetBtf(path: string | undefined): Btf | undefined {
  if (path === undefined) {
    try {
      return openBtf(Deno.readFileSync(RUNNING_KERNEL), { what: RUNNING_KERNEL });
    } catch (error) {
      // Deno guards /sys with more than the permission to read.
      if (error instanceof Deno.errors.NotCapable) {
        console.error(
          `note: ${RUNNING_KERNEL} was not read, as that takes --allow-all; --btf FILE names another`,
        );
      }
      return undefined;
    }
  }
  try {
    return openBtf(read(path), { what: path });
  } catch (error) {
    if (error instanceof MalformedError) throw new InputError(`cannot read ${path}: ${error.message}`);
    throw error;
  }
}

/**
 * Modules of the kernel by their BTF, as `/sys/kernel/btf/NAME` has it: split BTF that continues the kernel's.
 *
 * @throws {InputError} If a file cannot be read. @throws {UsageError} If there is no kernel that they could belong to.
 */
export function readModuleTypes(paths: readonly string[], kernel: Btf | undefined): readonly KernelModule[] {
  if (paths.length === 0) return [];
  if (kernel === undefined) throw new UsageError("--btf-module needs the kernel's own BTF: --btf FILE");
  return paths.map((path) => {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.btf$/, "");
    try {
      return { name, btf: openBtf(read(path), { base: kernel, what: path }) };
    } catch (error) {
      if (error instanceof MalformedError) throw new InputError(`cannot read ${path}: ${error.message}`);
      throw error;
    }
  });
}

/** Reads a file. @throws {InputError} If it cannot. */
function read(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
}

/** How an object is read. */
export interface ReadOptions {
  /** The type of programs whose section says none. */
  readonly type?: string | undefined;
  /** The modules of the kernel. */
  readonly modules?: readonly KernelModule[];
}

/**
 * Reads an object file, or a program as text if the name ends in `.bpf`. Settings that the object asks for are the running
 * kernel's, where it shows them; else they are unknown, and a note says so.
 *
 * @throws {InputError} If the file cannot be read or understood.
 */
export function readUnit(path: string, targetBtf: Btf | undefined, options: ReadOptions = {}): Unit {
  const bytes = read(path);
  try {
    if (path.endsWith(".bpf")) {
      return parseText(new TextDecoder().decode(bytes), { helpers: HELPER_NAMES });
    }
    const how: ParseOptions = {
      name: path.slice(path.lastIndexOf("/") + 1),
      profile: LINUX_6_18,
      ...(targetBtf === undefined ? {} : { targetBtf }),
      ...(options.type === undefined ? {} : { type: options.type }),
      ...(options.modules === undefined || options.modules.length === 0 ? {} : { modules: options.modules }),
    };
    const unit = parseObject(bytes, how);
    const kconfig = dependsOnConfig(unit) ? runningConfig() : undefined;
    if (kconfig === undefined && asksForConfig(unit)) {
      console.error(`note: ${path} asks for CONFIG_ settings, and no kernel configuration can be read here`);
    }
    return resolved(unit, { bytes, how, kconfig });
  } catch (error) {
    if (error instanceof MalformedError || error instanceof SyntaxError) {
      throw new InputError(`cannot read ${path}: ${error.message}`);
    }
    throw error;
  }
}

/** The object once more with what the running kernel tells of what it asks for; the unit itself if that is nothing. */
export function resolved(
  unit: Unit,
  object: { bytes: Uint8Array; how: ParseOptions; kconfig: string | undefined },
): Unit {
  const { bytes, how, kconfig } = object, addresses = runningAddresses(unit);
  if (kconfig === undefined && addresses === undefined) return unit;
  return parseObject(bytes, {
    ...how,
    ...(kconfig === undefined ? {} : { kconfig }),
    ...(addresses === undefined ? {} : { addresses }),
  });
}

/** `--type TYPE`. @throws {UsageError} If there is no such program type. */
export function readProgramType(name: string | undefined): string | undefined {
  if (name === undefined || (name !== "unspec" && LINUX_6_18.programType(name) !== undefined)) return name;
  throw new UsageError(
    `there is no program type "${name}"; they are named as in sched_cls, xdp, socket_filter`,
  );
}

/** Programs of a unit that cannot be linked, or those of a name. */
export function selectUnreadable(unit: Unit, name: string | undefined): readonly UnreadableProgram[] {
  return (unit.unreadable ?? []).filter((program) => name === undefined || program.name === name);
}

/** The programs of a unit, or the one that is named. @throws {UsageError} If there is none of that name. */
export function selectPrograms(unit: Unit, name: string | undefined): readonly Program[] {
  if (name === undefined) return unit.programs;
  const found = unit.programs.filter((program) => program.attrs.name === name);
  if (found.length > 0 || selectUnreadable(unit, name).length > 0) return found;
  const names = unit.programs.map((program) => program.attrs.name).join(", ");
  throw new UsageError(`there is no program "${name}" in ${unit.name}; there are ${names || "none"}`);
}

/** The one program that is named, or the only one. @throws {UsageError} If that leaves none or several. */
export function selectProgram(unit: Unit, name: string | undefined): Program {
  const found = selectPrograms(unit, name);
  if (found.length === 1) return found[0];
  const [unreadable] = name === undefined ? [] : selectUnreadable(unit, name);
  if (unreadable !== undefined) throw new InputError(`cannot read ${name}: ${unreadable.message}`);
  const names = unit.programs.map((program) => program.attrs.name).join(", ");
  throw new UsageError(`--program is needed: ${unit.name} has ${names || "no programs"}`);
}

/** The modules that `--module` can name without a file. */
export const BUILT_IN: Readonly<Record<string, () => Promise<Module>>> = {
  dynptr: async () => await (await import("../plugins/dynptr/mod.ts")).dynptrModule(),
  dynptr_from: async () => await (await import("../plugins/dynptr/mod.ts")).dynptrFromModule(),
  xdp_metadata: async () => await (await import("../plugins/xdp_metadata/mod.ts")).xdpMetadataModule(),
  veth: async () => await (await import("../plugins/xdp_metadata/mod.ts")).vethModule(),
  mlx5: async () => await (await import("../plugins/xdp_metadata/mod.ts")).mlx5Module(),
};

/** What `--module` named. */
export interface Additions {
  readonly modules: readonly Module[];
  readonly plugins: readonly Plugin[];
}

/**
 * Loads what `--module` names: a built-in module, an object with kfunc bodies (`*.bpf.o`), or a TypeScript file whose export
 * `plugin` (or `module`) is one, or a function that makes one.
 *
 * @throws {UsageError} If there is nothing of that name.
 */
export async function loadModules(names: readonly string[]): Promise<Additions> {
  const modules: Module[] = [];
  const plugins: Plugin[] = [];
  for (const name of names) {
    if (Object.hasOwn(BUILT_IN, name)) modules.push(await BUILT_IN[name]());
    else if (name.endsWith(".o")) {
      const file = name.slice(name.lastIndexOf("/") + 1);
      const own = file.replace(/\.bpf\.o$|\.o$/, "").replaceAll(/[^a-z0-9_-]/gi, "_").toLowerCase();
      modules.push(defineModule({ name: own, objects: [{ name: file, bytes: read(name), trust: "asks" }] }));
    } else if (/\.[mc]?[tj]s$/.test(name)) {
      // Loaded where it is needed: it takes a tenth of the time of a short command to load.
      const { resolve, toFileUrl } = await import("@std/path");
      const exports = await import(toFileUrl(resolve(name)).href);
      const plugin = typeof exports.plugin === "function" ? exports.plugin() : exports.plugin;
      const module = typeof exports.module === "function" ? exports.module() : exports.module;
      if (plugin === undefined && module === undefined) {
        throw new UsageError(`${name} exports neither "plugin" nor "module"`);
      }
      if (plugin !== undefined) plugins.push(plugin);
      if (module !== undefined) modules.push(module);
    } else {
      const known = Object.keys(BUILT_IN).join(", ");
      throw new UsageError(`there is no module "${name}": name a .ts or .bpf.o file, or one of ${known}`);
    }
  }
  return { modules, plugins };
}

/** The devices that `--device` can name without more. */
export const DEVICES: readonly Device[] = [
  { name: "veth0", driver: "veth", features: ["timestamp", "hash", "vlan_tag"] },
  { name: "mlx5_0", driver: "mlx5", features: ["timestamp", "hash", "vlan_tag"] },
  { name: "lo", driver: "loopback", features: [] },
];

/** The device `NAME`, or `NAME:DRIVER`. @throws {UsageError} If nothing is known of it. */
export function readDevice(text: string | undefined): Device | undefined {
  if (text === undefined) return undefined;
  const [name, driver] = text.split(":");
  if (driver !== undefined) return { name, driver, features: [] };
  const found = DEVICES.find((device) => device.name === name);
  if (found !== undefined) return found;
  const known = DEVICES.map((device) => device.name).join(", ");
  throw new UsageError(`there is no device "${name}": name one of ${known}, or NAME:DRIVER`);
}

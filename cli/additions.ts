/**
 * What commands add to the pipeline: plugins, modules of kernel functions, devices.
 *
 * @module
 */
import { resolve, toFileUrl } from "@std/path";
import type { Device } from "../plugins/device.ts";
import { dynptrFromModule, dynptrModule } from "../plugins/dynptr/mod.ts";
import { defineModule, type Module } from "../plugins/module.ts";
import type { Plugin } from "../plugins/plugin.ts";
import { mlx5Module, vethModule, xdpMetadataModule } from "../plugins/xdp_metadata/mod.ts";
import { UsageError } from "./command.ts";
import { read } from "./inputs.ts";

/** The modules that `--module` can name without a file. */
export const BUILT_IN: Readonly<Record<string, () => Promise<Module>>> = {
  dynptr: dynptrModule,
  dynptr_from: dynptrFromModule,
  xdp_metadata: xdpMetadataModule,
  veth: vethModule,
  mlx5: mlx5Module,
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

/**
 * What a plugin is: passes, kfunc modules and observers under one name.
 *
 * A plugin is plain data, made by a factory `(options) => Plugin`; nothing asks what class it is of, so it works with any copy
 * of the host that knows `api: 1`. Where its passes go is said by their own `after` and `before`, see passes/pipeline.ts. What its
 * modules ask for (trust) only the host can grant.
 *
 * @module
 */
import type { Observer } from "../passes/pass.ts";
import type { PassList } from "../passes/pipeline.ts";
import type { Module } from "./module.ts";

/** The one version of the interface so far. */
export const PLUGIN_API = 1;

/** A third party's addition. */
export interface Plugin {
  /** `kebab-case`; what `--trust` names. */
  readonly name: string;
  /** The version of the interface it was written for. */
  readonly api: typeof PLUGIN_API;
  /** Passes to put into the list. */
  readonly passes?: PassList;
  /** Kernel functions with bodies. */
  readonly modules?: readonly Module[];
  /** Watchers of the pipeline. */
  readonly observers?: readonly Observer[];
}

/**
 * Checks a plugin's shape and gives it back: the way to write one with its types checked.
 *
 * @throws {TypeError} If the name is not usable or the interface's version is another.
 *
 * @example
 * ```ts
 * import { definePlugin } from "./plugin.ts";
 * const quiet = definePlugin({ name: "quiet", api: 1, passes: [] });
 * console.log(quiet.name);
 * ```
 */
export function definePlugin(plugin: Plugin): Plugin {
  if (!/^[a-z][a-z0-9-]*$/.test(plugin.name)) {
    throw new TypeError(`Cannot define plugin "${plugin.name}": a name is of small letters, digits and "-"`);
  }
  if (plugin.api !== PLUGIN_API) {
    throw new TypeError(
      `Cannot define plugin "${plugin.name}": it is for interface ${plugin.api}, this is ${PLUGIN_API}`,
    );
  }
  return plugin;
}

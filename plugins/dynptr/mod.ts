/**
 * Bodies for the kernel functions that read dynamic pointers: `bpf_dynptr_is_null`, `bpf_dynptr_is_rdonly`, `bpf_dynptr_size`,
 * `bpf_dynptr_slice`.
 *
 * At most calls the kind of the pointer and the absence of a buffer are known, and of the forty instructions of a slice a dozen
 * are left. The bodies read kernel structures, so they ask for trust.
 *
 * @module
 */
import { defineModule, type Module } from "../module.ts";
import { readBeside } from "../object_file.ts";
import { DYNPTR_REFERENCES } from "./reference.ts";

/**
 * The module `dynptr`.
 *
 * @example
 * ```ts
 * import { ModuleRegistry } from "../registry.ts";
 * import { dynptrModule } from "./mod.ts";
 * const registry = new ModuleRegistry();
 * registry.register(await dynptrModule(), { trust: true });
 * console.log(registry.kfunc("bpf_dynptr_slice")?.signature.args.length); // 4
 * ```
 */
export async function dynptrModule(): Promise<Module> {
  return defineModule({
    name: "dynptr",
    objects: [{
      name: "dynptr.bpf.o",
      bytes: await readBeside(import.meta.url, "dynptr.bpf.o"),
      trust: "asks",
      references: DYNPTR_REFERENCES,
    }],
  });
}

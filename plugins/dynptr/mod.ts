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
import { DYNPTR_FROM_REFERENCES, DYNPTR_REFERENCES } from "./reference.ts";

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

/** Types whose programs may write packets: dynptrs of socket buffers are read-only in all others. */
const PACKET_WRITERS: readonly string[] = ["sched_cls", "sched_act", "lwt_xmit", "sk_skb"];

/**
 * The module `dynptr_from`: bodies for `bpf_dynptr_from_xdp` and `bpf_dynptr_from_skb`, which make dynptrs of packets. With them the
 * compiler sees what later slices find in a dynptr.
 *
 * They are apart from {@linkcode dynptrModule} because the kernel functions stay calls in what the kernel expects of inlining.
 */
export async function dynptrFromModule(): Promise<Module> {
  return defineModule({
    name: "dynptr_from",
    objects: [{
      name: "from.bpf.o",
      bytes: await readBeside(import.meta.url, "from.bpf.o"),
      trust: "asks",
      types: { bpf_dynptr_from_xdp: ["xdp"], bpf_dynptr_from_skb: PACKET_WRITERS },
      references: DYNPTR_FROM_REFERENCES,
    }],
  });
}

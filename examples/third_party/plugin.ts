/**
 * A third party's plugin: a kfunc module whose bodies are written in C, and a pass of its own. It imports only what Inlay exports.
 *
 * Use it with `--module examples/third_party/plugin.ts`. The bodies only compute, so they are checked like the caller's own code and
 * need no trust; the pass changes programs after they were verified, so it needs the user's word: `--trust flow-hash`.
 *
 * @module
 */
import { defineModule, definePlugin, type Plugin, readBeside } from "../../plugins/mod.ts";
import { constantOperands } from "./constant_operands.ts";

const bodies = defineModule({
  name: "flow_hash",
  objects: [{ name: "flow_hash.bpf.o", bytes: await readBeside(import.meta.url, "flow_hash.bpf.o") }],
});

/** The plugin: what `--module` looks for. */
export function plugin(): Plugin {
  return definePlugin({ name: "flow-hash", api: 1, passes: [constantOperands()], modules: [bodies] });
}

/**
 * `inlay modules`: what kfunc modules bring.
 *
 * @module
 */
import { ModuleRegistry } from "../plugins/registry.ts";
import { type Command, readOptions } from "./command.ts";
import { BUILT_IN, loadModules } from "./additions.ts";
import { dim } from "./terminal.ts";

/** The command. */
export const command: Command = {
  name: "modules",
  summary: "lists kfunc modules, their functions, and what each asks for",
  help: `inlay modules [MODULE…]

Lists the functions of modules: the name, the prototype, the length of the body, whether it is
checked in its caller's context (verified) or asks for trust, and who answers it for a device.

  MODULE   a built-in module (all of them if none is named), a .bpf.o with kfunc bodies,
           or a .ts file that exports "plugin" or "module"`,
  async run(args) {
    const options = readOptions(args, {});
    const names = options.positional.length > 0 ? options.positional : Object.keys(BUILT_IN);
    const { modules, plugins } = await loadModules(names);
    const registry = new ModuleRegistry();
    for (const module of [...modules, ...plugins.flatMap((plugin) => plugin.modules ?? [])]) {
      const { kfuncs } = registry.register(module, { trust: true });
      console.log(module.name);
      for (const kfunc of kfuncs) {
        const body = kfunc.code === undefined
          ? "no body"
          : `${kfunc.code.length} instructions, ${
            kfunc.body?.trust === "verified" ? "verified" : "asks for trust"
          }`;
        console.log(`  ${kfunc.name}  ${dim(body + (kfunc.deviceBound ? ", device-bound" : ""))}`);
      }
      for (const [stub, answer] of Object.entries(module.implements ?? {})) {
        console.log(`  ${dim(`answers ${stub} for ${answer.driver} by`)} ${answer.by}`);
      }
    }
    return 0;
  },
};

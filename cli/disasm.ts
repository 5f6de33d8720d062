/**
 * `inlay disasm`: programs as text, as they are or as a pass left them.
 *
 * @module
 */
import { printProgram } from "../ir/print_text.ts";
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import { bindTo, Compiler } from "../compiler/compiler.ts";
import { type Command, readOptions, UsageError } from "./command.ts";
import { loadModules, readDevice } from "./additions.ts";
import { HELPER_NAMES, readTargetBtf, readUnit, selectPrograms } from "./inputs.ts";

/** The command. */
export const command: Command = {
  name: "disasm",
  summary: "prints programs as text, as they are or as a pass left them",
  help: `inlay disasm OBJECT [--program P] [--after PASS] [--facts] [--btf FILE]
             [--module M]… [--trust NAME]… [--device D]

Prints the programs of an object in the kernel's syntax, with labels.

  --program P    only this program
  --after PASS   as it is behind this pass (inlay passes lists them); "all" for the last
  --facts        with what the passes learnt, in the margin
  --btf FILE     the kernel's BTF that types refer to (the running kernel's if there is one)
  --module M     kfunc bodies: a built-in module, a .bpf.o or a .ts file; may be repeated
  --trust NAME   this module's bodies may touch raw memory; may be repeated
  --device D     the device that the program is bound to`,
  async run(args) {
    const options = readOptions(args, {
      flags: ["facts"],
      strings: ["program", "after", "btf", "device"],
      lists: ["module", "trust"],
    });
    const [path, ...more] = options.positional;
    if (path === undefined || more.length > 0) throw new UsageError("takes one object");
    const device = readDevice(options.string("device"));
    const unit = readUnit(path, readTargetBtf(options.string("btf")));
    const after = options.string("after");
    const additions = await loadModules(options.list("module"));
    const compiler = after === undefined || after === "parse" ? undefined : new Compiler({
      ...additions,
      trust: options.list("trust"),
      devices: device === undefined ? [] : [device],
      ...(after === "all" ? {} : { until: after }),
    });
    let status = 0;
    for (const program of selectPrograms(unit, options.string("program"))) {
      try {
        const shown = compiler === undefined
          ? program
          : compiler.compile(bindTo(program, device?.name)).program;
        console.log(printProgram(shown, {
          facts: options.flag("facts"),
          helpers: HELPER_NAMES,
        }));
      } catch (error) {
        if (!(error instanceof RejectedError || error instanceof UnsupportedError)) throw error;
        console.error(`${program.attrs.section}/${program.attrs.name}: ${error.message}`);
        status = 1;
      }
    }
    return status;
  },
};

/**
 * `inlay run`: verifies, compiles and runs one program on one packet.
 *
 * @module
 */
import { bindTo, Compiler } from "../compiler/compiler.ts";
import { createRuntime, load } from "../compiler/run.ts";
import { RejectedError, UnsupportedError } from "../ir/diagnostic.ts";
import { nativeUnavailable, RunError, testRun } from "../runtime/mod.ts";
import { type Command, type Options, readOptions, UsageError } from "./command.ts";
import { loadModules, readDevice } from "./additions.ts";
import { readTargetBtf, readUnit, selectProgram } from "./inputs.ts";
import { runOnKernel } from "./kernel_run.ts";
import { PACKET_OPTIONS, packetOf } from "./packet.ts";
import { describeRun, hex, type RunOutcome } from "./run_outcome.ts";

const BACKENDS = ["x86_64", "interpret", "kernel"];

/** The command. */
export const command: Command = {
  name: "run",
  summary: "verifies a program, compiles it, and runs it on a packet",
  help: `inlay run OBJECT --program P [--data FILE | --hex H] [--repeat N]
          [--backend x86_64|interpret|kernel] [--module M]… [--trust NAME]… [--device D]
          [--skip PASS]… [--btf FILE] [--json]

Takes a program through all passes and runs it. Only what was verified runs.

  --program P    which program; not needed if there is only one
  --data FILE    the packet; --hex gives its bytes instead. 64 zeros if neither is given
  --repeat N     rounds; packet and context are not restored between them. 1 if left out
  --backend B    x86_64: natively in this process (the default where it can); interpret: on the
                 reference interpreter; kernel: test-run by the running kernel
  --module M     kfunc bodies: a built-in module, a .bpf.o or a .ts file; may be repeated
  --trust NAME   this module's bodies may touch raw memory; may be repeated
  --device D     the device the program is bound to and the packet comes from
  --skip PASS    leave out this pass; may be repeated
  --btf FILE     the kernel's BTF (the running kernel's if it can be read)
  --json         {retval, data_out, ns, backend}`,
  async run(args) {
    const options = readOptions(args, {
      flags: ["json"],
      strings: [...PACKET_OPTIONS, "program", "repeat", "backend", "device", "btf"],
      lists: ["module", "trust", "skip"],
    });
    const [path, ...more] = options.positional;
    if (path === undefined || more.length > 0) throw new UsageError("takes one object");
    const backend = options.string("backend") ?? (nativeUnavailable() === undefined ? "x86_64" : "interpret");
    if (!BACKENDS.includes(backend)) {
      throw new UsageError(`there is no back end "${backend}"; there are ${BACKENDS.join(", ")}`);
    }
    try {
      const outcome = await run(path, { options, backend });
      console.log(options.flag("json") ? JSON.stringify(outcome) : describeRun(outcome));
      return 0;
    } catch (error) {
      if (error instanceof RejectedError) {
        console.error(`rejected: ${error.message}\n${error.log}`.trimEnd());
        return 1;
      }
      if (error instanceof UnsupportedError || error instanceof RunError) {
        console.error(error.message);
        return 1;
      }
      throw error;
    }
  },
};

async function run(path: string, how: { options: Options; backend: string }): Promise<RunOutcome> {
  const { options, backend } = how;
  const device = readDevice(options.string("device"));
  const unit = readUnit(path, readTargetBtf(options.string("btf")));
  const program = bindTo(selectProgram(unit, options.string("program")), device?.name);
  const data = packetOf(options);
  const repeat = options.integer("repeat", { min: 1, max: 1_000_000_000, default: 1 });
  if (backend === "kernel") return runOnKernel(program, { data, repeat });
  const native = backend === "x86_64";
  const reason = native ? nativeUnavailable() : undefined;
  if (reason !== undefined) throw new UsageError(`back end x86_64: ${reason}`);
  const compiler = new Compiler({
    ...await loadModules(options.list("module")),
    trust: options.list("trust"),
    devices: device === undefined ? [] : [device],
    skip: options.list("skip"),
  });
  const compiled = compiler.compile(program);
  if (compiled.proof === undefined) {
    throw new UsageError("an untrusted pass changed the program after verify; --trust names the plugin");
  }
  using runtime = createRuntime(native ? "x86_64" : "interpret");
  const loaded = load(runtime, { compiler, compiled });
  const result = testRun(loaded, { data, repeat, ...(device === undefined ? {} : { device }) });
  for (const line of result.printed) console.error(line);
  return { retval: result.retval, data_out: hex(result.dataOut), ns: result.ns, backend };
}

/**
 * `inlay`: finds the command and runs it. Each command is a file beside this one and is loaded only when it is asked for, so that
 * `verify` needs no more permission than to read.
 *
 * @module
 */
import { type Command, UsageError } from "./command.ts";

const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: Command }>>> = {
  verify: () => import("./verify.ts"),
  run: () => import("./run.ts"),
  disasm: () => import("./disasm.ts"),
  passes: () => import("./passes.ts"),
  modules: () => import("./modules.ts"),
  selftest: () => import("./selftest.ts"),
  bench: () => import("./bench.ts"),
  demo: () => import("./demo.ts"),
  kernel: () => import("./kernel.ts"),
};

async function help(): Promise<string> {
  const lines = [
    "inlay: a compiler pipeline for BPF bytecode",
    "",
    "  inlay COMMAND [OPTION…] [ARGUMENT…]",
    "",
  ];
  for (const [name, load] of Object.entries(COMMANDS)) {
    lines.push(`  ${name.padEnd(8)} ${(await load()).command.summary}`);
  }
  lines.push("", "inlay COMMAND --help tells more of each.");
  return lines.join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(await help());
    return name === undefined ? 2 : 0;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    console.error(`inlay: there is no command "${name}"; inlay --help lists them`);
    return 2;
  }
  const { command } = await COMMANDS[name]();
  if (rest.includes("--help") || rest.includes("-h")) {
    console.log(command.help);
    return 0;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`inlay ${name}: ${error.message}\ninlay ${name} --help tells more`);
      return 2;
    }
    if (error instanceof Deno.errors.NotCapable) {
      console.error(`inlay ${name}: ${error.message}`);
      return 2;
    }
    console.error(
      `inlay ${name}: internal fault, please report it with the input\n${
        error instanceof Error ? error.stack : error
      }`,
    );
    const reproducer = (error as { reproducer?: unknown }).reproducer;
    if (typeof reproducer === "string") console.error(`\nReproducer:\n${reproducer}`);
    return 3;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * `inlay`: finds the command and runs it. Each command is a file beside this one and is loaded only when it is asked for, so that
 * `verify` needs no more permission than to read.
 *
 * @module
 */
import { type Command, UsageError } from "./command.ts";

const VERIFY = "verify";
/** The other commands, by the file they are in. */
const OTHERS = ["run", "disasm", "passes", "modules", "selftest", "bench", "demo", "kernel"];

/**
 * The command of a name. Deno reads every file that an import names literally before anything runs, so only `verify`, which must be
 * quick to start and may have no permission to read this folder, is named like that.
 */
async function load(name: string): Promise<Command> {
  const exports: { command: Command } = name === VERIFY
    ? await import("./verify.ts")
    : await import(new URL(`${name}.ts`, import.meta.url).href);
  return exports.command;
}

async function help(): Promise<string> {
  const lines = [
    "inlay: a compiler pipeline for BPF bytecode",
    "",
    "  inlay COMMAND [OPTION…] [ARGUMENT…]",
    "",
  ];
  for (const name of [VERIFY, ...OTHERS]) lines.push(`  ${name.padEnd(8)} ${(await load(name)).summary}`);
  lines.push("", "inlay COMMAND --help tells more of each.");
  return lines.join("\n");
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(await help());
    return name === undefined ? 2 : 0;
  }
  if (name !== VERIFY && !OTHERS.includes(name)) {
    console.error(`inlay: there is no command "${name}"; inlay --help lists them`);
    return 2;
  }
  let command: Command;
  try {
    command = await load(name);
  } catch (error) {
    // Without the permission to read its file.
    if (!(error instanceof TypeError) || !error.message.startsWith("Requires read access")) throw error;
    console.error(`inlay ${name}: ${error.message}`);
    return 2;
  }
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

/**
 * `deno task ok`: every check that is not a test. Format, lint, types, import direction, documentation lint, and the examples in
 * the documentation. Prints one line per check and what is wrong; exit status 1 if anything is.
 *
 * @module
 */
import { importFaults } from "./imports.ts";
import { ROOT } from "../shared.ts";

/** Folders that hold source; `std/` stands in for published packages and is not ours to document. */
const SOURCE = [
  "abi",
  "bench",
  "cli",
  "examples",
  "ir",
  "kernel",
  "passes",
  "plugins",
  "profile",
  "runtime",
  "selftest",
  "tests",
];
/** The public entries: what they export must be documented. */
const ENTRIES = ["mod.ts", "ir/mod.ts", "passes/mod.ts", "plugins/mod.ts", "runtime/mod.ts", "kernel/mod.ts"];

interface Check {
  readonly name: string;
  run(): Promise<string>;
}

/** Runs deno with these arguments; its output if it failed, else "". */
async function deno(args: readonly string[]): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  if (code === 0) return "";
  const decoder = new TextDecoder();
  return (decoder.decode(stdout) + decoder.decode(stderr)).replace(/^Check .*\n/gm, "");
}

const CHECKS: readonly Check[] = [
  { name: "format", run: () => deno(["fmt", "--check", "--quiet"]) },
  { name: "lint", run: () => deno(["lint", "--quiet"]) },
  { name: "types", run: () => deno(["check", "--quiet", "mod.ts", ...SOURCE]) },
  { name: "imports", run: async () => (await importFaults(ROOT)).join("\n") },
  { name: "documentation", run: () => deno(["doc", "--lint", "--quiet", ...ENTRIES]) },
  {
    name: "documentation examples",
    run: () => deno(["test", "-A", "--quiet", "--doc", ...ENTRIES, "docs", "README.md"]),
  },
];

let failed = 0;
for (const check of CHECKS) {
  const started = performance.now();
  const fault = await check.run();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${fault === "" ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
  if (fault !== "") {
    failed++;
    console.log(fault.split("\n").slice(0, 60).map((line) => `  ${line}`).join("\n"));
  }
}
console.log(`checks: ${CHECKS.length - failed} passed, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);

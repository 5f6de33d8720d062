/**
 * Runs a folder of bpf_conformance cases through the plugin, one process per case, on the interpreter and on x86-64.
 *
 * `deno task conformance [DIR] [--plugin PROGRAM]`. A case fails if its result differs, if it says nothing within its time limit, or
 * if it should fail and does not. Calls through a register are the only cases left out, and counted. No case at all is a failure.
 *
 * @module
 */
import { type ConformanceCase, readCase } from "./data_file.ts";

const DEFAULT_DIR = new URL("../../../shared/conformance/bpf_conformance/tests", import.meta.url);
const BACKENDS = [["interpret", "--interpret"], ["x86_64", "--jit"]] as const;
/** A case takes about a tenth of a second. */
const LIMIT_MS = 20_000;
const CONCURRENCY = Math.max(2, navigator.hardwareConcurrency);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly late: boolean;
}

async function runPlugin(
  command: readonly string[],
  test: ConformanceCase,
  option: string,
): Promise<Outcome> {
  const memory = test.memory === undefined ? [] : [hex(test.memory)];
  const child = new Deno.Command(command[0], {
    args: [...command.slice(1), ...memory, option],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, LIMIT_MS);
  try {
    const writer = child.stdin.getWriter();
    // A plugin that ends before it has read everything breaks the pipe: its exit code tells.
    await writer.write(new TextEncoder().encode(hex(test.code) + "\n")).catch(() => {});
    await writer.close().catch(() => {});
    const { code, stdout, stderr } = await child.output();
    const text = new TextDecoder();
    return { code, out: (text.decode(stdout) || text.decode(stderr)).trim(), late };
  } finally {
    clearTimeout(timer);
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0") + "  ").join("").trimEnd();
}

/** What is wrong, or undefined if nothing is. */
function judge(test: ConformanceCase, outcome: Outcome): string | undefined {
  if (outcome.late) return `nothing after ${LIMIT_MS / 1000} s`;
  if (test.error !== undefined) {
    if (outcome.code === 0) return `result ${outcome.out} where an error is expected`;
    return outcome.out.includes(test.error) ? undefined : `error "${outcome.out}", expected "${test.error}"`;
  }
  if (outcome.code !== 0) return outcome.out || `exit code ${outcome.code}`;
  if (!/^(0x)?[0-9a-fA-F]+$/.test(outcome.out)) return `"${outcome.out}" is no result`;
  const got = BigInt("0x" + outcome.out.replace(/^0x/, ""));
  return got === test.result
    ? undefined
    : `0x${got.toString(16)}, expected 0x${(test.result ?? 0n).toString(16)}`;
}

/** Reads the cases of a folder, in order of name. */
function readCases(dir: string | URL): { name: string; test?: ConformanceCase; unreadable?: string }[] {
  const names = [...Deno.readDirSync(dir)].filter((entry) => entry.name.endsWith(".data")).map((e) => e.name);
  return names.sort().map((name) => {
    const path = dir instanceof URL ? new URL(`${dir.href}/${name}`) : `${dir}/${name}`;
    try {
      return { name, test: readCase(Deno.readTextFileSync(path)) };
    } catch (error) {
      return { name, unreadable: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** Runs everything; the exit code. */
async function main(args: readonly string[]): Promise<number> {
  let dir: string | URL = DEFAULT_DIR;
  const here = new URL("./plugin.ts", import.meta.url).pathname;
  let command = [Deno.execPath(), "run", "--allow-all", "--no-check", "--quiet", here];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--plugin") command = [args[++i]];
    else dir = args[i];
  }
  let cases: ReturnType<typeof readCases>;
  try {
    cases = readCases(dir);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`Cannot find ${dir}: name the folder with the suite's .data files`);
    return 1;
  }
  let bad = cases.length === 0;
  for (const [backend, option] of BACKENDS) {
    let passed = 0, failed = 0, skipped = 0;
    const queue = cases.values();
    const worker = async (): Promise<void> => {
      for (const { name, test, unreadable } of queue) {
        if (test?.callx === true) {
          skipped++;
          continue;
        }
        const wrong = test === undefined ? unreadable : judge(test, await runPlugin(command, test, option));
        if (wrong === undefined) passed++;
        else {
          failed++;
          console.log(`${backend}: ${name}: ${wrong}`);
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
    console.log(`${backend}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    if (failed > 0 || passed === 0) bad = true;
  }
  return bad ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

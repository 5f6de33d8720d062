/**
 * The direction of imports: `ir ← {profile, abi} ← {passes, runtime, kernel} ← plugins ← mod.ts ← cli`; passes, runtime and kernel
 * do not import each other. `selftest` stands beside `mod.ts`, for the command line and for tests.
 * Third-party code (`examples/`) imports only the public entries.
 *
 * Reads import and export statements as text: enough for this code base, which has no computed imports.
 *
 * @module
 */
import { join, normalize } from "@std/path";

/** What each folder may import besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ir: [],
  profile: ["ir"],
  abi: ["ir"],
  passes: ["ir", "profile", "abi"],
  runtime: ["ir", "profile", "abi"],
  kernel: ["ir", "profile", "abi"],
  plugins: ["ir", "profile", "abi", "passes", "runtime", "kernel"],
  compiler: ["ir", "profile", "abi", "passes", "runtime", "kernel", "plugins"],
  selftest: ["compiler", "ir", "profile", "abi", "passes", "runtime", "kernel", "plugins"],
  "mod.ts": ["compiler", "ir", "profile", "abi", "passes", "runtime", "kernel", "plugins"],
  cli: [
    "selftest",
    "compiler",
    "ir",
    "profile",
    "abi",
    "passes",
    "runtime",
    "kernel",
    "plugins",
    "mod.ts",
    "bench",
    "examples",
  ],
  bench: ["compiler", "ir", "profile", "abi", "passes", "runtime", "kernel", "plugins", "mod.ts", "examples"],
  examples: ["mod.ts", "ir/mod.ts", "passes/mod.ts", "plugins/mod.ts", "runtime/mod.ts", "kernel/mod.ts"],
};

const IMPORT =
  /^\s*(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

/**
 * Files for tests alone: they may import anything, and nothing else may import them. `plugins/testing.ts` is none of them: it is what
 * authors of modules test with, and is exported.
 */
function isForTests(path: string): boolean {
  return path !== "plugins/testing.ts" && /_test\.ts$|(^|\/)testing(_\w+)?(\.ts|\/)|^tests\//.test(path);
}

/** The faults in one file's text, as `path: message`. `path` is relative to the root, with forward slashes. */
export function faultsIn(path: string, text: string): string[] {
  if (isForTests(path)) return [];
  const top = path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
  const allowed = ALLOWED[top];
  if (allowed === undefined) return [];
  const faults: string[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[1] ?? match[2] ?? match[3];
    if (!specifier.startsWith(".")) continue;
    const target = normalize(join(path, "..", specifier));
    if (isForTests(target)) {
      faults.push(`${path}: imports ${target}, which is for tests`);
      continue;
    }
    const targetTop = target.includes("/") ? target.slice(0, target.indexOf("/")) : target;
    if (targetTop === top && !(top === "examples" && target.startsWith(".."))) continue;
    if (allowed.includes(targetTop) && top !== "examples") continue;
    if (allowed.includes(target)) continue;
    faults.push(`${path}: imports ${target}, but ${top} may import only ${allowed.join(", ") || "itself"}`);
  }
  return faults;
}

/** The faults of the whole tree. */
export async function importFaults(root: string): Promise<string[]> {
  const faults: string[] = [];
  async function walk(path: string): Promise<void> {
    for await (const entry of Deno.readDir(join(root, path))) {
      const child = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory) {
        if (!entry.name.startsWith(".") && entry.name !== "node_modules") await walk(child);
      } else if (entry.name.endsWith(".ts")) {
        faults.push(...faultsIn(child, await Deno.readTextFile(join(root, child))));
      }
    }
  }
  await walk("");
  return faults.sort();
}

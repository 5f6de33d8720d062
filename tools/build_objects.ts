/**
 * `deno task objects`: compiles every `*.bpf.c` of the project to the `*.bpf.o` beside it. Needed only when a source changes, since
 * the objects are committed; needs clang with a BPF target (`CLANG` names it) and libbpf's headers.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("..", import.meta.url));
const FOLDERS = ["examples", "plugins", "runtime", "bench", "docs"];

async function run(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(command, { args: [...args], cwd: ROOT, stderr: "piped" })
    .output();
  if (code !== 0) {
    throw new Error(`Cannot run ${command} ${args.join(" ")}:\n${new TextDecoder().decode(stderr)}`);
  }
}

/** The first of these commands that answers. */
async function firstOf(candidates: readonly (string | undefined)[]): Promise<string> {
  for (const candidate of candidates) {
    if (candidate === undefined) continue;
    try {
      if ((await new Deno.Command(candidate, { args: ["--version"] }).output()).success) return candidate;
    } catch { /* not installed: the next */ }
  }
  throw new Error(`Cannot find any of ${candidates.filter((c) => c !== undefined).join(", ")}`);
}

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(join(ROOT, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* sources(path);
    else if (entry.name.endsWith(".bpf.c")) yield path;
  }
}

const clang = await firstOf([Deno.env.get("CLANG"), "clang-22", "clang"]);
const strip = await firstOf([Deno.env.get("LLVM_STRIP"), "llvm-strip-22", "llvm-strip"]);
// Paths are relative to the root, so that objects do not depend on where the checkout lies.
const flags = [
  "-O2",
  "-g",
  "-target",
  "bpf",
  "-mcpu=v3",
  "-Wall",
  "-Werror",
  "-fdebug-compilation-dir=.",
  "-I",
  "abi",
];
for (const folder of FOLDERS) {
  for await (const source of sources(folder)) {
    const object = source.replace(/\.c$/, ".o");
    const temporary = `${object}.tmp`;
    await run(clang, [...flags, "-I", "/usr/include/x86_64-linux-gnu", "-c", source, "-o", temporary]);
    await run(strip, ["-g", temporary]);
    await Deno.rename(join(ROOT, temporary), join(ROOT, object));
    console.log(object);
  }
}

/**
 * Compiles the test objects: `deno run -A tests/objects/build.ts`. Needed only after a source has changed; takes clang 18 or newer.
 *
 * @module
 */
import { ROOT } from "../shared.ts";

const folder = `${ROOT}/tests/objects`;
const clang = Deno.env.get("CLANG") ?? "clang-22";

async function compile(
  source: string,
  options: { target: string; object: string; flags: readonly string[] },
): Promise<void> {
  const { success } = await new Deno.Command(clang, {
    args: [
      "-target",
      options.target,
      "-O2",
      "-g",
      "-mcpu=v3",
      "-Wall",
      "-Wno-ignored-attributes",
      "-fdebug-prefix-map=" + folder + "=.",
      "-fdebug-compilation-dir=.",
      ...options.flags,
      "-c",
      source,
      "-o",
      options.object,
    ],
    cwd: folder,
  }).output().then(async (output) => {
    await Deno.stderr.write(output.stderr);
    return output;
  });
  if (!success) Deno.exit(1);
  await new Deno.Command(Deno.env.get("LLVM_STRIP") ?? "llvm-strip-22", {
    args: ["-g", options.object],
    cwd: folder,
  }).output();
}

for (
  const entry of [...Deno.readDirSync(folder)].map((file) => file.name).filter((name) =>
    name.endsWith(".bpf.c")
  ).sort()
) {
  const object = entry.replace(/\.c$/, ".o");
  await compile(entry, { target: "bpfel", object, flags: [] });
  if (entry === "xdp_subprogs.bpf.c") {
    await compile(entry, { target: "bpfeb", object: "xdp_subprogs.eb.bpf.o", flags: [] });
  }
}

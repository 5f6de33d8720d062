/**
 * The running kernel's configuration, where it shows it: what `CONFIG_*` externs of `.kconfig` ask for.
 *
 * @module
 */
import process from "node:process";
import type { Unit } from "../ir/unit.ts";

/** Whether an object asks for settings of a kernel's configuration. */
export function asksForConfig(unit: Unit): boolean {
  return unit.externs.some(({ kind, name }) => kind === "kconfig" && name.startsWith("CONFIG_"));
}

/** Lines `CONFIG_X=y`, from the places where libbpf looks too; undefined if neither can be read. */
export function runningConfig(): string | undefined {
  // Read only when asked for: its module costs more than most objects take to verify.
  const { gunzipSync } = process.getBuiltinModule("node:zlib");
  for (const path of [`/boot/config-${release()}`, "/proc/config.gz"]) {
    try {
      const bytes = Deno.readFileSync(path);
      return new TextDecoder().decode(path.endsWith(".gz") ? gunzipSync(bytes) : bytes);
    } catch {
      // The other place, then.
    }
  }
  return undefined;
}

function release(): string {
  try {
    return Deno.osRelease();
  } catch {
    return "unknown";
  }
}

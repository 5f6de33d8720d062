/**
 * The running kernel's configuration, where it shows it: what `CONFIG_*` externs of `.kconfig` ask for, and what else decides about
 * programs.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";

/** Whether an object asks for settings of a kernel's configuration. */
export function asksForConfig(unit: Unit): boolean {
  return unit.externs.some(({ kind, name }) => kind === "kconfig" && name.startsWith("CONFIG_"));
}

/** Whether a kernel's configuration tells something that an object asks for. */
export function dependsOnConfig(unit: Unit): boolean {
  return asksForConfig(unit) || unit.externs.some(({ name }) => name === "LINUX_HAS_SYSCALL_WRAPPER");
}

/** Lines `CONFIG_X=y`, from the places where libbpf looks too; undefined if neither can be read. */
export function runningConfig(): string | undefined {
  // Looked for only when asked for: it costs more than most objects take to verify.
  const { gunzipSync } = globalThis.process.getBuiltinModule("node:zlib");
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

let variables: boolean | undefined | null = null;

/**
 * Whether the running kernel knows the addresses of its variables (`CONFIG_KALLSYMS_ALL`); undefined if it does not say, or if the
 * program asks for none.
 */
export function knowsVariables(program: Program): boolean | undefined {
  const asks = program.code.insns.some((insn) => insn.kind === "imm64" && insn.value.kind === "kernel_var");
  if (!asks) return undefined;
  if (variables === null) {
    const config = runningConfig();
    variables = config === undefined ? undefined : /^CONFIG_KALLSYMS_ALL=y$/m.test(config);
  }
  return variables;
}

function release(): string {
  try {
    return Deno.osRelease();
  } catch {
    return "unknown";
  }
}

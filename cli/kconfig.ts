/**
 * The running kernel's configuration, where it shows it: what `CONFIG_*` externs of `.kconfig` ask for, and what else decides about
 * programs.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import type { Lockdown } from "../passes/verify/calls/helper_allowed.ts";

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

let lockdown: Lockdown | undefined | null = null;

/** `bpf_probe_write_user`. */
const PROBE_WRITE_USER = 36;

/**
 * What the running kernel is locked down to, if a program calls what that takes away; undefined if it calls nothing such, or if the
 * kernel does not say: neither what it is locked down to now nor that it is built to be.
 */
export function runningLockdown(program: Program): Lockdown | undefined {
  const asks = program.code.insns.some((insn) =>
    insn.kind === "call" && insn.callee.kind === "helper" && insn.callee.id === PROBE_WRITE_USER
  );
  if (!asks) return undefined;
  if (lockdown === null) lockdown = lockdownNow() ?? lockdownBuiltIn(runningConfig() ?? "");
  return lockdown;
}

function lockdownNow(): Lockdown | undefined {
  try {
    // The level it has stands in brackets: none [integrity] confidentiality.
    const level = /\[(\w+)\]/.exec(Deno.readTextFileSync("/sys/kernel/security/lockdown"))?.[1];
    return level === "none" || level === "integrity" || level === "confidentiality" ? level : undefined;
  } catch {
    return undefined;
  }
}

/** What a configuration locks the kernel down to from the beginning, or that it cannot be; undefined if that is up to its user. */
export function lockdownBuiltIn(config: string): Lockdown | undefined {
  if (/^CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY=y$/m.test(config)) return "confidentiality";
  if (/^CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y$/m.test(config)) return "integrity";
  const known = /^CONFIG_BPF_SYSCALL=y$/m.test(config);
  return known && !/^CONFIG_SECURITY_LOCKDOWN_LSM=y$/m.test(config) ? "none" : undefined;
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

/**
 * Addresses of the running kernel's symbols, where it shows them: what externs without a type (`extern const void name __ksym`) become.
 *
 * Loaders put the address into the program as a number (libbpf: `bpf_object__read_kallsyms_file`), so that any kernel's will do to
 * verify it.
 *
 * @module
 */
import type { Unit } from "../ir/unit.ts";

/** The names of kernel symbols that an object's programs name and no BTF knows. */
function typelessSymbols(unit: Unit): ReadonlySet<string> {
  if (unit.externs.every(({ kind }) => kind !== "ksym")) return new Set();
  return new Set(
    unit.programs.flatMap(({ code }) =>
      code.insns.flatMap((insn) =>
        insn.kind === "imm64" && insn.value.kind === "kernel_var" && insn.value.btfId === 0
          ? [insn.value.name]
          : []
      )
    ),
  );
}

/** The addresses that an object asks for; undefined if it asks for none, or the kernel does not show them. */
export function runningAddresses(unit: Unit): ReadonlyMap<string, bigint> | undefined {
  const wanted = typelessSymbols(unit);
  if (wanted.size === 0) return undefined;
  let text: string;
  try {
    text = Deno.readTextFileSync("/proc/kallsyms");
  } catch {
    return undefined;
  }
  const found = new Map<string, bigint>();
  let shown = false;
  for (const match of text.matchAll(/^([0-9a-f]+) \w ([^\s]+)/gm)) {
    const address = BigInt(`0x${match[1]}`);
    if (address !== 0n) shown = true;
    if (wanted.has(match[2]) && !found.has(match[2])) found.set(match[2], address);
  }
  // Where addresses are hidden all of them read as zero.
  return shown ? found : undefined;
}

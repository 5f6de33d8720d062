/**
 * What a program needs that the kernel it was read against has not got, so that no loader brings it as far as the verifier: the
 * function that it is attached to, a kernel function that it calls, a variable, a structure of callbacks. The words are libbpf's.
 *
 * Says nothing where something may be unknown rather than missing: without the kernel's types, or while it has modules whose types
 * were not given.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import { runningAddresses } from "./kallsyms.ts";

/** Why a loader refuses a program. */
export interface Missing {
  /** libbpf's, positive. */
  readonly errno: number;
  readonly message: string;
}

const ENOENT = 2, ESRCH = 3;

/** What libbpf says of an object that it can read but not load, beside errors of the system. */
const LIBBPF_ERRNO_ENDIAN = 4003;

/**
 * The first thing that a program needs and its kernel lacks; undefined if it lacks nothing, or may not. The byte order is one, if it
 * is to run on this machine.
 */
export function missingInKernel(program: Program, here: boolean = true): Missing | undefined {
  const { unit } = program;
  if (here && unit.bigEndian === true) {
    const message = `object '${unit.name}': loading non-native endianness is unsupported`;
    return { errno: LIBBPF_ERRNO_ENDIAN, message };
  }
  if (unit.targetBtf === undefined) return undefined;
  return missingTarget(program) ?? missingSymbol(program);
}

/** Whether the running kernel has modules, beside those named, whose types are not known. */
export function hasOtherModules(named: ReadonlySet<string>): boolean {
  try {
    return [...Deno.readDirSync("/sys/kernel/btf")].some(({ name }) =>
      name !== "vmlinux" && !named.has(name)
    );
  } catch {
    return false;
  }
}

function missingTarget(program: Program): Missing | undefined {
  const { name, type, attachBtfId, attachTarget, attachProgram } = program.attrs;
  if (attachBtfId !== 0 || attachTarget === undefined || attachProgram !== undefined) return undefined;
  switch (type) {
    case "struct_ops": {
      const struct = attachTarget.split(".")[0];
      return { errno: ENOENT, message: `struct_ops init_kern: struct ${struct} is not found in kernel BTF` };
    }
    case "tracing":
    case "lsm": {
      const message = `prog '${name}': failed to find kernel BTF type ID of '${attachTarget}': -ESRCH`;
      return { errno: ESRCH, message };
    }
    default:
      return undefined;
  }
}

function missingSymbol(program: Program): Missing | undefined {
  const { unit, code } = program;
  for (const insn of code.insns) {
    if (insn.kind === "call" && insn.callee.kind === "kfunc") {
      const { name, btfId, weak } = insn.callee.func;
      if (name === "" || btfId !== 0 || weak === true) continue;
      return { errno: ESRCH, message: `extern (func ksym) '${name}': not found in kernel or module BTFs` };
    }
    if (insn.kind === "imm64" && insn.value.kind === "kernel_var" && insn.value.btfId === 0) {
      const { name } = insn.value;
      const typeless = unit.externs.some((extern) => extern.name === name && extern.typeless === true);
      if (!typeless) {
        return { errno: ESRCH, message: `extern (var ksym) '${name}': not found in kernel BTF` };
      }
      // Where the kernel shows its addresses, those that it has are filled in already.
      if (runningAddresses(unit) !== undefined) {
        return { errno: ESRCH, message: `extern '${name}' (strong): not resolved` };
      }
    }
  }
  return undefined;
}

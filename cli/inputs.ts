/**
 * What commands read: objects, a kernel's BTF. What is added to the pipeline is in `additions.ts`.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { btfOnDemand } from "../ir/btf/on_demand.ts";
import { beginsAsBtf, type IndexedBtf, openBtf } from "../ir/btf/read.ts";
import { MalformedError } from "../ir/diagnostic.ts";
import type { Program } from "../ir/program.ts";
import type { KernelModule, Unit, UnreadableProgram } from "../ir/unit.ts";
import type { HelperNames } from "../ir/print_insn.ts";
import { parseText } from "../ir/parse_text.ts";
import { parseObject, type ParseOptions } from "../passes/parse/parse.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { UsageError } from "./command.ts";
import { runningAddresses } from "./kallsyms.ts";
import { asksForConfig, dependsOnConfig, runningConfig } from "./kconfig.ts";

/** Something that was named cannot be read: exit status 2. */
export class InputError extends UsageError {}

/** Helpers as text names them: `bpf_` and the profile's name. */
export const HELPER_NAMES: HelperNames = {
  helperName(id) {
    const name = LINUX_6_18.helper(id)?.name;
    return name === undefined ? undefined : `bpf_${name}`;
  },
  helperId: (name) => name.startsWith("bpf_") ? LINUX_6_18.helperId(name.slice(4)) : undefined,
};

/** The running kernel's BTF. */
const RUNNING_KERNEL = "/sys/kernel/btf/vmlinux";

/**
 * The BTF of a file, or the running kernel's if none is named, or undefined if there is none either. Only its beginning is looked at
 * here: the rest is read when a program asks for it, which most do not.
 *
 * @throws {InputError} If it cannot be read; that may also be where it is first asked for something.
 */
export function readTargetBtf(path: string | undefined): Btf | undefined {
  if (path !== undefined) return openLater(path);
  try {
    return openLater(RUNNING_KERNEL);
  } catch (error) {
    // Deno guards /sys with more than the permission to read.
    if (error instanceof InputError && error.cause instanceof Deno.errors.NotCapable) {
      console.error(
        `note: ${RUNNING_KERNEL} was not read, as that takes --allow-all; --btf FILE names another`,
      );
    }
    return undefined;
  }
}

/** The BTF in a file, of which the whole is read later if it begins well. */
function openLater(path: string): Btf {
  const start = new Uint8Array(2);
  try {
    // A pipe gives its bytes once: it is read as a whole at once.
    if (Deno.statSync(path).isFile) {
      using file = Deno.openSync(path);
      file.readSync(start);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return beginsAsBtf(start) ? btfOnDemand(() => openFile(path)) : openFile(path);
}

/** The BTF in a file, split BTF if there is a base that it continues. */
function openFile(path: string, base?: Btf): IndexedBtf {
  const bytes = read(path);
  try {
    return openBtf(bytes, { what: path, ...(base === undefined ? {} : { base }) });
  } catch (error) {
    if (error instanceof MalformedError) throw unreadable(path, error);
    throw error;
  }
}

/**
 * Modules of the kernel by their BTF, as `/sys/kernel/btf/NAME` has it: split BTF that continues the kernel's.
 *
 * @throws {InputError} If a file cannot be read. @throws {UsageError} If there is no kernel that they could belong to.
 */
export function readModuleTypes(paths: readonly string[], kernel: Btf | undefined): readonly KernelModule[] {
  if (paths.length === 0) return [];
  if (kernel === undefined) throw new UsageError("--btf-module needs the kernel's own BTF: --btf FILE");
  return paths.map((path) => {
    const name = path.slice(path.lastIndexOf("/") + 1).replace(/\.btf$/, "");
    return { name, btf: openFile(path, kernel) };
  });
}

/** Reads a file. @throws {InputError} If it cannot. */
export function read(path: string): Uint8Array {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): InputError {
  return new InputError(`cannot read ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
}

/** How an object is read. */
export interface ReadOptions {
  /** The type of programs whose section says none. */
  readonly type?: string | undefined;
  /** The modules of the kernel. */
  readonly modules?: readonly KernelModule[];
}

/**
 * Reads an object file, or a program as text if the name ends in `.bpf`. Settings that the object asks for are the running
 * kernel's, where it shows them; else they are unknown, and a note says so.
 *
 * @throws {InputError} If the file cannot be read or understood.
 */
export function readUnit(path: string, targetBtf: Btf | undefined, options: ReadOptions = {}): Unit {
  const bytes = read(path);
  try {
    if (path.endsWith(".bpf")) {
      return parseText(new TextDecoder().decode(bytes), { helpers: HELPER_NAMES });
    }
    const how: ParseOptions = {
      name: path.slice(path.lastIndexOf("/") + 1),
      profile: LINUX_6_18,
      ...(targetBtf === undefined ? {} : { targetBtf }),
      ...(options.type === undefined ? {} : { type: options.type }),
      ...(options.modules === undefined || options.modules.length === 0 ? {} : { modules: options.modules }),
    };
    const unit = parseObject(bytes, how);
    const kconfig = dependsOnConfig(unit) ? runningConfig() : undefined;
    if (kconfig === undefined && asksForConfig(unit)) {
      console.error(`note: ${path} asks for CONFIG_ settings, and no kernel configuration can be read here`);
    }
    return resolved(unit, { bytes, how, kconfig });
  } catch (error) {
    if (error instanceof MalformedError || error instanceof SyntaxError) {
      throw unreadable(path, error);
    }
    throw error;
  }
}

/** The object once more with what the running kernel tells of what it asks for; the unit itself if that is nothing. */
export function resolved(
  unit: Unit,
  object: { bytes: Uint8Array; how: ParseOptions; kconfig: string | undefined },
): Unit {
  const { bytes, how, kconfig } = object, addresses = runningAddresses(unit);
  if (kconfig === undefined && addresses === undefined) return unit;
  return parseObject(bytes, {
    ...how,
    ...(kconfig === undefined ? {} : { kconfig }),
    ...(addresses === undefined ? {} : { addresses }),
  });
}

/** `--type TYPE`. @throws {UsageError} If there is no such program type. */
export function readProgramType(name: string | undefined): string | undefined {
  if (name === undefined || (name !== "unspec" && LINUX_6_18.programType(name) !== undefined)) return name;
  throw new UsageError(
    `there is no program type "${name}"; they are named as in sched_cls, xdp, socket_filter`,
  );
}

/** Programs of a unit that cannot be linked, or those of a name. */
export function selectUnreadable(unit: Unit, name: string | undefined): readonly UnreadableProgram[] {
  return (unit.unreadable ?? []).filter((program) => name === undefined || program.name === name);
}

/** The programs of a unit, or the one that is named. @throws {UsageError} If there is none of that name. */
export function selectPrograms(unit: Unit, name: string | undefined): readonly Program[] {
  if (name === undefined) return unit.programs;
  const found = unit.programs.filter((program) => program.attrs.name === name);
  if (found.length > 0 || selectUnreadable(unit, name).length > 0) return found;
  const names = unit.programs.map((program) => program.attrs.name).join(", ");
  throw new UsageError(`there is no program "${name}" in ${unit.name}; there are ${names || "none"}`);
}

/** The one program that is named, or the only one. @throws {UsageError} If that leaves none or several. */
export function selectProgram(unit: Unit, name: string | undefined): Program {
  const found = selectPrograms(unit, name);
  if (found.length === 1) return found[0];
  const [unreadable] = name === undefined ? [] : selectUnreadable(unit, name);
  if (unreadable !== undefined) throw new InputError(`cannot read ${name}: ${unreadable.message}`);
  const names = unit.programs.map((program) => program.attrs.name).join(", ");
  throw new UsageError(`--program is needed: ${unit.name} has ${names || "no programs"}`);
}

/**
 * The compiler: a profile, plugins, modules and devices put together once, and programs taken through all passes as often as one likes.
 *
 * It composes what the other folders hold and decides nothing itself: the order is `passes/mod.ts`, trust is the caller's, what a
 * kfunc becomes is the registry's. Running the result is the runtime's.
 *
 * @module
 */
import { Program } from "../ir/program.ts";
import type { Observer } from "../passes/pass.ts";
import { defaultPasses, rfcPasses, verified } from "../passes/mod.ts";
import { Pipeline, type PipelineResult } from "../passes/pipeline.ts";
import type { Device } from "../plugins/device.ts";
import type { Module } from "../plugins/module.ts";
import type { Plugin } from "../plugins/plugin.ts";
import { ModuleRegistry } from "../plugins/registry.ts";
import type { Profile } from "../profile/profile.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { issueProof, type Proof } from "../abi/proof.ts";

/** What a {@linkcode Compiler} is made of. */
export interface CompilerOptions {
  /** Linux 6.18 if left out. */
  readonly profile?: Profile;
  /** Passes, modules and observers of third parties; falsy entries are skipped. */
  readonly plugins?: readonly (Plugin | false | null | undefined)[];
  /** Modules besides those of the plugins. */
  readonly modules?: readonly Module[];
  /** Names of modules whose bodies may touch raw memory, and of plugins whose passes may change verified programs. */
  readonly trust?: readonly string[];
  /** Devices that programs can be bound to. */
  readonly devices?: readonly Device[];
  /** `rfc`: kernel functions with bodies as the proposal of 2024 treats them, see `rfcPasses`. */
  readonly preset?: "rfc";
  /** Names of passes to leave out. */
  readonly skip?: readonly string[];
  /** Stop behind the pass of this name. */
  readonly until?: string;
  /** They watch every pass, besides those of the plugins. */
  readonly observers?: readonly Observer[];
}

/** A program behind the last pass. */
export interface Compiled extends PipelineResult {
  /** The word that it may run; undefined if it was not verified, or if an untrusted pass changed it since. */
  readonly proof?: Proof;
  /** Gives back the modules that the program uses; until then they cannot be unregistered. */
  release(): void;
}

/**
 * See the module's header.
 *
 * @example
 * ```ts
 * import { parseText } from "../ir/mod.ts";
 * import { Compiler } from "./compiler.ts";
 * const compiler = new Compiler();
 * const unit = parseText(`
 * type socket_filter
 * func main:
 *     r0 = 1
 *     if r0 == 1 goto out
 *     r0 = 2
 *   out:
 *     exit
 * `);
 * const { program, proof } = compiler.compile(unit.programs[0]);
 * console.log(program.length, proof !== undefined); // 2 true
 * ```
 */
export class Compiler {
  /** What the kernel that the programs are for knows. */
  readonly profile: Profile;
  /** The modules and devices. */
  readonly registry: ModuleRegistry = new ModuleRegistry();
  /** The passes in their order. */
  readonly pipeline: Pipeline;

  /**
   * Puts everything together.
   *
   * @throws {TypeError} If the passes cannot be ordered, or `trust` names nothing there is.
   * @throws {ModuleError} If a module is not acceptable.
   */
  constructor(options: CompilerOptions = {}) {
    this.profile = options.profile ?? LINUX_6_18;
    const plugins = (options.plugins ?? []).filter((plugin) => !!plugin);
    const modules = [...options.modules ?? [], ...plugins.flatMap((plugin) => plugin.modules ?? [])];
    const trust = new Set(options.trust ?? []);
    for (const name of trust) {
      if (modules.some((m) => m.name === name) || plugins.some((p) => p.name === name)) continue;
      throw new TypeError(`Cannot trust "${name}": there is no module or plugin of this name`);
    }
    for (const module of modules) this.registry.register(module, { trust: trust.has(module.name) });
    for (const device of options.devices ?? []) this.registry.addDevice(device);
    const passes = options.preset === "rfc" ? rfcPasses() : defaultPasses();
    this.pipeline = new Pipeline({
      passes,
      plugins,
      trust: [...trust],
      skip: options.skip ?? [],
      observers: options.observers ?? [],
      ...(options.until === undefined ? {} : { until: options.until }),
    });
  }

  /**
   * Takes a program through all passes.
   *
   * @throws {RejectedError} If it is refused. @throws {UnsupportedError} If it needs what is still to come.
   * @throws {PassError} If a pass fails.
   */
  compile(program: Program, options: CompileOptions = {}): Compiled {
    const lease = this.registry.lease();
    try {
      const result = this.pipeline.run(program, {
        target: { profile: this.profile, jit: true },
        kfuncs: lease,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      const proof = result.program.get(verified) ? { proof: issueProof(result.program) } : {};
      return { ...result, ...proof, release: () => lease.release() };
    } catch (error) {
      lease.release();
      throw error;
    }
  }
}

/** What one compilation needs besides the program. */
export interface CompileOptions {
  /** Aborts it. */
  readonly signal?: AbortSignal;
}

/** `BPF_F_XDP_DEV_BOUND_ONLY` of program load. */
const XDP_DEV_BOUND_ONLY = 1 << 6;

/** The same program, bound to a device by name; as it is if none is named. */
export function bindTo(program: Program, device: string | undefined): Program {
  if (device === undefined) return program;
  const { unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId } = program;
  const bound = { ...attrs, device, flags: attrs.flags | XDP_DEV_BOUND_ONLY };
  return new Program({ unit, attrs: bound, code, subprogs, facts, nextInsnId, nextSubprogId });
}

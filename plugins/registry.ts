/**
 * The registry of kfunc modules: checks them, grants trust, resolves calls to bodies, and keeps what compiled programs still use.
 *
 * Registering is all or nothing: every fault of a module is found and named in one {@linkcode ModuleError}, and then nothing of
 * it is known. A module cannot be taken out while a {@linkcode Lease} that used it is held; it can be marked to leave then.
 *
 * A call resolves by the name of its function. For a device-bound function the driver of the device decides: the driver's body; the
 * driver's function without a body, which stays a call, but of that function; else the stub's own body. Without a device it
 * resolves to nothing, and what is wrong with that is verify's to say. The key of a body is the function resolved to, never
 * the stub.
 *
 * @module
 */
import type { KfuncRef } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { bodyFaults } from "../passes/kfunc_define.ts";
import type {
  KfuncBody,
  KfuncDeclaration,
  KfuncResolution,
  KfuncResolver,
  KfuncSignature,
  KfuncUser,
} from "../passes/kfuncs.ts";
import type { KfuncFlag } from "../profile/profile.ts";
import { bodiesIn, bodyFrom } from "./body.ts";
import type { Device } from "./device.ts";
import type { KfuncCase, KfuncReference, Module, TrustWish } from "./module.ts";
import { parseSignature } from "./signature.ts";
import { caseFaults } from "./testing.ts";

/** A module is not acceptable; `problems` has one sentence per fault. */
export class ModuleError extends TypeError {
  /** Tells it from other errors, whichever copy of the class it is of. */
  override readonly name = "ModuleError";
  /** One sentence per fault. */
  readonly problems: readonly string[];
  /** Names the module and lists its faults. */
  constructor(module: string, problems: readonly string[]) {
    super(`Cannot register module "${module}": ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** A registered function. */
export interface RegisteredKfunc {
  /** The function's name. */
  readonly name: string;
  /** The module that brings it. */
  readonly module: string;
  /** Its prototype. */
  readonly signature: KfuncSignature;
  /** `KF_*` in lower case. */
  readonly flags: ReadonlySet<KfuncFlag>;
  /** Answers only programs bound to a device. */
  readonly deviceBound: boolean;
  /** The program types whose calls get the body; all if left out. */
  readonly types?: readonly string[];
  /** The body's code, whether or not it is trusted to be used; undefined if the function has none. */
  readonly code?: Program;
  /** What calls get; undefined if there is no body or its trust was not granted. */
  readonly body?: KfuncBody;
  /** The same function in TypeScript, for tests. */
  readonly reference?: KfuncReference;
}

/** What became of a registration. */
export interface Registration {
  /** The module's name. */
  readonly module: string;
  /** In the order of the module. */
  readonly kfuncs: readonly RegisteredKfunc[];
  /** Functions whose bodies ask for trust that was not granted: calls of them stay calls. */
  readonly untrusted: readonly string[];
}

/** How {@linkcode ModuleRegistry.register} treats a module. */
export interface RegisterOptions {
  /** The host's word that bodies which ask for trust get it. */
  readonly trust?: boolean;
}

interface Entry {
  readonly registration: Registration;
  /** By device-bound function and driver, `function driver`: the function that answers. */
  readonly answers: ReadonlyMap<string, string>;
  leases: number;
  leaving: boolean;
}

/** The modules of one host; see the module's header. */
export class ModuleRegistry implements KfuncResolver {
  readonly #modules = new Map<string, Entry>();
  readonly #kfuncs = new Map<string, { readonly kfunc: RegisteredKfunc; readonly entry: Entry }>();
  readonly #answers = new Map<string, { readonly by: string; readonly entry: Entry }>();
  readonly #devices = new Map<string, Device>();

  /**
   * Takes a module in.
   *
   * @throws {ModuleError} If anything about it is wrong or taken; nothing is registered then.
   */
  register(module: Module, options: RegisterOptions = {}): Registration {
    const problems: string[] = [];
    const kfuncs = readKfuncs(module, { trust: options.trust ?? false, problems });
    const answers = this.#checkNames(module, { kfuncs, problems });
    if (problems.length > 0) throw new ModuleError(module.name, problems);
    const registration: Registration = {
      module: module.name,
      kfuncs,
      untrusted: kfuncs.filter((k) => k.code !== undefined && k.body === undefined).map((k) => k.name),
    };
    const entry: Entry = { registration, answers, leases: 0, leaving: false };
    this.#modules.set(module.name, entry);
    for (const kfunc of kfuncs) this.#kfuncs.set(kfunc.name, { kfunc, entry });
    for (const [key, by] of answers) this.#answers.set(key, { by, entry });
    return registration;
  }

  /**
   * Takes a module out. With `defer`, one that is still used only stops resolving, and goes with the last lease.
   *
   * @returns Whether it is gone.
   * @throws {RangeError} If there is no such module.
   * @throws {TypeError} If it is in use and `defer` is not given.
   */
  unregister(name: string, options: { readonly defer?: boolean } = {}): boolean {
    const entry = this.#modules.get(name);
    if (entry === undefined) throw new RangeError(`Cannot unregister module "${name}": it is not registered`);
    if (entry.leases > 0 && !options.defer) {
      throw new TypeError(`Cannot unregister module "${name}": ${entry.leases} compiled programs use it`);
    }
    for (const kfunc of entry.registration.kfuncs) this.#kfuncs.delete(kfunc.name);
    for (const key of entry.answers.keys()) this.#answers.delete(key);
    entry.leaving = true;
    if (entry.leases === 0) this.#modules.delete(name);
    return entry.leases === 0;
  }

  /** Makes a device known, or changes it. Programs compiled for it before stay as they are. */
  addDevice(device: Device): void {
    this.#devices.set(device.name, device);
  }

  /** A device by name. */
  device(name: string): Device | undefined {
    return this.#devices.get(name);
  }

  /** All devices. */
  get devices(): readonly Device[] {
    return [...this.#devices.values()];
  }

  /** What is registered, in the order of registration. */
  get registrations(): readonly Registration[] {
    return [...this.#modules.values()].filter((e) => !e.leaving).map((e) => e.registration);
  }

  /** A registered function by name. */
  kfunc(name: string): RegisteredKfunc | undefined {
    return this.#kfuncs.get(name)?.kfunc;
  }

  /** What a call of a function gets in a program. Holds nothing; compiled programs take a {@linkcode lease}. */
  resolve(func: KfuncRef, program?: KfuncUser): KfuncResolution {
    return this.#resolve(func.name, program).resolution;
  }

  /** A registered function by its prototype and flags. */
  declaration(func: KfuncRef): KfuncDeclaration | undefined {
    return this.#kfuncs.get(func.name)?.kfunc;
  }

  /** A resolver that keeps the modules it resolved to until it is released. One per compiled program. */
  lease(): Lease {
    const held = new Set<Entry>();
    return new Lease({
      resolve: (func, program) => {
        const { resolution, entry } = this.#resolve(func.name, program);
        if (entry !== undefined && !held.has(entry)) {
          held.add(entry);
          entry.leases++;
        }
        return resolution;
      },
      declaration: (func) => this.declaration(func),
      release: () => {
        for (const entry of held) {
          entry.leases--;
          if (entry.leaving && entry.leases === 0) this.#modules.delete(entry.registration.module);
        }
        held.clear();
      },
      modules: () => [...held].map((entry) => entry.registration.module),
    });
  }

  #resolve(name: string, program: KfuncUser | undefined): { resolution: KfuncResolution; entry?: Entry } {
    const found = this.#kfuncs.get(name);
    if (found === undefined) return { resolution: { kind: "none" } };
    if (!found.kfunc.deviceBound) return answer(found, program);
    const driver = program?.device === undefined ? undefined : this.#devices.get(program.device)?.driver;
    if (driver === undefined) return { resolution: { kind: "none" } };
    const by = this.#answers.get(answerKey(name, driver));
    if (by === undefined) return answer(found, program);
    const driverFunction = this.#kfuncs.get(by.by)!;
    const answered = answer(driverFunction, program);
    if (answered.resolution.kind === "body") return answered;
    return { resolution: { kind: "call", name: by.by }, entry: driverFunction.entry };
  }

  /** Finds what is taken already and what does not fit together. Gives the module's answers. */
  #checkNames(
    module: Module,
    what: { readonly kfuncs: readonly RegisteredKfunc[]; readonly problems: string[] },
  ): Map<string, string> {
    const { kfuncs, problems } = what;
    if (this.#modules.has(module.name)) problems.push("a module of this name is registered already");
    const own = new Map<string, RegisteredKfunc>();
    for (const kfunc of kfuncs) {
      const other = this.#kfuncs.get(kfunc.name);
      if (own.has(kfunc.name)) problems.push(`kfunc ${kfunc.name} is there twice`);
      else if (other !== undefined) {
        problems.push(`kfunc ${kfunc.name} is registered by module "${other.kfunc.module}" already`);
      }
      own.set(kfunc.name, kfunc);
    }
    const answers = new Map<string, string>();
    for (const [stubName, { driver, by }] of Object.entries(module.implements ?? {})) {
      const stub = own.get(stubName) ?? this.#kfuncs.get(stubName)?.kfunc;
      const answering = own.get(by);
      if (stub === undefined) problems.push(`it implements ${stubName}, which is not registered`);
      else if (!stub.deviceBound) problems.push(`it implements ${stubName}, which is not device-bound`);
      if (answering === undefined) {
        problems.push(`${stubName} is implemented by ${by}, which is not in the module`);
      } else if (stub !== undefined && !sameShape(stub.signature, answering.signature)) {
        problems.push(`${by} does not have the prototype of ${stubName}`);
      }
      for (const each of typeof driver === "string" ? [driver] : driver) {
        const key = answerKey(stubName, each);
        if (this.#answers.has(key)) problems.push(`${stubName} is implemented for driver "${each}" already`);
        answers.set(key, by);
      }
    }
    return answers;
  }
}

/** The function's own body, if programs like this one get it. */
function answer(
  found: { readonly kfunc: RegisteredKfunc; readonly entry: Entry },
  program: KfuncUser | undefined,
): { resolution: KfuncResolution; entry?: Entry } {
  const { body, types } = found.kfunc;
  const other = types !== undefined && program?.type !== undefined && !types.includes(program.type);
  if (body === undefined || other) return { resolution: { kind: "none" } };
  return { resolution: { kind: "body", body }, entry: found.entry };
}

function answerKey(kfunc: string, driver: string): string {
  return `${kfunc} ${driver}`;
}

function sameShape(a: KfuncSignature, b: KfuncSignature): boolean {
  return a.returns === b.returns && a.args.length === b.args.length &&
    a.args.every((arg, i) => arg.kind === b.args[i].kind && arg.size === b.args[i].size);
}

/** Everything a module brings, checked by itself. */
function readKfuncs(
  module: Module,
  what: { readonly trust: boolean; readonly problems: string[] },
): RegisteredKfunc[] {
  const { trust, problems } = what;
  const kfuncs: RegisteredKfunc[] = [];
  const attempt = <R>(name: string, make: () => R): R | undefined => {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
      problems.push(`kfunc ${name}: ${error.message}`);
      return undefined;
    }
  };
  for (const spec of module.kfuncs ?? []) {
    const { name, body } = spec;
    if (!/^[A-Za-z_]\w*$/.test(name)) problems.push(`"${name}" is no function's name`);
    const signature = attempt(name, () => parseSignature(spec.signature));
    const code = body === undefined ? undefined : attempt(name, () => bodyFrom(body, name));
    if (signature === undefined) continue;
    kfuncs.push(registered({
      name,
      module: module.name,
      signature,
      flags: new Set(spec.flags),
      deviceBound: spec.deviceBound ?? false,
      ...(spec.types === undefined ? {} : { types: spec.types }),
      ...(code === undefined ? {} : { code }),
      ...(spec.reference === undefined ? {} : { reference: spec.reference }),
    }, { wish: spec.trust ?? "verified", trust, problems, cases: spec.cases ?? [] }));
  }
  for (const object of module.objects ?? []) {
    const found = attempt(object.name, () => bodiesIn(object.bytes, object));
    if (found === undefined) continue;
    for (const fault of found.faults) problems.push(`${object.name}, ${fault.name}: ${fault.message}`);
    for (const { name, signature, flags, code } of found.bodies) {
      const reference = object.references?.[name];
      const types = object.types?.[name];
      kfuncs.push(registered({
        name,
        module: module.name,
        signature,
        flags: new Set(flags),
        deviceBound: object.deviceBound?.includes(name) ?? false,
        ...(types === undefined ? {} : { types }),
        code,
        ...(reference === undefined ? {} : { reference }),
      }, { wish: object.trust ?? "verified", trust, problems, cases: object.cases?.[name] ?? [] }));
    }
  }
  return kfuncs;
}

/** The function with its body, if that is verified or trusted. */
function registered(
  kfunc: Omit<RegisteredKfunc, "body">,
  what: {
    readonly wish: TrustWish;
    readonly trust: boolean;
    readonly problems: string[];
    readonly cases: readonly KfuncCase[];
  },
): RegisteredKfunc {
  const { name, module, signature, flags, code } = kfunc;
  if (code === undefined) return kfunc;
  what.problems.push(...caseFaults(name, { code, cases: what.cases }));
  if (what.wish === "verified") {
    for (const fault of bodyFaults(code, signature)) {
      what.problems.push(`kfunc ${name} cannot be verified: ${fault}`);
    }
    return { ...kfunc, body: { name, module, trust: "verified", code, signature, flags } };
  }
  if (!what.trust) return kfunc;
  return { ...kfunc, body: { name, module, trust: "trusted", code, signature, flags } };
}

/** What a {@linkcode Lease} is made of. */
export interface LeaseParts extends Required<KfuncResolver> {
  /** Lets go of the modules. */
  release(): void;
  /** The modules that are held. */
  modules(): readonly string[];
}

/** A resolver that keeps what it resolved to; see {@linkcode ModuleRegistry.lease}. */
export class Lease implements KfuncResolver, Disposable {
  readonly #parts: LeaseParts;

  /** Made by `ModuleRegistry.lease`. */
  constructor(parts: LeaseParts) {
    this.#parts = parts;
  }

  resolve(func: KfuncRef, program?: KfuncUser): KfuncResolution {
    return this.#parts.resolve(func, program);
  }

  declaration(func: KfuncRef): KfuncDeclaration | undefined {
    return this.#parts.declaration(func);
  }

  /** The modules it keeps. */
  get modules(): readonly string[] {
    return this.#parts.modules();
  }

  /** Lets go of them. May be called again. */
  release(): void {
    this.#parts.release();
  }

  /** The same as `release`. */
  [Symbol.dispose](): void {
    this.release();
  }
}

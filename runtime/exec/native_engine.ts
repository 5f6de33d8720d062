/**
 * Runs programs as machine code in this process.
 *
 * What a program calls is found by name, in this order: bodies given with the program, machine code stubs, native functions (BPF,
 * compiled when first needed), JavaScript. Addresses of all but the first stay the same for the life of the engine.
 *
 * @module
 */
import { ABORT, type MachineCode, type Symbol } from "../../abi/machine_code.ts";
import { UnsupportedError } from "../../ir/diagnostic.ts";
import type { Callee } from "../../ir/insn.ts";
import type { Program } from "../../ir/program.ts";
import {
  AbortedError,
  type Compile,
  type Engine,
  type EngineResult,
  type Prepared,
  type PrepareOptions,
  type RunOptions,
} from "../engine.ts";
import { helperFunction, kernelFunction } from "../function_names.ts";
import { Host } from "../host.ts";
import { HOST_FUNCTIONS, type HostFunction } from "../host_functions.ts";
import type { Block } from "../memory.ts";
import { nativeFunction } from "../native/library.ts";
import { addressOf } from "./libc.ts";
import { NativeSpace } from "./native_space.ts";
import { CodePages } from "./pages.ts";
import { STUBS } from "./stubs.ts";
import { clockAddress, RUN, trampoline } from "./trampoline.ts";

const CALLBACK = {
  parameters: ["u64", "u64", "u64", "u64", "u64"],
  result: "u64",
} as const;

/** Helpers that run the program's own callbacks or other programs, which may reach JavaScript themselves. */
const CALLS_BACK: ReadonlySet<string> = new Set([
  "bpf_loop",
  "bpf_for_each_map_elem",
  "bpf_rbtree_add_impl",
  "inlay_invoke",
  "inlay_enter",
]);
const TAIL_CALL = "bpf_tail_call";
/** Bytes of the largest structure that is restored between rounds. */
const LARGEST_IMAGE = 1024;

/** What a program's names mean while it is linked. */
interface Scope extends PrepareOptions {
  readonly programType: string;
  /** Addresses of bodies given with the program. */
  readonly bodies: Map<string, number>;
}

const NOTHING: Omit<Scope, "programType" | "bodies"> = { maps: [], functions: new Map(), limited: false };

/** See the module's header. Disposing it frees all memory and code; nothing prepared by it may run afterwards. */
export class NativeEngine implements Engine, Disposable {
  readonly host: Host;
  readonly #space = new NativeSpace();
  readonly #compile: Compile;
  readonly #code: CodePages[] = [];
  readonly #callbacks: Deno.UnsafeCallback<typeof CALLBACK>[] = [];
  readonly #addresses = new Map<string, number>();
  readonly #descriptor: Block;
  #image: Block | undefined;
  #failure: unknown;

  /** @throws {Error} Where native code cannot run; ask `nativeUnavailable` first. */
  constructor(compile: Compile, seed: bigint) {
    trampoline();
    this.#compile = compile;
    this.host = new Host(this.#space, seed);
    this.#descriptor = this.#space.allocate(RUN.size, { name: "run descriptor" });
    const view = this.#descriptor.view;
    view.setBigUint64(RUN.control, BigInt(this.host.control.address), true);
    view.setBigUint64(RUN.clock, BigInt(clockAddress()), true);
  }

  call(name: string, ...args: (number | bigint)[]): bigint {
    const [r1 = 0, r2 = 0, r3 = 0, r4 = 0, r5 = 0] = args;
    return trampoline().call5(this.#named(name), r1, r2, r3, r4, r5);
  }

  prepare(program: Program, options: PrepareOptions): Prepared {
    const scope: Scope = { ...options, programType: program.attrs.type, bodies: new Map() };
    const machineCode = this.#compile(program, {
      mayReachJs: this.#mayReachJs(program, scope),
      fuel: options.limited,
    });
    const entry = this.#place(machineCode, scope);
    return {
      entry,
      codeSize: machineCode.bytes.length,
      run: (address, how) => this.#run(entry, address, how),
    };
  }

  [Symbol.dispose](): void {
    for (const callback of this.#callbacks.splice(0)) callback.close();
    for (const pages of this.#code.splice(0)) pages[Symbol.dispose]();
    this.#space[Symbol.dispose]();
  }

  #run(entry: number, address: number, { repeat, restore, fuel }: RunOptions): EngineResult {
    const view = this.#descriptor.view;
    view.setBigUint64(RUN.code, BigInt(entry), true);
    view.setBigUint64(RUN.r1, BigInt(address), true);
    view.setBigUint64(RUN.repeat, BigInt(repeat), true);
    view.setBigUint64(RUN.words, BigInt(restore / 8), true);
    if (restore > 0) {
      this.#image ??= this.#space.allocate(LARGEST_IMAGE, { name: "image of the context" });
      this.#image.bytes.set(this.#space.at(BigInt(address), restore));
      view.setBigUint64(RUN.image, BigInt(this.#image.address), true);
      view.setBigUint64(RUN.target, BigInt(address), true);
    }
    this.host.control.set("fuel", fuel ?? Number.MAX_SAFE_INTEGER);
    this.#failure = undefined;
    trampoline().run(this.#descriptor.address);
    const abort = this.host.control.get("abort");
    if (abort === ABORT.fuel) throw new AbortedError("Cannot finish the run: its fuel is used up");
    if (abort !== 0) {
      throw new AbortedError(`Cannot finish the run: ${this.#failure}`, { cause: this.#failure });
    }
    return {
      r0: view.getBigUint64(RUN.result, true),
      ns: Number(view.getBigUint64(RUN.ns, true)),
      rounds: repeat - Number(view.getBigUint64(RUN.left, true)),
    };
  }

  /** Puts code into pages of its own and fills its addresses in; the entry's address. */
  #place(code: MachineCode, scope: Scope): number {
    const pages = new CodePages(code.bytes.length);
    try {
      pages.bytes.set(code.bytes);
      const view = new DataView(pages.bytes.buffer, pages.bytes.byteOffset);
      for (const { offset, symbol, addend } of code.relocations) {
        view.setBigUint64(offset, BigInt(this.#resolve(symbol, scope) + addend), true);
      }
      pages.seal();
    } catch (error) {
      pages[Symbol.dispose]();
      throw error;
    }
    this.#code.push(pages);
    return pages.address + code.entry;
  }

  #resolve(symbol: Symbol, scope: Scope): number {
    switch (symbol.kind) {
      case "control":
        return this.host.control.address;
      case "map":
        return scope.maps[symbol.map].address;
      case "map_value": {
        const map = scope.maps[symbol.map];
        if (map.valueOffset === undefined) {
          throw new UnsupportedError(`the address of a value of map ${map.def.name}`);
        }
        return map.address + map.valueOffset + symbol.offset;
      }
      case "kernel_var": {
        const address = this.host.variable(symbol.name);
        if (address === undefined) throw new UnsupportedError(`the kernel variable ${symbol.name}`);
        return address;
      }
      case "helper": {
        const name = helperFunction(symbol.id, scope.programType);
        if (name === undefined) throw new UnsupportedError(`helper ${symbol.id}`);
        return this.#named(name);
      }
      case "kfunc":
        return this.#body(symbol.name, scope) ?? this.#named(kernelFunction(symbol.name, scope.programType));
    }
  }

  /** A body given with the program, compiled on first use; bodies may call each other. */
  #body(name: string, scope: Scope): number | undefined {
    const known = scope.bodies.get(name);
    if (known !== undefined) return known;
    const body = scope.functions.get(name);
    if (body === undefined) return undefined;
    const code = this.#compile(body, {
      mayReachJs: this.#mayReachJs(body, scope),
      fuel: scope.limited,
    });
    const address = this.#place(code, scope);
    scope.bodies.set(name, address);
    return address;
  }

  /** A function of the runtime. @throws {UnsupportedError} If there is none of that name. */
  #named(name: string): number {
    let address = this.#addresses.get(name);
    if (address !== undefined) return address;
    const stub = STUBS.get(name);
    const native = stub === undefined ? nativeFunction(name) : undefined;
    const js = HOST_FUNCTIONS[name];
    if (stub !== undefined) {
      const pages = new CodePages(stub.bytes.length);
      pages.bytes.set(stub.bytes);
      if (stub.address !== undefined) {
        const view = new DataView(pages.bytes.buffer, pages.bytes.byteOffset);
        const { name, offset } = stub.address;
        const to = name === "control" ? this.host.control.address : addressOf(name);
        view.setBigUint64(offset, BigInt(to), true);
      }
      pages.seal();
      this.#code.push(pages);
      address = pages.address;
    } else if (native !== undefined) {
      const scope: Scope = { ...NOTHING, programType: "syscall", bodies: new Map() };
      address = this.#place(this.#compile(native, { mayReachJs: () => false, fuel: false }), scope);
    } else if (js !== undefined) {
      address = this.#callback(js);
    } else {
      throw new UnsupportedError(`the function ${name} in the runtime`);
    }
    this.#addresses.set(name, address);
    return address;
  }

  #callback(fn: HostFunction): number {
    const { host } = this;
    const callback = new Deno.UnsafeCallback(CALLBACK, (r1, r2, r3, r4, r5) => {
      // An exception must not cross native code. Once a run has failed, it may still call before it has left.
      if (host.control.get("abort") !== 0) return 0n;
      try {
        return BigInt.asUintN(64, fn(host, [r1, r2, r3, r4, r5]));
      } catch (error) {
        this.#failure = error;
        host.control.set("abort", ABORT.callback);
        return 0n;
      }
    });
    this.#callbacks.push(callback);
    return Number(Deno.UnsafePointer.value(callback.pointer));
  }

  /** Which of a program's calls may end in JavaScript. */
  #mayReachJs(program: Program, scope: Scope): (callee: Callee) => boolean {
    const nameOf = (callee: Callee): string | undefined =>
      callee.kind === "helper"
        ? helperFunction(callee.id, scope.programType)
        : callee.kind === "kfunc"
        ? callee.func.name
        : undefined;
    const isJs = (name: string | undefined): boolean =>
      name !== undefined && !scope.functions.has(name) && !STUBS.has(name) &&
      nativeFunction(name) === undefined;
    const bodiesReachJs = [...scope.functions.values()].some((body) =>
      body.code.insns.some((insn) => insn.kind === "call" && isJs(nameOf(insn.callee)))
    );
    const reaches = bodiesReachJs ||
      program.code.insns.some((insn) => insn.kind === "call" && isJs(nameOf(insn.callee)));
    return (callee) => {
      const name = nameOf(callee);
      if (name === TAIL_CALL) return true;
      if (name !== undefined && scope.functions.has(name)) return bodiesReachJs;
      return isJs(name) || (reaches && name !== undefined && CALLS_BACK.has(name));
    };
  }
}

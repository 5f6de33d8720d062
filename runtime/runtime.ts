/**
 * A runtime: memory, maps and helpers for programs that run in this process, by machine code or by the interpreter.
 *
 * Only what was proven runs: {@linkcode Runtime.load} demands the proof. What it does not do: it neither verifies nor compiles nor
 * lowers; a program comes here at the end of its way through the passes, and the back end is handed in.
 *
 * @module
 */
import { contextOf } from "../abi/contexts.ts";
import { type Proof, proves } from "../abi/proof.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { factNamed } from "../ir/fact.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import type { Compile, Engine, FunctionBodies, Prepared } from "./engine.ts";
import { NativeEngine } from "./exec/native_engine.ts";
import { InterpretEngine } from "./interpret_engine.ts";
import { createMaps, refuseUnknownMaps, type RuntimeMap } from "./maps.ts";
import type { Packet } from "./packet.ts";
import { SkbPacket } from "./skb_packet.ts";
import { XdpPacket } from "./xdp_packet.ts";

/** How a runtime runs programs. */
export interface RuntimeOptions {
  /** The back end that makes machine code; left out, programs are interpreted. */
  readonly compile?: Compile;
  /** Of the random numbers that programs get; 64 bits. Random if left out. */
  readonly seed?: bigint;
  /** For the interpreter: bytes by which everything lies elsewhere, a multiple of 16. What two runs differ in then depends on addresses. */
  readonly shift?: number;
}

/** How a program is loaded. */
export interface LoadOptions {
  /** That the program was verified, as the pipeline gave it. */
  readonly proof: Proof;
  /** Bodies of kernel functions that it calls, beside those the runtime has. */
  readonly functions?: FunctionBodies;
  /**
   * Whether the program speaks of the runtime's structures already (`lower-contexts`); true if left out. Only the interpreter runs
   * others.
   */
  readonly lowered?: boolean;
  /** Count jumps back, so that runs can be given fuel; costs time natively. False if left out; the interpreter always counts. */
  readonly limited?: boolean;
}

/**
 * Programs and maps of one runtime live until it is disposed.
 *
 * @example Load what the compiler proved, and run it
 * ```ts
 * import { parseText } from "../ir/mod.ts";
 * import { issueProof } from "../abi/proof.ts";
 * import { Runtime, testRun } from "./mod.ts";
 * const [program] = parseText("type xdp\nfunc main:\n  r0 = 2\n  exit\n").programs;
 * using runtime = new Runtime(); // interpreted; for machine code hand in a back end
 * const loaded = runtime.load(program, { proof: issueProof(program) });
 * console.log(testRun(loaded).retval); // 2
 * ```
 */
export class Runtime implements Disposable {
  readonly #engine: Engine & Partial<Disposable>;
  readonly #seed: bigint;
  readonly #maps = new WeakMap<Unit, readonly RuntimeMap[]>();
  readonly #packets = new Map<string, Packet>();

  /** Makes an empty runtime. @throws {Error} If machine code cannot run here; ask `nativeUnavailable` first. */
  constructor(options: RuntimeOptions = {}) {
    this.#seed = options.seed ?? crypto.getRandomValues(new BigUint64Array(1))[0];
    this.#engine = options.compile === undefined
      ? new InterpretEngine({ seed: this.#seed, shift: options.shift })
      : new NativeEngine(options.compile, this.#seed);
  }

  /** @ignore What runs the programs. */
  get engine(): Engine {
    return this.#engine;
  }

  /** The maps of a unit: its programs share them. Made on first use. @throws {UnsupportedError} For initial values it cannot give. */
  maps(unit: Unit): readonly RuntimeMap[] {
    let maps = this.#maps.get(unit);
    if (maps === undefined) {
      const call = this.#engine.call.bind(this.#engine);
      maps = createMaps(unit, {
        space: this.#engine.host.space,
        call,
        seed: Number(this.#seed & 0xffff_ffffn),
      });
      this.#engine.host.addMaps(maps);
      this.#maps.set(unit, maps);
    }
    return maps;
  }

  /**
   * Makes a program ready to run.
   *
   * @throws {TypeError} Without a proof for this very version.
   * @throws {UnsupportedError} If it needs something the runtime does not have: a helper, a map type, a context.
   */
  load(program: Program, options: LoadOptions): LoadedProgram {
    if (!proves(options.proof, program)) {
      throw new TypeError(`Cannot load ${program.attrs.name}: it was not verified, or was changed since`);
    }
    return this.prepare(program, options);
  }

  /** @ignore Loads without a proof: for tests alone, which run in a process of their own what a verifier refuses. */
  prepare(program: Program, options: Omit<LoadOptions, "proof">): LoadedProgram {
    const lowered = options.lowered ?? true;
    if (contextOf(program.attrs.type) === undefined && program.attrs.type !== "syscall") {
      throw new UnsupportedError(`running programs of type ${program.attrs.type}`);
    }
    const native = this.#engine instanceof NativeEngine;
    if (native && !lowered) {
      throw new UnsupportedError("machine code of programs whose contexts were not lowered");
    }
    refuseAccesses(program, { lowered, native });
    refuseUnknownMaps(program);
    const maps = this.maps(program.unit);
    const functions: FunctionBodies = options.functions ?? new Map();
    const limited = options.limited ?? false;
    const prepared = this.#engine instanceof InterpretEngine
      ? this.#engine.prepare(program, { maps, functions, limited, lowered })
      : this.#engine.prepare(program, { maps, functions, limited });
    for (const map of maps) {
      for (const { index, program: name } of map.def.initial ?? []) {
        if (name === program.attrs.name) map.setPointer(index, prepared.entry);
      }
    }
    return new LoadedProgram(this, program, { maps, prepared, limited: limited || !native });
  }

  /** @ignore The memory of packets for programs of a type, around which a driver's structures lie. Made on first use. */
  packet(type: string, driver: string | undefined): Packet {
    const key = `${type} ${driver ?? ""}`;
    let packet = this.#packets.get(key);
    if (packet === undefined) {
      const { space } = this.#engine.host;
      packet = type === "xdp" ? new XdpPacket(space, driver) : new SkbPacket(space, type);
      this.#packets.set(key, packet);
    }
    return packet;
  }

  /** Frees memory and code. Nothing loaded by this runtime may run afterwards. */
  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]?.();
  }
}

/** A program that can run. */
export class LoadedProgram {
  /** What it was loaded into. */
  readonly runtime: Runtime;
  /** As it was loaded. */
  readonly program: Program;
  /** Of its unit, in the unit's order. */
  readonly maps: readonly RuntimeMap[];
  /** Whether runs can be given fuel. */
  readonly limited: boolean;
  /** @ignore */
  readonly prepared: Prepared;

  /** @ignore Made by {@linkcode Runtime.load}. */
  constructor(
    runtime: Runtime,
    program: Program,
    parts: { maps: readonly RuntimeMap[]; prepared: Prepared; limited: boolean },
  ) {
    this.limited = parts.limited;
    this.runtime = runtime;
    this.program = program;
    this.maps = parts.maps;
    this.prepared = parts.prepared;
  }

  /** Bytes of machine code; 0 when interpreted. */
  get codeSize(): number {
    return this.prepared.codeSize;
  }

  /** The unit's map of a name, or undefined. */
  map(name: string): RuntimeMap | undefined {
    return this.maps.find((map) => map.def.name === name);
  }

  /** Puts this program into a prog array. @throws {TypeError} If the map holds no programs. */
  putInto(map: RuntimeMap, index: number): void {
    if (!map.holdsPrograms) {
      throw new TypeError(`Cannot put a program into map ${map.def.name}: it holds none`);
    }
    map.setPointer(index, this.prepared.entry);
  }
}

/** Accesses to sockets, all of which the lowering of contexts replaces. */
const SOCKETS: ReadonlySet<string> = new Set(["sock", "tcp_sock", "xdp_sock"]);
/** Accesses for which the kernel counts on catching faults, or that go to memory this process does not have. */
const NOT_HERE: ReadonlySet<string> = new Set(["btf", "untrusted", "arena"]);

/**
 * Refuses accesses that verification allows and that would still go wrong here: through structures as sources have them, which lie
 * differently, and natively through pointers that only the kernel can follow.
 */
function refuseAccesses(program: Program, how: { lowered: boolean; native: boolean }): void {
  const pointer = factNamed("pointer");
  if (pointer === undefined) return;
  const { insns, ids } = program.code;
  for (let i = 0; i < insns.length; i++) {
    const { kind } = insns[i];
    if (kind !== "load" && kind !== "store" && kind !== "atomic") continue;
    const through: unknown = program.get(pointer, ids[i]);
    if (SOCKETS.has(String(through)) || (through === "ctx" && how.lowered)) {
      throw new UnsupportedError(`running ${program.attrs.name}: its contexts were not lowered`);
    }
    if (how.native && NOT_HERE.has(String(through))) {
      throw new UnsupportedError(`running ${program.attrs.name} natively: it follows ${through} pointers`);
    }
  }
}

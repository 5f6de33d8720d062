/**
 * Test runs: a program, a packet, a number of rounds; by the conventions of the kernel's BPF_PROG_TEST_RUN.
 *
 * Context and packet are made once and not restored between rounds, as in the kernel; `fresh` restores the context's pointers, so
 * that a program which moves them can be run repeatedly.
 *
 * @module
 */
import { layoutOf } from "../abi/layouts.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { RxMetadata } from "./device.ts";
import type { SentEvent } from "./host.ts";
import { EINVAL, RunError } from "./run_error.ts";
import type { LoadedProgram } from "./runtime.ts";

/** What a run is given. */
export interface TestRunInput {
  /** The packet, at least 14 bytes; a minimal Ethernet frame of zeros if left out. */
  readonly data?: Uint8Array;
  /** The context as user space writes it: `xdp_md` (24 bytes) or `__sk_buff` (192 bytes). */
  readonly ctx?: Uint8Array;
  /** Rounds; 1 if left out. */
  readonly repeat?: number;
  /** Restore the structure behind the context before every round (not the packet's bytes). Its cost counts as the program's. */
  readonly fresh?: boolean;
  /**
   * How many jumps back all rounds may make together, for a program loaded as `limited`; interpreted, how many instructions a round
   * may take. Without it only what verification guarantees ends a run.
   */
  readonly fuel?: number;
  /** The device the packet came from: its driver's structures lie around the packet. */
  readonly device?: { readonly driver: string };
  /** What the device knows about the packet. */
  readonly metadata?: RxMetadata;
}

/** What a run gave. */
export interface TestRunResult {
  /** The low 32 bits of r0 of the last round. */
  readonly retval: number;
  /** All of r0. */
  readonly r0: bigint;
  /** The packet afterwards. */
  readonly dataOut: Uint8Array;
  /** The context afterwards, if the run was given one. */
  readonly ctxOut?: Uint8Array;
  /** Nanoseconds per round, fractions included. */
  readonly ns: number;
  /** What `bpf_trace_printk` printed. */
  readonly printed: readonly string[];
  /** What went into perf event arrays and ring buffers. */
  readonly events: readonly SentEvent[];
  /** Where the last round redirected the packet: an interface, or an index of a map. */
  readonly redirect?: { readonly target: number; readonly map?: string };
}

/** `BPF_XDP_DEVMAP` and `BPF_XDP_CPUMAP`: such programs see packets that others have redirected. */
const IN_TRANSIT: readonly number[] = [33, 35];

/** An Ethernet header and a payload, all zeros. */
const DEFAULT_PACKET = new Uint8Array(64);

/**
 * Runs a loaded program on a packet.
 *
 * @throws {RunError} If the kernel would refuse the input.
 * @throws {AbortedError} If a helper written in JavaScript failed.
 * @throws {InterpretError} When interpreted: if an access leaves its memory.
 */
export function testRun(loaded: LoadedProgram, input: TestRunInput = {}): TestRunResult {
  const { program, runtime } = loaded;
  const { host } = runtime.engine;
  const type = program.attrs.type;
  const repeat = input.repeat ?? 1;
  if (!Number.isInteger(repeat) || repeat < 1) throw new RangeError(`Cannot run ${repeat} rounds`);
  if (input.fuel !== undefined && !loaded.limited) {
    throw new TypeError(`Cannot limit runs of ${program.attrs.name}: it was not loaded as limited`);
  }
  if (type === "syscall") return runOnBytes(loaded, input, repeat);
  if (type === "xdp" && IN_TRANSIT.includes(program.attrs.attachType)) {
    throw new RunError("Cannot run programs of device and CPU maps on a packet of their own", EINVAL);
  }
  if (input.device !== undefined && type !== "xdp") {
    throw new UnsupportedError(`devices for programs of type ${type}`);
  }
  const packet = runtime.packet(type, input.device?.driver);
  packet.prepare({ data: input.data ?? DEFAULT_PACKET, ctx: input.ctx, metadata: input.metadata });
  host.startRun(packet, type);
  host.types = program.unit.btf;
  const { r0, ns, rounds } = loaded.prepared.run(packet.address, {
    repeat,
    restore: input.fresh === true ? layoutOf(packet.structure.structure).size : 0,
    fuel: input.fuel,
  });
  return { ...outcome(loaded, r0, ns / rounds), ...packet.result() };
}

/** Programs of type `syscall` get their context's bytes themselves. */
function runOnBytes(loaded: LoadedProgram, input: TestRunInput, repeat: number): TestRunResult {
  const { host } = loaded.runtime.engine;
  const ctx = input.ctx ?? new Uint8Array(0);
  const block = host.space.allocate(Math.max(ctx.length, 1), { name: "context" });
  block.bytes.set(ctx);
  host.startRun(undefined, "syscall");
  host.types = loaded.program.unit.btf;
  const { r0, ns, rounds } = loaded.prepared.run(block.address, { repeat, restore: 0, fuel: input.fuel });
  return {
    ...outcome(loaded, r0, ns / rounds),
    dataOut: new Uint8Array(0),
    ctxOut: block.bytes.slice(0, ctx.length),
  };
}

function outcome(
  loaded: LoadedProgram,
  r0: bigint,
  ns: number,
): Omit<TestRunResult, "dataOut" | "ctxOut"> {
  const { host } = loaded.runtime.engine;
  const redirect = host.redirect;
  return {
    retval: Number(r0 & 0xffff_ffffn),
    r0,
    ns,
    printed: [...host.printed],
    events: [...host.events],
    ...(redirect !== undefined && {
      redirect: { target: redirect.target, ...(redirect.map && { map: redirect.map.def.name }) },
    }),
  };
}

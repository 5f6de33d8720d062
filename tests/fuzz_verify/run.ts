/**
 * Verifies one program and, if it is accepted, runs it in every way there is: watched by the states of verify, behind every pass, as
 * machine code. All must agree.
 *
 * @module
 */
import { issueProof } from "../../abi/proof.ts";
import { Compiler } from "../../compiler/compiler.ts";
import { load } from "../../compiler/run.ts";
import { UnsupportedError } from "../../ir/diagnostic.ts";
import type { Watcher } from "../../ir/interpret.ts";
import type { Program } from "../../ir/program.ts";
import { MAP_TYPE } from "../../ir/map_types.ts";
import { randomOf } from "../../ir/random_program.ts";
import { compileX86 } from "../../passes/jit/x86_64/compile.ts";
import { verifyProgram, type VerifyResult } from "../../passes/verify/verify.ts";
import { LINUX_6_18 } from "../../profile/linux_6_18/mod.ts";
import type { InterpretEngine } from "../../runtime/interpret_engine.ts";
import { type LoadedProgram, nativeUnavailable, Runtime, testRun } from "../../runtime/mod.ts";
import { readProgram, STATE_FREQ } from "./program.ts";
import { type RealMemory, StateRecorder } from "./states.ts";
import { ContainmentWatcher } from "./watch.ts";

/** Bytes by which everything lies elsewhere in a second run: what differs depends on addresses, which may be anything. */
const SHIFT = 0x12_3450;

/** Milliseconds that one verification may take. */
const TIME_LIMIT = 100;
/** Instructions of one run; nearly all generated programs stay far below. */
const FUEL = 200_000;

/** What became of one program. */
export interface Outcome {
  readonly verdict: "accept" | "reject" | "unsupported";
  /** Why it was refused, or what is not supported. */
  readonly message: string;
  /** Instructions processed; 0 if unsupported. */
  readonly processed: number;
  /** Runs that were compared with another. */
  readonly runs: number;
  /** Executed instructions that were compared with states. */
  readonly compared: number;
}

/** How {@linkcode checkText} checks. */
export interface CheckOptions {
  /** Packets and map contents that the program is run with. */
  readonly inputs: number;
  /** Of the inputs. */
  readonly seed: number;
  /** Also behind every pass and as machine code, and watched in all ways and not in one; true if left out. */
  readonly everyWay?: boolean;
}

/** A program that is not what verify believes, or not the same everywhere. */
export class DisagreementError extends Error {
  /** For telling errors apart. */
  override readonly name = "DisagreementError";
}

/** What cannot be run here, by what is missing: how many programs. */
export const notRun: Map<string, number> = new Map();

/** Why there is no machine code here, or undefined. */
export const nativeMissing: string | undefined = nativeUnavailable();

/** Verifies a program with states watched. @throws {UnsupportedError} If there is no verdict. */
export function watchedVerdict(
  program: Program,
  options: { readonly exact: boolean },
): { readonly result: VerifyResult; readonly recorder: StateRecorder } {
  const recorder = new StateRecorder(options);
  const result = verifyProgram(program, {
    profile: LINUX_6_18,
    timeLimit: TIME_LIMIT,
    observer: recorder,
    ...(options.exact ? { precision: "everything" as const } : {}),
  });
  return { result, recorder };
}

/**
 * Verifies and runs the text of a program.
 *
 * @throws {DisagreementError} If anything disagrees; its cause may be a `ContainmentError` or an `InterpretError`.
 */
export function checkText(text: string, options: CheckOptions): Outcome {
  const program = readProgram(text);
  let verdict: Outcome["verdict"] = "unsupported", message = "", processed = 0, runs = 0, compared = 0;
  let addresses = false;
  // One way for each program (a quarter of the texts ask for all states themselves), or all.
  const ways = WAYS.filter((_, i) => options.everyWay !== false || i === 2 * (options.seed % 2));
  for (const way of ways) {
    const version = way.flags === 0 ? program : readProgram(text, way.flags);
    let watched;
    try {
      watched = watchedVerdict(version, way);
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      if (way === ways[0]) return { verdict, message: error.message, processed, runs, compared };
      continue;
    }
    const { result, recorder } = watched;
    if (way === ways[0]) ({ verdict, message, processed } = result);
    addresses ||= recorder.returnsAddress;
    // Verdicts may differ, as what is compared when differs; each must hold.
    if (result.verdict === "reject") continue;
    let watcher: ContainmentWatcher | undefined;
    const ran = attempt(way.name, () =>
      runInterpreted(version, {
        ...options,
        lowered: false,
        watch: (loaded) => watcher = watcherOf(loaded, recorder),
        after: () => {
          compared += watcher!.compared;
          watcher!.begin();
        },
      }));
    if (ran === undefined) break;
    runs++;
  }
  if (verdict === "accept" && options.everyWay !== false && runs > 0) {
    runs += compareWays(program, { ...options, addresses });
  }
  return { verdict, message, processed, runs, compared };
}

const WAYS = [
  { name: "watched", exact: false, flags: 0 },
  { name: "watched with all states", exact: false, flags: STATE_FREQ },
  { name: "watched with all numbers", exact: true, flags: 0 },
] as const;

/** What the body gives; undefined if the runtime lacks what the program asks for. */
function attempt<T>(what: string, body: () => T): T | undefined {
  try {
    return body();
  } catch (error) {
    if (error instanceof UnsupportedError) {
      notRun.set(error.message, (notRun.get(error.message) ?? 0) + 1);
      return undefined;
    }
    const message = error instanceof Error ? error.message : String(error);
    // A loop that its budget alone ends, after eight million rounds.
    if (message.includes("instructions are used up")) {
      notRun.set("too long", (notRun.get("too long") ?? 0) + 1);
      return undefined;
    }
    throw new DisagreementError(`${what}: ${message}`, { cause: error });
  }
}

/** Options of runs that are compared with each other. */
interface RunOptions extends CheckOptions {
  /** The result may be an address, which is left out of what is compared. */
  readonly addresses?: boolean;
  /** Bytes by which everything lies elsewhere. */
  readonly shift?: number;
}

/** Runs what every pass makes of the program, and its machine code; the number of runs. */
function compareWays(program: Program, options: RunOptions): number {
  const compiler = new Compiler({
    observers: [{
      name: "versions",
      after: (pass, next, { before }) => {
        if (pass.name === "lower-contexts") lowered = true;
        if (next !== before || versions.length === 0) {
          versions.push({ name: pass.name, program: next, lowered });
        }
      },
    }],
  });
  let lowered = false;
  const versions: { name: string; program: Program; lowered: boolean }[] = [];
  const compiled = attempt("the passes", () => compiler.compile(program));
  if (compiled === undefined) return 0;
  let expected: readonly string[] | undefined;
  for (const version of versions) {
    const { lowered } = version;
    // One input shows most faults of a pass; machine code gets all.
    const inputs = expected === undefined ? options.inputs : 1;
    const run = () => runInterpreted(version.program, { ...options, inputs, lowered });
    const got = attempt(`behind ${version.name}`, run);
    // Facts say what only the lowered program can read (fields of sockets): the source's own run means nothing then.
    if (got === undefined) expected = undefined;
    else if (expected !== undefined) compare(`behind ${version.name}`, got, expected.slice(0, 1));
    else {
      const elsewhere = runInterpreted(version.program, { ...options, lowered, shift: SHIFT });
      if (elsewhere.join() !== got.join()) {
        notRun.set("what depends on addresses", (notRun.get("what depends on addresses") ?? 0) + 1);
        return 0;
      }
      expected = got;
    }
  }
  if (nativeMissing !== undefined || expected === undefined) return versions.length;
  using runtime = new Runtime({ seed: 7n, compile: compileX86 });
  const loaded = attempt("loading natively", () => load(runtime, { compiler, compiled }));
  if (loaded !== undefined) {
    const got = attempt("natively", () => inputs(loaded, options));
    if (got !== undefined) compare("natively", got, expected);
  }
  compiled.release();
  return versions.length + 1;
}

function compare(what: string, got: readonly string[], expected: readonly string[]): void {
  for (const [i, line] of expected.entries()) {
    if (got[i] !== line) throw new DisagreementError(`${what}, input ${i}: ${got[i]} instead of ${line}`);
  }
}

function runInterpreted(
  program: Program,
  options: RunOptions & {
    readonly lowered: boolean;
    readonly watch?: (loaded: LoadedProgram) => Watcher;
    readonly after?: () => void;
  },
): string[] {
  using runtime = new Runtime({ seed: 7n, shift: options.shift });
  const loaded = runtime.load(program, {
    proof: issueProof(program),
    lowered: options.lowered,
    limited: true,
  });
  const watch = options.watch?.(loaded);
  (runtime.engine as InterpretEngine).watch = watch;
  return inputs(loaded, options);
}

/** Runs a program with several packets and map contents; what each run gave, in one line. */
function inputs(
  loaded: LoadedProgram,
  options: RunOptions & { readonly after?: () => void },
): string[] {
  const random = randomOf(options.seed);
  const out: string[] = [];
  for (let i = 0; i < options.inputs; i++) {
    for (const map of loaded.maps) {
      if (map.def.type === MAP_TYPE.ARRAY && map.def.valueTypeId === 0) {
        for (let k = 0; k < map.def.maxEntries; k++) {
          map.data.set(bytes(random, map.def.valueSize), k * map.stride);
        }
      } else if (i === 0 && map.def.type === MAP_TYPE.HASH) {
        for (const key of [0, random(6)]) {
          map.set(new Uint8Array(Uint32Array.of(key).buffer), bytes(random, map.def.valueSize));
        }
      }
    }
    const data = bytes(random, 14 + random(i === 0 ? 2 : 80));
    // No IP, of which test runs want whole headers.
    data[12] = 0x88;
    // Programs of no packet get as many bytes for a context.
    const bare = loaded.program.attrs.type === "syscall";
    const input = bare ? { ctx: bytes(random, 64) } : { data };
    const { r0, dataOut, ctxOut } = testRun(loaded, { ...input, ...(loaded.limited ? { fuel: FUEL } : {}) });
    options.after?.();
    const result = options.addresses === true ? "r0" : `r0 = 0x${r0.toString(16)}`;
    out.push(`${result}, packet ${ctxOut ?? dataOut}, ${loaded.maps.map(contents).join(", ")}`);
  }
  return out;
}

/** Small numbers as often as large ones. */
function bytes(random: (below: number) => number, length: number): Uint8Array {
  const style = random(3);
  return Uint8Array.from(
    { length },
    (_, i) =>
      style === 0
        ? random(256)
        : style === 1 && i % 8 !== 0
        ? 0
        : random(5) === 0
        ? random(256)
        : random(3) * 127,
  );
}

/** Types of maps that hold no addresses. */
const COMPARED: readonly number[] = [
  MAP_TYPE.ARRAY,
  MAP_TYPE.HASH,
  MAP_TYPE.PERCPU_ARRAY,
  MAP_TYPE.PERCPU_HASH,
  MAP_TYPE.LRU_HASH,
  MAP_TYPE.LPM_TRIE,
  MAP_TYPE.QUEUE,
  MAP_TYPE.STACK,
];

function contents(map: LoadedProgram["maps"][number]): string {
  // Lists, trees and kept objects are addresses, too.
  if (!COMPARED.includes(map.def.type) || map.def.valueTypeId !== 0) return map.def.name;
  return `${map.def.name} ${Array.from(map.entries(), ([key, value]) => `${key}:${value}`).join(" ")}`;
}

function watcherOf(loaded: LoadedProgram, recorder: StateRecorder): ContainmentWatcher {
  const { host } = loaded.runtime.engine;
  const maps = loaded.maps.map((map) => ({
    address: BigInt(map.address),
    ...(map.valueOffset === undefined ? {} : { values: BigInt(map.address + map.valueOffset) }),
    stride: BigInt(map.stride),
    size: map.def.valueSize,
    count: map.def.maxEntries,
  }));
  const memory = (context: bigint): RealMemory => {
    if (host.packet === undefined) return { context, dataMeta: 0n, data: 0n, dataEnd: 0n, maps };
    const { structure } = host.packet!;
    const data = structure.get64("data");
    const dataEnd = host.packet!.layout === "xdp_md"
      ? structure.get64("data_end")
      : data + structure.get64("len");
    // One that has none lies beyond the data.
    const meta = host.packet!.layout === "xdp_md" ? structure.get64("data_meta") : data;
    return { context, dataMeta: meta < data ? meta : data, data, dataEnd, maps };
  };
  return new ContainmentWatcher(loaded.program, { recorder, memory });
}

/**
 * Feeds broken objects to the readers of ELF and BTF, to parse and to the decoder: whatever the bytes are, the answer is a unit
 * or a `MalformedError`, and it comes soon.
 *
 * Seeded, so that a failure can be repeated: most inputs are mutations of this repository's small objects, since random bytes
 * hardly get past the first check.
 *
 * @module
 */
import { BtfBuilder } from "../ir/btf/write.ts";
import { openBtf } from "../ir/btf/read.ts";
import type { IndexedBtf } from "../ir/btf/read.ts";
import { readBtfExt } from "../ir/btf/ext.ts";
import { decode } from "../ir/decode.ts";
import { MalformedError } from "../ir/diagnostic.ts";
import { encode } from "../ir/encode.ts";
import { readElf, SHT } from "../ir/elf/elf.ts";
import { parseObject } from "../passes/parse/parse.ts";
import { ROOT } from "./shared.ts";

/** What became of the inputs. */
export interface FuzzResult {
  readonly count: number;
  /** Inputs that were read in spite of everything. */
  readonly read: number;
  /** Inputs that were refused with a `MalformedError`. */
  readonly refused: number;
  /** The longest time for one input, in milliseconds. */
  readonly slowest: number;
  /** Messages of refusals, without numbers and names, and how often each occurred: shows how deep the inputs get. */
  readonly messages: ReadonlyMap<string, number>;
}

/** An input that failed in any other way than it should. */
export class FuzzError extends Error {
  override readonly name = "FuzzError";
  /** The input. */
  readonly input: Uint8Array;
  constructor(message: string, options: { input: Uint8Array; cause: unknown }) {
    super(message, { cause: options.cause });
    this.input = options.input;
  }
}

/** Uniform numbers from a seed (xorshift32). */
function numbers(seed: number): (below: number) => number {
  let state = (seed | 0) || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const INTERESTING = [
  0,
  1,
  2,
  7,
  8,
  0x18,
  0x7f,
  0x80,
  0xff,
  0xffff,
  0x7fffffff,
  0x80000000,
  0xfffffff8,
  0xffffffff,
];

/** A copy with some bytes, words or runs changed, or the end missing. */
function mutate(good: Uint8Array, next: (below: number) => number): Uint8Array {
  const bytes = good.slice(0, next(10) === 0 ? next(good.length + 1) : good.length);
  if (bytes.length < 8) return bytes;
  const view = new DataView(bytes.buffer);
  for (let changes = 1 + next(6); changes > 0; changes--) {
    // Half of the changes go to the header and the tables at the end, which are small beside code and types.
    const from = next(2) === 0 ? 0 : Math.max(0, bytes.length - 2048);
    const at = from + next(bytes.length - from - 7);
    switch (next(4)) {
      case 0:
        bytes[at] = next(256);
        break;
      case 1:
        bytes[at] ^= 1 << next(8);
        break;
      case 2:
        view.setUint32(at & ~3, INTERESTING[next(INTERESTING.length)], true);
        break;
      case 3:
        bytes.copyWithin(at, next(bytes.length), next(bytes.length));
        break;
    }
  }
  return bytes;
}

/** A copy with changes inside one section, so that the file as a whole still reads: symbols, relocations, types, instructions. */
function mutateSection(good: Uint8Array, next: (below: number) => number): Uint8Array {
  const { sections } = readElf(good);
  const section = sections[next(sections.length)];
  if (section.type === SHT.NOBITS || section.size < 16) return mutate(good, next);
  const bytes = good.slice();
  const view = new DataView(bytes.buffer);
  for (let changes = 1 + next(3); changes > 0; changes--) {
    const at = section.offset + (next(section.size - 7) & ~3);
    const value = view.getUint32(at, true);
    switch (next(4)) {
      case 0:
        view.setUint32(at, value + next(9) - 4, true);
        break;
      case 1:
        view.setUint32(at, INTERESTING[next(INTERESTING.length)], true);
        break;
      case 2:
        view.setUint32(at, view.getUint32(section.offset + (next(section.size - 7) & ~3), true), true);
        break;
      case 3:
        bytes[at + next(4)] ^= 1 << next(8);
        break;
    }
  }
  return bytes;
}

/** A kernel's BTF for the objects' CO-RE relocations and externs to be looked up in. */
function smallTarget(): IndexedBtf {
  const b = new BtfBuilder();
  const int = b.int("int", 4, { signed: true });
  b.struct("shape", 16, [
    { name: "id", type: int, bitOffset: 0, bitSize: 0 },
    { name: "narrow", type: int, bitOffset: 32, bitSize: 0 },
    { name: "low", type: int, bitOffset: 64, bitSize: 3 },
  ]);
  b.struct("point", 8, [{ name: "x", type: int, bitOffset: 0, bitSize: 0 }]);
  b.add({ kind: "enum", name: "color", size: 4, signed: false, values: [{ name: "BLUE", value: 5 }] });
  b.func("present_function", b.funcProto(int, [{ name: "x", type: int }]));
  return openBtf(b.bytes());
}

/**
 * Runs `count` inputs from a seed.
 *
 * @throws {FuzzError} If an input fails in another way than with a `MalformedError`, or takes more than two seconds.
 */
export function fuzzParse(count: number, seed: number): FuzzResult {
  const next = numbers(seed);
  const folder = `${ROOT}/tests/objects`;
  const objects = [...Deno.readDirSync(folder)].map((entry) => entry.name).filter((name) =>
    name.endsWith(".bpf.o")
  ).sort()
    .map((name) => Deno.readFileSync(`${folder}/${name}`));
  const sectionsOf = (name: string) =>
    objects.map((bytes) => {
      const elf = readElf(bytes);
      return elf.data(elf.sections.find((section) => section.name === name)!).slice();
    });
  const types = sectionsOf(".BTF"), exts = sectionsOf(".BTF.ext");
  const targetBtf = smallTarget();
  const messages = new Map<string, number>();
  let read = 0, refused = 0, slowest = 0;

  for (let i = 0; i < count; i++) {
    const kind = next(8);
    let input: Uint8Array, run: (bytes: Uint8Array) => void;
    switch (kind) {
      case 0:
        input = Uint8Array.from({ length: next(400) }, () => next(256));
        run = (bytes) => void parseObject(bytes, { name: "fuzz" });
        break;
      case 1:
        input = mutate(types[next(types.length)], next);
        run = readAllTypes;
        break;
      case 2:
        input = mutate(exts[next(exts.length)], next);
        run = (bytes) => void readBtfExt(bytes);
        break;
      case 3:
        input = Uint8Array.from(
          { length: 8 * next(40) },
          () => next(3) === 0 ? [0x18, 0x85, 0x05, 0x06, 0xb7, 0x95, 0x10][next(7)] : next(256),
        );
        run = (bytes) => void decode(bytes);
        break;
      default: {
        const object = objects[next(objects.length)];
        input = kind < 6 ? mutateSection(object, next) : mutate(object, next);
        const options = {
          name: "fuzz.bpf.o",
          textFunctions: next(2) === 0,
          ...(next(3) === 0 ? {} : { targetBtf }),
        };
        run = (bytes) => {
          for (const program of parseObject(bytes, options).programs) encode(program);
        };
      }
    }
    const started = performance.now();
    try {
      run(input);
      read++;
    } catch (error) {
      if (!(error instanceof MalformedError)) {
        throw new FuzzError(`Input ${i} of seed ${seed} failed: ${error}`, { input, cause: error });
      }
      refused++;
      const message = error.message.replace(/"[^"]*"|0x[0-9a-f]+|-?\d+/g, "#").replace(/ \([^()]*\)$/, "");
      messages.set(message, (messages.get(message) ?? 0) + 1);
    }
    const took = performance.now() - started;
    if (took > 2000) {
      throw new FuzzError(`Input ${i} of seed ${seed} took ${Math.round(took)} ms`, {
        input,
        cause: undefined,
      });
    }
    slowest = Math.max(slowest, took);
  }
  return { count, read, refused, slowest, messages };
}

function readAllTypes(bytes: Uint8Array): void {
  const btf = openBtf(bytes);
  for (let id = 0; id < btf.count; id++) {
    btf.type(id);
    btf.tags(id);
    btf.resolve(id);
    btf.findAll(btf.name(id), "struct");
  }
}

if (import.meta.main) {
  const count = Number(Deno.args[0] ?? 100_000), seed = Number(Deno.args[1] ?? 1);
  const started = performance.now();
  const { read, refused, slowest, messages } = fuzzParse(count, seed);
  for (const [message, times] of [...messages].sort((a, b) => b[1] - a[1]).slice(0, 60)) {
    console.log(`${times}\t${message}`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${count} inputs: ${read} read, ${refused} refused, slowest ${slowest.toFixed(0)} ms, ${seconds} s`,
  );
}

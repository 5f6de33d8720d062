import { assertEquals } from "@std/assert";
import { buildProgram } from "../../ir/build.ts";
import { interpret, Memory } from "../../ir/interpret.ts";
import type { Program } from "../../ir/program.ts";
import { compileX86, type Features } from "../../passes/jit/x86_64/compile.ts";
import { addressOf, hostFeatures, NativeCode, nativeUnavailable } from "../conformance/native.ts";
import { generate, MEMORY_SIZE, Random } from "./generate.ts";

/** Each takes about half a millisecond. INLAY_CASES asks for more, INLAY_SEED for others. */
const CASES = Number(Deno.env.get("INLAY_CASES") ?? 3000);
const SEED = Number(Deno.env.get("INLAY_SEED") ?? 1);

const unavailable = nativeUnavailable();
if (unavailable !== undefined) console.log(`skipped: interpreter against x86-64: ${unavailable}`);

function program(seed: number): Program {
  const unit = { name: "random", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
  const attrs = { name: "main", section: "", type: "", attachType: 0, flags: 0, attachBtfId: 0 };
  return buildProgram({ unit, attrs, insns: generate(seed), subprogs: [] });
}

function memoryFor(seed: number): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  return Uint8Array.from({ length: MEMORY_SIZE }, () => random.below(256)) as Uint8Array<ArrayBuffer>;
}

function agree(features: Features, options: { fuel?: boolean } = {}): void {
  for (let seed = SEED; seed < SEED + CASES; seed++) {
    const version = program(seed);
    const expected = memoryFor(seed);
    const memory = new Memory([{ name: "memory", base: 0x1_0000n, bytes: expected, writable: true }]);
    const { r0 } = interpret(version, { r1: 0x1_0000n, memory });
    using native = new NativeCode(compileX86(version, { features, ...options }));
    native.reset(1_000_000);
    const bytes = memoryFor(seed);
    const got = native.call(addressOf(bytes), MEMORY_SIZE);
    if (got !== r0) {
      throw new Error(`seed ${seed}: 0x${got.toString(16)}, the interpreter says 0x${r0.toString(16)}`);
    }
    assertEquals(bytes, expected, `seed ${seed}: memory`);
  }
}

const ignore = unavailable !== undefined;
Deno.test({
  name: "random programs do on x86-64 what they do in the interpreter, with everything the processor has",
  ignore,
  fn: () => agree(hostFeatures()),
});
Deno.test({
  name: "and on a plain x86-64, counting fuel",
  ignore,
  fn: () => agree({}, { fuel: true }),
});

/**
 * Random programs do behind simplify what they did before, on the interpreter and natively.
 */
import { assertEquals } from "@std/assert";
import { buildProgram } from "../../ir/build.ts";
import { check } from "../../ir/check.ts";
import { interpret, Memory } from "../../ir/interpret.ts";
import { printProgram } from "../../ir/print_text.ts";
import { Program } from "../../ir/program.ts";
import { addressOf, hostFeatures, NativeCode, nativeUnavailable } from "../../tests/conformance/native.ts";
import { generate, MEMORY_SIZE, Random } from "../../tests/differential/generate.ts";
import { TARGET } from "../../tests/golden.ts";
import { compileX86 } from "../jit/x86_64/compile.ts";
import { Pipeline } from "../pipeline.ts";
import { simplify } from "./simplify.ts";

/** INLAY_CASES asks for more, INLAY_SEED for others. */
const CASES = Number(Deno.env.get("INLAY_CASES") ?? 1000);
const SEED = Number(Deno.env.get("INLAY_SEED") ?? 1);

const unavailable = nativeUnavailable();
if (unavailable !== undefined) console.log(`skipped: simplified programs on x86-64: ${unavailable}`);

/** A random program; in every other one all loads are a body's, so that they may be merged. */
function program(seed: number): Program {
  const unit = { name: "random", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
  const attrs = { name: "main", section: "", type: "", attachType: 0, flags: 0, attachBtfId: 0 };
  const built = buildProgram({ unit, attrs, insns: generate(seed), subprogs: [] });
  if (seed % 2 === 0) return built;
  const { insns, ids, origins } = built.code;
  const code = { insns, ids, origins: origins.map((origin) => ({ ...origin, body: "random" })) };
  const { subprogs, facts, nextInsnId, nextSubprogId } = built;
  return new Program({ unit, attrs, code, subprogs, facts, nextInsnId, nextSubprogId });
}

function memoryFor(seed: number): Uint8Array<ArrayBuffer> {
  const random = new Random(seed);
  return Uint8Array.from({ length: MEMORY_SIZE }, () => random.below(256)) as Uint8Array<ArrayBuffer>;
}

function run(version: Program, bytes: Uint8Array): { r0: bigint; steps: number } {
  const memory = new Memory([{ name: "memory", base: 0x1_0000n, bytes, writable: true }]);
  return interpret(version, { r1: 0x1_0000n, memory });
}

Deno.test("random programs give the same result and the same memory when simplified, in fewer steps", () => {
  const pipeline = new Pipeline({ passes: [simplify()] });
  let before = 0, after = 0;
  for (let seed = SEED; seed < SEED + CASES; seed++) {
    const plain = program(seed);
    const { program: simple } = pipeline.run(plain, { target: TARGET });
    const where = (): string => `seed ${seed}\n${printProgram(plain)}\n${printProgram(simple)}`;
    const findings = check(simple);
    if (findings.length > 0) throw new Error(`${JSON.stringify(findings[0])}, ${where()}`);
    const expected = memoryFor(seed), bytes = memoryFor(seed);
    const wanted = run(plain, expected), got = run(simple, bytes);
    if (got.r0 !== wanted.r0) {
      throw new Error(`0x${got.r0.toString(16)}, not 0x${wanted.r0.toString(16)}: ${where()}`);
    }
    assertEquals(bytes, expected, `memory of seed ${seed}`);
    before += wanted.steps;
    after += got.steps;
    if (unavailable !== undefined || seed % 4 !== 0) continue;
    using native = new NativeCode(compileX86(simple, { features: hostFeatures() }));
    native.reset(1_000_000);
    const there = memoryFor(seed);
    assertEquals(native.call(addressOf(there), MEMORY_SIZE), wanted.r0, where());
    assertEquals(there, expected, `memory of seed ${seed} natively`);
  }
  if (after >= before) throw new Error(`${after} steps instead of ${before}`);
});

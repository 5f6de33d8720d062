/**
 * The ten small programs of the shared corpus, in bytecode of all four ISA versions: r1 is memory, r2 its length, r0 a known value.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";
import { buildProgram } from "../ir/build.ts";
import { decode } from "../ir/decode.ts";
import type { Program } from "../ir/program.ts";

/** One program in one ISA version. */
export interface JitBench {
  /** Its name in the corpus. */
  readonly name: string;
  /** `v1` to `v4`. */
  readonly isa: string;
  /** As decoded. */
  readonly program: Program;
  /** The memory it is given. */
  readonly input: Uint8Array<ArrayBuffer>;
  /** The r0 it returns, unsigned 64 bits. */
  readonly expected: bigint;
}

/** All of them, by name and version; undefined where the corpus is not there. */
export function jitBenches(): JitBench[] | undefined {
  const dir = fromFileUrl(new URL("../../shared/corpus/jit_bench", import.meta.url));
  let expected: Record<string, string>;
  try {
    expected = JSON.parse(Deno.readTextFileSync(join(dir, "expected.json")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const benches: JitBench[] = [];
  for (const [name, value] of Object.entries(expected)) {
    for (const isa of ["v1", "v2", "v3", "v4"]) {
      const hex = Deno.readTextFileSync(join(dir, "hex", `${name}.${isa}.hex`)).trim();
      const unit = { name, license: "GPL", version: 0, maps: [], externs: [], programs: [] };
      const attrs = { name, section: "", type: "", attachType: 0, flags: 0, attachBtfId: 0 };
      benches.push({
        name,
        isa,
        program: buildProgram({ unit, attrs, insns: decode(Uint8Array.fromHex(hex)).insns, subprogs: [] }),
        input: Deno.readFileSync(join(dir, "in", `${name}.bin`)),
        expected: BigInt(value),
      });
    }
  }
  return benches;
}

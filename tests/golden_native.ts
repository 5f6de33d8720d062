/**
 * Runs golden programs as machine code, with helpers that return what the `run` line gives.
 *
 * @module
 */
import type { Callee } from "../ir/insn.ts";
import type { Program } from "../ir/program.ts";
import { Assembler } from "../passes/jit/x86_64/assembler.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { RAX } from "../passes/jit/x86_64/registers.ts";
import { addressOf, NativeCode, nativeUnavailable } from "./conformance/native.ts";

/** What a native run is given. */
export interface NativeRun {
  /** Results of helpers by name. */
  readonly given: ReadonlyMap<string, bigint>;
  /** The context, unless `given` has an `r1`. */
  readonly context: Uint8Array<ArrayBuffer>;
  readonly nameOf: (callee: Callee) => string;
}

const unavailable = nativeUnavailable();
if (unavailable !== undefined) console.log(`golden files run on the interpreter only: ${unavailable}`);

/** r0 as unsigned 64 bits; undefined where there is no native code, or the program calls what the run gives no result for. */
export function runNative(program: Program, run: NativeRun): bigint | undefined {
  if (unavailable !== undefined) return undefined;
  const asm = new Assembler();
  const stubs = new Map<string, number>();
  const offsets = new Map<number, string>();
  for (const insn of program.code.insns) {
    if (insn.kind === "ldabs" || insn.kind === "addr_space_cast" || insn.kind === "raw") return undefined;
    if (insn.kind === "imm64" && insn.value.kind !== "const" && insn.value.kind !== "func") return undefined;
    if (insn.kind !== "call" || insn.callee.kind === "subprog") continue;
    const name = run.nameOf(insn.callee);
    const value = run.given.get(name);
    if (value === undefined || insn.callee.kind !== "helper") return undefined;
    offsets.set(insn.callee.id, name);
    if (stubs.has(name)) continue;
    // Each stub is `mov rax, value; ret` in a slot of its own of 16 bytes.
    asm.align(16);
    stubs.set(name, stubs.size * 16);
    asm.movImm(RAX, Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
    asm.ret();
  }
  const extra = { bytes: asm.finish().bytes, control: [] };
  using native = new NativeCode(compileX86(program), {
    ...(stubs.size === 0 ? {} : { extra }),
    resolve: (symbol, base) => {
      if (symbol.kind !== "helper") {
        throw new TypeError(`Cannot link: a golden program refers to a ${symbol.kind}`);
      }
      return base + BigInt(stubs.get(offsets.get(symbol.id)!)!);
    },
  });
  native.reset(1_000_000);
  return native.call(
    BigInt.asIntN(64, run.given.get("r1") ?? BigInt(addressOf(run.context))),
    BigInt.asIntN(64, run.given.get("r2") ?? 0n),
  );
}

/**
 * Runs compiled code as it is, for tests, with a helper of the conformance suite.
 *
 * @module
 */
import { ABORT, CONTROL } from "../../abi/machine_code.ts";
import type { Extra } from "../../bench/native_code.ts";
import { Assembler, CC } from "../../passes/jit/x86_64/assembler.ts";
import { R11, RAX, RDI } from "../../passes/jit/x86_64/registers.ts";

export {
  addressOf,
  type Extra,
  hostFeatures,
  NativeCode,
  nativeUnavailable,
} from "../../bench/native_code.ts";

/** A helper `u64 f(u64 x)` that returns x, and abandons the run if it is 0. */
export function unwindHelper(): Extra {
  const asm = new Assembler();
  const fine = asm.label();
  asm.mov(true, RAX, RDI);
  asm.test(true, RAX, RAX);
  asm.jcc(CC.NE, fine);
  asm.movHole(R11, 0);
  asm.storeImm(ABORT.callback, 4, R11, CONTROL.abort);
  asm.bind(fine);
  asm.ret();
  const { bytes, holes } = asm.finish();
  return { bytes, control: holes.map((hole) => hole.offset) };
}

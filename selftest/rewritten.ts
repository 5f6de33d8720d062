/**
 * A program as the kernel would list it after verification: all passes that rewrite as Linux does, then the kernel's own form.
 *
 * @module
 */
import type { Program } from "../ir/program.ts";
import { parsePasses } from "../passes/mod.ts";
import { Pipeline } from "../passes/pipeline.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import type { EncodedInsn } from "./insn_pattern.ts";
import { kernelForm } from "./kernel_form.ts";

/** The kernel's rule for branches: only what was never visited. */
const PASSES = "verify, fastcall-remove, stack-check, bpf-loop-inline, branch-prune:kernel, dce, nop-remove";

/**
 * The rewritten instructions.
 *
 * @throws {RejectedError} If the program is refused. @throws {UnsupportedError} If the kernel rewrites it in a way not known here.
 */
export function rewritten(program: Program): readonly EncodedInsn[] {
  const pipeline = new Pipeline({ passes: parsePasses(PASSES) });
  return kernelForm(pipeline.run(program, { target: { profile: LINUX_6_18, jit: true } }).program);
}

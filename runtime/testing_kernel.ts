/**
 * For tests that test runs here give what test runs in the running kernel give: result, packet, context.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { issueProof } from "../abi/proof.ts";
import { openBtf } from "../ir/btf/read.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { kernelUnavailable } from "../kernel/available.ts";
import { KernelUnit } from "../kernel/load.ts";
import { KernelError } from "../kernel/bpf.ts";
import { kernelTestRun } from "../kernel/test_run.ts";
import { vmlinuxBtf } from "../kernel/vmlinux.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { NO_KFUNCS } from "../passes/kfuncs.ts";
import { lowerCalls } from "../passes/lower/calls.ts";
import { lowerContexts } from "../passes/lower/contexts.ts";
import type { PassContext } from "../passes/pass.ts";
import { LINUX_6_18 } from "../profile/linux_6_18/mod.ts";
import { nativeUnavailable } from "./exec/libc.ts";
import { RunError } from "./run_error.ts";
import { Runtime } from "./runtime.ts";
import { testRun } from "./test_run.ts";

/** Why nothing can be compared, or undefined. */
export const unavailable: string | undefined = kernelUnavailable() ?? nativeUnavailable();

const kernelBtf = unavailable === undefined ? vmlinuxBtf() : undefined;
const btf = kernelBtf === undefined ? undefined : openBtf(kernelBtf);

/** Reads a program; `@` at a line's end marks an access to the context, helpers and kernel functions are called by name. */
function program(text: string): Program {
  const marked = text.replaceAll("@", "; {pointer: ctx}").replaceAll("$", "; {pointer: sock}")
    .replaceAll(/call kfunc (\w+)/g, (_, name) => `call kfunc ${name}#${btf?.find(name, "func") ?? 0}`)
    .replaceAll(/call bpf_(\w+)/g, (_, name) => `call helper#${LINUX_6_18.helperId(name)}`);
  const unit = parseText(marked);
  Object.assign(unit, { targetBtf: btf });
  return unit.programs[0];
}

/** What a run is given. */
export interface Input {
  readonly data: Uint8Array;
  readonly ctx?: Uint8Array;
}

interface Outcome {
  readonly retval?: number;
  readonly dataOut?: Uint8Array;
  readonly ctxOut?: Uint8Array;
  readonly errno?: number;
}

function inKernel(source: Program, inputs: readonly Input[]): Outcome[] {
  using unit = new KernelUnit(source.unit);
  using verdict = unit.load(source, { logLevel: 1 });
  assert(verdict.accepted, verdict.log);
  return inputs.map((input): Outcome => {
    try {
      const { retval, dataOut, ctxOut } = kernelTestRun(verdict.fd, input);
      return { retval, dataOut, ...(input.ctx && { ctxOut }) };
    } catch (error) {
      if (error instanceof KernelError) return { errno: error.errno };
      throw error;
    }
  });
}

function here(
  source: Program,
  inputs: readonly Input[],
  way: "native" | "interpreted" | "source",
): Outcome[] {
  const context = { kfuncs: NO_KFUNCS } as unknown as PassContext;
  const target = way !== "source" ? lowerCalls().run(lowerContexts().run(source, context), context) : source;
  using runtime = new Runtime({ seed: 1n, ...(way === "native" && { compile: compileX86 }) });
  const loaded = runtime.load(target, { proof: issueProof(target), lowered: way !== "source" });
  return inputs.map((input): Outcome => {
    try {
      const { retval, dataOut, ctxOut } = testRun(loaded, input);
      return { retval, dataOut, ...(ctxOut && { ctxOut }) };
    } catch (error) {
      if (error instanceof RunError) return { errno: error.errno };
      throw error;
    }
  });
}

/** Declares a test: the program gives the same everywhere, on all inputs. */
export function agree(name: string, text: string, inputs: readonly Input[] & { readonly 0: Input }): void {
  Deno.test({
    name: `as in the kernel: ${name}`,
    ignore: unavailable !== undefined,
    fn: () => {
      const source = program(text);
      const kernel = inKernel(source, inputs);
      // Sockets exist only as the runtime has them.
      if (!text.includes("$")) assertEquals(here(source, inputs, "source"), kernel, "source");
      assertEquals(here(source, inputs, "interpreted"), kernel, "interpreted");
      assertEquals(here(source, inputs, "native"), kernel, "native");
    },
  });
}

/** An Ethernet frame with an IPv4 header. */
export function ipv4(length: number): Uint8Array {
  const data = Uint8Array.from({ length }, (_, i) => (i * 37 + 11) & 0xff);
  for (const [at, byte] of [[12, 8], [13, 0], [14, 0x45]]) if (at < length) data[at] = byte;
  return data;
}

/** Bytes with words at offsets. */
export function word(size: number, values: Record<number, number>): Uint8Array {
  const ctx = new Uint8Array(size);
  const view = new DataView(ctx.buffer);
  for (const [offset, value] of Object.entries(values)) view.setUint32(Number(offset), value, true);
  return ctx;
}

/** A packet of a hundred bytes. */
export const FRAME: Input = { data: ipv4(100) };

/** Frames whose first byte is an offset to try. */
export const AT_MANY_PLACES: [Input, ...Input[]] = [
  FRAME,
  ...[0, 1, 40, 90, 92, 93, 94, 100, 255].map((at) => ({ data: ipv4(100).fill(at, 0, 1) })),
];

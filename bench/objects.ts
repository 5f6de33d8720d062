/**
 * The objects that benchmarks and the demonstration use, read once.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { openBtf } from "../ir/btf/read.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { vmlinuxBtf } from "../kernel/mod.ts";
import { parseObject } from "../passes/parse/parse.ts";

/** Where each object lies, from this folder. */
const PATHS: Readonly<Record<string, string>> = {
  bpf_loop: "../examples/bpf_loop/bpf_loop.bpf.o",
  dynptr_slice: "../examples/dynptr_slice/dynptr_slice.bpf.o",
  xdp_metadata: "../examples/xdp_metadata/xdp_metadata.bpf.o",
  dynptr_slice_reader: "./dynptr_slice_reader.bpf.o",
  xdp_metadata_reader: "./xdp_metadata_reader.bpf.o",
};

const units = new Map<string, Unit>();
let kernel: Btf | undefined | null = null;

/** The running kernel's types, if they can be read. */
function kernelBtf(): Btf | undefined {
  if (kernel === null) {
    const bytes = vmlinuxBtf();
    kernel = bytes === undefined ? undefined : openBtf(bytes);
  }
  return kernel;
}

/** The object's unit; its types refer to the running kernel's where they can be read. */
export function exampleUnit(object: string): Unit {
  let unit = units.get(object);
  if (unit === undefined) {
    const bytes = Deno.readFileSync(new URL(PATHS[object], import.meta.url));
    const targetBtf = kernelBtf();
    unit = parseObject(bytes, { name: `${object}.bpf.o`, ...(targetBtf === undefined ? {} : { targetBtf }) });
    units.set(object, unit);
  }
  return unit;
}

/** One program of an object. @throws {RangeError} If there is none of that name. */
export function exampleProgram(object: string, name: string): Program {
  const found = exampleUnit(object).programs.find((program) => program.attrs.name === name);
  if (found === undefined) throw new RangeError(`Cannot find program ${name} in ${object}`);
  return found;
}

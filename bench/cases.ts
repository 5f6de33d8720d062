/**
 * What is measured: six cases, each as a call, inlined, inlined and pruned, and as the ideal that no compiler had to inline.
 *
 * - `called`: the function is machine code of its own; no JavaScript is on the way.
 * - `inlined`: as the kernel does it (bpf_loop) or as the body stands (kfuncs): no branch is decided by what verify saw. All variants go
 *   through `simplify`, as part of what every back end gets; where verify decides nothing, `inlined` and `pruned` are the same.
 * - `pruned`: inlined, decided branches folded, dead code gone.
 * - `ideal`: a plain loop, or C with the same work inlined by hand, compiled by clang.
 * - `direct` (slices only): another program, that compares packet pointers itself instead of asking a dynptr.
 *
 * `kernel_…` are the same programs on the running kernel, where it takes them: a kfunc's call is the kernel's own function.
 *
 * @module
 */
import { bindTo, Compiler } from "../compiler/compiler.ts";
import type { Program } from "../ir/program.ts";
import {
  dynptrFromModule,
  dynptrModule,
  mlx5Module,
  type Module,
  readBeside,
  vethModule,
  xdpMetadataModule,
} from "../plugins/mod.ts";
import type { Observer } from "../passes/mod.ts";
import { defineModule } from "../plugins/module.ts";
import { exampleProgram } from "./objects.ts";

/** How a case is compiled. */
export type Variant = "called" | "inlined" | "pruned" | "ideal" | "direct";

/** One thing that is measured. */
export interface Case {
  readonly name: string;
  /** The device the packet comes from. */
  readonly device?: { readonly name: string; readonly driver: string };
  /** What one run does, in the unit that is reported: iterations, slices, reads. */
  readonly ops: number;
  /** The variants there are, in the order in which they are reported. */
  readonly variants: readonly Variant[];
  /** Program and compiler of a variant, on our own back ends. */
  build(
    variant: Variant,
    observers?: readonly Observer[],
  ): { readonly program: Program; readonly compiler: Compiler };
  /** The programs for the running kernel, where there is one that it takes. */
  readonly kernel: Partial<Record<Variant, Program>>;
}

/** Passes that a variant does without. */
const SKIPPED: Readonly<Record<Variant, readonly string[]>> = {
  called: ["bpf-loop-inline", "kfunc-instantiate", "kfunc-inline"],
  inlined: ["branch-prune", "dce", "nop-remove"],
  pruned: [],
  ideal: [],
  direct: [],
};

const FOUR: readonly Variant[] = ["called", "inlined", "pruned", "ideal"];

/** Iterations of the loops in examples/bpf_loop, slices in examples/dynptr_slice, reads in examples/xdp_metadata. */
const ROUNDS = 1000, SLICES = 100, READS = 32 * 3;

function loopCase(name: "empty" | "sum"): Case {
  const inlined = exampleProgram("bpf_loop", name);
  const called = exampleProgram("bpf_loop", `${name}_called`);
  const ideal = exampleProgram("bpf_loop", `${name}_ideal`);
  return {
    name: `bpf_loop/${name}`,
    ops: ROUNDS,
    variants: FOUR,
    build: (variant, observers = []) => ({
      program: variant === "ideal" ? ideal : inlined,
      compiler: new Compiler({ skip: SKIPPED[variant], observers }),
    }),
    kernel: { called, inlined, ideal },
  };
}

function sliceCase(
  context: "xdp" | "tc",
  modules: { readonly from: Module; readonly slice: Module; readonly ideal: Module },
): Case {
  const program = exampleProgram("dynptr_slice", `slice_${context}`);
  const direct = exampleProgram("dynptr_slice", `slice_${context}_direct`);
  const ideal = exampleProgram("dynptr_slice_reader", `ideal_${context}`);
  return {
    name: `dynptr_slice/${context}`,
    ops: SLICES,
    variants: [...FOUR, "direct"],
    build(variant, observers = []) {
      // What makes the dynptr has a body in all variants: so no kernel's types are needed to know its prototype.
      const used = [modules.from, variant === "ideal" ? modules.ideal : modules.slice];
      return {
        program: variant === "ideal" ? ideal : variant === "direct" ? direct : program,
        compiler: new Compiler({
          modules: used,
          trust: used.map((module) => module.name),
          skip: SKIPPED[variant],
          observers,
        }),
      };
    },
    // The kernel takes no trusted bodies: packet pointers are the best it can do.
    kernel: { called: program, ideal: direct },
  };
}

function metadataCase(
  driver: "veth" | "mlx5",
  modules: { readonly core: Module; readonly driver: Module; readonly ideal: Module },
): Case {
  const device = { name: `${driver}0`, driver, features: [] };
  const program = bindTo(exampleProgram("xdp_metadata", "metadata"), device.name);
  const ideal = exampleProgram("xdp_metadata_reader", `ideal_${driver}`);
  return {
    name: `xdp_metadata/${driver}`,
    device,
    ops: READS,
    variants: FOUR,
    build: (variant, observers = []) =>
      variant === "ideal"
        ? {
          program: ideal,
          compiler: new Compiler({ modules: [modules.ideal], trust: [modules.ideal.name], observers }),
        }
        : {
          program,
          compiler: new Compiler({
            modules: [modules.core, modules.driver],
            trust: [modules.core.name, modules.driver.name],
            devices: [device],
            skip: SKIPPED[variant],
            observers,
          }),
        },
    kernel: {},
  };
}

/** A module of bodies that lie beside this file. */
async function idealModule(name: string, object: string): Promise<Module> {
  return defineModule({
    name,
    objects: [{ name: object, bytes: await readBeside(import.meta.url, object), trust: "asks" }],
  });
}

/** All cases, in the order in which they are reported. */
export async function cases(): Promise<readonly Case[]> {
  const slice = await dynptrModule(), from = await dynptrFromModule();
  const core = await xdpMetadataModule();
  const sliceIdeal = await idealModule("slice_ideal", "dynptr_slice_ideal.bpf.o");
  const metadataIdeal = await idealModule("metadata_ideal", "xdp_metadata_ideal.bpf.o");
  return [
    loopCase("empty"),
    loopCase("sum"),
    sliceCase("xdp", { from, slice, ideal: sliceIdeal }),
    sliceCase("tc", { from, slice, ideal: sliceIdeal }),
    metadataCase("veth", { core, driver: await vethModule(), ideal: metadataIdeal }),
    metadataCase("mlx5", { core, driver: await mlx5Module(), ideal: metadataIdeal }),
  ];
}

/**
 * Addresses of kernel variables and functions in 16-byte loads: what a pointer to one is (`check_pseudo_btf_id` of Linux 6.18).
 *
 * That the functions of the kernel's BTF have addresses is taken for granted. Variables have one only where the kernel keeps all
 * symbols (`CONFIG_KALLSYMS_ALL`), which the caller of verify must know; that goes for modules, too.
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import { W } from "../states/arena.ts";
import { EINVAL, ENOENT, type Env } from "../env.ts";
import { btfOf, KERNEL_BTF, setKernelPointer } from "./kernel_ptr.ts";
import { assumed } from "../memory/map_value.ts";
import { markUnknown } from "../numbers/scalar.ts";
import { AUX1, MEM_PERCPU, MEM_RDONLY, PTR_TO_BTF_ID, PTR_TO_MEM } from "../states/layout.ts";

/** By BTF: the variables that each processor has a copy of. */
const perCpu = new WeakMap<Btf, ReadonlySet<number>>();

function perCpuVariables(btf: Btf): ReadonlySet<number> {
  let known = perCpu.get(btf);
  if (known === undefined) {
    // A module's own, and those of the kernel that its types continue: ids tell them apart.
    known = new Set(
      btf.findAll(".data..percpu", "datasec").flatMap((id) => {
        const section = btf.type(id);
        return section.kind === "datasec" ? section.vars.map((v) => v.type) : [];
      }),
    );
    perCpu.set(btf, known);
  }
  return known;
}

/** What is checked of the kernel's variable or function that `slot` names before anything is walked: 0 or `-errno`. */
export function checkKernelSymbol(env: Env, slot: number): number {
  const id = env.imm[slot];
  // A symbol without a type is looked at when it is met.
  if (id === 0 && env.imm[slot + 1] === 0) return 0;
  const btf = ownerOf(env, slot);
  if (id < 0 || id >= btf.count) {
    return env.fail(ENOENT, "kernel-type", `ldimm64 insn specifies invalid btf_id ${id}.`);
  }
  const symbol = btf.type(id);
  if (symbol.kind !== "var" && symbol.kind !== "func") {
    return env.fail(EINVAL, "kernel-type", `pseudo btf_id ${id} in ldimm64 isn't KIND_VAR or KIND_FUNC`);
  }
  if (symbol.kind === "func") return 0;
  if (env.kernelVariables === false) {
    const what = `the address for kernel symbol '${symbol.name}'.`;
    return env.fail(ENOENT, "kernel-type", `ldimm64 failed to find ${what}`);
  }
  if (env.kernelVariables === undefined) {
    // Asked before anything is walked, so that it counts where no path leads, too.
    return env.unsupported(`whether the kernel knows the address of ${symbol.name}`);
  }
  // Of what each processor has its own nobody asks for the size.
  if (perCpuVariables(btf).has(id)) return 0;
  return Math.min(sizeOfVariable(env, btf, symbol.type), 0);
}

/** The types of the kernel or of the module that has the symbol that `slot` names. */
function ownerOf(env: Env, slot: number): Btf {
  const module = env.imm[slot + 1];
  if (module === 0) return btfOf(env, KERNEL_BTF);
  const btf = module > 0 ? env.btfAt(module) : undefined;
  return btf ?? env.unsupported(`addresses of symbols of module ${module}, whose types are not known`);
}

/** The bytes of a variable's type, or `-EINVAL` if it has no size; 0 for structures, whose size nobody asks for. */
function sizeOfVariable(env: Env, btf: Btf, typeId: number): number {
  const type = btf.type(btf.resolve(typeId));
  if (type.kind === "struct" || type.kind === "union") return 0;
  try {
    return btf.sizeOf(typeId);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const name = "name" in type ? type.name : "";
    return env.fail(EINVAL, "kernel-type", `ldimm64 unable to resolve the size of type '${name}': -22`);
  }
}

/** Gives the register at `o` the address of the kernel's variable or function that `slot` names: 0. */
export function setKernelSymbol(env: Env, o: number, slot: number): number {
  const id = env.imm[slot], module = env.imm[slot + 1];
  if (id === 0 && module === 0) {
    // A symbol without a type: the loader writes its address as a number, here any number.
    assumed.set(env, "the address of a kernel symbol");
    markUnknown(o);
    return 0;
  }
  const btf = ownerOf(env, slot), symbol = btf.type(id);
  if (symbol.kind !== "var") return setBytes(env, o, 0);
  const type = btf.type(btf.resolve(symbol.type)), copies = perCpuVariables(btf).has(id);
  if (!copies && type.kind !== "struct" && type.kind !== "union") {
    return setBytes(env, o, sizeOfVariable(env, btf, symbol.type));
  }
  const flags = copies ? MEM_PERCPU : 0;
  setKernelPointer(env, o, { base: PTR_TO_BTF_ID, flags, typeId: symbol.type, btf: module });
  return 0;
}

function setBytes(env: Env, o: number, size: number): number {
  setKernelPointer(env, o, { base: PTR_TO_MEM, flags: MEM_RDONLY, typeId: 0, btf: KERNEL_BTF });
  W[o + AUX1] = size;
  return 0;
}

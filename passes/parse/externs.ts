/**
 * Externs: what an object asks of a kernel. Functions and variables of `.ksyms` are looked up in the target's BTF, settings of
 * `.kconfig` become a read-only map.
 *
 * Order and layout are libbpf's (`bpf_object__collect_externs`): settings first, by falling alignment, rising size, name; then
 * symbols by name. The order shows in the ids that calls of missing weak functions are poisoned with.
 *
 * @module
 */
import type { Btf } from "../../ir/btf/btf.ts";
import { essentialName } from "../../ir/btf/read.ts";
import { MalformedError } from "../../ir/diagnostic.ts";
import type { Elf } from "../../ir/elf/elf.ts";
import type { Extern, KernelModule } from "../../ir/unit.ts";
import { typesAreCompatible } from "./core/compatible.ts";

/** An extern with what linking needs. */
export interface ObjectExtern extends Extern {
  /** The symbol's number. */
  readonly symbol: number;
  /** For settings: where the value lies in `.kconfig`, in bytes. */
  readonly offset: number;
  /** For settings: in bytes. */
  readonly size: number;
  /** See {@linkcode Extern.module}. */
  readonly module?: number;
  /** A variable without type, `extern const void name __ksym`: its address is in no BTF. */
  readonly typeless: boolean;
}

interface Found {
  readonly name: string;
  readonly symbol: number;
  readonly weak: boolean;
  readonly typeId: number;
  readonly kind: Extern["kind"];
  readonly size: number;
  readonly align: number;
}

/**
 * The object's externs in libbpf's order. A symbol that BTF does not describe is left out: linking complains if it is used.
 *
 * @throws {MalformedError} If one lies in a section that is neither `.ksyms` nor `.kconfig`, or has a type of no size.
 */
export function collectExterns(
  elf: Elf,
  btf: Btf | undefined,
  kernel: { readonly target?: Btf; readonly modules?: readonly KernelModule[] },
): ObjectExtern[] {
  if (btf === undefined) return [];
  const sections = datasecOf(btf);
  const found: Found[] = [];
  for (const symbol of elf.symbols) {
    const isExtern = symbol.section === 0 && symbol.type === "notype" && symbol.name !== "" &&
      (symbol.binding === "global" || symbol.binding === "weak");
    if (!isExtern) continue;
    const typeId = externType(btf, symbol.name);
    if (typeId === 0) continue;
    const section = sections.get(typeId);
    // A function of another object that was never linked: only its calls are lost.
    if (section === undefined && btf.type(typeId).kind === "func") continue;
    if (section !== ".ksyms" && section !== ".kconfig") {
      throw new MalformedError(
        `Extern "${symbol.name}" lies in ${
          section ?? "no section"
        }, not in .ksyms or .kconfig: link the objects first`,
        "BTF",
      );
    }
    const weak = symbol.binding === "weak";
    const isFunction = btf.type(typeId).kind === "func";
    const setting = section === ".kconfig";
    if (setting && isFunction) {
      throw new MalformedError(`Extern function "${symbol.name}" lies in .kconfig`, "BTF");
    }
    found.push({
      name: symbol.name,
      symbol: symbol.index,
      weak,
      typeId,
      kind: isFunction ? "kfunc" : setting ? "kconfig" : "ksym",
      size: setting ? sizeIn(btf, typeId, symbol.name) : 0,
      align: setting ? settingAlign(btf, typeId, symbol.name) : 1,
    });
  }
  found.sort(inLibbpfOrder);
  let offset = 0;
  return found.map((item) => {
    const at = item.kind === "kconfig" ? Math.ceil(offset / item.align) * item.align : 0;
    if (item.kind === "kconfig") offset = at + item.size;
    const { name, symbol, weak, typeId, kind, size } = item;
    const typeless = kind === "ksym" && isVoid(btf, typeId);
    const { id: targetBtfId, module } = typeless ? MISSING : locate(btf, kernel, item);
    return {
      name,
      symbol,
      weak,
      typeId,
      kind,
      size,
      offset: at,
      typeless,
      targetBtfId,
      ...(module === 0 ? {} : { module }),
    };
  });
}

function inLibbpfOrder(a: Found, b: Found): number {
  const setting = (item: Found) => item.kind === "kconfig" ? 0 : 1;
  return setting(a) - setting(b) || b.align - a.align || a.size - b.size ||
    (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

/** By the id of a VAR or FUNC: the name of the DATASEC that lists it. */
function datasecOf(btf: Btf): Map<number, string> {
  const found = new Map<number, string>();
  for (let id = 1; id < btf.count; id++) {
    const type = btf.type(id);
    if (type.kind !== "datasec") continue;
    for (const variable of type.vars) if (!found.has(variable.type)) found.set(variable.type, type.name);
  }
  return found;
}

function externType(btf: Btf, name: string): number {
  for (const kind of ["var", "func"] as const) {
    const id = btf.find(name, kind);
    if (id === 0) continue;
    const type = btf.type(id);
    if ((type.kind === "var" || type.kind === "func") && type.linkage === "extern") return id;
  }
  return 0;
}

function isVoid(btf: Btf, id: number): boolean {
  const type = btf.type(id);
  return type.kind === "var" && btf.resolve(type.type) === 0;
}

function sizeIn(btf: Btf, id: number, name: string): number {
  try {
    return btf.sizeOf(id);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new MalformedError(`Extern "${name}" has no size: ${error.message}`, "BTF");
    }
    throw error;
  }
}

/** Alignment in bytes. Settings are numbers, `enum libbpf_tristate`, or texts. */
function settingAlign(btf: Btf, id: number, name: string): number {
  const variable = btf.type(id);
  const type = btf.type(variable.kind === "var" ? btf.resolve(variable.type) : 0);
  switch (type.kind) {
    case "int":
      if ([1, 2, 4, 8].includes(type.size)) return type.size;
      break;
    case "enum":
    case "enum64":
      if (type.name === "libbpf_tristate" && (type.size === 4 || type.size === 8)) return type.size;
      break;
    case "array": {
      const element = btf.type(btf.resolve(type.type));
      if (element.kind === "int" && element.size === 1 && type.count > 0) return 1;
      break;
    }
    default:
      break;
  }
  throw new MalformedError(
    `Setting "${name}" is neither a number, nor enum libbpf_tristate, nor a text`,
    "section .kconfig",
  );
}

/** Where a function or variable was found. */
interface Place {
  readonly id: number;
  /** 1 + the module's index; 0 for the kernel itself. */
  readonly module: number;
}
const MISSING: Place = { id: 0, module: 0 };

/** Looks in the kernel, then in its modules. */
function locate(
  btf: Btf,
  kernel: { readonly target?: Btf; readonly modules?: readonly KernelModule[] },
  item: Found,
): Place {
  if (kernel.target === undefined) return MISSING;
  const id = resolve(btf, kernel.target, item);
  if (id !== 0) return { id, module: 0 };
  for (const [i, module] of (kernel.modules ?? []).entries()) {
    const found = resolve(btf, module.btf, item);
    if (found !== 0) return { id: found, module: i + 1 };
  }
  return MISSING;
}

/** The FUNC or VAR of the target; 0 if it has none of a compatible type. */
function resolve(btf: Btf, target: Btf, item: Found): number {
  const own = btf.type(item.typeId);
  if (item.kind === "kfunc" && own.kind === "func") {
    const id = target.find(essentialName(item.name), "func");
    const func = target.type(id);
    return func.kind === "func" && typesAreCompatible(btf, own.type, target, func.type) ? id : 0;
  }
  if (item.kind === "ksym" && own.kind === "var") {
    const id = target.find(item.name, "var");
    const variable = target.type(id);
    return variable.kind === "var" &&
        typesAreCompatible(btf, btf.resolve(own.type), target, target.resolve(variable.type))
      ? id
      : 0;
  }
  return 0;
}

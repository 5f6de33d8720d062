/**
 * C prototypes of kernel functions, as modules write them (`int (const struct xdp_md *ctx, __u32 *hash)`) or as BTF holds them, to
 * what inlining and verification need to know of them.
 *
 * It reads the types that kernel functions take: integers by their usual names, enums, pointers to anything. Structures by value
 * and function pointers are refused: no argument register holds them.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { declaration } from "../ir/btf/print.ts";
import type { KfuncArg, KfuncSignature } from "../passes/kfuncs.ts";

/** The argument registers r1 to r5. */
const MAX_ARGS = 5;

/** What programs and kernel code call a dynamic pointer. */
const DYNPTRS: ReadonlySet<string | undefined> = new Set(["bpf_dynptr", "bpf_dynptr_kern"]);

/** Sizes in bytes of the integers that kernel prototypes name. */
const SCALARS: Readonly<Record<string, number>> = {
  "char": 1,
  "signed char": 1,
  "unsigned char": 1,
  "bool": 1,
  "_Bool": 1,
  "short": 2,
  "unsigned short": 2,
  "int": 4,
  "unsigned": 4,
  "unsigned int": 4,
  "long": 8,
  "unsigned long": 8,
  "long long": 8,
  "unsigned long long": 8,
  "size_t": 8,
  "ssize_t": 8,
  "u8": 1,
  "u16": 2,
  "u32": 4,
  "u64": 8,
  "s8": 1,
  "s16": 2,
  "s32": 4,
  "s64": 8,
  "__u8": 1,
  "__u16": 2,
  "__u32": 4,
  "__u64": 8,
  "__s8": 1,
  "__s16": 2,
  "__s32": 4,
  "__s64": 8,
  "__be16": 2,
  "__be32": 4,
  "__be64": 8,
  "__le16": 2,
  "__le32": 4,
  "__le64": 8,
};

/**
 * Reads a prototype.
 *
 * @throws {SyntaxError} If it is none, names an unknown type, or takes what registers cannot hold.
 *
 * @example
 * ```ts
 * import { parseSignature } from "./signature.ts";
 * const { args, returns } = parseSignature("int (const struct xdp_md *ctx, __u32 *hash)");
 * console.log(args.map((arg) => `${arg.kind} ${arg.name}`), returns); // ["pointer ctx", "pointer hash"] scalar
 * ```
 */
export function parseSignature(text: string): KfuncSignature {
  const match = /^\s*(?<returns>[\w\s*]+?)\s*\(\s*(?<params>[^()]*?)\s*\)\s*$/.exec(text);
  if (match?.groups === undefined) throw new SyntaxError(`Cannot read prototype "${text}"`);
  const { returns, params } = match.groups;
  const list = params === "" || params === "void" ? [] : params.split(",").map((param) => param.trim());
  if (list.length > MAX_ARGS) {
    throw new SyntaxError(`Cannot use prototype "${text}": more than ${MAX_ARGS} arguments`);
  }
  return { args: list.map((param, i) => readParam(param, i)), returns: readReturns(returns) };
}

function readParam(param: string, index: number): KfuncArg {
  const pointer = /^(?<type>.*\*)\s*(?:const\s+)?(?<name>\w*)$/.exec(param)?.groups;
  if (pointer !== undefined) {
    const type = squeeze(pointer.type);
    const target = unqualified(type.slice(0, -1));
    const struct = /^(?:struct|union) (\w+)$/.exec(target)?.[1];
    return {
      name: pointer.name === "" ? `arg${index + 1}` : pointer.name,
      kind: DYNPTRS.has(struct) ? "dynptr" : "pointer",
      type,
      size: 0,
      pointee: { size: SCALARS[target] ?? 0, ...(struct === undefined ? {} : { struct }) },
    };
  }
  const whole = scalarSize(unqualified(param));
  if (whole !== undefined) {
    return { name: `arg${index + 1}`, kind: "scalar", type: squeeze(param), size: whole };
  }
  const named = /^(?<type>.*\S)\s+(?<name>\w+)$/.exec(param)?.groups;
  const size = named === undefined ? undefined : scalarSize(unqualified(named.type));
  if (named === undefined || size === undefined) {
    throw new SyntaxError(`Cannot read parameter "${param}": its type is unknown`);
  }
  return { name: named.name, kind: "scalar", type: squeeze(named.type), size };
}

function readReturns(text: string): KfuncSignature["returns"] {
  const type = unqualified(text);
  if (type.endsWith("*")) return "pointer";
  if (type === "void") return "void";
  if (scalarSize(type) !== undefined) return "scalar";
  throw new SyntaxError(`Cannot read result type "${text}": it is unknown`);
}

function scalarSize(type: string): number | undefined {
  return /^enum \w+$/.test(type) ? 4 : SCALARS[type];
}

function unqualified(type: string): string {
  return squeeze(type.replace(/\b(const|volatile|restrict)\b/g, " "));
}

function squeeze(text: string): string {
  return text.trim().replace(/\s+/g, " ").replace(/\s*\*\s*/g, " *").replace(/\* \*/g, "**");
}

/**
 * The prototype of a function in BTF.
 *
 * @throws {RangeError} If the id is no function.
 * @throws {SyntaxError} If it takes or returns what registers cannot hold.
 */
export function signatureOf(btf: Btf, funcId: number): KfuncSignature {
  const func = btf.type(funcId);
  const proto = func.kind === "func" ? btf.type(func.type) : undefined;
  if (func.kind !== "func" || proto?.kind !== "func_proto") {
    throw new RangeError(`Cannot read the prototype of type ${funcId}: it is no function`);
  }
  if (proto.variadic || proto.params.length > MAX_ARGS) {
    throw new SyntaxError(`Cannot use the prototype of "${func.name}": more than ${MAX_ARGS} arguments`);
  }
  const args = proto.params.map((param, i): KfuncArg => {
    const type = btf.type(btf.resolve(param.type));
    const name = param.name === "" ? `arg${i + 1}` : param.name;
    const text = declaration(btf, param.type);
    switch (type.kind) {
      case "int":
      case "enum":
      case "enum64":
        return { name, kind: "scalar", type: text, size: type.size };
      case "ptr":
        return { name, type: text, size: 0, ...pointeeOf(btf, type.type) };
      default:
        throw new SyntaxError(`Cannot use the prototype of "${func.name}": argument ${name} is "${text}"`);
    }
  });
  return { args, returns: returnsOf(btf, { id: proto.ret, func: func.name }) };
}

function pointeeOf(btf: Btf, id: number): Pick<KfuncArg, "kind" | "pointee"> {
  const target = btf.resolve(id);
  const type = btf.type(target);
  const named = type.kind === "struct" || type.kind === "union" || type.kind === "fwd";
  const struct = named && type.name !== "" ? type.name : undefined;
  const sized = type.kind !== "void" && type.kind !== "fwd" && type.kind !== "func_proto";
  return {
    kind: DYNPTRS.has(struct) ? "dynptr" : "pointer",
    pointee: { size: sized ? btf.sizeOf(target) : 0, ...(struct === undefined ? {} : { struct }) },
  };
}

function returnsOf(
  btf: Btf,
  what: { readonly id: number; readonly func: string },
): KfuncSignature["returns"] {
  const type = btf.type(btf.resolve(what.id));
  switch (type.kind) {
    case "void":
      return "void";
    case "ptr":
      return "pointer";
    case "int":
    case "enum":
    case "enum64":
      return "scalar";
    default:
      throw new SyntaxError(
        `Cannot use the prototype of "${what.func}": it returns "${declaration(btf, what.id)}"`,
      );
  }
}

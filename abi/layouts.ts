/**
 * Where the fields of the runtime's structures lie: offsets and sizes computed from {@link STRUCTURES} by C's rules, the same as
 * BTF, and the same as a C header.
 *
 * Lowering passes and the runtime ask {@linkcode fieldOf}; bodies compiled from C relocate against {@linkcode runtimeBtf}, so a
 * field may move without their being compiled again.
 *
 * @module
 */
import type { Btf, BtfMember } from "../ir/btf/btf.ts";
import { BtfBuilder } from "../ir/btf/write.ts";
import { FUNCTIONS, STRUCTURES, VARIABLES } from "./structures.ts";

/** A field of a structure. */
export interface Field {
  readonly name: string;
  /** The C type, without array bounds: `__u32`, `void *`, `struct sock_common`. */
  readonly type: string;
  /** Bytes from the start of the structure. */
  readonly offset: number;
  /** Bytes, the whole array where it is one. */
  readonly size: number;
  /** Elements; undefined if it is no array. */
  readonly count?: number;
}

/** A structure in memory. */
export interface Layout {
  readonly name: string;
  /** Bytes, padding at the end included. */
  readonly size: number;
  /** Bytes. */
  readonly align: number;
  readonly fields: readonly Field[];
}

/** Sizes of the scalar types that declarations use; each is aligned to its size. */
const SCALARS: Readonly<Record<string, { size: number; signed?: boolean; char?: boolean; alias?: string }>> =
  {
    "char": { size: 1, signed: true, char: true },
    "unsigned char": { size: 1 },
    "int": { size: 4, signed: true },
    "unsigned short": { size: 2 },
    "unsigned int": { size: 4 },
    "unsigned long long": { size: 8 },
    "__u8": { size: 1, alias: "unsigned char" },
    "__u16": { size: 2, alias: "unsigned short" },
    "__u32": { size: 4, alias: "unsigned int" },
    "__u64": { size: 8, alias: "unsigned long long" },
    "__be16": { size: 2, alias: "unsigned short" },
    "__be32": { size: 4, alias: "unsigned int" },
    "__be64": { size: 8, alias: "unsigned long long" },
  };

const DECLARATION =
  /^(?<type>[a-z_0-9 ]*?[a-z_0-9])(?: (?<pointer>\*)| )(?<name>\w+)(?:\[(?<count>\d+)\])?(?: __attribute__\(\(aligned\((?<align>\d+)\)\)\))?$/;

/** Fields asked for before, by structure and path. */
const fields = new Map<string, Field>();
const layouts = new Map<string, Layout>();
for (const [name, text] of Object.entries(STRUCTURES)) layouts.set(name, layOut(name, text));

function layOut(structure: string, text: string): Layout {
  const fields: Field[] = [];
  let end = 0, align = 1;
  for (const line of text.split(";")) {
    const declaration = line.trim();
    if (declaration === "") continue;
    const parts = DECLARATION.exec(declaration)?.groups;
    if (parts === undefined) throw new TypeError(`Cannot read "${declaration}" in struct ${structure}`);
    const pointer = parts.pointer !== undefined;
    const type = pointer ? `${parts.type} *` : parts.type;
    const element = pointer ? { size: 8, align: 8 } : extent(parts.type, structure);
    const fieldAlign = Math.max(element.align, Number(parts.align ?? 1));
    const count = parts.count === undefined ? undefined : Number(parts.count);
    const offset = roundUp(end, fieldAlign);
    const size = element.size * (count ?? 1);
    fields.push({ name: parts.name, type, offset, size, ...(count !== undefined && { count }) });
    end = offset + size;
    align = Math.max(align, fieldAlign);
  }
  return { name: structure, size: roundUp(end, align), align, fields };
}

function extent(type: string, structure: string): { size: number; align: number } {
  if (type.startsWith("struct ")) {
    const inner = layouts.get(type.slice("struct ".length));
    if (inner === undefined) {
      throw new TypeError(`Cannot embed ${type} in struct ${structure}: not declared yet`);
    }
    return inner;
  }
  const scalar = SCALARS[type];
  if (scalar === undefined) throw new TypeError(`Cannot use type ${type} in struct ${structure}`);
  return { size: scalar.size, align: scalar.size };
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

/** The names of all structures, embedded ones first. */
export function structureNames(): readonly string[] {
  return [...layouts.keys()];
}

/** A structure's layout. @throws {RangeError} If there is none of that name. */
export function layoutOf(structure: string): Layout {
  const layout = layouts.get(structure);
  if (layout === undefined) throw new RangeError(`Cannot find structure ${structure}: the runtime has none`);
  return layout;
}

/**
 * A field, through embedded structures by a path with dots: `fieldOf("bpf_skb_data_end", "qdisc_cb.pkt_len")`. The offset counts
 * from the outermost structure.
 *
 * @throws {RangeError} If there is no such structure or field.
 *
 * @example
 * ```ts
 * import { fieldOf } from "./layouts.ts";
 * console.log(fieldOf("veth_xdp_buff", "xdp.data_end").offset); // 8
 * ```
 */
export function fieldOf(structure: string, path: string): Field {
  const key = `${structure}.${path}`;
  let field = fields.get(key);
  if (field === undefined) fields.set(key, field = findField(structure, path));
  return field;
}

function findField(structure: string, path: string): Field {
  let inside = structure, base = 0;
  const names = path.split(".");
  for (const [i, name] of names.entries()) {
    const found = layoutOf(inside).fields.find((field) => field.name === name);
    if (found === undefined) throw new RangeError(`Cannot find field ${name}: struct ${inside} has none`);
    if (i === names.length - 1) return { ...found, offset: base + found.offset };
    base += found.offset;
    inside = found.type.replace(/^struct /, "");
  }
  throw new RangeError(`Cannot find a field of struct ${structure}: the path is empty`);
}

let btf: Btf | undefined;

/** The structures as BTF: the target against which module bodies relocate. Made once. */
export function runtimeBtf(): Btf {
  btf ??= buildBtf();
  return btf;
}

function buildBtf(): Btf {
  const builder = new BtfBuilder();
  const ids = new Map<string, number>();
  // Structures point at each other, so their ids are handed out before they are described: scalars first, then the structures
  // in order, then whatever pointers and arrays turned out to be needed.
  for (const [name, scalar] of Object.entries(SCALARS)) {
    if (scalar.alias === undefined) {
      ids.set(name, builder.int(name, scalar.size, { signed: scalar.signed, char: scalar.char }));
    }
  }
  for (const [name, scalar] of Object.entries(SCALARS)) {
    if (scalar.alias !== undefined) {
      ids.set(name, builder.add({ kind: "typedef", name, type: ids.get(scalar.alias)! }));
    }
  }
  const firstStruct = builder.nextId;
  for (const [i, name] of structureNames().entries()) ids.set(`struct ${name}`, firstStruct + i);
  let nextExtra = firstStruct + layouts.size;
  const extras: (() => void)[] = [];
  const idOf = (type: string): number => {
    const known = type === "void" ? 0 : ids.get(type);
    if (known !== undefined) return known;
    const pointee = type.slice(0, -" *".length);
    const target = idOf(pointee);
    extras.push(() => builder.ptr(target));
    ids.set(type, nextExtra);
    return nextExtra++;
  };
  const arrayOf = (element: number, count: number): number => {
    extras.push(() => builder.array(element, count, { index: ids.get("unsigned int")! }));
    return nextExtra++;
  };
  for (const { name, size, fields } of layouts.values()) {
    const members = fields.map((field): BtfMember => ({
      name: field.name,
      type: field.count === undefined ? idOf(field.type) : arrayOf(idOf(field.type), field.count),
      bitOffset: field.offset * 8,
      bitSize: 0,
    }));
    builder.struct(name, size, members);
  }
  // Before anything follows the extras, everything that could still ask for one has to be known.
  const variables = Object.entries(VARIABLES).map(([name, type]) => ({ name, type: idOf(type) }));
  const functions = Object.entries(FUNCTIONS).map(([name, [ret, ...params]]) => ({
    name,
    ret: idOf(ret),
    params: params.map((type, i) => ({ name: `arg${i + 1}`, type: idOf(type) })),
  }));
  for (const add of extras) add();
  for (const { name, type } of variables) builder.add({ kind: "var", name, type, linkage: "global" });
  for (const { name, ret, params } of functions) builder.func(name, builder.funcProto(ret, params));
  return builder.build();
}

/** The C header with the same structures, for bodies and helpers compiled with clang. */
export function runtimeHeader(): string {
  const forward = structureNames().map((name) => `struct ${name};`).join("\n");
  const bodies = Object.entries(STRUCTURES).map(([name, text]) => {
    const fields = text.trim().split("\n").map((line) => `\t${line.trim()}`).join("\n");
    return `struct ${name} {\n${fields}\n};`;
  }).join("\n\n");
  const symbol = ` __attribute__((section(".ksyms")));`;
  const variables = Object.entries(VARIABLES).map(([name, type]) => `extern ${type} ${name}${symbol}`);
  const functions = Object.entries(FUNCTIONS).map(([name, [ret, ...params]]) =>
    `extern ${ret}${ret.endsWith("*") ? "" : " "}${name}(${params.join(", ")})${symbol}`
  );
  return `/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The runtime's structures, for kfunc bodies and helpers written in C. Generated from abi/structures.ts by
 * \`deno run -A abi/write_header.ts\`; a test fails when the two differ.
 *
 * Every access is relocated against the runtime's BTF (preserve_access_index), so compiled objects survive a field that moves.
 */
#ifndef INLAY_RUNTIME_H
#define INLAY_RUNTIME_H

#include <linux/types.h>

/* With fixed layouts the code is better, but has to be compiled again when a field moves: for the runtime's own functions. */
#ifndef INLAY_FIXED_LAYOUT
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

${forward}

${bodies}

#ifndef INLAY_FIXED_LAYOUT
#pragma clang attribute pop
#endif

/* The runtime's own functions define what others only name. */
#ifndef INLAY_DEFINES_FUNCTIONS
${functions.join("\n")}
#endif

${variables.join("\n")}

#endif
`;
}

/**
 * The runtime's native functions by name, as programs: helpers under `bpf_…`, kernel functions under their own names, and a few of
 * the runtime's own under `inlay_…`.
 *
 * @module
 */
import { parseText } from "../../ir/parse_text.ts";
import type { Program } from "../../ir/program.ts";
import { NATIVE_FUNCTIONS } from "./functions.ts";

let texts: Map<string, string> | undefined;
const programs = new Map<string, Program>();

function textOf(name: string): string | undefined {
  texts ??= new Map(
    NATIVE_FUNCTIONS.trim().split(/\n\n(?=func )/).map((text) => [/^func (\w+):/.exec(text)![1], text]),
  );
  return texts.get(name);
}

/** The names of all native functions that are written in BPF. */
export function nativeFunctionNames(): readonly string[] {
  textOf("");
  return [...texts!.keys()];
}

/** A native function as a program of one subprogram, arguments in r1 to r5; undefined if there is none of that name. */
export function nativeFunction(name: string): Program | undefined {
  const known = programs.get(name);
  if (known !== undefined) return known;
  const text = textOf(name);
  if (text === undefined) return undefined;
  const [program] = parseText(`type syscall\n\n${text}\n`, { name: "runtime" }).programs;
  programs.set(name, program);
  return program;
}

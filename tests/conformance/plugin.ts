/**
 * One case of the conformance suite, through the protocol the peers' plugins speak.
 *
 * Arguments: `[memory as hex] [--interpret | --jit] [--elf]`; standard input: the program as hexadecimal bytes (with `--elf` an object
 * file). r0 goes to standard output in hexadecimal; a failure gives a message and a non-zero exit. The suite holds programs that a
 * verifier refuses, so this runs unverified code: that is why it is a process of its own, and no other entry leads here.
 *
 * @module
 */
import type { CallOutcome } from "../../ir/interpret.ts";
import type { Program } from "../../ir/program.ts";

/** r1 of the interpreter: any address that is not null will do. */
const MEMORY_AT = 0x10_0000n;
/** A helper of the suite: ends the program if it returns 0; returns its argument. */
const UNWIND = 5;

interface Arguments {
  readonly memory: Uint8Array<ArrayBuffer> | undefined;
  readonly backend: "interpret" | "x86_64";
  readonly elf: boolean;
}

function readArguments(args: readonly string[]): Arguments {
  let memory: Uint8Array<ArrayBuffer> | undefined;
  let backend: Arguments["backend"] = "x86_64", elf = false;
  for (const arg of args) {
    if (arg === "--interpret") backend = "interpret";
    else if (arg === "--jit") backend = "x86_64";
    else if (arg === "--elf") elf = true;
    else if (!arg.startsWith("--")) memory = hexBytes(arg);
  }
  return { memory: memory?.length === 0 ? undefined : memory, backend, elf };
}

function hexBytes(text: string): Uint8Array<ArrayBuffer> {
  const digits = text.replaceAll(/\s+/g, "");
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new SyntaxError("Cannot read bytes: not hexadecimal");
  return Uint8Array.fromHex(digits) as Uint8Array<ArrayBuffer>;
}

async function readProgram(bytes: Uint8Array, elf: boolean): Promise<Program> {
  if (elf) {
    const { parseObject } = await import("../../passes/parse/parse.ts");
    const program = parseObject(bytes, { name: "conformance" }).programs[0];
    if (program === undefined) throw new Error("Cannot run object: it holds no program");
    return program;
  }
  if (bytes.length === 0) throw new Error("Cannot run: no instructions");
  const { decode } = await import("../../ir/decode.ts");
  const { buildProgram } = await import("../../ir/build.ts");
  const unit = { name: "conformance", license: "GPL", version: 0, maps: [], externs: [], programs: [] };
  const attrs = { name: "main", section: "", type: "", attachType: 0, flags: 0, attachBtfId: 0 };
  return buildProgram({ unit, attrs, insns: decode(bytes).insns, subprogs: [] });
}

async function runInterpreted(
  program: Program,
  memory: Uint8Array<ArrayBuffer> | undefined,
): Promise<bigint> {
  const { interpret, Memory } = await import("../../ir/interpret.ts");
  const regions = memory === undefined
    ? []
    : [{ name: "memory", base: MEMORY_AT, bytes: memory, writable: true }];
  return interpret(program, {
    r1: memory === undefined ? 0n : MEMORY_AT,
    r2: BigInt(memory?.length ?? 0),
    memory: new Memory(regions),
    call: (callee, [r1]): CallOutcome => {
      if (callee.kind !== "helper" || callee.id !== UNWIND) throw new Error("Cannot call: unknown helper");
      return r1 === 0n ? { exit: 0n } : r1;
    },
  }).r0;
}

async function runNative(program: Program, memory: Uint8Array<ArrayBuffer> | undefined): Promise<bigint> {
  const { compileX86 } = await import("../../passes/jit/x86_64/compile.ts");
  const { addressOf, NativeCode, nativeUnavailable, unwindHelper } = await import("./native.ts");
  const why = nativeUnavailable();
  if (why !== undefined) throw new Error(`Cannot run: ${why}`);
  const code = compileX86(program);
  using native = new NativeCode(code, {
    extra: unwindHelper(),
    resolve: (symbol, extra) => {
      if (symbol.kind !== "helper" || symbol.id !== UNWIND) throw new Error("Cannot call: unknown helper");
      return extra;
    },
  });
  return native.call(memory === undefined ? 0 : addressOf(memory), memory?.length ?? 0);
}

if (import.meta.main) {
  try {
    const { memory, backend, elf } = readArguments(Deno.args);
    const code = hexBytes(await new Response(Deno.stdin.readable).text());
    const program = await readProgram(code, elf);
    const r0 = backend === "interpret"
      ? await runInterpreted(program, memory)
      : await runNative(program, memory);
    console.log(r0.toString(16));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}

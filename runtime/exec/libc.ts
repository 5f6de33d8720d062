/**
 * The few C library calls that put machine code into this process: pages, an anonymous file, an address; and one that reads memory
 * that may not be there.
 *
 * Opened on first use, so that importing the runtime asks for no permission; needs full `--allow-ffi`. Everything that is
 * Linux- or x86-64-only sits behind {@linkcode nativeUnavailable}. The bpf(2) side has its own opening, in `kernel/`.
 *
 * @module
 */

const SYMBOLS = {
  mmap: { parameters: ["usize", "usize", "i32", "i32", "i32", "i64"], result: "pointer" },
  mprotect: { parameters: ["usize", "usize", "i32"], result: "i32" },
  munmap: { parameters: ["usize", "usize"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  close: { parameters: ["i32"], result: "i32" },
  process_vm_readv: { parameters: ["i32", "buffer", "usize", "buffer", "usize", "usize"], result: "isize" },
  dlsym: { parameters: ["usize", "buffer"], result: "pointer" },
} as const;

let opened: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

/** The calls themselves. @throws {Deno.errors.NotCapable} Without `--allow-ffi`. */
export function libc(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  opened ??= Deno.dlopen("libc.so.6", SYMBOLS);
  return opened.symbols;
}

/** Why machine code cannot run here, as a sentence; undefined if it can. */
export function nativeUnavailable(): string | undefined {
  if (Deno.build.os !== "linux") return `native code needs Linux, this is ${Deno.build.os}`;
  if (Deno.build.arch !== "x86_64") return `native code needs x86-64, this is ${Deno.build.arch}`;
  try {
    libc();
    return undefined;
  } catch (error) {
    return `native code needs full --allow-ffi and glibc: ${error instanceof Error ? error.message : error}`;
  }
}

/** The address of a C library function, as a number below 2^47. @throws {Error} If there is none of that name. */
export function addressOf(name: string): number {
  const pointer = libc().dlsym(0n, new TextEncoder().encode(name + "\0"));
  if (pointer === null) throw new Error(`Cannot find ${name} in the C library`);
  return Number(Deno.UnsafePointer.value(pointer));
}

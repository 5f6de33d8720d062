/**
 * The bpf(2) system call over FFI: attributes as bytes, results as numbers, errors with their names.
 *
 * Only the commands that load, test-run and read back are here; nothing in this folder attaches or pins, so whatever is loaded
 * is gone when its descriptor is closed.
 *
 * @module
 */

const SYMBOLS = {
  syscall: { parameters: ["i64", "i64", "buffer", "u64"], result: "i64" },
  close: { parameters: ["i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
  geteuid: { parameters: [], result: "u32" },
  mmap: { parameters: ["u64", "u64", "i32", "i32", "i32", "i64"], result: "pointer" },
  munmap: { parameters: ["pointer", "u64"], result: "i32" },
} as const;

const SYS_BPF_X86_64 = 321, SYS_BPF_AARCH64 = 280;

/** `BPF_*` commands that this project uses. */
export const COMMAND = {
  MAP_CREATE: 0,
  MAP_LOOKUP_ELEM: 1,
  MAP_UPDATE_ELEM: 2,
  PROG_LOAD: 5,
  PROG_TEST_RUN: 10,
  OBJ_GET_INFO_BY_FD: 15,
  BTF_LOAD: 18,
  MAP_FREEZE: 22,
} as const;

/** Error names by number, as far as bpf(2) and programs return them. */
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  4: "EINTR",
  7: "E2BIG",
  9: "EBADF",
  11: "EAGAIN",
  12: "ENOMEM",
  13: "EACCES",
  14: "EFAULT",
  16: "EBUSY",
  17: "EEXIST",
  19: "ENODEV",
  22: "EINVAL",
  28: "ENOSPC",
  33: "EDOM",
  34: "ERANGE",
  38: "ENOSYS",
  40: "ELOOP",
  61: "ENODATA",
  74: "EBADMSG",
  75: "EOVERFLOW",
  90: "EMSGSIZE",
  95: "EOPNOTSUPP",
  105: "ENOBUFS",
  107: "ENOTCONN",
  110: "ETIMEDOUT",
  524: "ENOTSUPP",
};

/** `EINVAL` for 22 and so on; the number itself where the name is not known. */
export function errnoName(errno: number): string {
  return ERRNO_NAMES[errno] ?? `errno ${errno}`;
}

/** A bpf(2) command failed for a reason that is not a verdict about a program. */
export class KernelError extends Error {
  /** The class's name. */
  override readonly name = "KernelError";
  /** Positive. */
  readonly errno: number;
  /** @ignore */
  constructor(what: string, errno: number) {
    super(`Cannot ${what}: ${errnoName(errno)}`);
    this.errno = errno;
  }
}

let opened: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;

function libc(): Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] {
  opened ??= Deno.dlopen("libc.so.6", SYMBOLS);
  return opened.symbols;
}

/**
 * Calls bpf(2). The result is a descriptor or 0, or a negative errno, as the kernel itself returns it.
 *
 * Buffers that `attr` points to must be kept referenced by the caller until the call is over.
 */
export function bpf(command: number, attr: Attr): number {
  const c = libc();
  const number = Deno.build.arch === "x86_64" ? SYS_BPF_X86_64 : SYS_BPF_AARCH64;
  const result = Number(c.syscall(BigInt(number), BigInt(command), attr.bytes, BigInt(attr.bytes.length)));
  if (result !== -1) return result;
  // Read at once: the next call of anybody may change it.
  return -new Deno.UnsafePointerView(c.__errno_location()!).getInt32();
}

/** Closes a descriptor. */
export function closeFd(fd: number): void {
  libc().close(fd);
}

const PROT_READ_WRITE = 3, MAP_SHARED = 1, MAP_FIXED_NOREPLACE = 0x100000;

/**
 * Maps `size` bytes of what a descriptor stands for into this process, at `address` or (0) anywhere, writes `data` to its beginning
 * and unmaps it again. 0 or a negative errno.
 */
export function writeMapped(fd: number, memory: { address: bigint; size: number; data: Uint8Array }): number {
  const c = libc(), { address, size, data } = memory;
  const flags = MAP_SHARED | (address === 0n ? 0 : MAP_FIXED_NOREPLACE);
  const at = c.mmap(address, BigInt(size), PROT_READ_WRITE, flags, fd, 0n);
  if (at === null || Deno.UnsafePointer.value(at) === 0xffffffffffffffffn) {
    return -new Deno.UnsafePointerView(c.__errno_location()!).getInt32();
  }
  if (data.length > 0) new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(at, data.length)).set(data);
  c.munmap(at, BigInt(size));
  return 0;
}

/** The process's effective user id. */
export function effectiveUser(): number {
  return libc().geteuid();
}

/** A `union bpf_attr` under construction: fields by offset, pointers kept alive with it. */
export class Attr {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** What the pointers point to; held so that it outlives the call. */
  readonly #held: Uint8Array[] = [];

  /** @param size In bytes; everything is zero at first. */
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Writes 32 bits. */
  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value, true);
    return this;
  }

  /** Writes 64 bits. */
  u64(offset: number, value: bigint): this {
    this.#view.setBigUint64(offset, value, true);
    return this;
  }

  /** Writes the address of `buffer`; nothing if it is empty or absent. */
  pointer(offset: number, buffer: Uint8Array<ArrayBuffer> | undefined): this {
    if (buffer === undefined || buffer.length === 0) return this;
    this.#held.push(buffer);
    return this.u64(offset, BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer))));
  }

  /** Writes an object's name: at most 15 characters of what the kernel allows in names. */
  objectName(offset: number, name: string): this {
    const clean = name.replaceAll(/[^A-Za-z0-9_.]/g, "_").slice(0, 15);
    this.bytes.set(new TextEncoder().encode(clean), offset);
    return this;
  }

  /** Reads 32 bits back. */
  read32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }

  /** Reads 64 bits back. */
  read64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }
}

/**
 * Writes a shared library that `dlopen` takes, from named pieces of position-independent machine code.
 *
 * Deno calls a symbol of a library in a few nanoseconds and an arbitrary address in a few hundred; so the way into our code is a
 * library of our own. It has three pages: headers with symbol tables and code (read, execute), and the dynamic section (read,
 * write), which the loader of glibc relocates in place. No sections, no relocations, no imports.
 *
 * @module
 */

const PAGE = 0x1000;
/** Code starts here, behind headers and tables. */
const CODE_AT = PAGE;

const PT_LOAD = 1, PT_DYNAMIC = 2, PT_GNU_STACK = 0x6474e551;
const PF_X = 1, PF_W = 2, PF_R = 4;
const DT_NULL = 0, DT_HASH = 4, DT_STRTAB = 5, DT_SYMTAB = 6, DT_STRSZ = 10, DT_SYMENT = 11;
/** `STB_GLOBAL << 4 | STT_FUNC`. */
const GLOBAL_FUNCTION = 0x12;
const EHDR_SIZE = 64, PHDR_SIZE = 56, SYM_SIZE = 24;

/**
 * The library's bytes.
 *
 * @param functions Machine code by symbol name: position independent, System V convention.
 * @throws {RangeError} If tables or code exceed a page each.
 */
export function elfLibrary(functions: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const names = [...functions.keys()];
  const strings = "\0" + names.map((name) => name + "\0").join("");
  const headers = 4;
  const symtab = EHDR_SIZE + headers * PHDR_SIZE;
  const hash = symtab + (names.length + 1) * SYM_SIZE;
  // One bucket, then a chain through all symbols: nbucket, nchain, bucket[1], chain[n + 1].
  const strtab = hash + 4 * (3 + names.length + 1);
  if (strtab + strings.length > CODE_AT) throw new RangeError("Cannot write library: too many symbols");

  const offsets = new Map<string, number>();
  let codeEnd = CODE_AT;
  for (const name of names) {
    offsets.set(name, codeEnd);
    codeEnd = (codeEnd + functions.get(name)!.length + 15) & ~15;
  }
  if (codeEnd > CODE_AT + PAGE) throw new RangeError("Cannot write library: code exceeds a page");
  const dynamicAt = CODE_AT + PAGE;

  const out = new Uint8Array(dynamicAt + PAGE);
  const view = new DataView(out.buffer);
  const u16 = (at: number, value: number) => view.setUint16(at, value, true);
  const u32 = (at: number, value: number) => view.setUint32(at, value, true);
  const u64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);

  out.set([0x7f, 0x45, 0x4c, 0x46, 2, /* 64 bits */ 1, /* little endian */ 1 /* version */]);
  u16(16, 3); // ET_DYN
  u16(18, 62); // EM_X86_64
  u32(20, 1);
  u64(32, EHDR_SIZE); // program headers follow
  u16(52, EHDR_SIZE);
  u16(54, PHDR_SIZE);
  u16(56, headers);

  const programHeader = (index: number, type: number, flags: number, at: number, size: number) => {
    const base = EHDR_SIZE + index * PHDR_SIZE;
    u32(base, type);
    u32(base + 4, flags);
    u64(base + 8, at); // file offset = virtual address throughout
    u64(base + 16, at);
    u64(base + 24, at);
    u64(base + 32, size);
    u64(base + 40, size);
    u64(base + 48, type === PT_LOAD ? PAGE : 8);
  };
  const dynamicSize = 6 * 16;
  programHeader(0, PT_LOAD, PF_R | PF_X, 0, codeEnd);
  programHeader(1, PT_LOAD, PF_R | PF_W, dynamicAt, dynamicSize);
  programHeader(2, PT_DYNAMIC, PF_R | PF_W, dynamicAt, dynamicSize);
  // Without this header the loader would ask for an executable stack.
  programHeader(3, PT_GNU_STACK, PF_R | PF_W, 0, 0);

  u32(hash, 1);
  u32(hash + 4, names.length + 1);
  u32(hash + 8, names.length > 0 ? 1 : 0);
  let nameAt = 1;
  for (let i = 0; i < names.length; i++) {
    const symbol = symtab + (i + 1) * SYM_SIZE;
    u32(symbol, nameAt);
    out[symbol + 4] = GLOBAL_FUNCTION;
    u16(symbol + 6, 1); // any section but SHN_UNDEF: defined here
    u64(symbol + 8, offsets.get(names[i])!);
    u64(symbol + 16, functions.get(names[i])!.length);
    u32(hash + 12 + 4 * (i + 1), i + 2 <= names.length ? i + 2 : 0);
    nameAt += names[i].length + 1;
  }
  out.set(new TextEncoder().encode(strings), strtab);
  for (const name of names) out.set(functions.get(name)!, offsets.get(name)!);

  const dynamic = [
    [DT_HASH, hash],
    [DT_STRTAB, strtab],
    [DT_SYMTAB, symtab],
    [DT_STRSZ, strings.length],
    [DT_SYMENT, SYM_SIZE],
    [DT_NULL, 0],
  ];
  for (const [i, [tag, value]] of dynamic.entries()) {
    u64(dynamicAt + i * 16, tag);
    u64(dynamicAt + i * 16 + 8, value);
  }
  return out;
}

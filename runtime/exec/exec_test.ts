import { assert, assertEquals, assertThrows } from "@std/assert";
import { CONTROL } from "../../abi/machine_code.ts";
import { nativeUnavailable } from "./libc.ts";
import { callOnce } from "./probe.ts";
import { CodePages, mapPages, unmapPages } from "./pages.ts";
import { clockAddress, RUN, trampoline } from "./trampoline.ts";

const unavailable = nativeUnavailable();
if (unavailable !== undefined) console.log(`skipped: executable pages: ${unavailable}`);

function native(name: string, fn: () => void): void {
  Deno.test({ name, ignore: unavailable !== undefined, fn });
}

/** Puts code into sealed pages. */
function place(bytes: number[]): CodePages {
  const pages = new CodePages(bytes.length);
  pages.bytes.set(bytes);
  pages.seal();
  return pages;
}

/** A control block and a descriptor for `code`. */
function descriptor(code: number, options: { r1?: number; r2?: number; repeat?: number }) {
  const mapping = mapPages(4096);
  const view = new DataView(mapping.bytes.buffer);
  const put = (at: number, value: number) => view.setBigUint64(CONTROL.size + at, BigInt(value), true);
  const get = (at: number) => view.getBigUint64(CONTROL.size + at, true);
  put(RUN.code, code);
  put(RUN.r1, options.r1 ?? 0);
  put(RUN.r2, options.r2 ?? 0);
  put(RUN.control, mapping.address);
  put(RUN.repeat, options.repeat ?? 1);
  put(RUN.clock, clockAddress());
  return { mapping, view, put, get, address: mapping.address + CONTROL.size };
}

native("call2 passes two arguments and returns 64 bits", () => {
  using pages = place([0x48, 0x8d, 0x04, 0x77, 0xc3]); // lea rax, [rdi+rsi*2]; ret
  assertEquals(trampoline().call2(pages.address, 2n ** 63n, 5), 2n ** 63n + 10n);
});

native("call5 passes five arguments", () => {
  // lea rax, [rdi+rsi]; add rax, rdx; add rax, rcx; sub rax, r8; ret
  using pages = place([0x48, 0x8d, 4, 0x37, 0x48, 1, 0xd0, 0x48, 1, 0xc8, 0x4c, 0x29, 0xc0, 0xc3]);
  assertEquals(trampoline().call5(pages.address, 1, 20, 300, 4000, 321), 4000n);
});

native("run goes round as often as told, keeps memory between rounds and measures", () => {
  using pages = place([0x48, 0xff, 0x07, 0x48, 0x8b, 0x07, 0xc3]); // inc qword [rdi]; mov rax, [rdi]; ret
  const run = descriptor(pages.address, { repeat: 1000 });
  run.put(RUN.r1, run.mapping.address + 2048);
  assertEquals(trampoline().run(run.address), 1000);
  assertEquals(run.get(RUN.result), 1000n);
  assertEquals(run.get(RUN.left), 0n);
  assert(run.get(RUN.ns) > 0n && run.get(RUN.ns) < 1_000_000_000n);
  unmapPages(run.mapping);
});

native("run restores the image before every round", () => {
  using pages = place([0x48, 0xff, 0x07, 0x48, 0x8b, 0x07, 0xc3]);
  const run = descriptor(pages.address, { repeat: 10 });
  const target = run.mapping.address + 2048;
  run.view.setBigUint64(1024, 41n, true);
  run.put(RUN.r1, target);
  run.put(RUN.image, run.mapping.address + 1024);
  run.put(RUN.target, target);
  run.put(RUN.words, 2);
  assertEquals(trampoline().run(run.address), 42);
  unmapPages(run.mapping);
});

native("a run is abandoned from any depth, with any registers, and says how many rounds are left", () => {
  using pages = place([
    ...[0x48, 0x89, 0xfb], // mov rbx, rdi (the control block)
    ...[0x50, 0x50, 0x50], // push rax three times: frames that nobody pops
    ...[0x48, 0xff, 0x43, 0x20], // inc qword [rbx+32]
    ...[0x48, 0x83, 0x7b, 0x20, 0x03], // cmp qword [rbx+32], 3
    ...[0x75, 0x06], // jne leave
    ...[0xc7, 0x03, 1, 0, 0, 0], // mov dword [rbx], 1
    ...[0x48, 0x8b, 0x63, 0x10], // leave: mov rsp, [rbx+16]
    ...[0x31, 0xdb], // xor ebx, ebx
    ...[0x45, 0x31, 0xed], // xor r13d, r13d
    ...[0x6a, 7, 0x58], // push 7; pop rax
    0xc3,
  ]);
  const run = descriptor(pages.address, { repeat: 10 });
  run.put(RUN.r1, run.mapping.address);
  assertEquals(trampoline().run(run.address), 7);
  assertEquals(run.get(RUN.left), 7n);
  assertEquals(run.view.getUint32(CONTROL.abort, true), 1);
  unmapPages(run.mapping);
});

native("code pages are writable or executable, never both", () => {
  using pages = new CodePages(10);
  const maps = (address: number) => {
    const wanted = address.toString(16);
    for (const line of Deno.readTextFileSync("/proc/self/maps").split("\n")) {
      const [range, flags] = line.split(" ");
      const [low, high] = range.split("-").map((hex) => parseInt(hex, 16));
      if (address >= low && address < high) return flags;
    }
    throw new Error(`no mapping at ${wanted}`);
  };
  assertEquals(maps(pages.address).slice(0, 3), "rw-");
  pages.bytes.set([0xc3]);
  pages.seal();
  assertEquals(maps(pages.address).slice(0, 3), "r-x");
  assertThrows(() => pages.bytes, Error, "executable");
  assertThrows(() => pages.seal(), Error, "executable");
});

native("the processor can be asked", () => {
  // mov rax, -2; ret
  assertEquals(callOnce(Uint8Array.of(0x48, 0xc7, 0xc0, 0xfe, 0xff, 0xff, 0xff, 0xc3)), 2n ** 64n - 2n);
});

import { assert, assertEquals } from "@std/assert";
import { ModuleRegistry } from "../registry.ts";
import { bodyDifference } from "../testing.ts";
import { pick, randomNumbers, TestMemory } from "../test_memory.ts";
import { dynptrFromModule, dynptrModule } from "./mod.ts";

const registry = new ModuleRegistry();
registry.register(await dynptrModule(), { trust: true });
registry.register(await dynptrFromModule(), { trust: true });

const LOCAL = 1, SKB = 3, XDP = 4;

/** A dynptr of any kind over a packet or buffer of some 64 bytes, sometimes null, sometimes a part of it. */
function randomDynptr(next: () => number, memory: TestMemory): { dynptr: bigint; size: number } {
  const kind = pick(next, [0, LOCAL, 2, SKB, XDP, XDP, SKB, 5]);
  const length = next() % 65;
  const packet = memory.buffer("packet", new Uint8Array(64).map(() => next() & 0xff));
  const data = kind === SKB
    ? memory.struct("sk_buff", {
      data: packet,
      len: length,
      data_len: next() % 3 === 0 ? next() % (length + 1) : 0,
    })
    : kind === XDP
    ? memory.struct("xdp_buff", {
      data: packet,
      data_end: packet + BigInt(next() % 3 === 0 ? next() % (length + 1) : length),
    })
    : packet;
  const start = next() % 4 === 0 ? next() % (length + 1) : 0;
  const size = pick(next, [length - start, length, Math.max(0, length - start - 1)]);
  const word = (kind << 28 | size | (next() % 3 === 0 ? 1 << 31 : 0)) >>> 0;
  const dynptr = memory.struct("bpf_dynptr_kern", {
    data: next() % 8 === 0 ? 0n : data,
    size: word,
    offset: start,
  });
  return { dynptr, size };
}

for (const name of ["bpf_dynptr_is_null", "bpf_dynptr_is_rdonly", "bpf_dynptr_size"]) {
  Deno.test(`${name}: reference, called and inlined body agree on random dynptrs`, () => {
    const next = randomNumbers(name.length);
    for (let i = 0; i < 100; i++) {
      const memory = new TestMemory();
      const { dynptr } = randomDynptr(next, memory);
      assertEquals(
        bodyDifference(registry.kfunc(name)!, { args: [dynptr], regions: memory.regions }),
        undefined,
      );
    }
  });
}

Deno.test("bpf_dynptr_slice: reference, called and inlined body agree, at the bounds and beyond", () => {
  const next = randomNumbers(99);
  let slices = 0, copies = 0, nothing = 0;
  for (let i = 0; i < 1500; i++) {
    const memory = new TestMemory();
    const { dynptr, size } = randomDynptr(next, memory);
    const length = pick(next, [0, 1, 2, 14, size, size + 1, 0xffff_ffff]);
    const offset = pick(next, [0, 1, size - length, size - length + 1, size, 0xffff_ffff, next() % 80]);
    const buffer = next() % 2 === 0 ? 0n : memory.buffer("buffer", new Uint8Array(64).fill(0xee));
    // Above 32 bits the arguments hold anything: the function takes u32.
    const garbage = BigInt(next()) << 32n;
    const args = [dynptr, BigInt(offset >>> 0) | garbage, buffer, BigInt(length >>> 0) | garbage];
    let copied = false;
    const why = bodyDifference(registry.kfunc("bpf_dynptr_slice")!, {
      args,
      regions: memory.regions,
      functions: {
        bpf_xdp_copy_buf: ([, at, to, , flush], memory) => {
          assertEquals(flush, 0n);
          memory.store(to, 1, at & 0xffn);
          copied = true;
          return 0n;
        },
        skb_header_pointer: ([, at, , to], memory) => {
          memory.store(to, 1, at & 0xffn);
          copied = true;
          return to;
        },
      },
    });
    assertEquals(why, undefined, `case ${i}`);
    if (copied) copies++;
    else if (length <= size && offset <= size - length) slices++;
    else nothing++;
  }
  assert(
    slices > 100 && copies > 20 && nothing > 100,
    `${slices} slices, ${copies} copies, ${nothing} nothing`,
  );
});

for (const name of ["bpf_dynptr_from_xdp", "bpf_dynptr_from_skb"]) {
  Deno.test(`${name}: reference, called and inlined body agree`, () => {
    const next = randomNumbers(name.length * 3);
    for (let i = 0; i < 60; i++) {
      const memory = new TestMemory();
      const length = next() % 2000;
      const packet = memory.struct("xdp_buff", { data: 0x7000n, data_end: 0x7000n + BigInt(length) });
      const skb = memory.struct("sk_buff", { len: length });
      const ptr = memory.buffer("dynptr", new Uint8Array(16).fill(0xee));
      const args = [name.endsWith("xdp") ? packet : skb, next() % 4 === 0 ? BigInt(next()) << 20n : 0n, ptr];
      assertEquals(bodyDifference(registry.kfunc(name)!, { args, regions: memory.regions }), undefined);
    }
  });
}

Deno.test("a dynptr of a socket buffer has its body only where packets may be written", () => {
  const kindFor = (type?: string) =>
    registry.resolve(
      { name: "bpf_dynptr_from_skb", btfId: 0, module: 0 },
      type === undefined ? undefined : { type },
    ).kind;
  assertEquals(["sched_cls", "cgroup_skb", undefined].map(kindFor), ["body", "none", "body"]);
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { issueProof } from "../abi/proof.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { Runtime } from "./runtime.ts";
import { everywhere, key, PACKET, program, unavailable, value } from "./testing.ts";
import { testRun } from "./test_run.ts";

if (unavailable !== undefined) console.log(`skipped: native half of the tests of maps: ${unavailable}`);

const COUNT = `type xdp
  map counts type=array key=4 value=8 max=4
  map seen type=hash key=4 value=8 max=2
  func main:
    *(u32 *)(r10 -4) = 3
    r1 = map counts ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 +0)
    r1 += 1
    *(u64 *)(r0 +0) = r1
    *(u64 *)(r10 -16) = 41
    r1 = map seen ll
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 0
    call bpf_map_update_elem
    r6 = r0
    r1 = map seen ll
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 +0)
    r0 += r6
  out:
    exit`;

Deno.test("maps are shared by program and host", () => {
  everywhere(COUNT, { data: PACKET, repeat: 5 }, ({ retval, loaded }) => {
    assertEquals(retval, 41);
    const counts = loaded.map("counts")!, seen = loaded.map("seen")!;
    assertEquals(counts.get(key(3)), value(5));
    assertEquals(counts.get(key(4)), undefined);
    assertEquals([...seen.entries()], [[key(3), value(41)]]);
    seen.set(key(9), value(1));
    assertThrows(() => seen.set(key(10), value(1)), Error, "errno 7");
    assertThrows(() => seen.set(key(9), value(1), 1), Error, "errno 17");
    assertEquals(seen.delete(key(3)), true);
    assertEquals(seen.delete(key(3)), false);
    assertEquals(seen.get(key(3)), undefined);
    seen.set(key(10), value(2));
    assertEquals(seen.get(key(10)), value(2));
    assertEquals(seen.get(key(9)), value(1));
  });
});

Deno.test("for_each_map_elem visits what is there", () => {
  const text = (map: string) =>
    `type xdp
    map m ${map}
    func main:
      *(u64 *)(r10 -8) = 0
      r1 = map m ll
      r2 = func add ll
      r3 = r10
      r3 += -8
      r4 = 0
      call bpf_for_each_map_elem
      r1 = *(u64 *)(r10 -8)
      r1 <<= 8
      r0 |= r1
      exit
    func add:
      r1 = *(u64 *)(r3 +0)
      r5 = *(u32 *)(r2 +0)
      r1 += r5
      r2 = *(u64 *)(r4 +0)
      r1 += r2
      *(u64 *)(r4 +0) = r1
      r0 = 0
      exit`;
  everywhere(text("type=array key=4 value=8 max=3"), {}, ({ loaded, retval }) => {
    assertEquals(retval, 3 << 8 | 3);
    loaded.maps[0].set(key(1), value(10));
    assertEquals(testRun(loaded).retval, 13 << 8 | 3);
  });
  everywhere(text("type=hash key=4 value=8 max=9"), {}, ({ loaded, retval }) => {
    assertEquals(retval, 0);
    for (const n of [5, 6, 7]) loaded.maps[0].set(key(n), value(n));
    loaded.maps[0].delete(key(6));
    assertEquals(testRun(loaded).retval, 24 << 8 | 2);
  });
});

Deno.test("lookups in a known array are computed in place", () => {
  const text = (index: number, size: number) =>
    `type xdp
    map m type=array key=4 value=${size} max=3
    func main:
      *(u32 *)(r10 -4) = ${index}
      r2 = r10
      r2 += -4
      r1 = map m ll
      call bpf_map_lookup_elem ; {call_map: 0}
      if r0 == 0 goto out
      r0 = *(u8 *)(r0 +0)
    out:
      exit`;
  for (const size of [1, 8, 20, 24]) {
    everywhere(text(2, size), {}, ({ loaded, retval }) => {
      assertEquals(retval, 0);
      loaded.maps[0].set(key(2), new Uint8Array(size).fill(9));
      loaded.maps[0].set(key(1), new Uint8Array(size).fill(8));
      assertEquals(testRun(loaded).retval, 9);
    });
    everywhere(text(3, size), {}, ({ retval }) => assertEquals(retval, 0));
  }
});

Deno.test("prefix tries give the longest match, on either side of updates and deletions", () => {
  const text = `type xdp
    map routes type=lpm_trie key=8 value=4 max=64 flags=1
    func main:
      r2 = *(u32 *)(r1 + 4) @
      r1 = *(u32 *)(r1 + 0) @
      r3 = r1
      r3 += 4
      if r3 > r2 goto none
      *(u32 *)(r10 -8) = 32
      r3 = *(u32 *)(r1 +0)
      *(u32 *)(r10 -4) = r3
      r1 = map routes ll
      r2 = r10
      r2 += -8
      call bpf_map_lookup_elem
      if r0 == 0 goto none
      r0 = *(u32 *)(r0 +0)
      exit
    none:
      r0 = 0
      exit`;
  everywhere(text, { data: PACKET }, ({ loaded, retval }) => {
    assertEquals(retval, 0);
    const [routes] = loaded.maps;
    // Against a list that is searched from its longest prefix down; addresses of few different bits, so that prefixes meet.
    const list = new Map<string, { length: number; address: number; value: number }>();
    let seed = 12345;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % below;
    };
    const keyOf = (length: number, address: number) => {
      const key = new Uint8Array(8);
      new DataView(key.buffer).setUint32(0, length, true);
      new DataView(key.buffer).setUint32(4, address);
      return key;
    };
    const masked = (address: number, length: number) =>
      length === 0 ? 0 : (address & (0xffff_ffff << (32 - length))) >>> 0;
    const someAddress = () => (random(4) << 30 | random(4) << 20 | random(4)) >>> 0;
    for (let round = 0; round < 400; round++) {
      const length = [0, 1, 2, 8, 12, 13, 30, 31, 32][random(9)];
      const address = masked(someAddress(), length);
      const name = `${length} ${address}`;
      if (random(3) === 0) assertEquals(routes.delete(keyOf(length, address)), list.delete(name), name);
      else if (list.size < 64 || list.has(name)) {
        const value = 1 + random(1_000_000);
        routes.set(keyOf(length, address), new Uint8Array(Uint32Array.of(value).buffer));
        list.set(name, { length, address, value });
      }
      if (round % 8 !== 0) continue;
      const wanted = someAddress();
      const best = [...list.values()].filter((one) => masked(wanted, one.length) === one.address)
        .sort((a, b) => b.length - a.length)[0];
      const data = new Uint8Array(20);
      new DataView(data.buffer).setUint32(0, wanted);
      assertEquals(testRun(loaded, { data }).retval, best?.value ?? 0);
      assertEquals([...routes.entries()].length, list.size);
    }
    assert(list.size > 20);
  });
});

Deno.test("a map of a type that the runtime lacks is in the way only of programs that use it", () => {
  const object = (use: string) =>
    program(`type sched_cls
    map stored type=queue key=0 value=8 max=4
    func main:
      ${use}
      r0 = 3
      exit`);
  using runtime = new Runtime();
  const other = object("r1 = 0"), user = object("r1 = map stored ll");
  assertEquals(testRun(runtime.load(other, { proof: issueProof(other) })).retval, 3);
  assertThrows(() => runtime.load(user, { proof: issueProof(user) }), UnsupportedError, "maps of type 22");
});

Deno.test("what is kept for a socket begins as asked for and ends with the run", () => {
  const get = (value: string, flags: number) => `
      r1 = map kept ll
      r2 = r6
      r3 = ${value}
      r4 = ${flags}
      call bpf_sk_storage_get`;
  everywhere(
    `type sched_cls
    map kept type=sk_storage key=4 value=8 max=0
    func main:
      r6 = r1
      *(u64 *)(r10 -8) = 40
      r7 = 0
      ${get("0", 0)}
      if r0 != 0 goto out
      ${get("r10\n r3 += -8", 1)}
      if r0 == 0 goto out
      r7 = *(u64 *)(r0 +0)
      r7 += 2
      *(u64 *)(r0 +0) = r7
      ${get("0", 2)}
      if r0 != 0 goto out
      ${get("0", 0)}
      if r0 == 0 goto out
      r7 = *(u64 *)(r0 +0)
      r1 = map kept ll
      r2 = r6
      call bpf_sk_storage_delete
      r7 <<= 8
      r7 += r0
      r1 = map kept ll
      r2 = r6
      call bpf_sk_storage_delete
      r7 += r0
      ${get("0", 1)}
      if r0 == 0 goto out
      r1 = *(u64 *)(r0 +0)
      r7 += r1
    out:
      r0 = r7
      exit`,
    { data: PACKET },
    (run) => {
      assertEquals(run.retval, (42 << 8) - 2);
      assertEquals(testRun(run.loaded, { data: PACKET }).retval, (42 << 8) - 2, "a second run");
    },
  );
});

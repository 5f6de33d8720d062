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

/** A map without keys; the program pushes the packet's first bytes, or pops or peeks; its result: error and value. */
const keyless = (type: string, call: string) =>
  `type xdp
  map m ${type}
  func main:
    r2 = *(u32 *)(r1 + 4) @
    r1 = *(u32 *)(r1 + 0) @
    r0 = 0
    r3 = r1
    r3 += 8
    if r3 > r2 goto out
    r1 = *(u64 *)(r1 +0)
    *(u64 *)(r10 -8) = r1
    r1 = map m ll
    r2 = r10
    r2 += -8
    ${call}
    r0 = -r0
    r1 = *(u64 *)(r10 -8)
    r0 <<= 8
    r0 |= r1
  out:
    exit`;
const PUSH = (flags: number) => `r3 = ${flags}\n call bpf_map_push_elem`;
const ENOENT = 2 << 8, E2BIG = 7 << 8, EINVAL = 22 << 8, EOPNOTSUPP = 95 << 8;

Deno.test("a queue gives the oldest, a stack the newest, and pushing may drop the oldest", () => {
  const input = (n: number) => ({ data: new Uint8Array(20).fill(n, 0, 1) });
  for (const [type, order] of [["queue", [2, 3]], ["stack", [3, 2]]] as const) {
    const map = `type=${type} key=0 value=8 max=2`, none = new Uint8Array(0);
    everywhere(keyless(map, PUSH(0)), input(1), ({ loaded, retval }) => {
      assertEquals(retval, 1);
      assertEquals(testRun(loaded, input(2)).retval, 2);
      assertEquals(testRun(loaded, input(3)).retval, E2BIG | 3);
      const [m] = loaded.maps;
      assertEquals([...m.entries()], [[none, value(1)], [none, value(2)]]);
      assertThrows(() => m.set(none, value(5)), Error, "errno 7");
    });
    everywhere(keyless(map, PUSH(2)), input(1), ({ loaded }) => {
      for (const n of [2, 3]) assertEquals(testRun(loaded, input(n)).retval, n);
      assertEquals([...loaded.maps[0].entries()].map(([, [first]]) => first), [2, 3]);
      assertEquals(loaded.maps[0].get(none), value(order[0]));
    });
    for (const flags of [1, 3, 4]) {
      everywhere(keyless(map, PUSH(flags)), input(1), ({ retval }) => assertEquals(retval, EINVAL | 1));
    }
    everywhere(keyless(map, "call bpf_map_pop_elem"), input(9), ({ loaded, retval }) => {
      assertEquals(retval, ENOENT, "and what was there is zeroed");
      const [m] = loaded.maps;
      assertEquals(m.get(none), undefined);
      // Round the ring's end too.
      for (let round = 0; round < 3; round++) {
        m.set(none, value(2));
        m.set(none, value(3));
        for (const n of order) assertEquals(testRun(loaded, input(9)).retval, n);
        assertEquals(testRun(loaded, input(9)).retval, ENOENT);
        m.set(none, value(7));
        assertEquals(testRun(loaded, input(9)).retval, 7);
      }
    });
    everywhere(keyless(map, "call bpf_map_peek_elem"), input(9), ({ loaded, retval }) => {
      assertEquals(retval, ENOENT);
      for (const n of [2, 3]) loaded.maps[0].set(none, value(n));
      for (let i = 0; i < 2; i++) assertEquals(testRun(loaded, input(9)).retval, order[0]);
    });
  }
});

Deno.test("a bloom filter knows what was pushed and little else", () => {
  for (const size of [8, 4, 7]) {
    const map = `type=bloom_filter key=0 value=${size} max=100`, none = new Uint8Array(0);
    const input = (n: number) => ({ data: new Uint8Array(20).fill(n, 0, 1) });
    everywhere(keyless(map, "call bpf_map_peek_elem"), input(1), ({ loaded, retval }) => {
      assertEquals(retval, ENOENT | 1, "what is asked for stays");
      for (let n = 0; n < 100; n++) loaded.maps[0].set(none, value(n).slice(0, size));
      let wrong = 0;
      for (let n = 0; n < 256; n++) {
        const { retval } = testRun(loaded, input(n));
        if (n < 100) assertEquals(retval, n);
        else if (retval === n) wrong++;
        else assertEquals(retval, ENOENT | n);
      }
      assert(wrong < 16, `${wrong} of 156 were never pushed`);
      assertEquals([...loaded.maps[0].entries()], []);
    });
    everywhere(keyless(map, PUSH(0)), input(5), ({ loaded, retval }) => {
      assertEquals(retval, 5);
      assertThrows(() => loaded.maps[0].set(none, value(5).slice(0, size), 2), Error, "errno 22");
    });
    everywhere(
      keyless(map, "call bpf_map_pop_elem"),
      input(5),
      ({ retval }) => assertEquals(retval, EOPNOTSUPP | 5),
    );
  }
});

Deno.test("a map of a type that the runtime lacks is in the way only of programs that use it", () => {
  const object = (use: string) =>
    program(`type sched_cls
    map stored type=stack_trace key=4 value=8 max=4
    func main:
      ${use}
      r0 = 3
      exit`);
  using runtime = new Runtime();
  const other = object("r1 = 0"), user = object("r1 = map stored ll");
  assertEquals(testRun(runtime.load(other, { proof: issueProof(other) })).retval, 3);
  assertThrows(() => runtime.load(user, { proof: issueProof(user) }), UnsupportedError, "maps of type 7");
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

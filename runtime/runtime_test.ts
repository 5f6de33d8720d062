import { assert, assertEquals, assertThrows } from "@std/assert";
import { issueProof } from "../abi/proof.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { AbortedError } from "./engine.ts";
import { Runtime } from "./runtime.ts";
import { everywhere, key, PACKET, program, unavailable, value } from "./testing.ts";
import { testRun } from "./test_run.ts";

if (unavailable !== undefined) {
  console.log(`skipped: native half of the tests of the runtime: ${unavailable}`);
}

Deno.test("a program that was not proven is not loaded", () => {
  const some = program("type xdp\nfunc main:\n r0 = 2\n exit");
  const other = program("type xdp\nfunc main:\n r0 = 2\n exit");
  using runtime = new Runtime();
  assertThrows(() => runtime.load(some, { proof: issueProof(other) }), TypeError, "not verified");
  assertEquals(testRun(runtime.load(some, { proof: issueProof(some) })).retval, 2);
});

Deno.test("a context that was not lowered is refused", () => {
  const source = program("type xdp\nfunc main:\n r0 = *(u32 *)(r1 + 0) @\n exit");
  using runtime = new Runtime();
  assertThrows(() => runtime.load(source, { proof: issueProof(source) }), Error, "not lowered");
});

Deno.test("xdp: the packet is where the context says", () => {
  everywhere(
    `type xdp
    func main:
      r2 = *(u32 *)(r1 + 4) @
      r1 = *(u32 *)(r1 + 0) @
      r3 = r1
      r3 += 20
      if r3 > r2 goto out
      r0 = *(u16 *)(r1 + 12)
      *(u8 *)(r1 + 0) = 255
      exit
    out:
      r0 = 0
      exit`,
    { data: PACKET },
    (run) => {
      assertEquals(run.retval, 0x0d0c);
      assertEquals(run.dataOut, Uint8Array.from([255, ...PACKET.slice(1)]));
    },
  );
});

Deno.test("xdp: head, tail and metadata move as in the kernel", () => {
  everywhere(
    `type xdp
    func main:
      r6 = r1
      r2 = -4
      call bpf_xdp_adjust_head
      if r0 != 0 goto out
      r1 = r6
      r2 = -8
      call bpf_xdp_adjust_meta
      if r0 != 0 goto out
      r1 = r6
      r2 = 6
      call bpf_xdp_adjust_tail
      if r0 != 0 goto out
      r1 = *(u32 *)(r6 + 8) @
      r2 = *(u32 *)(r6 + 0) @
      r3 = *(u32 *)(r6 + 4) @
      r0 = r3
      r0 -= r2
      r0 <<= 8
      r2 -= r1
      r0 |= r2
      *(u32 *)(r1 + 0) = 287454020
    out:
      exit`,
    { data: PACKET, ctx: new Uint8Array(24).fill(64, 4, 5) },
    (run) => {
      assertEquals(run.retval, 74 << 8 | 8);
      const expected = new Uint8Array(8 + 4 + 64 + 6);
      expected.set([0x44, 0x33, 0x22, 0x11]);
      expected.set(PACKET, 12);
      // Where the head grew there may be anything; here it is zero.
      assertEquals(run.dataOut, expected);
      assertEquals([...run.ctxOut!.slice(0, 8)], [8, 0, 0, 0, 82, 0, 0, 0]);
    },
  );
});

Deno.test("tc: fields of the context are read and written", () => {
  const ctx = new Uint8Array(192);
  ctx[8] = 5; // mark
  ctx[32] = 6; // priority
  ctx[48] = 0xaa; // cb[0]
  everywhere(
    `type sched_cls
    func main:
      r2 = *(u32 *)(r1 + 8) @
      r2 += 1
      *(u32 *)(r1 + 8) = r2 @
      r3 = *(u8 *)(r1 + 48) @
      *(u16 *)(r1 + 52) = 513 @
      r0 = *(u32 *)(r1 + 16) @
      r0 <<= 16
      r4 = *(u32 *)(r1 + 0) @
      r0 |= r4
      r0 += r3
      exit`,
    { data: PACKET, ctx },
    (run) => {
      assertEquals(run.retval, 0x0d0c0000 + 64 + 0xaa);
      assertEquals(run.ctxOut![8], 6);
      assertEquals(run.ctxOut![32], 6);
      assertEquals([...run.ctxOut!.slice(52, 54)], [1, 2]);
    },
  );
});

Deno.test("types on layer 3 see no Ethernet header, and it comes back empty", () => {
  everywhere(
    `type cgroup_skb
    func main:
      r2 = *(u32 *)(r1 + 76) @
      r3 = *(u32 *)(r1 + 80) @
      r0 = r3
      r0 -= r2
      r2 = *(u8 *)(r2 + 0)
      r0 <<= 8
      r0 |= r2
      exit`,
    { data: PACKET },
    (run) => {
      assertEquals(run.retval, 50 << 8 | 14);
      assertEquals(run.dataOut, Uint8Array.from([...new Uint8Array(14), ...PACKET.slice(14)]));
    },
  );
});

Deno.test("bpf_loop counts, stops and refuses", () => {
  const loop = (count: number | bigint, flags: number, stop: number) =>
    `type xdp
    func main:
      *(u64 *)(r10 -8) = 0
      r1 = ${count}${typeof count === "bigint" ? " ll" : ""}
      r2 = func step ll
      r3 = r10
      r3 += -8
      r4 = ${flags}
      call bpf_loop
      r1 = *(u64 *)(r10 -8)
      r1 <<= 32
      r0 <<= 32
      r0 >>= 32
      r0 |= r1
      exit
    func step:
      r3 = *(u64 *)(r2 +0)
      r3 += r1
      *(u64 *)(r2 +0) = r3
      r0 = 1
      if r1 == ${stop} goto end
      r0 = 0
    end:
      exit`;
  const split = (r0: bigint) => [Number(r0 >> 32n), Number(BigInt.asIntN(32, r0))];
  everywhere(loop(10, 0, -1), {}, ({ r0 }) => assertEquals(split(r0), [45, 10]));
  everywhere(loop(10, 0, 4), {}, ({ r0 }) => assertEquals(split(r0), [10, 5]));
  everywhere(loop(0, 0, 4), {}, ({ r0 }) => assertEquals(split(r0), [0, 0]));
  everywhere(loop(8388609, 0, 4), {}, ({ r0 }) => assertEquals(split(r0), [0, -7]));
  everywhere(loop(10, 1, 4), {}, ({ r0 }) => assertEquals(split(r0), [0, -22]));
  everywhere(loop(0x1_0000_0001n, 0, 4), {}, ({ r0 }) => assertEquals(split(r0), [0, 1]));
});

Deno.test("what a program prints and sends arrives", () => {
  everywhere(
    `type xdp
    map ring type=ringbuf key=0 value=0 max=4096
    func main:
      r6 = r1
      *(u32 *)(r10 -8) = 622879781 ; %d %
      *(u32 *)(r10 -4) = 120       ; x
      r1 = r10
      r1 += -8
      r2 = 8
      r3 = -5
      r4 = 255
      call bpf_trace_printk
      r7 = r0
      *(u64 *)(r10 -16) = 77
      r1 = map ring ll
      r2 = r10
      r2 += -16
      r3 = 8
      r4 = 0
      call bpf_ringbuf_output
      r0 += r7
      exit`,
    {},
    (run) => {
      assertEquals(run.printed, ["-5 ff"]);
      assertEquals(run.retval, 5);
      assertEquals(run.events.map((event) => event.data), [value(77)]);
    },
  );
});

Deno.test("time goes on, and random numbers follow the seed", () => {
  const random: bigint[] = [];
  everywhere(
    `type xdp
    func main:
      call bpf_ktime_get_ns
      r6 = r0
      call bpf_ktime_get_ns
      if r0 < r6 goto bad
      call bpf_get_prandom_u32
      exit
    bad:
      r0 = 0
      exit`,
    {},
    ({ r0 }) => random.push(r0),
  );
  assert(random[0] !== 0n && random[0] < 1n << 32n);
  assert(random.every((number) => number === random[0]), `${random}`);
});

Deno.test("kernel functions answer by name", () => {
  const text = (type: string, from: string) =>
    `type ${type}
    func main:
      r2 = 0
      r3 = r10
      r3 += -16
      call kfunc ${from}
      if r0 != 0 goto out
      r1 = r10
      r1 += -16
      r2 = 3
      r3 = 0
      r4 = 4
      call kfunc bpf_dynptr_slice
      if r0 == 0 goto out
      r6 = *(u32 *)(r0 +0)
      r1 = r10
      r1 += -16
      call kfunc bpf_dynptr_is_rdonly
      r7 = r0
      r1 = r10
      r1 += -16
      call kfunc bpf_dynptr_size
      r0 += r6
      r7 <<= 31
      r0 += r7
    out:
      exit`;
  everywhere(text("xdp", "bpf_dynptr_from_xdp"), { data: PACKET }, ({ retval }) => {
    assertEquals(retval, 0x06050403 + 64);
  });
  everywhere(text("cgroup_skb", "bpf_dynptr_from_skb"), { data: PACKET }, ({ retval }) => {
    assertEquals(retval, 0x14131211 + 50 + 2 ** 31);
  });
});

Deno.test("a helper that fails in JavaScript ends the run, natively too, before anything else happens", () => {
  const source = program(`type xdp
    map m type=array key=4 value=8 max=1
    func main:
      r1 = 0
      r2 = 8
      call bpf_trace_printk
      r1 = map_value m+0 ll
      *(u64 *)(r1 +0) = 1
      exit`);
  const runtimes = [new Runtime()];
  if (unavailable === undefined) runtimes.push(new Runtime({ compile: compileX86 }));
  for (const runtime of runtimes) {
    const loaded = runtime.load(source, { proof: issueProof(source) });
    const error = assertThrows(() => testRun(loaded));
    const cause = error instanceof AbortedError ? error.cause : error;
    assert(cause instanceof RangeError, String(cause));
    assertEquals(loaded.maps[0].get(key(0)), value(0));
    runtime[Symbol.dispose]();
  }
});

Deno.test("tail calls run the target, count, and go on where there is none", () => {
  const target = program("type xdp\nprogram target\nfunc main:\n r0 = 7\n exit");
  const text = `type xdp
    map jump type=prog_array key=4 value=4 max=2
    func main:
      r2 = map jump ll
      r3 = 1
      call bpf_tail_call
      r0 = 1
      exit`;
  everywhere(text, {}, ({ retval, loaded }) => {
    assertEquals(retval, 1);
    const { runtime } = loaded;
    runtime.load(target, { proof: issueProof(target) }).putInto(loaded.maps[0], 1);
    assertEquals(testRun(loaded, { repeat: 3 }).retval, 7);
    loaded.putInto(loaded.maps[0], 1);
    assertEquals(testRun(loaded, { repeat: 3 }).retval, 1);
  });
});

Deno.test("a tail call in a subprogram returns to the subprogram's caller", () => {
  const target = program("type xdp\nprogram target\nfunc main:\n r0 = 7\n exit");
  const text = `type xdp
    map jump type=prog_array key=4 value=4 max=1
    func main:
      r6 = 100
      call inner
      r0 += r6
      exit
    func inner:
      r2 = map jump ll
      r3 = 0
      call bpf_tail_call
      r0 = 1
      exit`;
  everywhere(text, {}, ({ retval, loaded }) => {
    assertEquals(retval, 101);
    loaded.runtime.load(target, { proof: issueProof(target) }).putInto(loaded.maps[0], 0);
    assertEquals(testRun(loaded).retval, 107);
  });
});

Deno.test("legacy packet loads read in network order and leave at the packet's end", () => {
  const text = (load: string) =>
    `type socket_filter
    func main:
      r6 = r1
      r7 = 10
      r0 = 99
      ${load}
      r0 += 1
      exit`;
  const run = (load: string, expected: number) =>
    everywhere(text(load), { data: PACKET }, ({ retval }) => assertEquals(retval, expected));
  run("r0 = *(u32 *)skb[2]", 0x10111213 + 1);
  run("r0 = *(u16 *)skb[r7 +4]", 0x1c1d + 1);
  run("r0 = *(u8 *)skb[49]", 63 + 1);
  run("r0 = *(u8 *)skb[50]", 0);
  run("r0 = *(u16 *)skb[r7 +39]", 0);
  run("r0 = *(u8 *)skb[-1048576]", 14 + 1);
  run("r0 = *(u16 *)skb[-2097140]", 0x0c0d + 1);
});

Deno.test("calls that are moves keep their arguments", () => {
  everywhere(
    `type xdp
    func main:
      r2 = 5
      call bpf_get_smp_processor_id
      r0 += r2
      exit`,
    {},
    ({ retval }) => assertEquals(retval, 5),
  );
});

Deno.test("a run that has fuel ends when it is used up", () => {
  const source = program(`type xdp
    func main:
      r0 = 0
    again:
      r0 += 1
      if r0 != 1000 goto again
      exit`);
  const runtimes = [new Runtime()];
  if (unavailable === undefined) runtimes.push(new Runtime({ compile: compileX86 }));
  for (const runtime of runtimes) {
    const proof = issueProof(source);
    const loaded = runtime.load(source, { proof, limited: true });
    assertEquals(testRun(loaded, { fuel: 10_000 }).retval, 1000);
    assertThrows(() => testRun(loaded, { fuel: 100 }), Error, "used up");
    assertEquals(testRun(loaded).retval, 1000);
    runtime[Symbol.dispose]();
  }
});

Deno.test("pointers that only the kernel can follow are not followed natively", () => {
  if (unavailable !== undefined) return;
  const source = program("type xdp\nfunc main:\n r0 = *(u32 *)(r1 +0) ; {pointer: btf}\n exit");
  using runtime = new Runtime({ compile: compileX86 });
  assertThrows(() => runtime.load(source, { proof: issueProof(source) }), Error, "follows btf pointers");
});

Deno.test("records behind dynptrs are sent or thrown away, and there is none where the ring has no room", () => {
  const text = (size: number, end: string) =>
    `type sched_cls
    map ring type=ringbuf key=0 value=0 max=4096
    func main:
      *(u64 *)(r10 -8) = 77
      r1 = map ring ll
      r2 = ${size}
      r3 = 0
      r4 = r10
      r4 += -24
      call bpf_ringbuf_reserve_dynptr
      r6 = r0
      r1 = r10
      r1 += -24
      r2 = 8
      r3 = r10
      r3 += -8
      r4 = 8
      r5 = 0
      call bpf_dynptr_write
      r7 = r0
      r1 = r10
      r1 += -24
      r2 = 0
      call ${end}
      r0 = r6
      r0 <<= 8
      r0 += r7
      exit`;
  const run = (size: number, end: string, expected: number, sent: readonly number[]) =>
    everywhere(text(size, end), {}, ({ retval, events }) => {
      assertEquals(retval | 0, expected);
      assertEquals(events.map(({ data }) => [...data]), sent.length === 0 ? [] : [sent]);
    });
  const record = Array.from({ length: 17 }, (_, i) => i === 8 ? 77 : 0);
  run(17, "bpf_ringbuf_submit_dynptr", 0, record);
  run(17, "bpf_ringbuf_discard_dynptr", 0, []);
  run(12, "bpf_ringbuf_submit_dynptr", -7, Array(12).fill(0));
  run(4097, "bpf_ringbuf_submit_dynptr", -22 * 256 - 22, []);
  run(1 << 24, "bpf_ringbuf_submit_dynptr", -7 * 256 - 22, []);
});

Deno.test("a resilient lock is there for who asks", () => {
  const text = `type sched_cls
    map m type=array key=4 value=16 max=1
    func main:
      r1 = map_value m+0 ll
      call kfunc bpf_res_spin_lock
      r6 = r0
      r1 = map_value m+0 ll
      call kfunc bpf_res_spin_unlock
      *(u64 *)(r10 -8) = 5
      r1 = map_value m+0 ll
      r2 = r10
      r2 += -8
      call kfunc bpf_res_spin_lock_irqsave
      r6 |= r0
      r1 = map_value m+0 ll
      r2 = r10
      r2 += -8
      call kfunc bpf_res_spin_unlock_irqrestore
      r0 = *(u64 *)(r10 -8)
      r0 += r6
      exit`;
  everywhere(text, {}, ({ retval }) => assertEquals(retval, 0));
});

Deno.test("an interpreted program and its maps lie elsewhere if asked for, and give the same", () => {
  const source = program(`type sched_cls
    map m type=array key=4 value=16 max=1
    func main:
      r0 = map_value m+0 ll
      r0 ^= r10
      exit`);
  const run = (shift: number) => {
    using runtime = new Runtime({ seed: 7n, shift });
    return testRun(runtime.load(source, { proof: issueProof(source) })).r0;
  };
  assertEquals(run(0), run(0));
  assert(run(0) !== run(4096));
});

/**
 * `bpf_throw`: all frames end, and what is thrown, or what a callback makes of it, is the result.
 */
import { assertEquals } from "@std/assert";
import { issueProof } from "../abi/proof.ts";
import { BtfBuilder } from "../ir/btf/write.ts";
import { Program } from "../ir/program.ts";
import { everywhere, PACKET, program, unavailable } from "./testing.ts";
import { testRun } from "./test_run.ts";

if (unavailable !== undefined) {
  console.log(`skipped: native half of the tests of exceptions: ${unavailable}`);
}

/** Counts rounds, throws the packet's length in a callee unless it is 40, and counts what comes after that, which nothing should. */
const THROWS = `type xdp
  map counts type=array key=4 value=16 max=1
  func main:
    r7 = map_value counts+0 ll
    r8 = *(u64 *)(r7 +0)
    r8 += 1
    *(u64 *)(r7 +0) = r8
    r2 = *(u32 *)(r1 + 4) @
    r1 = *(u32 *)(r1 + 0) @
    r2 -= r1
    r1 = r2
    call inner
    r8 = *(u64 *)(r7 +8)
    r8 += 1
    *(u64 *)(r7 +8) = r8
    r0 += 1
    exit
  func inner:
    r6 = r1
    *(u64 *)(r10 -8) = r1
    if r1 == 40 goto out
    r2 = 1
    r2 <<= 40
    r1 |= r2
    call kfunc bpf_throw
  out:
    r0 = r6
    exit
  func caught global:
    r0 = r1
    r0 += 5
    exit`;

/** The program with types, and with a tag that names the callback. */
function tagged(): Program {
  const source = program(THROWS), builder = new BtfBuilder();
  const proto = builder.funcProto(builder.int("int", 4, { signed: true }), []);
  const subprogs = source.subprogs.map((subprog) => ({
    ...subprog,
    btfId: builder.func(subprog.name, proto, { linkage: subprog.linkage }),
  }));
  builder.add({
    kind: "decl_tag",
    name: "exception_callback:caught",
    type: subprogs[0].btfId,
    component: -1,
  });
  const { attrs, code, facts, nextInsnId, nextSubprogId } = source;
  const unit = { ...source.unit, btf: builder.build() };
  return new Program({ unit, attrs, code, facts, subprogs, nextInsnId, nextSubprogId });
}

Deno.test("what is thrown ends all frames and is the result, round after round", () => {
  everywhere(THROWS, { data: PACKET, repeat: 3 }, ({ loaded, r0 }) => {
    assertEquals(r0, 1n << 40n | 64n);
    const counts = () => [...new BigUint64Array(loaded.maps[0].data.slice(0, 16).buffer)];
    assertEquals(counts(), [3n, 0n]);
    assertEquals(testRun(loaded, { data: PACKET.slice(0, 40), repeat: 2 }).r0, 41n, "nothing is thrown");
    assertEquals(counts(), [5n, 2n]);
    assertEquals(testRun(loaded, { data: PACKET }).r0, 1n << 40n | 64n);
  });
});

Deno.test("a callback for exceptions says what is returned", () => {
  everywhere(tagged(), { data: PACKET, repeat: 3 }, ({ loaded, r0 }) => {
    assertEquals(r0, 1n << 40n | 69n);
    assertEquals(testRun(loaded, { data: PACKET.slice(0, 40) }).r0, 41n, "nothing is thrown");
  });
});

Deno.test("what is thrown behind a tail call ends the program that was called", () => {
  const target = program(`type xdp
  program target
  func main:
    call inner
    r0 = 1
    exit
  func inner:
    r1 = 77
    r6 = 0
    r7 = 0
    call kfunc bpf_throw
    r0 = 1
    exit`);
  const caller = `type xdp
  map next type=prog_array key=4 value=4 max=1
  func main:
    r6 = 100
    r7 = 1000
    *(u64 *)(r10 -8) = 10000
    call inner
    r0 += r6
    r0 += r7
    r1 = *(u64 *)(r10 -8)
    r1 += r0
    call kfunc bpf_throw
    r0 = 0
    exit
  func inner:
    r2 = map next ll
    r3 = 0
    call bpf_tail_call
    r0 = 2
    exit`;
  everywhere(caller, {}, ({ loaded, retval }) => {
    assertEquals(retval, 11102, "there is no program to go on with");
    loaded.runtime.load(target, { proof: issueProof(target) }).putInto(loaded.maps[0], 0);
    assertEquals(testRun(loaded, { repeat: 3 }).retval, 11177);
  });
});

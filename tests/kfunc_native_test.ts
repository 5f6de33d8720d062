/**
 * Kernel functions with bodies, natively and interpreted, called and inlined: one result on random packets, and the right one.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { bindTo, Compiler } from "../compiler/compiler.ts";
import { type Backend, createRuntime, load } from "../compiler/run.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { dynptrFromModule, dynptrModule } from "../plugins/dynptr/mod.ts";
import { pick, randomNumbers } from "../plugins/test_memory.ts";
import { mlx5Module, vethModule, xdpMetadataModule } from "../plugins/xdp_metadata/mod.ts";
import { nativeUnavailable, testRun, type TestRunInput } from "../runtime/mod.ts";

const DEVICES = [
  { name: "veth0", driver: "veth", features: [] },
  { name: "mlx0", driver: "mlx5", features: [] },
  { name: "plain0", driver: "plain", features: [] },
] as const;

const modules = await Promise.all([
  dynptrModule(),
  dynptrFromModule(),
  xdpMetadataModule(),
  vethModule(),
  mlx5Module(),
]);
const unavailable = nativeUnavailable();
const BACKENDS: readonly Backend[] = unavailable === undefined ? ["interpret", "x86_64"] : ["interpret"];
if (unavailable !== undefined) console.log(`skipped: machine code (${unavailable})`);

/** What is left out of the passes: nothing, what decides branches, what inlines. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  pruned: [],
  inlined: ["branch-prune", "dce", "nop-remove"],
  called: ["kfunc-instantiate", "kfunc-inline"],
};

const compilers = Object.entries(VARIANTS).map(([variant, skip]) => ({
  variant,
  compiler: new Compiler({
    modules,
    trust: modules.map((module) => module.name),
    devices: DEVICES,
    skip,
  }),
}));

/** r0 of every variant on every back end, as one number if all agree. */
function run(program: Program, input: TestRunInput): bigint | Record<string, bigint> {
  const results: Record<string, bigint> = {};
  for (const { variant, compiler } of compilers) {
    const compiled = compiler.compile(program);
    for (const backend of BACKENDS) {
      using runtime = createRuntime(backend, { seed: 1n });
      const loaded = load(runtime, { compiler, compiled });
      results[`${variant} on ${backend}`] = testRun(loaded, input).r0;
    }
    compiled.release();
  }
  const [first] = Object.values(results);
  return Object.values(results).every((r0) => r0 === first) ? first : results;
}

function slice(
  how: { readonly type: string; readonly offset: number; readonly length: number; readonly buffer: boolean },
): Program {
  const { type, offset, length, buffer } = how;
  return parseText(`
type ${type}

func main:
    r2 = 0
    r3 = r10
    r3 += -16
    call kfunc bpf_dynptr_from_${type === "xdp" ? "xdp" : "skb"}
    r6 = 0
    r1 = r10
    r1 += -16
    call kfunc bpf_dynptr_size
    r6 = r0
    r6 <<= 16
    *(u64 *)(r10 -24) = 0
    *(u64 *)(r10 -32) = 0
    r1 = r10
    r1 += -16
    r2 = ${offset}
    r3 = ${buffer ? "r10" : "0"}
    ${buffer ? "r3 += -32" : "r5 = 0"}
    r4 = ${length}
    call kfunc bpf_dynptr_slice
    if r0 == 0 goto out
    r0 = *(u8 *)(r0 +${length - 1})
    r0 += 1
  out:
    r0 |= r6
    exit
`).programs[0];
}

Deno.test("slices of random packets, with and without buffer, in XDP, tc and socket filters", () => {
  const next = randomNumbers(7);
  for (let i = 0; i < 24; i++) {
    const type = pick(next, ["xdp", "sched_cls", "socket_filter"]);
    const data = Uint8Array.from({ length: 60 + next() % 60 }, () => next() & 0xff);
    const length = 1 + next() % 16;
    // Socket filters see the packet without its link layer header.
    const seen = type === "socket_filter" ? data.subarray(14) : data;
    const size = seen.length;
    const offset = pick(next, [0, size - length, size - length + 1, next() % 140]);
    const expected = offset + length <= size ? seen[offset + length - 1] + 1 : 0;
    const buffer = next() % 2 === 0;
    const r0 = run(slice({ type, offset, length, buffer }), { data });
    assertEquals(r0, BigInt(size) << 16n | BigInt(expected), `${type}, ${length} at ${offset} of ${size}`);
  }
});

/** Reads all metadata; r0 is what each call returned and what it gave, folded together. */
const METADATA_TEXT = `
type xdp

func main:
    r6 = r1
    *(u64 *)(r10 -8) = 0
    *(u64 *)(r10 -16) = 0
    *(u64 *)(r10 -24) = 0
    r2 = r10
    r2 += -8
    call kfunc bpf_xdp_metadata_rx_timestamp
    w7 = w0
    r1 = r6
    r2 = r10
    r2 += -16
    r3 = r10
    r3 += -12
    call kfunc bpf_xdp_metadata_rx_hash
    w0 *= 3
    w7 += w0
    r1 = r6
    r2 = r10
    r2 += -24
    r3 = r10
    r3 += -22
    call kfunc bpf_xdp_metadata_rx_vlan_tag
    w0 *= 5
    w7 += w0
    r1 = *(u64 *)(r10 -8)
    r7 += r1
    r1 = *(u64 *)(r10 -16)
    r7 ^= r1
    r1 = *(u32 *)(r10 -24)
    r1 <<= 7
    r7 += r1
    r0 = r7
    exit
`;

const ENODATA = 61n, EOPNOTSUPP = 95n;
const MASK32 = 0xffff_ffffn, MASK64 = 0xffff_ffff_ffff_ffffn;

interface Answer {
  readonly error: bigint;
  readonly value: bigint;
}

function folded(timestamp: Answer, hash: Answer, vlan: Answer): bigint {
  let sum = -timestamp.error & MASK32;
  sum = sum + (-hash.error & MASK32) * 3n & MASK32;
  sum = sum + (-vlan.error & MASK32) * 5n & MASK32;
  return ((sum + timestamp.value & MASK64) ^ hash.value) + (vlan.value << 7n) & MASK64;
}

Deno.test("metadata of random packets, by every driver", () => {
  const next = randomNumbers(11);
  for (let i = 0; i < 18; i++) {
    const device = DEVICES[i % DEVICES.length];
    const metadata = {
      timestamp: BigInt(next() % 1000) * 1_000_000_000n + BigInt(next() % 1_000_000_000),
      hash: next(),
      hashType: pick(next, [0x44, 0x88, 0xc4, 0x04, 0x00]),
      vlan: { proto: 0x8100, tci: next() & 0xffff },
    };
    const { driver } = device;
    const none = { error: EOPNOTSUPP, value: 0n };
    const typeOf: Record<number, bigint> = { 0x44: 0x19n, 0x88: 0x2an, 0xc4: 0x89n, 0x04: 0x01n, 0x00: 0n };
    const type = driver === "mlx5" ? typeOf[metadata.hashType] : metadata.hashType === 0 ? 0n : 8n;
    const known = driver !== "plain";
    const expected = folded(
      known ? { error: 0n, value: metadata.timestamp } : none,
      known ? { error: 0n, value: BigInt(metadata.hash) | type << 32n } : none,
      // Network order: 0x8100 reads as 0x0081.
      known ? { error: 0n, value: 0x81n | BigInt(metadata.vlan.tci) << 16n } : none,
    );
    const program = bindTo(parseText(METADATA_TEXT).programs[0], device.name);
    const input = { ...(known ? { device: { driver }, metadata } : {}), data: new Uint8Array(64) };
    assertEquals(run(program, input), expected, `case ${i} on ${device.name}`);
  }
  const bare = bindTo(parseText(METADATA_TEXT).programs[0], "veth0");
  const nothing = { error: ENODATA, value: 0n };
  assertEquals(run(bare, { device: { driver: "veth" } }), folded(nothing, nothing, nothing));
});

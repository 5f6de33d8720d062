import { assertEquals } from "@std/assert";
import { ModuleRegistry } from "../registry.ts";
import { bodyDifference } from "../testing.ts";
import { pick, randomNumbers, TestMemory } from "../test_memory.ts";
import { mlx5Module, vethModule, xdpMetadataModule } from "./mod.ts";

const registry = new ModuleRegistry();
for (const make of [xdpMetadataModule, vethModule, mlx5Module]) {
  registry.register(await make(), { trust: true });
}
registry.addDevice({ name: "veth0", driver: "veth", features: [] });
registry.addDevice({ name: "eth0", driver: "mlx5_core", features: [] });
registry.addDevice({ name: "lo", driver: "loopback", features: [] });

const KINDS = ["timestamp", "hash", "vlan_tag"] as const;

/** The results' places: pointers that the last arguments are, as large as the largest. */
function outputs(kind: typeof KINDS[number], memory: TestMemory): bigint[] {
  const count = kind === "timestamp" ? 1 : 2;
  return Array.from({ length: count }, (_, i) => memory.buffer(`output ${i}`, new Uint8Array(8).fill(0xee)));
}

function random64(next: () => number): bigint {
  return BigInt(next()) << 32n | BigInt(next());
}

function vethBuffer(next: () => number, memory: TestMemory): bigint {
  const shinfo = memory.struct("skb_shared_info", { "hwtstamps.hwtstamp": random64(next) });
  const skb = memory.struct("sk_buff", {
    shinfo,
    hash: next(),
    l4_hash: next() & 1,
    sw_hash: next() & 1,
    vlan_present: next() & 1,
    vlan_tci: next() & 0xffff,
    vlan_proto: pick(next, [0x0081, 0xa888]),
  });
  return memory.struct("veth_xdp_buff", { skb: next() % 5 === 0 ? 0n : skb });
}

function mlx5Buffer(next: () => number, memory: TestMemory): bigint {
  const dev = memory.struct("net_device", { features: random64(next) });
  const rxq = memory.struct("xdp_rxq_info", { dev });
  const tstamp = memory.struct("hwtstamp_config", { rx_filter: pick(next, [0, 1, 1, 1, 2]) });
  const last = random64(next);
  const clock = memory.struct("mlx5_clock", {
    cycle_last: last,
    nsec: random64(next),
    mask: pick(next, [0xffff_ffff_ffff_ffffn, 0x1ff_ffff_ffffn]),
    mult: next(),
    shift: next() % 32,
  });
  const rq = memory.struct("mlx5e_rq", { netdev: dev, tstamp, clock, real_time: next() & 1 });
  const stamp = pick(next, [last + 5n, last - 5n, random64(next)]);
  let swapped = 0n;
  for (let i = 0n; i < 8n; i++) swapped = swapped << 8n | (stamp >> 8n * i & 0xffn);
  const cqe = memory.struct("mlx5_cqe64", {
    timestamp: swapped,
    rss_hash_result: next(),
    rss_hash_type: next() & 0xff,
    l4_l3_hdr_type: next() & 0xff,
    vlan_info: next() & 0xffff,
  });
  return memory.struct("mlx5e_xdp_buff", { cqe, rq, "xdp.rxq": rxq });
}

const DRIVERS = {
  veth: { prefix: "veth_xdp_rx_", buffer: vethBuffer },
  mlx5: { prefix: "mlx5e_xdp_rx_", buffer: mlx5Buffer },
  stub: { prefix: "bpf_xdp_metadata_rx_", buffer: vethBuffer },
} as const;

for (const [driver, { prefix, buffer }] of Object.entries(DRIVERS)) {
  for (const kind of KINDS) {
    const name = prefix + kind;
    Deno.test(`${name}: reference, called and inlined body of ${driver} agree on random packets`, () => {
      const next = randomNumbers(name.length * 7);
      for (let i = 0; i < 150; i++) {
        const memory = new TestMemory();
        const ctx = buffer(next, memory);
        const why = bodyDifference(registry.kfunc(name)!, {
          args: [ctx, ...outputs(kind, memory)],
          regions: memory.regions,
        });
        assertEquals(why, undefined, `case ${i}`);
      }
    });
  }
}

Deno.test("every entry of mlx5's table of hash types comes out", () => {
  for (let type = 0; type < 256; type++) {
    const memory = new TestMemory();
    const dev = memory.struct("net_device", { features: 1n << 39n });
    const rxq = memory.struct("xdp_rxq_info", { dev });
    const cqe = memory.struct("mlx5_cqe64", { rss_hash_type: type });
    const ctx = memory.struct("mlx5e_xdp_buff", { cqe, "xdp.rxq": rxq });
    const args = [ctx, ...outputs("hash", memory)];
    assertEquals(
      bodyDifference(registry.kfunc("mlx5e_xdp_rx_hash")!, { args, regions: memory.regions }),
      undefined,
    );
  }
});

Deno.test("the body changes with the device, and without an answer it is the stub's", () => {
  const bodyFor = (device: string) => {
    const resolution = registry.resolve({ name: "bpf_xdp_metadata_rx_hash", btfId: 0, module: 0 }, {
      device,
    });
    return resolution.kind === "body" ? resolution.body.name : resolution.kind;
  };
  assertEquals(["veth0", "eth0", "lo"].map(bodyFor), [
    "veth_xdp_rx_hash",
    "mlx5e_xdp_rx_hash",
    "bpf_xdp_metadata_rx_hash",
  ]);
});

import { assertEquals } from "@std/assert";
import { issueProof } from "../abi/proof.ts";
import { parseText } from "../ir/parse_text.ts";
import type { Program } from "../ir/program.ts";
import { compileX86 } from "../passes/jit/x86_64/compile.ts";
import { ModuleRegistry } from "../plugins/registry.ts";
import { mlx5Module, vethModule, xdpMetadataModule } from "../plugins/xdp_metadata/mod.ts";
import { nativeUnavailable } from "./exec/libc.ts";
import type { RxMetadata } from "./device.ts";
import { Runtime } from "./runtime.ts";
import { testRun } from "./test_run.ts";

const unavailable = nativeUnavailable();
if (unavailable !== undefined) console.log(`skipped: native half of the device tests: ${unavailable}`);

const STUBS = ["bpf_xdp_metadata_rx_timestamp", "bpf_xdp_metadata_rx_hash", "bpf_xdp_metadata_rx_vlan_tag"];

/** Stores what the three functions give, and their results, at the start of the packet. */
const READER = `type xdp
map out type=array key=4 value=48 max=1
func main:
  r6 = r1
  r7 = map_value out+0 ll
  r2 = r7
  call kfunc bpf_xdp_metadata_rx_timestamp
  *(u32 *)(r7 +32) = r0
  r1 = r6
  r2 = r7
  r2 += 8
  r3 = r7
  r3 += 12
  call kfunc bpf_xdp_metadata_rx_hash
  *(u32 *)(r7 +36) = r0
  r1 = r6
  r2 = r7
  r2 += 16
  r3 = r7
  r3 += 18
  call kfunc bpf_xdp_metadata_rx_vlan_tag
  *(u32 *)(r7 +40) = r0
  r0 = 2
  exit`;

const MODULES = await Promise.all([xdpMetadataModule(), vethModule(), mlx5Module()]);

function read(driver: string, metadata: RxMetadata | undefined, native: boolean) {
  const registry = new ModuleRegistry();
  for (const module of MODULES) registry.register(module, { trust: true });
  registry.addDevice({ name: "dev", driver, features: [] });
  const functions = new Map<string, Program>();
  for (const name of STUBS) {
    const resolution = registry.resolve({ name, btfId: 0, module: 0 }, { device: "dev" });
    if (resolution.kind === "body") functions.set(name, resolution.body.code);
  }
  const [program] = parseText(READER).programs;
  using runtime = new Runtime(native ? { compile: compileX86 } : {});
  const loaded = runtime.load(program, { proof: issueProof(program), functions });
  testRun(loaded, { device: { driver }, metadata });
  const out = new DataView(loaded.maps[0].data.slice().buffer);
  return {
    timestamp: out.getBigUint64(0, true),
    hash: out.getUint32(8, true),
    vlan: [out.getUint16(16), out.getUint16(18, true)],
    results: [32, 36, 40].map((at) => out.getInt32(at, true)),
  };
}

const KNOWN: RxMetadata = {
  timestamp: 1_234_567_890_123n,
  hash: 0x89abcdef,
  hashType: 1 << 2 | 1 << 6,
  vlan: { proto: 0x8100, tci: 77 },
};

for (const driver of ["veth", "mlx5"]) {
  for (const native of unavailable === undefined ? [false, true] : [false]) {
    Deno.test(`bodies of ${driver} find what the card knows, ${native ? "natively" : "interpreted"}`, () => {
      assertEquals(read(driver, KNOWN, native), {
        timestamp: 1_234_567_890_123n,
        hash: 0x89abcdef,
        vlan: [0x8100, 77],
        results: [0, 0, 0],
      });
      assertEquals(read(driver, undefined, native).results, [-61, -61, -61]);
    });
  }
}

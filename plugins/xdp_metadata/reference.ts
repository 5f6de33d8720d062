/**
 * The XDP metadata functions in TypeScript, as the drivers have them: what the bodies are compared with on random input.
 *
 * @module
 */
import { fieldOf } from "../../abi/layouts.ts";
import type { KfuncReference, ReferenceCall } from "../module.ts";

const ENODATA = 61n, EOPNOTSUPP = 95n;
const MASK16 = 0xffffn, MASK32 = 0xffff_ffffn, MASK64 = 0xffff_ffff_ffff_ffffn;

/** An `int` as r0 holds it: zero-extended. */
function error(errno: bigint): bigint {
  return -errno & MASK32;
}

/** Follows a path of fields from a structure: `["veth_xdp_buff", "skb"]`. */
function field(call: ReferenceCall, at: readonly [address: bigint, structure: string, path: string]): bigint {
  const [address, structure, path] = at;
  const { offset, size } = fieldOf(structure, path);
  return call.read(address + BigInt(offset), size);
}

function swapped(value: bigint, bytes: number): bigint {
  let out = 0n;
  for (let i = 0; i < bytes; i++) out = out << 8n | (value >> BigInt(8 * i) & 0xffn);
  return out;
}

function unsupported(): bigint {
  return error(EOPNOTSUPP);
}

/** The kernel's stubs. */
export const CORE_REFERENCES: Readonly<Record<string, KfuncReference>> = {
  bpf_xdp_metadata_rx_timestamp: unsupported,
  bpf_xdp_metadata_rx_hash: unsupported,
  bpf_xdp_metadata_rx_vlan_tag: unsupported,
};

function vethTimestamp(call: ReferenceCall): bigint {
  const skb = field(call, [call.args[0], "veth_xdp_buff", "skb"]);
  if (skb === 0n) return error(ENODATA);
  const shared = field(call, [skb, "sk_buff", "shinfo"]);
  call.write(call.args[1], 8, field(call, [shared, "skb_shared_info", "hwtstamps.hwtstamp"]));
  return 0n;
}

function vethHash(call: ReferenceCall): bigint {
  const skb = field(call, [call.args[0], "veth_xdp_buff", "skb"]);
  if (skb === 0n) return error(ENODATA);
  const known = field(call, [skb, "sk_buff", "l4_hash"]) !== 0n ||
    field(call, [skb, "sk_buff", "sw_hash"]) !== 0n;
  if (!known) return error(ENODATA);
  call.write(call.args[1], 4, field(call, [skb, "sk_buff", "hash"]));
  call.write(call.args[2], 4, field(call, [skb, "sk_buff", "l4_hash"]) !== 0n ? 8n : 0n);
  return 0n;
}

function vethVlan(call: ReferenceCall): bigint {
  const skb = field(call, [call.args[0], "veth_xdp_buff", "skb"]);
  if (skb === 0n) return error(ENODATA);
  if (field(call, [skb, "sk_buff", "vlan_present"]) === 0n) {
    call.write(call.args[2], 2, 0n);
    return error(ENODATA);
  }
  call.write(call.args[2], 2, field(call, [skb, "sk_buff", "vlan_tci"]));
  call.write(call.args[1], 2, field(call, [skb, "sk_buff", "vlan_proto"]));
  return 0n;
}

/** veth's functions. */
export const VETH_REFERENCES: Readonly<Record<string, KfuncReference>> = {
  veth_xdp_rx_timestamp: vethTimestamp,
  veth_xdp_rx_hash: vethHash,
  veth_xdp_rx_vlan_tag: vethVlan,
};

const NETIF_F_RXHASH = 1n << 39n;
const HWTSTAMP_FILTER_ALL = 1n;

function mlx5Timestamp(call: ReferenceCall): bigint {
  const rq = field(call, [call.args[0], "mlx5e_xdp_buff", "rq"]);
  const config = field(call, [rq, "mlx5e_rq", "tstamp"]);
  if (field(call, [config, "hwtstamp_config", "rx_filter"]) !== HWTSTAMP_FILTER_ALL) return error(ENODATA);
  const cqe = field(call, [call.args[0], "mlx5e_xdp_buff", "cqe"]);
  const stamp = swapped(field(call, [cqe, "mlx5_cqe64", "timestamp"]), 8);
  let result: bigint;
  if (field(call, [rq, "mlx5e_rq", "real_time"]) !== 0n) {
    result = (stamp >> 32n) * 1_000_000_000n + (stamp & MASK32);
  } else {
    const clock = field(call, [rq, "mlx5e_rq", "clock"]);
    const of = (name: string) => field(call, [clock, "mlx5_clock", name]);
    const ns = (cycles: bigint) => (cycles * of("mult") & MASK64) >> (of("shift") & 63n);
    const mask = of("mask"), last = of("cycle_last");
    const ahead = stamp - last & mask;
    result = ahead <= mask / 2n ? of("nsec") + ns(ahead) : of("nsec") - ns(last - stamp & mask);
  }
  call.write(call.args[1], 8, result & MASK64);
  return 0n;
}

/** The driver's table: `CQE_RSS_HTYPE_IP` (bits 2 and 3) and `CQE_RSS_HTYPE_L4` (bits 6 and 7) to `enum xdp_rss_hash_type`. */
const RSS_TYPES: Readonly<Record<string, bigint>> = {
  "1 0": 0x01n,
  "1 1": 0x19n,
  "1 2": 0x29n,
  "1 3": 0x89n,
  "2 0": 0x02n,
  "2 1": 0x1an,
  "2 2": 0x2an,
  "2 3": 0x8an,
};

function mlx5Hash(call: ReferenceCall): bigint {
  const rxq = field(call, [call.args[0], "mlx5e_xdp_buff", "xdp.rxq"]);
  const device = field(call, [rxq, "xdp_rxq_info", "dev"]);
  if ((field(call, [device, "net_device", "features"]) & NETIF_F_RXHASH) === 0n) return error(ENODATA);
  const cqe = field(call, [call.args[0], "mlx5e_xdp_buff", "cqe"]);
  call.write(call.args[1], 4, swapped(field(call, [cqe, "mlx5_cqe64", "rss_hash_result"]), 4));
  const type = field(call, [cqe, "mlx5_cqe64", "rss_hash_type"]);
  call.write(call.args[2], 4, RSS_TYPES[`${type >> 2n & 3n} ${type >> 6n & 3n}`] ?? 0n);
  return 0n;
}

function mlx5Vlan(call: ReferenceCall): bigint {
  const cqe = field(call, [call.args[0], "mlx5e_xdp_buff", "cqe"]);
  if ((field(call, [cqe, "mlx5_cqe64", "l4_l3_hdr_type"]) & 1n) === 0n) return error(ENODATA);
  call.write(call.args[1], 2, swapped(0x8100n, 2));
  call.write(call.args[2], 2, swapped(field(call, [cqe, "mlx5_cqe64", "vlan_info"]), 2) & MASK16);
  return 0n;
}

/** mlx5's functions. */
export const MLX5_REFERENCES: Readonly<Record<string, KfuncReference>> = {
  mlx5e_xdp_rx_timestamp: mlx5Timestamp,
  mlx5e_xdp_rx_hash: mlx5Hash,
  mlx5e_xdp_rx_vlan_tag: mlx5Vlan,
};

/**
 * What stands around a packet in a network driver: the structures that driver bodies of XDP metadata kfuncs read.
 *
 * The shapes are those of two drivers: veth, whose packets carry a socket buffer, and mlx5, whose packets carry a completion queue
 * entry. Both begin with the `xdp_buff` that a program is handed.
 *
 * @module
 */
import { layoutOf } from "../abi/layouts.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import type { AddressSpace } from "./memory.ts";
import { allocateStruct, StructView } from "./struct_view.ts";

/** What the network card knows about the packet; what is left out it does not know. */
export interface RxMetadata {
  /** Nanoseconds, 64 bits. */
  readonly timestamp?: bigint;
  /** 32 bits. */
  readonly hash?: number;
  /** What the hash covers, in the driver's own terms: mlx5 the completion's 8-bit type, veth whether layer 4 is in it. */
  readonly hashType?: number;
  /** The tag that was stripped: protocol (0x8100, 0x88a8) and tag control information, host order. */
  readonly vlan?: { readonly proto: number; readonly tci: number };
}

/** `1 << NETIF_F_RXHASH_BIT` of 6.18. */
const NETIF_F_RXHASH = 1n << 39n;
/** `HWTSTAMP_FILTER_ALL`. */
const HWTSTAMP_FILTER_ALL = 1;
/** In `l4_l3_hdr_type` of a completion: a tag was stripped. */
const CQE_HAS_VLAN = 1;

/** The structures around one `xdp_buff`, made once and filled before each run. */
export interface DriverBuffer {
  /** The `xdp_buff`: the driver's structure begins with it. */
  readonly xdp: StructView;
  /** Writes what the card knows. */
  describe(device: StructView, rxq: StructView, metadata: RxMetadata | undefined): void;
}

/** Drivers whose packets the runtime can make. Without a driver a packet has nothing around it. */
export type DriverName = "veth" | "mlx5";

/** Makes a packet's structure for a driver. @throws {UnsupportedError} If the runtime does not know the driver. */
export function driverBuffer(space: AddressSpace, driver: string | undefined): DriverBuffer {
  switch (driver) {
    case undefined:
      return { xdp: allocateStruct(space, "xdp_buff"), describe: () => {} };
    case "veth":
      return vethBuffer(space);
    case "mlx5":
    case "mlx5_core":
      return mlx5Buffer(space);
    default:
      throw new UnsupportedError(`packets of driver ${driver}`);
  }
}

function vethBuffer(space: AddressSpace): DriverBuffer {
  const block = space.allocate(layoutOf("veth_xdp_buff").size, { name: "veth_xdp_buff" });
  const buffer = new StructView("veth_xdp_buff", block);
  const skb = allocateStruct(space, "sk_buff", { name: "sk_buff of veth" });
  const shinfo = allocateStruct(space, "skb_shared_info", { name: "skb_shared_info of veth" });
  return {
    xdp: new StructView("xdp_buff", block),
    describe(device, _rxq, metadata) {
      buffer.set("skb", metadata === undefined ? 0 : skb.address);
      shinfo.set("hwtstamps.hwtstamp", metadata?.timestamp ?? 0n);
      skb.assign({
        dev: device.address,
        shinfo: shinfo.address,
        hash: metadata?.hash ?? 0,
        sw_hash: metadata?.hash === undefined ? 0 : 1,
        l4_hash: metadata?.hashType === undefined || metadata.hashType === 0 ? 0 : 1,
        vlan_present: metadata?.vlan === undefined ? 0 : 1,
        vlan_proto: networkOrder16(metadata?.vlan?.proto ?? 0),
        vlan_tci: metadata?.vlan?.tci ?? 0,
      });
    },
  };
}

function mlx5Buffer(space: AddressSpace): DriverBuffer {
  const block = space.allocate(layoutOf("mlx5e_xdp_buff").size, { name: "mlx5e_xdp_buff" });
  const buffer = new StructView("mlx5e_xdp_buff", block);
  const cqe = allocateStruct(space, "mlx5_cqe64");
  const rq = allocateStruct(space, "mlx5e_rq");
  const stamping = allocateStruct(space, "hwtstamp_config");
  const clock = allocateStruct(space, "mlx5_clock");
  return {
    xdp: new StructView("xdp_buff", block),
    describe(device, _rxq, metadata) {
      buffer.assign({ cqe: cqe.address, rq: rq.address });
      rq.assign({ netdev: device.address, tstamp: stamping.address, clock: clock.address, real_time: 1 });
      stamping.set("rx_filter", metadata?.timestamp === undefined ? 0 : HWTSTAMP_FILTER_ALL);
      device.set("features", metadata?.hash === undefined ? 0n : NETIF_F_RXHASH);
      // The card counts seconds in the upper half and nanoseconds in the lower one.
      const timestamp = metadata?.timestamp ?? 0n;
      cqe.assign({
        timestamp: networkOrder64((timestamp / 1_000_000_000n << 32n) | timestamp % 1_000_000_000n),
        rss_hash_result: networkOrder32(metadata?.hash ?? 0),
        rss_hash_type: metadata?.hashType ?? 0,
        l4_l3_hdr_type: metadata?.vlan === undefined ? 0 : CQE_HAS_VLAN,
        vlan_info: networkOrder16(metadata?.vlan?.tci ?? 0),
      });
    },
  };
}

/** A 16-bit number as memory in network order holds it. */
export function networkOrder16(value: number): number {
  return (value & 0xff) << 8 | value >> 8 & 0xff;
}

function networkOrder32(value: number): number {
  return (networkOrder16(value & 0xffff) << 16 | networkOrder16(value >>> 16)) >>> 0;
}

function networkOrder64(value: bigint): bigint {
  const low = BigInt(networkOrder32(Number(value & 0xffff_ffffn)));
  return low << 32n | BigInt(networkOrder32(Number(value >> 32n & 0xffff_ffffn)));
}

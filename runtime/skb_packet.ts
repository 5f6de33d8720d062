/**
 * A socket buffer as the kernel's test runs make it: an Ethernet frame received on the loopback device, its header pulled for types
 * that work on layer 3.
 *
 * @module
 */
import { layoutOf } from "../abi/layouts.ts";
import type { AddressSpace, Block } from "./memory.ts";
import { networkOrder16 } from "./device.ts";
import type { Packet, PacketInput, PacketOutput } from "./packet.ts";
import { EINVAL, RunError } from "./run_error.ts";
import { allocateStruct, StructView } from "./struct_view.ts";

/** `NET_SKB_PAD + NET_IP_ALIGN` on x86-64, `PAGE_SIZE`, room for `struct skb_shared_info`; in bytes. */
const HEADROOM = 64, PAGE = 4096, SHARED_INFO = 320;
/** Programs may grow the packet up to this (`BPF_SKB_MAX_LEN`). */
const LARGEST = 16064;
const ETH_HLEN = 14;
const ETH_P_802_3_MIN = 0x600, ETH_P_802_3 = 1, ETH_P_802_2 = 4, ETH_P_IP = 0x800, ETH_P_IPV6 = 0x86dd;
const AF_INET = 2, AF_INET6 = 10;
/** `struct __sk_buff`. */
const CONTEXT_SIZE = 192;
const GSO_LEGACY_MAX_SIZE = 65536, GSO_MAX_SEGS = 65535;
const UNSET = 0xffff;
const TCP_CLOSE = 7;

/** Fields of `__sk_buff` that a run may be given: offset, size, and where they go. */
const SETTABLE: readonly (readonly [offset: number, size: 4 | 8, field: string])[] = [
  [8, 4, "mark"],
  [32, 4, "priority"],
  [36, 4, "ingress_ifindex"],
  [40, 4, "ifindex"],
  [48, 4, "cb"],
  [52, 4, "cb"],
  [56, 4, "cb"],
  [60, 4, "cb"],
  [64, 4, "cb"],
  [152, 8, "tstamp"],
  [160, 4, "wire_len"],
  [164, 4, "gso_segs"],
  [176, 4, "gso_size"],
  [184, 8, "hwtstamp"],
];

/** The memory of one packet, filled anew for every run. */
export class SkbPacket implements Packet {
  readonly address: number;
  readonly layout = "__sk_buff";
  readonly structure: StructView;
  readonly #control: StructView;
  readonly #head: Block;
  readonly #shared: StructView;
  readonly #device: StructView;
  readonly #sock: StructView;
  /** Programs see the Ethernet header. */
  readonly #layer2: boolean;
  #withContext = false;

  /** @param type The program type in lower case. */
  constructor(space: AddressSpace, type: string) {
    this.#layer2 = type === "sched_cls" || type === "sched_act";
    const block = space.allocate(layoutOf("sk_buff").size, { name: "sk_buff" });
    this.structure = new StructView("sk_buff", block);
    this.#control = new StructView("bpf_skb_data_end", block, this.structure.addressOf("cb") - block.address);
    this.address = this.structure.address;
    this.#head = space.allocate(HEADROOM + LARGEST + ETH_HLEN, { name: "packet" });
    this.#shared = allocateStruct(space, "skb_shared_info");
    this.#device = allocateStruct(space, "net_device");
    this.#sock = allocateStruct(space, "sock");
  }

  prepare({ data, ctx }: PacketInput): void {
    if (data.length < ETH_HLEN || data.length > PAGE - HEADROOM - SHARED_INFO) {
      refuse(`packet of ${data.length} bytes`);
    }
    this.#head.bytes.fill(0);
    this.#head.bytes.set(data, HEADROOM);
    this.structure.bytes("cb").fill(0);
    this.#sock.bytes("__sk_common").fill(0);
    this.#sock.assign({ "__sk_common.skc_state": TCP_CLOSE, sk_rx_queue_mapping: -1 });
    for (const { name, size } of layoutOf("sk_buff").fields) if (size <= 8) this.structure.set(name, 0);

    const protocol = etherType(data);
    this.structure.assign({
      dev: this.#device.address,
      sk: this.#sock.address,
      head: this.#head.address,
      shinfo: this.#shared.address,
      data: this.#head.address + HEADROOM + ETH_HLEN,
      len: data.length - ETH_HLEN,
      tail: HEADROOM + data.length,
      end: this.#head.bytes.length,
      mac_header: HEADROOM,
      network_header: HEADROOM + ETH_HLEN,
      transport_header: UNSET,
      protocol: networkOrder16(protocol),
      pkt_type: packetType(data),
    });
    this.#describeSocket(protocol, data.subarray(ETH_HLEN));
    if (this.#layer2) this.#push();
    this.#control.assign({
      data_meta: this.structure.get("data"),
      data_end: this.structure.get("data") + this.structure.get("len"),
    });
    this.#readContext(ctx);
  }

  result(): PacketOutput {
    const end = this.structure.get("data") - this.#head.address + this.structure.get("len");
    if (!this.#layer2) {
      this.#push();
      const header = this.structure.get("data") - this.#head.address;
      this.#head.bytes.fill(0, header, header + ETH_HLEN);
    }
    const dataOut = this.#head.bytes.slice(this.structure.get("data") - this.#head.address, end);
    if (!this.#withContext) return { dataOut };
    return { dataOut, ctxOut: this.#writeContext() };
  }

  load(offset: number, size: 1 | 2 | 4): bigint | undefined {
    let at = this.structure.get("data") - this.#head.address;
    if (offset >= 0) at += offset;
    else if (offset >= -0x100000) at = this.structure.get("network_header") + offset + 0x100000;
    else if (offset >= -0x200000) at = this.structure.get("mac_header") + offset + 0x200000;
    else return undefined;
    if (at < 0 || at + size > this.structure.get("tail")) return undefined;
    let value = 0n;
    for (let i = 0; i < size; i++) value = value << 8n | BigInt(this.#head.bytes[at + i]);
    return value;
  }

  /** Puts the Ethernet header back in front. */
  #push(): void {
    this.structure.set("data", this.structure.get("data") - ETH_HLEN);
    this.structure.set("len", this.structure.get("len") + ETH_HLEN);
  }

  #describeSocket(protocol: number, packet: Uint8Array): void {
    const common = (values: Record<string, number>) => {
      for (const [name, value] of Object.entries(values)) this.#sock.set(`__sk_common.${name}`, value);
    };
    const bytes = this.#sock.bytes("__sk_common");
    const offsetOf = (name: string) => this.#sock.addressOf(`__sk_common.${name}`) - this.#sock.address;
    if (protocol === ETH_P_IP) {
      if (packet.length < 20) refuse("IPv4 packet");
      common({ skc_family: AF_INET });
      bytes.set(packet.subarray(12, 16), offsetOf("skc_rcv_saddr"));
      bytes.set(packet.subarray(16, 20), offsetOf("skc_daddr"));
    } else if (protocol === ETH_P_IPV6) {
      if (packet.length < 40) refuse("IPv6 packet");
      common({ skc_family: AF_INET6 });
      bytes.set(packet.subarray(8, 24), offsetOf("skc_v6_rcv_saddr"));
      bytes.set(packet.subarray(24, 40), offsetOf("skc_v6_daddr"));
    }
  }

  #readContext(ctx: Uint8Array | undefined): void {
    const view = new DataView(new ArrayBuffer(CONTEXT_SIZE));
    this.#withContext = ctx !== undefined;
    if (ctx !== undefined) {
      if (ctx.subarray(CONTEXT_SIZE).some((byte) => byte !== 0)) refuse("bytes behind the context");
      new Uint8Array(view.buffer).set(ctx.subarray(0, CONTEXT_SIZE));
      for (let i = 0; i < CONTEXT_SIZE; i++) {
        if (view.getUint8(i) !== 0 && !SETTABLE.some(([at, size]) => i >= at && i < at + size)) {
          refuse(`context: byte ${i} must be 0`);
        }
      }
    }
    const word = (offset: number) => view.getUint32(offset, true);
    const length = this.structure.get("len");
    const wire = word(160);
    if (wire !== 0 && (wire < length || wire > GSO_LEGACY_MAX_SIZE)) refuse("wire_len");
    if (word(164) > GSO_MAX_SEGS) refuse("gso_segs");
    this.structure.assign({
      mark: word(8),
      priority: word(32),
      skb_iif: word(36),
      tstamp: view.getBigUint64(152, true),
    });
    // Devices beyond the loopback device exist in name only.
    this.#device.assign({ ifindex: Math.max(1, word(40)), mtu: 65536 });
    this.#control.bytes("qdisc_cb.data").set(new Uint8Array(view.buffer, 48, 20));
    // Without a context the kernel leaves the length on the wire at 0.
    this.#control.set("qdisc_cb.pkt_len", ctx === undefined ? 0 : wire === 0 ? length : wire);
    this.#shared.assign({
      gso_segs: word(164),
      gso_size: word(176),
      "hwtstamps.hwtstamp": view.getBigUint64(184, true),
    });
  }

  #writeContext(): Uint8Array {
    const view = new DataView(new ArrayBuffer(CONTEXT_SIZE));
    view.setUint32(8, this.structure.get("mark"), true);
    view.setUint32(32, this.structure.get("priority"), true);
    view.setUint32(36, this.structure.get("skb_iif"), true);
    view.setUint32(40, this.#device.get("ifindex"), true);
    new Uint8Array(view.buffer).set(this.#control.bytes("qdisc_cb.data"), 48);
    view.setBigUint64(152, this.structure.get64("tstamp"), true);
    view.setUint32(160, this.#control.get("qdisc_cb.pkt_len"), true);
    view.setUint32(164, this.#shared.get("gso_segs"), true);
    view.setUint32(176, this.#shared.get("gso_size"), true);
    view.setBigUint64(184, this.#shared.get64("hwtstamps.hwtstamp"), true);
    return new Uint8Array(view.buffer);
  }
}

/** What `eth_type_trans` finds: the protocol in host order. */
function etherType(data: Uint8Array): number {
  const type = data[12] << 8 | data[13];
  if (type >= ETH_P_802_3_MIN) return type;
  return data.length >= 16 && data[14] === 0xff && data[15] === 0xff ? ETH_P_802_3 : ETH_P_802_2;
}

/** Host 0, multicast 2, other host 3. The loopback device's address and broadcast address are all zeros, so nothing is broadcast. */
function packetType(data: Uint8Array): number {
  const to = data.subarray(0, 6);
  if (to.every((byte) => byte === 0)) return 0;
  return (to[0] & 1) === 0 ? 3 : 2;
}

function refuse(what: string): never {
  throw new RunError(`Cannot run on this input: invalid ${what}`, EINVAL);
}

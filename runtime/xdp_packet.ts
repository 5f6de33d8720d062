/**
 * An XDP packet as the kernel's test runs make it: one page with headroom and tailroom, and the `xdp_buff` that describes it.
 *
 * @module
 */
import { UnsupportedError } from "../ir/diagnostic.ts";
import { type DriverBuffer, driverBuffer } from "./device.ts";
import type { AddressSpace, Block } from "./memory.ts";
import type { Packet, PacketInput, PacketOutput } from "./packet.ts";
import { EINVAL, RunError } from "./run_error.ts";
import { allocateStruct, type StructView } from "./struct_view.ts";

/** `PAGE_SIZE`, `XDP_PACKET_HEADROOM`, room for `struct skb_shared_info`, size of `struct xdp_frame`; all in bytes. */
const PAGE = 4096, HEADROOM = 256, TAILROOM = 320, XDP_FRAME = 40;
const ETH_HLEN = 14;
const META_MAX = 255;
/** `struct xdp_md`. */
const CONTEXT_SIZE = 24;

/** The memory of one packet, filled anew for every run. */
export class XdpPacket implements Packet {
  readonly address: number;
  readonly layout = "xdp_md";
  readonly structure: StructView;
  readonly #page: Block;
  readonly #driver: DriverBuffer;
  readonly #rxq: StructView;
  readonly #device: StructView;
  readonly #otherDevice: StructView;
  #withContext: DataView | undefined;

  /** @param driver Whose structure the `xdp_buff` lies in. @throws {UnsupportedError} If the runtime does not know it. */
  constructor(space: AddressSpace, driver: string | undefined) {
    this.#driver = driverBuffer(space, driver);
    this.structure = this.#driver.xdp;
    this.address = this.structure.address;
    this.#page = space.allocate(PAGE, { name: "packet" });
    this.#rxq = allocateStruct(space, "xdp_rxq_info");
    this.#device = allocateStruct(space, "net_device");
    this.#otherDevice = allocateStruct(space, "net_device", { name: "net_device of transmission" });
    const txq = allocateStruct(space, "xdp_txq_info");
    txq.set("dev", this.#otherDevice.address);
    this.structure.set("txq", txq.address);
  }

  prepare(input: PacketInput): void {
    const { data, ctx } = input;
    let meta = 0, ifindex = 1, queue = 0;
    this.#withContext = undefined;
    if (ctx !== undefined) {
      const view = contextView(ctx);
      const word = (offset: number) => view.getUint32(offset, true);
      meta = word(0);
      if (word(8) !== 0 || word(4) > data.length || meta > word(4)) refuse("data pointers of the context");
      if (meta % 4 !== 0 || meta > META_MAX || meta > HEADROOM - XDP_FRAME) refuse("metadata's length");
      if (word(4) < data.length) throw new UnsupportedError("XDP packets in several buffers");
      if (word(20) !== 0) refuse("egress_ifindex");
      if (word(12) === 0 && word(16) !== 0) refuse("rx_queue_index without ingress_ifindex");
      if (word(12) !== 0) ifindex = word(12);
      queue = word(16);
      this.#withContext = view;
    }
    if (data.length - meta < ETH_HLEN) refuse(`packet of ${data.length - meta} bytes`);
    const headroom = HEADROOM - meta;
    if (data.length > PAGE - headroom - TAILROOM) {
      throw new UnsupportedError("XDP packets in several buffers");
    }
    this.#page.bytes.fill(0);
    this.#page.bytes.set(data, headroom);
    const start = this.#page.address + headroom;
    this.structure.assign({
      data: start + meta,
      data_end: start + data.length,
      data_meta: start,
      data_hard_start: this.#page.address,
      rxq: this.#rxq.address,
      frame_sz: PAGE,
      flags: 0,
    });
    this.#rxq.assign({ dev: this.#device.address, queue_index: queue, frag_size: PAGE });
    this.#device.assign({ ifindex, real_num_rx_queues: 1, mtu: 65536 });
    this.#driver.describe(this.#device, this.#rxq, input.metadata);
  }

  result(): PacketOutput {
    const meta = this.structure.get("data_meta"), data = this.structure.get("data");
    const end = this.structure.get("data_end");
    const dataOut = this.#page.bytes.slice(meta - this.#page.address, end - this.#page.address);
    const before = this.#withContext;
    if (before === undefined) return { dataOut };
    const ctxOut = new Uint8Array(before.byteLength);
    ctxOut.set(new Uint8Array(before.buffer, before.byteOffset, before.byteLength));
    const out = new DataView(ctxOut.buffer);
    out.setUint32(0, data - meta, true);
    out.setUint32(4, end - meta, true);
    return { dataOut, ctxOut };
  }
}

function contextView(ctx: Uint8Array): DataView {
  const bytes = new Uint8Array(CONTEXT_SIZE);
  if (ctx.subarray(CONTEXT_SIZE).some((byte) => byte !== 0)) refuse("bytes behind the context");
  bytes.set(ctx.subarray(0, CONTEXT_SIZE));
  return new DataView(bytes.buffer);
}

function refuse(what: string): never {
  throw new RunError(`Cannot run on this input: invalid ${what}`, EINVAL);
}

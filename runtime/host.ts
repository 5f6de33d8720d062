/**
 * The host of a run: what helpers see of the world around the program, whichever engine runs it.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import { layoutOf } from "../abi/layouts.ts";
import type { RuntimeMap } from "./maps.ts";
import type { AddressSpace, Block } from "./memory.ts";
import { Objects } from "./objects.ts";
import type { Packet } from "./packet.ts";
import { StructView } from "./struct_view.ts";

/** Something a program sent to user space. */
export interface SentEvent {
  /** The perf event array or ring buffer. */
  readonly map: RuntimeMap;
  /** The record, copied. */
  readonly data: Uint8Array;
}

/** State of all runs of one runtime. */
export class Host {
  readonly space: AddressSpace;
  /** `struct inlay_state`. */
  readonly state: StructView;
  /** `struct inlay_control`. */
  readonly control: StructView;
  /** What the program printed, newest last. */
  readonly printed: string[] = [];
  /** What the program sent, newest last. */
  readonly events: SentEvent[] = [];
  /** The packet of the run under way. */
  packet: Packet | undefined;
  /** Type of the program under way, in lower case. */
  programType = "";
  /** The types of the program under way. */
  types: Btf | undefined;
  /** What programs allocated. */
  readonly objects: Objects;
  readonly #maps = new Map<bigint, RuntimeMap>();
  readonly #ofSockets: RuntimeMap[] = [];
  readonly #reserved = new Map<bigint, { map: RuntimeMap; block: Block; size: number }>();
  readonly #borrowed = new Map<bigint, Block>();
  readonly #spare = new Map<number, Block[]>();

  /** @param seed Of the random numbers that programs get; any 64 bits but 0. */
  constructor(space: AddressSpace, seed: bigint) {
    this.space = space;
    this.objects = new Objects(space);
    this.control = new StructView(
      "inlay_control",
      space.allocate(layoutOf("inlay_control").size, { name: "control block" }),
    );
    this.state = new StructView(
      "inlay_state",
      space.allocate(layoutOf("inlay_state").size, { name: "state of the run" }),
    );
    this.state.assign({ random: seed === 0n ? 1n : seed, hash_seed: seed & 0xffff_ffffn });
  }

  /** Makes maps known by address. */
  addMaps(maps: readonly RuntimeMap[]): void {
    for (const map of maps) {
      this.#maps.set(BigInt(map.address), map);
      if (map.ofSockets) this.#ofSockets.push(map);
    }
  }

  /** The map at an address, or undefined. */
  mapAt(address: bigint): RuntimeMap | undefined {
    return this.#maps.get(address);
  }

  /** Where the program redirected its packet in the last run, if it did. */
  get redirect(): { readonly target: number; readonly map: RuntimeMap | undefined } | undefined {
    if (this.state.get("redirected") === 0) return undefined;
    return { target: this.state.get("redirect_target"), map: this.mapAt(this.state.get64("redirect_map")) };
  }

  /** Takes memory for a record of a ring buffer; its address. */
  reserve(map: RuntimeMap, size: number): bigint {
    const block = this.#take(size, "ring buffer record");
    const address = BigInt(block.address);
    this.#reserved.set(address, { map, block, size });
    return address;
  }

  /** Ends a reservation: sends it, or drops it. */
  release(address: bigint, options: { send: boolean }): void {
    const reserved = this.#reserved.get(address);
    if (reserved === undefined) return;
    this.#reserved.delete(address);
    const { map, block, size } = reserved;
    if (options.send) this.events.push({ map, data: block.bytes.slice(0, size) });
    this.#keep(block);
  }

  /** Zeroed memory for a helper, until it is given back by its address. */
  borrow(size: number, name: string): Block {
    const block = this.#take(size, name);
    this.#borrowed.set(BigInt(block.address), block);
    return block;
  }

  /** Takes back what {@linkcode borrow} gave; nothing happens for other addresses. */
  giveBack(address: bigint): void {
    const block = this.#borrowed.get(address);
    if (block === undefined) return;
    this.#borrowed.delete(address);
    this.#keep(block);
  }

  #take(size: number, name: string): Block {
    const rounded = 2 ** Math.ceil(Math.log2(Math.max(size, 16)));
    const block = this.#spare.get(rounded)?.pop() ?? this.space.allocate(rounded, { name });
    block.bytes.fill(0);
    return block;
  }

  #keep(block: Block): void {
    const spare = this.#spare.get(block.bytes.length);
    if (spare === undefined) this.#spare.set(block.bytes.length, [block]);
    else spare.push(block);
  }

  /** Forgets what earlier runs printed, sent and redirected. */
  startRun(packet: Packet | undefined, programType: string): void {
    this.packet = packet;
    this.programType = programType;
    for (const map of this.#ofSockets) map.forgetSockets();
    this.printed.length = 0;
    this.events.length = 0;
    this.state.assign({ redirected: 0, redirect_map: 0, redirect_target: 0, redirect_flags: 0 });
    this.control.assign({ abort: 0, tail_calls: 0, tail_called: 0 });
  }

  /** The address of a variable that bodies name, or undefined. */
  variable(name: string): number | undefined {
    if (name === "inlay_state") return this.state.address;
    if (name === "inlay_control") return this.control.address;
    return undefined;
  }

  /** The bytes of the packet that a program sees, from `data`; empty without a packet. */
  packetBytes(length: number): Uint8Array | undefined {
    const structure = this.packet?.structure;
    if (structure === undefined) return undefined;
    const available = this.packet!.layout === "xdp_md"
      ? structure.get("data_end") - structure.get("data")
      : structure.get("len");
    if (length > available) return undefined;
    return this.space.at(structure.get64("data"), length);
  }
}

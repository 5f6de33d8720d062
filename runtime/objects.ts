/**
 * Objects that programs allocate (`bpf_obj_new`): their memory, how many hold them, and what is given back with the last hold: what
 * their own lists, trees and pointers held.
 *
 * How lists and trees are linked is the business of `native/objects.bpf.c`; both agree on where the next node's address lies.
 *
 * @module
 */
import type { Btf } from "../ir/btf/btf.ts";
import type { AddressSpace, Block } from "./memory.ts";

interface LiveObject {
  readonly block: Block;
  readonly size: number;
  readonly types: Btf;
  readonly typeId: number;
  /** Those who hold it; one, where its type counts no references. */
  holders: number;
}

/** A field that holds other objects. */
interface Holder {
  readonly kind: "list" | "tree" | "pointer";
  readonly offset: number;
}

/** Offsets of the first two words of heads, nodes and branches. */
const FIRST = 0, SECOND = 8;

/** See the module's header. */
export class Objects {
  readonly #space: AddressSpace;
  readonly #live = new Map<bigint, LiveObject>();
  readonly #spare = new Map<number, Block[]>();
  readonly #holders = new WeakMap<Btf, Map<number, readonly Holder[]>>();

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /** Objects that somebody holds. */
  get count(): number {
    return this.#live.size;
  }

  /** A zeroed object of a structure of the program's types, held once: its address. */
  create(types: Btf, typeId: number): bigint {
    const size = types.sizeOf(typeId), room = Math.ceil(size / 16) * 16;
    const block = this.#spare.get(room)?.pop() ?? this.#space.allocate(room, { name: "allocated object" });
    block.bytes.fill(0);
    const address = BigInt(block.address);
    this.#live.set(address, { block, size, types, typeId, holders: 1 });
    return address;
  }

  /** Holds the object around an address once more: whether there is one. */
  hold(inside: bigint): boolean {
    const found = this.#around(inside);
    if (found === undefined) return false;
    found.holders++;
    return true;
  }

  /** Gives up a hold on the object around an address; with the last it is gone, and so are its holds on others. */
  release(inside: bigint): void {
    const waiting = [inside];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const object = this.#around(at);
      if (object === undefined || --object.holders > 0) continue;
      this.#live.delete(BigInt(object.block.address));
      for (const holder of this.#holdersOf(object.types, object.typeId)) {
        waiting.push(...this.#held(object.block, holder));
      }
      const room = object.block.bytes.length, spare = this.#spare.get(room);
      if (spare === undefined) this.#spare.set(room, [object.block]);
      else spare.push(object.block);
    }
  }

  /** The object that an address lies in: nodes lie anywhere in it. */
  #around(address: bigint): LiveObject | undefined {
    const at = this.#live.get(address);
    if (at !== undefined) return at;
    for (const [start, object] of this.#live) {
      if (address > start && address < start + BigInt(object.size)) return object;
    }
    return undefined;
  }

  /** Addresses in the objects that a field of a block holds. */
  #held(block: Block, { kind, offset }: Holder): bigint[] {
    const first = block.view.getBigUint64(offset + FIRST, true);
    if (first === 0n) return [];
    switch (kind) {
      case "pointer":
        return [first];
      case "list": {
        const nodes: bigint[] = [], head = BigInt(block.address + offset);
        for (let node = first; node !== head; node = this.#word(node, FIRST)) nodes.push(node);
        return nodes;
      }
      case "tree": {
        const nodes: bigint[] = [], waiting = [first];
        for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
          nodes.push(node);
          for (const side of [FIRST, SECOND]) {
            const child = this.#word(node, side);
            if (child !== 0n) waiting.push(child);
          }
        }
        return nodes;
      }
    }
  }

  #word(address: bigint, offset: number): bigint {
    const bytes = this.#space.at(address + BigInt(offset), 8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  #holdersOf(types: Btf, typeId: number): readonly Holder[] {
    let known = this.#holders.get(types);
    if (known === undefined) this.#holders.set(types, known = new Map());
    let found = known.get(typeId);
    if (found === undefined) known.set(typeId, found = holdersIn(types, typeId, 0));
    return found;
  }
}

/** The fields of a type, at an offset, that hold objects. */
function holdersIn(types: Btf, typeId: number, offset: number): Holder[] {
  const type = types.type(types.resolve(typeId));
  switch (type.kind) {
    case "struct":
      if (type.name === "bpf_list_head") return [{ kind: "list", offset }];
      if (type.name === "bpf_rb_root") return [{ kind: "tree", offset }];
      return type.members.flatMap((m) => holdersIn(types, m.type, offset + Math.floor(m.bitOffset / 8)));
    case "array": {
      const size = types.sizeOf(type.type), one = holdersIn(types, type.type, 0);
      if (one.length === 0) return [];
      return Array.from({ length: type.count }, (_, i) => i).flatMap((i) =>
        one.map(({ kind, offset: at }) => ({ kind, offset: offset + i * size + at }))
      );
    }
    case "ptr": {
      // Pointers of the program's own types are kept under the tag alone.
      const pointee = types.type(type.type);
      return pointee.kind === "type_tag" && pointee.name === "kptr" ? [{ kind: "pointer", offset }] : [];
    }
    default:
      return [];
  }
}

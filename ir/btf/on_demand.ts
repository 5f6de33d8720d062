/**
 * BTF that is read when something is first asked of it: a kernel's is megabytes, and most programs ask nothing.
 *
 * @module
 */
import type { Btf, BtfType } from "./btf.ts";
import type { IndexedBtf } from "./read.ts";

class BtfOnDemand implements IndexedBtf {
  readonly #open: () => IndexedBtf;
  #opened: IndexedBtf | undefined;

  constructor(open: () => IndexedBtf) {
    this.#open = open;
  }

  get #btf(): IndexedBtf {
    return this.#opened ??= this.#open();
  }

  get count(): number {
    return this.#btf.count;
  }
  get bytes(): Uint8Array {
    return this.#btf.bytes;
  }
  get base(): Btf | undefined {
    return this.#btf.base;
  }
  get stringsAt(): number {
    return this.#btf.stringsAt;
  }
  get stringLength(): number {
    return this.#btf.stringLength;
  }
  type(id: number): BtfType {
    return this.#btf.type(id);
  }
  name(id: number): string {
    return this.#btf.name(id);
  }
  find(name: string, kind: BtfType["kind"]): number {
    return this.#btf.find(name, kind);
  }
  findAll(name: string, kind: BtfType["kind"]): readonly number[] {
    return this.#btf.findAll(name, kind);
  }
  resolve(id: number): number {
    return this.#btf.resolve(id);
  }
  sizeOf(id: number): number {
    return this.#btf.sizeOf(id);
  }
  tags(id: number, component?: number): readonly string[] {
    return this.#btf.tags(id, component);
  }
  candidates(name: string): readonly number[] {
    return this.#btf.candidates(name);
  }
  text(offset: number): string {
    return this.#btf.text(offset);
  }
  offsetOf(id: number): number {
    return this.#btf.offsetOf(id);
  }
}

/**
 * The BTF that `open` gives, which is called when something is first asked of it; what it throws, the question throws.
 *
 * @example
 * ```ts
 * import { btfOnDemand } from "./on_demand.ts";
 * import { BtfBuilder } from "./write.ts";
 * const btf = btfOnDemand(() => new BtfBuilder().build());
 * console.log(btf.count); // 1
 * ```
 */
export function btfOnDemand(open: () => IndexedBtf): IndexedBtf {
  return new BtfOnDemand(open);
}

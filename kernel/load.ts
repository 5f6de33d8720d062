/**
 * Loads programs into the running kernel: maps made, descriptors filled in, types and lines handed over. All of it is gone when the
 * unit is disposed; nothing is attached or pinned.
 *
 * @module
 */
import { columnsOf } from "../ir/columns.ts";
import { MalformedError, UnsupportedError } from "../ir/diagnostic.ts";
import { encode } from "../ir/encode.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { closeFd } from "./bpf.ts";
import { BtfTexts, functionInfo, lineInfo, loadBtf } from "./btf.ts";
import { createMap, setInner } from "./maps.ts";
import { type KernelVerdict, loadRaw, programTypeNumber } from "./prog_load.ts";
import { vmlinuxBtf } from "./vmlinux.ts";

const LDDW = 0x18, CALL = 0x85;
const PSEUDO_MAP = 1, PSEUDO_MAP_VALUE = 2, PSEUDO_VAR = 3, PSEUDO_KFUNC = 2;

/** How a program is loaded. */
export interface KernelLoadOptions {
  /** 0 no log (the default), 1 the log, 2 with every state, 4 figures alone. */
  readonly logLevel?: number;
  /** Hand over types and source lines, where the object has them; true if left out. */
  readonly types?: boolean;
}

/** A unit's maps and types in the kernel, shared by its programs. */
export class KernelUnit implements Disposable {
  readonly #unit: Unit;
  readonly #maps = new Map<number, number>();
  /** Of BTF without line texts, for maps and programs without lines; -1 if there is none or the kernel refuses it. */
  #btfFd: number | undefined;

  constructor(unit: Unit) {
    this.#unit = unit;
  }

  /**
   * Loads one program. A refusal is an answer, not an error.
   *
   * @throws {KernelError} If maps cannot be made.
   * @throws {UnsupportedError} If the program needs something that only a running kernel knows and the unit was not read against it.
   */
  load(program: Program, options: KernelLoadOptions = {}): KernelVerdict {
    const { attrs } = program;
    const type = programTypeNumber(attrs.type);
    if (type === undefined) throw new UnsupportedError(`loading programs of type ${attrs.type}`);
    if (attrs.attachBtfId !== 0) this.#requireRunningKernel("an attach target");
    const insns = this.#instructions(program);
    const types = options.types === false ? undefined : this.#types(program);
    try {
      return loadRaw({
        type,
        insns,
        license: program.unit.license,
        name: attrs.name,
        attachType: attrs.attachType,
        attachBtfId: attrs.attachBtfId,
        flags: attrs.flags,
        kernVersion: program.unit.version,
        logLevel: options.logLevel,
        ...types,
      });
    } finally {
      if (types !== undefined && types.btfFd !== this.#btfFd) closeFd(types.btfFd);
    }
  }

  /** The descriptor of a map, by its index in the unit; made on first use. @throws {KernelError} If the kernel refuses it. */
  map(index: number): number {
    const known = this.#maps.get(index);
    if (known !== undefined) return known;
    const def = this.#unit.maps[index];
    const inner = (def.initial ?? []).flatMap(({ index: at, map }) => map === undefined ? [] : [{ at, map }]);
    const innerFds = inner.map(({ map }) => this.map(map));
    const fd = createMap(def, { btfFd: Math.max(0, this.#plainBtf()), innerFd: innerFds[0] });
    this.#maps.set(index, fd);
    for (const [i, { at }] of inner.entries()) setInner(def, fd, { index: at, innerFd: innerFds[i] });
    return fd;
  }

  [Symbol.dispose](): void {
    for (const fd of this.#maps.values()) closeFd(fd);
    this.#maps.clear();
    if (this.#btfFd !== undefined && this.#btfFd >= 0) closeFd(this.#btfFd);
    this.#btfFd = undefined;
  }

  #plainBtf(): number {
    if (this.#btfFd === undefined) {
      const { btf } = this.#unit;
      const loaded = btf === undefined ? undefined : loadBtf(new Uint8Array(btf.bytes));
      this.#btfFd = loaded !== undefined && "fd" in loaded ? loaded.fd : -1;
    }
    return this.#btfFd;
  }

  /** BTF, function and line records; undefined without usable types. */
  #types(
    program: Program,
  ): { btfFd: number; funcInfo: Uint8Array<ArrayBuffer>; lineInfo?: Uint8Array<ArrayBuffer> } | undefined {
    const { btf } = this.#unit;
    if (btf === undefined) return undefined;
    const funcInfo = functionInfo(program);
    if (funcInfo === undefined) return undefined;
    const texts = new BtfTexts(btf);
    const lines = lineInfo(program, texts);
    if (lines !== undefined) {
      const loaded = loadBtf(texts.bytes());
      if ("fd" in loaded) return { btfFd: loaded.fd, funcInfo, lineInfo: lines };
    }
    const plain = this.#plainBtf();
    return plain < 0 ? undefined : { btfFd: plain, funcInfo };
  }

  /** The encoded program with descriptors in the place of our own indices. */
  #instructions(program: Program): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(encode(program));
    const view = new DataView(bytes.buffer);
    const { count, code, src, imm, off } = columnsOf(program);
    for (let slot = 0; slot < count; slot++) {
      if (code[slot] === LDDW) {
        if (src[slot] === PSEUDO_MAP || src[slot] === PSEUDO_MAP_VALUE) {
          if (imm[slot] < 0 || imm[slot] >= this.#unit.maps.length) {
            throw new MalformedError(`Map ${imm[slot]} does not exist`, `instruction ${slot}`);
          }
          view.setInt32(slot * 8 + 4, this.map(imm[slot]), true);
        } else if (src[slot] === PSEUDO_VAR) {
          this.#requireRunningKernel("a kernel variable");
        }
        slot++;
      } else if (code[slot] === CALL && src[slot] === PSEUDO_KFUNC && imm[slot] !== 0) {
        if (off[slot] !== 0) throw new UnsupportedError("loading calls of functions in kernel modules");
        this.#requireRunningKernel("a kernel function");
      }
    }
    return bytes;
  }

  /** Ids in a kernel's BTF mean something only to that kernel. */
  #requireRunningKernel(what: string): void {
    const target = this.#unit.targetBtf;
    if (target !== undefined && sameAsRunning(target.bytes)) return;
    throw new UnsupportedError(
      `loading a program that names ${what}: it was not read against the running kernel's BTF`,
    );
  }
}

let running: Uint8Array | undefined | null = null;
const compared = new WeakMap<Uint8Array, boolean>();

function sameAsRunning(bytes: Uint8Array): boolean {
  let same = compared.get(bytes);
  if (same === undefined) {
    if (running === null) running = vmlinuxBtf();
    same = running !== undefined && running.length === bytes.length &&
      running.every((byte, i) => byte === bytes[i]);
    compared.set(bytes, same);
  }
  return same;
}

/**
 * Loads programs into the running kernel: maps made, descriptors filled in, types and lines handed over. All of it is gone when the
 * unit is disposed; nothing is attached or pinned.
 *
 * @module
 */
import { columnsOf } from "../ir/columns.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { encode } from "../ir/encode.ts";
import { MAP_TYPE } from "../ir/map_types.ts";
import type { Program } from "../ir/program.ts";
import type { Unit } from "../ir/unit.ts";
import { closeFd } from "./bpf.ts";
import { BtfTexts, functionInfo, lineInfo, loadBtf } from "./btf.ts";
import { createMap, setFd } from "./maps.ts";
import { type KernelVerdict, loadRaw, programTypeNumber } from "./prog_load.ts";
import { vmlinuxBtf } from "./vmlinux.ts";

/** `BPF_F_XDP_HAS_FRAGS` of program load. */
const F_XDP_HAS_FRAGS = 32;
const LDDW = 0x18, CALL = 0x85;
const PSEUDO_MAP = 1, PSEUDO_MAP_VALUE = 2, PSEUDO_VAR = 3, PSEUDO_KFUNC = 2;

/** How a program is loaded. */
export interface KernelLoadOptions {
  /** 0 no log (the default), 1 the log, 2 with every state, 4 figures alone. */
  readonly logLevel?: number;
  /** Hand over types and source lines, where the object has them; true if left out. */
  readonly types?: boolean;
}

interface LoadedBtf {
  readonly fd: number;
  /** Absent if the kernel did not take the BTF with source lines. */
  readonly texts?: BtfTexts;
}

/**
 * A unit's maps and types in the kernel, shared by its programs.
 *
 * @example
 * ```ts
 * import { parseText } from "../ir/mod.ts";
 * import { kernelUnavailable, KernelUnit } from "./mod.ts";
 * const unit = parseText("type xdp\nfunc main:\n  r0 = 2\n  exit\n");
 * if (kernelUnavailable() === undefined) {
 *   using inKernel = new KernelUnit(unit);
 *   using verdict = inKernel.load(unit.programs[0], { logLevel: 1 });
 *   console.log(verdict.accepted, verdict.stats.processed); // true 2
 * }
 * ```
 */
export class KernelUnit implements Disposable {
  readonly #unit: Unit;
  /** By index in the unit, and for program arrays by what the programs are that share it. */
  readonly #maps = new Map<string, number>();
  /** `null` until asked for. */
  #loadedBtf: LoadedBtf | undefined | null = null;

  /** Makes nothing yet: maps and types come with the first program that needs them. */
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
    if (attrs.type === "ext") throw new UnsupportedError("loading programs that replace another's function");
    if (attrs.attachBtfId !== 0) this.#requireRunningKernel("an attach target");
    const insns = this.#instructions(program);
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
      ...(options.types === false ? undefined : this.#types(program)),
    });
  }

  /**
   * The descriptor of a map, by its index in the unit; made on first use. A kernel keeps a program array to the programs of one
   * kind, that of the first that refers to it: `of`, one of them, gets the array of its kind, as loaders do that load several.
   *
   * @throws {KernelError} If the kernel refuses it.
   */
  map(index: number, of?: Program): number {
    const def = this.#unit.maps[index];
    const key = def.type === MAP_TYPE.PROG_ARRAY && of !== undefined ? `${index} ${kindOf(of)}` : `${index}`;
    const known = this.#maps.get(key);
    if (known !== undefined) return known;
    const inner = (def.initial ?? []).flatMap(({ index: at, map }) => map === undefined ? [] : [{ at, map }]);
    const innerFds = inner.map(({ map }) => this.map(map));
    const fd = createMap(def, { btfFd: this.#btf()?.fd ?? 0, innerFd: innerFds[0] });
    this.#maps.set(key, fd);
    for (const [i, { at }] of inner.entries()) setFd(def, fd, { index: at, fd: innerFds[i] });
    return fd;
  }

  /** Puts a loaded program into an element of a program array of its kind. @throws {KernelError} If the kernel refuses. */
  setProgram(
    element: { map: number; index: number },
    loaded: { program: Program; verdict: KernelVerdict },
  ): void {
    const { program, verdict } = loaded;
    setFd(this.#unit.maps[element.map], this.map(element.map, program), {
      index: element.index,
      fd: verdict.fd,
    });
  }

  /** Closes maps and types; programs already loaded keep what they need. */
  [Symbol.dispose](): void {
    for (const fd of this.#maps.values()) closeFd(fd);
    this.#maps.clear();
    if (this.#loadedBtf) closeFd(this.#loadedBtf.fd);
    this.#loadedBtf = null;
  }

  /** The unit's BTF in the kernel: with source lines, else without them; undefined if the kernel takes neither. */
  #btf(): LoadedBtf | undefined {
    if (this.#loadedBtf === null) {
      this.#loadedBtf = undefined;
      const { btf, programs } = this.#unit;
      if (btf !== undefined) {
        const texts = new BtfTexts(btf, programs);
        const loaded = loadBtf(texts.bytes());
        if ("fd" in loaded) this.#loadedBtf = { fd: loaded.fd, texts };
        else {
          const plain = loadBtf(new Uint8Array(btf.bytes));
          if ("fd" in plain) this.#loadedBtf = { fd: plain.fd };
        }
      }
    }
    return this.#loadedBtf;
  }

  /** BTF, function and line records; undefined without usable types. */
  #types(
    program: Program,
  ): { btfFd: number; funcInfo: Uint8Array<ArrayBuffer>; lineInfo?: Uint8Array<ArrayBuffer> } | undefined {
    const btf = this.#btf();
    const funcInfo = functionInfo(program);
    if (btf === undefined || funcInfo === undefined) return undefined;
    return { btfFd: btf.fd, funcInfo, lineInfo: btf.texts && lineInfo(program, btf.texts) };
  }

  /** The encoded program with descriptors in the place of our own indices. */
  #instructions(program: Program): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(encode(program));
    const view = new DataView(bytes.buffer);
    const { count, code, src, imm, off } = columnsOf(program);
    for (let slot = 0; slot < count; slot++) {
      if (code[slot] === LDDW) {
        if (src[slot] === PSEUDO_MAP || src[slot] === PSEUDO_MAP_VALUE) {
          // What is no map of the unit is left to the kernel to refuse.
          const known = imm[slot] >= 0 && imm[slot] < this.#unit.maps.length;
          view.setInt32(slot * 8 + 4, known ? this.map(imm[slot], program) : -1, true);
        } else if (src[slot] === PSEUDO_VAR) {
          if (imm[slot] === 0) {
            throw new UnsupportedError("loading the address of a kernel symbol without a type");
          }
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

/** What programs must have in common to share a program array (`bpf_prog_map_compatible`). */
function kindOf({ attrs }: Program): string {
  return `${attrs.type} ${attrs.attachType} ${attrs.flags & F_XDP_HAS_FRAGS}`;
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

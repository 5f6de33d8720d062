/**
 * Applies CO-RE relocations: patches instructions so that they fit the target's types.
 *
 * For each relocation the candidates are the target's types of the same name, flavour suffixes (`___x`) aside, or if it has none,
 * those of its modules; all that have the path must agree on the number. Where none has it, the instruction is made a call of the
 * invalid helper 195896080 (0xbad2310, "bad relo"), which the verifier refuses only if it is reached. (libbpf:
 * `bpf_core_calc_relo_insn`, `bpf_core_patch_insn`.)
 *
 * @module
 */
import type { Btf } from "../../../ir/btf/btf.ts";
import type { IndexedBtf } from "../../../ir/btf/read.ts";
import { essentialName } from "../../../ir/btf/read.ts";
import { MalformedError } from "../../../ir/diagnostic.ts";
import type { KernelModule } from "../../../ir/unit.ts";
import type { Access } from "./access.ts";
import { localAccess, RELOCATION_KINDS, targetAccess } from "./access.ts";
import { kindsAreCompatible } from "./compatible.ts";
import type { Patch } from "./value.ts";
import { patchFor } from "./value.ts";

/** A relocation as `.BTF.ext` has it. */
export interface CoreRelocation {
  /** The root, in the object's BTF. */
  readonly type: number;
  /** The access path, e.g. `0:1:2`. */
  readonly path: string;
  /** Index into {@linkcode RELOCATION_KINDS}. */
  readonly kind: number;
}

/** The helper id that poisoned instructions call. */
export const POISON_HELPER = 0xbad2310;

const CLASS_LD = 0, CLASS_LDX = 1, CLASS_ST = 2, CLASS_STX = 3, CLASS_ALU = 4, CLASS_ALU64 = 7;
const LD_IMM64 = 0x18;
const CALL = 0x85;

/** Bytes → the size bits of a load's opcode. */
const SIZE_BITS: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
const SIZE_MASK = 0x18;

/** A type that a relocation may mean. */
interface Candidate {
  readonly btf: Btf;
  readonly id: number;
}

/** Relocates the instructions of one object against one target; candidates are remembered between relocations. */
export class CoreRelocator {
  readonly #local: Btf;
  readonly #target: Btf;
  readonly #modules: readonly KernelModule[];
  /** By local root. Shrinks to the candidates that had a path, as in libbpf, so that one object means one type. */
  readonly #candidates = new Map<number, readonly Candidate[]>();

  /** For an object's types, a target's, and those of its modules. */
  constructor(local: Btf, target: Btf, modules: readonly KernelModule[] = []) {
    this.#local = local;
    this.#target = target;
    this.#modules = modules;
  }

  /**
   * Patches the instruction at a slot of `bytes`.
   *
   * @param where For messages, e.g. `function f, instruction 3`.
   * @throws {MalformedError} If the relocation is not well-formed, the candidates disagree, or the instruction is not the one the compiler meant.
   */
  apply(bytes: Uint8Array, slot: number, options: { relocation: CoreRelocation; where: string }): void {
    const { relocation, where } = options;
    try {
      patchInstruction(bytes, slot, this.#resolve(relocation));
    } catch (error) {
      if (error instanceof MalformedError) {
        throw new MalformedError(error.message.replace(/ \([^()]*\)$/, ""), where);
      }
      throw error;
    }
  }

  #resolve(relocation: CoreRelocation): Patch {
    const kind = RELOCATION_KINDS[relocation.kind];
    if (kind === undefined) {
      throw new MalformedError(`CO-RE relocation kind ${relocation.kind} is unknown`, ".BTF.ext");
    }
    if (relocation.type <= 0 || relocation.type >= this.#local.count) {
      throw new MalformedError(
        `CO-RE relocation of type ${relocation.type}, which does not exist`,
        ".BTF.ext",
      );
    }
    const local = localAccess(this.#local, { root: relocation.type, kind, path: relocation.path });
    if (kind === "local_type_id") {
      const value = BigInt(relocation.type);
      return { expected: value, value, validate: false, poison: false, size: 0, newSize: 0, badSize: false };
    }
    if (this.#local.name(relocation.type) === "") {
      throw new MalformedError(
        `CO-RE relocation ${kind} of type ${relocation.type}, which has no name`,
        ".BTF.ext",
      );
    }
    return this.#agree(local);
  }

  /** What all candidates that have the path agree on. */
  #agree(local: Access): Patch {
    const matching: Candidate[] = [];
    let agreed: { access: Access; patch: Patch } | undefined;
    for (const candidate of this.#candidatesFor(local.root)) {
      const access = targetAccess(local, candidate.btf, candidate.id);
      if (access === undefined) continue;
      const patch = patchFor(local, access);
      if (agreed === undefined) {
        agreed = { access, patch };
      } else if (access.bitOffset !== agreed.access.bitOffset || patch.value !== agreed.patch.value) {
        const name = this.#local.name(local.root);
        throw new MalformedError(
          `CO-RE relocation ${local.kind} of "${name}" is ambiguous: types ${agreed.access.root} and ${candidate.id} of the target differ`,
          ".BTF.ext",
        );
      }
      matching.push(candidate);
    }
    if (matching.length > 0) this.#candidates.set(local.root, matching);
    return agreed?.patch ?? patchFor(local, undefined);
  }

  #candidatesFor(root: number): readonly Candidate[] {
    let found = this.#candidates.get(root);
    if (found === undefined) {
      found = this.#namesakes(this.#target, root, 1);
      // What the kernel itself has is not looked for in modules.
      if (found.length === 0) {
        found = this.#modules.flatMap(({ btf }) => this.#namesakes(btf, root, this.#target.count));
      }
      this.#candidates.set(root, found);
    }
    return found;
  }

  /** Types of the same name and kind, from id `first` on. */
  #namesakes(btf: Btf, root: number, first: number): Candidate[] {
    const type = this.#local.type(root);
    return namesakes(btf, this.#local.name(root))
      .filter((id) => id >= first && kindsAreCompatible(btf.type(id), type))
      .map((id) => ({ btf, id }));
  }
}

/** Ids of the types whose name without flavour is the same. */
function namesakes(target: Btf, name: string): readonly number[] {
  if ("candidates" in target) return (target as IndexedBtf).candidates(name);
  const essential = essentialName(name);
  const found: number[] = [];
  for (let id = 1; id < target.count; id++) {
    const other = target.name(id);
    if (other !== "" && essentialName(other) === essential) found.push(id);
  }
  return found;
}

function patchInstruction(bytes: Uint8Array, slot: number, patch: Patch): void {
  const at = slot * 8;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const code = bytes[at];
  const wrong = (what: string) => new MalformedError(`CO-RE relocation of ${what}`, ".BTF.ext");
  const check = (found: bigint) => {
    if (patch.validate && BigInt.asUintN(64, found) !== patch.expected) {
      throw wrong(`an instruction with ${found}, where ${patch.expected} was expected`);
    }
  };
  switch (code & 7) {
    case CLASS_ALU:
    case CLASS_ALU64:
      if ((code & 8) !== 0) throw wrong(`instruction 0x${code.toString(16)}, which has no immediate`);
      if (patch.poison) return poison(bytes, at, 1);
      check(BigInt(view.getInt32(at + 4, true)));
      view.setInt32(at + 4, Number(BigInt.asIntN(32, patch.value)), true);
      return;
    case CLASS_LDX:
    case CLASS_ST:
    case CLASS_STX: {
      if (patch.poison) return poison(bytes, at, 1);
      check(BigInt(view.getInt16(at + 2, true)));
      if (patch.value > 0x7fffn) throw wrong(`a load or store at ${patch.value}, beyond its 16-bit offset`);
      if (patch.badSize) return poison(bytes, at, 1);
      view.setInt16(at + 2, Number(patch.value), true);
      if (patch.size === patch.newSize) return;
      const bits = SIZE_BITS[patch.newSize];
      if ((code & SIZE_MASK) !== SIZE_BITS[patch.size] || bits === undefined) {
        throw wrong(`a load or store whose field changes from ${patch.size} to ${patch.newSize} bytes`);
      }
      bytes[at] = (code & ~SIZE_MASK) | bits;
      return;
    }
    case CLASS_LD: {
      const plain = code === LD_IMM64 && at + 16 <= bytes.length && bytes[at + 1] >> 4 === 0 &&
        view.getInt16(at + 2, true) === 0 && view.getInt32(at + 8, true) === 0;
      if (!plain) throw wrong(`instruction 0x${code.toString(16)}, which is no plain 16-byte load`);
      if (patch.poison) return poison(bytes, at, 2);
      check((BigInt(view.getUint32(at + 12, true)) << 32n) | BigInt(view.getUint32(at + 4, true)));
      view.setInt32(at + 4, Number(BigInt.asIntN(32, patch.value)), true);
      view.setInt32(at + 12, Number(BigInt.asIntN(32, patch.value >> 32n)), true);
      return;
    }
    default:
      throw wrong(`instruction 0x${code.toString(16)}, which has nothing to relocate`);
  }
}

function poison(bytes: Uint8Array, at: number, slots: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < slots; i++) {
    view.setUint32(at + i * 8, CALL, true);
    view.setUint32(at + i * 8 + 4, POISON_HELPER, true);
  }
}

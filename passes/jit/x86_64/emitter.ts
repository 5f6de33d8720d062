/**
 * What the lowering of every instruction shares: the assembler, the program's columns, the frame, and memory operands.
 *
 * It decides nothing about instructions; `compile.ts` walks them and the `lower_*` files translate them.
 *
 * @module
 */
import { UnsupportedError } from "../../../ir/diagnostic.ts";
import type { Columns } from "../../../ir/columns.ts";
import type { Callee } from "../../../ir/insn.ts";
import type { Program } from "../../../ir/program.ts";
import type { Symbol } from "../../../abi/machine_code.ts";
import type { Assembler, Label } from "./assembler.ts";
import type { Features } from "./features.ts";
import type { Frame } from "./frame.ts";
import { REGISTER_OF, RSP } from "./registers.ts";
import type { Selection } from "./select.ts";

const FLAGS_WIDE = 32;

/** Lowering's shared state. Mutable where the walk moves: one frame after the other, one operand after the other. */
export class Emitter {
  /** Where instructions are written. */
  readonly asm: Assembler;
  /** What is compiled: callees and addresses by name. */
  readonly program: Program;
  /** What is compiled, by slot. */
  readonly columns: Columns;
  /** What the processor has. */
  readonly features: Features;
  /** What is emitted together. */
  readonly selection: Selection;
  /** By slot: bit mask of the BPF registers that may be read before they are written, before the slot. */
  readonly live: Int32Array;
  /** By subprogram in layout order: its entry. */
  readonly entries: readonly Label[];
  /** By subprogram in layout order: whether it can come back with the run abandoned. */
  readonly mayAbort: Uint8Array;
  /** By slot: 1 where a jump leads. */
  readonly targets: Uint8Array;
  /** Whether a call of a helper or kfunc can come back with the run abandoned. */
  readonly mayReachJs: (callee: Callee) => boolean;
  /** Whether back edges count fuel. */
  readonly fuel: boolean;
  /** Symbols by hole tag. */
  readonly symbols: Symbol[] = [];
  /** The current subprogram's frame. */
  frame!: Frame;
  /** Where the current subprogram's abandoned runs leave. */
  leave!: Label;
  /** Whether {@linkcode leave} is used. */
  leaves: boolean = false;
  /** Where the current subprogram's runs end that are out of fuel. */
  exhausted!: Label;
  /** Whether {@linkcode exhausted} is used. */
  exhausts: boolean = false;

  /**
   * The BPF register whose value the zero flag was set from by the instruction before, -1 if none;
   * with 32 added if from all 64 bits.
   */
  flags: number = -1;
  /** The same, being set by the current instruction. */
  nextFlags: number = -1;
  /** A slot that the instruction before it has taken care of. */
  done: number = -1;
  /** The label of a slot is its number plus this: a subprogram that stands in its caller has labels of its own there. */
  shift: number = 0;
  /** Where `exit` goes in a subprogram that stands in its caller; undefined where it returns. */
  end: Label | undefined;

  /** The last {@linkcode operand}: x86-64 registers, -1 = none. */
  base: number = 0;
  /** Its index register. */
  index: number = -1;
  /** The shift of the index, 0–3. */
  scale: number = 0;
  /** Its displacement in bytes. */
  disp: number = 0;

  /** Everything that does not change during the walk; fields as above. */
  constructor(parts: {
    asm: Assembler;
    program: Program;
    columns: Columns;
    features: Features;
    selection: Selection;
    live: Int32Array;
    entries: readonly Label[];
    mayAbort: Uint8Array;
    targets: Uint8Array;
    mayReachJs: (callee: Callee) => boolean;
    fuel: boolean;
  }) {
    this.asm = parts.asm;
    this.program = parts.program;
    this.columns = parts.columns;
    this.features = parts.features;
    this.selection = parts.selection;
    this.live = parts.live;
    this.entries = parts.entries;
    this.mayAbort = parts.mayAbort;
    this.targets = parts.targets;
    this.mayReachJs = parts.mayReachJs;
    this.fuel = parts.fuel;
  }

  /** The label of a slot. */
  label(slot: number): Label {
    return slot + this.shift;
  }

  /** The registers live after a straight-line instruction of one slot. */
  liveAfter(slot: number): number {
    return slot + 1 < this.columns.count ? this.live[slot + 1] : 0;
  }

  /** The current instruction's last word set the zero flag from the BPF register `bpf`, at the width given. */
  setFlags(bpf: number, wide: boolean): void {
    this.nextFlags = wide ? bpf | FLAGS_WIDE : bpf;
  }

  /** Whether the zero flag says if `bpf` is zero at the width given: 32-bit results have no upper half. */
  flagsKnow(bpf: number, wide: boolean): boolean {
    return this.flags === bpf || wide && this.flags === (bpf | FLAGS_WIDE);
  }

  /** The register that `bpf` is written to. @throws {UnsupportedError} For r10. */
  target(bpf: number): number {
    if (bpf >= 10) throw new UnsupportedError("writing r10");
    return REGISTER_OF[bpf];
  }

  /** The register that holds `bpf`; r10 is computed into `scratch` first. Leaves the flags alone. */
  value(bpf: number, scratch: number): number {
    if (bpf < 10) return REGISTER_OF[bpf];
    this.asm.lea(true, scratch, RSP, this.frame.top);
    return scratch;
  }

  /**
   * The register that holds the stack slot which the access at `slot` is to, or -1 if it is to memory. `baseRegister` is the base where
   * selection folded nothing; -1 for the forms that selection chose.
   */
  slotRegister(slot: number, baseRegister: number): number {
    const { slots } = this.frame;
    if (slots.size === 0) return -1;
    const { selection } = this;
    const chosen = baseRegister < 0 || selection.folded[slot] !== 0;
    if ((chosen ? selection.base[slot] : baseRegister) !== 10) return -1;
    return slots.get(chosen ? selection.disp[slot] : this.columns.off[slot]) ?? -1;
  }

  /** Sets the operand fields to the address that a load, store or atomic at `slot` uses. */
  operand(slot: number, baseRegister: number): void {
    const { selection, columns } = this;
    if (selection.folded[slot] !== 0) {
      this.address(slot);
      return;
    }
    this.index = -1;
    this.scale = 0;
    this.place(baseRegister, columns.off[slot]);
  }

  /** Sets the operand fields to the address expression that selection chose for `slot`. */
  address(slot: number): void {
    const { selection } = this;
    const index = selection.index[slot];
    this.index = index < 0 ? -1 : REGISTER_OF[index];
    this.scale = selection.scale[slot];
    this.place(selection.base[slot], selection.disp[slot]);
  }

  /** Base and displacement of a BPF register plus an offset; -1 for no base. */
  place(bpf: number, offset: number): void {
    if (bpf === 10) {
      this.base = RSP;
      this.disp = this.frame.top + offset;
    } else {
      this.base = bpf < 0 ? -1 : REGISTER_OF[bpf];
      this.disp = offset;
    }
  }

  /** `movabs register, symbol`. */
  symbolInto(register: number, symbol: Symbol): void {
    this.asm.movHole(register, this.symbols.push(symbol) - 1);
  }
}

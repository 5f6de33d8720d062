/**
 * Registers and stack slots, by frame, as bit masks: what backtracking is still looking for.
 *
 * @module
 */
import { W } from "../verify/states/arena.ts";
import { H_LINKED } from "../verify/states/history.ts";
import { MAX_FRAMES } from "../verify/states/layout.ts";
import { entryFrame, entryIndex, entryIsReg, linkedCount, linkedEntry } from "../verify/numbers/linked.ts";
import { slotMaskText } from "../verify/flow/stack_liveness.ts";

/** The argument registers, r1 to r5. */
export const ARGS = 0x3e;

/** See the module's header. */
export class Marks {
  readonly regs: Int32Array = new Int32Array(MAX_FRAMES);
  readonly lo: Int32Array = new Int32Array(MAX_FRAMES);
  readonly hi: Int32Array = new Int32Array(MAX_FRAMES);
  /** The frame of the instruction looked at. */
  frame = 0;

  clear(): void {
    this.regs.fill(0);
    this.lo.fill(0);
    this.hi.fill(0);
    this.frame = 0;
  }

  get empty(): boolean {
    for (let f = 0; f <= this.frame; f++) if ((this.regs[f] | this.lo[f] | this.hi[f]) !== 0) return false;
    return true;
  }

  /** Whether nothing is looked for but registers of the current frame. */
  get onlyRegs(): boolean {
    if ((this.lo[this.frame] | this.hi[this.frame]) !== 0) return false;
    for (let f = 0; f < this.frame; f++) if ((this.regs[f] | this.lo[f] | this.hi[f]) !== 0) return false;
    return true;
  }

  hasReg(r: number): boolean {
    return (this.regs[this.frame] & (1 << r)) !== 0;
  }

  addReg(r: number): void {
    this.regs[this.frame] |= 1 << r;
  }

  dropReg(r: number): void {
    this.regs[this.frame] &= ~(1 << r);
  }

  hasSlot(frame: number, spi: number): boolean {
    return ((spi < 32 ? this.lo[frame] : this.hi[frame]) & (1 << (spi & 31))) !== 0;
  }

  addSlot(frame: number, spi: number): void {
    if (spi < 32) this.lo[frame] |= 1 << spi;
    else this.hi[frame] |= 1 << (spi - 32);
  }

  dropSlot(frame: number, spi: number): void {
    if (spi < 32) this.lo[frame] &= ~(1 << spi);
    else this.hi[frame] &= ~(1 << (spi - 32));
  }

  /** If one of the registers that gained a range together is looked for, all are. `entry` is the history entry, 0 = none. */
  addLinked(entry: number): void {
    if (entry === 0) return;
    const lo = W[entry + H_LINKED], hi = W[entry + H_LINKED + 1];
    const count = linkedCount(lo, hi);
    if (count === 0) return;
    let some = false;
    for (let i = 0; i < count && !some; i++) {
      const e = linkedEntry(lo, hi, i), frame = entryFrame(e), at = entryIndex(e);
      some = entryIsReg(e) ? (this.regs[frame] & (1 << at)) !== 0 : this.hasSlot(frame, at);
    }
    if (!some) return;
    for (let i = 0; i < count; i++) {
      const e = linkedEntry(lo, hi, i), frame = entryFrame(e), at = entryIndex(e);
      if (entryIsReg(e)) this.regs[frame] |= 1 << at;
      else this.addSlot(frame, at);
    }
  }

  /** `r1,r3` */
  regsText(frame: number): string {
    const out: string[] = [];
    for (let r = 0; r < 32; r++) if (this.regs[frame] & (1 << r)) out.push(`r${r}`);
    return out.join(",");
  }

  /** `-8,-24` */
  slotsText(frame: number): string {
    return slotMaskText(this.lo[frame], this.hi[frame]);
  }
}

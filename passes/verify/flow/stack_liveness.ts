/**
 * Which stack slots may still be read: learnt during the walk, for each chain of calls that leads to a subprogram.
 *
 * While instructions are verified they record the slots they may read and those they must write, in their own frame and in their
 * callers'. When paths end, a backward fixpoint turns that into the slots alive before each instruction, and hands what a callee
 * does to its callers' frames to the call. Marks only grow (reads) or shrink (writes), so a state whose paths are all explored
 * has its final answer. The algorithm is that of Linux 6.18's `kernel/bpf/liveness.c`; registers are done statically, elsewhere.
 *
 * @module
 */
import { words } from "../../../ir/words.ts";
import { W } from "../states/arena.ts";
import { type Env, frameAt } from "../env.ts";
import { type Flow, type Predecessors, predecessorsOf } from "./flow.ts";
import { F_CALLSITE, F_SUBPROG, MAX_FRAMES } from "../states/layout.ts";
import { savedFrame, SFR_CALLSITE, SFR_SUBPROG, ST_CURFRAME, ST_INSN } from "../states/states.ts";

// Eight words per instruction and frame.
const READ = 0, WRITE = 2, WRITE_ACC = 4, LIVE = 6, MASK_WORDS = 8;

/** What is known about one subprogram reached by one chain of calls. */
class Instance {
  readonly outer: Instance | undefined;
  /** The call in `outer`; -1 for an entry. */
  readonly callsite: number;
  readonly subprog: number;
  readonly start: number;
  readonly count: number;
  /** The frame it runs in. */
  readonly frame: number;
  /** By frame, made when needed: masks by instruction. */
  readonly masks: (Int32Array | undefined)[] = [];
  /** By frame, as bits in postorder: instructions whose step may change something. */
  readonly stale: (Int32Array | undefined)[] = [];
  /** By instruction: `WRITE` was set once. */
  readonly writeSet: Int32Array;
  readonly inner: Map<number, Instance> = new Map();
  updated = false;
  writeDropped = false;

  constructor(
    outer: Instance | undefined,
    callsite: number,
    range: { subprog: number; start: number; end: number },
  ) {
    this.outer = outer;
    this.callsite = callsite;
    this.subprog = range.subprog;
    this.start = range.start;
    this.count = range.end - range.start;
    this.frame = outer === undefined ? 0 : outer.frame + 1;
    this.writeSet = words(this.count);
  }

  masksOf(frame: number): Int32Array {
    const masks = this.masks[frame];
    if (masks !== undefined) return masks;
    this.stale[frame] = words((this.count + 31) >>> 5);
    return this.masks[frame] = words(this.count * MASK_WORDS);
  }

  get chain(): string {
    return `(${[...this.callsites, this.start].join(",")})`;
  }

  /** The calls that lead to it, outermost first. */
  get callsites(): number[] {
    return this.outer === undefined ? [] : [...this.outer.callsites, this.callsite];
  }
}

/** See the module's header. */
export class StackLiveness {
  readonly #env: Env;
  readonly #flow: Flow;
  readonly #roots: Map<number, Instance> = new Map();
  /** The instance of the path under exploration, looked up when needed. */
  #current: Instance | undefined;
  /** Slots written by the current instruction, by frame: two words each. */
  readonly #writes: Int32Array = words(MAX_FRAMES * 2);
  #writeIdx = 0;
  #predecessors: Predecessors | undefined;
  readonly #query: (Instance | undefined)[] = [];
  #queryInsn = 0;
  #queryFrame = 0;

  constructor(env: Env, flow: Flow) {
    this.#env = env;
    this.#flow = flow;
  }

  #root(subprog: number): Instance {
    let found = this.#roots.get(subprog);
    if (found === undefined) {
      const starts = this.#env.cols.subprogStart;
      found = new Instance(undefined, -1, { subprog, start: starts[subprog], end: starts[subprog + 1] });
      this.#roots.set(subprog, found);
    }
    return found;
  }

  #inner(outer: Instance, callsite: number, subprog: number): Instance {
    const key = callsite * 1024 + subprog;
    let found = outer.inner.get(key);
    if (found === undefined) {
      const starts = this.#env.cols.subprogStart;
      found = new Instance(outer, callsite, { subprog, start: starts[subprog], end: starts[subprog + 1] });
      outer.inner.set(key, found);
    }
    return found;
  }

  #now(): Instance {
    let found = this.#current;
    if (found !== undefined) return found;
    found = this.#root(W[frameAt(0) + F_SUBPROG]);
    for (let f = 1; f <= this.#env.curframe; f++) {
      const frame = frameAt(f);
      found = this.#inner(found, W[frame + F_CALLSITE], W[frame + F_SUBPROG]);
    }
    return this.#current = found;
  }

  /** The chain of calls changed. */
  reset(): void {
    this.#current = undefined;
  }

  /** The current instruction may read slot `spi` of frame `frame`. */
  markRead(frame: number, spi: number): void {
    const lo = spi < 32 ? 1 << spi : 0, hi = spi < 32 ? 0 : 1 << (spi - 32);
    this.#read(this.#now(), frame, this.#env.insnIdx, lo, hi);
  }

  #read(instance: Instance, frame: number, insn: number, moreLo: number, moreHi: number): void {
    const masks = instance.masksOf(frame), at = (insn - instance.start) * MASK_WORDS;
    const lo = masks[at + READ] | moreLo, hi = masks[at + READ + 1] | moreHi;
    if (lo === masks[at + READ] && hi === masks[at + READ + 1]) return;
    if ((lo & ~masks[at + LIVE]) !== 0 || (hi & ~masks[at + LIVE + 1]) !== 0) instance.updated = true;
    masks[at + READ] = lo;
    masks[at + READ + 1] = hi;
    this.#makeStale(instance, frame, insn);
  }

  /** The step of `insn` for `frame` is to be made again. */
  #makeStale(instance: Instance, frame: number, insn: number): void {
    const at = this.#flow.position[insn] - this.#flow.postorderStart[instance.subprog];
    if (at >= 0) instance.stale[frame]![at >>> 5] |= 1 << (at & 31);
  }

  /** An instruction begins that may write the stack. */
  beginWrites(): void {
    this.#now();
    this.#beginAt(this.#env.insnIdx);
  }

  #beginAt(insn: number): void {
    this.#writeIdx = insn;
    this.#writes.fill(0);
  }

  /** The current instruction writes all of slot `spi` of frame `frame`. */
  markWrite(frame: number, spi: number): void {
    if (spi < 32) this.#writes[2 * frame] |= 1 << spi;
    else this.#writes[2 * frame + 1] |= 1 << (spi - 32);
  }

  /** The instruction is done: what it wrote is what it must write, unless it was seen to write less. */
  commitWrites(): void {
    if (this.#current !== undefined) this.#commit(this.#current);
  }

  #commit(instance: Instance): void {
    const idx = this.#writeIdx - instance.start;
    const seen = instance.writeSet[idx] !== 0;
    for (let frame = 0; frame <= instance.frame; frame++) {
      let lo = this.#writes[2 * frame], hi = this.#writes[2 * frame + 1];
      if (lo === 0 && hi === 0 && (!seen || instance.masks[frame] === undefined)) continue;
      const masks = instance.masksOf(frame), at = idx * MASK_WORDS;
      const oldLo = masks[at + WRITE], oldHi = masks[at + WRITE + 1];
      if (seen) {
        lo &= oldLo;
        hi &= oldHi;
      }
      if (oldLo !== lo || oldHi !== hi) {
        masks[at + WRITE] = lo;
        masks[at + WRITE + 1] = hi;
        instance.updated = true;
        this.#makeStale(instance, frame, this.#writeIdx);
      }
      if ((oldLo & ~lo) !== 0 || (oldHi & ~hi) !== 0) instance.writeDropped = true;
    }
    instance.writeSet[idx] = 1;
  }

  /** Brings the answers up to date for every frame of the path under exploration; called where a path or a subprogram ends. */
  update(): void {
    this.#current = undefined;
    const now = this.#now();
    this.#current = undefined;
    for (let i: Instance | undefined = now; i !== undefined; i = i.outer) {
      if (!i.updated) continue;
      this.#fixpoint(i);
      i.updated = false;
      i.writeDropped = false;
    }
  }

  #fixpoint(instance: Instance): void {
    const from = this.#flow.postorderStart[instance.subprog],
      to = this.#flow.postorderStart[instance.subprog + 1];
    if (instance.writeDropped) {
      for (let frame = 0; frame <= instance.frame; frame++) {
        const masks = instance.masks[frame];
        if (masks === undefined) continue;
        for (let i = 0; i < instance.count; i++) {
          masks[i * MASK_WORDS + WRITE_ACC] = 0;
          masks[i * MASK_WORDS + WRITE_ACC + 1] = 0;
        }
        for (let i = from; i < to; i++) this.#makeStale(instance, frame, this.#flow.postorder[i]);
      }
    }
    let rounds = 0, changed;
    do {
      rounds++;
      changed = false;
      for (let frame = 0; frame <= instance.frame; frame++) {
        if (instance.masks[frame] !== undefined && this.#round(instance, frame)) changed = true;
      }
    } while (changed);
    if (this.#env.logLevel & 2) {
      this.#env.verbose(`${instance.chain} live stack update done in ${rounds} iterations\n`);
    }
    if (instance.outer !== undefined) this.#toOuter(instance, instance.outer);
  }

  /**
   * Goes once through the instructions in postorder: whether anything changed. A step whose inputs are as they were would change
   * nothing and is left out, so each round comes to the same as one over all instructions.
   */
  #round(instance: Instance, frame: number): boolean {
    const masks = instance.masks[frame]!, stale = instance.stale[frame]!;
    const from = this.#flow.postorderStart[instance.subprog], { postorder } = this.#flow;
    const { start, slots } = this.#predecessors ??= predecessorsOf(this.#flow);
    let changed = false;
    for (let word = 0; word < stale.length; word++) {
      // Steps made here may ask for later ones of the same word; earlier ones wait for the next round.
      for (let above = -1;;) {
        const bits = stale[word] & above;
        if (bits === 0) break;
        const bit = 31 - Math.clz32(bits & -bits);
        above = bit === 31 ? 0 : -1 << (bit + 1);
        stale[word] &= ~(1 << bit);
        const insn = postorder[from + (word << 5) + bit];
        if (!this.#step(instance, masks, frame, insn)) continue;
        changed = true;
        for (let i = start[insn]; i < start[insn + 1]; i++) this.#makeStale(instance, frame, slots[i]);
      }
    }
    return changed;
  }

  #step(instance: Instance, masks: Int32Array, frame: number, insn: number): boolean {
    const a = this.#flow.next[insn], b = this.#flow.jump[insn];
    if (a < 0 && b < 0) return false;
    let afterLo = 0, afterHi = 0, accLo = -1, accHi = -1;
    if (a >= 0) {
      const s = (a - instance.start) * MASK_WORDS;
      afterLo = masks[s + LIVE];
      afterHi = masks[s + LIVE + 1];
      accLo = masks[s + WRITE_ACC];
      accHi = masks[s + WRITE_ACC + 1];
    }
    if (b >= 0) {
      const s = (b - instance.start) * MASK_WORDS;
      afterLo |= masks[s + LIVE];
      afterHi |= masks[s + LIVE + 1];
      accLo &= masks[s + WRITE_ACC];
      accHi &= masks[s + WRITE_ACC + 1];
    }
    const at = (insn - instance.start) * MASK_WORDS;
    accLo |= masks[at + WRITE];
    accHi |= masks[at + WRITE + 1];
    const lo = (afterLo & ~masks[at + WRITE]) | masks[at + READ];
    const hi = (afterHi & ~masks[at + WRITE + 1]) | masks[at + READ + 1];
    const same = lo === masks[at + LIVE] && hi === masks[at + LIVE + 1] &&
      accLo === masks[at + WRITE_ACC] && accHi === masks[at + WRITE_ACC + 1];
    if (same) return false;
    if (this.#env.logLevel & 2) this.#logStep(instance, { masks, frame, insn }, { lo, hi, accLo, accHi });
    masks[at + LIVE] = lo;
    masks[at + LIVE + 1] = hi;
    masks[at + WRITE_ACC] = accLo;
    masks[at + WRITE_ACC + 1] = accHi;
    return true;
  }

  #logStep(
    instance: Instance,
    where: { masks: Int32Array; frame: number; insn: number },
    to: { lo: number; hi: number; accLo: number; accHi: number },
  ): void {
    const { masks, frame, insn } = where, at = (insn - instance.start) * MASK_WORDS;
    const said = (masks[at + READ] | masks[at + READ + 1] | masks[at + WRITE] | masks[at + WRITE + 1]) !== 0;
    if (!said && insn !== instance.start && !this.#env.isPrunePoint(insn)) return;
    const line = (what: string, was: [number, number], is: [number, number]): void => {
      const onesLo = is[0] & ~was[0], onesHi = is[1] & ~was[1];
      const zerosLo = was[0] & ~is[0], zerosHi = was[1] & ~is[1];
      if ((onesLo | onesHi | zerosLo | zerosHi) === 0) return;
      let text = `${instance.chain} frame ${frame} insn ${insn} `;
      if ((onesLo | onesHi) !== 0) text += `+${what} ${slotMaskText(onesLo, onesHi)} `;
      if ((zerosLo | zerosHi) !== 0) text += `-${what} ${slotMaskText(zerosLo, zerosHi)}`;
      this.#env.verbose(text + "\n");
    };
    line("live", [masks[at + LIVE], masks[at + LIVE + 1]], [to.lo, to.hi]);
    line("written", [masks[at + WRITE_ACC], masks[at + WRITE_ACC + 1]], [to.accLo, to.accHi]);
  }

  #toOuter(instance: Instance, outer: Instance): void {
    this.#beginAt(instance.callsite);
    for (let frame = 0; frame < instance.frame; frame++) {
      const masks = instance.masks[frame];
      if (masks === undefined) continue;
      this.#writes[2 * frame] |= masks[WRITE_ACC];
      this.#writes[2 * frame + 1] |= masks[WRITE_ACC + 1];
      this.#read(outer, frame, instance.callsite, masks[LIVE], masks[LIVE + 1]);
    }
    this.#commit(outer);
  }

  /** Prepares {@linkcode isAlive} for a saved state. */
  queryState(state: number): void {
    const top = W[state + ST_CURFRAME];
    let instance = this.#root(W[savedFrame(state, 0) + SFR_SUBPROG]);
    this.#query[0] = instance;
    for (let f = 1; f <= top; f++) {
      const frame = savedFrame(state, f);
      instance = this.#inner(instance, W[frame + SFR_CALLSITE], W[frame + SFR_SUBPROG]);
      this.#query[f] = instance;
    }
    this.#queryFrame = top;
    this.#queryInsn = W[state + ST_INSN];
  }

  /** Whether slot `spi` of frame `frame` may be read from the state of {@linkcode queryState} on. */
  isAlive(frame: number, spi: number): boolean {
    if (liveBefore(this.#query[this.#queryFrame]!, this.#queryInsn, frame, spi)) return true;
    for (let f = frame; f < this.#queryFrame; f++) {
      const callsite = this.#query[f + 1]!.callsite;
      const at = this.#env.callsCallback(callsite) ? callsite : callsite + 1;
      if (liveBefore(this.#query[f]!, at, frame, spi)) return true;
    }
    return false;
  }

  /**
   * Whether slot `spi` of frame `frame` may be read from there on before it is written. To {@linkcode isAlive}, as to the kernel, a
   * caller's slot that is read behind the call is alive in all of the callee, also where the callee is sure to write it first.
   */
  mayBeRead(frame: number, spi: number): boolean {
    for (let f = this.#queryFrame, at = this.#queryInsn;; f--) {
      const instance = this.#query[f]!;
      if (liveBefore(instance, at, frame, spi)) return true;
      if (f === frame || writtenFrom(instance, at, frame, spi)) return false;
      at = this.#env.callsCallback(instance.callsite) ? instance.callsite : instance.callsite + 1;
    }
  }
}

function liveBefore(instance: Instance, insn: number, frame: number, spi: number): boolean {
  return hasSlot(instance, (insn - instance.start) * MASK_WORDS + LIVE, frame, spi);
}

/** Whether all paths from `insn` to the subprogram's end write the slot. */
function writtenFrom(instance: Instance, insn: number, frame: number, spi: number): boolean {
  return hasSlot(instance, (insn - instance.start) * MASK_WORDS + WRITE_ACC, frame, spi);
}

function hasSlot(instance: Instance, word: number, frame: number, spi: number): boolean {
  const masks = instance.masks[frame];
  return masks !== undefined && (masks[word + (spi >>> 5)] & (1 << (spi & 31))) !== 0;
}

/** Slots as the log names them: `-8,-24`. */
export function slotMaskText(lo: number, hi: number): string {
  const out: number[] = [];
  for (let i = 0; i < 32; i++) if (lo & (1 << i)) out.push(-(i + 1) * 8);
  for (let i = 0; i < 32; i++) if (hi & (1 << i)) out.push(-(i + 33) * 8);
  return out.join(",");
}

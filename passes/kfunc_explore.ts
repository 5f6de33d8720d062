/**
 * The walk over a kfunc's body: which of its instructions are reached, and which ways its branches go, from what is known of the
 * arguments at one call.
 *
 * It explores, it does not verify: a trusted body may do what it likes with memory. What comes out of that memory is a *kernel
 * value*, a pointer or a scalar of which nothing is known. Numbers are the verifier's, as is what instructions and branches do to
 * them (`verify/alu.ts`, `verify/branch_*.ts`); memory is simpler here:
 *
 * - loads through kernel values give kernel values, narrow ones unknown numbers of their width; stores through them are nobody's
 *   business, as no pointer to the body's own stack can be behind one (a body whose frame pointer escapes is not moved);
 * - the body's stack keeps what is stored whole and aligned; anything else makes the slots it touches unknown;
 * - a dynptr argument is a pointer to a frame before the body's first, which holds one as the kernel lays it out: its kind is in
 *   the size word, the rest is unknown;
 * - calls of kernel functions give kernel values, and may change any stack whose address they are given.
 *
 * Loops are followed iteration by iteration until the budget ends. At a place where paths meet, a path goes no further if an
 * earlier one came with at least as general registers.
 *
 * @module
 */
import { columnsOf } from "../ir/columns.ts";
import { UnsupportedError } from "../ir/diagnostic.ts";
import { liveRegisters } from "../ir/liveness.ts";
import type { Program } from "../ir/program.ts";
import type { BranchTaken, KfuncArgContext, KfuncContext } from "./facts.ts";
import type { BodyFacts, ExploreOptions } from "./kfunc_instantiate.ts";
import { checkAlu } from "./verify/insns/alu.ts";
import { copyReg, W } from "./verify/states/arena.ts";
import { predictBranch } from "./verify/insns/branch_predict.ts";
import { refineBranch } from "./verify/insns/branch_refine.ts";
import { Env, frameAt, type Precision, slotTypesAt, spillAt } from "./verify/env.ts";
import { clearCallerSaved, initFrame } from "./verify/states/frames.ts";
import {
  ALL_BYTES,
  F_NSLOTS,
  F_REGS,
  FRAME_WORDS,
  FRAMENO,
  ID,
  KERNEL_VALUE,
  NOT_INIT,
  OFF,
  PTR_TO_STACK,
  REG_WORDS,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SMAX,
  SMIN,
  STACK_INVALID,
  STACK_MISC,
  STACK_SPILL,
  TMASK,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
  VID,
} from "./verify/states/layout.ts";
import {
  boundsSync,
  markConst,
  markUnknown,
  signExtend,
  slt64,
  truncate,
  ult64,
} from "./verify/numbers/scalar.ts";
import { tnumIsZero } from "./verify/numbers/tnum.ts";
import { resetValues } from "./verify/states/values.ts";

/** Frame 0 holds dynptr arguments, frame 1 is the body's. */
const ARGS = 0, BODY = 1;
/** Words of both frames: what a saved path is made of. */
const PATH_WORDS = 2 * FRAME_WORDS;
/** `sizeof(struct bpf_dynptr_kern)`: 8 bytes of pointer, 4 of size and kind, 4 of offset. */
const DYNPTR_BYTES = 16;
/** Where the kind stands in the size word (`DYNPTR_TYPE_SHIFT`), and its three bits there. */
const KIND_SHIFT = 28, KIND_MASK = 7 << KIND_SHIFT;
/** Types of all bytes of a stack slot. */
const SPILLED = ALL_BYTES * STACK_SPILL, MIXED = ALL_BYTES * STACK_MISC;
/** Paths waiting at a time: more is no body but a program. */
const MAX_WAITING = 1024;

/** Bodies ask nothing about precision: contexts are sound already. */
const NO_PRECISION: Precision = {
  name: "none",
  markReg: () => 0,
  markSlot: () => 0,
  propagate: () => 0,
  markAll: () => {},
};

/** See the module's header; an `ExploreBody`. */
export function exploreBody(body: Program, options: ExploreOptions): BodyFacts | undefined {
  const walk = new Walk(body, options);
  for (const context of options.contexts) if (!walk.from(context)) return undefined;
  return walk.facts();
}

/** A path to be continued. */
interface Waiting {
  readonly slot: number;
  readonly words: Int32Array;
}

const REACHED = 1, JUMPED = 2, FELL = 4;

class Walk {
  readonly #program: Program;
  readonly #env: Env;
  readonly #live: Int32Array;
  readonly #end: number;
  /** By slot: places that are jumped to, where paths may meet. */
  readonly #meets: Uint8Array;
  /** By slot: {@linkcode REACHED} and its kin. */
  readonly #seen: Uint8Array;
  /** By slot: paths that went on from there. */
  readonly #explored = new Map<number, Int32Array[]>();
  readonly #waiting: Waiting[] = [];
  #budget: number;

  constructor(body: Program, options: ExploreOptions) {
    const { profile } = options.context.target;
    // Bodies are of no program type: nothing that is asked here depends on one.
    const rules = profile.programType("unspec");
    if (rules === undefined) throw new UnsupportedError(`bodies under ${profile.name}`);
    resetValues();
    const columns = columnsOf(body);
    this.#program = body;
    this.#env = new Env(body, { profile, rules, precision: NO_PRECISION, logLevel: 0 });
    this.#live = liveRegisters(columns);
    this.#end = columns.count;
    this.#meets = new Uint8Array(columns.count);
    this.#seen = new Uint8Array(columns.count);
    for (let slot = 0; slot < columns.count; slot++) {
      if (columns.target[slot] >= 0) this.#meets[columns.target[slot]] = 1;
    }
    this.#budget = options.budget;
  }

  /** Explores from one context. @returns False if the budget is used up. */
  from(context: KfuncContext): boolean {
    const env = this.#env;
    initFrame(env, { n: ARGS, callsite: -1, subprog: 0 });
    initFrame(env, { n: BODY, callsite: -1, subprog: 0 });
    W.fill(STACK_INVALID, slotTypesAt(frameAt(ARGS), 0), slotTypesAt(frameAt(ARGS), 64));
    W.fill(STACK_INVALID, slotTypesAt(frameAt(BODY), 0), slotTypesAt(frameAt(BODY), 64));
    env.setFrame(BODY);
    let dynptrs = 0;
    context.args.forEach((arg, i) => {
      if (arg.kind === "dynptr") dynptrs++;
      setArgument(env.regs + (i + 1) * REG_WORDS, { arg, dynptrs });
    });
    return this.#run(0);
  }

  /** What all contexts together showed. */
  facts(): BodyFacts {
    const dead: number[] = [];
    const branches = new Map<number, BranchTaken>();
    this.#program.code.insns.forEach((insn, position) => {
      const seen = this.#seen[this.#env.cols.slot[position]];
      if ((seen & REACHED) === 0) dead.push(position);
      if (insn.kind !== "branch") return;
      if ((seen & REACHED) === 0) branches.set(position, "neither");
      else if ((seen & JUMPED) === 0) branches.set(position, "fell");
      else if ((seen & FELL) === 0) branches.set(position, "jumped");
    });
    return { dead, branches };
  }

  #run(start: number): boolean {
    for (let slot = start;;) {
      if (--this.#budget < 0) return false;
      if (slot >= this.#end) throw new UnsupportedError("a body that runs off its end");
      let next = -1;
      if (this.#meets[slot] === 0 || !this.#covered(slot)) {
        this.#seen[slot] |= REACHED;
        next = this.#step(slot);
      }
      if (next < 0) {
        const waiting = this.#waiting.pop();
        if (waiting === undefined) return true;
        W.set(waiting.words, frameAt(ARGS));
        next = waiting.slot;
      }
      slot = next;
    }
  }

  /** Does what the instruction does to the path. @returns The slot to go on at, -1 if the path ends. */
  #step(slot: number): number {
    const env = this.#env;
    const insn = this.#program.code.insns[env.cols.position[slot]];
    switch (insn.kind) {
      case "alu": {
        if (insn.src.kind === "reg" && insn.src.reg === 10 && insn.op !== "mov") {
          throw new UnsupportedError("arithmetic with the frame pointer in a body");
        }
        env.insnIdx = slot;
        this.#demand(checkAlu(env, slot, () => {
          this.#wait(slot);
          return 0;
        }));
        return slot + 1;
      }
      case "load":
        this.#read(insn.base);
        this.#load(insn);
        return slot + 1;
      case "store":
        this.#read(insn.base);
        if (insn.src.kind === "reg") this.#read(insn.src.reg);
        this.#store(insn);
        return slot + 1;
      case "atomic":
        this.#read(insn.base);
        this.#forget(insn.base, { offset: insn.offset, size: insn.size });
        if (insn.op === "load_acq" || insn.fetch) {
          kernelValue(env.regs + (insn.op === "cmpxchg" ? 0 : insn.src) * REG_WORDS);
        }
        return slot + 1;
      case "imm64": {
        const o = env.regs + insn.dst * REG_WORDS;
        if (insn.value.kind === "const") {
          markConst(
            o,
            Number(BigInt.asIntN(32, insn.value.value)),
            Number(BigInt.asIntN(32, insn.value.value >> 32n)),
          );
        } else kernelValue(o);
        return slot + 2;
      }
      case "jump":
        return env.target[slot];
      case "branch":
        return this.#branch(slot);
      case "may_goto":
        this.#wait(env.target[slot]);
        return slot + 1;
      case "call":
        if (insn.callee.kind === "subprog") throw new UnsupportedError("a bpf2bpf call in a body");
        for (let reg = 1; reg <= 5; reg++) this.#expose(reg);
        clearCallerSaved(env);
        kernelValue(env.regs);
        return slot + 1;
      case "exit":
        return -1;
      case "ldabs":
      case "addr_space_cast":
      case "raw":
        throw new UnsupportedError(`${insn.kind} in a body`);
    }
  }

  #branch(slot: number): number {
    const env = this.#env;
    this.#read(env.dst[slot]);
    if ((env.code[slot] & 8) !== 0) this.#read(env.src[slot]);
    const prediction = predictBranch(env, slot);
    if (prediction >= 0) {
      this.#seen[slot] |= prediction === 1 ? JUMPED : FELL;
      return prediction === 1 ? env.target[slot] : slot + 1;
    }
    this.#seen[slot] |= JUMPED | FELL;
    const before = W.slice(frameAt(ARGS), frameAt(ARGS) + PATH_WORDS);
    this.#demand(refineBranch(env, slot, true));
    this.#wait(env.target[slot]);
    W.set(before, frameAt(ARGS));
    this.#demand(refineBranch(env, slot, false));
    return slot + 1;
  }

  /** Saves the path, to be continued at a slot. */
  #wait(slot: number): void {
    if (this.#waiting.length >= MAX_WAITING) throw new UnsupportedError("a body with so many paths");
    this.#waiting.push({ slot, words: W.slice(frameAt(ARGS), frameAt(ARGS) + PATH_WORDS) });
  }

  /** Whether an earlier path went on from here with everything that this one may come with; else it is remembered as one. */
  #covered(slot: number): boolean {
    const env = this.#env;
    // Links between registers are given up where paths meet, so that comparing needs no look at them.
    for (let reg = 0; reg < 10; reg++) unlink(env.regs + reg * REG_WORDS);
    for (let spi = 0; spi < W[env.frame + F_NSLOTS]; spi++) unlink(spillAt(env.frame, spi));
    let list = this.#explored.get(slot);
    if (list === undefined) this.#explored.set(slot, list = []);
    const now = W.slice(frameAt(ARGS), frameAt(ARGS) + PATH_WORDS);
    if (list.some((old) => includesPath(old, now, this.#live[slot]))) return true;
    list.push(now);
    return false;
  }

  /** A register is read. @throws {UnsupportedError} If it holds nothing. */
  #read(reg: number): void {
    if (W[this.#env.regs + reg * REG_WORDS + TYPE] === NOT_INIT) {
      throw new UnsupportedError(`a body that reads r${reg} before it writes it`);
    }
  }

  #demand(result: number): void {
    if (result < 0) throw new UnsupportedError(`a body that does this: ${this.#env.message}`);
  }

  #load(
    insn: {
      readonly dst: number;
      readonly base: number;
      readonly offset: number;
      readonly size: number;
      readonly signed: boolean;
    },
  ): void {
    const env = this.#env, d = env.regs + insn.dst * REG_WORDS;
    const place = this.#place(insn.base, insn);
    if (place !== undefined && W[slotTypesAt(place.frame, place.spi)] === SPILLED) {
      const spill = spillAt(place.frame, place.spi);
      if (insn.size === 8) {
        copyReg(d, spill);
        return;
      }
      if (place.byte === 0 && W[spill + TYPE] === SCALAR_VALUE && !insn.signed) {
        copyReg(d, spill);
        unlink(d);
        truncate(d, insn.size);
        W[d + VID] = 0;
        return;
      }
    }
    if (insn.size === 8) {
      kernelValue(d);
      return;
    }
    markUnknown(d);
    if (insn.signed) signExtend(d, insn.size);
    else truncate(d, insn.size);
    W[d + VID] = 0;
  }

  #store(
    insn: {
      readonly base: number;
      readonly offset: number;
      readonly size: number;
      readonly src: { readonly kind: "reg"; readonly reg: number } | {
        readonly kind: "imm";
        readonly imm: number;
      };
    },
  ): void {
    const place = this.#place(insn.base, insn);
    if (insn.size !== 8 || place === undefined) {
      this.#forget(insn.base, insn);
      return;
    }
    const spill = spillAt(place.frame, place.spi);
    if (insn.src.kind === "reg") copyReg(spill, this.#env.regs + insn.src.reg * REG_WORDS);
    else markConst(spill, insn.src.imm, insn.src.imm >> 31);
    W[slotTypesAt(place.frame, place.spi)] = SPILLED;
    this.#touch(place);
  }

  /** The stack slot that a whole, aligned access of at most 8 bytes lies in; undefined if it is no such access. */
  #place(
    base: number,
    access: { readonly offset: number; readonly size: number },
  ): { frame: number; spi: number; byte: number } | undefined {
    const o = this.#env.regs + base * REG_WORDS;
    if (W[o + TYPE] !== PTR_TO_STACK || !tnumIsZero(o + TVAL)) return undefined;
    const at = W[o + OFF] + access.offset;
    if (at >= 0 || at < -512) throw new UnsupportedError(`a body that accesses its stack at ${at}`);
    const byte = at & 7;
    if (byte + access.size > 8 || (access.size === 8 && byte !== 0)) return undefined;
    return { frame: frameAt(W[o + FRAMENO]), spi: (-at - 1) >> 3, byte };
  }

  /** What an access of unknown effect may change on the stack becomes unknown. */
  #forget(base: number, access: { readonly offset: number; readonly size: number }): void {
    const o = this.#env.regs + base * REG_WORDS;
    if (W[o + TYPE] !== PTR_TO_STACK) return;
    const frame = frameAt(W[o + FRAMENO]);
    if (!tnumIsZero(o + TVAL)) {
      this.#expose(base);
      return;
    }
    const at = W[o + OFF] + access.offset;
    if (at >= 0 || at < -512) throw new UnsupportedError(`a body that accesses its stack at ${at}`);
    for (let byte = at; byte < Math.min(at + access.size, 0); byte++) {
      const place = { frame, spi: (-byte - 1) >> 3 };
      W[slotTypesAt(place.frame, place.spi)] = MIXED;
      this.#touch(place);
    }
  }

  /** If the register points to a stack, all of that stack may change. */
  #expose(reg: number): void {
    const o = this.#env.regs + reg * REG_WORDS;
    if (W[o + TYPE] !== PTR_TO_STACK) return;
    const types = slotTypesAt(frameAt(W[o + FRAMENO]), 0);
    W.fill(MIXED, types, types + 64);
  }

  #touch(place: { readonly frame: number; readonly spi: number }): void {
    if (place.spi >= W[place.frame + F_NSLOTS]) W[place.frame + F_NSLOTS] = place.spi + 1;
  }
}

/** Puts an argument into a register. `dynptrs`: how many dynptrs there are up to and including this one. */
function setArgument(
  o: number,
  what: { readonly arg: KfuncArgContext; readonly dynptrs: number },
): void {
  const { arg, dynptrs } = what;
  switch (arg.kind) {
    case "scalar":
      W.set(arg.words, o);
      unlink(o);
      W[o + VID] = 0;
      return;
    case "null":
      markConst(o, 0, 0);
      return;
    case "opaque":
      kernelValue(o);
      return;
    case "dynptr": {
      const frame = frameAt(ARGS), spi = 2 * dynptrs - 1;
      markConst(o, 0, 0);
      W[o + TYPE] = PTR_TO_STACK;
      W[o + FRAMENO] = ARGS;
      W[o + OFF] = -DYNPTR_BYTES * dynptrs;
      W[o + VID] = 0;
      kernelValue(spillAt(frame, spi));
      const size = spillAt(frame, spi - 1);
      markUnknown(size);
      if (arg.type !== 0) {
        W[size + TVAL] = arg.type << KIND_SHIFT;
        W[size + TMASK] = ~KIND_MASK;
        boundsSync(size);
      }
      W[size + VID] = 0;
      W[slotTypesAt(frame, spi)] = SPILLED;
      W[slotTypesAt(frame, spi - 1)] = SPILLED;
      W[frame + F_NSLOTS] = spi + 1;
    }
  }
}

function kernelValue(o: number): void {
  markUnknown(o);
  W[o + TYPE] = KERNEL_VALUE;
  W[o + VID] = 0;
}

function unlink(o: number): void {
  if (W[o + TYPE] !== SCALAR_VALUE || W[o + ID] === 0) return;
  W[o + ID] = 0;
  W[o + OFF] = 0;
  W[o + VID] = 0;
}

/** Whether everything that can happen from path `now` can happen from `old`: in the registers that are live, and on the stacks. */
function includesPath(old: Int32Array, now: Int32Array, live: number): boolean {
  for (let reg = 0; reg < 10; reg++) {
    const o = FRAME_WORDS + F_REGS + reg * REG_WORDS;
    if ((live >> reg & 1) === 1 && !includesValue(old, now, o)) return false;
  }
  for (const frame of [0, FRAME_WORDS]) {
    const slots = Math.max(old[frame + F_NSLOTS], now[frame + F_NSLOTS]);
    for (let spi = 0; spi < slots; spi++) {
      const types = slotTypesAt(frame, spi);
      // What is not a spill is unknown, which includes everything.
      if (old[types] !== SPILLED) continue;
      if (now[types] !== SPILLED || !includesValue(old, now, spillAt(frame, spi))) return false;
    }
  }
  return true;
}

/** The same for the register or spill at word `o`. */
function includesValue(old: Int32Array, now: Int32Array, o: number): boolean {
  const type = old[o + TYPE];
  if (type === NOT_INIT) return true;
  if (type === KERNEL_VALUE) return now[o + TYPE] === KERNEL_VALUE || now[o + TYPE] === SCALAR_VALUE;
  if (type !== now[o + TYPE]) return false;
  if (type === SCALAR_VALUE) return includesNumber(old, now, o);
  for (let i = 0; i < REG_WORDS; i++) if (i !== ID && i !== VID && old[o + i] !== now[o + i]) return false;
  return true;
}

function includesNumber(old: Int32Array, now: Int32Array, o: number): boolean {
  const lo = o + TVAL, hi = lo + 1, maskLo = o + TMASK, maskHi = maskLo + 1;
  return !ult64(now[o + UMIN], now[o + UMIN + 1], old[o + UMIN], old[o + UMIN + 1]) &&
    !ult64(old[o + UMAX], old[o + UMAX + 1], now[o + UMAX], now[o + UMAX + 1]) &&
    !slt64(now[o + SMIN], now[o + SMIN + 1], old[o + SMIN], old[o + SMIN + 1]) &&
    !slt64(old[o + SMAX], old[o + SMAX + 1], now[o + SMAX], now[o + SMAX + 1]) &&
    old[o + U32MIN] >>> 0 <= now[o + U32MIN] >>> 0 && old[o + U32MAX] >>> 0 >= now[o + U32MAX] >>> 0 &&
    old[o + S32MIN] <= now[o + S32MIN] && old[o + S32MAX] >= now[o + S32MAX] &&
    ((now[maskLo] & ~old[maskLo]) | (now[maskHi] & ~old[maskHi])) === 0 &&
    (((now[lo] ^ old[lo]) & ~old[maskLo]) | ((now[hi] ^ old[hi]) & ~old[maskHi])) === 0;
}

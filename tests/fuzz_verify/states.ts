/**
 * What verify held possible: the states it explored, by instruction and by the calls that lead there, and whether given registers and
 * stack lie in one of them.
 *
 * The recorded states live in the verifier's arena, so they are good until the next verification.
 *
 * @module
 */
import { CLASS, JUMP } from "../../ir/opcodes.ts";
import { W } from "../../passes/verify/states/arena.ts";
import type { Env } from "../../passes/verify/env.ts";
import {
  AUX1,
  BASE_TYPE_MASK,
  CONST_PTR_TO_MAP,
  FRAMENO,
  NOT_INIT,
  OFF,
  PTR_MAYBE_NULL,
  PTR_TO_CTX,
  PTR_TO_MAP_VALUE,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_STACK,
  S32MAX,
  S32MIN,
  SCALAR_VALUE,
  SMAX,
  SMIN,
  STACK_SPILL,
  STACK_ZERO,
  TMASK,
  TVAL,
  TYPE,
  U32MAX,
  U32MIN,
  UMAX,
  UMIN,
} from "../../passes/verify/states/layout.ts";
import type { Observer } from "../../passes/verify/observer.ts";
import {
  savedFrame,
  savedFrameInsn,
  savedReg,
  savedSlotTypes,
  savedSpill,
  saveState,
  SFR_CALLSITE,
  SFR_NSLOTS,
  SFR_PRECISE_REGS,
  SFR_PRECISE_SLOTS,
  SFR_SUBPROG,
  ST_CURFRAME,
  ST_INSN,
} from "../../passes/verify/states/states.ts";

/** One frame of a run. */
export interface RealFrame {
  readonly registers: readonly bigint[];
  readonly stack: Uint8Array;
  /** The address behind the stack's last byte. */
  readonly top: bigint;
}

/** The memory that pointers of a run lead to. */
export interface RealMemory {
  readonly context: bigint;
  /** Where what lies in front of the packet begins; the same as `data` if nothing does. */
  readonly dataMeta: bigint;
  readonly data: bigint;
  readonly dataEnd: bigint;
  readonly maps: readonly {
    readonly address: bigint;
    /** Address of the first value and bytes from one to the next; absent if values lie elsewhere. */
    readonly values?: bigint;
    readonly stride: bigint;
    /** Bytes of a value. */
    readonly size: number;
    readonly count: number;
  }[];
}

/** What does not fit: in words. */
export type Misfit = string;

/** The opcode of `exit`. */
const EXIT = CLASS.JMP | JUMP.EXIT;

/** Bits of all registers, or slots. */
const ALL = -1;

/**
 * See the module's header.
 *
 * Pointers are compared at every instruction. Numbers: with `exact` all of them everywhere, for which the registers of all saved states
 * are marked precise, so that no state covers one with other numbers. Else where the program's flags have a state saved on every path
 * (`BPF_F_TEST_STATE_FREQ`), as far as they are marked precise in the end.
 */
export class StateRecorder implements Observer {
  readonly #exact: boolean;
  /** Recorded states by the saved state they continue (0: none), until all its paths are explored. */
  readonly #open = new Map<number, number[]>();
  /** By recorded state: two words of slots that may be read, for each frame. */
  readonly #alive = new Map<number, Int32Array>();
  readonly #steps = new Map<string, number[]>();
  readonly #saved = new Map<string, number[]>();
  #env: Env | undefined;
  #returnsAddress = false;

  constructor(options: { readonly exact: boolean }) {
    this.#exact = options.exact;
  }

  /** The verification that was watched. */
  get env(): Env {
    if (this.#env === undefined) throw new TypeError("Cannot tell: no verification was watched");
    return this.#env;
  }

  /** Whether what the program returns may be an address, as privileged programs of most types may: no two runs need agree on it. */
  get returnsAddress(): boolean {
    return this.#returnsAddress;
  }

  step(env: Env, slot: number): void {
    this.#env = env;
    const state = saveState(env, slot);
    if (env.cols.code[slot] === EXIT && W[state + ST_CURFRAME] === 0) {
      const frame = savedFrame(state, 0);
      if (W[frame + SFR_SUBPROG] === 0 && W[savedReg(frame, 0) + TYPE] !== SCALAR_VALUE) {
        this.#returnsAddress = true;
      }
    }
    this.#add(this.#steps, state);
    this.#wait(env.parent, state);
  }

  #wait(parent: number, state: number): void {
    const list = this.#open.get(parent);
    if (list === undefined) this.#open.set(parent, [state]);
    else list.push(state);
  }

  /**
   * Which slots nobody reads is asked when all paths through a state are explored, as it is then that it begins to cover others. Reads on
   * other paths, found later, concern it no more.
   */
  pathEnded(env: Env, last: boolean): void {
    for (const [parent, states] of this.#open) {
      if (!last && (parent === 0 || !env.explored.isComplete(parent))) continue;
      for (const state of states) this.#alive.set(state, aliveSlots(env, state));
      this.#open.delete(parent);
    }
  }

  saved(env: Env, state: number): void {
    this.#env = env;
    if (this.#exact) {
      for (let f = 0; f <= W[state + ST_CURFRAME]; f++) {
        const frame = savedFrame(state, f);
        W[frame + SFR_PRECISE_REGS] = ALL;
        W[frame + SFR_PRECISE_SLOTS] = ALL;
        W[frame + SFR_PRECISE_SLOTS + 1] = ALL;
      }
    } else if (env.testStateFreq) {
      this.#add(this.#saved, state);
      this.#wait(state, state);
    }
  }

  #add(to: Map<string, number[]>, state: number): void {
    const calls: number[] = [];
    for (let f = 1; f <= W[state + ST_CURFRAME]; f++) calls.push(W[savedFrame(state, f) + SFR_CALLSITE]);
    const key = placeOf(W[state + ST_INSN], calls);
    const list = to.get(key);
    if (list === undefined) to.set(key, [state]);
    else list.push(state);
  }

  /**
   * Why frames of a run, outermost first, lie in no state that was explored at `slot`; undefined if they lie in one.
   * `calls` are the slots of the calls between the frames.
   */
  misfit(
    slot: number,
    run: {
      readonly calls: readonly number[];
      readonly frames: readonly RealFrame[];
      readonly memory: RealMemory;
    },
  ): Misfit | undefined {
    const key = placeOf(slot, run.calls);
    const steps = this.#steps.get(key);
    if (steps === undefined) return "verify never was here";
    const look = (states: readonly number[], numbers: "all" | "precise" | "none"): Misfit | undefined => {
      let first: Misfit | undefined;
      for (let i = states.length - 1; i >= 0; i--) {
        const misfit = this.#misfit(states[i], { ...run, numbers });
        if (misfit === undefined) return undefined;
        first ??= misfit;
      }
      return first;
    };
    const misfit = look(steps, this.#exact ? "all" : "none");
    if (misfit !== undefined) return misfit;
    const saved = this.#saved.get(key);
    return saved === undefined ? undefined : look(saved, "precise");
  }

  #misfit(
    state: number,
    run: {
      readonly frames: readonly RealFrame[];
      readonly memory: RealMemory;
      readonly numbers: "all" | "precise" | "none";
    },
  ): Misfit | undefined {
    const { env } = this;
    const alive = this.#alive.get(state)!;
    for (let f = 0; f <= W[state + ST_CURFRAME]; f++) {
      const frame = savedFrame(state, f), live = env.liveRegs[savedFrameInsn(state, f)];
      const real = run.frames[f];
      const preciseRegs = run.numbers === "precise"
        ? W[frame + SFR_PRECISE_REGS]
        : run.numbers === "all"
        ? ALL
        : 0;
      for (let r = 0; r < 10; r++) {
        if ((live & (1 << r)) === 0) continue;
        const o = savedReg(frame, r);
        const fault = fits(o, real.registers[r], { ...run, precise: (preciseRegs & (1 << r)) !== 0 });
        if (fault !== undefined) return `frame ${f}, r${r}: ${fault}`;
      }
      const slots = W[frame + SFR_NSLOTS];
      for (let i = 0; i < slots; i++) {
        if ((alive[2 * f + (i >>> 5)] & (1 << (i & 31))) === 0) continue;
        const marked = run.numbers === "precise"
          ? (W[frame + SFR_PRECISE_SLOTS + (i >>> 5)] & (1 << (i & 31))) !== 0
          : run.numbers === "all";
        const fault = slotFits(frame, i, { ...run, real, precise: marked });
        if (fault !== undefined) return `frame ${f}, fp-${8 * (i + 1)}: ${fault}`;
      }
    }
    return undefined;
  }
}

function aliveSlots(env: Env, state: number): Int32Array {
  const frames = W[state + ST_CURFRAME] + 1, alive = new Int32Array(2 * frames);
  env.stackLiveness.queryState(state);
  for (let f = 0; f < frames; f++) {
    const slots = W[savedFrame(state, f) + SFR_NSLOTS];
    for (let i = 0; i < slots; i++) {
      if (env.stackLiveness.mayBeRead(f, i)) alive[2 * f + (i >>> 5)] |= 1 << (i & 31);
    }
  }
  return alive;
}

function placeOf(slot: number, calls: readonly number[]): string {
  return `${slot}|${calls.join(",")}`;
}

function slotFits(
  frame: number,
  spi: number,
  run: {
    readonly real: RealFrame;
    readonly frames: readonly RealFrame[];
    readonly memory: RealMemory;
    readonly precise: boolean;
  },
): Misfit | undefined {
  const types = savedSlotTypes(frame, spi), { stack } = run.real;
  const low = stack.length - 8 * (spi + 1);
  let spilled = 0;
  for (let j = 0; j < 8; j++) {
    const type = (types >>> (4 * j)) & 15;
    if (type === STACK_SPILL) spilled++;
    // The byte at the highest address is number 0.
    if (type === STACK_ZERO && stack[low + 7 - j] !== 0) {
      return `byte ${7 - j} is ${stack[low + 7 - j]}, not zero`;
    }
  }
  if ((types >>> 28) !== STACK_SPILL) return undefined;
  let value = 0n;
  for (let i = spilled - 1; i >= 0; i--) value = value << 8n | BigInt(stack[low + i]);
  const o = savedSpill(frame, spi);
  // The kernel keeps numbers that are wider than the slot; only what is read back is cut.
  if (spilled < 8 && W[o + TYPE] === SCALAR_VALUE && unsigned(o + UMAX) >> BigInt(8 * spilled) !== 0n) {
    const cut = (number: bigint) => BigInt.asUintN(8 * spilled, number);
    const tval = cut(unsigned(o + TVAL)), tmask = cut(unsigned(o + TMASK));
    return !run.precise || (value & ~tmask) === tval
      ? undefined
      : `${hex(value)} is not in (${hex(tval)}; ${hex(tmask)})`;
  }
  return fits(o, value, run);
}

function unsigned(o: number): bigint {
  return BigInt(W[o + 1] >>> 0) << 32n | BigInt(W[o] >>> 0);
}

function signed(o: number): bigint {
  return BigInt.asIntN(64, unsigned(o));
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** Whether the number lies in tnum and bounds of the register at word `o`. */
function numberFits(o: number, value: bigint): Misfit | undefined {
  const tval = unsigned(o + TVAL), tmask = unsigned(o + TMASK);
  if ((value & ~tmask) !== tval) return `${hex(value)} is not in (${hex(tval)}; ${hex(tmask)})`;
  if (value < unsigned(o + UMIN) || value > unsigned(o + UMAX)) {
    return `${hex(value)} is not in ${hex(unsigned(o + UMIN))}..${hex(unsigned(o + UMAX))}`;
  }
  const s = BigInt.asIntN(64, value);
  if (s < signed(o + SMIN) || s > signed(o + SMAX)) {
    return `${s} is not in ${signed(o + SMIN)}..${signed(o + SMAX)}`;
  }
  const low = Number(value & 0xffff_ffffn);
  if (low < W[o + U32MIN] >>> 0 || low > W[o + U32MAX] >>> 0) {
    return `${low} is not in ${W[o + U32MIN] >>> 0}..${W[o + U32MAX] >>> 0} as 32 bits`;
  }
  if ((low | 0) < W[o + S32MIN] || (low | 0) > W[o + S32MAX]) {
    return `${low | 0} is not in ${W[o + S32MIN]}..${W[o + S32MAX]} as signed 32 bits`;
  }
  return undefined;
}

/** Whether a value is what the register at word `o` says. Kinds of pointers that programs here do not use always are. */
function fits(
  o: number,
  value: bigint,
  run: { readonly frames: readonly RealFrame[]; readonly memory: RealMemory; readonly precise: boolean },
): Misfit | undefined {
  const type = W[o + TYPE], { memory } = run;
  if ((type & PTR_MAYBE_NULL) !== 0 && value === 0n) return undefined;
  const offset = BigInt(W[o + OFF]);
  const pointer = (what: string, base: bigint): Misfit | undefined => {
    const fault = numberFits(o, BigInt.asUintN(64, value - base - offset));
    return fault && `${what} + ${offset}, and ${fault}`;
  };
  switch (type & BASE_TYPE_MASK) {
    case NOT_INIT:
      return undefined;
    case SCALAR_VALUE:
      return run.precise ? numberFits(o, value) : undefined;
    case PTR_TO_CTX:
      return pointer("context", memory.context);
    case PTR_TO_STACK:
      return pointer(`stack of frame ${W[o + FRAMENO]}`, run.frames[W[o + FRAMENO]].top);
    case PTR_TO_PACKET: {
      const range = W[o + AUX1];
      if (range > 0 && value - offset + BigInt(range) > memory.dataEnd) {
        return `packet of ${memory.dataEnd - memory.data} bytes, but ${range} should lie behind ${
          value - offset - memory.data
        }`;
      }
      return pointer("packet", memory.data);
    }
    case PTR_TO_PACKET_END:
      return value === memory.dataEnd ? undefined : `the packet's end is 0x${memory.dataEnd.toString(16)}`;
    case CONST_PTR_TO_MAP: {
      const map = memory.maps[W[o + AUX1]];
      return map === undefined || map.address === value ? undefined : `map ${W[o + AUX1]} is elsewhere`;
    }
    case PTR_TO_MAP_VALUE: {
      const map = memory.maps[W[o + AUX1]];
      if (map?.values === undefined) return undefined;
      let fault: Misfit | undefined;
      for (let i = 0; i < map.count; i++) {
        fault = pointer(`value ${i} of map ${W[o + AUX1]}`, map.values + BigInt(i) * map.stride);
        if (fault === undefined) return undefined;
      }
      return fault;
    }
    default:
      return undefined;
  }
}

/**
 * Follows a run of the interpreter and holds every instruction against what verify explored: each register and stack slot must lie in a
 * state of that place, and each access in the one object it is for.
 *
 * @module
 */
import { columnsOf } from "../../ir/columns.ts";
import type { Watcher } from "../../ir/interpret.ts";
import type { Region } from "../../ir/memory.ts";
import type { Program, Subprog } from "../../ir/program.ts";
import type { RealMemory, StateRecorder } from "./states.ts";

interface Frame {
  readonly registers: readonly bigint[];
  readonly stack: Uint8Array;
  readonly top: bigint;
  readonly callSite: number;
  /** Verified on its own, without its callers. */
  readonly root: boolean;
}

/** What a run did that verify did not expect. */
export class ContainmentError extends Error {
  /** For telling errors apart. */
  override readonly name = "ContainmentError";
}

/** See the module's header. */
export class ContainmentWatcher implements Watcher {
  /** Instructions that were compared. */
  compared = 0;
  readonly #program: Program;
  readonly #recorder: StateRecorder;
  readonly #memory: (context: bigint) => RealMemory;
  #context = 0n;
  #now: RealMemory | undefined;
  readonly #slotAt: readonly number[];
  readonly #frames: Frame[] = [];
  /** Enough: long loops repeat themselves. */
  readonly #limit: number;

  constructor(
    program: Program,
    options: {
      readonly recorder: StateRecorder;
      readonly memory: (context: bigint) => RealMemory;
      readonly limit?: number;
    },
  ) {
    this.#program = program;
    this.#recorder = options.recorder;
    this.#memory = options.memory;
    this.#limit = options.limit ?? 3000;
    const slots: number[] = [];
    columnsOf(program).position.forEach((position, slot) => slots[position] ??= slot);
    this.#slotAt = slots;
  }

  /** Forgets frames that an error left behind, before another run. */
  begin(): void {
    this.#frames.length = 0;
    this.#now = undefined;
    this.compared = 0;
  }

  enter(frame: {
    readonly subprog: Subprog;
    readonly callSite: number;
    readonly registers: readonly bigint[];
    readonly stack: Region;
  }): void {
    const { stack, registers, subprog } = frame;
    const index = this.#program.subprogs.indexOf(subprog);
    if (this.#frames.length === 0) this.#context = registers[1];
    this.#frames.push({
      registers,
      stack: stack.bytes,
      top: stack.base + BigInt(stack.bytes.length),
      callSite: this.#slotAt[frame.callSite],
      root: index === 0 || this.#recorder.env.isGlobal(index),
    });
  }

  leave(): void {
    this.#frames.pop();
  }

  step(position: number): void {
    const slot = this.#slotAt[position];
    const { kind } = this.#program.code.insns[position];
    const memory = this.#now ??= this.#memory(this.#context);
    // Helpers may move the packet.
    if (kind === "call") this.#now = undefined;
    this.#checkAccess(position, slot, memory);
    if (++this.compared > this.#limit) return;
    let root = this.#frames.length - 1;
    while (!this.#frames[root].root) root--;
    const frames = this.#frames.slice(root);
    const misfit = this.#recorder.misfit(slot, {
      frames,
      calls: frames.slice(1).map((frame) => frame.callSite),
      memory,
    });
    if (misfit !== undefined) throw new ContainmentError(`slot ${slot}: ${misfit}`);
  }

  /** Memory regions are wider than what programs may touch of them. */
  #checkAccess(position: number, slot: number, memory: RealMemory): void {
    const insn = this.#program.code.insns[position];
    if (insn.kind !== "load" && insn.kind !== "store" && insn.kind !== "atomic") return;
    const { registers } = this.#frames[this.#frames.length - 1];
    const from = BigInt.asUintN(64, registers[insn.base] + BigInt(insn.offset)),
      to = from + BigInt(insn.size);
    for (const [i, { values, stride, count, size }] of memory.maps.entries()) {
      if (values === undefined || to <= values || from >= values + stride * BigInt(count)) continue;
      if ((from - values) % stride + BigInt(insn.size) > BigInt(size)) {
        throw new ContainmentError(`slot ${slot}: beyond a value of map ${i}`);
      }
    }
    if (
      to > memory.dataMeta - 256n && from < memory.dataEnd + 256n &&
      (from < memory.dataMeta || to > memory.dataEnd)
    ) {
      throw new ContainmentError(`slot ${slot}: beyond the packet`);
    }
  }
}
